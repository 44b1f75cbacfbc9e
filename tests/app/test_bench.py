"""`ionto bench`: its arithmetic, its refusals, and each part really measured, a little of it."""

from __future__ import annotations

import json
import math
import os
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from app.bench import command, cyclictest, jobs, latency, plain, realtime, speed, tick_cost
from app.bench.command import Order, bench
from app.bench.figures import Figure, percentile, spread, table
from app.bench.jobs import NotMeasured
from app.bench.load import load
from app.bench.picture import picture
from app.compiled.sources import ROOT
from app.main import main
from app.output import ExitCode
from config.unit import Unit


def named(figures: list[Figure]) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures}


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(value) for value in range(1000, 0, -1)]
    assert [percentile(values, share) for share in (0.5, 0.99, 0.999, 1.0)] == [500, 990, 999, 1000]
    assert percentile([7.0], 0.999) == 7.0
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


@pytest.mark.parametrize(
    ("figure", "ok", "ratio"),
    [
        (Figure("a", 10.0, "ms", 10.0), True, 1.0),
        (Figure("a", 10.1, "ms", 10.0), False, 1.01),
        (Figure("a", 1.9, "x", 2.0, "least"), False, 0.95),
        (Figure("a", 2.0, "x", 2.0, "least"), True, 1.0),
        (Figure("a", None, "ms", 10.0), None, None),
        (Figure("a", 3.0, "ms"), None, None),
        (Figure("a", 0.0, "", 0.0), True, None),
        (Figure("a", 1.0, "", 0.0), False, None),
    ],
)
def test_a_figure_is_judged_by_its_limit(figure: Figure, ok: bool | None, ratio: float | None) -> None:
    told = figure.as_json()
    assert (told["ok"], told["ratio"]) == (ok, ratio)


def test_the_table_says_what_is_missed_and_what_was_not_measured() -> None:
    text = table(
        [("Part", [Figure("slow", 3.0, "s", 2.0, of="of 5"), Figure("absent", None, "s", 2.0, of="why")])]
    )
    assert text.splitlines()[0] == "Part"
    assert [line.split() for line in text.splitlines()[1:]] == [
        ["slow", "3", "s", "<=", "2", "s", "MISSED", "of", "5"],
        ["absent", "not", "measured", "<=", "2", "s", "?", "why"],
    ]
    assert command.verdict([Figure("slow", 3.0, "s", 2.0), Figure("absent", None, "s", 2.0)]) == (
        "0 of 2 limits kept; missed: slow; 1 not measured"
    )


def test_the_bound_is_the_reference_units_physics() -> None:
    bound = latency.bound(Unit())
    assert bound.wait_ms == 5.0
    assert bound.conversion_ms == pytest.approx(1.279, abs=0.001)
    assert bound.transfers_ms == pytest.approx(0.215, abs=0.001)
    assert bound.to_off_ms() - bound.to_zero_ms() == pytest.approx(5.0)


def test_random_onsets_of_every_kind_are_within_the_bounds() -> None:
    found = latency.onsets([1], 10)
    assert {onset.kind for onset in found} == set(latency.KINDS)
    figures = named(latency.figures(found, Unit()))
    for name in (
        "trip_missed",
        "trip_latency_worst_ms",
        "trip_latency_over_bound",
        "trip_to_zero_over_bound",
    ):
        assert figures[name].ok, figures[name]
    assert all(onset.dac_zero_ms is None for onset in found if onset.kind == "dac_silent")
    assert found == latency.onsets([1], 10)


def test_an_onset_without_a_trip_is_missed() -> None:
    found = [latency.Onset("spike", 1, None, None), latency.Onset("spike", 1, 5.0, 4.0)]
    assert named(latency.figures(found, Unit()))["trip_missed"].ok is False


def test_the_loop_in_real_time_is_watched_and_its_faults_trip() -> None:
    (found,) = jobs.run(30.0, "app.bench.live", 0.1, 2, 1)  # it takes priority for its process
    assert len(found["lateness_us"]) >= 10
    assert min(found["lateness_us"]) >= 0.0
    assert [trip["kind"] for trip in found["trips"]] == ["spike", "over_current"]


