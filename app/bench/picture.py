"""The bench's picture: how late the loop's ticks are beside `cyclictest`, and how long a trip takes; SVG.

Law: every sample counts. A line shows, for each value, the share of samples above it, both on scales of ten,
so that the tail is seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from app.axes import WIDTH

_LINES: Final = (
    'stroke="#0072B2"',
    'stroke="#D55E00"',
    'stroke="#0072B2" stroke-dasharray="7 4"',
    'stroke="#D55E00" stroke-dasharray="7 4"',
)
_HEIGHT: Final = 470
_TOP: Final = 70
_BOTTOM: Final = 400


class _Axes(NamedTuple):
    """A panel: pixels of its left and right edge, powers of ten at its edges, its label."""

    left: float
    right: float
    low: int
    high: int
    label: str

    def x(self, value: float) -> float:
        share = (math.log10(max(value, 10.0**self.low)) - self.low) / (self.high - self.low)
        return self.left + share * (self.right - self.left)


def picture(samples: Mapping[str, Sequence[float]], heading: str) -> str:
    """Draw lateness (us) and latency (ms) by their names; the same samples give the same text."""
    lateness = {name: samples[name] for name in _named(samples, "loop", "cyclictest")}
    trips = {name: samples[name] for name in _named(samples, "trip")}
    most = max((len(values) for values in (*lateness.values(), *trips.values())), default=10)
    decades = max(2, math.ceil(math.log10(most)))
    panels = (
        (_Axes(64, 500, 0, 5, "tick or wake late by / us"), lateness),
        (_Axes(580, WIDTH - 24, 0, 2, "fault to current off / ms"), trips),
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {_HEIGHT}" width="{WIDTH}" '
        f'height="{_HEIGHT}" font-family="sans-serif" font-size="13" fill="#222222">',
        "<title>Lateness and trip latency</title>",
        f'<rect width="{WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        '<text x="64" y="26" font-size="16" font-weight="bold">Share of samples above a value</text>',
        f'<text x="64" y="46" fill="#555555">{escape(heading)}; simulated unit</text>',
    ]
    for axes, drawn in panels:
        parts += _scales(axes, decades)
        for number, (name, values) in enumerate(drawn.items()):
            parts += _curve(axes, decades, name, sorted(values), number)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _named(samples: Mapping[str, Sequence[float]], *first: str) -> list[str]:
    return [name for name in samples if name.startswith(first) and samples[name]]


def _y(share: float, decades: int) -> float:
    return _TOP + (_BOTTOM - _TOP) * min(-math.log10(share) / decades, 1.0)


def _scales(axes: _Axes, decades: int) -> Iterator[str]:
    for power in range(axes.low, axes.high + 1):
        x = axes.x(10.0**power)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_BOTTOM}" stroke="#cccccc"/>'
        yield f'<text x="{x:.1f}" y="{_BOTTOM + 18}" text-anchor="middle">{10**power}</text>'
    for decade in range(decades + 1):
        y = _y(10.0**-decade, decades)
        yield f'<line x1="{axes.left}" x2="{axes.right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#cccccc"/>'
        yield f'<text x="{axes.left - 6}" y="{y + 4.5:.1f}" text-anchor="end">{100 / 10**decade:g} %</text>'
    middle = (axes.left + axes.right) / 2
    yield f'<text x="{middle:.1f}" y="{_BOTTOM + 38}" text-anchor="middle">{axes.label}</text>'


def _curve(axes: _Axes, decades: int, name: str, values: Sequence[float], number: int) -> Iterator[str]:
    """Draw one distribution as steps, thinned to what can be seen, and its name in the legend."""
    points: list[str] = []
    seen = (-1.0, -1.0)
    for index, value in enumerate(values):
        x, y = axes.x(value), _y((len(values) - index) / len(values), decades)
        if abs(x - seen[0]) + abs(y - seen[1]) >= 1.0 or index == len(values) - 1:
            points.append(f"{x:.1f},{y:.1f}")
            seen = (x, y)
    style = _LINES[number % len(_LINES)]
    yield f'<polyline points="{" ".join(points)}" fill="none" stroke-width="2" {style}/>'
    x, y = axes.right - 172, _TOP + 18 + 18 * number
    yield f'<line x1="{x}" x2="{x + 26}" y1="{y - 4}" y2="{y - 4}" stroke-width="2" {style}/>'
    yield f'<text x="{x + 32}" y="{y}">{escape(name.removeprefix("trip, "))}</text>'
