"""The figures of one circuit that is simulated: each somewhere within its spread.

Law: who reads a figure is known, so that a simulation is repeated for the figures it depends on and no
others.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Final, TypeAlias

Spread: TypeAlias = tuple[float, float, float]
"""Lowest, nominal, highest."""

BREAKS: Final = {
    "slow_loop": "the output loop takes 1 ms",
    "diode_pump": "two diodes and two capacitors hold the enable relay",
    "offset": "U2 has 2 mV of offset",
    "nor_latch": "the trip's latch is two NOR gates that a level arms",
    "no_watch": "nothing watches the supply of the trip's latch",
    "alert_low": "ALERT trips by going low, pulled up while it does not",
}
"""What the circuit can be broken with on purpose, to see that the bounds find it."""


class Values:
    """Figures by name, such as `R3.ohm`; `used` are those that were read."""

    def __init__(self, values: Mapping[str, float], broken: str = "") -> None:
        self._values = values
        self.broken = broken
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> float:
        self.used.add(name)
        return self._values[name]


def nominal(spreads: Mapping[str, Spread]) -> dict[str, float]:
    """Give every figure in its middle."""
    return {name: spread[1] for name, spread in spreads.items()}


def drawn(spreads: Mapping[str, Spread], seed: int) -> dict[str, float]:
    """Draw every figure from its spread, each end as likely as the middle; the same for the same seed."""
    rng = Random(seed)
    return {
        name: rng.uniform(low, middle) if rng.random() < 0.5 else rng.uniform(middle, high)
        for name, (low, middle, high) in sorted(spreads.items())
    }
