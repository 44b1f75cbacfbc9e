"""A clock chip with a battery: true time in whole seconds, as well as its crystal goes.

Law of this module: it knows nothing of the computer's clock. A fault is an attribute that anybody can see.
"""

from __future__ import annotations

from random import Random
from typing import Final

from sim.clock import VirtualClock

CRYSTAL_PART: Final = 20e-6
"""A plain watch crystal's tolerance; a DS3231's is 3.5 in a million (data sheet)."""
SHOWN_S: Final = 1_767_225_600
"""What it may show at switch-on: the first second of 2026."""


class BatteryClock:
    """Faults: `stopped` (shows the same second for good), `silent` (can't be read)."""

    __slots__ = ("_rate", "_shift_s", "_stood_s", "_true", "silent")

    def __init__(self, true: VirtualClock, rng: Random) -> None:
        self._true = true
        self._rate = 1.0 + rng.uniform(-CRYSTAL_PART, CRYSTAL_PART)
        self._shift_s = SHOWN_S + rng.random()
        self._stood_s: float | None = None
        self.silent = False

    def put(self, by_s: float) -> None:
        """Set it: it shows so many seconds more."""
        self._shift_s += by_s

    def stop(self, *, on: bool) -> None:
        """Stop its crystal, or let it go on from where it stood."""
        now_s = self._rate * self._true.now_s + self._shift_s
        if on:
            self._stood_s = now_s
        elif self._stood_s is not None:
            self._shift_s += self._stood_s - now_s
            self._stood_s = None

    def read(self) -> int | None:
        """Return the seconds it shows, None where it does not answer."""
        if self.silent:
            return None
        if self._stood_s is not None:
            return int(self._stood_s)
        return int(self._rate * self._true.now_s + self._shift_s)
