"""The wires of an emulated header: what a guest's driver puts into its queues is done, or refused to it."""

import os
import socket
import struct
import threading
from mmap import mmap

import pytest
import vhost_user
from vhost_user import GpioChip, I2cAdapter, carry, serve

GUEST, USER, SIZE = 0x4000_0000, 0x7F00_0000_0000, 1 << 16
DESCRIPTORS, AVAILABLE, USED, BUFFERS, LENGTH = 0x0, 0x1000, 0x2000, 0x3000, 16
OUT, IN = 1, 2


class Chips:
    """A bus with one chip, which holds what was written to it last."""

    def __init__(self):
        self.held = b""

    def _there(self, address):
        if address != 0x62:
            raise OSError("no acknowledge")

    def write(self, address, data):
        self._there(address)
        self.held = data

    def read(self, address, count):
        self._there(address)
        return self.held[:count]

    def write_read(self, address, data, count):
        self.write(address, data)
        return bytes(reversed(data))[:count]


class Pins:
    """A panel whose contact 5 is closed."""

    def __init__(self):
        self.driven = []

    def pin_driven(self, number, level):
        self.driven.append((number, level))

    def pin_level(self, number):
        return False if number == 5 else None


class Guest:
    """A guest's driver at a device: its memory, one queue, and the messages by which both come to be."""

    def __init__(self, path, queue=0):
        memory = os.memfd_create("guest")
        os.truncate(memory, SIZE)
        self.memory = mmap(memory, SIZE)
        self.kick, self.call = os.eventfd(0), os.eventfd(0)
        self.given = 0
        self.line = socket.socket(socket.AF_UNIX)
        self.line.connect(str(path))
        self.features = struct.unpack("<Q", self.ask(vhost_user.GET_FEATURES))[0]
        table = struct.pack("<II", 1, 0) + struct.pack("<QQQQ", GUEST, SIZE, USER, 0)
        self.tell(vhost_user.SET_MEM_TABLE, table, memory)
        os.close(memory)
        self.tell(vhost_user.SET_VRING_NUM, struct.pack("<II", queue, LENGTH))
        self.tell(vhost_user.SET_VRING_BASE, struct.pack("<II", queue, 0))
        places = (USER + DESCRIPTORS, USER + USED, USER + AVAILABLE, 0)
        self.tell(vhost_user.SET_VRING_ADDR, struct.pack("<IIQQQQ", queue, 0, *places))
        self.tell(vhost_user.SET_VRING_CALL, struct.pack("<Q", queue), self.call)
        self.tell(vhost_user.SET_VRING_KICK, struct.pack("<Q", queue), self.kick)

    def tell(self, request, body=b"", *descriptors):
        """Say something and wait until it was obeyed."""
        head = vhost_user.HEADER.pack(request, vhost_user.VERSION | vhost_user.WANTS_REPLY, len(body))
        socket.send_fds(self.line, [head + body], list(descriptors))
        return self._answer()

    def ask(self, request, body=b""):
        self.line.sendall(vhost_user.HEADER.pack(request, vhost_user.VERSION, len(body)) + body)
        return self._answer()

    def _answer(self):
        _, flags, size = vhost_user.HEADER.unpack(self.line.recv(vhost_user.HEADER.size))
        assert flags & vhost_user.REPLY
        return self.line.recv(size)

    def put(self, *messages):
        """Put messages into the queue, each of (written, lengths to read); give what was read of each."""
        place, number, heads, reads = BUFFERS, 0, [], []
        for written, lengths in messages:
            heads.append(number)
            parts = [(OUT, written), *((IN, bytes(length)) for length in lengths)]
            at = []
            for left, (way, data) in zip(reversed(range(len(parts))), parts, strict=True):
                self.memory[place : place + len(data)] = data
                flags = (vhost_user.NEXT if left else 0) | (vhost_user.WRITABLE if way == IN else 0)
                entry = vhost_user.DESCRIPTOR.pack(GUEST + place, len(data), flags, number + 1)
                self.memory[DESCRIPTORS + 16 * number : DESCRIPTORS + 16 * number + 16] = entry
                at += [(place, len(data))] if way == IN else []
                place, number = place + 64, number + 1
            reads.append(at)
        for head in heads:
            slot = AVAILABLE + 4 + 2 * (self.given % LENGTH)
            self.memory[slot : slot + 2] = struct.pack("<H", head)
            self.given += 1
        self.memory[AVAILABLE + 2 : AVAILABLE + 4] = struct.pack("<H", self.given & 0xFFFF)
        os.eventfd_write(self.kick, 1)
        os.eventfd_read(self.call)
        assert struct.unpack("<H", self.memory[USED + 2 : USED + 4])[0] == self.given & 0xFFFF
        return [[self.memory[start : start + length] for start, length in at] for at in reads]

    def used_length(self):
        """How much of the last request was written to, as the driver is told."""
        slot = USED + 4 + 8 * ((self.given - 1) % LENGTH)
        return struct.unpack("<II", self.memory[slot : slot + 8])[1]

    def close(self):
        self.line.close()
        self.memory.close()
        os.close(self.kick)
        os.close(self.call)


