"""What is known of a person's health, in the household's book: answers, a professional's words, permissions.

Law: an answer that stands in the way of a treatment is not taken back by the next form. From yes to no it
takes the nurse's code, or a day in which everybody can see it and anybody can keep the yes. Every change is
recorded (`app.household.changes`). Each call is inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

from app.household.changes import record
from protocols.dates import Reading

WAIT_S: Final = 24 * 3600.0
"""For so long a yes that is to become a no still holds, without the nurse's code (our figure)."""

TABLES: Final = (
    "CREATE TABLE waiting (person INTEGER NOT NULL REFERENCES person(id), key TEXT NOT NULL, "
    "asked_utc TEXT NOT NULL, boot TEXT NOT NULL, boottime_s REAL NOT NULL, voucher TEXT NOT NULL, "
    "device TEXT NOT NULL, PRIMARY KEY (person, key))",
    "CREATE TABLE permission (person INTEGER NOT NULL REFERENCES person(id), key TEXT NOT NULL, "
    "given_by TEXT NOT NULL, given_on TEXT NOT NULL, until TEXT NOT NULL, strength TEXT NOT NULL, "
    "PRIMARY KEY (person, key))",
)


class Permission(NamedTuple):
    """A professional's word for what is off without one: who, when, the last day, and of what strength."""

    given_by: str
    given_on: date
    until: date
    strength: str = ""

    def holds(self, today: date) -> bool:
        """Tell whether it holds today."""
        return self.given_on <= today <= self.until


class Waiting(NamedTuple):
    """A yes that is to become a no: whose, to which question, since when, and by which phone."""

    person: int
    key: str
    asked: Reading
    device: str

    def left_s(self, now: Reading) -> float:
        """Return for how long the yes still holds; a clock that can't tell counts nothing."""
        if self.asked.boot and self.asked.boot == now.boot:
            return WAIT_S - (now.boottime_s - self.asked.boottime_s)
        if not (self.asked.voucher and now.voucher):
            return WAIT_S
        return WAIT_S - (now.utc - self.asked.utc).total_seconds()


def waiting(db: sqlite3.Connection) -> list[Waiting]:
    """Give what waits, the longest first."""
    rows = db.execute(
        "SELECT person, key, asked_utc, boot, boottime_s, voucher, device FROM waiting ORDER BY asked_utc"
    )
    return [
        Waiting(person, key, Reading(datetime.fromisoformat(asked), boot, since_s, voucher), device)
        for person, key, asked, boot, since_s, voucher, device in rows
    ]


def answer(
    db: sqlite3.Connection,
    person: int,
    said: Mapping[str, bool],
    today: date,
    now: Reading,
    *,
    device: str,
    proven: bool,
) -> list[str]:
    """Keep answers; return the keys of those that stay yes for now. `proven`: with the nurse's code."""
    before = _answers(db, person)
    asked = {one.key for one in waiting(db) if one.person == person}
    held = [] if proven else [key for key, yes in said.items() if before.get(key) and not yes]
    for key in held:
        if key not in asked:
            db.execute(
                "INSERT INTO waiting VALUES (?, ?, ?, ?, ?, ?, ?)",
                (person, key, now.utc.isoformat(), now.boot, now.boottime_s, now.voucher, device),
            )
            _changed(db, person, now, device, "asked", key, before=True, after=False)
    for key, yes in said.items():
        if key in held:
            continue
        if key in asked:
            db.execute("DELETE FROM waiting WHERE person = ? AND key = ?", (person, key))
            if yes:
                _changed(db, person, now, device, "kept", key, before=True, after=True)
        if before.get(key) is not yes:
            how = "code" if before.get(key) and proven else "form"
            _changed(db, person, now, device, how, key, before=before.get(key), after=yes)
    _keep(db, person, {**before, **{key: yes for key, yes in said.items() if key not in held}}, today)
    return held


