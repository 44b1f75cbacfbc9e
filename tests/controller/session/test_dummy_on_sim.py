"""The trial on the dummy load, on the simulated unit: what it finds never reaches a person."""

from __future__ import annotations

from typing import Any

import pytest
from simulated import phase_times, simulate

from config.unit import Unit, reference_unit

STOPPED: dict[str, Any] = {"at_s": 5.0, "fault": "press", "button": "stop"}
TRIPPING = reference_unit()
UNITS = {"reference": TRIPPING, "without a trip": TRIPPING.model_copy(update={"trip": None})}
LATCHED: dict[str, Any] = {"fault": "current_spike", "for_s": 60.0, "latched": True}
EARLY_S = 0.3
"""After the self-test, before Start."""


def begun(unit: Unit, *events: dict[str, Any], seed: int = 1, hands_in_at_s: float = 0.0) -> dict[str, Any]:
    """A session that is stopped before its ramp has come far."""
    person = {"hands_in_at_s": hands_in_at_s}
    summary, _ = simulate(unit=unit, events=[*events, STOPPED], seed=seed, person=person)
    return summary


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("seed", range(1, 5))
@pytest.mark.parametrize("hands_in_at_s", [0.0, 2.0])
def test_sound_units_pass_whoever_stands_in_the_water(unit: str, seed: int, hands_in_at_s: float) -> None:
    summary = begun(UNITS[unit], seed=seed, hands_in_at_s=hands_in_at_s)
    assert summary["outcome"] == "stopped", summary["reason"]
    times = phase_times(summary)
    assert times["trial", "forward"][1] == times["proof", "forward"][0]
    assert times["proof", "forward"][1] - times["trial", "forward"][0] < 3.0
    assert summary["peak_ma"] < 2.0, "what the dummy load takes is not told as a person's"
    assert summary["truth"]["worst_step_ma"] <= 0.1


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("to_ma", [0.5, 2.0, 27.0, 60.0])
@pytest.mark.parametrize("hands_in_at_s", [0.0, 3.0])
def test_a_stage_that_is_latched_before_start_reaches_nobody(
    unit: str, to_ma: float, hands_in_at_s: float
) -> None:
    event = {"at_s": EARLY_S, "to_ma": to_ma, **LATCHED}
    summary = begun(UNITS[unit], event, hands_in_at_s=hands_in_at_s)
    assert summary["outcome"] == "refused"
    assert "at code 0" in summary["reason"]
    assert summary["truth"]["peak_ma"] == 0.0


def test_without_a_dummy_load_such_a_stage_is_cut_at_the_first_touch() -> None:
    """What the dummy load is for; a unit without one is told that it lacks it."""
    event = {"at_s": EARLY_S, "to_ma": 27.0, **LATCHED}
    without = reference_unit().model_copy(update={"dummy": None})
    summary = begun(without, event, hands_in_at_s=3.0)
    assert (summary["outcome"], summary["truth"]["peak_ma"] > 25.0) == ("aborted", True)


@pytest.mark.parametrize("at_s", [0.6, 0.8, 1.0, 1.1, 1.2])
def test_a_stage_that_latches_in_its_trial_is_refused_or_cut_and_reaches_nobody(at_s: float) -> None:
    event = {"at_s": at_s, "to_ma": 27.0, **LATCHED}
    summary = begun(TRIPPING, event, hands_in_at_s=3.0)
    assert summary["outcome"] == "refused"
    assert summary["truth"]["peak_ma"] == 0.0


def test_one_that_was_latched_and_let_go_before_start_is_a_sound_one() -> None:
    event = {"at_s": EARLY_S, "to_ma": 27.0, **LATCHED, "for_s": 0.1}
    assert begun(reference_unit(), event)["outcome"] == "stopped"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"fault": "dummy_open"}, "the dummy load is open"),
        ({"fault": "dummy_shorted"}, "ohm where 1500 ohm are built in"),
        ({"fault": "dummy_off", "percent": 15.0}, "ohm where 1500 ohm are built in"),
        ({"fault": "dummy_off", "percent": -15.0}, "ohm where 1500 ohm are built in"),
        ({"fault": "dummy_off", "percent": 300.0}, "ohm where 1500 ohm are built in"),
        ({"fault": "dummy_hangs"}, "or the dummy load's relay hangs"),
        ({"fault": "dummy_dead"}, "the dummy load's relay does not close"),
        ({"fault": "limiter_off"}, "the limiter has to hold 25.85 to 29.15 mA"),
        ({"fault": "limiter_off", "to_ma": 20.0}, "the limiter has to hold 25.85 to 29.15 mA"),
        ({"fault": "limiter_off", "to_ma": 3.0}, "mA into the dummy load where 6.25 mA are asked for"),
        ({"fault": "dac_stuck"}, "the stage or the DAC is dead"),
        ({"fault": "over_current", "by_ma": 5.0}, "the dummy load"),
        ({"fault": "current_spike", "to_ma": 27.0, "for_s": 60.0}, "the dummy load"),
        ({"fault": "stage_drift", "percent": -30.0, "over_s": 0.01}, "where 6.25 mA are asked for"),
        ({"fault": "relay_welded", "which": "series"}, "with the series relay open"),
        ({"fault": "relay_welded", "which": "enable"}, "without a heartbeat"),
    ],
)
def test_what_is_wrong_with_stage_load_or_limiter_is_refused_by_name(
    fault: dict[str, Any], words: str
) -> None:
    for unit in UNITS.values():
        summary = begun(unit, {"at_s": EARLY_S, **fault}, hands_in_at_s=3.0)
        assert summary["outcome"] == "refused"
        assert words in summary["reason"]
        assert summary["truth"]["peak_ma"] == 0.0


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("stage_winds_up", "the current stage winds up while its circuit is open"),
        ("trip_shorted", "its switch conducts"),
        ("trip_stuck", "its latch hangs"),
    ],
)
def test_what_only_a_hardware_trip_shows_is_refused_by_name(fault: str, words: str) -> None:
    summary = begun(TRIPPING, {"at_s": EARLY_S, "fault": fault}, hands_in_at_s=3.0)
    assert summary["outcome"] == "refused"
    assert words in summary["reason"]
    assert summary["truth"]["peak_ma"] == 0.0


@pytest.mark.parametrize("unit", UNITS)
def test_a_latched_stage_behind_a_welded_relay_is_off_in_time(unit: str) -> None:
    """Two faults at once, and hands in the water: cut, and off by the enable relay at the latest."""
    at_s = 0.7  # Start is being pressed
    welded = {"at_s": at_s, "fault": "relay_welded", "which": "series"}
    summary = begun(UNITS[unit], welded, {"at_s": at_s, "to_ma": 27.0, **LATCHED})
    assert summary["outcome"] == "aborted"
    assert summary["trip"]["phase"] == "trial"
    assert summary["trip"]["output_off_s"] - summary["trip"]["detected_s"] < 0.1


@pytest.mark.parametrize("unit", UNITS)
def test_a_dummy_load_that_comes_on_beside_a_person_is_cut_by_name(unit: str) -> None:
    summary, _ = simulate(unit=UNITS[unit], events=[{"at_s": 28.0, "fault": "dummy_hangs"}])
    assert summary["trip"]["cause"] in {"leakage", "current_spike", "over_current", "hardware_trip"}
    assert summary["truth"]["held_ma"] < 10.1
    assert summary["trip"]["latency_ms"] < 20.0
