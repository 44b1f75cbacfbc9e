"""Every fault of the hardware trip and of the dummy load is found before the person, or named in the session.

Each begins before Start and in the first hold. What nothing asks for in a treatment is ridden there, and
found before the next: by the trial, or where a unit has no dummy load by the proof.
"""

from __future__ import annotations

from typing import Any

import pytest
from simulated import requested, treatment

from app.forks import run_branches
from config.unit import Unit, reference_unit
from sim.faults import FAULTS
from sim.scenario import Event

EARLY_S, HOLD_S = 0.6, 12.5
"""After the self-test and before Start is let go; in the first hold of a treatment of 4 mA."""
WITHIN_S = 1.5
"""So soon all are found or none, and the rest need not be run: the DAC falls silent then."""
BY_THE_END = "dac_silent"
READ_BACK_MS, FROZEN_MS = 110.0, 260.0
"""Thresholds are read back every 20 ticks of 5 ms; a guard converter that repeats itself for 40 is frozen."""
GUARD = {"which": "guard"}
BITS = range(16)
IN_HOLD_TRIPS = {10, 11, 15}
"""Bits of the threshold, 3704, that flipped make it less than the code of 4 mA, 3008."""

FLIPPED = [("trip_threshold_flipped", {"bit": float(bit)}) for bit in BITS]
BEFORE: list[tuple[str, dict[str, Any], str]] = [
    ("trip_shorted", {}, "its switch conducts"),
    ("trip_stuck", {}, "its latch hangs"),
    ("trip_wire_broken", {}, "the hardware trip"),
    ("trip_threshold_lost", {}, "holds the thresholds -32768 and 32767 where -32768 and 1504 were written"),
    *((fault, params, "1504 were written") for fault, params in FLIPPED),
    ("adc_frozen", GUARD, "the guard converter gave code"),
    ("adc_stale", GUARD, "the guard converter gave code"),
    ("adc_silent", GUARD, "guard ADC ADS1115 at 0x49 does not answer"),
    ("adc_saturated", GUARD, "the guard converter is at full scale"),
    ("adc_reset", GUARD, "holds configuration 0x8583"),
]
DUMMY: list[tuple[str, dict[str, Any], str]] = [
    ("dummy_open", {}, "the dummy load is open"),
    ("dummy_shorted", {}, "ohm where 1500 ohm are built in"),
    ("dummy_off", {"percent": 50.0}, "ohm where 1500 ohm are built in"),
    ("dummy_hangs", {}, "or the dummy load's relay hangs"),
    ("dummy_dead", {}, "the dummy load's relay does not close"),
    ("limiter_off", {}, "the limiter has to hold"),
]
IN_HOLD: list[tuple[str, dict[str, Any], str, float]] = [
    ("trip_shorted", {}, "", 0.0),
    ("trip_stuck", {}, "", 0.0),
    ("trip_wire_broken", {}, "hardware_trip", 1.0),
    ("trip_threshold_lost", {}, "adc_reset", READ_BACK_MS),
    *(
        (fault, params, "hardware_trip" if params["bit"] in IN_HOLD_TRIPS else "adc_reset", READ_BACK_MS)
        for fault, params in FLIPPED
    ),
    ("adc_frozen", GUARD, "adc_frozen", FROZEN_MS),
    ("adc_stale", GUARD, "adc_frozen", FROZEN_MS),
    ("adc_silent", GUARD, "adc_silent", 20.0),
    ("adc_saturated", GUARD, "adc_saturated hardware_trip", 5.0),
    ("adc_reset", GUARD, "adc_reset", 1.0),
    ("dummy_open", {}, "", 0.0),
    ("dummy_shorted", {}, "", 0.0),
    ("dummy_off", {"percent": 50.0}, "", 0.0),
    ("dummy_hangs", {}, "leakage hardware_trip current_spike over_current", 100.0),
    ("dummy_dead", {}, "", 0.0),
    ("limiter_off", {}, "", 0.0),
]


def _answer(summary: dict[str, Any], _truth: Any) -> dict[str, Any]:
    trip = summary["trip"] or {}
    return {
        "outcome": summary["outcome"],
        "cause": trip.get("cause", ""),
        "reason": summary["reason"] or "",
        "held_ma": summary["truth"]["held_ma"],
        "latency_ms": trip.get("latency_ms"),
    }


def _endings(unit: Unit, at_s: float, faults: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    ends = Event.model_validate({"at_s": at_s + WITHIN_S, "fault": BY_THE_END})
    branches = [
        [Event.model_validate({"at_s": at_s, "fault": fault, **params}), ends] for fault, params in faults
    ]
    return run_branches(requested(treatment(current_ma=4.0), unit=unit), branches, _answer)


def test_none_is_left_out() -> None:
    theirs = {name for name in FAULTS if name.split("_")[0] in {"trip", "dummy", "limiter"}}
    assert {row[0] for row in BEFORE + DUMMY} >= theirs
    assert {row[0] for row in IN_HOLD} >= theirs


@pytest.mark.parametrize("dummy", [True, False], ids=["dummy load", "no dummy load"])
def test_before_start_each_is_found_by_name_and_reaches_nobody(dummy: bool) -> None:
    unit = reference_unit() if dummy else reference_unit().model_copy(update={"dummy": None})
    rows = BEFORE + DUMMY if dummy else BEFORE
    found = _endings(unit, EARLY_S, [row[:2] for row in rows])
    for (fault, params, words), ending in zip(rows, found, strict=True):
        assert ending["outcome"] in {"refused", "aborted"}, (fault, params)
        assert ending["cause"] != BY_THE_END, (fault, params)
        assert words in ending["reason"], (fault, params)
        assert ending["held_ma"] < 0.1, (fault, params)


def test_a_wire_that_breaks_in_the_trial_is_not_told_as_a_limiter_or_a_latch() -> None:
    """Whichever step it breaks in: from the first, at 0.85 s, to the last."""
    broken, ends = {"fault": "trip_wire_broken"}, {"at_s": 1.9, "fault": BY_THE_END}
    branches = [
        [Event.model_validate({"at_s": 0.87 + 0.03 * n, **broken}), Event.model_validate(ends)]
        for n in range(24)
    ]
    for ending in run_branches(requested(treatment(current_ma=4.0)), branches, _answer):
        named = ending["cause"] == "hardware_trip" or "ALERT is broken" in ending["reason"]
        assert named, ending


def test_in_a_treatment_each_is_named_in_time_or_left_to_the_next_trial() -> None:
    found = _endings(reference_unit(), HOLD_S, [row[:2] for row in IN_HOLD])
    for (fault, params, causes, within_ms), ending in zip(IN_HOLD, found, strict=True):
        assert ending["cause"] in (causes.split() or [BY_THE_END]), (fault, params)
        assert not causes or ending["latency_ms"] <= within_ms, (fault, params)
        assert ending["held_ma"] < 4.1, (fault, params)
