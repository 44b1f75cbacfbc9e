"""The lane: every case with its figures at their worst, or drawn, on all cores.

Law: corners are found, not guessed. Each figure alone goes to both ends of its spread; then all go together
to the ends that make a row worse. What a corner misses, draws find.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from app.circuit.ngspice import simulate
from sim.circuit.cases import Case, Outcome
from sim.circuit.comparator_cases import COMPARATOR_CASES
from sim.circuit.other_cases import HEARTBEAT_CASES, SENSING_CASES, STOP_CASES, SUPPLY_CASES
from sim.circuit.proof_cases import PROOF_CASES
from sim.circuit.stage_cases import CLAMP_CASES, LAMP_CASES, LIMITER_CASES, STAGE_CASES
from sim.circuit.trip_cases import TRIP_CASES
from sim.circuit.values import Spread, Values, drawn, nominal

CASES: Final = (
    *SUPPLY_CASES,
    *STAGE_CASES,
    *CLAMP_CASES,
    *LIMITER_CASES,
    *LAMP_CASES,
    *TRIP_CASES,
    *PROOF_CASES,
    *COMPARATOR_CASES,
    *SENSING_CASES,
    *HEARTBEAT_CASES,
    *STOP_CASES,
)
Read = tuple[float, ...]


class Row(NamedTuple):
    """One figure over all runs of its case: what it is, its spread and its bound."""

    block: str
    case: str
    what: str
    unit: str
    middle: float
    low: float
    high: float
    bound: str
    worst: float
    holds: bool


def run(
    spreads: Mapping[str, Spread],
    *,
    draws: int,
    broken: str = "",
    cases: Iterable[Case] = CASES,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Row]:
    """Simulate every case and give its rows. Raises NotSimulated."""
    rows: list[Row] = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for case in cases:
            tell(f"{case.block}: {case.name}")
            rows += _rows(case, _runs(case, spreads, draws, broken, pool))
    return rows


def _once(case: Case, values: Mapping[str, float], broken: str) -> tuple[Read, set[str]]:
    figures = Values(values, broken)
    netlist = case.netlist(figures)
    waves = simulate(netlist, case.waves)
    return tuple(outcome.read(waves) for outcome in case.outcomes), figures.used


def _runs(
    case: Case, spreads: Mapping[str, Spread], draws: int, broken: str, pool: ThreadPoolExecutor
) -> list[Read]:
    middle = nominal(spreads)
    first, used = _once(case, middle, broken)
    if case.once:
        return [first]

    def many(points: list[dict[str, float]]) -> list[Read]:
        return [read for read, _ in pool.map(lambda point: _once(case, point, broken), points)]

    if draws:
        return [first, *many([drawn(spreads, seed) for seed in range(1, draws + 1)])]
    moved = sorted(name for name in used if spreads[name][0] < spreads[name][2])
    if not moved:
        return [first]
    lows = many([{**middle, name: spreads[name][0]} for name in moved])
    highs = many([{**middle, name: spreads[name][2]} for name in moved])
    corners = []
    for number in range(len(case.outcomes)):
        for sign in (1.0, -1.0):
            ends = {}
            for name, low, high in zip(moved, lows, highs, strict=True):
                candidates = {0: low[number], 1: first[number], 2: high[number]}
                ends[name] = spreads[name][max(candidates, key=lambda end: sign * candidates[end])]
            corners.append({**middle, **ends})
    return [first, *lows, *highs, *many(corners)]


def _rows(case: Case, runs: list[Read]) -> list[Row]:
    return [
        _row(case, outcome, [read[number] for read in runs]) for number, outcome in enumerate(case.outcomes)
    ]


def _row(case: Case, outcome: Outcome, values: list[float]) -> Row:
    low, high = min(values), max(values)
    distance = [(value, _margin(outcome, value)) for value in (low, high)]
    worst = min(distance, key=lambda pair: pair[1])[0]
    holds = all(outcome.holds(value) for value in values)
    return Row(
        case.block, case.name, outcome.name, outcome.unit, values[0], low, high, outcome.bound(), worst, holds
    )


def _margin(outcome: Outcome, value: float) -> float:
    sides = [outcome.high - value] if outcome.high is not None else []
    sides += [value - outcome.low] if outcome.low is not None else []
    return min(sides, default=-value)
