"""The threshold of the hardware trip, the proof that forces it, and what the guard says of it."""

from __future__ import annotations

from typing import Any

import pytest
from core_bench import Bench
from guard_watch import FIVE, Watch, drive
from hypothesis import given
from hypothesis import strategies as st

from controller.core.limits import TRIP_STEP_MA
from controller.core.proof import STEPS, TRIP_STEPS, Proof
from controller.core.tripping import FORCED_MA, Threshold
from controller.core.types import Cause, Drive, Failure, Measurement, Off, Refusal

pytestmark = pytest.mark.core


def test_the_threshold_is_the_setpoint_and_its_margin_and_never_below_the_floor() -> None:
    threshold = Threshold(2.0)
    assert threshold.follow(0.0, 0.0) == 2.0
    assert threshold.follow(0.3, 2.0) == 2.0
    assert threshold.follow(10.0, 2.0) == pytest.approx(11.55)
    assert Threshold(3.0).follow(0.3, 0.0) == 3.0


def test_it_is_written_anew_only_beyond_a_step() -> None:
    threshold = Threshold(2.0)
    written_ma = threshold.follow(10.0, 2.0)
    assert threshold.follow(10.0, written_ma) == written_ma
    assert threshold.follow(10.04, written_ma) == written_ma
    assert threshold.follow(10.05, written_ma) == pytest.approx(11.605)


def test_nor_is_it_lowered_before_it_is_a_step_too_high() -> None:
    threshold = Threshold(2.0)
    assert threshold.follow(10.0, 11.55) == 11.55
    for _ in range(2):
        assert threshold.follow(9.96, 11.55) == 11.55
    assert threshold.follow(9.95, 11.55) == 11.55, "a tick after"
    assert threshold.follow(9.95, 11.55) == pytest.approx(11.495)


def test_it_is_raised_at_once_and_lowered_a_tick_after() -> None:
    threshold = Threshold(2.0)
    written_ma = threshold.follow(10.0, 2.0)
    assert threshold.follow(0.3, written_ma) == written_ma, "what flowed before may still flow"
    assert threshold.follow(0.3, written_ma) == 2.0


@given(st.lists(st.floats(0.0, 25.0), min_size=1, max_size=30))
def test_it_never_lies_below_what_may_flow_nor_far_above(setpoints_ma: list[float]) -> None:
    threshold, written_ma, before_ma = Threshold(2.0), 0.0, 0.0
    for setpoint_ma in setpoints_ma:
        written_ma = threshold.follow(setpoint_ma, written_ma)
        needed_ma = max(2.0, 1.1 * max(setpoint_ma, before_ma) + 0.5)
        assert needed_ma - 1e-9 <= written_ma <= needed_ma + 0.1 + 1e-9
        before_ma = setpoint_ma


def test_it_is_kept_on_either_bound_of_what_it_may_be() -> None:
    for written_ma in (11.5, 11.5 + 2 * TRIP_STEP_MA):
        assert Threshold(2.0).follow(10.0, written_ma) == written_ma


def test_where_a_wrong_code_was_put_right_it_is_wider_until_the_next_tick() -> None:
    threshold = Threshold(2.0)
    assert threshold.over_a_flip() == 4.0
    assert threshold.follow(10.0, 2.0) == pytest.approx(11.55)
    assert threshold.over_a_flip() == 15.5
    assert threshold.follow(10.0, 15.5) == pytest.approx(11.55)


def test_forced_it_lies_below_any_current() -> None:
    assert FORCED_MA == -5.0


# --- the proof -------------------------------------------------------------------------------------------

READING = Bench().measure()
ALIVE: dict[str, Any] = {"voltage_v": 3.0, "current_ma": 0.07, "tripped": False}
DEAD: dict[str, Any] = {"voltage_v": 0.0, "current_ma": 0.0, "tripped": False}
TRIPPED: dict[str, Any] = {**DEAD, "tripped": True}


def see(proof: Proof, now_s: float, reading: dict[str, Any]) -> Drive:
    m: Measurement = READING._replace(**reading)
    return proof.step(now_s, m, "forward")


def right(number: int) -> dict[str, Any]:
    """What is to be seen in a step."""
    step = TRIP_STEPS[number]
    return TRIPPED if step.trip == "force" else ALIVE if step.alive else DEAD


def to_step(number: int) -> tuple[Proof, float]:
    proof, now_s = Proof(11, trip=True), 0.0
    for before in range(number):
        see(proof, now_s, right(before))
        now_s += 0.04
        see(proof, now_s, right(before))
    return proof, now_s


def test_with_a_trip_the_steps_are_these_and_in_this_order() -> None:
    assert TRIP_STEPS[1:5] == STEPS[:4]
    assert TRIP_STEPS[-1] == STEPS[-1]
    orders = [(step.trip, step.series, step.beat, step.alive) for step in TRIP_STEPS]
    assert orders == [
        ("rearm", False, True, None),
        ("follow", False, True, False),
        ("follow", True, True, True),
        ("follow", True, False, False),
        ("follow", True, True, True),
        ("force", True, True, False),
        ("force", False, True, False),
        ("rearm", False, True, None),
        ("follow", True, True, True),
        ("follow", False, True, False),
    ]
    proof, _ = to_step(len(TRIP_STEPS))
    assert proof.done


