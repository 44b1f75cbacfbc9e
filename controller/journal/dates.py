"""What the journal keeps about its own dates: looks at the clock, sightings, and amendments.

Law: added to, never changed. A date is amended by one more record of the chain; the one that was recorded
stays. The tables are additions to version 2, made when a session is first written here, and a program that
doesn't know them reads and writes the journal as ever.

`clock` holds the look at the clock each session began with, `sighting` those that were taken in between
because a date before them was in doubt, `amendment` the dates put in the place of recorded ones, by whom and
why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from controller.journal.looked import CLOCK, Kept, facts_of, reading
from controller.journal.tables import chain, holds, stored_head
from protocols.dates import points, utc
from protocols.past import Past, dates_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from protocols.dates import Point, Reading

_LOOK: Final = "utc TEXT NOT NULL, boot TEXT NOT NULL, boottime_s REAL NOT NULL, voucher TEXT NOT NULL"
_OF: Final = "session INTEGER NOT NULL REFERENCES session(id)"
TABLES: Final = (
    f"CREATE TABLE IF NOT EXISTS clock (session INTEGER PRIMARY KEY REFERENCES session(id), {_LOOK})",
    f"CREATE TABLE IF NOT EXISTS sighting (record INTEGER PRIMARY KEY, {_OF}, {_LOOK})",
    f"CREATE TABLE IF NOT EXISTS amendment (record INTEGER PRIMARY KEY, {_OF}, begun_utc TEXT NOT NULL, "
    "instead_of_utc TEXT NOT NULL, made_utc TEXT NOT NULL, role TEXT NOT NULL, reason TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS amendment_of_session ON amendment(session)",
)
AMENDED: Final = ("begun_utc", "instead_of_utc", "made_utc", "role", "reason")
"""Of an amendment, likewise."""
MOST_PAST: Final = 100
"""Sessions that gave current lately and are told of; a household of ten has forty in eight days."""
MOST_SIGHTINGS: Final = 30
"""The newest that are asked; there are at most two in a boot."""
_PAST: Final = (
    "SELECT id, begun_utc, treatment, person, linked_to, outcome IS NULL, "
    "coalesce(forward_ma_min, 0.0) + coalesce(reverse_ma_min, 0.0) FROM session "
    "WHERE outcome IS NULL OR forward_ma_min + reverse_ma_min > 0.0 ORDER BY id DESC LIMIT ?"
)


class Amendment(NamedTuple):
    """A date put in the place of the recorded one: dates ISO 8601 in UTC, `role` is whose code allowed it."""

    begun_utc: str
    instead_of_utc: str
    made_utc: str
    role: str
    reason: str


def present(connection: sqlite3.Connection) -> bool:
    """Tell whether the tables are there; a journal of an earlier program has none."""
    return holds(connection, "clock", "sighting", "amendment")


def make(connection: sqlite3.Connection) -> None:
    """Make the tables where they are missing, inside the caller's transaction."""
    for statement in TABLES:
        connection.execute(statement)


# --- what is written --------------------------------------------------------------------------------------


def keep_clock(connection: sqlite3.Connection, session: int, clock: Reading) -> dict[str, Any]:
    """Keep the look at the clock a session begins with, and return it for the chain."""
    facts = facts_of(clock)
    connection.execute("INSERT INTO clock VALUES (?, ?, ?, ?, ?)", (session, *facts.values()))
    return facts


def sight(connection: sqlite3.Connection, now: Reading) -> bool:
    """Write a sighting where it will help, inside the caller's transaction; tell whether it was.

    It helps once in a boot with a clock that nobody vouches for, so that its being set will show, and once
    more when somebody vouches for it, as long as a date is in doubt.
    """
    kept = read(connection)
    newest = max((one.id for one in kept.past), default=None)
    if newest is None or not now.boot:
        return False
    there = {
        bool(clock.voucher)
        for clock in (*(one.clock for one in kept.past), *(clock for _, clock in kept.seen))
        if clock is not None and clock.boot == now.boot
    }
    if bool(now.voucher) in there or (now.voucher and not there and _all_sure(kept, now)):
        return False
    facts = facts_of(now)
    chain(connection, newest, "sighting", facts)
    number = stored_head(connection).number
    connection.execute("INSERT INTO sighting VALUES (?, ?, ?, ?, ?, ?)", (number, newest, *facts.values()))
    return True


