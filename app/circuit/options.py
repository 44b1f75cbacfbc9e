"""The options of `ionto circuit`, apart from the command so that help costs no import of it.

Law: their names are the fields of `app.circuit.command.Order`.
"""

from __future__ import annotations

import argparse

from app.arguments import path
from sim.circuit.values import BREAKS

MOST_DRAWS = 100_000


def _draws(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= MOST_DRAWS:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1 to {MOST_DRAWS}")
    return number


def add_options(command: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    add = command.add_argument
    add("--draws", type=_draws, default=0, metavar="N", help="N circuits drawn at random (default: corners)")
    add("--block", metavar="NAME", help="only this block, such as stage or heartbeat (default: all)")
    add(
        "--break",
        dest="broken",
        choices=tuple(BREAKS),
        help="break it on purpose, to see that its bounds find it: "
        + "; ".join(f"{name}: {what}" for name, what in BREAKS.items()),
    )
    add("--parts", action="store_true", help="print the parts list, without simulating")
    add("--svg", type=path, metavar="FILE.svg", help="draw the sheets of the schematic, without simulating")
    add("--json", type=path, metavar="FILE.json", help="write the table there, too")
