"""The options of calibrating and verifying, apart from the commands so that help costs no import of them.

Law: a number out of range is refused where it is read.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from app.arguments import named_file, path, seed, word

BARE = object()
"""Stands for `--simulate` without a scenario."""


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 30 <= int(text) <= 730):
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of days from 30 to 730")
    return int(text)


def _add_bench(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--unit", type=path, metavar="FILE", help="the unit's description (default: reference unit)")
    add(
        "--simulate",
        nargs="?",
        type=named_file,
        const=BARE,
        metavar="SCENARIO",
        help="a simulated unit, resistor and meter",
    )
    add("--seed", type=seed, default=1, metavar="N", help="which simulated unit (default: 1)")
    add(
        "--answers",
        type=named_file,
        metavar="FILE|simulated",
        help="who answers instead of you: a YAML file, or the simulated bench",
    )
    add("--state", type=path, metavar="DIR", help="where progress and records are kept")
    add(
        "--meter",
        type=word,
        metavar="VISA",
        help="a meter that is read over SCPI, such as TCPIP::192.168.0.7::INSTR",
    )
    add("--restart", action="store_true", help="begin anew, whatever was kept of one that was interrupted")
    add("--json", action="store_true", help="print the result as one JSON object, nothing else")


def add_calibrate(command: argparse.ArgumentParser) -> None:
    """Give `ionto calibrate` its options."""
    _add_bench(command)
    command.add_argument("--out", type=path, metavar="FILE", help="where the record goes instead")
    command.add_argument(
        "--valid-days", type=_days, default=365, metavar="N", help="how long it holds (default: 365)"
    )


def bench_arguments(args: argparse.Namespace) -> dict[str, Any]:
    """Give what both commands share, as fields of `app.technician.command.Order`."""
    simulate = args.simulate
    return {
        "unit": args.unit,
        "simulated": simulate is not None,
        "scenario": None if simulate is None or simulate is BARE else Path(simulate),
        "seed": args.seed,
        "answers": args.answers,
        "state": args.state,
        "meter": args.meter,
        "json": args.json,
        "restart": args.restart,
    }


def add_verify(command: argparse.ArgumentParser) -> None:
    """Give `ionto verify` its options."""
    _add_bench(command)
    command.add_argument(
        "--calibration", type=path, metavar="FILE", help="the record (default: the unit's current one)"
    )


def add_calibration(command: argparse.ArgumentParser) -> None:
    """Give `ionto calibration` its options; their names are the fields of `app.technician.ledger.Order`."""
    add = command.add_argument
    add("what", choices=("list", "show", "mark-bad", "certificate"))
    add("file", nargs="?", type=path, metavar="FILE", help="a record (default: the unit's current one)")
    add("--unit", type=path, metavar="FILE", help="the unit's description (default: reference unit)")
    add(
        "--serial",
        type=word,
        metavar="TEXT",
        help="the unit's serial number instead (SIM-1 is the simulated unit 1)",
    )
    add("--state", type=path, metavar="DIR", help="where the records are kept")
    add("--plot", type=path, metavar="FILE.svg", help="list: draw the drift across the records")
    add("--who", metavar="NAME", help="mark-bad: who says so")
    add("--why", metavar="TEXT", help="mark-bad: why")
    add("--html", type=path, metavar="FILE", help="certificate: the page, which a browser prints")
    add("--json", action="store_true", help="print one JSON object, nothing else")
