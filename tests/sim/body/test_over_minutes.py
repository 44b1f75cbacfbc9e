"""What minutes of current do to skin and electrodes, and what the electrodes do without any."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sim.body.load import ELECTRODE_DECAY_S, Load, LoadParams
from sim.output import OutputParts

TYPICAL = LoadParams()
STILL = {"fidgets": False}


def carry(load: Load, current_ma: float, for_s: float, step_s: float = 0.05) -> None:
    for _ in range(round(for_s / step_s)):
        load.advance(step_s, current_ma)


def apart(current_ma: float, for_s: float, **changes: float) -> float:
    """How much more V a person with `changes` takes than one without, after so long."""
    plain, other = Load(TYPICAL), Load(replace(TYPICAL, **changes))
    carry(plain, current_ma, for_s)
    carry(other, current_ma, for_s)
    return other.voltage_at(current_ma) - plain.voltage_at(current_ma)


def test_what_falls_is_there_with_any_current_and_falls_with_its_own_time_constant() -> None:
    assert apart(12.0, 0.0, fall_v=4.0) == pytest.approx(4.0, rel=0.1)
    at_first_v = apart(12.0, 0.0, fall_v=4.0, fall_s=120.0)
    assert apart(12.0, 120.0, fall_v=4.0, fall_s=120.0) == pytest.approx(at_first_v / math.e, rel=0.01)
    assert apart(12.0, 1200.0, fall_v=4.0, fall_s=120.0) == pytest.approx(0.0, abs=0.01)


def test_the_resistance_has_risen_by_its_share_in_10_min() -> None:
    rise_ohm = 1000.0 * apart(10.0, 600.0, rise=0.8) / 10.0
    assert rise_ohm == pytest.approx(0.8 * TYPICAL.body_ohm, rel=0.01)
    assert 1000.0 * apart(10.0, 60.0, rise=0.8) / 10.0 < 0.25 * rise_ohm


def test_fall_and_rise_wait_for_current_and_go_back_without_it() -> None:
    load = Load(replace(TYPICAL, fall_v=4.0, rise=1.0))
    before_ohm = load.series_kohm
    carry(load, 0.01, 300.0)
    assert load.series_kohm == pytest.approx(before_ohm, rel=0.02)
    carry(load, 12.0, 600.0)
    worn_ohm = load.series_kohm
    assert worn_ohm > 1.8 * before_ohm
    carry(load, 0.0, 1800.0, 1.0)
    assert load.series_kohm < before_ohm + 0.2 * (worn_ohm - before_ohm)


def test_electrodes_are_charged_by_the_current_and_fade_without_it() -> None:
    load = Load(replace(TYPICAL, electrode_v=1.8))
    assert load.against_v() == 0.0
    carry(load, 0.3, 2.0)
    assert 0.1 < load.against_v() < 0.6, "1.5 mF take 0.6 mA s"
    carry(load, 12.0, 5.0)
    charged_v = load.against_v()
    assert charged_v == pytest.approx(1.8, rel=0.01)
    carry(load, 0.0, ELECTRODE_DECAY_S)
    assert load.against_v() == pytest.approx(charged_v / math.e, rel=0.01)


def test_after_a_reversal_the_electrodes_help_at_first() -> None:
    load = Load(replace(TYPICAL, electrode_v=1.8))
    carry(load, 12.0, 30.0)
    before_v = load.voltage_at(12.0)
    load.direction = -1
    assert load.voltage_at(12.0) == pytest.approx(before_v - 3.6, abs=0.1)
    assert load.voltage_at(0.1) < 0.0
    assert load.current_at(load.voltage_at(5.0)) == pytest.approx(5.0)
    carry(load, -12.0, 30.0)
    assert load.voltage_at(12.0) == pytest.approx(before_v, abs=0.3)


def test_a_voltage_below_the_electrodes_own_drives_nothing() -> None:
    load = Load(replace(TYPICAL, back_emf_v=2.0))
    assert load.current_at(1.9) == 0.0
    assert load.current_at(2.1) > 0.0


def test_a_resistor_box_may_have_electrodes() -> None:
    load = Load(LoadParams(resistor_ohm=400.0, back_emf_v=1.5))
    assert load.voltage_at(1.0) == pytest.approx(1.9)
    assert load.skin_v(1.0) == 0.0


@pytest.mark.parametrize(
    ("hands_in", "reverse", "volts"), [(True, False, 1.2), (True, True, -1.2), (False, False, 0.0)]
)
def test_what_electrodes_hold_stands_at_the_terminals_with_the_output_open(
    bench: Callable[..., Any], hands_in: bool, reverse: bool, volts: float
) -> None:
    person = STILL if hands_in else {**STILL, "hands_in_at_s": 100}
    unit = bench({"load": {"back_emf_v": 1.2}, "person": person})
    unit.polarity.state = reverse
    unit.run_until(0.2)
    trace, now_s = unit.world.trace, unit.clock.now_s
    assert trace.average_v(now_s - 0.002, now_s) == pytest.approx(volts, abs=0.03)
    assert unit.ma() == 0.0


def test_the_terminals_show_load_and_electrodes(bench: Callable[..., Any]) -> None:
    unit = bench({"load": {"electrode_v": 1.8}, "person": STILL})
    unit.connect()
    unit.ramp_to(1966)
    unit.run_until(25.0)
    load, now_s = unit.world.load, unit.clock.now_s
    shown_v = unit.world.trace.average_v(now_s - 0.001, now_s)
    assert shown_v == pytest.approx(load.voltage_at(unit.ma()), rel=1e-3)
    assert shown_v - unit.ma() * load.series_kohm - load.skin_v(unit.ma()) == pytest.approx(1.8, abs=0.05)


def test_a_unit_with_parts_shows_the_same(bench: Callable[..., Any]) -> None:
    scenario = {"load": {"electrode_v": 1.8, "back_emf_v": 1.0}, "person": STILL}
    ends = []
    for parts in (None, OutputParts(capacitance_nf=1.3)):
        unit = bench(scenario, output=parts)
        unit.connect()
        unit.ramp_to(1966)
        unit.run_until(25.0)
        now_s = unit.clock.now_s
        ends.append((unit.ma(), unit.world.trace.average_v(now_s - 0.001, now_s)))
    assert ends[1] == pytest.approx(ends[0], rel=2e-3)
