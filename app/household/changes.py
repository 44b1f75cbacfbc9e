"""The record of what was changed about a person's health: only ever added to, and chained like the journal.

Law: a change is recorded in the transaction that makes it. The chain holds a digest of what was changed and
not the thing itself, with a salt beside it: when a person is removed both go, and the chain holds on.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from controller.journal.chain import Head, canonical, following

TABLES: Final = (
    "CREATE TABLE change (number INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES person(id), "
    "made_utc TEXT NOT NULL, digest TEXT NOT NULL, hash TEXT NOT NULL, salt TEXT, details TEXT)",
    "CREATE INDEX change_of_person ON change(person, number)",
    "CREATE TRIGGER change_stays BEFORE DELETE ON change BEGIN SELECT RAISE(ABORT, 'changes stay'); END",
    "CREATE TRIGGER change_is_as_made BEFORE UPDATE ON change WHEN NEW.number IS NOT OLD.number "
    "OR NEW.person IS NOT OLD.person OR NEW.made_utc IS NOT OLD.made_utc OR NEW.digest IS NOT OLD.digest "
    "OR NEW.hash IS NOT OLD.hash OR NEW.salt IS NOT NULL OR NEW.details IS NOT NULL "
    "BEGIN SELECT RAISE(ABORT, 'changes stay as they were made'); END",
)


class Change(NamedTuple):
    """One change; `details` tell by which phone, how, what, before and after, None once a person is gone."""

    number: int
    made_utc: str
    details: Mapping[str, Any] | None


def record(db: sqlite3.Connection, person: int, made_utc: str, **details: object) -> None:
    """Add a change, inside the caller's transaction."""
    row = db.execute("SELECT number, hash FROM change ORDER BY number DESC LIMIT 1").fetchone()
    text, salt = canonical(details), secrets.token_hex(16)
    digest = _digest(salt, text)
    head = following(Head() if row is None else Head(*row), _body(person, made_utc, digest))
    db.execute(
        "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?)",
        (head.number, person, made_utc, digest, head.hash, salt, text),
    )


def changes_of(db: sqlite3.Connection, person: int) -> list[Change]:
    """Give the changes of one person, oldest first."""
    rows = db.execute(
        "SELECT number, made_utc, details FROM change WHERE person = ? ORDER BY number", (person,)
    )
    return [Change(number, made, None if text is None else json.loads(text)) for number, made, text in rows]


def erase(db: sqlite3.Connection, person: int) -> None:
    """Take out what the changes of a person say, inside the caller's transaction; the chain holds on."""
    db.execute("UPDATE change SET salt = NULL, details = NULL WHERE person = ?", (person,))


def problem(db: sqlite3.Connection) -> str:
    """Say what is wrong with the chain, or ""."""
    head = Head()
    for number, person, made, digest, kept, salt, text in db.execute("SELECT * FROM change ORDER BY number"):
        head = following(head, _body(person, made, digest))
        if head != (number, kept) or (text is not None and _digest(salt, text) != digest):
            return f"change {head.number} is not as it was made, or one before it is missing"
    return ""


def _body(person: int, made_utc: str, digest: str) -> str:
    return canonical({"person": person, "made_utc": made_utc, "digest": digest})


def _digest(salt: str, text: str) -> str:
    return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()
