"""The fold-back to the figure: how fast it falls, when it lets go, and from which growth on a hand leaves."""

from __future__ import annotations

import math
from typing import Any

import pytest

from controller.core.foldback import FoldBack
from controller.core.limits import Headroom
from controller.core.types import ShortBecause

pytestmark = pytest.mark.core

E = 1e-6


def made(**changes: Any) -> FoldBack:
    return FoldBack(
        **{
            "target_ma": 10.0,
            "compliance_v": 60.0,
            "supply_v": 64.0,
            "rise_ma": 0.005,
            "tick_s": 0.005,
            **changes,
        }
    )


def grow(fold: FoldBack, volts: list[float], *, ma: float = 10.0, from_s: float = 10.0) -> list[bool]:
    """Show a voltage every 10 ms; return after each whether a hand was seen to leave."""
    found = []
    for n, volt in enumerate(volts):
        fold.see(from_s + 0.01 * n, volt, ma)
        found.append(fold.withdrawn)
    return found


def line(rate_per_s: float, *, ohmic_v: float = 10.0, skin_v: float = 4.6, count: int = 30) -> list[float]:
    """A load whose ohmic part has grown by `rate_per_s` over the last 50 ms, from the sixth sample on."""
    volts = [skin_v + ohmic_v]
    while len(volts) < count:
        before = volts[max(0, len(volts) - 5)]
        passed_s = 0.01 * min(5, len(volts))
        # rate = (v - before) / ohmic / passed, with ohmic = v - skin
        volts.append((before - rate_per_s * passed_s * skin_v) / (1 - rate_per_s * passed_s))
    return volts


def over(volt_v: float, *, by_v: float, ma: float = 10.0) -> float:
    """What is left of a current after a look at a voltage, of which so much is too much."""
    return ma * (1.0 - by_v / (0.6 * volt_v))


def test_near_compliance_it_falls_by_as_much_as_the_voltage_is_over() -> None:
    """60 % of a load's voltage go with its current at least, so that what is left fits."""
    fold = made()
    fold.see(1.0, 58.2, 10.0)
    assert fold.allowed_ma == pytest.approx(over(58.2, by_v=1.2))
    assert fold.ever
    fold.see(1.01, 58.2, 10.0)
    assert fold.allowed_ma == pytest.approx(over(58.2, by_v=1.2) - 10.0 * 1.2 / (0.6 * 58.2)), "and never up"


def test_what_has_grown_between_two_looks_is_taken_to_grow_as_much_again() -> None:
    fold = made()
    fold.see(1.0, 56.0, 10.0)
    fold.see(1.01, 58.0, 10.0)
    assert fold.allowed_ma == pytest.approx(over(58.0, by_v=1.0 + 2.0))


def test_what_has_shrunk_is_not_taken_to_shrink_again() -> None:
    fold = made()
    fold.see(1.0, 59.0, 10.0)
    before_ma = fold.allowed_ma
    fold.see(1.01, 58.0, 10.0)
    assert fold.allowed_ma == pytest.approx(before_ma - 10.0 * 1.0 / (0.6 * 58.0))


def test_a_voltage_that_its_own_current_lowered_has_grown_by_so_much() -> None:
    fold = made()
    fold.see(1.0, 58.0, 10.0)
    fold.see(1.01, 58.0, 9.0)
    assert fold.allowed_ma == pytest.approx(over(58.0, by_v=1.0 + 0.6 * 58.0 / 9.0, ma=9.0))


def test_one_look_takes_little_more_than_a_quarter_of_the_current_whatever_it_says() -> None:
    fold = made()
    fold.see(1.0, 20.0, 10.0)
    fold.see(1.01, 65.0, 10.0)
    assert fold.allowed_ma == pytest.approx(over(65.0, by_v=3.0 + 6.0))
    assert fold.allowed_ma > 0.7 * 10.0


def test_it_falls_by_the_ramp_at_least_and_no_further_than_to_the_sensing_current() -> None:
    """Where even that takes too much voltage the circuit is open, which is the guard's to find."""
    fold = made()
    fold.see(1.0, 57.0 + E, 0.315)
    fold.see(1.01, 57.0 + E, 0.315)
    assert fold.allowed_ma == pytest.approx(0.305), "two ticks of it"
    fold.see(1.02, 60.0, 0.305)
    assert fold.allowed_ma == 0.3


