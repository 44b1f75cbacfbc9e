"""A session's current to the tick and the figure: ramps, halves, reversal, Up and Down, readings."""

from __future__ import annotations

from typing import Any

import pytest
from session_alone import RISE_MA, TICK_S, Alone, E

from controller.core.limits import SENSING_MA
from controller.core.types import Buttons, Drive, Off, Phase, ShortBecause

pytestmark = pytest.mark.core

# --- the current -------------------------------------------------------------------------------------------


def test_a_treatment_to_the_tick() -> None:
    """24 s a half with a ramp of 0.5 mA/s to 4 mA: 8 s up, 8 s down, and both give 4 mA for 16 s."""
    one = Alone().to(Phase.RAMP_UP)
    session = one.session
    assert session.setpoint_ma == 0.3 + RISE_MA
    counted_s = session.given.half_elapsed_s
    # the foot of the ramp, and what was given beyond it at 0.3 mA, as time at 4 mA
    beyond_ma_s = 60 * session.dose.ma_min("forward") - 0.3 * 0.3 / 0.5 / 2
    assert counted_s == pytest.approx(0.3 / 0.5 + beyond_ma_s / 4.0 + TICK_S, abs=1e-3)
    assert session.left_s == 48.0 - counted_s
    one.until(Phase.HOLD)
    assert session.setpoint_ma == 4.0
    assert session.given.half_elapsed_s - counted_s == pytest.approx((4.0 - 0.3) / 0.5, abs=2 * TICK_S)
    before_s = session.given.half_elapsed_s
    one.until(Phase.RAMP_DOWN)
    assert session.given.half_elapsed_s == pytest.approx(16.0, abs=2 * TICK_S)
    assert session.setpoint_ma == 4.0 - RISE_MA
    assert session.left_s == 48.0 - session.given.half_elapsed_s
    assert before_s < 9.0
    one.until(Phase.REVERSE)
    assert session.given.half == 0
    assert session.given.half_elapsed_s == pytest.approx(24.0, abs=3 * TICK_S)
    one.until(Phase.RAMP_UP)
    given = session.given
    assert (given.half, given.half_elapsed_s, given.elapsed_s) == (1, 0.0, 24.0)
    assert session.left_s == 24.0
    assert session.polarity == "reverse"
    one.until(Phase.HOLD)
    assert session.left_s == 24.0 - session.given.half_elapsed_s
    assert session.given.elapsed_s == 24.0 + session.given.half_elapsed_s
    one.until(Phase.DONE)
    assert session.given.forward_ma_min == pytest.approx(4.0 * 16.0 / 60, rel=2e-3)
    assert session.given.reverse_ma_min == pytest.approx(session.given.forward_ma_min, rel=2e-3)
    assert one.command == Off("reverse")


def test_sensing_that_gave_less_than_the_foot_of_the_ramp_counts_as_that_foot() -> None:
    one = Alone(ramp_ma_per_s=0.05, halves=(("forward", 200.0),)).to(Phase.CONTACT)
    while one.session.setpoint_ma < 0.3:
        one.tick(current_ma=0.0)
    while one.session.phase is Phase.CONTACT:
        given_ma = 0.7003 * one.session.setpoint_ma
        one.tick(current_ma=given_ma, voltage_v=2.0 * given_ma)
    assert one.session.phase is Phase.RAMP_UP
    assert 60 * one.session.dose.ma_min("forward") < 0.3 * 6.0 / 2
    assert one.session.given.half_elapsed_s == pytest.approx(6.0 + TICK_S, abs=1e-6)


def test_the_time_left_is_never_below_zero() -> None:
    one = Alone().to(Phase.RAMP_DOWN)
    one.skip(100.0)
    one.tick()
    assert one.session.left_s == 0.0


