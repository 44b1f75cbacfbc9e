"""The commissioning record: that the first power of a unit showed what it has to.

Law: without one of its own a real unit treats nobody. A record that was changed, or is of another unit, is
refused by name; one of a simulated unit says nothing of a real one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from config.characters import composed
from config.reader import refused
from config.sealed import read_sealed
from config.unit import Unit


def why_not_commissioned(record: Path | None, unit: Unit) -> str:
    """Say why nobody may be treated on a real unit with this record (None: there is none), or "".

    Raises `BadFile` for a record that was changed after it was written, or is of another unit.
    """
    if not unit.serial:
        return (
            "this unit has no serial number in its file, so that no record can be its own, and without "
            "records it treats nobody: `ionto commission --unit FILE` gives it one, `ionto calibrate` "
            "follows; --simulate needs none"
        )
    if record is None:
        return (
            f"unit {unit.serial} has no commissioning record, and without one it treats nobody: make one "
            "with `ionto commission --unit FILE`, or name it with --commissioning; --simulate needs none"
        )
    content = read_sealed(record)
    whose: Any = content.get("unit")
    serial = whose.get("serial") if isinstance(whose, dict) else None
    if content.get("commissioned") is not True or not isinstance(serial, str):
        raise refused(str(record), "is no commissioning record: `ionto commission` writes one")
    if composed(serial) != composed(unit.serial):
        raise refused(
            str(record),
            f"unit.serial: is {serial!r}, only a record of this unit, serial {unit.serial!r}, is allowed",
        )
    if content.get("simulated") is not False:
        return (
            "the commissioning record is of a simulated unit: commission this one with "
            "`ionto commission --unit FILE`"
        )
    return ""
