"""Records that show when they were changed: YAML with a checksum over everything else in it.

Law: the checksum is SHA-256 over the values, not the text, so that a comment or another indent does no harm
and another figure does.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from config.calibration import checksum_of
from config.reader import read_bytes, refused, whole
from config.scalars import ScalarError, resolve_plain

KEY: Final = "checksum"


class Writer(yaml.SafeDumper):
    """Quotes each text that the strict reader would take for something else, as a checksum that begins 0b."""


def _text(writer: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    try:
        plain = resolve_plain(value) == value
    except ScalarError:
        plain = False
    return writer.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else "'")


Writer.add_representer(str, _text)


def seal(content: Mapping[str, Any]) -> str:
    """Write a record as YAML with its checksum at the end; floats must have a decimal form (no exponent)."""
    sealed = {**content, KEY: checksum_of(content)}
    return yaml.dump(sealed, Dumper=Writer, sort_keys=False, allow_unicode=True, width=100)


def read_sealed(path: Path) -> dict[str, Any]:
    """Read a record and check its checksum; raise `BadFile` naming what is wrong with it."""
    content = dict(whole(read_bytes(path), str(path)).data)
    given = content.pop(KEY, None)
    if given is None:
        raise refused(str(path), f"has no {KEY}: it is half-written, or no record of ours")
    if given != checksum_of(content):
        raise refused(str(path), f"its {KEY} does not fit: it was changed after it was written")
    return content
