"""A session on the technician's bench: known currents through a known resistor, and nothing else.

Law: pure, stepped once a tick like a treatment and under the same guard; a load that is not the resistor that
was stated gets no more than the probing current, and one that stops being it gets nothing. Start needs a
hand on the unit here too.
"""

from __future__ import annotations

from collections import deque
from statistics import fmean
from typing import Final, NamedTuple

from controller.core.buttons import Press
from controller.core.limits import GUARD_PROOF_MA, PROOF_PULL_IN_S, SENSING_MA
from controller.core.regulator import Regulator
from controller.core.session import SELF_TEST_LIMIT_S, SELF_TEST_S
from controller.core.types import Command, Drive, Measurement, Off, Phase, Polarity, StopCause, Trip

ZERO_MA: Final = 0.5
"""With the output open no converter reads more than this, uncalibrated offset (0.3 mA) and noise included."""
START_S: Final = 120.0
"""Start has to be pressed within this."""
GUARD_SEES_MA: Final = 1.1 * GUARD_PROOF_MA
"""The guard's own converter shows this before more may flow, for the guard proves itself on that current."""
SENSE_S: Final = 3.0
"""The resistor closes the circuit at once; this long it is waited for."""
PROBE_MA: Final = (1.0, 2.0, 3.0)
"""Currents at which the load is judged: a treatment's lowest, should a person be there after all."""
PROBE_SETTLE_S: Final = 0.1
PROBE_S: Final = 0.1
LINGER_S: Final = 0.6
"""Each current is measured over PROBE_S; the last one again after LINGER_S, within which skin gives way."""
BENT: Final = 0.05
"""The slopes of voltage over the lower and the upper step may differ by this; skin's differ by a quarter."""
DRIFTED: Final = 0.01
"""The resistance may change by this while it lingers; skin's falls by several percent."""
BIAS_V: Final = 0.25
"""A resistor takes no voltage at no current; both skins take 4.6 V (Springer BF02474422)."""
NOT_STATED: Final = 0.15
"""The load may differ from the stated resistance by this, both channels uncalibrated (5 % each)."""
STRAYED: Final = 0.05
STRAYED_V: Final = 0.5
STRAYED_SAMPLES: Final = 5
"""Beyond this off the probed line, so often running, it is not the resistor any more."""
SETTLE_S: Final = 0.6
"""Two and a half time constants of the regulator's trim, after the feed-forward has done the most."""
WINDOW_S: Final = 1.0
"""What is measured is the mean over the last second."""
HELD_S: Final = 300.0
"""A current is held this long for a reading at most."""


class BenchPlan(NamedTuple):
    """What is to flow: `levels_ma` one after the other, rising, in one polarity, through `stated_ohm`.

    Times in s, currents in mA, voltages in V, ramp in mA/s.
    """

    polarity: Polarity
    levels_ma: tuple[float, ...]
    stated_ohm: float
    ramp_ma_per_s: float
    tick_s: float
    compliance_v: float
    supply_min_v: float
    supply_max_v: float
    operate_s: float


class Held(NamedTuple):
    """Means over the last second at one level, as the scales give them: mA, V, and the DAC's mean code."""

    level_ma: float
    control_ma: float
    guard_ma: float | None
    voltage_v: float
    return_ma: float
    code: float


