"""The relays that software sets, and the heartbeat that keeps the third one closed.

Law: low is open, and low is where every pin starts and ends. A dead program leaves its pins driven, so no
level here is a safeguard: only the heartbeat's edges are, because one-shot or charge pump forgets them soon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.pins import output, release

if TYPE_CHECKING:
    from gpiozero.pins import Factory


class Relays:
    """Series relay (normally open, in the output), polarity relay (at rest: forward), by BCM pin.

    `dummy` is the pin of the relay that puts the dummy load on, None for a unit without one.
    """

    __slots__ = ("_dummy", "_polarity", "_series")

    def __init__(self, factory: Factory, series: int, polarity: int, dummy: int | None = None) -> None:
        self._series = output(factory, series)
        self._polarity = output(factory, polarity)
        self._dummy = None if dummy is None else output(factory, dummy)

    def connect(self) -> None:
        """Close the series relay."""
        self._series.on()

    def disconnect(self) -> None:
        """Open the series relay."""
        self._series.off()

    def set_polarity(self, reverse: bool) -> None:  # noqa: FBT001 - the one argument is the position
        """Put the polarity relay into reverse (True) or at rest; the caller has proven zero current."""
        self._polarity.value = reverse

    def set_dummy(self, on: bool) -> None:  # noqa: FBT001 - the one argument is the position
        """Put the dummy load on or take it off; nothing on a unit without one."""
        if self._dummy is not None:
            self._dummy.value = on

    def close(self) -> None:
        """Open the series relay, then let the others fall, then let go of the pins."""
        release(self._series, self._polarity, *([] if self._dummy is None else [self._dummy]))


class Heartbeat:
    """The pin whose edges hold the enable relay, by BCM number."""

    __slots__ = ("_high", "_level", "_pin")

    def __init__(self, factory: Factory, pin: int) -> None:
        self._pin = output(factory, pin)
        # The pin itself, because this is written in every tick and the device adds nothing but layers.
        self._level = self._pin.pin
        self._high = False

    def beat(self) -> None:
        """Make one edge."""
        high = not self._high
        self._level.state = high
        self._high = high

    def rest(self) -> None:
        """Go low and stay there: the enable relay drops out by itself."""
        self._pin.value = False
        self._high = False

    def close(self) -> None:
        """Go low, then let go of the pin."""
        release(self._pin)
