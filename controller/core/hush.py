"""What a reading is on the mean: hum of the mains comes and goes in it, what flows stays.

Law: pure. Absence of a reading is no reading of zero; of none there is no mean.
"""

from __future__ import annotations

from collections import deque


class Hush:
    """The mean of the readings of the last `over_s` seconds."""

    __slots__ = ("_over_s", "_seen", "_sum")

    def __init__(self, over_s: float) -> None:
        self._over_s = over_s
        self.clear()

    def clear(self) -> None:
        """Forget all readings."""
        self._seen: deque[tuple[float, float]] = deque()
        self._sum = 0.0

    def see(self, now_s: float, value: float | None) -> None:
        """Take a reading of the moment `now_s` (s), or note that there is none."""
        seen = self._seen
        if value is not None:
            seen.append((now_s, value))
            self._sum += value
        while seen and now_s - seen[0][0] > self._over_s:
            self._sum -= seen.popleft()[1]

    @property
    def mean(self) -> float | None:
        """The mean, None where there was no reading."""
        return self._sum / len(self._seen) if self._seen else None
