"""`ionto service hand-over`: a unit goes to other people; what is of the former ones is taken away.

Law: what is worn stays worn, and nothing else of its past counts: commissioning and calibration are asked for
anew. A unit that is locked is not handed over, since its journal is what keeps it locked.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

from app.live import messages
from app.output import ExitCode, UsageError, complain, say
from app.state import state_directory
from app.technician import logbook
from app.technician.service import worn
from config.unit import Unit, load_unit
from controller.appliance.live_state import SOCKET
from controller.core.locks import why_locked
from controller.host.disk import told
from controller.journal.history import Unreadable, open_history
from controller.journal.tables import FILE as JOURNAL

SETTINGS: Final = Path("/etc/ionto")
OF_THEIRS: Final = ("mqtt.env", "mqtt-password", "web.env")
"""Files of the settings that name networks, brokers and passwords."""
WIFI: Final = "802-11-wireless"
"""As NetworkManager names it."""
_PATIENCE_S: Final = 30.0


class HandOver(NamedTuple):
    """What the command line asks for; `serial` is the unit's, typed again so that it is meant."""

    serial: str
    who: str
    unit: Path | None
    state: Path | None
    json: bool


def hand_over(order: HandOver) -> ExitCode:
    """Take away what is of the people who had the unit.

    Raises:
        UsageError: the serial number is another one, or something can't be read or removed.
        BadFile: the unit's file is refused.

    """
    state, unit = state_directory(order.state), load_unit(order.unit)
    if order.serial != (unit.serial or unit.name):
        raise UsageError(
            f"this unit is {unit.serial or unit.name}, not {order.serial}: name the one that is meant"
        )
    if next(messages(state / SOCKET, lambda: False)) is not None:
        stop = "sudo systemctl stop ionto-controller ionto-web ionto-mqtt"
        complain(f"ionto: the unit's program runs: first {stop}")
        return ExitCode.REFUSED
    if locked := _locked(state):
        complain(f"ionto: a locked unit is not handed over: {locked}")
        return ExitCode.REFUSED
    gone = _take_away(state, order.who, unit)
    networks = _forget_networks()
    if order.json:
        say(json.dumps({"gone": [str(one) for one in gone], "networks": networks}))
        return ExitCode.COMPLETED
    for one in gone:
        say(f"gone: {one}")
    by_hand = "Wi-Fi: NetworkManager is not here; remove the networks by hand."
    say("gone: the Wi-Fi networks" if networks else by_hand)
    say(
        "The wear of the relays stays. Not gone: the system's own accounts, keys and logs, and what the card "
        "holds of removed files: write the card anew (docs/backup.md). Next: ionto commission, and calibrate."
    )
    return ExitCode.COMPLETED


def _locked(state: Path) -> str:
    """Say why the unit is locked, or "". Raises UsageError where that can't be known."""
    if not (state / JOURNAL).exists():
        return ""
    try:
        with open_history(state) as history:
            locks = (history.lock(simulated=simulated) for simulated in (False, True))
            return next((why_locked(lock) for lock in locks if lock is not None), "")
    except Unreadable as error:
        raise UsageError(str(error)) from error


def _take_away(state: Path, who: str, unit: Unit) -> list[Path]:
    """Remove everything but the log, and write the wear into that. Raises UsageError."""
    theirs = [one for one in state.iterdir() if one.name != logbook.FILE]
    journal = [one for one in theirs if one.name.startswith("journal.")]
    others = [one for one in theirs if one not in journal]
    others += [SETTINGS / name for name in OF_THEIRS if (SETTINGS / name).exists()]
    carried = worn(unit, state)
    _remove(others)
    # What counted the wear goes last: what breaks off before can be done once more.
    text = "handed over: people, records, calibration and commissioning were taken away"
    logbook.add(state, who, text, serial=unit.serial, after_session=0, carried=carried)
    _remove(journal)
    return others + journal


def _remove(gone: list[Path]) -> None:
    for one in gone:
        try:
            if one.is_dir() and not one.is_symlink():
                shutil.rmtree(one)
            else:
                one.unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(f"{one} can't be removed: {told(error, one)}; then do it once more") from error


def _forget_networks() -> bool:
    """Have NetworkManager forget its Wi-Fi networks; False where there is none to ask."""
    nmcli = shutil.which("nmcli")
    if nmcli is None:
        return False
    listed = _told_by(nmcli, "--terse", "--fields", "UUID,TYPE", "connection", "show")
    for line in listed.splitlines():
        uuid, _, kind = line.partition(":")
        if kind == WIFI:
            _told_by(nmcli, "connection", "delete", "uuid", uuid)
    return True


def _told_by(*words: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the system's own program, and numbers it gave
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PATIENCE_S, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError(
            "NetworkManager did not forget the Wi-Fi networks: look with sudo nmcli connection"
        ) from error
    return done.stdout
