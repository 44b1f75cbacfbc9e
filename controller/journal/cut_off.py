"""Sessions without an end: whether one still has a writer, and what is known of one that was cut off.

Law: a writer holds a lock of the kernel's from before its session can be seen until nothing more will be
written about it, so a session that has neither an end nor a lock was cut off, whatever took its writer away.
"""

from __future__ import annotations

import fcntl
import os
import struct
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

REASON: Final = "the controller was cut off: no end of this session was ever written"
FILE: Final = "journal.lock"
"""In the state directory; empty, of each session the byte of its number is locked."""
_FLOCK: Final = "hhqqi0q"
"""`struct flock` of fcntl(2): kind, whence, start, length, process (0 for a lock of the open file's)."""


def hold(directory: Path, session: int) -> int:
    """Lock a session and return the descriptor, whose closing lets go. Raises OSError."""
    held = os.open(directory / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.fcntl(held, fcntl.F_OFD_SETLK, _lock(fcntl.F_WRLCK, session))
    except BaseException:
        os.close(held)
        raise
    return held


def is_held(directory: Path, session: int) -> bool:
    """Tell whether a session has a writer; where that can't be asked it is taken to have one."""
    try:
        file = os.open(directory / FILE, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:  # a program from before the lock wrote it, or it is a copy
        return False
    except OSError:
        return True
    try:
        found = fcntl.fcntl(file, fcntl.F_OFD_GETLK, _lock(fcntl.F_WRLCK, session))
        return bool(struct.unpack(_FLOCK, found)[0] != fcntl.F_UNLCK)
    except OSError:
        return True
    finally:
        os.close(file)


def end_of(connection: sqlite3.Connection, session: int) -> tuple[Any, ...]:
    """Give the end (`controller.journal.tables.ENDED`) of a session that was cut off, by its last row."""
    row = connection.execute(
        "SELECT at_s, forward_ma_min, reverse_ma_min FROM live WHERE session = ? ORDER BY at_s DESC LIMIT 1",
        (session,),
    ).fetchone()
    return (None, "cut_off", REASON, *(row or (0.0, 0.0, 0.0)), None)


def _lock(kind: int, session: int) -> bytes:
    return struct.pack(_FLOCK, kind, os.SEEK_SET, session, 1, 0)
