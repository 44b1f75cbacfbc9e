"""One sheet of the schematic: symbols, wires and names on it, and what is connected to what.

Law: what is connected is read from the drawing (`nets`), never stated beside it. Values come from the
circuit's data; one that the part to buy does not name is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from itertools import pairwise
from typing import Final, NamedTuple

from app.circuit.symbols import ALONG, AMPLIFIER, ARROWS, MORE, PINS, Point, half, length
from config.circuit import Circuit

WIDE: Final = 900
SIZE: Final = 11
UNITS: Final = (("Mohm", "MΩ"), ("kohm", "kΩ"), ("ohm", "Ω"), ("uF", "µF"), ("uH", "µH"))


class Text(NamedTuple):
    """A text: where its line begins, or ends, or is in the middle; bold for the names of parts."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    bold: bool = False
    size: int = SIZE

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom, for a font that is rather wide."""
        wide = len(self.text) * self.size * (0.68 if self.bold else 0.62)
        left = self.x - {"start": 0.0, "middle": wide / 2, "end": wide}[self.anchor]
        return left, self.y - 0.78 * self.size, left + wide, self.y + 0.22 * self.size


class Sheet:
    """A sheet that is being drawn; `pins`, `wires`, `names` and `texts` are what is on it."""

    def __init__(self, circuit: Circuit, name: str, title: str, tall: int) -> None:
        self.circuit, self.name, self.title, self.tall = circuit, name, title, tall
        self.pins: list[tuple[str, Point]] = []
        self.wires: list[tuple[Point, ...]] = []
        self.names: list[tuple[str, Point]] = []
        self.texts: list[Text] = [Text(20, 26, title, bold=True, size=15)]
        self.bodies: list[tuple[float, float, float, float]] = []
        self.shapes: list[str] = []
        self.bare: set[str] = set()

    @property
    def refs(self) -> set[str]:
        """Return the parts on the sheet; `R35b` is the second piece of R35."""
        return {part_of(tag.partition(".")[0]) for tag, _ in self.pins} | self.bare

    def value(self, ref: str, value: str = "") -> str:
        """Return what to write at `ref`. Raises KeyError, and ValueError if the part names no such value."""
        buy = self.circuit.part(part_of(ref)).buy
        if value not in buy:
            raise ValueError(f"{ref}: {value!r} is not in what to buy, {buy!r}")
        text = value or re.split(r"[,;(:]", buy)[0].strip()
        for plain, sign in UNITS:
            text = text.replace(plain, sign)
        return text

    def two(self, kind: str, ref: str, a: Point, b: Point, value: str = "", side: str = "") -> None:
        """Draw a part of two pins from `a` to `b`, its text on `side` (r, l, t, b) or on both."""
        (ax, ay), (bx, by) = a, b
        x, y, reach = (ax + bx) / 2, (ay + by) / 2, length(kind) / 2
        turn = {(1, 0): 0, (0, 1): 90, (-1, 0): 180, (0, -1): 270}[_sign(bx - ax), _sign(by - ay)]
        lead = max(abs(bx - ax), abs(by - ay)) / 2
        path = f"{ALONG[kind]}M{-lead:g} 0H{-reach:g}M{lead:g} 0H{reach:g}"
        self._path(path, x, y, f" rotate({turn})")
        self.pins += [(f"{ref}.1", a), (f"{ref}.2", b)]
        out, text = half(kind), self.value(ref, value)
        across, along = (reach, out) if turn % 180 == 0 else (out, reach)
        self.bodies.append((x - across, y - along, x + across, y + along))
        if turn % 180 == 90:
            self._beside(ref, text, x + (out + 4) * (-1 if side == "l" else 1), y, side)
        elif side in {"t", "b"}:
            line = y - out - 4 if side == "t" else y + out + 11
            self.texts.append(Text(x, line, f"{ref} {text}", "middle"))
        else:
            self.texts.append(Text(x, y - out - 4, ref, "middle", bold=True))
            self.texts.append(Text(x, y + out + 11, text, "middle"))

    def more(
        self, kind: str, ref: str, at: Point, value: str = "", side: str = "r", *, flip: bool = False
    ) -> None:
        """Draw a part of more pins with its middle at `at`; `flip` puts left to right."""
        x, y = at
        turn = " scale(-1 1)" if flip else ""
        self._path(MORE[kind], x, y, turn)
        if kind in ARROWS:
            self._path(ARROWS[kind], x, y, turn, fill="#000")
        for pin, (dx, dy) in PINS[kind].items():
            self.pins.append((f"{ref}.{pin}", (x - dx if flip else x + dx, y + dy)))
        self.bodies.append((x - 14, y - 16, x + 14, y + 16))
        if side:
            self._beside(ref, self.value(ref, value), x + (-18 if side == "l" else 18), y, side)

    def amplifier(self, ref: str, at: Point, plus: str, value: str = "") -> None:
        """Draw an amplifier that looks right, with its plus at the `top` or the `bottom` left."""
        x, y = at
        up = -10 if plus == "top" else 10
        self._path(f"{AMPLIFIER}M-17 {up}h7M-13.5 {up - 3.5}v7M-17 {-up}h7", x, y)
        for pin, dx, dy in (("p", -30, up), ("n", -30, -up), ("o", 30, 0), ("vp", 0, -30), ("vn", 0, 30)):
            self.pins.append((f"{ref}.{pin}", (x + dx, y + dy)))
        self.bodies.append((x - 20, y - 16, x + 16, y + 16))
        self.texts.append(Text(x + 12, y - 24, f"{ref} {self.value(ref, value)}"))

    def box(self, ref: str, at: Point, to: Point, value: str = "", **pins: dict[str, int]) -> None:
        """Draw a chip from `at` to `to`; `left`, `right`, `top`, `bottom`: its pins and their places."""
        (x0, y0), (x1, y1) = at, to
        self._path(f"M{x0} {y0}H{x1}V{y1}H{x0}z", 0, 0, fill="#f4f7fb")
        self.bodies.append((x0, y0, x1, y1))
        middle = (x0 + x1) / 2
        lines = [Text(middle, 0, ref, "middle", bold=True), Text(middle, 0, self.value(ref, value), "middle")]
        top = (y0 + y1) / 2 - 2
        self.texts += [line._replace(y=top + 13 * number) for number, line in enumerate(lines)]
        for name, place in pins.get("left", {}).items():
            self._pin(ref, name, (x0 - 10, place), (x0, place), Text(x0 + 4, place + 4, name))
        for name, place in pins.get("right", {}).items():
            self._pin(ref, name, (x1 + 10, place), (x1, place), Text(x1 - 4, place + 4, name, "end"))
        for name, place in pins.get("top", {}).items():
            self._pin(ref, name, (place, y0 - 10), (place, y0), Text(place, y0 + 12, name, "middle"))
        for name, place in pins.get("bottom", {}).items():
            self._pin(ref, name, (place, y1 + 10), (place, y1), Text(place, y1 - 4, name, "middle"))

    def wire(self, *points: Point) -> None:
        """Draw a wire through `points`, along the axes."""
        for (ax, ay), (bx, by) in pairwise(points):
            if ax != bx and ay != by:
                raise ValueError(f"{self.name}: a wire from {ax}, {ay} to {bx}, {by} is oblique")
        self.wires.append(points)

    def flag(self, name: str, at: Point, to: str) -> None:
        """Write a net's name at the end of a wire; the text lies to the `r`ight or `l`eft of it."""
        x, y = at
        wide = 10 + len(name) * SIZE * 0.7
        side = 1 if to == "r" else -1
        self._path(f"M0 0l{5 * side} -8h{wide * side:g}v16h{-wide * side:g}z", x, y, fill="#fff8e1")
        self.texts.append(Text(x + side * 8, y + 4, name, "start" if to == "r" else "end"))
        left, right = sorted((x + side * 5, x + side * (wide + 5)))
        self.bodies.append((left, y - 8, right, y + 8))
        self.names.append((name, at))

    def power(self, name: str, at: Point) -> None:
        """Draw a supply, named above."""
        self._path("M0 0V-8M-8-8H8", *at)
        self.texts.append(Text(at[0], at[1] - 12, name, "middle"))
        self.names.append((name, at))

    def ground(self, *places: Point) -> None:
        """Draw 0 V of the person's side."""
        for at in places:
            self._path("M0 0V6M-9 6H9M-6 10H6M-3 14H3", *at)
            self.names.append(("0 V", at))

    def earth(self, *places: Point) -> None:
        """Draw the ground of the Pi's side, which is another."""
        for at in places:
            self._path("M0 0V5M-8 5H8L0 15z", *at)
            self.names.append(("GND of the Pi", at))

    def listed(self, ref: str, at: Point, value: str = "") -> None:
        """Write the name of a part that has no pins."""
        self.bare.add(ref)
        self.texts += [Text(*at, ref, bold=True), Text(at[0] + 20, at[1], self.value(ref, value))]

    def note(self, at: Point, *lines: str) -> None:
        """Write lines."""
        self.texts += [Text(at[0], at[1] + 14 * number, line) for number, line in enumerate(lines)]

    def frame(self, path: str) -> None:
        """Draw a broken line that is no wire."""
        self.shapes.append(f'<path d="{path}" fill="none" stroke="#777" stroke-dasharray="6 4"/>')

    def svg(self, top: int = 0) -> str:
        """Return the sheet as the text of an SVG element."""
        wires = "".join("M" + "L".join(f"{x} {y}" for x, y in wire) for wire in self.wires)
        dots = "".join(f'<circle cx="{x}" cy="{y}" r="3"/>' for x, y in sorted(self.junctions()))
        shapes, texts = "\n".join(self.shapes), "\n".join(map(_text, self.texts))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" y="{top}" width="{WIDE}" height="{self.tall}" '
            f'viewBox="0 0 {WIDE} {self.tall}" font-family="Arial, Helvetica, sans-serif">\n'
            f'<rect width="{WIDE}" height="{self.tall}" fill="#fff"/>\n'
            f'<g fill="none" stroke="#000" stroke-width="1.4">\n<path d="{wires}"/>\n{shapes}\n</g>\n'
            f"{dots}\n{texts}\n</svg>\n"
        )

    def junctions(self) -> set[Point]:
        """Return where three and more ends meet."""
        return {point for point in self.points() if self._ends(point) >= 3}

    def points(self) -> Iterator[Point]:
        """Give every pin, every named place, and every end and bend of a wire."""
        yield from (point for _, point in (*self.pins, *self.names))
        yield from (point for wire in self.wires for point in wire)

    def _ends(self, point: Point) -> int:
        ends = sum(place == point for _, place in (*self.pins, *self.names))
        for wire in self.wires:
            for a, b in pairwise(wire):
                ends += 1 if point in {a, b} else 2 * lies_on(point, a, b)
        return ends

    def _path(self, path: str, x: float, y: float, turn: str = "", fill: str = "none") -> None:
        self.shapes.append(f'<path transform="translate({x:g} {y:g}){turn}" d="{path}" fill="{fill}"/>')

    def _pin(self, ref: str, name: str, out: Point, at: Point, text: Text) -> None:
        self._path(f"M{out[0]} {out[1]}L{at[0]} {at[1]}", 0, 0)
        self.pins.append((f"{ref}.{name}", out))
        if name.strip():
            self.texts.append(text)

    def _beside(self, ref: str, text: str, x: float, y: float, side: str) -> None:
        anchor = "end" if side == "l" else "start"
        self.texts += [Text(x, y - 2, ref, anchor, bold=True), Text(x, y + 11, text, anchor)]


def part_of(piece: str) -> str:
    """Return the part that a piece is of: R35 for R35b."""
    return piece.rstrip("abcdefghijkl")


def lies_on(point: Point, a: Point, b: Point) -> bool:
    """Tell whether `point` lies between `a` and `b`, which are on one axis."""
    (x, y), (ax, ay), (bx, by) = point, a, b
    return min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by)


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)


def _text(text: Text) -> str:
    bold = ' font-weight="bold"' if text.bold else ""
    return (
        f'<text x="{text.x:g}" y="{text.y:g}" text-anchor="{text.anchor}" font-size="{text.size}"{bold}>'
        f"{escape(text.text)}</text>"
    )
