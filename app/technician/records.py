"""Calibration records on disk: written whole, the one before kept, read again before they count.

Law: at every moment the place of the current record holds a complete one, the old or the new.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from app.atomic import write_whole
from app.output import UsageError
from config.calibration import Calibration, checksum_of, load_calibration, read_calibration
from config.characters import composed, file_name
from config.reader import BadFile, parse, read_bytes
from config.sealed import KEY, Writer
from config.unit import Unit
from controller.host.disk import there
from sim.scenario import Scenario

FOLDER = "calibration"
COMMISSIONING = "commissioning"


class _Dumper(Writer):
    """Writes points and corrections on one line each, and never an alias."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # as PyYAML calls it
        """Write everything out."""
        return True


def _plain_float(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    """Write a number without exponent, which the strict reader refuses."""
    text = repr(value)
    if "e" in text:
        text = f"{value:.12f}".rstrip("0")
        text += "0" if text.endswith(".") else ""
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


_Dumper.add_representer(float, _plain_float)


def current_record(state: Path, serial: str) -> Path:
    """Give the place of a unit's current record below the state directory."""
    folder, name = state / FOLDER, file_name(serial)
    # Before, "A/B" and "A_B" had one place: a record that lies there stays the unit's if it is the unit's.
    old = folder / f"{''.join(one if one.isalnum() or one in '-_' else '_' for one in serial)}.yaml"
    if old.stem != name and not there(folder / f"{name}.yaml") and _is_of(old, serial):
        return old
    return folder / f"{name}.yaml"


def _is_of(path: Path, serial: str) -> bool:
    return composed(_serial_in(path)) == composed(serial)


def _serial_in(path: Path) -> str:
    """Give the serial number that a record names, "" where it names none."""
    try:
        told = parse(read_bytes(path), str(path)).data.get("unit_serial")
    except BadFile:
        return ""
    return told if isinstance(told, str) else ""


def record_in_use(given: Path | None, unit: Unit, state: Path) -> Path | None:
    """Give the record that counts: the one that was named, or the unit's current one, or None."""
    if given is not None:
        return given
    if not unit.serial:
        return None
    current = current_record(state, unit.serial)
    return current if there(current) else None


def commissioning_record(given: Path | None, unit: Unit, state: Path | None) -> Path | None:
    """Give a unit's commissioning record: the one that was named, or the one below the state, or None."""
    if given is not None or state is None or not unit.serial:
        return given
    path = state / COMMISSIONING / f"commissioning-{file_name(unit.serial)}.yaml"
    return path if there(path) else None


def records_of(state: Path, serial: str) -> list[Path]:
    """Give all records of a unit, the oldest first, the current one last."""
    current = current_record(state, serial)
    older = sorted(current.parent.glob(f"{current.stem}.[0-9]*.yaml"))
    return older + ([current] if there(current) else [])


def serials(state: Path) -> list[str]:
    """Give the serial numbers of the units that have a current record here, at most 20."""
    files = sorted(one for one in (state / FOLDER).glob("*.yaml") if "." not in one.stem)[:20]
    return [found for one in files if (found := _serial_in(one))]


def text_of(record: dict[str, Any]) -> str:
    """Write a record as YAML with its checksum last."""
    content = {key: value for key, value in record.items() if key != KEY}
    plain = parse(_dump(content).encode(), "record").data  # what a reader will see is what is summed
    return _dump(content | {KEY: checksum_of(plain)})


def _dump(content: dict[str, Any]) -> str:
    return yaml.dump(
        content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110
    )


def treatment_record(
    given: Path | None, state: Path | None, unit: Unit, seed: int | None
) -> tuple[Calibration, str]:
    """Give the record that a treatment uses, and a notice: the one that is `given`, else the unit's current.

    `seed` is a simulated unit's, which lends it a serial number where its description has none. Raises
    BadFile.
    """
    serial = unit.serial or ("" if seed is None else f"SIM-{seed}")
    named = unit.model_copy(update={"serial": serial})
    record = given if state is None else record_in_use(given, named, state)
    return load_calibration(record, unit, serial=serial)


def same_parts(scenario: Scenario, calibration: Calibration) -> Scenario:
    """Let a simulated unit be of the parts that its record was made with, unless the scenario says so."""
    made = calibration.made
    if made is None or made.simulated is None or "unit" in scenario.model_fields_set:
        return scenario
    return scenario.model_copy(update={"unit": made.simulated.unit})


def write_record(path: Path, record: dict[str, Any], serial: str, today: date) -> Path | None:
    """Write a record and give where the one before went, or None. Raises OSError or UsageError.

    The old file gets a second name first, then the new one takes its place in one step.
    """
    text = text_of(record)
    path.parent.mkdir(parents=True, exist_ok=True)
    before = None
    if there(path):
        before = _free_name(path)
        os.link(path, before)
    write_whole(path, text)
    try:
        read_calibration(path, serial, today)
    except BadFile as error:  # ours to mend: a record that we write must be one that we read
        path.unlink()
        if before is not None:
            os.link(before, path)
        raise UsageError(f"the record could not be read again and was taken back: {error}") from error
    return before


def _free_name(path: Path) -> Path:
    """Give the first unused name for the old record: its number goes up."""
    taken = path.parent.glob(f"{path.stem}.[0-9]*.yaml")
    numbers = [int(name.stem.rpartition(".")[2]) for name in taken if name.stem.rpartition(".")[2].isdigit()]
    return path.with_name(f"{path.stem}.{max(numbers, default=0) + 1:04d}{path.suffix}")


def mark_bad(path: Path, who: str, why: str, today: date) -> Calibration:
    """Write into a record that it does not count any more. Raises BadFile, OSError."""
    read_calibration(path, None, today)
    data = dict(parse(read_bytes(path), str(path)).data)
    marked = {**data, "record": 2, "marked_bad": {"date": today.isoformat(), "who": who, "why": why}}
    write_whole(path, text_of(marked))
    return read_calibration(path, None, today)
