"""The guard's corners to the figure: what is counted, what is named, and what begins again."""

from __future__ import annotations

from typing import Any

import pytest
from guard_watch import FIVE, LIMITS, E, Watch, drive

from controller.core import limits as lim
from controller.core.guard import Guard
from controller.core.types import Cause, Command, Drive, Off

pytestmark = pytest.mark.core


def seen(watch: Watch, times: int, **changes: Any) -> Cause | None:
    """The cause, if any, after so many ticks with this reading."""
    for _ in range(times):
        watch.see(**changes)
    return watch.cause


# --- the proof of the trip ---------------------------------------------------------------------------------


def unproven() -> Watch:
    watch = Watch(Off())
    watch.guard._proven = False
    watch.see(drive(0.1, sensing=True))
    watch.see(drive(0.2, sensing=True))
    return watch


def test_only_sensing_proves_the_guards_trip() -> None:
    watch = unproven()
    watch.see(drive(0.3), guard_ma=0.19)
    for _ in range(3):
        assert watch.see(drive(0.3)) is None
    trip = watch.see(drive(0.36))
    assert trip is not None
    assert trip.cause is Cause.GUARD_BLIND


def test_sensing_above_a_fifth_of_a_milliampere_proves_it() -> None:
    watch = unproven()
    watch.see(drive(0.3, sensing=True))
    watch.see(drive(0.3, sensing=True), guard_ma=0.21)
    assert watch.see(drive(0.36)) is None


def test_a_trip_that_does_not_come_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = unproven()
    monkeypatch.setattr(Guard, "_too_much", lambda *_: None)
    watch.see(drive(0.3, sensing=True))
    watch.see(drive(0.3, sensing=True))
    trip = watch.see(drive(0.36))
    assert trip is not None
    assert trip.cause is Cause.GUARD_BLIND


# --- codes that repeat themselves --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "code", "cause"),
    [
        (4, 7, Cause.ADC_FROZEN),  # seen four times: three repeats
        (3, 7, Cause.CURRENT_SPIKE),
        (9, 8, Cause.CURRENT_SPIKE),  # a true spike is a new code
    ],
)
def test_a_spike_with_a_code_that_was_repeated_is_a_frozen_converter(
    before: int, code: int, cause: Cause
) -> None:
    watch = Watch()
    assert seen(watch, before, guard_code=7) is None
    assert seen(watch, 1, guard_code=code, guard_ma=9.0, confirmed=True) is cause


@pytest.mark.parametrize(("same", "cause"), [(4, Cause.ADC_FROZEN), (3, Cause.ADC_DISAGREE)])
def test_a_deviation_that_the_other_denies_with_three_repeats_is_a_frozen_converter(
    same: int, cause: Cause
) -> None:
    watch = Watch()
    wrong = {"guard_ma": 4.0, "current_ma": 5.0}
    for tick in range(40):
        if watch.see(**wrong, guard_code=3000 + tick if tick <= 21 - same else 1):
            break
    assert watch.ticks == 22
    assert watch.cause is cause


# --- spikes that were denied -------------------------------------------------------------------------------


@pytest.mark.parametrize(("last_after", "cause"), [(5_999, Cause.CURRENT_SPIKE), (6_001, None)])
def test_three_denied_spikes_count_within_a_minute(last_after: int, cause: Cause | None) -> None:
    watch = Watch()
    watch.guard.limits = watch.guard.limits._replace(total_s=1000.0, dose_ma_min=1000.0)
    for tick in range(last_after + 1):
        if tick in (0, last_after - 1, last_after):
            assert watch.guard.doubts(watch.reading(guard_ma=9.0)) == "high"
            watch.see(confirmed=True)
        else:
            assert watch.guard.doubts(watch.reading()) == ""
            watch.see()
    assert watch.cause is cause


# --- bounds that are met exactly ---------------------------------------------------------------------------


def test_a_converter_at_full_scale_is_named_up_to_the_limit_of_the_other() -> None:
    full = {"guard_ma": 30.0, "guard_code": 32767, "confirmed": True}
    assert seen(Watch(), 1, **full, current_ma=LIMITS.over_current_ma) is Cause.ADC_SATURATED
    assert seen(Watch(), 1, **full, current_ma=LIMITS.over_current_ma + 0.01) is Cause.OVER_CURRENT


@pytest.mark.parametrize(
    ("setpoint_ma", "reading", "readings", "cause"),
    [
        (0.05, {"voltage_v": 20.0}, 16, Cause.OPEN_CIRCUIT),
        (0.05, {"voltage_v": 20.0}, 15, None),
        (0.0499, {"voltage_v": 20.0}, 30, None),
        (0.1, {"voltage_v": 0.0, "confirmed": True}, 16, Cause.OUTPUT_LOST),
        (0.1, {"voltage_v": 0.0, "confirmed": True}, 15, None),
        (0.0999, {"voltage_v": 0.0, "confirmed": True}, 30, None),
        (0.5 + E, {"voltage_v": 20.0}, 1, Cause.OPEN_CIRCUIT),
        (0.5 + E, {"voltage_v": 0.0, "confirmed": True}, 1, Cause.OUTPUT_LOST),
        (0.5 - E, {"voltage_v": 20.0}, 1, None),
    ],
)
def test_from_which_setpoint_on_a_current_is_missed(
    setpoint_ma: float, reading: dict[str, Any], readings: int, cause: Cause | None
) -> None:
    """What hum can do for a moment must last; below zero is no more lost than nothing."""
    for nothing_ma in (0.0, -0.3):
        watch = Watch(drive(setpoint_ma))
        assert seen(watch, readings, guard_ma=nothing_ma, current_ma=0.0, **reading) is cause


