"""A copy of a file of tables from before its rows are rewritten for a newer program.

Law: complete or absent, of the moment at which the rewriting begins, and no more readable than the file.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Final

from controller.host.readonly import open_readonly

BEFORE: Final = ".before"
"""Follows the file's name in the name of its copy."""


def keep_copy(file: Path) -> Path:
    """Copy what was committed to `file` to a file beside it, in place of an older copy; return that one.

    The caller holds the file's write lock, so that nothing comes between the copy and what is rewritten.

    Raises:
        OSError, sqlite3.Error: as of the file system; then no half copy is left.

    """
    copy = file.with_name(file.name + BEFORE)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")  # for this account alone
    draft = Path(name)
    try:
        copy_tables(file, draft)
        os.fchmod(handle, file.stat().st_mode & 0o777)
        os.fsync(handle)
        draft.replace(copy)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)
    return copy


def copy_tables(file: Path, copy: Path) -> None:
    """Copy what was committed to `file`, as of one moment, whoever goes on writing. Raises as above."""
    with open_readonly(file) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
