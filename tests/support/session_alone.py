"""A session without a guard on an ideal plant, stepped by ticks whose sums are exact."""

from __future__ import annotations

from typing import Any

from controller.core.regulator import Regulator
from controller.core.session import Plan, Session
from controller.core.types import Buttons, Command, Drive, Measurement, Off, Phase, Polarity

TICK_S = 1 / 128
"""A power of two, so that sums of ticks are exact."""
RISE_MA = 0.5 * TICK_S
E = 1e-6
HALVES: tuple[tuple[Polarity, float], ...] = (("forward", 24.0), ("reverse", 24.0))
PLAN = Plan(
    target_ma=4.0,
    ramp_ma_per_s=0.5,
    halves=HALVES,
    tick_s=TICK_S,
    compliance_v=60.0,
    supply_v=64.0,
    supply_min_v=58.0,
    supply_max_v=70.0,
    operate_s=2 * TICK_S,
    release_s=TICK_S,
    dead_time_s=4 * TICK_S,
    settle_s=3 * TICK_S,
)
START = Buttons(start=True)
STOP = Buttons(stop=True)


class Noted(Regulator):
    """The regulator, which notes the reading and its age that it was given last."""

    reading: tuple[float | None, float] = (None, 0.0)

    def code(
        self, setpoint_ma: float, measured_ma: float | None, since_s: float, ramp_ma_per_s: float
    ) -> int:
        self.reading = (measured_ma, since_s)
        return super().code(setpoint_ma, measured_ma, since_s, ramp_ma_per_s)


class Alone:
    """A session without a guard; what is asked for flows at once, through `ohm`."""

    def __init__(self, **changes: Any) -> None:
        self.regulator = Noted(full_scale_ma=25.0, gain=1.0, offset_ma=0.0, tick_s=TICK_S)
        self.session = Session(PLAN._replace(**changes), self.regulator)
        self.ticks = 0
        self.ohm = 2000.0
        self.command: Command = Off()

    def tick(self, **changes: Any) -> Command:
        self.ticks += 1
        on = isinstance(self.command, Drive) and self.command.series and self.command.beat
        current_ma = self.command.setpoint_ma if isinstance(self.command, Drive) and on else 0.0
        volts = current_ma * self.ohm / 1000
        now_s = self.ticks * TICK_S
        sampled = self.command.watch if isinstance(self.command, Drive) else ""
        nothing = Measurement(
            now_s, current_ma, 0, current_ma, volts, 64.0, current_ma, sampled, 0, Buttons()
        )
        nothing = nothing._replace(sampled_s=now_s, sampled_code=self.ticks)  # never the one before
        self.command = self.session.step(self.ticks * TICK_S, nothing._replace(**changes))
        return self.command

    def until(self, phase: Phase, longest: int = 8000, **changes: Any) -> int:
        """Tick until `phase` has come; returns how many ticks it took."""
        for count in range(longest):
            if self.session.phase is phase:
                return count
            self.tick(**changes)
        raise AssertionError(f"{phase} was not reached, still in {self.session.phase}")

    def to(self, phase: Phase) -> Alone:
        """An ordinary way to `phase`; Start is pressed in READY."""
        self.until(Phase.READY)
        if phase is not Phase.READY:
            self.tick()
            self.tick(buttons=START)
            self.tick()
            self.until(phase)
        return self

    def skip(self, seconds: float) -> None:
        """Let time pass in which nothing is stepped."""
        self.ticks += round(seconds / TICK_S)
