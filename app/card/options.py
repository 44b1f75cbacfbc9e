"""The options of `ionto card`, apart from the command so that help costs no import of it.

Law: their names are the fields of `app.card.command.Order`.
"""

from __future__ import annotations

import argparse

from app.arguments import path


def add_options(command: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    add = command.add_argument
    add(
        "boot",
        type=path,
        metavar="BOOTFS",
        help="the boot partition of a card just written, where it is mounted",
    )
    add("--bundle", type=path, metavar="BUNDLE", required=True, help="what `ionto bundle` made")
    add(
        "--from",
        dest="source",
        type=path,
        metavar="FILE.yaml",
        help="what the card is to know (default: it is asked for)",
    )
