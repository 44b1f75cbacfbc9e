"""The journal as others read it: never written, never waited for, and only as many rows as are asked for.

Law: read-only. Every query goes by an index and is bounded, so ten years of daily use answer like one month.
`docs/device.md` describes the columns.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from config.characters import same
from controller.host import wall
from controller.host.disk import there, why
from controller.host.readonly import open_readonly
from controller.journal import dates as journal_dates
from controller.journal import locks as journal_locks
from controller.journal.chain import read_head
from controller.journal.check import Findings, verify
from controller.journal.cut_off import end_of, is_held
from controller.journal.looked import Kept
from controller.journal.tables import (
    ASKED,
    COLUMNS,
    ENDED,
    FILE,
    LIVE_ROWS,
    VERSION,
    stored_head,
    thinned,
    unpacked,
)
from protocols.dates import dated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from controller.core.locks import Lock
    from protocols.past import Past

MOST: Final = 500
"""Sessions in one answer."""
DATED: Final = ("amended_utc", "date_known", "earliest_utc", "latest_utc")
"""What is said of each session's date."""
AROUND: Final = 20
"""Sessions before and after one whose date is in doubt that are asked for theirs."""
_TOTALS: Final = (
    "SELECT count(*) AS sessions, coalesce(sum(outcome = 'completed'), 0) AS completed, "
    "coalesce(sum(outcome = 'completed_short'), 0) AS completed_short, "
    "coalesce(sum(forward_ma_min), 0) AS forward_ma_min, coalesce(sum(reverse_ma_min), 0) AS reverse_ma_min, "
    "min(begun_utc) AS first_utc, max(begun_utc) AS last_utc FROM session"
)

_ONE: Final = "SELECT * FROM session WHERE id = ?"
_NAMED: Final = (
    "WITH RECURSIVE named(person) AS (SELECT min(person) FROM session UNION ALL "
    "SELECT (SELECT min(person) FROM session WHERE person > named.person) FROM named "
    "WHERE named.person IS NOT NULL) SELECT person FROM named WHERE person IS NOT NULL"
)
"""Each name once, by steps in the index."""


class Unreadable(Exception):
    """There is no journal that can be read; `str()` is one sentence with what to do."""


