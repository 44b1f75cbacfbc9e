"""The first power of a unit: each relay alone, both together, both polarities, then Stop's second contact.

Law: pure. Through a resistor, at a current that nobody can feel, rising from zero in every state; what flows
where none should is named and ends it at a tenth of a milliampere. A unit before its calibration is allowed
for: only differences to its own zero are judged.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean
from typing import Final, NamedTuple

from controller.core.buttons import Press
from controller.core.limits import SENSING_MA
from controller.core.types import Command, Drive, Measurement, Off, Phase, Polarity, StopCause, Trip

START_S: Final = 120.0
"""Start has to be pressed within this; Stop too, when it is its turn."""
PREPARE_S: Final = 0.25
"""A relay's operate time, the 60 ms of one-shot or charge pump and its relay's release are over by then."""
RAISE_S: Final = 0.5
"""Over this the DAC goes from zero to RAISED_MA."""
RAISED_MA: Final = 0.9
"""Nominal end of it: with a stage 5 % and 0.3 mA off still above 0.5 mA, within what the guard allows."""
FLOWS_MA: Final = 0.1
"""A current that rises by this flows; noise and drift within a second are a hundredth of it."""
ENOUGH_MA: Final = SENSING_MA - 0.05
"""Where the output is alive the DAC stops here, so that the sensing current is not exceeded."""
READ_S: Final = 0.25
LIVE_V: Final = 5.0
"""More than the sensing current makes in any resistor that is allowed here: nothing is connected."""
LOAD_PART: Final = 0.25
"""The load may differ so far from what was stated: current and voltage are not calibrated yet."""
GONE_S: Final = 8.0
"""Stop's second contact takes 6 to 8 s (docs/decisions/0009-stop-contact.md)."""


class State(NamedTuple):
    """One state of the relays, what is to be seen in it, and what it means if it is not."""

    name: str
    series: bool
    beat: bool
    polarity: Polarity
    alive: bool
    otherwise: str


STATES: Final = (
    State(
        "enable_alone",
        series=False,
        beat=True,
        polarity="forward",
        alive=False,
        otherwise="current flows with the series relay open: that relay is welded or bridged; replace it",
    ),
    State(
        "series_alone",
        series=True,
        beat=False,
        polarity="forward",
        alive=False,
        otherwise="current flows without a heartbeat: the enable relay is welded, or is held by "
        "something else; look at both before anything is connected to this unit",
    ),
    State(
        "both_forward",
        series=True,
        beat=True,
        polarity="forward",
        alive=True,
        otherwise="no current flows with both relays closed: a relay does not close, Stop's second contact "
        "or its wire is open, or the current stage is dead",
    ),
    State(
        "both_reverse",
        series=True,
        beat=True,
        polarity="reverse",
        alive=True,
        otherwise="no current flows in reverse: a contact of the polarity relay is open",
    ),
)


class Seen(NamedTuple):
    """Means in a live state, as differences to zero: mA, V, signed mA."""

    current_ma: float
    voltage_v: float
    return_ma: float


