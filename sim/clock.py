"""One virtual time axis for everything simulated.

Law of this module: time only goes forward, nobody here asks the wall what time it is unless a pace was
asked for, and whatever is due happens in order as time passes it, even in the middle of a transfer.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

SHORTEST_REAL_SLEEP_S: Final = 0.001
"""Sleeps below this cost more than they wait; they are saved up until they are worth it."""


class VirtualClock:
    """Virtual seconds since the unit was switched on.

    `pace` is virtual seconds per real second (1 is real time, None as fast as possible); it bounds how far
    virtual time may run ahead in `sleep_until`. `alarm_s` is the time of the next thing due, set by the
    world; passing it calls `on_alarm(now_s)` before anyone can look at the new time.
    """

    __slots__ = (
        "_origin_real_s",
        "_real_now",
        "_real_sleep",
        "alarm_s",
        "now_s",
        "on_alarm",
        "overshoot_s",
        "pace",
    )

    def __init__(
        self,
        pace: float | None = None,
        real_now: Callable[[], float] = time.monotonic,
        real_sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if pace is not None and not 0.0 < pace < math.inf:
            raise ValueError(f"pace {pace} is not a positive number of virtual seconds per second")
        self.now_s = 0.0
        self.pace = pace
        self.alarm_s = math.inf
        self.on_alarm: Callable[[float], None] | None = None
        self.overshoot_s = 0.0
        self._real_now = real_now
        self._real_sleep = real_sleep
        self._origin_real_s: float | None = None

    def now(self) -> float:
        """Virtual time in s."""
        return self.now_s

    def advance_to(self, t_s: float) -> None:
        """Move time to `t_s` (s); what is due on the way happens. ValueError when that is in the past."""
        if not t_s >= self.now_s:
            raise ValueError(f"time cannot go back from {self.now_s} s to {t_s} s")
        self.now_s = t_s
        if t_s >= self.alarm_s and self.on_alarm is not None:
            self.on_alarm(t_s)

    def advance_by(self, duration_s: float) -> None:
        """Let `duration_s` (s, 0 or more) pass; what is due in it happens. ValueError when it is negative."""
        if not duration_s >= 0.0:
            raise ValueError(f"a duration of {duration_s} s is negative")
        self.now_s = t_s = self.now_s + duration_s
        if t_s >= self.alarm_s and self.on_alarm is not None:
            self.on_alarm(t_s)

    def sleep_until(self, t_s: float) -> None:
        """Wait until `t_s` (s); at once when it has passed. A pending stall makes this one sleep longer."""
        t_s = max(t_s, self.now_s) + self.overshoot_s
        self.overshoot_s = 0.0
        self.advance_to(t_s)
        if self.pace is not None:
            self._hold_back(self.pace)

    def _hold_back(self, pace: float) -> None:
        real_s = self._real_now()
        if self._origin_real_s is None:
            self._origin_real_s = real_s - self.now_s / pace
            return
        ahead_s = self._origin_real_s + self.now_s / pace - real_s
        if ahead_s >= SHORTEST_REAL_SLEEP_S:
            self._real_sleep(ahead_s)


class MachineClock:
    """The computer's clock, which sound computers run at the rate of true time.

    `run_at` lets it run wrong from now on. What it showed before stays: `true_s` knows every rate it had.
    """

    __slots__ = ("_pieces", "_true")

    def __init__(self, true: VirtualClock) -> None:
        self._true = true
        self._pieces: list[tuple[float, float, float]] = []
        """From which of its own seconds, and of true ones, it ran at which rate; empty while it is right."""

    def run_at(self, rate: float) -> None:
        """Let `rate` of its seconds pass in a true one from now on."""
        self._pieces.append((self.now(), self._true.now_s, rate))

    def now(self) -> float:
        """Return its seconds since the unit was switched on."""
        if not self._pieces:
            return self._true.now_s
        from_s, from_true_s, rate = self._pieces[-1]
        return from_s + rate * (self._true.now_s - from_true_s)

    def sleep_until(self, t_s: float) -> None:
        """Wait until it shows `t_s`; at once when that has passed."""
        self._true.sleep_until(self.true_s(t_s))

    def true_s(self, t_s: float) -> float:
        """Return the true time at which it shows `t_s`."""
        for from_s, from_true_s, rate in reversed(self._pieces):
            if t_s >= from_s:
                return from_true_s + (t_s - from_s) / rate
        return t_s

    def shown_s(self, true_s: float) -> float:
        """Return what it shows at a true time."""
        for from_s, from_true_s, rate in reversed(self._pieces):
            if true_s >= from_true_s:
                return from_s + rate * (true_s - from_true_s)
        return true_s
