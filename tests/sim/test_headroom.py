"""What the stage keeps of its rail, as the world has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sim.felt import Felt
from sim.output import OutputParts

Bench = Callable[..., Any]
PLAIN = {"headroom_v": 0.9, "headroom_ohm": 360.0}
"""A stage with 6.3 V at 15 mA and 9.9 V at 25 mA."""


def keeps_v(world: Any, current_ma: float) -> float:
    """What this unit's stage keeps of its rail: one of its kind, within 5 %."""
    kept_v: float = world._headroom_v + world._headroom_kohm * current_ma
    assert kept_v == pytest.approx(0.9 + 0.36 * current_ma, rel=0.05)
    return kept_v


@pytest.mark.parametrize(("code", "ohm"), [(4095, 5000), (2600, 5000), (4095, 2300)])
def test_a_saturated_stage_keeps_more_of_its_rail_the_more_flows(bench: Bench, code: int, ohm: int) -> None:
    unit = bench({"person": {"fidgets": False}, "load": {"skin": ohm}}, **PLAIN)
    unit.connect()
    unit.code(code)
    unit.run_until(2.0)
    flows_ma, world = unit.ma(), unit.world
    assert flows_ma < world.stage.demand_ma() - 0.5, "saturated"
    assert flows_ma * ohm / 1000 == pytest.approx(world.supply_v - keeps_v(world, flows_ma), rel=1e-6)
    assert unit.single(5) / 16000 * 33 == pytest.approx(flows_ma * ohm / 1000, rel=0.01)


def test_a_clamp_holds_whatever_the_rail(bench: Bench) -> None:
    unit = bench({"load": {"skin": 5000}}, supply_v=70.0, compliance_v=58.0, headroom_v=1.0)
    unit.connect()
    unit.code(4095)
    unit.run_until(2.0)
    assert unit.ma() * 5.0 == pytest.approx(58.0, rel=1e-6)
    unit.world.person.take_out()
    unit.run_until(2.1)
    assert unit.single(5) / 16000 * 33 == pytest.approx(58.0, rel=0.01)


def test_skin_too_is_driven_through_what_the_stage_keeps(bench: Bench) -> None:
    unit = bench({"person": {"fidgets": False}, "load": {"skin": "dry"}}, **PLAIN)
    unit.connect()
    unit.code(4095)
    unit.run_until(2.0)
    flows_ma, world = unit.ma(), unit.world
    reach_v = world.supply_v - keeps_v(world, flows_ma)
    assert world.load.voltage_at(flows_ma) == pytest.approx(reach_v, rel=1e-3)


def test_without_a_word_of_it_the_stage_keeps_the_same_at_any_current(bench: Bench) -> None:
    for ohm in (2600, 5000):
        unit = bench({"load": {"skin": ohm}})
        unit.connect()
        unit.code(4095)
        unit.run_until(2.0)
        assert unit.ma() * ohm / 1000 == pytest.approx(unit.world.supply_v - 4.0, rel=1e-6)


def test_a_stage_that_comes_out_of_its_voltage_s_end_goes_on_from_there(bench: Bench) -> None:
    """Charge at its terminals stands at that voltage: what flows does not begin again at nothing."""
    skin = {"body_ohm": 3000.0}
    unit = bench(
        {"person": {"fidgets": False}, "load": {"skin": skin}},
        output=OutputParts(capacitance_nf=1.4),
        **PLAIN,
    )
    unit.connect()
    unit.code(4095)
    unit.run_until(2.0)
    world = unit.world
    before_ma = unit.ma()
    assert before_ma < world.stage.demand_ma() - 0.5, "out of voltage"
    flowed_ma: list[float] = []

    class Noting(Felt):
        """Notes what a piece of the current begins with."""

        def take(
            self, start_s: float, end_s: float, target_ma: float, deviation_ma: float, *rest: Any, **how: Any
        ) -> None:
            flowed_ma.append(target_ma + deviation_ma)

    world.trace.felt = Noting()
    world.at(2.001, lambda _t_s: setattr(world.load, "path_factor", 0.2))
    unit.run_until(2.1)
    assert unit.ma() > before_ma + 0.5
    assert min(flowed_ma) > before_ma - 0.01
