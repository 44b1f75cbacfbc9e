"""The threshold of the hardware trip: where it has to lie for what is commanded.

Law: pure. Raised before the DAC, lowered a tick after: it never lies below what this tick or the one before
may make flow. What was wrong for less than a conversion, and is right again, is no runaway.
"""

from __future__ import annotations

from typing import Final

from controller.core.limits import TRIP_MARGIN_MA, TRIP_MARGIN_RATIO, TRIP_STEP_MA

FORCED_MA: Final = -5.0
"""Below any current that a sound converter reads, with the circuit open too."""
FLIPPED_MA: Final = 4.0
"""So much more until the next tick where a wrong code was put right. The highest bit is 12.5 mA; standing for
0.3 ms between two conversions of 1.05 ms it adds up to 1.8 mA to each, or 0.7 to one and 2.9 to the other."""


class Threshold:
    """Follows the setpoint; `least_ma` is the unit's floor."""

    def __init__(self, least_ma: float) -> None:
        self._least_ma = least_ma
        self._before_ma = 0.0

    def follow(self, setpoint_ma: float, written_ma: float) -> float:
        """Return the threshold (mA) for this setpoint, which is `written_ma` where that still does."""
        wanted_ma = max(self._least_ma, setpoint_ma + TRIP_MARGIN_MA + TRIP_MARGIN_RATIO * setpoint_ma)
        needed_ma = max(wanted_ma, self._before_ma)
        self._before_ma = wanted_ma
        if needed_ma <= written_ma <= needed_ma + 2 * TRIP_STEP_MA:
            return written_ma
        return needed_ma if needed_ma == self._least_ma else needed_ma + TRIP_STEP_MA

    def over_a_flip(self) -> float:
        """Return the threshold (mA) until the next tick, while what was put right is averaged over."""
        return self._before_ma + FLIPPED_MA
