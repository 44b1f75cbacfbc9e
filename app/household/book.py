"""The file of the household's book: opened, made, brought up to date.

Law: written only by the companion; each change is whole and on disk before it is answered.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from app.household import changes, health
from app.household.person import StoreRefused
from app.household.tables import SAID, TABLES, VERSION, bring_up_to_date, is_old

FILE: Final = "household.db"
_BUSY_S: Final = 2.0


class Book:
    """The file in the directory `state`, made if missing. Raises sqlite3.Error or OSError.

    Every call opens it anew, so any thread may call and none is left holding it.
    """

    def __init__(self, state: Path) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self._path = state / FILE
        with self._open() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("BEGIN IMMEDIATE")
            version: int = db.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, VERSION):
                raise StoreRefused(f"{self._path} is of version {version}, known is {VERSION}")
            if version == 0:
                for statement in (*TABLES.split(";"), *health.TABLES, *changes.TABLES, SAID):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {VERSION}")
            db.execute("COMMIT")
            if is_old(db):
                bring_up_to_date(db, self._path)
        self._path.chmod(0o600)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA secure_delete = ON")  # else what is overwritten would stay in the file
            yield db
