"""The DAC at the wire, bytes worked out from the data sheet's figures 6-1 to 6-3."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.bus import BoundedBus
from drivers.dac import FULL_SCALE_CODE, CurrentDac, DacState
from drivers.errors import BusTimeout, ChipBusy, ChipMissing, ChipReset, ChipSilent, ShortRead

NACK = OSError(errno.EREMOTEIO, "Remote I/O error")
HUNG = TimeoutError(errno.ETIMEDOUT, "Connection timed out")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def dac(bus, wire):
    wire.expect(("write", 0x62, b""))
    return CurrentDac(bus, 0x62)


@pytest.mark.parametrize(
    ("code", "data"), [(0, b"\x00\x00"), (1, b"\x00\x01"), (0x7B3, b"\x07\xb3"), (4095, b"\x0f\xff")]
)
def test_a_fast_write_and_what_came_of_it_are_one_transfer_of_seven_bytes(dac, bus, wire, code, data):
    wire.expect(("write_read", 0x62, data + b"\x03", bytes((0xC0, code >> 4, code << 4 & 0xF0))))
    before = (bus.transfers, bus.wire_bytes)
    assert dac.write(code) is True
    assert (bus.transfers - before[0], bus.wire_bytes - before[1]) == (1, 7)


@pytest.mark.parametrize(
    "answer",
    [b"\xc0\x7b\x20", b"\xc0\x3b\x30", b"\xc2\x7b\x30", b"\xc4\x7b\x30", b"\x40\x7b\x30"],
    ids=["lowest bit", "highest bit", "1 kohm to ground", "100 kohm to ground", "busy"],
)
def test_what_the_chip_did_not_take_is_told(dac, wire, answer):
    wire.expect(("write_read", 0x62, b"\x07\xb3\x03", answer))
    assert dac.write(0x7B3) is False


def test_bits_that_say_nothing_of_the_output_are_not_heeded(dac, wire):
    wire.expect(("write_read", 0x62, b"\x07\xb3\x03", b"\xb9\x7b\x3f"))
    assert dac.write(0x7B3) is True


class _Recorder:
    def __init__(self):
        self.sent = []

    def write(self, address, data):
        self.sent.append(data)

    def read(self, address, count):
        raise NotImplementedError

    def write_read(self, address, data, count):
        self.sent.append(data)
        return bytes(count)


def recorded_dac():
    transport = _Recorder()
    bus = BoundedBus(transport, lambda: 0.0)
    bus.allow(1.0)
    dac = CurrentDac(bus, 0x62)
    transport.sent.clear()
    return transport, dac


@given(st.integers(0, 4095))
def test_every_code_is_sent_whole_in_normal_power_mode(code):
    transport, dac = recorded_dac()
    dac.write(code)
    assert [int.from_bytes(data, "big") for data in transport.sent] == [code]


@given(
    st.one_of(
        st.integers(max_value=-1),
        st.integers(min_value=4096),
        st.booleans(),
        st.floats(),
        st.text(),
        st.none(),
        st.just(FULL_SCALE_CODE + 0.0),
    )
)
def test_anything_else_is_refused_and_nothing_is_sent(code):
    transport, dac = recorded_dac()
    with pytest.raises(ValueError, match="a DAC code is an int from 0 to 4095"):
        dac.write(code)
    assert transport.sent == []


def test_the_range_check_survives_optimised_python():
    program = """
import sys
from drivers.bus import BoundedBus
from drivers.dac import CurrentDac
class Transport:
    sent = 0
    def write(self, address, data):
        self.sent += 1
    def write_read(self, address, data, count):
        self.sent += 1
        return bytes(count)
transport = Transport()
transport.read = None
bus = BoundedBus(transport, lambda: 0.0)
bus.allow(1.0)
dac = CurrentDac(bus, 0x62)
refused = 0
for code in (5000, 4096, -1, True):
    try:
        dac.write(code)
    except ValueError:
        refused += 1
