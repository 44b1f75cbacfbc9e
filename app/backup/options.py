"""The options of `ionto backup` and `ionto restore`, apart from the commands so that help costs no import.

Law: their names are the fields of the commands' orders.
"""

from __future__ import annotations

import argparse

from app.arguments import path

_STATE = "where the records are (default: $XDG_STATE_HOME/ionto or ~/.local/state/ionto)"


def add_backup(command: argparse.ArgumentParser) -> None:
    """Give `ionto backup` its options; their names are the fields of `app.backup.command.BackupOrder`."""
    add = command.add_argument
    add("file", type=path, metavar="FILE", help="a new file")
    add("--unit", type=path, metavar="FILE", help="the unit's description, which is kept too")
    add("--state", type=path, metavar="DIR", help=_STATE)
    add("--json", action="store_true", help="print one JSON object, nothing else")


def add_restore(command: argparse.ArgumentParser) -> None:
    """Give `ionto restore` its options; their names are the fields of `app.backup.command.RestoreOrder`."""
    add = command.add_argument
    add("file", type=path, metavar="FILE", help="what `ionto backup` made")
    add("--unit", type=path, metavar="FILE", help="where the unit's description goes")
    add("--state", type=path, metavar="DIR", help=_STATE)
    add("--replace", action="store_true", help="keep what is there aside, in a folder of the state")
    add(
        "--handed-over",
        action="store_true",
        help="bring another unit's people here; this unit's own file and records stay",
    )
    add("--json", action="store_true", help="print one JSON object, nothing else")
