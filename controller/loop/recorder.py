"""What is kept of a session: phases, figures for the summary, a trace for the plot, snapshots for the faces.

Law: it looks on. A tick costs it a few comparisons; rows are kept ten times a second and nothing is written
to disk from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from controller.core.phases import TERMINAL
from controller.core.types import Phase
from controller.core.wording import by_area
from controller.loop.advice import SENTENCES, STOP_STEPS, UNREACHED, next_of
from controller.loop.telemetry import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.core.session import Session
    from controller.core.types import Measurement
    from controller.loop.tick import Loop

ROW_S: Final = 0.1
"""Time between two rows of the trace, and between two snapshots."""
SETTLED_S: Final = 5.0
"""A hold counts as steady after this, for the steady error."""


class PhaseSpan(NamedTuple):
    """A stretch of the session in one phase and polarity, session time in s."""

    phase: str
    polarity: str
    start_s: float
    end_s: float


class Trace(NamedTuple):
    """Columns at 10 Hz, all of one length; absent readings are None."""

    time_s: list[float]
    phase: list[str]
    polarity: list[str]
    target_ma: list[float]
    setpoint_ma: list[float]
    measured_ma: list[float | None]
    voltage_v: list[float | None]


class Recorder:
    """Observes every tick of one loop."""

    def __init__(
        self,
        loop: Loop[Session],
        *,
        simulated: bool,
        area: str | None = None,
        on_snapshot: Callable[[Snapshot], None] | None = None,
        on_tick: Callable[[bool], None] | None = None,
    ) -> None:
        """`area` is what is treated, for the words.

        `on_tick` is told once a tick whether the session is neither tripped nor being stopped.
        """
        self._loop = loop
        self._session = loop.session
        self._simulated = simulated
        self._area = area
        self._on_snapshot = on_snapshot
        self._on_tick = on_tick
        self.trace = Trace([], [], [], [], [], [], [])
        self.spans: list[PhaseSpan] = []
        self.peak_ma = 0.0
        self.overshoot_ma = 0.0
        self.end_s = 0.0
        self._steady_sum_ma = 0.0
        self._steady_count = 0
        self._phase: Phase | None = None
        self._polarity = ""
        self._phase_since_s = 0.0
        self._row_due_s = 0.0

    @property
    def steady_error_ma(self) -> float:
        """Mean difference between measured current and setpoint in steady hold, mA; 0 without any."""
        return self._steady_sum_ma / self._steady_count if self._steady_count else 0.0

    def tick(self, measurement: Measurement) -> None:
        """Take one finished tick."""
        session, now_s = self._session, measurement.time_s
        phase = session.phase
        if phase is not self._phase or session.polarity != self._polarity:
            self._change(phase, now_s)
        if measurement.sampled == "current":
            current_ma = session.through_person_ma(measurement)
            if current_ma is not None:
                self._figures(current_ma, phase, now_s)
        if self._on_tick is not None:
            self._on_tick(phase is not Phase.STOPPING and phase is not Phase.TRIPPED)
        if now_s >= self._row_due_s:
            self._row_due_s = now_s + ROW_S - 1e-6
            self._row(measurement, now_s)

    def _change(self, phase: Phase, now_s: float) -> None:
        if self._phase is not None and self._phase not in TERMINAL:
            self.spans.append(PhaseSpan(self._phase, self._polarity, self._phase_since_s, now_s))
        if phase in TERMINAL and self._phase not in TERMINAL:
            self.end_s = now_s
            self._row_due_s = now_s
        self._phase, self._polarity, self._phase_since_s = phase, self._session.polarity, now_s

    def _figures(self, current_ma: float, phase: Phase, now_s: float) -> None:
        session = self._session
        self.peak_ma = max(self.peak_ma, current_ma)
        if phase is Phase.HOLD:
            self.overshoot_ma = max(
                self.overshoot_ma, current_ma - max(session.target_ma, session.setpoint_ma)
            )
            if now_s - self._phase_since_s > SETTLED_S:
                self._steady_sum_ma += current_ma - session.setpoint_ma
                self._steady_count += 1

    def _row(self, measurement: Measurement, now_s: float) -> None:
        session, trace = self._session, self.trace
        trace.time_s.append(now_s)
        trace.phase.append(session.phase)
        trace.polarity.append(session.polarity)
        trace.target_ma.append(session.target_ma)
        trace.setpoint_ma.append(session.setpoint_ma)
        trace.measured_ma.append(session.through_person_ma(measurement))
        trace.voltage_v.append(measurement.voltage_v)
        if self._on_snapshot is not None:
            self._on_snapshot(self.snapshot(measurement))

    def snapshot(self, measurement: Measurement) -> Snapshot:
        """Return what the faces may see now."""
        session, trip = self._session, self._session.trip
        return Snapshot(
            time_s=measurement.time_s,
            phase=session.phase,
            polarity=session.polarity,
            target_ma=session.target_ma,
            setpoint_ma=session.setpoint_ma,
            measured_ma=session.through_person_ma(measurement),
            voltage_v=measurement.voltage_v,
            resistance_ohm=session.load.resistance_ohm,
            contact_ohm=session.contact.contact_ohm,
            left_s=session.left_s,
            total_s=session.plan.total_s,
            charge_forward_ma_min=session.dose.ma_min("forward"),
            charge_reverse_ma_min=session.dose.ma_min("reverse"),
            note=by_area(self._note(), self._area),
            trip_cause=trip.cause if trip else None,
            trip_evidence=trip.evidence if trip else None,
            simulated=self._simulated,
            late_ticks=self._loop.late,
            missed_ticks=self._loop.missed,
        )

    def _note(self) -> str:
        """Say how the session ended, or what to do now: the next step's own sentence."""
        session, phase = self._session, self._session.phase
        if phase in TERMINAL:
            return session.reason or ""
        if phase is Phase.STOP_TEST and session.stop_test is not None:
            return SENTENCES[STOP_STEPS[session.stop_test.asks]]
        if phase is Phase.READY:
            return SENTENCES["press_start"]
        if phase in {Phase.RAMP_UP, Phase.HOLD} and session.fold_back.withdrawn:
            return SENTENCES["put_back"]
        if phase in {Phase.RAMP_UP, Phase.HOLD} and session.fold_back.ever:
            return UNREACHED
        return SENTENCES[next_of(phase, small=session.contact.small) or "press_start"]