def test_the_plain_script_runs_on_the_same_unit() -> None:
    found = plain.onsets(5, 1, real_time=False)
    assert [onset.kind for onset in found] == list(latency.KINDS)
    assert all(onset.off_ms is not None and 0.0 < onset.off_ms < 100.0 for onset in found), found


def test_without_the_script_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(plain, "SCRIPT", tmp_path / "plain_loop.py")
    with pytest.raises(NotMeasured, match="only in the source tree"):
        plain.onsets(1, 1, real_time=False)


def test_the_parts_of_a_tick_make_up_the_tick() -> None:
    (found,) = jobs.run(30.0, "app.bench.tick_cost", 2000)
    assert set(found["parts_us"]) == set(tick_cost.PART_WORDS)
    assert sum(found["parts_us"].values()) == pytest.approx(found["tick_us"])


def test_a_frame_belongs_to_the_innermost_room() -> None:
    assert tick_cost.part_of(None) == tick_cost.REST
    assert tick_cost.part_of(sys._getframe()) == tick_cost.REST


def test_without_cyclictest_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cyclictest.shutil, "which", lambda *_, **__: None)
    with pytest.raises(NotMeasured, match="cyclictest is missing: sudo apt install rt-tests"):
        cyclictest.lateness_us(1.0, 0.005, 80)


def test_its_histogram_becomes_samples() -> None:
    found = {"thread": {"0": {"max": 123_456, "histogram": {"3": 2, "40": 1}}}}
    assert cyclictest._spread_out(found, 4) == [3.0, 3.0, 40.0, 123_456.0]


def test_a_job_that_fails_or_hangs_is_told() -> None:
    with pytest.raises(NotMeasured, match=r"app.bench.tick_cost none failed: ValueError"):
        jobs.run(30.0, "app.bench.tick_cost", "none")
    with pytest.raises(NotMeasured, match=r"app.bench.load compute 20 was not done within 0.2 s"):
        jobs.run(0.2, "app.bench.load", "compute", 20)


def test_load_ends_with_its_block() -> None:
    def children() -> set[str]:
        return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())

    before = children()  # of other tests
    with load(5.0):
        begun = children() - before
        assert len(begun) >= (os.cpu_count() or 1) + 2
    assert not begun & children()


def test_the_picture_holds_every_distribution() -> None:
    samples = {
        "loop, idle": [20.0, 30.0, 400.0],
        "cyclictest, idle": [10.0, 20.0],
        "trip, virtual": [4.0, 11.0],
        "trip, real time, idle": [],
    }
    drawn = picture(samples, "a <machine>")
    root = ET.fromstring(drawn)  # noqa: S314 - our own
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{space}polyline")) == 3
    assert "a &lt;machine&gt;; simulated unit" in drawn
    assert all(
        math.isfinite(float(number)) for line in root.iter(f"{space}line") for number in (line.get("x1"),)
    )


def fixed(figure: Figure) -> dict[str, command.Part]:
    return {"tick": command.Part("Cost", ("owed",), lambda _quick, _samples: [figure])}


