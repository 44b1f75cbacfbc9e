"""Moments in which the current is away add up; hum, a converter's error and what has another reason don't."""

from __future__ import annotations

from math import pi, sin
from typing import Any

import pytest
from guard_watch import FIVE, E, Watch, again, drive, pause

from controller.core.blips import Blips
from controller.core.types import Cause, Command, Drive

pytestmark = pytest.mark.core

LESS, MORE = 4.55, 5.45
APART = 7
"""Ticks of 10 ms between two moments that are two."""


def by_guard(read_ma: float) -> dict[str, Any]:
    return {"guard_ma": read_ma}


def by_control(read_ma: float) -> dict[str, Any]:
    return {"sampled": "current", "current_ma": read_ma}


def by_voltage(read_v: float) -> dict[str, Any]:
    return {"sampled": "voltage", "voltage_v": read_v}


def moment(watch: Watch, ticks: int = APART, **away: Any) -> None:
    """One reading of a converter that is away, and then some that are not, by both."""
    watch.see(**away)
    for tick in range(ticks - 1):
        watch.see(sampled="current" if tick % 2 else "voltage")


@pytest.mark.parametrize(
    ("moments", "cause"),
    [
        ([by_guard(LESS)] * 3, Cause.MAKE_AND_BREAK),
        ([by_control(LESS)] * 3, Cause.MAKE_AND_BREAK),
        ([by_guard(LESS), by_control(LESS), by_guard(LESS)], Cause.MAKE_AND_BREAK),
        ([by_guard(LESS), by_control(LESS), by_voltage(6.4)], Cause.MAKE_AND_BREAK),
        ([by_voltage(6.4), by_voltage(6.4), by_guard(LESS)], Cause.MAKE_AND_BREAK),
        ([by_control(LESS), by_voltage(6.4), by_voltage(6.4)], Cause.MAKE_AND_BREAK),
        ([by_voltage(8.6), by_guard(MORE), by_voltage(8.6)], Cause.CURRENT_SPIKE),
        ([by_guard(MORE)] * 3, Cause.CURRENT_SPIKE),
        ([by_control(MORE)] * 3, Cause.CURRENT_SPIKE),
        ([by_guard(MORE), by_guard(MORE), by_control(LESS)], Cause.MAKE_AND_BREAK),
        ([by_guard(LESS), by_guard(LESS), by_control(MORE)], Cause.CURRENT_SPIKE),
    ],
)
def test_the_third_moment_ends_it_whichever_converter_saw_it(
    moments: list[dict[str, Any]], cause: Cause
) -> None:
    watch = Watch()
    watch.see(sampled="voltage")
    for away in moments[:2]:
        moment(watch, **away)
    pause(watch, 20)
    assert watch.cause is None
    moment(watch, **moments[2])
    assert watch.cause is cause


@pytest.mark.parametrize("by", [by_guard, by_control])
@pytest.mark.parametrize(("read_ma", "counted"), [(4.6 - E, 1), (4.6 + E, 0), (5.4 + E, 1), (5.4 - E, 0)])
def test_a_moment_is_away_by_more_than_hum_can_be(by: Any, read_ma: float, counted: int) -> None:
    watch = Watch()
    moment(watch, **by(read_ma))
    assert len(watch.guard._blips._seen_s) == counted


def test_it_is_told_how_much_was_missing_and_how_much_there_was_too_much() -> None:
    for read_ma, told in ((4.3, "0.70 mA less"), (5.6, "0.60 mA more")):
        watch = Watch()
        for _ in range(3):
            moment(watch, ticks=60, **by_guard(read_ma))
        assert watch.guard.trip is not None
        assert watch.guard.trip.evidence == (
            f"{told} than usual flowed for a moment at a setpoint of 5.00 mA, again and again within 2 s"
        )


@pytest.mark.parametrize(
    ("read_v", "counted"),
    [(6.5 - E, 1), (6.5 + E, 0), (8.5 + E, 1), (8.5 - E, 0), (1.75 + E, 2), (1.75 - E, 0)],
)
def test_a_moment_of_the_voltage_is_more_than_hum_and_no_short(read_v: float, counted: int) -> None:
    watch = Watch()
    moment(watch)
    moment(watch, **by_voltage(read_v))
    assert len(watch.guard._blips._seen_s) == counted


def test_a_voltage_that_steps_or_drifts_is_no_moment() -> None:
    watch = Watch()
    for read_v in (7.5, 7.5, 9.0, 9.0, 9.0, 7.0, 7.0, 8.0, 9.0, 8.0, 7.0):
        watch.see(**by_voltage(read_v))
    assert not watch.guard._blips._seen_s


@pytest.mark.parametrize(
    ("read_v", "read_ma", "told"), [(6.375 + E, LESS, "0.75 mA less"), (10.0, MORE, "1.25 mA more")]
)
def test_a_moment_is_told_as_the_share_of_the_current_that_the_voltage_lacks(
    read_v: float, read_ma: float, told: str
) -> None:
    watch = Watch()
    moment(watch, **by_guard(read_ma))
    for _ in range(2):
        moment(watch, ticks=30, **by_voltage(read_v))
    assert watch.guard.trip is not None
    assert watch.guard.trip.evidence.startswith(f"{told} than usual flowed")


