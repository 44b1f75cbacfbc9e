"""`ionto report`: the facts that somebody needs who looks for a fault, and nobody's name.

Law: only what is listed here, and of that only what no person typed and no file, account or network is called
by: versions, states, counts, codes, figures, ages. Nothing is sent anywhere, changed or energised. What can't
be told is said to be unknown.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.appliance.exchange import INSTALLED, LOG
from app.appliance.system import versions
from app.atomic import write_whole
from app.known_problems import known
from app.output import ExitCode, UsageError, say
from app.state import state_directory
from app.technician import doctor
from app.technician.records import commissioning_record, record_in_use
from app.unit_options import lacking
from config.calibration import read_calibration
from config.reader import BadFile
from config.unit import Unit, load_unit
from controller.host import wall
from controller.host.disk import told
from controller.journal import service
from controller.journal.history import MOST, History, Unreadable, open_history
from protocols.dates import utc

SHOWN: Final = frozenset(
    {
        *("software", "I2C clock", "I2C timeout", "computer", "clock", "real time", "unit's file"),
        *("DAC EEPROM", "DAC MCP4725", "control ADC ADS1115", "guard ADC ADS1115", "battery clock"),
    }
)
"""Checks of the doctor whose words are told; of the others, which may name a path or a serial number, how
they stand."""
ODD: Final = 20
"""So many of the newest sessions that did not end as they should."""
SERVICES: Final = ("ionto-controller", "ionto-web", "ionto-mqtt")
_STATES: Final = "ActiveState,SubState,Result,NRestarts,UnitFileState"
_MODEL: Final = Path("/proc/device-tree/model")
_RELEASE: Final = Path("/etc/os-release")
_ASK_S: Final = 20.0


class Order(NamedTuple):
    """What the command line asks for."""

    unit: Path | None
    state: Path | None
    out: Path | None


def report(order: Order) -> ExitCode:
    """Gather the facts, and print or write them.

    Raises:
        UsageError: the file exists or can't be written.
        BadFile: the unit's file is refused.

    """
    if order.out is not None and order.out.exists():
        raise UsageError(f"--out {order.out}: exists: name a new file")
    text = json.dumps(facts(load_unit(order.unit), state_directory(order.state)), indent=1)
    if order.out is None:
        say(text)
        return ExitCode.COMPLETED
    try:
        write_whole(order.out, text + "\n")
    except OSError as error:
        raise UsageError(f"--out {order.out}: can't be written: {told(error, order.out)}") from error
    say(f"{order.out} has the facts, and no name of a person, a device, a computer or a network.")
    say("Read it first; SECURITY.md says to whom it goes.")
    return ExitCode.COMPLETED


def facts(unit: Unit, state: Path) -> dict[str, Any]:
    """Return everything that is told."""
    return {
        "made_utc": f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}",
        "program": _program(),
        "machine": _machine(),
        "services": {name: _service(name) for name in SERVICES},
        "unit": _unit(unit, state),
        "doctor": _or_unknown(lambda: _doctor(unit, state)),
        "journal": _or_unknown(lambda: _journal(state)),
        "known_problems": [problem.id for problem in known()],
    }


def _or_unknown(tell: Callable[[], Any]) -> Any:
    """Give what is told, or the kind of what kept it: a message might hold a path."""
    try:
        return tell()
    except (OSError, BadFile, Unreadable, service.Unreadable, UsageError) as error:
        return {"unknown": type(error).__name__}


def _program() -> dict[str, Any]:
    try:
        updates = (INSTALLED / LOG).read_text(encoding="utf-8").splitlines()
    except OSError:
        updates = []
    return {
        "version": version("ionto"),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "installed": sorted(one.name for one in INSTALLED.glob("[0-9]*-*") if one.is_dir()),
        # Not the reasons: somebody typed them.
        "updates": [line.partition(", older because")[0] for line in updates[-10:] if "refused" not in line],
        "updates_refused": sum("refused" in line for line in updates),
    }


def _machine() -> dict[str, Any]:
    return {
        "model": _text(_MODEL),
        "system": _release(),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "processors": os.cpu_count(),
        "memory_mb": (os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) >> 20,
        "up_s": _up_s(),
        "packages": versions(),
    }


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip("\0\n")
    except OSError:
        return None


def _release() -> str | None:
    for line in (_text(_RELEASE) or "").splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return None


def _up_s() -> int:
    return round(float(Path("/proc/uptime").read_text(encoding="ascii").split()[0]))


def _service(name: str) -> dict[str, str] | None:
    """Say how a service stands; None where no systemd can be asked."""
    program = shutil.which("systemctl")
    if program is None:
        return None
    words = [program, "show", "--property", _STATES, name]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_ASK_S, check=False)  # noqa: S603 - ours
    except (OSError, subprocess.TimeoutExpired):
        return None
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line) or None


def _unit(unit: Unit, state: Path) -> dict[str, Any]:
    return {
        "rate_hz": unit.loop.rate_hz,
        "lacks": [option.key for option in lacking(unit)],
        "has_serial": bool(unit.serial),
        "commissioned": _or_unknown(lambda: commissioning_record(None, unit, state) is not None),
        "calibration_days": _or_unknown(lambda: _calibrated(unit, state)),
    }


def _calibrated(unit: Unit, state: Path) -> int | None:
    path = record_in_use(None, unit, state)
    if path is None:
        return None
    return (date.today() - date.fromisoformat(read_calibration(path, unit.serial, date.today()).date)).days


def _doctor(unit: Unit, state: Path) -> list[dict[str, str]]:
    order = doctor.Order(None, state, None, None, None, json=True)
    return [
        {"check": one.check, "state": one.state, **({"found": one.found} if one.check in SHOWN else {})}
        for one in doctor.findings(order, unit)
        if one.state != "known"
    ]


def _journal(state: Path) -> dict[str, Any]:
    used = [
        {
            "simulated": one.simulated,
            "sessions": one.sessions,
            "hours": round(one.hours, 1),
            "outcomes": one.outcomes,
            "trips": one.trips,
            "operations": [one.series_operations, one.polarity_operations],
        }
        for one in service.usage(state)
    ]
    if not used:
        return {"used": []}
    with open_history(state) as history:
        locks = {
            name: history.lock(simulated=which) for name, which in (("real", False), ("simulated", True))
        }
        return {
            "used": used,
            "whole": not history.verify().problems,
            "locked": {name: [one.code, one.needs.value] for name, one in locks.items() if one is not None},
            "computer": dict(Counter(hex(word) for _, word in service.computer(state))),
            "odd": _odd(history),
        }


def _odd(history: History) -> list[dict[str, Any]]:
    """Tell of the newest sessions that were not completed: what was found, and how many days ago, roughly."""
    now = wall.read().utc
    rows = [row for row in history.sessions(limit=MOST) if row["outcome"] not in {"completed", None}]
    return [
        {
            "session": row["id"],
            "days_ago": (now - utc(row["begun_utc"])).days,
            "outcome": row["outcome"],
            "code": row["code"],
            "duration_s": row["duration_s"],
            "set_ma": row["target_ma"],
            "given_ma_min": [row["forward_ma_min"], row["reverse_ma_min"]],
            "trips": [
                {name: trip[name] for name in ("cause", "phase", "detected_s", "evidence")}
                for trip in history.trips(row["id"])
            ],
        }
        for row in rows[:ODD]
    ]