def settle(db: sqlite3.Connection, today: date, now: Reading) -> None:
    """Let what has waited long enough become a no; one whose time can't be told begins to wait anew."""
    for one in waiting(db):
        if one.left_s(now) <= 0.0:
            db.execute("DELETE FROM waiting WHERE person = ? AND key = ?", (one.person, one.key))
            _keep(db, one.person, {**_answers(db, one.person), one.key: False}, today)
            _changed(db, one.person, now, one.device, "waited", one.key, before=True, after=False)
        elif one.asked.boot != now.boot and not (one.asked.voucher and now.voucher):
            db.execute(
                "UPDATE waiting SET asked_utc = ?, boot = ?, boottime_s = ?, voucher = ? "
                "WHERE person = ? AND key = ?",
                (now.utc.isoformat(), now.boot, now.boottime_s, now.voucher, one.person, one.key),
            )


def give_word(
    db: sqlite3.Connection, person: int, key: str, given_by: str, today: date, *, device: str
) -> None:
    """Keep a professional's word; the caller has checked the nurse's code."""
    row = db.execute("SELECT given_by FROM word WHERE person = ? AND key = ?", (person, key)).fetchone()
    db.execute("INSERT OR REPLACE INTO word VALUES (?, ?, ?, ?)", (person, key, given_by, today.isoformat()))
    before = None if row is None else row[0]
    record(db, person, _utc(), by=device, how="code", what=f"word:{key}", before=before, after=given_by)


def permit(
    db: sqlite3.Connection, person: int, key: str, permission: Permission | None, *, device: str
) -> None:
    """Keep a permission, or take it back; the caller has checked the nurse's code where one is given."""
    before = permissions(db).get(person, {}).get(key)
    db.execute("DELETE FROM permission WHERE person = ? AND key = ?", (person, key))
    if permission is not None:
        db.execute("INSERT INTO permission VALUES (?, ?, ?, ?, ?, ?)", (person, key, *_plain(permission)))
    record(
        db,
        person,
        _utc(),
        by=device,
        how="form" if permission is None else "code",
        what=f"permission:{key}",
        before=None if before is None else _plain(before),
        after=None if permission is None else _plain(permission),
    )


def permissions(db: sqlite3.Connection) -> dict[int, dict[str, Permission]]:
    """Give everybody's permissions."""
    found: dict[int, dict[str, Permission]] = {}
    for person, key, given_by, given_on, until, strength in db.execute("SELECT * FROM permission"):
        days = date.fromisoformat(given_on), date.fromisoformat(until)
        found.setdefault(person, {})[key] = Permission(given_by, *days, strength)
    return found


def _plain(permission: Permission) -> list[str]:
    given_by, given_on, until, strength = permission
    return [given_by, given_on.isoformat(), until.isoformat(), strength]


def _answers(db: sqlite3.Connection, person: int) -> dict[str, bool]:
    row = db.execute("SELECT answers FROM person WHERE id = ?", (person,)).fetchone()
    return {} if row is None else dict(json.loads(row[0]))


def _keep(db: sqlite3.Connection, person: int, answers: Mapping[str, bool], today: date) -> None:
    """Write the answers that hold; a word that none of them asks for is dropped."""
    db.execute(
        "UPDATE person SET answers = ?, answered_on = ? WHERE id = ?",
        (json.dumps(dict(answers), sort_keys=True), today.isoformat(), person),
    )
    for key, yes in answers.items():
        if not yes:
            db.execute("DELETE FROM word WHERE person = ? AND key = ?", (person, key))


def _changed(
    db: sqlite3.Connection,
    person: int,
    now: Reading,
    device: str,
    how: str,
    key: str,
    *,
    before: bool | None,
    after: bool,
) -> None:
    made = now.utc.isoformat(timespec="seconds")
    record(db, person, made, by=device, how=how, what=key, before=before, after=after)


def _utc() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
