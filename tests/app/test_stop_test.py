"""Stop's test on the appliance: once after power-up and after a day, before Start, and of nobody else."""

import pytest
from played import ORDER, SHORT, UNHURRIED, after, idle, phase, serve, sessions

from config.unit import reference_unit
from controller.core.limits import STOP_AGAIN_S
from controller.host.stop_mark import StopMark

TRIPPING = reference_unit()


def asks(seen):
    shown = seen["next"], seen["led"]["signal"], seen["led"]["colour"]
    return seen["phase"] == "stop_test" and shown == ("hold_stop", "hold_stop", "white")


def hold(play, held_s=9.0):
    play.press("stop", held_s=held_s)


def phases(play):
    found = []
    for seen in play.seen:
        if not found or found[-1] != seen["phase"]:
            found.append(seen["phase"])
    return found


def test_it_comes_before_start_and_start_begins_nothing_until_it_passed(tmp_path):
    def story(play):
        yield asks
        play.press()
        began_s = play.device.clock.whole_s
        yield lambda _seen: play.device.clock.whole_s > began_s + 3.0
        assert asks(play.seen[-1])
        hold(play)
        yield lambda seen: seen["next"] == "let_go_stop"
        assert play.seen[-1]["led"]["signal"] == "testing", "the light changes: that is what is waited for"
        yield idle
        play.press()
        yield phase("contact")

    play, told = serve(story, tmp_path, unit=TRIPPING, stop_test=True)
    assert phases(play)[:4] == ["self_test", "stop_test", "ready", "trial"]
    (one,) = sessions(tmp_path)
    assert one["outcome"] == "stopped"
    assert not [event for event in told if "alarm" in event]


def test_neither_the_next_person_nor_a_pause_asks_again(tmp_path):
    def story(play):
        yield asks
        hold(play)
        yield idle
        play.press()
        yield lambda seen: seen["left_s"] < 110.0
        play.press("stop")
        yield lambda seen: idle(seen) and seen["state"] == "paused"
        play.press()
        yield after(2)
        play.say(do="order", order=ORDER | {"person": "ben"}, valid_for_s=3600.0, digest="d1")
        yield lambda seen: idle(seen) and seen["person"] == "ben"

    play, _ = serve(story, tmp_path, unit=TRIPPING, stop_test=True)
    assert phases(play).count("stop_test") == 1


def test_after_a_day_it_is_asked_again_between_two_sessions(tmp_path):
    def story(play):
        yield asks
        hold(play)
        yield idle
        play.device.standing._stop_due_s = play.device.clock.whole_s + 2.0  # the day is over
        yield asks
        hold(play)
        yield idle
        due_s = play.device.standing._stop_due_s
        assert due_s == pytest.approx(play.device.clock.whole_s + STOP_AGAIN_S, abs=1.0)

    serve(story, tmp_path, unit=TRIPPING, stop_test=True)


def test_what_is_prepared_meanwhile_neither_ends_it_nor_is_lost(tmp_path):
    def story(play):
        yield asks
        hold(play)
        yield lambda seen: seen["voltage_v"] > 5.0
        play.say(do="order", order=ORDER, valid_for_s=3600.0, digest="d1")
        yield lambda seen: idle(seen) and seen["person"] == "anna"

    play, _ = serve(story, tmp_path, unit=TRIPPING, default=None, stop_test=True)
    assert phases(play).count("stop_test") == 1


def test_a_latched_alarm_is_cleared_by_stop_first_and_then_it_is_asked_for(tmp_path):
    def story(play):
        yield asks
        hold(play)
        yield idle
        play.press()
        yield lambda seen: seen["left_s"] < 110.0
        play.device.bench.inject(play.device.clock.whole_s, "supply_sag", {"to_v": 40.0, "for_s": 0.4})
        yield lambda seen: idle(seen) and seen["next"] == "clear_alarm"
        play.device.standing._stop_due_s = due_s = play.device.clock.whole_s
        yield lambda _seen: play.device.clock.whole_s > due_s + 5.0
        assert (play.seen[-1]["phase"], play.seen[-1]["next"]) == ("ready", "clear_alarm")
        play.press("stop")
        yield asks
        assert play.device.standing.alarm is None

    serve(story, tmp_path, unit=TRIPPING, stop_test=True)


