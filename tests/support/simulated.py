"""Sessions on the simulated unit, as the command runs them, for tests of any room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.forks import run_branches
from config.calibration import Calibration
from config.unit import Unit, reference_unit
from controller.loop.recorder import Trace
from controller.loop.tick import StopSwitch
from controller.session.wiring import SessionRequest, run_session
from protocols.treatment import Treatment
from sim.scenario import Event, Scenario

SHORT = {"name": "short", "area": "hands", "current_ma": 10.0, "total_min": 2.0}
"""Two minutes at 10 mA: the shortest treatment with everything in it."""


def treatment(**changes: Any) -> Treatment:
    return Treatment.model_validate({**SHORT, **changes})


def requested(
    what: Treatment | None = None, *, seed: int = 1, unit: Unit | None = None, **scenario: Any
) -> SessionRequest:
    """What the command would ask for: a session as fast as possible, without a record."""
    return SessionRequest(
        treatment=what or treatment(),
        unit=unit or reference_unit(),
        calibration=Calibration.nominal(),
        calibration_notice="",
        simulate=Scenario.model_validate(scenario),
        seed=seed,
        speed=None,
        rehearsed_name=(what or treatment()).name,
    )


def simulate(
    what: Treatment | None = None,
    *,
    events: list[dict[str, Any]] | None = None,
    seed: int = 1,
    unit: Unit | None = None,
    stop: StopSwitch | None = None,
    on_snapshot: Any = None,
    plant_alone: bool = False,
    **scenario: Any,
) -> tuple[dict[str, Any], Trace]:
    """Run one session as fast as possible; returns summary and trace."""
    request = requested(what, seed=seed, unit=unit, events=events or [], **scenario)
    result = run_session(request._replace(plant_alone=plant_alone), on_snapshot, stop or StopSwitch())
    return result.summary, result.trace


def endings(
    branches: Sequence[list[dict[str, Any]]], what: Treatment | None = None, *, seed: int = 1
) -> list[dict[str, Any]]:
    """The summary of a session with each branch's events: forks of one, and so no others than whole ones.

    That a fork ends as the whole session does, to the last digit, is shown in `tests/app/test_forks.py`.
    """
    events = [[Event.model_validate(event) for event in branch] for branch in branches]
    return run_branches(requested(what, seed=seed), events)


def phase_times(summary: dict[str, Any]) -> dict[tuple[str, str], tuple[float, float]]:
    """(phase, polarity) -> (start_s, end_s)."""
    return {(p["phase"], p["polarity"]): (p["start_s"], p["end_s"]) for p in summary["phases"]}