def test_what_is_less_than_the_sensing_current_already_stays() -> None:
    fold = made()
    fold.see(1.0, 60.0, 0.1)
    assert fold.allowed_ma == 0.1
    fold.follow(1.1, 0.1, 0.1)
    fold.follow(1.105, 0.0, 0.1)
    assert fold.lacks
    assert fold.allowed_ma == 0.1


def test_a_current_that_is_gone_is_not_followed_to_zero() -> None:
    """A ramp down that comes to zero is over, and the trip for the open circuit would come too late."""
    fold = made()
    fold.follow(calm(fold), 0.0, 10.0)
    assert fold.allowed_ma == 0.3


def test_a_supply_that_is_said_to_be_gone_takes_all_but_the_sensing_current() -> None:
    fold = made()
    fold.heed_supply(0.0)
    fold.see(1.0, 0.0, 10.0)
    assert fold.allowed_ma == 0.3
    fold.see(1.01, 0.0, 0.0)
    assert fold.allowed_ma == 0.0


@pytest.mark.parametrize(("volt", "changes"), [(57.0 - E, 0.0), (55.0 + E, 0.0), (55.0 - E, 0.01)])
def test_between_the_bounds_it_rests_and_below_it_rises_by_the_ramp(volt: float, changes: float) -> None:
    fold = made()
    fold.see(1.0, 57.1, 5.0)
    folded_ma = fold.allowed_ma
    assert folded_ma < 5.0
    fold.see(1.01, volt, folded_ma)
    assert fold.allowed_ma == pytest.approx(folded_ma + changes)


def test_it_rises_to_the_target_and_no_further() -> None:
    fold = made()
    fold.see(1.0, 20.0, 10.0)
    assert fold.allowed_ma == 10.0


def test_a_limit_that_lasts_two_seconds_has_arrived() -> None:
    fold = made()
    assert not fold.settled(100.0)
    fold.see(1.0, 57.1, 5.0)
    fold.see(2.0, 57.1, 5.0)
    assert not fold.settled(3.0 - E)
    assert fold.settled(3.0 + E), "since it began"
    fold.see(3.1, 54.9, 5.0)
    assert not fold.settled(9.0)


@pytest.mark.parametrize(("rate_per_s", "leaves"), [(1.08, False), (1.12, True)])
@pytest.mark.parametrize(("ohmic_v", "skin_v"), [(10.0, 4.6), (20.0, 4.6)])
def test_the_ohmic_part_grows_by_eleven_tenths_a_second(
    rate_per_s: float, leaves: bool, ohmic_v: float, skin_v: float
) -> None:
    volts = line(rate_per_s, ohmic_v=ohmic_v, skin_v=skin_v)
    assert max(volts) < 55.0
    assert any(grow(made(), volts)) is leaves


@pytest.mark.parametrize(("rate_per_s", "leaves"), [(1.08, False), (1.12, True)])
def test_a_voltage_below_the_skins_own_counts_by_its_share(rate_per_s: float, leaves: bool) -> None:
    """Of 3 V no more than 60 % is taken for ohmic; the growth is reckoned against that."""
    volts = [3.0]
    while len(volts) < 12:
        before, passed_s = volts[max(0, len(volts) - 5)], 0.01 * min(5, len(volts))
        volts.append(before / (1 - rate_per_s * passed_s * 0.6))
    assert max(volts) < 4.6 / 0.4
    assert any(grow(made(), volts, ma=3.0)) is leaves


def test_two_hits_running_make_it_so_and_one_does_not() -> None:
    still = [15.0] * 6
    assert grow(made(), [*still, 17.0, *still]) == [False] * 13, "one sample"
    assert grow(made(), [*still, 17.0, 17.0])[-2:] == [False, True]
    assert not any(grow(made(), [*still, 17.0, *still, 17.0, *still])), "two, apart"


