"""What a campaign found, as one object for programs and a few lines for people.

Law: pure; the object is made from the results and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from app.campaign.sessions import Result
from app.reactions import FAST_MS


def report_of(
    results: Sequence[Result], repeat: Mapping[str, str], *, quick: bool, skipped: int
) -> dict[str, Any]:
    """Return the object of `--json`; `repeat` holds, by name, the command that repeats a failed session.

    `worst_latency_ms` is that of the faults which docs/laws.md holds to 20 ms; slower ones have bounds of
    their own and stand in `worst_latency_by_bound_ms`. `nuisance` counts sessions without a fault that did
    not complete.
    """
    cells = [result for result in results if result["kind"] == "cell"]
    pairs = [result for result in results if result["kind"] == "pair"]
    programs = [result for result in results if result["kind"] == "program"]
    recurring = [result for result in results if result["kind"] == "recurring"]
    plain = [result for result in results if result["kind"] not in {"cell", "pair", "program", "recurring"}]
    worst = _worst(cells)
    bad = [result for result in results if result["problems"]]
    return {
        "schema": 1,
        "version": version("ionto"),
        "quick": quick,
        "cells": len(cells),
        "failed": sum(1 for cell in cells if cell["problems"]),
        "pairs": len(pairs),
        "pairs_failed": sum(1 for pair in pairs if pair["problems"]),
        "programs": len(programs),
        "programs_failed": sum(1 for program in programs if program["problems"]),
        "recurring": len(recurring),
        "recurring_failed": sum(1 for one in recurring if one["problems"]),
        "nuisance": sum(1 for result in plain if result["problems"]),
        "skipped": skipped,
        "worst_latency_ms": worst.get(f"{FAST_MS:g}", 0.0),
        "worst_latency_by_bound_ms": worst,
        "sessions_without_fault": len(plain),
        "hours_without_fault": round(sum(result.get("hours", 0.0) for result in plain), 3),
        "failures": [
            {"name": result["name"], "problems": result["problems"], "repeat": repeat.get(result["name"])}
            for result in bad
        ],
    }


def _worst(cells: Sequence[Result]) -> dict[str, float]:
    """Return the longest latency per bound, both in ms."""
    worst: dict[float, float] = {}
    for cell in cells:
        bound_ms, latency_ms = cell["bound_ms"], cell["latency_ms"]
        if bound_ms is not None and latency_ms is not None:
            worst[bound_ms] = max(worst.get(bound_ms, 0.0), latency_ms)
    return {f"{bound_ms:g}": round(worst[bound_ms], 3) for bound_ms in sorted(worst)}


def words(report: Mapping[str, Any]) -> str:
    """Tell a person."""
    lines = [f"{failure['name']}: {'; '.join(failure['problems'])}" for failure in report["failures"]]
    lines = [
        line if failure["repeat"] is None else f"{line}\n    {failure['repeat']}"
        for line, failure in zip(lines, report["failures"], strict=True)
    ]
    lines.append(
        f"{report['cells']} cells, {report['failed']} failed; "
        f"worst latency {report['worst_latency_ms']:.1f} ms of {FAST_MS:g}"
    )
    if report["pairs"]:
        lines.append(
            f"{report['pairs']} pairs of faults, beyond the single-fault condition, "
            f"{report['pairs_failed']} failed"
        )
    if report["programs"]:
        lines.append(
            f"{report['programs']} programs of faults that stay or come and go, "
            f"{report['programs_failed']} failed"
        )
    if report["recurring"]:
        lines.append(
            f"{report['recurring']} cells of faults that come and go, {report['recurring_failed']} failed"
        )
    lines.append(
        f"{report['sessions_without_fault']} sessions without a fault "
        f"({report['hours_without_fault']:g} h of whole treatments), "
        f"{report['nuisance']} of them not completed"
    )
    if report["skipped"]:
        lines.append(f"{report['skipped']} cells were left out for want of time")
    return "\n".join(lines)
