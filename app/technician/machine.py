"""What the machine offers to a unit: software, groups, clock, disk, real time, the kernel's I2C settings.

Law: looks only. Each check takes where to look as arguments, so that it is the same code on a Pi, on a
workbench PC and in a test; none of them raises for what it finds.
"""

from __future__ import annotations

import grp
import os
import platform
import pwd
import re
import resource
import sqlite3
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from app.appliance.exchange import INSTALLED, SETTINGS
from app.appliance.signed import PRINCIPAL, SIGNERS, Untrusted, require_signers
from app.extras import anew
from app.technician.findings import Finding, failed, ok, skipped, warning
from controller.host import wall
from controller.host.battery_clock import CHIPS, ChipFile
from controller.host.computer import ask, told
from controller.host.computer import look as fares
from controller.host.disk import why as disk_why
from controller.journal.store import LEAST_FREE_BYTES

ROOT: Final = Path(__file__).resolve().parents[2]
"""Where the lock lies, beside the rooms."""
LONGEST_STRETCH_MS: Final = 10
"""A transfer may take this long (docs/decisions/0003-hung-bus.md)."""
LOCKED_BYTES: Final = 64 << 20
"""The loop's process takes below this, all of it locked."""
RULES: Final = {
    "gpio": 'SUBSYSTEM=="gpio", KERNEL=="gpiochip*", GROUP="gpio", MODE="0660"',
    "i2c": 'SUBSYSTEM=="i2c-dev", GROUP="i2c", MODE="0660"',
}
"""udev's, by group: what `app/appliance/60-ionto.rules` has and Raspberry Pi OS too."""
_CAP_IPC_LOCK: Final = 14
_CAP_SYS_NICE: Final = 23
"""Bits of the capability mask (linux/capability.h)."""
_LOCKED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)\s*(;.*?)?\s*\\?$", re.MULTILINE)


def software(lock: Path | None = None) -> Finding:
    """Compare what is installed with the lock: beside a checkout's rooms, or in an installed environment."""
    places = (ROOT / "requirements.lock", Path(sys.prefix) / "requirements.lock")
    lock = lock or next((one for one in places if one.exists()), places[0])
    installed = not (ROOT / "pyproject.toml").exists()
    here = f"ionto {version('ionto')} on Python {platform.python_version()}, {platform.machine()}"
    try:
        wanted = _LOCKED.findall(lock.read_text())
    except OSError:
        return skipped(
            "software",
            f"{here}; no {lock.name} to compare with",
            "Install a newer bundle, which brings it." if installed else "Fetch the checkout again.",
        )
    wrong = []
    for name, locked, condition in wanted:
        try:
            found = version(name)
        except PackageNotFoundError:
            if not condition:
                wrong.append(f"{name} is missing")
            continue
        if found != locked:
            wrong.append(f"{name} is {found}, locked is {locked}")
    if not wrong:
        return ok("software", f"{here}; {len(wanted)} packages as locked")
    shown = "; ".join(wrong[:3]) + (f"; {len(wrong) - 3} more" if len(wrong) > 3 else "")
    remedy = anew()
    return warning("software", f"{here}; {shown}", f"{remedy[:1].upper()}{remedy[1:]}.")


def updates(base: Path = INSTALLED, settings: Path = SETTINGS) -> Iterator[Finding]:
    """Say whether an installed program knows who may sign its updates; nothing of any other."""
    if not (base / "current").is_symlink():
        return
    signers = settings / SIGNERS
    try:
        require_signers(signers)
        count = sum(line.startswith(PRINCIPAL) for line in signers.read_text(encoding="utf-8").splitlines())
    except Untrusted as error:
        yield warning("updates", "none is taken", f"{str(error)[:1].upper()}{str(error)[1:]}.")
    except (OSError, ValueError):
        yield warning(
            "updates", f"{signers} can't be read", f"Let everybody read it: sudo chmod 644 {signers}."
        )
    else:
        many = f"{count} keys may" if count != 1 else "one key may"
        yield ok("updates", f"{many} sign them ({signers})")


def _name_of(group: int) -> str:
    try:
        return f"the group {grp.getgrgid(group).gr_name}"
    except KeyError:
        return f"the group number {group}"


def _logs_in() -> bool:
    """Whether this process's account is a person's, who can log in again."""
    try:
        return Path(pwd.getpwuid(os.geteuid()).pw_shell).name not in {"nologin", "false"}
    except KeyError:
        return False


