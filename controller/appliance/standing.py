"""What outlasts a session of a unit: what is prepared, the alarm, the rest of a dose, the last session.

Law: nothing here begins or drives anything. An alarm that latched stays until a person presses Stop on the
unit, or, where only the circuit opened, Start for the rest of the dose; a lock is the journal's, and neither
Stop nor an end of this program clears it. An order is used once. A session in
which no current rose, for nobody closed the circuit or somebody pressed Stop, has used nothing: what was
prepared, or the rest, stays good for its time. Stop costs no more than a hand that slips out: it is a pause.
"""

from __future__ import annotations

import math
import time
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from controller.appliance.live_state import Last, LockState, OrderState
from controller.core.limits import REST_WITHIN_S, STOP_AGAIN_S, STOP_OVER_S
from controller.core.locks import Needs, why_locked
from controller.core.reasons import NAMES, REASONS, Priority, code_of
from controller.core.rest import Rest, rest_of, rest_of_short
from controller.core.types import Cause, Phase, Refusal, StopCause
from controller.host import computer, wall
from controller.loop.result import ended_short, outcome_of
from controller.orders.judgement import OrderRefused, Prepared, judge
from protocols.ceilings import longest_min
from protocols.past import too_often

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from config.calibration import Calibration
    from config.unit import Unit
    from controller.core.locks import Lock
    from controller.core.session import Session
    from controller.journal.writer import Journal
    from controller.loop.clock import SessionClock
    from controller.loop.pace import TickPace
    from protocols.treatment import Treatment


IN_VAIN: Final = frozenset({Refusal.NO_CONTACT, Refusal.ELECTRODES_TOUCH, Refusal.CONTACT_SMALL})
"""Refusals of a session in which only the sensing current has flowed; a person may start it again."""
PAUSING: Final = frozenset({StopCause.BUTTON, StopCause.PAGE, StopCause.KEYBOARD, StopCause.NOT_ALLOWED})
"""Stops of people; a program that ends, or a record that broke off, offers nothing."""
WITHHELD: Final = "an answer, an agreement or a limit was changed, and does not allow this"
"""Why what was prepared, or a rest, is not startable though its time is not over."""
SAME_STOP_S: Final = 5.0
"""A press of Stop on the unit so soon after the cut still belongs to it, and ends no pause: whoever is
frightened presses more than once."""


IDLE_S: Final = 600.0
"""So long untouched, and whoever presses Start may be anybody, a child for instance."""


class Line(Protocol):
    """The way to the process that talks to others; neither call ever waits."""

    def send(self, message: dict[str, Any]) -> None:
        """Send one message, or drop it."""

    def take(self) -> list[dict[str, Any]]:
        """Return what has come."""


class Offer(NamedTuple):
    """The rest of a dose: of which session, what of it, and until when (s of the whole run).

    `elapsed_s` is the time with current that was given so far, in all its sessions.
    """

    session: int
    prepared: Prepared
    rest: Rest
    elapsed_s: float
    until_s: float

    @property
    def since_s(self) -> float:
        """When the treatment was cut (s of the whole run)."""
        return self.until_s - REST_WITHIN_S


class Alarm(NamedTuple):
    """What is shown until it is cleared; `latched` keeps Start from beginning anything."""

    code: int
    reason: str
    latched: bool


