"""Electrodes that hold a voltage are taken for no person, no welded relay and no short."""

from __future__ import annotations

from typing import Any

import pytest
from simulated import simulate, treatment

STOPPED = [{"at_s": 9.0, "fault": "press", "button": "stop", "for_s": 0.2}]


@pytest.mark.parametrize("load", [{"skin": 400.0}, {"skin": 100.0, "electrode_v": 2.0, "back_emf_v": 2.0}])
def test_both_electrodes_in_one_tray_are_told_before_any_ramp(load: dict[str, Any]) -> None:
    summary, _ = simulate(treatment(current_ma=3.0), load=load)
    assert summary["outcome"] == "refused"
    assert "ohm between two currents, a body at least 600: the electrodes touch" in summary["reason"]
    assert summary["truth"]["held_ma"] < 0.35


@pytest.mark.parametrize("emf_v", [1.2, 2.5, -2.5])
def test_what_electrodes_hold_at_the_start_is_no_welded_relay(emf_v: float) -> None:
    load = {"electrode_v": 2.5, "back_emf_v": emf_v}
    summary, _ = simulate(load=load, events=STOPPED)
    assert summary["outcome"] == "stopped", summary["reason"]
    assert summary["truth"]["held_ma"] > 0.3


def test_a_treatment_that_begins_against_its_electrodes_completes() -> None:
    """As the rest of a treatment does that was cut at the end of its first half."""
    load = {"skin": "ordinary", "electrode_v": 2.5, "back_emf_v": -2.5}
    summary, _ = simulate(treatment(current_ma=2.0), load=load)
    assert summary["outcome"] == "completed", summary["reason"]


@pytest.mark.parametrize("current_ma", [2.0, 12.0])
def test_a_reversal_of_electrodes_is_no_short_and_no_hand_that_leaves(current_ma: float) -> None:
    summary, trace = simulate(treatment(current_ma=current_ma), load={"electrode_v": 2.5})
    assert summary["outcome"] == "completed", summary["reason"]
    reached = {
        way: max(ma for ma, is_ in zip(trace.setpoint_ma, trace.polarity, strict=True) if is_ == way)
        for way in ("forward", "reverse")
    }
    assert reached == pytest.approx({"forward": current_ma, "reverse": current_ma})
    given = summary["truth"]["charge_ma_min"]
    assert given["forward"] == pytest.approx(given["reverse"], rel=0.01)


@pytest.mark.parametrize("relay", ["series", "enable"])
def test_a_welded_relay_is_found_with_electrodes_too(relay: str) -> None:
    welded = [{"at_s": 0.0, "fault": "relay_welded", "which": relay}]
    summary, _ = simulate(load={"electrode_v": 2.5, "back_emf_v": -2.5}, events=welded)
    assert summary["outcome"] == "refused"
    assert summary["truth"]["held_ma"] < 0.27, "the proof's 0.07 mA, and what code 0 may ask for more"