def test_the_window_has_to_be_half_full() -> None:
    """Two samples 10 ms apart say nothing; 25 ms do."""
    fold = made()
    assert grow(fold, [15.0, 16.0, 17.0]) == [False] * 3, "20 ms"
    fold = made()
    for at_s, volt in ((10.0, 15.0), (10.018, 17.0), (10.021, 17.0), (10.024, 17.0)):
        fold.see(at_s, volt, 10.0)
    assert not fold.withdrawn
    fold = made()
    for at_s, volt in ((10.0, 15.0), (10.0125, 15.0), (10.0251, 17.0), (10.03, 17.0)):
        fold.see(at_s, volt, 10.0)
    assert fold.withdrawn


def test_what_is_older_than_the_window_is_forgotten() -> None:
    """A second in which nothing moves does not hide the fiftieth of one in which much does."""
    assert any(grow(made(), [15.0] * 100 + line(1.3, ohmic_v=10.4, count=9)))


@pytest.mark.parametrize(("ma", "leaves"), [(2.0, False), (2.0 + E, True)])
def test_up_to_two_milliamperes_a_break_is_hardly_felt(ma: float, leaves: bool) -> None:
    assert any(grow(made(), [15.0] * 6 + [20.0] * 3, ma=ma)) is leaves


@pytest.mark.parametrize("volt", [0.0, -1.0])
def test_no_voltage_no_growth(volt: float) -> None:
    assert not any(grow(made(), [-5.0, -4.0, -3.0, -2.0, *[volt] * 4]))


def test_a_growth_that_was_interrupted_begins_again() -> None:
    fold = made()
    grow(fold, [*[15.0] * 6, 17.0])
    fold.see(10.07, 17.0, 1.0)  # too little current for a moment
    fold.see(10.08, 17.5, 10.0)
    assert not fold.withdrawn


@pytest.mark.parametrize(
    ("before_ma", "risen_v", "leaves"),
    [
        # the current rose from 5 to 6 mA: the whole voltage may have grown with it
        (5.0, 15.0 / 6.0 * 1.0 + 1.08 * 10.4 * 0.05, False),
        (5.0, 15.0 / 6.0 * 1.0 + 1.13 * 10.4 * 0.05, True),
        # ... or fell from 7 to 6 mA: only the ohmic part must have fallen with it
        (7.0, -10.4 / 6.0 * 1.0 + 1.08 * 10.4 * 0.05, False),
        (7.0, -10.4 / 6.0 * 1.0 + 1.13 * 10.4 * 0.05, True),
        # ... and so for the least rise and fall
        (5.95, 15.0 / 6.0 * 0.05 + 1.09 * 10.4 * 0.05, False),
        (6.05, -10.4 / 6.0 * 0.05 + 1.09 * 10.4 * 0.05, False),
    ],
)
def test_what_the_currents_own_change_explains_is_no_hand(
    before_ma: float, risen_v: float, leaves: bool
) -> None:
    fold = made()
    after_v = 15.0
    for n in range(5):
        fold.see(10.0 + 0.01 * n, after_v - risen_v, before_ma)
    fold.see(10.04 + 0.0098, after_v, 6.0)  # against 10.0: 49.8 ms, nearly the window
    fold.see(10.04 + 0.0099, after_v, 6.0)
    assert fold.withdrawn is leaves


def left(ma: float = 8.0) -> FoldBack:
    """A fold-back that has just seen a hand leave at `ma`, at 10.07 s."""
    fold = made()
    assert grow(fold, [*[15.0] * 6, 17.0, 17.0], ma=ma)[-1]
    return fold


def test_a_hand_that_leaves_takes_the_current_to_sensing_in_fifty_milliseconds() -> None:
    fold = left()
    assert fold.allowed_ma == 8.0, "from what flows"
    assert fold.ever
    falls = [fold.allow(10.075 + 0.005 * n) for n in range(17)]
    assert falls[:3] == [pytest.approx(8.0 - 0.8 * n) for n in (1, 2, 3)]
    assert falls[8] == pytest.approx(0.8)
    assert set(falls[9:]) == {0.3}, "and no further"


