"""The options of the technician's commands that ask nothing of the unit's current: doctor.

Law: help costs no import of a command.
"""

from __future__ import annotations

import argparse
from pathlib import Path

_STATE = "where the records are kept (default: $XDG_STATE_HOME/ionto or ~/.local/state/ionto)"


def add_doctor(command: argparse.ArgumentParser) -> None:
    """Give `ionto doctor` its options; their names are the fields of `app.technician.doctor.Order`."""
    add = command.add_argument
    add("--unit", type=Path, metavar="FILE", help="the unit's description (default: reference unit)")
    add("--state", type=Path, metavar="DIR", help=_STATE)
    add("--calibration", type=Path, metavar="FILE", help="the unit's calibration record")
    add("--meter", metavar="RESOURCE", help="look for the multimeter with this VISA name too")
    add("--attach", type=Path, metavar="SOCKET", help="ask the chips of the simulated unit that runs there")
    add("--json", action="store_true", help="print one JSON object, nothing else")
