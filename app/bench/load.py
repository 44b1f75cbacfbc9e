"""Load on this machine: a process that computes on every core, one that churns memory, one that churns disk.

Law: ordinary priority, and an end: each stops by itself after its time, or when its parent is gone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_MEMORY_BYTES = 64 << 20
_PAGE_BYTES = 4096
_DISK_BYTES = 4 << 20


@contextmanager
def load(seconds: float) -> Iterator[None]:
    """Load every core, memory and disk while the block runs, `seconds` at most."""
    kinds = ["compute"] * (os.cpu_count() or 1) + ["memory", "disk"]
    hogs: list[subprocess.Popen[bytes]] = []
    try:
        for kind in kinds:
            command = [sys.executable, "-P", "-m", "app.bench.load", kind, f"{seconds:g}"]
            hogs.append(subprocess.Popen(command))  # noqa: S603 - our own module, by our own interpreter
        time.sleep(0.3)  # they have to start before anything is measured
        yield
    finally:
        for hog in hogs:
            hog.kill()
        for hog in hogs:
            hog.wait()


def main(arguments: Sequence[str]) -> None:
    """Be one of them: kind seconds."""
    kind, seconds = arguments
    end_s, parent = time.monotonic() + float(seconds), os.getppid()
    hog = {"compute": _compute, "memory": _churn_memory, "disk": _churn_disk}[kind]
    while time.monotonic() < end_s and os.getppid() == parent:
        hog()


def _compute() -> None:
    sum(number * number for number in range(20_000))


def _churn_memory() -> None:
    block = bytearray(_MEMORY_BYTES)
    for at in range(0, len(block), _PAGE_BYTES):
        block[at] = 1


def _churn_disk() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(os.urandom(_DISK_BYTES))
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    main(sys.argv[1:])
