"""What the machine's wall clock says, what it is worth, and how long this boot has lasted.

Law: looks only, changes nothing, and never raises for what it doesn't find. A clock that nothing vouches for
may still be right; `protocols.dates` judges what follows from it.

Who vouches: the kernel, while something disciplines its clock (adjtimex(2), a call that our services are
denied, so that they go without); systemd-timesyncd, by a file once it has heard a time server in this boot; a
clock chip that the kernel set its clock by (`hctosys`) and that still agrees.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from protocols.dates import FIRST_UTC, Reading, Voucher

CHIP_WITHIN_S: Final = 60.0
"""A clock chip agrees with the system's clock as long as they differ by no more."""
TIME_ERROR: Final = 5
"""What adjtimex(2) returns while the clock is not synchronised."""
BOOT: Final = "IONTO_BOOT"
"""Variable with the id of this boot, for a service that may not look into /proc/sys."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def read(root: Path = Path("/"), ask: Callable[[], int] | None = None) -> Reading:
    """Look at the clock and at what there is to vouch for it."""
    utc = _utc()
    try:
        boot = (root / "proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        boot = os.environ.get(BOOT, "")
    return Reading(
        utc, boot.replace("-", ""), time.clock_gettime(time.CLOCK_BOOTTIME), voucher(utc, root, ask)
    )


def again(reading: Reading) -> Reading:
    """Look at the same clock again, without asking anew what it is worth: no file is read."""
    return reading._replace(utc=_utc(), boottime_s=time.clock_gettime(time.CLOCK_BOOTTIME))


def voucher(utc: datetime, root: Path = Path("/"), ask: Callable[[], int] | None = None) -> Voucher:
    """Say who vouches for a clock that shows `utc`."""
    if utc < FIRST_UTC:
        return ""
    if synchronised(ask) or (root / "run/systemd/timesync/synchronized").exists():
        return "network"
    return "chip" if any(_agrees(chip, utc) for chip in (root / "sys/class/rtc").glob("rtc*")) else ""


def synchronised(ask: Callable[[], int] | None = None) -> bool | None:
    """Ask the kernel whether something disciplines its clock; None where it does not tell."""
    try:
        return (ask or adjtimex)() not in (-1, TIME_ERROR)
    except (OSError, AttributeError):
        return None


def adjtimex() -> int:
    """Ask the kernel and set nothing (adjtimex(2), modes 0). Raises OSError or AttributeError."""
    timex = ctypes.create_string_buffer(512)  # struct timex is 208 bytes; zeros ask and set nothing
    return int(ctypes.CDLL(None, use_errno=True).adjtimex(timex))


def _agrees(chip: Path, utc: datetime) -> bool:
    try:
        shown_s = int((chip / "since_epoch").read_text())
        set_by_it = (chip / "hctosys").read_text().strip() == "1"
    except (OSError, ValueError):
        return False
    return set_by_it and abs(shown_s - (utc - _EPOCH).total_seconds()) <= CHIP_WITHIN_S


def _utc() -> datetime:
    return _EPOCH + timedelta(seconds=time.clock_gettime(time.CLOCK_REALTIME))
