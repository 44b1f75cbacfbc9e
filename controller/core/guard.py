"""The guard: looks at every tick on its own and cuts the current when anything is not as it should be.

Law: it only takes away. It shares no code with session or regulator, reads its own converter, keeps its own
time and dose, and once tripped says so for ever. Every threshold is in `limits.py` with its reason.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from controller.core import limits as lim
from controller.core.battery_clock import ClockJudge
from controller.core.blips import Blips
from controller.core.dummy_rule import DummyRule
from controller.core.types import Cause, Command, Doubt, Drive, Measurement, Off, Trip

_OFF: Final = Off()


class Guard:
    """Checks measurement and command of each tick against `GuardLimits`.

    `tick_s` is the loop's period, `operate_s` the time in which a relay closes; `battery_clock` says that the
    unit has one, which the computer's clock is held to.
    """

    def __init__(
        self, limits: lim.GuardLimits, *, tick_s: float, operate_s: float, battery_clock: bool = False
    ) -> None:
        self.limits = limits
        self.trip: Trip | None = None
        self._heed_reach(0.0)
        self._blind_s = operate_s + 2 * tick_s
        self._last: Command = _OFF
        self._now_s = 0.0
        self._beat_s: float | None = None
        self._tick = 0
        self._unseen_s = 0.0
        self._high_ma: float | None = None
        self._low_ma: float | None = None
        self._denied: deque[float] = deque(maxlen=lim.SPIKES)
        self._rewrites: deque[float] = deque(maxlen=lim.SPIKES)
        self._resets: deque[float] = deque(maxlen=lim.SPIKES)
        self._breaks: deque[float] = deque(maxlen=lim.BREAKS)
        self._open_ma: float | None = None
        self._blips = Blips()
        self._astray_samples = 0
        self._hits: dict[Cause, deque[float]] = {}
        self._doubted = Cause.LEAKAGE
        self._moved_s = 0.0
        self._driven_since_s = 0.0
        self._seen_s = 0.0
        self._deviates_since: tuple[float, int, float] | None = None
        self._stuck_since_s: float | None = None
        self._energised_s = 0.0
        self._idle_s = 0.0
        self._charge_ma_s = 0.0
        self._turned_ma_s = lim.TURNED_MA_S
        self._guard_code: int | None = None
        self._guard_same = 0
        self._control_code: int | None = None
        self._control_kind = ""
        self._control_same = 0
        self._counts = dict.fromkeys(Cause, 0)
        self._pilot = _Slope()
        self._proven = False
        self._dummy = DummyRule()
        self.clock = ClockJudge() if battery_clock else None

    @property
    def clock_notice(self) -> str:
        """What is to be told of the battery clock at the end of a session that it did not end, else ""."""
        if self.clock is None or not self.clock.jumps or self.trip is not None:
            return ""
        return "The battery clock jumped while the session ran: it was set, or it does not run evenly."

    def doubts(self, m: Measurement) -> Doubt:
        """Tell whether, and why, this measurement should be confirmed by the next conversion first."""
        if m.failure is not None:
            return ""
        return self._doubts_current(m) or self._doubts_slow(m)

    def _doubts_current(self, m: Measurement) -> Doubt:
        last = self._last
        current_ma = m.guard_ma
        self._high_ma = self._low_ma = None
        if current_ma is None:
            return ""
        if isinstance(last, Drive) and last.dummy:
            return ""  # what flows there flows through nobody, and has a rule of its own
        if not isinstance(last, Drive):
            return "high" if current_ma > lim.STUCK_MA and self._stuck_since_s is None else ""
        expected_ma = last.setpoint_ma
        if current_ma > expected_ma + lim.SPIKE_MARGIN_MA + lim.SPIKE_MARGIN_RATIO * expected_ma:
            self._high_ma = current_ma
            return "high"
        if last.sensing or not self._settled():
            return ""
        if self._dips(current_ma, expected_ma) and (m.voltage_v or 0.0) < self._fold_v:
            self._low_ma = current_ma
            return "low"
        if current_ma < lim.LOST_RATIO * expected_ma and expected_ma >= lim.OPEN_FROM_MA:
            return "low"
        return "low" if m.voltage_v is not None and self._opens_at(m.voltage_v, last) else ""

    def _doubts_slow(self, m: Measurement) -> Doubt:
        """Doubt a slow channel whose sample is a fault by itself, so that one that comes and goes counts."""
        if self._control_same:
            return ""
        if m.sampled == "supply" and m.supply_v is not None:
            return "supply" if self._supply_wrong(m.supply_v) else ""
        if m.sampled == "return" and isinstance(self._last, Drive) and not self._last.dummy:
            astray = self._astray(m, self._last)
            self._doubted = astray or self._doubted
            return "return" if astray else ""
        return ""

    def confirms(self, m: Measurement) -> bool:
        """Tell whether the next conversion confirms too much current, or a chip failed: `check` will trip."""
        last = self._last
        if m.failure is not None:
            return True
        if not isinstance(last, Drive) or m.guard_ma is None:
            return False
        return self._too_much(m.guard_ma, last) is not None

    def check(self, now_s: float, m: Measurement, command: Command) -> Trip | None:
        """Return the trip, latched, or None while everything is as it should be.

        The measurement is judged against the command of the tick before, which it belongs to; then the
        new command is judged before it is applied.
        """
        if self.trip is None:
            self._tick += 1
            found = self._failed(m) or self._tripped(m) or self._rewritten(m)
            found = found or self._judge(now_s, m) or self._commanded(m, command) or self._mistimed(now_s, m)
            if found is not None:
                self.trip = Trip(found[0], m.time_s, found[1])
            if isinstance(command, Drive) and isinstance(last := self._last, Drive):
                moved = abs(command.setpoint_ma - last.setpoint_ma) > lim.MOVED_MA
                self._moved_s = now_s if moved else self._moved_s
            self._last = command
            self._now_s = now_s
            if isinstance(command, Drive) and self.limits.headroom.kohm:
                self._heed_reach(command.setpoint_ma)
        return self.trip

    def beats(self, now_s: float) -> Trip | None:
        """Judge the moment (s) of the heartbeat that is to end this tick; return the trip, latched, or None.

        A tick that came late and then took long starves one-shot or charge pump though each alone would be
        ridden, and the edge that follows must not bring back at once what has been let go.
        """
        last, before_s = self._last, self._beat_s
        self._beat_s = now_s if isinstance(last, Drive) and last.beat else None
        if self.trip is None and before_s is not None and self._beat_s is not None:
            gap_s = now_s - before_s
            if gap_s > lim.LATE_TICK_S:
                self.trip = Trip(
                    Cause.LATE_TICK,
                    now_s,
                    f"{1000 * gap_s:.0f} ms between two heartbeats, bound {1000 * lim.LATE_TICK_S:.0f} ms",
                )
        return self.trip

    # --- what was measured ------------------------------------------------------------------------------

    def _failed(self, m: Measurement) -> tuple[Cause, str] | None:
        return m.failure and (m.failure.cause, m.failure.detail)

    def _tripped(self, m: Measurement) -> tuple[Cause, str] | None:
        """Name what the hardware trip has done by itself; what it was told to do is no trip."""
        last = self._last
        if not m.tripped or not isinstance(last, Drive) or last.trip != "follow" or last.dummy:
            return None
        return Cause.HARDWARE_TRIP, (
            f"the hardware trip has opened its switch at a setpoint of {last.setpoint_ma:.2f} mA; the guard "
            f"reads {m.guard_ma or 0.0:.2f} mA now"
        )

    def _judge(self, now_s: float, m: Measurement) -> tuple[Cause, str] | None:
        passed_s = now_s - self._now_s
        last = self._last
        current_ma = m.guard_ma
        if current_ma is None:
            if now_s - self._seen_s > lim.STALE_S and isinstance(last, Drive):
                return Cause.ADC_STALE, f"no guard reading for {1000 * (now_s - self._seen_s):.0f} ms"
        else:
            self._seen_s = now_s
        self._dummy.see(passed_s, m, last)
        if isinstance(last, Drive) and last.dummy:
            return self._on_dummy(passed_s, m, last)
        if not isinstance(last, Drive) or last.setpoint_ma == 0.0:
            either_ma = max(current_ma or 0.0, m.current_ma or 0.0)
            still_on = self._still_on(now_s, either_ma)
            if still_on or not isinstance(last, Drive):
                return (
                    still_on
                    or self._saturated(m)
                    or self._control_frozen(m)
                    or self._slow(m)
                    or self._idle(passed_s)
                )
        else:
            self._idle_s = 0.0
        if late := self._late(passed_s):
            return late
        if current_ma is None:  # one converter for everything, and now another channel's turn
            self._unseen_s += passed_s
            return self._saturated(m) or self._control_frozen(m) or self._slow(m)
        passed_s, self._unseen_s = passed_s + self._unseen_s, 0.0
        if last.sensing and not self._proven:
            self._prove(current_ma, last)
        return (
            self._saturated(m)
            or self._repeats(current_ma, m, last)
            or self._too_much(current_ma, last)
            or self._too_often(m)
            or self._breaks_off(m, last)
            or self._too_little(current_ma, m, last)
            or self._guard_frozen(m)
            or self._control_frozen(m)
            or self._blips_off(current_ma, m, last)
            or self._slow(m)
            or self._deviation(now_s, current_ma, m, last)
            or self._moved_by_dac(current_ma, m, last)
            or self._spent(passed_s, current_ma, last)
            or self._idle(passed_s)
        )

    def _late(self, passed_s: float) -> tuple[Cause, str] | None:
        if passed_s <= lim.LATE_TICK_S:
            return None
        return Cause.LATE_TICK, (
            f"a tick came {1000 * passed_s:.0f} ms after the one before, "
            f"bound {1000 * lim.LATE_TICK_S:.0f} ms"
        )

    def _on_dummy(self, passed_s: float, m: Measurement, last: Drive) -> tuple[Cause, str] | None:
        """Judge a tick in which the dummy load is on: what flows there flows through nobody."""
        self._stuck_since_s = None
        return (
            self._late(passed_s)
            or self._saturated(m)
            or self._guard_frozen(m)
            or self._control_frozen(m)
            or self._supply(m)
            or self._apart_on_dummy(m)
            or self._dummy.judge(passed_s, m, last, self.limits.full_scale_ma)
        )

    def _apart_on_dummy(self, m: Measurement) -> tuple[Cause, str] | None:
        if m.tripped:  # it may cut again and again, and only one of the converters meets that
            return None
        if m.sampled != "current" or m.current_ma is None or m.guard_ma is None:
            return None
        bound_ma = lim.DISAGREE_MA + lim.DISAGREE_RATIO * max(m.current_ma, m.guard_ma)
        if not self._nth(Cause.ADC_DISAGREE, lim.SLOW_SAMPLES, hit=abs(m.current_ma - m.guard_ma) > bound_ma):
            return None
        if self._guard_same >= lim.REPEATS:
            return Cause.ADC_FROZEN, (
                f"the guard converter gave code {m.guard_code} {self._guard_same + 1} times running"
            )
        return Cause.ADC_DISAGREE, f"control reads {m.current_ma:.2f} mA, guard {m.guard_ma:.2f} mA"

    def _repeats(self, current_ma: float, m: Measurement, last: Drive) -> tuple[Cause, str] | None:
        """Tell a frozen converter from a spike: a true spike is a new code."""
        same = m.guard_code is not None and m.guard_code == self._guard_code
        if same and self._guard_same >= lim.REPEATS and self._too_much(current_ma, last) is not None:
            return Cause.ADC_FROZEN, (
                f"the guard converter repeats code {m.guard_code} ({current_ma:.2f} mA) while the setpoint "
                f"went to {last.setpoint_ma:.2f} mA"
            )
        return None

    def _too_much(self, current_ma: float, last: Drive) -> tuple[Cause, str] | None:
        if current_ma > self.limits.over_current_ma:
            return Cause.OVER_CURRENT, (
                f"{current_ma:.2f} mA measured, limit {self.limits.over_current_ma:.2f} mA"
            )
        bound_ma = last.setpoint_ma + lim.SPIKE_MARGIN_MA + lim.SPIKE_MARGIN_RATIO * last.setpoint_ma
        if current_ma > bound_ma:
            return Cause.CURRENT_SPIKE, (
                f"{current_ma:.2f} mA measured at a setpoint of {last.setpoint_ma:.2f} mA, "
                f"limit {bound_ma:.2f} mA"
            )
        return None

    def _too_often(self, m: Measurement) -> tuple[Cause, str] | None:
        """Count the spikes that the next conversion denied: one is a corrupt sample, many are a current."""
        if self._high_ma is None or not m.confirmed:
            return None
        if not self._adds_up(self._denied, m.time_s):
            return None
        return Cause.CURRENT_SPIKE, (
            f"{self._high_ma:.2f} mA measured, the last of {lim.SPIKES} spikes within "
            f"{lim.SPIKES_WITHIN_S:g} s, though the next conversion denied each"
        )

    def _breaks_off(self, m: Measurement, last: Drive) -> tuple[Cause, str] | None:
        """Count the breaks that a later conversion denied: one is a corrupt sample, more a loose contact.

        A break is over, and counted, where the current is back at once; one that comes back slowly was put
        right by whoever regulates it, and a reading near the bound goes to and fro by its noise.
        """
        low_ma, self._open_ma = self._open_ma, None
        if self._low_ma is not None and m.confirmed:
            low_ma = self._low_ma
        if low_ma is None or m.guard_ma is None or m.dac_doubted:
            return None  # the last: a code that was put right again has a name of its own
        if self._dips(m.guard_ma, last.setpoint_ma):
            self._open_ma = m.guard_ma
            return None
        back_ma = lim.BREAK_BACK_RATIO * last.setpoint_ma
        if last.setpoint_ma < lim.WITHDRAWAL_FROM_MA or m.guard_ma - low_ma < back_ma:
            return None
        self._breaks.append(m.time_s)
        if len(self._breaks) < lim.BREAKS or m.time_s - self._breaks[0] > lim.BREAKS_WITHIN_S:
            return None
        return Cause.MAKE_AND_BREAK, (
            f"{low_ma:.2f} mA measured at a setpoint of {last.setpoint_ma:.2f} mA, break number "
            f"{lim.BREAKS} within {lim.BREAKS_WITHIN_S:g} s, though the circuit was closed again each time"
        )

    def _blips_off(self, current_ma: float, m: Measurement, last: Drive) -> tuple[Cause, str] | None:
        """Count what comes and goes in either converter's readings, where the stage is in control of it."""
        if last.sensing:
            return None
        if m.dac_doubted or m.adc_doubted or (m.voltage_v or 0.0) >= self._fold_v:
            self._blips.doubt(m.time_s)  # the first two have names of their own
        denied_ma = self._high_ma if self._low_ma is None else self._low_ma
        read_ma = (current_ma,) if denied_ma is None or not m.confirmed else (denied_ma, current_ma)
        kind = "" if self._control_same else m.sampled
        control_ma = m.current_ma if kind == "current" and m.guard_code is not None else None
        voltage_v = m.voltage_v if kind == "voltage" else None
        return self._blips.judge(m.time_s, last.setpoint_ma, self._moved_s, read_ma, control_ma, voltage_v)

    def _mistimed(self, now_s: float, m: Measurement) -> tuple[Cause, str] | None:
        wrong = "" if self.clock is None else self.clock.see(now_s, m.clock)
        return (Cause.CLOCK_WRONG, wrong) if wrong else None

    def _rewritten(self, m: Measurement) -> tuple[Cause, str] | None:
        """Count what a second look or write put right: one wrong word is a flipped bit, many are a fault."""
        if m.dac_doubted and self._adds_up(self._rewrites, m.time_s):
            return Cause.DAC_RESET, (
                f"the DAC held a wrong code {lim.SPIKES} times within {lim.SPIKES_WITHIN_S:g} s, though it "
                "was put right each time"
            )
        if m.adc_doubted and self._adds_up(self._resets, m.time_s):
            return Cause.ADC_RESET, (
                f"the control converter held wrong settings {lim.SPIKES} times within "
                f"{lim.SPIKES_WITHIN_S:g} s, though they were put right each time"
            )
        return None

    def _prove(self, current_ma: float, last: Drive) -> None:
        """Force the over-current trip once, on the true sensing current under a limit below it."""
        if current_ma > lim.GUARD_PROOF_MA:
            tight = Guard(
                self.limits._replace(over_current_ma=lim.GUARD_PROOF_MA), tick_s=0.005, operate_s=0.0
            )
            found = tight._too_much(current_ma, last)
            self._proven = found is not None and found[0] is Cause.OVER_CURRENT

    def _saturated(self, m: Measurement) -> tuple[Cause, str] | None:
        """Find a converter at full scale; if the other one reads too much too, that is over-current."""
        if m.sampled_code is not None and m.sampled_code >= lim.SATURATED_CODE and m.sampled != "current":
            return Cause.ADC_SATURATED, f"the control converter is at full scale ({m.sampled})"
        high = m.guard_code is not None and m.guard_code >= lim.SATURATED_CODE
        if high and (m.current_ma or 0.0) <= self.limits.over_current_ma:
            return Cause.ADC_SATURATED, (
                f"the guard converter is at full scale, the other one reads {m.current_ma or 0.0:.2f} mA"
            )
        return None

    def _too_little(self, current_ma: float, m: Measurement, last: Drive) -> tuple[Cause, str] | None:
        voltage_v, expected_ma = m.voltage_v, last.setpoint_ma
        if last.sensing or voltage_v is None or not self._settled():
            return None
        lost = expected_ma >= lim.OPEN_FROM_MA and current_ma < lim.LOST_RATIO * expected_ma
        ohm = 1000 * voltage_v / max(current_ma, lim.NO_CURRENT_MA)
        high = voltage_v > self._high_v or (voltage_v > lim.LIVE_V and ohm > lim.OPEN_LOAD_OHM)
        if (lost and high) or self._opens_at(voltage_v, last):
            return Cause.OPEN_CIRCUIT, (
                f"{current_ma:.2f} mA measured at a setpoint of {expected_ma:.2f} mA while the output "
                f"stands at {voltage_v:.1f} V: the circuit is open"
            )
        lost = lost and expected_ma >= lim.LOST_FROM_MA
        if lost and m.confirmed and current_ma < lim.DEAD_RATIO * expected_ma:
            return Cause.OUTPUT_LOST, (
                f"{current_ma:.2f} mA measured at a setpoint of {expected_ma:.2f} mA without voltage at the "
                "output: a relay is open or the current stage is dead"
            )
        return None

    def _guard_frozen(self, m: Measurement) -> tuple[Cause, str] | None:
        """Find a guard converter that repeats itself: noise and the pilot move a living one."""
        if m.guard_code is not None:
            self._guard_same = self._guard_same + 1 if m.guard_code == self._guard_code else 0
            self._guard_code = m.guard_code
            if self._guard_same >= lim.FROZEN_GUARD_TICKS:
                return Cause.ADC_FROZEN, (
                    f"the guard converter gave code {m.guard_code} {self._guard_same + 1} times running"
                )
        return None

    def _control_frozen(self, m: Measurement) -> tuple[Cause, str] | None:
        """Find a control converter that repeats itself, even with the output off: the supply is never 0."""
        if m.sampled:
            if m.sampled_code != self._control_code:
                self._control_same = 0
            elif m.sampled != self._control_kind:  # one channel may well stay as it is
                self._control_same += 1
            self._control_code, self._control_kind = m.sampled_code, m.sampled
            if self._control_same >= lim.FROZEN_CONTROL_SAMPLES:
                return Cause.ADC_FROZEN, (
                    f"the control converter gave code {m.sampled_code} {self._control_same + 1} times "
                    "running on different channels"
                )
        return None

    def _deviation(
        self, now_s: float, current_ma: float, m: Measurement, last: Drive
    ) -> tuple[Cause, str] | None:
        expected_ma = last.setpoint_ma
        near = abs(current_ma - expected_ma) <= lim.DEVIATION_MA + lim.DEVIATION_RATIO * expected_ma
        if near:  # while sensing, no current at all is near too
            self._deviates_since = None
            return None
        if self._deviates_since is None:
            self._deviates_since = (now_s, last.code, current_ma)
        since_s, code, began_ma = self._deviates_since
        if now_s - since_s < lim.DEVIATION_S:
            return None
        evidence = f"{current_ma:.2f} mA measured at a setpoint of {expected_ma:.2f} mA"
        should_ma = (last.code - code) / 4095 * self.limits.full_scale_ma
        agreed = m.current_ma is not None and abs(m.current_ma - current_ma) <= lim.DEVIATION_MA
        if self._guard_same >= lim.REPEATS and not agreed:
            return Cause.ADC_FROZEN, f"{evidence}, and the guard converter repeats code {self._guard_code}"
        if m.current_ma is not None and not agreed:
            return Cause.ADC_DISAGREE, f"{evidence}, {m.current_ma:.2f} mA by the other converter"
        if abs(should_ma) > lim.MOVED_MA and abs(current_ma - began_ma) < lim.PILOT_MIN_RATIO * abs(
            should_ma
        ):
            return Cause.DAC_STUCK, f"{evidence}, and the current does not follow the DAC"
        return Cause.DEVIATION, f"{evidence} for {lim.DEVIATION_S:g} s"

    def _slow(self, m: Measurement) -> tuple[Cause, str] | None:
        """Judge the channel that is new in this tick: N samples within some seconds make a trip."""
        last, current_ma, kind = self._last, m.current_ma, m.sampled
        if self._control_same:
            return None  # may be a frozen converter, whose reading belongs to another channel
        if supply := self._supply(m):
            return supply
        if not isinstance(last, Drive) or current_ma is None:
            return None
        if kind == "return" and m.return_ma is not None:
            return self._returned(m, m.return_ma, current_ma, last) if m.confirmed else None
        if kind == "voltage" and m.voltage_v is not None:
            driven = current_ma >= lim.LOST_FROM_MA <= last.setpoint_ma and not last.sensing
            helps_v = max(0.0, lim.TURNED_V * (1 - self._turned_ma_s / lim.TURNED_MA_S))
            short = driven and m.voltage_v + helps_v < current_ma / 1000 * lim.MIN_LOAD_OHM
            if self._remembers(Cause.SHORT_CIRCUIT, int(short), lim.SHORT_SAMPLES, m.time_s):
                ohm = m.voltage_v / current_ma * 1000
                return (
                    Cause.SHORT_CIRCUIT,
                    f"the load reads {ohm:.0f} ohm, a body at least {lim.MIN_LOAD_OHM:g}",
                )
        if kind == "current" and m.guard_ma is not None:
            saturated = m.voltage_v is not None and m.voltage_v > self._fold_v - 1.0
            return self._compared(current_ma, m.guard_ma, last, saturated=saturated)
        return None

    def _supply(self, m: Measurement) -> tuple[Cause, str] | None:
        if m.sampled != "supply" or m.supply_v is None or not m.confirmed:
            return None
        hits = 2 if self._supply_wrong(m.supply_v) else 1
        if not self._remembers(Cause.SUPPLY, hits, lim.SLOW_HITS, m.time_s):
            return None
        return Cause.SUPPLY, (
            f"the current stage's supply reads {m.supply_v:.1f} V, allowed "
            f"{self.limits.supply_min_v:g} to {self.limits.supply_max_v:g} V"
        )

    def _returned(
        self, m: Measurement, return_ma: float, leaves_ma: float, last: Drive
    ) -> tuple[Cause, str] | None:
        """Judge what returns, measured within 2 ms of what leaves: one such pair suffices, or some denied."""
        found = self._astray(m, last)
        if found is Cause.LEAKAGE:
            return found, f"{leaves_ma:.2f} mA leaves and {abs(return_ma):.2f} mA returns"
        if found is None and self._doubted is Cause.LEAKAGE:
            return self._fell_short(m, last)
        if found or self._remembers(Cause.WRONG_POLARITY, 1, lim.SLOW_HITS, m.time_s):
            told = f"{return_ma:+.2f} mA returns while {last.polarity} is commanded"
            return Cause.WRONG_POLARITY, told
        return None

    def _fell_short(self, m: Measurement, last: Drive) -> tuple[Cause, str] | None:
        """Count pairs that looked like a leak and were denied: the circuit was open for one of them.

        Where the setpoint itself falls, as when a hand leaves, what was measured apart differs by rights.
        """
        still = m.time_s - self._moved_s > lim.STILL_S and last.setpoint_ma >= lim.WITHDRAWAL_FROM_MA
        if not self._remembers(Cause.MAKE_AND_BREAK, int(still), lim.SLOW_HITS, m.time_s):
            return None
        return Cause.MAKE_AND_BREAK, (
            f"less returned than left at a setpoint of {last.setpoint_ma:.2f} mA, {lim.SLOW_HITS} times "
            f"within {lim.MEMORY_S:g} s, though the circuit was closed again each time"
        )

    def _compared(
        self, current_ma: float, guard_ma: float, last: Drive, *, saturated: bool
    ) -> tuple[Cause, str] | None:
        # The second eye on too much current: should the guard's own converter be the one that is wrong.
        if self._nth(Cause.CURRENT_SPIKE, 2, hit=self._too_much(current_ma, last) is not None):
            return self._too_much(current_ma, last)
        off_ma = abs(current_ma - last.setpoint_ma)
        untrimmed = off_ma > lim.UNTRIMMED_MA + lim.UNTRIMMED_RATIO * last.setpoint_ma
        judged = last.setpoint_ma > lim.SENSING_LIMIT_MA and not saturated
        if self._nth(Cause.DEVIATION, lim.UNTRIMMED_SAMPLES, hit=untrimmed and judged):
            return Cause.DEVIATION, (
                f"{current_ma:.2f} mA stays off the setpoint of {last.setpoint_ma:.2f} mA: "
                "the current stage is wrong by more than may be trimmed"
            )
        if (trimmed := self._trimmed(guard_ma, last, judged=judged)) is not None:
            return trimmed
        apart = abs(current_ma - guard_ma) > lim.DISAGREE_MA + lim.DISAGREE_RATIO * last.setpoint_ma
        if self._nth(Cause.ADC_DISAGREE, lim.SLOW_SAMPLES, hit=apart and not last.sensing):
            return Cause.ADC_DISAGREE, f"control reads {current_ma:.2f} mA, guard {guard_ma:.2f} mA"
        return None

    def _trimmed(self, guard_ma: float, last: Drive, *, judged: bool) -> tuple[Cause, str] | None:
        """Find what the trim hides: a current as it is set, by a code that gave another when calibrated."""
        if self.limits.gives is None:
            return None
        per_code_ma, code_zero_ma = self.limits.gives
        gave_ma = code_zero_ma + per_code_ma * last.code
        astray = abs(guard_ma - gave_ma) > lim.TRIMMED_MA + lim.TRIMMED_RATIO * gave_ma
        self._astray_samples = self._astray_samples + 1 if astray and judged else 0
        if self._astray_samples < lim.UNTRIMMED_SAMPLES:
            return None
        return Cause.DEVIATION, (
            f"{guard_ma:.2f} mA read at code {last.code}, which gave {gave_ma:.2f} mA when the unit was "
            f"calibrated: the current stage, or what measures it, has changed by more than "
            f"{100 * lim.TRIMMED_RATIO:g} %"
        )

    def _moved_by_dac(self, current_ma: float, m: Measurement, last: Drive) -> tuple[Cause, str] | None:
        """Prove from the pilot that the DAC still moves the current."""
        pilot = self._pilot
        if last.setpoint_ma < lim.SENSING_LIMIT_MA or (
            m.voltage_v is not None and m.voltage_v > self._fold_v
        ):  # the first also after every connection, as no setpoint rises from nothing to there in one step
            pilot.clear()
            return None
        if pilot.add(self._tick, last.code, current_ma) < lim.PILOT_WINDOW_TICKS:
            return None
        ma_per_code = pilot.slope()
        pilot.clear()
        nominal = self.limits.full_scale_ma / 4095
        if ma_per_code is not None and ma_per_code < lim.PILOT_MIN_RATIO * nominal:
            return Cause.DAC_STUCK, (
                f"the current moves {1000 * ma_per_code:.2f} uA per DAC step, nominal {1000 * nominal:.2f} uA"
            )
        return None

    def _spent(self, passed_s: float, current_ma: float, last: Drive) -> tuple[Cause, str] | None:
        self._charge_ma_s += current_ma * passed_s
        self._turned_ma_s += current_ma * passed_s
        if not last.sensing and last.setpoint_ma > 0.0:
            self._energised_s += passed_s
        if self._energised_s > self.limits.total_s:
            return Cause.TIME_EXCEEDED, f"current flowed for {self._energised_s:.1f} s"
        if self._charge_ma_s > 60 * self.limits.dose_ma_min:
            return Cause.DOSE_EXCEEDED, f"{self._charge_ma_s / 60:.1f} mA min were given"
        return None

    def _idle(self, passed_s: float) -> tuple[Cause, str] | None:
        """Bound every wait in mid-treatment, whatever it waits for."""
        self._idle_s += passed_s
        if self._energised_s > 0.0 and self._idle_s > lim.IDLE_S:
            return Cause.TIME_EXCEEDED, f"the output was off for {self._idle_s:.1f} s in mid-treatment"
        return None

    def _still_on(self, now_s: float, current_ma: float) -> tuple[Cause, str] | None:
        if current_ma <= lim.STUCK_MA:
            self._stuck_since_s = None
        elif self._stuck_since_s is None:
            self._stuck_since_s = now_s
        elif now_s - self._stuck_since_s > lim.STUCK_S:
            return Cause.OUTPUT_STUCK, f"{current_ma:.2f} mA measured while the output should be off"
        return None

    # --- what is commanded ------------------------------------------------------------------------------

    def _commanded(self, m: Measurement, command: Command) -> tuple[Cause, str] | None:
        last = self._last
        if command.polarity != last.polarity:
            current_ma = max(m.guard_ma or 0.0, m.current_ma or 0.0)
            if isinstance(last, Drive) or isinstance(command, Drive) or current_ma >= lim.REVERSE_BELOW_MA:
                return Cause.WRONG_POLARITY, (
                    f"polarity was commanded to change at {current_ma:.2f} mA or with the output connected"
                )
            if self._energised_s > 0.0:
                self._turned_ma_s = 0.0
        if not isinstance(command, Drive):
            return None
        if not isinstance(last, Drive):
            self._driven_since_s = m.time_s
        if command.dummy:
            return self._dummy.commanded(command)
        bound_ma, margin_ma = lim.SENSING_LIMIT_MA, 0.0
        if not command.sensing:
            bound_ma, margin_ma = self.limits.highest_ma, lim.SETPOINT_MARGIN_MA
        zero_ma = self.limits.code_zero_ma
        code_ma = zero_ma + command.code / 4095 * (self.limits.full_scale_ma - zero_ma)
        within = 0.0 <= command.setpoint_ma <= bound_ma + margin_ma and code_ma <= 1.2 * bound_ma + 0.5
        ordinary = command.beat and command.trip == "follow" and not command.late_s and not command.watch
        whole = command.sensing or (command.series and ordinary)
        if not within or not whole:
            return Cause.OVER_CURRENT, (
                f"{command.setpoint_ma:.2f} mA (code {command.code}) commanded, limit {bound_ma:.2f} mA"
            )
        if not self._proven and not command.sensing and command.setpoint_ma > lim.SENSING_LIMIT_MA:
            return Cause.GUARD_BLIND, "the guard has not seen the sensing current by its own converter"
        before_ma = last.setpoint_ma if isinstance(last, Drive) and not last.dummy else 0.0
        step_ma = command.setpoint_ma - before_ma
        if step_ma > lim.MAX_STEP_MA:
            return Cause.OVER_CURRENT, f"a rise of {step_ma:.2f} mA in one tick was commanded"
        return None

    def _heed_reach(self, setpoint_ma: float) -> None:
        """Take what the stage can reach at this setpoint as the measure of a high voltage."""
        reach_v = self.limits.headroom.reach_v(self.limits.compliance_v, setpoint_ma)
        self._high_v = lim.HIGH_VOLTAGE_RATIO * reach_v
        self._fold_v = reach_v - 2.0

    # --- helpers ------------------------------------------------------------------------------------------

    def _settled(self) -> bool:
        return self._now_s - self._driven_since_s >= self._blind_s

    def _opens_at(self, voltage_v: float, last: Drive) -> bool:
        return 0.0 < last.setpoint_ma < lim.TINY_MA and voltage_v > self._high_v

    def _adds_up(self, times_s: deque[float], now_s: float) -> bool:
        """Add `now_s` to the times of what comes and goes; tell whether it came too often."""
        times_s.append(now_s)
        return len(times_s) == lim.SPIKES and now_s - times_s[0] < lim.SPIKES_WITHIN_S

    def _nth(self, cause: Cause, needed: int, *, hit: bool) -> bool:
        self._counts[cause] = self._counts[cause] + 1 if hit else 0
        return self._counts[cause] >= needed

    def _remembers(self, cause: Cause, more: int, needed: int, now_s: float) -> bool:
        """Remember so many `more` hits at `now_s`; tell whether `needed` came within `MEMORY_S`.

        Good samples between them are no excuse.
        """
        if not more:
            return False
        hits = self._hits.setdefault(cause, deque(maxlen=needed))
        hits.extend([now_s] * more)
        return len(hits) == needed and now_s - hits[0] <= lim.MEMORY_S

    def _dips(self, current_ma: float, expected_ma: float) -> bool:
        """Tell whether so little of a current that is felt flows that the circuit was open for a moment."""
        return expected_ma >= lim.WITHDRAWAL_FROM_MA and current_ma < lim.BREAK_RATIO * expected_ma

    def _supply_wrong(self, supply_v: float) -> bool:
        return not self.limits.supply_min_v <= supply_v <= self.limits.supply_max_v

    def _astray(self, m: Measurement, last: Drive) -> Cause | None:
        """Tell what is wrong with what returns: its direction, or how much of what leaves it is."""
        return_ma = m.return_ma
        if return_ma is None:
            return None
        if abs(return_ma) > lim.POLARITY_FROM_MA and (return_ma < 0) != (last.polarity == "reverse"):
            return Cause.WRONG_POLARITY
        # By both shunts, since one of them may be what is wrong; the guard's was read within 2 ms.
        leaks = all(
            abs(leaves_ma - abs(return_ma)) > lim.LEAKAGE_MA + lim.LEAKAGE_RATIO * leaves_ma
            for leaves_ma in (m.current_ma, m.guard_ma)
            if leaves_ma is not None
        )
        return Cause.LEAKAGE if leaks else None


