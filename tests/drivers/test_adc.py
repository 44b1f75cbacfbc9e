"""The converters at the wire. Words are worked out by hand from the data sheet's config register table.

Config of a single shot on A0 at +-2.048 V, 860 samples per second, comparator off:
1 100 010 1 | 111 0 0 0 11 = 0xC5E3; continuous on A0: 0 100 010 0 | 111 0 0 0 11 = 0x44E3.
"""

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.adc import ControlAdc, GuardAdc
from drivers.bus import BoundedBus
from drivers.errors import (
    BusTimeout,
    ChipMissing,
    ChipReset,
    ChipSilent,
    DriverError,
    ShortRead,
    StaleConversion,
)

NACK = OSError(errno.EREMOTEIO, "Remote I/O error")
HUNG = TimeoutError(errno.ETIMEDOUT, "Connection timed out")
READ_CONFIG = b"\x01\x02"
READ_CONVERSION = b"\x00\x02"


def library_start_up(address):
    """What the library sends when constructed: probe, thresholds, config read, config without a start."""
    return (
        ("write", address, b""),
        ("write", address, b"\x02\x80\x00"),
        ("write", address, b"\x03\x7f\xff"),
        ("write_read", address, READ_CONFIG, b"\x85\x83"),
        ("write", address, b"\x01\x05\xe3"),
    )


@pytest.fixture
def guard(bus, wire):
    wire.expect(
        *library_start_up(0x49),
        ("write", 0x49, b"\x01\x44\xe3"),
        ("write_read", 0x49, READ_CONFIG, b"\x44\xe3"),
    )
    return GuardAdc(bus, 0x49, 2, 860, 0)


@pytest.fixture
def control(bus, wire):
    wire.expect(*library_start_up(0x48))
    return ControlAdc(bus, 0x48, 2, 860)


# --- guard ------------------------------------------------------------------------------------------------


def test_a_guard_reading_is_five_bytes_on_the_wire(guard, bus, wire):
    wire.expect(("write_read", 0x49, READ_CONVERSION, b"\x46\x50"))
    before = (bus.transfers, bus.wire_bytes)
    assert guard.read() == 0x4650
    assert (bus.transfers - before[0], bus.wire_bytes - before[1]) == (1, 5)


def test_every_code_is_read_as_a_signed_number(guard, wire):
    for answer, code in ((b"\x7f\xff", 32767), (b"\x80\x00", -32768), (b"\xff\xff", -1), (b"\x00\x00", 0)):
        wire.expect(("write_read", 0x49, READ_CONVERSION, answer))
        assert guard.read() == code


@pytest.mark.parametrize(
    ("gain", "rate", "channel", "config"),
    [
        (1, 860, 0, b"\x42\xe3"),
        (2, 475, 1, b"\x54\xc3"),
        (4, 250, 2, b"\x66\xa3"),
        (16, 8, 3, b"\x7a\x03"),
        (2 / 3, 128, 3, b"\x70\x83"),
    ],
)
def test_gain_rate_and_channel_reach_the_register(bus, wire, gain, rate, channel, config):
    wire.expect(
        *library_start_up(0x49)[:4],
        ("write", 0x49, bytes((1, config[0] & 0x0F | 0x01, config[1]))),
        ("write", 0x49, b"\x01" + config),
        ("write_read", 0x49, READ_CONFIG, config),
    )
    GuardAdc(bus, 0x49, gain, rate, channel)


def test_a_guard_whose_mux_does_not_take_is_refused_at_once(bus, wire):
    wire.expect(
        *library_start_up(0x49),
        ("write", 0x49, b"\x01\x44\xe3"),
        ("write_read", 0x49, READ_CONFIG, b"\x04\xe3"),
    )
    with pytest.raises(ChipReset, match="guard ADC ADS1115 at 0x49 holds configuration 0x04e3 where 0x44e3"):
        GuardAdc(bus, 0x49, 2, 860, 0)


def test_verify_accepts_either_state_of_the_ready_bit(guard, wire):
    wire.expect(
        ("write_read", 0x49, READ_CONFIG, b"\xc4\xe3"), ("write_read", 0x49, READ_CONFIG, b"\x44\xe3")
    )
    guard.verify()
    guard.verify()


