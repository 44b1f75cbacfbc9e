"""The appliance: one unit, owned for good, and one session after the other, each begun by its Start button.

Law: nothing but a press on the unit begins a session, and nothing goes on by itself. Not more than one a day
and five a week of an area, whatever was prepared and by whom. The start is on record before the output
closes; a trip stays shown until a person presses Stop on the unit, or, where only the circuit opened, Start
for the rest of the dose.
"""

from __future__ import annotations

import time
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from controller.attendant import Attendant, show_code
from controller.core.limits import REST_WITHIN_S
from controller.core.reasons import NAMES, REASONS, Priority, code_of
from controller.core.rest import Rest, rest_of
from controller.core.signals import Sound
from controller.core.types import Cause, Phase, Refusal
from controller.given import too_often
from controller.journal import Journal
from controller.live_state import Last, OrderState
from controller.loop import StopSwitch
from controller.orders.judgement import OrderRefused, Prepared, judge
from controller.realtime import real_time
from controller.recorder import Recorder
from controller.result import OUTCOMES
from controller.rig import Refused
from controller.wiring import loop_of
from protocols.ceilings import longest_min
from protocols.treatment import Treatment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from config.calibration import Calibration
    from config.unit import Unit
    from controller.attendant import Line
    from controller.benches import Bench
    from controller.clock import SessionClock
    from controller.core.session import Session
    from controller.core.signals import Signal
    from controller.rig import Rig
    from controller.supervision import Supervision

AGAIN_S: Final = 5.0
"""After a test that failed the next one waits so long."""
NOTHING: Final = Treatment(name="nothing", area="face", current_ma=0.5, total_min=2.0)
"""The plan of a session that can't begin, because nothing is prepared."""


class Offer(NamedTuple):
    """The rest of a dose: of which session, what of it, and until when (s of the whole run)."""

    session: int
    prepared: Prepared
    rest: Rest
    until_s: float


class Alarm(NamedTuple):
    """What is shown until it is cleared; `latched` keeps Start from beginning anything."""

    code: int
    reason: str
    latched: bool


