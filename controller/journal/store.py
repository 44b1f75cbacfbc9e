"""The journal's far end, a process of its own: SQLite on disk, fed by lines on standard input.

Law: what is acknowledged is on the disk (WAL, synchronous FULL). It ends when its input ends, so it outlives
a dead session by no more than its last write.

Run as `python -m controller.journal.store DIRECTORY`; `controller.journal.writer` is the near end and says
what goes through the pipes.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from controller.core.locks import IDLE, PROOF, Lock, Needs, Role, why_locked
from controller.host import computer, wall
from controller.host.disk import Why, why
from controller.host.kept import keep_copy
from controller.host.lines import LineSplitter
from controller.host.ownership import GRACE_S
from controller.journal import dates as journal_dates
from controller.journal import locks as journal_locks
from controller.journal.chain import HEAD_FILE, read_head, write_head
from controller.journal.cut_off import end_of, hold, is_held
from controller.journal.looked import told
from controller.journal.tables import (
    BEGIN,
    BEGUN,
    END,
    END_ASKED,
    FILE,
    ROW,
    TRIP,
    VERSION,
    WEAR_TABLE,
    add_asked,
    chain,
    chain_begin,
    chain_end,
    create,
    knows_asked,
    migrate,
    pack_chart,
    stored_head,
)

LEAST_FREE_BYTES: Final = 8 << 20
"""A session of 30 min takes below 1 MB, write-ahead log included; a start with less than this is refused."""
BUSY_S: Final = 2.0
"""How long to wait for another session's write; each takes milliseconds."""
_POLL_S: Final = 0.02

_QUESTIONS: Final = ("look", "stop", "begin")
"""Records that are answered by more than their being kept, by the methods of these names; they come before
all others."""


class Unwritable(Exception):
    """The journal can't be kept here; `str()` is one sentence with what to do."""


class Locked(Exception):
    """The unit treats nobody; `str()` is one sentence with what to do."""


