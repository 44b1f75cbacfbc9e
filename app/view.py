"""The live view's near end: snapshots leave the loop's process through a pipe that never blocks.

Law: nothing here can make the loop late. A full pipe drops the snapshot and counts it, a view that dies is
left behind, and the wait for its end is bounded.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import subprocess
import sys
from types import TracebackType
from typing import Final, Literal, TextIO

from app.locale.terminal import spoken
from controller.loop.telemetry import Snapshot

END: Final = b"end\n"
"""The last line of an orderly session; without it the far end says that it was cut off."""

# A reader that is starved for seconds at --speed max still misses nothing; Linux's limit without privileges.
_PIPE_BYTES: Final = 1 << 20
_LAST_WRITE_S: Final = 1.0
_FAREWELL_S: Final = 5.0


class View:
    """Shows snapshots on `stream` from a process of its own; `None` as stream shows nothing.

    Attributes:
        dropped: snapshots that found the pipe full.
        last: the latest snapshot, shown or not.

    """

    def __init__(self, stream: TextIO | None) -> None:
        self.dropped = 0
        self.last: Snapshot | None = None
        self._pipe = -1
        self._child: subprocess.Popen[bytes] | None = None
        if stream is not None:
            self._open(stream)

    def _open(self, stream: TextIO) -> None:
        style: Literal["live", "lines"] = "live" if draws(stream) else "lines"
        try:
            far_end, self._pipe = os.pipe()
        except OSError:  # as below
            return
        try:
            self._child = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
                [sys.executable, "-P", "-m", "app.screen", style, spoken()],
                stdin=far_end,
                stdout=stream.fileno(),
            )
        except OSError:  # no memory or no process left: a session does well without a view
            self._leave()
            return
        finally:
            os.close(far_end)
        os.set_blocking(self._pipe, False)
        try:
            fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        except OSError:  # the kernel's own size drops sooner, that is all
            return

    def __enter__(self) -> View:
        """Be the view of one session."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the view; an exception passes, and the far end tells that the session was cut off."""
        self._finish(orderly=kind is None)

    def show(self, snapshot: Snapshot) -> None:
        """Send one snapshot if there is room for it now."""
        self.last = snapshot
        if self._pipe >= 0 and not self._send(encode(snapshot)):
            self.dropped += 1

    def _send(self, line: bytes) -> bool:
        # Up to PIPE_BUF a write is whole or not at all, so no half lines arrive.
        if len(line) > select.PIPE_BUF:
            return False
        try:
            os.write(self._pipe, line)
        except BlockingIOError:
            return False
        except OSError:
            self._leave()
        return True

    def _finish(self, *, orderly: bool) -> None:
        if self._pipe >= 0 and orderly:
            if self.dropped and self.last is not None:
                self._send_patiently(encode(self.last))
            self._send_patiently(END)
        self._leave()
        if self._child is None:
            return
        try:
            self._child.wait(_FAREWELL_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _send_patiently(self, line: bytes) -> None:
        if self._pipe >= 0:
            select.select([], [self._pipe], [], _LAST_WRITE_S)
            self._send(line)

    def _leave(self) -> None:
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1


def encode(snapshot: Snapshot) -> bytes:
    """Write a snapshot as one line of JSON."""
    return json.dumps(snapshot).encode() + b"\n"


def decode(line: bytes) -> Snapshot:
    """Read a snapshot from its line."""
    snapshot: Snapshot = json.loads(line)
    return snapshot


def draws(stream: TextIO) -> bool:
    """Tell whether a terminal can be drawn on; one of TERM=dumb takes lines only."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
