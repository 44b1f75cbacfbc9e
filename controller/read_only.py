"""An SQLite file as others read it: never written, whoever owns it and wherever it lies.

Law: one place opens files for reading, so that what a medium needs is known once.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final
from urllib.parse import quote

BUSY_S: Final = 2.0
"""How long a writer is waited for; each write takes milliseconds."""


def open_read_only(file: Path) -> sqlite3.Connection:
    """Open the database `file`, which must be there. Raises sqlite3.Error, some at the first query."""
    # Without a writer there is no shared memory of the log, and a folder that we may not write can't get one.
    alone = not file.with_name(f"{file.name}-wal").exists() and not os.access(file.parent, os.W_OK)
    name = f"file:{quote(str(file.absolute()))}?mode=ro" + ("&immutable=1" if alone else "")
    return sqlite3.connect(name, uri=True, timeout=BUSY_S, isolation_level=None)
