"""What a service tells systemd: that it serves, and the loop again and again that it is alive (sd_notify(3)).

Law: of life only the loop's own thread speaks, after a whole tick or a turn of waiting with the output off; a
message that would have to wait is dropped. Without systemd there is nobody to tell, and nothing is told.
"""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controller.core.types import Measurement

EVERY_S: Final = 1.0
"""The watchdog of `ionto-controller.service` waits twenty times as long."""


class Supervision:
    """The way to whoever started this process; an observer of the loop. Raises OSError when it is closed."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._due_s = 0.0
        self._line: socket.socket | None = None
        address = environment.get("NOTIFY_SOCKET", "")
        if address[:1] in {"/", "@"}:  # @ stands for the zero byte of an abstract address
            self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            self._line.connect(address.replace("@", "\0", 1) if address[0] == "@" else address)

    @property
    def listens(self) -> bool:
        """Whether somebody is to be told."""
        return self._line is not None

    def serving(self) -> None:
        """Tell that the unit is owned and its buttons are served from now on."""
        self._tell("READY=1\nSTATUS=Serving the unit's buttons.")

    def answering(self, what: str) -> None:
        """Tell the same of a service that owns no unit."""
        self._tell(f"READY=1\nSTATUS=Serving {what}.")

    def ending(self) -> None:
        """Tell that the end has begun."""
        self._tell("STOPPING=1")

    def alive(self) -> None:
        """Tell at most once a second that the loop goes on."""
        if self._line is None:
            return
        now_s = time.monotonic()
        if now_s >= self._due_s:
            self._due_s = now_s + EVERY_S
            self._tell("WATCHDOG=1")

    def tick(self, _measurement: Measurement) -> None:
        """See a whole tick."""
        self.alive()

    def close(self) -> None:
        """Let go of the line."""
        if self._line is not None:
            self._line.close()

    def _tell(self, words: str) -> None:
        if self._line is None:
            return
        try:
            self._line.send(words.encode())
        except OSError:  # full, or gone: whoever listens draws the conclusion from the silence
            return
