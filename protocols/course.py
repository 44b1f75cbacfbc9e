"""When the next treatment is due, and when it is too early; which polarity comes first.

Law: a plan keeps its rhythm under `protocols.frequency`, which refuses what is more than one a day or five a
week. Pure: `now` and the treatments given are arguments, in the household's own time zone.

Source: two or three a week for three to four weeks, then top-ups weekly to monthly (leaflet of the British
Association of Dermatologists).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal, NamedTuple, TypeAlias

from protocols.frequency import LEAST_HOURS, MOST_PER_WEEK
from protocols.past import why_not
from protocols.treatment import Polarity, Treatment

Verdict: TypeAlias = Literal["due", "early", "refused"]

PER_WEEK: Final = (2, 3)
WEEKS: Final = (3, 4)
TOP_UP_DAYS: Final = (7, 31)
"""Least and most days between top-ups: weekly to monthly."""


class Plan(NamedTuple):
    """A person's plan for one area. `alternate` begins each treatment with the other polarity."""

    per_week: int = 3
    weeks: int = 4
    top_up_days: int = 7
    starts_on: date = date.min
    alternate: bool = False

    @property
    def course(self) -> int:
        """How many treatments the initial course has."""
        return self.per_week * self.weeks


class Given(NamedTuple):
    """A treatment that was given: when it began, and which polarity came first.

    With `doubt` it began at the latest then, and `doubt` says why no more is known.
    """

    begun: datetime
    first_polarity: Polarity
    doubt: str = ""


class Standing(NamedTuple):
    """Where a plan stands. `due` is the next planned day, `why` the sentence of a refusal, else "".

    `done` counts the treatments of the initial course, at most `Plan.course`.
    """

    verdict: Verdict
    why: str
    due: date
    done: int
    topping_up: bool


def refusal(given: Sequence[Given], now: datetime) -> str:
    """Say why no treatment is allowed now, or "" when one is; `given` in any order."""
    return why_not(given, now)


def allowed_from(given: Sequence[Given], now: datetime) -> datetime | None:
    """Say from when on a treatment is allowed, if nothing is given before; None where it is now, or never.

    That lies within eight days: at a midnight, or 12 hours after one of those given.
    """
    if not refusal(given, now):
        return None
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    moments = [(midnight + timedelta(days=day)).astimezone(now.tzinfo) for day in range(1, 9)]
    moments += [one.begun + timedelta(hours=LEAST_HOURS) for one in given if one.begun <= now]
    return next((one for one in sorted(moments) if one > now and not refusal(given, one)), None)


def standing(plan: Plan, given: Sequence[Given], now: datetime) -> Standing:
    """Tell whether a treatment is due, early or refused now, and when the next one is planned."""
    days = sorted(one.begun.date() for one in given)
    done = sum(day >= plan.starts_on for day in days)
    topping_up = done >= plan.course
    due = _next_day(plan, days, now.date())
    why = refusal(given, now)
    verdict: Verdict = "refused" if why else "due" if due <= now.date() else "early"
    return Standing(verdict, why, due, min(done, plan.course), topping_up)


def _next_day(plan: Plan, days: Sequence[date], today: date) -> date:
    """Give the next planned day; `days` are those of treatments given, in order."""
    done = sum(day >= plan.starts_on for day in days)
    gap_days = 7 // plan.per_week if done < plan.course else plan.top_up_days
    due = max(plan.starts_on, today)
    if days:
        due = max(plan.starts_on, days[-1] + timedelta(days=gap_days))
    while not _fits(plan, days, due, in_course=done < plan.course):
        due += timedelta(days=1)
    return due


def _fits(plan: Plan, days: Sequence[date], due: date, *, in_course: bool) -> bool:
    """Tell whether a planned day keeps the plan's own rhythm, which lies under the limits of the law."""
    in_week = sum(due - timedelta(days=6) <= day <= due for day in days)
    return due not in days and in_week < (plan.per_week if in_course else MOST_PER_WEEK)


def upcoming(plan: Plan, given: Sequence[Given], now: datetime, count: int) -> list[date]:
    """Give the next `count` planned days from today on, each as if those before it were kept."""
    days = sorted(one.begun.date() for one in given)
    today = now.date()
    planned: list[date] = []
    for _ in range(count):
        due = max(_next_day(plan, days, today), today)  # a day that fits still does when it is overdue
        planned.append(due)
        days = sorted([*days, due])
    return planned


def planned_within(plan: Plan, given: Sequence[Given], first: datetime, days: int) -> list[date]:
    """Give the planned days of so many `days` from `first` on, as if what was given before were all."""
    last = first.date() + timedelta(days=days - 1)
    before = [one for one in given if one.begun < first]
    return [day for day in upcoming(plan, before, first, days) if day <= last]


def first_polarity(treatment: Treatment, plan: Plan, given: Sequence[Given]) -> Polarity:
    """Choose the polarity that comes first: the other one than last time where it alternates."""
    if not given or not (plan.alternate or treatment.reversal == "alternate"):
        return treatment.first_polarity
    last = max(given, key=lambda one: one.begun)
    return "reverse" if last.first_polarity == "forward" else "forward"
