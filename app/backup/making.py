"""`ionto backup`: copies what a unit knows, while it goes on, checks the copy and packs it.

Law: the unit is neither asked nor held up; each table is copied as of one moment. A backup that can't be
restored is never made.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from app.backup.archive import FILES, FOLDERS, STATE, UNIT_FILE, Manifest, described, pack
from app.backup.checked import NotWhole, check
from app.output import UsageError
from config.unit import load_unit
from controller.host.disk import there, why
from controller.host.kept import copy_tables
from controller.journal.chain import HEAD_FILE


def make(state: Path, unit: Path | None, target: Path) -> Manifest:
    """Pack what is kept in `state`, and the unit's file, into the new file `target`.

    Raises:
        BadFile: the unit's file is refused.
        NotWhole: the journal or the book isn't as it was written.
        UsageError: there is nothing to keep, or it can't be read or written.

    """
    described_unit = None if unit is None else load_unit(unit)
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.stem}-") as folder:
            place = Path(folder)
            _gather(state, place / STATE)
            if not any((place / STATE).iterdir()):
                raise UsageError(f"nothing is kept in {state} yet: name the unit's directory with --state")
            counts = check(place / STATE)
            if unit is not None:
                shutil.copyfile(unit, place / UNIT_FILE)
            manifest = Manifest(
                backup=1,
                made_utc=datetime.now(UTC).isoformat(timespec="seconds"),
                program=version("ionto"),
                unit="" if described_unit is None else described_unit.name,
                serial="" if described_unit is None else described_unit.serial,
                files=described(place),
                **counts._asdict(),
            )
            pack(place, manifest, target)
    except sqlite3.Error as error:
        raise NotWhole(f"the records in {state} can't be read ({why(error, state).cause})") from error
    return manifest


def _gather(state: Path, into: Path) -> None:
    """Copy the files of a state directory, the journal's head before the journal that it must not outrun."""
    into.mkdir()
    for name in sorted(FILES, key=lambda one: one != HEAD_FILE):
        if there(state / name):
            (copy_tables if name.endswith(".db") else shutil.copyfile)(state / name, into / name)
    for folder in FOLDERS:
        for record in sorted((state / folder).glob("[!.]*.yaml")):
            (into / folder).mkdir(exist_ok=True)
            shutil.copyfile(record, into / folder / record.name)
