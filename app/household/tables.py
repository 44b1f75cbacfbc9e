"""The tables of the household's book, and how an older version's come up to date.

Law: what is rewritten is copied first; it is brought up to date in one transaction, or stays as it was.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from app.household import changes, health
from controller.host.kept import keep_copy

VERSION: Final = 1
TABLES: Final = """
CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, born TEXT NOT NULL,
    answers TEXT NOT NULL DEFAULT '{}', answered_on TEXT, hidden INTEGER NOT NULL DEFAULT 0);
CREATE TABLE word (person INTEGER NOT NULL REFERENCES person(id), key TEXT NOT NULL, given_by TEXT NOT NULL,
    given_on TEXT NOT NULL, PRIMARY KEY (person, key));
CREATE TABLE most (person INTEGER NOT NULL REFERENCES person(id), area TEXT NOT NULL, limit_ma REAL NOT NULL,
    PRIMARY KEY (person, area));
CREATE TABLE plan (person INTEGER NOT NULL REFERENCES person(id), area TEXT NOT NULL,
    per_week INTEGER NOT NULL, weeks INTEGER NOT NULL, top_up_days INTEGER NOT NULL, starts_on TEXT NOT NULL,
    alternate INTEGER NOT NULL, PRIMARY KEY (person, area));
CREATE TABLE feedback (session INTEGER PRIMARY KEY, felt TEXT, sweat INTEGER, given_utc TEXT NOT NULL);
CREATE TABLE device (id INTEGER PRIMARY KEY AUTOINCREMENT, token_hash TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL, paired_on TEXT NOT NULL);
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
SAID: Final = (
    "CREATE TABLE said (number INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES person(id), "
    "area TEXT NOT NULL, asked TEXT NOT NULL, answer TEXT NOT NULL, day TEXT NOT NULL, "
    "given_utc TEXT NOT NULL)"
)
"""What people say of their courses (`app.household.course`)."""
_FREED: Final = """
CREATE TABLE person_freed (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, born TEXT NOT NULL,
    answers TEXT NOT NULL DEFAULT '{}', answered_on TEXT, hidden INTEGER NOT NULL DEFAULT 0);
INSERT INTO person_freed SELECT id,
    CASE WHEN hidden = 1 AND name LIKE '% (' || id || ')' THEN substr(name, 1, length(name) - length(id) - 3)
    ELSE name END, born, answers, answered_on, hidden FROM person;
DROP TABLE person;
ALTER TABLE person_freed RENAME TO person
"""
"""Takes the table's own idea of equal names, which was by bytes, out of a book that still has it, and with it
the number that a removed person's name was given there. The version stays: older programs read it too."""
_UNIQUE_NAMES: Final = "SELECT count(*) FROM pragma_index_list('person')"
_HAS_CHANGES: Final = "SELECT count(*) FROM sqlite_master WHERE name = 'change'"
_HAS_SAID: Final = "SELECT count(*) FROM sqlite_master WHERE name = 'said'"
_NO_DAY: Final = "1900-01-01"
"""Stands in the place of a removed person's date of birth."""


def is_old(db: sqlite3.Connection) -> bool:
    """Tell whether a book is of an older version, by what it lacks."""
    lacks = any(not db.execute(has).fetchone()[0] for has in (_HAS_CHANGES, _HAS_SAID))
    return lacks or bool(db.execute(_UNIQUE_NAMES).fetchone()[0])


def bring_up_to_date(db: sqlite3.Connection, path: Path) -> None:
    """Make what an older version's book lacks, in one transaction, and keep a copy as it was.

    Names may be equal to the table from then on; whose they are is judged when one is given. What is known of
    people's health is the first thing that the record of changes holds, and who was removed is forgotten.
    """
    db.execute("PRAGMA foreign_keys = OFF")  # a table is replaced under those that refer to it
    db.execute("PRAGMA secure_delete = ON")
    db.execute("BEGIN IMMEDIATE")
    if is_old(db):  # not brought up to date by another process just now
        keep_copy(path)
        if db.execute(_UNIQUE_NAMES).fetchone()[0]:
            for statement in _FREED.split(";"):
                db.execute(statement)
        if not db.execute(_HAS_SAID).fetchone()[0]:
            db.execute(SAID)
        if not db.execute(_HAS_CHANGES).fetchone()[0]:
            for statement in (*health.TABLES, *changes.TABLES):
                db.execute(statement)
            _begin_changes(db)
    db.execute("COMMIT")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _begin_changes(db: sqlite3.Connection) -> None:
    made = datetime.now(UTC).isoformat(timespec="seconds")
    for number, answers, hidden in db.execute(
        "SELECT id, answers, hidden FROM person ORDER BY id"
    ).fetchall():
        if hidden:
            forget(db, number)
            continue
        for key, yes in json.loads(answers).items():
            changes.record(db, number, made, by="", how="found", what=key, before=None, after=yes)
        words = "SELECT key, given_by FROM word WHERE person = ? ORDER BY key"
        for key, given_by in db.execute(words, (number,)).fetchall():
            changes.record(
                db, number, made, by="", how="found", what=f"word:{key}", before=None, after=given_by
            )


def forget(db: sqlite3.Connection, number: int) -> None:
    """Take out all that is known of a person but the number, inside the caller's transaction."""
    db.execute(
        "UPDATE person SET hidden = 1, name = '', born = ?, answers = '{}', answered_on = NULL WHERE id = ?",
        (_NO_DAY, number),
    )
    for table in ("word", "permission", "waiting", "most", "plan", "said"):
        db.execute(f"DELETE FROM {table} WHERE person = ?", (number,))  # noqa: S608 - the names above
    changes.erase(db, number)
