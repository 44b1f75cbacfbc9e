"""When sessions began, as far as that can be known: the clock's word where it holds, else bounds.

Law: pure. A date that can't be known is bounded, never guessed, and the rule of days is held to the latest it
can be. Nothing that is wrong once blocks for good: whatever the journal holds lies before what was written
after it.

Terms. A *point* is a place in the journal's order that bears a look at the clock: a session's begin, or a
*sighting*, which says only that everything before it is over. Points are in the order in which they were
written, which no clock can change. Used in this order (docs/decisions/0015-what-a-date-is-worth.md):

1. Within one boot the time between two points is known to the second, whatever the wall clock did.
2. A date that the nurse has amended is taken as it stands.
3. A clock that somebody vouched for is right. So is one that was set in the boot it is read in, by hand or by
   a time server: its distance from the time since boot has changed.
4. A clock that nobody vouched for may have stood still while the unit was off, and so lag. It never runs
   ahead. Between two such clocks at least so much time has passed as they say, unless one that was right came
   between; up to that one, nothing follows.
5. A date before the first Raspberry Pi, before an earlier point's, or after now can't be true. Such a point
   lies between its neighbours, and before this boot if it was written in another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NamedTuple, TypeAlias

Voucher: TypeAlias = Literal["network", "chip", ""]

FIRST_UTC: Final = datetime(2012, 2, 29, tzinfo=UTC)
"""No clock that is right shows a time before the day on which the first Raspberry Pi was sold."""
SET_S: Final = 60.0
"""A clock whose distance from the time since boot has changed by more was set."""
SLACK: Final = timedelta(seconds=2)
"""Two looks at one clock that is being disciplined may contradict each other by so much."""
NEVER: Final = datetime(1, 1, 2, tzinfo=UTC)
"""Stands for a date that is none."""


class Reading(NamedTuple):
    """One look at the clock. `boottime_s` is counted in s since boot `boot`, sleep included; "" is unknown.

    `voucher` tells who vouches for `utc`, "" for nobody.
    """

    utc: datetime
    boot: str = ""
    boottime_s: float = 0.0
    voucher: Voucher = ""

    @property
    def possible(self) -> bool:
        """Whether the clock can be right at all."""
        return self.utc >= FIRST_UTC


class Point(NamedTuple):
    """One place in the journal's order. `session` is its number, None for a sighting.

    `clock` is the look at the clock it was written with, None for records of a version without. `stamp` is
    the date as recorded, `amended` the one that was put in its place.
    """

    session: int | None
    stamp: datetime
    clock: Reading | None = None
    amended: datetime | None = None


class Span(NamedTuple):
    """When something began: exactly where `sure`, else from `earliest` (None: any time) to `latest`."""

    earliest: datetime | None
    latest: datetime
    sure: bool


class Dates(NamedTuple):
    """What is known: the sessions' spans on the clock of `now`, and whether that clock can be right.

    `clock_set` is False where the clock that shows now can't be right, or lies before a date that may be.
    """

    spans: dict[int, Span]
    now: Reading
    clock_set: bool


def points(
    sessions: Iterable[tuple[int, datetime, Reading | None, datetime | None]],
    sightings: Iterable[tuple[int, Reading]] = (),
) -> list[Point]:
    """Put sessions (number, stamp, clock, amended) and sightings (newest session then, clock) in order."""
    rows = [
        (number, 0, Point(number, stamp, _own(stamp, clock), amended))
        for number, stamp, clock, amended in sessions
    ]
    rows += [(after, 1, Point(None, clock.utc, clock)) for after, clock in sightings]
    # Sightings after the same session stay in the order they were written in.
    return [point for _, _, point in sorted(rows, key=lambda row: row[:2])]


def _own(stamp: datetime, clock: Reading | None) -> Reading | None:
    """Give the look at the clock that belongs to a stamp; one of another time says nothing about it."""
    return clock if clock is not None and abs((clock.utc - stamp).total_seconds()) <= SET_S else None


def dated(order: Sequence[Point], now: Reading) -> Dates:
    """Say when everything in `order` began, as seen from `now`."""
    right = _right(order)
    told = {point.clock.boot: point.clock for point in reversed(order) if point.clock and point.clock.voucher}
    vouched = now.possible and bool(now.voucher or now.boot in told or _set_since(order, now))
    followed, known = vouched, []
    for point, is_right in zip(reversed(order), reversed(right), strict=True):
        known.append(_known(point, told, now, followed=followed))
        followed = followed or is_right
    known.reverse()
    _drop_contradictions(order, known)
    latest, bound = [], now.utc
    for point, date in zip(reversed(order), reversed(known), strict=True):
        own = min(now.utc, date) if date is not None else _before_boot(point, now)
        bound = min(bound, own)
        latest.append(own if date is not None else bound)
    spans, floor = {}, None
    for point, date, most in zip(order, known, reversed(latest), strict=True):
        if point.session is not None:
            spans[point.session] = (
                Span(floor, most, sure=False) if date is None else Span(most, most, sure=True)
            )
        floor = floor if date is None else date if floor is None else max(floor, date)
    ahead = any(date is None and _said(point) > now.utc for point, date in zip(order, known, strict=True))
    # A clock chip that lost its time may show one that is only too early.
    return Dates(spans, now, now.possible and (not ahead or (vouched and now.voucher != "chip")))


def _right(order: Sequence[Point]) -> list[bool]:
    """Tell of each point whether its clock was right: vouched for, or set earlier in its boot."""
    first: dict[str, Reading] = {}
    found = []
    for point in order:
        clock = point.clock
        if clock is not None:
            first.setdefault(clock.boot, clock)
        found.append(
            clock is not None
            and bool(clock.voucher or (clock.boot and abs(_offset_s(first[clock.boot], clock)) > SET_S))
        )
    return found


def _set_since(order: Sequence[Point], now: Reading) -> bool:
    """Tell whether the clock was set since some point of the same boot."""
    return any(
        one.clock is not None and _same_boot(one.clock, now) and abs(_offset_s(one.clock, now)) > SET_S
        for one in order
    )


def _known(point: Point, told: Mapping[str, Reading], now: Reading, *, followed: bool) -> datetime | None:
    """Give the date of a point where something tells it, None where nothing does.

    `told` has a look at a clock that was vouched for, by boot; `followed` tells that a right one came after.
    """
    clock = point.clock
    if clock is not None and _same_boot(clock, now):
        return now.utc - timedelta(seconds=now.boottime_s - clock.boottime_s)
    said = _said(point)
    if point.amended is not None:
        return said if said <= now.utc + SLACK else None
    if clock is not None and not clock.voucher:
        if clock.boot in told:  # a time server was heard in that boot, later or before
            right = told[clock.boot]
            said = right.utc - timedelta(seconds=right.boottime_s - clock.boottime_s)
        elif followed:
            return None
    return said if FIRST_UTC <= said <= now.utc + SLACK else None


def _drop_contradictions(order: Sequence[Point], known: list[datetime | None]) -> None:
    """Forget dates that the order shows to be wrong: after a later vouched one, or before an earlier one.

    Records without a look at the clock are of a version that kept none, and are left as they stand.
    """
    ceiling: datetime | None = None
    for index in reversed(range(len(order))):
        point, date = order[index], known[index]
        if date is None or point.clock is None:
            continue
        if ceiling is not None and date > ceiling + SLACK:
            known[index] = None
        elif point.clock.voucher or point.amended is not None:
            ceiling = date
    floor: datetime | None = None
    for index, point in enumerate(order):
        date = known[index]
        if date is None or point.clock is None:
            continue
        if floor is not None and date < floor - SLACK:
            known[index] = None
        else:
            floor = date if floor is None else max(floor, date)


def _before_boot(point: Point, now: Reading) -> datetime:
    """Give the latest that a point of another boot can be: before this one began."""
    other = point.clock is not None and point.clock.boot and now.boot and point.clock.boot != now.boot
    return now.utc - timedelta(seconds=now.boottime_s) if other else now.utc


def _same_boot(one: Reading, other: Reading) -> bool:
    return bool(one.boot) and one.boot == other.boot


def _offset_s(one: Reading, other: Reading) -> float:
    """Give by how much the clock was set between two looks in one boot, s."""
    return (other.utc - one.utc).total_seconds() - (other.boottime_s - one.boottime_s)


def _said(point: Point) -> datetime:
    return point.stamp if point.amended is None else point.amended


def utc(text: str) -> datetime:
    """Read a date as the journal writes it; what is none is read as one that can't be right."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return NEVER
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
