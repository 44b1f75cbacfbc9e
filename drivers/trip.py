"""The hardware trip: a latch that the guard converter's ALERT sets, and that only an edge of ours arms again.

Law: nothing here takes the current away; it opens by itself. High is tripped, so that a broken wire reads as
that. The latch is set-dominant: while ALERT is asserted no edge arms it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from drivers.errors import ChipReset
from drivers.pins import contact, output, release

if TYPE_CHECKING:
    from gpiozero.pins import Factory

    from drivers.adc import GuardAdc

LOWEST_CODE: Final = -0x8000
"""A low threshold that no conversion lies below: ALERT, once asserted, stays (ADS1115 data sheet, 7.3.7)."""


class Trip:
    """Latch and edge by BCM pin, and the thresholds of the guard's converter, which `watches` with ALERT."""

    __slots__ = ("_adc", "_high", "_latch", "_level", "_low", "_rearm")

    def __init__(self, factory: Factory, adc: GuardAdc, *, alert: int, rearm: int) -> None:
        self._rearm = output(factory, rearm)
        self._latch = contact(factory, alert)
        # The pin itself, because this is read in every tick and the device adds nothing but layers.
        self._level = self._latch.pin
        self._adc = adc
        self._low, self._high = LOWEST_CODE, 0x7FFF

    def tripped(self) -> bool:
        """Return the latch."""
        return bool(self._level.state)

    def arm(self) -> None:
        """Make one edge up, and go low again."""
        self._rearm.on()
        self._rearm.off()

    def threshold(self, code: int) -> bool:
        """Set the high threshold and read it back: 7 bytes on the wire; tell whether the chip holds it."""
        self._high = code
        return self._adc.set_high(code)

    def release(self) -> bool:
        """Put the low threshold just below the high one: what converts below it releases ALERT."""
        self._low = self._high - 1
        return self._adc.set_low(self._low)

    def hold(self) -> bool:
        """Put the low threshold where nothing lies below it."""
        self._low = LOWEST_CODE
        return self._adc.set_low(self._low)

    def at_once(self, on: bool) -> bool:  # noqa: FBT001 - the one argument is the choice
        """Assert ALERT after one conversion above the threshold, or again after two running."""
        return self._adc.set_queue(1 if on else 2)

    def verify(self, threshold: int) -> None:
        """Read both thresholds back: 10 bytes on the wire. Raises ChipReset where they are others."""
        low, high = self._adc.thresholds()
        if (low, high) != (self._low, threshold):
            raise ChipReset(
                f"{self._adc.name} holds the thresholds {low} and {high} where {self._low} and {threshold} "
                "were written."
            )

    def close(self) -> None:
        """Let go of both pins, the edge's low."""
        self._latch.close()
        release(self._rearm)
