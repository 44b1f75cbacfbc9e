"""Programs of faults that stay or come and go: planned repeatably, judged by harm, made simpler."""

import json

import pytest
from campaigns import run, without_processes

from app.campaign import command as campaign
from app.campaign import sessions
from app.campaign.programs import (
    BURSTS,
    KINDS,
    LOST_RATIO,
    PERIOD_S,
    PHASES_TRIED,
    Burst,
    Program,
    minimised,
    plan_programs,
    program_problems,
)
from app.campaign.sessions import run_programs, run_sound
from app.output import ExitCode
from controller.core.guard import Guard
from controller.core.types import Cause, Drive
from protocols.treatment import find
from sim.scenario import Scenario

SPANS = {"ramp_up forward": (6.0, 30.0), "hold forward": (30.0, 50.0), "ramp_down forward": (50.0, 74.0)}
KNOWN = {("hands", 1): SPANS, ("hands", 2): SPANS}
WHOLE_PART = LOST_RATIO * find("hands").planned_charge_ma_min
GIVEN = {("hands", 1): 18.0, ("hands", 2): 17.0}
LEAK = next(index for index, kind in enumerate(KINDS) if kind.fault == "leakage")
SPIKE = next(index for index, kind in enumerate(KINDS) if kind.fault == "current_spike")
TURNS = next(index for index, kind in enumerate(KINDS) if kind.moves_polarity)


def burst(kind=LEAK, at_s=40.0, for_s=0.05, period_s=0.4, turns=20):
    params = {LEAK: (("ma", 12.0),), SPIKE: (("to_ma", 27.0),), TURNS: ()}[kind]
    return Burst(kind, params, at_s, for_s, period_s, turns)


def program(*bursts):
    return Program(1, "hold forward", "hands", 1, bursts or (burst(),), SPANS["hold forward"], 18.0)


def in_ramp(*bursts):
    return program(*bursts)._replace(phase="ramp_up forward")


BARELY_BRIEF = burst(turns=3, period_s=0.49, for_s=0.019)
BARELY_LONG = burst(turns=3, period_s=0.49, for_s=0.021)


def ending(outcome="aborted", off_s=40.5, rises_s=(), astray=0.0, given=18.0, pulsed_s=None, switched=0.0):
    trip = {"cause": "leakage", "output_off_s": off_s} if outcome == "aborted" else None
    truth = {
        "charge_ma_min": {"forward": given / 2, "reverse": given / 2},
        "pulses": {"longest_ms": 1.6},
        "switched_above_ma": switched,
    }
    return {
        "outcome": outcome,
        "reason": "as told",
        "trip": trip,
        "truth": truth,
        "rises_s": list(rises_s),
        "pulsed_s": pulsed_s,
        "astray_ma_min": astray,
    }


def test_programs_are_repeatable_and_can_be_kept_as_scenarios():
    programs = list(plan_programs(400, KNOWN, GIVEN))
    assert programs == list(plan_programs(400, KNOWN, GIVEN))
    assert programs[:20] == list(plan_programs(20, KNOWN, GIVEN)), "more programs are the same and others"
    assert len({one.name for one in programs}) == len({one.slug for one in programs}) == 400
    assert {one.phase for one in programs} == set(SPANS) & set(PHASES_TRIED)
    assert {len(one.bursts) for one in programs} == {1, 2, 3, 4}
    assert {bursts.kind for one in programs for bursts in one.bursts} == set(range(len(KINDS)))
    for one in programs:
        assert Scenario.model_validate(one.scenario())
        assert sum(bursts.turns for bursts in one.bursts) <= BURSTS
        start_s, end_s = one.span
        assert start_s < one.bursts[0].at_s < end_s
        assert one.given_ma_min == GIVEN[one.treatment, one.seed]
        for bursts in one.bursts:
            assert bursts.turns == 1 or PERIOD_S[0] <= bursts.period_s <= PERIOD_S[1]
            assert bursts.for_s <= bursts.period_s, "each burst ends before the next"


