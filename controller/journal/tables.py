"""The journal's tables, and how a file of version 1 becomes one of version 2 without loss.

Law: a version is changed in one transaction, so a file is of the one or of the other, and nothing that the
old one held is dropped. `docs/device.md` describes the columns.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from typing import TYPE_CHECKING, Any, Final

from controller.journal.chain import Head, canonical, digest, following

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE: Final = "journal.db"
"""In the state directory."""
VERSION: Final = 2
"""Of the tables; a file with an unknown one is not touched."""
COLUMNS: Final = (
    "at_s",
    "phase",
    "polarity",
    "setpoint_ma",
    "measured_ma",
    "voltage_v",
    "forward_ma_min",
    "reverse_ma_min",
)
"""Of a chart and of the rows of a running session."""
BEGUN: Final = (
    "begun_utc",
    "unit",
    "treatment",
    "simulated",
    "target_ma",
    "total_s",
    "person",
    "linked_to",
    "first_polarity",
    "limit_ma",
    "planned_ma_min",
)
"""What is known of a session when it begins."""
ENDED: Final = (
    "ended_utc",
    "outcome",
    "reason",
    "duration_s",
    "forward_ma_min",
    "reverse_ma_min",
    "code",
)
"""What is known when it has ended."""
ASKED: Final = ("asked_ma_min", "short_because")
"""What a session that came to its end was asked for, all directions and sessions of the treatment together,
and why it gave less; null of every other one, and of those from before this was kept."""
TRIP: Final = ("cause", "phase", "detected_s", "evidence")
LIVE_ROWS: Final = f"SELECT {', '.join(COLUMNS)} FROM live WHERE session = ? ORDER BY at_s"  # noqa: S608 - the names are ours
TRIPS: Final = f"SELECT {', '.join(TRIP)} FROM trip WHERE session = ? ORDER BY rowid"  # noqa: S608 - likewise
BEGIN: Final = (
    f"INSERT INTO session ({', '.join(BEGUN)}) "  # noqa: S608 - likewise
    f"VALUES ({', '.join(':' + name for name in BEGUN)})"
)
END: Final = f"UPDATE session SET {', '.join(name + ' = ?' for name in ENDED)} WHERE id = ?"  # noqa: S608 - likewise
END_ASKED: Final = f"UPDATE session SET {', '.join(name + ' = ?' for name in ASKED)} WHERE id = ?"  # noqa: S608 - likewise
WEAR_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS wear (session INTEGER PRIMARY KEY REFERENCES session(id), "
    "series INTEGER NOT NULL, polarity INTEGER NOT NULL)"
)
"""Operations of the relays by session, for the service counters: outside the chain, and made when first
written, so that a journal without it stays of the same version."""
ROW: Final = "INSERT INTO live VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
CHART_EVERY_S: Final = 1.0
"""A chart keeps one row a second, and each where phase or polarity change."""

_NEW: Final = """
CREATE TABLE live (
    session INTEGER NOT NULL REFERENCES session(id),
    at_s REAL NOT NULL,
    phase TEXT NOT NULL,
    polarity TEXT,
    setpoint_ma REAL,
    measured_ma REAL,
    voltage_v REAL,
    forward_ma_min REAL NOT NULL,
    reverse_ma_min REAL NOT NULL
);
CREATE INDEX live_of_session ON live(session, at_s);
CREATE TABLE chart (
    session INTEGER PRIMARY KEY REFERENCES session(id),
    rows INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE TABLE record (
    number INTEGER PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES session(id),
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE TABLE head (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    number INTEGER NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX trip_of_session ON trip(session);
CREATE INDEX session_of_person ON session(person, id);
CREATE INDEX session_by_time ON session(begun_utc);
CREATE INDEX session_running ON session(unit) WHERE outcome IS NULL;
CREATE INDEX session_linked ON session(linked_to) WHERE linked_to IS NOT NULL
"""
_BASE: Final = """
CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    begun_utc TEXT NOT NULL,
    unit TEXT NOT NULL,
    treatment TEXT NOT NULL,
    simulated INTEGER NOT NULL,
    target_ma REAL NOT NULL,
    total_s REAL NOT NULL,
    ended_utc TEXT,
    outcome TEXT,
    reason TEXT,
    duration_s REAL,
    forward_ma_min REAL,
    reverse_ma_min REAL
);
CREATE TABLE trip (
    session INTEGER NOT NULL REFERENCES session(id),
    cause TEXT NOT NULL,
    phase TEXT NOT NULL,
    detected_s REAL NOT NULL,
    evidence TEXT NOT NULL
)
"""
_ADDED: Final = """
ALTER TABLE session ADD COLUMN person TEXT;
ALTER TABLE session ADD COLUMN linked_to INTEGER REFERENCES session(id);
ALTER TABLE session ADD COLUMN first_polarity TEXT;
ALTER TABLE session ADD COLUMN limit_ma REAL;
ALTER TABLE session ADD COLUMN planned_ma_min REAL;
ALTER TABLE session ADD COLUMN code INTEGER
"""
_ASKED: Final = """
ALTER TABLE session ADD COLUMN asked_ma_min REAL;
ALTER TABLE session ADD COLUMN short_because TEXT
"""


def create(connection: sqlite3.Connection) -> None:
    """Make the tables of an empty file, inside the caller's transaction."""
    _execute(connection, _BASE, _ADDED, _ASKED, _NEW)
    _mark(connection)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring version 1 to version 2, inside the caller's transaction: every row is kept, and chained."""
    _execute(connection, _ADDED, _ASKED, _NEW)
    connection.execute(
        "INSERT INTO live (session, at_s, phase, forward_ma_min, reverse_ma_min) "
        "SELECT session, at_s, phase, forward_ma_min, reverse_ma_min FROM dose"
    )
    connection.execute("DROP TABLE dose")
    _mark(connection)
    for session, outcome in connection.execute("SELECT id, outcome FROM session ORDER BY id").fetchall():
        chain_begin(connection, session, {"migrated": True})
        for trip in connection.execute(TRIPS, (session,)).fetchall():
            chain(connection, session, "trip", dict(zip(TRIP, trip, strict=True)))
        if outcome is not None:
            pack_chart(connection, session, every_s=0.0)
            chain_end(connection, session)


def knows_asked(connection: sqlite3.Connection) -> bool:
    """Tell whether the columns `ASKED` are there; the last release's journal has none."""
    return ASKED[0] in {row[1] for row in connection.execute("PRAGMA table_info(session)")}


def add_asked(connection: sqlite3.Connection) -> None:
    """Add those columns, inside the caller's transaction; of the same version, since older programs go on."""
    _execute(connection, _ASKED)


def chain(connection: sqlite3.Connection, session: int, kind: str, facts: dict[str, Any]) -> None:
    """Add a record to the chain, inside the caller's transaction."""
    head = stored_head(connection)
    body = canonical({"kind": kind, "session": session, **facts})
    new = following(head, body)
    row = (new.number, session, kind, body, new.hash)
    connection.execute("INSERT INTO record VALUES (?, ?, ?, ?, ?)", row)
    connection.execute("UPDATE head SET number = ?, hash = ?", new)


def chain_begin(connection: sqlite3.Connection, session: int, more: dict[str, Any] | None = None) -> None:
    """Chain what the row of a session tells of its beginning, and what else is known of it."""
    chain(connection, session, "begin", _facts(connection, session, BEGUN) | (more or {}))


def chain_end(connection: sqlite3.Connection, session: int, more: dict[str, Any] | None = None) -> None:
    """Chain what the row of a session tells of its end, its chart's digest, and what else is known of it."""
    rows, data = connection.execute("SELECT rows, data FROM chart WHERE session = ?", (session,)).fetchone()
    facts = _facts(connection, session, (*ENDED, *ASKED))
    facts |= {"chart_rows": rows, "chart_sha256": digest(data)}
    chain(connection, session, "end", facts | (more or {}))


def pack_chart(connection: sqlite3.Connection, session: int, every_s: float = CHART_EVERY_S) -> None:
    """Turn the rows of a session that is over into its chart, inside the caller's transaction."""
    rows = thinned(connection.execute(LIVE_ROWS, (session,)).fetchall(), every_s)
    connection.execute("INSERT INTO chart VALUES (?, ?, ?)", (session, len(rows), packed(rows)))
    connection.execute("DELETE FROM live WHERE session = ?", (session,))


def thinned(rows: Sequence[Sequence[Any]], every_s: float) -> list[Sequence[Any]]:
    """Keep the first and the last row, each with a new phase or polarity, and one every `every_s`."""
    kept: list[Sequence[Any]] = []
    for index, row in enumerate(rows):
        due = not kept or row[0] - kept[-1][0] >= every_s - 1e-3 or row[1:3] != kept[-1][1:3]
        if due or index == len(rows) - 1:
            kept.append(row)
    return kept


def packed(rows: Sequence[Sequence[Any]]) -> bytes:
    """Compress rows of `COLUMNS`, column by column."""
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in COLUMNS]
    text = json.dumps(dict(zip(COLUMNS, columns, strict=True)), separators=(",", ":"))
    return zlib.compress(text.encode(), 6)


def unpacked(data: bytes) -> dict[str, list[Any]]:
    """Return the columns of a chart. Raises ValueError for data that is none."""
    try:
        columns: dict[str, list[Any]] = json.loads(zlib.decompress(data))
    except zlib.error as error:
        raise ValueError(f"a chart can't be read: {error}") from error
    return columns


def holds(connection: sqlite3.Connection, *names: str) -> bool:
    """Tell whether a journal has all the tables of these names."""
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {row[0] for row in rows}.issuperset(names)


def stored_head(connection: sqlite3.Connection) -> Head:
    """Return the head as the file of tables tells it."""
    return Head(*connection.execute("SELECT number, hash FROM head").fetchone())


def _facts(connection: sqlite3.Connection, session: int, names: Sequence[str]) -> dict[str, Any]:
    query = f"SELECT {', '.join(names)} FROM session WHERE id = ?"  # noqa: S608 - the names are ours
    return dict(zip(names, connection.execute(query, (session,)).fetchone(), strict=True))


def _mark(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO head VALUES (1, ?, ?)", Head())
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _execute(connection: sqlite3.Connection, *scripts: str) -> None:
    for script in scripts:
        for statement in script.split(";"):
            connection.execute(statement)
