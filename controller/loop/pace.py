"""Whether bus and machine keep up with the ticks: measured, not believed.

Law: pure. A bus that is too slow is refused before anybody is treated; a machine that falls behind ends a
treatment softly and by name, long before a single tick is late enough to trip.
"""

from __future__ import annotations

from collections import deque
from typing import Final

TIMED_READS: Final = 20
"""Reads of the DAC that are timed at every start; the fifth fastest counts, for a stall is the machine's."""
BUS_SHARE: Final = 0.6
"""A tick's transfers may take so much of its period; the loop leaves the rest for a conversion and itself."""
TOLD_BUS_SHARE: Final = 0.3
"""More is told: at 400 kHz and 200 Hz it is 17 %, and 29 where a Pi adds 0.1 ms to each transfer."""
TRANSFERS: Final = 6
"""Transfers of a tick, none longer than that read and one byte: guard, control twice and once to start it,
DAC twice. One fewer without a guard's converter."""
WINDOW_S: Final = 2.0
LATE_SHARE: Final = 0.20
MISSED_SHARE: Final = 0.10
"""More than this within `WINDOW_S` ends a treatment: ticks over half a period late, or that never began."""
TOLD_SHARE: Final = 0.05
"""More than this is told with the session's end."""
SLOWEST_HZ: Final = 50
"""The lowest rate of a unit's file (config.parts)."""


class BusPace:
    """What a tick costs on a bus whose timed reads took `reads_s`, of ticks of `tick_s` with `transfers`."""

    def __init__(self, reads_s: list[float], tick_s: float, transfers: int) -> None:
        self._read_s = sorted(reads_s)[len(reads_s) // 4]
        self._tick_s, self._transfers = tick_s, transfers

    @property
    def share(self) -> float:
        """Part of a tick's period that its transfers take."""
        return self._transfers * self._read_s / self._tick_s

    @property
    def refusal(self) -> str:
        """Why this bus is too slow for these ticks, with the remedy; "" where it is not."""
        if self.share <= BUS_SHARE:
            return ""
        fits_hz = int(BUS_SHARE / (self._transfers * self._read_s))
        if fits_hz < SLOWEST_HZ:
            return (
                f"{self._measured()}, at most {100 * BUS_SHARE:.0f} % is allowed: set the I2C bus to 400 kHz "
                "as docs/install.md says"
            )
        return (
            f"{self._measured()}, at most {100 * BUS_SHARE:.0f} % is allowed: set the I2C bus to 400 kHz as "
            f"docs/install.md says, or loop.rate_hz in the unit's file to at most {fits_hz}"
        )

    @property
    def notice(self) -> str:
        """What is told of a bus that is slow and fits; "" where there is nothing to tell."""
        if not TOLD_BUS_SHARE < self.share <= BUS_SHARE:
            return ""
        return (
            f"The I2C bus is slow, and fits: {self._measured()}, at most {100 * BUS_SHARE:.0f} % is allowed."
        )

    def _measured(self) -> str:
        took_ms, period_ms = 1000 * self._transfers * self._read_s, 1000 * self._tick_s
        return (
            f"a read of 6 bytes takes {1000 * self._read_s:.2f} ms, so a tick's transfers take "
            f"{took_ms:.1f} ms of its {period_ms:.1f} ms ({100 * self.share:.0f} %)"
        )


class TickPace:
    """How punctual the ticks of the last `WINDOW_S` were, and the worst that any such window saw."""

    def __init__(self, tick_s: float) -> None:
        self._half_s = tick_s / 2
        self._per_window = WINDOW_S / tick_s
        self._late: deque[float] = deque()
        self._missed: deque[float] = deque()
        self.worst_late = 0.0
        self.worst_missed = 0.0

    def see(self, now_s: float, late_s: float, missed: int) -> bool:
        """Take a tick, `late_s` after its time and after `missed` ones; tell whether this is too bad."""
        late, gone = self._late, self._missed
        if late_s > self._half_s:
            late.append(now_s)
        if missed:
            gone.extend([now_s] * missed)
        if not late and not gone:
            return False
        for times in (late, gone):
            while times and times[0] <= now_s - WINDOW_S:
                times.popleft()
        late_share, missed_share = len(late) / self._per_window, len(gone) / self._per_window
        self.worst_late = max(self.worst_late, late_share)
        self.worst_missed = max(self.worst_missed, missed_share)
        return late_share > LATE_SHARE or missed_share > MISSED_SHARE

    @property
    def told(self) -> bool:
        """Whether it was bad enough to be told."""
        return self.worst_late > TOLD_SHARE or self.worst_missed > TOLD_SHARE
