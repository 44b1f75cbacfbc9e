"""The far end of an I2C adapter of the lane's kernel: a vhost-user device of kind i2c, for one guest.

Law: what the kernel's own I2C core and virtio driver send is carried out whole, transfer by transfer, and
what a chip refuses is refused to the kernel. Sources: the vhost-user protocol (QEMU,
docs/interop/vhost-user.rst); Virtual I/O Device specification 1.2, split virtqueues and I2C adapter device.
"""

from __future__ import annotations

import array
import mmap
import os
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

HEADER = struct.Struct("<III")
VERSION, REPLY, WANTS_REPLY = 0x1, 0x4, 0x8
GET_FEATURES, SET_MEM_TABLE, SET_VRING_NUM, SET_VRING_ADDR, SET_VRING_BASE = 1, 5, 8, 9, 10
GET_VRING_BASE, SET_VRING_KICK, SET_VRING_CALL = 11, 12, 13
GET_PROTOCOL_FEATURES, GET_QUEUE_NUM, SET_VRING_ENABLE, SET_BACKEND_REQ_FD = 15, 17, 18, 21

VERSION_1, PROTOCOL_FEATURES, ZERO_LENGTH = 1 << 32, 1 << 30, 1 << 0
REPLY_ACK, BACKEND_REQ = 1 << 3, 1 << 5
"""UML gives the device an interrupt only where the second of these is offered too (virtio_uml.c)."""

DESCRIPTOR = struct.Struct("<QIHH")
NEXT, WRITABLE, INDIRECT = 1, 2, 4
REQUEST = struct.Struct("<HHI")
READ = 2
DONE, FAILED = b"\0", b"\1"

Transfer = Callable[[int, list[tuple[int, bytes]]], list[bytes]]


class Region(NamedTuple):
    """A piece of the guest's memory."""

    guest: int
    user: int
    size: int
    offset: int
    memory: mmap.mmap


class Message(NamedTuple):
    """One message of a transfer: its place in the queue, what to write or where to read to, its status."""

    head: int
    address: int
    written: bytes
    read_to: tuple[int, int] | None
    status_at: int


