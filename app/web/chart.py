"""A session's chart as a picture, for browsers without scripts and for print.

Law: drawn from the record's rows as they are; a missing reading is a gap, and which way the current flowed is
written over each stretch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from app.axes import LEFT, WIDTH, Panel, TimeAxis, round_up, time_axis, value_axis

HEIGHT: Final = 360
_TOP: Final = 40
_STRIP: Final = 22
"""Pixels of the strip in which the direction is written."""
SIGNS: Final = {"forward": "+", "reverse": "\u2212"}
"""Short for a direction, where there is no room for words."""
_LETTER: Final = 8
"""Pixels of a letter, amply."""


def drawing(chart: Mapping[str, Sequence[Any]], labels: tuple[str, str], ways: Mapping[str, str]) -> str:
    """Draw the columns of a chart; `labels` name delivered and set current, `ways` both directions."""
    delivered, wanted = (escape(label) for label in labels)
    times = chart.get("at_s", ())
    axis = TimeAxis(0.0, max(60.0, times[-1] if times else 0.0))
    measured, setpoint = chart.get("measured_ma", ()), chart.get("setpoint_ma", ())
    panel = Panel(_TOP + _STRIP, HEIGHT - _TOP - _STRIP - 60, round_up([*measured, *setpoint]))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="14" fill="#222222">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="24" fill="#0b6b3a">{delivered}</text>',
        f'<text x="{LEFT + 240}" y="24" fill="#555555">{wanted}</text>',
        *_stretches(axis, panel, times, chart.get("polarity", ()), ways),
        *value_axis(panel, "mA"),
        *time_axis(axis, panel.bottom),
        *_line(axis, panel, times, setpoint, "#555555"),
        *_line(axis, panel, times, measured, "#0b6b3a"),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _stretches(
    axis: TimeAxis, panel: Panel, times: Sequence[Any], polarity: Sequence[Any], ways: Mapping[str, str]
) -> Iterator[str]:
    """Name the direction over each stretch of one, and shade those of the reverse."""
    begun = 0
    for index in range(1, len(polarity) + 1):
        if index < len(polarity) and polarity[index] == polarity[begun]:
            continue
        way = polarity[begun]
        left, right = axis.x(times[begun]), axis.x(times[min(index, len(polarity) - 1)])
        fill = "#e4e4e4" if way == "reverse" else "#ffffff"
        yield (
            f'<rect x="{left:.1f}" y="{panel.top - _STRIP}" width="{right - left:.1f}" '
            f'height="{panel.height + _STRIP}" fill="{fill}"/>'
        )
        name = ways.get(way, way)
        said = name if len(name) * _LETTER < right - left else SIGNS.get(way, "")
        middle = (left + right) / 2
        yield f'<text x="{middle:.1f}" y="{panel.top - 6}" text-anchor="middle">{escape(said)}</text>'
        begun = index


def _line(
    axis: TimeAxis, panel: Panel, times: Sequence[Any], values: Sequence[Any], colour: str
) -> Iterator[str]:
    """Draw a line, broken where a reading is missing."""
    points: list[str] = []
    for at_s, value in [*zip(times, values, strict=False), (0.0, None)]:
        if value is not None:
            points.append(f"{axis.x(at_s):.1f},{panel.y(value):.1f}")
        elif points:
            yield f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(points)}"/>'
            points = []