class History:
    """Reads the journal in a directory. Every method may raise `Unreadable` when the file is damaged."""

    def __init__(self, connection: sqlite3.Connection, directory: Path) -> None:
        self._connection = connection
        self._directory = directory

    def sessions(
        self, *, limit: int = 50, before: int | None = None, person: str | None = None
    ) -> list[dict[str, Any]]:
        """Return sessions, newest first: at most `limit` (1 to 500) with an id below `before`."""
        if not 1 <= limit <= MOST:
            raise ValueError(f"limit is {limit}, allowed is 1 to {MOST}")
        below = before if before is not None else 1 << 62
        if person is None:
            newest = "SELECT * FROM session WHERE id < ? ORDER BY id DESC LIMIT ?"
            return self._with_dates(self._sessions(newest, below, limit))
        found = [
            row
            for spelling in self._spellings(person)
            for row in self._sessions(
                "SELECT * FROM session WHERE person = ? AND id < ? ORDER BY id DESC LIMIT ?",
                spelling,
                below,
                limit,
            )
        ]
        return self._with_dates(sorted(found, key=lambda row: -row["id"])[:limit])

    def _spellings(self, person: str) -> list[str]:
        """Give the ways in which a name was written; an id of the household's book has one."""
        if person.isascii() and person.isdigit():
            return [person]
        known = self._rows(_NAMED)
        return [row["person"] for row in known if same(row["person"]) == same(person)]

    def maybe_of(self, person: str) -> list[dict[str, Any]]:
        """Return the newest 500 sessions that may be this person's: theirs, and those that name nobody."""
        query = "SELECT * FROM session WHERE person = ? OR person IS NULL ORDER BY id DESC LIMIT ?"
        return self._sessions(query, person, MOST)

    def session(self, number: int) -> dict[str, Any] | None:
        """Return one session, None where there is none of this number."""
        return next(iter(self._with_dates(self._sessions(_ONE, number))), None)

    def rests(self, number: int) -> list[dict[str, Any]]:
        """Return the sessions that gave the rest of this one, rests of rests included, oldest first."""
        found: list[dict[str, Any]] = []
        while len(found) < MOST:
            query = "SELECT * FROM session WHERE linked_to = ? AND id > ? ORDER BY id LIMIT ?"
            more = self._sessions(query, number, number, MOST - len(found))
            if not more:
                break
            found += more
            number = more[-1]["id"]
        return self._with_dates(found)

    def since(self, begun_utc: str, *, person: str | None = None) -> list[dict[str, Any]]:
        """Return sessions that began at this instant (ISO 8601, UTC) or later, oldest first, at most 500."""
        query = (
            "SELECT * FROM session WHERE begun_utc >= ? AND (? IS NULL OR person = ?) "
            "ORDER BY begun_utc LIMIT ?"
        )
        return self._sessions(query, begun_utc, person, person, MOST)

    def lately(self) -> Kept:
        """Return what of the past bears on the rule of days, as the device is told it."""
        with self._damage():
            kept = journal_dates.read(self._connection)
        past = [self._settled_past(one) if one.runs else one for one in kept.past]
        return kept._replace(past=past)

    def _settled_past(self, one: Past) -> Past:
        now = self.session(one.id)
        if now is None or now["outcome"] is None:
            return one
        return one._replace(runs=False, charge_ma_min=now["forward_ma_min"] + now["reverse_ma_min"])

    def amendments(self, number: int) -> list[dict[str, Any]]:
        """Return the amendments of a session's date, in the order in which they were made."""
        with self._damage():
            if not journal_dates.present(self._connection):
                return []
            found = journal_dates.amendments_of(self._connection, [number]).get(number, [])
        return [one._asdict() for one in found]

    def lock(self, *, simulated: bool) -> Lock | None:
        """Return what keeps the real unit, or the simulated one, from treating; else None."""
        with self._damage():
            return journal_locks.read(self._connection, simulated=simulated)

    def releases(self, number: int) -> list[dict[str, Any]]:
        """Return what was said of a lock after a session and before the next, in the order it was said."""
        with self._damage():
            found = journal_locks.releases_of(self._connection, number)
        return [one._asdict() for one in found]

    def verify(self) -> Findings:
        """Check the chain, and every row against it."""
        with self._damage():
            return verify(self._connection, self._directory)

    def trips(self, number: int) -> list[dict[str, Any]]:
        """Return the trips of a session."""
        return self._rows("SELECT * FROM trip WHERE session = ? ORDER BY rowid", number)

    def chart(self, number: int) -> dict[str, list[Any]]:
        """Return the chart of a session as columns of one length, one row a second; empty without any."""
        packed = self._rows("SELECT data FROM chart WHERE session = ?", number)
        if packed:
            with self._damage():
                return unpacked(packed[0]["data"])
        rows = thinned([tuple(row.values()) for row in self._rows(LIVE_ROWS, number)], 1.0)
        return {name: [row[index] for row in rows] for index, name in enumerate(COLUMNS)}

    def missing(self) -> str:
        """Say which newest records are not in this file though its head knows them, or "".

        So it is with a journal that was copied without its write-ahead log.
        """
        try:
            outside = read_head(self._directory)
        except (OSError, ValueError):
            return ""
        with self._damage():
            inside = stored_head(self._connection).number
        if outside is None or outside.number <= inside:
            return ""
        return (
            f"records {inside + 1} to {outside.number} are missing here: {FILE} was copied without "
            f"{FILE}-wal, or is older than its head: copy both"
        )

    def columns(self) -> list[str]:
        """Return the names of what `sessions` tells of each."""
        with self._damage():
            found = self._connection.execute("SELECT * FROM session LIMIT 0").description
        names = [column[0] for column in found]
        return [*names, *(name for name in ASKED if name not in names), *DATED]

    def totals(self) -> dict[str, Any]:
        """Return how many sessions there are, how many were completed whole or short, and all they gave."""
        return self._rows(_TOTALS)[0]

    def _with_dates(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Say of each session what its date is worth.

        `amended_utc` is the date put in the place of `begun_utc`, or null. `date_known` tells whether it is
        known when the session began; then `earliest_utc` and `latest_utc` are that date, else its bounds (the
        first may be null).
        """
        with self._damage():
            now, connection = wall.read(), self._connection
            order = journal_dates.points_of(connection, [(row["id"], row["begun_utc"]) for row in rows])
            spans = dated(order, now).spans
            if doubtful := [number for number, span in spans.items() if not span.sure]:
                more = journal_dates.around(connection, min(doubtful), max(doubtful), AROUND)
                rest = [one for one in more if one[0] not in spans]
                order = journal_dates.points_of(
                    connection, [(row["id"], row["begun_utc"]) for row in rows] + rest
                )
                spans = dated(order, now).spans
            amended = {one.session: one.amended for one in order}
            for row in rows:
                earliest, latest, sure = spans[row["id"]]
                row["amended_utc"] = _iso(amended[row["id"]])
                row["date_known"] = sure
                row["earliest_utc"], row["latest_utc"] = _iso(earliest), _iso(latest)
        return rows

    def _sessions(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Read rows of sessions; one that was cut off has the end that the next start will write."""
        blank = dict.fromkeys(ASKED)  # the last release's journal has no such columns
        rows = [row | blank | row for row in self._rows(query, *values)]
        return [self._settled(row) if row["outcome"] is None else row for row in rows]

    def _settled(self, row: dict[str, Any]) -> dict[str, Any]:
        number = row["id"]
        if is_held(self._directory, number):
            return row
        for again in self._rows(_ONE, number):  # it may have ended just now
            if again["outcome"] is not None:
                return row | again
        with self._damage():
            return row | dict(zip(ENDED, end_of(self._connection, number), strict=True))

    def _rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with self._damage():
            found = self._connection.execute(query, values)
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found]

    @contextmanager
    def _damage(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError) as error:
            raise Unreadable(unreadable(error, self._directory)) from error


