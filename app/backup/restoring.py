"""`ionto restore`: unpacks a backup, checks it, puts it in its place; what was there before is kept aside.

Law: until everything was checked nothing is changed. Then the journal's head comes first and the journal
last: what breaks off in between treats nobody (code 23), and never looks like a household without a past.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from app.atomic import write_bytes
from app.backup.archive import FILES, FOLDERS, STATE, UNIT_FILE, BadBackup, Manifest, unpack
from app.backup.checked import NotWhole, check
from app.live import messages
from config.reader import BadFile
from config.unit import load_unit
from controller.appliance.live_state import SOCKET
from controller.host.disk import there, why
from controller.host.kept import BEFORE
from controller.journal.chain import HEAD_FILE
from controller.journal.tables import FILE as JOURNAL
from controller.orders import allowed
from controller.orders import file as order

_LOGS: Final = ("", "-wal", "-shm", BEFORE)
"""What belongs to a file of tables."""
OF_THE_UNIT: Final = ("service.jsonl", *FOLDERS)
"""What tells of this unit and not of its people."""


class NotRestored(Exception):
    """It may not be restored here; `str()` is one sentence with what to do, and nothing was changed."""


class Place(NamedTuple):
    """Where to: the state directory, and the unit's file if it is to be put back too.

    `replace`: what is there is kept aside. `handed_over`: only the people come, from another unit.
    """

    state: Path
    unit: Path | None
    replace: bool = False
    handed_over: bool = False


def restore(backup: Path, place: Place) -> tuple[Manifest, Path | None]:
    """Restore a backup; gives its manifest, and where is what was there before.

    Raises:
        NotRestored: it is damaged, or of another unit, or this place is not empty, or in use.
        BadFile: this unit's own file is refused.
        OSError: as of the file system.

    """
    state = place.state
    if next(messages(state / SOCKET, lambda: False)) is not None:
        raise NotRestored(
            "the unit's program runs: first sudo systemctl stop ionto-controller ionto-web ionto-mqtt"
        )
    kept = _kept(place)
    if kept and not place.replace:
        raise NotRestored(
            f"{state} holds records already ({kept[0].name}): with --replace they go into a folder there"
        )
    made = not there(state)
    state.mkdir(mode=0o750, parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=state, prefix=".restore-") as folder:
            fresh = Path(folder)
            manifest = _unpacked(backup, fresh, place)
            _give_to_owner(fresh, state)
            if place.unit is not None and there(fresh / UNIT_FILE):
                # First: where it can't be written, no record moves.
                _put_unit_file(fresh / UNIT_FILE, place.unit)
            aside = _put_in_place(fresh / STATE, state, kept)
    except BaseException:
        if made:
            with suppress(OSError):  # not empty: something was put there already
                state.rmdir()
        raise
    return manifest, aside


def _put_in_place(fresh: Path, state: Path, kept: list[Path]) -> Path | None:
    """Exchange what is there for what is fresh; gives the folder where the former is, if there was any."""
    aside = _folder_beside(state) if kept else None
    comes = sorted(fresh.iterdir(), key=lambda one: (one.name == JOURNAL, one.name != HEAD_FILE))
    if aside is not None:
        if there(state / HEAD_FILE):
            os.link(state / HEAD_FILE, aside / HEAD_FILE)  # it stays until the next takes its place
        for old in kept:
            if old.name != HEAD_FILE:
                old.rename(aside / old.name)
    for name in (order.FILE, allowed.FILE):  # of the people who were here
        (state / name).unlink(missing_ok=True)
    for one in comes:
        one.rename(state / one.name)
    if aside is not None and JOURNAL not in {one.name for one in comes}:
        (state / HEAD_FILE).unlink(missing_ok=True)
    _to_disk(state)
    return aside


def _folder_beside(state: Path) -> Path:
    aside = Path(tempfile.mkdtemp(dir=state, prefix=f"replaced-{datetime.now(UTC):%Y-%m-%d}-"))
    _give_to_owner(aside, state)
    return aside


def _unpacked(backup: Path, fresh: Path, place: Place) -> Manifest:
    """Unpack and check everything; a folder for the state is there then. Raises NotRestored, BadFile."""
    try:
        manifest = unpack(backup, fresh)
        (fresh / STATE).mkdir(exist_ok=True)
        check(fresh / STATE)
        packed = load_unit(fresh / UNIT_FILE) if there(fresh / UNIT_FILE) else None
    except (BadBackup, NotWhole) as error:
        raise NotRestored(f"{backup} was not restored: {error}") from error
    except BadFile as error:
        raise NotRestored(
            f"{backup} was not restored: the unit's file in it is refused: {error.errors[0]}"
        ) from error
    except sqlite3.Error as error:
        raise NotRestored(f"{backup} was not restored: {why(error, fresh).cause}") from error
    own = "" if place.unit is None or not there(place.unit) else load_unit(place.unit).serial
    theirs = manifest.serial if packed is None else packed.serial
    if own and own != theirs and not place.handed_over:
        raise NotRestored(
            f"{backup} is of the unit {theirs or 'without a serial number'}, and this one is {own}: with "
            "--handed-over its people come here, and this unit's own file and records stay"
        )
    if packed is not None and place.unit is None:
        raise NotRestored(
            f"{backup} holds the unit's file: say where it goes, as --unit /etc/ionto/unit.yaml"
        )
    if place.handed_over:
        _leave_the_unit_behind(fresh)
    return manifest


def _leave_the_unit_behind(fresh: Path) -> None:
    (fresh / UNIT_FILE).unlink(missing_ok=True)
    for name in OF_THE_UNIT:
        if (fresh / STATE / name).exists():
            (fresh / STATE / name).rename(fresh / name)


def _kept(place: Place) -> list[Path]:
    """Give what is kept here already and would have to go, the journal first."""
    names = [f"{name}{log}" for name in FILES for log in (_LOGS if name.endswith(".db") else ("",))]
    if not place.handed_over:
        names += FOLDERS
    stays = OF_THE_UNIT if place.handed_over else ()
    return [place.state / name for name in names if name not in stays and there(place.state / name)]


def _give_to_owner(fresh: Path, state: Path) -> None:
    """Let what an administrator restores belong to the account that keeps the records."""
    owner = state.stat()
    if os.geteuid() == 0:
        for one in (fresh, *fresh.rglob("*")):
            os.chown(one, owner.st_uid, owner.st_gid)
    for folder in (one for one in fresh.rglob("*") if one.is_dir()):
        folder.chmod(0o700)


def _put_unit_file(packed: Path, unit: Path) -> None:
    """Put the unit's file in its place, and keep the one that is there."""
    fresh = packed.read_bytes()
    if there(unit):
        if unit.read_bytes() == fresh:
            return
        write_bytes(unit.with_name(unit.name + BEFORE), unit.read_bytes())
    write_bytes(unit, fresh)


def _to_disk(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