class Store:
    """The journal in `directory`, which is made if it is missing. Raises Unwritable or sqlite3.Error."""

    def __init__(self, directory: Path) -> None:
        self._session = 0
        self._held = -1
        self._patient = True
        self._directory = directory
        try:
            directory.mkdir(parents=True, exist_ok=True)
            free = os.statvfs(directory)
        except OSError as error:
            raise Unwritable(_sentence(directory, why(error, directory))) from error
        if free.f_bavail * free.f_frsize < LEAST_FREE_BYTES:
            short = Why(f"less than {LEAST_FREE_BYTES >> 20} MB are free", "make room on that disk")
            raise Unwritable(_sentence(directory, short))
        self.connection = sqlite3.connect(directory / FILE, timeout=BUSY_S, isolation_level=None)
        try:
            self._prepare(directory)
        except BaseException:
            self.connection.close()
            raise

    def _prepare(self, directory: Path) -> None:
        connection = self.connection
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            newer = Why(
                f"{FILE} is of version {version}, known is {VERSION}", "use the program that wrote it"
            )
            raise Unwritable(_sentence(directory, newer))
        self._require_whole()
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        if version < VERSION:
            # Two first starts: one makes or migrates the tables, the other one waits and finds them.
            connection.execute("BEGIN IMMEDIATE")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                create(connection)
            elif version == 1:
                self._keep_copy()
                migrate(connection)
            journal_dates.make(connection)
            journal_locks.make(connection)
            connection.execute("COMMIT")
            self._write_head()
        elif not all(
            known(connection) for known in (journal_dates.present, journal_locks.present, knows_asked)
        ):
            connection.execute("BEGIN IMMEDIATE")
            journal_dates.make(connection)
            journal_locks.make(connection)
            if not knows_asked(connection):  # another first start may have come before
                self._keep_copy()
                add_asked(connection)
            connection.execute("COMMIT")

    def _require_whole(self) -> None:
        """Refuse a journal whose newest records are gone: a lock may have been among them. Raises Unwritable.

        A power cut leaves `journal.head` behind the tables, never ahead of them.
        """
        try:
            outside = read_head(self._directory)  # first: others may write meanwhile
        except ValueError as error:
            damaged = Why(str(error), "run `ionto history verify`, then remove that file")
            raise Unwritable(_sentence(self._directory, damaged)) from error
        version = self.connection.execute("PRAGMA user_version").fetchone()[0]
        inside = stored_head(self.connection).number if version == VERSION else 0
        if outside is not None and outside.number > inside:
            gone = f"{HEAD_FILE} knows of {outside.number} records, and {FILE} holds {inside}"
            remedy = f"put the whole journal back, or remove {HEAD_FILE} if the others are lost for good"
            raise Unwritable(_sentence(self._directory, Why(gone, remedy)))

    def _keep_copy(self) -> None:
        """Keep the journal as the program before left it, inside a transaction. Raises Unwritable."""
        try:
            keep_copy(self._directory / FILE)
        except OSError as error:
            raise Unwritable(_sentence(self._directory, why(error, self._directory))) from error

    def look(self, unit: str, *, simulated: bool = False) -> dict[str, Any]:
        """Write that sessions of this unit without end and writer were cut off; tell what was given.

        And what keeps the unit from treating: real units and simulated ones have locks of their own.
        """
        self._let_writers_end(unit)
        now = wall.read()
        self.connection.execute("BEGIN IMMEDIATE")
        cut_off = [self._cut_off(*row) for row in self._unended(unit)]
        sighted = journal_dates.sight(self.connection, now)
        self.connection.execute("COMMIT")
        if cut_off or sighted:
            self._write_head()
        return {
            "looked": True,
            "cut_off": cut_off,
            "computer": computer.look(),
            **told(journal_dates.read(self.connection), now, self._lock(simulated=simulated)),
        }

    def stop(self, unit: str, *, simulated: bool) -> dict[str, Any]:
        """Write that Stop was pressed on the unit, where that is waited for; look again."""
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        lock = self._lock(simulated=simulated)
        waited_for = lock is not None and lock.needs is Needs.STOP
        if waited_for:
            said = journal_locks.Released(int(simulated), _now_utc(), Role.STOP.value, "")
            journal_locks.release(connection, said)
        connection.execute("COMMIT")
        if waited_for:
            self._write_head()
        return self.look(unit, simulated=simulated)

    def _lock(self, *, simulated: bool) -> Lock | None:
        return journal_locks.read(self.connection, simulated=simulated)

    def _require_unlocked(self, start: dict[str, Any]) -> None:
        """Refuse what a lock does not let begin, whoever asks. Raises Locked.

        A trip while nobody is treated is recorded all the same, and so is the proof that a release waits for.
        """
        lock = self._lock(simulated=bool(start["simulated"]))
        proof = start["treatment"] == PROOF
        if lock is None:
            if proof:
                raise Locked("the unit is not locked, so there is nothing to be proven")
            return
        waits = Needs.PROOF if proof else Needs.STOP if start.get("scripted") else None
        if lock.needs is not waits and start["treatment"] != IDLE:
            raise Locked(why_locked(lock))

    def begin(self, start: dict[str, Any]) -> dict[str, Any]:
        """Write that sessions of this unit without end and writer were cut off, and that a new one begins."""
        connection = self.connection
        self._let_go()
        self._let_writers_end(start["unit"])
        clock = wall.read()
        facts = {**dict.fromkeys(BEGUN), **start, "begun_utc": _now_utc()}
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._require_unlocked(start)
        except Locked:
            connection.execute("ROLLBACK")
            raise
        cut_off = [self._cut_off(*row) for row in self._unended(start["unit"])]
        connection.execute(BEGIN, facts)
        self._session = connection.execute("SELECT last_insert_rowid()").fetchone()[0]
        seen = {"clock": journal_dates.keep_clock(connection, self._session, clock)}
        chain_begin(connection, self._session, seen | _fares())
        self._held = hold(self._directory, self._session)
        connection.execute("COMMIT")
        self._write_head()
        return {"begun": self._session, "cut_off": cut_off}

    def _let_writers_end(self, unit: str) -> None:
        """Give the writer of a session that was killed just now the time to notice; done once.

        Only a simulated unit's can go on: a real one has one owner at a time.
        """
        deadline_s = time.monotonic() + (GRACE_S if self._patient else 0.0)
        self._patient = False
        while any(self._is_held(row[0]) for row in self._of_no_end(unit)) and time.monotonic() < deadline_s:
            time.sleep(_POLL_S)

    def _unended(self, unit: str) -> list[tuple[int, str, str]]:
        """Give the sessions that have neither an end nor a writer."""
        return [row for row in self._of_no_end(unit) if not self._is_held(row[0])]

    def _of_no_end(self, unit: str) -> list[tuple[int, str, str]]:
        found = self.connection.execute(
            "SELECT id, begun_utc, treatment FROM session WHERE unit = ? AND outcome IS NULL ORDER BY id",
            (unit,),
        )
        return found.fetchall()

    def _is_held(self, session: int) -> bool:
        return is_held(self._directory, session)

    def _cut_off(self, session: int, begun_utc: str, treatment: str) -> dict[str, Any]:
        end = end_of(self.connection, session)
        at_s, forward, reverse = end[3:6]
        self._close(session, end)
        return {
            "session": session,
            "begun_utc": begun_utc,
            "treatment": treatment,
            "duration_s": at_s,
            "charge_ma_min": {"forward": forward, "reverse": reverse},
        }

    def write(self, records: list[list[Any]]) -> None:
        """Write records of the running session, all in one transaction."""
        connection, session = self.connection, self._session
        connection.execute("BEGIN IMMEDIATE")
        chained = False
        for kind, *values in records:
            if kind == "row":
                connection.execute(ROW, (session, *values))
            elif kind == "trip":
                connection.execute("INSERT INTO trip VALUES (?, ?, ?, ?, ?)", (session, *values))
                chain(connection, session, "trip", dict(zip(TRIP, values, strict=True)))
                chained = True
            elif kind == "wear":
                connection.execute(WEAR_TABLE)
                connection.execute("INSERT OR REPLACE INTO wear VALUES (?, ?, ?)", (session, *values))
            elif kind == "asked":
                connection.execute(END_ASKED, (*values, session))
            elif kind == "proven":
                journal_locks.prove(connection, session)
                chained = True
            elif kind == "end":
                self._close(session, (_now_utc(), *values))
                chained = True
        connection.execute("COMMIT")
        if chained:
            self._write_head()
        if any(kind == "end" for kind, *_ in records):
            self._let_go()

    def _let_go(self) -> None:
        """Be no session's writer any more."""
        if self._held >= 0:
            os.close(self._held)
            self._held = -1

    def _close(self, session: int, values: tuple[Any, ...]) -> None:
        """Write the end of a session (`ENDED`), with its chart, inside the caller's transaction."""
        connection = self.connection
        connection.execute(END, (*values, session))
        pack_chart(connection, session)
        chain_end(connection, session, _fares())

    def _write_head(self) -> None:
        write_head(self._directory, stored_head(self.connection))


