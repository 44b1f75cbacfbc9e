"""Calibration brings any simulated unit within its limits, and is resumed to the same record."""

import contextlib
import functools
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

from app.main import main
from app.technician.calibrate import limit_ma

Calibrated: TypeAlias = Callable[[int], tuple[int, dict[str, Any], Path]]


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> Calibrated:
    """Calibrate the simulated unit of a seed, once for all tests: exit code, answer and record."""

    @functools.cache
    def once(seed: int) -> tuple[int, dict[str, Any], Path]:
        record = tmp_path_factory.mktemp("units") / "record.yaml"
        how = ["--simulate", "--seed", str(seed), "--answers", "simulated", "--out", str(record)]
        with contextlib.redirect_stdout(io.StringIO()) as out:
            code = main(["calibrate", "--json", *how])
        return code, json.loads(out.getvalue()), record

    return once


def judged(answer: dict[str, Any]) -> tuple[bool, bool]:
    """Whether the true error is within 1 % or 0.05 mA everywhere, and within the stated uncertainty."""
    errors = answer["true_errors"]
    stated_ma = answer["calibration"]["made"]["uncertainty_ma"]
    within = all(abs(error) <= limit_ma(level) for level, error in errors)
    covered = max(abs(error) for _, error in errors) <= stated_ma
    assert within == answer["true_within_limits"]
    return within, covered


def test_any_unit_is_brought_within_its_limits(calibrated: Calibrated) -> None:
    for seed in range(1, 4):
        code, answer, _ = calibrated(seed)
        assert code == 0
        assert judged(answer) == (True, True), seed


@pytest.mark.nightly
def test_two_hundred_units_are_brought_within_their_limits(calibrate: Any) -> None:
    results = []
    for seed in range(1, 201):
        code, answer, err = calibrate(seed=seed)
        assert code == 0, (seed, err)
        results.append(judged(answer))
    assert all(within for within, _ in results)
    assert sum(covered for _, covered in results) >= 0.95 * len(results)


def test_the_figures_of_the_summary_are_those_of_the_errors(calibrated: Calibrated) -> None:
    _, answer, _ = calibrated(3)
    errors = answer["true_errors"]
    assert errors[0][0] == 0.5
    assert errors[-1][0] == pytest.approx(answer["calibration"]["made"]["reach_ma"])
    assert answer["true_worst_error_ma"] == max(abs(error) for level, error in errors if level < 5)
    assert answer["true_worst_error_percent"] == pytest.approx(
        max(100 * abs(error) / level for level, error in errors if level >= 5), abs=1e-4
    )


def test_interrupted_and_resumed_the_record_is_the_same(
    calibrate: Any, calibrated: Calibrated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every step is interrupted in turn, on the way to one record."""
    code, _, whole = calibrated(1)
    assert code == 0

    from app.technician import command
    from app.technician.walk import walk

    def one_step(procedure: Any, progress: Any, face: Any, perform: Any, keep: Any) -> Any:
        """Interrupt in the second step from here, after the first is kept."""
        kept = len(progress.results)

        def interrupting(now: Any) -> None:
            keep(now)
            if len(now.results) > kept:
                raise KeyboardInterrupt

        return walk(procedure, progress, face, perform, interrupting)

    monkeypatch.setattr(command, "walk", one_step)
    codes = []
    resumed = tmp_path / "resumed.yaml"
    while not resumed.exists():
        codes.append(calibrate("--out", resumed, "--state", tmp_path)[0])
        assert len(codes) < 60
        if len(codes) == 29:  # nothing is left to interrupt
            monkeypatch.setattr(command, "walk", walk)
    assert codes == [4] * 29 + [0]
    assert yaml.safe_load(resumed.read_text()) == yaml.safe_load(whole.read_text())
    assert resumed.read_bytes() == whole.read_bytes()