class VhostI2c:
    """Listens at `path`; `sockets` are what to wait on, `turn(ready)` does what is wanted.

    `transfer(address, [(count to read, bytes to write), ...])` gives what was read, or raises OSError.
    """

    def __init__(self, path: Path, transfer: Transfer) -> None:
        self._transfer = transfer
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(path))
        self._door.listen(1)
        self._line: socket.socket | None = None
        self._regions: list[Region] = []
        self._kick = self._call = -1
        self._size = self._seen = 0
        self._descriptors = self._available = self._used = 0
        self.gone = False
        self.transfers = 0

    @property
    def sockets(self) -> list[int]:
        """File descriptors that become readable when there is something to do."""
        first = self._door.fileno() if self._line is None else self._line.fileno()
        return [first] if self._kick < 0 else [first, self._kick]

    def turn(self, ready: list[int]) -> None:
        """Do what the readable ones ask for."""
        if self._line is None:
            if self._door.fileno() in ready:
                self._line = self._door.accept()[0]
            return
        if self._kick in ready:
            os.read(self._kick, 8)
            self._pump()
        if self._line.fileno() in ready:
            self._hear(self._line)

    # The guest's memory.

    def _place(self, address: int, *, user: bool = False) -> tuple[Region, int]:
        for region in self._regions:
            base = region.user if user else region.guest
            if base <= address < base + region.size:
                return region, address - base
        raise ValueError(f"the guest has no memory at {address:#x}")

    def _get(self, address: int, count: int) -> bytes:
        region, at = self._place(address)
        return region.memory[region.offset + at : region.offset + at + count]

    def _put(self, address: int, data: bytes) -> None:
        region, at = self._place(address)
        region.memory[region.offset + at : region.offset + at + len(data)] = data

    def _get_u16(self, address: int) -> int:
        return int.from_bytes(self._get(address, 2), "little")

    # The control messages.

    def _hear(self, line: socket.socket) -> None:
        head, descriptors, _, _ = socket.recv_fds(line, HEADER.size, 8)
        if not head:
            self.gone = True
            return
        request, flags, size = HEADER.unpack(head)
        body = line.recv(size, socket.MSG_WAITALL) if size else b""
        answer = self._obey(request, body, descriptors)
        if answer is None and flags & WANTS_REPLY:
            answer = struct.pack("<Q", 0)
        if answer is not None:
            line.sendall(HEADER.pack(request, VERSION | REPLY, len(answer)) + answer)

    def _obey(self, request: int, body: bytes, descriptors: array.array[int] | list[int]) -> bytes | None:
        if request == GET_FEATURES:
            return struct.pack("<Q", VERSION_1 | PROTOCOL_FEATURES | ZERO_LENGTH)
        if request == GET_PROTOCOL_FEATURES:
            return struct.pack("<Q", REPLY_ACK | BACKEND_REQ)
        if request == GET_QUEUE_NUM:
            return struct.pack("<Q", 1)
        if request == SET_MEM_TABLE:
            self._map(body, list(descriptors))
        elif request == SET_VRING_NUM:
            self._size = struct.unpack_from("<II", body)[1]
        elif request == SET_VRING_BASE:
            self._seen = struct.unpack_from("<II", body)[1] & 0xFFFF
        elif request == SET_VRING_ADDR:
            _, _, *users = struct.unpack_from("<IIQQQ", body)
            places = [self._place(user, user=True) for user in users]
            self._descriptors, self._used, self._available = (region.guest + at for region, at in places)
        elif request == GET_VRING_BASE:
            return body[:4] + struct.pack("<I", self._seen)
        elif request == SET_VRING_KICK:
            self._kick = descriptors[0]
        elif request == SET_VRING_CALL:
            self._call = descriptors[0]
        if request in (SET_VRING_KICK, SET_VRING_ENABLE):
            self._pump()
        return None

    def _map(self, body: bytes, descriptors: list[int]) -> None:
        self._regions = []
        for number, descriptor in enumerate(descriptors):
            guest, size, user, offset = struct.unpack_from("<QQQQ", body, 8 + 32 * number)
            memory = mmap.mmap(descriptor, size + offset)
            os.close(descriptor)
            self._regions.append(Region(guest, user, size, offset, memory))

    # The queue. The kernel queues a whole transfer before it says so, and waits for it before the next.

    def _pump(self) -> None:
        if not (self._descriptors and self._size):
            return
        messages = list(self._waiting())
        if messages:
            self._carry_out(messages)
            if self._call >= 0:
                os.write(self._call, struct.pack("<Q", 1))

    def _waiting(self) -> Iterator[Message]:
        while self._get_u16(self._available + 2) != self._seen:
            head = self._get_u16(self._available + 4 + 2 * (self._seen % self._size))
            self._seen = (self._seen + 1) & 0xFFFF
            out, places = b"", []
            for address, length, flags in self._chain(head):
                if flags & WRITABLE:
                    places.append((address, length))
                else:
                    out += self._get(address, length)
            address, _, flags = REQUEST.unpack_from(out)
            read_to = places[0] if flags & READ and len(places) > 1 else None
            yield Message(head, address >> 1, out[REQUEST.size :], read_to, places[-1][0])

    def _chain(self, head: int) -> Iterator[tuple[int, int, int]]:
        table, flags = self._descriptors, NEXT
        while flags & NEXT:
            address, length, flags, following = DESCRIPTOR.unpack(
                self._get(table + DESCRIPTOR.size * head, DESCRIPTOR.size)
            )
            if flags & INDIRECT:
                table, following, flags = address, 0, NEXT
            else:
                yield address, length, flags
            head = following

    def _carry_out(self, messages: list[Message]) -> None:
        wanted = [(m.read_to[1], b"") if m.read_to else (0, m.written) for m in messages]
        try:
            answers = iter(self._transfer(messages[0].address, wanted))
            status = DONE
        except OSError:
            answers, status = iter(()), FAILED
        self.transfers += 1
        for message in messages:
            length = 1
            if message.read_to is not None and status == DONE:
                answer = next(answers)
                self._put(message.read_to[0], answer)
                length += len(answer)
            self._put(message.status_at, status)
            index = self._get_u16(self._used + 2)
            self._put(self._used + 4 + 8 * (index % self._size), struct.pack("<II", message.head, length))
            self._put(self._used + 2, struct.pack("<H", (index + 1) & 0xFFFF))