def test_a_reversal_to_the_tick() -> None:
    one = Alone().to(Phase.REVERSE)
    seen = [one.tick() for _ in range(19)]
    # zero for 50 ms (7 ticks) from the first reading on; 5 ticks of release and dead time; 3 to settle
    assert seen[:7] == [Drive("forward", 0.0, 0)] * 7
    assert seen[7:12] == [Off("forward")] * 5
    assert seen[12:15] == [Off("reverse")] * 3
    first = seen[15]
    assert isinstance(first, Drive)
    assert (first.polarity, first.setpoint_ma) == ("reverse", 0.0)
    assert seen[16] == first._replace(code=seen[16].code), "the relay is closing"  # type: ignore[union-attr]
    assert [command.setpoint_ma for command in seen[17:]] == [RISE_MA, 2 * RISE_MA]  # type: ignore[union-attr]


@pytest.mark.parametrize("which", ["current_ma", "guard_ma"])
def test_a_step_of_the_reversal_that_is_disturbed_begins_again(which: str) -> None:
    one = Alone().to(Phase.REVERSE)
    for _ in range(9):
        one.tick()
    assert one.command == Off("forward")
    one.tick(**{which: 0.201})
    assert [one.tick() for _ in range(7)] == [Off("forward")] * 5 + [Off("reverse")] * 2


def test_a_reversal_goes_on_just_below_a_fifth_of_a_milliampere() -> None:
    one = Alone().to(Phase.REVERSE)
    seen = [one.tick(current_ma=0.199, guard_ma=0.199) for _ in range(8)]
    assert seen[7] == Off("forward")


def test_a_third_half_turns_back_again() -> None:
    one = Alone(halves=(("forward", 6.0), ("reverse", 6.0), ("forward", 6.0))).to(Phase.REVERSE)
    first = one.until(Phase.RAMP_UP)
    assert one.session.polarity == "reverse"
    one.until(Phase.REVERSE)
    assert one.session.given.half == 1
    assert one.until(Phase.RAMP_UP) == first, "no step of the second reversal is left out"
    assert one.session.polarity == "forward"
    assert one.session.given.elapsed_s == 12.0
    # It gives no more than its balance: the first forward half has paid it already.
    assert one.until(Phase.DONE, longest=10) <= 10


# --- Up and Down -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("button", "after_ma"), [("up", 4.5), ("down", 3.5)])
def test_a_press_counts_once_however_long_it_is(button: str, after_ma: float) -> None:
    one = Alone(limit_ma=6.0).to(Phase.HOLD)
    pressed = Buttons(**{button: True})
    targets = []
    for _ in range(10):
        one.tick(buttons=pressed)
        targets.append(one.session.target_ma)
    assert targets == [after_ma] * 10
    one.tick()
    for _ in range(4):
        one.tick(buttons=pressed)
    assert one.session.target_ma == 4.0 + 2 * (after_ma - 4.0)


def test_a_step_goes_to_the_limit_and_no_further() -> None:
    one = Alone(limit_ma=4.5).to(Phase.HOLD)
    for _ in range(2):
        one.tick()
        for _ in range(5):
            one.tick(buttons=Buttons(up=True))
    assert one.session.target_ma == 4.5
    assert one.session.limit_ma == 4.5


def test_without_a_limit_up_changes_nothing() -> None:
    one = Alone().to(Phase.HOLD)
    for _ in range(5):
        one.tick(buttons=Buttons(up=True))
    assert (one.session.target_ma, one.session.limit_ma) == (4.0, 4.0)


def test_down_ends_at_the_least_current() -> None:
    one = Alone(target_ma=1.0).to(Phase.HOLD)
    for _ in range(3):
        one.tick()
        for _ in range(5):
            one.tick(buttons=Buttons(down=True))
    assert one.session.target_ma == 0.5


def test_a_button_that_is_held_as_the_current_begins_counts_too() -> None:
    one = Alone(limit_ma=6.0).to(Phase.CONTACT)
    one.until(Phase.RAMP_UP, buttons=Buttons(up=True))
    for _ in range(4):
        one.tick(buttons=Buttons(up=True))
    assert one.session.target_ma == 4.5


