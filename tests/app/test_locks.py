"""A unit that only a repair can mend treats nobody: not after Stop, a power cycle, nor by another program."""

import json
from datetime import date

import pytest
from played import ORDER, SHORT, UNHURRIED, idle, phase, serve, sessions
from unit_records import put_calibration

from app.main import main
from config.calibration import read_calibration
from controller.appliance.standing import Standing
from controller.backends.simulated import simulated
from controller.core.locks import IDLE
from controller.core.types import StopCause
from controller.journal.releasing import say_why
from controller.session.wiring import SessionRequest, StopSwitch, run_session
from sim.scenario import PersonSpec, Scenario

FAULTS = {
    "enable_hangs": ("relay_welded", {"which": "enable"}),
    "relay_welded": ("relay_welded", {"which": "series"}),
    "wrong_polarity": ("polarity_stuck", {}),
}
SAME = {"relay_welded": {"relay_welded", "series_hangs"}}
"""By which name a welded series relay is found depends on the switch's state when it welds."""
LEAK = ("leakage", {"ma": 2.0, "for_s": 1.0})


def breaks(play, fault, params, in_s=0.0):
    play.device.bench.inject(play.device.clock.whole_s + in_s, fault, params)


def locked(seen):
    return idle(seen) and seen["next"] == "locked" and seen["lock"] is not None


def quiet(seen):
    """Nothing sounds, no alarm waits for Stop, and yet it is locked."""
    return locked(seen) and seen["led"]["signal"] == "locked"


def denied(seen):
    """A Start began nothing, and the code is shown for one turn."""
    return idle(seen) and seen["led"]["signal"] == "code" and seen["code"] == seen["lock"]["code"]


def treats_until(cause_or_refusal):
    """A story: something breaks in a treatment, which ends by this name."""
    fault, params = FAULTS[cause_or_refusal]

    def story(play):
        yield idle
        breaks(play, fault, params)
        play.press()
        yield lambda seen: seen["phase"] in {"tripped", "refused"}
        yield lambda seen: idle(seen) or seen["state"] == "alarm"

    return story


@pytest.fixture
def broken(tmp_path):
    """A unit's state after the current flowed the wrong way, and the fault is gone as by itself."""
    serve(treats_until("wrong_polarity"), tmp_path, unit=UNHURRIED)
    return tmp_path


def is_locked(play):
    """A story's part: the alarm is back, Stop clears its sound and not the lock, and Start begins nothing."""
    yield lambda seen: locked(seen) and seen["led"]["signal"] == "code"
    play.press("stop")
    yield quiet
    assert play.seen[-1]["state"] == "alarm"
    play.press()
    yield denied
    yield quiet
    play.press("stop")
    yield quiet


@pytest.mark.parametrize("reason", FAULTS)
def test_what_only_a_repair_can_mend_locks_and_neither_stop_nor_a_power_cycle_clears_it(tmp_path, reason):
    serve(treats_until(reason), tmp_path, unit=UNHURRIED)
    before = sessions(tmp_path)
    assert len(before) == 1
    for _ in range(2):
        play, told = serve(is_locked, tmp_path, unit=UNHURRIED)
        assert play.seen[-1]["lock"]["cause"] in SAME.get(reason, {reason})
        assert play.truth.charge_ma_min == {"forward": 0.0, "reverse": 0.0}
        said = [event["alarm"]["reason"] for event in told if "alarm" in event]
        assert len(said) >= 1
        assert all("session 1" in one and "technician's code" in one for one in said)
    assert sessions(tmp_path) == before, "nothing began"


def flows(play):
    """A story's part: at rest, with hands in the water, the whole output fails towards current."""
    for which in ("series", "enable"):
        breaks(play, "relay_welded", {"which": which})
    breaks(play, "current_spike", {"to_ma": 5.0, "latched": True, "for_s": 7200.0})
    yield lambda seen: seen["state"] == "alarm" and seen["code"] == 34


@pytest.mark.parametrize("alarmed", [False, True], ids=["at rest", "while another alarm is shown"])
def test_current_that_flows_though_nobody_is_treated_locks(tmp_path, alarmed):
    if alarmed:
        serve(treats_until("wrong_polarity"), tmp_path, unit=UNHURRIED)

    def story(play):
        yield lambda seen: idle(seen) and (not alarmed or denied(seen))
        yield from flows(play)

    serve(story, tmp_path, unit=UNHURRIED)
    play, _ = serve(is_locked, tmp_path, unit=UNHURRIED)
    assert play.seen[-1]["lock"]["cause"] == "output_stuck"
    assert len(sessions(tmp_path)) == 1 + alarmed


