"""Whether what a session says of its dose is true: judged by the true charge."""

import pytest

from app.campaign.pairs import Pair, pair_problems
from app.campaign.treated import dose_problems


def ended(outcome, first, second):
    return {"outcome": outcome, "truth": {"charge_ma_min": {"forward": first, "reverse": second}}}


@pytest.mark.parametrize(
    ("outcome", "first", "second", "said"),
    [
        ("completed", 50.0, 50.0, None),
        ("completed", 45.0, 45.0, None),
        ("completed", 44.6, 44.6, None),
        ("completed", 44.4, 44.4, "completed with 88.8 % of what was asked truly given"),
        ("completed", 21.5, 21.5, "completed with 43.0 %"),
        ("completed", 50.0, 47.1, None),
        ("completed", 50.0, 46.9, "the directions 6.2 % apart"),
        ("completed", 46.9, 50.0, "the directions 6.2 % apart"),
        ("completed", 100.0, 0.0, None),
        ("completed", 50.0, 0.0, "completed with 50.0 %"),
        ("completed_short", 21.5, 21.5, None),
        ("completed_short", 45.4, 45.4, None),
        ("completed_short", 45.6, 45.6, "said to be short with 91.2 %"),
        ("completed_short", 50.0, 47.9, None),
        ("completed_short", 50.0, 48.1, "said to be short"),
        ("stopped", 10.0, 0.0, None),
        ("aborted", 10.0, 0.0, None),
    ],
)
def test_the_word_for_the_dose(outcome, first, second, said):
    found = list(dose_problems(ended(outcome, first, second), 100.0))
    assert found == [] if said is None else said in found[0]


def test_what_treated_nobody_is_no_dose():
    assert list(dose_problems(ended("completed", 50.0, 50.0), 100.0, 10.0)) == []
    assert list(dose_problems(ended("completed", 50.0, 50.0), 100.0, 11.5)) != []
    assert list(dose_problems(ended("completed_short", 50.0, 50.0), 100.0, 11.5)) == []


def test_a_pair_of_which_one_may_not_be_ridden_is_not_excused_by_being_short():
    pair = Pair("adc_silent both", "stall 10 ms", "hold forward", "hold forward", "hands", 1, 40.0, 40.1)
    summary = {
        "outcome": "completed_short",
        "trip": None,
        "duration_s": 90.0,
        "truth": {"held_ma": 12.0},
    }
    assert any("may not be ridden" in one for one in pair_problems(pair, summary))
