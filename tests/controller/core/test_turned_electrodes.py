"""After a reversal the electrodes help: a body that they help is no short, and a short is found soon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from core_bench import Bench

from controller.core.types import Cause, Phase
from sim.body.load import Load, LoadParams
from sim.body.people import AREAS, ordinary

pytestmark = pytest.mark.core

STEP_V = 0.0020625
"""One step of the reference unit's voltage channel."""
RAMPS = [(0.5, 12.0), (0.5, 3.5), (0.5, 2.0), (0.1, 3.0), (0.1, 2.0), (0.05, 0.5)]
"""In mA/s, and the target in mA: down to the slowest and the least that a treatment may have."""


def reversed_bench(make_bench: Callable[..., Bench], ramp_ma_per_s: float, target_ma: float) -> Bench:
    """Return a bench at the first tick of its second ramp up."""
    half_s = 2 * target_ma / ramp_ma_per_s + 20.0
    bench = make_bench(target_ma=target_ma, ramp_ma_per_s=ramp_ma_per_s, half_s=half_s)
    bench.run_until("reverse")
    bench.run_until("ramp_up")
    return bench


def read_v(true_v: float, noise: Random) -> float:
    """Return what the converter makes of a voltage in V: never below none, with its step and its noise."""
    return max(0.0, round(true_v / STEP_V + noise.gauss(0.0, 1.0))) * STEP_V


@pytest.mark.parametrize(("ramp_ma_per_s", "target_ma"), RAMPS)
@pytest.mark.parametrize("ohm", [1.0, 20.0, 80.0])
def test_electrodes_that_touch_are_found_before_six_milliampere_seconds(
    make_bench: Callable[..., Bench], ramp_ma_per_s: float, target_ma: float, ohm: float
) -> None:
    """The current does not fall back meanwhile: what a short's few millivolts do is no hand that leaves."""
    bench, noise = reversed_bench(make_bench, ramp_ma_per_s, target_ma), Random(f"{ohm}")
    charge_ma_s = 0.0
    while bench.guard.trip is None:
        bench.tick(voltage_v=read_v(bench.plant_ma() / 1000 * ohm, noise))
        charge_ma_s += bench.plant_ma() * bench.tick_s
        assert not bench.session.fold_back.ever
        assert charge_ma_s < 6.0
    assert bench.guard.trip.cause is Cause.SHORT_CIRCUIT


def turned(params: LoadParams) -> Load:
    """Return somebody at the other end of whose electrodes all stands that they take."""
    load = Load(params)
    load.emf_v, load.direction = params.electrode_v, -1
    return load


def least(area: str) -> LoadParams:
    """Return the least of the people of an area, on the largest plates that are sold (150 x 220 mm, KaWe)."""
    params = replace(ordinary(area, None), electrode_v=2.5, area_cm2=330.0, water_us_per_cm=1000.0)
    return replace(params, fresh_v=1.0, body_ohm=max(0.8 * AREAS[area].body_ohm, 560.0), rise=0.0, fall_v=0.0)


PEOPLE = {
    **{f"{area} {seed}": ordinary(area, Random(seed)) for area in AREAS for seed in range(3)},
    **{f"least {area}": least(area) for area in ("hands", "feet")},
}


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize(("ramp_ma_per_s", "target_ma"), [(0.5, 3.5), (0.1, 2.0)])
def test_a_body_whose_electrodes_help_is_no_short(
    make_bench: Callable[..., Bench], name: str, ramp_ma_per_s: float, target_ma: float
) -> None:
    bench, noise = reversed_bench(make_bench, ramp_ma_per_s, target_ma), Random(name)
    load = turned(PEOPLE[name])
    helped = 0
    while bench.session.phase in (Phase.RAMP_UP, Phase.HOLD):
        flowing_ma = bench.plant_ma()
        volts = load.voltage_at(flowing_ma)
        helped += volts < 0.35 * flowing_ma
        assert bench.tick(voltage_v=read_v(volts, noise)) is None, bench.guard.trip
        load.advance(bench.tick_s, -flowing_ma)
    assert helped > 10, "who reads as a short for no tenth of a second shows nothing"
