"""The faults of the whole table that ordinary parts have: one session each, judged by the true current.

Every phase, treatment and seed is the campaign's business; here each has its name and its bound.
"""

from __future__ import annotations

from typing import Any

import pytest
from simulated import endings, treatment

WEAK = treatment(current_ma=5.0)
HOLD_S = 25.0
"""A moment in the first hold of `WEAK`."""


CUT: list[tuple[dict[str, Any], set[str], float]] = [
    ({"fault": "one_tray_only"}, {"open_circuit"}, 0.02),
    ({"fault": "hand_flutters"}, {"open_circuit"}, 0.3),
    ({"fault": "over_current", "by_ma": 5.0}, {"current_spike", "over_current", "hardware_trip"}, 0.02),
    ({"fault": "stage_drift", "percent": -30.0, "over_s": 5.0}, {"deviation", "dac_stuck"}, 6.0),
    (
        {"fault": "stage_drift", "percent": 30.0, "over_s": 5.0},
        {"deviation", "current_spike", "hardware_trip", "dac_stuck"},
        6.0,
    ),
    ({"fault": "adc_stale", "which": "control"}, {"adc_stale"}, 0.05),
    ({"fault": "adc_stale", "which": "guard"}, {"adc_frozen", "adc_stale"}, 0.3),
    ({"fault": "adc_drift", "which": "control", "percent": 20.0}, {"adc_disagree", "leakage"}, 6.0),
    ({"fault": "adc_drift", "which": "guard", "percent": 20.0}, {"adc_disagree", "deviation"}, 6.0),
    (
        {"fault": "adc_disagree", "which": "guard", "by_mv": 100.0},
        {"adc_disagree", "current_spike", "hardware_trip"},
        0.2,
    ),
    ({"fault": "adc_disagree", "which": "control", "by_mv": -100.0}, {"adc_disagree", "leakage"}, 0.3),
    ({"fault": "dac_busy"}, {"dac_reset", "dac_stuck", "deviation"}, 0.15),
    ({"fault": "bus_hung", "for_s": 0.035}, {"bus_hung"}, 0.025),
    ({"fault": "brown_out"}, {"adc_reset", "dac_reset", "supply", "open_circuit", "output_lost"}, 0.15),
    ({"fault": "relay_open", "which": "series"}, {"output_lost"}, 0.02),
    ({"fault": "polarity_moves"}, {"wrong_polarity", "open_circuit", "output_lost"}, 0.2),
    ({"fault": "leakage", "ma": 1.0}, {"leakage"}, 0.2),
]
RIDDEN: list[dict[str, Any]] = [
    {"fault": "relay_slow", "which": "series"},
    {"fault": "relay_bouncing", "which": "series"},
    {"fault": "relay_slow", "which": "polarity"},
    {"fault": "relay_bouncing", "which": "polarity"},
    {"fault": "stage_drift", "percent": 4.0},
]


@pytest.fixture(scope="module")
def ended() -> list[dict[str, Any]]:
    """The sessions' summaries in the order of the two lists; they are forks of one."""
    faults = [*(fault for fault, _, _ in CUT), *RIDDEN]
    return endings([[{"at_s": HOLD_S, **fault}] for fault in faults], WEAK)


@pytest.mark.parametrize(("number", "fault", "causes", "within_s"), [(i, *row) for i, row in enumerate(CUT)])
def test_each_further_fault_is_cut_by_name(
    ended: Any, number: int, fault: dict[str, Any], causes: set[str], within_s: float
) -> None:
    summary = ended[number]
    assert summary["outcome"] == "aborted", (fault, summary["reason"])
    assert summary["trip"]["cause"] in causes
    assert summary["trip"]["output_off_s"] - HOLD_S <= within_s


@pytest.mark.parametrize(("number", "fault"), list(enumerate(RIDDEN, start=len(CUT))))
def test_what_is_ridden_stays_within_the_setpoint(ended: Any, number: int, fault: dict[str, Any]) -> None:
    """A tired relay or stage may end the session or be ridden; the current is never more than was set."""
    summary = ended[number]
    assert summary["outcome"] in {"completed", "completed_short", "aborted"}, fault
    assert summary["truth"]["held_ma"] <= 5.0 * 1.01
    assert summary["truth"]["switched_above_ma"] <= 0.2
    if summary["outcome"] != "aborted":
        assert summary["truth"]["worst_step_ma"] <= 0.1
