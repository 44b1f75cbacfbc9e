"""The locks: which packages, at which version, by which hashes; and what a single extra of them needs.

Law: standard library only, since the checkout's set-up reads this before any package is there. What an extra
needs is read from the notes in which the lock says for whose sake each package is in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

EXTRAS: Final = {
    "mqtt": ("paho-mqtt",),
    "oled": ("luma-oled",),
    "meter": ("pyvisa", "pyvisa-py"),
    "dask": ("distributed",),
}
"""What a unit does without unless asked: the packages at the root of each, as in pyproject.toml."""
CORE: Final = "requirements.lock"
LARGER: Final = "requirements-dev.lock"
"""Everything: the core, the tests and all extras."""
_ENTRY: Final = r"([a-z0-9-]+)=="
_NOTE: Final = r"(?m)^ +# +(?:via )?([a-z0-9-]+)$"


class Entry(NamedTuple):
    """One package of a lock: its name, the lock's own text, and the packages it is there for."""

    name: str
    text: str
    wanted_by: frozenset[str]


def read(lock: Path) -> dict[str, Entry]:
    """Return the entries of a lock by name."""
    entries = {}
    for text in re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8")):
        if found := re.match(_ENTRY, text):
            entries[found[1]] = Entry(found[1], text.rstrip("\n"), frozenset(re.findall(_NOTE, text)))
    return entries


def needed_by(entries: dict[str, Entry], roots: Iterable[str]) -> set[str]:
    """Return the names of `roots` and of all that is locked for their sake, directly or not."""
    found, more = set(), set(roots)
    while more:
        found |= more
        more = {name for name, entry in entries.items() if entry.wanted_by & more} - found
    return found


def of_parts(root: Path, parts: Iterable[str]) -> dict[str, Entry]:
    """Return what `parts` of the checkout at `root` need: `core`, `dev` (everything) and extras by name.

    Raises:
        KeyError: there is no such part.
        OSError: a lock can't be read.

    """
    larger = read(root / LARGER)
    if "dev" in parts:
        return larger
    core = read(root / CORE)
    wanted = set[str]().union(*(needed_by(larger, EXTRAS[part]) for part in parts if part != "core"))
    return core | {name: entry for name, entry in larger.items() if name in wanted and name not in core}
