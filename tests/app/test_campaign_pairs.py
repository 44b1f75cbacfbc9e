"""Pairs of faults: planned repeatably, judged only by what must hold for any two."""

import json

import pytest
from campaigns import run, without_processes

from app.campaign import command as campaign
from app.campaign.pairs import Pair, pair_problems, plan_pairs
from app.campaign.sessions import run_pairs
from app.output import ExitCode
from app.reactions import PHASES, ROWS
from sim.scenario import Scenario

SPANS = {"hold forward": (30.0, 50.0), "ramp_down forward": (50.0, 74.0), "stopping": (40.0, 42.0)}
KNOWN = {("hands", 1): SPANS, ("hands", 2): SPANS}
FOUND = {"cause": "leakage", "onset_s": 40.0, "detected_s": 40.25, "output_off_s": 40.26}


def pair(row="adc_silent both", then="supply_sag to 50 V", phase="hold forward", later=None, stop_s=None):
    return Pair(row, then, phase, later or phase, "hands", 1, 40.0, 40.1, stop_s)


def ending(outcome="aborted", trip=None, held_ma=12.0, duration_s=90.0):
    return {"outcome": outcome, "trip": trip, "truth": {"held_ma": held_ma}, "duration_s": duration_s}


def test_pairs_are_repeatable_and_lie_at_most_a_third_of_a_second_apart():
    pairs = list(plan_pairs(300, list(ROWS), PHASES, KNOWN))
    assert pairs == list(plan_pairs(300, list(ROWS), PHASES, KNOWN))
    assert pairs[:20] == list(plan_pairs(20, list(ROWS), PHASES, KNOWN)), "more pairs are the same and others"
    assert len({one.name for one in pairs}) == len({one.slug for one in pairs}) == 300
    assert {one.phase for one in pairs} == set(SPANS)
    for one in pairs:
        start_s, end_s = SPANS[one.phase]
        assert start_s < one.at_s < end_s
        assert one.at_s <= one.then_s <= one.at_s + 0.3
        assert one.row != one.then
        assert (one.stop_s == 40.0) == (one.phase == "stopping")
        assert Scenario.model_validate(one.scenario())


def test_every_row_is_drawn_those_of_the_hardware_trip_and_the_dummy_load_too():
    pairs = list(plan_pairs(1500, list(ROWS), PHASES, KNOWN))
    assert {one.row for one in pairs} == {one.then for one in pairs} == set(ROWS)


def test_a_session_without_the_phase_is_left_out_and_without_any_there_is_no_pair():
    known = KNOWN | {("feet", 1): {"hold forward": (30.0, 50.0)}}
    pairs = list(plan_pairs(12, list(ROWS), ["stopping"], known))
    assert {(one.treatment, one.seed) for one in pairs} == set(KNOWN)
    assert list(plan_pairs(12, list(ROWS), ["reverse"], known)) == []


