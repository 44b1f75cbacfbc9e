"""Times of relays and heartbeat, and code 0: what any unit shows lies where its parts are, and is bounded."""

import re

import pytest

from app.technician import bounds
from config.circuit import load_circuit
from config.unit import Unit
from controller.backends.simulated import simulated
from controller.core.types import Buttons, Measurement, Off, Phase
from controller.workshop.commissioning import NotRight, Workbench
from controller.workshop.first_power import START_S, Seen
from controller.workshop.timing import MOVES, REPEATS, TRIP_MOVES, Timing
from sim.scenario import Scenario

BOX = {"load": {"skin": 2000.0}, "person": {"start_at_s": None, "fidgets": False}}
ONE_SHOT = {"one_shot": {}, "output": {"capacitance_nf": 1.3, "code_zero_ma": -0.2}}
UNITS = {
    "charge pump": {},
    "one-shot": ONE_SHOT,
    "no guard": {"guard_adc": None},
    "hardware trip": {"trip": {}, "pins": {"alert": 23, "rearm": 18}},
    "100 Hz": {"loop": {"rate_hz": 100}},
}


def bench_of(what, **scenario):
    unit = Unit.model_validate(what)
    world = Scenario.model_validate({**BOX, **scenario})
    return Workbench(unit, simulated(unit, "hands", world, 1, None))


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_timed_by_what_it_has(name):
    bench = bench_of(UNITS[name])
    timing = bench.timing(lambda _text: None)
    moves = MOVES if bench.unit.trip is None else TRIP_MOVES
    assert list(timing.took) == [move.name for move in moves]
    assert all(len(pairs) == REPEATS for pairs in timing._times.values())
    # The simulated parts: 50 or 51.5 ms of hold, relays of some milliseconds.
    for move, (low, high) in {
        "series_opens": (0, 10),
        "series_closes": (0, 20),
        "heart_stops": (50, 70),
    }.items():
        took = timing.took[move]
        assert took.least_ms <= high
        assert took.most_ms >= low
        assert took.most_ms - took.least_ms <= 5 * 1000 / bench.unit.loop.rate_hz
    assert abs(timing.code_zero_ma) < 0.02


@pytest.mark.parametrize("name", UNITS)
def test_good_units_are_within_their_bounds(name):
    bench = bench_of(UNITS[name])
    timing = bench.timing(lambda _text: None)
    values = {"code_zero_ua": 1000 * timing.code_zero_ma, "code_zero_step_ua": 1000 * bench.smallest_ma}
    for move, took in timing.took.items():
        values |= {f"{move}_least_ms": took.least_ms, f"{move}_most_ms": took.most_ms}
    assert bounds.judged_times(bench.unit, values) == ""
    for changed, says in (
        (
            {"heart_stops_least_ms": 101.0, "heart_stops_most_ms": 105.0},
            "output off after the last heartbeat",
        ),
        ({"series_opens_least_ms": 11.0, "series_opens_most_ms": 15.0}, "series relay opens: 11 to 15 ms"),
        ({"code_zero_ua": 190.0}, "190 uA flow at code 0"),
    ):
        assert says in bounds.judged_times(bench.unit, values | changed)


def test_a_one_shot_may_hold_neither_too_long_nor_too_short_and_its_stage_is_off_at_zero():
    unit = Unit.model_validate(ONE_SHOT)
    good = {f"{move.name}_{end}_ms": 0.0 for move in MOVES for end in ("least", "most")}
    good |= {"heart_stops_least_ms": 50.0, "heart_stops_most_ms": 60.0}
    good |= {"code_zero_ua": 0.1, "code_zero_step_ua": 1.3}
    assert bounds.judged_times(unit, good) == ""
    for changed in (
        {"heart_stops_least_ms": 30.0, "heart_stops_most_ms": 44.0},
        {"heart_stops_least_ms": 71.0, "heart_stops_most_ms": 76.0},
        {"code_zero_ua": 6.5},
        {"code_zero_ua": -6.5},
    ):
        assert bounds.judged_times(unit, good | changed)


def test_a_pulse_of_the_output_is_seen_by_the_simulated_oscilloscope_alone():
    bench = bench_of(ONE_SHOT)
    bench.timing(lambda _text: None)
    pulses = bench.bench.truth().pulses
    assert pulses["count"] >= 2 * REPEATS
    charge, above = bounds.hand_in("charge above the set current"), bounds.hand_in("above 2 mA")
    assert 0.01 < pulses["charge_uc"] < charge.high
    assert 0.0 < pulses["longest_ms"] < above.high


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({"fault": "relay_welded", "which": "series"}, "the series relay does not open"),
        ({"fault": "relay_welded", "which": "enable"}, "the current flows on without a heartbeat"),
        ({"fault": "relay_open", "which": "enable"}, "no current flows with both relays closed"),
        ({"fault": "press", "button": "stop"}, "Stop was pressed"),
    ],
)
def test_what_does_not_move_is_named(event, says):
    at_s = 4.0 if event["fault"] == "press" else 0.0
    bench = bench_of({}, events=[{"at_s": at_s, **event}])
    with pytest.raises(NotRight, match=says):
        bench.timing(lambda _text: None)
    assert bench.bench.truth().dac_zero_since_s(0.0) is not None


def at(now_s, *, start=False, stop=False):
    buttons = Buttons(start=start, stop=stop, up=False, down=False)
    return Measurement(now_s, 0.0, 0, 0.0, 0.0, 64.0, 0.0, "current", 0, buttons)


def fresh():
    return Timing(Seen(0.0, 0.0, 0.0), 0.0, lambda raised_ma: round(163.8 * raised_ma), 0.005)


def test_a_stop_that_is_still_held_is_waited_for():
    timing = fresh()
    assert timing.step(0.0, at(0.0, start=True, stop=True)) == Off()
    assert (timing.phase, timing.awaits) == (Phase.READY, "")
    timing.step(0.1, at(0.1))
    assert timing.awaits == "start"
    timing.step(0.2, at(0.2, start=True))
    assert timing.phase is Phase.READY, "Start counts when it is let go"
    timing.step(0.3, at(0.3))
    assert timing.phase is Phase.PROOF


@pytest.mark.parametrize(("stop", "says"), [(True, "Stop was not let go"), (False, "Start was not pressed")])
def test_the_wait_for_a_hand_ends_by_itself(stop, says):
    timing = fresh()
    for now_s in (0.0, START_S, START_S + 0.1):
        assert timing.step(now_s, at(now_s, stop=stop)) == Off()
    assert timing.finished
    assert says in timing.reason


def test_bounds_are_those_of_the_circuit_and_an_unknown_row_is_an_error():
    assert str(bounds.limiter()) == "26.125 to 28.875 mA"
    assert str(bounds.hand_in("peak")) == "told"
    with pytest.raises(KeyError, match="no such row"):
        bounds.simulated("stage", "hand in at 0.3 mA", "no such row")
    (rating,) = re.findall(r"leakage at most ([0-9.]+) mA", load_circuit().part("PS1").rating)
    assert 1000 * float(rating) == bounds.LEAKAGE_AC_UA
