"""Electrodes and water: what the ceilings make of the least sizes and volumes."""

import pytest

from protocols.ceilings import ceiling_ma, longest_min
from protocols.fitness import AREAS
from protocols.wetting import LEAST_ML, SMALL_PAD_ML, SOUREST_PH, acid_ph, density_ma_per_cm2

pytestmark = pytest.mark.core


def test_the_acid_is_faradays():
    # 4.5 C are 46.6 umol: 1.17 mmol/l in 40 ml
    assert acid_ph(5.0, 15.0, 40.0) == pytest.approx(2.93, abs=0.01)
    assert acid_ph(0.0, 15.0, 40.0) == pytest.approx(7.0)
    assert acid_ph(5.0, 15.0, 400.0) == pytest.approx(acid_ph(0.5, 15.0, 40.0))


@pytest.mark.parametrize("area", AREAS)
def test_no_ceiling_makes_the_least_water_sourer_or_the_least_electrode_denser_than_is_said(area):
    for group in ("adult", "child"):
        most_ma = ceiling_ma(area, group, "tap_water")
        assert density_ma_per_cm2(area, most_ma) <= 0.1
        assert acid_ph(most_ma, longest_min(area) / 2, LEAST_ML[area]) >= SOUREST_PH
    if area in ("hands", "feet"):
        assert acid_ph(ceiling_ma(area, "adult", "tap_water"), longest_min(area) / 2, LEAST_ML[area]) >= 3.9


def test_the_pad_that_is_warned_of_is_worse_than_that():
    assert acid_ph(ceiling_ma("underarms", "adult", "tap_water"), 15.0, SMALL_PAD_ML) < SOUREST_PH
