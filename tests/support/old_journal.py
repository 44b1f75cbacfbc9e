"""A journal of version 1 as the first release wrote it, and one with ten years of sessions."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from controller.journal.chain import digest, write_head
from controller.journal.store import Store
from controller.journal.tables import BEGIN, BEGUN, END, FILE, chain, chain_begin, packed, stored_head

VERSION_1 = """
CREATE TABLE session (
    id INTEGER PRIMARY KEY, begun_utc TEXT NOT NULL, unit TEXT NOT NULL, treatment TEXT NOT NULL,
    simulated INTEGER NOT NULL, target_ma REAL NOT NULL, total_s REAL NOT NULL, ended_utc TEXT, outcome TEXT,
    reason TEXT, duration_s REAL, forward_ma_min REAL, reverse_ma_min REAL
);
CREATE TABLE dose (
    session INTEGER NOT NULL REFERENCES session(id), at_s REAL NOT NULL, phase TEXT NOT NULL,
    forward_ma_min REAL NOT NULL, reverse_ma_min REAL NOT NULL
);
CREATE INDEX dose_of_session ON dose(session, at_s);
CREATE TABLE trip (
    session INTEGER NOT NULL REFERENCES session(id), cause TEXT NOT NULL, phase TEXT NOT NULL,
    detected_s REAL NOT NULL, evidence TEXT NOT NULL
);
INSERT INTO session VALUES (1, '2026-01-01T08:00:00.000+00:00', '/dev/i2c-1', 'hands', 0, 12.0, 1200.0,
    '2026-01-01T08:00:09.000+00:00', 'aborted', 'nothing flows', 1.0, 0.2, 0.0);
INSERT INTO session VALUES (2, '2026-01-02T08:00:00.000+00:00', '/dev/i2c-1', 'feet', 1, 15.0, 1800.0,
    NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO session VALUES (3, '2026-01-02T09:00:00.000+00:00', '/dev/i2c-3', 'hands', 0, 12.0, 1200.0,
    '2026-01-02T09:00:01.000+00:00', 'refused', 'the supply', 0.0, 0.0, 0.0);
INSERT INTO dose VALUES (1, 0.0, 'ramp_up', 0.0, 0.0), (1, 0.5, 'ramp_up', 0.1, 0.0),
    (1, 1.0, 'tripped', 0.2, 0.0);
INSERT INTO dose VALUES (2, 0.5, 'hold', 0.3, 0.0), (2, 1.0, 'hold', 0.4, 0.0);
INSERT INTO trip VALUES (1, 'open_circuit', 'ramp_up', 0.9, 'nothing flows');
PRAGMA user_version = 1;
"""


def version_1(state: Path) -> None:
    state.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(state / FILE)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(VERSION_1)
    connection.close()


def ten_years(state: Path, sessions: int = 3650) -> None:
    """A session of the hands every day, chained and with a chart of 1,200 rows, by the store's own parts."""
    store = Store(state)
    connection = store.connection
    connection.execute("PRAGMA synchronous = OFF")  # a fixture need not survive a power cut
    rows = [(s, "hold", "forward", 12.0, 11.99, 14.2, 0.1 * s, 0.0) for s in range(1200)]
    data = packed([(float(s), *row) for s, *row in rows])
    first = datetime(2026, 1, 1, 7, 30, tzinfo=UTC)
    connection.execute("BEGIN")
    for number in range(1, sessions + 1):
        begun = first + timedelta(days=number)
        facts = dict.fromkeys(BEGUN) | {
            "begun_utc": begun.isoformat(timespec="milliseconds"),
            "unit": "simulated",
            "treatment": "hands",
            "simulated": True,
            "target_ma": 12.0,
            "total_s": 1200.0,
            "person": f"p{number % 3}",
        }
        connection.execute(BEGIN, facts)
        chain_begin(connection, number)
        ended = (begun + timedelta(minutes=20)).isoformat(timespec="milliseconds")
        connection.execute(END, (ended, "completed", None, 1203.0, 115.2, 115.1, None, number))
        connection.execute("INSERT INTO chart VALUES (?, ?, ?)", (number, 1200, data))
        end = {"ended_utc": ended, "outcome": "completed", "reason": None, "duration_s": 1203.0}
        end |= {"forward_ma_min": 115.2, "reverse_ma_min": 115.1, "code": None}
        chain(connection, number, "end", end | {"chart_rows": 1200, "chart_sha256": digest(data)})
    connection.execute("COMMIT")
    write_head(state, stored_head(connection))
    connection.close()
