"""A session: what is commanded in each phase, from the self-test to the end.

Law: pure. `step` takes the time and what was measured and returns a command; the phases table says where
it may go from here. A setpoint rises by the ramp or not at all, and polarity is changed only after zero
was measured and with the output open.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from controller.core.asked import SHORT_WORDS, Asked
from controller.core.buttons import Press
from controller.core.channels import Channels
from controller.core.contact import Contact
from controller.core.dose import Dose
from controller.core.drop_out import DropOut, Window
from controller.core.foldback import FoldBack
from controller.core.limits import (
    CONTACT_TIMEOUT_S,
    FALL_MA,
    FOLD_BACK_HEADROOM_V,
    MAX_STEP_MA,
    PROOF_ALIVE_MA,
    PROOF_MA,
    PROOF_RISE_MA_PER_S,
    READY_TIMEOUT_S,
    RELEASED_S,
    REVERSE_BELOW_MA,
    SMALL_OHM,
    STEP_MA,
    STOP_GONE_S,
    STOP_MA_PER_S,
    STOP_OVER_S,
    STOP_WITHIN_S,
    ZERO_PROOF_S,
    Headroom,
)
from controller.core.load import LoadEstimate
from controller.core.phases import DRIVING, TERMINAL, TRANSITIONS, Event
from controller.core.proof import Proof
from controller.core.regulator import Regulator
from controller.core.rest import Given
from controller.core.stop_test import StopTest
from controller.core.trial import Dummy, Trial
from controller.core.types import (
    STOP_WORDS,
    Buttons,
    Cause,
    Command,
    Drive,
    Measurement,
    Off,
    Phase,
    Polarity,
    Refusal,
    ShortBecause,
    StopCause,
    Trip,
)
from protocols.ceilings import MIN_CURRENT_MA


class Plan(NamedTuple):
    """What one session is to do: figures of treatment and unit in the core's units.

    `halves` are (polarity, seconds of current, ramps included) in order; `guarded` says that the guard has a
    converter of its own, whose reading zero must then be proven by too, `trip` that the unit has a hardware
    trip, which is then proven, `stop_test` that Stop is to be tested before Start, `dummy` the load that its
    stage is tried on first, `drop_out` when its output goes without a heartbeat, where that is to be timed;
    `heed_withdrawal` False only measures what heeding it is worth; from `small_ohm` on a contact is too small
    to be treated. The stage reaches `compliance_v` with its supply at `supply_v`. `limit_ma` is how far Up
    may go, at most the guard's ceiling; 0 leaves it at `target_ma`. The rest of a dose carries what the
    sessions before gave, and were asked for in the first polarity; `balances` says that its first half
    answers a polarity that is done.
    Times in s, currents in mA, voltages in V, ramp in mA/s, charges in mA min.
    """

    target_ma: float
    ramp_ma_per_s: float
    halves: tuple[tuple[Polarity, float], ...]
    tick_s: float
    compliance_v: float
    supply_v: float
    supply_min_v: float
    supply_max_v: float
    operate_s: float
    release_s: float
    dead_time_s: float
    settle_s: float
    guarded: bool = True
    heed_withdrawal: bool = True
    limit_ma: float = 0.0
    balances: bool = False
    carried_forward_ma_min: float = 0.0
    carried_reverse_ma_min: float = 0.0
    carried_asked_ma_min: float = 0.0
    headroom: Headroom = Headroom()
    trip: bool = False
    dummy: Dummy | None = None
    drop_out: Window | None = None
    stop_test: bool = False
    small_ohm: float = SMALL_OHM

    @property
    def total_s(self) -> float:
        """Time with current, both polarities."""
        return sum(seconds for _, seconds in self.halves)


FOLDING: Final = frozenset({Phase.RAMP_UP, Phase.HOLD, Phase.RAMP_DOWN, Phase.STOPPING})
"""Phases in which the load may ask for less current."""
SELF_TEST_S: Final = 0.25
"""The self-test watches the disconnected unit for this long ..."""
SELF_TEST_LIMIT_S: Final = 3.0
"""... and gives up after this (the self-test takes at most 3 s)."""
SELF_TEST_ZERO_MA: Final = 0.1
"""Both converters must read less than this with the output open."""
PROVEN_ALONE: Final = "the protections are proven; nobody was treated"
"""Why a session ended that was to prove them and no more."""
TRIED_REST_S: Final = 0.2
"""For so long after the trial a reading may still be of the dummy load."""


class Session:
    """One treatment, stepped once a tick. See `phases.py` for the table that it obeys."""

    def __init__(self, plan: Plan, regulator: Regulator) -> None:
        self.plan = plan
        self.phase = Phase.SELF_TEST
        self.reason: str | None = None
        self.refusal: Refusal | None = None
        self.recorded = True
        self.alone = self.proven = False
        """Whether only the protections are to be proven, with nobody there, and whether that has passed."""
        self.start_asked = False
        self.start_from_s = 0.0
        """Start begins nothing before: an earlier press of Stop still takes the output away by itself, s."""
        self.target_ma = plan.target_ma
        self.limit_ma = max(plan.limit_ma, plan.target_ma)
        self.trip: Trip | None = None
        self.tripped_in: Phase | None = None
        self.setpoint_ma = 0.0
        self.load = LoadEstimate()
        self.dose = Dose()
        self.asked = Asked(
            plan.ramp_ma_per_s, carried_ma_min=plan.carried_asked_ma_min, answers=plan.balances
        )
        self.short: ShortBecause | None = None
        """Why a session that is done gave less than was asked; None where it didn't, and before its end."""
        self._regulator = regulator
        self._half = 0
        self.polarity: Polarity = plan.halves[0][0]
        """The polarity of the present half."""
        self._half_elapsed_s = self._done_s = 0.0
        self._now_s = self._passed_s = 0.0
        self._phase_before = self.phase
        self._since_s = 0.0
        self._sampled_s = 0.0
        self._steady_since_s: float | None = None
        self._start, self._channels = Press(), Channels()
        self._reverse_step = 0
        self._stepped = self._stop_pressed = False
        self.asked_by = StopCause.BUTTON
        """Who asks when a stop is asked for that is not the button on the unit."""
        self.stopped_by: StopCause | None = None
        self._released_since_s: float | None = None
        self._stop_rate_ma_per_s = STOP_MA_PER_S
        self._rise_ma = min(plan.ramp_ma_per_s * plan.tick_s, MAX_STEP_MA)
        code = regulator.still_code(PROOF_MA)
        self._proof = Proof(
            code,
            trip=plan.trip and plan.dummy is None,  # tried on the dummy load, where nobody is in the path
            from_code=regulator.lowest_code(PROOF_ALIVE_MA),
            rise_codes=PROOF_RISE_MA_PER_S * plan.tick_s * regulator.code_per_ma,
            drop_out=None if plan.drop_out is None else DropOut(plan.drop_out, plan.tick_s),
        )
        self.stop_test = StopTest(code, trip=plan.trip) if plan.stop_test else None
        self._trial: Trial | None = None
        self._tried_s: float | None = None
        if plan.dummy is not None:
            self._trial = Trial(plan.dummy, regulator.still_code, trip=plan.trip, operate_s=plan.operate_s)
        self.fold_back = FoldBack(
            target_ma=self.limit_ma,
            compliance_v=plan.compliance_v,
            supply_v=plan.supply_v,
            rise_ma=self._rise_ma,
            tick_s=plan.tick_s,
            heed_withdrawal=plan.heed_withdrawal,
            headroom=plan.headroom,
        )
        self.contact = Contact(
            rise_ma=self._rise_ma,
            tick_s=plan.tick_s,
            compliance_v=plan.compliance_v,
            headroom=plan.headroom,
            small_ohm=plan.small_ohm,
        )
        self._steps = {
            Phase.SELF_TEST: self._self_test,
            Phase.STOP_TEST: self._test_stop,
            Phase.READY: self._ready,
            Phase.TRIAL: self._try,
            Phase.PROOF: self._prove,
            Phase.CONTACT: self._sense,
            Phase.RAMP_UP: self._ramp_up,
            Phase.HOLD: self._hold,
            Phase.RAMP_DOWN: self._ramp_down,
            Phase.REVERSE: self._reverse,
            Phase.STOPPING: self._stopping,
        }

    # --- what the faces may ask -------------------------------------------------------------------

    @property
    def left_s(self) -> float:
        """Treatment time left, s."""
        return max(0.0, self.plan.total_s - self._done_s - self._half_elapsed_s)

    @property
    def given(self) -> Given:
        """What this session has given so far, with what it carried."""
        return Given(
            self._half,
            self._half_elapsed_s,
            self._done_s + self._half_elapsed_s,
            self._total_ma_min("forward"),
            self._total_ma_min("reverse"),
            self.asked.ma_min,
        )

    @property
    def polarities(self) -> tuple[Polarity, ...]:
        """Those of the whole treatment that this session ended, in their order."""
        return (self._other(), self.polarity) if self.asked.paired else (self.polarity,)

    @property
    def finished(self) -> bool:
        """True when nothing can follow any more."""
        return self.phase in TERMINAL

    @property
    def stop_runs(self) -> bool:
        """Tell whether Start waits for the end of what an earlier press of Stop has begun."""
        return self._now_s < self.start_from_s

    def through_person_ma(self, m: Measurement) -> float | None:
        """Return the measured current (mA) as far as it is a person's: none of it while the stage is tried.

        Nor until the control converter has read anew, which takes all of its channels' turns.
        """
        if self._tried_s is not None and m.time_s - self._tried_s < TRIED_REST_S:
            return None
        return m.current_ma

    # --- what the device tells --------------------------------------------------------------------------

    def deny(self) -> None:
        """Don't take this press of Start; the next one has to be let go first, as ever."""
        self.start_asked = False
        self._start.forget()

    def refuse(self, refusal: Refusal, reason: str) -> None:
        """End a session that waits for Start or for its record: it may not begin."""
        if self.phase is Phase.READY:
            self.refusal, self.reason = refusal, reason
            self._go(Event.UNRECORDED)

    # --- the tick ---------------------------------------------------------------------------------

    def step(self, now_s: float, measurement: Measurement) -> Command:
        """Return what is commanded for this tick; `now_s` is session time in s."""
        elapsed_s = now_s - self._now_s
        self._now_s = now_s
        self._passed_s = elapsed_s
        self._phase_before = self.phase
        current_ma = measurement.current_ma
        if current_ma is not None and self.phase in DRIVING:
            self.dose.add(self.polarity, current_ma, elapsed_s)
        if self.phase in TERMINAL:
            return Off(self.polarity)
        fresh = self._channels.fresh(measurement)
        if measurement.sampled == "voltage" and measurement.voltage_v is not None and fresh:
            if current_ma is not None and self.phase not in {Phase.STOP_TEST, Phase.TRIAL}:
                self.load.update(measurement.voltage_v, current_ma)
            if self.phase in FOLDING:
                self.fold_back.see(now_s, measurement.voltage_v, self.setpoint_ma)
        if measurement.sampled == "supply" and measurement.supply_v is not None and fresh:
            # Less than that is a fault, of the supply or of who reads it, and the guard's.
            self.fold_back.heed_supply(max(measurement.supply_v, self.plan.supply_min_v))
        if self.phase in FOLDING and measurement.guard_ma is not None:
            self.fold_back.follow(now_s, measurement.guard_ma, self.setpoint_ma)
        buttons = measurement.buttons
        pressed = buttons.stop and self.phase not in {Phase.SELF_TEST, Phase.STOP_TEST}  # there it is judged
        if (pressed or buttons.stop_asked) and Event.STOP in TRANSITIONS[self.phase]:
            self.stopped_by = StopCause.BUTTON if pressed else self.asked_by
            self._stop(STOP_WORDS[self.stopped_by])
        if self.phase in TERMINAL:
            return Off(self.polarity)
        return self._steps[self.phase](measurement)

    def record_trip(self, trip: Trip) -> None:
        """Latch a trip: the guard has cut the current, and nothing leaves this phase.

        When the session is over a chip may fail; only current that still flows is its business.
        """
        over = self.phase in TERMINAL
        if self.trip is None and (not over or trip.cause is Cause.OUTPUT_STUCK):
            self.trip = trip
            self.tripped_in = self._phase_before
            self.reason = trip.evidence
            self._go(Event.TRIP)
            self.setpoint_ma = 0.0

    def cut(self, reason: str) -> None:
        """Switch the output off at once, without the soft stop: a person insists."""
        if self.phase not in TERMINAL:
            if self.phase is not Phase.STOPPING:
                self.stopped_by = self.asked_by
                self._stop(reason)
            if self.phase is Phase.STOPPING:
                self._go(Event.STOPPED)
            self.setpoint_ma = 0.0

    # --- phases -------------------------------------------------------------------------------------

    def _self_test(self, m: Measurement) -> Command:
        zero = self._reads_below(m, SELF_TEST_ZERO_MA)
        supply_ok = m.supply_v is not None and self.plan.supply_min_v <= m.supply_v <= self.plan.supply_max_v
        if m.buttons.stop:
            self._stop_pressed = True
        elif self._stop_pressed:  # a press, not a contact that is stuck
            self.stopped_by = StopCause.BUTTON
            self._stop(STOP_WORDS[self.stopped_by])
            return Off(self.polarity)
        stuck = m.buttons.start or m.buttons.stop
        if self._elapsed_s() >= SELF_TEST_S and zero and supply_ok and not stuck:
            self._go(Event.PASSED if self.stop_test is None else Event.PASSED_UNTRIED)
        elif self._elapsed_s() >= SELF_TEST_LIMIT_S:
            if m.buttons.start:
                self.refusal = Refusal.START_STUCK
                self.reason = "the Start button reads as pressed since power-up: release or replace it"
            elif m.buttons.stop:
                self.refusal = Refusal.STOP_STUCK
                self.reason = (
                    "the Stop button reads as pressed since power-up: release it, or its wire is broken"
                )
            elif not supply_ok:
                self.refusal = Refusal.SUPPLY_OUT
                self.reason = (
                    f"the supply of the current stage reads {_text(m.supply_v)} V, allowed "
                    f"{self.plan.supply_min_v:g} to {self.plan.supply_max_v:g} V: check the isolated supply"
                )
            else:
                self.refusal = Refusal.NOT_ZERO
                self.reason = (
                    f"with the output open the converters read {_text(m.current_ma)} and "
                    f"{_text(m.guard_ma)} mA, allowed below {SELF_TEST_ZERO_MA:g} mA: "
                    "a relay is welded or a sensor is off; have the unit serviced"
                )
            self._go(Event.FAILED)
        return Off(self.polarity)

    def _test_stop(self, m: Measurement) -> Command:
        test = self.stop_test
        if test is None:  # no row of the table leads here without one
            return Off(self.polarity)
        command = test.step(self._now_s, m, self.polarity)
        if m.buttons.stop:
            self.start_from_s = self._now_s + STOP_OVER_S
        if test.done:
            if self.plan.trip:  # it was seen to have done so
                self.start_from_s = self._now_s + STOP_GONE_S
            self._go(Event.STOP_PROVEN)
        elif test.failed is not None:
            self.refusal, self.reason = test.refusal, test.failed
            self._go(Event.FAILED)
        else:
            return command
        return Off(self.polarity)

    def _ready(self, m: Measurement) -> Command:
        self.start_asked = self._start.see(m.buttons.start) or self.start_asked
        if self.start_asked and self.recorded and not self.stop_runs:
            self._go(Event.START if self._trial is None else Event.START_TRIAL)
        elif self._elapsed_s() >= READY_TIMEOUT_S:
            self.refusal = Refusal.NOBODY_CAME
            self.reason = f"Start was not pressed within {READY_TIMEOUT_S:.0f} s"
            if m.buttons.start:
                self.refusal = Refusal.START_STUCK
                self.reason = "the Start button reads as pressed and is not let go: release or replace it"
            self._go(Event.TIMEOUT)
        return Off(self.polarity)

    def _try(self, m: Measurement) -> Command:
        trial = self._trial
        if trial is None:  # no row of the table leads here without one
            return Off(self.polarity)
        self._tried_s = self._now_s
        command = trial.step(self._now_s, m, self.polarity)
        if trial.done:
            self._go(Event.TRIED)
        elif trial.failed is not None:
            self.refusal, self.reason = trial.refusal, trial.failed
            self._go(Event.FAILED)
        else:
            return command
        return Off(self.polarity)

    def _prove(self, m: Measurement) -> Command:
        command = self._proof.step(self._now_s, m, self.polarity)
        if self._proof.done and self._proof.found is not None:
            self._regulator.take_zero(*self._proof.found)
            if self.alone:
                self.proven, self.reason = True, PROVEN_ALONE
            self._go(Event.PROVEN_ALONE if self.alone else Event.PROVEN)
        elif self._proof.failed is not None:
            self.refusal, self.reason = self._proof.refusal, self._proof.failed
            self._go(Event.FAILED)
        else:
            return command
        return Off(self.polarity)

    def _sense(self, m: Measurement) -> Command:
        if self._elapsed_s() < self.plan.operate_s:
            return self._drive(0.0, m, sensing=True)
        setpoint_ma = self.contact.step(self._now_s, m, self.setpoint_ma)
        if self.contact.made:
            self._go(Event.CONTACT)
            self._half_elapsed_s = self._sensing_counts_s()
            self.asked.sensed(self.setpoint_ma, self.dose.ma_min(self.polarity))
            return self._ramp_up(m)
        if self.contact.deaf:
            self.refusal = Refusal.STAGE_WRONG
            self.reason = f"the current stays at {m.current_ma or 0.0:.2f} mA, though less was asked for"
            self._go(Event.FAILED)
            return Off(self.polarity)
        if self._elapsed_s() >= CONTACT_TIMEOUT_S:
            self.refusal = Refusal.NO_CONTACT
            if self.contact.touches(m):
                self.refusal = Refusal.ELECTRODES_TOUCH
            elif self.contact.small:
                self.refusal = Refusal.CONTACT_SMALL
            self.reason = f"no contact within {CONTACT_TIMEOUT_S:.0f} s: {self.contact.why_not(m)}"
            self._go(Event.TIMEOUT)
            return Off(self.polarity)
        return self._drive(setpoint_ma, m, sensing=True)._replace(watch=self.contact.watch)

    def _ramp_up(self, m: Measurement) -> Command:
        if self._elapsed_s() < self.plan.operate_s and self.setpoint_ma == 0.0:
            return self._drive(0.0, m)
        if self._half_is_over():
            self._go(Event.HALF_OVER)
            return self._ramp_down(m)
        self._pass(m)
        self._heed_up_and_down(m.buttons)
        if self.setpoint_ma >= self.target_ma or self.fold_back.settled(self._now_s):
            self._go(Event.ARRIVED)
        return self._drive(self._toward_target_ma(), m)

    def _hold(self, m: Measurement) -> Command:
        if self._half_is_over():
            self._go(Event.HALF_OVER)
            return self._ramp_down(m)
        self._pass(m)
        self._heed_up_and_down(m.buttons)
        return self._drive(self._toward_target_ma(), m)

    def _ramp_down(self, m: Measurement) -> Command:
        self._pass(m)
        fallen_ma = self.setpoint_ma - self.plan.ramp_ma_per_s * self.plan.tick_s
        setpoint_ma = min(fallen_ma, self.fold_back.allow(self._now_s))
        if setpoint_ma > 0.0:
            return self._drive(setpoint_ma, m)
        self._steady_since_s = None
        more = self._half + 1 < len(self.plan.halves)
        if not more:
            self._weigh()
        self._go(Event.ZERO if more else Event.FINISHED)
        return self._drive(0.0, m) if more else Off(self.polarity)

    def _reverse(self, m: Measurement) -> Command:
        """Prove zero, open, wait, swap, wait: one step after the other, and none is skipped or undone."""
        plan, old, new = self.plan, self.polarity, self.plan.halves[self._half + 1][0]
        steps: tuple[tuple[float, Command], ...] = (
            (ZERO_PROOF_S, Drive(old, 0.0, 0)),
            (plan.release_s + plan.dead_time_s, Off(old)),
            (plan.settle_s, Off(new)),
        )
        if not self._reads_below(m, REVERSE_BELOW_MA):
            self._steady_since_s = None  # this step begins again; the guard ends it if current stays
        elif self._steady_since_s is None:
            self._steady_since_s = self._now_s
        elif self._now_s - self._steady_since_s >= steps[self._reverse_step][0]:
            self._steady_since_s = self._now_s
            self._reverse_step += 1
        if self._reverse_step < len(steps):
            return steps[self._reverse_step][1]
        self._reverse_step = 0
        self._done_s += plan.halves[self._half][1]
        self._half += 1
        self.polarity = new
        self._half_elapsed_s = 0.0
        self.asked.reverse()
        self.fold_back.reset()
        self._go(Event.REVERSED)
        return self._drive(0.0, m)

    def _stopping(self, m: Measurement) -> Command:
        if not m.buttons.stop:
            self._released_since_s = self._released_since_s or self._now_s
        elif self._released_since_s is not None and self._now_s - self._released_since_s >= RELEASED_S:
            self.cut("Stop was pressed twice")
            return Off(self.polarity)
        else:
            self._released_since_s = None
        fallen_ma = self.setpoint_ma - self._stop_rate_ma_per_s * self.plan.tick_s
        setpoint_ma = min(fallen_ma, self.fold_back.allow(self._now_s))
        if setpoint_ma > 0.0:
            return self._drive(setpoint_ma, m, sensing=self._stops_sensing)
        self.setpoint_ma = 0.0
        self._go(Event.STOPPED)
        return Off(self.polarity)

    # --- helpers --------------------------------------------------------------------------------------

    def _sensing_counts_s(self) -> float:
        """Return how much of the first half the sensing has used up, so that both halves get one charge.

        It has climbed the foot of the ramp, and the rest of its charge is as much as so long at target.
        """
        foot_s = self.setpoint_ma / self.plan.ramp_ma_per_s
        beyond_ma_s = 60 * self.dose.ma_min(self.polarity) - self.setpoint_ma * foot_s / 2
        return foot_s + max(0.0, beyond_ma_s) / self.target_ma

    def _pass(self, m: Measurement) -> None:
        """Count a tick's time and what is asked for in it."""
        self._half_elapsed_s += self._passed_s
        self.asked.step(
            self._passed_s,
            target_ma=self.target_ma,
            left_s=self.plan.halves[self._half][1] - self._half_elapsed_s,
            given_ma=m.current_ma or 0.0,
            held=self.fold_back.held,
        )

    def _weigh(self) -> None:
        """Tell whether what was given, with what was carried, is what was asked."""
        first, last = self.polarities[0], self.polarities[-1]
        self.short = self.asked.short(self._total_ma_min(first), self._total_ma_min(last))
        if self.short is not None:
            self.reason = SHORT_WORDS[self.short]

    def _other(self) -> Polarity:
        return "reverse" if self.polarity == "forward" else "forward"

    def _toward_target_ma(self) -> float:
        """Return the setpoint one step of the ramp nearer to the target, as far as the load allows."""
        fallen_ma = max(self.target_ma, self.setpoint_ma - self._rise_ma)
        return min(self.setpoint_ma + self._rise_ma, fallen_ma, self.fold_back.allow(self._now_s))

    def _heed_up_and_down(self, buttons: Buttons) -> None:
        """Change the target by one step a press; a step beyond the limits is not taken.

        Down while the current rises holds it: at the step that it has passed last. The second half rises to
        there again, and no further. Before the first one nothing is felt, and Down is a step as ever.
        """
        way = buttons.up - buttons.down
        if way == 0:
            self._stepped = False
        elif not self._stepped:
            self._stepped = True
            target_ma = self.target_ma + way * STEP_MA
            if way < 0 and self.phase is Phase.RAMP_UP and self.setpoint_ma >= MIN_CURRENT_MA:
                passed_ma = self.setpoint_ma // STEP_MA * STEP_MA
                target_ma = max(MIN_CURRENT_MA, min(target_ma, passed_ma))
            if MIN_CURRENT_MA <= target_ma <= self.limit_ma:
                self.target_ma = target_ma

    def _total_ma_min(self, polarity: Polarity) -> float:
        plan = self.plan
        carried = plan.carried_forward_ma_min if polarity == "forward" else plan.carried_reverse_ma_min
        return carried + self.dose.ma_min(polarity)

    def _go(self, event: Event) -> None:
        self.phase = TRANSITIONS[self.phase][event]
        self._since_s = self._now_s

    def _elapsed_s(self) -> float:
        return self._now_s - self._since_s

    def _stop(self, reason: str) -> None:
        self.reason = reason
        self._stop_rate_ma_per_s = max(STOP_MA_PER_S, self.setpoint_ma / STOP_WITHIN_S)
        self._stops_sensing = self.phase is Phase.CONTACT  # there an open circuit is nobody's hand that left
        self._go(Event.STOP)

    def _drive(self, setpoint_ma: float, m: Measurement, *, sensing: bool = False) -> Drive:
        self.setpoint_ma = setpoint_ma
        measured_ma = m.current_ma if m.sampled == "current" else None
        reach_v = self.fold_back.reach_v(setpoint_ma)
        high = m.voltage_v is not None and m.voltage_v > reach_v - FOLD_BACK_HEADROOM_V
        if high or self.fold_back.lacks:
            measured_ma = None  # at the end of its voltage the stage is not wrong: do not wind up the trim
        if sensing and measured_ma is not None and measured_ma < setpoint_ma / 2:
            measured_ma = None  # nor where a relay is open: whoever closes it must find the sensing current
        if sensing and setpoint_ma == FALL_MA:
            measured_ma = None  # what is looked at there has to stay as it is
        since_s = 0.0
        if measured_ma is not None:
            since_s = min(self._now_s - self._sampled_s, 10 * self.plan.tick_s)
            self._sampled_s = self._now_s
        code = self._regulator.code(setpoint_ma, measured_ma, since_s, self.plan.ramp_ma_per_s)
        return Drive(self.polarity, setpoint_ma, code, sensing)

    def _half_is_over(self) -> bool:
        """Tell whether what is left of this half is just its ramp down, by time or by charge."""
        ramp_s = self.setpoint_ma / self.plan.ramp_ma_per_s
        if self._half_elapsed_s + ramp_s >= self.plan.halves[self._half][1]:
            return True
        if self._half == 0 and not self.plan.balances:
            return False
        to_come_ma_min = self.setpoint_ma * ramp_s / 2 / 60
        return self._total_ma_min(self.polarity) + to_come_ma_min >= self._total_ma_min(self._other())

    def _reads_below(self, m: Measurement, bound_ma: float) -> bool:
        guard_ok = m.guard_ma < bound_ma if m.guard_ma is not None else not self.plan.guarded
        return m.current_ma is not None and m.current_ma < bound_ma and guard_ok


def _text(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.2f}"