def test_the_current_returns_two_seconds_after_and_only_by_the_ramp() -> None:
    fold = left()
    for n in range(20):
        fold.allow(10.075 + 0.005 * n)
    fold.see(12.0, 10.0, 0.3)
    fold.allow(12.07 - E)
    assert fold.withdrawn
    assert fold.allowed_ma == 0.3
    fold.allow(12.07 + E)
    assert not fold.withdrawn
    assert fold.allowed_ma == 0.3
    fold.see(12.1, 10.0, 0.3)
    assert fold.allowed_ma == pytest.approx(0.3 + 20 * 0.005), "by as many ticks as the looks lie apart"


def test_a_hand_that_leaves_is_seen_once() -> None:
    fold = left()
    grow(fold, [18.0, 19.0, 20.0, 21.0], ma=8.0, from_s=10.08)
    for n in range(20):
        fold.allow(10.12 + 0.005 * n)
    fold.allow(12.08)
    assert not fold.withdrawn, "2 s from the first"


def test_a_voltage_that_lowers_the_current_is_named_until_all_of_it_is_back() -> None:
    fold = made()
    fold.see(1.0, 57.0 - E, 10.0)
    assert fold.held is None
    for n in range(4):  # by the ramp, 0.01 mA a look
        fold.see(1.01 + 0.01 * n, 57.0 + E, fold.allowed_ma)
    for n in range(3):
        assert fold.allowed_ma < 10.0
        assert fold.held is ShortBecause.VOLTAGE
        fold.see(1.05 + 0.01 * n, 50.0, fold.allowed_ma)
    fold.see(1.08, 56.0, fold.allowed_ma)
    assert fold.held is ShortBecause.VOLTAGE, "between the bounds nothing is given back"
    fold.see(1.09, 50.0, fold.allowed_ma)
    fold.see(1.10, 50.0, fold.allowed_ma)
    assert fold.allowed_ma == 10.0
    assert fold.held is None


def test_a_hand_that_leaves_is_named_whatever_the_voltage_does_until_all_of_it_is_back() -> None:
    """A hand half out of the water drives the voltage up: what is to blame is the hand."""
    fold = left()
    assert fold.held is ShortBecause.CONTACT
    fold.see(10.08, 58.0, 8.0)
    assert fold.held is ShortBecause.CONTACT
    for n in range(20):
        fold.allow(10.085 + 0.005 * n)
    fold.see(11.0, 10.0, 0.3)
    assert fold.held is ShortBecause.CONTACT
    fold.allow(12.08)
    assert not fold.withdrawn
    n = 0
    while fold.allowed_ma < 10.0:
        assert fold.held is ShortBecause.CONTACT
        fold.see(12.09 + 0.01 * n, 10.0, fold.allowed_ma)
        n += 1
        assert n < 1000, "9.7 mA by the ramp"
    assert fold.held is None


def test_a_voltage_after_a_hand_that_left_is_named_once_the_current_is_given_back() -> None:
    fold = left()
    for n in range(20):
        fold.allow(10.075 + 0.005 * n)
    fold.allow(12.08)
    fold.see(12.09, 10.0, 0.3)
    fold.see(12.10, 58.0, 0.3)
    assert fold.held is ShortBecause.VOLTAGE


def test_near_compliance_a_hand_that_leaves_falls_as_one_that_leaves() -> None:
    """In fifty milliseconds: faster, the voltage read before would be taken for that of an open circuit."""
    fold = left()
    fold.see(10.08, 58.0, 8.0)
    assert fold.allowed_ma == 8.0
    assert fold.allow(10.085) == pytest.approx(7.2)


def test_a_reset_forgets_the_load() -> None:
    fold = left()
    fold.see(10.08, 58.0, 8.0)
    fold.reset()
    assert fold.allowed_ma == 10.0
    assert fold.held is None
    assert not fold.withdrawn
    assert not fold.settled(100.0)
    fold.see(10.09, 25.0, 10.0)
    fold.see(10.10, 25.0, 10.0)
    assert not fold.withdrawn, "nothing to compare with"
    assert fold.allow(10.11) == 10.0


