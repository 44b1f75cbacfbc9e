"""A treatment that exists is within its ceilings; everything else is refused with a sentence."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from config.reader import BadFile, read_text
from protocols import ceilings
from protocols.treatment import Reversal, Treatment

pytestmark = pytest.mark.core

HANDS: dict[str, Any] = {"name": "mine", "area": "hands", "current_ma": 12.0, "total_min": 20.0}


def treatment(**changes: Any) -> Treatment:
    return Treatment(**{**HANDS, **changes})


def refusal(**changes: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        treatment(**changes)
    [error] = caught.value.errors()
    return f"{error['loc'][0]}: {error['msg'].removeprefix('Value error, ')}"


def test_the_defaults_are_the_common_case() -> None:
    hands = treatment()
    assert (hands.electrolyte, hands.age_group, hands.ramp_ma_per_s) == ("tap_water", "adult", 0.5)
    assert (hands.reversal, hands.first_polarity, hands.title, hands.notes) == (
        "midpoint",
        "forward",
        None,
        None,
    )
    assert (hands.total_s, hands.ramp_s, hands.ceiling_ma) == (1200.0, 24.0, 15.0)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (("forward", 600.0), ("reverse", 600.0))),
        ({"first_polarity": "reverse"}, (("reverse", 600.0), ("forward", 600.0))),
        ({"reversal": "alternate"}, (("forward", 1200.0),)),
        ({"reversal": "none", "first_polarity": "reverse"}, (("reverse", 1200.0),)),
    ],
)
def test_halves(changes: dict[str, str], expected: tuple[tuple[str, float], ...]) -> None:
    assert treatment(**changes).halves() == expected


def test_the_planned_charge_is_the_area_under_the_trapezoids() -> None:
    assert treatment().planned_charge_ma_min == pytest.approx(12 * (1200 - 2 * 24) / 60)
    assert treatment(reversal="none").planned_charge_ma_min == pytest.approx(12 * (1200 - 24) / 60)


@pytest.mark.parametrize(
    ("changes", "ceiling"),
    [
        ({}, "15"),
        ({"area": "feet"}, "20"),
        ({"area": "feet", "age_group": "child"}, "15"),
        ({"area": "underarms"}, "5"),
        ({"area": "underarms", "age_group": "child"}, "3"),
        ({"area": "face"}, "3"),
        ({"area": "face", "age_group": "child"}, "2"),
        ({"electrolyte": "glycopyrrolate"}, "8"),
    ],
)
def test_the_ceiling_is_reached_and_never_passed(changes: dict[str, str], ceiling: str) -> None:
    named = {"area": "hands", "age_group": "adult", "electrolyte": "tap_water", **changes}
    assert treatment(**changes, current_ma=float(ceiling)).ceiling_ma == float(ceiling)
    above = float(ceiling) + 0.001
    assert refusal(**changes, current_ma=above) == (
        f"current_ma: is {above:g}, expected 0.5 to {ceiling} mA, the ceiling for "
        f"area {named['area']}, age_group {named['age_group']}, electrolyte {named['electrolyte']}"
    )


@pytest.mark.parametrize("current_ma", [0.0, -0.0, -3.0, 0.49])
def test_a_current_that_is_nothing_is_refused(current_ma: float) -> None:
    assert "expected 0.5 to 15 mA" in refusal(current_ma=current_ma)


def test_an_unset_current_is_nothing() -> None:
    with pytest.raises(ValidationError, match=r"is unset or zero, expected 0.5 to 15 mA"):
        Treatment(name="mine", area="hands", total_min=20.0)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"current_ma": float("nan")}, "current_ma: Input should be a finite number"),
        ({"current_ma": True}, "current_ma: Input should be a valid number"),
        ({"current_ma": "12"}, "current_ma: Input should be a valid number"),
        ({"ramp_ma_per_s": 0.51}, "ramp_ma_per_s: "),
        ({"ramp_ma_per_s": 0.04}, "ramp_ma_per_s: "),
        ({"total_min": 30.1}, "total_min: is 30.1, expected 2 to 30 minutes for area hands"),
        ({"total_min": 1.9}, "total_min: is 1.9, expected 2 to 30 minutes for area hands"),
        (
            {"area": "face", "current_ma": 2.0, "total_min": 21.0},
            "total_min: is 21, expected 2 to 20 minutes",
        ),
        ({"area": "back"}, "area: "),
        ({"name": ""}, "name: "),
        ({"name": "x" * 41}, "name: "),
        ({"name": "a\nb"}, "name: has line ends"),
        ({"title": " x"}, "title: has spaces at an end"),
        ({"reversal": "random"}, "reversal: "),
        ({"pulse_hz": 3}, "pulse_hz: "),
    ],
)
def test_anything_outside_is_refused(changes: dict[str, Any], expected: str) -> None:
    assert refusal(**changes).startswith(expected)


def test_each_direction_must_fit_its_ramps_and_a_hold() -> None:
    slow = {"current_ma": 15.0, "ramp_ma_per_s": 0.1}
    assert treatment(**slow, total_min=10.5).halves()[0][1] == 2 * 150 + 15
    assert refusal(**slow, total_min=10.3).startswith("total_min: is 10.3, expected at least 10.3 minutes")
    assert treatment(**slow, total_min=5.2, reversal="none").total_s == 312
    assert "at least 5.17 minutes" in refusal(**slow, total_min=5.1, reversal="none")


def test_a_treatment_is_frozen() -> None:
    with pytest.raises(ValidationError):
        treatment().current_ma = 20.0  # type: ignore[misc]


def test_a_file_names_every_error_with_its_ceiling() -> None:
    text = b"name: x\narea: hands\ncurrent_ma: 18\ntotal_min: 40\nreversel: none\n"
    with pytest.raises(BadFile) as caught:
        read_text(text, "t.yaml", Treatment)
    assert [error.split(", expected")[0].split(", allowed")[0] for error in caught.value.errors] == [
        "t.yaml:3:13: current_ma: is 18",
        "t.yaml:4:12: total_min: is 40",
        "t.yaml:5:1: reversel: unknown key (did you mean reversal?)",
    ]


def test_a_file_without_a_current_is_refused() -> None:
    with pytest.raises(BadFile, match=r"^t.yaml:1:1: current_ma: is unset or zero, expected 0.5 to 15 mA"):
        read_text(b"name: x\narea: hands\ntotal_min: 20\n", "t.yaml", Treatment)


@given(
    area=st.sampled_from(get_args(ceilings.Area)),
    age_group=st.sampled_from(get_args(ceilings.AgeGroup)),
    electrolyte=st.sampled_from(get_args(ceilings.Electrolyte)),
    reversal=st.sampled_from(get_args(Reversal)),
    current_ma=st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 30),
    ramp_ma_per_s=st.floats(0, 1),
    total_min=st.floats(0, 40),
)
def test_no_treatment_exists_outside_its_ceilings(**values: Any) -> None:
    try:
        made = Treatment(name="any", **values)
    except ValidationError:
        return
    assert ceilings.MIN_CURRENT_MA <= made.current_ma <= made.ceiling_ma <= ceilings.ABSOLUTE_MAX_MA
    assert made.total_min <= ceilings.longest_min(made.area)
    assert made.ramp_ma_per_s <= ceilings.MAX_RAMP_MA_PER_S
    assert sum(seconds for _, seconds in made.halves()) == pytest.approx(made.total_s)
    assert all(seconds >= 2 * made.ramp_s + ceilings.MIN_HOLD_S - 1e-6 for _, seconds in made.halves())