def _sentence(directory: Path, found: Why) -> str:
    return (
        f"the journal in {directory} can't be written ({found.cause}), and without a record there is no "
        f"treatment: {found.remedy}, or choose another directory with --state"
    )


def _fares() -> dict[str, int]:
    """Give what the record of a beginning or end says of the computer: nothing where it doesn't tell."""
    word = computer.look()
    return {} if word is None else {"computer": word}


def _now_utc() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _lines() -> Any:
    """Give what has come on standard input as lists of records, until it ends; half a line is dropped."""
    lines = LineSplitter()
    while chunk := os.read(0, 1 << 16):
        if whole := lines.feed(chunk):
            yield [json.loads(line) for line in whole]


def _say(answer: dict[str, Any]) -> None:
    with suppress(OSError):  # a session that is gone needs no answer, but what it sent is still written
        os.write(1, json.dumps(answer).encode() + b"\n")


def main(directory: Path) -> None:
    """Keep the journal of one session until standard input ends."""
    # The terminal's signals are the session's business; this process ends with its input.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    store: Store | None = None
    try:
        for records in _lines():
            if store is None:
                store = Store(directory)
            while records and records[0][0] in _QUESTIONS:
                kind, facts = records.pop(0)
                _say(store.begin(facts) if kind == "begin" else getattr(store, kind)(**facts))
            if records:
                store.write(records)
                _say({"kept": len(records)})
    except (Unwritable, Locked) as error:
        _say({"failed": str(error)})
    except (sqlite3.Error, OSError) as error:
        _say({"failed": _sentence(directory, why(error, directory))})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
