"""What the unit does now, as its herald tells it through `live.sock`.

Law: the unit never waits for us: we read, keep only the newest, and reconnect for ever. What is older than
`OLD_S` is never given as now: it is kept to be shown as old, with its age.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from controller.appliance.live_state import SOCKET, Hello, LiveState, Message, read

OLD_S: Final = 3.0
"""So long without a word from the unit, and what it said last is old; it speaks ten times a second."""
_RETRY_S: Final = 1.0
_LINE_BYTES: Final = 64 * 1024
_SEND_S: Final = 2.0


class Silent(Exception):
    """The unit's program can't be reached."""


class Feed:
    """The herald of the unit whose state is in `state`; `on_snapshot` sees each one as it comes."""

    def __init__(self, state: Path, on_snapshot: Callable[[LiveState], None]) -> None:
        self._path = state / SOCKET
        self._on_snapshot = on_snapshot
        self._hello: Hello | None = None
        self._snapshot: LiveState | None = None
        self._at_s = 0.0
        self._cut = False
        self._writer: asyncio.StreamWriter | None = None

    @property
    def hello(self) -> Hello | None:
        """Who the unit is that was reached last; None before."""
        return self._hello

    @property
    def unit(self) -> str:
        """Which unit is there now, as one word to tell units apart by; empty while none is."""
        hello = self._hello
        if hello is None or self.snapshot is None:
            return ""
        return f"{hello['unit']} {hello['serial']} {hello['version']} {hello['simulated']}"

    @property
    def simulated(self) -> bool:
        """Whether the unit that is there now says it is simulated."""
        return self.snapshot is not None and self._hello is not None and self._hello["simulated"] is True

    @property
    def age_s(self) -> float | None:
        """How old the last word of the unit is; None before the first one."""
        return None if self._snapshot is None else time.monotonic() - self._at_s

    @property
    def snapshot(self) -> LiveState | None:
        """The newest snapshot, None when it is old or the way to the unit is cut."""
        age_s = self.age_s
        return self._snapshot if not self._cut and age_s is not None and age_s < OLD_S else None

    @property
    def last(self) -> LiveState | None:
        """The newest snapshot, however old: to be shown as old unless it is `snapshot`."""
        return self._snapshot

    async def run(self) -> None:
        """Read for ever, until cancelled."""
        while True:
            with suppress(OSError, ValueError, asyncio.IncompleteReadError):
                await self._read()
            self._writer, self._cut = None, True
            await asyncio.sleep(_RETRY_S)

    async def _read(self) -> None:
        reader, writer = await asyncio.open_unix_connection(str(self._path), limit=_LINE_BYTES)
        try:
            self._writer, self._cut = writer, False
            while line := await reader.readline():
                self._take(read(line))
        finally:
            writer.close()

    def _take(self, message: Message) -> None:
        if "hello" in message:
            self._hello = message["hello"]
            self._snapshot = None  # it was another unit's, perhaps
        elif "snapshot" in message:
            self._snapshot, self._at_s = message["snapshot"], time.monotonic()
            self._on_snapshot(self._snapshot)

    async def tell(self, **request: Any) -> None:
        """Tell the unit something. Raises Silent when it can't be reached within 2 s."""
        if self._writer is None:
            raise Silent
        try:
            self._writer.write(json.dumps(request).encode() + b"\n")
            await asyncio.wait_for(self._writer.drain(), _SEND_S)
        except (OSError, TimeoutError) as error:
            raise Silent from error
