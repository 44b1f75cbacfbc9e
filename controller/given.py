"""Which recorded sessions are treatments that were given, and whether one more would be too many.

Law: a session counts against the next one unless both name a person and the two differ: who isn't named may
be anybody. The rest of a dose belongs to the session it continues; one that still runs counts. `now` is an
argument.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from config.characters import same
from protocols.frequency import COUNTS_FROM_MA_MIN, refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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


class Past(NamedTuple):
    """A session as the journal's process tells it, in this order."""

    id: int
    begun_utc: str
    treatment: str
    person: str | None
    linked_to: int | None
    runs: bool
    charge_ma_min: float


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


def too_often(
    past: Sequence[Past],
    library: Mapping[str, Treatment],
    area: str,
    person: str | None,
    now: datetime,
) -> str:
    """Say why this area of this person (None: nobody named) may not be treated now, or "".

    Days are those of this machine's time zone. What the library doesn't know is no treatment of an area.
    """
    theirs = [
        one
        for one in past
        if (treated := library.get(one.treatment)) is not None
        and treated.area == area
        and (person is None or one.person is None or same(one.person) == same(person))
    ]
    begun = [datetime.fromisoformat(one.begun_utc).astimezone() for one in treatments(theirs)]
    return refusal(begun, now)
