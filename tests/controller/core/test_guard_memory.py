"""What comes and goes adds up: good samples between are no excuse, and one wrong sample is none either."""

from __future__ import annotations

from typing import Any

import pytest
from guard_watch import FIVE, E, Watch, again, drive, pause

from controller.core.types import Cause, Command

pytestmark = pytest.mark.core

LOW_SUPPLY = {"sampled": "supply", "supply_v": 57.0}
LEAK = {"sampled": "return", "return_ma": 4.0}
TURNED = {"sampled": "return", "return_ma": -5.0}
SHORT = {"sampled": "voltage", "voltage_v": 1.0}


def test_a_supply_that_sags_now_and_then_is_cut_with_its_second_confirmed_sample() -> None:
    watch = Watch()
    assert again(watch, **LOW_SUPPLY) is None
    pause(watch, 100)
    again(watch, **LOW_SUPPLY)
    assert watch.cause is Cause.SUPPLY


@pytest.mark.parametrize(("ticks", "cause"), [(199, Cause.SUPPLY), (200, None)])
def test_it_is_remembered_for_two_seconds(ticks: int, cause: Cause | None) -> None:
    watch = Watch()
    assert again(watch, **LOW_SUPPLY) is None
    pause(watch, ticks)
    again(watch, **LOW_SUPPLY)
    assert watch.cause is cause


def test_a_supply_that_the_next_conversion_denies_is_cut_with_the_fourth() -> None:
    watch = Watch()
    for _ in range(3):
        assert again(watch, denied=True, **LOW_SUPPLY) is None
        pause(watch, 20)
    again(watch, denied=True, **LOW_SUPPLY)
    assert watch.cause is Cause.SUPPLY


@pytest.mark.parametrize(("wrong", "cause"), [(LEAK, Cause.LEAKAGE), (TURNED, Cause.WRONG_POLARITY)])
def test_what_returns_is_judged_by_one_pair_that_was_measured_together(
    wrong: dict[str, Any], cause: Cause
) -> None:
    watch = Watch()
    again(watch, **wrong)
    assert watch.cause is cause


@pytest.mark.parametrize(("wrong", "cause"), [(LEAK, Cause.MAKE_AND_BREAK), (TURNED, Cause.WRONG_POLARITY)])
def test_what_returns_and_is_denied_is_cut_with_the_fourth(wrong: dict[str, Any], cause: Cause) -> None:
    watch = Watch()
    for _ in range(3):
        assert again(watch, denied=True, **wrong) is None
        pause(watch, 30)
    again(watch, denied=True, **wrong)
    assert watch.cause is cause


@pytest.mark.parametrize(("wrong", "cause"), [(LEAK, None), (TURNED, Cause.WRONG_POLARITY)])
def test_a_leak_that_is_denied_counts_for_nothing_while_the_setpoint_falls(
    wrong: dict[str, Any], cause: Cause | None
) -> None:
    """As a hand leaves the fold-back takes 0.05 mA a tick: what was measured apart differs."""
    watch = Watch()
    for step in range(6):
        watch.see(drive(5.0 - 0.05 * (step + 1)))
        again(watch, denied=True, **wrong)
    assert watch.cause is cause


@pytest.mark.parametrize(
    ("change_ma", "after_ticks", "cause"),
    [
        (0.03 - E, 0, Cause.MAKE_AND_BREAK),
        (0.03 + E, 0, None),
        (0.03 + E, 6, Cause.MAKE_AND_BREAK),
    ],
)
def test_a_setpoint_that_hardly_moves_or_long_ago_stands_still(
    change_ma: float, after_ticks: int, cause: Cause | None
) -> None:
    watch = Watch()
    watch.see(drive(5.0 - change_ma))
    pause(watch, after_ticks)
    for _ in range(4):
        again(watch, denied=True, **LEAK)
    assert watch.cause is cause


@pytest.mark.parametrize("shunt", ["guard_ma", "current_ma"])
def test_current_that_one_shunt_alone_sees_leave_has_not_leaked(shunt: str) -> None:
    watch = Watch()
    for _ in range(8):
        again(watch, sampled="return", **{shunt: 5.9})
        watch.see(**{shunt: 5.9})
    assert watch.cause is None


def test_electrodes_that_touch_for_moments_are_a_short() -> None:
    watch = Watch()
    for _ in range(5):
        assert again(watch, **SHORT) is None
        pause(watch, 20)
    again(watch, **SHORT)
    assert watch.cause is Cause.SHORT_CIRCUIT


