"""How much a unit was used: hours, sessions, relay operations, trips by cause, all from the journal.

Law: read-only, and what was not counted is said. The journal of a person and the counters of a unit are one
file, so no counter can be set back without the sessions that made it.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from controller.host import wall
from controller.host.disk import there, why
from controller.host.readonly import open_readonly
from controller.journal.cut_off import is_held
from controller.journal.history import why_empty
from controller.journal.tables import FILE
from protocols.dates import FIRST_UTC

VERSIONS: Final = (1, 2)
"""Both have the columns that are needed here."""
UNCOUNTED: Final = 3
"""Operations of each relay taken for a session that was cut off, or is of a version before counting: the
series relay closes for the proof of the protections, for contact and after the reversal, the other less."""

_UNITS: Final = "SELECT DISTINCT unit, simulated FROM session WHERE id > ? ORDER BY simulated, unit"
_SESSIONS: Final = (
    "SELECT count(*), coalesce(sum(duration_s), 0), min(day), max(day) FROM "
    "(SELECT *, CASE WHEN begun_utc BETWEEN ? AND ? THEN begun_utc END AS day FROM session) "
    "WHERE unit = ? AND simulated = ? AND id > ?"
)
_OUTCOMES: Final = (
    "SELECT outcome, count(*) FROM session "
    "WHERE outcome IS NOT NULL AND unit = ? AND simulated = ? AND id > ? GROUP BY 1"
)
_UNENDED: Final = "SELECT id FROM session WHERE outcome IS NULL AND unit = ? AND simulated = ? AND id > ?"
_TRIPS: Final = (
    "SELECT trip.cause, count(*) FROM trip JOIN session ON trip.session = session.id "
    "WHERE unit = ? AND simulated = ? AND session.id > ? GROUP BY 1 ORDER BY 2 DESC, 1"
)
_WEAR: Final = (
    "SELECT coalesce(sum(outcome IS NOT 'refused'), 0), coalesce(sum(series), 0), coalesce(sum(polarity), 0) "
    "FROM wear JOIN session ON wear.session = session.id "
    "WHERE unit = ? AND simulated = ? AND session.id > ?"
)
_NEWEST: Final = "SELECT coalesce(max(id), 0) FROM session"
_BEFORE: Final = (
    "SELECT coalesce((SELECT min(id) - 1 FROM session WHERE begun_utc >= ?), max(id), 0) FROM session"
)

_CHAINED: Final = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'record'"
_RECORDS: Final = (
    "SELECT session, body FROM (SELECT * FROM record ORDER BY number DESC LIMIT 500) "
    "WHERE kind IN ('begin', 'end')"
)


class Unreadable(Exception):
    """The journal is there but can't be read; `str()` is one sentence with what to do."""


class Usage(NamedTuple):
    """What one unit was used for. Sessions that never began count as refused.

    The first and last date are of those that can be right, None without any.

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
    first_utc: str | None
    last_utc: str | None


def usage(directory: Path, after: int = 0) -> list[Usage]:
    """Read what every unit in this journal was used for in the sessions after number `after`.

    Nothing without a journal. Raises Unreadable.
    """
    with _opened(directory) as journal:
        if journal is None:
            return []
        units = journal.execute(_UNITS, (after,)).fetchall()
        return [_usage(journal, directory, (unit, simulated, after)) for unit, simulated in units]


def newest(directory: Path) -> int:
    """Give the number of the newest session, 0 without any. Raises Unreadable."""
    with _opened(directory) as journal:
        return 0 if journal is None else int(journal.execute(_NEWEST).fetchone()[0])


def last_before(directory: Path, begun_utc: str) -> int:
    """Give the session after which all were begun at `begun_utc` (ISO 8601, UTC) or later, or may have been.

    By the journal's order: only the first recorded date from then on is asked, so that a clock which was
    wrong later leaves no session out. Raises Unreadable.
    """
    with _opened(directory) as journal:
        return 0 if journal is None else int(journal.execute(_BEFORE, (begun_utc,)).fetchone()[0])


def computer(directory: Path) -> list[tuple[int, int]]:
    """Give the newest sessions with a word about the computer (`controller.host.computer`), newest first.

    Of beginning and end together; at most so many as the newest 500 records tell. Raises Unreadable.
    """
    found: dict[int, int] = {}
    with _opened(directory) as journal:
        if journal is None or not journal.execute(_CHAINED).fetchone():
            return []
        for session, body in journal.execute(_RECORDS).fetchall():
            word = json.loads(body).get("computer")
            if word is not None:
                found[session] = found.get(session, 0) | int(word)
    return list(found.items())


@contextmanager
def _opened(directory: Path) -> Iterator[sqlite3.Connection | None]:
    file = directory / FILE
    try:
        if not there(file):
            yield None
            return
        with open_readonly(file) as journal:
            if said := why_empty(journal, directory):
                raise Unreadable(said)
            version = journal.execute("PRAGMA user_version").fetchone()[0]
            if version not in VERSIONS:
                raise Unreadable(
                    f"the journal in {directory} is of version {version}, read are versions 1 and 2: "
                    "use the program that wrote it"
                )
            yield journal
    except (sqlite3.Error, OSError) as error:
        found = why(error, file)
        raise Unreadable(
            f"the journal in {directory} can't be read ({found.cause}): {found.remedy}"
        ) from error


def _usage(journal: sqlite3.Connection, directory: Path, chosen: tuple[str, int, int]) -> Usage:
    unit, simulated, _ = chosen
    sessions, duration_s, first, last = journal.execute(_SESSIONS, (*_possible(), *chosen)).fetchone()
    outcomes = _outcomes(journal, directory, chosen)
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


def _possible() -> tuple[str, str]:
    """Give the first and the last date that can be right: one wrong clock says nothing about the others."""
    return FIRST_UTC.isoformat(), wall.read().utc.isoformat()


def _outcomes(journal: sqlite3.Connection, directory: Path, chosen: tuple[str, int, int]) -> dict[str, int]:
    """Count sessions by how they ended, the most frequent first."""
    counts = Counter(dict(journal.execute(_OUTCOMES, chosen).fetchall()))
    unended = journal.execute(_UNENDED, chosen).fetchall()
    counts.update("running" if is_held(directory, number) else "cut_off" for (number,) in unended)
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _wear(journal: sqlite3.Connection, chosen: tuple[str, int, int]) -> tuple[int, int, int]:
    """Give how many sessions that were not refused are counted, and what was counted in all."""
    known = journal.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'wear'").fetchone()
    row: tuple[int, int, int] = journal.execute(_WEAR, chosen).fetchone() if known else (0, 0, 0)
    return row
