"""What a person says of their course, in the household's book, and what follows from it for the plan.

Law: what was said stays, and of a day the last word counts. It bounds nothing and refuses nothing: a plan
changes only when a person takes what is suggested.

Source: thickened skin is met by treating less often; after the initial course top-ups, if it has helped
(leaflet of the British Association of Dermatologists). The scale from 1 to 4 is that of the Hyperhidrosis
Disease Severity Scale, in words of our own; an answer of 3 or 4 counts as severe there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple

from app.household.book import Book
from protocols.ceilings import Area
from protocols.course import PER_WEEK, TOP_UP_DAYS, Plan

SCALE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "1": "1: I never notice it, and it keeps me from nothing",
        "2": "2: I can live with it; now and then it keeps me from something",
        "3": "3: I can hardly bear it; often it keeps me from something",
        "4": "4: I can't bear it; it always keeps me from something",
    }
)
THICK: Final[Mapping[str, str]] = MappingProxyType({"no": "No", "yes": "Yes, thicker or harder"})
HELPED: Final[Mapping[str, str]] = MappingProxyType(
    {"yes": "Yes, it helps", "partly": "A little", "no": "No, not enough"}
)
ANSWERS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {"hdss": SCALE, "thick": THICK, "helped": HELPED}
)
"""What is asked, and what may be said."""
INTERVAL: Final = "interval"
"""What is kept when a longer interval was taken: from and to, such as `top_up_days 7 14`."""
AGAIN: Final = timedelta(days=7)
"""Scale and skin are asked for once a week."""
THICK_FROM: Final = 3
"""Skin is not asked for before so many treatments: it thickens with frequent ones (our figure)."""
LONGER_DAYS: Final = 7
"""A longer interval between top-ups is a week longer (our figure)."""


class Told(NamedTuple):
    """What was said on a day: a key of `ANSWERS` with its answer, or `INTERVAL` with what was changed."""

    asked: str
    answer: str
    day: date


class Courses(Book):
    """The part of the book that holds what people say of their courses."""

    def tell(self, number: int, area: Area, asked: str, answer: str, today: date) -> None:
        """Keep what a person says."""
        made = datetime.now(UTC).isoformat(timespec="seconds")
        with self._open() as db:
            db.execute(
                "INSERT INTO said (person, area, asked, answer, day, given_utc) VALUES (?, ?, ?, ?, ?, ?)",
                (number, area, asked, answer, today.isoformat(), made),
            )

    def told(self, number: int, area: Area) -> list[Told]:
        """Give what a person said of an area, oldest first; of a day the last word."""
        with self._open() as db:
            rows = db.execute(
                "SELECT asked, answer, day FROM said WHERE person = ? AND area = ? ORDER BY number",
                (number, area),
            ).fetchall()
        last = {(day, asked): answer for asked, answer, day in rows}
        return [Told(asked, answer, date.fromisoformat(day)) for (day, asked), answer in sorted(last.items())]


def last_of(told: Sequence[Told], asked: str) -> Told | None:
    """Give the last word to a question."""
    return next((one for one in reversed(told) if one.asked == asked), None)


def asked_now(told: Sequence[Told], plan: Plan, treatments: int, today: date, *, complete: bool) -> list[str]:
    """Give the questions that are due: the scale first of all and each week, the skin each week, success.

    `treatments` were given so far; `complete` tells that the initial course is.
    """
    due = []
    for key, enough in (("hdss", True), ("thick", treatments >= THICK_FROM)):
        last = last_of(told, key)
        if enough and (last is None or last.day + AGAIN <= today):
            due.append(key)
    if complete and helped(told, plan) is None:
        due.append("helped")
    return due


def helped(told: Sequence[Told], plan: Plan) -> str | None:
    """Tell what was said of this plan's initial course, None unsaid; another first day is another course."""
    last = last_of(told, "helped")
    return None if last is None or last.day < plan.starts_on else last.answer


def is_thick(told: Sequence[Told]) -> bool:
    """Tell whether the skin was last said to be thick, and no longer interval was taken since."""
    skin, taken = last_of(told, "thick"), last_of(told, INTERVAL)
    return skin is not None and skin.answer == "yes" and (taken is None or taken.day < skin.day)


def longer(plan: Plan, *, topping_up: bool) -> Plan | None:
    """Give the plan with the next longer interval, None where it is the longest already."""
    if topping_up:
        days = min(plan.top_up_days + LONGER_DAYS, TOP_UP_DAYS[1])
        return plan._replace(top_up_days=days) if days > plan.top_up_days else None
    fewer = [count for count in PER_WEEK if count < plan.per_week]
    return plan._replace(per_week=max(fewer)) if fewer else None
