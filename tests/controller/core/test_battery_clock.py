"""The judge of the computer's clock: no false alarm by construction, every clock 5 % off found in time."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import pytest
from guard_watch import LIMITS, Watch
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core import limits as lim
from controller.core.battery_clock import ClockJudge
from controller.core.guard import Guard
from controller.core.types import Buttons, Cause, ClockLook, Measurement, Off

pytestmark = pytest.mark.core

WITHIN_S = 45.0
"""A clock that is 5 % off or more ends the session within so much true time."""


class Clocks:
    """A computer's clock of any rate and a chip beside it; a thread that reads every 2.3 s, more or less.

    Times here are true; `rate` is how many seconds the computer counts in a true one.
    """

    def __init__(
        self,
        noise: Any,
        *,
        rate: float = 1.0,
        late_s: float = 0.02,
        took_s: float = 0.01,
        crystal: float = 0.0,
    ) -> None:
        self.noise, self.rate, self.late_s, self.took_s = noise, rate, late_s, took_s
        self.chip_rate, self.chip_ahead_s = 1.0 + crystal, noise.uniform(0.0, 1000.0)
        self.judge = ClockJudge()
        self.true_s = noise.uniform(0.0, 3.0)
        self.stopped_at_s = math.inf
        self.begun_s = self.true_s

    def machine_s(self) -> float:
        return 7.0 + self.rate * self.true_s

    def chip_s(self) -> int:
        return int(self.chip_ahead_s + self.chip_rate * min(self.true_s, self.stopped_at_s))

    def look(self) -> str:
        """One look, and the wait before the next."""
        took_s = self.noise.uniform(0.0, self.took_s)
        before_s = self.machine_s()
        self.true_s += took_s * (share := self.noise.random())
        chip_s = self.chip_s()
        self.true_s += took_s * (1 - share)
        found = self.judge.see(self.machine_s(), ClockLook(before_s, self.machine_s(), chip_s))
        self.true_s += (lim.CLOCK_LOOK_S + self.noise.uniform(0.0, self.late_s)) / self.rate
        return found

    def run(self, until_s: float) -> str:
        """Look until something is wrong or `until_s` true seconds have passed."""
        while self.true_s - self.begun_s < until_s:
            if found := self.look():
                return found
        return ""


noises = st.integers(0, 2**32).map(Random)


@settings(max_examples=60)
@given(
    noises,
    st.floats(-0.004, 0.004),
    st.sampled_from([0.0, 0.02, 0.5, 20.0]),
    st.sampled_from([0.0, 0.001, 0.2, 3.0]),
)
def test_two_hours_of_sound_clocks_raise_no_alarm_however_late_the_looks_come(
    noise: Any, off: float, late_s: float, took_s: float
) -> None:
    """0.4 % apart is forty times what crystals are; looks come up to 20 s late and take up to 3 s."""
    clocks = Clocks(noise, rate=1.0 + off, late_s=late_s, took_s=took_s)
    assert clocks.run(7200.0) == ""
    assert clocks.judge.jumps == 0


@settings(max_examples=400)
@given(noises, st.floats(0.05, 8.0), st.booleans(), st.floats(-0.0001, 0.0001))
def test_every_clock_that_is_5_percent_off_is_found_within_45_s(
    noise: Any, off: float, slow: bool, crystal: float
) -> None:
    rate = 1 / (1 + off) if slow else 1 + off
    clocks = Clocks(noise, rate=rate, crystal=crystal)
    found = clocks.run(WITHIN_S)
    assert f"the computer's clock runs {'slow' if slow else 'fast'}" in found or (
        not slow and "stands still" in found  # ten times too fast it looks like that
    )


@pytest.mark.parametrize("rate", [0.25, 0.5, 0.9, 0.95, 1 / 1.06, 1.05, 1.06, 1.5, 4.0])
def test_a_clock_that_begins_to_run_wrong_is_found_as_soon(rate: float) -> None:
    for seed in range(40):
        clocks = Clocks(Random(seed))
        assert clocks.run(300.0) == ""
        begins_s = clocks.true_s
        ahead_s = clocks.machine_s()
        clocks.rate = rate
        clocks.machine_s = lambda c=clocks, b=begins_s, a=ahead_s, r=rate: a + r * (c.true_s - b)  # type: ignore[method-assign]
        while not clocks.look():
            assert clocks.true_s - begins_s < WITHIN_S


@settings(max_examples=100)
@given(noises, st.floats(-1e6, 1e6), st.floats(60.0, 600.0))
def test_a_chip_that_is_set_once_is_no_wrong_clock_and_is_counted(
    noise: Any, by_s: float, at_s: float
) -> None:
    clocks = Clocks(noise)
    assert clocks.run(at_s) == ""
    clocks.chip_ahead_s += by_s
    assert clocks.run(at_s + 1800.0) == ""
    assert clocks.judge.jumps == (1 if abs(by_s) >= 2.0 else clocks.judge.jumps)
    assert clocks.judge.jumps <= 1


@settings(max_examples=50)
@given(noises, st.floats(-3.0, 3.0))
def test_a_kernel_that_sets_its_chip_every_11_minutes_is_ridden(noise: Any, by_s: float) -> None:
    """Linux writes the system's time into the chip so often while a time server is heard (RTC_SYSTOHC)."""
    clocks = Clocks(noise)
    for turn in range(1, 12):
        assert clocks.run(660.0 * turn) == ""
        clocks.chip_ahead_s += by_s


