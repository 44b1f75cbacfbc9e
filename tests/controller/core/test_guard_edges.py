"""The guard where a slip of one comparison would pass: at bounds, and where two causes lie side by side."""

from __future__ import annotations

import pytest
from guard_watch import FIVE, LIMITS, Watch, drive

from controller.core import limits as lim
from controller.core.types import Cause, Command, Drive, Off

pytestmark = pytest.mark.core

FAR_APART = {"sampled": "current", "current_ma": 10.0, "guard_ma": 15.0}


@pytest.mark.parametrize(
    ("last", "named"),
    [
        (FIVE, True),
        (drive(5.0, trip="catch"), False),
        (drive(5.0, trip="rearm"), False),
        (drive(5.0, dummy=True), False),
        (Off(), False),
    ],
)
def test_the_hardware_trip_is_named_only_where_it_acted_by_itself(last: Command, named: bool) -> None:
    watch = Watch(last)
    assert watch.guard._tripped(watch.reading()) is None
    found = watch.guard._tripped(watch.reading(tripped=True))
    assert (found is not None and found[0] is Cause.HARDWARE_TRIP) == named


def test_a_supply_at_its_bounds_is_allowed() -> None:
    wrong = Watch().guard._supply_wrong
    assert [wrong(volts) for volts in (57.99, 58.0, 70.0, 70.01)] == [True, False, False, True]


def test_a_supply_that_was_wrong_counts_twice_and_one_that_was_denied_once() -> None:
    watch = Watch()
    for supply_v in (50.0, 64.0):
        watch.see(sampled="supply", supply_v=supply_v, confirmed=True)
    assert watch.cause is None
    watch.see(sampled="supply", supply_v=64.0, confirmed=True)
    assert watch.cause is Cause.SUPPLY


def test_all_hits_that_are_needed_lie_within_the_memory() -> None:
    just, late = Watch().guard, Watch().guard
    for at_s in (0.0, 1.0, 1.5):
        assert not just._remembers(Cause.SUPPLY, 1, 4, at_s)
        assert not late._remembers(Cause.SUPPLY, 1, 4, at_s)
    assert just._remembers(Cause.SUPPLY, 1, 4, lim.MEMORY_S)
    assert not late._remembers(Cause.SUPPLY, 1, 4, lim.MEMORY_S + 0.001)


def test_the_converters_may_be_apart_by_a_share_of_the_larger_on_the_dummy_load() -> None:
    watch = Watch()
    for _ in range(2 * lim.SLOW_SAMPLES):
        within = watch.reading(sampled="current", current_ma=10.0, guard_ma=10.82)
        assert watch.guard._apart_on_dummy(within) is None


@pytest.mark.parametrize(
    ("same", "cause"), [(lim.REPEATS, Cause.ADC_FROZEN), (lim.REPEATS - 1, Cause.ADC_DISAGREE)]
)
def test_converters_apart_on_the_dummy_load_are_named_by_whether_the_guards_repeats(
    same: int, cause: Cause
) -> None:
    watch = Watch()
    watch.guard._guard_same = same
    for _ in range(lim.SLOW_SAMPLES):
        assert watch.guard._apart_on_dummy(watch.reading(**FAR_APART)._replace(sampled="")) is None
    found = [watch.guard._apart_on_dummy(watch.reading(**FAR_APART)) for _ in range(lim.SLOW_SAMPLES)]
    assert found[:-1] == [None] * (lim.SLOW_SAMPLES - 1)
    assert found[-1] is not None
    assert found[-1][0] is cause


def test_converters_that_a_trip_cuts_again_and_again_under_are_not_apart() -> None:
    watch = Watch()
    for _ in range(2 * lim.SLOW_SAMPLES):
        assert watch.guard._apart_on_dummy(watch.reading(**FAR_APART, tripped=True)) is None


@pytest.mark.parametrize(("doubted", "cause"), [(False, Cause.MAKE_AND_BREAK), (True, None)])
def test_a_break_beside_a_code_that_was_put_right_is_told_by_the_code(
    doubted: bool, cause: Cause | None
) -> None:
    watch = Watch()
    watch.guard._low_ma = 3.0
    found = None
    for _ in range(lim.BREAKS):
        found = watch.guard._breaks_off(watch.reading(confirmed=True, dac_doubted=doubted), FIVE)
    assert (found and found[0]) is cause