def test_both_buttons_are_none() -> None:
    one = Alone(limit_ma=6.0).to(Phase.HOLD)
    for _ in range(5):
        one.tick(buttons=Buttons(up=True, down=True))
    assert one.session.target_ma == 4.0


def test_up_and_down_move_the_current_by_the_ramp() -> None:
    one = Alone(limit_ma=6.0).to(Phase.HOLD)
    for _ in range(4):
        one.tick(buttons=Buttons(up=True))
    assert one.session.setpoint_ma == 4.0 + 4 * RISE_MA
    one.tick()
    assert one.session.setpoint_ma == 4.0 + 5 * RISE_MA
    one.tick(buttons=Buttons(down=True))
    one.tick()
    assert one.session.setpoint_ma == 4.0 + 3 * RISE_MA, "up for five ticks, down for two"


def risen(one: Alone, to_ma: float) -> Alone:
    """Go on in the ramp until the setpoint has passed a current."""
    while one.session.setpoint_ma < to_ma:
        one.tick()
    assert one.session.phase is Phase.RAMP_UP
    return one


def down_once(one: Alone) -> float:
    """Press Down for a while and let go; gives the target."""
    for _ in range(5):
        one.tick(buttons=Buttons(down=True))
    one.tick()
    return float(one.session.target_ma)


@pytest.mark.parametrize(("at_ma", "held_ma"), [(2.3, 2.0), (2.501, 2.5), (0.6, 0.5), (3.4, 3.0), (3.9, 3.5)])
def test_down_in_the_ramp_holds_the_step_that_was_passed_last(at_ma: float, held_ma: float) -> None:
    one = risen(Alone(limit_ma=6.0).to(Phase.RAMP_UP), at_ma)
    highest_ma = one.session.setpoint_ma
    assert down_once(one) == held_ma
    assert one.session.phase is Phase.HOLD
    for _ in range(200):
        one.tick()
        assert one.session.setpoint_ma <= highest_ma, "it rises no further"
    assert one.session.setpoint_ma == pytest.approx(held_ma)


def test_what_was_held_in_the_first_ramp_is_where_the_second_ends_and_the_halves_are_equal() -> None:
    one = risen(Alone().to(Phase.RAMP_UP), 2.3)
    down_once(one)
    one.until(Phase.REVERSE)
    one.until(Phase.RAMP_UP)
    highest_ma = 0.0
    while one.session.phase is not Phase.DONE:
        one.tick()
        highest_ma = max(highest_ma, one.session.setpoint_ma)
    assert highest_ma == pytest.approx(2.0)
    forward, reverse = (one.session.dose.ma_min(way) for way in ("forward", "reverse"))
    beyond_ma_min = 0.3 * 0.6 / 60  # what rose beyond the 2 mA in 0.6 s, and as much on the way back
    assert 0 < forward - reverse < 3 * beyond_ma_min
    assert one.session.short is None, "what was asked for was given"


def test_after_it_was_held_up_and_down_are_steps_again() -> None:
    one = risen(Alone(limit_ma=6.0).to(Phase.RAMP_UP), 2.3)
    assert down_once(one) == 2.0
    assert down_once(one) == 1.5
    for _ in range(3):
        one.tick(buttons=Buttons(up=True))
    assert one.session.target_ma == 2.0


def test_down_before_anything_is_felt_is_a_step_and_does_not_end_the_treatment_at_nothing() -> None:
    one = Alone(limit_ma=6.0).to(Phase.CONTACT)
    one.until(Phase.RAMP_UP, buttons=Buttons(down=True))
    one.tick(buttons=Buttons(down=True))
    assert one.session.setpoint_ma < 0.5
    assert one.session.target_ma == 3.5