@pytest.mark.parametrize(("ago", "cause"), [(None, None), (170, Cause.MAKE_AND_BREAK), (210, None)])
def test_moments_of_the_voltage_alone_end_nothing(ago: int | None, cause: Cause | None) -> None:
    """Electrodes that touch for moments take voltage, and no current; they have a name of their own."""
    watch = Watch()
    moment(watch)
    if ago is not None:
        moment(watch, ticks=ago, **by_guard(LESS))
    for _ in range(9 if ago is None else 2):
        moment(watch, **by_voltage(6.4))
    assert watch.cause is cause


def test_what_both_saw_is_one_and_is_one_of_the_current() -> None:
    watch = Watch()
    moment(watch)
    for _ in range(2):
        moment(watch, **by_voltage(6.4))
    watch.see(**by_voltage(6.4))
    watch.see(sampled="voltage", guard_ma=LESS)
    watch.see(sampled="voltage")
    assert watch.cause is None
    pause(watch, APART)
    moment(watch, **by_voltage(6.4))
    assert watch.cause is Cause.MAKE_AND_BREAK


@pytest.mark.parametrize("by", [by_guard, by_control])
@pytest.mark.parametrize("steps", [[5.5] * 10, [5.3, 5.6, 5.3, *[5.0] * 9], [4.7, 4.4, 4.7, *[5.0] * 9]])
def test_what_stays_away_or_comes_back_slowly_is_no_moment(by: Any, steps: list[float]) -> None:
    watch = Watch()
    for read_ma in 4 * steps:
        watch.see(**by(read_ma))
    assert watch.cause is None
    assert not watch.guard._blips._seen_s


@pytest.mark.parametrize(("third_s", "cause"), [(12.0, Cause.MAKE_AND_BREAK), (12.0 + E, None)])
def test_a_moment_is_remembered_for_two_seconds(third_s: float, cause: Cause | None) -> None:
    blips = Blips()
    found = None
    for at_s in (10.0, 11.0, third_s):
        assert found is None
        assert blips.judge(at_s - 0.01, 5.0, 0.0, (LESS,), None, None) is None
        found = blips.judge(at_s, 5.0, 0.0, (5.0,), None, None)
    assert (found and found[0]) is cause


@pytest.mark.parametrize(("ticks", "cause"), [(2, None), (3, Cause.MAKE_AND_BREAK)])
def test_moments_within_fifty_milliseconds_are_one(ticks: int, cause: Cause | None) -> None:
    """One break is seen by both converters, which look one after the other, and is one all the same."""
    watch = Watch()
    for _ in range(5):
        moment(watch, ticks, **by_guard(4.4))
    assert watch.cause is cause


@pytest.mark.parametrize(("read_ma", "cause"), [(4.25 - E, Cause.MAKE_AND_BREAK), (4.25 + E, None)])
def test_a_moment_as_deep_as_a_break_counts_for_two(read_ma: float, cause: Cause | None) -> None:
    watch = Watch()
    moment(watch, **by_control(read_ma))
    assert watch.cause is None, "one break is none"
    pause(watch, 60)
    moment(watch, **by_control(read_ma))
    assert watch.cause is cause


def test_one_break_that_everybody_sees_is_none() -> None:
    watch = Watch()
    assert again(watch, denied=True, guard_ma=0.0, current_ma=0.0, sampled="current") is None
    watch.see(sampled="current", current_ma=0.0)
    for _ in range(300):
        assert watch.see(sampled="current") is None


@pytest.mark.parametrize("denied", [{"guard_ma": 0.0}, {"guard_ma": 9.0}])
def test_what_the_next_conversion_denies_is_a_moment_too(denied: dict[str, float]) -> None:
    """What it lacked was much; the usual is moved so little by it that a small one is seen after it."""
    watch = Watch()
    assert again(watch, denied=True, **denied) is None
    pause(watch, APART)
    if denied["guard_ma"] > 5.0:
        moment(watch, **by_guard(4.5))
    assert watch.cause is None
    moment(watch, **by_guard(4.5))
    assert watch.cause is Cause.MAKE_AND_BREAK


def test_what_was_not_measured_again_was_not_denied() -> None:
    watch = Watch()
    watch.guard._low_ma = 4.0
    for _ in range(30):
        assert watch.see() is None


@pytest.mark.parametrize(
    ("set_ma", "away_ma", "cause"),
    [
        (2.0 - E, -0.5, None),
        (2.0, -0.5, Cause.MAKE_AND_BREAK),
        (0.35, 0.5, Cause.CURRENT_SPIKE),
        (2.0, 0.5, Cause.CURRENT_SPIKE),
    ],
)
def test_what_is_missing_counts_from_where_it_is_felt_and_what_is_too_much_always(
    set_ma: float, away_ma: float, cause: Cause | None
) -> None:
    """Of a pulse of 2.3 mA a conversion meets a part; it is felt wherever it begins."""
    watch = Watch(drive(set_ma))
    for _ in range(4):
        moment(watch, **by_guard(set_ma + away_ma))
    assert watch.cause is cause


