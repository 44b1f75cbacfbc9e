"""Bytes that come in pieces, from a pipe or a socket, as whole lines.

Law: pure. Half a line waits for its end; how long it may grow is for who reads to say, by `rest`.
"""

from __future__ import annotations


class LineSplitter:
    """Cuts one stream of bytes at its line ends."""

    __slots__ = ("rest",)

    def __init__(self) -> None:
        self.rest = b""
        """The line whose end has not come."""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take what has come; return the lines that are whole now, without their ends."""
        *lines, self.rest = (self.rest + chunk).split(b"\n")
        return lines
