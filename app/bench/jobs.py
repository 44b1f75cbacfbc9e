"""The bench's own processes: each part is measured in a fresh one, which ends in time.

Law: bounded. A part that takes too long or fails is told with its last words, and its figures are absent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

READY: Final = "ready"
"""A line by which a job says that it could begin."""


class NotMeasured(Exception):
    """A part could not be measured; `str()` is one sentence that says why."""


def start(module: str, *arguments: object, sources: Path | None = None) -> subprocess.Popen[str]:
    """Start `python -m module` with `arguments`; what it prints is read by `answer`.

    It looks for its modules in the folder `sources` first, where one is given.
    """
    command = [sys.executable, "-P", "-m", module, *map(str, arguments)]
    first = {} if sources is None else {"PYTHONPATH": str(sources)}
    return subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
        command,
        env=os.environ | first,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answer(job: subprocess.Popen[str], within_s: float) -> list[Any]:
    """Return the JSON values that the job printed, a line each.

    Raises:
        NotMeasured: it failed, or was not done `within_s` seconds from now.

    """
    with job:
        try:
            printed, told = job.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            raise NotMeasured(f"{_name(job.args)} was not done within {within_s:g} s") from None
        finally:
            job.kill()
    if job.returncode != 0:
        last = (told.strip().splitlines() or ["it said nothing"])[-1]
        raise NotMeasured(f"{_name(job.args)} failed: {last}")
    return [json.loads(line) for line in printed.splitlines() if line != READY]


def run(within_s: float, module: str, *arguments: object, sources: Path | None = None) -> list[Any]:
    """Start a job and return its answer."""
    return answer(start(module, *arguments, sources=sources), within_s)


def _name(arguments: Any) -> str:
    words: Sequence[str] = list(arguments)
    return " ".join(words[3:])
