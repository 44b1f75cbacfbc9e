"""Hum of the mains on the wires of the converters: what they read of it, and what flows meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sim.electronics import Hum

Bench = Callable[..., Any]
CHANNELS = {"current": 4, "voltage": 5, "supply": 6, "return": 7}
"""Multiplexer words of the control converter's inputs."""


def test_a_converter_sees_the_mean_over_its_window() -> None:
    hum = Hum(50.0, 0.3, 0.0)
    assert hum.average_ma(0.005 - 1e-6, 0.005 + 1e-6) == pytest.approx(0.3)
    assert hum.average_ma(0.1, 0.12) == pytest.approx(0.0, abs=1e-12), "a period"
    assert hum.average_ma(0.1, 0.11) == pytest.approx(0.3 * 2 / 3.14159265), "half of one"
    steps = [hum.average_ma(1.0 + n * 1e-5, 1.0 + (n + 1) * 1e-5) for n in range(116)]
    assert hum.average_ma(1.0, 1.00116) == pytest.approx(sum(steps) / 116)


def flowing(bench: Bench, **params: Any) -> Any:
    unit = bench(
        {"person": {"fidgets": False}, "events": [{"at_s": 16, "fault": "hum", "for_s": 2.0, **params}]}
    )
    unit.connect()
    unit.run_until(5.0)
    unit.ramp_to(1966)
    unit.run_until(15.9)
    return unit


def looks(unit: Any, channel: int, address: int, count: int) -> list[int]:
    """So many conversions, with a heartbeat between each two."""
    found = []
    for _ in range(count):
        found.append(unit.single(channel, address))
        unit.run_until(unit.clock.now_s + 0.0031)
    return found


@pytest.mark.parametrize(("kind", "channel"), CHANNELS.items())
@pytest.mark.parametrize("address", [0x48, 0x49])
def test_every_input_hums_and_the_current_does_not(
    bench: Bench, kind: str, channel: int, address: int
) -> None:
    """14.1 mV at the inputs of both shunts, as much at the dividers, 0.3 mA of the return's own shunt."""
    if address == 0x49 and kind != "current":
        pytest.skip("the guard's converter has one input")
    unit = flowing(bench, ma=0.3, hz=47.0)
    still = looks(unit, channel, address, 15)
    before_ma = unit.ma()
    unit.run_until(16.05)
    hums = looks(unit, channel, address, 60)
    assert unit.ma() == pytest.approx(before_ma, rel=0.002)
    swing = (max(hums) - min(hums)) / 2 - (max(still) - min(still)) / 2
    peak_v = {"return": 0.3 * unit.world.spec.return_ohm / 1000}.get(kind, 0.3 * 47.0 / 1000)
    assert swing / 16000 == pytest.approx(peak_v, rel=0.12)
    unit.run_until(18.1)
    quiet = looks(unit, channel, address, 20)
    assert max(quiet) - min(quiet) < swing


def test_the_phase_turns_it_round(bench: Bench) -> None:
    readings = []
    for phase in (0.0, 180.0):
        unit = flowing(bench, ma=0.3, hz=50.0, phase=phase)
        still = unit.single(4)
        unit.run_until(16.003)
        readings.append(unit.single(4) - still)
    assert readings[0] == pytest.approx(-readings[1], abs=12)
    assert abs(readings[0]) > 60
