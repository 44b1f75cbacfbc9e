"""The corners of the core that no ordinary session comes to."""

from __future__ import annotations

import math
from typing import Any

import pytest
from core_bench import Bench

from controller.core.guard import Guard, _Slope
from controller.core.limits import GuardLimits
from controller.core.regulator import Regulator
from controller.core.types import Buttons, Cause, Drive, Measurement, Off

LIMITS = GuardLimits.of(
    ceiling_ma=15.0,
    target_ma=5.0,
    total_s=60.0,
    compliance_v=60.0,
    supply_min_v=58.0,
    supply_max_v=70.0,
    full_scale_ma=25.0,
)


@pytest.mark.parametrize(
    ("reading", "within_s"),
    [
        ({"guard_ma": math.nan}, 0.3),
        ({"guard_ma": math.nan, "current_ma": math.nan}, 0.3),
        ({"guard_ma": math.inf}, 0.02),
        ({"guard_ma": -math.inf}, 0.3),
        ({"current_ma": math.nan, "sampled": "current"}, 2.0),
    ],
)
def test_a_reading_that_is_not_a_number_never_drives_on(reading: dict[str, Any], within_s: float) -> None:
    bench = Bench()
    bench.run_until("hold")
    bench.trip_within(within_s, **reading)
    assert isinstance(bench.applied, Off)


def test_a_deviation_with_a_converter_that_repeats_itself_is_a_frozen_converter() -> None:
    bench = Bench()
    bench.run_until("hold")
    trip = bench.trip_within(0.3, guard_ma=4.0, guard_code=3000, sampled="supply")
    assert trip.cause is Cause.ADC_FROZEN
    assert "repeats code 3000" in trip.evidence


def test_a_deviation_that_the_other_converter_denies_is_a_disagreement() -> None:
    bench = Bench()
    bench.run_until("hold")
    trip = bench.trip_within(0.3, guard_ma=4.0, sampled="supply")
    assert trip.cause is Cause.ADC_DISAGREE
    assert "by the other converter" in trip.evidence


def test_a_guard_without_a_converter_of_its_own_never_finds_that_frozen() -> None:
    bench = Bench()
    bench.run_until("hold")
    for _ in range(100):
        assert bench.tick(guard_code=None) is None


def test_a_slope_needs_codes_that_moved() -> None:
    slope = _Slope()
    assert slope.slope() is None
    for _ in range(10):
        slope.add(800, 5.0)
    assert slope.slope() is None
    for code in (799, 800, 801) * 4:
        slope.add(code, 0.006 * code)
    assert slope.slope() is not None


def test_a_code_that_never_moves_is_no_proof_against_the_dac() -> None:
    """Without a pilot there is nothing to judge the slope by; the guard waits, it does not guess."""
    guard = Guard(LIMITS, tick_s=0.01, operate_s=0.02)
    command = Drive("forward", 0.35, 57)
    for tick in range(1, 1500):
        m = Measurement(
            time_s=tick * 0.01,
            guard_ma=0.35 + 0.001 * (tick % 3),
            guard_code=200 + tick % 3,
            current_ma=0.35,
            voltage_v=2.0,
            supply_v=64.0,
            return_ma=0.35,
            sampled="",
            sampled_code=None,
            buttons=Buttons(),
        )
        sensing = command._replace(sensing=True, setpoint_ma=0.34) if tick < 10 else command
        rising = sensing if tick > 4 else sensing._replace(setpoint_ma=0.08 * tick)
        assert guard.check(m.time_s, m, rising) is None


def test_the_trim_is_told_and_bounded() -> None:
    regulator = Regulator(full_scale_ma=25.0, gain=1.0, offset_ma=0.0, tick_s=0.01)
    assert regulator.trim_ma == 0.0
    for _ in range(1000):
        regulator.code(5.0, 4.0, 0.04, 0.5)
    assert regulator.trim_ma == pytest.approx(0.35 + 0.07 * 5.0)
    for _ in range(1000):
        regulator.code(5.0, 6.0, 0.04, 0.5)
    assert regulator.trim_ma == pytest.approx(-0.35 - 0.07 * 5.0)
    regulator.code(0.0, None, 0.0, 0.5)
    assert regulator.trim_ma == 0.0


def test_no_contact_with_a_current_but_a_plausible_load_is_called_open() -> None:
    bench = Bench()
    bench.run_until("contact")
    while not bench.session.finished:
        flicker = bench.ticks % 8 == 1 or bench.session.setpoint_ma < 0.3
        bench.tick(**({} if not flicker else {"current_ma": 0.0}))
    assert bench.session.phase == "refused"
    assert "stayed open" in (bench.session.reason or "")