print(sys.flags.optimize, refused, transport.sent)
"""
    done = subprocess.run(
        [sys.executable, "-O", "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("1 4 1\n", "")


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (b"\xc0\x00\x00\x00\x00", DacState(0, 0, True, 0, 0)),
        (b"\xc0\x80\x00\x08\x00", DacState(0x800, 0, True, 0x800, 0)),
        (b"\x40\xab\xc0\x01\x23", DacState(0xABC, 0, False, 0x123, 0)),
        (b"\xc2\xff\xf0\x2f\xff", DacState(4095, 1, True, 4095, 1)),
        (b"\xc6\x00\x10\x60\x01", DacState(1, 3, True, 1, 3)),
        (b"\xf9\x12\x3f\x94\x56", DacState(0x123, 0, True, 0x456, 0)),
    ],
)
def test_read_back_takes_five_bytes_apart(dac, bus, wire, answer, state):
    wire.expect(("read", 0x62, b"\x05", answer))
    before = bus.wire_bytes
    assert dac.read_back() == state
    assert bus.wire_bytes - before == 6


def test_the_shortest_transfer_is_a_read_of_one_byte(dac, bus, wire):
    wire.expect(("read", 0x62, b"\x01", b"\xc0"))
    before = bus.wire_bytes
    dac.read_status()
    assert bus.wire_bytes - before == 2


@pytest.mark.parametrize(
    ("answer", "error"), [(NACK, ChipSilent), (HUNG, BusTimeout), (b"\xc0\x00\x00", ShortRead)]
)
def test_a_failed_read_back_has_a_name_and_frees_the_bus(dac, bus, wire, answer, error):
    wire.expect(("read", 0x62, b"\x05", answer))
    with pytest.raises(error, match="DAC MCP4725 at 0x62"):
        dac.read_back()
    assert bus.try_lock() is True


@pytest.mark.parametrize(("failure", "error"), [(NACK, ChipSilent), (HUNG, BusTimeout)])
def test_a_failed_write_has_a_name_and_the_next_one_works(dac, wire, failure, error):
    wire.expect(
        ("write_read", 0x62, b"\x01\x00\x03", failure),
        ("write_read", 0x62, b"\x00\x00\x03", b"\xc0\x00\x00"),
    )
    with pytest.raises(error, match="DAC MCP4725 at 0x62"):
        dac.write(256)
    dac.write(0)


def test_a_write_needs_time(dac, clock):
    clock.now_s += 1.0
    with pytest.raises(BusTimeout):
        dac.write(0)


def test_nobody_at_the_address(bus, wire):
    wire.expect(("write", 0x62, b"", NACK), ("read", 0x62, b"\x01", NACK))
    with pytest.raises(ChipMissing, match="DAC MCP4725 at 0x62 is missing"):
        CurrentDac(bus, 0x62)


def test_a_hung_bus_is_not_mistaken_for_a_missing_chip(bus, wire):
    wire.expect(("write", 0x62, b"", HUNG), ("read", 0x62, b"\x01", HUNG))
    with pytest.raises(BusTimeout):
        CurrentDac(bus, 0x62)


def test_storing_zero_waits_for_the_chip_and_looks(dac, wire, clock):
    wire.expect(
        ("write", 0x62, b"\x60\x00\x00"),
        *[("read", 0x62, b"\x05", b"\x40\x00\x00\x08\x00")] * 5,
        ("read", 0x62, b"\x05", b"\xc0\x00\x00\x00\x00"),
    )
    begun_s = clock.now_s
    dac.store_zero_in_eeprom(clock.now, clock.wait_until)
    assert clock.now_s - begun_s == pytest.approx(0.030)


def test_storing_zero_gives_up_on_a_chip_that_stays_busy(dac, wire, clock):
    wire.expect(
        ("write", 0x62, b"\x60\x00\x00"),
        *[("read", 0x62, b"\x05", b"\x40\x00\x00\x08\x00")] * 12,
    )
    begun_s = clock.now_s
    with pytest.raises(ChipBusy, match="after 60 ms"):
        dac.store_zero_in_eeprom(clock.now, clock.wait_until)
    assert clock.now_s - begun_s == pytest.approx(0.060)


@pytest.mark.parametrize(
    "answer",
    [b"\xc0\x00\x00\x08\x00", b"\xc0\x00\x10\x00\x00", b"\xc2\x00\x00\x00\x00", b"\xc0\x00\x00\x20\x00"],
)
def test_storing_zero_refuses_anything_but_zero_in_all_four_places(dac, wire, clock, answer):
    wire.expect(("write", 0x62, b"\x60\x00\x00"), ("read", 0x62, b"\x05", answer))
    with pytest.raises(ChipReset, match="did not store zero"):
        dac.store_zero_in_eeprom(clock.now, clock.wait_until)
