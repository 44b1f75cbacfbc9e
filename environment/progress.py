"""The sign of life: what is being fetched and how far, in place on a terminal, in plain lines elsewhere."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

LINE_EVERY_S: Final = 10.0
"""How often a plain line is due; on a terminal every look shows."""
_WHEEL: Final = re.compile(r"^\s*(?:Downloading|Using cached|Processing) .*?([^/\s]+)\.whl(?: \([^)]*\))?$")
_WANTED: Final = re.compile(r"^Collecting ([^\s=<>~!;]+)")
_IGNORED: Final = re.compile(r"^Ignoring \S+: markers ")
_RETRY: Final = re.compile(r"^\s*WARNING: Retrying ")


def say(text: str) -> None:
    """Write a line to standard error, if anybody still reads it."""
    _write(f"ionto: {text}\n")


def _write(text: str) -> None:
    """Write past Python's buffer: what a closed terminal did not take must not come up again at the end."""
    with suppress(OSError):
        os.write(sys.stderr.fileno(), text.encode(errors="backslashreplace"))


class Progress:
    """Listens to pip, looks at what lies in its folders, and tells.

    `expected` is the number of packages, `fetched` the folder that downloads go to, `installed` the
    environment.
    """

    def __init__(self, expected: int, fetched: Path, installed: Path) -> None:
        self._expected = expected
        self._fetched = fetched
        self._installed = installed
        self._wheels = set[str]()
        self._latest = ""
        self._phase = "preparing"
        self._waits = False
        self._in_place = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._told_s = time.monotonic()
        self._told = ""

    def hear(self, line: str) -> None:
        """Take in a line that pip said."""
        if wanted := _WANTED.match(line):
            self._phase, self._latest = "fetching", wanted[1]
        elif wheel := _WHEEL.match(line):
            self._wheels.add(wheel[1])
        elif _IGNORED.match(line):
            self._expected -= 1
        elif line.startswith("Installing collected packages"):
            self._tell_line()
            self._phase = "installing"
        self._waits = bool(_RETRY.match(line))

    def look(self) -> None:
        """Tell how far it is, if that is due."""
        if self._in_place:
            width = shutil.get_terminal_size().columns - 1
            _write(f"\r\x1b[K{self._text()[:width]}")
        elif time.monotonic() - self._told_s >= LINE_EVERY_S:
            self._tell_line()

    def _tell_line(self) -> None:
        text = self._text()
        if not self._in_place and text != self._told:
            self._told_s, self._told = time.monotonic(), text
            _write(f"{text}\n")

    def end(self) -> None:
        """Clear the line on a terminal."""
        if self._in_place:
            _write("\r\x1b[K")

    def _text(self) -> str:
        if self._waits:
            return "ionto: the package index does not answer; trying again ..."
        if self._phase == "preparing":
            return "ionto: preparing an empty environment ..."
        if self._phase == "installing":
            done = sum(1 for _ in self._installed.glob("lib/python*/site-packages/*.dist-info")) - 1  # pip
            return f"ionto: installing, {min(max(done, 0), self._expected)} of {self._expected} packages"
        megabytes = sum(_size(wheel) for wheel in self._fetched.rglob("*.whl")) / 1e6
        far = f"{len(self._wheels)} of {self._expected} packages, {megabytes:.1f} MB"
        return f"ionto: fetching, {far}; {self._latest}"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # it was moved on
        return 0
