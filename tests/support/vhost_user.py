"""The far ends of a guest's virtio devices, by the vhost-user protocol: an I2C adapter, and a chip of pins.

Law: what the guest's own drivers send is carried out whole, transfer by transfer, and what is refused is
refused to the guest. Sources: the vhost-user protocol (QEMU, docs/interop/vhost-user.rst); Virtual I/O Device
specification 1.2: split virtqueues, I2C adapter device, GPIO device.
"""

from __future__ import annotations

import array
import errno
import mmap
import os
import select
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

HEADER = struct.Struct("<III")
VERSION, REPLY, WANTS_REPLY = 0x1, 0x4, 0x8
GET_FEATURES, SET_MEM_TABLE, SET_VRING_NUM, SET_VRING_ADDR, SET_VRING_BASE = 1, 5, 8, 9, 10
GET_VRING_BASE, SET_VRING_KICK, SET_VRING_CALL = 11, 12, 13
GET_PROTOCOL_FEATURES, GET_QUEUE_NUM, SET_VRING_ENABLE, GET_CONFIG = 15, 17, 18, 24

VERSION_1, PROTOCOL_FEATURES = 1 << 32, 1 << 30
REPLY_ACK, BACKEND_REQ, CONFIG = 1 << 3, 1 << 5, 1 << 9
"""User-Mode Linux gives a device an interrupt only where the second is offered too (virtio_uml.c)."""

DESCRIPTOR = struct.Struct("<QIHH")
NEXT, WRITABLE, INDIRECT = 1, 2, 4
IDLE_S = 0.1


class Region(NamedTuple):
    """A piece of the guest's memory."""

    guest: int
    user: int
    size: int
    offset: int
    memory: mmap.mmap


class Request(NamedTuple):
    """What the guest put into a queue: its place there, what it wrote, and where it wants to read what."""

    head: int
    written: bytes
    places: list[tuple[int, int]]


class Memory:
    """The guest's memory, as far as it is shared."""

    def __init__(self) -> None:
        self._regions: list[Region] = []

    def share(self, body: bytes, descriptors: list[int]) -> None:
        """Map what the guest's machine gives, in the place of what it gave before."""
        for region in self._regions:
            region.memory.close()
        self._regions = []
        for number, descriptor in enumerate(descriptors):
            guest, size, user, offset = struct.unpack_from("<QQQQ", body, 8 + 32 * number)
            memory = mmap.mmap(descriptor, size + offset)
            os.close(descriptor)
            self._regions.append(Region(guest, user, size, offset, memory))

    def _place(self, address: int, *, user: bool = False) -> tuple[Region, int]:
        for region in self._regions:
            base = region.user if user else region.guest
            if base <= address < base + region.size:
                return region, address - base
        raise ValueError(f"the guest has no memory at {address:#x}")

    def guest_of(self, user: int) -> int:
        """Give the guest's own address of one of its machine's."""
        region, at = self._place(user, user=True)
        return region.guest + at

    def get(self, address: int, count: int) -> bytes:
        """Read."""
        region, at = self._place(address)
        return region.memory[region.offset + at : region.offset + at + count]

    def put(self, address: int, data: bytes) -> None:
        """Write."""
        region, at = self._place(address)
        region.memory[region.offset + at : region.offset + at + len(data)] = data

    def word(self, address: int) -> int:
        """Read two bytes as a number."""
        return int.from_bytes(self.get(address, 2), "little")


