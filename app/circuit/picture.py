"""The schematic as one picture: all sheets, one below the other.

Law: it is drawn from the circuit's data, on any machine; it is no layout.
"""

from __future__ import annotations

from app.circuit.sheet import WIDE
from app.circuit.sheets import drawn
from config.circuit import Circuit

HEAD = 40


def draw(circuit: Circuit) -> str:
    """Draw the circuit; the text of an SVG file."""
    sheets, top = [], HEAD
    for sheet in drawn(circuit):
        sheets.append(sheet.svg(top))
        top += sheet.tall
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE}" height="{top}" viewBox="0 0 {WIDE} {top}" '
        'font-family="Arial, Helvetica, sans-serif">\n'
        f'<rect width="{WIDE}" height="{HEAD}" fill="#fff"/>\n'
        '<text x="20" y="26" font-size="18" font-weight="bold">Reference circuit: simulated, never built, '
        "no approved device</text>\n" + "".join(sheets) + "</svg>\n"
    )
