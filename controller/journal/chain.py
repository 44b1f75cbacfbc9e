"""The chain of records: each carries the hash of the one before, so that a changed or missing one shows.

Law: pure but for the head's own file. A record's hash is SHA-256 over the hash before it, its number and its
body as canonical JSON (keys in order, no spaces, UTF-8, numbers as Python's shortest form).

What a chain can't show by itself is a tail that was cut off whole, so the newest number and hash are kept a
second time, in `journal.head`. Who may write both files can still rewrite everything: the chain finds damage
and casual changes, it is no signature.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Final, NamedTuple

HEAD_FILE: Final = "journal.head"
ORIGIN: Final = "0" * 64
"""The hash before the first record."""


class Head(NamedTuple):
    """The newest record: its number (0 for none) and its hash."""

    number: int = 0
    hash: str = ORIGIN


def canonical(body: dict[str, Any]) -> str:
    """Write a body as canonical JSON. ValueError for not-a-number and infinities."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def following(head: Head, body: str) -> Head:
    """Return the head after a record with this canonical body."""
    number = head.number + 1
    text = f"{head.hash}\n{number}\n{body}"
    return Head(number, hashlib.sha256(text.encode()).hexdigest())


def digest(data: bytes) -> str:
    """Return the SHA-256 of a chart's data, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def write_head(directory: Path, head: Head, draft_name: str = f".{HEAD_FILE}-draft") -> None:
    """Replace the head's file as a whole. Raises OSError."""
    draft = directory / draft_name
    with draft.open("w", encoding="ascii") as file:
        file.write(f"{head.number} {head.hash}\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(directory / HEAD_FILE)


def read_head(directory: Path) -> Head | None:
    """Return the head that the file tells, None where there is none. ValueError when it is no head."""
    try:
        words = (directory / HEAD_FILE).read_text(encoding="ascii", errors="replace").split()
    except FileNotFoundError:
        return None
    if len(words) != 2 or not words[0].isdigit() or len(words[1]) != len(ORIGIN):
        raise ValueError(f"{HEAD_FILE} does not hold a number and a hash")
    return Head(int(words[0]), words[1])