def test_down_in_the_tick_in_which_the_ramp_arrives_is_a_step() -> None:
    one = Alone(limit_ma=6.0).to(Phase.RAMP_UP)
    while one.session.setpoint_ma < 4.0:
        one.tick()
    assert one.session.phase is Phase.RAMP_UP
    assert down_once(one) == 3.5


def test_down_takes_back_one_step_of_what_up_asked_for_in_the_hold() -> None:
    one = Alone(limit_ma=6.0).to(Phase.HOLD)
    for _ in range(3):
        one.tick()
        one.tick(buttons=Buttons(up=True))
    one.tick()
    assert one.session.setpoint_ma < 4.5
    assert down_once(one) == 5.0


def test_of_a_target_between_two_steps_no_less_is_held_than_the_least() -> None:
    one = risen(Alone(target_ma=0.7, limit_ma=6.0).to(Phase.RAMP_UP), 0.55)
    assert down_once(one) == 0.5


# --- what the regulator is told ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        ({"sampled": "current"}, True),
        ({"sampled": "voltage"}, False),
        ({"sampled": "current", "voltage_v": 57.0 - E}, True),
        ({"sampled": "current", "voltage_v": 57.0 + E}, False),
        ({"sampled": "current", "voltage_v": None}, True),
        ({"sampled": "current", "current_ma": 1.0}, True),
    ],
)
def test_the_regulator_learns_from_new_readings_of_the_current(reading: dict[str, Any], told: bool) -> None:
    one = Alone().to(Phase.HOLD)
    one.tick(**reading)
    assert (one.regulator.reading[0] is not None) is told


@pytest.mark.parametrize(("current_ma", "told"), [(0.15 + E, True), (0.15 - E, False)])
def test_while_sensing_it_learns_from_half_of_what_is_asked_on(current_ma: float, told: bool) -> None:
    one = Alone().to(Phase.CONTACT)
    for _ in range(90):
        one.tick()
    one.tick(sampled="current", current_ma=current_ma)
    assert one.regulator.reading[0] == (current_ma if told else None)


@pytest.mark.parametrize(("gap", "counts"), [(1, 1), (4, 4), (9, 9), (10, 10), (11, 10), (30, 10)])
def test_a_reading_stands_for_the_time_since_the_one_before_and_ten_ticks_at_most(
    gap: int, counts: int
) -> None:
    one = Alone().to(Phase.HOLD)
    one.tick(sampled="current")
    for _ in range(gap - 1):
        one.tick()
        assert one.regulator.reading == (None, 0.0)
    one.tick(sampled="current")
    assert one.regulator.reading == (4.0, counts * TICK_S)


# --- the load ----------------------------------------------------------------------------------------------


def test_the_load_is_reckoned_from_new_voltages() -> None:
    one = Alone().to(Phase.HOLD)
    before = one.session.load
    for _ in range(20):
        one.tick(sampled="voltage")
    assert before.resistance_ohm == pytest.approx(2000.0)
    one.tick(sampled="voltage", current_ma=None)
    one.tick(sampled="current", voltage_v=40.0)
    assert before.resistance_ohm == pytest.approx(2000.0)


def test_the_current_is_folded_back_at_the_end_of_the_voltage() -> None:
    one = Alone().to(Phase.HOLD)
    one.tick(sampled="current", voltage_v=59.0)
    assert one.session.setpoint_ma == 4.0
    one.tick(sampled="voltage", voltage_v=59.0)
    assert one.session.setpoint_ma == pytest.approx(4.0 * (1.0 - 2.0 / (0.6 * 59.0)))
    assert one.session.fold_back.ever


def still(phase: Phase) -> Alone:
    """A session whose output stands at 50 V of 60, and which no hand is seen to leave."""
    one = Alone(heed_withdrawal=False).to(phase)
    for _ in range(3):
        one.tick(sampled="voltage", voltage_v=50.0)
    return one