class BenchSession:
    """Drives a resistor through `plan`. While `held` is not None, the level is there to be read.

    `next_level` goes on; after the last one the session is done. `reason` says why it was refused or stopped.
    """

    def __init__(self, plan: BenchPlan, regulator: Regulator) -> None:
        self.plan = plan
        self.phase = Phase.SELF_TEST
        self.asked_by = StopCause.BUTTON
        self.reason: str | None = None
        self.trip: Trip | None = None
        self.setpoint_ma = 0.0
        self.load_ohm: float | None = None
        self._regulator = regulator
        self._now_s = self._since_s = self._sampled_s = 0.0
        self._start = Press()
        self._at = 0
        self._arrived_s: float | None = None
        self._probed: list[tuple[float, float]] = []
        self._line: tuple[float, float] | None = None
        self._strayed = 0
        self._recent: dict[str, deque[tuple[float, float]]] = {
            kind: deque() for kind in ("control", "guard", "voltage", "return", "code")
        }
        self._steps = {
            Phase.SELF_TEST: self._self_test,
            Phase.READY: self._ready,
            Phase.CONTACT: self._sense,
            Phase.RAMP_UP: self._probe,
            Phase.HOLD: self._level,
        }

    @property
    def finished(self) -> bool:
        """True when nothing can follow any more."""
        return self.phase not in self._steps

    @property
    def held(self) -> Held | None:
        """What the unit measures at the present level, once it is settled and a whole second was seen."""
        if self.phase is not Phase.HOLD or self._arrived_s is None:
            return None
        if self._now_s - self._arrived_s < SETTLE_S + WINDOW_S:
            return None
        guard = self._recent["guard"]
        control_ma, voltage_v, return_ma, code = (
            self._mean(kind, WINDOW_S) for kind in ("control", "voltage", "return", "code")
        )
        guard_ma = self._mean("guard", WINDOW_S) if guard else None
        return Held(self.plan.levels_ma[self._at], control_ma, guard_ma, voltage_v, return_ma, code)

    def next_level(self) -> None:
        """Go on to the next level, or end after the last."""
        self._arrived_s = None
        self._at += 1
        if self._at >= len(self.plan.levels_ma):
            self.phase = Phase.DONE

    def record_trip(self, trip: Trip) -> None:
        """Latch a trip: the guard has cut the current."""
        if not self.finished:
            self.trip, self.reason, self.phase = trip, trip.evidence, Phase.TRIPPED

    def cut(self, reason: str) -> None:
        """Switch off at once; a resistor feels no shock."""
        if not self.finished:
            self.reason, self.phase = reason, Phase.STOPPED

    def step(self, now_s: float, measurement: Measurement) -> Command:
        """Return what is commanded for this tick; `now_s` is session time in s."""
        self._now_s = now_s
        if self.finished:
            return Off(self.plan.polarity)
        buttons = measurement.buttons
        if buttons.stop_asked or (buttons.stop and self.phase is not Phase.SELF_TEST):
            self.cut("Stop was pressed")
            return Off(self.plan.polarity)
        self._see(measurement)
        return self._steps[self.phase](measurement)

    # --- phases -------------------------------------------------------------------------------------

    def _self_test(self, m: Measurement) -> Command:
        plan = self.plan
        supply_ok = m.supply_v is not None and plan.supply_min_v <= m.supply_v <= plan.supply_max_v
        seen = [value for value in (m.current_ma, m.guard_ma) if value is not None]
        zero = bool(seen) and all(abs(value) < ZERO_MA for value in seen)
        pressed = m.buttons.start or m.buttons.stop
        if self._elapsed_s() >= SELF_TEST_S and supply_ok and zero and not pressed:
            self._go(Phase.READY)
        elif self._elapsed_s() >= SELF_TEST_LIMIT_S:
            if pressed:
                self._refuse("Start or Stop reads as pressed: release it, or its wire is broken")
            elif not supply_ok:
                self._refuse(f"the supply of the current stage reads {m.supply_v} V: check it")
            else:
                shown = " and ".join(f"{value:.2f}" for value in seen)
                self._refuse(f"with the output open the converters read {shown} mA: a relay or sensor is bad")
        return Off(plan.polarity)

    def _ready(self, m: Measurement) -> Command:
        if self._start.see(m.buttons.start):
            self._go(Phase.CONTACT)
        elif self._elapsed_s() >= START_S:
            self._refuse(f"Start was not pressed on the unit within {START_S:.0f} s")
        return Off(self.plan.polarity)

    def _sense(self, m: Measurement) -> Command:
        """Let the sensing current flow, which also proves the guard, before anything more."""
        if self._elapsed_s() < PROOF_PULL_IN_S:  # until the relays are in there is nothing to trim by
            self._arrived_s = None
            return self._towards(SENSING_MA, m._replace(sampled=""), sensing=True)
        settled = self._arrived_s is not None and self._now_s - self._arrived_s >= PROBE_SETTLE_S
        seen = m.current_ma is not None and m.current_ma > 0.7 * SENSING_MA
        proven = m.guard_ma is None or m.guard_ma > GUARD_SEES_MA
        if settled and seen and proven:
            self._arrived_s = None
            self._go(Phase.RAMP_UP)
        elif self._elapsed_s() >= SENSE_S:
            self._refuse("no current flows: connect the resistor and the meter to the output")
            return Off(self.plan.polarity)
        return self._towards(SENSING_MA, m, sensing=True)

    def _probe(self, m: Measurement) -> Command:
        """Judge the load at small currents; only the stated resistor gets more."""
        level_ma = PROBE_MA[min(len(self._probed), len(PROBE_MA) - 1)]
        wait_s = LINGER_S if len(self._probed) == len(PROBE_MA) else PROBE_SETTLE_S + PROBE_S
        if self._arrived_s is not None and self._now_s - self._arrived_s >= wait_s:
            self._probed.append((self._mean("control", PROBE_S), self._mean("voltage", PROBE_S)))
            if len(self._probed) != len(PROBE_MA):
                self._arrived_s = None
            if len(self._probed) > len(PROBE_MA):
                why = self._judge()
                if why:
                    self._refuse(why)
                    return Off(self.plan.polarity)
                self._arrived_s = None
                self._go(Phase.HOLD)
                return self._level(m)
        return self._towards(level_ma, m)

    def _level(self, m: Measurement) -> Command:
        if m.sampled == "voltage" and m.voltage_v is not None and self._line is not None:
            slope_kohm, at_zero_v = self._line
            expected_v = slope_kohm * (m.current_ma or 0.0) + at_zero_v
            off_v = abs(m.voltage_v - expected_v)
            self._strayed = self._strayed + 1 if off_v > STRAYED_V + STRAYED * expected_v else 0
            if self._strayed >= STRAYED_SAMPLES:
                self._refuse(
                    f"the output stands at {m.voltage_v:.1f} V where the resistor takes {expected_v:.1f} V: "
                    "the load changes, so it is no resistor or does not stay connected"
                )
                return Off(self.plan.polarity)
        if self._arrived_s is not None and self._now_s - self._arrived_s >= HELD_S:
            self._refuse(f"no reading came within {HELD_S:.0f} s")
            return Off(self.plan.polarity)
        return self._towards(self.plan.levels_ma[self._at], m)

    def _judge(self) -> str:
        """Say why the load is not the stated resistor, or "" when it is."""
        (i1, v1), (i2, v2), (i3, v3), (i4, v4) = self._probed
        if not i1 < i2 < i3 or v3 <= v1:
            return "current and voltage do not rise together: check the connections"
        low, high, slope = (v2 - v1) / (i2 - i1), (v3 - v2) / (i3 - i2), (v3 - v1) / (i3 - i1)
        at_zero_v = v1 - slope * i1
        self.load_ohm = 1000.0 * slope
        self._line = (slope, at_zero_v)
        person = "this may be a person: currents here are only for a resistor"
        if abs(high / low - 1.0) > BENT:
            return f"the load is {1000 * low:.0f} ohm at 1.5 mA and {1000 * high:.0f} at 2.5 mA; {person}"
        if abs(v4 / i4 * i3 / v3 - 1.0) > DRIFTED:
            was, now = 1000 * v3 / i3, 1000 * v4 / i4
            return f"the load drifts from {was:.0f} to {now:.0f} ohm within {LINGER_S:g} s; {person}"
        if abs(at_zero_v) > BIAS_V:
            return f"the load takes {at_zero_v:.2f} V without current; {person}"
        if abs(1000.0 * slope / self.plan.stated_ohm - 1.0) > NOT_STATED:
            return (
                f"the load reads {1000 * slope:.0f} ohm, {self.plan.stated_ohm:.0f} ohm was stated: "
                "connect the resistor that the step names"
            )
        return ""

    # --- helpers ------------------------------------------------------------------------------------

    def _towards(self, level_ma: float, m: Measurement, *, sensing: bool = False) -> Drive:
        step_ma = self.plan.ramp_ma_per_s * self.plan.tick_s
        setpoint_ma = min(level_ma, self.setpoint_ma + step_ma)
        if setpoint_ma >= level_ma and self._arrived_s is None:
            self._arrived_s = self._now_s
        return self._drive(setpoint_ma, m, sensing=sensing)

    def _drive(self, setpoint_ma: float, m: Measurement, *, sensing: bool = False) -> Drive:
        self.setpoint_ma = setpoint_ma
        measured_ma = m.current_ma if m.sampled == "current" else None
        since_s = 0.0
        if measured_ma is not None:
            since_s = min(self._now_s - self._sampled_s, 10 * self.plan.tick_s)
            self._sampled_s = self._now_s
        code = self._regulator.code(setpoint_ma, measured_ma, since_s, self.plan.ramp_ma_per_s)
        self._remember("code", float(code))
        return Drive(self.plan.polarity, setpoint_ma, code, sensing)

    def _see(self, m: Measurement) -> None:
        if m.sampled == "current" and m.current_ma is not None:
            self._remember("control", m.current_ma)
        elif m.sampled == "voltage" and m.voltage_v is not None:
            self._remember("voltage", m.voltage_v)
        elif m.sampled == "return" and m.return_ma is not None:
            self._remember("return", m.return_ma)
        if m.guard_code is not None and m.guard_ma is not None:
            self._remember("guard", m.guard_ma)

    def _remember(self, kind: str, value: float) -> None:
        recent = self._recent[kind]
        recent.append((self._now_s, value))
        while recent[0][0] < self._now_s - WINDOW_S:
            recent.popleft()

    def _mean(self, kind: str, over_s: float) -> float:
        from_s = self._now_s - over_s
        return fmean(value for at_s, value in self._recent[kind] if at_s >= from_s)

    def _elapsed_s(self) -> float:
        return self._now_s - self._since_s

    def _go(self, phase: Phase) -> None:
        self.phase, self._since_s = phase, self._now_s

    def _refuse(self, reason: str) -> None:
        self.reason, self.phase = reason, Phase.REFUSED
