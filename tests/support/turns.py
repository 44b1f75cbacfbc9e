"""Whose turn it is on this machine, among the processes that run the tests.

Law: who goes by the clock is alone, and is not overtaken while it waits to be.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOOR, ROOM = Path(__file__), ROOT / "pyproject.toml"
"""Files that every checkout has, so that one which can't be written serves too."""


@contextmanager
def turn(*, alone: bool, door: Path = DOOR, room: Path = ROOM) -> Iterator[None]:
    """Wait for a turn beside others, or alone. Whoever has one is ended by pytest's own limit.

    The locks are let go by name: a process that a test forks holds them too, for as long as it lives.
    """
    with door.open() as outside, room.open() as inside:
        fcntl.flock(outside, fcntl.LOCK_EX)
        fcntl.flock(inside, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(outside, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(inside, fcntl.LOCK_UN)
