"""The proof of the protections to the tick: what lasts how long, and what is held against it."""

from __future__ import annotations

from typing import Any

import pytest
from core_bench import Bench

from controller.core.proof import STEPS, Proof
from controller.core.types import Drive, Measurement

pytestmark = pytest.mark.core

READING = Bench().measure()
ALIVE: dict[str, Any] = {"voltage_v": 3.0, "current_ma": 0.07}
DEAD: dict[str, Any] = {"voltage_v": 0.0, "current_ma": 0.0}
E = 1e-6


def see(proof: Proof, now_s: float, reading: dict[str, Any]) -> Drive:
    m: Measurement = READING._replace(**reading)
    return proof.step(now_s, m, "forward")


def to_step(number: int) -> tuple[Proof, float]:
    """A proof that has just begun its step `number`, and the time."""
    proof, now_s = Proof(11), 0.0
    for step in STEPS[:number]:
        see(proof, now_s, ALIVE if step.alive else DEAD)
        now_s += 0.04
        see(proof, now_s, ALIVE if step.alive else DEAD)
    return proof, now_s


def asked(drive: Drive) -> tuple[bool, bool]:
    return drive.series, drive.beat


def test_the_steps_are_these_and_in_this_order() -> None:
    proof, now_s, seen = Proof(11), 0.0, []
    while not proof.done:
        drive = see(proof, now_s, DEAD if not seen or seen[-1] != (True, True) else ALIVE)
        assert drive == Drive("forward", 0.07, 11, sensing=True, series=drive.series, beat=drive.beat)
        if not seen or seen[-1] != asked(drive):
            seen.append(asked(drive))
        now_s += 0.01
        assert now_s < 1.0, "it never ends"
    assert seen == [(False, True), (True, True), (True, False), (True, True), (False, True)]
    assert now_s == pytest.approx(5 * 0.04, abs=0.011)


@pytest.mark.parametrize(("after_s", "passed"), [(0.03 - E, False), (0.03, True)])
def test_a_state_must_last_for_half_the_rest(after_s: float, passed: bool) -> None:
    proof = Proof(11)
    see(proof, 0.0, DEAD)
    assert (asked(see(proof, after_s, DEAD)) == (True, True)) is passed


@pytest.mark.parametrize("number", range(5))
def test_a_state_that_is_interrupted_has_to_last_anew(number: int) -> None:
    proof, now_s = to_step(number)
    right, wrong = (ALIVE, DEAD) if STEPS[number].alive else (DEAD, ALIVE)
    before = asked(see(proof, now_s + 0.005, right))
    see(proof, now_s + 0.015, wrong)
    see(proof, now_s + 0.025, right)
    assert asked(see(proof, now_s + 0.045, right)) == before, "20 ms since the interruption"
    assert proof.done is False


@pytest.mark.parametrize("number", range(5))
def test_every_step_has_its_own_time_from_its_own_beginning(number: int) -> None:
    proof, now_s = to_step(number)
    wrong = DEAD if STEPS[number].alive else ALIVE
    within_s = STEPS[number].within_s + 0.06
    see(proof, now_s, wrong)
    see(proof, now_s + within_s - E, wrong)
    assert proof.failed is None
    see(proof, now_s + within_s + E, wrong)
    assert proof.failed == STEPS[number].otherwise


@pytest.mark.parametrize("number", range(1, 5))
def test_what_the_last_step_saw_is_not_counted_for_the_next(number: int) -> None:
    proof, now_s = to_step(number)
    before = asked(see(proof, now_s + 0.001, ALIVE if STEPS[number].alive else DEAD))
    assert asked(see(proof, now_s + 0.030, ALIVE if STEPS[number].alive else DEAD)) == before


