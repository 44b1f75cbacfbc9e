"""The packets between a unit that is a process of its own and whoever drives it or asks it.

Law of this module: a packet arrives whole or not at all (a Unix socket of kind SEQPACKET keeps its bounds),
and a reply carries the number of its request, so that one that comes too late is recognised and dropped.
"""

from __future__ import annotations

import socket
import struct
from enum import IntEnum
from typing import Final

LONGEST: Final = 1 << 16
"""Bytes of the longest packet."""
REQUEST: Final = struct.Struct("<BHBH")
"""Op, number, address or pin, count of bytes or level; what is written follows."""
REPLY: Final = struct.Struct("<HB")
"""Number of the request, status; what was read follows."""
LEVELS: Final = struct.Struct("<II")
"""One bit per pin: whether the circuit drives it, and to which level."""
PINS: Final = 28
"""BCM pins of the header."""
LET_GO: Final = 2
"""The level of a pin that is not driven any more."""


class Op(IntEnum):
    """What is asked. `PIN` and `MARK` have no reply: a wire has none either."""

    DRIVE = 1
    WRITE = 2
    READ = 3
    WRITE_READ = 4
    LEVELS = 5
    PIN = 6
    MARK = 7
    ASK = 8


class Status(IntEnum):
    """How it went; after `REFUSED` the reason follows, one sentence in UTF-8."""

    DONE = 0
    NO_ACKNOWLEDGE = 1
    TIMED_OUT = 2
    REFUSED = 3


def new_socket() -> socket.socket:
    """Make a socket for these packets."""
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