@pytest.mark.parametrize(
    ("one", "summary", "said"),
    [
        (program(), ending(), None),
        (program(), ending(off_s=41.04), None),
        (program(), ending(off_s=41.06), "leakage from 40.000 s on, not off until 1.06 s later"),
        (program(), ending("completed"), "leakage from 40.000 s on, not off to the end"),
        (program(burst(for_s=0.039)), ending("completed"), None),
        (program(burst(period_s=0.51)), ending("completed"), None),
        (program(burst(turns=2)), ending("completed"), None),
        (program(burst(for_s=0.0, period_s=0.0, turns=1)), ending("completed"), "not off to the end"),
        (program(burst(for_s=0.9, period_s=0.0, turns=1)), ending("completed"), None),
        (program(burst(at_s=48.96)), ending(off_s=60.0), None),
        (program(burst(for_s=0.039)), ending("completed", given=17.83), None),
        (
            program(burst(for_s=0.039)),
            ending("completed", given=17.81),
            "completed with 1.1 % of the dose lost",
        ),
        (program(burst(turns=2)), ending("completed", given=18.0 - WHOLE_PART + 0.01), None),
        (
            program(burst(turns=2)),
            ending("completed", given=18.0 - WHOLE_PART - 0.02),
            "completed with 1.0 % of the dose",
        ),
        (in_ramp(burst(at_s=30.5)), ending(off_s=35.04), None),
        (in_ramp(burst(at_s=30.5)), ending(off_s=35.06), "leakage from 34.000 s on, not off until 1.06 s"),
        (in_ramp(burst(for_s=0.039)), ending("completed", given=18.0 - WHOLE_PART + 0.01), None),
        (
            in_ramp(burst(for_s=0.039)),
            ending("completed", given=18.0 - WHOLE_PART - 0.02),
            "completed with 1.0 % of the dose",
        ),
        (program(BARELY_LONG), ending("completed", given=17.81), "completed with 1.1 % of the dose lost"),
        (program(BARELY_BRIEF), ending("completed", given=17.81), None),
        (program(burst(turns=2)), ending("completed", astray=0.19), "completed with 1.1 % of the dose lost"),
        (program(), ending("aborted", given=9.0), None),
        (program(burst(turns=2)), ending("completed_short", given=16.0), None),
        (program(burst(turns=2)), ending("completed_short", given=17.9), "said to be short with 99.4 %"),
        (program(), ending(rises_s=(40.1, 40.2, 40.3)), None),
        (program(), ending(rises_s=(39.0, 39.2, 40.46), off_s=40.5), None),
        (
            program(),
            ending(rises_s=(39.0, 39.2, 40.44, 40.49), off_s=40.5),
            "4 rises of 2 mA and more from 39",
        ),
        (program(), ending("completed_short", given=15.0, rises_s=(39.0, 39.02, 39.04)), "leakage"),
        (program(burst(TURNS)), ending("completed_short", given=15.0, rises_s=(39.0, 39.02, 39.04)), None),
        (
            program(burst(TURNS)),
            ending("completed_short", given=15.0, rises_s=(39.0, 39.02, 39.04, 40.06)),
            "4 rises of 2 mA and more from 39.000 s on, not off to the end",
        ),
        (program(burst(TURNS, for_s=0.004)), ending(rises_s=(39.0, 39.2, 40.04), off_s=40.0), None),
        (
            program(burst(TURNS, for_s=0.004)),
            ending(rises_s=(39.0, 39.2, 40.06, 40.1), off_s=40.2),
            "4 rises of 2 mA",
        ),
        (program(burst(turns=2)), ending("completed", rises_s=(1.0, 31.0, 61.1)), None),
        (program(burst(turns=2)), ending("completed", rises_s=(1.0, 31.0, 60.9)), "3 rises of 2 mA"),
        (program(burst(SPIKE)), ending(off_s=42.0), None),
        (program(burst(SPIKE)), ending(pulsed_s=41.0, off_s=41.14), None),
        (program(burst(SPIKE)), ending(pulsed_s=41.0, off_s=41.16), "pulses of up to 1.6 ms"),
        (program(), ending(off_s=None), "never went off"),
        (program(), ending("refused"), "refused before any fault: as told"),
        (program(), ending(switched=0.21), "polarity switched at 0.21 mA"),
        (program(burst(TURNS)), ending(switched=12.0), None),
    ],
)
def test_judging_a_program(one, summary, said):
    found = program_problems(one, summary)
    assert found == [] if said is None else any(said in problem for problem in found)