@pytest.mark.parametrize(
    ("figure", "code"),
    [
        (Figure("kept", 1.0, "s", 2.0), ExitCode.COMPLETED),
        (Figure("missed", 3.0, "s", 2.0), ExitCode.ABORTED),
        (Figure("absent", None, "s", 2.0), ExitCode.COMPLETED),
    ],
)
def test_the_exit_code_tells_of_a_missed_limit(
    figure: Figure,
    code: ExitCode,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(command, "PARTS", fixed(figure))
    assert bench(Order(json=True, out=tmp_path / "new")) is code
    told = json.loads(capsys.readouterr().out)
    assert told["figures"] == [figure.as_json()]
    assert json.loads((tmp_path / "new" / "bench.json").read_text()) == told
    assert (tmp_path / "new" / "bench.svg").exists()
    assert f"| `{figure.name}` |" in (tmp_path / "new" / "bench.md").read_text()


def test_a_part_that_cannot_be_measured_owes_its_figures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_quick: bool, _samples: object) -> list[Figure]:
        raise NotMeasured("no such bus")

    monkeypatch.setattr(command, "PARTS", {"tick": command.Part("Cost", ("owed",), fail)})
    assert bench(Order(json=True)) is ExitCode.COMPLETED
    owed = json.loads(capsys.readouterr().out)["figures"][0]
    assert (owed["name"], owed["value"], owed["ok"], owed["of"]) == (
        "owed",
        None,
        None,
        "not measured: no such bus",
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--only", "speed,jitter"],
            "--only: 'jitter' is no part of the bench; its parts are latency, realtime",
        ),
        (["--out", "/proc/none"], "--out /proc/none: "),
    ],
)
def test_bad_orders_are_refused(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", *arguments]) == ExitCode.BAD_INPUT
    assert words in capsys.readouterr().err


def test_the_names_that_programs_rely_on(monkeypatch: pytest.MonkeyPatch) -> None:
    owed = {name for part in command.PARTS.values() for name in part.owed}
    assert owed >= {
        "trip_latency_p999_ms",
        "trip_latency_over_bound",
        "jitter_p999_over_cyclictest",
        "logic_over_drivers",
        "full_fidelity_times_real",
        "compiled_full_fidelity_times_real",
        "compiled_plant_times_real",
        "peak_memory_mb",
        "first_tick_s",
        "scaling_2_processes",
    }
    assert [figure.name for figure in spread("jitter_load", [1.0], "us", "wakes")][2] == "jitter_load_p999_us"


def test_without_a_compiled_simulator_its_figures_are_owed() -> None:
    figures = speed.compiled_figures(1, 1, None, whole=True)
    assert [figure.name for figure in figures] == [
        name for name in command.PARTS["speed"].owed if name.startswith("compiled_")
    ]
    assert all(figure.value is None and figure.ok is None for figure in figures)
    assert [figure.limit for figure in figures] == [200.0, 550.0, 6.0]


def test_both_forms_are_timed_by_the_same_session() -> None:
    figures = named(speed.compiled_figures(1, 1, ROOT, whole=False))
    assert set(figures) == {name for name in command.PARTS["speed"].owed if name.startswith("compiled_")}
    for name in ("compiled_full_fidelity_times_real", "compiled_plant_times_real"):
        value = figures[name].value
        assert value is not None
        assert value > 0.0
    assert figures["compiled_session_20min_s"].of == "not measured with --quick"


def test_the_scripts_that_gave_up_are_counted() -> None:
    onsets = [latency.Onset("spike", 1, None, None), latency.Onset("spike", 1, 9.0, 8.0)]
    figures = named(realtime.plain_figures(onsets, "load"))
    assert figures["plain_script_load_failed"].value == 1.0
    assert figures["plain_script_load_worst_ms"].value == 9.0
    assert [figure.name for figure in realtime.plain_figures(onsets[:1], "load")] == [
        "plain_script_load_failed"
    ]


@pytest.mark.parametrize(("theirs_us", "ok"), [([50.0, 100.0], True), ([50.0, 99.0], False), ([], None)])
def test_the_loop_is_held_to_twice_the_yardstick(theirs_us: list[float], ok: bool | None) -> None:
    found = realtime.Found([10.0, 200.0], theirs_us, [4.0], [], 1, "SCHED_FIFO 40", [1], cyclictest.MISSING)
    figures = named(realtime.figures(found, loaded=True))
    ratio = figures["jitter_p999_over_cyclictest"]
    assert ratio.ok is ok
    assert (ratio.of == f"not measured: {cyclictest.MISSING}") is (ok is None)
    assert figures["real_trip_load_missed"].ok is False
    assert named(realtime.figures(found, loaded=False))["jitter_idle_p999_over_cyclictest"].ok is None
