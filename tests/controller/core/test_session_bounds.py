"""A session before its current, to the tick and the figure: self-test, Start, contact, and why it ended."""

from __future__ import annotations

from typing import Any

import pytest
from session_alone import RISE_MA, START, STOP, TICK_S, Alone

from controller.core.types import Drive, Off, Phase, Refusal

pytestmark = pytest.mark.core

# --- the self-test ---------------------------------------------------------------------------------------


def test_the_self_test_takes_a_quarter_of_a_second() -> None:
    one = Alone()
    assert one.until(Phase.READY) == 32
    assert one.session.refusal is None
    assert one.session.polarity == "forward"
    assert one.session.setpoint_ma == 0.0


@pytest.mark.parametrize(
    "reading",
    [
        {"current_ma": 0.095, "guard_ma": 0.095},
        {"supply_v": 58.0},
        {"supply_v": 70.0},
    ],
)
def test_the_self_test_passes_within_its_bounds(reading: dict[str, Any]) -> None:
    assert Alone().until(Phase.READY, **reading) == 32


@pytest.mark.parametrize(
    ("reading", "refusal", "words"),
    [
        ({"current_ma": 0.105}, Refusal.NOT_ZERO, "read 0.10 and 0.00 mA, allowed below 0.1 mA"),
        ({"guard_ma": 0.105}, Refusal.NOT_ZERO, "read 0.00 and 0.10 mA"),
        ({"guard_ma": None}, Refusal.NOT_ZERO, "0.00 and nothing mA"),
        ({"supply_v": 57.9}, Refusal.SUPPLY_OUT, "reads 57.90 V, allowed 58 to 70 V"),
        ({"supply_v": 70.1}, Refusal.SUPPLY_OUT, "reads 70.10 V"),
        ({"supply_v": None}, Refusal.SUPPLY_OUT, "reads nothing V"),
        ({"buttons": START}, Refusal.START_STUCK, "the Start button"),
        ({"buttons": STOP}, Refusal.STOP_STUCK, "the Stop button"),
        ({"buttons": START, "supply_v": None}, Refusal.START_STUCK, "the Start button"),
    ],
)
def test_the_self_test_refuses_after_three_seconds(
    reading: dict[str, Any], refusal: Refusal, words: str
) -> None:
    one = Alone()
    assert one.until(Phase.REFUSED, **reading) == 384
    assert one.session.refusal is refusal
    assert words in (one.session.reason or "")


def test_without_a_converter_of_the_guard_its_zero_is_not_asked_for() -> None:
    assert Alone(guarded=False).until(Phase.READY, guard_ma=None) == 32


def test_a_stop_that_was_pressed_and_let_go_in_the_self_test_stops() -> None:
    one = Alone()
    one.tick(buttons=STOP)
    assert one.session.phase is Phase.SELF_TEST
    one.tick()
    assert one.session.phase is Phase.STOPPED
    assert one.session.reason == "Stop was pressed"


# --- Start -----------------------------------------------------------------------------------------------


def test_start_waits_for_the_record() -> None:
    one = Alone().to(Phase.READY)
    assert not one.session.start_asked
    one.session.recorded = False
    one.tick()
    one.tick(buttons=START)
    assert not one.session.start_asked
    one.tick()
    assert one.session.start_asked
    assert one.session.phase is Phase.READY
    one.session.recorded = True
    one.tick()
    assert one.session.phase is Phase.PROOF


def test_a_start_that_was_denied_has_to_be_let_go_first() -> None:
    one = Alone().to(Phase.READY)
    one.session.recorded = False
    one.tick()
    one.tick(buttons=START)
    one.tick()
    one.session.deny()
    assert not one.session.start_asked
    one.tick(buttons=START)
    one.tick(buttons=START)
    assert not one.session.start_asked
    one.tick()
    one.tick(buttons=START)
    one.tick()
    assert one.session.start_asked


def test_a_session_that_waits_may_be_refused_and_no_other() -> None:
    one = Alone()
    one.session.refuse(Refusal.NOBODY_CAME, "too early")
    assert (one.session.phase, one.session.reason) == (Phase.SELF_TEST, None)
    one.to(Phase.READY).session.refuse(Refusal.NOBODY_CAME, "for a test")
    assert one.session.phase is Phase.REFUSED
    assert (one.session.refusal, one.session.reason) == (Refusal.NOBODY_CAME, "for a test")
    assert one.session.finished


def test_a_start_that_is_never_let_go_is_told_as_stuck() -> None:
    one = Alone().to(Phase.READY)
    one.tick()
    one.tick(buttons=START)
    one.skip(600.0)
    one.tick(buttons=START)
    assert one.session.refusal is Refusal.START_STUCK
    assert one.session.reason == "the Start button reads as pressed and is not let go: release or replace it"


def test_start_is_waited_for_ten_minutes() -> None:
    one = Alone().to(Phase.READY)
    one.skip(600.0 - 2 * TICK_S)
    one.tick()
    assert not one.session.finished
    one.tick()
    assert one.session.refusal is Refusal.NOBODY_CAME
    assert one.session.reason == "Start was not pressed within 600 s"
    assert one.session.phase is Phase.REFUSED


