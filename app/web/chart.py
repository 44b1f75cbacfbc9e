"""A session's chart as a picture, for browsers without scripts and for print.

Law: drawn from the record's rows as they are; a missing reading is a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from app.axes import LEFT, WIDTH, Panel, TimeAxis, round_up, time_axis, value_axis

HEIGHT: Final = 360
_TOP: Final = 40


def drawing(chart: Mapping[str, Sequence[Any]], labels: tuple[str, str, str]) -> str:
    """Draw the columns of a chart; `labels` name delivered current, set current and time."""
    delivered, wanted, _ = (escape(label) for label in labels)
    times = chart.get("at_s", ())
    axis = TimeAxis(0.0, max(60.0, times[-1] if times else 0.0))
    measured, setpoint = chart.get("measured_ma", ()), chart.get("setpoint_ma", ())
    panel = Panel(_TOP, HEIGHT - _TOP - 60, round_up([*measured, *setpoint]))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="14" fill="#222222">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="24" fill="#0b6b3a">{delivered}</text>',
        f'<text x="{LEFT + 240}" y="24" fill="#555555">{wanted}</text>',
        *value_axis(panel, "mA"),
        *time_axis(axis, panel.bottom),
        *_line(axis, panel, times, setpoint, "#555555"),
        *_line(axis, panel, times, measured, "#0b6b3a"),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


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