@pytest.mark.parametrize("phase", [Phase.RAMP_UP, Phase.HOLD, Phase.RAMP_DOWN])
def test_no_more_is_asked_for_than_flows_and_nothing_is_learnt_from_it(phase: Phase) -> None:
    one = still(phase)
    for _ in range(100 if phase is Phase.RAMP_UP else 0):
        one.tick(voltage_v=50.0)
    before_ma, trim_ma = one.session.setpoint_ma, one.regulator.trim_ma
    flows_ma = 0.9 * before_ma - 0.1
    one.tick(guard_ma=flows_ma, current_ma=flows_ma, sampled="current", voltage_v=50.0)
    assert one.session.setpoint_ma == pytest.approx(flows_ma, abs=1e-3)
    assert one.regulator.reading[0] is None, "the stage is not wrong"
    assert one.regulator.trim_ma == pytest.approx(trim_ma, abs=0.01)
    assert one.session.fold_back.held is ShortBecause.VOLTAGE
    for _ in range(20):
        after_ma = one.session.setpoint_ma
        one.tick(voltage_v=50.0)
        assert one.session.setpoint_ma <= after_ma, "what comes back is not asked for before a look allows it"
    for _ in range(4):
        after_ma = one.session.setpoint_ma
        one.tick(sampled="voltage", voltage_v=50.0)
        assert one.session.setpoint_ma <= after_ma + RISE_MA
        assert (one.session.setpoint_ma > after_ma) is (phase is not Phase.RAMP_DOWN)


def test_a_reading_that_is_not_new_is_not_followed() -> None:
    one = still(Phase.HOLD)
    one.tick(guard_ma=None, current_ma=2.0, voltage_v=50.0)
    assert one.session.setpoint_ma == 4.0


@pytest.mark.parametrize("sampled", ["supply", "return"])
def test_a_supply_that_sags_folds_the_current_back_before_it_lacks(sampled: Any) -> None:
    one = still(Phase.HOLD)
    one.tick(sampled=sampled, supply_v=59.0, voltage_v=53.0)
    one.tick(sampled="voltage", supply_v=59.0, voltage_v=53.0)
    assert (one.session.setpoint_ma < 4.0) is (sampled == "supply")


@pytest.mark.parametrize("supply_v", [0.0, 13.0, 57.9])
def test_a_supply_that_reads_less_than_it_may_is_for_the_guard(supply_v: float) -> None:
    """A converter that is frozen reads its last channel as the supply; a load of 20 V has voltage enough."""
    one = Alone().to(Phase.HOLD)
    one.tick(sampled="supply", supply_v=supply_v)
    one.tick(sampled="voltage", voltage_v=20.0)
    assert one.session.setpoint_ma == 4.0
    assert one.session.fold_back.reach_v(4.0) == 60.0 - 6.0


def test_a_reversal_forgets_what_was_usual() -> None:
    one = still(Phase.HOLD)
    one.tick(guard_ma=2.0, current_ma=2.0, voltage_v=50.0)
    assert one.session.fold_back.lacks
    one.until(Phase.REVERSE)
    one.until(Phase.RAMP_UP)
    assert not one.session.fold_back.lacks


def test_what_held_the_first_half_back_is_forgotten_with_the_reversal() -> None:
    one = Alone(heed_withdrawal=False).to(Phase.HOLD)
    for _ in range(6):
        one.tick(sampled="voltage", voltage_v=59.0)
    assert one.session.setpoint_ma < 3.0
    one.until(Phase.REVERSE)
    one.until(Phase.HOLD)
    assert one.session.setpoint_ma == 4.0


def test_a_hand_that_leaves_is_heeded_unless_it_is_measured_without() -> None:
    for changes, withdrawn in (({}, True), ({"heed_withdrawal": False}, False)):
        one = Alone(**changes).to(Phase.HOLD)
        for volts in (8.0,) * 8 + (12.0, 16.0):
            one.tick(sampled="voltage", voltage_v=volts)
        assert one.session.fold_back.withdrawn is withdrawn


