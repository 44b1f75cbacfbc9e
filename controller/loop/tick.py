"""The loop: sense, step, check, apply, heartbeat, again and again on absolute time.

Law: current may flow only while a complete, healthy tick proves that it should. The heartbeat comes last and
only after everything else succeeded; whatever goes wrong, the rig is switched off on the way out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from controller.core.types import STOP_WORDS, Drive, StopCause
from controller.loop.pace import TickPace
from controller.loop.roles import Stepped

if TYPE_CHECKING:
    from controller.core.types import Measurement
    from controller.loop.clock import Clock
    from controller.loop.roles import GuardPort, RigPort

S = TypeVar("S", bound=Stepped)

AFTERMATH_S: Final = 0.5
"""The unit is watched for this long after the end, to see that the current is gone."""
LATE_S: Final = 0.001
"""A tick that starts this much after its time is counted as late."""
SHORTEST_PAUSE: Final = 0.4
"""Share of a period that is left between two ticks at least, so that a conversion always has its time."""


class StopSwitch:
    """A face's way to stop: `press` asks for the soft stop, `cut` switches off at once. Signal-safe."""

    __slots__ = ("cause", "cut_requested", "pressed")

    def __init__(self) -> None:
        self.pressed = False
        self.cut_requested = False
        self.cause = StopCause.BUTTON

    def press(self, cause: StopCause = StopCause.BUTTON) -> None:
        """Ask for the soft stop; who asked first is the cause."""
        if not self.pressed:
            self.cause = cause
        self.pressed = True

    def cut(self, cause: StopCause = StopCause.BUTTON) -> None:
        """Switch off at once."""
        self.press(cause)
        self.cut_requested = True


class Observer(Protocol):
    """Looks at a finished tick; must neither block nor fail."""

    def tick(self, measurement: Measurement) -> None:
        """See what was measured; session and guard are known to the observer."""


class Loop(Generic[S]):
    """Runs one session on one rig at `tick_s`."""

    def __init__(
        self, rig: RigPort, session: S, guard: GuardPort, clock: Clock, tick_s: float, stop: StopSwitch
    ) -> None:
        self.rig, self.session, self.guard = rig, session, guard
        self.clock, self.tick_s, self.stop = clock, tick_s, stop
        self.ticks = 0
        self.late = 0
        """Ticks that began more than `LATE_S` after their time."""
        self.missed = 0
        """Moments at which no tick began, because the one before still ran."""
        self.pace = TickPace(tick_s)
        self._drives = False
        self.latest_s = 0.0
        """By how much the latest of all ticks began after its time."""

    def tick(self) -> Measurement:
        """One tick."""
        rig, session, guard = self.rig, self.session, self.guard
        session.asked_by = self.stop.cause
        seen = rig.look(stop_requested=self.stop.pressed)
        if guard.doubts(seen) == "high":
            seen = rig.look_again(seen)
            if guard.confirms(seen):
                rig.off()  # first; what the record is told of it is gathered afterwards
        measurement = rig.sense(seen)
        if not measurement.confirmed and (doubt := guard.doubts(measurement)):
            measurement = rig.sense_again(measurement, doubt)
        command = session.step(measurement.time_s, measurement)
        self._drives = isinstance(command, Drive)
        trip = guard.check(measurement.time_s, measurement, command)
        if not trip:
            rig.apply(command)
            trip = guard.beats(self.clock.now())
        if trip:
            rig.off()
            session.record_trip(trip)
        else:
            rig.heartbeat()
        return measurement

    def run(self, *observers: Observer) -> None:
        """Tick until the session is over and its end was watched; switch off in any case."""
        clock, tick_s = self.clock, self.tick_s
        over_s: float | None = None
        due_s = clock.now()
        try:
            while over_s is None or clock.now() < over_s + AFTERMATH_S:
                if self.stop.cut_requested:
                    self.session.asked_by = self.stop.cause
                    self.session.cut(f"{STOP_WORDS[self.stop.cause]}, twice")
                measurement = self.tick()
                self.ticks += 1
                for observer in observers:
                    observer.tick(measurement)
                if over_s is None and self.session.finished:
                    over_s = clock.now()
                due_s += tick_s
                skipped = 0
                short_s = clock.now() + SHORTEST_PAUSE * tick_s - due_s
                if short_s > 0.0:  # skip what was missed, never catch up
                    skipped = math.ceil(short_s / tick_s)
                    self.missed += skipped
                    due_s += tick_s * skipped
                self.rig.wait_until(due_s)
                late_s = clock.now() - due_s
                self.latest_s = max(self.latest_s, late_s)
                if late_s > LATE_S:
                    self.late += 1
                if self.pace.see(due_s, late_s, skipped) and self._drives:
                    self.stop.press(StopCause.BEHIND)
        finally:
            self.rig.rest()
