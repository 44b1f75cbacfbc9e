"""The pilot as the guard judges it: which window, which changes, and what is forgotten in between."""

from __future__ import annotations

import math
from typing import Any

import pytest
from guard_watch import FIVE, LIMITS, TICK_S, Watch, drive

from controller.core.types import Cause, Drive, Off

MA_PER_CODE = LIMITS.full_scale_ma / 4095
WINDOW = 700
"""Ticks."""


class Stage:
    """A guard, and a current stage that the code given to it moves by `share` of what it should."""

    def __init__(self, last: Drive = FIVE, share: float = 1.0) -> None:
        self.watch = Watch(last)
        self.last, self.share = last, share
        self.missed_ma = 0.0

    def tick(self, code: int, **changes: Any) -> Cause | None:
        """Command `code`, given as steps above the first one; the reading belongs to the one before."""
        applied = self.watch.last
        assert isinstance(applied, Drive)
        steps = applied.code - self.last.code
        now_ma = applied.setpoint_ma + self.share * steps * MA_PER_CODE - self.missed_ma
        command = changes.pop("command", self.last)._replace(code=self.last.code + code)
        self.watch.see(command, **{"guard_ma": now_ma, "current_ma": now_ma} | changes)
        return self.watch.cause

    def run(self, ticks: int, **changes: Any) -> int:
        """Move the code by one step every seven ticks; return in which tick it trips, 0 if in none."""
        return next((n for n in range(1, ticks + 1) if self.tick(n // 7 % 2, **changes)), 0)


@pytest.mark.parametrize(("share", "tripped"), [(0.3 * 1.0001, 0), (0.3 * 0.9999, WINDOW)])
def test_less_than_three_tenths_of_the_stages_slope_is_a_stuck_dac(share: float, tripped: int) -> None:
    stage = Stage(share=share)
    assert stage.run(WINDOW + 1) == tripped
    trip = stage.watch.guard.trip
    if trip is not None:
        assert trip.cause is Cause.DAC_STUCK
        assert "moves 1.83 uA per DAC step, nominal 6.11 uA" in trip.evidence


def test_each_window_is_judged_by_itself() -> None:
    stage = Stage()
    assert stage.run(WINDOW) == 0
    stage.share = 0.0
    assert stage.run(2 * WINDOW) == WINDOW


PAUSES = [
    (FIVE, {"voltage_v": 58.1}),
    (drive(0.4), {"command": drive(0.34)}),
]
"""The stage is out of control of the current; the current is too small to be judged."""


@pytest.mark.parametrize(("last", "pause"), PAUSES)
def test_a_window_begins_again_after_a_pause(last: Drive, pause: dict[str, Any]) -> None:
    stage = Stage(last, share=0.0)
    assert stage.run(WINDOW - 100) == 0
    for _ in range(2):
        assert stage.tick(0, **pause) is None
    assert stage.run(WINDOW + 5) in {WINDOW, WINDOW + 1}, "a command shows in the next reading"


def test_a_window_begins_again_when_the_output_was_off() -> None:
    stage = Stage(drive(0.4), share=0.0)
    assert stage.run(WINDOW - 100) == 0
    for command in (Off(), *(drive(0.08 * step) for step in range(1, 5))):
        assert stage.watch.see(command) is None
    assert stage.run(WINDOW + 5) == 1 + WINDOW, "its first reading is still of 0.32 mA"


def test_what_came_just_before_a_saturation_is_not_compared_with_what_comes_after() -> None:
    """The voltage is read less often than the current, so the stage may be out of control before it shows."""
    stage = Stage()
    assert stage.run(10) == 0
    for _ in range(2):
        assert stage.tick(50, voltage_v=58.1) is None
    stage.missed_ma = 50 * MA_PER_CODE
    assert next((n for n in range(WINDOW + 1) if stage.tick(50 + n // 7 % 2)), 0) == 0


def test_a_stage_has_five_ticks_to_follow() -> None:
    """Only changes over six or seven ticks count: a slow stage is not stuck."""
    stage = Stage(share=0.31)
    assert stage.tick(50) is None
    for _ in range(5):
        assert stage.tick(50, guard_ma=5.0) is None
    assert next((n for n in range(7, WINDOW + 2) if stage.tick(50)), 0) == 0


@pytest.mark.parametrize(("steps", "tripped"), [((), 0), ((350,), 0), ((300, 400), WINDOW)])
def test_a_code_must_have_moved(steps: tuple[int, ...], tripped: int) -> None:
    stage = Stage(share=0.0)
    found = (stage.tick(sum(step <= tick for step in steps)) for tick in range(1, WINDOW + 2))
    assert next((tick for tick, cause in enumerate(found, start=1) if cause), 0) == tripped


HUM = [(hz, phase) for hz in (45.0, 49.98, 50.0, 50.02, 57.1, 60.0, 64.3, 65.0) for phase in (0.0, 1.0)]


def hummed(stage: Stage, hz: float, phase: float, *, ticks: int) -> int:
    """Run a stage whose reading hums; return in which tick it trips, 0 if in none."""
    for tick in range(1, ticks + 1):
        applied = stage.watch.last
        assert isinstance(applied, Drive)
        steps = applied.code - FIVE.code
        hum_ma = 0.3 * math.sin(2.0 * math.pi * hz * TICK_S * tick + phase)
        now_ma = FIVE.setpoint_ma + stage.share * steps * MA_PER_CODE + hum_ma
        code = FIVE.code + tick // 7 % 2
        stage.watch.see(FIVE._replace(code=code), guard_ma=now_ma, current_ma=now_ma)
        if stage.watch.cause is not None:
            return tick
    return 0


@pytest.mark.parametrize(("hz", "phase"), HUM)
def test_hum_is_not_taken_for_a_stuck_dac_and_hides_none(hz: float, phase: float) -> None:
    """At 100 ticks a second, where 50 Hz falls on a harmonic of the pilot and 64.3 Hz on another."""
    assert hummed(Stage(), hz, phase, ticks=5 * WINDOW) == 0
    stuck = Stage(share=0.0)
    assert hummed(stuck, hz, phase, ticks=2 * WINDOW) > 0
    assert stuck.watch.cause is Cause.DAC_STUCK
