"""What a unit writes while time passes: to the system's log, and to its records.

A line when a session begins and one when it ends; while nobody is treated nothing, whatever is wrong. In
virtual time, by the appliance's own loop and journal.
"""

from itertools import pairwise

import pytest
from played import ORDER, UNHURRIED, after, idle, serve, sessions

from app.device.command import _sentence
from sim.scenario import Scenario

HOUR_S = 3600.0
BROKEN_S = 200.0
LEAST_BYTES = 96 * 1024
"""Of records in which one short treatment is: SQLite's pages."""
TREATMENT_BYTES = 40 * 1024
"""One of 20 minutes with its chart: 28 kB were measured, 2026-11-29."""


def kept(state):
    """Every byte of the records, by file; what SQLite shares among readers is none."""
    return {one.name: one.read_bytes() for one in state.iterdir() if not one.name.endswith("-shm")}


def logged(told):
    """What the service's log gets of these events: a line each."""
    return [_sentence(event, simulated=True) for event in told]


def test_after_treatments_an_hour_at_rest_writes_nothing(tmp_path):
    then = {}

    def story(play):
        yield idle
        play.press()
        yield after(1)
        then.update(kept(tmp_path), rest_s=play.device.clock.whole_s)
        yield lambda seen: play.device.clock.whole_s > then["rest_s"] + HOUR_S

    play, told = serve(story, tmp_path, unit=UNHURRIED, patience_s=2 * HOUR_S)
    assert {seen["next"] for seen in play.seen} >= {"take_out", "come_back"}, "finished, and then too soon"
    assert kept(tmp_path) == {name: then[name] for name in kept(tmp_path)}
    assert len(logged(told)) == 2, logged(told)
    assert sum(len(line.encode()) + 1 for line in logged(told)) < 200
    assert sum(map(len, kept(tmp_path).values())) <= 2 * LEAST_BYTES


@pytest.mark.parametrize(
    ("fault", "records"), [({"fault": "adc_silent", "which": "control"}, 1), ({"fault": "start_stuck"}, 0)]
)
def test_what_stays_broken_is_said_once_however_often_it_is_found_again(tmp_path, fault, records):
    scenario = Scenario.model_validate({"person": {"start_at_s": None}, "events": [{"at_s": 0.01, **fault}]})

    def story(play):
        yield lambda seen: seen["code"] is not None
        began_s = play.device.clock.whole_s
        yield lambda seen: play.device.clock.whole_s > began_s + BROKEN_S

    play, told = serve(story, tmp_path, unit=UNHURRIED, scenario=scenario, patience_s=2 * BROKEN_S)
    found = [now for was, now in pairwise(seen["phase"] for seen in play.seen) if was != now]
    assert sum(phase in ("tripped", "refused") for phase in found) > 20, "it was looked for again and again"
    assert len(logged(told)) == 1, logged(told)
    assert len(sessions(tmp_path)) == records


@pytest.mark.nightly
def test_a_day_of_three_treatments_and_what_it_leaves(tmp_path):
    """Morning, noon and evening, 20 minutes each, as three people of a house; the rest of the day nobody."""
    grown = []

    def story(play):
        yield idle
        for number, hour in enumerate((7, 12, 19), 1):
            yield lambda seen, at_s=hour * HOUR_S: play.device.clock.whole_s > at_s
            play.say(
                do="order", order=ORDER | {"person": f"p{number}"}, valid_for_s=HOUR_S, digest=f"d{number}"
            )
            yield lambda seen, who=f"p{number}": idle(seen) and seen["person"] == who
            play.press()
            yield after(number)
            grown.append(sum(map(len, kept(tmp_path).values())))
        yield lambda seen: play.device.clock.whole_s > 24 * HOUR_S
        grown.append(sum(map(len, kept(tmp_path).values())))

    _, told = serve(story, tmp_path, default=None, unit=UNHURRIED, patience_s=25 * HOUR_S)
    assert [one["outcome"] for one in sessions(tmp_path)] == 3 * ["completed"]
    assert len(logged(told)) == 6, logged(told)
    assert sum(len(line.encode()) + 1 for line in logged(told)) < 500
    assert all(later - sooner <= TREATMENT_BYTES for sooner, later in pairwise(grown)), grown
    assert grown[3] == grown[2], "the evening's rest wrote nothing"
