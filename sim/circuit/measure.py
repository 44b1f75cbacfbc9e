"""What is read from a simulation: peaks, times above, charges, recovery.

Law: pure; a waveform is a list of samples at times that rise, and every integral is the trapezium's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

Waves: TypeAlias = Mapping[str, Sequence[float]]
"""Samples by name; `t` is the time in s."""


def last(waves: Waves, name: str) -> float:
    """Give the value at the end."""
    return waves[name][-1]


def after(waves: Waves, name: str, begin_s: float) -> list[tuple[float, float]]:
    """Give time and value of every sample from `begin_s` on."""
    return [(t, y) for t, y in zip(waves["t"], waves[name], strict=True) if t >= begin_s]


def peak(waves: Waves, name: str, begin_s: float = 0.0, end_s: float = 1e9) -> float:
    """Give the largest magnitude between two times."""
    return max((abs(y) for t, y in after(waves, name, begin_s) if t <= end_s), default=0.0)


def above_s(waves: Waves, name: str, level: float, begin_s: float) -> float:
    """Give for how many s the magnitude is above `level`, from `begin_s` on."""
    total = 0.0
    for (t0, y0), (t1, y1) in pairwise(after(waves, name, begin_s)):
        a, b = abs(y0), abs(y1)
        if a > level and b > level:
            total += t1 - t0
        elif (a > level) != (b > level):
            total += (t1 - t0) * (max(a, b) - level) / abs(a - b)
    return total


def excess(waves: Waves, name: str, level: float, begin_s: float) -> float:
    """Give the integral of the magnitude above `level`, in the wave's unit times s."""
    points = [(t, max(abs(y) - level, 0.0)) for t, y in after(waves, name, begin_s)]
    return sum((y0 + y1) / 2.0 * (t1 - t0) for (t0, y0), (t1, y1) in pairwise(points))