def test_a_limit_has_arrived_at_two_seconds_exactly() -> None:
    fold = made()
    fold.see(1.0, 57.1, 5.0)
    assert fold.settled(3.0)


def test_the_rest_after_a_hand_that_left_ends_at_two_seconds_exactly() -> None:
    fold = made()
    for n in range(10):
        fold.see(10.0 + n / 128, 15.0 if n < 8 else 17.0, 8.0)
    assert fold.withdrawn
    left_s = 10.0 + 9 / 128
    for n in range(20):
        fold.allow(left_s + n / 128)
    assert fold.withdrawn
    fold.allow(left_s + 2.0)
    assert not fold.withdrawn


def test_any_voltage_above_zero_may_grow() -> None:
    assert grow(made(), [*[-5.0] * 6, 0.02, 0.02])[-1]


@pytest.mark.parametrize("ma", [2.5, 12.0])
def test_the_converters_noise_beside_a_load_below_a_bodys_is_no_hand(ma: float) -> None:
    """Electrodes that touch take 20 mV a milliampere, of which the converter's step of 2 mV is much."""
    volts = [0.020 * ma + step for step in (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.008, 0.008, 0.008, 0.0)]
    assert not any(grow(made(target_ma=15.0), volts, ma=ma))


@pytest.mark.parametrize(("rise_v", "leaves"), [(1.08 * 3.5 * 0.05, False), (1.12 * 3.5 * 0.05, True)])
def test_the_growth_is_reckoned_against_a_bodys_least_voltage(rise_v: float, leaves: bool) -> None:
    """Where electrodes help, less may stand at the terminals: at 10 mA a body takes 3.5 V."""
    fold = made()
    for n in range(5):
        fold.see(10.0 + 0.01 * n, 1.0, 10.0)
    fold.see(10.0499, 1.0 + rise_v, 10.0)
    fold.see(10.0500, 1.0 + rise_v, 10.0)
    assert fold.withdrawn is leaves


@pytest.mark.parametrize(("volt", "falls"), [(51.1 + E, True), (51.1 - E, False)])
def test_what_the_stage_keeps_at_a_current_is_taken_off_its_reach(volt: float, falls: bool) -> None:
    """At 25 mA it reaches 54.1 V; below it, less is kept."""
    fold = made(target_ma=25.0, headroom=Headroom(63.1, 0.36))
    fold.see(1.0, volt, 25.0)
    assert (fold.allowed_ma < 25.0) == falls
    fold = made(target_ma=25.0, headroom=Headroom(63.1, 0.36))
    fold.see(1.0, volt, 15.0)
    assert fold.allowed_ma == 25.0


@pytest.mark.parametrize(("volt", "rises"), [(49.1 - E, True), (49.1 + E, False)])
def test_and_lets_go_two_volt_below(volt: float, rises: bool) -> None:
    fold = made(target_ma=25.0, headroom=Headroom(63.1, 0.36))
    fold.see(1.0, 53.0, 25.0)
    folded_ma = fold.allowed_ma
    fold.see(1.01, volt, 25.0)
    assert (fold.allowed_ma > folded_ma) == rises


# --- what flows ------------------------------------------------------------------------------------------


def calm(fold: FoldBack, *, ma: float = 10.0, volt: float = 50.0, short_ma: float = 0.0) -> float:
    """Let a second pass in which all is well; `short_ma` less is read than set. Return the time."""
    for n in range(200):
        now_s = 5.0 + 0.005 * n
        if n % 2 == 0:
            fold.see(now_s, volt, ma)
        fold.follow(now_s, ma - short_ma, ma)
    assert not fold.lacks
    assert fold.allowed_ma == ma
    return 6.0


@pytest.mark.parametrize("short_ma", [0.0, 0.5, -0.3])
@pytest.mark.parametrize(("less_ma", "lacks"), [(0.05 - E, False), (0.05 + E, True), (3.0, True)])
def test_no_more_is_asked_for_than_flows_where_that_is_suddenly_less(
    less_ma: float, lacks: bool, short_ma: float
) -> None:
    """Whatever the two converters differ by: what is usual is no want."""
    fold = made()
    now_s = calm(fold, short_ma=short_ma)
    fold.follow(now_s, 10.0 - short_ma - less_ma, 10.0)
    assert fold.lacks is lacks
    assert fold.allowed_ma == pytest.approx(10.0 - less_ma if lacks else 10.0)
    if lacks:
        assert fold.held is ShortBecause.VOLTAGE
        assert fold.ever


