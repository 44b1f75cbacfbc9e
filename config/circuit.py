"""The reference circuit as data: parts, ratings, and the figures they are simulated with.

Law: netlists, parts list and wiring are made from this file alone, so that none can say what another does
not. A figure without a source is refused; "assumed" is one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from config.reader import read

CIRCUIT: Final = Path(__file__).with_name("circuit.yaml")
Block: TypeAlias = Literal[
    "supply", "stage", "clamp", "output", "limiter", "sensing", "barrier", "enable", "panel", "case"
]
Text: TypeAlias = Annotated[str, Field(max_length=200)]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class Figure(_Data):
    """A value with its spread, `percent` on both sides or `low` and `high`, and whose figure it is."""

    nominal: float
    low: float | None = None
    high: float | None = None
    percent: float | None = Field(default=None, gt=0.0, lt=100.0)
    source: Text = Field(alias="from", min_length=8)

    @model_validator(mode="after")
    def _one_spread(self) -> Figure:
        if (self.percent is None) == (self.low is None or self.high is None):
            raise ValueError("a figure has either percent, or low and high")
        low, _, high = self.spread
        if not low <= self.nominal <= high:
            raise ValueError(f"low <= nominal <= high is allowed, not {low:g}, {self.nominal:g}, {high:g}")
        return self

    @property
    def spread(self) -> tuple[float, float, float]:
        """Return lowest, nominal and highest value."""
        if self.low is not None and self.high is not None:
            return self.low, self.nominal, self.high
        part = abs(self.nominal) * (self.percent or 0.0) / 100.0
        return self.nominal - part, self.nominal, self.nominal + part


class CircuitPart(_Data):
    """A part: its name in the schematic, what to buy, what it stands, what it is for."""

    ref: str = Field(pattern=r"^[A-Z]{1,2}[0-9]{1,2}$")
    block: Block
    buy: Text = Field(min_length=2)
    rating: Text
    role: Text = Field(min_length=2)
    kind: str | None = None
    figures: dict[str, Figure] = {}


class Circuit(_Data):
    """The circuit: its parts, and the conditions that it works under."""

    conditions: dict[str, Figure]
    kinds: dict[str, dict[str, Figure]]
    parts: tuple[CircuitPart, ...]

    @model_validator(mode="after")
    def _named_once(self) -> Circuit:
        names = [part.ref for part in self.parts]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"used twice: {', '.join(twice)}; each name is allowed once")
        return self

    @model_validator(mode="after")
    def _kinds_known(self) -> Circuit:
        for part in self.parts:
            if part.kind is not None and part.kind not in self.kinds:
                raise ValueError(f"{part.ref} is of kind {part.kind}, allowed are {', '.join(self.kinds)}")
        return self

    def figures(self, part: CircuitPart) -> dict[str, Figure]:
        """Return the figures of a part, those of its kind included."""
        return {**(self.kinds[part.kind] if part.kind else {}), **part.figures}

    def spreads(self) -> dict[str, tuple[float, float, float]]:
        """Return lowest, nominal and highest of every figure by its name, such as `R3.ohm` or `rail_v`."""
        found = {name: figure.spread for name, figure in self.conditions.items()}
        for part in self.parts:
            found |= {f"{part.ref}.{name}": figure.spread for name, figure in self.figures(part).items()}
        return found

    def part(self, ref: str) -> CircuitPart:
        """Return the part `ref`. Raises KeyError."""
        for part in self.parts:
            if part.ref == ref:
                return part
        raise KeyError(ref)


def load_circuit(path: Path = CIRCUIT) -> Circuit:
    """Read the circuit. Raises BadFile with every error."""
    return read(path, Circuit)
