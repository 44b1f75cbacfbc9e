"""A session as a picture: setpoint and current, voltage, phases and polarity, in SVG written by hand.

Law: the picture says what it is. A simulated session is stamped, a trip is marked with its cause, and every
axis has its unit; lines differ in style as well as in colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from app.axes import HEIGHT, LEFT, RIGHT, WIDTH, Panel, Series, TimeAxis, round_up, time_axis, value_axis
from app.words import plain
from controller.loop.recorder import Trace

_STRIP_TOP, _STRIP_HEIGHT = 60, 18
_CURRENT_TOP, _CURRENT_HEIGHT = 92, 232
_VOLTAGE_TOP, _VOLTAGE_HEIGHT = 352, 130
_BOTTOM: Final = _VOLTAGE_TOP + _VOLTAGE_HEIGHT
# Okabe and Ito's palette, distinguishable with every kind of colour vision; dashes serve for grey prints.
_CURRENT: Final = 'stroke="#0072B2" stroke-width="2"'
_SETPOINT: Final = 'stroke="#D55E00" stroke-width="1.5" stroke-dasharray="7 4"'
_TARGET: Final = 'stroke="#777777" stroke-width="1.2" stroke-dasharray="2 4"'
_VOLTAGE: Final = 'stroke="#00795B" stroke-width="2"'
_SHADES: Final = {
    "ramp_up": "#fdf0d5",
    "hold": "#e8f3fb",
    "ramp_down": "#fdf0d5",
    "stopping": "#f6dfcf",
    "reverse": "#d9d9d9",
}
_OTHER_SHADE: Final = "#f2f2f2"


def draw(trace: Trace, summary: Mapping[str, Any]) -> str:
    """Draw a session; `summary` is the object of docs/contract.md. The same session gives the same text."""
    times_s = trace.time_s
    first_s, last_s = (times_s[0], times_s[-1]) if times_s else (0.0, 0.0)
    axis = TimeAxis(first_s, max(last_s - first_s, 1.0))
    currents = [value for column in (trace.target_ma, trace.measured_ma) for value in column]
    current = Panel(_CURRENT_TOP, _CURRENT_HEIGHT, round_up(currents))
    voltage = Panel(_VOLTAGE_TOP, _VOLTAGE_HEIGHT, round_up(trace.voltage_v))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" font-family="sans-serif" font-size="13" fill="#222222">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *_heading(summary),
        *_bands(trace, axis, (current, voltage)),
        *value_axis(current, "current / mA"),
        *value_axis(voltage, "voltage / V"),
        *time_axis(axis, _BOTTOM),
        _line(times_s, trace.target_ma, axis, current, _TARGET),
        _line(times_s, trace.measured_ma, axis, current, _CURRENT),
        _line(times_s, trace.setpoint_ma, axis, current, _SETPOINT),
        _line(times_s, trace.voltage_v, axis, voltage, _VOLTAGE),
        *_trip_mark(summary["trip"], axis),
        *_legend(),
        "</svg>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _heading(summary: Mapping[str, Any]) -> Iterator[str]:
    words = [str(summary["treatment"]), str(summary["outcome"])]
    if summary["simulated"] and summary["seed"] is not None:
        words.append(f"seed {summary['seed']}")
    title = escape(", ".join(words), quote=False)
    yield f"<title>{title}</title>"
    yield f'<text x="{LEFT}" y="28" font-size="18" font-weight="bold">{title}</text>'
    if summary["simulated"]:
        yield (
            f'<text x="{RIGHT}" y="28" font-size="18" font-weight="bold" fill="#a3195b" '
            'text-anchor="end">SIMULATED</text>'
        )


def _bands(trace: Trace, axis: TimeAxis, panels: tuple[Panel, ...]) -> Iterator[str]:
    """Shade the phases, name those that are wide enough, and write the polarity in a strip above."""
    for start_s, end_s, phase in _runs(trace.time_s, trace.phase):
        left, width = axis.x(start_s), axis.x(end_s) - axis.x(start_s)
        for panel in panels:
            yield (
                f'<rect x="{left:.1f}" y="{panel.top}" width="{width:.2f}" height="{panel.height}" '
                f'fill="{_SHADES.get(phase, _OTHER_SHADE)}"/>'
            )
        yield from _band_name(left + width / 2, width, plain(phase))
    middle = _STRIP_TOP + _STRIP_HEIGHT / 2
    for start_s, end_s, polarity in _runs(trace.time_s, trace.polarity):
        left, width = axis.x(start_s), axis.x(end_s) - axis.x(start_s)
        fill, mark = ("#ffffff", "forward +") if polarity == "forward" else ("#444444", "reverse -")
        ink = "#222222" if polarity == "forward" else "#ffffff"
        yield (
            f'<rect x="{left:.1f}" y="{_STRIP_TOP}" width="{width:.2f}" height="{_STRIP_HEIGHT}" '
            f'fill="{fill}" stroke="#444444"/>'
        )
        if width > 70:
            yield (
                f'<text x="{left + width / 2:.1f}" y="{middle + 4.5}" text-anchor="middle" '
                f'font-size="12" fill="{ink}">{mark}</text>'
            )


def _band_name(centre: float, width: float, name: str) -> Iterator[str]:
    bottom = _CURRENT_TOP + _CURRENT_HEIGHT
    if width > 9 * len(name):
        yield f'<text x="{centre:.1f}" y="{bottom - 8}" text-anchor="middle" fill="#555555">{name}</text>'
    elif width > 13:
        yield (
            f'<text transform="translate({centre + 4:.1f} {bottom - 8}) rotate(-90)" font-size="11" '
            f'fill="#555555">{name}</text>'
        )


def _runs(times_s: Sequence[float], names: Sequence[str]) -> Iterator[tuple[float, float, str]]:
    """Give the stretches of equal name as (start, end, name), in s; each ends where the next begins."""
    start = 0
    for index in range(1, len(names)):
        if names[index] != names[start]:
            yield times_s[start], times_s[index], names[start]
            start = index
    if names:
        yield times_s[start], times_s[-1], names[start]


def _line(times_s: Sequence[float], values: Series, axis: TimeAxis, panel: Panel, pen: str) -> str:
    points = [
        ("M" if new else "L", f"{at:.1f}", f"{panel.y(value):.1f}")
        for at, value, new in _thinned(times_s, values, axis)
    ]
    path = " ".join(
        f"{step}{x} {y}" for index, (step, x, y) in enumerate(points) if not _within_level(points, index)
    )
    return f'<path d="{path}" fill="none" {pen}/>' if path else ""


def _within_level(points: Sequence[tuple[str, str, str]], index: int) -> bool:
    """Say whether a point lies inside a level stretch, where leaving it out changes nothing."""
    if not 0 < index < len(points) - 1:
        return False
    (_, _, before), (step, _, y), (next_step, _, after) = points[index - 1 : index + 2]
    return step == next_step == "L" and before == y == after


def _thinned(times_s: Sequence[float], values: Series, axis: TimeAxis) -> Iterator[tuple[float, float, bool]]:
    """Give (x, value, begins a new line), with the extremes of every pixel kept so that no spike is lost."""
    new = True
    column: list[tuple[float, float]] = []
    for time_s, value in zip(times_s, values, strict=True):
        if column and (value is None or int(axis.x(time_s)) != int(column[0][0])):
            yield from _column_points(column, new=new)
            new = False
            column = []
        if value is None:
            new = True
        else:
            column.append((axis.x(time_s), value))
    yield from _column_points(column, new=new)


def _column_points(column: list[tuple[float, float]], *, new: bool) -> Iterator[tuple[float, float, bool]]:
    if not column:
        return
    low = min(column, key=lambda point: point[1])
    high = max(column, key=lambda point: point[1])
    for at, value in sorted({column[0], low, high, column[-1]}):
        yield at, value, new
        new = False


def _trip_mark(trip: Mapping[str, Any] | None, axis: TimeAxis) -> Iterator[str]:
    if trip is None:
        return
    at = axis.x(trip["detected_s"])
    anchor, shift = ("end", -6) if at > WIDTH / 2 else ("start", 6)
    yield (
        f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{_CURRENT_TOP}" y2="{_BOTTOM}" stroke="#a3195b" '
        'stroke-width="2.5"/>'
    )
    yield (
        f'<text x="{at + shift:.1f}" y="{_CURRENT_TOP + 16}" text-anchor="{anchor}" font-weight="bold" '
        f'fill="#a3195b">aborted: {escape(plain(trip["cause"]), quote=False)}</text>'
    )


def _legend() -> Iterator[str]:
    entries = (("target", _TARGET), ("setpoint", _SETPOINT), ("current", _CURRENT), ("voltage", _VOLTAGE))
    for index, (name, pen) in enumerate(entries):
        left = LEFT + index * 130
        yield f'<line x1="{left}" x2="{left + 34}" y1="{HEIGHT - 18}" y2="{HEIGHT - 18}" {pen}/>'
        yield f'<text x="{left + 42}" y="{HEIGHT - 13.5}">{name}</text>'
