"""How a session ends before its time: Stop, a cut, a trip."""

from __future__ import annotations

import pytest
from session_alone import STOP, TICK_S, Alone

from controller.core.types import STOP_WORDS, Buttons, Cause, Drive, Off, Phase, StopCause, Trip
from controller.loop.tick import StopSwitch

pytestmark = pytest.mark.core

# --- Stop and trips ----------------------------------------------------------------------------------------


def test_a_soft_stop_falls_by_five_milliamperes_a_second() -> None:
    one = Alone().to(Phase.HOLD)
    one.tick(buttons=STOP)
    assert one.session.phase is Phase.STOPPING
    assert one.session.reason == "Stop was pressed"
    assert one.session.setpoint_ma == 4.0 - 5.0 * TICK_S
    assert one.until(Phase.STOPPED) == 102
    assert one.session.setpoint_ma == 0.0
    assert one.command == Off("forward")


@pytest.mark.parametrize(("phase", "senses"), [(Phase.CONTACT, True), (Phase.RAMP_UP, False)])
def test_a_stop_while_it_waits_for_contact_asks_nobody_for_a_closed_circuit(
    phase: Phase, senses: bool
) -> None:
    one = Alone().to(phase)
    for _ in range(40):
        one.tick()
    one.tick(buttons=STOP)
    while one.session.phase is Phase.STOPPING:
        assert isinstance(one.command, Drive)
        assert one.command.sensing is senses
        one.tick()
    assert one.session.phase is Phase.STOPPED
    assert one.session.reason == "Stop was pressed"
    assert one.command == Off("forward")


@pytest.mark.parametrize("cause", StopCause)
def test_a_stop_is_told_by_who_asked_for_it(cause: StopCause) -> None:
    one = Alone().to(Phase.HOLD)
    one.session.asked_by = cause
    one.tick(buttons=Buttons(stop_asked=True))
    assert one.session.phase is Phase.STOPPING
    assert (one.session.stopped_by, one.session.reason) == (cause, STOP_WORDS[cause])


def test_the_button_on_the_unit_is_told_before_whoever_asks_too() -> None:
    one = Alone().to(Phase.HOLD)
    one.session.asked_by = StopCause.HANGUP
    one.tick(buttons=Buttons(stop=True, stop_asked=True))
    assert one.session.stopped_by is StopCause.BUTTON


def test_who_asks_first_is_the_cause() -> None:
    switch = StopSwitch()
    assert not switch.pressed
    switch.press(StopCause.RECORD)
    switch.cut(StopCause.KEYBOARD)
    assert (switch.cause, switch.cut_requested) == (StopCause.RECORD, True)


def test_a_soft_stop_of_a_strong_current_takes_five_seconds() -> None:
    one = Alone(target_ma=30.0, ramp_ma_per_s=10.0).to(Phase.HOLD)
    one.tick(buttons=STOP)
    assert one.session.setpoint_ma == 30.0 - 6.0 * TICK_S
    assert one.until(Phase.STOPPED) == 639


def test_a_second_press_of_stop_counts_after_a_tenth_of_a_second() -> None:
    for ticks, phase in ((13, Phase.STOPPING), (14, Phase.STOPPED)):
        one = Alone(target_ma=30.0, ramp_ma_per_s=10.0).to(Phase.HOLD)
        one.tick(buttons=STOP)
        for _ in range(ticks - 1):
            one.tick()
        one.tick(buttons=STOP)
        assert one.session.phase is phase
    assert one.session.reason == "Stop was pressed"
    assert one.session.setpoint_ma == 0.0
    assert one.command == Off("forward")


def test_a_stop_that_bounces_begins_the_wait_for_its_second_press_again() -> None:
    one = Alone(target_ma=30.0, ramp_ma_per_s=10.0).to(Phase.HOLD)
    for pressed in [True, *[False] * 8, True, *[False] * 8, True]:
        one.tick(buttons=Buttons(stop=pressed))
    assert one.session.phase is Phase.STOPPING


@pytest.mark.parametrize("phase", [Phase.READY, Phase.HOLD, Phase.STOPPING])
def test_a_cut_is_the_end_at_once(phase: Phase) -> None:
    one = Alone()
    if phase is Phase.STOPPING:
        one.to(Phase.HOLD).tick(buttons=STOP)
    else:
        one.to(phase)
    one.session.asked_by = StopCause.KEYBOARD
    one.session.cut("a person insists")
    assert one.session.phase is Phase.STOPPED
    assert one.session.stopped_by is (StopCause.BUTTON if phase is Phase.STOPPING else StopCause.KEYBOARD)
    assert one.session.setpoint_ma == 0.0
    assert one.session.reason == ("Stop was pressed" if phase is Phase.STOPPING else "a person insists")
    assert one.tick() == Off("forward")


def test_a_trip_is_kept_with_its_phase_and_the_first_one_only() -> None:
    one = Alone().to(Phase.HOLD)
    one.tick(buttons=STOP)
    first = Trip(Cause.LEAKAGE, 1.0, "the first")
    one.session.record_trip(first)
    assert one.session.phase is Phase.TRIPPED
    assert (one.session.trip, one.session.tripped_in) == (first, Phase.HOLD), "as the tick began"
    assert (one.session.reason, one.session.setpoint_ma) == ("the first", 0.0)
    one.session.record_trip(Trip(Cause.OUTPUT_STUCK, 2.0, "the second"))
    assert one.session.trip == first
    dose = one.session.dose.ma_min("forward")
    assert one.tick(current_ma=5.0) == Off("forward")
    assert one.session.dose.ma_min("forward") == dose


def test_after_the_end_only_current_that_still_flows_is_a_trip() -> None:
    one = Alone().to(Phase.READY)
    one.tick(buttons=STOP)
    assert one.session.finished
    one.session.record_trip(Trip(Cause.ADC_FROZEN, 1.0, "a chip"))
    assert (one.session.phase, one.session.trip) == (Phase.STOPPED, None)
    one.session.record_trip(Trip(Cause.OUTPUT_STUCK, 1.0, "still on"))
    assert one.session.phase is Phase.TRIPPED
    assert one.session.reason == "still on"


def test_a_proof_with_nobody_there_ends_as_proven_and_treats_nobody() -> None:
    one = Alone()
    one.session.alone = True
    one.until(Phase.READY)
    one.tick()
    one.tick(buttons=Buttons(start=True))
    one.tick()
    one.until(Phase.STOPPED)
    assert one.session.proven
    assert one.session.reason == "the protections are proven; nobody was treated"
