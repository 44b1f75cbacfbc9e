"""Who may have what prepared for the next Start: judged here first, and by the device again.

Law: an order is written only for a person who may be treated now, within the limits, after the whole
checklist; and it ends by itself. What each may be given now is told the device whenever that may have
changed, so that nothing that was prepared, paused or begun outlasts what it was judged by.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from app.areas import CHECKLIST, WORDS
from app.atomic import write_whole
from app.household.store import Household, Person
from controller.loop.bounds import Bound, lowest
from controller.orders import allowed
from controller.orders.file import FILE, LARGEST, Order, found, written
from protocols.ceilings import MIN_CURRENT_MA, ceiling_ma
from protocols.course import Given, Plan, first_polarity, refusal
from protocols.dates import Reading
from protocols.fitness import DRUG, age_group, fitness
from protocols.treatment import Treatment, find, names

VALID: Final = timedelta(minutes=30)
"""Long enough to fill the trays; then somebody else may have sat down."""

_OF_DRUG: Final = {
    "water": "Both trays hold the prescribed solution of glycopyrrolate and nothing else, as deep as the "
    "manual says, and stand apart on a dry table.",
    "drug": "Since the last time I have had no new trouble with seeing, passing water, swallowing or my "
    "heart.",
}
"""What differs with the drug, which there is for the hands."""
UNTICKED: Final = "Tick every line of the checklist first."
OUT_OF_LIMIT: Final = "This current is outside your limit."
NO_TIME: Final = (
    "The unit's clock is not set, so it knows neither your age nor the day. "
    "Connect the unit to a network that gives the time, or have its clock set."
)
ABOVE_CEILING: Final = "This current is above what this treatment allows at this age."
ABOVE_UNIT: Final = "This current is above what this unit may give."
TOO_LITTLE: Final = "This current is less than a unit can give."
OF_CURRENT: Final = frozenset({OUT_OF_LIMIT, ABOVE_CEILING, ABOVE_UNIT, TOO_LITTLE})
"""Reasons that lie in the current that was asked for."""


def checklist(treatment: Treatment) -> dict[str, str]:
    """Give the lines to tick before this treatment, by their keys."""
    drug = _OF_DRUG if treatment.electrolyte == DRUG else {}
    return {**CHECKLIST, **WORDS[treatment.area].checklist, **drug}


def checklists() -> Iterator[str]:
    """Give every line of every checklist."""
    for lines in (CHECKLIST, *(words.checklist for words in WORDS.values()), _OF_DRUG):
        yield from lines.values()


def limit_for(person: Person, treatment: Treatment, now: datetime, unit_ma: float | None) -> Bound:
    """Give the highest current for this person and treatment, 0.0 where none is allowed, and why no more.

    `unit_ma` is the most that the unit may give, None while it isn't known: the unit then says so itself.
    """
    ceiling = ceiling_ma(treatment.area, age_group(person.born, now.date()), treatment.electrolyte)
    return lowest(
        Bound(person.limit_ma(treatment.area, now.date()), OUT_OF_LIMIT),
        Bound(min(ceiling, treatment.ceiling_ma), ABOVE_CEILING),
        *([] if unit_ma is None else [Bound(unit_ma, ABOVE_UNIT)]),
    )


def obstacles(person: Person, treatment: Treatment, given: Collection[Given], now: datetime) -> list[str]:
    """Say every reason why this person may not be treated so now; none, and they may."""
    if not Reading(now).possible:
        return [NO_TIME]
    why = refusal(list(given), now)
    return _unfit(person, treatment, now) + ([why] if why else [])


def _unfit(person: Person, treatment: Treatment, now: datetime) -> list[str]:
    """Say what of a person's age, answers and agreements stands in the way of this treatment."""
    today = now.date()
    words = person.words_on(today)
    found = fitness(person.born, today, person.answers, words, treatment.area, treatment.electrolyte)
    return [one.why for one in found.findings]


def allowed_now(household: Household, now: datetime) -> dict[str, dict[str, float]]:
    """Give what each of the household may be given now, mA at most by treatment; who was removed, nothing."""
    most: dict[str, dict[str, float]] = {number: {} for number in household.names()}
    if Reading(now).possible:
        library = [find(name) for name in names()]
        for person in household.people():
            most[str(person.id)] = {
                one.name: limit_for(person, one, now, None).most_ma
                for one in library
                if not _unfit(person, one, now)
            }
    return most


def tell_allowed(state: Path, household: Household, now: datetime) -> None:
    """Tell the device what each may be given now, where that has changed.

    Raises OSError where it can't be written, and then nobody is allowed anything: the file is taken away.
    """
    place, text = state / allowed.FILE, allowed.written(allowed_now(household, now))
    try:
        if not place.exists() or place.read_text(encoding="utf-8", errors="replace") != text:
            write_whole(place, text)
    except OSError:
        place.unlink(missing_ok=True)
        raise


def prepared(
    person: Person,
    treatment: Treatment,
    plan: Plan,
    given: Collection[Given],
    current_ma: float,
    ticked: Collection[str],
    now: datetime,
    unit_ma: float | None,
) -> Order | list[str]:
    """Make the order, or say every reason why not."""
    reasons = obstacles(person, treatment, given, now)
    limit_ma, why_no_more = limit_for(person, treatment, now, unit_ma)
    if current_ma > limit_ma:
        reasons.append(why_no_more)
    elif current_ma < MIN_CURRENT_MA:
        reasons.append(TOO_LITTLE)
    if not set(checklist(treatment)) <= set(ticked):
        reasons.append(UNTICKED)
    if reasons:
        return reasons
    first = first_polarity(treatment, plan, list(given))
    return Order(str(person.id), treatment.name, current_ma, limit_ma, first, now + VALID)


def write(state: Path, order: Order) -> None:
    """Put the order where the device finds it, whole. Raises OSError."""
    write_whole(state / FILE, written(order))


def withdraw_of(state: Path, number: int, now: datetime) -> None:
    """Take back what is prepared for this person: what it was judged by has changed. Raises OSError."""
    with suppress(FileNotFoundError):
        order = found((state / FILE).read_bytes()[: LARGEST + 1], now).get("order")
        if order is not None and order.get("person") == str(number):
            withdraw(state)


def withdraw(state: Path) -> None:
    """Take back what is prepared. Raises OSError."""
    (state / FILE).unlink(missing_ok=True)
