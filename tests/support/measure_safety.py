"""Measures the figures of the safety case on the simulated unit; run from the root of the checkout:

    .venv/bin/python tests/support/measure_safety.py --seeds 5 > figures.json

Law: what is reported is the worst of what the simulated world saw, never what the device believed. The
numbers go into `docs/safety/figures.yaml` by hand, with date, commit and count, so that somebody reads them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from typing import Any

from simulated import phase_times, simulate, treatment

PHASES = tuple(product(("ramp_up", "hold", "ramp_down"), ("forward", "reverse")))
POSITIONS = (0.05, 0.35, 0.65, 0.95)
GROUPS: dict[str, tuple[dict[str, Any], ...]] = {
    "fast": (
        {"fault": "current_spike", "to_ma": 20.0},
        {"fault": "current_spike", "to_ma": 40.0, "latched": True},
        {"fault": "adc_silent", "which": "guard"},
        {"fault": "adc_silent", "which": "control"},
        {"fault": "adc_saturated", "which": "guard"},
        {"fault": "dac_silent"},
    ),
    "hung": ({"fault": "bus_hung"},),
    "open": ({"fault": "hand_out"},),
    "lost": ({"fault": "relay_open"},),
    "frozen": ({"fault": "adc_frozen", "which": "guard"}, {"fault": "adc_frozen", "which": "control"}),
    "stuck": ({"fault": "dac_stuck"},),
    "slow": ({"fault": "leakage"}, {"fault": "supply_sag", "to_v": 50.0}, {"fault": "short_circuit"}),
    "stop": ({"fault": "press", "button": "stop"},),
}
"""Faults by the figure that they show."""

Cell = tuple[str, dict[str, Any], int, float, tuple[str, str]]


def sound(seed: int) -> dict[str, Any]:
    """One short session without a fault."""
    return simulate(treatment(current_ma=5.0), seed=seed)[0]


def cells(seeds: Iterable[int], sessions: dict[int, dict[str, Any]]) -> Iterator[Cell]:
    """Yield every fault at every position of every phase with current."""
    for seed in seeds:
        spans = phase_times(sessions[seed])
        for (group, faults), where, share in product(GROUPS.items(), PHASES, POSITIONS):
            start_s, end_s = spans[where]
            if group == "slow" and where[0] != "hold":
                continue  # what leaks or sags is measured where there is enough current to lose
            for fault in faults:
                yield group, fault, seed, start_s + share * (end_s - start_s), where


def latency_ms(cell: Cell) -> tuple[str, float | None, str]:
    """Run one cell; a fault that was ridden to the end gives None.

    Counted from the moment of injection: a fault that begins within a tick, after its time was taken, has no
    onset in the summary.
    """
    group, fault, seed, at_s, where = cell
    summary, _ = simulate(treatment(current_ma=5.0), seed=seed, events=[{"at_s": at_s, **fault}])
    label = f"{fault} seed {seed} {where[0]} {where[1]} at {at_s:.3f} s: {summary['reason']}"
    if group == "stop":
        return group, 1000 * (summary["duration_s"] - at_s), label
    trip = summary["trip"]
    if trip is None:
        return group, None, label
    known = trip["latency_ms"]
    return group, 1000 * (trip["output_off_s"] - at_s) if known is None else known, label


def accuracy(sessions: Iterable[dict[str, Any]], target_ma: float) -> dict[str, float]:
    """Worst accuracy of undisturbed sessions, in percent and mA."""
    worst = dict.fromkeys(("steady_ma", "overshoot_percent", "halves_percent", "step_ma", "swap_ma"), 0.0)
    worst["counted_percent"] = 0.0
    for one in sessions:
        truth = one["truth"]
        there, back = truth["charge_ma_min"]["forward"], truth["charge_ma_min"]["reverse"]
        found = {
            "steady_ma": abs(one["steady_error_ma"]),
            "overshoot_percent": 100 * (truth["held_ma"] / target_ma - 1),
            "halves_percent": 100 * abs(back / there - 1),
            "step_ma": truth["worst_step_ma"],
            "swap_ma": truth["switched_above_ma"],
            "counted_percent": 100 * abs(one["charge_ma_min"]["forward"] / there - 1),
        }
        worst = {name: max(worst[name], value) for name, value in found.items()}
    return worst


def main() -> None:
    """Measure everything and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    seeds = range(1, args.seeds + 1)
    with ProcessPoolExecutor(args.jobs) as pool:
        sessions = dict(zip(seeds, pool.map(sound, seeds), strict=True))
        found: dict[str, list[tuple[float, str]]] = {group: [] for group in GROUPS}
        ridden: list[str] = []
        for group, value, label in pool.map(latency_ms, cells(seeds, sessions), chunksize=8):
            if value is None:
                ridden.append(label)
            else:
                found[group].append((value, label))
    report = {
        group: {
            "cells": len(rows),
            "worst_ms": max(rows)[0],
            "above_10_ms": sum(value > 10.0 for value, _ in rows),
            "worst": [f"{value:.3f} ms: {label}" for value, label in sorted(rows)[:-6:-1]],
        }
        for group, rows in found.items()
    }
    accurate = {"sessions": len(sessions), **accuracy(sessions.values(), 5.0)}
    sys.stdout.write(json.dumps({**report, "accuracy": accurate, "ridden": ridden}, indent=1) + "\n")


if __name__ == "__main__":
    main()
