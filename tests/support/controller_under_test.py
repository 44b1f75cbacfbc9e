"""The command `ionto` with its times shortened, and with a mine in one function that a signal arms.

    controller_under_test.py [--mine MODULE:QUALNAME once|always|hang] -- run TREATMENT --attach SOCKET ...

SIGUSR1 arms the mine: the next call of that function raises (once, or always from then on) or hangs for
0.4 s, and says on standard error when. SIGUSR2 uses up all the memory that the process may have, and lets the
tick it interrupts fail for lack of it.
"""

from __future__ import annotations

import importlib
import os
import resource
import signal
import sys
import time
from functools import wraps
from pathlib import Path
from typing import Any

import protocols.ceilings

if __name__ == "__main__":  # and nowhere else: a test that looks in here must not lift its own ceilings
    # Before anything reads them: a whole treatment in seconds, with the same code.
    protocols.ceilings.MIN_TOTAL_MIN = 0.05  # type: ignore[misc]
    protocols.ceilings.MIN_HOLD_S = 0.5  # type: ignore[misc]
    protocols.ceilings.MAX_RAMP_MA_PER_S = 3.0  # type: ignore[misc]

import controller.core.limits

if __name__ == "__main__":
    controller.core.limits.CONTACT_STABLE_S = 0.3  # type: ignore[misc]


class Mine:
    armed = False


hoard: list[bytes] = []


def tell(word: str) -> None:
    os.write(2, f"{word} {time.monotonic():.6f}\n".encode())


def lay(place: str, how: str) -> None:
    """Make the function at `place` raise or hang once armed."""
    module_name, qualname = place.split(":")
    owner: Any = importlib.import_module(module_name)
    *path, name = qualname.split(".")
    for part in path:
        owner = getattr(owner, part)
    held = vars(owner)[name]
    kind = type(held) if isinstance(held, staticmethod | classmethod | property) else None
    function = held.fget if kind is property else held.__func__ if kind else held

    @wraps(function)
    def mined(*args: Any, **kwargs: Any) -> Any:
        if Mine.armed:
            Mine.armed = how == "always"
            tell("RAISED")
            if how == "hang":
                time.sleep(0.4)
                return function(*args, **kwargs)
            raise RuntimeError(f"a mine in {place}")
        return function(*args, **kwargs)

    setattr(owner, name, kind(mined) if kind else mined)


def arm(*_: object) -> None:
    Mine.armed = True


def exhaust(*_: object) -> None:
    tell("RAISED")
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 20), resource.RLIM_INFINITY))
    size = 1 << 18
    while size >= 512:
        try:
            hoard.append(bytes(size))
        except MemoryError:
            size //= 2
    raise MemoryError


def main() -> int:
    cut = sys.argv.index("--")
    if cut > 1:
        lay(*sys.argv[2:4])
    signal.signal(signal.SIGUSR1, arm)
    signal.signal(signal.SIGUSR2, exhaust)
    from app.main import main as command

    return command(sys.argv[cut + 1 :])


if __name__ == "__main__":
    sys.exit(main())