def access(path: Path, group: str, member_of: frozenset[int] | None = None) -> Iterator[Finding]:
    """Say whether this user may use the device `path`, which is to be the group's: `gpio` or `i2c`.

    Nothing for a device that is not there: whoever needs it says so.
    """
    try:
        seen = path.stat()
    except OSError:
        return
    check = f"access to {path}"
    if os.access(path, os.R_OK | os.W_OK):
        yield ok(check, "this user may read and write it")
        return
    mine = frozenset((*os.getgroups(), os.getegid())) if member_of is None else member_of
    try:
        wanted = grp.getgrnam(group).gr_gid
    except KeyError:
        wanted = None
    if seen.st_gid != wanted or seen.st_mode & 0o060 != 0o060:
        yield failed(
            check,
            f"the device is not the group {group}'s to read and write, but "
            f"{stat.filemode(seen.st_mode)[1:]} of {_name_of(seen.st_gid)}",
            f"Have it given to the group at every start, as the installer does: write {RULES[group]} into "
            "/etc/udev/rules.d/60-ionto.rules and restart.",
        )
    elif wanted in mine:
        yield failed(
            check,
            f"this user is in the group {group}, whose device it is, and yet may not use it",
            "Look what else forbids it: a container, or an access control list (getfacl).",
        )
    elif not _logs_in():
        yield failed(
            check,
            f"this account can't log in and is not in the group {group}, which only its service is given",
            "Look with the same command under sudo.",
        )
    else:
        yield failed(
            check,
            f"this user is not in the group {group}",
            f"Run sudo usermod -aG {group} $USER, then log out and in again.",
        )


def bus_speed(bus: int, wanted_hz: int, sys: Path = Path("/sys")) -> Finding:
    """Compare the bus clock of the device tree with the unit's."""
    file = sys / f"class/i2c-adapter/i2c-{bus}/of_node/clock-frequency"
    try:
        found_hz = int.from_bytes(file.read_bytes(), "big")
    except OSError:
        return skipped("I2C clock", "this machine does not tell its bus's clock", "Measure SCL, if in doubt.")
    if found_hz >= wanted_hz:
        return ok("I2C clock", f"{found_hz / 1000:g} kHz")
    return warning(
        "I2C clock",
        f"{found_hz / 1000:g} kHz, the unit's file says {wanted_hz / 1000:g} kHz",
        f"Write dtparam=i2c_arm=on,i2c_arm_baudrate={wanted_hz} into /boot/firmware/config.txt and restart.",
    )


def clock_stretch(sys: Path = Path("/sys")) -> Finding:
    """Say how long the kernel lets a chip hold the bus: a parameter of i2c-bcm2835, 35 by default."""
    check = "I2C timeout"
    try:
        held_ms = int((sys / "module/i2c_bcm2835/parameters/clk_tout_ms").read_text())
    except (OSError, ValueError):
        return skipped(
            check,
            "this machine has no bus of a Pi 4 or Zero 2 W, whose kernel tells this",
            "Nothing to do: the kernel gives up a transfer after the unit's i2c.timeout_ms.",
        )
    if 0 < held_ms <= LONGEST_STRETCH_MS:
        return ok(check, f"a chip may hold the bus for {held_ms} ms")
    held = "for ever" if held_ms == 0 else f"for {held_ms} ms"
    return warning(
        check,
        f"the kernel lets a chip hold the bus {held}, a transfer may take {LONGEST_STRETCH_MS} ms",
        f"Write options i2c_bcm2835 clk_tout_ms={LONGEST_STRETCH_MS} into /etc/modprobe.d/ionto.conf and "
        "restart.",
    )


def clock(ask: Callable[[], int] | None = None, root: Path = Path("/")) -> Finding:
    """Say what the clock is worth, as the rule of days sees it (`controller.host.wall`)."""
    now = wall.read(root, ask)
    if now.voucher:
        by = {"network": "by a time server", "chip": "by a clock chip that still agrees"}[now.voucher]
        return ok("clock", f"set {by}")
    if now.possible and wall.synchronised(ask) is None:
        return skipped("clock", "the kernel does not tell", "Look at the date and time by hand.")
    found = "not synchronised" if now.possible else f"shows {now.utc:%Y-%m-%d}, which can't be right"
    return warning(
        "clock",
        f"{found}: dates of treatments and calibration may be wrong, and what may be too many is refused",
        "Connect the network and run sudo timedatectl set-ntp true, or fit a clock chip with a battery; "
        'until then sudo date -s "2026-11-28 18:30", with the right time.',
    )


