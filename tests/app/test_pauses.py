"""Stop is a pause: what is left of the dose, however often a treatment is cut, and what ends it."""

import pytest
from played import ORDER, SHORT, UNHURRIED, after, idle, phase, serve, sessions

from sim.scenario import Scenario

WHOLE_MA_MIN = SHORT.planned_charge_ma_min
RAMP_MA_MIN = SHORT.current_ma**2 / SHORT.ramp_ma_per_s / 2 / 60
"""What a ramp up lacks: a cut in the first half costs so much of each, since its rest is given by time."""


def paused(number):
    return lambda seen: after(number)(seen) and seen["state"] == "paused"


def whole(parts):
    """The charges of all sessions together, and that each continues the one before."""
    assert [one["linked_to"] for one in parts] == [None, *(one["id"] for one in parts[:-1])]
    return tuple(sum(one[f"{way}_ma_min"] for one in parts) for way in ("forward", "reverse"))


@pytest.mark.parametrize("at_left_s", [95.0, 25.0])
@pytest.mark.parametrize("way", ["button", "page"])
def test_after_a_stop_start_gives_the_rest_and_both_end_equal(tmp_path, way, at_left_s):
    def story(play):
        yield idle
        play.press()
        yield lambda seen: seen["left_s"] < at_left_s
        play.press("stop") if way == "button" else play.say(do="stop")
        yield paused(1)
        seen = play.seen[-1]
        assert (seen["next"], seen["code"], seen["led"]["signal"]) == ("press_start_rest", None, "paused")
        assert 0.0 < seen["left_s"] <= at_left_s + SHORT.current_ma / SHORT.ramp_ma_per_s
        yield lambda seen: seen["rest_s"] < 590.0
        assert play.seen[-1]["phase"] == "ready", "nothing goes on by itself"
        assert not any(seen["buzzer"] for seen in play.seen), "it is no alarm"
        play.press()
        yield phase("proof")
        yield lambda seen: after(2)(seen) and seen["state"] == "finished"

    play, told = serve(story, tmp_path, unit=UNHURRIED)
    parts = sessions(tmp_path)
    assert [one["outcome"] for one in parts] == ["stopped", "completed"]
    forward, reverse = whole(parts)
    assert forward == pytest.approx(reverse, rel=0.005)
    assert WHOLE_MA_MIN - 2 * RAMP_MA_MIN <= forward + reverse <= WHOLE_MA_MIN * 1.005
    for side, total in (("forward", forward), ("reverse", reverse)):
        assert play.truth.charge_ma_min[side] == pytest.approx(total, rel=0.03, abs=0.01)
    ends = [event["rest_offered"] for event in told if "ended" in event]
    assert ends == [True, False]


def test_a_dose_that_was_short_is_gone_on_with_by_the_same_rule(tmp_path):
    dries = {"at_s": 45.0, "fault": "load_drying", "to_ohm": 14_000.0, "over_s": 0.1}
    softens = {"at_s": 170.0, "fault": "load_drying", "to_ohm": 0.0, "over_s": 1.0}

    def story(play):
        yield idle
        play.press()
        yield paused(1)
        seen = play.seen[-1]
        assert (seen["last"]["outcome"], seen["last"]["short_because"]) == ("completed_short", "voltage")
        assert (seen["next"], seen["code"], seen["led"]["signal"]) == ("press_start_rest", None, "paused")
        yield lambda seen: seen["rest_s"] < 560.0
        play.press()
        yield lambda seen: after(2)(seen) and seen["state"] == "finished"

    person = {"load": {"skin": 2_000.0}, "person": {"start_at_s": None}}
    scenario = Scenario.model_validate({**person, "events": [dries, softens]})
    _, told = serve(story, tmp_path, unit=UNHURRIED, scenario=scenario)
    parts = sessions(tmp_path)
    assert [(one["outcome"], one["short_because"]) for one in parts] == [
        ("completed_short", "voltage"),
        ("completed", None),
    ]
    forward, reverse = whole(parts)
    assert forward == pytest.approx(reverse, rel=0.005)
    assert forward + reverse == pytest.approx(WHOLE_MA_MIN, rel=0.01)
    assert [one["asked_ma_min"] for one in parts] == pytest.approx([WHOLE_MA_MIN] * 2, rel=0.01)
    ends = [event["rest_offered"] for event in told if "ended" in event]
    assert ends == [True, False]


