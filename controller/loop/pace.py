"""Whether bus and machine keep up with the ticks: measured, not believed.

Law: pure. A bus that is too slow is refused before anybody is treated; a machine that falls behind ends a
treatment softly and by name, long before a single tick is late enough to trip.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from config.parts import SLOWEST_HZ

TIMED_READS: Final = 20
"""Reads of the DAC that are timed at every start, long and short ones by turns; of each the fifth fastest
counts, for a stall is the machine's."""
MORE_BITS: Final = 36
"""So many more bits a long read has: four bytes. What a Pi adds to each transfer is not in the difference."""
TOLD_CLOCK: Final = 0.8
"""A bus whose clock is below this share of what the unit's file says is told. Pis were seen to run at 250 kHz
(raspberrypi/firmware#1281) and at 2/5 (raspberrypi/linux#5434) of 400 kHz."""
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


class BusPace:
    """What a tick costs on a bus whose timed reads took `reads_s`, of ticks of `tick_s` with `transfers`.

    `shorts_s` are reads of one byte, and `set_hz` the clock that the bus was set to.
    """

    def __init__(
        self, reads_s: list[float], shorts_s: list[float], tick_s: float, transfers: int, set_hz: int
    ) -> None:
        self._read_s = sorted(reads_s)[len(reads_s) // 4]
        self._more_s = self._read_s - sorted(shorts_s)[len(shorts_s) // 4]
        self._tick_s, self._transfers, self._set_hz = tick_s, transfers, set_hz

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
        slow = self._more_s * self._set_hz * TOLD_CLOCK > MORE_BITS
        if self.share > BUS_SHARE or not (slow or self.share > TOLD_BUS_SHARE):
            return ""
        measured, percent = self._measured(), f"{100 * BUS_SHARE:.0f}"
        if not slow:
            return f"The I2C bus is slow, and fits: {measured}, at most {percent} % is allowed."
        runs_khz, set_khz = MORE_BITS / self._more_s / 1000, self._set_hz / 1000
        return (
            f"The I2C bus is slow, and fits: {measured}, at most {percent} % is allowed. Its clock runs at "
            f"{runs_khz:.0f} kHz, where {set_khz:.0f} kHz are set."
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
