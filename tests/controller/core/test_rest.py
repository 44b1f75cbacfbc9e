"""The rest of a dose: both polarities end equal, nothing beyond the prescribed, below the time's ceiling."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.rest import EQUAL_RATIO, LEAST_S, Given, rest_of, rest_of_short

pytestmark = pytest.mark.core

RAMP = 0.5
HALVES = (("forward", 600.0), ("reverse", 600.0))


def charge(target_ma, seconds, ramp=RAMP):
    """What a trapezoid gives, mA min."""
    top_ma = min(target_ma, ramp * seconds / 2)
    return top_ma * (seconds - top_ma / ramp) / 60


def cut(target_ma, at_s):
    """What was given when the circuit opened `at_s` into the treatment."""
    half, into_s = (0, at_s) if at_s < 600.0 else (1, at_s - 600.0)
    rising_s = min(into_s, target_ma / RAMP)
    falling_s = max(0.0, into_s - (600.0 - target_ma / RAMP))
    so_far = (rising_s**2 * RAMP / 2 + (into_s - rising_s) * target_ma - falling_s**2 * RAMP / 2) / 60
    first = charge(target_ma, 600.0) if half else so_far
    return Given(half, into_s, at_s, first, so_far if half else 0.0)


def deliver(rest, target_ma):
    """What the linked session gives: time is the bound of each half, and charge of the balancing one."""
    given_ma_min = {"forward": rest.forward_ma_min, "reverse": rest.reverse_ma_min}
    for index, (way, seconds) in enumerate(rest.halves):
        more = charge(target_ma, seconds)
        if index or rest.balances:
            other = "reverse" if way == "forward" else "forward"
            more = min(more, given_ma_min[other] - given_ma_min[way])
        given_ma_min[way] += more
    return given_ma_min


@given(target_ma=st.floats(0.5, 15.0), at_s=st.floats(1.0, 1175.0))
def test_both_polarities_end_equal_and_nothing_exceeds_the_prescribed(target_ma, at_s):
    before = cut(target_ma, at_s)
    rest = rest_of(HALVES, before, target_ma=target_ma, ramp_ma_per_s=RAMP, longest_s=1800.0)
    whole = charge(target_ma, 600.0)
    if rest is None:
        lacking = before.forward_ma_min - before.reverse_ma_min
        assert before.half == 1
        assert lacking <= EQUAL_RATIO * before.forward_ma_min + charge(target_ma, LEAST_S)
        return
    after = deliver(rest, target_ma)
    assert math.isclose(after["forward"], after["reverse"], rel_tol=EQUAL_RATIO, abs_tol=1e-6)
    assert after["forward"] <= whole * (1 + 1e-9) + 1e-9
    assert sum(seconds for _, seconds in rest.halves) + at_s <= 1800.0 + 1e-6
    assert all(seconds > 0.0 for _, seconds in rest.halves)


@given(at_s=st.floats(600.0, 1200.0), longest_s=st.floats(1200.0, 1260.0))
def test_the_ceiling_of_the_time_holds_even_where_the_halves_then_differ(at_s, longest_s):
    rest = rest_of(HALVES, cut(12.0, at_s), target_ma=12.0, ramp_ma_per_s=RAMP, longest_s=longest_s)
    if rest is not None:
        assert rest.halves[0][1] + at_s <= longest_s + 1e-6


@pytest.mark.parametrize("halves", [(("forward", 1200.0),), (("reverse", 1200.0),)])
def test_one_direction_goes_on_by_time(halves):
    given_so_far = Given(0, 500.0, 500.0, 90.0, 0.0)
    rest = rest_of(halves, given_so_far, target_ma=12.0, ramp_ma_per_s=RAMP, longest_s=1800.0)
    assert rest.halves == ((halves[0][0], 700.0),)
    assert not rest.balances
    late = Given(0, 1190.0, 1190.0, 200.0, 0.0)
    assert rest_of(halves, late, target_ma=12.0, ramp_ma_per_s=RAMP, longest_s=1800.0) is None


def test_a_first_half_that_was_nearly_over_is_answered_and_not_resumed():
    rest = rest_of(
        HALVES, Given(0, 590.0, 590.0, 110.0, 0.0), target_ma=12.0, ramp_ma_per_s=RAMP, longest_s=1800.0
    )
    assert rest.halves == (("reverse", 600.0),)
    assert rest.balances


def test_halves_that_are_as_good_as_equal_need_no_rest():
    even = Given(1, 590.0, 1190.0, 110.0, 109.6)
    assert rest_of(HALVES, even, target_ma=12.0, ramp_ma_per_s=RAMP, longest_s=1800.0) is None


def test_the_rest_of_a_rest_that_balances_goes_on_by_charge_and_within_the_longest_time():
    one = rest_of(
        (("reverse", 400.0),), Given(0, 100.0, 1200.0, 110.0, 60.0),
        target_ma=12.0, ramp_ma_per_s=RAMP, longest_s=1800.0, balances=True,
    )  # fmt: skip
    assert one.balances
    assert one.halves == (("reverse", 60 * 50.0 / 12.0 + 12.0 / RAMP),)
    short = rest_of(
        (("reverse", 400.0),), Given(0, 100.0, 1700.0, 110.0, 60.0),
        target_ma=12.0, ramp_ma_per_s=RAMP, longest_s=1800.0, balances=True,
    )  # fmt: skip
    assert short.halves == (("reverse", 100.0),)


SHORT_OF = {"target_ma": 12.0, "ramp_ma_per_s": RAMP, "longest_s": 1800.0}
BOTH = ("forward", "reverse")


def test_a_dose_that_was_short_gives_what_is_lacking_both_ways() -> None:
    rest = rest_of_short(BOTH, Given(1, 600.0, 1200.0, 70.0, 70.0, 115.2), **SHORT_OF)
    assert [way for way, _ in rest.halves] == ["forward", "reverse"]
    assert not rest.balances
    assert deliver(rest, 12.0) == pytest.approx({"forward": 115.2, "reverse": 115.2})
    assert rest.asked_ma_min + charge(12.0, rest.halves[0][1]) == pytest.approx(115.2)


@given(st.floats(2.0, 15.0), st.floats(LEAST_S, 4 * LEAST_S), st.floats(LEAST_S, 4 * LEAST_S))
def test_what_is_lacking_and_no_more_is_given_however_little_it_is(target_ma, first_s, second_s) -> None:
    whole = charge(target_ma, 600.0)
    lacking = [charge(target_ma, seconds) for seconds in (first_s, second_s)]
    short = Given(1, 600.0, 1200.0, whole - lacking[0], whole - lacking[1], asked_ma_min=whole)
    rest = rest_of_short(
        ("forward", "reverse"), short, target_ma=target_ma, ramp_ma_per_s=RAMP, longest_s=1e6
    )
    if rest is None:
        assert min(first_s, second_s) < LEAST_S * (1 + 1e-9)
        return
    assert [seconds for _, seconds in rest.halves[-2:]] == pytest.approx(
        [first_s, second_s][-len(rest.halves) :], rel=1e-6
    )


def test_a_dose_that_was_short_is_held_to_the_longest_time_and_stays_asked_for() -> None:
    rest = rest_of_short(BOTH, Given(1, 600.0, 1700.0, 50.0, 48.0, 115.2), **SHORT_OF)
    assert sum(seconds for _, seconds in rest.halves) == pytest.approx(100.0)
    assert rest.asked_ma_min + charge(12.0, rest.halves[0][1]) == pytest.approx(115.2), "it stays short"
    assert rest_of_short(BOTH, Given(1, 600.0, 1770.0, 50.0, 48.0, 115.2), **SHORT_OF) is None


def test_of_a_second_direction_that_alone_was_short_the_rest_balances() -> None:
    rest = rest_of_short(BOTH, Given(1, 600.0, 1200.0, 115.0, 95.0, 115.2), **SHORT_OF)
    assert rest == ((("reverse", pytest.approx(60 * 20.2 / 12.0 + 24.0)),), True, 115.0, 95.0, 115.2)
    assert rest_of_short(BOTH, Given(1, 600.0, 1790.0, 115.0, 95.0, 115.2), **SHORT_OF) is None


def test_a_dose_of_one_direction_that_was_short_goes_on_in_it() -> None:
    rest = rest_of_short(("reverse",), Given(0, 1200.0, 1200.0, 0.0, 200.0, 235.0), **SHORT_OF)
    assert rest.halves == (("reverse", pytest.approx(60 * 35.0 / 12.0 + 24.0)),)
    assert not rest.balances
    assert rest_of_short(("reverse",), Given(0, 1200.0, 1200.0, 0.0, 234.9, 235.0), **SHORT_OF) is None
