"""The file `allowed.json`: what each person of the household may be given now, for the device to hold to.

Law: it only takes away. Whoever isn't named in it was never of the household; who was removed is named, and
may be given nothing. A file that is no such file, or was there and is gone, allows nobody anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

FILE: Final = "allowed.json"
LARGEST: Final = 1 << 16
"""Bytes of the file."""


def written(allowed: Mapping[str, Mapping[str, float]]) -> str:
    """Return the file's content: by person and treatment the most in mA; what isn't there is nothing."""
    return json.dumps({person: dict(sorted(most.items())) for person, most in sorted(allowed.items())}) + "\n"


def of(data: bytes | None, person: str) -> dict[str, float] | None:
    """Return what this person may be given, mA by treatment; None where the file doesn't know them.

    `data` is None for a file that was there and is gone, or can't be read.
    """
    if data is None or len(data) > LARGEST:
        return {}
    try:
        people = json.loads(data)
        most = people.get(person)
        if most is None:
            return None
        return {str(name): float(most_ma) for name, most_ma in most.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}