def test_a_small_current_that_hum_takes_away_now_and_then_is_not_lost() -> None:
    watch = Watch(drive(0.3))
    for _ in range(200):
        assert seen(watch, 10, guard_ma=0.0, voltage_v=20.0, confirmed=True) is None
        assert seen(watch, 1, guard_ma=0.6, voltage_v=20.0) is None


@pytest.mark.parametrize(
    ("setpoint_ma", "sensing", "cause"),
    [(0.1, False, Cause.SHORT_CIRCUIT), (0.0999, False, None), (0.1, True, None)],
)
def test_from_which_setpoint_on_a_short_is_looked_for(
    setpoint_ma: float, sensing: bool, cause: Cause | None
) -> None:
    watch = Watch(drive(setpoint_ma, sensing=sensing))
    assert seen(watch, 20, sampled="voltage", voltage_v=0.01) is cause


@pytest.mark.parametrize(("voltage_v", "ohm"), [(1.747, "349 ohm"), (1.748, "350 ohm")])
def test_a_short_is_named_with_its_resistance(voltage_v: float, ohm: str) -> None:
    watch = Watch()
    assert seen(watch, 19, sampled="voltage", voltage_v=voltage_v) is None
    assert seen(watch, 1, sampled="voltage", voltage_v=voltage_v) is Cause.SHORT_CIRCUIT
    assert watch.guard.trip is not None
    assert f"reads {ohm}" in watch.guard.trip.evidence


@pytest.mark.parametrize("current_ma", [1.5, 2.5])
def test_a_current_that_is_off_by_the_bound_is_no_deviation(current_ma: float) -> None:
    watch = Watch(drive(2.0))
    assert seen(watch, 30, guard_ma=current_ma, current_ma=current_ma) is None


def test_converters_that_are_apart_by_the_bound_agree_on_a_deviation() -> None:
    assert seen(Watch(), 30, guard_ma=0.0, current_ma=lim.DEVIATION_MA, voltage_v=0.0) is Cause.DEVIATION


@pytest.mark.parametrize(("code", "cause"), [(1850, None), (1851, Cause.OVER_CURRENT)])
def test_a_code_of_the_bound_itself_may_be_commanded(code: int, cause: Cause | None) -> None:
    """18.5 mA, which is 15 mA, a fifth and a half: a stage of 0.01 mA a step makes it to the last bit."""
    watch = Watch(drive(15.0))
    watch.guard.limits = LIMITS._replace(full_scale_ma=40.95)
    watch.see(drive(15.0, code=code))
    assert watch.cause is cause


# --- each channel in its turn ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "reading"),
    [
        (FIVE, {"sampled": "current", "supply_v": 50.0}),
        (FIVE, {"sampled": "current", "voltage_v": 0.0}),
        (Off(), {"sampled": "return", "return_ma": -5.0}),
        (drive(0.9), {"sampled": "return"}),
    ],
)
def test_a_reading_of_another_channel_is_not_judged_again(last: Command, reading: dict[str, Any]) -> None:
    assert seen(Watch(last), 12, **reading) is None


# --- a deviation -------------------------------------------------------------------------------------------


def test_a_deviation_that_ended_is_forgotten() -> None:
    watch = Watch()
    wrong = {"guard_ma": 4.0, "current_ma": 4.0}
    assert seen(watch, 15, **wrong) is None
    assert seen(watch, 1) is None
    assert seen(watch, 15, **wrong) is None
    assert seen(watch, 7, **wrong) is Cause.DEVIATION


def moved(codes: int, ma: float) -> Cause | None:
    """A deviation during which the DAC moved by `codes` and the current by `ma`."""
    watch = Watch()
    began = FIVE._replace(code=700)
    watch.see(began)
    for tick in range(30):
        now_ma = 4.0 if tick < 2 else 4.0 + ma
        after = began._replace(code=700 + codes)
        trip = watch.see(after if tick >= 2 else began, guard_ma=now_ma, current_ma=now_ma)
        if trip is not None:
            break
    return watch.cause


