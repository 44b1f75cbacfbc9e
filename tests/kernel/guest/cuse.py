"""A character device of the kernel whose far end is this process: /dev/cuse without a library.

Law: whoever opens the device meets the kernel's own open, ioctl and close; what they ask is answered here or
not at all. Structures and numbers: linux/fuse.h, linux/i2c.h, linux/i2c-dev.h.
"""

from __future__ import annotations

import errno
import os
import select
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

LONGEST = 1 << 17
CUSE_INIT, OPEN, RELEASE, FLUSH, INTERRUPT, IOCTL = 4096, 14, 18, 25, 36, 39
UNRESTRICTED_IOCTL = 1
"""Flag: the device's ioctls may point anywhere into the caller's memory; the kernel fetches it on demand."""
RETRY = 4
"""Flag: do it again with these pieces of the caller's memory."""
IN_HEADER = struct.Struct("<IIQQIIII")
OUT_HEADER = struct.Struct("<IiQ")
INIT_REPLY = struct.Struct("<8I40x")
IOCTL_IN = struct.Struct("<QIIQII")
IOCTL_OUT = struct.Struct("<iIII")
PIECE = struct.Struct("<QQ")

I2C_RETRIES, I2C_TIMEOUT, I2C_FUNCS, I2C_RDWR = 0x701, 0x702, 0x705, 0x707
FUNC_I2C = struct.pack("<Q", 1)
RDWR = struct.Struct("<QI4x")
MESSAGE = struct.Struct("<HHH2xQ")
READ_FLAG = 1
MOST_MESSAGES = 42
TICK_MS = 10
NEXT_ROUND_S = 0.001
"""The next round follows at once, unless its program was killed."""

Transfer = Callable[[int, list[tuple[int, bytes]]], list[bytes]]


class CuseBus:
    """The device /dev/i2c-`number`.

    `transfer(address, [(count to read, bytes to write), ...])` gives what was read. `fd` becomes readable
    when somebody wants something; `serve_one` answers it. `on_timeout(ms)` is told what I2C_TIMEOUT sets, for
    the adapter belongs to everybody who opens it.
    """

    def __init__(self, number: int, transfer: Transfer, on_timeout: Callable[[int], None]) -> None:
        self.name = f"i2c-{number}"
        self.transfers = 0
        self._transfer, self._on_timeout = transfer, on_timeout
        self._opened = 0
        self.fd = os.open("/dev/cuse", os.O_RDWR)
        while not os.path.exists(f"/dev/{self.name}"):  # noqa: PTH110 - the guest's start-up counts
            self.serve_one()

    def serve(self) -> None:
        """Answer one request, with all the rounds in which the kernel fetches what it points to."""
        while self.serve_one() and select.select([self.fd], [], [], NEXT_ROUND_S)[0]:
            pass

    def serve_one(self) -> bool:
        """Take one packet and answer it; True when the kernel was asked to come again with more."""
        packet = os.read(self.fd, LONGEST)
        _, opcode, unique, *_ = IN_HEADER.unpack_from(packet)
        body = packet[IN_HEADER.size :]
        try:
            answer = self._answer(opcode, body)
        except OSError as error:
            answer = None if error.errno is None else -error.errno
        if answer is not None:
            self._reply(unique, answer)
        return opcode == IOCTL and isinstance(answer, bytes) and IOCTL_OUT.unpack_from(answer)[1] == RETRY

    def _reply(self, unique: int, answer: bytes | int) -> None:
        code, body = (answer, b"") if isinstance(answer, int) else (0, answer)
        with suppress(FileNotFoundError):  # the caller was killed meanwhile: nobody waits for it
            os.write(self.fd, OUT_HEADER.pack(OUT_HEADER.size + len(body), code, unique) + body)

    def _answer(self, opcode: int, body: bytes) -> bytes | int | None:
        if opcode == CUSE_INIT:
            major, minor = struct.unpack_from("<II", body)
            start = INIT_REPLY.pack(major, min(minor, 31), 0, UNRESTRICTED_IOCTL, 4096, 4096, 0, 0)
            return start + f"DEVNAME={self.name}\0".encode()
        if opcode == OPEN:
            self._opened += 1
            return struct.pack("<Q8x", self._opened)
        if opcode in (RELEASE, FLUSH):
            return b""
        if opcode == INTERRUPT:
            return None
        if opcode == IOCTL:
            return self._ioctl(*IOCTL_IN.unpack_from(body), body[IOCTL_IN.size :])
        return -errno.ENOSYS

    def _ioctl(
        self, _fh: int, _flags: int, command: int, arg: int, _in: int, room: int, data: bytes
    ) -> bytes | int:
        if command == I2C_RETRIES:
            return _done()
        if command == I2C_TIMEOUT:
            self._on_timeout(arg * TICK_MS)
            return _done()
        if command == I2C_FUNCS:
            return _done(FUNC_I2C) if room else _again([], [(arg, 8)])
        if command == I2C_RDWR:
            return self._rdwr(arg, data, room)
        return -errno.ENOTTY

    def _rdwr(self, arg: int, data: bytes, room: int) -> bytes | int:
        """Fetch the list, then the messages, then what is to be written; then do it."""
        head = (arg, RDWR.size)
        if not data:
            return _again([head], [])
        where, count = RDWR.unpack_from(data)
        if not 0 < count <= MOST_MESSAGES:
            return -errno.EINVAL
        table = (where, count * MESSAGE.size)
        if len(data) == RDWR.size:
            return _again([head, table], [])
        rows = [MESSAGE.unpack_from(data, RDWR.size + i * MESSAGE.size) for i in range(count)]
        written = [(row[3], row[2]) for row in rows if not row[1] & READ_FLAG and row[2]]
        wanted = [(row[3], row[2]) for row in rows if row[1] & READ_FLAG]
        fixed = RDWR.size + table[1]
        if len(data) < fixed + sum(piece[1] for piece in written) or room < sum(p[1] for p in wanted):
            return _again([head, table, *written], wanted)
        at, messages = fixed, []
        for _, flags, length, _ in rows:
            if flags & READ_FLAG:
                messages.append((length, b""))
            else:
                messages.append((0, data[at : at + length]))
                at += length
        self.transfers += 1
        return _done(b"".join(self._transfer(rows[0][0], messages)), result=count)


def _done(data: bytes = b"", result: int = 0) -> bytes:
    return IOCTL_OUT.pack(result, 0, 0, 0) + data


def _again(to_read: list[tuple[int, int]], to_write: list[tuple[int, int]]) -> bytes:
    pieces: list[Any] = [*to_read, *to_write]
    return IOCTL_OUT.pack(0, RETRY, len(to_read), len(to_write)) + b"".join(PIECE.pack(*p) for p in pieces)
