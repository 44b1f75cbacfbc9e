"""A forked session is the session: same summary as a whole one with the same events."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
from simulated import treatment

from app.campaign.cells import Cell
from app.campaign.sessions import run_cells
from app.campaign.store import Store
from app.forks import run_branches
from config.calibration import Calibration
from config.unit import Unit
from controller.loop.tick import StopSwitch
from controller.session.wiring import SessionRequest, run_session
from sim.effects import EFFECTS
from sim.scenario import Event, Scenario


def request(seed: int = 1, **scenario: object) -> SessionRequest:
    return SessionRequest(
        treatment=treatment(current_ma=3.0),
        unit=Unit(),
        calibration=Calibration.nominal(),
        calibration_notice="",
        simulate=Scenario.model_validate(scenario),
        seed=seed,
        speed=None,
        rehearsed_name="short",
    )


def event(at_s: float, fault: str, **params: object) -> Event:
    return Event.model_validate({"at_s": at_s, "fault": fault, **params})


def test_forks_end_as_whole_sessions_with_the_same_events_do() -> None:
    branches = [
        [event(20.1234, "hand_out")],
        [event(0.05, "adc_silent")],  # earlier than any fork
        [event(11.0, "press", button="stop"), event(11.3, "current_spike", to_ma=8.0)],
        [event(11.0, "corrupt_sample", which="guard")],  # ridden: runs to its end
        [event(11.0021, "stall", for_s=0.1)],
    ]
    own = {"at_s": 9.0, "fault": "corrupt_sample", "which": "control"}
    forked = run_branches(request(seed=3, events=[own]), branches)
    for events, summary in zip(branches, forked, strict=True):
        added = [{"at_s": e.at_s, "fault": e.fault, **e.params} for e in events]
        whole = run_session(request(seed=3, events=[own, *added]), None, StopSwitch()).summary
        assert summary == json.loads(json.dumps(whole))
    assert [summary["outcome"] for summary in forked] == [
        "aborted",
        "aborted",
        "aborted",
        "completed",
        "aborted",
    ]


def test_no_branch_no_session() -> None:
    assert run_branches(request(), []) == []


def test_a_branch_after_the_end_is_refused() -> None:
    with pytest.raises(ValueError, match=r"ended \(completed\) before 3000 s"):
        run_branches(request(), [[event(3000.0, "hand_out")]])


@pytest.mark.parametrize("change", [{"simulate": None}, {"speed": 1.0}, {"state": Path()}])
def test_only_what_can_be_forked_is(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="only a simulated session"):
        run_branches(request()._replace(**change), [[event(9.0, "hand_out")]])


def test_a_fork_that_fails_is_told_and_goes_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    here = os.getpid()

    def fail(*_: object) -> None:
        assert os.getpid() != here
        raise OSError("the pipe is full")

    monkeypatch.setattr("app.forks.json.dump", fail)
    with pytest.raises(RuntimeError, match="died without an answer"):
        run_branches(request(), [[event(9.0, "hand_out")]])
    assert os.getpid() == here


@pytest.mark.parametrize("at_s", [0.05, 9.0])
def test_a_branch_that_hangs_is_killed_and_the_others_go_on(
    at_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(*_: object) -> None:
        threading.Event().wait()

    monkeypatch.setitem(EFFECTS, "start_stuck", hang)
    branches = [[event(at_s, "start_stuck")], [event(9.5, "hand_out")]]
    reasons: list[str] = []

    def lost(why: str) -> dict[str, object]:
        reasons.append(why)
        return {"outcome": "lost"}

    forked: list[int] = []
    fork = os.fork

    def noted() -> int:
        forked.append(fork())
        return forked[-1]

    monkeypatch.setattr(os, "fork", noted)
    found = run_branches(request(), branches, lost=lost, longest_s=5.0)
    assert reasons == ["a forked session did not end within 5 s and was killed"]
    assert [summary["outcome"] for summary in found] == ["lost", "aborted"]
    assert len(forked) == 2
    for child in forked:
        with pytest.raises(ChildProcessError):  # each was killed or has ended, and was waited for
            os.waitpid(child, os.WNOHANG)


def test_a_hung_cell_fails_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def hang(*_: object) -> None:
        threading.Event().wait()

    monkeypatch.setitem(EFFECTS, "dac_silent", hang)
    monkeypatch.setattr("app.campaign.sessions.LONGEST_S", 0.5)
    cell = Cell("dac_silent", "contact", "hands", 1, 2.0)
    (result,) = run_cells([cell])
    assert (result["name"], result["outcome"]) == (cell.name, "lost")
    assert result["problems"] == ["a forked session did not end within 0.5 s and was killed"]
    with Store(tmp_path, resume=False) as store:
        store.keep(result)
    with Store(tmp_path, resume=True) as store:
        assert store.done(cell.name, cell.scenario()) is None, "it is run again"
