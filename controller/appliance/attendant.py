"""What the appliance does in a tick beside the session: panel, snapshots, messages, and the start's record.

Law: it looks on, and can neither block nor begin anything but a session whose Start was pressed on the unit,
that is not one too many, and whose start is on the disk; while the unit is locked, nothing but the proof with
nobody there, once a technician said why. Messages from outside stop or prepare.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from controller.appliance.live_state import Led, LiveState
from controller.core.buttons import Steady
from controller.core.locks import IDLE, PROOF, Needs, why_locked
from controller.core.reasons import REASONS, code_of
from controller.core.signals import Panel, Signal, turn_s
from controller.core.types import Phase, Refusal, StopCause
from controller.loop.advice import STOP_STEPS, Shortfall, contact_of, next_of
from protocols.frequency import UNKNOWN

if TYPE_CHECKING:
    from controller.appliance.standing import Offer, Standing
    from controller.appliance.unit_light import UnitLight
    from controller.backends.bench import Bench
    from controller.core.session import Session
    from controller.core.types import Measurement
    from controller.journal.writer import Journal
    from controller.loop.telemetry import Snapshot
    from controller.loop.tick import Loop
    from controller.orders.judgement import Prepared

AGAIN_S: Final = 5.0
"""What was given is asked again so often while it refuses: the clock may be set meanwhile, a date amended."""
PANEL_S: Final = 0.02
"""How often light and buzzer are looked after: a fifth of the shortest flash and beep."""
HELD_S: Final = 3.0
"""A button held for so long while idle means something of its own (Up: pairing; Start and Down: begin)."""

_SIGNALS: Final = {
    Phase.TRIAL: Signal.TESTING,
    Phase.PROOF: Signal.TESTING,
    Phase.CONTACT: Signal.CONTACT,
    Phase.RAMP_UP: Signal.CURRENT,
    Phase.HOLD: Signal.CURRENT,
    Phase.RAMP_DOWN: Signal.CURRENT,
    Phase.REVERSE: Signal.CURRENT,
    Phase.STOPPING: Signal.STOPPING,
    Phase.DONE: Signal.DONE,
}


class Attendant:
    """Attends one session of a unit."""

    def __init__(
        self,
        standing: Standing,
        bench: Bench,
        light: UnitLight,
        loop: Loop[Session],
        journal: Journal,
        prepared: Prepared | None,
        offer: Offer | None,
    ) -> None:
        self.stopped_by_hand = False
        self._standing, self._bench, self._light = standing, bench, light
        self._session, self._stop = loop.session, loop.stop
        self._journal, self._prepared, self._offer = journal, prepared, offer
        self._shortfall = Shortfall()
        self._denied: tuple[float, int] | None = None
        """A Start that can't begin anything shows its code for one turn: until when, and which."""
        self._held: tuple[str, float] | None = None
        self._both_since_s: float | None = None
        self._stop_steady = Steady()
        """A glitch on Stop's wire ends a session, but clears and tries nothing."""
        self._panel_due_s = 0.0
        self._shown: tuple[Signal, int | None, Panel] | None = None
        self._last: Measurement | None = None
        self._too_often: str | None = None
        """Why nothing may be given so soon; None until the journal has told what was given."""
        self._again_s = 0.0
        self._another = self._stop_passed = False
        """Whether the next session is another one once Stop's test is over, and whether that has passed."""

    # --- the tick -----------------------------------------------------------------------------------------

    def tick(self, m: Measurement) -> None:
        """Look after panel, messages and the record."""
        self._last = m
        session, standing = self._session, self._standing
        for message in standing.line.take():
            self._hear(message)
        if not self._journal.begin_sent:
            self._listen(m.time_s)
        if m.buttons.stop:
            standing.stop_pressed()
        self._mind_stop_test()
        if session.phase is Phase.READY:
            standing.passed()
            self._hold(m)
            self._wake(m)
            if session.start_asked:
                self._start(m.time_s)
            elif standing.lapse() or standing.stop_test_due or self._another:
                self._stop.press()
        elif self._held is not None:
            self._held = None
        if session.phase is Phase.RAMP_UP and self._prepared is not None:
            standing.flows(self._prepared)
        held = self._stop_steady.see(m.time_s, m.buttons.stop) and m.buttons.stop
        if session.phase is Phase.STOPPED and held and not self.stopped_by_hand:
            self.stopped_by_hand = True
            if standing.waits_for_stop and not self._journal.begin_sent:
                self._journal.stopped(self._bench.name, simulated=self._bench.simulated)
        if m.time_s >= self._panel_due_s:
            self._panel_due_s = m.time_s + PANEL_S
            self._show_panel()

    def _mind_stop_test(self) -> None:
        """Keep that Stop's test was passed; end it where something else has to come first."""
        test, standing = self._session.stop_test, self._standing
        if test is None or self._stop_passed:
            return
        if test.done:
            self._stop_passed = True
            standing.stop_passed()
        elif self._session.phase is Phase.STOP_TEST and not standing.stop_test_due:
            self._stop.press()

    def _listen(self, now_s: float) -> None:
        """Hear what the journal tells of the past; what refuses now is asked again."""
        standing, journal = self._standing, self._journal
        journal.listen()
        standing.found(journal.cut_off)
        if journal.past is None:
            return
        standing.keep(journal.lock)
        standing.tell_computer(journal.computer)
        if self._too_often is None or now_s >= self._again_s:
            self._too_often = self._judge()
            self._again_s = now_s + AGAIN_S
            if self._too_often or standing.lock is not None:
                journal.look(self._bench.name, simulated=self._bench.simulated)

    def _start(self, now_s: float) -> None:
        """Start was pressed: begin if anything may begin, and go on once that is on the disk."""
        standing, journal, prepared = self._standing, self._journal, self._prepared
        if not journal.begin_sent:
            self._begin(now_s)
        if not self._session.start_asked:
            return
        journal.waiting()
        if journal.failure is not None:
            self._session.refuse(Refusal.NO_RECORD, journal.failure)
        elif journal.begun and not self._session.recorded:
            self._session.recorded = True
            begun = {"begun": journal.session_id, "treatment": PROOF, "person": None}
            if prepared is not None and not self._session.alone:
                standing.begun(prepared)
                begun |= {"treatment": prepared.name, "person": prepared.person}
            else:
                standing.ask_first()
            standing.tell(begun)

    def _begin(self, now_s: float) -> None:
        """Send the start to the record where something may begin, else don't take the press."""
        standing, journal, prepared = self._standing, self._journal, self._prepared
        lock, latched = standing.lock, standing.alarm is not None and standing.alarm.latched
        if lock is not None and journal.past is None:
            return  # it may be released by now: the journal's answer is waited for
        if lock is not None and not latched and lock.needs is Needs.PROOF:
            self._session.alone = True
            nothing = {"treatment": PROOF, "target_ma": 0.0, "total_s": 0.0, "limit_ma": 0.0}
            journal.begin(self._facts(None) | nothing, now_s)
            return
        if lock is not None:
            self._deny(now_s, lock.code)
            standing.deny(lock.code, why_locked(lock))
            return
        if prepared is None or (latched and self._offer is None):
            refused = Refusal.ORDER_REFUSED if standing.order is not None else Refusal.NOTHING_PREPARED
            code = REASONS[refused].code
            if latched and self._offer is None and standing.alarm is not None:
                code = standing.alarm.code
            self._deny(now_s, code)
            return
        if standing.pedal_due or standing.asleep:
            self._session.deny()
            standing.ask_first()
            return
        if unfit := standing.unfit(simulated=self._bench.simulated):
            self._session.refuse(Refusal.UNIT_UNFIT, unfit)  # it may have become midnight
            return
        if self._too_often is not None:
            self._too_often = self._judge()  # it may have become midnight
            if self._too_often:
                code = REASONS[Refusal.DATE_UNKNOWN if self._too_often in UNKNOWN else Refusal.TOO_OFTEN].code
                self._deny(now_s, code)
                standing.deny(code, self._too_often)
                return
            journal.begin(self._facts(prepared), now_s)

    def _deny(self, now_s: float, code: int) -> None:
        """Don't take the press, and show why for one turn."""
        self._denied = (now_s + turn_s(Signal.CODE, code), code)
        self._session.deny()

    def _judge(self) -> str:
        """Say why what is prepared may not be given so soon after what was given, or ""."""
        if self._prepared is None or self._offer is not None or self._journal.past is None:
            return ""
        return self._standing.too_often(self._prepared, self._journal)

    def record_idle_trip(self) -> None:
        """Record what was found while nobody was treated: a trip, or a refusal that locks. It is nobody's."""
        if self._last is not None:
            nothing = {"treatment": IDLE, "target_ma": 0.0, "total_s": 0.0, "limit_ma": 0.0}
            self._journal.begin(self._facts(None) | nothing | {"linked_to": None})
            self._journal.tick(self._last)

    def _facts(self, prepared: Prepared | None) -> dict[str, Any]:
        plan, bench = self._session.plan, self._bench
        return {
            "unit": bench.name,
            "treatment": "" if prepared is None else prepared.name,
            "simulated": bench.simulated,
            "target_ma": plan.target_ma,
            "total_s": plan.total_s,
            "person": None if prepared is None else prepared.person,
            "linked_to": None if self._offer is None else self._offer.session,
            "first_polarity": plan.halves[0][0],
            "limit_ma": self._session.limit_ma,
            "planned_ma_min": None if prepared is None else prepared.treatment.planned_charge_ma_min,
        }

    def _hear(self, message: dict[str, Any]) -> None:
        standing, bench, stop = self._standing, self._bench, self._stop
        match message.get("do"):
            case "stop":
                (stop.cut if stop.pressed else stop.press)(StopCause.PAGE)
            case "press" if bench.inject is not None:
                what = {"button": message["button"], "for_s": message["held_s"]}
                bench.inject(standing.clock.whole_s, "press", what)
            case "hand" if bench.inject is not None:
                bench.inject(standing.clock.whole_s, "hand_out" if message["out"] else "hand_in", {})
            case "order":
                before = standing.prepared
                standing.take_order(message)
                if standing.prepared != before:
                    self._begin_another(StopCause.PAGE)
            case "allowed":
                self._hold_to(message)

    def _hold_to(self, message: dict[str, Any]) -> None:
        """Take what a person may be given from now on: more isn't startable, and ends softly."""
        standing, before = self._standing, self._standing.prepared
        standing.allow(message)
        if self._session.phase in {Phase.SELF_TEST, Phase.STOP_TEST, Phase.READY}:
            if standing.prepared != before:
                self._begin_another(StopCause.NOT_ALLOWED)
        elif self._prepared is not None and standing.within(self._prepared) != self._prepared:
            self._stop.press(StopCause.NOT_ALLOWED)

    def _begin_another(self, cause: StopCause) -> None:
        """End a session in which nothing has begun, for the next is another one; Stop's test goes on."""
        if self._session.phase in {Phase.SELF_TEST, Phase.READY}:
            self._stop.press(cause)
        self._another = self._session.phase is Phase.STOP_TEST

    def _hold(self, m: Measurement) -> None:
        held = "up" if m.buttons.up else "down" if m.buttons.down else None
        if held is None:
            self._held = None
        elif self._held is None or self._held[0] != held:
            self._held = (held, m.time_s)

    def _wake(self, m: Measurement) -> None:
        """Heed the hands at the unit: a button keeps it awake, Start and Down together wake it."""
        buttons, standing = m.buttons, self._standing
        if not (buttons.start and buttons.down):
            self._both_since_s = None
        elif self._both_since_s is None:
            self._both_since_s = m.time_s
        elif standing.asleep and m.time_s - self._both_since_s >= HELD_S:
            standing.touch()
            self._session.start_asked = True
        if not standing.asleep and (buttons.start or buttons.stop or buttons.up or buttons.down):
            standing.touch()

    # --- the faces ------------------------------------------------------------------------------------------

    def _held_long(self) -> str | None:
        held, last = self._held, self._last
        return held[0] if held and last and last.time_s - held[1] >= HELD_S else None

    def _signal(self) -> tuple[Signal, int | None]:
        """Return what is to be shown, with its code."""
        session, standing = self._session, self._standing
        phase, now_s = session.phase, 0.0 if self._last is None else self._last.time_s
        if phase in {Phase.TRIPPED, Phase.REFUSED} and (code := code_of(session)) is not None:
            return (Signal.CODE, code) if session.refusal is not Refusal.NOBODY_CAME else (Signal.READY, None)
        if phase in {Phase.RAMP_UP, Phase.HOLD} and session.fold_back.withdrawn:
            return Signal.LEAVING, None
        if (signal := _signal_of(session)) is not None:
            return signal, None
        if self._denied is not None and now_s < self._denied[0]:
            return Signal.CODE, self._denied[1]
        if self._held_long() == "up":
            return Signal.PAIRING, None
        if self._offer is not None and standing.lock is None:
            return (Signal.PAUSED if standing.alarm is None else Signal.REST), None
        if standing.alarm is not None:
            return Signal.CODE, standing.alarm.code
        if (lock := standing.lock) is not None:
            return (Signal.PROVE if lock.needs is Needs.PROOF else Signal.LOCKED), lock.code
        if standing.finished:
            return Signal.DONE, None
        if phase is Phase.SELF_TEST:
            return Signal.TESTING, None
        startable = self._prepared is not None and not self._too_often
        if startable and standing.pedal_due:
            return Signal.PEDAL, None
        if startable and standing.asleep:
            return Signal.ASLEEP, None
        return (Signal.READY if startable else Signal.NOTHING), None

    def _show_panel(self) -> None:
        signal, code = self._signal()
        self._shown = (signal, code, self._light.show(signal, code))

    def show(self, seen: Snapshot) -> None:
        """Send a snapshot of the session with what the appliance knows."""
        standing, session, journal = self._standing, self._session, self._journal
        if self._shown is None:
            return
        signal, code, now = self._shown
        driving = session.phase in _SIGNALS
        prepared = None if session.alone else self._prepared
        offer = None if standing.lock is not None else self._offer
        snapshot: LiveState = {
            **seen,
            "state": self._state(driving=driving),
            "limit_ma": session.limit_ma,
            "person": None if prepared is None else prepared.person,
            "treatment": None if prepared is None else prepared.name,
            "session": journal.session_id,
            "since_start_s": journal.since_start_s(seen["time_s"]),
            "linked_to": None if offer is None else offer.session,
            "held": self._held_long(),
            "contact": contact_of(
                session.phase,
                seen["voltage_v"],
                seen["measured_ma"],
                session.plan.compliance_v,
                small=session.contact.small,
            ),
            "limited_by": self._shortfall.reason(
                seen["time_s"],
                phase=session.phase,
                resistance_ohm=seen["resistance_ohm"],
                short_ma=session.target_ma - seen["setpoint_ma"],
                leaving=session.fold_back.withdrawn,
            ),
            "led": Led(colour=now.colour, on=now.lit, signal=signal.value),
            "buzzer": now.buzzes,
            "code": code,
            "next": self._next(),
            "rest_s": None if offer is None else max(0.0, round(offer.until_s - standing.clock.whole_s, 1)),
            "order": standing.order,
            "last": standing.last,
            "lock": standing.lock_state,
        }
        standing.line.send({"snapshot": snapshot})

    def _state(self, *, driving: bool) -> str:
        standing, phase = self._standing, self._session.phase
        if driving and phase is not Phase.DONE and not self._session.alone:
            return "treating"
        if standing.alarm is not None or standing.lock is not None or phase in {Phase.TRIPPED, Phase.REFUSED}:
            return "alarm"
        if standing.finished or phase is Phase.DONE:
            return "finished"
        if self._offer is not None:
            return "paused"
        return "starting" if phase in {Phase.SELF_TEST, Phase.STOP_TEST} else "idle"

    def _next(self) -> str:
        standing, session = self._standing, self._session
        if session.phase in {Phase.RAMP_UP, Phase.HOLD} and session.fold_back.withdrawn:
            return "put_back"
        if session.phase is Phase.READY:
            if session.start_asked:
                return "wait_stop_over" if session.stop_runs else "wait_record"
            if standing.lock is not None and standing.lock.needs is Needs.WORD:
                return "locked"
            if self._offer is not None and standing.lock is None:
                return "press_start_rest"
            if standing.alarm is not None and standing.alarm.latched:
                return "clear_alarm"
            if standing.lock is not None:
                return "prove" if standing.lock.needs is Needs.PROOF else "clear_alarm"
            if standing.finished:
                return "take_out"
            if self._too_often:
                return "come_back"
            if standing.pedal_due:
                return "press_pedal"
            if self._prepared is None:
                return "prepare"
            return "hold_start" if standing.asleep else "press_start"
        return _next_of(session)