def test_what_fails_is_made_as_simple_as_it_can_be():
    whole = program(burst(SPIKE, turns=5), burst(turns=64), burst(TURNS, turns=3))
    asked = []

    def fails(one):
        asked.append(one)
        return any(bursts.kind == LEAK and bursts.turns >= 7 for bursts in one.bursts)

    simplest = minimised(whole, fails, 100)
    assert simplest.bursts == (burst(turns=7),)
    assert len(asked) < 60
    asked.clear()
    assert minimised(whole, fails, 2).bursts != whole.bursts
    assert len(asked) == 2, "no more than may be tried"
    assert minimised(whole, lambda _: False, 100) == whole


@pytest.fixture(scope="module")
def sound():
    return run_sound("hands", 1)


def bursts_of_leakage(sound):
    """78 ms of all the current, five times a second."""
    start_s, end_s = sound["spans"]["hold forward"]
    often = burst(at_s=start_s + 1.0, for_s=0.078, period_s=0.2, turns=60)
    return Program(7, "hold forward", "hands", 1, (often,), (start_s, end_s), sound["given_ma_min"])


def test_a_fault_that_comes_and_goes_is_cut(sound):
    (found,) = run_programs([bursts_of_leakage(sound)])
    assert (found["kind"], found["outcome"], found["cause"]) == ("program", "aborted", "leakage")
    assert found["problems"] == []
    assert found["simplest"] == found["scenario"]


def test_a_guard_that_counts_running_samples_only_is_found(sound, monkeypatch):
    """As it was: three in a row, and one good sample between forgets them."""

    def slow(self, m):
        if m.sampled != "return" or not isinstance(self._last, Drive):
            return None
        hit = self._astray(m, self._last)
        self._counts[Cause.LEAKAGE] = self._counts[Cause.LEAKAGE] + 1 if hit else 0
        return (hit, "three in a row") if self._counts[Cause.LEAKAGE] >= 3 else None

    monkeypatch.setattr(Guard, "_doubts_slow", lambda _self, _m: "")
    monkeypatch.setattr(Guard, "_slow", slow)
    monkeypatch.setattr(sessions, "TRIES", 2)
    (found,) = run_programs([bursts_of_leakage(sound)])
    assert found["outcome"] == "completed"
    assert any("leakage from" in problem for problem in found["problems"])
    assert any("of the dose lost" in problem for problem in found["problems"])
    assert len(found["simplest"]["events"]) < len(found["scenario"]["events"])


def test_programs_from_the_command_line_are_counted_apart(capsys, tmp_path, monkeypatch):
    def judged(programs):
        return [
            {
                "kind": "program",
                "name": p.name,
                "scenario": p.scenario(),
                "simplest": {"events": []},
                "outcome": "completed",
                "problems": ["x"] if p.number else [],
            }
            for p in programs
        ]

    def sounds(treatment, seed):
        name = f"sound / {treatment} / {seed}"
        return {
            "kind": "sound",
            "name": name,
            "spans": SPANS,
            "given_ma_min": 18.0,
            "scenario": {},
            "problems": [],
        }

    without_processes(monkeypatch)
    monkeypatch.setattr(campaign, "compiled", lambda **_: None)
    monkeypatch.setattr(campaign, "run_sound", sounds)
    monkeypatch.setattr(campaign, "run_programs", judged)
    words = ("campaign", "--programs", 3, "--seeds", 1, "--json", "--out", tmp_path)
    code, said = run(*words, capsys=capsys)
    report = json.loads(said.out)
    assert code == ExitCode.ABORTED
    assert (report["cells"], report["programs"], report["programs_failed"]) == (0, 3, 2)
    kept = sorted((tmp_path / "failures").glob("program-*.yaml"))
    assert [path.read_text() for path in kept] == ["events: []\n"] * 2
    code, said = run(*words[:-3], "--out", tmp_path, "--resume", capsys=capsys)
    assert "3 programs of faults that stay or come and go, 2 failed" in said.out


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (("--hours", 1), "leave --hours and --pairs out"),
        (("--pairs", 1), "--pairs"),
        (("--phases", "hold"), "leave --faults and --phases out"),
        (("--faults", "leakage"), "leave --faults and --phases out"),
    ],
)
def test_programs_are_a_campaign_of_their_own(others, said, capsys):
    code, told = run("campaign", "--programs", 3, *others, capsys=capsys)
    assert code == ExitCode.BAD_INPUT
    assert said in told.err
