"""The options of `ionto device`, apart from the command so that help costs no import of it.

Law: a number out of range is refused where it is read.
"""

from __future__ import annotations

import argparse

from app.arguments import named_file, path, seed, socket_path, speed


def add_options(command: argparse.ArgumentParser) -> None:
    """Give the command its options; their names are the fields of `app.device.command.Order`."""
    add = command.add_argument
    add(
        "treatment",
        metavar="TREATMENT",
        nargs="?",
        help="what Start begins when nothing is prepared: a name of `ionto treatments` (default: device.yaml "
        "in --state, else nothing)",
    )
    add("--unit", type=path, metavar="FILE", help="the unit's description (default: reference unit)")
    add("--calibration", type=path, metavar="FILE", help="the unit's calibration record")
    add("--commissioning", type=path, metavar="FILE", help="the unit's commissioning record")
    add(
        "--state",
        type=path,
        metavar="DIR",
        help="where journal, prepared treatment and socket are (default: $XDG_STATE_HOME/ionto or "
        "~/.local/state/ionto)",
    )
    add(
        "--anyone",
        action="store_true",
        help="let Start begin TREATMENT also where people are kept, for whoever presses it",
    )
    add(
        "--simulate",
        nargs="?",
        type=named_file,
        const="",
        metavar="SCENARIO",
        help="simulate the unit and the person",
    )
    add(
        "--attach",
        type=socket_path,
        metavar="SOCKET",
        help="be the simulated unit's that `ionto unit` runs there",
    )
    add("--seed", type=seed, metavar="N", help="of a simulation (default: 1)")
    add("--speed", type=speed, metavar="real|N", help="of a simulation (default: real)")
    add("--json", action="store_true", help="tell of sessions and alarms as lines of JSON")