def test_the_bound_itself_is_no_want() -> None:
    fold = made()
    fold.see(1.0, 50.0, 0.05)
    fold.follow(1.0, 0.05, 0.05)
    fold.follow(1.005, 0.0, 0.05)
    assert not fold.lacks


@pytest.mark.parametrize(("flows_ma", "lacks"), [(9.9201, False), (9.9199, True)])
def test_what_lacks_for_a_second_is_all_of_it_usual(flows_ma: float, lacks: bool) -> None:
    fold = made()
    fold.see(1.0, 50.0, 10.0)
    fold.follow(1.0, 10.0, 10.0)
    fold.follow(2.0, 9.97, 10.0)
    fold.see(2.0, 50.0, 10.0)
    fold.follow(2.005, flows_ma, 10.0)
    assert fold.lacks is lacks


def test_without_a_look_at_the_voltage_nothing_is_said_to_lack() -> None:
    fold = made()
    assert not fold.lacks
    fold.follow(1.0, 10.0, 10.0)
    fold.follow(1.005, 8.0, 10.0)
    assert not fold.lacks
    assert fold.allowed_ma == 10.0


def test_what_goes_on_falling_is_followed_and_what_comes_back_finds_no_more() -> None:
    fold = made()
    now_s = calm(fold)
    for flows_ma in (9.8, 9.5, 9.1):
        now_s += 0.005
        fold.follow(now_s, flows_ma, fold.allowed_ma)
        assert fold.allowed_ma == pytest.approx(flows_ma)
    for _ in range(40):  # the load gives way: what flows is what is set
        now_s += 0.005
        fold.follow(now_s, fold.allowed_ma, fold.allowed_ma)
        assert fold.allowed_ma == pytest.approx(9.1)
        assert not fold.lacks
    fold.see(now_s + 0.005, 54.9, 9.1)
    before_ma = fold.allowed_ma
    fold.see(now_s + 0.015, 54.9, 9.1)
    assert fold.allowed_ma == pytest.approx(before_ma + 2 * 0.005), "back by the ramp alone"


@pytest.mark.parametrize(("volt", "lacks"), [(45.0 - 1e-3, False), (45.0 + 1e-3, True)])
def test_below_three_quarters_of_what_is_reached_it_is_the_stage_that_gives_less(
    volt: float, lacks: bool
) -> None:
    fold = made()
    fold.follow(calm(fold, volt=volt), 7.0, 10.0)
    assert fold.lacks is lacks


@pytest.mark.parametrize(("volt", "lacks"), [(57.0 - 1e-3, False), (57.0 + 1e-3, True)])
def test_once_the_voltage_was_looked_at_since_then_that_tells(volt: float, lacks: bool) -> None:
    """A stage that gives less and less is found by the guard, and not followed down to nothing."""
    fold = made()
    now_s = calm(fold)
    fold.follow(now_s, 9.0, 10.0)
    assert fold.lacks, "it may be want of voltage"
    fold.see(now_s + 0.005, volt, 9.0)
    before_ma = fold.allowed_ma
    fold.follow(now_s + 0.005, 8.0, 9.0)
    assert fold.lacks is lacks
    assert fold.allowed_ma == (min(8.0, before_ma) if lacks else before_ma)


def test_a_look_in_the_same_tick_began_before_the_current_fell() -> None:
    fold = made()
    now_s = calm(fold)
    fold.see(now_s, 50.0, 10.0)
    fold.follow(now_s, 9.0, 10.0)
    assert fold.lacks