@pytest.mark.parametrize("when", ["ready", "self_test"])
def test_what_the_unit_finds_before_start_is_nobody_s_session(tmp_path, when):
    """Nobody pressed Start: neither the person for whom something is prepared nor their order had one."""

    def story(play):
        order = {"do": "order", "order": ORDER, "valid_for_s": 9e4, "digest": "d", "error": None}
        play.say(**order)
        yield lambda seen: idle(seen) and seen["person"] == "anna"
        if when == "self_test":
            play.say(do="order", order=ORDER | {"current_ma": 7.0}, valid_for_s=9e4, digest="e", error=None)
            yield phase("self_test")
        yield from flows(play)
        assert play.device.standing.order["accepted"]

    _, told = serve(story, tmp_path, unit=UNHURRIED)
    assert [event for event in told if "begun" in event or "ended" in event] == []
    assert any("alarm" in event for event in told)
    (one,) = sessions(tmp_path)
    assert (one["treatment"], one["person"], one["outcome"], one["code"]) == (IDLE, None, "refused", 34)
    assert (one["target_ma"], one["linked_to"], one["planned_ma_min"]) == (0.0, None, None)


def test_an_order_and_a_hold_of_start_begin_nothing_either(broken):
    def story(play):
        yield lambda seen: locked(seen) and seen["led"]["signal"] == "code"
        play.press("stop")
        yield quiet
        play.say(do="order", order=None, valid_for_s=0.0, digest="", error=None)
        play.press("down", 4.0)
        play.press("start", 4.0)
        yield denied
        yield quiet

    serve(story, broken, unit=UNHURRIED)
    assert len(sessions(broken)) == 1


def released(play):
    yield lambda seen: idle(seen) and seen["next"] == "clear_alarm"
    play.press("stop")
    yield lambda seen: idle(seen) and seen["next"] == "prove"
    assert play.seen[-1]["led"]["signal"] == "prove"
    assert play.seen[-1]["state"] == "alarm"
    play.press()
    yield phase("proof")
    assert (play.seen[-1]["state"], play.seen[-1]["treatment"]) == ("alarm", None)


def test_said_why_and_proven_with_nobody_there_releases_and_the_next_start_treats(broken, monkeypatch):
    monkeypatch.setattr(Standing, "too_often", lambda *_: "")  # as on another day
    say_why(broken, "the relay's spring was bent back", simulated=True)

    def story(play):
        yield from released(play)
        yield lambda seen: idle(seen) and seen["lock"] is None and seen["next"] == "press_start"
        play.press()
        yield phase("hold")
        play.say(do="stop")
        yield lambda seen: seen["state"] == "paused"

    play, _ = serve(story, broken, unit=UNHURRIED)
    kept = sessions(broken)
    assert [(one["treatment"], one["outcome"]) for one in kept] == [
        ("short", "aborted"),
        ("proof", "stopped"),
        ("short", "stopped"),
    ]
    assert kept[1]["reason"] == "the protections are proven; nobody was treated"
    phases = [seen["phase"] for seen in play.seen if seen["session"] == 2]
    assert {"contact", "ramp_up", "hold"}.isdisjoint(phases)


def test_a_word_that_comes_while_it_waits_is_heard(broken):
    def story(play):
        yield lambda seen: locked(seen) and seen["led"]["signal"] == "code"
        play.press("stop")
        yield quiet
        say_why(broken, "cleaned", simulated=True)
        yield lambda seen: idle(seen) and seen["next"] == "prove"

    serve(story, broken, unit=UNHURRIED)


def test_a_proof_that_fails_leaves_it_locked_and_takes_the_word_back(broken):
    say_why(broken, "cleaned", simulated=True)

    def story(play):
        yield idle
        breaks(play, *FAULTS["relay_welded"])
        yield from released(play)
        yield lambda seen: locked(seen) and seen["lock"]["cause"] in {"series_hangs", "relay_welded"}
        play.press("stop")
        yield quiet
        play.press()
        yield denied

    serve(story, broken, unit=UNHURRIED)
    assert [one["outcome"] for one in sessions(broken)] == ["aborted", "refused"]


def leaks(play):
    """A story's part: a treatment in which current takes another way."""
    play.press()
    yield phase("hold")
    breaks(play, *LEAK)
    yield lambda seen: idle(seen) and seen["lock"] is not None


