"""The options of the appliance's commands, apart from them so that help costs no import of them.

Law: their names are the fields of each command's `Order`.
"""

from __future__ import annotations

import argparse

from app.arguments import path, socket_path
from app.extras import EXTRAS


def add_off_options(command: argparse.ArgumentParser) -> None:
    """Give `ionto off` its options."""
    add = command.add_argument
    add("--unit", type=path, metavar="FILE", help="the unit's description (default: reference unit)")
    add(
        "--attach", type=socket_path, metavar="SOCKET", help="the simulated unit that `ionto unit` runs there"
    )
    add("--json", action="store_true", help="print one JSON object, nothing else")


def add_bundle_options(command: argparse.ArgumentParser) -> None:
    """Give `ionto bundle` its options."""
    add = command.add_argument
    add("directory", type=path, metavar="DIR", help="a new directory")
    add(
        "--with",
        dest="extras",
        action="append",
        default=[],
        choices=tuple(EXTRAS),
        help="what the unit is to have besides; may be repeated",
    )
    add(
        "--machine", choices=("aarch64", "x86_64"), default="aarch64", help="default: aarch64, a Pi's 64 bits"
    )
    add("--sign", type=path, metavar="KEY", help="sign it with this key of ssh-keygen's; else nobody vouches")


def add_update_options(command: argparse.ArgumentParser) -> None:
    """Give `ionto update` its options."""
    command.add_argument("bundle", type=path, metavar="BUNDLE", help="what `ionto bundle --sign` made")
    command.add_argument("--older", metavar="REASON", help="install an older version, and write down why")
