"""Records that show when they were changed: YAML with a checksum over everything else in it.

Law: the checksum is SHA-256 over the values, not the text, so that a comment or another indent does no harm
and another figure does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from config.reader import parse, read_bytes, refused

KEY: Final = "checksum"


def checksum(content: Mapping[str, Any]) -> str:
    """Give the checksum of a record's content (plain YAML values), the key itself left out."""
    rest = {name: value for name, value in content.items() if name != KEY}
    canonical = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def seal(content: Mapping[str, Any]) -> str:
    """Write a record as YAML with its checksum at the end; floats must have a decimal form (no exponent)."""
    sealed = {**content, KEY: checksum(content)}
    return yaml.safe_dump(sealed, sort_keys=False, allow_unicode=True, width=100)


def read_sealed(path: Path) -> dict[str, Any]:
    """Read a record and check its checksum; raise `BadFile` naming what is wrong with it."""
    content = dict(parse(read_bytes(path), str(path)).data)
    given = content.pop(KEY, None)
    if given is None:
        raise refused(str(path), f"has no {KEY}: it is half-written, or no record of ours")
    if given != checksum(content):
        raise refused(str(path), f"its {KEY} does not fit: it was changed after it was written")
    return content
