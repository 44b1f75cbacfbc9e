"""The campaign plans repeatable cells, judges them by the truth, and reports what can be repeated."""

import json
import math
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import pytest
from campaigns import without_processes
from simulated import simulate

from app.campaign import command as campaign
from app.campaign import page
from app.campaign.cells import GROUP, Cell, groups, plan, short, spans_of
from app.campaign.crew import Crew, results
from app.campaign.judge import problems
from app.campaign.report import report_of
from app.campaign.sessions import life, run_cells, run_life, run_life_on_plant
from app.campaign.store import RESULTS
from app.output import ExitCode
from app.reactions import PHASES, ROWS, Reaction
from config.reader import BadFile
from protocols.treatment import Treatment, names
from sim.scenario import Scenario

SPANS = {"self_test": (0.0, 0.25), "hold forward": (30.0, 50.0), "stopping": (40.0, 42.0)}


@pytest.fixture
def thread(monkeypatch):
    """Lets the sessions run in a thread: any executor of the standard library will do."""

    without_processes(monkeypatch)


def ending(outcome="aborted", trip=None, **truth):
    still = {"count": 0, "charge_uc": 0.0, "longest_ms": 0.0}
    true = {"held_ma": 12.0, "pulses": still, "worst_step_ma": 0.02, "switched_above_ma": 0.0} | truth
    return {"outcome": outcome, "trip": trip, "truth": true, "duration_s": 44.0}


def pulses(count, charge_uc, longest_ms=0.05):
    return {"count": count, "charge_uc": charge_uc, "longest_ms": longest_ms}


def trip(cause="open_circuit", latency_ms=9.0, **changes):
    return {"cause": cause, "latency_ms": latency_ms, "output_off_s": 40.0} | changes


# --- cells ----------------------------------------------------------------------------------------------


