"""The near end of the herald: messages leave and enter the loop's process through pipes that never block.

Law: nothing here can make the loop late. A full pipe drops the message and counts it; a herald that died is
started again between two sessions, never during one.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from typing import Any, Final

from controller.host.lines import LineSplitter

SNAPSHOT_S: Final = 0.1
"""Real time between two snapshots, at least; a new phase is told at once."""
LONGEST: Final = 4096
"""Bytes of a message that a pipe takes whole (Linux, PIPE_BUF)."""
_FAREWELL_S: Final = 2.0


class HeraldLine:
    """Talks to a herald that it starts itself; `facts` is what `app.device.herald` has to know."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.dropped = 0
        self._facts = facts
        self._lines = LineSplitter()
        self._due_s = 0.0
        self._stage: object = None
        self._out = self._in = -1
        self._child: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start the herald, again where it died. A process that can't be started is done without."""
        if self._child is not None and self._child.poll() is None:
            return
        self._close()
        far_in, self._out = os.pipe()
        self._in, far_out = os.pipe()
        command = [sys.executable, "-P", "-m", "app.device.herald", json.dumps(self._facts)]
        try:
            self._child = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
                command, stdin=far_in, stdout=far_out, start_new_session=True
            )
        except OSError:
            self._child = None
        finally:
            os.close(far_in)
            os.close(far_out)
        os.set_blocking(self._out, False)
        os.set_blocking(self._in, False)
        with_room = 1 << 18
        try:
            fcntl.fcntl(self._out, fcntl.F_SETPIPE_SZ, with_room)
        except OSError:  # the kernel's own size drops sooner, that is all
            return

    def send(self, message: dict[str, Any]) -> None:
        """Send one message, or drop it."""
        snapshot = message.get("snapshot")
        if snapshot is not None:
            stage = (snapshot["phase"], snapshot["state"])
            now_s = time.monotonic()
            if stage == self._stage and now_s < self._due_s:
                return
            self._stage, self._due_s = stage, now_s + SNAPSHOT_S
        line = json.dumps(message).encode() + b"\n"
        try:
            if len(line) > LONGEST:
                self.dropped += 1
            elif self._out >= 0:
                os.write(self._out, line)
        except BlockingIOError:
            self.dropped += 1
        except OSError:
            os.close(self._out)
            self._out = -1

    def take(self) -> list[dict[str, Any]]:
        """Return what has come."""
        if self._in < 0:
            return []
        try:
            chunk = os.read(self._in, 1 << 16)
        except BlockingIOError:
            return []
        if not chunk:
            os.close(self._in)
            self._in = -1
        return [json.loads(line) for line in self._lines.feed(chunk)]

    def close(self) -> None:
        """Let the herald go, and see it off."""
        self._close()
        if self._child is not None:
            try:
                self._child.wait(_FAREWELL_S)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()

    def _close(self) -> None:
        for end in (self._out, self._in):
            if end >= 0:
                os.close(end)
        self._out = self._in = -1
        self._lines = LineSplitter()
