"""Plans, and what was said after treatments, in the household's book.

Law: what was said once stays until something else is said of the same session.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import uuid4

from app.household.book import Book
from protocols.ceilings import Area
from protocols.course import Plan
from protocols.fitness import AREAS


class Feedback(NamedTuple):
    """How the skin felt (a word of `app.household.feelings`) and how much sweat (0 to 4), None unsaid."""

    felt: str | None
    sweat: int | None


class Plans(Book):
    """The part of the book that holds plans and feedback."""

    def plan(self, number: int, area: Area, today: date) -> Plan:
        """Give a person's plan for an area; the usual course from today where none is kept."""
        with self._open() as db:
            row = db.execute(
                "SELECT per_week, weeks, top_up_days, starts_on, alternate FROM plan "
                "WHERE person = ? AND area = ?",
                (number, area),
            ).fetchone()
        if row is None:
            return Plan(starts_on=today)
        return Plan(row[0], row[1], row[2], date.fromisoformat(row[3]), bool(row[4]))

    def planned_areas(self, number: int) -> list[str]:
        """Give the areas for which a person has a plan."""
        with self._open() as db:
            rows = db.execute("SELECT area FROM plan WHERE person = ?", (number,)).fetchall()
        return [area for area in AREAS if (area,) in rows]

    def set_plan(self, number: int, area: Area, plan: Plan) -> None:
        """Keep a plan."""
        with self._open() as db:
            db.execute(
                "INSERT OR REPLACE INTO plan VALUES (?, ?, ?, ?, ?, ?, ?)",
                (number, area, *plan._replace(starts_on=plan.starts_on.isoformat())),  # type: ignore[arg-type]
            )

    def calendar_id(self) -> str:
        """Give what no other unit's calendar is called, made once and kept."""
        with self._open() as db:
            db.execute("INSERT OR IGNORE INTO setting VALUES ('calendar_id', ?)", (str(uuid4()),))
            row = db.execute("SELECT value FROM setting WHERE name = 'calendar_id'").fetchone()
        return str(row[0])

    def feedback(self, sessions: list[int]) -> dict[int, Feedback]:
        """Give what was said after `sessions` (ids of the journal, at most 999)."""
        marks = ",".join("?" * len(sessions))
        with self._open() as db:
            rows = db.execute(
                f"SELECT session, felt, sweat FROM feedback WHERE session IN ({marks})",  # noqa: S608 - marks only
                sessions,
            )
            return {session: Feedback(felt, sweat) for session, felt, sweat in rows}

    def say(self, session: int, felt: str | None, sweat: int | None) -> None:
        """Keep what was said after a session; None leaves what was said before."""
        with self._open() as db:
            db.execute(
                "INSERT INTO feedback VALUES (:session, :felt, :sweat, :now) ON CONFLICT (session) DO UPDATE "
                "SET felt = coalesce(:felt, felt), sweat = coalesce(:sweat, sweat), given_utc = :now",
                {"session": session, "felt": felt, "sweat": sweat, "now": datetime.now(UTC).isoformat()},
            )

    def put_away(self, session: int) -> None:
        """Take note that this session was put away, and all before it."""
        with self._open() as db:
            db.execute("INSERT OR REPLACE INTO setting VALUES ('put_away', ?)", (str(session),))

    def put_away_last(self) -> int:
        """Give the session that was put away last, 0 for none."""
        with self._open() as db:
            row = db.execute("SELECT value FROM setting WHERE name = 'put_away'").fetchone()
        return 0 if row is None else int(row[0])
