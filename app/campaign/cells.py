"""Cells: one fault, in one phase, of one treatment, with one seed, and the session that shows it.

Law: pure and repeatable. The same names and seed give the same moment of the fault and the same scenario.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from random import Random
from typing import Any, Final, NamedTuple, Protocol, TypeAlias, TypeVar

from app.reactions import PHASES, ROWS
from protocols.treatment import Treatment, find

Spans: TypeAlias = Mapping[str, tuple[float, float]]
"""Phase, as in `PHASES`, to its begin and end in a session without faults, s."""

TICK_S: Final = 0.005
"""Of the reference unit (200 Hz). A trip says when its tick began; what it found may have come within it."""
EDGE: Final = 0.1
"""A fault begins within the middle of its phase, this share away from both ends: within the next phase its
reaction would be that one's, and below a tenth of the current several faults cannot be told yet."""
HOLD_S: Final = 20.0
"""Hold of each half of a shortened treatment."""
SHORTEST_MIN: Final = 2.0
STOP_MA_PER_S: Final = 5.0
"""Fall of a soft stop (law 6): says how long the phase `stopping` lasts."""
STOP_TEST: Final = "stop_test"
HOLDS_STOP: Final[Mapping[str, Any]] = {"stop_at_s": 0.5, "stop_for_s": 9.0, "start_at_s": 11.0}
"""How the simulated person holds Stop, where its test is tried, s."""
GROUP: Final = 16
"""Cells that one process runs as forks of one session: enough to share the way there, few to lose."""
QUICK_PHASE: Final = "hold forward"
QUICK_ROWS: Final = ("hand_out", "adc_silent both", "press Stop", "current_spike 30 mA", "relay_open series")
"""In a quick campaign the first row of every fault is tried in one phase, and these in all."""


class Cell(NamedTuple):
    """One session: `at_s` is when the fault begins, `stop_s` when Stop is pressed before it, session time."""

    row: str
    phase: str
    treatment: str
    seed: int
    at_s: float
    stop_s: float | None = None

    @property
    def name(self) -> str:
        """Names the cell among all."""
        return f"{self.row} / {self.phase} / {self.treatment} / {self.seed}"

    @property
    def slug(self) -> str:
        """The name as a file's name."""
        return slug_of(self.name)

    def scenario(self) -> dict[str, Any]:
        """Return the session's circumstances as they stand in a scenario file."""
        row = ROWS[self.row]
        events: list[dict[str, Any]] = [{"at_s": self.at_s, "fault": row.fault, **row.params}]
        if self.stop_s is not None:
            events.insert(0, {"at_s": self.stop_s, "fault": "press", "button": "stop"})
        return {"events": events, **tested(self.phase)}


def tested(phase: str) -> dict[str, Any]:
    """Return what a scenario of this phase has besides: Stop's test is in those alone that try it."""
    return {"person": HOLDS_STOP} if phase == STOP_TEST else {}


def slug_of(name: str) -> str:
    """Return a cell's or pair's name as a file's name."""
    words = name.replace("%", "percent").replace("+", "plus").replace("&", "and").replace(" / ", "--")
    return words.replace(" ", "-").replace(".", "_").lower()


def short(name: str) -> Treatment:
    """Return the library's treatment `name` with just enough time for its ramps and a hold of 20 s.

    Raises:
        BadFile: the library has no such treatment.

    """
    whole = find(name)
    half_s = 2 * whole.current_ma / whole.ramp_ma_per_s + HOLD_S
    total_min = max(SHORTEST_MIN, math.ceil(20 * half_s / 60) / 10)
    return Treatment.model_validate({**whole.model_dump(), "total_min": total_min})


def spans_of(summary: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Return the phases of a session from its summary, and where a stop from its first hold would lie."""
    spans: dict[str, tuple[float, float]] = {}
    for span in summary["phases"]:
        name = span["phase"] if span["phase"] in PHASES else f"{span['phase']} {span['polarity']}"
        spans.setdefault(name, (span["start_s"], span["end_s"]))
    if "hold forward" in spans:
        start_s, end_s = spans["hold forward"]
        pressed_s = (start_s + end_s) / 2
        spans["stopping"] = (pressed_s, pressed_s + summary["peak_ma"] / STOP_MA_PER_S)
    return spans


def plan(
    rows: Iterable[str], phases: Sequence[str], treatment: str, seed: int, spans: Spans, *, quick: bool
) -> Iterator[Cell]:
    """Return the cells of one treatment and seed whose phase occurs at all."""
    chosen = list(rows)
    first = set({ROWS[row].fault: row for row in reversed(chosen)}.values())
    for row in chosen:
        for phase in phases:
            wanted = row in QUICK_ROWS or (row in first and phase == QUICK_PHASE)
            if phase in spans and (wanted or not quick):
                yield _cell(row, phase, treatment, seed, spans[phase])


def _cell(row: str, phase: str, treatment: str, seed: int, span: tuple[float, float]) -> Cell:
    start_s, end_s = span
    share = Random(f"{row}|{phase}|{treatment}|{seed}").uniform(EDGE, 1.0 - EDGE)
    at_s = round(start_s + share * (end_s - start_s), 6)
    return Cell(row, phase, treatment, seed, at_s, start_s if phase == "stopping" else None)


class _Placed(Protocol):
    """A cell or a pair, as far as it says which session it is forked from."""

    @property
    def phase(self) -> str: ...
    @property
    def treatment(self) -> str: ...
    @property
    def seed(self) -> int: ...


Placed = TypeVar("Placed", bound=_Placed)


def groups(cells: Iterable[Placed]) -> Iterator[tuple[list[Placed]]]:
    """Return the cells in groups of at most `GROUP`, each of one treatment, seed and phase."""

    def origin(cell: Placed) -> tuple[str, int, int]:
        return cell.treatment, cell.seed, PHASES.index(cell.phase)

    for _, same in groupby(sorted(cells, key=origin), key=origin):
        while group := list(islice(same, GROUP)):
            yield (group,)
