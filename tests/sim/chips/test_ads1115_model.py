"""The simulated ADS1115 against its data sheet (TI SBAS444), byte by byte."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from adafruit_ads1x15.ads1115 import ADS1115

from sim.chips.ads1115 import Ads1115
from sim.chips.bus import SimBus
from sim.clock import VirtualClock


class Desk:
    """One converter at 0x48 whose four inputs are set by hand."""

    def __init__(self, seed: int = 1) -> None:
        self.clock = VirtualClock()
        self.volts: Any = [0.5, 1.0, 1.5, 2.0]
        self.bus = SimBus(self.clock)
        self.chip = Ads1115(self.clock, self._mean, Random(seed))
        self.bus.attach(0x48, self.chip)

    def _mean(self, ain: int, from_s: float, to_s: float) -> float:
        source = self.volts[ain]
        return source(from_s, to_s) if callable(source) else source

    def write(self, register: int, word: int) -> None:
        self.bus.write(0x48, bytes((register, word >> 8, word & 0xFF)))

    def read(self, register: int) -> int:
        return int.from_bytes(self.bus.write_read(0x48, bytes((register,)), 2), "big")

    def signed(self) -> int:
        word = self.read(0)
        return word - 0x10000 if word & 0x8000 else word

    def wait(self, seconds: float) -> None:
        self.clock.advance_to(self.clock.now_s + seconds)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_registers_after_power_on(desk: Desk) -> None:
    assert [desk.read(register) for register in range(4)] == [0, 0x8583, 0x8000, 0x7FFF]


def test_conversion_register_is_zero_until_the_first_conversion_and_cannot_be_written(desk: Desk) -> None:
    desk.write(0, 0x1234)
    assert desk.read(0) == 0


def test_a_read_repeats_the_register_under_the_pointer(desk: Desk) -> None:
    desk.bus.write(0x48, b"\x03")
    assert desk.bus.read(0x48, 2) == b"\x7f\xff"
    assert desk.bus.read(0x48, 5) == b"\x7f\xff\x7f\xff\x7f"


def test_single_shot_is_busy_then_ready_and_converts_once(desk: Desk) -> None:
    desk.write(1, 0xC5E3)
    assert desk.read(1) == 0x45E3
    assert desk.read(0) == 0
    desk.wait(0.0014)
    assert desk.read(1) == 0xC5E3
    first = desk.signed()
    assert first == pytest.approx(8000, abs=16)
    desk.volts[0] = 0.1
    desk.wait(0.1)
    assert desk.signed() == first


def test_a_start_during_a_conversion_does_nothing(desk: Desk) -> None:
    desk.write(1, 0xC583)
    desk.wait(0.004)
    desk.write(1, 0xC583)
    desk.wait(0.0055)
    assert desk.read(1) & 0x8000


def test_without_os_a_single_shot_does_not_start(desk: Desk) -> None:
    desk.write(1, 0x45E3)
    desk.wait(0.01)
    assert desk.read(0) == 0
    assert desk.read(1) & 0x8000


@pytest.mark.parametrize(
    ("mux", "volts"),
    [(0, -0.5), (1, -1.5), (2, -1.0), (3, -0.5), (4, 0.5), (5, 1.0), (6, 1.5), (7, 2.0)],
)
def test_every_input_of_the_multiplexer(desk: Desk, mux: int, volts: float) -> None:
    desk.write(1, 0x83E3 | mux << 12)
    desk.wait(0.002)
    assert desk.signed() == pytest.approx(volts / 4.096 * 32768, rel=0.002, abs=8)


@pytest.mark.parametrize(
    ("pga", "full_scale_v"), list(enumerate((6.144, 4.096, 2.048, 1.024, 0.512, 0.256, 0.256, 0.256)))
)
def test_every_range_of_the_amplifier(desk: Desk, pga: int, full_scale_v: float) -> None:
    desk.volts[0] = 0.2
    desk.write(1, 0xC1E3 | pga << 9)
    desk.wait(0.002)
    assert desk.signed() == pytest.approx(0.2 / full_scale_v * 32768, rel=0.002, abs=8)


def test_codes_saturate_at_both_ends(desk: Desk) -> None:
    desk.volts[0] = 3.0
    desk.write(1, 0xC5E3)
    desk.wait(0.002)
    assert desk.read(0) == 0x7FFF
    desk.write(1, 0x85E3 | 1 << 12)
    desk.volts[0], desk.volts[3] = 0.0, 3.0
    desk.wait(0.002)
    assert desk.read(0) == 0x8000


@pytest.mark.parametrize(("bits", "rate_sps"), list(enumerate((8, 16, 32, 64, 128, 250, 475, 860))))
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_data_rates_hold_within_10_percent(bits: int, rate_sps: int, seed: int) -> None:
    desk = Desk(seed)
    desk.write(1, 0xC503 | bits << 5)
    began_s = desk.clock.now_s
    desk.clock.advance_to(began_s + 0.90 / rate_sps)
    assert not desk.chip.on_read(2)[0] & 0x80
    desk.bus.write(0x48, b"\x01")
    desk.clock.advance_to(began_s + 1.0 / rate_sps / 0.9 + 30e-6)
    assert desk.read(1) & 0x8000


def test_units_differ_in_rate_gain_and_offset() -> None:
    codes = set()
    for seed in range(8):
        desk = Desk(seed)
        desk.volts[0] = 2.0
        desk.write(1, 0xC5E3)
        desk.wait(0.002)
        codes.add(desk.signed())
    assert len(codes) > 3


def test_the_result_is_the_mean_over_the_conversion(desk: Desk) -> None:
    step_s = 0.0005

    def step(from_s: float, to_s: float) -> float:
        return max(0.0, to_s - max(from_s, step_s)) / (to_s - from_s)

    desk.volts[0] = step
    desk.write(1, 0xC5E3)
    desk.wait(0.002)
    assert 2000 < desk.signed() < 15500


def test_continuous_mode_delivers_the_old_channel_once_after_a_change(desk: Desk) -> None:
    desk.write(1, 0x44E3)
    desk.wait(0.01)
    assert desk.signed() == pytest.approx(8000, abs=16)
    desk.write(1, 0x54E3)
    desk.wait(0.0013)
    assert desk.signed() == pytest.approx(8000, abs=16)
    desk.wait(0.0013)
    assert desk.signed() == pytest.approx(16000, abs=24)


def test_continuous_mode_follows_the_input_and_reads_as_busy(desk: Desk) -> None:
    desk.write(1, 0x44E3)
    desk.wait(0.01)
    assert desk.read(1) == 0x44E3
    desk.volts[0] = 1.0
    desk.wait(0.0026)
    assert desk.signed() == pytest.approx(16000, abs=24)


def test_noise_is_about_one_code(desk: Desk) -> None:
    desk.write(1, 0x44E3)
    codes = []
    for _ in range(500):
        desk.wait(0.0014)
        codes.append(desk.signed())
    mean = sum(codes) / len(codes)
    rms = (sum((code - mean) ** 2 for code in codes) / len(codes)) ** 0.5
    assert 0.7 < rms < 1.5


def comparator(desk: Desk, config: int, low: int, high: int) -> Callable[[float], bool]:
    desk.write(2, low & 0xFFFF)
    desk.write(3, high)
    desk.volts[0] = 0.5
    desk.write(1, config)

    def level(volts: float) -> bool:
        desk.volts[0] = volts
        desk.wait(0.02)
        return desk.chip.alert_level()

    return level


def test_traditional_comparator_has_hysteresis(desk: Desk) -> None:
    level = comparator(desk, 0x44E0, 6400, 16000)
    assert [level(v) for v in (0.5, 1.1, 0.5, 0.3)] == [True, False, False, True]


def test_window_comparator_asserts_outside(desk: Desk) -> None:
    level = comparator(desk, 0x44F0, 6400, 16000)
    assert [level(v) for v in (0.5, 1.1, 0.5, 0.3, 0.5)] == [True, False, True, False, True]


def test_active_high_turns_the_pin_over(desk: Desk) -> None:
    level = comparator(desk, 0x44E8, 6400, 16000)
    assert [level(v) for v in (0.5, 1.1, 0.3)] == [False, True, False]


def test_a_latched_alert_is_cleared_by_reading_the_conversion_register(desk: Desk) -> None:
    level = comparator(desk, 0x44E4, 6400, 16000)
    assert [level(v) for v in (0.5, 1.1, 0.3)] == [True, False, False]
    desk.read(1)
    assert desk.chip.alert_level() is False
    desk.read(0)
    assert desk.chip.alert_level() is True


def test_an_alert_that_is_not_latched_stays_though_the_conversion_is_read(desk: Desk) -> None:
    level = comparator(desk, 0x44E8, -0x8000, 16000)
    assert level(1.1) is True
    desk.read(0)
    assert desk.chip.alert_level() is True
    assert level(0.0) is True, "nothing lies below the lowest threshold"
    desk.write(2, 15999)
    desk.wait(0.002)
    assert desk.chip.alert_level() is False


def test_a_reset_of_one_that_is_active_high_reads_as_asserted(desk: Desk) -> None:
    assert comparator(desk, 0x44E8, -0x8000, 16000)(0.3) is False
    desk.chip.reset()
    assert desk.chip.alert_level() is True


def test_when_the_comparator_looks_next(desk: Desk) -> None:
    assert desk.chip.compares_at_s == math.inf
    comparator(desk, 0x44E9, -0x8000, 16000)(0.3)
    now_s = desk.clock.now_s
    next_s = desk.chip.compares_at_s
    assert now_s < next_s < now_s + 0.0014
    desk.chip.catch_up(next_s)
    assert next_s < desk.chip.compares_at_s < next_s + 0.0014
    desk.chip.inject(desk.clock.now_s, "stale", on=True)
    assert desk.chip.compares_at_s == math.inf


def test_the_queue_waits_for_successive_conversions(desk: Desk) -> None:
    desk.write(2, 0)
    desk.write(3, 16000)
    desk.write(1, 0x44E2)
    desk.wait(0.01)
    assert desk.chip.alert_level() is True
    desk.volts[0] = 1.1
    desk.wait(0.002)
    assert desk.chip.alert_level() is True
    desk.wait(0.006)
    assert desk.chip.alert_level() is False


def test_a_disabled_comparator_leaves_the_pin_high(desk: Desk) -> None:
    level = comparator(desk, 0x44E3, 6400, 16000)
    assert level(1.1) is True


def test_crossed_thresholds_make_the_pin_say_ready(desk: Desk) -> None:
    desk.write(2, 0x0000)
    desk.write(3, 0x8000)
    desk.write(1, 0xC5E0)
    assert desk.chip.alert_level() is True
    desk.wait(0.002)
    assert desk.chip.alert_level() is False


def test_general_call_resets(desk: Desk) -> None:
    desk.write(1, 0x44E3)
    desk.wait(0.01)
    desk.bus.write(0x00, b"\x06")
    assert [desk.read(register) for register in range(4)] == [0, 0x8583, 0x8000, 0x7FFF]


def test_frozen_keeps_the_result_across_channels_and_still_gets_ready(desk: Desk) -> None:
    desk.write(1, 0xC5E3)
    desk.wait(0.002)
    before = desk.signed()
    desk.chip.inject(desk.clock.now_s, "frozen", on=True)
    desk.write(1, 0xF5E3)
    desk.wait(0.002)
    assert desk.read(1) & 0x8000
    assert desk.signed() == before
    desk.chip.inject(desk.clock.now_s, "frozen", on=False)
    desk.write(1, 0xF5E3)
    desk.wait(0.002)
    assert desk.signed() != before


def test_saturated_gives_full_scale(desk: Desk) -> None:
    desk.chip.inject(0.0, "saturated", on=True)
    desk.write(1, 0xC5E3)
    desk.wait(0.002)
    assert desk.read(0) == 0x7FFF


def test_a_corrupt_sample_is_wrong_once(desk: Desk) -> None:
    desk.write(1, 0xC5E3)
    desk.wait(0.002)
    desk.chip.corrupt_mask = 0x2000
    wrong, right = desk.signed(), desk.signed()
    assert wrong == right ^ 0x2000
    assert desk.signed() == right


def test_the_real_adafruit_driver_reads_every_channel(desk: Desk, adafruit_bus: Callable[[Any], Any]) -> None:
    adc = ADS1115(adafruit_bus(desk.bus), gain=1, data_rate=860)
    for ain, volts in enumerate(desk.volts):
        assert adc.read(4 + ain) * 4.096 / 32768 == pytest.approx(volts, rel=0.002)
