"""A true Linux kernel as a process of this machine, for the production command to run under.

User-Mode Linux boots with this machine's file system as its root, read-only. Inside is a Pi's header (the
kernel's gpio-sim) and an I2C bus; `tests/kernel/guest/` holds what runs there. Law: nothing of it touches the
machine but one folder for results, and a kernel that isn't there is said.
"""

from __future__ import annotations

import importlib.util
import json
import lzma
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernel_recipe import built, cache
from unit_records import calibration_text, commissioning_text

ROOT = Path(__file__).resolve().parents[2]
KERNEL = ROOT / "tests" / "kernel"
GUEST = KERNEL / "guest"
GIVEN = "IONTO_UML_KERNEL"
LONGEST_S = 600.0
"""Of the machine's time, for one boot with a short story in it."""
MEMORY = "192M"
BEGIN_UTC_S = 1_800_000_000
"""The guest's wall clock at its boot in virtual time, so that records are the same to the last byte."""
LIVE_PRIORITY = 10
VIRTIO_I2C = 34
"""The kind of device (Virtual I/O Device specification 1.2, section 5)."""
NOISE = ("Using a channel type", "setup_one_line failed", "reboot: System halted")


def find_kernel() -> Path | None:
    """Return the kernel named in the environment, else one built here or beside the checkout, else None."""
    if given := os.environ.get(GIVEN):
        return _unpacked(Path(given))
    places = (built(), ROOT.parent / "shared" / "kernel-lane" / "linux-hil.xz")
    return next((_unpacked(place) for place in places if place.is_file()), None)


def _unpacked(packed: Path) -> Path:
    if packed.suffix != ".xz":
        return packed
    seen = packed.stat()
    kernel = cache() / f"{packed.stem}-{seen.st_size}-{int(seen.st_mtime)}"
    if not kernel.exists():
        kernel.parent.mkdir(parents=True, exist_ok=True)
        partial = kernel.with_name(f"{kernel.name}.{os.getpid()}")
        with lzma.open(packed) as source, partial.open("wb") as target:
            shutil.copyfileobj(source, target)
        partial.chmod(0o755)
        partial.rename(kernel)
    return kernel


def why_not() -> str | None:
    """Say why the lane can't run here, or None when it can."""
    if platform.machine() != "x86_64" or sys.platform != "linux":
        return f"User-Mode Linux needs Linux on x86-64, this is {sys.platform} on {platform.machine()}"
    if importlib.util.find_spec("lgpio") is None:
        return "lgpio is not installed: apt install python3-lgpio, or Python below 3.13"
    if os.geteuid() != 0:
        return "inside, the first process has this user's rights, and mounting needs root's"
    kernel = find_kernel()
    if kernel is None:
        return f"no kernel is at hand: build one with tests/support/kernel_recipe.py, or name it in {GIVEN}"
    if not os.access(kernel, os.X_OK):
        return f"{kernel} is no program"
    return None


INSIDE = "/run/in"
"""Where a job's files are inside: always the same place, so that records don't differ by it."""
SERIAL = 'serial: "KERNEL"\n'
"""Belongs into each unit's file: what treats is a real unit, which needs its records."""
RECORDS = ["--calibration", f"{INSIDE}/calibration.yaml", "--commissioning", f"{INSIDE}/commissioning.yaml"]


@dataclass
class Job:
    """What happens inside: files of the person and the unit, the kernel's clock, and the story.

    `story` is rows of (seconds since the unit was switched on, action of guest/play.py, its words). `live` is
    in real time, on a unit outside: its bridge has to listen at `i2c.sock` in the job's folder.
    """

    story: list[tuple[Any, ...]]
    scenario: str = "{}\n"
    unit: str = SERIAL
    seed: int = 1
    bus: int = 1
    poll_s: float = 0.0025
    ends_s: float = 60.0
    live: bool = False
    label: str = "pinctrl-bcm2711"
    longest_s: float = LONGEST_S
    files: dict[str, str] = field(default_factory=dict)


@dataclass
class Played:
    """What came out: `result` of guest/play.py, its folder, and what the kernel said."""

    result: dict[str, Any]
    folder: Path
    console: str

    def summary(self, name: str = "run") -> dict[str, Any]:
        """Return the object that `ionto run --json` printed."""
        text = (self.folder / f"{name}.out").read_text()
        if not text:
            raise AssertionError(f"{name} printed nothing: {self.said(name)}")
        found: dict[str, Any] = json.loads(text)
        return found

    def said(self, name: str = "run") -> str:
        """Return what a run said on standard error."""
        return (self.folder / f"{name}.err").read_text()

    def current(self) -> list[tuple[float, float]]:
        """Return the true current: rows of guest time (s) and mA."""
        rows = (self.folder / "current.csv").read_text().splitlines()[1:]
        return [(float(a), float(b)) for a, b in (row.split(",") for row in rows)]


def play(job: Job, folder: Path) -> Played:
    """Boot, play the job, and return what came out in `folder`. Raises AssertionError if it broke off."""
    out, given = folder / "out", folder / "in"
    out.mkdir(parents=True)
    given.mkdir()
    records = {
        "calibration.yaml": calibration_text("KERNEL", always=True),  # whatever the guest's clock says
        "commissioning.yaml": commissioning_text("KERNEL"),
    }
    files = {"scenario.yaml": job.scenario, "unit.yaml": job.unit, **records, **job.files}
    for name, text in files.items():
        (given / name).write_text(text)
    words = {name: getattr(job, name) for name in ("story", "seed", "bus", "poll_s", "ends_s", "live")}
    (given / "job.json").write_text(json.dumps(words))
    console = _boot(job, given, out)
    log = out / "play.log"
    if not (out / "result.json").exists():
        raise AssertionError(f"the story broke off:\n{log.read_text() if log.exists() else ''}\n{console}")
    return Played(json.loads((out / "result.json").read_text()), out, console)


def _boot(job: Job, given: Path, out: Path) -> str:
    kernel = find_kernel()
    if kernel is None:
        raise AssertionError(why_not())
    clock = ["time-travel=inf-cpu", f"time-travel-start={BEGIN_UTC_S * 10**9}"]
    if job.live:
        clock = [f"virtio_uml.device={out.parent / 'i2c.sock'}:{VIRTIO_I2C}"]
    words = [
        *(str(kernel), f"mem={MEMORY}", "root=none", "rootfstype=hostfs", "rootflags=/", "ro"),
        *("con=null", "con0=null,fd:1", "ssl=null", "quiet", "panic=1", f"init={GUEST / 'init'}", *clock),
        *(f"LANE_PYTHON={sys.executable}", f"LANE_IN={given}", f"LANE_OUT={out}", f"LANE_LABEL={job.label}"),
    ]
    with tempfile.TemporaryDirectory(prefix="lane-", dir="/dev/shm") as memory:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": memory, "HOME": memory},
            start_new_session=True,  # its processes are the guest's; one signal ends them all
        )
        if job.live:
            with suppress(PermissionError):  # ahead of ordinary work, with all that it starts
                os.sched_setscheduler(process.pid, os.SCHED_FIFO, os.sched_param(LIVE_PRIORITY))
        try:
            said, _ = process.communicate(timeout=job.longest_s)
        except subprocess.TimeoutExpired:
            said = b"the kernel did not end in time"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    lines = said.decode(errors="replace").splitlines()
    return "\n".join(line for line in lines if not any(noise in line for noise in NOISE))
