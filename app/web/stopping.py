"""A Stop on its way from a page to the unit: once however often it is sent, and told whether it arrived.

Law: a Stop needs nothing but the unit's socket: no page, book, record or connection that something else uses.
It has arrived when a unit that is alive has taken it; a unit that is silent is never said to have stopped.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Final

from controller.appliance.live_state import SOCKET, read

DOUBLE_TAP_S: Final = 1.0
"""A second Stop cuts at once; a double tap on a phone is not meant so."""
PATIENCE_S: Final = 2.0
"""A unit that is alive says something ten times a second."""
LONGEST_TAP: Final = 40
_PROOF: Final = 2
"""Snapshots that prove a unit alive; the first one may be from before the Stop."""
_MOST_TAPS: Final = 256
_LINE_BYTES: Final = 64 * 1024


class Stopping:
    """The way to stop the unit whose state is in `state`; both doors share it, each from its own thread."""

    def __init__(self, state: Path) -> None:
        self._path = state / SOCKET
        self._lock = threading.Lock()
        self._taps: OrderedDict[str, Future[bool]] = OrderedDict()
        self._sent_s = -DOUBLE_TAP_S

    async def stop(self, tap: str) -> bool:
        """Stop, and tell whether the unit took it.

        `tap` names one tap of a person, which a page may send on several ways and again; "" is always
        another one.
        """
        mine, result = self._taken(tap[:LONGEST_TAP])
        if not mine:
            return await asyncio.shield(asyncio.wrap_future(result))  # who leaves takes it from nobody else
        arrived = False
        try:
            arrived = await self._tell()
        finally:
            with self._lock:
                if arrived:
                    self._sent_s = time.monotonic()
                else:  # the next try is one
                    self._taps.pop(tap[:LONGEST_TAP], None)
            result.set_result(arrived)
        return arrived

    def _taken(self, tap: str) -> tuple[bool, Future[bool]]:
        """Tell whether this tap is to be sent from here, and what becomes of it."""
        with self._lock:
            if tap and tap in self._taps:
                return False, self._taps[tap]
            result: Future[bool] = Future()
            double = time.monotonic() - self._sent_s < DOUBLE_TAP_S
            if double:
                result.set_result(True)
            if tap:
                self._taps[tap] = result
                if len(self._taps) > _MOST_TAPS:
                    self._taps.popitem(last=False)
            return not double, result

    async def _tell(self) -> bool:
        with suppress(OSError, ValueError, TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                reader, writer = await asyncio.open_unix_connection(str(self._path), limit=_LINE_BYTES)
                try:
                    writer.write(b'{"do": "stop"}\n')
                    await writer.drain()
                    told = 0
                    while line := await reader.readline():
                        told += "snapshot" in read(line)
                        if told == _PROOF:
                            return True
                finally:
                    writer.close()
        return False
