"""The panel: four contacts, three lights and a buzzer.

Law: contacts are sampled, never called back (a callback runs on another thread, and debouncing in the pin
library drops edges). A broken wire at Stop reads as Stop pressed; at any other contact as not pressed.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from drivers.pins import contact, output, release

if TYPE_CHECKING:
    from gpiozero.pins import Factory


class Panel:
    """Contacts to ground with pull-ups, lights and buzzer active high; all numbers are BCM pins.

    Start, Up and Down close when pressed; Stop is normally closed and opens when pressed.
    """

    __slots__ = ("_blue", "_buzzer", "_contacts", "_down", "_green", "_red", "_start", "_stop", "_up")

    def __init__(
        self,
        factory: Factory,
        *,
        start: int,
        stop: int,
        up: int,
        down: int,
        led_red: int,
        led_green: int,
        led_blue: int,
        buzzer: int,
    ) -> None:
        self._red = output(factory, led_red)
        self._green = output(factory, led_green)
        self._blue = output(factory, led_blue)
        self._buzzer = output(factory, buzzer)
        self._contacts = tuple(contact(factory, pin) for pin in (start, stop, up, down))
        # The pins themselves, because this is read in every tick and the devices add nothing but layers.
        self._start, self._stop, self._up, self._down = (device.pin for device in self._contacts)

    def sample(self) -> tuple[bool, bool, bool, bool]:
        """Return (start, stop, up, down) as they are now, not debounced; True is pressed."""
        return (
            not self._start.state,
            bool(self._stop.state),
            not self._up.state,
            not self._down.state,
        )

    def set_lights(self, *, red: bool, green: bool, blue: bool) -> None:
        """Switch the three lights."""
        self._red.value = red
        self._green.value = green
        self._blue.value = blue

    def set_buzzer(self, *, on: bool) -> None:
        """Switch the buzzer."""
        self._buzzer.value = on

    def close(self) -> None:
        """Switch lights and buzzer off, then let go of every pin."""
        with ExitStack() as stack:
            for device in self._contacts:
                stack.callback(device.close)
            release(self._buzzer, self._red, self._green, self._blue)