def test_a_cell_lies_within_its_phase_and_is_always_the_same():
    cells = list(plan(ROWS, PHASES, "hands", 5, SPANS, quick=False))
    assert cells == list(plan(ROWS, PHASES, "hands", 5, SPANS, quick=False))
    assert len(cells) == 3 * len(ROWS)
    for cell in cells:
        start_s, end_s = SPANS[cell.phase]
        assert start_s < cell.at_s < end_s
        assert (cell.stop_s == 40.0) == (cell.phase == "stopping")
        assert Scenario.model_validate(cell.scenario())
    assert len({cell.slug for cell in cells}) == len(cells)
    assert all(set(cell.slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_") for cell in cells)
    other = next(plan(ROWS, PHASES, "hands", 6, SPANS, quick=False))
    assert other.at_s != cells[0].at_s


def test_a_quick_campaign_tries_every_fault_once_and_some_in_every_phase():
    cells = list(plan(ROWS, PHASES, "hands", 1, SPANS, quick=True))
    assert {ROWS[cell.row].fault for cell in cells} == {row.fault for row in ROWS.values()}
    assert len(cells) == len({row.fault for row in ROWS.values()}) + 1 + 2 * 5
    assert {cell.phase for cell in cells if cell.row == "hand_out"} == set(SPANS)
    assert {cell.phase for cell in cells if cell.row == "leakage 2 mA"} == {"hold forward"}


def test_phases_are_read_from_a_session():
    summary = {
        "peak_ma": 12.0,
        "phases": [
            {"phase": "ready", "polarity": "forward", "start_s": 0.2, "end_s": 0.5},
            {"phase": "hold", "polarity": "forward", "start_s": 30.0, "end_s": 50.0},
            {"phase": "hold", "polarity": "reverse", "start_s": 90.0, "end_s": 99.0},
        ],
    }
    spans = spans_of(summary)
    assert spans["hold forward"] == (30.0, 50.0)
    assert spans["hold reverse"] == (90.0, 99.0)
    assert spans["ready"] == (0.2, 0.5)
    assert spans["stopping"] == pytest.approx((40.0, 42.4))


@pytest.mark.parametrize("name", names())
def test_every_treatment_of_the_library_can_be_shortened(name):
    what = short(name)
    assert what.total_min <= 3.5
    assert what.total_s / 2 >= 2 * what.current_ma / what.ramp_ma_per_s + 10


def test_an_unknown_treatment_is_refused():
    with pytest.raises(BadFile):
        short("hair")


# --- judging --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "phase", "summary", "said"),
    [
        ("hand_out", "hold forward", ending(trip=trip()), None),
        ("hand_out", "hold forward", ending(trip=trip(latency_ms=20.5)), "off after 20.5 ms"),
        ("hand_out", "hold forward", ending(trip=trip("leakage")), "cause leakage"),
        ("hand_out", "hold forward", ending(trip=trip(latency_ms=None, detected_s=39.9)), "before the fault"),
        ("hand_out", "hold forward", ending(trip=trip(latency_ms=None, detected_s=40.1)), None),
        ("hand_out", "hold forward", ending(trip=trip(output_off_s=None)), "never went off"),
        ("hand_out", "hold forward", ending(trip=trip(), held_ma=12.2), "true peak 12.20 mA"),
        ("hand_out", "hold forward", ending("completed"), "completed, expected aborted"),
        ("current_spike 30 mA", "hold forward", ending(trip=trip("over_current"), held_ma=30.0), None),
        ("corrupt_sample guard", "hold forward", ending("completed"), None),
        ("corrupt_sample guard", "hold forward", ending("completed_short"), None),
        ("hand_out", "hold forward", ending("completed_short"), "completed_short, expected aborted"),
        ("corrupt_sample guard", "hold forward", ending("completed", held_ma=12.13), "true peak"),
        ("corrupt_sample guard", "hold forward", ending("completed", worst_step_ma=0.11), "true step"),
        ("corrupt_sample guard", "hold forward", ending("completed_short", worst_step_ma=0.11), "true step"),
        ("corrupt_sample guard", "hold forward", ending("completed", pulses=pulses(20, 1.5)), None),
        ("corrupt_sample guard", "hold forward", ending("completed", pulses=pulses(21, 1.5)), "oscillates"),
        ("corrupt_sample guard", "hold forward", ending("completed", pulses=pulses(1, 1.6)), "1.60 uC"),
        ("press Stop", "hold forward", ending("stopped", pulses=pulses(400, 0.1)), "oscillates"),
        ("corrupt_sample guard", "hold forward", ending("completed", switched_above_ma=0.3), "switched"),
        ("polarity_moves", "hold forward", ending(trip=trip("wrong_polarity"), switched_above_ma=9.0), None),
        ("hand_out", "ready", ending("refused", held_ma=0.3), None),
        ("hand_out", "ready", ending("refused", held_ma=0.6), "although the session was refused"),
        ("press Stop", "hold forward", ending("stopped"), None),
        ("press Stop", "hold forward", {**ending("stopped"), "duration_s": 45.5}, "off 5.5 s after Stop"),
    ],
)
def test_judging(row, phase, summary, said):
    found = problems(Cell(row, phase, "hands", 1, 40.0), 12.0, summary)
    assert ([] if said is None else [True]) == [said in problem for problem in found]


@pytest.mark.parametrize(
    ("row", "summary", "said"),
    [
        ("dac_reset to 0", ending("completed", worst_step_ma=4.0) | {"upset_ms": 1.0}, []),
        ("dac_reset to 0", ending("stopped") | {"upset_ms": 0.4}, []),
        ("dac_reset to 0", ending("completed", held_ma=12.2) | {"upset_ms": 0.4}, ["true peak"]),
        ("dac_reset to 0", ending("completed") | {"upset_ms": 1.001}, ["completed, expected aborted"]),
        ("dac_reset to 0", ending("completed") | {"upset_ms": None}, ["completed, expected aborted"]),
        ("dac_reset to 0", ending("refused", held_ma=0.1) | {"upset_ms": 0.4}, ["refused, expected aborted"]),
        ("dac_reset to half scale", ending("completed") | {"upset_ms": 0.4}, ["completed, expected aborted"]),
    ],
)
def test_a_reset_that_nothing_can_tell_may_be_ridden_for_a_millisecond(row, summary, said):
    found = problems(Cell(row, "hold forward", "hands", 1, 40.0), 12.0, summary)
    assert len(found) == len(said)
    assert all(word in problem for word, problem in zip(said, found, strict=True))


OSCILLATES = {"at_s": 14.5, "fault": "stage_oscillates", "hz": 9000.0}


def test_a_stage_that_swings_about_the_setpoint_is_failed_though_no_converter_can_tell():
    """Its pulses are shorter than what is held, and less than what a closing may give: there are too many."""
    five = Treatment.model_validate({**short("hands").model_dump(), "current_ma": 5.0})
    lasts = {"for_s": 0.10008}  # 900 periods and three quarters: it ends at nothing
    events = [{**OSCILLATES, "top_ma": 10.0, **lasts}, {"at_s": 15.0, "fault": "press", "button": "stop"}]
    summary, _ = simulate(five, events=events)
    assert summary["outcome"] == "stopped"
    assert summary["truth"]["held_ma"] < 5.05
    found = problems(Cell("press Stop", "hold forward", "hands", 1, 15.0), 5.0, summary)
    assert [problem.partition(": ")[2] for problem in found] == ["the current oscillates"]


def test_a_stage_that_swings_higher_is_cut_by_its_mean():
    five = Treatment.model_validate({**short("hands").model_dump(), "current_ma": 5.0})
    summary, _ = simulate(five, events=[{**OSCILLATES, "top_ma": 40.0}])
    assert problems(Cell("stage_oscillates 9 kHz", "hold forward", "hands", 1, 14.5), 5.0, summary) == []
    assert summary["trip"]["latency_ms"] <= 12.0


# --- running --------------------------------------------------------------------------------------------


def test_a_campaign_of_two_cells_from_the_command_line(ionto, tmp_path):
    words = ("campaign", "--faults", "adc_silent both", "--phases", "self_test,ready", "--seeds", 1)
    code, out, err = ionto(*words, "--jobs", 2, "--json", "--out", tmp_path / "c")
    report = json.loads(out)
    assert code == ExitCode.COMPLETED, report
    assert (report["cells"], report["failed"], report["nuisance"], report["skipped"]) == (2, 0, 0, 0)
    assert 0.0 <= report["worst_latency_ms"] <= 20.0
    assert "3 sessions" in err or "of" in err
    assert json.loads((tmp_path / "c" / "campaign.json").read_text()) == report
    assert len((tmp_path / "c" / RESULTS).read_text().split()) > 3


def test_finished_sessions_are_not_run_again_and_half_a_line_counts_for_nothing(
    ionto, thread, tmp_path, monkeypatch
):
    words = ("campaign", "--faults", "hand_out", "--phases", "ramp_up forward", "--seeds", 1, "--json")
    words += ("--out", tmp_path)
    _, first, _ = ionto(*words)
    lines = (tmp_path / RESULTS).read_text()
    (tmp_path / RESULTS).write_text(lines + '{"name": "hand_out / ramp')
    code, _, err = ionto(*words)
    assert code == ExitCode.BAD_INPUT
    assert "--resume" in err

    def never(*_):
        raise AssertionError("run again")

    monkeypatch.setattr(campaign, "run_cells", never)
    monkeypatch.setattr(campaign, "run_sound", never)
    code, again, _ = ionto(*words, "--resume")
    assert code == ExitCode.COMPLETED
    assert json.loads(again) == json.loads(first)


def test_a_failure_is_reported_with_what_repeats_it(ionto, thread, tmp_path, monkeypatch):
    row = ROWS["hand_out"]._replace(reaction=Reaction(("completed",)), by_phase={})
    monkeypatch.setattr("app.campaign.judge.ROWS", {**ROWS, "hand_out": row})
    code, out, _ = ionto(
        *("campaign", "--faults", "hand_out", "--phases", "ramp_up forward", "--seeds", 1),
        *("--json", "--out", tmp_path),
    )
    assert code == ExitCode.ABORTED
    report = json.loads(out)
    assert (report["cells"], report["failed"]) == (1, 1)
    (failure,) = report["failures"]
    assert failure["problems"] == ["aborted (open_circuit), expected completed"]
    assert failure["repeat"] in (tmp_path / "campaign.html").read_text()
    code, out, _ = ionto(*failure["repeat"].split()[1:], "--json")
    assert code == ExitCode.ABORTED
    assert json.loads(out)["trip"]["cause"] == "open_circuit"


def test_an_executor_is_given_few_sessions_at_a_time_and_none_after_the_time():
    with ThreadPoolExecutor(2) as pool:
        assert sorted(results(Crew(pool, 2), lambda x: x * x, [(n,) for n in range(9)])) == [
            n * n for n in range(9)
        ]
        assert list(results(Crew(pool, 2), lambda x: x, [(1,), (2,)], until_s=0.0)) == []


def test_a_worker_ends_with_its_campaign_however_that_ends():
    code = (
        "import os, time\nfrom app.campaign.crew import crew\n"
        "if __name__ == '__main__':\n"
        "    with crew(1, None) as hired:\n"
        "        print(hired.executor.submit(os.getpid).result(), flush=True)\n"
        "        time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        worker = Path("/proc", parent.stdout.readline().strip())
        assert worker.exists()
        parent.kill()
        until_s = time.monotonic() + 600.0
        while worker.exists() and time.monotonic() < until_s:
            os.sched_yield()
        assert not worker.exists()


def test_a_person_of_each_number_is_always_the_same_and_completes(monkeypatch):
    assert life(3) == life(3)
    assert len({json.dumps(life(n).scenario) for n in range(20)}) == 20
    assert {life(n).treatment for n in range(20)} == set(names())
    monkeypatch.setattr("app.campaign.sessions.find", short)
    person = next(life(n) for n in range(1, 50) if life(n).treatment == "face")
    kept = run_life(person)
    assert run_life_on_plant(person) == kept
    assert kept["problems"] == []
    assert 0.033 < kept["hours"] < 0.05


@pytest.mark.nightly
def test_a_thousand_hours_of_ordinary_people_without_a_trip(ionto, tmp_path):
    code, out, _ = ionto("campaign", "--hours", 1000, "--json", "--out", tmp_path)
    report = json.loads(out)
    assert code == ExitCode.COMPLETED, report["failures"]
    assert report["nuisance"] == 0
    assert report["hours_without_fault"] >= 1000


@pytest.mark.nightly
def test_every_cell_over_twenty_seeds(ionto, tmp_path):
    code, out, _ = ionto("campaign", "--treatments", "hands,feet", "--seeds", 20, "--json", "--out", tmp_path)
    assert code == ExitCode.COMPLETED, json.loads(out)["failures"]


def test_a_cell_is_the_same_wherever_it_runs():
    hung = Cell("bus_hung 35 ms", "ramp_up forward", "hands", 3, 9.0)
    others = [
        Cell("press Stop", "stopping", "hands", 3, 9.5, 9.0),
        Cell("hand_out", "self_test", "hands", 3, 0.1),
    ]
    (alone,) = run_cells([hung])
    assert alone["problems"] == []
    assert run_cells([*others, hung])[2] == alone


def test_cells_run_in_groups_of_one_session_each():
    pairs = [("hands", 2), ("feet", 1), ("hands", 1)]
    cells = [cell for name, seed in pairs for cell in plan(ROWS, PHASES, name, seed, SPANS, quick=False)]
    grouped = [group for (group,) in groups(cells)]
    assert sorted(cell for group in grouped for cell in group) == sorted(cells)
    assert all(len({(c.treatment, c.seed, c.phase) for c in group}) == 1 for group in grouped)
    assert max(map(len, grouped)) == GROUP
    assert len(grouped) == 9 * math.ceil(len(ROWS) / GROUP)


def test_a_dask_cluster_takes_it_unchanged(ionto):
    distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        code, out, _ = ionto(
            *("campaign", "--faults", "adc_silent both", "--phases", "self_test", "--seeds", 1),
            *("--json", "--dask", cluster.scheduler_address),
        )
    assert code == ExitCode.COMPLETED
    assert json.loads(out)["cells"] == 1


# --- what is shown --------------------------------------------------------------------------------------


def kept(row, phase, latency_ms, *problems, outcome="aborted"):
    bound_ms = ROWS[row].expected(phase).bound_ms
    return {
        "kind": "cell",
        "name": f"{row} / {phase} / hands / 1",
        "row": row,
        "phase": phase,
        "outcome": outcome,
        "latency_ms": latency_ms,
        "bound_ms": bound_ms,
        "problems": list(problems),
    }


SOME = [
    kept("hand_out", "hold forward", 9.0),
    kept("hand_out", "reverse", 21.0, "off after <21> ms & more"),
    kept("dac_stuck", "hold forward", 3600.0),
    kept("corrupt_sample guard", "hold forward", None, outcome="completed"),
    {"kind": "sound", "name": "sound / hands / 1", "problems": []},
    {"kind": "life", "name": "life / feet / 2", "hours": 0.5, "problems": ["aborted without a fault"]},
]


def test_the_report_counts_and_keeps_the_bounds_apart():
    report = report_of(SOME, {}, quick=False, skipped=0)
    assert (report["cells"], report["failed"], report["nuisance"]) == (4, 1, 1)
    assert report["worst_latency_ms"] == 21.0
    assert report["worst_latency_by_bound_ms"] == {"20": 21.0, "8000": 3600.0}
    assert report["hours_without_fault"] == 0.5


def test_the_heat_map_is_a_picture_that_says_in_words_what_it_colours():
    svg = page.heat_map(SOME)
    root = ElementTree.fromstring(svg)  # noqa: S314  # our own text
    texts = ["".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"hand_out", "dac_stuck", "9.0 ms", "3.6 s", "FAILED 1/1", "ridden"} <= set(texts)
    assert "leakage 2 mA" not in texts


def test_the_page_needs_nothing_from_elsewhere_and_escapes_what_it_shows():
    html = page.page(page.heat_map(SOME), page.LATENCIES, report_of(SOME, {}, quick=False, skipped=0))
    assert "off after &lt;21&gt; ms &amp; more" in html
    assert "src=" not in html
    assert "href=" not in html
    assert "SIMULATED" in html


# --- usage ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--faults", "hand_of"], "'hand_of' is unknown; allowed are hand_out"),
        (["--phases", "holding"], "'holding' is unknown"),
        (["--treatments", "hair"], "'hair' is unknown; allowed are"),
        (["--seeds", "0"], "not a whole number from 1"),
        (["--jobs", "x"], "not a whole number from 1"),
        (["--hours", "nan"], "not a number of hours"),
        (["--hours", "1", "--quick"], "don't go together"),
        (["--hours", "1", "--faults", "hand_out"], "ordinary people"),
        (["--quick", "--plant"], "add --hours"),
        (["--resume"], "name it with --out"),
        (["--dask", "nowhere"], "--dask"),
    ],
)
def test_wrong_words_are_one_clear_sentence(ionto, words, told):
    code, out, err = ionto("campaign", *words)
    assert code == ExitCode.BAD_INPUT
    assert told in err
    assert len(err.strip().splitlines()) == 1
    assert out == ""


def test_a_folder_that_cannot_be_one_is_told_before_anything_runs(ionto, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = ionto("campaign", "--out", tmp_path / "file" / "c")
    assert code == ExitCode.BAD_INPUT
    assert "--out" in err
