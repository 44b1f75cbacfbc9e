"""A clock that runs wrong while somebody is treated ends the session; the true dose is what counts."""

from __future__ import annotations

from typing import Any

import pytest
from simulated import simulate, treatment

from config.unit import Unit, reference_unit

WITHIN_S = 45.0
SHORT = treatment(current_ma=4.0, total_min=2.0)
DOSE_MA_MIN = 4.0 * 2.0


def wrong(factor: float, at_s: float = 20.0, seed: int = 1, **changes: Any) -> dict[str, Any]:
    unit = reference_unit().model_copy(update=changes)
    events = [{"at_s": at_s, "fault": "clock_rate", "factor": factor}]
    return simulate(SHORT, events=events, seed=seed, unit=unit)[0]


@pytest.mark.parametrize("factor", [0.25, 1 / 1.5, 0.9, 1 / 1.06, 1.06, 1.5, 4.0])
def test_a_clock_that_begins_to_run_wrong_in_the_treatment_ends_it_within_45_s(factor: float) -> None:
    summary = wrong(factor, seed=round(10 * factor))
    given_ma_min = sum(summary["truth"]["charge_ma_min"].values())
    assert given_ma_min < DOSE_MA_MIN
    if factor == 4.0:  # by its own clock such a computer is too slow for its ticks, and says so first
        assert summary["stopped_by"] == "behind"
        return
    assert (summary["outcome"], summary["trip"]["cause"]) == ("aborted", "clock_wrong")
    assert ("slow" if factor < 1 else "fast") in summary["reason"]
    assert summary["trip"]["latency_ms"] < 1000 * WITHIN_S, "in true time"


def test_without_a_battery_clock_it_is_not_found() -> None:
    """What is lost, and is told: four times the dose, as complete."""
    summary = wrong(0.25, battery_clock=None)
    assert summary["outcome"] == "completed"
    assert sum(summary["truth"]["charge_ma_min"].values()) > 3 * DOSE_MA_MIN


@pytest.mark.parametrize("fault", ["battery_clock_stopped", "battery_clock_silent"])
def test_a_battery_clock_that_fails_ends_the_session_by_the_same_name(fault: str) -> None:
    summary, _ = simulate(SHORT, events=[{"at_s": 20.0, "fault": fault}])
    assert (summary["outcome"], summary["trip"]["cause"]) == ("aborted", "clock_wrong")
    assert "the battery clock" in summary["reason"]


def test_one_that_stands_still_from_the_start_is_named_before_anything_flows() -> None:
    events = [{"at_s": 0.0, "fault": "battery_clock_stopped"}]
    summary, _ = simulate(SHORT, events=events, person={"hands_in_at_s": 30.0, "start_at_s": 20.0})
    assert summary["trip"]["cause"] == "clock_wrong"
    assert summary["trip"]["phase"] == "ready"


@pytest.mark.parametrize("by_s", [-3600.0, 1.5, 86_400.0])
def test_a_battery_clock_that_is_set_meanwhile_changes_nothing(by_s: float) -> None:
    events = [{"at_s": 40.0, "fault": "battery_clock_set", "by_s": by_s}]
    summary, _ = simulate(SHORT, events=events)
    assert summary["outcome"] == "completed"


def test_sound_units_and_people_are_left_alone() -> None:
    for seed in range(5):
        summary, _ = simulate(SHORT, seed=seed, load={"skin": "ordinary"}, person={"fidgets": True})
        assert summary["outcome"] in {"completed", "completed_short"}, summary["reason"]


def test_whole_and_plant_alone_are_one() -> None:
    whole, _ = simulate(SHORT, seed=3)
    alone, _ = simulate(SHORT, seed=3, plant_alone=True)
    assert whole == alone


def test_older_files_know_none() -> None:
    assert Unit().battery_clock is None
    assert reference_unit().battery_clock == "rtc0"
    with pytest.raises(ValueError, match="battery_clock"):
        Unit(battery_clock="/dev/rtc0")
