"""The options of `ionto bench`, apart from the command so that help costs no import of it.

Law: their names are the fields of `app.bench.command.Order`.
"""

from __future__ import annotations

import argparse

from app.arguments import path


def add_options(command: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    add = command.add_argument
    add("--quick", action="store_true", help="fewer samples, in less than 50 s on an idle machine")
    add("--json", action="store_true", help="print the result as one JSON object, nothing else")
    add("--only", metavar="PARTS", help="of latency, realtime, tick, speed, footprint; separated by commas")
    add(
        "--out",
        type=path,
        metavar="DIR",
        help="write bench.json, bench.md and bench.svg to this folder",
    )
    add("--interpreted", action="store_true", help="leave the compiled simulator out")
