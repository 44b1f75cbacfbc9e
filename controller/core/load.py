"""What the person and the water look like from the electrodes: an apparent resistance.

Law: an estimate informs, it never protects; the guard has its own arithmetic.
"""

from __future__ import annotations

from typing import Final

MIN_CURRENT_MA: Final = 0.1
"""Below this current the quotient says more about noise than about the load."""
SMOOTHING: Final = 0.2
"""Share of a new reading in the estimate: settles within about ten voltage readings (0.1 s)."""


class LoadEstimate:
    """Apparent resistance V/I in ohm, electrode and skin voltages included, smoothed."""

    __slots__ = ("resistance_ohm",)

    def __init__(self) -> None:
        self.resistance_ohm: float | None = None

    def update(self, voltage_v: float, current_ma: float) -> None:
        """Take a new voltage reading (V) together with the current (mA) that flows."""
        if current_ma < MIN_CURRENT_MA:
            self.resistance_ohm = None
            return
        ohm = voltage_v / current_ma * 1000.0
        known = self.resistance_ohm
        self.resistance_ohm = ohm if known is None else known + SMOOTHING * (ohm - known)
