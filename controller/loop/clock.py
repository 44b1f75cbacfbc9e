"""Time as the loop knows it: seconds since the run began, and waiting for an absolute moment.

Law: nobody below the loop asks what time it is. The same loop runs on this clock and on a hand-turned one.
"""

from __future__ import annotations

import ctypes
import errno
import os
import time
from typing import Final, Protocol

_ABSOLUTE: Final = 1
"""TIMER_ABSTIME (linux/time.h): sleep until a moment, not for a while."""


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


class _Moment(ctypes.Structure):
    """A struct timespec."""

    _fields_ = (("whole_s", ctypes.c_long), ("rest_ns", ctypes.c_long))


class RealClock:
    """The machine's monotonic clock; wall-clock changes do not touch it.

    It sleeps until the moment itself (clock_nanosleep with TIMER_ABSTIME), so what holds the process up
    between looking at the clock and going to sleep makes it no later. After a signal the sleep goes on.
    """

    __slots__ = ("_moment", "_sleep", "_zero_s")

    def __init__(self) -> None:
        self._zero_s = time.monotonic()
        self._moment = _Moment()
        self._sleep = ctypes.CDLL(None).clock_nanosleep
        self._sleep.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.POINTER(_Moment), ctypes.c_void_p)

    def now(self) -> float:
        """Return seconds since the run began."""
        return time.monotonic() - self._zero_s

    def sleep_until(self, at_s: float) -> None:
        """Wait for the absolute moment `at_s` (seconds since the run began)."""
        moment_s, moment = self._zero_s + at_s, self._moment
        whole_s = int(moment_s)
        moment.whole_s, moment.rest_ns = whole_s, int((moment_s - whole_s) * 1e9)
        while time.monotonic() < moment_s:
            number = self._sleep(time.CLOCK_MONOTONIC, _ABSOLUTE, moment, None)
            if number not in {0, errno.EINTR}:
                raise OSError(number, f"clock_nanosleep: {os.strerror(number)}")
