"""The appliance: one unit, owned for good, and one session after the other, each begun by its Start button.

Law: nothing but a press on the unit begins a session, and nothing goes on by itself. Not more than one a day
and five a week of an area, whatever was prepared and by whom. The start is on record before the output
closes; a trip stays shown until a person presses Stop on the unit, or, where only the circuit opened, Start
for the rest of the dose. What only a repair can mend locks the unit, and that is the journal's to say.
"""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from controller.appliance.attendant import Attendant, show_code
from controller.appliance.standing import Alarm, Standing
from controller.appliance.unit_light import UnitLight
from controller.core.limits import STOP_AGAIN_S
from controller.core.locks import Needs
from controller.core.reasons import REASONS
from controller.core.types import Phase, Refusal, StopCause
from controller.host.realtime import real_time
from controller.journal.writer import Journal
from controller.loop.recorder import Recorder
from controller.loop.rig import Refused
from controller.loop.tick import StopSwitch
from controller.orders.judgement import Prepared
from controller.session.wiring import loop_of
from protocols.treatment import Treatment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from config.calibration import Calibration
    from config.unit import Unit
    from controller.appliance.standing import Line
    from controller.appliance.supervision import Supervision
    from controller.backends.bench import Bench
    from controller.core.types import Cause
    from controller.host.stop_mark import StopMark
    from controller.loop.clock import SessionClock
    from controller.loop.rig import Rig

AGAIN_S: Final = 5.0
"""After a test that failed the next one waits so long."""
STOP_FAILED: Final = frozenset({Refusal.STOP_DEAD, Refusal.STOP_DELAY_WRONG})
STOP_SHOWN_S: Final = 30.0
"""... and where Stop failed its own: two turns of the code and more, since the next test hides it."""
NOTHING: Final = Treatment(name="nothing", area="face", current_ma=0.5, total_min=2.0)
"""The plan of a session that can't begin, because nothing is prepared."""


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
        uncommissioned: str = "",
        stop_mark: StopMark | None = None,
        stop_test: bool = False,
    ) -> None:
        """`uncommissioned` says why a real unit may treat nobody, whatever its calibration says.

        `stop_test` says that Stop's test is asked for, and `stop_mark` keeps that it was passed.
        """
        self.bench, self.rig, self.clock, self.unit = bench, rig, clock, unit
        self._supervision = supervision
        self.stop = StopSwitch()
        self.ending = False
        self._ended_by = StopCause.TERMINATED
        self.between: Callable[[], None] = lambda: None
        """Called between two sessions, with the output off; may take its time."""
        self._calibration, self._uncommissioned = calibration, uncommissioned
        self._state = state
        self._stop_mark = stop_mark
        ago_s = None if stop_mark is None else stop_mark.ago_s()
        self.standing = Standing(
            clock,
            unit,
            calibration,
            library=library,
            default=default,
            line=line,
            tell=tell,
            stop_due_s=math.inf if not stop_test else 0.0 if ago_s is None else STOP_AGAIN_S - ago_s,
        )
        self._light = UnitLight(rig, clock)

    # --- serving -------------------------------------------------------------------------------------------

    def end(self, cause: StopCause = StopCause.TERMINATED) -> None:
        """Ask for the end: a soft stop of what runs; a second time cuts. Signal-safe."""
        (self.stop.cut if self.ending else self.stop.press)(cause)
        self._ended_by = self._ended_by if self.ending else cause
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
            self.stop.press(self._ended_by)
        self.between()
        self.clock.restart()
        journal = Journal(self._state, None, self.bench.locks)
        try:
            journal.look(self.bench.name, simulated=self.bench.simulated)
            try:
                self.rig.start()
                if unfit := self._unfit():
                    raise Refused(unfit)
            except (OSError, Refused) as error:
                refusal = error.refusal if isinstance(error, Refused) else Refusal.CHIP_MISSING
                self.standing.show(Alarm(REASONS[refusal].code, str(error), latched=False))
                self._wait()
                return
            self.standing.tell_bus(self.rig.bus_notice)
            self._run(journal)
        finally:
            journal.close()

    def _unfit(self) -> str:
        """Say why nobody may be treated today, by the unit's records."""
        calibration, simulated = self._calibration, self.bench.simulated
        if not simulated and (missing := self._uncommissioned or calibration.why_missing(self.unit)):
            return missing
        return calibration.why_no_treatment(date.today(), simulated=simulated)

    def _run(self, journal: Journal) -> None:
        prepared, offer = self.standing.prepared, self.standing.offer
        loop = loop_of(
            self.unit,
            self._calibration,
            NOTHING if prepared is None else prepared.treatment,
            self.rig,
            self.clock,
            self.stop,
            limit_ma=0.0 if prepared is None else prepared.limit_ma,
            rest=None if offer is None else offer.rest,
            stop_test=self.standing.stop_test_due,
        )
        session = loop.session
        session.recorded = False
        session.start_from_s = self.clock.now() + self.standing.stop_over_s - self.clock.whole_s
        attendant = Attendant(self.standing, self.bench, self._light, loop, journal, prepared, offer)
        recorder = Recorder(
            loop,
            simulated=self.bench.simulated,
            area=None if prepared is None else prepared.treatment.area,
            on_snapshot=attendant.show,
            on_tick=self.bench.mark_tick,
        )
        journal.watch(session, self.stop, self.rig.wear)
        with real_time(wanted=self.bench.real_time) as steps:
            loop.run(recorder, attendant, journal, self._supervision)
        if self._stop_mark is not None and session.stop_test is not None and session.stop_test.done:
            self._stop_mark.put()
        found = session.refusal if session.trip is None else session.trip.cause
        if not journal.begun and found is not None and self._is_new(found):
            attendant.record_idle_trip()
        journal.close()
        self.standing.conclude(
            session,
            journal,
            None if session.alone else prepared,
            offer,
            stopped_by_hand=attendant.stopped_by_hand,
            punctual=[step._asdict() for step in steps],
            pace=loop.pace if loop.pace.told else None,
        )
        if not journal.begun and session.phase in {Phase.TRIPPED, Phase.REFUSED}:
            self._wait(STOP_SHOWN_S if session.refusal in STOP_FAILED else AGAIN_S)

    def _is_new(self, cause: Cause | Refusal) -> bool:
        """Tell whether what was found while nobody is treated is to be recorded.

        A trip is once, a refusal only if it locks, and both whenever they lock anew.
        """
        standing = self.standing
        lock = standing.lock
        known = lock is not None and lock.reason == cause and lock.needs is not Needs.PROOF
        if isinstance(cause, Refusal) and not REASONS[cause].locks:
            return False
        return standing.alarm is None or (bool(REASONS[cause].locks) and not known)

    def _wait(self, for_s: float = AGAIN_S) -> None:
        """Wait before the next test, with the code shown and everything off."""
        until_s = self.clock.now() + for_s
        while self.clock.now() < until_s and not self.ending:
            show_code(self.standing, self.bench, self._light, self.clock.now())
            self._supervision.alive()
            self.clock.sleep_until(self.clock.now() + 0.02)
