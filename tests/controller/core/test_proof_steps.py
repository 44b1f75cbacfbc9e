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