def test_however_often_it_is_cut_the_halves_end_equal_and_no_more_is_given(tmp_path):
    def story(play):
        yield idle
        play.press()
        yield lambda seen: seen["left_s"] < 90.0
        play.press("stop")
        yield paused(1)
        play.press()
        yield lambda seen: seen["linked_to"] == 1 and seen["charge_reverse_ma_min"] > 1.0
        play.hand(out=True)
        yield lambda seen: seen["next"] == "press_start_rest" and seen["linked_to"] == 2
        play.hand(out=False)
        play.press()
        yield lambda seen: seen["linked_to"] == 2 and seen["charge_reverse_ma_min"] > 0.6
        play.say(do="stop")
        yield paused(3)
        play.press()
        yield after(4)

    serve(story, tmp_path, unit=UNHURRIED)
    parts = sessions(tmp_path)
    assert [one["outcome"] for one in parts] == ["stopped", "aborted", "stopped", "completed"]
    forward, reverse = whole(parts)
    assert forward == pytest.approx(reverse, rel=0.005)
    assert forward + reverse <= WHOLE_MA_MIN * 1.005


def test_whoever_is_frightened_presses_more_than_once_and_loses_nothing(tmp_path):
    def story(play):
        yield idle
        play.press()
        yield lambda seen: seen["left_s"] < 100.0
        play.press("stop", 0.2)
        yield phase("stopping")
        pressed_s = play.seen[-1]["time_s"]
        yield lambda seen: seen["time_s"] > pressed_s + 0.6
        play.press("stop", 0.2)  # which cuts
        yield paused(1)
        yield idle
        assert play.seen[-1]["rest_s"] > 596.0
        play.press("stop")
        yield phase("self_test")
        yield paused(1)
        yield lambda seen: idle(seen) and seen["rest_s"] < 594.0
        play.press("stop")
        yield lambda seen: idle(seen) and seen["next"] == "come_back"  # a decision ends it

    serve(story, tmp_path, unit=UNHURRIED)


def test_a_stop_before_the_current_rises_uses_nothing(tmp_path):
    def story(play):
        yield idle
        play.say(do="order", order=ORDER, valid_for_s=3600.0, digest="d1")
        yield lambda seen: idle(seen) and seen["treatment"] == "hands"
        play.hand(out=True)
        play.press()
        yield phase("contact")
        play.press("stop")
        yield after(1)
        assert (play.seen[-1]["next"], play.seen[-1]["person"]) == ("press_start", "anna")
        assert {"spent": "d1"} not in play.events
        play.hand(out=False)
        play.press()
        yield lambda seen: seen["charge_reverse_ma_min"] > 0.3
        play.press("stop")
        yield paused(2)
        play.press()
        yield phase("contact")
        play.press("stop")
        yield paused(3)
        assert (play.seen[-1]["linked_to"], play.seen[-1]["person"]) == (2, "anna")
        assert play.seen[-1]["rest_s"] < 600.0, "its time goes on"

    serve(story, tmp_path, default=None, unit=UNHURRIED)


def test_the_rest_is_never_given_to_whoever_prepares_meanwhile(tmp_path):
    def story(play):
        yield idle
        play.say(do="order", order=ORDER, valid_for_s=3600.0, digest="d1")
        yield lambda seen: idle(seen) and seen["person"] == "anna"
        play.press()
        yield lambda seen: seen["charge_reverse_ma_min"] > 0.3
        play.say(do="stop")
        yield paused(1)
        play.say(do="order", order={**ORDER, "person": "ben"}, valid_for_s=3600.0, digest="d2")
        yield lambda seen: idle(seen) and seen["order"] and seen["order"]["accepted"]
        assert play.seen[-1]["person"] == "anna", "Start would still give her rest"
        play.press()
        yield lambda seen: seen["charge_reverse_ma_min"] > 0.3 and seen["linked_to"] == 1
        play.press("stop")
        yield lambda seen: paused(2)(seen) and seen["rest_s"] < 594.0
        play.press("stop")
        yield lambda seen: idle(seen) and seen["rest_s"] is None
        assert (play.seen[-1]["person"], play.seen[-1]["next"]) == ("ben", "press_start")

    serve(story, tmp_path, default=None, unit=UNHURRIED)
    assert [one["person"] for one in sessions(tmp_path)] == ["anna", "anna"]
