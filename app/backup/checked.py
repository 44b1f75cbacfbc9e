"""Whether what is to be packed, or was unpacked, is whole: the chains of journal and book.

Law: the same checks on the way out and on the way in; each finding is one sentence.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final, NamedTuple

from app.household import changes
from app.household.book import FILE as BOOK
from app.household.tables import VERSION as BOOK_VERSION
from controller.host.disk import there
from controller.host.readonly import open_readonly
from controller.journal.chain import HEAD_FILE, write_head
from controller.journal.check import verify
from controller.journal.tables import FILE as JOURNAL
from controller.journal.tables import VERSION as JOURNAL_VERSION
from controller.journal.tables import stored_head

_WHOLE: Final = "ok"


class NotWhole(Exception):
    """Something of it was changed, is missing or is not of this version; `str()` is one sentence."""


class Counts(NamedTuple):
    """What is in it."""

    records: int
    sessions: int
    people: int


def check(state: Path) -> Counts:
    """Check the journal and the household's book in a folder that nobody else uses.

    Its head is its own afterwards: a copy's may lag behind. Raises NotWhole, sqlite3.Error, OSError.
    """
    records = sessions = 0
    if there(state / JOURNAL):
        with open_readonly(state / JOURNAL) as journal:
            _require(journal, JOURNAL, JOURNAL_VERSION)
            found = verify(journal, state)
            if found.problems:
                more = f" ({len(found.problems)} findings)" if len(found.problems) > 1 else ""
                raise NotWhole(f"the journal is not as it was written: {found.problems[0]}{more}")
            records, sessions = found.records, found.sessions
            head = stored_head(journal)
        write_head(state, head)
    elif there(state / HEAD_FILE):
        raise NotWhole(f"{JOURNAL} is missing, of which {HEAD_FILE} tells")
    return Counts(records, sessions, _people(state / BOOK))


def _people(file: Path) -> int:
    if not there(file):
        return 0
    with open_readonly(file) as book:
        _require(book, BOOK, BOOK_VERSION)
        if wrong := changes.problem(book):
            raise NotWhole(f"the household's book is not as it was written: {wrong}")
        return int(book.execute("SELECT count(*) FROM person WHERE hidden = 0").fetchone()[0])


def _require(tables: sqlite3.Connection, name: str, version: int) -> None:
    """Refuse tables of another version, and damaged ones. Raises NotWhole."""
    found = tables.execute("PRAGMA user_version").fetchone()[0]
    if found != version:
        raise NotWhole(
            f"{name} is of version {found}, known is {version}: use the program that wrote it once"
        )
    if tables.execute("PRAGMA quick_check(1)").fetchone()[0] != _WHOLE:
        raise NotWhole(f"{name} is damaged")