class Queue:
    """A split virtqueue."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.size = self.seen = 0
        self.descriptors = self.available = self.used = 0
        self.kick = self.call = -1

    def waiting(self) -> Iterator[Request]:
        """Take what the guest has put in since."""
        if not (self.descriptors and self.size):
            return
        while self._memory.word(self.available + 2) != self.seen:
            head = self._memory.word(self.available + 4 + 2 * (self.seen % self.size))
            self.seen = (self.seen + 1) & 0xFFFF
            written, places = b"", []
            for address, length, flags in self._chain(head):
                if flags & WRITABLE:
                    places.append((address, length))
                else:
                    written += self._memory.get(address, length)
            yield Request(head, written, places)

    def _chain(self, head: int) -> Iterator[tuple[int, int, int]]:
        table, flags = self.descriptors, NEXT
        while flags & NEXT:
            address, length, flags, following = DESCRIPTOR.unpack(
                self._memory.get(table + DESCRIPTOR.size * head, DESCRIPTOR.size)
            )
            if flags & INDIRECT:
                table, following, flags = address, 0, NEXT
            else:
                yield address, length, flags
            head = following

    def done(self, request: Request, *answers: bytes) -> None:
        """Give a request back, an answer in each of its places."""
        for (address, length), answer in zip(request.places, answers, strict=True):
            self._memory.put(address, answer[:length])
        index = self._memory.word(self.used + 2)
        entry = struct.pack("<II", request.head, sum(map(len, answers)))
        self._memory.put(self.used + 4 + 8 * (index % self.size), entry)
        self._memory.put(self.used + 2, struct.pack("<H", (index + 1) & 0xFFFF))

    def interrupt(self) -> None:
        """Tell the guest that something was given back."""
        if self.call >= 0:
            os.write(self.call, struct.pack("<Q", 1))


class Device:
    """Listens at `path`; `sockets` are what to wait on, `turn(ready)` does what is wanted, until `gone`."""

    features = 0
    queues = 1
    config = b""

    def __init__(self, path: Path) -> None:
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(path))
        self._door.listen(1)
        self._line: socket.socket | None = None
        self._memory = Memory()
        self._queues = [Queue(self._memory) for _ in range(self.queues)]
        self.gone = False

    def serve(self, queue: Queue, requests: list[Request]) -> None:
        """Carry out what the guest asks for, all that waited."""
        raise NotImplementedError

    @property
    def sockets(self) -> list[int]:
        """File descriptors that become readable when there is something to do."""
        first = self._door.fileno() if self._line is None else self._line.fileno()
        return [first, *(queue.kick for queue in self._queues if queue.kick >= 0)]

    def turn(self, ready: list[int]) -> None:
        """Do what the readable ones ask for."""
        if self._line is None:
            if self._door.fileno() in ready:
                self._line = self._door.accept()[0]
            return
        for queue in self._queues:
            if queue.kick in ready:
                os.read(queue.kick, 8)
                self._pump(queue)
        if self._line.fileno() in ready:
            self._hear(self._line)

    def _pump(self, queue: Queue) -> None:
        if requests := list(queue.waiting()):
            self.serve(queue, requests)
            queue.interrupt()

    # The control messages.

    def _hear(self, line: socket.socket) -> None:
        head, descriptors, _, _ = socket.recv_fds(line, HEADER.size, 8)
        if not head:
            self._end(line)
            return
        request, flags, size = HEADER.unpack(head)
        body = line.recv(size, socket.MSG_WAITALL) if size else b""
        answer = self._obey(request, body, descriptors)
        if answer is None and flags & WANTS_REPLY:
            answer = struct.pack("<Q", 0)
        if answer is not None:
            line.sendall(HEADER.pack(request, VERSION | REPLY, len(answer)) + answer)

    def _end(self, line: socket.socket) -> None:
        self.gone = True
        for descriptor in (one for queue in self._queues for one in (queue.kick, queue.call) if one >= 0):
            os.close(descriptor)
        self._memory.share(b"", [])
        line.close()
        self._door.close()

    def _obey(self, request: int, body: bytes, descriptors: array.array[int] | list[int]) -> bytes | None:
        if request == GET_FEATURES:
            return struct.pack("<Q", VERSION_1 | PROTOCOL_FEATURES | self.features)
        if request == GET_PROTOCOL_FEATURES:
            return struct.pack("<Q", REPLY_ACK | BACKEND_REQ | (CONFIG if self.config else 0))
        if request == GET_QUEUE_NUM:
            return struct.pack("<Q", self.queues)
        if request == GET_CONFIG:
            at, count, flags = struct.unpack_from("<III", body)
            return struct.pack("<III", at, count, flags) + self.config[at:].ljust(count, b"\0")[:count]
        if request == SET_MEM_TABLE:
            self._memory.share(body, list(descriptors))
        elif request in (SET_VRING_KICK, SET_VRING_CALL):
            self._wire(request, self._queues[body[0]], list(descriptors))
        elif SET_VRING_NUM <= request <= GET_VRING_BASE or request == SET_VRING_ENABLE:
            return self._set(request, self._queues[struct.unpack_from("<I", body)[0]], body)
        return None

    def _wire(self, request: int, queue: Queue, descriptors: list[int]) -> None:
        name = "kick" if request == SET_VRING_KICK else "call"
        if (old := getattr(queue, name)) >= 0:
            os.close(old)
        setattr(queue, name, descriptors[0] if descriptors else -1)
        self._pump(queue)

    def _set(self, request: int, queue: Queue, body: bytes) -> bytes | None:
        if request == SET_VRING_NUM:
            queue.size = struct.unpack_from("<II", body)[1]
        elif request == SET_VRING_BASE:
            queue.seen = struct.unpack_from("<II", body)[1] & 0xFFFF
        elif request == SET_VRING_ADDR:
            _, _, *users = struct.unpack_from("<IIQQQ", body)
            queue.descriptors, queue.used, queue.available = map(self._memory.guest_of, users)
        elif request == GET_VRING_BASE:  # the guest's driver is gone, or its machine starts again
            queue.descriptors = 0
            return body[:4] + struct.pack("<I", queue.seen)
        else:
            self._pump(queue)
        return None


Transfer = Callable[[int, list[tuple[int, bytes]]], list[bytes]]


class I2cAdapter(Device):
    """`transfer(address, [(count to read, bytes to write), ...])` gives what was read, or raises OSError."""

    features = 1 << 0
    """Transfers of no length, by which a chip is asked whether it is there."""
    _REQUEST = struct.Struct("<HHI")
    _READ = 2
    _DONE, _FAILED = b"\0", b"\1"

    def __init__(self, path: Path, transfer: Transfer) -> None:
        super().__init__(path)
        self._transfer = transfer
        self.transfers = 0

    def serve(self, queue: Queue, requests: list[Request]) -> None:
        """Carry out a transfer: the kernel queues a whole one before it says so, and waits for it."""
        wanted, reads = [], []
        for request in requests:
            address, _, flags = self._REQUEST.unpack_from(request.written)
            reads.append(bool(flags & self._READ) and len(request.places) > 1)
            count = request.places[0][1] if reads[-1] else 0
            wanted.append((count, b"" if reads[-1] else request.written[self._REQUEST.size :]))
        try:
            answers, status = iter(self._transfer(address >> 1, wanted)), self._DONE
        except OSError:
            answers, status = iter(()), self._FAILED
        self.transfers += 1
        for request, is_read in zip(requests, reads, strict=True):
            read = [next(answers, b"")] if is_read else []
            queue.done(request, *read, *[status] * (len(request.places) - len(read)))


class Chips(Protocol):
    """A bus that chips are on."""

    def write(self, address: int, data: bytes) -> None:
        """Write."""

    def read(self, address: int, count: int) -> bytes:
        """Read."""

    def write_read(self, address: int, data: bytes, count: int) -> bytes:
        """Write, then read after a repeated start."""


def carry(chips: Chips, address: int, messages: list[tuple[int, bytes]]) -> list[bytes]:
    """Do one transfer of the guest's on a bus. Raises OSError."""
    match messages:
        case [(0, data)]:
            chips.write(address, data)
            return []
        case [(count, b"")]:
            return [chips.read(address, count)]
        case [(0, data), (count, b"")]:
            return [chips.write_read(address, data, count)]
    raise OSError(errno.EOPNOTSUPP, "no such transaction")


