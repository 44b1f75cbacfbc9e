"""What the loop needs of a rig, a session and a guard, as types: treatments, benches, doubles satisfy these.

Law: the loop knows a session by what it does in a tick, never by what it is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from controller.core.types import Command, Doubt, Measurement, StopCause, Trip


class RigPort(Protocol):
    """One unit as one thing."""

    def look(self, *, stop_requested: bool = False) -> Measurement:
        """Read buttons and the guard's converter, before all else. Never raises for a chip's failure."""

    def look_again(self, seen: Measurement, /) -> Measurement:
        """Return the guard's next conversion for one that looks too high."""

    def sense(self, seen: Measurement, /) -> Measurement:
        """Add the rest of the unit to what was seen. Never raises for a chip's failure."""

    def sense_again(self, doubted: Measurement, doubt: Doubt, /) -> Measurement:
        """Return the next conversions for a sample that looks wrong."""

    def apply(self, command: Command, /) -> None:
        """Do as commanded, or be off."""

    def heartbeat(self) -> None:
        """Make one edge: the whole tick succeeded."""

    def wait_until(self, due_s: float, /) -> None:
        """Wait for the next tick, due at `due_s`, and begin what it is to collect."""

    def off(self) -> None:
        """Switch off. Never raises."""

    def rest(self) -> None:
        """Switch off and stop the heart. Never raises."""


class Stepped(Protocol):
    """A session: what is commanded, tick by tick, until nothing follows any more."""

    asked_by: StopCause
    """Who asks when a stop is asked for that is not the button on the unit; told before each step and cut."""

    @property
    def finished(self) -> bool:
        """True when nothing can follow any more."""

    def step(self, now_s: float, measurement: Measurement, /) -> Command:
        """Return what is commanded for this tick; `now_s` is session time in s."""

    def record_trip(self, trip: Trip, /) -> None:
        """Latch a trip: the guard has cut the current."""

    def cut(self, reason: str, /) -> None:
        """Switch off at once, for this reason."""


class GuardPort(Protocol):
    """Who judges a tick, and only takes away."""

    def doubts(self, measurement: Measurement, /) -> Doubt:
        """Tell whether, and why, this measurement should be confirmed by the next conversion first."""

    def confirms(self, seen: Measurement, /) -> bool:
        """Tell whether the next conversion confirms too much current, so that `check` will trip."""

    def check(self, now_s: float, measurement: Measurement, command: Command, /) -> Trip | None:
        """Return the trip, latched, or None while everything is as it should be."""

    def beats(self, now_s: float, /) -> Trip | None:
        """Judge the moment (s) of the heartbeat that is to end this tick."""
