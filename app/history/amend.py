"""`ionto history amend`: puts a right date in the place of a recorded one, with the nurse's code.

Law: the code is asked for, never an argument, which others on the machine could read. What is written is an
amendment in the chain; the date that was recorded stays.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from pathlib import Path

from app.household.codes import NurseCode
from app.household.entered import require_entered
from app.household.store import StoreRefused
from app.locale.terminal import retell, t
from app.output import ExitCode, UsageError, complain, say
from app.typed import moment
from controller.host import wall
from controller.journal.amending import AmendRefused, Unwritable, amend
from controller.journal.history import open_history

ROLE = "nurse"


def amend_date(state: Path, session: int, started: str, reason: str, *, as_json: bool) -> ExitCode:
    """Ask for the code and amend the date of `session`; `started` is ISO 8601, local time without an offset.

    Raises:
        UsageError: no journal there, or a date or reason that is not allowed.
        Unreadable: the journal can't be read.

    """
    now = wall.read()
    begun = _date(started)
    with open_history(state):  # it is there, and of our version
        pass
    try:
        require_entered(state, NurseCode, now)
    except StoreRefused as refused:
        complain(f"ionto: {t(str(refused))}")
        return ExitCode.REFUSED
    try:
        made = amend(state, session, begun, ROLE, reason, now)
    except AmendRefused as refused:
        raise UsageError(str(refused)) from refused
    except (Unwritable, sqlite3.Error, OSError) as error:
        complain(f"ionto: {retell(str(error))}")
        return ExitCode.REFUSED
    if as_json:
        say(json.dumps({"session": session, **made._asdict()}))
    else:
        say(
            t(
                "Session {number}: the date is amended to {when} UTC, in the place of {before} UTC.",
                number=session,
                when=plain_date(made.begun_utc),
                before=plain_date(made.instead_of_utc),
            )
        )
    return ExitCode.COMPLETED


def plain_date(utc: str) -> str:
    """Show a date of the journal to the minute."""
    return utc[:16].replace("T", " ")


def _date(text: str) -> datetime:
    try:
        return moment(text)
    except ValueError as error:
        raise UsageError(f"--started {text}: {error}") from error
