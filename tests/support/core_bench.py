"""A core with an ideal plant: what is commanded flows, through a load of fixed resistance."""

from __future__ import annotations

from typing import Any

from controller.core.guard import Guard
from controller.core.limits import GuardLimits
from controller.core.regulator import Regulator
from controller.core.session import Plan, Session
from controller.core.trial import Dummy
from controller.core.types import Buttons, Command, Drive, Measurement, Off, Polarity, Trip

MOST_TICKS = 100_000
"""A test that would never end fails instead: so many ticks are a thousand seconds."""
KINDS = ("voltage", "current", "voltage", "return", "voltage", "current", "voltage", "supply")


DUMMY = Dummy(ohm=1500.0, gain=1.25, lowest_ma=25.85, highest_ma=29.15)
LIMITER_MA = 27.5
STOP_S = 7.0
"""Stop's second contact opens the output so long after the press."""
STANDS_V = 21.0
"""Where the output stands at the proof current, with the hardware trip's switch open."""


class Bench:
    """Session and guard in the order of the loop, on an ideal plant that a test may distort."""

    tick_s = 0.01

    def __init__(
        self,
        target_ma: float = 5.0,
        half_s: float = 30.0,
        halves: int = 2,
        limit_ma: float = 0.0,
        ramp_ma_per_s: float = 0.5,
        first: Polarity = "forward",
        *,
        dummy: bool = False,
        stop_test: bool = False,
    ) -> None:
        """`stop_test` is of a unit with a hardware trip, whose person holds Stop for its test."""
        polarities: tuple[Polarity, ...] = ("forward", "reverse")
        if first == "reverse":
            polarities = ("reverse", "forward")
        self.plan = Plan(
            target_ma=target_ma,
            ramp_ma_per_s=ramp_ma_per_s,
            halves=tuple((polarities[i % 2], half_s) for i in range(halves)),
            tick_s=self.tick_s,
            compliance_v=60.0,
            supply_v=64.0,
            supply_min_v=58.0,
            supply_max_v=70.0,
            operate_s=0.02,
            release_s=0.01,
            dead_time_s=0.05,
            settle_s=0.05,
            limit_ma=limit_ma,
            dummy=DUMMY if dummy else None,
            trip=stop_test,
            stop_test=stop_test,
        )
        regulator = Regulator(full_scale_ma=25.0, gain=1.0, offset_ma=0.0, tick_s=self.tick_s)
        self.session = Session(self.plan, regulator)
        limits = GuardLimits.of(
            ceiling_ma=15.0,
            highest_ma=max(limit_ma, target_ma),
            total_s=self.plan.total_s,
            compliance_v=60.0,
            supply_min_v=58.0,
            supply_max_v=70.0,
            full_scale_ma=25.0,
        )
        self.guard = Guard(limits, tick_s=self.tick_s, operate_s=0.02)
        self.now_s = 0.0
        self.ticks = 0
        self.ohm = 1500.0
        self.applied: Command = Off()
        self.commands: list[Command] = []
        self.doubts = 0
        self.tripped = False
        self.stop_held_s = 0.0

    @property
    def closed(self) -> bool:
        """Both switches of the output, of which Stop's second contact opens one by itself."""
        applied = self.applied
        return isinstance(applied, Drive) and applied.series and applied.beat and self.stop_held_s < STOP_S

    def plant_ma(self) -> float:
        applied = self.applied
        if isinstance(applied, Drive) and applied.dummy:
            return min(LIMITER_MA, applied.code / 4095 * 25.0 * DUMMY.gain)
        flows = isinstance(applied, Drive) and self.closed and not self.tripped
        return applied.code / 4095 * 25.0 if isinstance(applied, Drive) and flows else 0.0

    def measure(self, **changes: Any) -> Measurement:
        current_ma = self.plant_ma()
        sign = -1 if self.applied.polarity == "reverse" else 1
        watched = self.applied.watch if isinstance(self.applied, Drive) else ""
        kind = watched or KINDS[self.ticks % len(KINDS)]
        wobble = self.ticks % 3  # a living converter is never quite still
        loaded = isinstance(self.applied, Drive) and self.applied.dummy
        volts = current_ma / 1000 * (DUMMY.ohm if loaded else self.ohm)
        if self.closed and self.tripped:
            volts = STANDS_V
        measurement = Measurement(
            time_s=self.now_s,
            guard_ma=current_ma,
            guard_code=int(current_ma * 750) + wobble,
            current_ma=current_ma,
            voltage_v=volts,
            supply_v=64.0,
            return_ma=0.0 if loaded else sign * current_ma,
            sampled=kind,
            sampled_s=self.now_s,
            sampled_code=1000 * (self.ticks % len(KINDS)) + wobble,
            buttons=Buttons(start=0.5 < self.now_s < 0.7),
            tripped=self.tripped if self.plan.trip else None,
        )
        if self.plan.stop_test:
            pressed = Buttons(start=9.0 < self.now_s < 9.2, stop=1.0 < self.now_s < 8.6)
            measurement = measurement._replace(buttons=pressed)
        return measurement._replace(**changes)

    def tick(self, **changes: Any) -> Trip | None:
        """One tick as in the loop; `changes` distort the measurement."""
        self.now_s += self.tick_s
        self.ticks += 1
        assert self.ticks < MOST_TICKS, f"still in {self.session.phase}"
        measurement = self.measure(**changes)
        if doubt := self.guard.doubts(measurement):
            self.doubts += 1
            again = {"high": "current", "low": "voltage"}.get(doubt, measurement.sampled)
            measurement = measurement._replace(confirmed=True, sampled=again)
        command = self.session.step(self.now_s, measurement)
        trip = self.guard.check(self.now_s, measurement, command)
        if trip:
            self.applied = Off(self.applied.polarity)
            self.session.record_trip(trip)
        else:
            self.applied = command
        if isinstance(self.applied, Drive) and self.applied.trip in {"force", "rearm"}:
            self.tripped = self.applied.trip == "force"
        self.stop_held_s = self.stop_held_s + self.tick_s if measurement.buttons.stop else 0.0
        self.commands.append(self.applied)
        return trip

    def run_until(self, phase: str, limit_s: float = 200.0) -> None:
        while self.session.phase != phase:
            assert self.tick() is None, self.guard.trip
            assert self.now_s < limit_s, f"{phase} was not reached, still in {self.session.phase}"

    def trip_within(self, seconds: float, **changes: Any) -> Trip:
        start_s = self.now_s
        while self.now_s < start_s + seconds:
            trip = self.tick(**changes)
            if trip:
                return trip
        raise AssertionError(f"no trip within {seconds} s")
