"""The symbols of the schematic: what each looks like, and where its pins are.

Law: shapes alone, no part and no sheet. A symbol of two pins lies along the x axis and is as long as `LENGTH`
says; one of more pins has them where `PINS` says, seen from its middle.
"""

from __future__ import annotations

from typing import Final, TypeAlias

Point: TypeAlias = tuple[int, int]

ALONG: Final = {
    "resistor": "M-15-5h30v10h-30z",
    "fuse": "M-15-5h30v10h-30zM-15 0h30",
    "capacitor": "M-3-10v20M3-10v20",
    "inductor": "M-20 0a5 5 0 0 1 10 0a5 5 0 0 1 10 0a5 5 0 0 1 10 0a5 5 0 0 1 10 0",
    "diode": "M-6-7L6 0L-6 7zM6-7V7",
    "zener": "M-6-7L6 0L-6 7zM2-9L6-7V7L10 9",
    "light": "M-6-7L6 0L-6 7zM6-7V7M-2-10l6-6m-4 0h4v4M5-10l6-6m-4 0h4v4",
    "coil": "M-10-14h20v28h-20zM-10 14L10-14",
    "contact": "M-12 0L10-9M12 0h-1",
    "closed": "M-12 3h24M0 3v-13M-6-10h12",
    "open": "M-12-6h24M0-6v-7M-6-13h12",
    "socket": "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0",
}
"""What lies between two pins; diodes conduct from the first to the second."""
LENGTH: Final = {
    "capacitor": 6,
    "inductor": 40,
    "diode": 12,
    "zener": 12,
    "light": 12,
    "coil": 20,
    "contact": 24,
    "closed": 24,
    "open": 24,
    "socket": 12,
}
HALF: Final = {"resistor": 6, "fuse": 6, "inductor": 7, "coil": 15, "light": 17, "open": 14, "socket": 7}

MORE: Final = {
    "nmos": "M-20 0h10M-10-10v20M-5-13v8M-5-4v8M-5 5v8M-5-9H10V-20M-5 9H10V20M-5 0H10V9",
    "pmos": "M-20 0h10M-10-10v20M-5-13v8M-5-4v8M-5 5v8M-5-9H10V-20M-5 9H10V20M-5 0H10V-9",
    "pnp": "M-20 0h14M-6-11v22M-6-4L10-13V-20M-6 4L10 13V20",
    "shunt": "M0-20V-7M0 7V20M-9 7L0-7L9 7zM-12-10L-9-7H9L12-4M-20 0h15",
    "change_over": "M-20-10h10M-20 10h8M20 0h-8M12 0L-10-10",
}
AMPLIFIER: Final = "M-20-25V25L20 0zM-30-10h10M-30 10h10M20 0h10M0-30V-13M0 30V13"
ARROWS: Final = {"nmos": "M-5 0l7-3v6z", "pmos": "M5 0l-7-3v6z", "pnp": "M-5-5L4-6L1-12z"}
"""What of them is filled."""
PINS: Final[dict[str, dict[str, Point]]] = {
    "nmos": {"g": (-20, 0), "d": (10, -20), "s": (10, 20)},
    "pmos": {"g": (-20, 0), "s": (10, -20), "d": (10, 20)},
    "pnp": {"b": (-20, 0), "e": (10, -20), "c": (10, 20)},
    "shunt": {"k": (0, -20), "r": (-20, 0), "a": (0, 20)},
    "change_over": {"rest": (-20, -10), "moved": (-20, 10), "c": (20, 0)},
}


def length(kind: str) -> int:
    """Return how long a symbol of two pins is."""
    return LENGTH.get(kind, 30)


def half(kind: str) -> int:
    """Return how far a symbol of two pins reaches to its sides."""
    return HALF.get(kind, 10)