@pytest.mark.parametrize("bit", range(15))
def test_verify_sees_every_single_changed_bit(guard, wire, bit):
    wire.expect(("write_read", 0x49, READ_CONFIG, (0x44E3 ^ 1 << bit).to_bytes(2, "big")))
    with pytest.raises(ChipReset):
        guard.verify()


def test_verify_sees_a_brown_out(guard, wire):
    wire.expect(("write_read", 0x49, READ_CONFIG, b"\x85\x83"))
    with pytest.raises(ChipReset, match="0x8583"):
        guard.verify()


@pytest.mark.parametrize(
    ("answer", "error"), [(NACK, ChipSilent), (HUNG, BusTimeout), (b"\x12", ShortRead), (b"", ShortRead)]
)
def test_a_failed_guard_reading_has_a_name_and_the_next_one_works(guard, wire, answer, error):
    wire.expect(("write_read", 0x49, READ_CONVERSION, answer), ("write_read", 0x49, READ_CONVERSION, b"\0\7"))
    with pytest.raises(error, match="guard ADC ADS1115 at 0x49"):
        guard.read()
    assert guard.read() == 7


def test_a_guard_reading_needs_time(guard, clock):
    clock.now_s += 1.0
    with pytest.raises(BusTimeout):
        guard.read()


# --- control ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "config"), [(0, b"\xc5\xe3"), (1, b"\xd5\xe3"), (2, b"\xe5\xe3"), (3, b"\xf5\xe3")]
)
def test_start_and_collect_at_the_wire(control, bus, wire, channel, config):
    wire.expect(
        ("write", 0x48, b"\x01" + config),
        ("write_read", 0x48, READ_CONFIG, config),
        ("write_read", 0x48, READ_CONVERSION, b"\xff\xfe"),
    )
    before = (bus.transfers, bus.wire_bytes)
    control.start(channel)
    assert control.collect(channel) == -2
    assert (bus.transfers - before[0], bus.wire_bytes - before[1]) == (3, 4 + 5 + 5)


def test_a_running_conversion_is_stale_and_can_be_collected_later(control, wire):
    wire.expect(
        ("write", 0x48, b"\x01\xc5\xe3"),
        ("write_read", 0x48, READ_CONFIG, b"\x45\xe3"),
        ("write_read", 0x48, READ_CONFIG, b"\xc5\xe3"),
        ("write_read", 0x48, READ_CONVERSION, b"\x00\x09"),
    )
    control.start(0)
    with pytest.raises(StaleConversion, match="control ADC ADS1115 at 0x48 has not finished"):
        control.collect(0)
    assert control.collect(0) == 9


def test_a_brown_out_is_a_reset_each_time_it_is_asked_and_a_start_mends_it(control, wire):
    wire.expect(
        ("write", 0x48, b"\x01\xc5\xe3"),
        *[("write_read", 0x48, READ_CONFIG, b"\x85\x83")] * 4,
        # The chip is asked whether it runs, since what was started was not collected.
        ("write_read", 0x48, READ_CONFIG, b"\x85\x83"),
        ("write", 0x48, b"\x01\xd5\xe3"),
    )
    control.start(0)
    for _ in range(2):
        with pytest.raises(ChipReset, match="0x8583 where 0xc5e3 was written"):
            control.collect(0)
    assert not control.mending
    control.start(1)


@pytest.mark.parametrize("bit", range(15))
def test_settings_with_any_one_bit_wrong_are_given_again_and_their_result_never_taken(control, wire, bit):
    wrong = (0xC5E3 ^ 1 << bit).to_bytes(2, "big")
    wire.expect(
        ("write", 0x48, b"\x01\xc5\xe3"),
        *[("write_read", 0x48, READ_CONFIG, wrong)] * 2,
        ("write", 0x48, b"\x01\xc5\xe3"),
        ("write_read", 0x48, READ_CONFIG, b"\xc5\xe3"),
        ("write_read", 0x48, READ_CONVERSION, b"\x00\x01"),
    )
    control.start(0)
    assert not control.mending
    with pytest.raises(StaleConversion):
        control.collect(0)
    assert control.mending
    assert control.collect(0) == 1


