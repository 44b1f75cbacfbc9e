"""A simulated unit of this process in real time: its wires take the time that real ones take.

Law: the unit's time is the machine's monotonic clock, and a transfer is over when the wire's time is over.
Until `go_live` it is as fast as possible, so that a session's beginning costs no real time.
"""

from __future__ import annotations

from typing import Protocol

from controller.loop.clock import RealClock


class TurnedClock(Protocol):
    """A clock that is turned by hand."""

    now_s: float

    def advance_to(self, t_s: float) -> None:
        """Move time to `t_s`."""

    def sleep_until(self, t_s: float) -> None:
        """Wait until `t_s`."""


class Wires(Protocol):
    """Whole I2C transactions."""

    def write(self, address: int, data: bytes) -> None:
        """Write `data`."""

    def read(self, address: int, count: int) -> bytes:
        """Read `count` bytes."""

    def write_read(self, address: int, data: bytes, count: int) -> bytes:
        """Write `data`, then read `count` bytes."""


class SimulatedWorld(Protocol):
    """What the pins and the wires of a simulated unit end in."""

    @property
    def bus(self) -> Wires:
        """Its wires."""

    def pin_driven(self, number: int, level: bool | None) -> None:  # noqa: FBT001 - a level is a boolean
        """Take the level that a pin drives."""

    def pin_level(self, number: int) -> bool | None:
        """Return what the circuit drives into a pin."""


class LiveUnit:
    """Clock, transport and pins of one simulated unit, by turns as fast as possible and in real time.

    `lateness_s` collects, while it is a list, how long after its time each wait ended. For one thread.
    """

    def __init__(self, world: SimulatedWorld, clock: TurnedClock) -> None:
        self._world, self._clock, self._bus = world, clock, world.bus
        self._real = RealClock()
        self._zero_s: float | None = None
        self.lateness_s: list[float] | None = None

    def go_live(self) -> None:
        """Let real time pass from now on, as if none had passed since the last look at the clock."""
        self._zero_s = self._real.now() - self._clock.now_s

    def _catch_up(self) -> None:
        if self._zero_s is not None:
            passed_s = self._real.now() - self._zero_s
            if passed_s > self._clock.now_s:
                self._clock.advance_to(passed_s)

    # The clock.

    def now(self) -> float:
        """Return seconds since the unit was switched on."""
        self._catch_up()
        return self._clock.now_s

    def sleep_until(self, at_s: float) -> None:
        """Wait for the moment `at_s`; at once when it has passed."""
        if self._zero_s is None:
            self._clock.sleep_until(at_s)
            return
        self._real.sleep_until(self._zero_s + at_s)
        if self.lateness_s is not None:
            self.lateness_s.append(self._real.now() - self._zero_s - at_s)

    # The wires.

    def write(self, address: int, data: bytes) -> None:
        """Write `data` to the chip at `address`."""
        self._catch_up()
        try:
            self._bus.write(address, data)
        finally:
            self._hold()

    def read(self, address: int, count: int) -> bytes:
        """Read `count` bytes from the chip at `address`."""
        self._catch_up()
        try:
            return self._bus.read(address, count)
        finally:
            self._hold()

    def write_read(self, address: int, data: bytes, count: int) -> bytes:
        """Write `data`, then read `count` bytes after a repeated start."""
        self._catch_up()
        try:
            return self._bus.write_read(address, data, count)
        finally:
            self._hold()

    def _hold(self) -> None:
        """Let real time catch up with what the transfer took on the wire."""
        if self._zero_s is not None:
            self._real.sleep_until(self._zero_s + self._clock.now_s)

    # The pins.

    def pin_driven(self, number: int, level: bool | None) -> None:  # noqa: FBT001 - a level is a boolean
        """Take the `level` that a pin drives now, or None when it lets go."""
        self._catch_up()
        self._world.pin_driven(number, level)

    def pin_level(self, number: int) -> bool | None:
        """Return what the circuit drives into a pin; None when nothing does."""
        return self._world.pin_level(number)

    def pin_time_s(self) -> float:
        """Return seconds since the unit was switched on."""
        return self._clock.now_s