def _signal_of(session: Session) -> Signal | None:
    """Return what the phase alone shows, None where more has to be looked at."""
    if session.phase is Phase.STOP_TEST and session.stop_test is not None:
        return Signal.HOLD_STOP if session.stop_test.asks == "hold" else Signal.TESTING
    if session.phase is Phase.CONTACT and session.contact.small:
        return Signal.SMALL
    return _SIGNALS.get(session.phase)


def _next_of(session: Session) -> str:
    """Return the next step by the phase alone."""
    if session.phase in {Phase.TRIPPED, Phase.REFUSED}:
        return "mend"
    if session.phase is Phase.STOP_TEST and session.stop_test is not None:
        return STOP_STEPS[session.stop_test.asks]
    return next_of(session.phase, small=session.contact.small) or "press_start"


def show_code(standing: Standing, bench: Bench, light: UnitLight, now_s: float) -> None:
    """Show the alarm while no session can run, on the panel and to the faces."""
    alarm = standing.alarm
    if alarm is None:
        return
    for message in standing.line.take():
        if message.get("do") == "order":
            standing.take_order(message)
        elif message.get("do") == "allowed":
            standing.allow(message)
    seen = light.show(Signal.CODE, alarm.code)
    prepared = standing.prepared
    snapshot = LiveState(
        time_s=now_s,
        phase=Phase.REFUSED,
        polarity="forward",
        target_ma=0.0,
        setpoint_ma=0.0,
        measured_ma=None,
        voltage_v=None,
        resistance_ohm=None,
        contact_ohm=None,
        left_s=0.0,
        total_s=0.0,
        charge_forward_ma_min=0.0,
        charge_reverse_ma_min=0.0,
        note=alarm.reason,
        trip_cause=None,
        trip_evidence=None,
        simulated=bench.simulated,
        late_ticks=0,
        missed_ticks=0,
        state="alarm",
        limit_ma=0.0,
        person=None if prepared is None else prepared.person,
        treatment=None if prepared is None else prepared.name,
        session=None,
        since_start_s=None,
        linked_to=None,
        held=None,
        contact=None,
        limited_by=None,
        led=Led(colour=seen.colour, on=seen.lit, signal=Signal.CODE.value),
        buzzer=seen.buzzes,
        code=alarm.code,
        next="mend",
        rest_s=None,
        order=standing.order,
        last=standing.last,
        lock=standing.lock_state,
    )
    standing.line.send({"snapshot": snapshot})
