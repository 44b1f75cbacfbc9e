"""The programs that a set-up runs: the venv module and pip, each listened to, and ended with us.

Law: of the caller's pip settings only those of the network take part, where packages come from; what would
change what is installed or where does not. Downloads and all in between lie in the new environment's folder.
"""

from __future__ import annotations

import ast
import ctypes
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from environment.failure import SetUpFailed

NETWORK: Final = (
    *("index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "cert", "client-cert"),
    *("proxy", "timeout", "default-timeout", "retries", "cache-dir", "no-cache-dir", "keyring-provider"),
)
"""What of a person's or a machine's pip settings is kept."""
_LOOK_S: Final = 0.25
_GRACE_S: Final = 5.0
_PR_SET_PDEATHSIG: Final = 1


class Ended(NamedTuple):
    """How a program ended: its code, negative for a signal, and all that it said."""

    code: int
    story: str


def environment(temporary: Path, settings: dict[str, str]) -> dict[str, str]:
    """Return the variables for pip and what it calls: `settings` in place of pip's and Python's own."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    named = {f"PIP_{key.upper().replace('-', '_')}": value for key, value in settings.items()}
    return own | named | {"PIP_CONFIG_FILE": os.devnull, "TMPDIR": str(temporary)}


def network_settings(python: Path) -> dict[str, str]:
    """Ask pip which of its settings are in force, from files and variables alike, and keep the network's.

    Raises SetUpFailed where pip can't read them.
    """
    everywhere = {
        f"PIP_{name}": "0" for name in ("USER", "GLOBAL", "SITE")
    }  # a setting `user` names one file
    done = subprocess.run(  # noqa: S603 - our own words
        [str(python), "-I", "-m", "pip", "--disable-pip-version-check", "config", "list"],
        env=os.environ | everywhere,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SetUpFailed(
            f"pip can't read its settings ({' '.join((done.stderr or done.stdout).split()).rstrip('.')}); "
            "correct that file or variable (pip config debug shows where they are)"
        )
    found: dict[str, str] = {}
    ranks = {"global": 0, "install": 1, ":env:": 2}
    lines = [line.partition("=") for line in done.stdout.splitlines()]
    settings = [(*name.rpartition(".")[::2], value) for name, _, value in lines]
    for section, key, value in sorted(settings, key=lambda one: ranks.get(one[0], -1)):
        if section in ranks and key in NETWORK:
            with suppress(ValueError, SyntaxError):
                found[key] = " ".join(str(ast.literal_eval(value)).split())
    return found


def run(
    words: list[str], variables: dict[str, str], hear: Callable[[str], None], look: Callable[[], None]
) -> Ended:
    """Run a program to its end; `hear` is given every line it says, `look` is called in between.

    Whatever ends the wait ends the program too.
    """
    process = subprocess.Popen(  # noqa: S603 - our own words
        words,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C is for us alone, who end it in order
        preexec_fn=_end_with_parent,  # noqa: PLW1509 - no threads here
    )
    try:
        story = _listen(process, hear, look)
        return Ended(process.wait(), story)
    except BaseException:
        _end(process)
        raise


def _listen(process: subprocess.Popen[bytes], hear: Callable[[str], None], look: Callable[[], None]) -> str:
    said, rest = [], b""
    if process.stdout is None:
        return ""
    with selectors.DefaultSelector() as selector, process.stdout as stream:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            look()
            if not selector.select(_LOOK_S):
                continue
            chunk = os.read(stream.fileno(), 65536)
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines if chunk else [*lines, rest]:
                said.append(line.decode(errors="replace"))
                hear(said[-1])
            if not chunk:
                return "\n".join(said)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def settle(place: Path) -> None:
    """Have the disk hold all that was written to `place`, so that a power cut can't empty files of it."""
    folder = os.open(place, os.O_RDONLY)
    try:
        ctypes.CDLL(None).syncfs(folder)
    finally:
        os.close(folder)


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
            return


def venv_words(place: Path, *, system: bool) -> list[str]:
    """Return how the bare environment is made; isolated (-I), so that nothing of the caller's takes part."""
    return [
        sys.executable,
        "-I",
        "-m",
        "venv",
        "--without-pip",
        *(["--system-site-packages"] if system else []),
        str(place),
    ]


def pip_words(python: Path, *words: str) -> list[str]:
    """Return a call of the environment's pip, which never asks what a package needs: the lock is closed."""
    always = ("--disable-pip-version-check", "--no-input", "--no-deps", "--progress-bar", "off")
    return [str(python), "-I", "-u", "-m", "pip", "install", *always, *words]
