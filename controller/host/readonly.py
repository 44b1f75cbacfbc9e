"""The one way to read a file of tables that another process may be writing: never written, never half-seen.

Law: what a live writer has committed is seen, and nothing is left behind. Only where nobody can be writing is
a file read without its locks; a log that can't be read where it lies is read in a copy, never passed over.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from controller.host.disk import require_regular, there

if TYPE_CHECKING:
    from collections.abc import Iterator

BUSY_S: Final = 2.0
"""How long to wait for another process's write; each takes milliseconds."""
_LOG: Final = "-wal"
_OPENS_NOT: Final = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM})


@contextmanager
def open_readonly(file: Path) -> Iterator[sqlite3.Connection]:
    """Open the SQLite file for reading. Raises sqlite3.Error; OSError for no file, or no copy.

    In WAL mode a reader needs the log's shared memory, which can't be made on a read-only medium or in
    another account's folder. Without a log nobody is writing; with one, both are read in a private copy.
    """
    require_regular(file)
    with ExitStack() as stack:
        try:
            connection = _connect(file, stack)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _OPENS_NOT:
                raise
            connection = _elsewhere(file, stack)
        yield connection


def _elsewhere(file: Path, stack: ExitStack) -> sqlite3.Connection:
    log = file.with_name(file.name + _LOG)
    if not there(log) or log.stat().st_size == 0:
        return _connect(file, stack, "&immutable=1")
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ionto-")))
    shutil.copyfile(file, folder / file.name)
    shutil.copyfile(log, folder / log.name)
    return _connect(folder / file.name, stack)


def _connect(file: Path, stack: ExitStack, how: str = "") -> sqlite3.Connection:
    name = f"file:{quote(str(file.absolute()))}?mode=ro{how}"
    opened = sqlite3.connect(name, uri=True, timeout=BUSY_S, isolation_level=None)
    connection = stack.enter_context(closing(opened))
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # only now the file is read
    return connection