def test_a_chip_that_stands_still_is_named_within_15_s() -> None:
    for seed in range(40):
        clocks = Clocks(Random(seed))
        assert clocks.run(100.0) == ""
        clocks.stopped_at_s = clocks.true_s
        found = ""
        while not found:
            found = clocks.look()
            assert clocks.true_s - clocks.stopped_at_s < 15.0
        assert found.startswith("the battery clock stands still")


def test_a_chip_that_stands_still_from_the_start_is_named_before_anybody_is_treated() -> None:
    clocks = Clocks(Random(1))
    clocks.stopped_at_s = 0.0
    assert clocks.run(15.0).startswith("the battery clock stands still: it has shown the same second for 1")


def test_a_chip_that_can_not_be_read_for_half_a_minute_is_none() -> None:
    judge = ClockJudge()
    assert judge.see(100.0, None) == ""
    assert judge.see(100.0 + lim.CLOCK_SILENT_S, ClockLook(1.0, 1.0, None)) == ""
    assert judge.see(100.1 + lim.CLOCK_SILENT_S, None) == "the battery clock told no time for 30 s"


def test_a_few_looks_that_fail_are_ridden() -> None:
    clocks = Clocks(Random(3))
    for turn in range(100):
        assert clocks.run(20.0 * turn) == ""
        assert clocks.judge.see(clocks.machine_s(), ClockLook(0.0, 0.0, None)) == ""
        clocks.true_s += 5.0
    assert clocks.judge.jumps == 0


def test_a_chip_that_goes_backward_once_is_one_that_was_set() -> None:
    clocks = Clocks(Random(5))
    assert clocks.run(100.0) == ""
    clocks.chip_ahead_s -= 7200.0
    assert clocks.run(200.0) == ""
    assert clocks.judge.jumps == 1


def test_a_chip_that_is_set_twice_within_a_minute_vouches_for_nothing() -> None:
    clocks = Clocks(Random(5))
    assert clocks.run(100.0) == ""
    clocks.chip_ahead_s += 3600.0
    assert clocks.run(115.0) == ""
    clocks.chip_ahead_s += 3600.0
    assert "the battery clock went on by" in clocks.run(130.0)


def test_clocks_a_little_apart_are_left_alone() -> None:
    """Two percent apart they part, and no more: what is asked for is 5 %."""
    clocks = Clocks(Random(7), rate=1.02)
    assert clocks.run(3600.0) == ""
    assert clocks.judge.jumps > 10


def reading(now_s: float, look: ClockLook | None = None) -> Measurement:
    return Measurement(now_s, 0.0, 1, 0.0, 0.0, 64.0, 0.0, "", None, Buttons(), clock=look)


def trip_of(guard: Guard, rate: float) -> Cause | None:
    for k in range(20):
        look = ClockLook(2.3 * k, 2.3 * k, int(2.3 * k * rate))
        if trip := guard.check(2.3 * k, reading(2.3 * k, look), Off()):
            return trip.cause
    return None


def test_the_guard_ends_the_session_by_a_cause_of_its_own_where_the_unit_has_such_a_clock() -> None:
    for battery_clock, rate, cause in (
        (True, 1.0, None),
        (True, 4.0, Cause.CLOCK_WRONG),
        (True, 0.25, Cause.CLOCK_WRONG),
        (False, 4.0, None),
    ):
        guard = Guard(LIMITS, tick_s=0.005, operate_s=0.02, battery_clock=battery_clock)
        assert trip_of(guard, rate) == cause


def test_a_chip_that_was_set_is_told_at_the_end_of_a_session_that_it_did_not_end() -> None:
    watch = Watch()
    assert watch.guard.clock_notice == "", "a unit without a chip"
    watch.guard.clock = ClockJudge()
    assert watch.guard.clock_notice == ""
    watch.guard.clock.jumps = 1
    assert "The battery clock jumped while the session ran" in watch.guard.clock_notice
    watch.see(guard_ma=40.0, confirmed=True)
    watch.see(guard_ma=40.0, confirmed=True)
    assert watch.guard.trip is not None
    assert watch.guard.clock_notice == ""
