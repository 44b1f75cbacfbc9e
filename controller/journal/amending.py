"""Amending the date of a session: one more record of the chain, within what the journal's order allows.

Law: nothing is edited, and no amendment can say what can't be: a session stays between its neighbours and
before now, and one whose date the unit knows by itself keeps it. Whose code allowed it was checked by the
caller.
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Final

from config.characters import unfit_in_name
from controller.journal import dates as journal_dates
from controller.journal.chain import HEAD_FILE, write_head
from controller.journal.cut_off import is_held
from controller.journal.dates import Amendment, points_of
from controller.journal.store import Store, Unwritable
from controller.journal.tables import stored_head
from protocols.dates import NEVER, Point, Span, dated, utc

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from protocols.dates import Reading

LONGEST_REASON: Final = 200
"""Characters."""
AROUND: Final = 100
"""Sessions before and after the amended one that are asked for their dates."""


class AmendRefused(Exception):
    """A date that is not amended; `str()` is one sentence with what is allowed."""


def fit_reason(reason: str) -> str:
    """Give a reason as the journal keeps it: one line. Raises ValueError; `str()` is one sentence."""
    kept = " ".join(reason.split())
    if not 1 <= len(kept) <= LONGEST_REASON:
        raise ValueError(f"the reason needs 1 to {LONGEST_REASON} printable characters")
    if wrong := unfit_in_name(kept):
        raise ValueError(f"the reason {wrong}")
    return kept


def amend(directory: Path, session: int, begun: datetime, role: str, reason: str, now: Reading) -> Amendment:
    """Put `begun` (aware) in the place of a session's date, by the right of `role`.

    Raises AmendRefused; Unwritable, sqlite3.Error or OSError where the journal can't be written.
    """
    try:
        reason = fit_reason(reason)
    except ValueError as error:
        raise AmendRefused(str(error)) from error
    if not now.possible:
        raise AmendRefused(
            "the unit's clock is not set, so no date can be told from one to come: set it first"
        )
    store = Store(directory)
    try:
        connection = store.connection
        connection.execute("BEGIN IMMEDIATE")
        made = _judge(connection, directory, session, begun, role, reason, now)
        journal_dates.amend(connection, session, made)
        connection.execute("COMMIT")
        # A draft's name of its own: a session's process may write its own at the same moment.
        write_head(directory, stored_head(connection), f".{HEAD_FILE}-amended-{os.getpid()}")
    finally:
        store.connection.close()
    return made


def _judge(
    connection: sqlite3.Connection,
    directory: Path,
    session: int,
    begun: datetime,
    role: str,
    reason: str,
    now: Reading,
) -> Amendment:
    row = connection.execute("SELECT begun_utc, outcome FROM session WHERE id = ?", (session,)).fetchone()
    if row is None:
        raise AmendRefused(f"there is no session {session} in this journal: see `ionto history list`")
    recorded_utc, outcome = row
    if outcome is None and is_held(directory, session):
        raise AmendRefused(f"session {session} is not over: amend its date after it has ended")
    span = _room(connection, session, recorded_utc, now)
    if span.sure:
        raise AmendRefused(
            f"session {session} began at {_text(span.latest)} UTC, which the unit knows by a clock that was "
            "set or by the time since boot: such a date is not amended"
        )
    if begun > span.latest or (span.earliest is not None and begun < span.earliest):
        after = "" if span.earliest is None else f"not before {_text(span.earliest)} UTC and "
        raise AmendRefused(
            f"session {session} can't have begun at {_text(begun)} UTC: by the sessions around it "
            f"{after}not after {_text(span.latest)} UTC is allowed"
        )
    amended = journal_dates.amendments_of(connection, [session]).get(session)
    before = amended[-1].begun_utc if amended else recorded_utc
    return Amendment(_iso(begun), before, _iso(now.utc), role, reason)


def _room(connection: sqlite3.Connection, session: int, recorded_utc: str, now: Reading) -> Span:
    """Say what is known of a session's date without what was recorded or amended for itself."""
    rows = [(session, recorded_utc), *journal_dates.around(connection, session, session, AROUND)]
    order = [_without_word(one) if one.session == session else one for one in points_of(connection, rows)]
    return dated(order, now).spans[session]


def _without_word(point: Point) -> Point:
    """Take a date that nobody vouched for from a point; its boot stays."""
    vouched = point.clock is not None and point.clock.voucher
    return point._replace(stamp=point.stamp if vouched else NEVER, amended=None)


def _text(when: datetime) -> str:
    return _iso(when)[:19].replace("T", " ")


def _iso(when: datetime) -> str:
    return utc(when.isoformat()).isoformat(timespec="milliseconds")


__all__ = ["AmendRefused", "Unwritable", "amend"]
