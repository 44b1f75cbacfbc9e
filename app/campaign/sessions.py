"""The sessions of a campaign, as functions that any process can call.

Law: plain values in and out, so that an executor may send them to another process or another machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from app.campaign.cells import STOP_TEST, Cell, short, spans_of, tested
from app.campaign.judge import problems
from app.campaign.pairs import Pair, pair_problems
from app.campaign.programs import Program, minimised, program_problems
from app.campaign.recurring import SORT as RECURRING
from app.campaign.recurring import figures
from app.campaign.treated import COMPLETED, dose_problems
from app.forks import LONGEST_S, run_branches
from app.reactions import ROWS
from config.calibration import Calibration
from config.unit import reference_unit
from controller.session.wiring import SessionRequest, StopSwitch, run_session
from protocols.treatment import Treatment, find, names
from sim.scenario import Scenario

if TYPE_CHECKING:
    from controller.loop.result import Truth

Result: TypeAlias = dict[str, Any]
"""What is kept of a session: `name`, `problems`, figures, and its `kind`: sound, cell, pair, program,
recurring or life."""

LOST: Final = "lost"
"""Outcome of a cell whose session died or hung: it was not finished, so `--resume` runs it again."""
SKINS: Final = ("ordinary", "ordinary", "ordinary", "ordinary", "dry")
"""Four of five are drawn from ordinary people, and one has dry skin (assumption)."""
WATER_US_PER_CM: Final = (30.0, 1000.0)
"""Tap water: from soft to hard (Portland 32 to 182, Hamburg 530 to 580, others up to 933 uS/cm)."""


class Life(NamedTuple):
    """One whole treatment of an ordinary person without a fault."""

    treatment: str
    seed: int
    scenario: dict[str, Any]

    @property
    def name(self) -> str:
        """Names the session among all."""
        return f"life / {self.treatment} / {self.seed}"

    @property
    def slug(self) -> str:
        """The name as a file's name."""
        return f"life--{self.treatment}--{self.seed}"


def life(number: int) -> Life:
    """Return the `number`th ordinary person: treatment, skin, water and how late they come."""
    rng = Random(f"life|{number}")
    treatment = names()[number % len(names())]
    low, high = WATER_US_PER_CM
    water = round(low * (high / low) ** rng.random(), 1)
    person = {
        "hands_in_at_s": round(rng.uniform(0.0, 20.0), 2),
        "start_at_s": round(rng.uniform(0.5, 30.0), 2),
        "start_for_s": round(rng.uniform(0.1, 1.0), 2),
        "moves": True,
    }
    return Life(
        treatment, number, {"load": {"skin": rng.choice(SKINS), "water_us_per_cm": water}, "person": person}
    )


def run_sound(treatment: str, seed: int) -> Result:
    """Run a shortened treatment without a fault: when its phases come, and whether it completes."""
    summary = _run(short(treatment), treatment, seed, {})
    held = _run(short(treatment), treatment, seed, tested(STOP_TEST))
    return {
        "kind": "sound",
        "name": f"sound / {treatment} / {seed}",
        "spans": spans_of(summary),
        STOP_TEST: spans_of(held)[STOP_TEST],
        "given_ma_min": sum(summary["truth"]["charge_ma_min"].values()),
        "scenario": {},
        "problems": [*_nuisance(summary, short(treatment)), *_nuisance(held, short(treatment))],
    }


def run_cells(cells: Sequence[Cell]) -> list[Result]:
    """Run cells of one treatment and seed, as forks of one sound session, and judge them.

    A cell whose session died or hung has failed by name; a traceback of its own went to standard error.
    """
    treatment, seed = cells[0].treatment, cells[0].seed
    what = short(treatment)
    events = [Scenario.model_validate(cell.scenario()).events for cell in cells]
    request = _request(what, treatment, seed, tested(cells[0].phase))
    summaries = run_branches(request, events, _with_upset, lost=_lost, longest_s=LONGEST_S)
    return [_judged(cell, what, summary) for cell, summary in zip(cells, summaries, strict=True)]


def run_pairs(pairs: Sequence[Pair]) -> list[Result]:
    """Run pairs of faults of one treatment and seed, as forks of one sound session, and judge them."""
    what = short(pairs[0].treatment)
    request = _request(what, pairs[0].treatment, pairs[0].seed, {})
    events = [Scenario.model_validate(pair.scenario()).events for pair in pairs]
    summaries = run_branches(request, events, lost=_lost, longest_s=LONGEST_S)
    return [
        {
            "kind": "pair",
            "name": pair.name,
            "scenario": pair.scenario(),
            "outcome": summary["outcome"],
            "cause": (summary["trip"] or {}).get("cause"),
            "problems": [summary["reason"]]
            if summary["outcome"] == LOST
            else [*pair_problems(pair, summary), *dose_problems(summary, what.planned_charge_ma_min)],
        }
        for pair, summary in zip(pairs, summaries, strict=True)
    ]


