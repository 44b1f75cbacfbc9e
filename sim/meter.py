"""A reference meter made of software, in the output of the simulated unit.

Law of this module: it sees the true current and voltage through its own error, which is drawn once and stays
within its stated accuracy; it never sees what the unit's converters see.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sim.world import World

CURRENT_PERCENT: Final = 0.05
CURRENT_MA: Final = 0.005
"""Accuracy of a current in the 100 mA range: 0.05 % and 5 uA, as a bench multimeter of six and a half digits
a year after its calibration (Agilent 34401A Service Guide, gain verification: 55 uA at 100 mA)."""
VOLTAGE_PERCENT: Final = 0.0045
VOLTAGE_V: Final = 0.0006
"""Accuracy of a voltage in the 100 V range: 0.0045 % and 0.6 mV (same table: 5.1 mV at 100 V)."""
NAME: Final = "simulated six and a half digit multimeter"
APERTURE_S: Final = 0.1
"""What one reading is the mean of: five periods of a 50 Hz mains."""
NOISE_PART: Final = 0.1
"""Share of the accuracy's constant part that is noise from reading to reading (assumption)."""


class ReferenceMeter:
    """One meter in `world`; `seed` says which one of its kind."""

    def __init__(self, world: World, seed: int) -> None:
        rng = Random(f"{seed}:meter")
        still = 1.0 - 3.0 * NOISE_PART  # with the noise's reach, the error stays within the accuracy
        self._world = world
        self._rng = Random(f"{seed}:meter{world.spec.visit}") if world.spec.visit else rng
        self._current_gain = 1.0 + rng.uniform(-1.0, 1.0) * CURRENT_PERCENT / 100.0
        self._current_zero_ma = rng.uniform(-still, still) * CURRENT_MA
        self._voltage_gain = 1.0 + rng.uniform(-1.0, 1.0) * VOLTAGE_PERCENT / 100.0
        self._voltage_zero_v = rng.uniform(-still, still) * VOLTAGE_V

    def read_ma(self) -> float:
        """Signed mean of the current through the load over the last 0.1 s, mA, forward positive."""
        world = self._world
        now_s = world.clock.now_s
        size_ma = world.average_ma(max(now_s - APERTURE_S, 0.0), now_s) if now_s > 0.0 else 0.0
        true_ma = size_ma * (world.relay("polarity").state or 1)
        return true_ma * self._current_gain + self._current_zero_ma + self._noise(CURRENT_MA)

    def read_v(self) -> float:
        """Mean voltage at the output terminals over the last 0.1 s, V."""
        world = self._world
        now_s = world.clock.now_s
        true_v = world.trace.average_v(max(now_s - APERTURE_S, 0.0), now_s) if now_s > 0.0 else 0.0
        return true_v * self._voltage_gain + self._voltage_zero_v + self._noise(VOLTAGE_V)

    def _noise(self, constant: float) -> float:
        reach = 3.0 * NOISE_PART * constant
        return max(-reach, min(reach, self._rng.gauss(0.0, NOISE_PART * constant)))
