"""The wire takes its time, the clock only goes forward."""

from __future__ import annotations

import errno

import pytest

from sim.chips.bus import SimBus
from sim.clock import VirtualClock


class Chip:
    """Acknowledges what it is told to."""

    silent = False

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.accepts = True

    def on_write(self, data: bytes) -> bool:
        self.heard.append(data)
        return self.accepts

    def on_read(self, count: int) -> bytes:
        return bytes(range(count))

    def on_general_call(self, command: int) -> None:
        self.heard.append(bytes((command,)))


def wired(frequency_hz: int = 400_000, overhead_s: float = 0.0) -> tuple[VirtualClock, SimBus, Chip]:
    clock = VirtualClock()
    bus = SimBus(clock, frequency_hz, overhead_s=overhead_s)
    chip = Chip()
    bus.attach(0x48, chip)
    return clock, bus, chip


@pytest.mark.parametrize("frequency_hz", [100_000, 400_000])
def test_transfers_take_nine_bits_a_byte(frequency_hz: int) -> None:
    clock, bus, _ = wired(frequency_hz)
    bus.write(0x48, b"abc")
    assert clock.now_s == pytest.approx((9 * 4 + 2) / frequency_hz)
    begin_s = clock.now_s
    assert bus.write_read(0x48, b"\x00", 2) == b"\x00\x01"
    assert clock.now_s - begin_s == pytest.approx((9 * 5 + 3) / frequency_hz)
    begin_s = clock.now_s
    assert bus.read(0x48, 5) == bytes(range(5))
    assert clock.now_s - begin_s == pytest.approx((9 * 6 + 2) / frequency_hz)


def test_an_adc_read_costs_about_an_eighth_of_a_millisecond_at_400_khz() -> None:
    clock, bus, _ = wired()
    bus.write_read(0x48, b"\x00", 2)
    assert clock.now_s == pytest.approx(0.00012, rel=0.05)


def test_the_hosts_overhead_is_added_per_transfer() -> None:
    clock, bus, _ = wired(overhead_s=0.0001)
    bus.write(0x48, b"abc")
    assert clock.now_s == pytest.approx(0.0001 + 38 / 400_000)


def test_a_probe_is_acknowledged_without_data() -> None:
    _, bus, chip = wired()
    bus.write(0x48, b"")
    assert chip.heard == []


@pytest.mark.parametrize("call", [("write", b"a"), ("write", b""), ("read", 1)])
def test_nobody_at_the_address_is_an_error(call: tuple[str, object]) -> None:
    clock, bus, _ = wired()
    with pytest.raises(OSError, match="0x50") as caught:
        getattr(bus, call[0])(0x50, call[1])
    assert caught.value.errno == errno.EREMOTEIO
    assert 0 < clock.now_s < 0.0001


def test_a_silent_chip_or_a_refused_byte_is_an_error() -> None:
    _, bus, chip = wired()
    chip.accepts = False
    for attempt in (lambda: bus.write(0x48, b"a"), lambda: bus.write_read(0x48, b"a", 1)):
        with pytest.raises(OSError, match="acknowledge"):
            attempt()
    chip.accepts, chip.silent = True, True
    with pytest.raises(OSError, match="acknowledge"):
        bus.write_read(0x48, b"a", 1)


def test_a_hung_bus_ends_in_the_hosts_timeout() -> None:
    clock, bus, _ = wired()
    bus.hung = True
    for number, attempt in enumerate(
        (
            lambda: bus.write(0x48, b"a"),
            lambda: bus.read(0x48, 1),
            lambda: bus.write_read(0x48, b"a", 1),
            lambda: bus.write(0x00, b"\x06"),
        ),
        1,
    ):
        with pytest.raises(TimeoutError):
            attempt()
        assert clock.now_s == pytest.approx(0.010 * number)


def test_general_call_reaches_every_chip() -> None:
    _, bus, chip = wired()
    other = Chip()
    bus.attach(0x49, other)
    bus.write(0x00, b"\x06")
    assert chip.heard == other.heard == [b"\x06"]


@pytest.mark.parametrize("address", [0x00, 0x07, 0x48, 0x78])
def test_taken_and_reserved_addresses_are_refused(address: int) -> None:
    _, bus, _ = wired()
    with pytest.raises(ValueError, match="address"):
        bus.attach(address, Chip())


def test_a_bus_frequency_is_one_of_two() -> None:
    with pytest.raises(ValueError, match="100000 or 400000"):
        SimBus(VirtualClock(), 1_000_000)


@pytest.mark.parametrize("t_s", [0.999, float("nan")])
def test_time_cannot_go_back(t_s: float) -> None:
    clock = VirtualClock()
    clock.advance_to(1.0)
    with pytest.raises(ValueError, match="back"):
        clock.advance_to(t_s)


def test_sleeping_until_the_past_does_not_wait() -> None:
    clock = VirtualClock()
    clock.advance_to(1.0)
    clock.sleep_until(0.5)
    assert clock.now() == 1.0


def test_an_overshoot_makes_one_sleep_longer() -> None:
    clock = VirtualClock()
    clock.overshoot_s = 0.25
    clock.sleep_until(1.0)
    assert clock.now_s == 1.25
    clock.sleep_until(2.0)
    assert clock.now_s == 2.0


@pytest.mark.parametrize("pace", [0.0, -1.0, float("inf"), float("nan")])
def test_a_pace_is_a_positive_number(pace: float) -> None:
    with pytest.raises(ValueError, match="pace"):
        VirtualClock(pace)


def test_a_pace_holds_virtual_time_back_and_saves_up_short_sleeps() -> None:
    real_s = 100.0
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal real_s
        slept.append(seconds)
        real_s += seconds

    clock = VirtualClock(60.0, lambda: real_s, sleep)
    for tick in range(1, 2001):
        clock.sleep_until(tick * 0.005)
    assert real_s - 100.0 == pytest.approx(10.0 / 60.0, abs=0.002)
    assert min(slept) >= 0.001


def test_the_alarm_rings_when_time_passes_it() -> None:
    clock = VirtualClock()
    rung: list[float] = []

    def ring(now_s: float) -> None:
        rung.append(now_s)
        clock.alarm_s = 5.0

    clock.on_alarm, clock.alarm_s = ring, 1.0
    clock.advance_to(0.9)
    clock.advance_to(1.1)
    clock.advance_to(4.9)
    assert rung == [1.1]
