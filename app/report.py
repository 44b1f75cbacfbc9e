"""The end of a session: the summary for people, and the object for programs where no session began.

Law: the outcome comes first and in plain words; what the device believed and what the simulated world knows
are never mixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from app.output import ExitCode
from app.words import ADVICE, duration, plain

Summary = Mapping[str, Any]
"""The object of docs/contract.md."""

OUTCOME_CODES = {
    "completed": ExitCode.COMPLETED,
    "aborted": ExitCode.ABORTED,
    "stopped": ExitCode.STOPPED,
    "refused": ExitCode.REFUSED,
}


def refused_summary(treatment: str, reason: str, rate_hz: int) -> dict[str, Any]:
    """Make the summary of a session that never began; `reason` is the sentence why, the rate is in Hz."""
    return {
        "schema": 1,
        "version": version("ionto"),
        "simulated": False,
        "seed": None,
        "treatment": treatment,
        "outcome": "refused",
        "reason": reason,
        "duration_s": 0,
        "charge_ma_min": {"forward": 0, "reverse": 0},
        "peak_ma": 0,
        "overshoot_ma": 0,
        "steady_error_ma": 0,
        "phases": [],
        "trip": None,
        "truth": None,
        "loop": {"rate_hz": rate_hz, "ticks": 0, "late": 0, "missed": 0, "latest_ms": 0.0},
    }


def describe(summary: Summary, evidence: str | None) -> str:
    """Tell a person how the session ended; `evidence` is the guard's sentence where it tripped."""
    dose, loop = summary["charge_ma_min"], summary["loop"]
    missed = f", {loop['missed']} missed" if loop.get("missed") else ""
    lines = [
        _headline(summary),
        *_trip_lines(summary, evidence),
        f"  Dose      forward {dose['forward']:.1f} mA min, reverse {dose['reverse']:.1f} mA min",
        f"  Current   peak {summary['peak_ma']:.2f} mA, overshoot {summary['overshoot_ma']:.2f} mA, "
        f"steady error {round(summary['steady_error_ma'], 2) + 0.0:+.2f} mA",
        f"  Loop      {loop['ticks']:,} ticks at {loop['rate_hz']:g} Hz, {loop['late']} late{missed}",
    ]
    lines += [
        f"  Real time {step['step'].replace('_', ' ')} was not granted: {step['detail']}"
        for step in summary.get("real_time", ())
        if not step["done"]
    ]
    if summary["simulated"]:
        lines.append(f"  SIMULATED: no unit was driven and no person treated (seed {summary['seed']}).")
    return "\n".join(lines)


def _headline(summary: Summary) -> str:
    name, length = summary["treatment"], duration(summary["duration_s"])
    if summary["outcome"] == "completed":
        return f"Completed: {name}, {length}."
    if summary["outcome"] == "stopped":
        return f"Stopped: {name}, after {length}. The treatment is not complete."
    if summary["outcome"] == "refused":
        return f"Refused to start: {name}. {summary['reason'] or ''}".rstrip()
    return f"ABORTED by the guard: {name}, after {length}. The treatment is not complete."


def _trip_lines(summary: Summary, evidence: str | None) -> list[str]:
    trip = summary["trip"]
    if trip is None:
        return []
    lines = [
        f"  Cause     {plain(trip['cause'])}, in {plain(trip['phase'])} at {duration(trip['detected_s'])}"
    ]
    if evidence:
        lines.append(f"  Evidence  {evidence}")
    if trip["latency_ms"] is not None:
        lines.append(f"  Cut       {trip['latency_ms']:.1f} ms after it began")
    return [*lines, f"  To do     {ADVICE[trip['cause']]}"]
