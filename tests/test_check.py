"""What `.ci/check` decides: which tests are near to a change, and that what it did not reach is named."""

import subprocess
import sys
from pathlib import Path

import check
import pytest
from herald import wait_for
from touched import FOR_RUN, folders, is_for_run, nearest, room

ROOT = Path(__file__).parents[1]
TESTS = {
    "tests/controller/core/test_guard.py": "from controller.core.guard import Guard\n",
    "tests/controller/core/test_dose.py": "from controller.core.dose import Dose\n",
    "tests/controller/core/test_both.py": "from controller.core import guard, limits\n",
    "tests/safety/test_cited.py": "WHERE = 'controller/core/guard.py'\n",
    "tests/web/test_pages.py": "from app.web.site import Site\n",
    "tests/app/test_run.py": "from app.run import run\n",
    "tests/drivers/test_guarded.py": "from controller.core.guardian import x\n",
    "tests/test_links.py": "",
    "tests/test_other.py": "",
}


def test_the_nearest_come_first_and_strangers_not_at_all():
    assert nearest(["controller/core/guard.py"], TESTS) == [
        "tests/controller/core/test_guard.py",  # called after it
        "tests/controller/core/test_both.py",  # names it, in its folder
        "tests/test_links.py",  # holds every change
        "tests/safety/test_cited.py",  # names it elsewhere
        "tests/controller/core/test_dose.py",  # lies in its folder
    ]


def test_a_test_that_was_changed_comes_before_all():
    assert (
        nearest(["tests/web/test_pages.py", "controller/core/guard.py"], TESTS)[0]
        == "tests/web/test_pages.py"
    )


@pytest.mark.parametrize(
    ("file", "where", "theirs"),
    [
        ("controller/core/guard.py", "controller/core", {"tests/controller/core"}),
        ("app/web/pages/now.py", "app/web", {"tests/web"}),
        ("app/campaign/judge.py", "app/campaign", {"tests/app"}),
        ("README.md", "", set()),
    ],
)
def test_a_file_has_its_room_and_its_folder_of_tests(file, where, theirs):
    assert room(file) == where
    assert folders(file, TESTS) == theirs


def test_every_room_of_the_program_has_a_folder_of_tests():
    there = [str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")]
    rooms = [
        path
        for name in ("protocols", "config", "controller", "drivers", "sim", "app")
        for path in (ROOT / name).rglob("[a-z]*.py")
    ]
    without = {
        room(str(path.relative_to(ROOT))) for path in rooms if not folders(str(path.relative_to(ROOT)), there)
    }
    assert without == set()


def test_what_is_never_run_in_a_minute_exists():
    assert [one for one in FOR_RUN if not (ROOT / one).exists()] == []
    never = {
        one
        for one in ("tests/web/test_chromium.py", "tests/web/test_attacks.py")
        if is_for_run(one, (ROOT / one).read_text())
    }
    assert never == {"tests/web/test_chromium.py"}


OVER = """import os, signal, time
    try:
        os.kill(os.getpid(), signal.SIGALRM)
        while True: time.sleep(0.1)
    except (Exception, KeyboardInterrupt):
        assert False"""
"""A test that never ends, in which the time is over, whatever it catches."""


def within(tmp_path, **tests):
    for name, body in tests.items():
        (tmp_path / f"test_{name}.py").write_text(f"def test_it():\n    {body}\n")
    command = [sys.executable, str(ROOT / ".ci/within.py"), "600", "-p", "no:cacheprovider"]
    command += [f"test_{name}.py" for name in tests]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)


def test_what_the_time_did_not_reach_is_named_and_counts_for_nothing(tmp_path):
    done = within(tmp_path, one="pass", two=OVER, three="pass")
    assert "PASSED 1 in" in done.stdout
    assert [line for line in done.stdout.splitlines() if line.startswith("LEFT")] == [
        "LEFT test_two.py",
        "LEFT test_three.py",
    ]
    assert done.returncode == 0


def test_a_failure_before_the_time_is_over_is_one(tmp_path):
    done = within(tmp_path, bad="assert False", endless=OVER)
    assert "FAILED test_bad.py::test_it" in done.stdout
    assert done.returncode == 1


def test_what_a_test_waits_for_in_its_own_end_holds_nobody_up(tmp_path):
    body = """import os, signal, time
    try:
        os.kill(os.getpid(), signal.SIGALRM)
        time.sleep(600)
    finally:
        time.sleep(600)"""
    done = within(tmp_path, one="pass", two=body, three="pass")
    assert "LEFT test_two.py\nLEFT test_three.py\n" in done.stdout
    assert done.returncode == 0


def test_a_command_ends_with_all_that_it_began():
    script = "import subprocess; print(subprocess.Popen(['sleep', '600']).pid, flush=True)"
    done = check.run(sys.executable, "-c", script)
    assert done.code == 0
    stat = Path(f"/proc/{done.said.strip()}/stat")
    wait_for(lambda: not stat.exists() or stat.read_text().split()[2] == "Z")


def test_a_command_that_does_not_end_is_ended_and_has_failed():
    assert check.run("sleep", "600", longest_s=0.2).code != 0


def test_a_file_that_can_t_be_read_is_a_failure(tmp_path):
    assert within(tmp_path, broken="pass\nimport nothing_of_the_kind").returncode == 1


def test_a_step_that_fails_is_shown_and_fails_all(monkeypatch, capsys):
    monkeypatch.setattr(check, "HERE", Path(sys.executable).parent)
    monkeypatch.setattr(
        check, "STEPS", {"style": ("python", "-c", "print('wrong here'); raise SystemExit(1)")}
    )
    monkeypatch.setattr(check, "changed", lambda _: [])
    monkeypatch.setattr(check, "tests_of", lambda _: ([], ["tests/web/a.py", "tests/web/b.py"]))
    assert check.main([]) == 1
    said = capsys.readouterr().out
    assert "== style: FAILED" in said
    assert "wrong here" in said
    assert "2 of tests/web" in said.splitlines()[-1]


def test_a_branch_that_is_not_there_is_one_sentence(capsys):
    assert check.main(["no-such-branch"]) == 1
    assert "no-such-branch" in capsys.readouterr().out
