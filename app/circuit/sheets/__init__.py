"""The sheets of the schematic, one for each block.

Law: here stands which part lies where and what it is wired to, and nothing of its values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from app.circuit.sheet import Sheet
from app.circuit.sheets.output import clamp, output, returned, trip
from app.circuit.sheets.pi import barrier, coils, enable, timers
from app.circuit.sheets.sensing import amplifiers, converters
from app.circuit.sheets.supply import stage, supply
from config.circuit import Circuit

SHEETS: Final[tuple[Callable[[Circuit], Sheet], ...]] = (
    supply,
    stage,
    clamp,
    output,
    returned,
    trip,
    amplifiers,
    converters,
    barrier,
    enable,
    timers,
    coils,
)


def drawn(circuit: Circuit) -> list[Sheet]:
    """Draw every sheet. Raises KeyError and ValueError where a sheet names what the circuit has not."""
    return [sheet(circuit) for sheet in SHEETS]