def battery_clock(name: str | None, chips: Path = CHIPS) -> Finding:
    """Read the clock chip that the unit's file names; of one that it doesn't name, say that it is there."""
    check = "battery clock"
    if name is None:
        there = sorted(path.parent.name for path in chips.glob("rtc*/since_epoch"))
        if not there:
            fit = "Fit one (docs/install.md), and name it in the unit's file."
            return skipped(check, "there is none, so nothing vouches for the computer's clock", fit)
        add = f"Write battery_clock: {there[0]} into the unit's file, if it keeps time without the plug."
        return warning(check, f"{there[0]} is there, and the unit's file does not name it", add)
    try:
        with closing(ChipFile(name, chips)):
            return ok(check, f"{name} tells the time")
    except OSError as error:
        return failed(check, f"{name} tells no time: no treatment begins", f"{str(error).rstrip('.')}.")


def computer(look: Callable[[], int | None] | None = None) -> Finding:
    """Say how the computer fares: its supply and its heat, as its firmware tells."""
    check = "computer"
    word = (look or _fares)()
    if word is None:
        return skipped(
            check,
            "this machine does not tell of its supply and heat, which a Raspberry Pi does",
            "Nothing to do; if in doubt, measure its 5 V while a treatment runs.",
        )
    said = told(word)
    if not said:
        return ok(check, "its supply and its heat have been right since it started")
    found, remedies = zip(*(sentence.split(": ", 1) for sentence in said), strict=True)
    remedy = "; ".join(dict.fromkeys(remedies))
    return warning(check, "; ".join(found), f"{remedy[:1].upper()}{remedy[1:]}.")


def _fares() -> int | None:
    word = fares()
    return ask() if word is None else word


def disk(state: Path) -> Finding:
    """Try in the state directory, or where it will be made, what the journal needs: a database with a log."""
    check = "disk"
    there = next(path for path in (state, *state.absolute().parents) if path.exists())
    try:
        free = os.statvfs(there)
        free_bytes = free.f_bavail * free.f_frsize
        with (
            tempfile.TemporaryDirectory(dir=there, prefix=".ionto-doctor-") as trial,
            closing(sqlite3.connect(Path(trial) / "trial.db", isolation_level=None)) as database,
        ):
            mode = database.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            database.execute("PRAGMA synchronous = FULL")
            database.execute("CREATE TABLE trial (n INTEGER)")
    except (OSError, sqlite3.Error) as error:
        found = disk_why(error, there)
        remedy = f"{found.remedy[:1].upper()}{found.remedy[1:]}, or name another directory with --state."
        return failed(check, f"{there} cannot be written ({found.cause})", remedy)
    if mode != "wal":
        return failed(check, f"{there} takes no write-ahead log", "Use a local disk, not one on the network.")
    room = f"{free_bytes / (1 << 20):,.0f} MB free in {there}"
    if free_bytes < LEAST_FREE_BYTES:
        return failed(check, f"only {room}", f"Make room: a treatment needs {LEAST_FREE_BYTES >> 20} MB.")
    return ok(check, f"{room}, writable, with a write-ahead log")


def real_time(
    limits: Callable[[int], tuple[int, int]] = resource.getrlimit, status: Path = Path("/proc/self/status")
) -> Finding:
    """Say whether the loop may have a real-time priority and keep its memory from being swapped."""
    check = "real time"
    priority, memory = limits(resource.RLIMIT_RTPRIO)[0], limits(resource.RLIMIT_MEMLOCK)[0]
    may = _capabilities(status)
    lacks = []
    if priority == 0 and not may >> _CAP_SYS_NICE & 1:
        lacks.append("no real-time priority (RLIMIT_RTPRIO 0)")
    if 0 <= memory < LOCKED_BYTES and not may >> _CAP_IPC_LOCK & 1:
        lacks.append(f"only {memory / (1 << 20):.0f} MB of locked memory (RLIMIT_MEMLOCK)")
    if not lacks:
        return ok(check, "a real-time priority and locked memory are permitted")
    if not _logs_in():
        return skipped(
            check,
            f"{' and '.join(lacks)} for this account by itself",
            "Nothing to do for treatments: ionto-controller.service is given both. A technician's command is "
            "given them as docs/install.md says (as_unit).",
        )
    who = pwd.getpwuid(os.geteuid()).pw_name
    return warning(
        check,
        f"{' and '.join(lacks)}: ticks may come late on a busy machine",
        f"Write {who} - rtprio 60 and {who} - memlock unlimited, on a line each, into "
        "/etc/security/limits.d/ionto.conf, then log in again.",
    )


def _capabilities(status: Path) -> int:
    """Give the process's effective capabilities as a mask; 0 where the kernel does not tell (proc(5))."""
    try:
        line = next(line for line in status.read_text().splitlines() if line.startswith("CapEff:"))
        return int(line.split()[1], 16)
    except (OSError, StopIteration, ValueError, IndexError):
        return 0
