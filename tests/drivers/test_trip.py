"""The hardware trip at the wire and at its pins."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory

from drivers.adc import GuardAdc
from drivers.errors import ChipReset, ChipSilent
from drivers.trip import Trip

CONFIG = b"\x01\x44\xe9"
"""A0, 2.048 V, continuous, 860 a second; traditional, active high, not latched, queue of two."""
ALERT, REARM = 23, 18


@pytest.fixture
def guard(bus: Any, wire: Any) -> GuardAdc:
    wire.expect(
        ("write", 0x49, b""),
        ("write", 0x49, b"\x02\x80\x00"),
        ("write", 0x49, b"\x03\x7f\xff"),
        ("write_read", 0x49, b"\x01\x02", b"\x85\x83"),
        ("write", 0x49, b"\x01\x05\xe3"),
        ("write", 0x49, CONFIG),
        ("write_read", 0x49, b"\x01\x02", b"\x44\xe9"),
    )
    return GuardAdc(bus, 0x49, 2, 860, 0, watches=True)


@pytest.fixture
def factory() -> Any:
    made = MockFactory()
    yield made
    made.reset()


@pytest.fixture
def trip(factory: Any, guard: GuardAdc) -> Any:
    made = Trip(factory, guard, alert=ALERT, rearm=REARM)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("code", "data"), [(1504, b"\x05\xe0"), (32767, b"\x7f\xff"), (-3759, b"\xf1\x51"), (0, b"\x00\x00")]
)
def test_a_threshold_is_written_and_read_back_in_one_transfer_of_seven_bytes(
    trip: Trip, bus: Any, wire: Any, code: int, data: bytes
) -> None:
    wire.expect(("write_read", 0x49, b"\x03" + data + b"\x02", data))
    before = (bus.transfers, bus.wire_bytes)
    assert trip.threshold(code) is True
    assert (bus.transfers - before[0], bus.wire_bytes - before[1]) == (1, 7)


def test_a_threshold_that_arrived_wrong_is_told(trip: Trip, wire: Any) -> None:
    wire.expect(("write_read", 0x49, b"\x03\x05\xe0\x02", b"\x05\xe1"))
    assert trip.threshold(1504) is False


def test_alert_is_released_by_a_low_threshold_just_below_the_high_one_and_held_by_the_lowest(
    trip: Trip, wire: Any
) -> None:
    wire.expect(
        ("write_read", 0x49, b"\x03\x05\xe0\x02", b"\x05\xe0"),
        ("write_read", 0x49, b"\x02\x05\xdf\x02", b"\x05\xdf"),
        ("write_read", 0x49, b"\x02\x80\x00\x02", b"\x80\x00"),
    )
    assert trip.threshold(1504)
    assert trip.release()
    assert trip.hold()


@pytest.mark.parametrize(
    ("low", "high"), [(b"\x80\x00", b"\x05\xe1"), (b"\x80\x01", b"\x05\xe0"), (b"\x80\x00", b"\x7f\xff")]
)
def test_thresholds_that_are_others_are_a_reset(trip: Trip, wire: Any, low: bytes, high: bytes) -> None:
    wire.expect(
        ("write_read", 0x49, b"\x02\x02", b"\x80\x00"),
        ("write_read", 0x49, b"\x03\x02", b"\x05\xe0"),
        ("write_read", 0x49, b"\x02\x02", low),
        ("write_read", 0x49, b"\x03\x02", high),
    )
    trip.verify(1504)
    with pytest.raises(ChipReset, match="guard ADC ADS1115 at 0x49 holds the thresholds"):
        trip.verify(1504)


def test_a_chip_that_does_not_answer_is_named_and_frees_the_bus(trip: Trip, bus: Any, wire: Any) -> None:
    silent = OSError(errno.EREMOTEIO, "Remote I/O error")
    wire.expect(("write_read", 0x49, b"\x03\x05\xe0\x02", silent))
    with pytest.raises(ChipSilent, match="guard ADC"):
        trip.threshold(1504)
    assert bus.try_lock() is True


def test_high_is_tripped_and_so_is_a_broken_wire(trip: Trip, factory: Any) -> None:
    assert trip.tripped() is True, "nothing drives it: the pull-up does"
    factory.pin(ALERT).drive_low()
    assert trip.tripped() is False
    factory.pin(ALERT).drive_high()
    assert trip.tripped() is True


def test_arming_is_one_edge_up_and_ends_low(trip: Trip, factory: Any) -> None:
    pin = factory.pin(REARM)
    pin.clear_states()
    trip.arm()
    pin.assert_states([False, True, False])


def test_closing_leaves_the_edge_low(guard: GuardAdc, factory: Any) -> None:
    made = Trip(factory, guard, alert=ALERT, rearm=REARM)
    made.close()
    assert factory.pin(REARM).state == 0


def test_alert_after_one_conversion_is_written_read_back_and_undone(
    trip: Trip, guard: GuardAdc, wire: Any
) -> None:
    wire.expect(
        ("write_read", 0x49, b"\x01\x44\xe8\x02", b"\x44\xe8"),
        ("write_read", 0x49, b"\x01\x02", b"\x44\xe8"),
        ("write_read", 0x49, b"\x01\x44\xe9\x02", b"\xc4\xe9"),
        ("write_read", 0x49, b"\x01\x44\xe8\x02", b"\x44\xe9"),
    )
    assert trip.at_once(True) is True
    guard.verify()
    assert trip.at_once(False) is True, "the bit that tells whether a conversion runs is nobody's setting"
    assert trip.at_once(True) is False
