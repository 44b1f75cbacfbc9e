"""The schematic as a picture: one line for each path, parts in series on it, the others hanging from it.

Law: names and values come from the parts' data; only which hangs where stands here, and a test holds the two
to each other. It shows what is connected to what, for reading; it is no layout.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from textwrap import wrap
from typing import Final, NamedTuple

from config.circuit import Circuit


class Row(NamedTuple):
    """A path: title, begin, end, and what lies on it, each with what hangs there and from where."""

    title: str
    begin: str
    end: str
    on: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


ROWS: Final = (
    Row(
        "Supply",
        "mains",
        "rail, 64 V",
        (
            ("PS1", ()),
            ("F1", ()),
            ("L20", (("U20", "gate of Q20"), ("R23", "Q20 to 0 V"))),
            ("Q20", (("R20", "rail to U20"), ("R21", "U20 to 0 V"))),
            ("D20", (("C20", "to 0 V"), ("R22", "to 0 V"))),
            ("F2", (("R41", "to 0 V and U31"),)),
        ),
    ),
    Row(
        "Small supplies",
        "24 V of PS1",
        "3.3 V",
        (
            ("U21", (("PS2", "5 V, Pi's side only"),)),
            ("U22", ()),
            ("U23", ()),
        ),
    ),
    Row(
        "Stage, first half: DAC's voltage to 1 mA",
        "code 0 to 4095",
        "rail",
        (
            ("U30", (("R30", "to 0 V"),)),
            ("R31", (("C31", "to 0 V"),)),
            ("U1", (("R33", "from R1 to U1 -"), ("R32", "from 3.3 V to U1 -"), ("C32", "out to -"))),
            ("R37", ()),
            ("Q1", (("R1", "source to 0 V"),)),
            ("R2", (("R35", "node Q1/R2 to U2 +"),)),
        ),
    ),
    Row(
        "Stage, second half: 1 mA to 25 mA",
        "rail, 64 V",
        "OUT",
        (
            ("R3", (("R35", "R3 to U2 -"), ("R34", "U2 - to D30"))),
            (
                "Q2",
                (
                    ("U2", "to its gate by R37"),
                    ("R36", "gate to rail"),
                    ("D30", "rail, U2 -V"),
                    ("C33", "on D30"),
                    ("R38", "D30 to 0 V"),
                ),
            ),
        ),
    ),
    Row(
        "Clamp",
        "OUT",
        "0 V",
        (
            ("D1", (("C50", "to 0 V"), ("R53", "from rail"))),
            ("Q3", (("U3", "base to 0 V"), ("R50", "of U3"), ("R51", "of U3"), ("R52", "base from rail"))),
        ),
    ),
    Row(
        "Output",
        "OUT",
        "RETURN",
        (
            ("K1", (("C1", "OUT to 0 V"), ("R40", "OUT to 0 V and U31"))),
            ("K2", (("K4", "OUT, before K1"), ("R42", "K4 to RETURN"))),
            ("K3", ()),
            ("X1", (("B2", "person"),)),
            ("R49", (("U8", "across, to U31"), ("U9", "zero of U8"))),
            ("H1", (("R43", "each light"), ("D40", "across"))),
        ),
    ),
    Row(
        "Return: what a person's current goes through last",
        "RETURN",
        "0 V",
        (
            ("Q4", (("U33", "to its gate"), ("U32", "ALERT to U33"))),
            ("Q5", (("U5", "to its gate"), ("R45", "gate from 5 V"), ("C44", "of U5"))),
            ("R44", ()),
            ("R46", (("U6", "across, to U32"), ("R48", "of U6"), ("U34", "of U6"))),
            ("R47", (("U7", "across, to U31"), ("R48", "of U7"), ("U34", "of U7"))),
        ),
    ),
    Row(
        "Barrier",
        "Pi",
        "person's side",
        (
            ("A1", (("R60", "pins to 0 V"), ("S2", "pins to 0 V"), ("H2", "pins"))),
            ("U40", (("U30", "I2C"), ("U31", "I2C"), ("U32", "I2C"))),
            ("U41", (("U33", "reset, state"), ("D41", "before U31"))),
        ),
    ),
    Row(
        "Enable: heartbeat and Stop",
        "heartbeat",
        "coil of K1",
        (
            ("U10", ()),
            ("U11", ()),
            ("U12", (("S1", "to U13"), ("U13", "to U14"), ("U14", "to U15"))),
            ("U15", ()),
            ("Q6", (("D61", "across each coil"),)),
        ),
    ),
)
WIDE, TALL, STEP, LEFT, WIDTH = 172, 40, 200, 130, 1420


def draw(circuit: Circuit) -> str:
    """Draw the circuit; the text of an SVG file."""
    rows: list[str] = []
    top = 60.0
    for row in ROWS:
        rows += _row(circuit, row, top)
        deepest = max(len(hanging) for _, hanging in row.on)
        top += 78 + TALL + deepest * (TALL + 18)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top:g}" '
        'font-family="sans-serif" font-size="11">\n'
        f'<rect width="{WIDTH}" height="{top:g}" fill="#ffffff"/>\n'
        '<text x="20" y="30" font-size="18" font-weight="bold">Reference circuit: simulated, never built, '
        "no approved device</text>\n" + "\n".join(rows) + "\n</svg>\n"
    )


def _row(circuit: Circuit, row: Row, top: float) -> Iterator[str]:
    line = top + 24 + TALL / 2
    right = LEFT + STEP * len(row.on)
    yield f'<text x="20" y="{top + 8:g}" font-size="14" font-weight="bold">{escape(row.title)}</text>'
    yield f'<path d="M{LEFT - 20} {line:g}H{right:g}" stroke="#2b6cb0" stroke-width="2"/>'
    yield f'<text x="20" y="{line + 4:g}" font-weight="bold">{escape(row.begin)}</text>'
    yield f'<text x="{right + 6:g}" y="{line + 4:g}" font-weight="bold">{escape(row.end)}</text>'
    for number, (ref, hanging) in enumerate(row.on):
        x = LEFT + STEP * number
        yield from _part(circuit, ref, "", x, top + 24, "#e8f0fb")
        for depth, (other, where) in enumerate(hanging, 1):
            y = top + 24 + depth * (TALL + 18)
            yield f'<path d="M{x + 14} {y - 18:g}V{y:g}" stroke="#8a97a5"/>'
            yield from _part(circuit, other, where, x + 8, y, "#f6f7f9")


def _part(circuit: Circuit, ref: str, where: str, x: float, y: float, fill: str) -> Iterator[str]:
    part = circuit.part(ref)
    yield (
        f'<rect x="{x:g}" y="{y:g}" width="{WIDE}" height="{TALL}" rx="4" fill="{fill}" stroke="#8a97a5"/>'
    )
    title = f"{ref}  {where}" if where else ref
    yield f'<text x="{x + 6:g}" y="{y + 13:g}" font-weight="bold">{escape(title)}</text>'
    for number, text in enumerate(wrap(part.buy, 27)[:2]):
        yield f'<text x="{x + 6:g}" y="{y + 25 + 11 * number:g}" font-size="10">{escape(text)}</text>'
