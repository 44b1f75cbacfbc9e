"""What the guard confirms is cut before anything else is asked, so `check` must trip on it."""

from __future__ import annotations

from typing import Any

import pytest
from guard_watch import FIVE, LIMITS, Watch, drive
from hypothesis import given
from hypothesis import strategies as st

from controller.core.types import Cause, Command, Failure, Off

pytestmark = pytest.mark.core

LATE = Failure(Cause.ADC_SILENT, "made for the test")


@pytest.mark.parametrize(
    ("last", "changes", "confirms"),
    [
        (FIVE, {"guard_ma": 6.01}, True),
        (FIVE, {"guard_ma": 5.99}, False),
        (FIVE, {"guard_ma": 4.0}, False),
        (FIVE, {"guard_ma": None}, False),
        (FIVE, {"failure": LATE}, True),
        (Off(), {"guard_ma": 9.0}, False),
        (drive(0.0), {"guard_ma": 0.51}, True),
        (drive(15.0), {"guard_ma": LIMITS.over_current_ma + 0.01}, True),
    ],
)
def test_what_is_confirmed(last: Command, changes: dict[str, Any], confirms: bool) -> None:
    watch = Watch(last)
    assert watch.guard.confirms(watch.reading(confirmed=True, **changes)) is confirms


@given(
    setpoint_ma=st.floats(0.0, 15.0),
    guard_ma=st.floats(0.0, 40.0),
    code=st.sampled_from([0, 1, 3000, 32767]),
    current_ma=st.none() | st.floats(0.0, 40.0),
    voltage_v=st.none() | st.floats(0.0, 70.0),
    sampled=st.sampled_from(["", "current", "voltage", "supply", "return"]),
    after_s=st.sampled_from([0.005, 0.01, 0.2]),
)
def test_what_is_confirmed_trips_in_the_same_tick(setpoint_ma: float, after_s: float, **reading: Any) -> None:
    reading["guard_code"] = reading.pop("code")
    watch = Watch(drive(setpoint_ma))
    confirmed = watch.guard.confirms(watch.reading(confirmed=True, **reading))
    trip = watch.see(confirmed=True, after_s=after_s, **reading)
    assert trip is not None or not confirmed


def test_what_is_confirmed_is_not_remembered_as_denied() -> None:
    watch = Watch()
    watch.guard.doubts(watch.reading(guard_ma=9.0))
    before = watch.guard._high_ma
    watch.guard.confirms(watch.reading(confirmed=True))
    assert watch.guard._high_ma == before == 9.0


WRONG_WORDS = {
    "dac_doubted": (
        Cause.DAC_RESET,
        "the DAC held a wrong code 3 times within 60 s, though it was put right each time",
    ),
    "adc_doubted": (
        Cause.ADC_RESET,
        "the control converter held wrong settings 3 times within 60 s, though they were put right each time",
    ),
}


@pytest.mark.parametrize(("last_after", "trips"), [(5_999, True), (6_001, False)])
@pytest.mark.parametrize("which", WRONG_WORDS)
def test_three_wrong_words_count_within_a_minute(which: str, last_after: int, trips: bool) -> None:
    watch = Watch()
    watch.guard.limits = watch.guard.limits._replace(total_s=1000.0, dose_ma_min=1000.0)
    for tick in range(last_after + 1):
        watch.see(**{which: tick in (0, last_after - 1, last_after)})
    cause, evidence = WRONG_WORDS[which]
    assert watch.cause is (cause if trips else None)
    if watch.guard.trip is not None:
        assert watch.guard.trip.evidence == evidence


def test_wrong_words_of_two_chips_are_counted_apart() -> None:
    watch = Watch()
    for tick in range(4):
        watch.see(dac_doubted=tick % 2 == 0, adc_doubted=tick % 2 == 1)
    assert watch.cause is None


def test_spikes_and_wrong_codes_are_counted_apart() -> None:
    watch = Watch()
    for _ in range(2):
        watch.guard.doubts(watch.reading(guard_ma=9.0))
        watch.see(confirmed=True, dac_doubted=True)
    assert watch.cause is None


def test_a_failure_is_named_before_wrong_codes() -> None:
    watch = Watch()
    for _ in range(2):
        watch.see(dac_doubted=True)
    watch.see(dac_doubted=True, failure=LATE)
    assert watch.cause is Cause.ADC_SILENT
