"""The options of `ionto history`, apart from the command so that help costs no import of it.

Law: a number out of range is refused where it is read.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from app.arguments import path, word


def add_options(
    command: argparse.ArgumentParser, language: Callable[[argparse.ArgumentParser], object]
) -> None:
    """Give the command its questions; their names are the fields of `app.history.command.Order`."""
    command.set_defaults(session=None, limit=20, before=None, person=None, file=None, spreadsheet=False)
    command.set_defaults(started=None, reason=None)
    asks = command.add_subparsers(dest="ask", required=True, metavar="QUESTION")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        ask = asks.add_parser(name, help=text, description=text, allow_abbrev=False)
        ask.add_argument(
            "--state",
            type=path,
            metavar="DIR",
            help="where the journal is (default: $XDG_STATE_HOME/ionto or ~/.local/state/ionto)",
        )
        language(ask)
        ask.add_argument("--json", action="store_true", help="print one JSON object, nothing else")
        return ask

    some = add("list", "List sessions, newest first.")
    some.add_argument(
        "--limit", type=_whole, default=20, metavar="N", help="how many (default: 20, most 500)"
    )
    some.add_argument("--before", type=_whole, metavar="SESSION", help="only those before this one")
    some.add_argument("--person", type=word, metavar="ID", help="only this person's")
    add("show", "Show one session.").add_argument("session", type=_whole, metavar="SESSION")
    export = add(
        "export", "Write sessions to a file, CSV or JSON by its name, for programs or for a spreadsheet."
    )
    export.add_argument("file", type=path, metavar="FILE.csv|FILE.json")
    export.add_argument("--session", type=_whole, metavar="SESSION", help="only this one, with its chart")
    export.add_argument(
        "--spreadsheet",
        action="store_true",
        help="CSV with the headings and signs of the language, in local time (default: for programs)",
    )
    plot = add("plot", "Draw one session.")
    plot.add_argument("session", type=_whole, metavar="SESSION")
    plot.add_argument("file", type=path, metavar="FILE.svg")
    amend = add("amend", "Amend the date of a session whose clock was wrong; asks for the nurse's code.")
    amend.add_argument("session", type=_whole, metavar="SESSION")
    amend.add_argument(
        "--started", required=True, metavar="WHEN", help="when it began, local time: 2026-11-20T18:30"
    )
    amend.add_argument("--reason", required=True, metavar="TEXT", help="why, for the record")
    add("verify", "Check that nothing was changed or is missing.")


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) > 0):
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)
