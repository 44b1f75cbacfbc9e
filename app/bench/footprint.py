"""What the control process takes: memory, time from launch to the first tick, share of a processor.

Law: measured on the command itself, `ionto run hands --simulate --speed real`, from outside. The simulated
unit lives in the same process, so a real one takes less memory and computing, and its bus more time.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from app.bench.figures import Figure
from app.bench.jobs import NotMeasured

MEMORY_MB: Final = 45.0
FIRST_TICK_S: Final = 0.7
CPU_PERCENT: Final = 15.0
"""Limits (control process, launch to first tick, loop at 200 Hz with an instant bus)."""
_LAUNCH_WITHIN_S: Final = 20.0


def figures(launches: int, seconds: float) -> list[Figure]:
    """Launch the command `launches` times; let the last one run for `seconds`.

    Raises:
        NotMeasured: it ended, or no tick came.

    """
    first_s: list[float] = []
    for launch in range(launches):
        begun_s = time.monotonic()
        command = [sys.executable, "-P", "-m", "app.main", "run", "hands", "--simulate", "--speed", "real"]
        with subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as run:
            try:
                _wait_for_tick(run)
                first_s.append(time.monotonic() - begun_s)
                if launch == launches - 1:
                    share, peak_mb = _watch(run.pid, seconds)
            finally:
                run.send_signal(signal.SIGINT)
                run.send_signal(signal.SIGTERM)
                _end(run)
    tick_of = f"best of {launches} launches, to the first line that tells of a tick"
    return [
        Figure(
            "peak_memory_mb",
            peak_mb,
            "MB",
            MEMORY_MB,
            of="VmHWM of the control process, simulated unit included",
        ),
        Figure("first_tick_s", min(first_s), "s", FIRST_TICK_S, of=tick_of),
        Figure(
            "cpu_share_200hz", share, "%", CPU_PERCENT, of="of one core, instant bus, simulated unit included"
        ),
    ]


def _wait_for_tick(run: subprocess.Popen[str]) -> None:
    """Read on to the first line of the view, which is made by the first tick."""
    until_s = time.monotonic() + _LAUNCH_WITHIN_S
    for line in run.stdout or ():
        if line.startswith("  0:00"):
            return
        if time.monotonic() > until_s:
            break
    raise NotMeasured("ionto run came to no tick")


def _watch(pid: int, seconds: float) -> tuple[float, float]:
    """Return the share of a processor in percent over `seconds`, and the peak memory in MB (2^20 bytes)."""
    before_s, begun_s = _cpu_s(pid), time.monotonic()
    time.sleep(seconds)
    share = 100.0 * (_cpu_s(pid) - before_s) / (time.monotonic() - begun_s)
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return share, int(line.split()[1]) / 1024.0
    raise NotMeasured("this kernel does not tell VmHWM")


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _end(run: subprocess.Popen[str]) -> None:
    try:
        run.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        run.kill()
        run.wait()