TRIES: Final = 24
"""Simpler programs that are tried for one that failed."""


def run_programs(programs: Sequence[Program]) -> list[Result]:
    """Run programs of one treatment and seed, as forks of one sound session; make what failed simpler."""
    found = _programs_found(programs)

    def fails(program: Program) -> bool:
        return bool(_programs_found([program])[0][1])

    results: list[Result] = []
    for program, (summary, wrong) in zip(programs, found, strict=True):
        kept = program
        if wrong and summary["outcome"] != LOST:
            kept = minimised(program, fails, TRIES)
        results.append(
            {
                "kind": program.sort,
                "name": program.name,
                "scenario": program.scenario(),
                "simplest": kept.scenario(),
                "outcome": summary["outcome"],
                "cause": (summary["trip"] or {}).get("cause"),
                "problems": wrong,
                **(figures(program, summary) if program.sort == RECURRING else {}),
            }
        )
    return results


def _programs_found(programs: Sequence[Program]) -> list[tuple[dict[str, Any], list[str]]]:
    """Return each program's summary, with what of it was wrong."""
    what = short(programs[0].treatment)
    request = _request(what, programs[0].treatment, programs[0].seed, {})
    events = [Scenario.model_validate(program.scenario()).events for program in programs]
    summaries = run_branches(request, events, _with_harm, lost=_lost, longest_s=LONGEST_S)
    return [
        (summary, [summary["reason"]] if summary["outcome"] == LOST else program_problems(program, summary))
        for program, summary in zip(programs, summaries, strict=True)
    ]


def _with_harm(summary: dict[str, Any], truth: Truth | None) -> dict[str, Any]:
    """Add when the current rose at once by 2 mA and more, and first pulsed for long, s; what went astray."""
    if truth is None:
        return summary | {"rises_s": [], "pulsed_s": None, "astray_ma_min": 0.0}
    return summary | {
        "rises_s": list(truth.rises_s),
        "pulsed_s": truth.pulsed_s,
        "astray_ma_min": truth.astray_ma_min,
    }


def _with_upset(summary: dict[str, Any], truth: Truth | None) -> dict[str, Any]:
    """Add for how long a reset of the DAC took the true current away, in ms."""
    upset_s = None if truth is None else truth.upset_s
    return summary | {"upset_ms": None if upset_s is None else round(1000 * upset_s, 6)}


def _lost(why: str) -> dict[str, Any]:
    return {"outcome": LOST, "reason": why, "trip": None}


def _judged(cell: Cell, what: Treatment, summary: dict[str, Any]) -> Result:
    trip = summary["trip"] or {}
    lost = summary["outcome"] == LOST
    return {
        "kind": "cell",
        "name": cell.name,
        "row": cell.row,
        "phase": cell.phase,
        "scenario": cell.scenario(),
        "outcome": summary["outcome"],
        "cause": trip.get("cause"),
        "latency_ms": trip.get("latency_ms"),
        "bound_ms": ROWS[cell.row].expected(cell.phase).bound_ms,
        "problems": [summary["reason"]]
        if lost
        else [
            *problems(cell, what.current_ma, summary),
            *dose_problems(summary, what.planned_charge_ma_min),
        ],
    }


def run_life(person: Life) -> Result:
    """Run one whole treatment of an ordinary person."""
    return _lived(person, plant_alone=False)


def run_life_on_plant(person: Life) -> Result:
    """Run it without bus and drivers, to the same result."""
    return _lived(person, plant_alone=True)


def _lived(person: Life, *, plant_alone: bool) -> Result:
    what = find(person.treatment)
    request = _request(what, person.treatment, person.seed, person.scenario)
    summary = run_session(request._replace(plant_alone=plant_alone), None, StopSwitch()).summary
    return {
        "kind": "life",
        "name": person.name,
        "scenario": person.scenario,
        "outcome": summary["outcome"],
        "hours": summary["duration_s"] / 3600.0,
        "problems": _nuisance(summary, what),
    }


def _nuisance(summary: dict[str, Any], what: Treatment) -> list[str]:
    if summary["outcome"] in COMPLETED:
        return list(dose_problems(summary, what.planned_charge_ma_min))
    return [f"{summary['outcome']} without a fault: {summary['reason']}"]


def _run(what: Treatment, name: str, seed: int, scenario: dict[str, Any]) -> dict[str, Any]:
    return run_session(_request(what, name, seed, scenario), None, StopSwitch()).summary


def _request(what: Treatment, name: str, seed: int, scenario: dict[str, Any]) -> SessionRequest:
    return SessionRequest(
        treatment=what,
        unit=reference_unit(),
        calibration=Calibration.nominal(),
        calibration_notice="",
        simulate=Scenario.model_validate(scenario),
        seed=seed,
        speed=None,
        rehearsed_name=name,
    )