class Device:
    """Serves one unit. `tell` gets one object for every session that begins or ends, for logs."""

    def __init__(
        self,
        bench: Bench,
        rig: Rig,
        clock: SessionClock,
        unit: Unit,
        calibration: Calibration,
        *,
        state: Path,
        library: Mapping[str, Treatment],
        default: Prepared | None,
        line: Line,
        tell: Callable[[dict[str, Any]], None],
        supervision: Supervision,
    ) -> None:
        self.bench, self.rig, self.clock, self.unit = bench, rig, clock, unit
        self.line, self.tell = line, tell
        self._supervision = supervision
        self.alarm: Alarm | None = None
        self.offer: Offer | None = None
        self.finished = False
        self.last: Last | None = None
        self._punctual: list[dict[str, Any]] = []
        self.order: OrderState | None = None
        self.stop = StopSwitch()
        self.ending = False
        self.shown: tuple[Signal, int | None, float] | None = None
        self.sounds: tuple[Sound, float] = (Sound(), 0.0)
        self.lamps = (False, False, False, False)
        self.between: Callable[[], None] = lambda: None
        """Called between two sessions, with the output off; may take its time."""
        self._calibration = calibration
        self._state = state
        self._library = library
        self._default = default
        self._ordered: Prepared | None = None
        self._order_until_s = 0.0
        self._spent = ""
        self._told_code = 0

    # --- what is prepared ----------------------------------------------------------------------------------

    @property
    def prepared(self) -> Prepared | None:
        """What Start would begin now; None when there is nothing, or an order that is refused."""
        if self.offer is not None:
            return self.offer.prepared
        return self._ordered if self.order is not None else self._default

    def take_order(self, message: Mapping[str, Any]) -> None:
        """Take what was `controller.orders.file.Found` in `next.json`."""
        asked, self._ordered, self.order = message.get("order"), None, None
        if asked is not None and message["digest"] == self._spent:
            return
        if asked is None and message.get("error") is None:
            return
        self.order = {"accepted": False, "refusal": message.get("error"), "valid_until_utc": None}
        if asked is None:
            return
        self.order["valid_until_utc"] = asked.get("valid_until_utc")
        self._order_until_s = time.monotonic() + message["valid_for_s"]
        try:
            self._ordered = judge(asked, self._library, self.unit.limits.max_current_ma, message["digest"])
            self.order["accepted"] = True
        except OrderRefused as refused:
            self.order["refusal"] = str(refused)

    def begun(self, prepared: Prepared) -> None:
        """Take note that Start has begun this: an order is used once, and what was shown is over."""
        self.alarm, self.finished = None, False
        if prepared.digest:
            self._spent = prepared.digest
            self.order = self._ordered = None
            self.line.send({"spent": prepared.digest})

    def too_often(self, prepared: Prepared, journal: Journal) -> str:
        """Say why this may not be given so soon after what was given lately, or ""."""
        known = {**self._library, prepared.name: prepared.treatment}
        clock = None if journal.clock is None else journal.clock.later()
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
        if self.offer is not None and self.clock.whole_s >= self.offer.until_s:
            self.offer = None
            return True
        if self._ordered is not None and time.monotonic() >= self._order_until_s:
            self._ordered = None
            until = None if self.order is None else self.order["valid_until_utc"]
            self.order = OrderState(
                accepted=False, refusal="its time is over: prepare again", valid_until_utc=until
            )
            return True
        return False

    # --- serving -------------------------------------------------------------------------------------------

    def end(self) -> None:
        """Ask for the end: a soft stop of what runs; a second time cuts. Signal-safe."""
        (self.stop.cut if self.ending else self.stop.press)()
        self.ending = True

    def serve(self) -> None:
        """Serve until `end`."""
        try:
            self._supervision.serving()
            while not self.ending:
                self._session()
            self._supervision.ending()
        finally:
            self.rig.rest()
            self.rig.show(red=False, green=False, blue=False, buzzer=False)

    def _session(self) -> None:
        """Offer one session, and run it if Start is pressed."""
        self.stop = StopSwitch()
        if self.ending:  # a signal that came before the new switch
            self.stop.press()
        self.between()
        self.clock.restart()
        journal = Journal(self._state, None, self.bench.locks)
        try:
            journal.look(self.bench.name)
            try:
                self.rig.start()
                unfit = self._calibration.why_no_treatment(date.today(), simulated=self.bench.simulated)
                if unfit:
                    raise Refused(unfit)
            except (OSError, Refused) as error:
                refusal = Refusal.UNIT_UNFIT if isinstance(error, Refused) else Refusal.CHIP_MISSING
                self._alarm(Alarm(REASONS[refusal].code, str(error), latched=False))
                self._wait()
                return
            self._run(journal)
        finally:
            journal.close()

    def _run(self, journal: Journal) -> None:
        prepared, offer = self.prepared, self.offer
        loop = loop_of(
            self.unit,
            self._calibration,
            NOTHING if prepared is None else prepared.treatment,
            self.rig,
            self.clock,
            self.stop,
            limit_ma=0.0 if prepared is None else prepared.limit_ma,
            rest=None if offer is None else offer.rest,
        )
        session = loop.session
        session.recorded = False
        attendant = Attendant(self, loop, journal, prepared, offer)
        recorder = Recorder(
            loop,
            simulated=self.bench.simulated,
            on_snapshot=attendant.show,
            on_tick=self.bench.mark_tick,
        )
        journal.watch(session, self.stop, self.rig.wear)
        with real_time(wanted=self.bench.real_time) as steps:
            loop.run(recorder, attendant, journal, self._supervision)
        self._punctual = [step._asdict() for step in steps]
        if not journal.begun and session.trip is not None and self.alarm is None:
            attendant.record_idle_trip()
        journal.close()
        self._conclude(session, journal, prepared, offer, stopped_by_hand=attendant.stopped_by_hand)
        if not journal.begun and session.phase in {Phase.TRIPPED, Phase.REFUSED}:
            self._wait()

    def _conclude(
        self,
        session: Session,
        journal: Journal,
        prepared: Prepared | None,
        offer: Offer | None,
        *,
        stopped_by_hand: bool,
    ) -> None:
        """Draw the consequences of a session that is over."""
        trip, refusal, code = session.trip, session.refusal, code_of(session)
        if journal.begun:
            self.finished = session.phase is Phase.DONE
            self.offer = None
            self.last = self._report(session, journal, code)
        if trip is not None and code is not None:
            if journal.begun and offer is None and prepared is not None:
                self.offer = self._rest(session, journal, prepared)
            self._alarm(Alarm(code, trip.evidence, latched=True))
        elif refusal is Refusal.NOBODY_CAME:
            self.finished = False
        elif refusal is not None and code is not None:
            self._alarm(Alarm(code, session.reason or "", latched=False))
        elif journal.begun:
            self.alarm = None
        elif stopped_by_hand:
            self.alarm, self.offer, self.finished = None, None, False
        if journal.begun:
            self.tell({"ended": self.last, "rest_offered": self.offer is not None})

    def _report(self, session: Session, journal: Journal, code: int | None) -> Last:
        report: Last = {
            "session": journal.session_id,
            "outcome": OUTCOMES[session.phase],
            "reason": journal.failure or session.reason,
            "cause": None if session.trip is None else session.trip.cause.value,
            "code": code,
            "charge_forward_ma_min": round(session.dose.ma_min("forward"), 3),
            "charge_reverse_ma_min": round(session.dose.ma_min("reverse"), 3),
        }
        if self._punctual:
            report["real_time"] = self._punctual
        return report

    def _rest(self, session: Session, journal: Journal, prepared: Prepared) -> Offer | None:
        """Offer the rest of a dose that an open circuit cut."""
        if session.trip is None or session.trip.cause is not Cause.OPEN_CIRCUIT or journal.session_id is None:
            return None
        treatment = prepared.treatment
        rest = rest_of(
            session.plan.halves,
            session.given,
            target_ma=session.target_ma,
            ramp_ma_per_s=treatment.ramp_ma_per_s,
            longest_s=60 * longest_min(treatment.area),
        )
        if rest is None:
            return None
        # What the person has chosen by Up and Down goes on.
        same = prepared._replace(treatment=treatment.model_copy(update={"current_ma": session.target_ma}))
        return Offer(journal.session_id, same, rest, self.clock.whole_s + REST_WITHIN_S)

    def _alarm(self, alarm: Alarm) -> None:
        """Show an alarm; one of high priority that waits for Stop gives way to another such one only."""
        shown = self.alarm
        if shown is None or self._told_code != alarm.code:
            self.tell({"alarm": alarm._asdict()})
        self._told_code = alarm.code
        if shown is not None and shown.latched and _is_high(shown):
            alarm = alarm._replace(latched=True) if _is_high(alarm) else shown
        self.alarm = alarm

    def _wait(self) -> None:
        """Wait before the next test, with the code shown and everything off."""
        until_s = self.clock.now() + AGAIN_S
        while self.clock.now() < until_s and not self.ending:
            show_code(self, self.clock.now())
            self._supervision.alive()
            self.clock.sleep_until(self.clock.now() + 0.02)


def _is_high(alarm: Alarm) -> bool:
    return REASONS[NAMES[alarm.code]].priority is Priority.HIGH
