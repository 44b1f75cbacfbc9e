"""What every block is tried with, what is read from it, and what it must hold.

Law: a bound stands here once, and the docs print it from here. A row without a bound is told, not judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sim.circuit.measure import Waves
from sim.circuit.values import Values


@dataclass(frozen=True)
class Outcome:
    """One figure that is read from a simulation, its unit, and its bounds where it has any."""

    name: str
    unit: str
    read: Callable[[Waves], float]
    low: float | None = None
    high: float | None = None

    def holds(self, value: float) -> bool:
        """Tell whether `value` is within the bounds."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def bound(self) -> str:
        """Say the bounds."""
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        if self.high is not None:
            return f"at most {self.high:g}"
        return f"at least {self.low:g}" if self.low is not None else "told"


@dataclass(frozen=True)
class Case:
    """A block in one situation: its netlist, the waves that are kept, what is read from them."""

    block: str
    name: str
    netlist: Callable[[Values], str]
    waves: Mapping[str, str]
    outcomes: tuple[Outcome, ...]
    once: bool = False
    """Simulated with parts in their middle alone, since another case of the block has the spread."""
