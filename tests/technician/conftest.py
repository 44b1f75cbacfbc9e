"""A calibration of a simulated unit as the command does it, for tests of this room."""

import contextlib
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.main import main

Ionto = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def ionto(capsys: pytest.CaptureFixture[str]) -> Ionto:
    """Run a technician's command with --json; its exit code, answer and standard error."""

    def run(command: str, *args: str | Path) -> tuple[int, dict[str, Any], str]:
        code = main([command, "--json", *map(str, args)])
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else {}, err

    return run


@pytest.fixture
def calibrate(ionto: Ionto) -> Ionto:
    """Calibrate the simulated unit of a seed, the simulated bench answering."""

    def run(*args: str | Path, seed: int = 1) -> tuple[int, dict[str, Any], str]:
        return ionto("calibrate", "--simulate", *args, "--seed", str(seed), "--answers", "simulated")

    return run


@pytest.fixture(scope="session")
def _calibrated_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of the simulated unit 4, calibrated once for all tests."""
    state = tmp_path_factory.mktemp("bench")
    how = ["--simulate", "--seed", "4", "--answers", "simulated", "--state", str(state)]
    with contextlib.redirect_stdout(io.StringIO()):
        assert main(["calibrate", *how]) == 0
    return state


@pytest.fixture
def state(_calibrated_once: Path, tmp_path: Path) -> Path:
    """A copy of its own of the state directory of the calibrated simulated unit 4."""
    return shutil.copytree(_calibrated_once, tmp_path / "state")
