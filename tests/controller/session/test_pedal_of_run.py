"""`ionto run` on a unit with a pedal asks for one press of it, as the device does, before anything begins."""

from contextlib import ExitStack
from datetime import date

import pytest
from played import SHORT, UNHURRIED
from unit_records import put_calibration

from app.locale.terminal import retell, speak
from config.calibration import read_calibration
from controller.backends.simulated import simulated
from controller.core.limits import STOP_OVER_S
from controller.core.types import StopCause
from controller.journal.history import open_history
from controller.loop.advice import SENTENCES
from controller.session.pedal import UNTRIED
from controller.session.wiring import SessionRequest, StopSwitch, run_session
from sim.scenario import PersonSpec, Scenario

PEDALLED = UNHURRIED.model_copy(update={"pedal": True})


def run(state, *presses, unit=PEDALLED, end_in="contact", stop=None, for_s=0.5):
    """A session of the command on a unit whose buttons are pressed at these times; it is ended in a phase."""
    stop, said, phases = stop or StopSwitch(), [], []

    def shown(seen):
        phases.append(seen["phase"])
        if seen["phase"] == end_in:
            stop.press(StopCause.KEYBOARD)

    with ExitStack():
        bench = simulated(unit, "hands", Scenario(person=PersonSpec(start_at_s=None)), 1, None)
        for at_s, button in presses:
            bench.inject(at_s, "press", {"button": button, "for_s": for_s})
        calibration = read_calibration(put_calibration(state, "A7"), None, date.today())
        request = SessionRequest(
            SHORT, unit, calibration, "", None, 1, None, rehearsed_name="short", state=state
        )
        result = run_session(request, shown, stop, said.append, bench=bench)
    return result.summary, said, phases


def test_start_begins_nothing_before_the_pedal_was_pressed(tmp_path):
    summary, said, phases = run(tmp_path, (1.0, "start"), (3.0, "stop"), (6.0, "start"))
    assert said[0] == SENTENCES["press_pedal"]
    assert (summary["outcome"], summary["stopped_by"]) == ("stopped", "keyboard")
    assert "contact" in phases
    ready = [span for span in summary["phases"] if span["phase"] == "ready"]
    over_s = pytest.approx(STOP_OVER_S, abs=0.1)
    assert ready[0]["end_s"] == over_s, "from the press on; the Start before it began nothing"


@pytest.mark.parametrize("start_s", [2.0, 3.5, 5.0, 7.0])
def test_a_start_soon_after_the_press_waits_for_what_that_began(tmp_path, start_s):
    """7 s after it, Stop's second contact takes the output away for 0.7 s, as on the reference circuit."""
    summary, _, _ = run(tmp_path, (1.0, "stop"), (start_s, "start"), end_in="hold")
    assert (summary["outcome"], summary["stopped_by"]) == ("stopped", "keyboard"), summary["reason"]


def test_without_a_press_it_is_refused_by_its_cause_and_nothing_began(tmp_path, monkeypatch):
    monkeypatch.setattr("controller.session.pedal.READY_TIMEOUT_S", 20.0)
    summary, _, phases = run(tmp_path, (1.0, "start"), (5.0, "start"))
    assert (summary["outcome"], summary["reason"], phases) == ("refused", UNTRIED, [])
    with open_history(tmp_path) as history:
        (one,) = history.sessions()
    assert (one["outcome"], one["reason"]) == ("refused", UNTRIED)
    speak("de")
    try:
        assert "pressed" not in retell(UNTRIED)
        assert "once" not in retell(SENTENCES["press_pedal"])
    finally:
        speak("en")


def test_ctrl_c_ends_the_wait(tmp_path):
    stop = StopSwitch()
    stop.press(StopCause.KEYBOARD)
    summary, _, phases = run(tmp_path, stop=stop)
    assert (summary["outcome"], summary["stopped_by"]) == ("stopped", "keyboard")
    assert "ready" not in phases


@pytest.mark.parametrize("button", ["down", "up"])
def test_another_button_is_no_press_of_it(tmp_path, monkeypatch, button):
    monkeypatch.setattr("controller.session.pedal.READY_TIMEOUT_S", 10.0)
    assert run(tmp_path, (1.0, button))[0]["reason"] == UNTRIED


def test_a_unit_without_one_asks_for_nothing(tmp_path):
    summary, said, _ = run(tmp_path, (1.0, "start"), unit=UNHURRIED)
    assert SENTENCES["press_pedal"] not in said
    assert summary["stopped_by"] == "keyboard"


def test_a_glitch_on_its_wire_is_no_press_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr("controller.session.pedal.READY_TIMEOUT_S", 10.0)
    glitches = [(1.0 + 0.1 * one, "stop") for one in range(50)]
    assert run(tmp_path, *glitches, for_s=0.04)[0]["reason"] == UNTRIED
