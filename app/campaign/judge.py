"""Whether a session reacted as its row of the table says.

Law: pure; judged by the truth of the simulated world. Every deviation is named, the first one hides none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.campaign.cells import Cell
from app.campaign.treated import COMPLETED, RIDDEN
from app.reactions import ROWS, STOP_MS, Reaction, Row

RIDDEN_RATIO: Final = 1.01
STEP_MA: Final = 0.1
"""What may be ridden at all: setpoint + 1 %, and no step above 0.1 mA (law 6)."""
REVERSED_BELOW_MA: Final = 0.2
"""Polarity changes only below this (law 6)."""
PULSE_MS: Final = 0.1
PULSE_UC: Final = 1.5
"""What charge at the terminals may do when a circuit closes: so long above 2 mA, and so much ..."""
PULSES_UC: Final = 30.0
"""... and all of it together, as many pulses as there were times the largest: 20 closings at their bound, or
what an oscillation of 40 mA gives in 2 ms, be its pulses ever so short."""
SENSING_MA: Final = 0.35
"""The most that a session which never began may have carried."""


def problems(cell: Cell, target_ma: float, summary: Mapping[str, Any]) -> list[str]:
    """Return what was wrong with how the session of `cell` went, as sentences; empty when nothing was."""
    row = ROWS[cell.row]
    reaction = row.expected(cell.phase)
    if _unseen(row, summary):  # the step is the fault itself
        return list(_truth(row, target_ma, summary, steps=False))
    steps = not row.folds and row.pulse_ms is None
    return [*_ending(cell, reaction, summary), *_truth(row, target_ma, summary, steps=steps)]


def _unseen(row: Row, summary: Mapping[str, Any]) -> bool:
    """Tell whether the fault took the true current away for so short that it may be ridden."""
    upset_ms = summary.get("upset_ms")
    ridden = summary["outcome"] in RIDDEN
    return ridden and row.unseen_ms is not None and upset_ms is not None and upset_ms <= row.unseen_ms


def _ending(cell: Cell, reaction: Reaction, summary: Mapping[str, Any]) -> Iterator[str]:
    outcome, trip = summary["outcome"], summary["trip"]
    if ("completed" if outcome in COMPLETED else outcome) not in reaction.outcomes:
        cause = f" ({trip['cause']})" if trip else ""
        yield f"{outcome}{cause}, expected {reaction}"
        return
    if trip is not None:
        yield from _trip(reaction, trip, cell.at_s)
    if outcome == "stopped":
        pressed_s = cell.at_s if cell.stop_s is None else cell.stop_s
        if 1000 * (summary["duration_s"] - pressed_s) > STOP_MS:
            yield f"off {summary['duration_s'] - pressed_s:.1f} s after Stop, allowed 5 s"


def _trip(reaction: Reaction, trip: Mapping[str, Any], at_s: float) -> Iterator[str]:
    latency_ms, bound_ms = trip["latency_ms"], reaction.bound_ms
    if trip["cause"] not in reaction.causes:
        yield f"cause {trip['cause']}, expected {reaction}"
    if trip["output_off_s"] is None:
        yield "the true output never went off"
    elif bound_ms is not None and latency_ms is None:
        if (
            trip["detected_s"] < at_s
        ):  # found before it mattered is as good as it gets, found before it is not
            yield f"a trip ({trip['cause']}) before the fault"
    elif bound_ms is not None and latency_ms > bound_ms:
        yield f"off after {latency_ms:.1f} ms ({trip['cause']}), allowed {bound_ms:g} ms"


def _truth(row: Row, target_ma: float, summary: Mapping[str, Any], *, steps: bool) -> Iterator[str]:
    truth, outcome = summary["truth"], summary["outcome"]
    held_ma, step_ma, switched_ma = truth["held_ma"], truth["worst_step_ma"], truth["switched_above_ma"]
    ridden = outcome in RIDDEN
    ratio = RIDDEN_RATIO if ridden else row.peak_ratio
    if row.pulse_ms is not None:
        longest_ms = truth["pulses"]["longest_ms"]
        if longest_ms > row.pulse_ms:
            yield f"a pulse of {longest_ms:.2f} ms, allowed {row.pulse_ms:g} ms"
    elif outcome == "refused" and held_ma > SENSING_MA:
        yield f"{held_ma:.2f} mA flowed although the session was refused"
    elif ratio is not None and held_ma > (allowed_ma := ratio * target_ma + ridden * row.shifts_ma):
        yield f"true peak {held_ma:.2f} mA, allowed {allowed_ma:.2f} mA"
    elif ratio is not None and ratio <= RIDDEN_RATIO:  # a stage that itself gives more is judged by how much
        yield from _charge(truth)
    if outcome in COMPLETED and step_ma > STEP_MA and steps:
        yield f"ridden with a true step of {step_ma:.2f} mA, allowed {STEP_MA} mA"
    if switched_ma > REVERSED_BELOW_MA and not row.moves_polarity:
        yield f"polarity switched at {switched_ma:.2f} mA, allowed {REVERSED_BELOW_MA} mA"


def _charge(truth: Mapping[str, Any]) -> Iterator[str]:
    """Judge what came out of the terminals when a circuit closed, beside the current that lasts."""
    pulses = truth["pulses"]
    if pulses["longest_ms"] > PULSE_MS or pulses["charge_uc"] > PULSE_UC:
        yield (
            f"a pulse of {pulses['longest_ms']:.3f} ms and {pulses['charge_uc']:.2f} uC, "
            f"allowed {PULSE_MS:g} ms and {PULSE_UC:g} uC"
        )
    elif pulses["count"] * pulses["charge_uc"] > PULSES_UC:
        told = f"{pulses['count']} pulses of up to {pulses['charge_uc']:.2f} uC"
        yield f"{told}, allowed {PULSES_UC:g} uC in all: the current oscillates"