@pytest.mark.parametrize(("volt", "cause"), [(58.0, None), (58.0 - E, Cause.MAKE_AND_BREAK)])
def test_where_the_voltage_ends_nothing_is_counted(volt: float, cause: Cause | None) -> None:
    watch = Watch()
    for _ in range(4):
        watch.see(guard_ma=4.3, voltage_v=volt)
        for _ in range(APART):
            watch.see(voltage_v=volt)
    assert watch.cause is cause


@pytest.mark.parametrize(("ticks", "counted"), [(5, 0), (6, 1)])
@pytest.mark.parametrize(
    "reason", [{"voltage_v": 58.0}, {"dac_doubted": True}, {"adc_doubted": True}, {"moved": True}]
)
def test_nor_is_it_for_fifty_milliseconds_after(reason: dict[str, Any], ticks: int, counted: int) -> None:
    watch = Watch()
    command: Command = FIVE
    if reason.pop("moved", False):
        command = drive(4.9)
    watch.see(command, **reason)
    pause(watch, ticks - 2)
    set_ma = command.setpoint_ma if isinstance(command, Drive) else 0.0
    watch.see(guard_ma=set_ma - 0.5)
    watch.see()
    assert len(watch.guard._blips._seen_s) == counted


def test_nothing_is_told_of_the_current_that_looks_for_contact() -> None:
    watch = Watch(drive(0.3, sensing=True))
    watch.see(guard_ma=0.0)
    assert watch.guard._blips._by_guard._last_ma == 0.0


def test_a_control_converter_that_may_be_frozen_is_no_witness() -> None:
    watch = Watch()
    for _ in range(4):
        watch.see(sampled="voltage", sampled_code=2000)
        watch.see(sampled="current", sampled_code=2000, current_ma=4.0)
        watch.see(sampled="voltage", sampled_code=2000, voltage_v=5.0)
        watch.see(sampled="current", sampled_code=2001)
        watch.see(sampled="voltage", sampled_code=2002)
        pause(watch, APART)
    assert watch.cause is None


def test_a_unit_with_one_converter_has_one_witness() -> None:
    watch = Watch()
    for _ in range(2):
        watch.see(guard_ma=4.5, guard_code=None, **by_control(4.5))
        assert watch.guard._blips._by_guard._last_ma == 0.5
        assert watch.guard._blips._by_control._last_ma == 0.0
        for _ in range(APART):
            watch.see(guard_code=None, **by_control(5.0))
    assert len(watch.guard._blips._seen_s) == 2


@pytest.mark.parametrize(("grown_ma", "cause"), [(0.6, Cause.MAKE_AND_BREAK), (-0.6, Cause.CURRENT_SPIKE)])
def test_a_converters_own_error_is_no_moment_and_hides_none(grown_ma: float, cause: Cause) -> None:
    """It grows with the current, as that does with the ramp."""
    watch = Watch()
    for tick in range(100):
        watch.see(guard_ma=5.0 + grown_ma * tick / 100)
    for _ in range(3):
        assert watch.cause is None
        for _ in range(60):
            watch.see(guard_ma=5.0 + grown_ma)
        watch.see(guard_ma=5.0 + 0.2 * grown_ma)
        watch.see(guard_ma=5.0 + grown_ma)
    assert watch.cause is cause


def test_what_is_there_for_most_of_the_time_does_not_become_the_usual() -> None:
    """Else its absence would be a moment in which more flows."""
    blips = Blips()
    found = []
    for tick in range(120):
        read_ma = 4.4 if tick % 40 < 30 else 5.0
        found.append(blips.judge(10.0 + 0.01 * tick, 5.0, 0.0, (read_ma,), None, None))
    assert [tick for tick, one in enumerate(found) if one] == [110]
    assert found[110] is not None
    assert found[110][0] is Cause.MAKE_AND_BREAK


def test_what_stays_is_the_usual_after_a_while() -> None:
    blips = Blips()
    for tick in range(700):
        assert blips.judge(10.0 + 0.01 * tick, 5.0, 0.0, (4.0,), None, None) is None
    assert abs(blips._by_guard._usual_ma - 1.0) < 0.01


@pytest.mark.parametrize("every_s", [0.005, 0.01, 0.02, 0.04, 0.08])
def test_hum_of_three_tenths_of_a_milliampere_is_no_moment(every_s: float) -> None:
    """Whatever its frequency, the rate, and how often a converter has the current's turn."""
    for step in range(81):
        hz = 45.0 + 0.25 * step
        blips = Blips()
        for look in range(400):
            hums_ma = 0.3 * sin(2 * pi * hz * look * every_s + step)
            assert (
                blips.judge(10.0 + look * every_s, 5.0, 0.0, (5.0 + hums_ma,), None, 15.0 + 1.5 * hums_ma)
                is None
            )
        assert not blips._seen_s
