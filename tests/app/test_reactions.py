"""The table of reactions fits the simulator's faults, the controller's causes and the tests it names."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from safety_tests import why_not_shown
from simulated import simulate

from app.reactions import ELSEWHERE, PHASES, ROWS, Reaction
from controller.core.types import Cause, Phase
from controller.loop.clock import RealClock
from sim.faults import FAULTS, check_params

ROOT = Path(__file__).parents[2]
OUTCOMES = {"completed", "aborted", "stopped", "refused"}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_row_names_what_exists_and_bounds_every_abort(row):
    assert check_params(row.fault, row.params).items() >= row.params.items()
    assert set(row.by_phase) <= set(PHASES)
    for phase in PHASES:
        reaction = row.expected(phase)
        assert reaction.outcomes
        assert set(reaction.outcomes) <= OUTCOMES
        assert set(reaction.causes) <= set(Cause)
        assert ("aborted" in reaction.outcomes) == bool(reaction.causes)
        if reaction.bound_ms is not None and reaction.bound_ms > 20.0:
            assert row.why, "a bound beyond the design's 20 ms needs a reason"


def test_every_fault_has_a_row_and_every_phase_a_column():
    assert {row.fault for row in ROWS.values()} == set(FAULTS) - {"hand_in"}
    terminal = {"done", "stopped", "refused", "tripped"}
    assert {phase.split()[0] for phase in PHASES} == set(Phase) - terminal


@pytest.mark.parametrize(
    "name",
    [
        "over_current by 5 mA",
        "dac_reset to half scale",
        "dac_busy 1 s",
        "adc_stale control",
        "adc_disagree guard",
        "bus_hung 35 ms",
        "hand_flutters 5 Hz",
        "one_tray_only",
        "short_circuit",
        "relay_bouncing series",
        "polarity_moves",
        "stall 10 ms",
        "stall 50 ms",
        "stall 200 ms",
        "brown_out",
        "load_drying to 6 kohm",
    ],
)
def test_the_issue_s_list_is_there(name):
    assert name in ROWS


def test_a_reaction_reads_as_a_sentence():
    assert str(Reaction(("aborted",), ("leakage",), 200.0)) == "aborted (leakage) within 200 ms"
    assert str(Reaction(("refused", "stopped"))) == "refused or stopped"


@pytest.mark.parametrize("fault", ELSEWHERE, ids=lambda fault: fault.name)
def test_what_no_scenario_can_hold_is_shown_by_a_test_that_runs(fault):
    assert why_not_shown(fault.shown_by, ROOT) == ""
    assert fault.name not in FAULTS


def test_the_parameters_of_the_tests_that_show_it_exist():
    named = sorted({fault.shown_by for fault in ELSEWHERE if "[" in fault.shown_by})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider", *named]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert sorted(line for line in found.stdout.splitlines() if "::" in line) == named, found.stdout


@pytest.mark.parametrize("by_s", [-3600, 3600])
def test_a_wall_clock_moved_by_an_hour_moves_nothing(monkeypatch, by_s):
    clock, true_time = RealClock(), time.time
    before = clock.now()
    monkeypatch.setattr(time, "time", lambda: true_time() + by_s)
    monkeypatch.setattr(time, "time_ns", lambda: int((true_time() + by_s) * 1e9))
    assert 0.0 <= clock.now() - before < 60.0
    moved = simulate(events=[{"at_s": 8, "fault": "hand_out"}])[0]
    monkeypatch.undo()
    assert moved == simulate(events=[{"at_s": 8, "fault": "hand_out"}])[0]
