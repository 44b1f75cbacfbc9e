"""The options of `ionto wiring`, apart from the command so that help costs no import of it.

Law: their names are the fields of `app.wiring.command.Order`.
"""

from __future__ import annotations

import argparse

from app.arguments import path


def add_options(command: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    add = command.add_argument
    add("--unit", type=path, metavar="FILE", help="the unit's description (default: reference unit)")
    add("--svg", type=path, metavar="FILE.svg", help="draw it")
    add("--json", action="store_true", help="print one JSON object, nothing else")