@pytest.mark.parametrize("running", [b"\x45\x63", b"\x44\xe3"], ids=["slow", "continuous"])
def test_a_wrong_conversion_that_runs_has_to_end_before_the_right_one_begins(control, wire, running):
    wire.expect(
        ("write", 0x48, b"\x01\xc5\xe3"),
        *[("write_read", 0x48, READ_CONFIG, running)] * 2,
        ("write", 0x48, b"\x01\x45\xe3"),  # without a start, which the chip would pass over
        *[("write_read", 0x48, READ_CONFIG, b"\x45\xe3")] * 2,
        ("write_read", 0x48, READ_CONFIG, b"\xc5\xe3"),
        ("write", 0x48, b"\x01\xc5\xe3"),
        ("write_read", 0x48, READ_CONFIG, b"\x45\xe3"),
        ("write_read", 0x48, READ_CONFIG, b"\xc5\xe3"),
        ("write_read", 0x48, READ_CONVERSION, b"\x00\x02"),
    )
    control.start(0)
    for _ in range(5):
        with pytest.raises(StaleConversion):
            control.collect(0)
        assert control.mending
    assert control.collect(0) == 2


def test_settings_that_stay_wrong_are_a_reset(control, wire):
    wire.expect(
        ("write", 0x48, b"\x01\xc5\xe3"),
        *[*[("write_read", 0x48, READ_CONFIG, b"\xd5\xe3")] * 2, ("write", 0x48, b"\x01\xc5\xe3")] * 2,
        *[("write_read", 0x48, READ_CONFIG, b"\xd5\xe3")] * 2,
    )
    control.start(0)
    for _ in range(2):
        with pytest.raises(StaleConversion):
            control.collect(0)
    with pytest.raises(ChipReset, match="0xd5e3 where 0xc5e3 was written"):
        control.collect(0)


def test_what_was_mended_is_forgotten_with_the_next_start(control, wire):
    for _ in range(3):
        wire.expect(
            ("write", 0x48, b"\x01\xc5\xe3"),
            *[("write_read", 0x48, READ_CONFIG, b"\xd5\xe3")] * 2,
            ("write", 0x48, b"\x01\xc5\xe3"),
            ("write_read", 0x48, READ_CONFIG, b"\xc5\xe3"),
            ("write_read", 0x48, READ_CONVERSION, b"\x00\x03"),
        )
        control.start(0)
        assert not control.mending
        with pytest.raises(StaleConversion):
            control.collect(0)
        assert control.collect(0) == 3


@pytest.mark.parametrize("bit", range(15))
def test_a_corrupt_look_at_the_configuration_is_healed_by_the_next(control, wire, bit):
    wire.expect(
        ("write", 0x48, b"\x01\xc5\xe3"),
        ("write_read", 0x48, READ_CONFIG, (0xC5E3 ^ 1 << bit).to_bytes(2, "big")),
        ("write_read", 0x48, READ_CONFIG, b"\xc5\xe3"),
        ("write_read", 0x48, READ_CONVERSION, b"\x00\x01"),
    )
    control.start(0)
    assert control.collect(0) == 1
    assert not control.mending


def test_a_result_is_given_once(control, wire):
    wire.expect(
        ("write", 0x48, b"\x01\xc5\xe3"),
        ("write_read", 0x48, READ_CONFIG, b"\xc5\xe3"),
        ("write_read", 0x48, READ_CONVERSION, b"\x00\x01"),
    )
    control.start(0)
    control.collect(0)
    with pytest.raises(ValueError, match="channel 0 of control ADC ADS1115 at 0x48 was not started"):
        control.collect(0)


def test_only_the_started_channel_can_be_collected(control, wire):
    wire.expect(("write", 0x48, b"\x01\xc5\xe3"))
    with pytest.raises(ValueError, match="not started"):
        control.collect(0)
    control.start(0)
    with pytest.raises(ValueError, match="not started"):
        control.collect(1)


def test_a_second_start_waits_for_the_first_so_that_channels_cannot_be_mistaken(control, wire):
    wire.expect(
        ("write", 0x48, b"\x01\xc5\xe3"),
        ("write_read", 0x48, READ_CONFIG, b"\x45\xe3"),
        ("write_read", 0x48, READ_CONFIG, b"\xc5\xe3"),
        ("write", 0x48, b"\x01\xd5\xe3"),
    )
    control.start(0)
    with pytest.raises(StaleConversion):
        control.start(1)
    control.start(1)


