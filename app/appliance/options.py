"""The options of the appliance's commands, apart from them so that help costs no import of them.

Law: their names are the fields of each command's `Order`.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def add_off_options(command: argparse.ArgumentParser) -> None:
    """Give `ionto off` its options."""
    add = command.add_argument
    add("--unit", type=Path, metavar="FILE", help="the unit's description (default: reference unit)")
    add("--attach", type=Path, metavar="SOCKET", help="the simulated unit that `ionto unit` runs there")
    add("--json", action="store_true", help="print one JSON object, nothing else")
