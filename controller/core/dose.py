"""Charge given per polarity, in mA min.

Law: what was delivered is counted from measured current, never from what was asked for.
"""

from __future__ import annotations

from controller.core.types import Polarity


class Dose:
    """Integrates measured current over time, one sum per polarity."""

    __slots__ = ("_charge_ma_s",)

    def __init__(self) -> None:
        self._charge_ma_s: dict[Polarity, float] = {"forward": 0.0, "reverse": 0.0}

    def add(self, polarity: Polarity, current_ma: float, duration_s: float) -> None:
        """Count `current_ma` (magnitude) flowing for `duration_s` in `polarity`."""
        self._charge_ma_s[polarity] += current_ma * duration_s

    def ma_min(self, polarity: Polarity) -> float:
        """Return the charge of one polarity in mA min."""
        return self._charge_ma_s[polarity] / 60.0
