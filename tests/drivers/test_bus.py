"""The bounded bus: deadline, lock, and what becomes of the transport's errors."""

import errno
import math

import adafruit_mcp4725
import pytest
from adafruit_ads1x15.ads1115 import ADS1115
from hypothesis import given
from hypothesis import strategies as st

from drivers.bus import BoundedBus
from drivers.errors import BusTimeout, ChipSilent, DriverError, ShortRead

NACK = OSError(errno.EREMOTEIO, "Remote I/O error")


def test_nothing_moves_before_time_is_allowed(wire, clock):
    bus = BoundedBus(wire, clock.now)
    with pytest.raises(BusTimeout, match="before any time was allowed"):
        bus.try_lock()
    assert bus.transfers == 0


def test_time_runs_out_for_the_lock(bus, clock):
    bus.allow(0.004)
    clock.now_s += 0.0039
    assert bus.try_lock() is True
    bus.unlock()
    clock.now_s += 0.0001
    with pytest.raises(BusTimeout, match="used up"):
        bus.try_lock()


@pytest.mark.parametrize(
    "transfer",
    [
        lambda bus: bus.writeto(0x48, b"\x01"),
        lambda bus: bus.readfrom_into(0x48, bytearray(2)),
        lambda bus: bus.writeto_then_readfrom(0x48, b"\x00", bytearray(2)),
    ],
)
def test_time_runs_out_for_a_transfer_under_a_lock(bus, clock, transfer):
    bus.allow(0.004)
    bus.try_lock()
    clock.now_s += 0.004
    with pytest.raises(TimeoutError):
        transfer(bus)
    bus.unlock()
    assert bus.transfers == 0


def test_an_allowance_of_zero_allows_nothing(bus):
    bus.allow(0.0)
    with pytest.raises(BusTimeout):
        bus.try_lock()


def test_a_new_allowance_opens_the_bus_again(bus, wire, clock):
    clock.now_s += 10.0
    bus.allow(0.001)
    wire.expect(("write", 0x62, b"\x01\x02"))
    with bus:
        bus.writeto(0x62, b"\x01\x02")


@pytest.mark.parametrize("duration_s", [-0.001, math.nan, math.inf, -math.inf, 5.001])
def test_absurd_allowances_are_refused_and_change_nothing(bus, duration_s):
    with pytest.raises(ValueError, match="is not within 0 to 5 s"):
        bus.allow(duration_s)
    assert bus.try_lock() is True


def test_lock_bookkeeping(bus):
    with pytest.raises(RuntimeError, match="not locked"):
        bus.unlock()
    with pytest.raises(RuntimeError, match="without its lock"):
        bus.writeto(0x48, b"\x00")
    with pytest.raises(RuntimeError, match="without its lock"):
        bus.readfrom_into(0x48, bytearray(1))
    with pytest.raises(RuntimeError, match="without its lock"):
        bus.writeto_then_readfrom(0x48, b"\x00", bytearray(1))
    bus.try_lock()
    with pytest.raises(RuntimeError, match="locked already"):
        bus.try_lock()
    bus.unlock()
    assert bus.transfers == 0


def test_slices_reach_the_wire_and_only_the_slice_is_filled(bus, wire):
    wire.expect(
        ("write", 0x48, b"\x02\x03"),
        ("read", 0x48, b"\x02", b"\xaa\xbb"),
        ("write_read", 0x48, b"\x05\x01", b"\xcc"),
    )
    buffer, answer = bytearray(4), bytearray(3)
    with bus:
        bus.writeto(0x48, bytearray(b"\x01\x02\x03\x04"), start=1, end=3)
        bus.readfrom_into(0x48, buffer, start=1, end=3)
        bus.writeto_then_readfrom(0x48, b"\x04\x05\x06", answer, out_start=1, out_end=2, in_start=2, in_end=3)
    assert buffer == b"\x00\xaa\xbb\x00"
    assert answer == b"\x00\x00\xcc"


def test_counts_transactions_and_bytes_on_the_wire(bus, wire):
    wire.expect(
        ("write", 0x48, b"\x01\x85\x83"),
        ("read", 0x48, b"\x05", bytes(5)),
        ("write_read", 0x48, b"\x00\x02", bytes(2)),
        ("write", 0x48, b"", NACK),
    )
    with bus:
        bus.writeto(0x48, b"\x01\x85\x83")
        bus.readfrom_into(0x48, bytearray(5))
        bus.writeto_then_readfrom(0x48, b"\x00", bytearray(2))
        with pytest.raises(ChipSilent):
            bus.writeto(0x48, b"")
    assert (bus.transfers, bus.wire_bytes) == (4, 4 + 6 + 5 + 1)


