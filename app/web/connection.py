"""A connection that may not be slow: uvicorn's HTTP/1.1 with an end to every wait.

Law: whoever sends a request's head, or takes an answer, slower than a weak phone would is cut off, and one
address holds only so many connections.
"""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S: Final = 5.0
"""A request's head has to be complete within this."""
TAKE_S: Final = 10.0
"""A reader that has not taken 48 KiB within this is cut off."""
MOST_PER_ADDRESS: Final = 128


class Connection(H11Protocol):
    """One client's connection."""

    _head_due: asyncio.TimerHandle | None = None
    _take_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, unless this address has too many already."""
        super().connection_made(transport)
        mine = self.client[0] if self.client else ""
        others = (other.client for other in self.connections if isinstance(other, Connection))
        if sum(client is not None and client[0] == mine for client in others) > MOST_PER_ADDRESS:
            transport.abort()
            return
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Take bytes; a head that begins has its time."""
        self._await_head()
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._end_head()

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
