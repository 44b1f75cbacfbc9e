"""What `live.sock` tells, for programs that only listen: messages as they come, silence and absence as None.

Law: it listens. A device that is gone is waited for, never missed with an error.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from controller.appliance.live_state import Message, read
from controller.host.lines import LineSplitter

AGAIN_S: Final = 1.0
SILENT_S: Final = 3.0
"""A device tells something several times a second; this long without a word it hangs."""
LONGEST: Final = 1 << 16


def messages(path: Path, ended: Callable[[], bool]) -> Iterator[Message | None]:
    """Give each message of the socket at `path`, None while there is no device, until `ended()`."""
    while not ended():
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(SILENT_S)
            try:
                line.connect(str(path))
                yield from _lines(line, ended)
            except (OSError, ValueError):  # gone, silent, or no herald at all
                yield None
        if not ended():
            time.sleep(AGAIN_S)


def _lines(line: socket.socket, ended: Callable[[], bool]) -> Iterator[Message]:
    lines = LineSplitter()
    while not ended():
        chunk = line.recv(LONGEST)
        if not chunk or len(lines.rest) > LONGEST:
            raise OSError("the device is gone")
        for text in lines.feed(chunk):
            if message := read(text):
                yield message