@pytest.mark.parametrize("number", range(len(TRIP_STEPS)))
def test_each_step_is_driven_as_it_says_and_arming_with_the_dac_at_zero(number: int) -> None:
    proof, now_s = to_step(number)
    step = TRIP_STEPS[number]
    ma, code = (0.0, 0) if step.trip == "rearm" else (0.07, 11)
    wanted = Drive("forward", ma, code, sensing=True, series=step.series, beat=step.beat, trip=step.trip)
    assert see(proof, now_s + 0.001, right(number)) == wanted


def test_a_forced_trip_is_judged_by_the_current_since_its_switch_lies_behind_the_divider() -> None:
    """With the return open the stage's current still makes a voltage; with a relay open there is none."""
    stands = {**TRIPPED, "voltage_v": 24.0}
    proof, now_s = to_step(5)
    for after_s in (0.0, 0.04):
        drive = see(proof, now_s + after_s, stands)
    assert proof.failed is None
    assert (drive.series, drive.trip) == (False, "force")
    for after_s in (0.08, 0.3):
        see(proof, now_s + after_s, stands)
    assert proof.refusal is Refusal.TRIP_DEAD


@pytest.mark.parametrize(
    ("number", "reading", "refusal", "words"),
    [
        (0, TRIPPED, Refusal.TRIP_HANGS, "stays tripped"),
        (5, ALIVE, Refusal.TRIP_DEAD, "stays live though the hardware trip was forced"),
        (5, {**ALIVE, "tripped": True}, Refusal.TRIP_DEAD, "its switch conducts"),
        (5, DEAD, Refusal.TRIP_DEAD, "its latch hangs"),
        (7, TRIPPED, Refusal.TRIP_HANGS, "stays tripped"),
        (8, DEAD, Refusal.TRIP_HANGS, "its switch stays open"),
        (1, TRIPPED, Refusal.RELAY_WELDED, "series relay open"),
    ],
)
def test_what_is_not_seen_refuses_by_name(
    number: int, reading: dict[str, Any], refusal: Refusal, words: str
) -> None:
    proof, now_s = to_step(number)
    limit_s = TRIP_STEPS[number].within_s + 0.06
    see(proof, now_s, reading)
    see(proof, now_s + limit_s - 1e-6, reading)
    assert proof.failed is None
    see(proof, now_s + limit_s + 1e-6, reading)
    assert proof.refusal is refusal
    assert proof.failed is not None
    assert words in proof.failed


def test_arming_asks_nothing_of_the_output() -> None:
    proof, now_s = to_step(7)
    blind = {"voltage_v": None, "current_ma": None, "tripped": False}
    see(proof, now_s, blind)
    assert see(proof, now_s + 0.04, blind).trip == "follow"


# --- the guard -------------------------------------------------------------------------------------------


def test_a_trip_of_the_hardware_is_a_cause_of_its_own() -> None:
    watch = Watch()
    trip = watch.see(tripped=True, guard_ma=0.04)
    assert trip is not None
    assert trip.cause is Cause.HARDWARE_TRIP
    assert trip.evidence == (
        "the hardware trip has opened its switch at a setpoint of 5.00 mA; the guard reads 0.04 mA now"
    )


def test_it_is_named_though_the_guard_reads_nothing() -> None:
    watch = Watch()
    watch.see(tripped=True, guard_ma=None)
    assert watch.guard.trip is not None
    assert watch.guard.trip.evidence.endswith("the guard reads 0.00 mA now")


@pytest.mark.parametrize(
    ("last", "tripped"),
    [
        (Off(), True),
        (drive(0.07, sensing=True, trip="force"), True),
        (drive(0.0, sensing=True, trip="rearm"), True),
        (FIVE, False),
        (FIVE, None),
    ],
)
def test_what_it_was_told_to_do_is_no_trip(last: Any, tripped: bool | None) -> None:
    assert Watch(last).see(tripped=tripped) is None


def test_a_failed_chip_is_named_before_it() -> None:
    watch = Watch()
    watch.see(tripped=True, failure=Failure(Cause.ADC_RESET, "made for the test"))
    assert watch.cause is Cause.ADC_RESET


@pytest.mark.parametrize("order", ["force", "rearm"])
def test_only_sensing_forces_or_arms_it(order: Any) -> None:
    watch = Watch()
    trip = watch.see(FIVE._replace(trip=order))
    assert trip is not None
    assert trip.cause is Cause.OVER_CURRENT
    sensing = Watch(drive(0.07, sensing=True))
    assert sensing.see(drive(0.07, sensing=True, trip=order)) is None
