"""A guard that has long seen a treatment, stepped tick by tick with readings that a test may distort."""

from __future__ import annotations

from typing import Any

from controller.core.guard import Guard
from controller.core.limits import GuardLimits
from controller.core.types import Buttons, Cause, Command, Drive, Measurement, Trip


def limits_of(highest_ma: float) -> GuardLimits:
    """Limits of a session that is never above `highest_ma`, on a unit of 15 mA at most."""
    return GuardLimits.of(
        ceiling_ma=15.0,
        highest_ma=highest_ma,
        total_s=60.0,
        compliance_v=60.0,
        supply_min_v=58.0,
        supply_max_v=70.0,
        full_scale_ma=25.0,
    )


LIMITS = limits_of(15.0)
TICK_S = 0.01
FIVE = Drive("forward", 5.0, 819)
E = 1e-6


class Watch:
    """A guard that has long seen `last` driven; each `see` is one tick with the same command."""

    def __init__(self, last: Command = FIVE) -> None:
        self.guard = Guard(LIMITS, tick_s=TICK_S, operate_s=0.02)
        self.guard._proven = True
        self.guard._last = last
        self.guard._now_s = self.guard._seen_s = self.now_s = 10.0
        self.last = last
        self.ticks = 0

    def reading(self, **changes: Any) -> Measurement:
        current_ma = self.last.setpoint_ma if isinstance(self.last, Drive) else 0.0
        sign = -1 if self.last.polarity == "reverse" else 1
        sound = Measurement(
            time_s=self.now_s,
            guard_ma=current_ma,
            guard_code=3000 + self.ticks % 2,
            current_ma=current_ma,
            voltage_v=1.5 * current_ma,
            supply_v=64.0,
            return_ma=sign * current_ma,
            sampled="",
            sampled_code=2000 + self.ticks % 2,
            buttons=Buttons(),
        )
        return sound._replace(**changes)

    def see(self, command: Command | None = None, *, after_s: float = TICK_S, **changes: Any) -> Trip | None:
        self.now_s += after_s
        self.ticks += 1
        command = command or self.last
        trip = self.guard.check(self.now_s, self.reading(**changes), command)
        self.last = command
        return trip

    def ticks_to_trip(self, limit: int = 120, **changes: Any) -> int:
        """Return in which tick it trips, 0 if in none."""
        return next((n for n in range(1, limit + 1) if self.see(**changes)), 0)

    @property
    def cause(self) -> Cause | None:
        return None if self.guard.trip is None else self.guard.trip.cause


def drive(setpoint_ma: float, **changes: Any) -> Drive:
    return Drive("forward", setpoint_ma, round(setpoint_ma / 25.0 * 4095))._replace(**changes)


def again(watch: Watch, *, denied: bool = False, after_s: float = 0.01, **wrong: Any) -> Trip | None:
    """One tick as the loop makes it: what is doubted is measured again, and is as wrong, or is sound."""
    doubt = watch.guard.doubts(watch.reading(**wrong))
    if not doubt:
        return watch.see(after_s=after_s, **wrong)
    kept = {"sampled": {"high": "current", "low": "voltage"}.get(doubt, doubt)} if denied else wrong
    return watch.see(after_s=after_s, confirmed=True, **kept)


def pause(watch: Watch, ticks: int) -> None:
    """Let `ticks` go by in which nothing is wrong."""
    for _ in range(ticks):
        assert watch.see() is None