@pytest.mark.parametrize(
    ("codes", "share", "cause"),
    [
        (0, 0.0, Cause.DEVIATION),
        (4, 0.0, Cause.DEVIATION),  # 0.024 mA say nothing
        (5, 0.0, Cause.DAC_STUCK),
        (100, 1.0, Cause.DEVIATION),
        (100, 0.99985, Cause.DAC_STUCK),
        (100, 1.00015, Cause.DEVIATION),
        (-100, -0.99985, Cause.DAC_STUCK),
    ],
)
def test_a_deviation_in_which_the_current_does_not_follow_is_a_stuck_dac(
    codes: int, share: float, cause: Cause
) -> None:
    assert moved(codes, share * lim.PILOT_MIN_RATIO * codes / 4095 * 25.0 + 1e-9 * (share == 1.0)) is cause


# --- time --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("setpoint_ma", "cause"), [(0.05, Cause.TIME_EXCEEDED), (0.0, None)])
def test_any_current_counts_as_time_and_none_does_not(setpoint_ma: float, cause: Cause | None) -> None:
    watch = Watch(drive(setpoint_ma))
    watch.guard.limits = LIMITS._replace(total_s=0.2)
    assert seen(watch, 30) is cause


def test_a_change_of_polarity_is_named_with_the_current_at_which_it_came() -> None:
    watch = Watch(drive(0.0))
    trip = watch.see(Drive("reverse", 0.0, 0))
    assert trip is not None
    assert "commanded to change at 0.00 mA" in trip.evidence


def test_after_a_sound_sample_the_same_number_makes_a_trip() -> None:
    watch = Watch()
    assert seen(watch, 1, sampled="supply") is None
    assert seen(watch, 1, sampled="supply", supply_v=50.0, confirmed=True) is None
    assert seen(watch, 1, sampled="supply", supply_v=50.0, confirmed=True) is Cause.SUPPLY


def test_a_voltage_without_a_setpoint_is_no_open_circuit() -> None:
    assert seen(Watch(drive(0.0)), 3, voltage_v=59.0) is None


@pytest.mark.parametrize(("gap_s", "cause"), [(0.045 - E, None), (0.045 + E, Cause.LATE_TICK)])
def test_a_heartbeat_on_either_side_of_its_bound(gap_s: float, cause: Cause | None) -> None:
    watch = Watch()
    assert watch.guard.beats(10.0) is None
    trip = watch.guard.beats(10.0 + gap_s)
    assert watch.cause is cause
    if trip is not None:
        assert (trip.detected_s, trip.evidence) == (10.0 + gap_s, "45 ms between two heartbeats, bound 45 ms")
        assert watch.guard.beats(10.2) is trip, "latched"


def test_a_tick_of_just_the_bound_is_not_late() -> None:
    watch = Watch()
    watch.guard._now_s = watch.guard._seen_s = watch.now_s = 0.0  # where the difference has no last bit
    assert watch.see(after_s=0.045) is None


@pytest.mark.parametrize("silent", [Off(), drive(0.3, sensing=True, beat=False)])
@pytest.mark.parametrize("first", [True, False])
def test_no_heartbeat_is_late_where_the_output_is_off_or_the_heart_rests(
    silent: Command, *, first: bool
) -> None:
    watch = Watch()
    for number, now_s in enumerate((10.0, 11.0)):
        watch.guard._last = silent if first is (number == 0) else FIVE
        assert watch.guard.beats(now_s) is None


def test_a_trip_stays_what_it_was_when_a_heartbeat_is_late() -> None:
    watch = Watch()
    watch.guard.beats(10.0)
    trip = watch.see(guard_ma=30.0)
    assert trip is not None
    assert watch.guard.beats(11.0) is trip


# --- what the stage keeps of its rail -----------------------------------------------------------------------


@pytest.mark.parametrize(("volt", "cause"), [(0.9 * 54.1 + E, Cause.OPEN_CIRCUIT), (0.9 * 54.1 - E, None)])
def test_an_open_circuit_stands_at_what_the_stage_reaches_at_the_setpoint(
    volt: float, cause: Cause | None
) -> None:
    """At 25 mA 63.1 V less 9 V; a command's reach counts for the measurement after it."""
    watch = Watch(drive(25.0))
    watch.guard.limits = LIMITS._replace(headroom=lim.Headroom(63.1, 0.36), highest_ma=25.0)
    watch.guard.check(watch.now_s, watch.reading(), drive(25.0))
    reading = {"current_ma": 12.4, "guard_ma": 12.4, "voltage_v": volt, "return_ma": 12.4}
    found = watch.guard._too_little(12.4, watch.reading(**reading), drive(25.0))
    assert (found and found[0]) is cause


def test_a_guard_begins_with_the_reach_of_no_current() -> None:
    guard = Guard(LIMITS._replace(headroom=lim.Headroom(50.0, 0.36)), tick_s=0.01, operate_s=0.02)
    assert guard._opens_at(45.0 + E, drive(0.01))
    assert not guard._opens_at(45.0 - E, drive(0.01))


def test_an_output_that_is_off_has_a_reach_too() -> None:
    watch = Watch(Off())
    watch.guard.limits = LIMITS._replace(headroom=lim.Headroom(50.0, 0.36))
    assert (
        watch.guard.check(watch.now_s, watch.reading(current_ma=0.0, guard_ma=0.0, return_ma=0.0), Off())
        is None
    )