def test_a_start_that_failed_cannot_be_collected_but_may_have_begun(control, wire):
    wire.expect(
        ("write", 0x48, b"\x01\xc5\xe3", NACK),
        ("write_read", 0x48, READ_CONFIG, b"\x45\xe3"),
    )
    with pytest.raises(ChipSilent):
        control.start(0)
    with pytest.raises(ValueError, match="not started"):
        control.collect(0)
    with pytest.raises(StaleConversion):
        control.start(1)


@pytest.mark.parametrize(("answer", "error"), [(NACK, ChipSilent), (HUNG, BusTimeout), (b"\x12", ShortRead)])
def test_a_result_lost_on_the_wire_can_be_collected_again(control, wire, answer, error):
    wire.expect(
        ("write", 0x48, b"\x01\xc5\xe3"),
        ("write_read", 0x48, READ_CONFIG, b"\xc5\xe3"),
        ("write_read", 0x48, READ_CONVERSION, answer),
        ("write_read", 0x48, READ_CONFIG, b"\xc5\xe3"),
        ("write_read", 0x48, READ_CONVERSION, b"\x00\x05"),
    )
    control.start(0)
    with pytest.raises(error):
        control.collect(0)
    assert control.collect(0) == 5


# --- both ------------------------------------------------------------------------------------------------


def guard_on(bus):
    return GuardAdc(bus, 0x49, 2, 860, 0)


def control_on(bus):
    return ControlAdc(bus, 0x49, 2, 860)


@pytest.mark.parametrize(("make", "role"), [(guard_on, "guard"), (control_on, "control")])
def test_nobody_at_the_address(bus, wire, make, role):
    wire.expect(("write", 0x49, b"", NACK), ("read", 0x49, b"\x01", NACK))
    with pytest.raises(ChipMissing, match=f"{role} ADC ADS1115 at 0x49 is missing") as caught:
        make(bus)
    assert isinstance(caught.value, DriverError)


@pytest.mark.parametrize("make", [guard_on, control_on])
def test_a_hung_bus_is_not_mistaken_for_a_missing_chip(bus, wire, make):
    wire.expect(("write", 0x49, b"", HUNG), ("read", 0x49, b"\x01", HUNG))
    with pytest.raises(BusTimeout, match="hung"):
        make(bus)


@pytest.mark.parametrize("make", [guard_on, control_on])
def test_a_host_that_cannot_write_nothing_probes_by_reading(bus, wire, make):
    wire.expect(
        ("write", 0x49, b"", OSError(errno.EINVAL, "Invalid argument")),
        ("read", 0x49, b"\x01", b"\x00"),
        ("write", 0x49, b"\x02\x80\x00", NACK),
    )
    with pytest.raises(ChipSilent):
        make(bus)


@pytest.mark.parametrize(("gain", "rate"), [(3, 860), (0, 860), (2, 861), (2, 3300)])
def test_what_the_chip_has_not_is_refused_before_the_wire(bus, gain, rate):
    with pytest.raises(ValueError, match="an ADS1115 has no gain"):
        ControlAdc(bus, 0x48, gain, rate)


@pytest.mark.parametrize("channel", [-1, 4, True, 1.0, "0", None])
def test_a_channel_that_is_none_is_refused_before_the_wire(control, bus, channel):
    with pytest.raises(ValueError, match="channels 0 to 3"):
        control.start(channel)
    with pytest.raises(ValueError, match="channels 0 to 3"):
        GuardAdc(bus, 0x49, 2, 860, channel)


class _Echo:
    """An ADC that holds the last configuration written and one conversion result."""

    def __init__(self):
        self.config = b"\x85\x83"
        self.conversion = b"\x00\x00"

    def write(self, address, data):
        if data[:1] == b"\x01":
            self.config = data[1:]

    def read(self, address, count):
        raise NotImplementedError

    def write_read(self, address, data, count):
        return self.config if data == b"\x01" else self.conversion


@given(code=st.integers(-32768, 32767), channel=st.integers(0, 3))
def test_any_code_of_any_channel_survives_both_ways(code, channel):
    chip = _Echo()
    bus = BoundedBus(chip, lambda: 0.0)
    bus.allow(1.0)
    chip.conversion = code.to_bytes(2, "big", signed=True)
    assert GuardAdc(bus, 0x49, 2, 860, channel).read() == code
    control = ControlAdc(bus, 0x48, 2, 860)
    control.start(channel)
    assert control.collect(channel) == code
