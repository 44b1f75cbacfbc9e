"""The ceilings are the figures of their sources, and whatever is not listed is zero."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import ceilings
from protocols.ceilings import ceiling_ma, longest_min

pytestmark = pytest.mark.core

AREAS = get_args(ceilings.Area)
GROUPS = get_args(ceilings.AgeGroup)
ELECTROLYTES = get_args(ceilings.Electrolyte)


@pytest.mark.parametrize(
    ("area", "adult_ma", "child_ma", "most_min"),
    [("hands", 15, 15, 30), ("feet", 20, 15, 30), ("underarms", 5, 3, 30), ("face", 3, 2, 20)],
)
def test_the_table(area: str, adult_ma: float, child_ma: float, most_min: float) -> None:
    assert ceiling_ma(area, "adult", "tap_water") == adult_ma
    assert ceiling_ma(area, "child", "tap_water") == child_ma
    assert ceiling_ma(area, "adult", "glycopyrrolate") == min(adult_ma, 8)
    assert ceiling_ma(area, "child", "glycopyrrolate") == min(child_ma, 8)
    assert longest_min(area) == most_min


def test_every_combination_is_listed_and_below_the_stage() -> None:
    for area in AREAS:
        for group in GROUPS:
            for electrolyte in ELECTROLYTES:
                ceiling = ceiling_ma(area, group, electrolyte)
                assert ceilings.MIN_CURRENT_MA < ceiling <= ceilings.ABSOLUTE_MAX_MA
                assert ceiling <= ceiling_ma(area, "adult", electrolyte)


@given(st.text(), st.text(), st.text())
def test_whatever_is_not_listed_is_zero(area: str, group: str, electrolyte: str) -> None:
    if (area, group, electrolyte) not in {(a, g, e) for a in AREAS for g in GROUPS for e in ELECTROLYTES}:
        assert ceiling_ma(area, group, electrolyte) == 0.0
    if area not in AREAS:
        assert longest_min(area) == 0.0


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_unlisted_word_is_enough_for_zero(place: int) -> None:
    words = ["hands", "adult", "tap_water"]
    words[place] = "other"
    assert ceiling_ma(*words) == 0.0


def test_the_ramp_reaches_the_hands_ceiling_in_half_a_minute() -> None:
    assert ceiling_ma("hands", "adult", "tap_water") / ceilings.MAX_RAMP_MA_PER_S == 30.0
    assert 0 < ceilings.MIN_RAMP_MA_PER_S < ceilings.MAX_RAMP_MA_PER_S


def test_the_absolute_ceilings_are_those_of_the_text() -> None:
    assert ceilings.ABSOLUTE_MAX_MA == 25.0
    assert ceilings.MIN_CURRENT_MA == 0.5
    assert (ceilings.MIN_RAMP_MA_PER_S, ceilings.MAX_RAMP_MA_PER_S) == (0.05, 0.5)
    assert (ceilings.MIN_TOTAL_MIN, ceilings.MIN_HOLD_S) == (2.0, 10.0)
