"""A foot pedal or elbow bar: what is prepared asks for one press of it, and Start begins nothing before."""

import pytest
from played import ORDER, SHORT, UNHURRIED, after, idle, phase, serve, sessions

from app.wiring.table import groups
from config.unit import Unit

PEDALLED = UNHURRIED.model_copy(update={"pedal": True})


def asks(seen):
    return idle(seen) and seen["next"] == "press_pedal" and seen["led"]["signal"] == "pedal"


def startable(seen):
    return idle(seen) and seen["next"] == "press_start"


def order(play, digest):
    play.say(do="order", order=ORDER, valid_for_s=3600.0, digest=digest)


@pytest.mark.parametrize("ordered", [True, False], ids=["prepared by a page", "of the command line"])
def test_start_begins_nothing_before_the_pedal_was_pressed(tmp_path, ordered):
    def story(play):
        yield idle
        if ordered:
            order(play, "d1")
        yield asks
        play.press()
        began_s = play.seen[-1]["time_s"]
        yield lambda seen: seen["time_s"] > began_s + 2.0
        assert asks(play.seen[-1])
        assert play.seen[-1]["session"] is None
        play.press("stop")
        yield startable
        play.press()
        yield phase("contact")

    serve(story, tmp_path, unit=PEDALLED, default=None if ordered else SHORT)


def test_a_glitch_on_its_wire_is_no_press_of_it(tmp_path):
    def story(play):
        yield asks
        for _ in range(5):
            play.press("stop", held_s=0.04)
            yield lambda seen: seen["phase"] == "stopped"
            yield asks
        play.press()
        began_s = play.seen[-1]["time_s"]
        yield lambda seen: seen["time_s"] > began_s + 2.0
        assert asks(play.seen[-1])

    serve(story, tmp_path, unit=PEDALLED)


def test_a_unit_without_one_asks_for_nothing(tmp_path):
    def story(play):
        yield startable
        assert not any(asks(seen) for seen in play.seen)

    serve(story, tmp_path, unit=UNHURRIED)


def test_what_is_prepared_anew_asks_anew_and_taking_back_asks_nothing(tmp_path):
    def story(play):
        yield idle
        order(play, "d1")
        yield asks
        play.press("stop")
        yield startable
        order(play, "d2")
        yield asks
        play.say(do="order", order=None, error=None)
        yield lambda seen: idle(seen) and seen["next"] == "prepare"

    serve(story, tmp_path, unit=PEDALLED, default=None)


def test_the_rest_of_a_dose_needs_no_new_press_and_the_next_treatment_does(tmp_path):
    def story(play):
        yield asks
        play.press("stop")
        yield startable
        play.press()
        yield lambda seen: seen["left_s"] < 95.0
        play.press("stop")  # the pedal itself, in use
        yield lambda seen: idle(seen) and seen["state"] == "paused"
        play.press()
        yield phase("contact")
        yield after(2)
        yield lambda seen: seen["state"] == "finished"
        play.say(do="order", order=ORDER | {"person": "ben"}, valid_for_s=3600.0, digest="d1")
        yield lambda seen: idle(seen) and seen["person"] == "ben"
        play.press()
        yield asks

    serve(story, tmp_path, unit=PEDALLED)
    assert [one["outcome"] for one in sessions(tmp_path)] == ["stopped", "completed"]


def test_a_pause_that_nobody_went_on_with_leaves_the_pedal_untried(tmp_path):
    def story(play):
        yield asks
        play.press("stop")
        yield startable
        play.press()
        yield lambda seen: seen["left_s"] < 95.0
        play.press("stop")
        yield lambda seen: seen["state"] == "paused" and seen["rest_s"] < 590.0
        play.press("stop")
        yield lambda seen: idle(seen) and seen["state"] != "paused"
        order(play, "d1")
        yield asks

    serve(story, tmp_path, unit=PEDALLED, default=SHORT.model_copy(update={"total_min": 3.0}))


def test_the_wires_of_stop_and_down_lead_through_it_and_no_others():
    def far(unit):
        wires = [wire for group in groups(unit) for wire in group.wires]
        return {name: wire.far for name, pin in unit.pins for wire in wires if f"GPIO{pin}" in wire.near}

    plain, pedalled = far(Unit()), far(Unit(pedal=True))
    changed = {name for name, to in plain.items() if pedalled[name] != to}
    assert changed == {"stop", "down"}
    assert "in series" in pedalled["stop"]
    assert "side by side" in pedalled["down"]


def test_a_unit_s_own_facts_stay_what_they_were_without_one():
    assert "pedal" not in Unit().as_known_before()
    assert Unit(pedal=True).as_known_before()["pedal"] is True
