"""How a step is run on this machine: shown with its time, bounded, tried again where a registry is asked.

Law: what fails ends the run by its name; only what a registry does not give after `TRIES` is kept as not run.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

TRIES = 3
PAUSE_S = 20.0
LONGEST_S = 3600.0
"""Of any one command by day; hours are for the night."""
LONGEST_NIGHT_S = 10 * 3600.0


class Failed(Exception):
    """A step failed; `str()` is one line."""


class NotGiven(Exception):
    """A registry did not give something; `str()` names it."""


def say(line: str) -> None:
    """Print a line at once, so that it stands in its place among what commands print."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextmanager
def step(name: str) -> Iterator[None]:
    """Name what is done, and its time."""
    say(f"== {name}")
    began_s = time.monotonic()
    yield
    say(f"== {name}: {time.monotonic() - began_s:.0f} s")


def do(*words: str | Path, longest_s: float = LONGEST_S, log: Path | None = None, **settings: str) -> int:
    """Run a command to its end, or end it with all that it began; into `log` or on this terminal."""
    sink = log.open("ab") if log else None
    process = subprocess.Popen(
        list(map(str, words)),
        stdin=subprocess.DEVNULL,
        stdout=sink,
        stderr=subprocess.STDOUT if sink else None,
        env={**os.environ, **settings},
        start_new_session=True,
    )
    try:
        return process.wait(longest_s)
    except subprocess.TimeoutExpired:
        say(f"{words[0]} did not end within {longest_s:.0f} s")
        return 124
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if sink:
            sink.close()


def need(*words: str | Path, longest_s: float = LONGEST_S) -> None:
    """Run a command that has to succeed. Raises Failed."""
    with step(" ".join(map(str, words))):
        if code := do(*words, longest_s=longest_s):
            raise Failed(f"{' '.join(map(str, words))} ended with {code}")


def ask_registry(what: str, *words: str | Path, log: Path) -> None:
    """Run a command that only asks a registry, and again if it fails. Raises NotGiven."""
    for attempt in range(TRIES):
        time.sleep(attempt * PAUSE_S)
        if do(*words, log=log, DEBIAN_FRONTEND="noninteractive") == 0:
            return
    raise NotGiven(what)


def found(program: str) -> bool:
    """Tell whether `program` is on this machine, in a folder of administrators too."""
    return shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin") is not None


def as_root(*words: str) -> list[str]:
    """Give the words that run a command as the administrator."""
    return list(words) if os.geteuid() == 0 else ["sudo", "-n", *words]
