"""The guard's judge of the computer's clock, which is held to the battery clock and its own crystal.

Law: pure, and it shares nothing with the session, whose time it judges. What it says is proven, never
guessed: a look at the chip gives whole seconds, read between two moments, and only what no sound pair of
clocks could have shown counts. A chip that is set jumps once; clocks that run apart part again and again.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from controller.core import limits as lim
from controller.core.types import ClockLook


class _Seen(NamedTuple):
    """A look that told the time: between which moments by the computer's clock, s, and the chip's seconds."""

    before_s: float
    after_s: float
    chip_s: int


class ClockJudge:
    """Takes the looks of one session in their order."""

    def __init__(self) -> None:
        self._looks: deque[_Seen] = deque()
        self._from_s = 0.0
        """The looks since this moment agree with each other, as far as they can be told apart."""
        self._parted_s: deque[float] = deque()
        self._heard_s: float | None = None
        self.jumps = 0
        """So often the clocks parted, which a chip that is set makes them do once."""

    def see(self, now_s: float, look: ClockLook | None) -> str:
        """Take what came in this tick, at `now_s` by session time (s); say what is wrong, else ""."""
        if self._heard_s is None:
            self._heard_s = now_s
        if look is None or look.chip_s is None:
            silent_s = now_s - self._heard_s
            return (
                f"the battery clock told no time for {silent_s:.0f} s"
                if silent_s > lim.CLOCK_SILENT_S
                else ""
            )
        self._heard_s = now_s
        return self._judge(_Seen(look.before_s, look.after_s, look.chip_s))

    def _judge(self, seen: _Seen) -> str:
        looks = self._looks
        while looks and seen.before_s - looks[0].before_s > lim.CLOCK_MEMORY_S:
            looks.popleft()
        if any(one.before_s >= self._from_s and not _agree(one, seen) for one in looks):
            self._from_s = seen.before_s
            self._parted_s.append(seen.before_s)
            self.jumps += 1
        looks.append(seen)
        while self._parted_s and seen.before_s - self._parted_s[0] > lim.CLOCK_MEMORY_S:
            self._parted_s.popleft()
        if (still_s := self._still_s()) > lim.CLOCK_STILL_S:
            return f"the battery clock stands still: it has shown the same second for {still_s:.0f} s"
        if still_s > 0.0:
            return ""  # it has yet to be seen whether it goes on at all
        if len(self._parted_s) < lim.CLOCK_PARTINGS:
            return ""
        rate = self._rate()
        if 1 / (1 + lim.CLOCK_OFF) <= rate <= 1 + lim.CLOCK_OFF:
            return ""
        took_s = seen.before_s - looks[0].before_s
        return (
            f"in {took_s:.0f} s by the computer's clock the battery clock went on by {rate * took_s:.0f} s: "
            f"the computer's clock runs {'slow' if rate > 1 else 'fast'}, or the battery clock runs wrong"
        )

    def _still_s(self) -> float:
        """Return for how long the chip has shown one second, s; 0 where only the last look shows it."""
        last, still_s = self._looks[-1], 0.0
        for one in reversed(self._looks):
            if one.chip_s != last.chip_s:
                break
            still_s = max(0.0, last.before_s - one.after_s)
        return still_s

    def _rate(self) -> float:
        """Return how many seconds the chip made in one of the computer's: the middle of what may be."""
        last, least, most = self._looks[-1], 0.0, float("inf")
        for one in self._looks:
            shortest_s = last.before_s - one.after_s
            if shortest_s > lim.CLOCK_SHORTEST_S:
                least = max(least, (last.chip_s - one.chip_s - 1) / (last.after_s - one.before_s))
                most = min(most, (last.chip_s - one.chip_s + 1) / shortest_s)
        return 1.0 if most == float("inf") else (least + most) / 2


def _agree(one: _Seen, later: _Seen) -> bool:
    """Tell whether two sound clocks may have shown this; of the chip's seconds each may just have begun."""
    went_s = later.chip_s - one.chip_s
    shortest_s, longest_s = later.before_s - one.after_s, later.after_s - one.before_s
    return (
        went_s + 1 >= (1 - lim.CLOCK_SOUND) * shortest_s and went_s - 1 <= (1 + lim.CLOCK_SOUND) * longest_s
    )
