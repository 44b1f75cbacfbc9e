"""The options of `ionto campaign`, apart from the command so that help costs no import of it.

Law: a number out of range is refused where it is read.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from app.arguments import path


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 9 and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from {low} to {high}")
        return int(text)

    return read


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0.0 < hours <= 100_000.0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of hours above 0, to 100000")
    return hours


def add_options(command: argparse.ArgumentParser) -> None:
    """Give the command its options; their names are the fields of `app.campaign.command.Order`."""
    add = command.add_argument
    add("--quick", action="store_true", help="each fault in one phase, some in all, in less than 50 s")
    add("--json", action="store_true", help="print the result as one JSON object, nothing else")
    add("--faults", metavar="NAMES", help="only these rows of `ionto faults`, separated by commas")
    add("--phases", metavar="NAMES", help="only these phases, as in: hold,reverse,'ramp_up forward'")
    add("--treatments", metavar="NAMES", help="of the library, shortened (default: hands)")
    add("--seeds", type=_whole(1, 100_000), metavar="N", help="units and persons for each (default: 20)")
    add("--jobs", type=_whole(1, 1024), metavar="N", help="processes (default: one for each core)")
    add(
        "--out", type=path, metavar="DIR", help="folder for results, page, picture and what repeats a failure"
    )
    add("--resume", action="store_true", help="go on where the folder's campaign was left")
    add("--dask", metavar="ADDRESS", help="run on the Dask cluster whose scheduler is there")
    add(
        "--hours", type=_hours, metavar="H", help="instead: so many simulated hours of people without a fault"
    )
    add(
        "--pairs",
        type=_whole(1, 1_000_000),
        metavar="N",
        help="instead: so many random pairs of faults, which is beyond the single-fault condition",
    )
    add(
        "--programs",
        type=_whole(1, 1_000_000),
        metavar="N",
        help="instead: so many random programs of faults that stay or come and go, judged by their harm",
    )
    add(
        "--recurring",
        type=_whole(1, 10_000),
        metavar="N",
        help="instead: each kind of fault alone, coming and going, N times for each seed, judged by its harm",
    )
    add("--plant", action="store_true", help="of --hours: without bus and drivers, faster, same results")
    add("--interpreted", action="store_true", help="simulate without compiling; slower, same results")