class _Slope:
    """Running regression of the current's changes on the DAC code's, each over one half period of the pilot.

    Changes, not values: a stage that drifts slowly, and is trimmed for it, still follows the pilot. A unit
    with one converter has a sample in every second tick only; then the change is over a tick less.
    """

    __slots__ = ("_count", "_from", "_seen", "_xx", "_xy")

    def __init__(self) -> None:
        self._seen: list[tuple[int, int, float]] = []
        self.clear()

    def clear(self) -> None:
        self._from: int | None = None
        self._seen.clear()
        self._count = 0
        self._xx = self._xy = 0.0

    def add(self, tick: int, code: int, current_ma: float) -> int:
        """Take the current that `code` has made by `tick`; return over how many ticks all were taken."""
        if self._from is None:
            self._from = tick
        seen = self._seen
        while seen and tick - seen[0][0] > lim.PILOT_PERIOD_TICKS:
            del seen[0]
        if seen and tick - seen[0][0] >= lim.PILOT_PERIOD_TICKS - 1:
            _, before, before_ma = seen[0]
            x = code - before
            self._xx += x * x
            self._xy += x * (current_ma - before_ma)
            self._count += 1
        seen.append((tick, code, current_ma))
        return tick - self._from + 1

    def slope(self) -> float | None:
        """Return mA per code, or None while the code has hardly moved."""
        if self._xx <= lim.PILOT_MOVED_RATIO * self._count:
            return None
        return self._xy / self._xx
