"""The options of the technician's commands besides calibration: doctor, service, unlock and commission.

Law: help costs no import of a command.
"""

from __future__ import annotations

import argparse

from app.arguments import named_file, path, seed, socket_path, word

_STATE = "where the records are kept (default: $XDG_STATE_HOME/ionto or ~/.local/state/ionto)"


def add_doctor(command: argparse.ArgumentParser) -> None:
    """Give `ionto doctor` its options; their names are the fields of `app.technician.doctor.Order`."""
    add = command.add_argument
    add("--unit", type=path, metavar="FILE", help="the unit's description (default: reference unit)")
    add("--state", type=path, metavar="DIR", help=_STATE)
    add("--calibration", type=path, metavar="FILE", help="the unit's calibration record")
    add("--meter", type=word, metavar="RESOURCE", help="look for the multimeter with this VISA name too")
    add(
        "--attach",
        type=socket_path,
        metavar="SOCKET",
        help="ask the chips of the simulated unit that runs there",
    )
    add("--json", action="store_true", help="print one JSON object, nothing else")


def add_report(command: argparse.ArgumentParser) -> None:
    """Give `ionto report` its options; their names are the fields of `app.technician.facts.Order`."""
    add = command.add_argument
    add("--unit", type=path, metavar="FILE", help="the unit's description (default: reference unit)")
    add("--state", type=path, metavar="DIR", help=_STATE)
    add("--out", type=path, metavar="FILE.json", help="a new file for it, instead of the terminal")


def add_commission(command: argparse.ArgumentParser) -> None:
    """Give `ionto commission` its options, by the names of the fields of `commission.Order`."""
    add = command.add_argument
    add("--unit", type=path, metavar="FILE", help="the unit's description (default: reference unit)")
    add(
        "--simulate",
        nargs="?",
        type=named_file,
        const="",
        metavar="SCENARIO",
        help="a simulated unit, with a 2 kohm resistor",
    )
    add("--seed", type=seed, default=1, metavar="N", help="which simulated unit (default: 1)")
    add(
        "--answers",
        type=named_file,
        metavar="FILE|simulated",
        help="unattended: answers from a file, or the simulated bench's",
    )
    add("--state", type=path, metavar="DIR", help=_STATE)
    add(
        "--out", type=path, metavar="DIR", help="where unit file and record go (default: STATE/commissioning)"
    )
    add("--restart", action="store_true", help="begin anew instead of going on")
    add("--json", action="store_true", help="print the record as one JSON object, nothing else")


def add_service(command: argparse.ArgumentParser) -> None:
    """Give `ionto service` its options; their names are the fields of `app.technician.service.Order`."""
    add = command.add_argument
    add("--unit", type=path, metavar="FILE", help="the unit's description (default: reference unit)")
    add("--calibration", type=path, metavar="FILE", help="the unit's calibration record")
    add("--state", type=path, metavar="DIR", help=_STATE)
    add("--json", action="store_true", help="print one JSON object, nothing else")
    command.set_defaults(text=None, who=None, replaced=None, serial=None)
    more = command.add_subparsers(metavar="note|hand-over")
    note = more.add_parser("note", help="write a note", allow_abbrev=False)
    note.add_argument("text", metavar="TEXT", help="what was done or seen")
    note.add_argument("--who", metavar="NAME", required=True, help="by whom")
    note.add_argument(
        "--replaced",
        choices=("series_relay", "polarity_relay"),
        help="the part that was replaced; its counter begins anew",
    )
    leave = more.add_parser(
        "hand-over", help="take away what is of the people who had the unit", allow_abbrev=False
    )
    leave.add_argument("serial", metavar="SERIAL", help="the unit's own, so that it is meant")
    leave.add_argument("--who", metavar="NAME", required=True, help="by whom")
    # Given after these too; a value before them must survive, so these leave no default behind.
    for one in (note, leave):
        one.add_argument("--state", type=path, metavar="DIR", default=argparse.SUPPRESS, help=_STATE)
        one.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as JSON")
    leave.add_argument("--unit", type=path, metavar="FILE", default=argparse.SUPPRESS, help="the unit's file")


def add_unlock(command: argparse.ArgumentParser) -> None:
    """Give `ionto unlock` its options; their names are the fields of `app.technician.unlock.Order`."""
    add = command.add_argument
    add("--reason", required=True, metavar="TEXT", help="what was found and mended, for the record")
    add("--unit", type=path, metavar="FILE", help="the unit's description (default: reference unit)")
    for kind in ("calibration", "commissioning"):
        add(f"--{kind}", type=path, metavar="FILE", help=f"the unit's {kind} record")
    add(
        "--simulate",
        nargs="?",
        type=named_file,
        const="",
        metavar="SCENARIO",
        help="release the simulated unit of this state, whose person presses Start",
    )
    attach = "the simulated unit that `ionto unit` runs there"
    add("--attach", type=socket_path, metavar="SOCKET", help=attach)
    add("--state", type=path, metavar="DIR", help=_STATE)
    add("--json", action="store_true", help="print one JSON object, nothing else")
