"""Time as the loop knows it: seconds since the run began, and waiting for an absolute moment.

Law: nobody below the loop asks what time it is. The same loop runs on this clock and on a hand-turned one.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Monotonic seconds since the run began; `sleep_until` returns at once for a moment that is past."""

    def now(self) -> float:
        """Return seconds since the run began."""

    def sleep_until(self, at_s: float) -> None:
        """Wait for the absolute moment `at_s`."""


class SessionClock:
    """Another clock, counted from the last `restart`: one unit, one session after the other."""

    __slots__ = ("_whole", "_zero_s")

    def __init__(self, whole: Clock) -> None:
        self._whole = whole
        self._zero_s = 0.0

    @property
    def whole_s(self) -> float:
        """Seconds since the run began."""
        return self._whole.now()

    def restart(self) -> None:
        """Begin at 0 s again."""
        self._zero_s = self._whole.now()

    def now(self) -> float:
        """Return seconds since the last restart."""
        return self._whole.now() - self._zero_s

    def sleep_until(self, at_s: float) -> None:
        """Wait for the moment `at_s` (seconds since the last restart)."""
        self._whole.sleep_until(self._zero_s + at_s)


class RealClock:
    """The machine's monotonic clock; wall-clock changes do not touch it."""

    __slots__ = ("_zero_s",)

    def __init__(self) -> None:
        self._zero_s = time.monotonic()

    def now(self) -> float:
        """Return seconds since the run began."""
        return time.monotonic() - self._zero_s

    def sleep_until(self, at_s: float) -> None:
        """Wait for the absolute moment `at_s` (seconds since the run began)."""
        left_s = at_s - self.now()
        if left_s > 0:
            time.sleep(left_s)