@pytest.mark.parametrize(
    ("number", "reading", "counts"),
    [
        (0, {"voltage_v": 3.0 - E, "current_ma": 0.015 - E}, True),
        (0, {"voltage_v": 3.0 + E, "current_ma": 0.0}, False),
        (0, {"voltage_v": 0.0, "current_ma": 0.015 + E}, False),
        (0, {"voltage_v": 2.5, "current_ma": 0.0}, True),  # what electrodes may hold by themselves
        (0, {"voltage_v": -2.5, "current_ma": 0.0}, True),
        (0, {"voltage_v": None, "current_ma": 0.0}, False),
        (0, {"voltage_v": 0.0, "current_ma": None}, False),
        (1, {"voltage_v": 5.0 + E, "current_ma": 0.0}, True),
        (1, {"voltage_v": 0.0, "current_ma": 0.02 + E}, True),
        (1, {"voltage_v": 5.0 - E, "current_ma": 0.02 - E}, False),
        (1, {"voltage_v": None, "current_ma": 1.0}, False),
        (1, {"voltage_v": 9.0, "current_ma": None}, False),
    ],
)
def test_what_is_alive_and_what_is_dead(number: int, reading: dict[str, Any], counts: bool) -> None:
    proof, now_s = to_step(number)
    before = asked(see(proof, now_s, reading))
    after = asked(see(proof, now_s + 0.031, reading))
    assert (after != before) is counts


CLIMB = {"from_code": 4, "rise_codes": 0.5}


def climbing(seen: list[dict[str, Any]]) -> tuple[Proof, list[int], float]:
    """Show a proof that is not sure of its code these readings from its second step on, every 5.1 ms."""
    proof, now_s = Proof(11, **CLIMB), 0.0
    assert see(proof, now_s, DEAD).code == 11, "with the relay open the code that must show is asked for"
    now_s += 0.035
    codes = [see(proof, now_s, DEAD).code]
    for reading in seen:
        now_s += 0.0051
        codes.append(see(proof, now_s, reading).code)
    return proof, codes, now_s


def test_a_code_that_is_not_known_is_raised_until_the_output_is_live_and_stays_so() -> None:
    proof, codes, now_s = climbing([DEAD] * 4 + [{"voltage_v": 0.1, "current_ma": 0.03}] * 7)
    assert codes == [4, 4, 5, 6, 6, 6, 7, 8, 8, 8, 9, 9], (
        "half a code a tick, for the time that it must be seen"
    )
    assert proof.found == (9, 0.03)
    for step in STEPS[2:]:
        assert see(proof, now_s + 0.005, ALIVE if step.alive else DEAD).code == 9
        now_s += 0.04
        see(proof, now_s, ALIVE if step.alive else DEAD)
    assert proof.done
    assert proof.found == (9, 0.03)


def test_where_nobody_closes_the_circuit_the_least_current_that_shows_is_taken_for_the_codes() -> None:
    for reading in ({"voltage_v": 20.0, "current_ma": 0.0}, {"voltage_v": 20.0, "current_ma": 0.02}):
        assert climbing([reading] * 7)[0].found == (7, 0.02)


def test_the_time_of_that_step_begins_when_there_is_no_more_to_raise() -> None:
    proof, codes, _ = climbing([DEAD] * 20)
    assert codes[-7:] == [11] * 7
    assert max(codes) == 11
    assert proof.failed is None
    top_s = 0.035 + 14 * 0.0051
    see(proof, top_s + 0.36 - E, DEAD)
    assert proof.failed is None
    see(proof, top_s + 0.36 + E, DEAD)
    assert proof.failed == STEPS[1].otherwise


def test_a_code_that_is_known_is_not_raised() -> None:
    proof, now_s = to_step(1)
    for _ in range(7):
        now_s += 0.005
        assert see(proof, now_s, ALIVE).code == 11
    assert proof.found == (11, 0.07)


def test_with_a_hardware_trip_it_begins_by_arming_that_with_the_dac_at_zero() -> None:
    proof = Proof(11, trip=True)
    drive = see(proof, 0.0, {**DEAD, "tripped": True})
    assert drive == Drive("forward", 0.0, 0, sensing=True, series=False, beat=True, trip="rearm")
    see(proof, 0.01, {**DEAD, "tripped": False})
    drive = see(proof, 0.05, {**DEAD, "tripped": False})
    assert drive == Drive("forward", 0.07, 11, sensing=True, series=False, beat=True)
