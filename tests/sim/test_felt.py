"""What a person would feel between two ticks: rises, falls, pulses, and since when a fault has been there."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from sim.felt import MAKING_S, PULSE_MA, WINDOW_S, Felt
from sim.output import OutputParts
from sim.truth import Truth

Bench = Callable[..., Any]
STILL = {"fidgets": False}
FINE_S = 2e-6


def driven(bench: Bench, code: int = 1966, output: OutputParts | None = None, **scenario: Any) -> Any:
    """A unit with about 12 mA flowing since a while, and a truth that begins now, at 15.1 s."""
    unit = bench({"person": STILL, **scenario}, **({"output": output} if output else {}))
    unit.connect()
    unit.ramp_to(code)
    unit.run_until(15.1)
    unit.world.truth = Truth(unit.clock, unit.world.trace)
    unit.run_until(15.2)
    return unit


def code_for(unit: Any, code: int, lasts_s: float) -> None:
    """Another code for less than a tick, from the middle of one."""
    before = unit.world.stage.code
    unit.clock.advance_to(unit.clock.now_s + 0.001)
    unit.code(code)
    unit.clock.advance_to(unit.clock.now_s + lasts_s)
    unit.code(before)
    unit.run_until(unit.clock.now_s + 0.02)


def test_a_step_within_a_tick_is_a_rise_and_a_fall_and_no_step_from_tick_to_tick(bench: Bench) -> None:
    unit = driven(bench, code=600)
    truth, before_ma = unit.world.truth, unit.ma()
    code_for(unit, 3060, 0.002)
    assert truth.worst_step_ma < 0.1
    assert truth.felt.worst_rise_ma == pytest.approx(15.0, rel=0.04)
    assert truth.felt.worst_fall_ma == pytest.approx(truth.felt.worst_rise_ma, rel=1e-3)
    assert truth.peak_ma == pytest.approx(before_ma + 15.0, rel=0.04)
    assert truth.felt.pulses["count"] == 0, "the stage did what it was asked for"


def sampled(unit: Any, lasts_s: float, act: Callable[[float], None]) -> list[float]:
    """The true current every 2 us while `act(t_s)` has its way with the unit."""
    begin_s, seen = unit.clock.now_s, []
    while (now_s := unit.clock.now_s) < begin_s + lasts_s:
        act(now_s - begin_s)
        seen.append(unit.world.current_ma(now_s))
        unit.clock.advance_to(now_s + FINE_S)
    return seen


@pytest.mark.parametrize("seed", range(3))
def test_rise_and_fall_are_those_of_the_current_sampled_finely(bench: Bench, seed: int) -> None:
    unit, rng = driven(bench), Random(seed)
    steps = sorted((rng.uniform(0.0, 0.025), rng.randrange(4096)) for _ in range(12))

    def act(at_s: float) -> None:
        unit.beating = False
        while steps and steps[0][0] <= at_s:
            unit.world.dac.put(steps.pop(0)[1])

    seen = sampled(unit, 0.03, act)
    reach = round(WINDOW_S / FINE_S)
    rise = max(max(seen[n : n + reach + 1]) - low for n, low in enumerate(seen))
    fall = max(high - min(seen[n : n + reach + 1]) for n, high in enumerate(seen))
    felt = unit.world.truth.felt
    assert felt.worst_rise_ma == pytest.approx(rise, rel=0.01, abs=0.01)
    assert felt.worst_fall_ma == pytest.approx(fall, rel=0.01, abs=0.01)


def test_a_slow_ramp_is_felt_by_what_5_ms_of_it_change() -> None:
    felt = Felt()
    felt.take(0.0, 1.0, 0.0, 0.0, 1e-4, 0.0, whole=True)
    felt.take(1.0, 3.0, 10.0, -10.0, 0.5, 10.0, whole=True)
    assert felt.worst_rise_ma == pytest.approx(10.0 * (1.0 - math.exp(-WINDOW_S / 0.5)))
    assert felt.worst_fall_ma == 0.0


def test_a_stage_that_forces_its_current_is_a_pulse(bench: Bench) -> None:
    unit = driven(bench)
    stage, clock = unit.world.stage, unit.clock
    for _ in range(3):
        stage.forced_ma = 30.0
        unit.world.dac.put(1967)
        clock.advance_to(clock.now_s + 0.0007)
        stage.forced_ma = None
        unit.world.dac.put(1966)
        unit.run_until(clock.now_s + 0.02)
    pulses = unit.world.truth.felt.pulses
    tau_s, asked_ma = 0.0001, unit.ma()
    rising_s = tau_s * math.log((30.0 - asked_ma) / (30.0 - asked_ma - PULSE_MA))
    falling_s = tau_s * math.log((30.0 - asked_ma) / PULSE_MA)
    assert pulses["count"] == 3
    assert unit.world.truth.felt.long_from_s is None
    assert pulses["longest_ms"] == pytest.approx(1000 * (0.0007 - rising_s + falling_s), rel=0.01)
    assert 30.0 * 0.6 < pulses["charge_uc"] < 30.0 * 0.8


def test_a_stage_that_follows_a_lower_code_is_no_pulse_and_one_that_does_not_is(bench: Bench) -> None:
    unit = driven(bench)
    code_for(unit, 0, 0.002)
    assert unit.world.truth.felt.pulses["count"] == 0
    unit.world.stage.forced_ma, unit.world.stage.forced_latched = 12.0, True
    unit.code(0)
    unit.clock.advance_to(unit.clock.now_s + 0.003)
    felt = unit.world.truth.felt
    assert felt.pulses["count"] == 1
    assert felt.pulses["longest_ms"] == pytest.approx(2.0, abs=0.1), "a millisecond was its own"
    assert felt.long_from_s == pytest.approx(unit.clock.now_s - 0.003, abs=0.002)


def test_current_comes_back_with_the_hand_as_its_making_and_with_a_relay_as_a_rise(bench: Bench) -> None:
    events = [{"at_s": 15.5, "fault": "hand_out"}, {"at_s": 15.6, "fault": "hand_in"}]
    unit = driven(bench, events=events)
    unit.run_until(15.599)
    felt = unit.world.truth.felt
    assert felt.worst_fall_ma == pytest.approx(12.0, rel=0.04), "a hand that leaves feels it"
    unit.run_until(15.7)
    assert unit.world.truth.felt.worst_rise_ma < 0.1
    unit.series.state = False
    unit.run_until(15.8)
    unit.series.state = True
    unit.run_until(15.9)
    assert unit.world.truth.felt.worst_rise_ma == pytest.approx(12.0, rel=0.04)


def test_a_rise_counts_from_a_millisecond_after_contact() -> None:
    felt = Felt()
    felt.take(0.0, 1.0, 0.0, 0.0, 1e-4, 0.0, whole=False)
    felt.take(1.0, 1.0 + MAKING_S / 2, 5.0, 0.0, 1e-4, 5.0, whole=True)
    felt.take(1.0 + MAKING_S / 2, 1.0 + 2 * MAKING_S, 7.0, -2.0, 2e-3, 7.0, whole=True)
    left = math.exp(-MAKING_S / 2 / 2e-3) - math.exp(-3 * MAKING_S / 2 / 2e-3)
    assert felt.worst_rise_ma == pytest.approx(2.0 * left)


def test_a_look_at_what_was_felt_changes_nothing(bench: Bench) -> None:
    looked, left_alone = driven(bench), driven(bench)
    for unit in (looked, left_alone):
        for step in range(200):
            unit.code(1966 + 8 * step)
            unit.clock.advance_to(unit.clock.now_s + 0.0003)
            if unit is looked:
                assert unit.world.truth.felt.worst_rise_ma >= 0.0
    one, other = looked.world.truth.felt, left_alone.world.truth.felt
    assert (one.worst_rise_ma, one.worst_fall_ma, one.pulses) == (
        other.worst_rise_ma,
        other.worst_fall_ma,
        other.pulses,
    )
    assert looked.ma() == left_alone.ma()


def test_the_piece_that_is_still_running_is_felt_too(bench: Bench) -> None:
    unit = driven(bench)
    unit.code(2130)
    unit.clock.advance_to(unit.clock.now_s + 0.001)
    assert unit.world.truth.felt.worst_rise_ma == pytest.approx(1.0, rel=0.05)


def test_a_fault_that_comes_and_goes_is_as_old_as_its_first_onset(bench: Bench) -> None:
    events = [{"at_s": 16.0, "fault": "hand_flutters", "hz": 5.0, "for_s": 1.5}]
    unit = driven(bench, events=events)
    unit.run_until(17.39)
    truth = unit.world.truth
    assert truth.onset(17.39) == ("hand_flutters", pytest.approx(17.2))
    assert truth.first_onset(17.39) == ("hand_flutters", pytest.approx(16.0))
    assert truth.first_onset(15.0) is None
    assert truth.first_onset(16.05) == ("hand_flutters", pytest.approx(16.0))


def test_what_comes_again_after_more_than_a_minute_is_another_fault(bench: Bench) -> None:
    truth = driven(bench).world.truth
    for at_s in (20.0, 79.0, 138.0, 200.0):
        truth.note_fault("dac_busy", at_s)
    assert truth.first_onset(140.0) == ("dac_busy", 20.0)
    assert truth.first_onset(201.0) == ("dac_busy", 200.0)
    truth.note_fault("dac_busy", 259.0)
    assert truth.first_onset(260.0) == ("dac_busy", 200.0)


def test_a_stage_obeys_in_its_own_time_however_many_pieces_that_takes() -> None:
    felt, tau_s = Felt(), 1e-4
    felt.take(0.0, 1.0, 12.0, 0.0, tau_s, 12.0, whole=True)
    for step in range(40):
        start_s, end_s = 1.0 + step * 5e-5, 1.0 + (step + 1) * 5e-5
        felt.take(start_s, end_s, 0.0, 12.0 * math.exp((1.0 - start_s) / tau_s), tau_s, 0.0, whole=True)
    assert felt.pulses["count"] == 0


def test_what_rises_while_a_hand_slides_is_not_counted(bench: Bench) -> None:
    unit = driven(bench, events=[{"at_s": 15.5, "fault": "hand_slides_out", "over_s": 30.0}])
    unit.run_until(15.6)
    code_for(unit, 2460, 0.002)
    felt = unit.world.truth.felt
    assert felt.worst_rise_ma < 0.1
    assert felt.worst_fall_ma == pytest.approx(3.0, rel=0.05)


@pytest.mark.parametrize("jumps", [1, 3])
def test_charge_that_flows_out_of_the_terminals_is_a_pulse_and_no_change(jumps: int) -> None:
    """Current that is still there after 0.1 ms is held, and has risen; it jumped again meanwhile or not."""
    felt, tau_s = Felt(), 2e-6
    felt.take(0.0, 1.0, 0.0, 0.0, 1.0, 12.0, whole=True)
    start_s = 1.0
    for _ in range(jumps):
        felt.take(start_s, start_s + 4e-5, 12.0, 50.0, tau_s, 12.0, whole=True)
        start_s += 4e-5
    felt.take(start_s, 2.0, 12.0, 0.0, 1.0, 12.0, whole=True)
    felt.take(2.0, 3.0, 0.0, 0.0, 1.0, 12.0, whole=True)
    for worst_ma in (felt.held_ma, felt.worst_rise_ma, felt.worst_fall_ma):
        assert worst_ma == pytest.approx(12.0, rel=1e-3)
    assert felt.pulses["count"] == jumps
    pulse_s = tau_s * math.log(50.0 / PULSE_MA)
    assert felt.pulses["charge_uc"] == pytest.approx(1e3 * (12.0 * pulse_s + 48.0 * tau_s))
    felt.take(3.0, 3.0002, 30.0, 0.0, 1.0, 12.0, whole=True)
    assert felt.held_ma == 30.0, "twice as long as charge may flow"


def closing(bench: Bench) -> Any:
    """A unit whose relay has closed within the last microsecond, so that its terminals discharge."""
    unit = driven(bench, code=110, output=OutputParts(capacitance_nf=1.4))
    unit.series.state = False
    unit.run_until(15.5)
    assert unit.ma() < 0.01
    unit.series.state = True
    while unit.ma() < 5.0:
        unit.clock.advance_to(unit.clock.now_s + 1e-6)
    return unit


def test_a_second_tick_running_that_meets_such_a_pulse_sees_a_step(bench: Bench) -> None:
    """Else current that is made and broken in step with the tick would never be one."""
    unit = closing(bench)
    for worse in (False, True):
        unit.world.truth.mark_tick(True)
        assert (unit.world.truth.worst_step_ma > 4.0) == worse


def test_a_tick_in_the_microseconds_of_a_closing_pulse_sees_no_step(bench: Bench) -> None:
    """The pulse is told as one, of so much charge; what is still there at the next tick would be a step."""
    unit = closing(bench)
    truth = unit.world.truth
    worst_ma = truth.worst_step_ma
    truth.mark_tick(True)
    assert truth.worst_step_ma == worst_ma
    unit.run_until(unit.clock.now_s + 0.1)
    assert truth.worst_step_ma == pytest.approx(unit.ma(), rel=0.05), "which stayed"
    assert truth.felt.pulses["count"] >= 1