@pytest.fixture
def begin(tmp_path):
    """Have a device served, and a guest at it."""
    running = []

    def begin(make):
        device = make(tmp_path / "device.sock")
        thread = threading.Thread(target=serve, args=(device,))
        thread.start()
        guest = Guest(tmp_path / "device.sock")
        running.append((thread, guest))
        return guest

    yield begin
    for thread, guest in running:
        guest.close()
        thread.join(60.0)
        assert not thread.is_alive(), "it goes on without a guest"


@pytest.fixture
def bus(begin):
    chips = Chips()
    return begin(lambda path: I2cAdapter(path, lambda address, messages: carry(chips, address, messages)))


def message(address, written=b"", *, reads=0):
    head = struct.pack("<HHI", address << 1, 0, 2 if reads else 0)
    return head + written, ([reads] if reads else []) + [1]


def test_transfers_are_carried_out_whole(bus):
    assert bus.put(message(0x62, b"\x01\x02\x03")) == [[b"\0"]]
    assert bus.put(message(0x62, reads=2)) == [[b"\x01\x02", b"\0"]]
    assert bus.used_length() == 3
    assert bus.put(message(0x62, b"\x09\x08"), message(0x62, reads=2)) == [[b"\0"], [b"\x08\x09", b"\0"]]
    assert bus.put(message(0x62)) == [[b"\0"]], "a chip is asked for without a byte"


def test_what_no_chip_acknowledges_is_refused_to_the_guest_message_by_message(bus):
    assert bus.put(message(0x48)) == [[b"\1"]]
    (wrote,), (_, read) = bus.put(message(0x48, b"\0"), message(0x48, reads=2))
    assert (wrote, read) == (b"\1", b"\1")
    assert bus.put(message(0x62, b"\x07")) == [[b"\0"]], "and the next one goes through"


def test_the_queue_goes_round_more_than_once(bus):
    for number in range(3 * LENGTH):
        bus.put(message(0x62, bytes([number])))
        assert bus.put(message(0x62, reads=1)) == [[bytes([number]), b"\0"]]


def test_a_transfer_that_no_bus_knows_is_refused(bus):
    assert bus.put(*[message(0x62, b"\1")] * 3) == [[b"\1"]] * 3


GET_DIRECTION, SET_DIRECTION, GET_VALUE, SET_VALUE = 2, 3, 4, 5
NONE, AN_OUTPUT, AN_INPUT = 0, 1, 2


@pytest.fixture
def header(begin):
    pins = Pins()
    guest = begin(lambda path: GpioChip(path, pins, 58))

    def do(kind, pin, value=0):
        ((answer,),) = guest.put((struct.pack("<HHI", kind, pin, value), [2]))
        return tuple(answer)

    guest.pins, guest.do = pins, do
    return guest


def test_the_chip_says_how_many_pins_it_has(header):
    body = struct.pack("<III", 0, 8, 0) + bytes(8)
    assert header.ask(vhost_user.GET_CONFIG, body)[12:] == struct.pack("<HHI", 58, 0, 0)


def test_an_output_is_driven_from_the_moment_it_is_one_and_keeps_its_level_when_let_go(header):
    assert header.do(SET_VALUE, 17, 1) == (0, 0)
    assert header.pins.driven == [], "nothing is driven before it is an output"
    assert header.do(SET_DIRECTION, 17, AN_OUTPUT) == (0, 0)
    assert header.pins.driven == [(17, True)]
    assert header.do(SET_VALUE, 17, 0) == (0, 0)
    assert header.do(GET_VALUE, 17) == (0, 0)
    assert header.do(SET_VALUE, 17, 1) == (0, 0)
    assert header.do(SET_DIRECTION, 17, NONE) == (0, 0)
    assert header.pins.driven[-1] == (17, True)
    assert header.do(GET_DIRECTION, 17) == (0, AN_OUTPUT)


def test_contacts_read_low_when_closed_and_are_pulled_up_else(header):
    assert header.do(SET_DIRECTION, 5, AN_INPUT) == (0, 0)
    assert header.do(GET_VALUE, 5) == (0, 0)
    assert header.do(GET_VALUE, 6) == (0, 1)
    assert header.do(GET_VALUE, 40) == (0, 1), "beyond the header"
    assert header.pins.driven == []


def test_pins_beyond_the_header_drive_nothing_and_strange_requests_are_refused(header):
    assert header.do(SET_DIRECTION, 40, AN_OUTPUT) == (0, 0)
    assert header.pins.driven == []
    assert header.do(6, 5, 3) == (1, 0), "no edges"