@pytest.mark.parametrize(
    ("one", "summary", "said"),
    [
        (pair("trip_wire_broken", "stall 10 ms"), ending("completed"), "trip_wire_broken may not be ridden"),
        (pair("trip_shorted", "stall 10 ms"), ending("completed"), None),
        (pair("trip_shorted", "current_spike 30 mA"), ending(trip=FOUND, held_ma=30.0), "off 160.0 ms"),
        (pair("trip_threshold_lost", "dummy_hangs", "ready"), ending("refused", held_ma=0.3), None),
        (pair(), ending(trip=FOUND), None),
        (pair(), ending(trip=FOUND | {"output_off_s": 40.299}), None),
        (pair(), ending(trip=FOUND | {"output_off_s": 40.301}), "off 201.0 ms after the later onset"),
        (pair(), ending(trip=FOUND | {"onset_s": 40.15, "output_off_s": 40.34}), None),
        (pair(), ending(trip=FOUND | {"detected_s": 40.05, "output_off_s": 40.201}), "off 201.0 ms"),
        (pair(), ending(trip=FOUND | {"output_off_s": None}), "never went off"),
        (pair(), ending("completed"), "completed, though adc_silent both may not be ridden"),
        (pair(), ending("completed"), "completed, though supply_sag to 50 V may not be ridden"),
        (pair(then="stall 10 ms"), ending("completed"), "adc_silent both may not be ridden"),
        (pair("stall 10 ms", "adc_silent both"), ending("completed"), "adc_silent both may not be ridden"),
        (pair("stall 10 ms", "corrupt_sample guard"), ending("completed"), None),
        (pair("stall 10 ms", "corrupt_sample guard"), ending(trip=FOUND), None),
        (pair("press Stop", "corrupt_sample guard"), ending("stopped"), None),
        (pair("press Stop", "corrupt_sample guard"), ending("completed"), "though Stop was pressed"),
        (pair("press Stop", "supply_sag to 50 V"), ending("stopped"), "supply_sag to 50 V may not be ridden"),
        (pair("press Stop", "supply_sag to 50 V"), ending("stopped", held_ma=0.3), None),
        (pair("press Stop", "supply_sag to 50 V"), ending("stopped", held_ma=5.0, duration_s=40.09), None),
        (pair("stall 10 ms", "supply_sag to 50 V"), ending("completed", duration_s=40.09), None),
        (pair(), ending(trip=FOUND | {"detected_s": 40.096, "output_off_s": 40.299}), None),
        (
            pair("stall 10 ms", "start_stuck", "stopping", stop_s=39.0),
            ending("completed"),
            "Stop was pressed",
        ),
        (pair("stall 10 ms", "dac_reset to 0", "ready"), ending("completed"), None),
        (pair("stall 10 ms", "dac_reset to 0"), ending("completed"), "dac_reset to 0 may not be ridden"),
        (pair("stall 10 ms", "dac_reset to 0", later="reverse"), ending("completed"), None),
        (pair("load_drying beyond compliance"), ending(trip=FOUND | {"output_off_s": 99.0}), None),
        (pair(), ending(trip=FOUND, held_ma=28.1), "true peak 28.10 mA"),
        (pair("current_spike 30 mA"), ending(trip=FOUND, held_ma=30.0), None),
        (pair("current_spike 30 mA"), ending(trip=FOUND, held_ma=30.1), "true peak 30.10 mA"),
        (pair(phase="ready"), ending("refused", held_ma=0.4), "although the session was refused"),
        (pair(phase="ready"), ending("refused", held_ma=0.3), None),
    ],
)
def test_judging_a_pair(one, summary, said):
    found = pair_problems(one, summary)
    assert found == [] if said is None else any(said in problem for problem in found)


def test_a_pair_runs_both_faults():
    first, second = run_pairs(
        [
            Pair("stall 10 ms", "hand_out", "hold forward", "hold forward", "hands", 1, 40.0, 40.2),
            Pair("hand_out", "stall 10 ms", "hold forward", "hold forward", "hands", 1, 40.0, 40.2),
        ]
    )
    assert (first["kind"], first["outcome"], first["cause"]) == ("pair", "aborted", "open_circuit")
    assert (second["outcome"], second["problems"]) == ("aborted", [])


def test_pairs_from_the_command_line_are_counted_apart(capsys, tmp_path, monkeypatch):
    def judged(pairs):
        return [
            {
                "kind": "pair",
                "name": p.name,
                "scenario": p.scenario(),
                "outcome": "aborted",
                "problems": ["x"],
            }
            for p in pairs
        ]

    without_processes(monkeypatch)
    monkeypatch.setattr(campaign, "run_pairs", judged)
    words = ("campaign", "--pairs", 3, "--seeds", 1, "--phases", "hold", "--json", "--out", tmp_path)
    code, said = run(*words, capsys=capsys)
    report = json.loads(said.out)
    assert code == ExitCode.ABORTED
    assert (report["cells"], report["pairs"], report["pairs_failed"], report["nuisance"]) == (0, 3, 3, 0)
    assert len(report["failures"]) == len(list((tmp_path / "failures").glob("*-and-*.yaml"))) == 3
    monkeypatch.setattr(campaign, "run_pairs", None)
    assert json.loads(run(*words, "--resume", capsys=capsys)[1].out)["pairs"] == 3, "nothing is run twice"


def test_one_fault_is_no_pair(capsys):
    code, said = run("campaign", "--pairs", 3, "--faults", "trip_stuck", capsys=capsys)
    assert code == ExitCode.BAD_INPUT
    assert "--pairs draws two faults" in said.err


@pytest.mark.parametrize("others", [("--quick",), ("--hours", 1)])
def test_pairs_are_a_campaign_of_their_own(others, capsys):
    code, said = run("campaign", "--pairs", 3, *others, capsys=capsys)
    assert code == ExitCode.BAD_INPUT
    assert "--pairs is a campaign of its own" in said.err
