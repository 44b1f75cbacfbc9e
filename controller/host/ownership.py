"""One owner per unit: a lock of the kernel's, which ends with its holder and names it while it lasts.

Law: nobody waits for a unit longer than a dying predecessor takes to let go, and nobody takes one that is
held.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Final

GRACE_S: Final = 2.0
"""How long a predecessor's journal may take for its last record."""
_POLL_S: Final = 0.02


class InUse(Exception):
    """Another program holds the unit; `str()` is one sentence that names it."""


def own(path: Path, what: str, *, make: bool = True) -> int:
    """Lock the file or device `path` and return its descriptor, whose closing lets go.

    A missing file is made if `make`. Raises InUse, or OSError when it can't be opened.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC
    held = os.open(path, flags if path.exists() or not make else flags | os.O_CREAT, 0o666)
    deadline_s = time.monotonic() + GRACE_S
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline_s:
                holder = _holder(held)
                os.close(held)
                raise InUse(f"{what} is in use by {holder}: end that first") from None
            time.sleep(_POLL_S)
        else:
            return held


def _holder(held: int) -> str:
    """Name the process that holds the lock, from the kernel's list (proc(5), /proc/locks)."""
    file = os.fstat(held)
    place = f"{os.major(file.st_dev):02x}:{os.minor(file.st_dev):02x}:{file.st_ino}"
    try:
        rows = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
        pid = next(row[4] for row in rows if row[1] == "FLOCK" and row[5] == place)
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (OSError, StopIteration, IndexError):
        return "another program"
    return f"process {pid} ({words.strip()[-80:]})"
