"""How much a unit was used: hours, sessions, relay operations, trips by cause, all from the journal.

Law: read-only, and what was not counted is said. The journal of a person and the counters of a unit are one
file, so no counter can be set back without the sessions that made it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final, NamedTuple

from controller.host.disk import why
from controller.host.readonly import open_readonly
from controller.journal.tables import FILE

VERSIONS: Final = (1, 2)
"""Both have the columns that are needed here."""
UNCOUNTED: Final = 3
"""Operations of each relay taken for a session that was cut off, or is of a version before counting: the
series relay closes for the proof of the protections, for contact and after the reversal, the other less."""

_UNITS: Final = "SELECT DISTINCT unit, simulated FROM session WHERE begun_utc >= ? ORDER BY simulated, unit"
_SESSIONS: Final = (
    "SELECT count(*), coalesce(sum(duration_s), 0), min(begun_utc), max(begun_utc) FROM session "
    "WHERE unit = ? AND simulated = ? AND begun_utc >= ?"
)
_OUTCOMES: Final = (
    "SELECT coalesce(outcome, 'running'), count(*) FROM session "
    "WHERE unit = ? AND simulated = ? AND begun_utc >= ? GROUP BY 1 ORDER BY 2 DESC, 1"
)
_TRIPS: Final = (
    "SELECT trip.cause, count(*) FROM trip JOIN session ON trip.session = session.id "
    "WHERE unit = ? AND simulated = ? AND begun_utc >= ? GROUP BY 1 ORDER BY 2 DESC, 1"
)
_WEAR: Final = (
    "SELECT coalesce(sum(outcome IS NOT 'refused'), 0), coalesce(sum(series), 0), coalesce(sum(polarity), 0) "
    "FROM wear JOIN session ON wear.session = session.id "
    "WHERE unit = ? AND simulated = ? AND begun_utc >= ?"
)


class Unreadable(Exception):
    """The journal is there but can't be read; `str()` is one sentence with what to do."""


class Usage(NamedTuple):
    """What one unit was used for since an instant. Sessions that never began count as refused.

    `outcomes` and `trips` are counts by name; the operations include `UNCOUNTED` for each
    `uncounted` session.
    """

    unit: str
    simulated: bool
    sessions: int
    hours: float
    outcomes: dict[str, int]
    trips: dict[str, int]
    series_operations: int
    polarity_operations: int
    uncounted: int
    first_utc: str
    last_utc: str


def usage(directory: Path, since_utc: str = "") -> list[Usage]:
    """Read what every unit in this journal was used for from `since_utc` on; nothing without a journal.

    Raises Unreadable.
    """
    file = directory / FILE
    if not file.exists():
        return []
    try:
        with open_readonly(file) as journal:
            version = journal.execute("PRAGMA user_version").fetchone()[0]
            if version not in VERSIONS:
                raise Unreadable(
                    f"the journal in {directory} is of version {version}, read are versions 1 and 2: "
                    "use the program that wrote it"
                )
            units = journal.execute(_UNITS, (since_utc,)).fetchall()
            return [_usage(journal, unit, simulated, since_utc) for unit, simulated in units]
    except (sqlite3.Error, OSError) as error:
        found = why(error, file)
        raise Unreadable(
            f"the journal in {directory} can't be read ({found.cause}): {found.remedy}"
        ) from error


def _usage(journal: sqlite3.Connection, unit: str, simulated: int, since_utc: str) -> Usage:
    chosen = (unit, simulated, since_utc)
    sessions, duration_s, first, last = journal.execute(_SESSIONS, chosen).fetchone()
    outcomes = dict(journal.execute(_OUTCOMES, chosen).fetchall())
    counted, series, polarity = _wear(journal, chosen)
    refused = outcomes.get("refused", 0)
    uncounted = max(sessions - counted - refused, 0)  # one that is refused before its proof moves no relay
    return Usage(
        unit=unit,
        simulated=bool(simulated),
        sessions=sessions,
        hours=duration_s / 3600.0,
        outcomes=outcomes,
        trips=dict(journal.execute(_TRIPS, chosen).fetchall()),
        series_operations=series + uncounted * UNCOUNTED,
        polarity_operations=polarity + uncounted * UNCOUNTED,
        uncounted=uncounted,
        first_utc=first,
        last_utc=last,
    )


def _wear(journal: sqlite3.Connection, chosen: tuple[str, int, str]) -> tuple[int, int, int]:
    """Give how many sessions that were not refused are counted, and what was counted in all."""
    known = journal.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'wear'").fetchone()
    row: tuple[int, int, int] = journal.execute(_WEAR, chosen).fetchone() if known else (0, 0, 0)
    return row
