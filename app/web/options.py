"""The options of `ionto web` and of the codes, apart from the commands so that help costs no import.

Law: a number out of range is refused where it is read.
"""

from __future__ import annotations

import argparse
from typing import Final

from app.arguments import path

PORT: Final = 8480


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"'{text}' is not a port from 1 to 65535, or 0 for any free one")
    return int(text)


def add_options(command: argparse.ArgumentParser) -> None:
    """Give `ionto web` its options; their names are the fields of `app.web.command.Order`."""
    add = command.add_argument
    add("--state", type=path, metavar="DIR", help="the unit's state, as given to `ionto device`")
    add("--port", type=_port, default=PORT, metavar="N", help=f"port to listen on (default: {PORT})")
    add(
        "--network",
        action="store_true",
        help="serve the whole network; without it only this computer can open the pages",
    )
    add("--name", action="append", default=[], metavar="HOST", help="a name the unit has on the network")
    add("--certificate", type=path, metavar="FILE.pem", help="serve https: certificate and key in one file")

    add("--unit", type=path, metavar="FILE", help="the unit's description, which goes into a backup")


def add_code_options(command: argparse.ArgumentParser) -> None:
    """Give `ionto nurse-code` and `ionto technician-code` their option."""
    command.add_argument("--state", type=path, metavar="DIR", help="the unit's state")