@pytest.mark.parametrize(
    ("fault", "params", "code", "tries"),
    [
        ("stop_dead", {}, 28, 1),
        ("stop_delay", {"to_s": 0.0}, 78, 1),
        ("stop_delay", {"to_s": 12.0}, 78, 1),
        ("stop_delay", {"to_s": 3.0}, 78, 2),
    ],
)
def test_a_stop_that_is_broken_is_found_before_anybody_is_treated(tmp_path, fault, params, code, tries):
    def story(play):
        yield asks
        play.device.bench.inject(play.device.clock.whole_s, fault, params)
        for _ in range(tries):
            yield asks
            hold(play, 10.0)
            yield lambda seen: not asks(seen) or fault == "stop_dead"
        play.press()
        yield lambda seen: seen["code"] == code
        shown_s = play.device.clock.whole_s
        assert play.seen[-1]["next"] == "mend"
        yield asks
        assert play.device.clock.whole_s - shown_s > 25.0, "its code is shown long enough to be counted"

    play, told = serve(story, tmp_path, unit=TRIPPING, stop_test=True)
    assert not {"ready", "contact"} & set(phases(play))
    assert play.truth.peak_ma == 0.0
    assert [event["alarm"]["code"] for event in told if "alarm" in event] == [code]


def test_what_locks_is_recorded_though_nothing_began_and_locks(tmp_path):
    def story(play):
        yield asks
        play.device.bench.inject(play.device.clock.whole_s, "trip_shorted", {})
        hold(play)
        yield lambda seen: seen["lock"] is not None and seen["next"] == "locked"
        assert play.seen[-1]["lock"]["cause"] == "trip_dead"
        assert play.seen[-1]["phase"] == "ready", "Stop is not asked for before a technician was there"

    serve(story, tmp_path, unit=TRIPPING, stop_test=True)
    (one,) = sessions(tmp_path)
    assert (one["outcome"], one["code"], one["treatment"]) == ("refused", 77, "idle")


def test_once_it_passes_the_code_of_one_that_failed_is_over(tmp_path):
    def story(play):
        yield asks
        play.device.bench.inject(play.device.clock.whole_s, "stop_delay", {"to_s": 0.0, "for_s": 12.0})
        hold(play, 10.0)
        yield lambda seen: seen["code"] == 78
        yield asks
        hold(play, 10.0)
        yield idle
        assert play.seen[-1]["code"] is None

    serve(story, tmp_path, unit=TRIPPING, stop_test=True)


def test_without_a_trip_the_press_alone_is_tried_and_start_waits_for_what_it_began(tmp_path):
    pressed = []

    def story(play):
        yield asks
        hold(play, 1.0)
        pressed.append(play.device.clock.whole_s)
        yield idle
        play.press()
        yield lambda seen: seen["next"] == "wait_stop_over"
        yield phase("contact")
        assert play.device.clock.whole_s - pressed[0] > 9.0
        yield phase("ramp_up")

    serve(story, tmp_path, unit=UNHURRIED, stop_test=True)


def test_the_mark_of_an_earlier_program_is_heeded_and_written(tmp_path):
    mark = StopMark(tmp_path, "this unit")

    def first(play):
        yield asks
        hold(play)
        yield idle

    def second(play):
        yield idle

    serve(first, tmp_path, unit=TRIPPING, stop_test=True, stop_mark=mark)
    assert mark.ago_s() < 60.0
    play, _ = serve(second, tmp_path, unit=TRIPPING, stop_test=True, stop_mark=mark)
    assert "stop_test" not in phases(play)


def test_nobody_there_is_told_as_nobody(tmp_path):
    def story(play):
        yield asks
        yield lambda seen: seen["phase"] == "refused"
        yield asks

    _, told = serve(story, tmp_path, unit=TRIPPING, stop_test=True, default=SHORT, patience_s=900.0)
    assert not [event for event in told if "alarm" in event]
