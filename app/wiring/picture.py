"""The wiring as a picture: a box for each part, a line for each wire, as SVG.

Law: drawn from the table and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from app.wiring.table import Group

WIDTH: Final = 1120
ROW: Final = 22
TITLE: Final = 34
GAP: Final = 18
NEAR, FAR, NOTE = 24, 250, 560


def draw(title: str, groups: Sequence[Group]) -> str:
    """Draw `groups` one below the other; the text of an SVG file."""
    rows: list[str] = []
    top = 52.0
    for group in groups:
        height = TITLE + ROW * len(group.wires) + 8
        rows += _part(group, top, height)
        top += height + GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top:g}" '
        'font-family="sans-serif" font-size="13">\n'
        f'<rect width="{WIDTH}" height="{top:g}" fill="#ffffff"/>\n'
        f'<text x="{NEAR - 8}" y="32" font-size="18" font-weight="bold">{escape(title)}</text>\n'
        + "\n".join(rows)
        + "\n</svg>\n"
    )


def _part(group: Group, top: float, height: float) -> Iterator[str]:
    yield (
        f'<rect x="{NEAR - 12}" y="{top:g}" width="{WIDTH - 2 * (NEAR - 12)}" height="{height:g}" rx="6" '
        'fill="#f4f6f8" stroke="#8a97a5"/>'
    )
    yield f'<text x="{NEAR}" y="{top + 22:g}" font-weight="bold">{escape(group.title)}</text>'
    for number, wire in enumerate(group.wires):
        y = top + TITLE + ROW * number + 12
        line = y - 4.5
        yield f'<text x="{NEAR}" y="{y:g}">{escape(wire.near)}</text>'
        yield f'<path d="M{FAR - 52} {line:g}H{FAR - 14}" stroke="#2b6cb0" stroke-width="2"/>'
        yield f'<circle cx="{FAR - 12}" cy="{line:g}" r="3" fill="#2b6cb0"/>'
        yield f'<text x="{FAR}" y="{y:g}">{escape(wire.far)}</text>'
        yield f'<text x="{NOTE}" y="{y:g}" fill="#4a5560">{escape(wire.note)}</text>'