def test_a_dac_that_is_stuck_while_the_ramp_goes_on_is_left_to_the_guard() -> None:
    fold = made()
    for n in range(400):
        now_s = 10.0 + 0.005 * n
        setpoint_ma = 6.0 + 0.0025 * n
        if n % 2 == 0:
            fold.see(now_s, 50.0, setpoint_ma)
        fold.follow(now_s, 6.0, setpoint_ma)
        assert not fold.lacks
    assert fold.allowed_ma == 10.0


@pytest.mark.parametrize("hz", [45.0, 47.3, 50.0, 57.1, 65.0])
@pytest.mark.parametrize("tick_s", [0.005, 0.01, 0.02])
def test_hum_is_no_want(hz: float, tick_s: float) -> None:
    """Of 0.3 mA on every reading: what it swings too little it swings too much as well."""
    fold = made(tick_s=tick_s, rise_ma=0.5 * tick_s)
    fold.see(0.0, 20.0, 10.0)
    for n in range(round(20.0 / tick_s)):
        now_s = n * tick_s
        if n * tick_s > 2.0:  # a ramp takes longer to where it matters
            fold.see(now_s, 50.0, 10.0)
        fold.follow(now_s, 10.0 + 0.3 * math.sin(2.0 * math.pi * hz * now_s + 0.4), 10.0)
        assert not fold.lacks
    assert fold.allowed_ma == 10.0


def test_hum_that_begins_takes_a_crest_or_two_and_no_more() -> None:
    fold = made()
    now_s = calm(fold)
    setpoint_ma = 10.0
    for n in range(400):
        now_s += 0.005
        if n % 2 == 0:
            fold.see(now_s, 50.0, setpoint_ma)
        fold.follow(now_s, setpoint_ma - 0.3 * math.sin(2.0 * math.pi * 47.3 * now_s), setpoint_ma)
        setpoint_ma = min(setpoint_ma + 0.0025, fold.allow(now_s))
        assert setpoint_ma > 10.0 - 2 * 0.36
    assert setpoint_ma > 9.9


def test_a_supply_that_sags_takes_as_much_of_what_is_reached() -> None:
    fold = made()
    fold.heed_supply(66.0)
    assert fold.reach_v(10.0) == 60.0, "no supply makes more of a stage"
    fold.heed_supply(59.0)
    assert fold.reach_v(10.0) == 55.0
    fold.see(1.0, 52.0 + 0.6, 10.0)
    assert fold.allowed_ma == pytest.approx(over(52.6, by_v=0.6))
    fold.reset()
    assert fold.reach_v(10.0) == 55.0, "a reversal gives the supply nothing back"
    fold.heed_supply(64.0)
    fold.see(1.1, 54.9, 10.0)
    assert fold.allowed_ma == 10.0


@pytest.mark.parametrize(("touch_s", "leaves"), [(0.05, False), (0.45, False), (0.6, True)])
def test_a_body_that_is_there_again_after_electrodes_touched_is_no_hand_that_leaves(
    touch_s: float, leaves: bool
) -> None:
    """At 8 mA a body takes 15 V, electrodes that touch a quarter of a volt; what lasts is the guard's."""
    fold = made()
    touched = round(touch_s * 100)
    for n, volt in enumerate([*[15.0] * 20, *[0.25] * touched, *[15.0] * 20]):
        fold.see(10.0 + n / 100, volt, 8.0)
    assert fold.withdrawn is leaves


def test_a_hand_that_leaves_just_after_electrodes_touched_is_seen() -> None:
    fold = made()
    for n, volt in enumerate([*[15.0] * 20, *[0.25] * 5, *[15.0 * 1.05**k for k in range(14)]]):
        fold.see(10.0 + n / 100, volt, 8.0)
    assert fold.withdrawn


def test_what_lacks_while_a_hand_leaves_is_followed_and_told_as_its_contact() -> None:
    fold = made()
    fold.follow(9.9, 10.0, 10.0)
    for n, volt in enumerate([20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 57.0]):
        fold.see(10.0 + n / 100, volt, 10.0)
    assert fold.withdrawn
    before_ma = fold.allowed_ma
    fold.follow(10.08, 6.0, 10.0)
    assert fold.lacks
    assert fold.allowed_ma <= min(before_ma, 6.0)
    assert fold.held is ShortBecause.CONTACT
