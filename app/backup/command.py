"""The commands `ionto backup` and `ionto restore`: what they do is in `making` and `restoring`.

Law: what can't be done is one sentence, and then nothing was written or changed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from app.backup.archive import Manifest
from app.backup.checked import NotWhole
from app.backup.making import make
from app.backup.restoring import NotRestored, Place
from app.backup.restoring import restore as put_back
from app.output import ExitCode, UsageError, complain, say
from app.state import state_directory
from controller.host.disk import there, told


class BackupOrder(NamedTuple):
    """What the command line asks for."""

    file: Path
    unit: Path | None
    state: Path | None
    json: bool


class RestoreOrder(NamedTuple):
    """What the command line asks for."""

    file: Path
    unit: Path | None
    state: Path | None
    replace: bool
    handed_over: bool
    json: bool


def backup(order: BackupOrder) -> ExitCode:
    """Make a backup. Raises UsageError or BadFile."""
    if there(order.file):
        raise UsageError(f"{order.file} exists: name a new file")
    if not order.file.absolute().parent.is_dir():
        raise UsageError(f"{order.file}: the folder {order.file.absolute().parent} does not exist")
    try:
        manifest = make(state_directory(order.state), order.unit, order.file)
    except NotWhole as error:
        complain(f"ionto: no backup was made: {error}")
        return ExitCode.REFUSED
    except OSError as error:
        raise UsageError(f"{order.file} can't be made: {told(error, order.file)}") from error
    if order.json:
        say(_json(manifest))
    else:
        say(
            f"{order.file} holds {_counted(manifest)}. It tells of people's health: keep it as you keep that."
        )
    return ExitCode.COMPLETED


def restore(order: RestoreOrder) -> ExitCode:
    """Restore a backup. Raises UsageError or BadFile."""
    state = state_directory(order.state)
    if not there(order.file):
        raise UsageError(f"{order.file} does not exist: look at the path")
    try:
        manifest, aside = put_back(order.file, Place(state, order.unit, order.replace, order.handed_over))
    except NotRestored as error:
        complain(f"ionto: {error}")
        return ExitCode.REFUSED
    except OSError as error:
        raise UsageError(f"{order.file} could not be restored: {told(error, state)}") from error
    if order.json:
        say(_json(manifest, aside=None if aside is None else str(aside)))
        return ExitCode.COMPLETED
    say(f"Restored to {state}: {_counted(manifest)}, as of {manifest.made_utc[:16].replace('T', ' ')} UTC.")
    if aside is not None:
        say(f"What was there is in {aside}.")
    return ExitCode.COMPLETED


def _counted(manifest: Manifest) -> str:
    whose = f"unit {manifest.serial}" if manifest.serial else "a unit without a serial number"
    return f"{whose}, sessions {manifest.sessions}, people {manifest.people}"


def _json(manifest: Manifest, **more: object) -> str:
    return json.dumps({**manifest.model_dump(exclude={"files"}), "files": len(manifest.files), **more})
