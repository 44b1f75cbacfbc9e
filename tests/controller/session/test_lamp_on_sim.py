"""The lamp that the current lights takes a voltage of its own: read with the output's, and taken off."""

from __future__ import annotations

from typing import Any

import pytest
from simulated import simulate

from config.unit import Unit, reference_unit

REFERENCE = reference_unit().model_dump(mode="json", by_alias=True)


def with_output(**changes: Any) -> Unit:
    return Unit.model_validate(REFERENCE | {"output": REFERENCE["output"] | changes})


def test_a_short_at_a_small_current_is_found_though_the_lamp_takes_more_than_it() -> None:
    """At 1.2 mA a short takes 24 mV, a body at least 420 mV, and lamp and row 1.84 V."""
    summary, _ = simulate(events=[{"at_s": 5.6, "fault": "short_circuit"}])
    assert summary["trip"]["cause"] == "short_circuit"
    assert summary["trip"]["latency_ms"] <= 100.0


def test_a_unit_without_a_lamp_reads_the_same() -> None:
    """A resistor takes what it does, whatever else the current goes through."""
    read = []
    for unit in (reference_unit(), with_output(lamp_v=0.0, lamp_ohm=0.0)):
        stop = {"at_s": 9.0, "fault": "press", "button": "stop"}
        load = {"skin": 2000, "electrode_v": 0.0}
        summary, trace = simulate(unit=unit, events=[stop], load=load)
        assert summary["outcome"] == "stopped"
        at = trace.time_s.index(next(time_s for time_s in trace.time_s if time_s >= 8.5))
        read.append(trace.voltage_v[at])
    assert read[0] == pytest.approx(read[1], abs=0.06), "the light's drift, and what 52 mV are rounded from"
    assert read[1] > 4.0
