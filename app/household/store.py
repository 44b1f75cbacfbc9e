"""The household's book: people, their health, limits, plans, feedback and paired devices, in SQLite.

Law: written only by the companion; each change is whole and on disk before it is answered. It never holds a
secret in the clear. Of who was removed it holds the number, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final

from app.household import changes, health
from app.household.changes import Change
from app.household.codes import NurseCode
from app.household.course import Courses
from app.household.devices import Devices
from app.household.health import Permission, Waiting
from app.household.names import all_called, free_name, in_order
from app.household.person import TOO_MANY, Person, StoreRefused
from app.household.plans import Plans
from app.household.tables import forget
from controller.host import wall
from controller.host.kept import BEFORE
from protocols.ceilings import MIN_CURRENT_MA, Area
from protocols.dates import Reading
from protocols.fitness import AREAS, age_group, highest_limit_ma

__all__ = ["ABOVE_CEILING", "Household", "Person", "StoreRefused"]

MOST_PEOPLE: Final = 20
ABOVE_CEILING: Final = "This limit is outside what is allowed for this area and age."


class Household(NurseCode, Devices, Plans, Courses):
    """The book in the directory `state`, made if missing. Raises sqlite3.Error or OSError.

    Every call opens it anew, so any thread may call and none is left holding it.
    """

    def people(self) -> list[Person]:
        """Give everybody by name."""
        with self._open() as db:
            words: dict[int, dict[str, tuple[str, date]]] = {}
            for person, key, given_by, given_on in db.execute("SELECT * FROM word"):
                words.setdefault(person, {})[key] = (given_by, date.fromisoformat(given_on))
            limits: dict[int, dict[str, float]] = {}
            for person, area, limit_ma in db.execute("SELECT * FROM most"):
                limits.setdefault(person, {})[area] = limit_ma
            called, permissions = all_called(db), health.permissions(db)
            rows = db.execute(
                "SELECT id, name, born, answers, answered_on FROM person WHERE hidden = 0 ORDER BY id"
            )
            return [
                Person(
                    number,
                    name,
                    date.fromisoformat(born),
                    json.loads(answers),
                    None if answered_on is None else date.fromisoformat(answered_on),
                    words.get(number, {}),
                    limits.get(number, {}),
                    called[number],
                    permissions.get(number, {}),
                )
                for number, name, born, answers, answered_on in sorted(rows, key=in_order)
            ]

    def person(self, number: int) -> Person | None:
        """Give one of them, None when there is nobody of this id."""
        return next((one for one in self.people() if one.id == number), None)

    def names(self) -> dict[str, str]:
        """Give what everybody is called on screens, by the id that records carry, also those removed.

        No two are called alike: a removed person carries the id, and so do two whose names are one name.
        """
        with self._open() as db:
            return {str(number): called for number, called in all_called(db).items()}

    def add_person(self, name: str, born: date) -> int:
        """Add one and return the id. Raises StoreRefused."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            if db.execute("SELECT count(*) FROM person WHERE hidden = 0").fetchone()[0] >= MOST_PEOPLE:
                raise StoreRefused(TOO_MANY)
            kept = free_name(db, name, None)
            made = db.execute("INSERT INTO person (name, born) VALUES (?, ?)", (kept, born.isoformat()))
            db.execute("COMMIT")
            return int(made.lastrowid or 0)

    def rename_person(self, number: int, name: str) -> None:
        """Give one another name, or another spelling of it. Raises StoreRefused."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute(
                "UPDATE person SET name = ? WHERE id = ? AND hidden = 0",
                (free_name(db, name, number), number),
            )
            db.execute("COMMIT")

    def remove_person(self, number: int, *, device: str = "") -> None:
        """Forget one: name, date of birth, answers, words, limits and plans go, the number stays.

        What they were treated with stays under that number; so does that somebody was removed, and when.
        A copy of the book from before an update, which may still hold them, is taken away.
        """
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            forget(db, number)
            made = datetime.now(UTC).isoformat(timespec="seconds")
            changes.record(db, number, made, by=device, how="form", what="removed", before=None, after=None)
            db.execute("COMMIT")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # nor in its log
        self._path.with_name(self._path.name + BEFORE).unlink(missing_ok=True)

    def answer(
        self,
        number: int,
        answers: Mapping[str, bool],
        today: date,
        *,
        device: str = "",
        proven: bool = False,
        now: Reading | None = None,
    ) -> list[str]:
        """Keep the answers, those to other questions stay; a word that none asks for is dropped.

        Returns the keys of those that stay yes for a day; none where `proven` by the nurse's code.
        """
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            clock = now or wall.read()
            held = health.answer(db, number, answers, today, clock, device=device, proven=proven)
            db.execute("COMMIT")
            return held

    def settle(self, today: date, now: Reading | None = None) -> list[Waiting]:
        """Let what has waited long enough become a no; return what waits on, to be told on every page."""
        with self._open() as db:
            if not health.waiting(db):
                return []
            db.execute("BEGIN IMMEDIATE")
            health.settle(db, today, now or wall.read())
            db.execute("COMMIT")
            return health.waiting(db)

    def give_word(self, number: int, key: str, given_by: str, today: date, *, device: str = "") -> None:
        """Keep a professional's word; the caller has checked the nurse's code."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            health.give_word(db, number, key, given_by, today, device=device)
            db.execute("COMMIT")

    def permit(self, number: int, key: str, permission: Permission | None, *, device: str = "") -> None:
        """Keep a permission, or take it back with None; the caller has checked the nurse's code."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            health.permit(db, number, key, permission, device=device)
            db.execute("COMMIT")

    def changes(self, number: int) -> list[Change]:
        """Give what was changed about a person's health, oldest first."""
        with self._open() as db:
            return changes.changes_of(db, number)

    def changes_problem(self) -> str:
        """Say what is wrong with the chain of changes, or ""."""
        with self._open() as db:
            return changes.problem(db)

    def set_limit(self, person: Person, area: Area, limit_ma: float, today: date) -> None:
        """Keep a limit in mA. Raises StoreRefused outside 0.5 mA to the ceiling of area and age."""
        highest_ma = highest_limit_ma(area, age_group(person.born, today))
        if area not in AREAS or not MIN_CURRENT_MA <= limit_ma <= highest_ma:
            raise StoreRefused(ABOVE_CEILING)
        with self._open() as db:
            db.execute("INSERT OR REPLACE INTO most VALUES (?, ?, ?)", (person.id, area, limit_ma))
