"""A connection that may not be slow: uvicorn's HTTP/1.1 with an end to every wait, and room for who comes.

Law: whoever sends a request's head, or takes an answer, slower than a weak phone would is cut off. Where room
is short, who has waited longest makes room for who comes, so that nobody can keep others out by waiting.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S: Final = 5.0
"""A request's head has to be complete within this."""
TAKE_S: Final = 10.0
"""A reader that has not taken 48 KiB within this is cut off."""


class Connection(H11Protocol):
    """One client's connection to the pages."""

    MOST = 256
    """Connections in all, ..."""
    MOST_PER_ADDRESS = 128
    """... and of one address."""

    _head_due: asyncio.TimerHandle | None = None
    _take_due: asyncio.TimerHandle | None = None
    _since_s = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, and make room for it."""
        super().connection_made(transport)
        self._since_s = self.loop.time()
        self._make_room()
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Take bytes; a head that begins has its time."""
        self._await_head()
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._end_head()

    def on_response_complete(self) -> None:
        """Begin to wait anew: who is answered has not been slow."""
        self._since_s = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Give the reader its time."""
        super().pause_writing()
        self._take_due = self._take_due or self.loop.call_later(TAKE_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Be content with the reader."""
        super().resume_writing()
        self._end_take()

    def connection_lost(self, exc: Exception | None) -> None:
        """End; no timer outlives the connection."""
        super().connection_lost(exc)
        self._end_head()
        self._end_take()

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else ""

    def _make_room(self) -> None:
        """Cut off the one that waits longest: of this address if it has too many, else of who has most."""
        others = [one for one in self.connections if isinstance(one, Connection)]
        held = Counter(one._address for one in others)
        if held[self._address] > self.MOST_PER_ADDRESS:
            crowd = self._address
        elif len(others) > self.MOST:
            crowd = max(held, key=lambda address: held[address])
        else:
            return
        theirs = [one for one in others if one._address == crowd and one is not self]
        longest = min(theirs, key=lambda one: one._since_s, default=self)
        longest.transport.abort()
        self.connections.discard(longest)  # it tells the loop only later

    def _await_head(self) -> None:
        idle = self.cycle is None or self.cycle.response_complete
        if idle and self._head_due is None:
            self._head_due = self.loop.call_later(HEAD_S, self.transport.abort)

    def _end_head(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _end_take(self) -> None:
        if self._take_due is not None:
            self._take_due.cancel()
            self._take_due = None


class DoorConnection(Connection):
    """One client's connection to the door of Stop, which nobody needs for longer than one small request."""

    MOST = 64
    MOST_PER_ADDRESS = 16
