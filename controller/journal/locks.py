"""What the journal keeps about locks: what was said, and which proofs with nobody there have passed.

Law: added to, never changed, each a record of the chain; what they mean is `controller.core.locks`'s to say.
The tables are additions to version 2, made when a session is first written here, and a program that doesn't
know them reads and writes the journal as ever.

`release` holds what was said: a press of Stop on the unit, or a technician's reason; `session` is the newest
of the journal then. `proof` holds the sessions that proved the protections with nobody in the circuit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from controller.core.locks import Lock, Seen, Word, lock_of
from controller.core.reasons import NAMES
from controller.journal.tables import chain, holds, stored_head
from protocols.frequency import COUNTS_FROM_MA_MIN

if TYPE_CHECKING:
    import sqlite3

TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS release (record INTEGER PRIMARY KEY, "
    "session INTEGER NOT NULL REFERENCES session(id), simulated INTEGER NOT NULL, made_utc TEXT NOT NULL, "
    "role TEXT NOT NULL, reason TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS proof (record INTEGER PRIMARY KEY, "
    "session INTEGER NOT NULL REFERENCES session(id))",
)
RELEASED: Final = ("simulated", "made_utc", "role", "reason")
"""Of what was said."""
_SESSIONS: Final = (
    "SELECT session.id, begun_utc, outcome, code, trip.cause, "
    "coalesce(forward_ma_min, 0.0) + coalesce(reverse_ma_min, 0.0) >= ? "
    "FROM session LEFT JOIN trip ON trip.session = session.id WHERE simulated = ? "
    "GROUP BY session.id ORDER BY session.id"
)
_PROOFS: Final = "SELECT session FROM proof"
_WORDS: Final = "SELECT session, role FROM release WHERE simulated = ? ORDER BY record"


class Released(NamedTuple):
    """What was said: when (ISO 8601, UTC), by what right (`controller.core.locks.Role`), and why.

    A real unit and a simulated one have locks of their own; `simulated` (0, 1) tells whose it was.
    """

    simulated: int
    made_utc: str
    role: str
    reason: str


def present(connection: sqlite3.Connection) -> bool:
    """Tell whether the tables are there; a journal of an earlier program has none."""
    return holds(connection, "release", "proof")


def make(connection: sqlite3.Connection) -> None:
    """Make the tables where they are missing, inside the caller's transaction."""
    for statement in TABLES:
        connection.execute(statement)


def release(connection: sqlite3.Connection, made: Released) -> None:
    """Append what was said, inside the caller's transaction; the caller has judged it."""
    newest = connection.execute("SELECT max(id) FROM session").fetchone()[0]
    chain(connection, newest, "release", made._asdict())
    row = (stored_head(connection).number, newest, *made)
    connection.execute("INSERT INTO release VALUES (?, ?, ?, ?, ?, ?)", row)


def prove(connection: sqlite3.Connection, session: int) -> None:
    """Append that a session proved the protections with nobody there, inside the caller's transaction."""
    chain(connection, session, "proof", {})
    connection.execute("INSERT INTO proof VALUES (?, ?)", (stored_head(connection).number, session))


def read(connection: sqlite3.Connection, *, simulated: bool) -> Lock | None:
    """Say what keeps the unit from treating.

    By what the session was of, a real unit or a simulated one, and by no name of a unit: a name is changed in
    a file, and a repair is not made so.
    """
    known = present(connection)
    proven = {session for (session,) in connection.execute(_PROOFS)} if known else set()
    words = [Word(*row) for row in connection.execute(_WORDS, (simulated,))] if known else []
    sessions = (
        Seen(number, begun_utc, outcome, cause or NAMES.get(code or 0, ""), bool(gave), number in proven)
        for number, begun_utc, outcome, code, cause, gave in connection.execute(
            _SESSIONS, (COUNTS_FROM_MA_MIN, simulated)
        )
    )
    return lock_of(sessions, words)


def releases_of(connection: sqlite3.Connection, session: int) -> list[Released]:
    """Read what was said after a session, in its order."""
    if not present(connection):
        return []
    found = connection.execute(
        f"SELECT {', '.join(RELEASED)} FROM release WHERE session = ? ORDER BY record",  # noqa: S608 - ours
        (session,),
    )
    return [Released(*row) for row in found]
