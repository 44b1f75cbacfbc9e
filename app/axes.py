"""Axes of a plot: values and times to pixels, ticks at round figures, labels with units.

Law: every axis begins at zero or at the session's start and names its unit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

Series = Sequence[float | None]
"""A column of a trace; absent readings are None."""

WIDTH: Final = 960
HEIGHT: Final = 560
LEFT: Final = 64
RIGHT: Final = WIDTH - 24


class Panel(NamedTuple):
    """A pair of axes: pixels of its top and height, and the value at its upper edge (its lower edge is 0)."""

    top: float
    height: float
    highest: float

    @property
    def bottom(self) -> float:
        """Pixel of its lower edge."""
        return self.top + self.height

    def y(self, value: float) -> float:
        """Give the pixel of a value on this panel's axis."""
        return self.top + self.height * (1 - value / self.highest)


class TimeAxis(NamedTuple):
    """The horizontal axis: session time from `first_s` for `span_s`, both in s."""

    first_s: float
    span_s: float

    def x(self, time_s: float) -> float:
        """Give the pixel of a session time in s."""
        return LEFT + (time_s - self.first_s) / self.span_s * (RIGHT - LEFT)


def value_axis(panel: Panel, label: str) -> Iterator[str]:
    """Draw a panel's scale with a line at every tick; `label` carries the unit."""
    step = tick_step(panel.highest, 5)
    for index in range(int(panel.highest / step + 1e-9) + 1):
        value = index * step
        y = panel.y(value)
        yield f'<line x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#cccccc"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4.5:.1f}" text-anchor="end">{value:g}</text>'
    middle = panel.top + panel.height / 2
    yield f'<text transform="translate(18 {middle:.1f}) rotate(-90)" text-anchor="middle">{label}</text>'


def time_axis(axis: TimeAxis, bottom: float) -> Iterator[str]:
    """Draw the time scale at the pixel `bottom`, in minutes where a session is longer than three."""
    in_minutes = axis.span_s > 180
    unit_s = 60.0 if in_minutes else 1.0
    step = tick_step(axis.span_s / unit_s, 10)
    first, last = axis.first_s / unit_s, (axis.first_s + axis.span_s) / unit_s
    for index in range(math.ceil(first / step), int(last / step) + 1):
        at = axis.x(index * step * unit_s)
        yield f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{bottom}" y2="{bottom + 5}" stroke="#222222"/>'
        yield f'<text x="{at:.1f}" y="{bottom + 20}" text-anchor="middle">{index * step:g}</text>'
    label = "time / min" if in_minutes else "time / s"
    yield f'<text x="{(LEFT + RIGHT) / 2:.1f}" y="{bottom + 38}" text-anchor="middle">{label}</text>'


def tick_step(span: float, most: int) -> float:
    """Choose the smallest of 1, 2, 5 times a power of ten that gives at most `most` steps in `span`."""
    raw = span / most
    power = 10.0 ** math.floor(math.log10(raw))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= raw * (1 - 1e-9)), 10 * power)


def round_up(values: Series) -> float:
    """Choose an axis' upper edge: a tick above the largest value, at least 1."""
    largest = max((value for value in values if value is not None), default=0.0)
    largest = max(largest * 1.05, 1.0)
    step = tick_step(largest, 5)
    return math.ceil(largest / step) * step