@pytest.mark.parametrize(("last", "low_ma"), [(FIVE, 4.25 - E), (FIVE, 0.0), (drive(2.0), 1.7 - E)])
def test_a_circuit_that_opens_for_a_moment_is_cut_the_second_time(last: Command, low_ma: float) -> None:
    watch = Watch(last)
    assert again(watch, denied=True, guard_ma=low_ma) is None
    pause(watch, 1000)
    trip = again(watch, denied=True, guard_ma=low_ma)
    assert watch.cause is Cause.MAKE_AND_BREAK
    assert trip is not None
    assert f"{low_ma:.2f} mA measured" in trip.evidence
    assert "break number 2 within 60 s" in trip.evidence


@pytest.mark.parametrize(
    ("last", "wrong"),
    [
        (FIVE, {"guard_ma": 4.25 + E}),
        (drive(2.0 - E), {"guard_ma": 1.5}),
        (FIVE, {"guard_ma": 4.0, "voltage_v": 58.0}),
    ],
    ids=["no break", "not felt", "near compliance"],
)
def test_what_is_no_break_is_not_counted_as_one(last: Command, wrong: dict[str, Any]) -> None:
    watch = Watch(last)
    for _ in range(4):
        assert again(watch, denied=True, **wrong) is None


def test_a_break_that_outlasts_the_next_conversion_is_counted_when_the_current_is_back() -> None:
    """A break of 2 ms may meet both conversions of a tick; each closing is a full-size rise all the same."""
    watch = Watch()
    assert again(watch, guard_ma=3.0, current_ma=3.0) is None
    assert watch.see() is None
    pause(watch, 100)
    assert again(watch, guard_ma=4.0, current_ma=4.0) is None
    trip = watch.see()
    assert watch.cause is Cause.MAKE_AND_BREAK
    assert trip is not None
    assert "4.00 mA measured" in trip.evidence


@pytest.mark.parametrize(
    ("low_ma", "back", "cause"),
    [
        (4.25 - E, {"guard_ma": 4.25 - E + 0.35 + E}, Cause.MAKE_AND_BREAK),
        (4.25 - E, {"guard_ma": 4.25 - E + 0.35 - E}, None),
        (3.0, {"guard_ma": 4.25 - E}, None),
    ],
    ids=["at once", "by its noise", "still low"],
)
def test_a_break_is_over_where_the_current_is_back_at_once(
    low_ma: float, back: dict[str, float], cause: Cause | None
) -> None:
    watch = Watch()
    for _ in range(2):
        again(watch, guard_ma=low_ma, current_ma=low_ma)
        watch.see(**back)
    assert watch.cause is cause


@pytest.mark.parametrize(("last", "counted"), [(drive(2.0), 1), (drive(2.0 - E), 0)])
def test_what_comes_back_at_a_current_that_is_not_felt_is_no_break(last: Command, counted: int) -> None:
    """A hand that left had the setpoint folded back meanwhile."""
    watch = Watch(last)
    watch.guard._open_ma = 0.0
    watch.see()
    assert len(watch.guard._breaks) == counted
    assert watch.guard._open_ma is None


def test_a_current_that_stays_low_is_no_break() -> None:
    watch = Watch()
    for _ in range(10):
        again(watch, guard_ma=4.0, current_ma=4.0)
    assert watch.cause is None, "a deviation, which has its own time"


@pytest.mark.parametrize(("after_s", "cause"), [(59.9, Cause.MAKE_AND_BREAK), (60.1, None)])
def test_a_break_is_remembered_for_a_minute(after_s: float, cause: Cause | None) -> None:
    watch = Watch()
    again(watch, denied=True, guard_ma=0.0)
    for _ in range(round(after_s / 0.04) - 1):
        watch.see(after_s=0.04)
    again(watch, denied=True, after_s=0.04, guard_ma=0.0)
    assert watch.cause is cause


def test_a_return_path_that_was_not_read_is_not_doubted() -> None:
    watch = Watch()
    assert watch.guard.doubts(watch.reading(sampled="return", return_ma=None)) == ""
    assert watch.guard.doubts(watch.reading(sampled="return", return_ma=None, current_ma=None)) == ""


@pytest.mark.parametrize(("last", "cause"), [(drive(2.0), Cause.MAKE_AND_BREAK), (drive(2.0 - E), None)])
def test_what_falls_short_for_a_moment_counts_from_where_it_is_felt(
    last: Command, cause: Cause | None
) -> None:
    watch = Watch(last)
    for _ in range(4):
        again(watch, denied=True, sampled="return", return_ma=1.0)
    assert watch.cause is cause
    if watch.guard.trip is not None:
        assert watch.guard.trip.evidence.startswith(
            "less returned than left at a setpoint of 2.00 mA, 4 times"
        )