def test_a_first_leakage_is_released_by_stop_and_a_proof_also_after_a_power_cycle(tmp_path):
    def first(play):
        yield idle
        yield from leaks(play)

    serve(first, tmp_path, unit=UNHURRIED)

    def still(play):
        yield lambda seen: idle(seen) and seen["next"] == "clear_alarm" and seen["code"] == 13
        play.press()
        yield denied

    serve(still, tmp_path, unit=UNHURRIED)
    assert len(sessions(tmp_path)) == 1

    def cleared(play):
        yield lambda seen: idle(seen) and seen["next"] == "clear_alarm"
        play.press("stop")
        yield lambda seen: idle(seen) and seen["lock"] is None and seen["code"] is None

    serve(cleared, tmp_path, unit=UNHURRIED)

    def again(play):
        yield lambda seen: idle(seen) and seen["next"] == "press_start"
        yield from leaks(play)
        assert play.seen[-1]["lock"]["needs"] == "word"

    serve(again, tmp_path, unit=UNHURRIED)
    serve(is_locked, tmp_path, unit=UNHURRIED)


def test_a_simulation_without_a_state_and_a_real_unit_are_not_bound_by_it(broken, monkeypatch, capsys):
    monkeypatch.setenv("XDG_STATE_HOME", str(broken.parent))
    assert main(["run", "face", "--simulate", "--speed", "max", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["outcome"] == "completed"


# --- the command -------------------------------------------------------------------------------------------


def run(state, *presses, end_in="contact", alone=False, faults=(), stop=None):
    """A session of the command on a unit whose buttons are pressed at these times; it is ended in a phase."""
    stop, said, phases = stop or StopSwitch(), [], []

    def shown(seen):
        phases.append(seen["phase"])
        if seen["phase"] == end_in:
            stop.press(StopCause.KEYBOARD)

    bench = simulated(UNHURRIED, "hands", Scenario(person=PersonSpec(start_at_s=None)), 1, None)
    for at_s, button in presses:
        bench.inject(at_s, "press", {"button": button, "for_s": 0.5})
    for at_s, fault, params in faults:
        bench.inject(at_s, fault, params)
    calibration = read_calibration(put_calibration(state, "A7"), None, date.today())
    request = SessionRequest(
        SHORT, UNHURRIED, calibration, "", None, 1, None, rehearsed_name="short", state=state, alone=alone
    )
    result = run_session(request, shown, stop, said.append, bench=bench)
    return result.summary, said, phases


def test_the_command_treats_nobody_on_a_locked_unit(broken):
    summary, _, phases = run(broken, (1.0, "start"))
    assert summary["outcome"] == "refused"
    assert "locked by code 35" in summary["reason"]
    assert "`ionto unlock`" in summary["reason"]
    assert phases == []
    assert len(sessions(broken)) == 1


def test_the_command_asks_for_stop_after_a_first_leakage(tmp_path):
    summary, _, _ = run(tmp_path, (1.0, "start"), faults=[(40.0, *LEAK)], end_in="never")
    assert summary["trip"]["cause"] == "leakage"
    summary, said, _ = run(tmp_path, (1.0, "start"), (3.0, "stop"), (6.0, "start"))
    assert said[0].startswith("nobody is treated after code 13 of ")
    assert (summary["outcome"], summary["stopped_by"]) == ("stopped", "keyboard")
    summary, said, _ = run(tmp_path, (1.0, "start"))
    assert said == []
    assert summary["stopped_by"] == "keyboard"


def test_without_stop_the_command_begins_nothing_and_ctrl_c_is_no_stop_on_the_unit(tmp_path, monkeypatch):
    run(tmp_path, (1.0, "start"), faults=[(40.0, *LEAK)], end_in="never")
    monkeypatch.setattr("controller.session.pedal.READY_TIMEOUT_S", 10.0)
    summary, _, _ = run(tmp_path, (1.0, "start"))
    assert "Stop was not pressed on the unit" in summary["reason"]
    stop = StopSwitch()
    stop.press(StopCause.KEYBOARD)
    summary, _, _ = run(tmp_path, stop=stop)
    assert "press Stop on the unit first" in summary["reason"]
    assert len(sessions(tmp_path)) == 1


def test_a_proof_alone_ends_before_contact_and_releases(broken):
    summary, _, _ = run(broken, (1.0, "start"), alone=True)
    assert "locked by code 35" in summary["reason"], "nobody said why"
    say_why(broken, "mended", simulated=True)
    summary, _, phases = run(broken, (1.0, "start"), alone=True)
    assert (summary["outcome"], summary["stopped_by"]) == ("stopped", None)
    assert summary["reason"] == "the protections are proven; nobody was treated"
    assert phases[-1] in {"proof", "stopped"}
    assert "contact" not in phases
    summary, _, phases = run(broken, (1.0, "start"))
    assert summary["stopped_by"] == "keyboard"
    assert "contact" in phases