class FirstPower:
    """Walks through `STATES` once Start is pressed, then waits for Stop. Stepped like a treatment.

    `zero` are the readings with the output open: mA, V, signed mA. `code_of` gives
    the DAC code of a current in mA, nominal.
    Between two states the output is open for `dead_s` and, in the new polarity, for `settle_s`.
    `seen` holds what was read by state, `stop_s` how long Stop's contact took; `reason` says why it ended.
    """

    def __init__(
        self, zero: Seen, code_of: Callable[[float], int], stated_ohm: float, dead_s: float, settle_s: float
    ) -> None:
        self.phase = Phase.READY
        self.asked_by = StopCause.BUTTON
        self.reason: str | None = None
        self.trip: Trip | None = None
        self.seen: dict[str, Seen] = {}
        self.stop_s: float | None = None
        self.awaits = "start"
        self._start = Press()
        self._zero, self._code_of, self._stated_ohm = zero, code_of, stated_ohm
        self._dead_s, self._settle_s = dead_s, settle_s
        self._at = 0
        self._began_s: float | None = None
        self._state_s: float | None = None
        self._setpoint_ma = 0.0
        self._raised_ma = 0.0
        self._held_s: float | None = None
        self._flowing = 0
        self._pressed_s: float | None = None
        self._ticks = 0
        self._read: dict[str, list[float]] = {"current": [], "voltage": [], "return": []}

    @property
    def finished(self) -> bool:
        """True when nothing follows any more."""
        return self.phase in (Phase.DONE, Phase.REFUSED, Phase.TRIPPED, Phase.STOPPED)

    def record_trip(self, trip: Trip) -> None:
        """Latch a trip: the guard has cut the current."""
        if not self.finished:
            self.trip, self.reason, self.phase = (
                trip,
                f"the guard cut the current: {trip.evidence}",
                Phase.TRIPPED,
            )

    def cut(self, reason: str) -> None:
        """Switch off at once: a resistor feels no shock."""
        if not self.finished:
            self.reason, self.phase = reason, Phase.STOPPED

    def step(self, now_s: float, m: Measurement) -> Command:
        """Give the command of this tick."""
        self._ticks += 1
        if self._began_s is None:
            self._began_s = now_s
        if self.phase is Phase.READY:
            return self._ready(now_s, m)
        if self.finished:
            return Off()
        if m.buttons.stop and self.awaits != "stop":
            self.cut("Stop was pressed")
            return Off()
        state = STATES[self._at]
        if self._state_s is None:
            self._state_s = now_s
        elapsed_s = now_s - self._state_s
        if elapsed_s < self._dead_s:  # opened, so that polarity changes without current
            return Off(STATES[max(self._at - 1, 0)].polarity)
        if elapsed_s < self._dead_s + self._settle_s:
            return Off(state.polarity)
        self._see(m)
        elapsed_s -= self._dead_s + self._settle_s + PREPARE_S
        if elapsed_s >= 0.0:
            self._judge(now_s, elapsed_s, state, m)
        return Off(state.polarity) if self.finished else self._drive(state)

    def _ready(self, now_s: float, m: Measurement) -> Command:
        if self._start.see(m.buttons.start):
            self.phase, self.awaits = Phase.PROOF, ""
        elif now_s - (self._began_s or 0.0) > START_S:
            self._refuse(f"Start was not pressed within {START_S:.0f} s")
        return Off()

    def _drive(self, state: State) -> Drive:
        self._setpoint_ma = min(self._setpoint_ma + 0.05, SENSING_MA)
        pilot = self._ticks // 7 % 2  # so that a living converter never repeats itself for long
        code = self._code_of(self._raised_ma) + pilot
        return Drive(
            state.polarity, self._setpoint_ma, code, sensing=True, series=state.series, beat=state.beat
        )

    def _judge(self, now_s: float, elapsed_s: float, state: State, m: Measurement) -> None:
        if self._pressed_s is not None or self.awaits == "stop":
            self._await_stop(now_s, m)
            return
        flows = m.sampled == "current" and self._above(m) > FLOWS_MA
        self._flowing = self._flowing + 1 if flows else 0 if m.sampled == "current" else self._flowing
        if not state.alive:
            if self._flowing >= 2:
                self._refuse(state.otherwise)
            elif elapsed_s >= RAISE_S + READ_S:
                self._next()
            else:
                self._raised_ma = min(elapsed_s / RAISE_S, 1.0) * RAISED_MA
            return
        if self._held_s is None:
            self._raise(elapsed_s, now_s, state, m)
        elif now_s - self._held_s >= READ_S:
            self._live(state)

    def _raise(self, elapsed_s: float, now_s: float, state: State, m: Measurement) -> None:
        """Raise the DAC until enough flows."""
        if m.sampled == "current" and self._above(m) >= ENOUGH_MA:
            self._held_s = now_s
            self._read = {kind: [] for kind in self._read}
        elif elapsed_s < RAISE_S:
            self._raised_ma = elapsed_s / RAISE_S * RAISED_MA
        elif elapsed_s >= RAISE_S + READ_S:
            voltage_v = (m.voltage_v or 0.0) - self._zero.voltage_v
            open_ended = voltage_v > LIVE_V
            self._refuse(
                f"the output stands at {voltage_v:.0f} V and no current flows: the resistor is not connected"
                if open_ended
                else state.otherwise
            )

    def _live(self, state: State) -> None:
        """Take what a live state shows, and judge load and direction."""
        zero = self._zero
        seen = Seen(*(fmean(values) if values else 0.0 for values in self._read.values()))
        seen = Seen(*(value - at_rest for value, at_rest in zip(seen, zero, strict=True)))
        self.seen[state.name] = seen
        ohm = 1000.0 * seen.voltage_v / seen.current_ma
        if abs(ohm / self._stated_ohm - 1.0) > LOAD_PART:
            self._refuse(
                f"the load reads {ohm:.0f} ohm, {self._stated_ohm:.0f} ohm was stated: connect the "
                "resistor, and nobody to the unit"
            )
        elif abs(seen.return_ma) < seen.current_ma / 2:
            self._refuse(
                f"{seen.current_ma:.2f} mA leaves and {abs(seen.return_ma):.2f} mA returns: look at the "
                "return path's resistor and wire"
            )
        elif (seen.return_ma < 0.0) != (state.polarity == "reverse"):
            wired = state.polarity == "forward"
            self._refuse(
                f"{seen.return_ma:+.2f} mA returns in {state.polarity}: "
                + (
                    "the polarity relay or the return path is wired the other way round"
                    if wired
                    else "the polarity relay does not change over: it is stuck, or its coil is not driven"
                )
            )
        else:
            self._next()

    def _await_stop(self, now_s: float, m: Measurement) -> None:
        """Keep the current on whatever Stop says: its second contact alone has to take it away."""
        if self._held_s is None:
            self._held_s = now_s
        if m.buttons.stop and self._pressed_s is None:
            self._pressed_s = now_s
        gone = m.sampled == "current" and self._above(m) < FLOWS_MA
        self._flowing = self._flowing + 1 if gone else 0 if m.sampled == "current" else self._flowing
        if self._pressed_s is None:
            if self._flowing >= 2:
                self._refuse("the current went before Stop was pressed: look for a loose contact")
            elif now_s - self._held_s > START_S:
                self._refuse(f"Stop was not pressed within {START_S:.0f} s")
        elif self._flowing >= 2:
            self.stop_s = now_s - self._pressed_s
            self.phase = Phase.DONE
        elif not m.buttons.stop:
            self._refuse(
                f"Stop was let go after {now_s - self._pressed_s:.1f} s: hold it until the current is gone"
            )
        elif now_s - self._pressed_s > GONE_S:
            self._refuse(
                f"the current flows on after Stop was held for {GONE_S:.0f} s: Stop's second contact is not "
                "in the enable circuit"
            )

    def _next(self) -> None:
        """Go on to the next state; after the last one the current stays for Stop to take away."""
        self._flowing = 0
        if self._at + 1 == len(STATES):
            self.awaits, self._held_s = "stop", None
            return
        self._at += 1
        self._state_s = self._held_s = None
        self._raised_ma = self._setpoint_ma = 0.0

    def _above(self, m: Measurement) -> float:
        return (m.current_ma or 0.0) - self._zero.current_ma

    def _see(self, m: Measurement) -> None:
        values = {"current": m.current_ma, "voltage": m.voltage_v, "return": m.return_ma}
        value = values.get(m.sampled)
        if value is not None:
            self._read[m.sampled].append(value)

    def _refuse(self, reason: str) -> None:
        self.reason, self.phase = reason, Phase.REFUSED
