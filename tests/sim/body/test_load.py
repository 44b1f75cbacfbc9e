"""The load reproduces every anchor of docs/facts.md, or the test says which it misses."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.treatment import area_of, find, names
from sim.body.load import SPREAD_LN, Load, LoadParams
from sim.body.people import AREAS, person

Z95 = 1.645
TYPICAL = LoadParams()


def kohm(load: Load, current_ma: float) -> float:
    return load.voltage_at(current_ma) / current_ma


def carry(load: Load, current_ma: float, for_s: float, step_s: float = 0.01) -> None:
    for _ in range(round(for_s / step_s)):
        load.advance(step_s, current_ma)


def iec(fresh_v: float, body_ohm: float, moisture: float = 1.0) -> Load:
    """Hand to hand as IEC 479-1 measured it: 75 cm2, no tray water to speak of."""
    return Load(
        LoadParams(area_cm2=75.0, body_ohm=body_ohm, fresh_v=fresh_v, moisture=moisture, water_us_per_cm=1e6)
    )


PERCENTILES = {5: (3.24, 650.0), 50: (5.8, 750.0), 95: (9.29, 850.0)}


@pytest.mark.parametrize(
    ("percentile", "volts", "ohm"),
    [
        (5, 25, 1750),
        (50, 25, 3250),
        (95, 25, 6100),
        (5, 50, 1450),
        (50, 50, 2625),
        (95, 50, 4375),
        (5, 100, 1200),
        (50, 100, 1875),
        (95, 100, 3200),
    ],
)
def test_fresh_dry_skin_follows_the_iec_percentiles(percentile: int, volts: float, ohm: float) -> None:
    load = iec(*PERCENTILES[percentile])
    assert volts / load.current_at(volts) * 1000 == pytest.approx(ohm, rel=0.06)


@pytest.mark.parametrize("percentile", [5, 50, 95])
def test_the_iec_asymptote_is_the_body(percentile: int) -> None:
    load = iec(*PERCENTILES[percentile])
    slope_ohm = (load.voltage_at(50_001) - load.voltage_at(50_000)) * 1000
    assert slope_ohm == pytest.approx(PERCENTILES[percentile][1], rel=0.10)


@pytest.mark.parametrize("volts", [25, 50, 100])
def test_water_wet_skin_is_10_to_25_percent_below_dry(volts: float) -> None:
    dry, wet = iec(5.8, 750.0), iec(5.8, 750.0, moisture=TYPICAL.moisture)
    fall = 1 - dry.current_at(volts) / wet.current_at(volts)
    assert 0.10 <= fall <= 0.25


def test_the_spread_between_people_is_that_of_the_percentiles() -> None:
    assert 5.8 * math.exp(Z95 * SPREAD_LN) == pytest.approx(9.29, rel=0.06)
    assert 5.8 * math.exp(-Z95 * SPREAD_LN) == pytest.approx(3.24, rel=0.06)


@pytest.mark.parametrize("current_ma", [10.0, 12.0, 15.0, 20.0])
def test_typical_hands_carry_10_to_20_ma_at_1_to_2_kohm(current_ma: float) -> None:
    load = Load(TYPICAL)
    carry(load, current_ma, 10.0)
    assert 1.0 <= kohm(load, current_ma) <= 2.0


def test_typical_hands_are_what_units_are_rated_for() -> None:
    load = Load(TYPICAL)
    assert kohm(load, 15.0) <= 2.0
    assert 15.0 <= load.voltage_at(12.0) <= 25.0
    carry(load, 12.0, 600.0, 0.05)
    assert 13.0 <= load.voltage_at(12.0) <= 25.0


def test_dry_hands_have_4_to_6_kohm_and_meet_the_compliance_at_first() -> None:
    load = Load(person("hands", "dry"))
    assert 4.0 <= kohm(load, 10.0) <= 6.0
    assert load.voltage_at(12.0) > 55.0
    assert 9.0 <= load.current_at(60.0) <= 13.0


def test_wet_hands_are_below_typical_ones() -> None:
    assert Load(person("hands", "wet")).voltage_at(12.0) < Load(TYPICAL).voltage_at(12.0) - 2.0


def test_salt_wet_hand_to_hand_at_the_let_go_current_of_9_ma_60_hz_has_2_33_kohm() -> None:
    load = Load(LoadParams(area_cm2=75.0, body_ohm=700.0, moisture=0.7, water_us_per_cm=1e6))
    assert kohm(load, 9.0) == pytest.approx(2.33, rel=0.06)


def test_hands_to_feet_has_1_13_kohm_with_300_inside() -> None:
    load = Load(LoadParams(area_cm2=240.0, body_ohm=300.0, moisture=0.7, water_us_per_cm=1e6))
    assert kohm(load, 9.0) == pytest.approx(1.13, rel=0.06)


@pytest.mark.parametrize("current_ma", [0.3, 0.4, 0.5])
def test_constant_current_brings_7_cm2_of_skin_to_its_two_voltages_within_seconds(current_ma: float) -> None:
    both = Load(LoadParams(area_cm2=7.0, moisture=1.0, conditioned=1.0))
    no_lean = Load(LoadParams(area_cm2=7.0, moisture=1.0, conditioned=1.0, anode_v=1.9, cathode_v=1.9))
    assert both.skin_v(current_ma) > 2 * (1.8 + 2.8)
    carry(both, current_ma, 30.0)
    carry(no_lean, current_ma, 30.0)
    cathode_v = no_lean.skin_v(current_ma) / 2
    assert cathode_v == pytest.approx(1.8, rel=0.15)
    assert both.skin_v(current_ma) - cathode_v == pytest.approx(2.8, rel=0.15)


def test_fresh_resistance_is_equal_for_both_polarities_and_falls_with_current() -> None:
    forward, reverse = Load(TYPICAL), Load(TYPICAL)
    forward.advance(1e-9, 5.0)
    reverse.advance(1e-9, -5.0)
    assert forward.voltage_at(5.0) == pytest.approx(reverse.voltage_at(5.0), rel=1e-6)
    assert kohm(forward, 1.0) > kohm(forward, 5.0) > kohm(forward, 20.0)


def test_skin_resistance_falls_with_time_and_charge_while_the_series_resistance_stays() -> None:
    load = Load(TYPICAL)
    series = load.series_kohm
    seen = [load.skin_v(12.0)]
    for seconds in (1.0, 4.0, 300.0, 900.0):
        carry(load, 12.0, seconds, 0.05)
        seen.append(load.skin_v(12.0))
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] < seen[2] * 0.95
    assert load.series_kohm == series


def test_more_current_conditions_faster() -> None:
    slow, fast = Load(TYPICAL), Load(TYPICAL)
    carry(slow, 2.0, 1.0)
    carry(fast, 12.0, 1.0)
    assert fast.skin_v(5.0) < slow.skin_v(5.0)


def test_impedance_is_three_times_higher_30_min_after_the_current_than_just_after() -> None:
    load = Load(TYPICAL)
    carry(load, 12.0, 1200.0, 0.05)
    after = load.skin_v(0.05)
    carry(load, 0.0, 1800.0, 1.0)
    assert load.skin_v(0.05) / after == pytest.approx(3.0, rel=0.2)


def test_skin_recovers_under_a_trickle_as_without_current() -> None:
    still, trickle = Load(TYPICAL), Load(TYPICAL)
    for load, current_ma in ((still, 0.0), (trickle, 0.0005)):
        carry(load, 12.0, 60.0)
        carry(load, current_ma, 1800.0, 1.0)
    assert trickle.skin_v(1.0) == pytest.approx(still.skin_v(1.0), rel=0.05)


def test_skin_capacitance_gives_the_published_time_constants() -> None:
    load = Load(TYPICAL)
    assert 1e-3 <= load.tau_s(0.2, load.skin_v(0.2)) <= 4e-3
    carry(load, 12.0, 30.0)
    assert 1e-4 <= load.tau_s(12.0, load.skin_v(12.0)) <= 1e-3


@pytest.mark.parametrize(("us_per_cm", "ohm"), [(500, 27), (50, 267), (5, 2700)])
def test_water_resistance_is_distance_over_conductivity_and_area(us_per_cm: float, ohm: float) -> None:
    clear = Load(replace(TYPICAL, water_us_per_cm=1e9))
    water_ohm = (Load(replace(TYPICAL, water_us_per_cm=us_per_cm)).series_kohm - clear.series_kohm) * 1000
    assert water_ohm / 2 == pytest.approx(ohm, rel=0.02)


def test_withdrawal_raises_density_and_resistance_then_opens() -> None:
    load = Load(TYPICAL)
    carry(load, 12.0, 30.0)
    volts = []
    for fraction in (1.0, 0.5, 0.25, 0.1):
        load.wetted[1] = fraction
        load.refresh()
        volts.append(load.voltage_at(12.0))
        assert load.in_contact
    assert volts == sorted(volts)
    assert volts[-1] > volts[0] + 5.0
    load.wetted[1] = 0.0
    assert not load.in_contact


def test_density_rises_as_one_over_area() -> None:
    half, small = Load(TYPICAL), Load(replace(TYPICAL, area_cm2=75.0))
    half.wetted[:] = (0.5, 0.5)
    half.refresh()
    assert half.skin_v(10.0) == pytest.approx(small.skin_v(10.0))


def test_reversal_relaxes_to_the_mirrored_state() -> None:
    load = Load(TYPICAL)
    carry(load, 12.0, 60.0)
    before = load.voltage_at(12.0)
    load.advance(0.01, -12.0)
    carry(load, -12.0, 60.0)
    assert load.voltage_at(12.0) == pytest.approx(before, rel=0.02)


def test_a_resistor_box_is_a_resistor() -> None:
    load = Load(LoadParams(resistor_ohm=2000.0))
    carry(load, 12.0, 10.0)
    assert load.voltage_at(12.0) == pytest.approx(24.0)
    assert load.current_at(24.0) == pytest.approx(12.0)


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("seed", range(10))
def test_every_area_and_person_stays_inside_the_compliance_at_its_usual_current(area: str, seed: int) -> None:
    usual_ma = max(find(name).current_ma for name in names() if area_of(name) == area)
    load = Load(person(area, "typical"), Random(f"{seed}"))
    assert 1.0 < load.voltage_at(usual_ma) < 50.0


STATES = st.tuples(
    st.floats(0.02, 1.0), st.floats(0.02, 1.0), st.floats(0, 600), st.floats(-25, 25), st.floats(1, 1000)
)


@given(STATES, st.floats(0, 40), st.floats(1e-6, 10))
def test_voltage_rises_with_current_in_every_state(state: tuple[float, ...], low: float, more: float) -> None:
    load = Load(replace(TYPICAL, water_us_per_cm=state[4]))
    load.wetted[:] = state[:2]
    load.advance(state[2], state[3])
    assert load.voltage_at(low + more) > load.voltage_at(low)


@given(STATES, st.floats(0.01, 70))
def test_current_at_is_the_inverse_of_voltage_at(state: tuple[float, ...], volts: float) -> None:
    load = Load(replace(TYPICAL, water_us_per_cm=state[4]))
    load.wetted[:] = state[:2]
    load.advance(state[2], state[3])
    assert load.voltage_at(load.current_at(volts)) == pytest.approx(volts, rel=1e-7)


@given(st.floats(0, 1e6), st.floats(-60, 60))
def test_any_step_keeps_the_state_within_its_bounds(dt_s: float, current_ma: float) -> None:
    load = Load(TYPICAL)
    fresh_v = load.skin_v(5.0)
    load.advance(dt_s, current_ma)
    assert 0.0 < load.skin_v(5.0) <= fresh_v * (1 + 1e-9)