# --- the proof -------------------------------------------------------------------------------------------


def test_the_protections_are_proven_before_contact() -> None:
    one = Alone().to(Phase.PROOF)
    asked = []
    while one.session.phase is Phase.PROOF and len(asked) < 100:
        command = one.tick()
        driven = (command.series, command.beat) if isinstance(command, Drive) else None
        if driven not in asked[-1:]:
            asked.append(driven)
    assert asked == [(False, True), (True, True), (True, False), (True, True), (False, True), None]
    assert one.session.phase is Phase.CONTACT


def test_what_the_proof_finds_is_refused_by_name() -> None:
    one = Alone().to(Phase.PROOF)
    one.until(Phase.REFUSED, longest=100, current_ma=0.07)
    assert one.session.refusal is Refusal.RELAY_WELDED
    assert "is welded" in (one.session.reason or "")
    assert one.command == Off("forward")


# --- contact -----------------------------------------------------------------------------------------------


def test_contact_closes_the_relay_rises_to_sensing_and_lasts_two_seconds() -> None:
    one = Alone().to(Phase.CONTACT)
    asked = []
    while one.session.phase is Phase.CONTACT and len(asked) < 500:
        command = one.tick()
        assert isinstance(command, Drive)
        asked.append((command.setpoint_ma, command.sensing))
    assert asked[0] == (0.0, True), "the relay is closing"
    assert asked[1:4] == [(n * RISE_MA, True) for n in (1, 2, 3)]
    assert asked[76:80] == [(76 * RISE_MA, True), (0.3, True), (0.3, True), (0.3, True)]
    assert len(asked) == 1 + 77 + 1 + 256
    assert asked[-1] == (0.3 + RISE_MA, False), "up from there"


@pytest.mark.parametrize(
    ("reading", "refusal", "words"),
    [
        ({"current_ma": 0.25, "voltage_v": 0.085}, Refusal.ELECTRODES_TOUCH, "the load reads 340 ohm"),
        ({"current_ma": 0.22, "voltage_v": 0.07}, Refusal.ELECTRODES_TOUCH, "the load reads 318 ohm"),
        ({"current_ma": 0.25, "voltage_v": 0.09}, Refusal.NO_CONTACT, "stayed open"),
        ({"current_ma": 0.20, "voltage_v": 0.05}, Refusal.NO_CONTACT, "stayed open"),
        ({"current_ma": 0.0, "voltage_v": 0.0}, Refusal.NO_CONTACT, "stayed open"),
        ({"current_ma": None, "voltage_v": 0.1}, Refusal.NO_CONTACT, "stayed open"),
        ({"current_ma": 0.25, "voltage_v": None}, Refusal.NO_CONTACT, "stayed open"),
    ],
)
def test_without_contact_it_ends_after_its_time(
    reading: dict[str, Any], refusal: Refusal, words: str
) -> None:
    one = Alone().to(Phase.CONTACT)
    one.skip(60.0 - 2 * TICK_S)
    one.tick(**reading)
    assert one.session.phase is Phase.CONTACT
    assert one.tick(**reading) == Off("forward")
    assert one.session.phase is Phase.REFUSED
    assert one.session.refusal is refusal
    assert "no contact within 60 s" in (one.session.reason or "")
    assert words in (one.session.reason or "")


def test_a_stage_that_does_not_follow_the_sensing_current_is_refused_by_name() -> None:
    one = Alone().to(Phase.CONTACT)
    for _ in range(1200):
        if one.session.phase is not Phase.CONTACT:
            break
        last = one.tick(current_ma=0.3, voltage_v=1.2)
    assert last == Off("forward")
    assert one.session.phase is Phase.REFUSED
    assert one.session.refusal is Refusal.STAGE_WRONG
    assert one.session.reason == "the current stays at 0.30 mA, though less was asked for"


def test_a_small_contact_is_refused_after_its_time_and_never_gets_more_than_the_sensing_current() -> None:
    one = Alone().to(Phase.CONTACT)
    one.ohm = 10_000.0
    asked_ma = []
    while one.session.phase is Phase.CONTACT:
        command = one.tick()
        assert one.session.phase is Phase.REFUSED or isinstance(command, Drive)
        asked_ma.append(getattr(command, "setpoint_ma", 0.0))
    assert one.session.phase is Phase.REFUSED
    assert one.session.refusal is Refusal.CONTACT_SMALL
    assert (one.session.reason or "").startswith(
        "no contact within 60 s: only a small part of the skin is in contact, 10000 ohm by its capacity, "
        "allowed is up to 6500: "
    )
    assert max(asked_ma) == 0.3


def test_the_trim_rests_while_the_fall_is_looked_at() -> None:
    """What the stage is wrong by would else change the current between the fall and its mean."""
    one = Alone().to(Phase.CONTACT)
    seen = set()
    while one.session.phase is Phase.CONTACT:
        one.tick(sampled=getattr(one.command, "watch", "") or "current")
        if one.session.setpoint_ma == 0.05:
            seen.add(one.regulator.reading[0])
    assert seen == {None}