class Standing:
    """Of one unit as it is calibrated. `tell` gets one object for every session that begins or ends."""

    def __init__(
        self,
        clock: SessionClock,
        unit: Unit,
        calibration: Calibration,
        *,
        library: Mapping[str, Treatment],
        default: Prepared | None,
        line: Line,
        tell: Callable[[dict[str, Any]], None],
        stop_due_s: float = math.inf,
    ) -> None:
        """`stop_due_s` is when Stop's test is due (s of the whole run); infinity is never."""
        self.clock, self.line, self.tell = clock, line, tell
        self._stop_due_s = stop_due_s
        self.stop_over_s = 0.0
        """What the last press of Stop has begun is over by then (s of the whole run)."""
        self.alarm: Alarm | None = None
        self.finished = False
        self.last: Last | None = None
        self.lock: Lock | None = None
        """What keeps the unit from treating, as the journal told it last."""
        self._offer: Offer | None = None
        self._order: OrderState | None = None
        self._allowed: dict[str, Mapping[str, float]] = {}
        """What people may be given now, as far as it was told: mA at most, by person and treatment."""
        self._unit, self._calibration = unit, calibration
        self._library = library
        self._default = default
        self._ordered: Prepared | None = None
        self._order_until_s = 0.0
        self._spent = ""
        self._begun: tuple[Prepared, OrderState | None] | None = None
        """What a session was begun with, until current flows."""
        self._told_code = 0
        self._pedal_tried = False
        self._told_bus = ""
        self._computer: int | None = None
        self._touched_s = time.monotonic()
        self.own_allowed = True
        """Whether Start may begin the unit's own treatment, which is nobody's."""

    # --- what is prepared ----------------------------------------------------------------------------------

    @property
    def prepared(self) -> Prepared | None:
        """What Start would begin now; None when there is nothing, or an order that is refused."""
        if (offer := self.offer) is not None:
            return offer.prepared
        if self._order is not None:
            return None if self._ordered is None else self.within(self._ordered)
        own = self._default if self.own_allowed else None
        return own if self._offer is None else None  # whose rest is withheld gets nothing in its place

    @property
    def offer(self) -> Offer | None:
        """The rest that Start would give now; None where it is withheld, or the unit is locked."""
        held = None if self._offer is None or self.lock is not None else self.within(self._offer.prepared)
        return None if self._offer is None or held is None else self._offer._replace(prepared=held)

    @property
    def order(self) -> OrderState | None:
        """What became of what was prepared, also where it is withheld by now."""
        kept = self._offer.prepared if self._offer is not None and self._order is None else self._ordered
        if kept is None or self.within(kept) is not None:
            return self._order
        until = None if self._order is None else self._order["valid_until_utc"]
        return OrderState(accepted=False, refusal=WITHHELD, valid_until_utc=until)

    def allow(self, message: Mapping[str, Any]) -> None:
        """Take what a person may be given now, as `controller.orders.allowed` has it."""
        self._allowed[message["person"]] = message["most_ma"]

    def within(self, prepared: Prepared) -> Prepared | None:
        """Hold Up's reach to what its person may be given now; None where its current is more than that.

        Of whom nothing was told, nothing is known here: who prepared it has judged.
        """
        told = self._allowed.get(prepared.person or "")
        most_ma = prepared.limit_ma if told is None else told.get(prepared.name, 0.0)
        if prepared.treatment.current_ma > most_ma:
            return None
        return prepared._replace(limit_ma=min(prepared.limit_ma, most_ma))

    def touch(self) -> None:
        """Take note that a person is there."""
        self._touched_s = time.monotonic()

    @property
    def asleep(self) -> bool:
        """Tell whether Start has to be held, with Down, since nobody has been there for 10 minutes.

        The rest of a dose has 10 minutes of its own.
        """
        return self.offer is None and time.monotonic() - self._touched_s >= IDLE_S

    @property
    def stop_test_due(self) -> bool:
        """Tell whether Stop is to be tested before Start may begin anything: once, and again after a day.

        Never before a rest, nor where Stop, or a technician, has something else to end first.
        """
        latched = self.alarm is not None and self.alarm.latched
        first = self._offer is not None or self.lock is not None or latched
        return not first and self.clock.whole_s >= self._stop_due_s

    def stop_passed(self) -> None:
        """Take note that Stop's test was passed."""
        self._stop_due_s = self.clock.whole_s + STOP_AGAIN_S

    def stop_pressed(self) -> None:
        """Take note that Stop is pressed: its second contact takes the output away some seconds later."""
        self.stop_over_s = self.clock.whole_s + STOP_OVER_S

    @property
    def pedal_due(self) -> bool:
        """Tell whether the unit's pedal has to be pressed once before Start begins what is prepared.

        Whoever has both hands in the water has no other Stop. The rest of a dose asks for nothing: it is of a
        treatment before which the pedal was tried.
        """
        untried = self._unit.pedal and not self._pedal_tried and self.offer is None
        latched = self.alarm is not None and self.alarm.latched
        return untried and not latched and self.prepared is not None

    def ask_first(self) -> None:
        """Take note that Start began nothing: what has to be done first is what is shown now."""
        self.alarm, self.finished = None, False

    def take_order(self, message: Mapping[str, Any]) -> None:
        """Take what was `controller.orders.file.Found` in `next.json`."""
        asked, self._ordered, self._order = message.get("order"), None, None
        if asked is not None and message["digest"] == self._spent:
            return
        self._pedal_tried = False
        self.touch()
        self._begun = None  # whoever prepared anew, or took it back, doesn't want the one before
        if asked is None and message.get("error") is None:
            return
        self._order = {"accepted": False, "refusal": message.get("error"), "valid_until_utc": None}
        if asked is None:
            return
        self._order["valid_until_utc"] = asked.get("valid_until_utc")
        self._order_until_s = time.monotonic() + message["valid_for_s"]
        try:
            self._ordered = judge(asked, self._library, self._unit, self._calibration, message["digest"])
            self._order["accepted"] = True
            self.finished = False  # it is the next one's turn
        except OrderRefused as refused:
            self._order["refusal"] = str(refused)

    def begun(self, prepared: Prepared) -> None:
        """Take note that Start has begun this, and that what was shown is over."""
        self.alarm, self.finished = None, False
        if prepared.digest and self.offer is None:  # a rest leaves what was prepared meanwhile as it is
            self._spent = prepared.digest
            self._begun = prepared, self._order
            self._order = self._ordered = None

    def flows(self, prepared: Prepared) -> None:
        """Take note that current flows: an order is used once."""
        if prepared.digest and self._begun is not None:
            self._begun = None
            self.line.send({"spent": prepared.digest})

    def _unused(self) -> None:
        """Put back what a session was begun with that gave nothing."""
        if self._begun is not None:
            self._ordered, self._order = self._begun
            self._begun, self._spent = None, ""

    def unfit(self, *, simulated: bool) -> str:
        """Say why nobody may be treated with the unit's calibration today, or ""."""
        return self._calibration.why_no_treatment(date.today(), simulated=simulated)

    def too_often(self, prepared: Prepared, journal: Journal) -> str:
        """Say why this may not be given so soon after what was given lately, or ""."""
        known = {**self._library, prepared.name: prepared.treatment}
        clock = None if journal.clock is None else wall.again(journal.clock)
        now = datetime.now().astimezone() if clock is None else clock.utc.astimezone()
        return too_often(
            journal.past or [],
            known,
            prepared.treatment.area,
            prepared.person,
            now,
            seen=journal.seen,
            clock=clock,
        )

    def keep(self, lock: Lock | None) -> None:
        """Take what keeps the unit from treating; one that nobody was shown here is an alarm until Stop."""
        before, self.lock = self.lock, lock
        if lock is not None and self.alarm is None and (before is None or before.session != lock.session):
            self.show(Alarm(lock.code, why_locked(lock), latched=True))

    @property
    def lock_state(self) -> LockState | None:
        """What the faces are told of it."""
        lock = self.lock
        if lock is None:
            return None
        return LockState(
            cause=lock.reason,
            code=lock.code,
            session=lock.session,
            since_utc=lock.begun_utc,
            needs=lock.needs.value,
            reason=why_locked(lock),
        )

    @property
    def waits_for_stop(self) -> bool:
        """Tell whether a press of Stop is what the journal waits for."""
        return self.lock is not None and self.lock.needs is Needs.STOP

    def deny(self, code: int, reason: str) -> None:
        """Tell of a Start that began nothing; it latches nothing."""
        self.tell({"alarm": Alarm(code, reason, latched=False)._asdict()})

    def found(self, cut_off: list[dict[str, Any]]) -> None:
        """Take note of earlier sessions of this unit that have no end; each is told once."""
        while cut_off:
            one = cut_off.pop(0)
            self.last = {
                "session": one["session"],
                "outcome": "cut_off",
                "reason": "the controller was cut off",
                "short_because": None,
                "cause": None,
                "code": None,
                "charge_forward_ma_min": one["charge_ma_min"]["forward"],
                "charge_reverse_ma_min": one["charge_ma_min"]["reverse"],
            }
            self.tell({"ended": self.last, "rest_offered": False})

    def passed(self) -> None:
        """Take note that the self-test passed: what an earlier one found is over."""
        alarm = self.alarm
        if alarm is not None and not alarm.latched and REASONS[NAMES[alarm.code]].clears_itself:
            self.alarm = None

    def lapse(self) -> bool:
        """Let go of an offer or an order whose time is over; True when the next session is another one."""
        if self._offer is not None and self.clock.whole_s >= self._offer.until_s:
            self._offer = None
            return True
        if self._ordered is not None and time.monotonic() >= self._order_until_s:
            self._ordered = None
            until = None if self._order is None else self._order["valid_until_utc"]
            self._order = OrderState(
                accepted=False, refusal="its time is over: prepare again", valid_until_utc=until
            )
            return True
        return False

    # --- a session that is over ----------------------------------------------------------------------------

    def conclude(
        self,
        session: Session,
        journal: Journal,
        prepared: Prepared | None,
        offer: Offer | None,
        *,
        stopped_by_hand: bool,
        punctual: list[dict[str, Any]],
        pace: TickPace | None = None,
    ) -> None:
        """Draw the consequences of a session that is over."""
        trip, refusal, code = session.trip, session.refusal, code_of(session)
        begun = journal.begun and not journal.idle
        if journal.idle:
            self._offer, self._pedal_tried, self.finished = None, False, False
        if begun:
            self.touch()
            if refusal in IN_VAIN or _stopped_before_it_rose(session):
                self._unused()
            else:
                self._offer = None
                self._pedal_tried = False
                if prepared is not None:
                    self.flows(prepared)
                    self._offer = self._rest(session, journal, prepared, offer)
            self.finished = session.phase is Phase.DONE and self._offer is None
            self.last = self._report(session, journal, code, punctual, pace)
        if trip is not None and code is not None:
            self.show(Alarm(code, trip.evidence, latched=True))
        elif refusal is Refusal.NOBODY_CAME:
            self.finished = False
        elif refusal is not None and code is not None:
            self.show(Alarm(code, session.reason or "", latched=False))
        elif begun:
            self.alarm = None
        elif stopped_by_hand:
            self._pedal_tried = self._pedal_tried or self.pedal_due
            self.alarm, self.finished = None, False
            if self._offer is not None and self.clock.whole_s - self._offer.since_s >= SAME_STOP_S:
                self._offer = None
        if begun:
            name = None if prepared is None else prepared.name
            self.tell({"ended": self.last, "rest_offered": self.offer is not None, "treatment": name})

    @staticmethod
    def _report(
        session: Session,
        journal: Journal,
        code: int | None,
        punctual: list[dict[str, Any]],
        pace: TickPace | None,
    ) -> Last:
        report: Last = {
            "session": journal.session_id,
            "outcome": outcome_of(session),
            "reason": journal.failure or session.reason,
            "short_because": ended_short(session),
            "cause": None if session.trip is None else session.trip.cause.value,
            "code": code,
            "charge_forward_ma_min": round(session.dose.ma_min("forward"), 3),
            "charge_reverse_ma_min": round(session.dose.ma_min("reverse"), 3),
        }
        if punctual:
            report["real_time"] = punctual
        if pace is not None:
            report["late_percent"] = round(100 * pace.worst_late, 1)
            report["missed_percent"] = round(100 * pace.worst_missed, 1)
        return report

    def _rest(
        self, session: Session, journal: Journal, prepared: Prepared, offer: Offer | None
    ) -> Offer | None:
        """Offer the rest of a dose that an open circuit or a person's Stop cut, or that was short.

        `offer` is what it was of.
        """
        opened = session.trip is not None and session.trip.cause is Cause.OPEN_CIRCUIT
        paused = session.phase is Phase.STOPPED and session.stopped_by in PAUSING
        short = ended_short(session) is not None
        if not (opened or paused or short) or journal.session_id is None:
            return None
        treatment, given = prepared.treatment, session.given
        if offer is not None:
            given = given._replace(elapsed_s=offer.elapsed_s + given.elapsed_s)
        longest_s, ramp_ma_per_s = 60 * longest_min(treatment.area), treatment.ramp_ma_per_s
        if short:
            rest = rest_of_short(
                session.polarities,
                given,
                target_ma=session.target_ma,
                ramp_ma_per_s=ramp_ma_per_s,
                longest_s=longest_s,
            )
        else:
            rest = rest_of(
                session.plan.halves,
                given,
                target_ma=session.target_ma,
                ramp_ma_per_s=ramp_ma_per_s,
                longest_s=longest_s,
                balances=session.plan.balances,
            )
        if rest is None:
            return None
        # What the person has chosen by Up and Down goes on.
        same = prepared._replace(treatment=treatment.model_copy(update={"current_ma": session.target_ma}))
        until_s = self.clock.whole_s + REST_WITHIN_S
        return Offer(journal.session_id, same, rest, given.elapsed_s, until_s)

    def tell_bus(self, notice: str) -> None:
        """Tell once what the start has to say of the bus; `notice` is "" where that is nothing."""
        if notice and notice != self._told_bus:
            self.tell({"notice": notice})
        self._told_bus = notice

    def tell_computer(self, word: int | None) -> None:
        """Tell once what is amiss with the computer, and again what is new (`controller.host.computer`)."""
        if word == self._computer:
            return
        before, self._computer = computer.told(self._computer), word
        for sentence in computer.told(word):
            if sentence not in before:
                self.tell({"notice": sentence})

    def show(self, alarm: Alarm) -> None:
        """Show an alarm; one of high priority that waits for Stop gives way to another such one only."""
        shown = self.alarm
        if shown is None or self._told_code != alarm.code:
            self.tell({"alarm": alarm._asdict()})
        self._told_code = alarm.code
        if shown is not None and shown.latched and _is_high(shown):
            alarm = alarm._replace(latched=True) if _is_high(alarm) else shown
        self.alarm = alarm


def _stopped_before_it_rose(session: Session) -> bool:
    """Tell whether Stop ended a session in which at most the sensing current has flowed."""
    return session.phase is Phase.STOPPED and session.given.elapsed_s == 0.0


def _is_high(alarm: Alarm) -> bool:
    return REASONS[NAMES[alarm.code]].priority is Priority.HIGH
