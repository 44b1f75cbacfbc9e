"""Which recorded sessions are treatments that were given, and whether one more would be too many.

Law: a session counts against the next one unless both name a person and the two differ: who isn't named may
be anybody. The rest of a dose belongs to the session it continues; one that still runs counts. Dates are
those of `protocols.dates`, and one that is not known counts as the latest it can be. `now` is an argument.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from config.characters import same
from protocols.dates import Reading, dated, points, utc
from protocols.frequency import CLOCK, COUNTS_FROM_MA_MIN, UNDATED, refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from protocols.dates import Dates
    from protocols.treatment import Treatment


class Kept(Protocol):
    """What is needed of a record."""

    @property
    def id(self) -> int:
        """Its number."""

    @property
    def linked_to(self) -> int | None:
        """The session whose rest it is."""

    @property
    def runs(self) -> bool:
        """Whether it has no end yet."""

    @property
    def charge_ma_min(self) -> float:
        """What it gave, both ways together."""


class Begun(Protocol):
    """What is needed of a treatment that was given."""

    @property
    def begun(self) -> datetime:
        """When it began, local time; at the latest, where there is a doubt."""

    @property
    def doubt(self) -> str:
        """Why no more is known, "" where it is."""


class Past(NamedTuple):
    """A session as the journal's process tells it, in this order.

    `clock` is the look at the clock that it began with, where one was recorded, `amended_utc` the date that
    was put in the place of `begun_utc`.
    """

    id: int
    begun_utc: str
    treatment: str
    person: str | None
    linked_to: int | None
    runs: bool
    charge_ma_min: float
    clock: Reading | None = None
    amended_utc: str | None = None


class Given(NamedTuple):
    """When a treatment began, local time; with `doubt` at the latest, and why no more is known."""

    begun: datetime
    doubt: str = ""


K = TypeVar("K", bound=Kept)


def treatments(kept: Iterable[K]) -> list[K]:
    """Put sessions and their rests together; return the first of each that gave enough to count."""
    first = {one.id: one for one in kept}
    charge_ma_min = dict.fromkeys(first, 0.0)
    runs = set()
    for one in first.values():
        root = one
        # A rest comes after what it continues; a damaged record that says otherwise must not end in a circle.
        while root.linked_to in first and root.linked_to < root.id:
            root = first[root.linked_to]
        charge_ma_min[root.id] += one.charge_ma_min
        if one.runs:
            runs.add(root.id)
    return [one for one in first.values() if one.id in runs or charge_ma_min[one.id] >= COUNTS_FROM_MA_MIN]


def dates_of(past: Iterable[Past], seen: Iterable[tuple[int, Reading]], now: Reading) -> Dates:
    """Say when sessions began, as far as that can be known now; `seen` are the journal's sightings."""
    rows = (
        (one.id, utc(one.begun_utc), one.clock, None if one.amended_utc is None else utc(one.amended_utc))
        for one in past
    )
    return dated(points(rows, seen), now)


def given(kept: Iterable[Kept], dates: Dates) -> list[Given]:
    """Say when those of `kept` that count as treatments began; all of them are among `dates`."""
    return [begun(one.id, dates) for one in treatments(kept)]


def begun(number: int, dates: Dates) -> Given:
    """Say when a session began."""
    span = dates.spans[number]
    return Given(span.latest.astimezone(), "" if span.sure else UNDATED if dates.clock_set else CLOCK)


def too_often(
    past: Sequence[Past],
    library: Mapping[str, Treatment],
    area: str,
    person: str | None,
    now: datetime,
    *,
    seen: Iterable[tuple[int, Reading]] = (),
    clock: Reading | None = None,
) -> str:
    """Say why this area of this person (None: nobody named) may not be treated now, or "".

    Days are those of this machine's time zone. What the library doesn't know is no treatment of an area.
    `clock` is what the clock that shows `now` is worth; by default nobody vouches for it.
    """
    reading = clock or Reading(now.astimezone(UTC))
    dates = dates_of(past, seen, reading)
    theirs = [
        one
        for one in past
        if (treated := library.get(one.treatment)) is not None
        and treated.area == area
        and (person is None or one.person is None or same(one.person) == same(person))
    ]
    return why_not(given(theirs, dates), now)


def why_not(had: Sequence[Begun], now: datetime) -> str:
    """Say why no treatment is allowed at `now` (aware, local) after these, or "".

    A clock that can't be right knows no days: what was less than 24 hours ago is then today's.
    """
    end_of_day = now.replace(hour=23, minute=59, second=59, microsecond=999999)
    by = timedelta(0) if Reading(now).possible else end_of_day - now
    sure = [one.begun + by for one in had if not one.doubt]
    unsure = [one for one in had if one.doubt]
    return refusal(
        sure,
        now + by,
        at_latest=[one.begun + by for one in unsure],
        doubt=unsure[0].doubt if unsure else UNDATED,
    )
