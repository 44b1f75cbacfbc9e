"""`cyclictest` of rt-tests, the yardstick: how late this machine wakes a process that does nothing else.

Law: the same priority, period and load as ours, in the same run; where it is missing, that is said.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

from app.bench.jobs import NotMeasured

MISSING: Final = "cyclictest is missing: sudo apt install rt-tests"
_HISTOGRAM_US: Final = 100_000
"""Latencies up to 0.1 s are kept to the microsecond; later ones count as that."""


def lateness_us(seconds: float, period_s: float, priority: int, core: int | None = None) -> list[float]:
    """Return how late each of its wakes was, in whole us; on one `core`, if named.

    Raises:
        NotMeasured: it is not installed, may not have the priority, or failed.

    """
    program = shutil.which("cyclictest", path="/usr/bin:/usr/sbin:/usr/local/bin:/bin")
    if program is None:
        raise NotMeasured(MISSING)
    loops = max(1, round(seconds / period_s))
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.json"
        command = [program, "--quiet", "--threads=1", f"--priority={priority}", "--policy=fifo", "--mlockall"]
        command += [f"--interval={round(1e6 * period_s)}", f"--loops={loops}", f"--histofall={_HISTOGRAM_US}"]
        command += [f"--json={found}"]
        if core is not None:
            command += [f"--affinity={core}"]
        try:
            done = subprocess.run(  # noqa: S603 - a fixed program with figures of ours
                command, capture_output=True, text=True, timeout=2 * seconds + 20, check=False
            )
        except subprocess.TimeoutExpired:
            raise NotMeasured("cyclictest did not end in time") from None
        if done.returncode != 0 or not found.exists():
            words = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise NotMeasured(f"cyclictest failed: {words}")
        return _spread_out(json.loads(found.read_text()), loops)


def _spread_out(found: dict[str, Any], loops: int) -> list[float]:
    """Turn the histogram into single values; what lay beyond it counts with its largest."""
    thread = found["thread"]["0"]
    values: list[float] = []
    for text, count in thread["histogram"].items():
        values += [float(text)] * int(count)
    values += [max(float(thread["max"]), _HISTOGRAM_US)] * (loops - len(values))
    return values