def amend(connection: sqlite3.Connection, session: int, amendment: Amendment) -> None:
    """Append an amendment, inside the caller's transaction; the caller has judged it."""
    chain(connection, session, "amendment", amendment._asdict())
    number = stored_head(connection).number
    connection.execute("INSERT INTO amendment VALUES (?, ?, ?, ?, ?, ?, ?)", (number, session, *amendment))


def _all_sure(kept: Kept, now: Reading) -> bool:
    return all(span.sure for span in dates_of(kept.past, kept.seen, now).spans.values())


# --- what is read -----------------------------------------------------------------------------------------


def read(connection: sqlite3.Connection) -> Kept:
    """Read what was given lately, newest first, and the newest sightings, oldest first."""
    rows = connection.execute(_PAST, (MOST_PAST,)).fetchall()
    if not present(connection):
        return Kept([Past(*row) for row in rows], [])
    numbers = [row[0] for row in rows]
    clocks, amended = clocks_of(connection, numbers), amendments_of(connection, numbers)
    past = [
        Past._make((*row, clocks.get(row[0]), amended[row[0]][-1].begun_utc if row[0] in amended else None))
        for row in rows
    ]
    return Kept(past, sightings(connection))


def around(connection: sqlite3.Connection, first: int, last: int, count: int) -> list[tuple[int, str]]:
    """Read number and recorded date of `count` sessions before `first` and as many after `last`."""
    before = connection.execute(
        "SELECT id, begun_utc FROM session WHERE id < ? ORDER BY id DESC LIMIT ?", (first, count)
    ).fetchall()
    after = connection.execute(
        "SELECT id, begun_utc FROM session WHERE id > ? ORDER BY id LIMIT ?", (last, count)
    ).fetchall()
    return before + after


def points_of(connection: sqlite3.Connection, rows: Sequence[tuple[int, str]]) -> list[Point]:
    """Put sessions (number, recorded date) in order with the newest sightings."""
    if not present(connection):
        return points((number, utc(begun_utc), None, None) for number, begun_utc in rows)
    numbers = [number for number, _ in rows]
    clocks, amended = clocks_of(connection, numbers), amendments_of(connection, numbers)
    return points(
        (
            (
                number,
                utc(begun_utc),
                clocks.get(number),
                utc(amended[number][-1].begun_utc) if number in amended else None,
            )
            for number, begun_utc in rows
        ),
        sightings(connection),
    )


def sightings(connection: sqlite3.Connection) -> list[tuple[int, Reading]]:
    """Read the newest sightings, oldest first: the newest session then, and the clock."""
    found = connection.execute(
        f"SELECT session, {', '.join(CLOCK)} FROM sighting ORDER BY record DESC LIMIT ?",  # noqa: S608 - ours
        (MOST_SIGHTINGS,),
    ).fetchall()
    return [(session, reading(*clock)) for session, *clock in reversed(found)]


def clocks_of(connection: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, Reading]:
    """Read the looks at the clock that these sessions (at most 999) began with."""
    rows = connection.execute(
        f"SELECT session, {', '.join(CLOCK)} FROM clock WHERE session IN ({_marks(numbers)})",  # noqa: S608 - ours
        list(numbers),
    )
    return {session: reading(*clock) for session, *clock in rows}


def amendments_of(connection: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, list[Amendment]]:
    """Read the amendments of these sessions (at most 999), in the order in which they were made."""
    rows = connection.execute(
        f"SELECT session, {', '.join(AMENDED)} FROM amendment WHERE session IN ({_marks(numbers)}) "  # noqa: S608 - ours
        "ORDER BY record",
        list(numbers),
    )
    found: dict[int, list[Amendment]] = {}
    for session, *facts in rows:
        found.setdefault(session, []).append(Amendment(*facts))
    return found


def _marks(numbers: Iterable[int]) -> str:
    return ",".join("?" for _ in numbers)
