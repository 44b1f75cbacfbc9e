"""Pairs: two faults of the table in one session, the second up to 0.3 s after the first.

Law: pure and repeatable. This is beyond the single-fault condition that the table is made for, so a pair is
judged only by what must hold for any two faults; what it finds is told, never taken out of the count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, Final, NamedTuple

from app.campaign.cells import EDGE, TICK_S, Spans, slug_of
from app.campaign.treated import COMPLETED, RIDDEN
from app.reactions import ROWS, Reaction

APART_S: Final = 0.3
"""The second fault begins at most this long after the first: while the first is being found."""
LIMITER_MA: Final = 27.5 * 1.02
"""The reference unit's own current limit, 10 % above full scale, with its tolerance (docs/simulator.md)."""
BEGAN_MA: Final = 0.35
"""The most that a session which never began may have carried."""


class Pair(NamedTuple):
    """One session: `row` begins at `at_s` in `phase`, `then` at `then_s` in `then_phase`; session time."""

    row: str
    then: str
    phase: str
    then_phase: str
    treatment: str
    seed: int
    at_s: float
    then_s: float
    stop_s: float | None = None

    @property
    def name(self) -> str:
        """Names the pair among all."""
        apart_ms = 1000 * (self.then_s - self.at_s)
        return f"{self.row} & {self.then} +{apart_ms:.3f} ms / {self.phase} / {self.treatment} / {self.seed}"

    @property
    def slug(self) -> str:
        """The name as a file's name."""
        return slug_of(self.name)

    def scenario(self) -> dict[str, Any]:
        """Return the session's circumstances as they stand in a scenario file."""
        begun = ((self.at_s, ROWS[self.row]), (self.then_s, ROWS[self.then]))
        events: list[dict[str, Any]] = [
            {"at_s": at_s, "fault": row.fault, **row.params} for at_s, row in begun
        ]
        if self.stop_s is not None:
            events.insert(0, {"at_s": self.stop_s, "fault": "press", "button": "stop"})
        return {"events": events}

    def expected(self) -> tuple[list[Reaction], list[Reaction]]:
        """Return what either fault may lead to: in its phase, or in the one that the pair ends up in."""
        phases = {self.phase, self.then_phase}
        if "press" in {ROWS[self.row].fault, ROWS[self.then].fault}:
            phases.add("stopping")
        return tuple(  # type: ignore[return-value]  # two of them
            [ROWS[row].expected(phase) for phase in sorted(phases)] for row in (self.row, self.then)
        )


def plan_pairs(
    count: int, rows: Sequence[str], phases: Sequence[str], spans: Mapping[tuple[str, int], Spans]
) -> Iterator[Pair]:
    """Return `count` random pairs over the sound sessions whose `spans` by treatment and seed are given.

    None where no session has any of `phases`.
    """
    sessions = sorted(one for one, known in spans.items() if any(phase in known for phase in phases))
    for number in range(count if sessions else 0):
        treatment, seed = sessions[number % len(sessions)]
        rng = Random(f"pair|{number}|{treatment}|{seed}")
        known = spans[treatment, seed]
        phase = rng.choice([phase for phase in phases if phase in known])
        row, then = rng.sample(list(rows), 2)
        start_s, end_s = known[phase]
        at_s = round(start_s + rng.uniform(EDGE, 1.0 - EDGE) * (end_s - start_s), 6)
        then_s = round(at_s + rng.uniform(0.0, APART_S), 6)
        stopped = phase == "stopping"
        later = phase if stopped else _phase_at(then_s, known, phase)
        yield Pair(row, then, phase, later, treatment, seed, at_s, then_s, start_s if stopped else None)


def _phase_at(t_s: float, spans: Spans, otherwise: str) -> str:
    for phase, (start_s, end_s) in spans.items():
        if phase != "stopping" and start_s <= t_s < end_s:
            return phase
    return otherwise


def pair_problems(pair: Pair, summary: Mapping[str, Any]) -> list[str]:
    """Return what was wrong whatever the two faults are, as sentences; empty when nothing was."""
    return [*_ending(pair, summary), *_peak(pair, summary)]


def _ending(pair: Pair, summary: Mapping[str, Any]) -> Iterator[str]:
    outcome, trip = summary["outcome"], summary["trip"]
    first, second = pair.expected()
    if outcome in RIDDEN:
        begun = [(pair.row, first)]
        if pair.then_s < summary["duration_s"]:  # else it came when all was over
            begun.append((pair.then, second))
        asked = pair.stop_s is not None or any(ROWS[name].fault == "press" for name, _ in begun)
        if outcome in COMPLETED and asked:
            yield "completed, though Stop was pressed"
        if outcome == "stopped" and asked and summary["truth"]["held_ma"] <= BEGAN_MA:
            begun = []  # Stop before the treatment ends it at once, whatever else there is
        for name, reactions in begun:
            if not any(RIDDEN & set(reaction.outcomes) for reaction in reactions):
                yield f"{outcome}, though {name} may not be ridden here: expected {reactions[0]}"
    if trip is not None:
        yield from _off(pair, [*first, *second], trip)


def _off(pair: Pair, reactions: Sequence[Reaction], trip: Mapping[str, Any]) -> Iterator[str]:
    """Judge when the true current was gone: within the larger bound of the two after the later of them."""
    if trip["output_off_s"] is None:
        yield f"the true output never went off ({trip['cause']})"
        return
    if any("aborted" in reaction.outcomes and reaction.bound_ms is None for reaction in reactions):
        return
    bound_ms = max(
        (reaction.bound_ms for reaction in reactions if reaction.bound_ms is not None), default=None
    )
    since_s = max(pair.at_s, trip["onset_s"] or 0.0)
    if pair.then_s <= trip["detected_s"] + TICK_S:
        since_s = max(since_s, pair.then_s)
    late_ms = 1000 * (trip["output_off_s"] - since_s)
    if bound_ms is not None and late_ms > bound_ms:  # where both may be ridden, to cut is safe at any time
        yield f"off {late_ms:.1f} ms after the later onset ({trip['cause']}), allowed {bound_ms:g} ms"


def _peak(pair: Pair, summary: Mapping[str, Any]) -> Iterator[str]:
    peak_ma = summary["truth"]["held_ma"]
    rows = (ROWS[pair.row], ROWS[pair.then])
    # A forced current goes past the limiter: that it does is the fault.
    most_ma = max(LIMITER_MA, *(float(row.params.get("to_ma", 0.0)) for row in rows))
    if peak_ma > most_ma:
        yield f"true peak {peak_ma:.2f} mA, allowed {most_ma:.2f} mA"
    forced = any(row.peak_ratio is None for row in rows)
    if summary["outcome"] == "refused" and peak_ma > BEGAN_MA and not forced:
        yield f"{peak_ma:.2f} mA flowed although the session was refused"
