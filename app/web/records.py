"""The sessions of the unit's journal as the pages need them.

Law: read-only, by the controller's own door. Where there is no journal yet, there are no sessions; one that
can't be read is said, never taken for empty. What else is known of a session that is there, its chart, its
trips, its amendments, a page asks the journal itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

from controller.host import wall
from controller.host.disk import there
from controller.journal.history import History, Unreadable, open_history, unreadable
from controller.journal.tables import FILE
from protocols.course import Given
from protocols.dates import Dates, utc
from protocols.past import begun, dates_of, treatments
from protocols.treatment import Polarity, area_of

APART_S: Final = 60.0
"""A date that differs from the recorded one by no more is the same."""


class Record(NamedTuple):
    """One session as it was written; `docs/device.md` describes every field."""

    id: int
    begun_utc: str
    treatment: str
    simulated: int
    target_ma: float
    total_s: float
    outcome: str | None
    reason: str | None
    duration_s: float | None
    forward_ma_min: float | None
    reverse_ma_min: float | None
    person: str | None
    linked_to: int | None
    first_polarity: Polarity | None
    planned_ma_min: float | None
    code: int | None
    amended_utc: str | None = None
    date_known: bool = True
    earliest_utc: str | None = None
    latest_utc: str | None = None
    limit_ma: float | None = None
    unit: str = ""
    asked_ma_min: float | None = None

    @property
    def begun(self) -> datetime:
        """When it began, in this household's time zone; at the latest, where that is not known."""
        return utc(self.latest_utc or self.begun_utc).astimezone()

    @property
    def recorded(self) -> datetime | None:
        """The date that was recorded, where it is not the one that counts; it may be any."""
        apart_s = (self.begun - utc(self.begun_utc)).total_seconds()
        return None if abs(apart_s) <= APART_S else utc(self.begun_utc)

    @property
    def runs(self) -> bool:
        """Whether it has no end yet."""
        return self.outcome is None

    @property
    def charge_ma_min(self) -> float:
        """What it gave, both ways together."""
        return (self.forward_ma_min or 0.0) + (self.reverse_ma_min or 0.0)

    def with_rests(self, rests: Sequence[Record]) -> Record:
        """Give the treatment that this session and its `rests` are: how it ended, and all it gave."""
        if not rests:
            return self
        parts, last = (self, *rests), rests[-1]
        return self._replace(
            outcome=last.outcome,
            reason=last.reason,
            code=last.code,
            asked_ma_min=last.asked_ma_min,
            duration_s=sum(one.duration_s or 0.0 for one in parts),
            forward_ma_min=sum(one.forward_ma_min or 0.0 for one in parts),
            reverse_ma_min=sum(one.reverse_ma_min or 0.0 for one in parts),
        )


class Records:
    """The journal in the directory `state`. Every method may raise `Unreadable`."""

    def __init__(self, state: Path) -> None:
        self._state = state

    def page(self, limit: int, before: int | None = None, person: str | None = None) -> list[Record]:
        """Give at most `limit` (to 500) sessions below the id `before`, newest first."""
        with self._open() as history:
            rows = [] if history is None else history.sessions(limit=limit, before=before, person=person)
        return [_record(row) for row in rows]

    def one(self, number: int) -> Record | None:
        """Give one session."""
        with self._open() as history:
            row = None if history is None else history.session(number)
        return None if row is None else _record(row)

    def rests(self, number: int) -> list[Record]:
        """Give the sessions that gave the rest of this one, oldest first."""
        with self._open() as history:
            return [] if history is None else [_record(row) for row in history.rests(number)]

    def borne_ma(self, number: int) -> float | None:
        """Give the current that was borne: the median of the hold, in mA to 0.1; None where nothing was held.

        Down lowers it, and soft water or dry skin keep it below what was set.
        """
        with self._open() as history:
            chart = {} if history is None else history.chart(number)
        rows = zip(chart.get("phase", ()), chart.get("measured_ma", ()), strict=True)
        held = [
            abs(measured_ma) for phase, measured_ma in rows if phase == "hold" and measured_ma is not None
        ]
        return round(median(held), 1) if held else None

    def given(self, person: str, area: str) -> list[Given]:
        """Give a person's treatments of an area that count, from 500 sessions that may be theirs."""
        with self._open() as history:
            if history is None:
                return []
            rows, kept = history.maybe_of(person), history.lately()
        dates = dates_of(kept.past, kept.seen, wall.read())
        theirs = [record for record in map(_record, rows) if area_of(record.treatment) == area]
        return [_given(record, dates) for record in treatments(theirs)]

    @contextmanager
    def _open(self) -> Iterator[History | None]:
        try:
            recorded = there(self._state / FILE)
        except OSError as error:
            raise Unreadable(unreadable(error, self._state)) from error
        if not recorded:
            yield None
            return
        with open_history(self._state) as history:
            yield history


def _record(row: dict[str, Any]) -> Record:
    return Record(**{name: row[name] for name in Record._fields if name in row})


def _given(record: Record, dates: Dates) -> Given:
    """Say when a treatment was given; what is older than all that the rule of days asks stands as it is."""
    first = record.first_polarity or "forward"
    if record.id not in dates.spans:
        return Given(record.begun, first)
    when = begun(record.id, dates)
    return Given(when.begun, first, when.doubt)


__all__ = ["Record", "Records", "Unreadable", "area_of"]