class Pins(Protocol):
    """What is at the far end of a header's pins."""

    def pin_driven(self, number: int, level: bool | None) -> None:
        """Be driven."""

    def pin_level(self, number: int) -> bool | None:
        """Give what drives the pin; None where nothing does."""


class GpioChip(Device):
    """A chip with `lines` pins, of which the first `WIRED` lead to `pins`; edges tell nothing.

    What no one drives is pulled up, as the header's contacts are. An output that is let go keeps its level,
    the worse of the two things that Pis do.
    """

    queues = 2
    """Of requests, and of edges, which QEMU wants though nothing ever comes by it."""
    WIRED = 28
    _REQUEST = struct.Struct("<HHI")
    _GET_DIRECTION, _SET_DIRECTION, _GET_VALUE, _SET_VALUE = 2, 3, 4, 5
    _NONE, _OUT, _IN = 0, 1, 2

    def __init__(self, path: Path, pins: Pins, lines: int) -> None:
        self.config = struct.pack("<HHI", lines, 0, 0)
        super().__init__(path)
        self._pins = pins
        self._direction: dict[int, int] = {}
        self._level: dict[int, bool] = {}

    def serve(self, queue: Queue, requests: list[Request]) -> None:
        """Do one thing after the other."""
        for request in requests:
            kind, pin, value = self._REQUEST.unpack(request.written)
            try:
                answer = bytes([0, self._do(kind, pin, value)])
            except OSError:
                answer = b"\1\0"
            queue.done(request, answer)

    def _do(self, kind: int, pin: int, value: int) -> int:
        if kind == self._GET_DIRECTION:
            return self._direction.get(pin, self._IN)
        if kind == self._GET_VALUE:
            return int(self._level.get(pin, False) if self._is_out(pin) else self._contact(pin))
        if kind == self._SET_VALUE:
            self._level[pin] = bool(value)
        elif kind != self._SET_DIRECTION:
            raise OSError(errno.EOPNOTSUPP, "no such request")
        elif value != self._NONE or not self._is_out(pin):
            self._direction[pin] = value
        if self._is_out(pin) and pin < self.WIRED:
            self._pins.pin_driven(pin, self._level.get(pin, False))
        return 0

    def _is_out(self, pin: int) -> bool:
        return self._direction.get(pin) == self._OUT

    def _contact(self, pin: int) -> bool:
        driven = self._pins.pin_level(pin) if pin < self.WIRED else None
        return driven is not False


def serve(*devices: Device) -> None:
    """Serve a guest's devices until it is gone."""
    while not all(device.gone for device in devices):
        here: Iterable[Device] = [device for device in devices if not device.gone]
        ready = select.select([one for device in here for one in device.sockets], [], [], IDLE_S)[0]
        for device in here:
            device.turn(ready)