def test_only_a_sample_of_the_return_path_is_doubted_for_what_returns() -> None:
    watch = Watch()
    assert watch.guard._doubts_slow(watch.reading(sampled="voltage", return_ma=-5.0)) == ""
    assert watch.guard._doubts_slow(watch.reading(sampled="return", return_ma=-5.0)) == "return"
    watch.guard._last = Off()
    assert watch.guard._doubts_slow(watch.reading(sampled="return", return_ma=-5.0)) == ""


@pytest.mark.parametrize(("code", "cause"), [(3050, None), (3087, Cause.OVER_CURRENT)])
def test_what_a_code_asks_for_begins_at_what_code_zero_gives(code: int, cause: Cause | None) -> None:
    """A line from -1 mA at code 0 to 25 mA at 4095; the bound of 15 mA lets a code ask for 18.5 mA."""
    watch = Watch()
    watch.guard.limits = watch.guard.limits._replace(code_zero_ma=-1.0)
    found = watch.guard._commanded(watch.reading(), Drive("forward", 5.0, code))
    assert (found and found[0]) is cause


@pytest.mark.parametrize(("energised_s", "left_ma_s"), [(0.0, 3.0), (0.01, 0.0)])
def test_only_a_polarity_that_was_treated_with_begins_anew(energised_s: float, left_ma_s: float) -> None:
    watch = Watch(Off("forward"))
    watch.guard._energised_s, watch.guard._turned_ma_s = energised_s, 3.0
    assert watch.guard._commanded(watch.reading(), Off("reverse")) is None
    assert watch.guard._turned_ma_s == left_ma_s


def test_current_on_the_dummy_load_is_not_counted_on_as_stuck() -> None:
    watch = Watch(drive(5.0, dummy=True))
    watch.guard._stuck_since_s["guard"] = 1.0
    watch.guard._on_dummy(0.01, watch.reading(), drive(5.0, dummy=True))
    assert not watch.guard._stuck_since_s


def _calibrated(guard_ma: float) -> tuple[Watch, tuple[Cause, str] | None]:
    watch = Watch()
    watch.guard.limits = LIMITS._replace(gives=(25.0 / 4095, 0.0))
    for _ in range(lim.UNTRIMMED_SAMPLES - 1):
        assert watch.guard._trimmed(guard_ma, FIVE, judged=True) is None
    return watch, watch.guard._trimmed(guard_ma, FIVE, judged=True)


@pytest.mark.parametrize(
    ("guard_ma", "found"), [(5.199, False), (5.201, True), (4.801, False), (4.799, True)]
)
def test_the_bound_is_three_percent_and_a_little_for_as_long_as_an_untrimmed_stage_gets(
    guard_ma: float, found: bool
) -> None:
    _, trip = _calibrated(guard_ma)
    assert (trip is not None) is found
    if trip is not None:
        assert trip[0] is Cause.DEVIATION
        assert trip[1].startswith(f"{guard_ma:.2f} mA read at code 819, which gave 5.00 mA when the unit was")


def test_one_sample_within_the_bound_or_one_that_is_not_judged_begins_anew() -> None:
    watch, _ = _calibrated(5.5)
    for guard_ma, judged in ((5.0, True), (5.5, False)):
        assert watch.guard._trimmed(5.5, FIVE, judged=True)
        assert watch.guard._trimmed(guard_ma, FIVE, judged=judged) is None
        for _ in range(lim.UNTRIMMED_SAMPLES - 1):
            assert watch.guard._trimmed(5.5, FIVE, judged=True) is None


def test_what_code_zero_gave_counts_and_without_a_record_nothing_does() -> None:
    watch = Watch()
    watch.guard.limits = LIMITS._replace(gives=(0.006, 0.1))
    five = Drive("forward", 5.0, 1000)
    for _ in range(2 * lim.UNTRIMMED_SAMPLES):
        assert watch.guard._trimmed(6.32, five, judged=True) is None, "6.1 mA by the record"
    assert watch.guard._trimmed(6.34, five, judged=True) is None
    watch.guard.limits = LIMITS
    for _ in range(2 * lim.UNTRIMMED_SAMPLES):
        assert watch.guard._trimmed(9.0, five, judged=True) is None
