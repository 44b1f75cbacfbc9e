"""What leaves a process, held to a file: `tests/wire/` has one for each format that others read.

Law: such a file changes only together with a reason to change the format. After one

    GOLDEN=write .venv/bin/python -m pytest -n 0 tests/wire

writes the files again, and the difference is for a person to read.
"""

from __future__ import annotations

import json
import os
from difflib import unified_diff
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "wire"
WORDS = frozenset(
    {"state", "phase", "polarity", "first_polarity", "kind", "outcome", "cause", "trip_cause", "contact"}
    | {"short_because"}
    | {"limited_by", "colour", "signal", "next", "held", "treatment", "person"}
)
"""Keys whose texts are ids that programs compare; all other texts are for people."""


def held(name: str, told: Any) -> None:
    """Compare with the golden file of this name: a text as it is, anything else as JSON."""
    text = told if isinstance(told, str) else json.dumps(told, indent=1, ensure_ascii=False) + "\n"
    file = FOLDER / name
    if os.environ.get("GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    known = file.read_text(encoding="utf-8")
    changes = unified_diff(known.splitlines(), text.splitlines(), "known", "told", lineterm="")
    assert text == known, "\n".join([f"{name} is told otherwise than its readers know it:", *changes])


def form(value: Any, key: str = "") -> Any:
    """Return what a reader has to know of a message: its keys in order, ids as they are, else the kinds."""
    if isinstance(value, dict):
        return {name: form(one, name) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [form(one, key) for one in value]
    if (
        value is None
        or isinstance(value, bool)
        or (isinstance(value, str) and key in WORDS and " " not in value)
    ):
        return value
    return {int: "integer", float: "number", str: "text"}[type(value)]
