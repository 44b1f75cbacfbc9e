"""What is connected to what, read from the sheets as they are drawn.

Law: two wires are one net where an end or a bend of one lies on the other, and where they have one name, on
any sheet; where they only cross they are two. So a test can hold the
sheets to the netlists that are simulated.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from app.circuit.sheet import Sheet, lies_on


def nets(sheets: Sequence[Sheet]) -> list[set[str]]:
    """Return the pins of each net over all sheets, such as {"R3.2", "Q2.s"}; names are in it, too."""
    parent: dict[object, object] = {}

    def root(key: object) -> object:
        while parent.setdefault(key, key) != key:
            key = parent[key]
        return key

    found: dict[object, set[str]] = {}
    for number, sheet in enumerate(sheets):
        for wire in sheet.wires:
            for a, b in pairwise(wire):
                for point in {a, b, *(p for p in sheet.points() if lies_on(p, a, b))}:
                    parent[root((number, point))] = root((number, a))
        for name, point in sheet.names:
            parent[root((number, point))] = root(name)
    for number, sheet in enumerate(sheets):
        for tag, point in (*sheet.pins, *sheet.names):
            found.setdefault(root((number, point)), set()).add(tag)
    return list(found.values())
