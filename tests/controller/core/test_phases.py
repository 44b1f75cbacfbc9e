from __future__ import annotations

from itertools import product

import pytest
from places import ROOT

from controller.core.phases import DRIVING, TERMINAL, TRANSITIONS, Event, diagram
from controller.core.types import Phase

pytestmark = pytest.mark.core


def test_every_phase_has_a_row() -> None:
    assert set(TRANSITIONS) == set(Phase)


def test_nothing_leaves_a_terminal_phase() -> None:
    assert {Phase.TRIPPED, Phase.DONE, Phase.STOPPED, Phase.REFUSED} == TERMINAL


@pytest.mark.parametrize("phase", sorted(set(Phase) - {Phase.TRIPPED}))
def test_every_phase_can_trip(phase: Phase) -> None:
    assert TRANSITIONS[phase][Event.TRIP] is Phase.TRIPPED


@pytest.mark.parametrize("phase", sorted(set(Phase) - TERMINAL - {Phase.STOPPING}))
def test_stop_works_in_every_living_phase(phase: Phase) -> None:
    assert TRANSITIONS[phase][Event.STOP] in {Phase.STOPPING, Phase.STOPPED}


def test_nothing_leaves_the_end_but_a_trip_and_nothing_at_all_leaves_that() -> None:
    assert not TRANSITIONS[Phase.TRIPPED]
    for phase in TERMINAL - {Phase.TRIPPED}:
        assert set(TRANSITIONS[phase]) == {Event.TRIP}


def test_only_a_trip_leads_to_tripped() -> None:
    for phase, event in product(Phase, Event):
        following = TRANSITIONS[phase].get(event)
        assert (following is Phase.TRIPPED) == (event is Event.TRIP and phase is not Phase.TRIPPED)


def test_current_is_reached_only_through_start_and_contact() -> None:
    for phase, row in TRANSITIONS.items():
        for event, following in row.items():
            if following in DRIVING and phase not in DRIVING:
                assert (phase, event, following) in {
                    (Phase.READY, Event.START, Phase.PROOF),
                    (Phase.TRIAL, Event.TRIED, Phase.PROOF),
                }


def test_the_trial_is_reached_through_start_alone_and_leads_to_no_current_but_the_proofs() -> None:
    into = {
        (phase, event) for phase, row in TRANSITIONS.items() for event in row if row[event] is Phase.TRIAL
    }
    assert into == {(Phase.READY, Event.START_TRIAL)}
    assert Phase.TRIAL not in DRIVING
    assert set(TRANSITIONS[Phase.TRIAL].values()) - TERMINAL == {Phase.PROOF}


def test_the_diagram_in_the_docs_is_the_table() -> None:
    page = ROOT.joinpath("docs/architecture.md").read_text(encoding="utf-8")
    assert f"```mermaid\n{diagram()}\n```" in page
