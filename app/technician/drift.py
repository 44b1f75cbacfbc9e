"""Drift across a unit's calibrations, as a picture: gain and offset of every channel over the dates.

Law: what is drawn is what the records hold; axes name their units.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from html import escape
from typing import Final

from app.axes import tick_step
from config.calibration import Calibration, Correction

WIDTH: Final = 900
HEIGHT: Final = 520
LEFT: Final = 80
RIGHT: Final = WIDTH - 150
COLOURS: Final = {
    "control_current": "#0b62a4",
    "guard_current": "#c0392b",
    "return": "#2e8b57",
    "output": "#8e44ad",
    "voltage": "#b8860b",
}


def channels_of(record: Calibration) -> dict[str, Correction]:
    """Give a record's corrections by the names that its file uses."""
    channels = record.channels
    return {
        "control_current": channels.control_current,
        "guard_current": channels.guard_current,
        "return": channels.return_path,
        "output": channels.output,
        "voltage": channels.voltage,
    }


def drift_svg(records: Sequence[Calibration], title: str) -> str:
    """Draw the records, the oldest first; at least one."""
    days = [date.fromisoformat(record.date) for record in records]
    gains: dict[str, list[float]] = {name: [] for name in COLOURS}
    offsets: dict[str, list[float]] = {name: [] for name in COLOURS}
    for record in records:
        for name, correction in channels_of(record).items():
            gains[name].append(100.0 * (correction.gain - 1.0))
            offsets[name].append(correction.offset)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="13"><title>{escape(title)}</title>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
        f'<text x="{LEFT}" y="22" font-size="16">{escape(title)}</text>'
    ]
    parts += _panel(days, gains, 40.0, "gain off 1 / %")
    parts += _panel(days, offsets, 280.0, "offset / mA, V")
    for index, (name, colour) in enumerate(COLOURS.items()):
        y = 60 + 20 * index
        parts.append(f'<circle cx="{RIGHT + 18}" cy="{y - 4}" r="4" fill="{colour}"/>')
        parts.append(f'<text x="{RIGHT + 28}" y="{y}">{name}</text>')
    parts += _dates(days)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _x(days: Sequence[date], day: date) -> float:
    span = (days[-1] - days[0]).days
    share = 0.5 if span == 0 else (day - days[0]).days / span
    return LEFT + 20 + share * (RIGHT - LEFT - 40)


def _dates(days: Sequence[date]) -> Iterator[str]:
    last = -1000.0
    for day in days:
        x = _x(days, day)
        if x - last > 80:  # labels that would run into each other are left out, their points stay
            yield f'<text x="{x:.1f}" y="{HEIGHT - 12}" text-anchor="middle">{day}</text>'
            last = x


def _panel(days: Sequence[date], columns: dict[str, list[float]], top: float, label: str) -> Iterator[str]:
    height = 200.0
    values = [value for column in columns.values() for value in column]
    low, high = min(0.0, *values), max(0.0, *values)
    step = tick_step(max(high - low, 1e-6), 6)
    first, last = int(low // step), int(-(-high // step))
    last = max(last, first + 1)

    def y(value: float) -> float:
        return top + height * (1.0 - (value - first * step) / ((last - first) * step))

    for index in range(first, last + 1):
        at = y(index * step)
        colour = "#888888" if index == 0 else "#dddddd"
        yield f'<line x1="{LEFT}" x2="{RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="{colour}"/>'
        yield f'<text x="{LEFT - 8}" y="{at + 4.5:.1f}" text-anchor="end">{index * step:g}</text>'
    middle = top + height / 2
    yield f'<text transform="translate(20 {middle:.0f}) rotate(-90)" text-anchor="middle">{label}</text>'
    for name, column in columns.items():
        places = [f"{_x(days, day):.1f},{y(value):.1f}" for day, value in zip(days, column, strict=True)]
        yield f'<polyline points="{" ".join(places)}" fill="none" stroke="{COLOURS[name]}"/>'
        for place in places:
            x, _, at_y = place.partition(",")
            yield f'<circle cx="{x}" cy="{at_y}" r="4" fill="{COLOURS[name]}"/>'
