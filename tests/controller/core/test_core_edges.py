"""The corners of the core that no ordinary session comes to."""

from __future__ import annotations

import math
from typing import Any

import pytest
from core_bench import Bench
from guard_watch import limits_of

from controller.core.foldback import FoldBack
from controller.core.guard import Guard, _Slope
from controller.core.limits import SENSING_MA
from controller.core.regulator import Regulator
from controller.core.types import Buttons, Cause, Drive, Measurement, Off, Phase

pytestmark = pytest.mark.core

LIMITS = limits_of(5.0)


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


def test_a_current_that_both_converters_see_standing_still_is_no_frozen_converter() -> None:
    bench = Bench(target_ma=5.0)
    bench.run_until("ramp_up")
    while (
        trip := bench.tick(guard_ma=0.3, guard_code=225 + (bench.ticks % 30 == 0), current_ma=0.3)
    ) is None:
        assert bench.now_s < 10.0
    assert trip.cause is Cause.DAC_STUCK


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
    for tick in range(10):
        slope.add(tick, 800, 4.8)
    assert slope.slope() is None
    for tick, code in enumerate((799, 800, 801) * 4, start=10):
        slope.add(tick, code, 0.006 * code)
    assert slope.slope() == pytest.approx(0.006)


def test_a_slope_is_blind_to_a_drift_that_is_trimmed_away() -> None:
    slope = _Slope()
    for tick in range(700):
        pilot = tick // 7 % 2
        slope.add(tick, 800 + tick // 20 + pilot, 5.0 + 0.006 * pilot)  # 35 steps of trim hold the mean
    assert slope.slope() == pytest.approx(0.006, rel=0.3)


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


def test_a_cut_after_the_end_changes_nothing() -> None:
    bench = Bench()
    bench.tick(buttons=Buttons(stop_asked=True))
    reason = bench.session.reason
    bench.session.cut("made by the test")
    assert bench.session.phase is Phase.STOPPED
    assert bench.session.reason == reason


def test_start_has_to_be_seen_up_in_ready_before_it_counts() -> None:
    bench = Bench()
    bench.run_until("ready")
    for _ in range(50):
        bench.tick(buttons=Buttons(start=True))
    assert bench.session.phase is Phase.READY
    bench.tick(buttons=Buttons())
    bench.tick(buttons=Buttons(start=True))
    assert bench.session.phase is Phase.READY
    bench.tick(buttons=Buttons())
    assert bench.session.phase is Phase.PROOF


def test_a_half_that_is_too_short_for_its_target_turns_round_on_the_way() -> None:
    bench = Bench(half_s=9.0)
    bench.run_until("ramp_down")
    assert 2.0 < bench.session.setpoint_ma < 2.5
    bench.run_until("done")


# --- the fold-back ---------------------------------------------------------------------------------------


def fold_back(**changes: Any) -> FoldBack:
    made = {
        "target_ma": 10.0,
        "compliance_v": 60.0,
        "supply_v": 64.0,
        "rise_ma": 0.005,
        "tick_s": 0.005,
        **changes,
    }
    return FoldBack(**made)


def hold(made: FoldBack, voltage_v: float, duration_s: float, start_s: float, *, rate: float = 0.0) -> float:
    """Show voltage growing by the share `rate` a second; returns the time afterwards."""
    for tick in range(round(duration_s / 0.01)):
        now_s = start_s + 0.01 * tick
        made.see(now_s, voltage_v * (1 + rate * 0.01 * tick), min(10.0, made.allowed_ma))
        made.allow(now_s)
    return start_s + duration_s


def test_a_hand_that_leaves_folds_the_current_back_and_gives_it_back_at_the_ramp() -> None:
    made = fold_back()
    now_s = hold(made, 15.0, 1.0, 0.0)
    assert not made.withdrawn
    assert not made.ever
    now_s = hold(made, 15.0, 0.2, now_s, rate=5.0)
    assert made.withdrawn
    assert made.ever
    for tick in range(30):
        made.allow(now_s + 0.005 * tick)
    assert made.allowed_ma == SENSING_MA, "0.08 s from full current"
    now_s = hold(made, 5.0, 2.5, now_s)
    assert not made.withdrawn
    before_ma = made.allowed_ma
    made.see(now_s, 5.0, before_ma)
    assert made.allowed_ma - before_ma == pytest.approx(2 * 0.005)
    hold(made, 5.0, 20.0, now_s)
    assert made.allowed_ma == 10.0


def test_a_hand_that_is_not_heeded_changes_nothing() -> None:
    made = fold_back(heed_withdrawal=False)
    hold(made, 15.0, 0.4, hold(made, 15.0, 1.0, 0.0), rate=5.0)
    assert not made.withdrawn
    assert made.allowed_ma == 10.0


def test_too_little_current_leaves_nothing_to_fold_back() -> None:
    made = fold_back(target_ma=2.0)
    hold(made, 15.0, 0.4, hold(made, 15.0, 1.0, 0.0), rate=5.0)
    assert not made.withdrawn


def test_between_fold_back_and_release_the_current_stays() -> None:
    made = fold_back(heed_withdrawal=False)
    now_s = hold(made, 57.5, 0.1, 0.0)
    folded_ma = made.allowed_ma
    assert folded_ma < 10.0
    assert not made.settled(now_s)
    now_s = hold(made, 56.0, 2.0, now_s)
    assert made.allowed_ma == folded_ma
    assert made.settled(now_s)
    hold(made, 54.0, 0.1, now_s)
    assert made.allowed_ma > folded_ma
    assert not made.settled(now_s)


def test_a_fall_faster_than_the_ramp_takes_the_trim_along_and_learns_nothing() -> None:
    regulator = Regulator(full_scale_ma=25.0, gain=1.0, offset_ma=0.0, tick_s=0.005)
    setpoint_ma = 0.0
    while setpoint_ma < 10.0:
        setpoint_ma += 0.0025
        regulator.code(setpoint_ma, 1.02 * (setpoint_ma + regulator.trim_ma), 0.005, 0.5)
    trim_ma = regulator.trim_ma
    assert trim_ma == pytest.approx(-0.2, rel=0.05)
    setpoint_ma = 10.0
    while setpoint_ma > 0.5:  # the reading lags behind by a tick
        setpoint_ma -= 0.25
        regulator.code(setpoint_ma, setpoint_ma + 0.5, 0.005, 0.5)
        assert regulator.trim_ma == pytest.approx(trim_ma * setpoint_ma / 10.0)
    regulator.code(setpoint_ma - 0.0025, setpoint_ma + 0.5, 0.005, 0.5)  # the ramp's own fall is learned from
    assert regulator.trim_ma < trim_ma * setpoint_ma / 10.0