def test_a_nack_becomes_a_silent_chip_with_name_and_errno(bus, wire):
    bus.introduce(0x62, "DAC MCP4725")
    wire.expect(("write", 0x62, b"\x00\x00", NACK))
    with bus, pytest.raises(ChipSilent) as caught:
        bus.writeto(0x62, b"\x00\x00")
    assert str(caught.value) == "DAC MCP4725 at 0x62 does not answer."
    assert caught.value.errno == errno.EREMOTEIO
    assert caught.value.__cause__ is NACK
    assert isinstance(caught.value, DriverError)
    assert not isinstance(caught.value, TimeoutError)


def test_a_hung_bus_becomes_a_timeout_that_frees_the_lock(bus, wire):
    wire.expect(("write_read", 0x48, b"\x00\x02", OSError(errno.ETIMEDOUT, "Connection timed out")))
    with pytest.raises(BusTimeout, match="hung on I2C chip at 0x48") as caught, bus:
        bus.writeto_then_readfrom(0x48, b"\x00", bytearray(2))
    assert isinstance(caught.value, TimeoutError)
    assert isinstance(caught.value, DriverError)
    assert caught.value.errno == errno.ETIMEDOUT
    assert bus.try_lock() is True


@pytest.mark.parametrize("answer", [b"", b"\x01", b"\x01\x02\x03"])
def test_a_wrong_count_of_bytes_is_refused_and_leaves_the_buffer(bus, wire, answer):
    wire.expect(("read", 0x48, b"\x02", answer), ("write_read", 0x48, b"\x00\x02", answer))
    buffer = bytearray(b"\x77\x77")
    with bus:
        with pytest.raises(ShortRead, match=f"sent {len(answer)} of 2 bytes"):
            bus.readfrom_into(0x48, buffer)
        with pytest.raises(ShortRead, match=f"sent {len(answer)} of 2 bytes"):
            bus.writeto_then_readfrom(0x48, b"\x00", buffer)
    assert buffer == b"\x77\x77"


def test_an_error_that_is_no_os_error_passes_through(bus, wire):
    wire.expect(("write", 0x48, b"", ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError), bus:
        bus.writeto(0x48, b"")


def test_the_endless_poll_of_the_adc_library_ends_at_the_deadline(endless, clock):
    transport, bus = endless(b"\x00", allowed_s=1.0)
    chip = ADS1115(bus)
    bus.allow(0.02)
    begun_s, before = clock.now_s, transport.transfers
    with pytest.raises(BusTimeout):
        chip.read(4)
    assert clock.now_s - begun_s == pytest.approx(0.02, abs=transport.transfer_s)
    assert 150 < transport.transfers - before <= 200


def test_the_endless_wait_of_the_dac_library_ends_at_the_deadline(endless, clock, monkeypatch):
    _, bus = endless(b"\x00", allowed_s=1.0)
    chip = adafruit_mcp4725.MCP4725(bus)
    monkeypatch.setattr(
        adafruit_mcp4725.time, "sleep", lambda duration_s: clock.wait_until(clock.now_s + duration_s)
    )
    bus.allow(0.2)
    begun_s = clock.now_s
    with pytest.raises(BusTimeout):
        chip.save_to_eeprom()
    assert clock.now_s - begun_s < 0.26


@given(allowed_s=st.floats(0, 5), elapsed_s=st.floats(0, 10))
def test_the_bus_is_open_exactly_until_its_deadline(allowed_s, elapsed_s):
    now_s = 0.0
    bus = BoundedBus(transport=_Nothing(), now_s=lambda: now_s)
    bus.allow(allowed_s)
    now_s = elapsed_s
    if elapsed_s < allowed_s:
        assert bus.try_lock()
    else:
        with pytest.raises(BusTimeout):
            bus.try_lock()


class _Nothing:
    def write(self, address, data):
        raise NotImplementedError

    def read(self, address, count):
        raise NotImplementedError

    def write_read(self, address, data, count):
        raise NotImplementedError
