"""Charge given per polarity, in mA min.

Law: what was delivered is counted from measured current, never from what was asked for.
"""

from __future__ import annotations

from controller.core.types import Polarity


class Dose:
    """Integrates measured current over time, one sum per polarity."""

    __slots__ = ("_forward_ma_s", "_reverse_ma_s")

    def __init__(self) -> None:
        self._forward_ma_s = self._reverse_ma_s = 0.0

    def add(self, polarity: Polarity, current_ma: float, duration_s: float) -> None:
        """Count `current_ma` (magnitude) flowing for `duration_s` in `polarity`."""
        if polarity == "forward":
            self._forward_ma_s += current_ma * duration_s
        else:
            self._reverse_ma_s += current_ma * duration_s

    def ma_min(self, polarity: Polarity) -> float:
        """Return the charge of one polarity in mA min."""
        return (self._forward_ma_s if polarity == "forward" else self._reverse_ma_s) / 60.0
