"""Sessions at full fidelity, tick by tick, against the bits that they had when they were recorded.

A change that only makes something faster must leave them as they are. One that is meant to change what a unit
reads or what is commanded changes them too: then, and only then, the new ones are put in here.
"""

import hashlib

import pytest
import simulated

from config.unit import Unit, reference_unit
from controller.loop.tick import Loop

RECORDED = {
    1: ([], "completed", None),
    2: ([{"at_s": 40, "fault": "hand_out"}], "aborted", "open_circuit"),
}
UNITS = {"reference": reference_unit, "before": Unit}
"""The reference unit, and one whose file is from before it could name outputs, one-shots and dummy loads."""
BITS = {
    ("reference", 1): "c77281cd2b5a5ab3bc7a77cd59177b7a",
    ("reference", 2): "38d74a041dbb6ec790169cbaba80b2e5",
    ("before", 1): "0cfce64b202f278a0880c6740f59cdce",
    ("before", 2): "1008cc057e129071058986046a0341d1",
}


@pytest.mark.parametrize(("unit", "seed"), BITS)
def test_a_session_has_the_bits_that_it_had(unit, seed, monkeypatch):
    digest = hashlib.sha256()
    whole_tick = Loop.tick

    def tick(loop):
        measurement = whole_tick(loop)
        codes = (measurement.guard_code, measurement.sampled_code, measurement.sampled)
        # Codes are exact on every machine; the figures are rounded to a picosecond and a picoampere, since
        # the last bit of exp() is the C library's own.
        figures = f"{loop.clock.now():.12f} {loop.session.setpoint_ma:.9f} {measurement.failure}"
        digest.update(f"{codes} {figures} {loop.session.phase}".encode())
        return measurement

    monkeypatch.setattr(Loop, "tick", tick)
    events, outcome, cause = RECORDED[seed]
    summary, _ = simulated.simulate(events=events, seed=seed, unit=UNITS[unit]())
    digest.update(f"{summary['truth']['charge_ma_min']} {summary['truth']['peak_ma']}".encode())
    assert (summary["outcome"], (summary["trip"] or {}).get("cause")) == (outcome, cause)
    assert digest.hexdigest()[:32] == BITS[unit, seed]
