"""The full-size rises of a current: how often somebody was startled, and when.

Law of this module: told every held stretch of the true current once, whoever measures it.
"""

from __future__ import annotations

import math
from typing import Final

WINDOW_S: Final = 0.005
"""A rise happens within this, what is slower is a ramp to whoever feels it (as in `sim.felt`, assumption)."""
RISE_MA: Final = 2.0
"""A full-size rise: about what perception of direct current takes."""
AGAIN_MA: Final = 1.0
"""The current must have fallen by so much since one rise to make another."""
REMEMBERED: Final = 4096
"""So many rises are told by their time; a session that has more needs no more to be judged."""


class Rises:
    """`times_s` of the rises of 2 mA and more, whether the contact was whole or is only just being made."""

    __slots__ = ("_armed", "_last_s", "_marks", "_top_ma", "times_s")

    def __init__(self) -> None:
        self._marks: list[tuple[float, float]] = [(0.0, 0.0)]
        self._armed = True
        self._top_ma = 0.0
        self._last_s = -math.inf
        self.times_s: list[float] = []

    def take(self, start_s: float, end_s: float, first_ma: float, last_ma: float) -> None:
        """See a stretch of the current's size, from `first_ma` to `last_ma` without turning back."""
        marks = self._marks
        if first_ma == last_ma == marks[-1][1]:
            marks[-1] = (end_s, last_ma)
            return
        old = 0
        while old < len(marks) - 1 and marks[old][0] < start_s - WINDOW_S:
            old += 1
        if old:
            del marks[:old]
        marks.append((start_s, first_ma))
        marks.append((end_s, last_ma))
        high_ma = first_ma if first_ma > last_ma else last_ma
        if not self._armed:
            self._top_ma = max(self._top_ma, high_ma)
            self._armed = last_ma <= self._top_ma - AGAIN_MA
        elif high_ma >= RISE_MA and high_ma - min(mark_ma for _, mark_ma in marks[:-1]) >= RISE_MA:
            self._rise(start_s, high_ma, last_ma)

    def _rise(self, start_s: float, high_ma: float, last_ma: float) -> None:
        # A contact that closes may rise twice within a millisecond; whoever feels it feels one.
        if len(self.times_s) < REMEMBERED and start_s - self._last_s > WINDOW_S:
            self.times_s.append(start_s)
        self._last_s = start_s
        self._top_ma = high_ma
        self._armed = last_ma <= high_ma - AGAIN_MA
        del self._marks[:-1]