@pytest.mark.parametrize(
    ("then", "moves"),
    [
        ({"sampled": "voltage", "sampled_code": 77}, False),  # the very code of the channel before
        ({"sampled": "voltage", "sampled_code": 78}, True),
        ({"sampled": "voltage", "sampled_code": None}, True),
    ],
)
@pytest.mark.parametrize("before", ["current", "supply"])
def test_a_converter_that_froze_moves_no_fold_back(then: dict[str, Any], moves: bool, before: str) -> None:
    one = Alone().to(Phase.HOLD)
    one.tick(sampled=before, sampled_code=77)
    one.tick(voltage_v=59.0, **then)
    assert one.session.fold_back.ever is moves
    one.tick(sampled="return", sampled_code=None)
    one.tick(voltage_v=59.0, sampled="voltage", sampled_code=79)
    assert one.session.fold_back.ever


def test_a_frozen_converter_s_supply_is_not_heeded_and_a_channel_s_own_code_may_repeat() -> None:
    one = Alone().to(Phase.HOLD)
    one.tick(sampled="voltage", sampled_code=77)
    one.tick(sampled="supply", sampled_code=77, supply_v=60.0)
    assert one.session.fold_back.reach_v(4.0) == 60.0
    one.tick(sampled="supply", sampled_code=77, supply_v=60.0)
    assert one.session.fold_back.reach_v(4.0) == 60.0 - 4.0


def test_a_load_that_holds_the_current_back_arrives_after_two_seconds() -> None:
    one = Alone().to(Phase.RAMP_UP)
    count = one.until(Phase.HOLD, sampled="voltage", voltage_v=59.0)
    assert count == 257
    assert one.session.setpoint_ma == SENSING_MA


# --- the second half ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "whole"),
    [
        ({"balances": True, "carried_reverse_ma_min": 0.5}, False),
        ({"balances": True, "carried_reverse_ma_min": 9.0}, True),
        ({"carried_reverse_ma_min": 0.5}, True),
    ],
)
def test_a_half_that_balances_ends_with_the_charge_of_the_other_polarity(
    changes: dict[str, Any], whole: bool
) -> None:
    one = Alone(halves=(("forward", 24.0),), **changes).to(Phase.RAMP_UP)
    one.until(Phase.DONE)
    given = one.session.given
    if whole:
        assert given.half_elapsed_s == pytest.approx(24.0, abs=3 * TICK_S)
    else:
        assert given.forward_ma_min == pytest.approx(0.5, rel=2e-3)
    assert given.reverse_ma_min == changes["carried_reverse_ma_min"]


def test_what_was_carried_is_counted() -> None:
    one = Alone(carried_forward_ma_min=1.0, carried_reverse_ma_min=2.0).to(Phase.READY)
    assert (one.session.given.forward_ma_min, one.session.given.reverse_ma_min) == (1.0, 2.0)
    fresh = Alone().session
    assert (fresh.given.half, fresh.given.half_elapsed_s, fresh.given.elapsed_s) == (0, 0.0, 0.0)
    assert (fresh.given.forward_ma_min, fresh.given.reverse_ma_min) == (0.0, 0.0)
    assert fresh.left_s == 48.0
    assert fresh.recorded


def test_a_half_ends_with_its_time_when_the_charge_leaves_it_the_choice() -> None:
    one = Alone(carried_forward_ma_min=9.0).to(Phase.REVERSE)
    one.until(Phase.HOLD)
    one.until(Phase.RAMP_DOWN)
    assert one.session.given.half_elapsed_s == 16.0 + TICK_S, "16 s and the first tick of the ramp"


def test_a_steep_ramp_rises_by_a_tenth_of_a_milliampere_a_tick() -> None:
    one = Alone(ramp_ma_per_s=100.0).to(Phase.RAMP_UP)
    before_ma = one.session.setpoint_ma
    one.tick()
    assert one.session.setpoint_ma - before_ma == pytest.approx(0.1)
