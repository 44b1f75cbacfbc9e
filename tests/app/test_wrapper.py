"""The wrapper at the root: sets up once, whole or again, and hands every word on unchanged.

A stand-in python3 takes the real one's place, so that nothing is downloaded and every call is seen.
"""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STAND_IN = """#!/bin/sh
case "$*" in
    *version_info*) exit "${OLD_PYTHON:-0}" ;;
    *ensurepip*) exit "${NO_VENV:-0}" ;;
    -V) echo "Python 3.9.2"; exit 0 ;;
esac
printf '%s|%s\\n' "$PWD" "$*" >>"$CALLS"
case "$*" in
    *"-m venv"*)
        for folder; do :; done
        mkdir -p "$folder/bin" && cp "$0" "$folder/bin/python" ;;
    *"-m pip"*) exit "${PIP_FAILS:-0}" ;;
    *app.main*) shift 3; for word; do printf '<%s>' "$word"; done ;;
esac
"""


class Checkout:
    def __init__(self, folder):
        self.root = folder / "a check out"
        self.root.mkdir()
        for name in ("ionto", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
            shutil.copy(ROOT / name, self.root)
        tools = folder / "tools"
        tools.mkdir()
        (tools / "python3").write_text(STAND_IN)
        (tools / "python3").chmod(0o755)
        self.log = folder / "calls"
        self.environment = {
            "PATH": f"{tools}:/usr/bin:/bin",
            "CALLS": str(self.log),
            "IONTO_SETUP_WAIT_S": "1",
        }

    def run(self, *words, start=None, cwd=None, **environment):
        return subprocess.run(
            [start or self.root / "ionto", *words],
            cwd=cwd or self.root,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def calls(self):
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


def test_the_first_run_sets_up_and_says_so_on_standard_error_only(checkout):
    done = checkout.run("run", "hands", "--simulate")
    assert (done.returncode, done.stdout) == (0, "<run><hands><--simulate>")
    assert done.stderr.count("\n") == 1
    assert "setting up" in done.stderr
    venv, packages, project, _ = checkout.calls()
    assert "-m venv" in venv
    assert "--require-hashes" in packages
    assert packages.endswith("requirements.lock")
    assert "--no-index --no-deps --no-build-isolation" in project


def test_the_second_run_is_silent_and_touches_nothing(checkout):
    checkout.run("--version")
    checkout.calls()
    done = checkout.run("--version")
    assert (done.stdout, done.stderr) == ("<--version>", "")
    assert len(checkout.calls()) == 1


def test_words_and_folder_of_the_caller_arrive_unchanged(checkout, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(Path("a check out/ionto"))
    away = tmp_path / "away"
    away.mkdir()
    done = checkout.run("check", "a file.yaml", "", "*", "$HOME", start=link, cwd=away)
    assert done.stdout == "<check><a file.yaml><><*><$HOME>"
    assert checkout.calls()[-1].startswith(f"{away}|-I -m app.main")


@pytest.mark.parametrize("change", ["lock", "half", "interpreter", "moved"])
def test_an_environment_that_does_not_fit_is_made_anew(checkout, tmp_path, change):
    checkout.run("--version")
    checkout.calls()
    left_over = checkout.root / ".venv/left-over"
    left_over.touch()
    if change == "lock":
        with (checkout.root / "requirements.lock").open("a") as lock:
            lock.write("# changed\n")
    elif change == "half":
        (checkout.root / ".venv/ionto-stamp").unlink()
    elif change == "interpreter":
        python = checkout.root / ".venv/bin/python"
        python.rename(tmp_path / "python3.13")
        python.symlink_to(tmp_path / "python3.13")
    else:
        checkout.root = checkout.root.rename(tmp_path / "elsewhere")
        left_over = checkout.root / ".venv/left-over"
    assert checkout.run("--version").stdout == "<--version>"
    assert len(checkout.calls()) == 4
    assert not left_over.exists()


def test_a_failed_set_up_says_where_the_story_is_and_is_tried_again(checkout):
    failed = checkout.run("--version", PIP_FAILS="1")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert ".venv-setup.log" in failed.stderr
    assert not (checkout.root / ".venv").exists()
    checkout.calls()
    assert checkout.run("--version").returncode == 0
    assert len(checkout.calls()) == 4


@pytest.mark.parametrize(
    ("lack", "remedy"), [("OLD_PYTHON", "3.11 or newer"), ("NO_VENV", "sudo apt install python3-venv")]
)
def test_a_machine_that_lacks_something_is_told_the_remedy(checkout, lack, remedy):
    done = checkout.run("--version", **{lack: "1"})
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert remedy in done.stderr
    assert checkout.calls() == []


def test_the_tests_get_their_own_packages_and_the_core_then_has_enough(checkout):
    checkout.run("test")
    assert checkout.calls()[1].endswith("requirements-dev.lock")
    checkout.run("--version")
    assert len(checkout.calls()) == 1


def test_test_runs_at_the_root_with_the_callers_paths(checkout):
    (checkout.root / "sub").mkdir()
    (checkout.root / "sub/test_a.py").touch()
    checkout.run("test")
    checkout.calls()
    checkout.run("test", "--nightly", "-k", "sim", "test_a.py::test_b", cwd=checkout.root / "sub")
    (call,) = checkout.calls()
    folder, words = call.split("|")
    assert folder == str(checkout.root)
    every_processor = "-m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder"
    assert words == f"{every_processor} -m not bench -k sim {checkout.root}/sub/test_a.py::test_b"


@pytest.mark.parametrize(
    ("held", "stamp", "told"),
    [(fcntl.LOCK_EX, True, "setting up"), (fcntl.LOCK_SH, False, "has been using it")],
    ids=["someone sets up", "someone runs while a set-up is due"],
)
def test_the_wait_for_another_is_bounded_and_told(checkout, held, stamp, told):
    checkout.run("--version")
    if not stamp:
        (checkout.root / ".venv/ionto-stamp").unlink()
    checkout.calls()
    gate = os.open(checkout.root / ".venv.lock", os.O_RDONLY)
    try:
        fcntl.flock(gate, held)
        done = checkout.run("--version")
    finally:
        os.close(gate)
    assert done.returncode == 1
    assert told in done.stderr
    assert checkout.calls() == []


def test_two_running_sessions_share_the_environment(checkout):
    checkout.run("--version")
    gate = os.open(checkout.root / ".venv.lock", os.O_RDONLY)
    try:
        fcntl.flock(gate, fcntl.LOCK_SH)
        assert checkout.run("--version").returncode == 0
    finally:
        os.close(gate)