def _iso(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat(timespec="milliseconds")


@contextmanager
def open_history(directory: Path) -> Iterator[History]:
    """Open the journal in `directory` for reading. Raises Unreadable."""
    file = directory / FILE
    try:
        if not there(file):
            raise Unreadable(_absent(directory))
        with open_readonly(file) as connection:
            _require_version(connection, directory)
            yield History(connection, directory)
    except (sqlite3.Error, OSError) as error:
        raise Unreadable(unreadable(error, directory)) from error


def _absent(directory: Path) -> str:
    if directory.exists() and not directory.is_dir():
        return f"{directory} is a file, not a folder: name the folder in which the journal is"
    return f"there is no journal in {directory}: no session was recorded there, or --state names another one"


def why_empty(connection: sqlite3.Connection, directory: Path) -> str:
    """Say that a journal's file holds no tables at all, or ""."""
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        return ""
    if connection.execute("PRAGMA user_version").fetchone()[0]:
        return ""
    return (
        f"the journal in {directory} is empty: no session was recorded yet, or {FILE} was copied without "
        f"{FILE}-wal, which holds the newest records: copy both"
    )


def _require_version(connection: sqlite3.Connection, directory: Path) -> None:
    if said := why_empty(connection, directory):
        raise Unreadable(said)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != VERSION:
        why_not = "the next session brings it there" if version < VERSION else "a newer program wrote it"
        raise Unreadable(
            f"the journal in {directory} is of version {version}, read is version {VERSION}: {why_not}"
        )


def unreadable(error: Exception, directory: Path) -> str:
    """Say why the journal can't be read, and what to do."""
    found = why(error, directory / FILE)
    return f"the journal in {directory} can't be read ({found.cause}): {found.remedy}"
