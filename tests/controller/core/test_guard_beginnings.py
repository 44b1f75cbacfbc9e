"""What the guard knows before it has seen anything, and the first ticks after the output was connected."""

from __future__ import annotations

from typing import Any

import pytest
from guard_watch import limits_of

from controller.core.guard import Guard
from controller.core.types import Buttons, Cause, Command, Drive, Measurement, Off

pytestmark = pytest.mark.core

LIMITS = limits_of(5.0)
TICK_S = 1 / 128
"""A power of two, so that sums of ticks are exact."""


class Fresh:
    """A guard that begins at zero; each `see` is one tick."""

    def __init__(self) -> None:
        self.guard = Guard(LIMITS, tick_s=TICK_S, operate_s=2 * TICK_S)
        self.ticks = 0

    def see(self, command: Command, **changes: Any) -> Cause | None:
        self.ticks += 1
        now_s = self.ticks * TICK_S
        m = Measurement(
            now_s, 0.1, 15 + self.ticks % 2, 0.1, 0.2, 64.0, 0.1, "", 30 + self.ticks % 2, Buttons()
        )
        trip = self.guard.check(now_s, m._replace(**changes), command)
        return trip.cause if trip else None


def test_the_guard_is_blind_for_the_relays_time_and_two_ticks() -> None:
    fresh = Fresh()
    fresh.see(Off())
    driven = Drive("forward", 0.1, 16)
    fresh.see(driven)
    causes = [fresh.see(driven, guard_ma=0.0, voltage_v=59.0) for _ in range(5)]
    assert causes == [None] * 4 + [Cause.OPEN_CIRCUIT]


def test_a_guard_that_never_saw_anything_counts_from_the_beginning() -> None:
    fresh = Fresh()
    causes = [fresh.see(Drive("forward", 0.05, 8), guard_ma=None, guard_code=None) for _ in range(4)]
    assert causes == [None] * 3 + [Cause.ADC_STALE], "31 ms after zero"


def test_the_supply_is_judged_before_anything_was_driven() -> None:
    fresh = Fresh()
    causes = [fresh.see(Off(), guard_ma=0.0, sampled="supply", supply_v=50.0, confirmed=True) for _ in "12"]
    assert causes == [None, Cause.SUPPLY]


def test_a_spike_that_was_denied_is_not_counted_with_what_reads_too_low() -> None:
    fresh = Fresh()
    fresh.guard._proven = True
    some = Drive("forward", 0.6, 98)
    fresh.guard._last = some
    for _ in range(8):
        fresh.see(some, guard_ma=0.6, current_ma=0.6, voltage_v=0.9)
    for changes in ({"guard_ma": 3.0}, {"guard_ma": 0.0}, {"guard_ma": 0.0}, {"guard_ma": 0.0}):
        first = Measurement(0.0, 0.6, 15, 0.6, 0.9, 64.0, 0.6, "", 30, Buttons())._replace(**changes)
        assert fresh.guard.doubts(first)
        assert fresh.see(some, confirmed=True, guard_ma=0.6) is None, (
            "each denied; only the first was a spike"
        )


@pytest.mark.parametrize(("setpoint_ma", "doubt"), [(0.501, "low"), (0.499, "")])
def test_a_lost_current_that_hum_could_not_take_away_is_doubted_at_once(
    setpoint_ma: float, doubt: str
) -> None:
    fresh = Fresh()
    fresh.guard._proven, fresh.guard._last = True, Drive("forward", setpoint_ma, 82)
    for _ in range(8):
        fresh.see(Drive("forward", setpoint_ma, 82), guard_ma=0.5, current_ma=0.5)
    nothing = Measurement(0.0, 0.0, 15, 0.0, 0.2, 64.0, 0.0, "", 30, Buttons())
    assert fresh.guard.doubts(nothing) == doubt
