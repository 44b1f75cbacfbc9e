"""What `.ci/run` decides: which skips may be, from where a Debian comes, what the last line says."""

import subprocess
import sys
from concurrent.futures import Future
from pathlib import Path

import machine
import pytest
import roots
import steps
from machine import Failed, NotGiven, ask_registry, need
from roots import DEBIANS, mirror
from verdict import Allowed, Skip, Suite, judge, last_line, read_list, read_suite

ROOT = Path(__file__).parents[1]
LISTED = read_list((ROOT / ".ci/skips.toml").read_text(encoding="utf-8"))
BROKER = Allowed("tests.app.test_mqtt", "mosquitto is not", 2, "The broker is not there.", ("no mosquitto",))


def suite(*skips):
    return Suite("Python 3.11", 3991, (), tuple(Skip(*one) for one in skips))


def test_a_report_of_pytest_is_read(tmp_path):
    (tmp_path / "test_some.py").write_text(
        "import pytest\n"
        "def test_passes(): pass\n"
        "def test_fails(): raise ValueError\n"
        "def test_is_left_out(): pytest.skip('no broker: apt install mosquitto')\n"
        "@pytest.fixture\ndef broken(): raise ValueError\n"
        "def test_begins_badly(broken): pass\n"
    )
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=report.xml"]
    subprocess.run([*words, "test_some.py"], cwd=tmp_path, capture_output=True, timeout=600, check=False)
    found = read_suite("Python 3.11", (tmp_path / "report.xml").read_text())
    assert (found.passed, found.failed) == (1, 2)
    assert found.failures == ("test_some.test_fails", "test_some.test_begins_badly")
    assert found.skips == (Skip("test_some.test_is_left_out", "no broker: apt install mosquitto"),)


SKIPPED = ("tests.app.test_mqtt.test_it[1]", "mosquitto is not installed: apt install mosquitto")


@pytest.mark.parametrize(
    ("skips", "facts", "faults", "told"),
    [
        ([SKIPPED, SKIPPED], {"no mosquitto"}, 0, 0),
        ([SKIPPED], {"no mosquitto"}, 0, 1),
        ([SKIPPED] * 3, {"no mosquitto"}, 1, 0),
        ([SKIPPED, SKIPPED], set(), 2, 0),
        ([], set(), 0, 0),
        ([("tests.app.test_mqtt.test_it", "I did not feel like it")], {"no mosquitto"}, 1, 1),
        ([("tests.app.test_other.test_it", "mosquitto is not installed")], {"no mosquitto"}, 1, 1),
    ],
    ids=["as listed", "fewer", "more", "the program is there", "none", "another reason", "another test"],
)
def test_a_skip_is_listed_with_reason_and_number_or_a_fault(skips, facts, faults, told):
    found = judge(suite(*skips), [BROKER], frozenset(facts))
    assert (len(found.faults), len(found.told)) == (faults, told)


def test_a_skip_that_is_not_listed_is_named_with_its_reason():
    (fault,) = judge(suite(("tests.a.test_b", "tired")), LISTED, frozenset()).faults
    assert "tests.a.test_b" in fault
    assert "tired" in fault


def test_on_a_machine_that_has_everything_no_skip_is_allowed():
    everything = frozenset({"root", "python 3.11"})
    assert [one for one in LISTED if everything.issuperset(one.when)] == []


@pytest.mark.parametrize(
    "lacks", ['why = "short"', 'why = "It has a reason, yet no words of its own."\nreason = ""']
)
def test_an_entry_without_a_reason_is_refused(lacks):
    with pytest.raises(ValueError, match="why it may happen"):
        read_list(
            f'[[skip]]\ntests = "tests.a"\ncount = 1\n{lacks}\n'
            + ("" if "reason =" in lacks else 'reason = "x"')
        )


def test_the_tests_that_need_ngspice_are_all_listed():
    """A list that is short of one is found here, and not by the machine that has no ngspice."""
    (entry,) = (one for one in LISTED if one.tests == "tests.app.test_circuit")
    words = ["-q", "-n", "0", "--collect-only", "-p", "no:cacheprovider", "-m", "skipif and not nightly"]
    told = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "tests/app/test_circuit.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    ).stdout
    assert f"tests/app/test_circuit.py: {entry.count}" in told


def test_every_entry_speaks_of_tests_that_are_there():
    for one in LISTED:
        module = "/".join(one.tests.split(".")[:3])
        assert (ROOT / f"{module}.py").exists() or (ROOT / module).is_dir(), one.tests


def test_the_last_line_is_one_and_names_all_that_was_left_out():
    both = [suite(SKIPPED), Suite("Python 3.13 in Debian 13", 2704, (), ())]
    line = last_line(both, ["the kernel lane (no kernel)"], ["tests/chaos on Python 3.13"], 31.4)
    assert "\n" not in line
    for words in (
        "all passed in 31 min",
        "3,991 tests on Python 3.11 (1 skipped, as listed)",
        "2,704 tests on Python 3.13 in Debian 13 (0 skipped",
        "NOT RUN: the kernel lane (no kernel)",
        "left for nightly: tests/chaos on Python 3.13",
    ):
        assert words in line
    assert (
        last_line([suite()], [], [], 1.0)
        == "== all passed in 1 min: 3,991 tests on Python 3.11 (0 skipped, as listed)"
    )


def test_debian_s_own_mirror_is_taken_from_the_machine_s_sources():
    told = "NodeSource main https://a.invalid\nDebian-Security main http://b.invalid\n"
    assert (
        mirror(f"{told}Debian contrib http://c.invalid/d\nDebian main http://e.invalid/f\n")
        == "http://e.invalid/f"
    )
    with pytest.raises(NotGiven, match="names no mirror"):
        mirror(told)


def test_a_registry_is_asked_again_and_what_it_never_gives_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "PAUSE_S", 0.0)
    log, count = tmp_path / "log", tmp_path / "count"
    third = f"echo asked >> {count}; [ $(wc -l < {count}) = 3 ]"
    ask_registry("mosquitto", "sh", "-c", third, log=log)
    assert count.read_text().count("asked") == 3
    with pytest.raises(NotGiven, match=r"^mosquitto$"):
        ask_registry("mosquitto", "sh", "-c", f"echo gone; echo x >> {count}; false", log=log)
    assert log.read_text().count("gone") == 3


def test_a_command_that_fails_or_never_ends_fails_its_step(capfd):
    with pytest.raises(Failed, match="ended with 3"):
        need("sh", "-c", "exit 3")
    with pytest.raises(Failed, match="ended with 124"):
        need("sh", "-c", "sleep 600 & sleep 600", longest_s=0.2)
    need("true")
    assert "== true: 0 s" in capfd.readouterr().out


def test_the_list_of_debians_is_what_the_readme_promises():
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert f"On Debian {' or '.join(str(one.number) for one in DEBIANS)} with `git`, `python3` and" in readme
    assert set(roots.PACKAGES) == {"git", "python3", "python3-venv"}
    assert f"hold for Python {' and '.join(one.python for one in DEBIANS)}" in readme


class SilentOrNot:
    """A Debian whose commands end so, one after the other, and whose package index answers or not."""

    debian = DEBIANS[0]

    def __init__(self, codes, *, index_answers):
        self.codes, self.index_answers = list(codes), index_answers

    def run(self, line, log, *, longest_s):
        log.touch()
        return self.codes.pop(0)

    def registry_gives(self, log):
        return self.index_answers


@pytest.mark.parametrize(
    ("codes", "index_answers", "ends"),
    [
        ([0], True, None),
        ([1, 1, 0], False, None),
        ([1], True, Failed),
        ([1, 1, 1], False, NotGiven),
    ],
    ids=["passes", "silent at first", "our own fault", "silent for good"],
)
def test_what_fails_beside_a_package_index_that_answers_is_our_own_fault(
    codes, index_answers, ends, tmp_path
):
    run = steps.Run(nightly=False, scratch=tmp_path)
    root = SilentOrNot(codes, index_answers=index_answers)
    if ends is None:
        run.in_root(root, "./ionto run", tmp_path / "log")
    else:
        with pytest.raises(ends, match="Debian 12"):
            run.in_root(root, "./ionto run", tmp_path / "log")
    assert root.codes == []


def test_a_run_ends_at_its_first_failure_with_one_last_line(monkeypatch, capsys):
    def fails(run):
        raise Failed("programs")

    monkeypatch.setattr(steps.Run, "programs", fails)
    monkeypatch.chdir(ROOT)
    assert steps.main([]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "== FAILED: programs"
    assert steps.main(["--fast"]) == 2


def test_the_folders_that_wait_for_the_clock_are_there():
    assert [folder for folder in steps.IN_REAL_TIME if not (ROOT / folder).is_dir()] == []


def given(packed):
    """What making a root has come to."""
    done = Future()
    if isinstance(packed, Exception):
        done.set_exception(packed)
    else:
        done.set_result(packed)
    return done


def test_what_failed_is_named(capsys, tmp_path):
    run = steps.Run(nightly=False, scratch=tmp_path)
    with pytest.raises(Failed, match="1 failed"):
        run.judge(Suite("Python 3.13", 7, ("tests.test_some.test_it[a]",), ()), set())
    assert "FAILED tests.test_some.test_it[a]" in capsys.readouterr().out


REPORT = '<testsuite><testcase classname="tests.booted.test_serves" name="test_it[trixie]"/></testsuite>'


def booting(monkeypatch, tmp_path, why=""):
    """A run whose machine can boot, or not for a reason; and what it then calls."""
    called = []

    def need(*words, **_bounds):
        called.append(words)
        Path(words[-1].partition("=")[2]).write_text(REPORT)

    monkeypatch.setattr(steps, "need", need)
    run = steps.Run(nightly=False, scratch=tmp_path)
    monkeypatch.setattr(run, "why_not", lambda lane: why if lane == "booted" else "")
    return run, called


def test_a_root_is_kept_by_its_packages_so_that_none_lacks_what_is_asked_for_today(tmp_path):
    booted, more = (roots.packed_root(tmp_path, "trixie", (*roots.BOOTED, *new)) for new in ((), ("jq",)))
    assert booted != more
    assert booted != roots.packed_root(tmp_path, "trixie", roots.PACKAGES)
    booted.touch()
    assert roots.make(DEBIANS[-1], tmp_path, tmp_path / "log", roots.BOOTED) == booted, "nothing is fetched"


def test_the_night_boots_both_debians_and_by_day_the_last_line_says_what_waits(tmp_path):
    by_day, by_night = (steps.Run(nightly=nightly, scratch=tmp_path) for nightly in (False, True))
    assert by_day.to_boot() == ()
    assert "the booted systems" in by_day.later
    assert [debian.name for debian in by_night.to_boot()] == ["Debian 12", "Debian 13"]
    assert by_night.later == []


def test_a_system_that_can_t_be_booted_is_named_with_the_reason(monkeypatch, tmp_path):
    run, called = booting(monkeypatch, tmp_path, "mount: cgroup2 is not permitted")
    run.booted({DEBIANS[-1]: given(tmp_path)})
    assert called == []
    assert run.not_run == ["the booted system (mount: cgroup2 is not permitted)"]


def test_a_root_that_no_registry_gave_is_named_and_the_others_are_booted(monkeypatch, tmp_path):
    run, called = booting(monkeypatch, tmp_path)
    run.booted({DEBIANS[0]: given(NotGiven("Debian 12 from nothing")), DEBIANS[-1]: given(tmp_path)})
    assert run.not_run == ["the booted system (Debian 12 from nothing)"]
    ((*_, debian, folder, report),) = called
    assert (debian, folder) == ("trixie", "tests/booted")
    assert report.startswith("--junitxml=")
    assert [(suite.where, suite.passed) for suite in run.suites] == [("a booted Debian 13", 1)]


def emulating(monkeypatch, tmp_path, why="", code=0):
    run, called = booting(monkeypatch, tmp_path)
    asked, made = [], []
    monkeypatch.setattr(run, "why_not", lambda lane: asked.append(lane) or why)

    def do(*words, log):
        log.write_text("no such package")
        made.append(words)
        return code

    monkeypatch.setattr(steps, "do", do)
    run.emulated()
    assert asked == ["emulated"]
    return run, called, made


def test_a_computer_that_can_t_be_emulated_is_named_with_the_reason(monkeypatch, tmp_path):
    run, called, made = emulating(monkeypatch, tmp_path, "binfmt_misc in a user namespace needs Linux 6.7")
    assert called == made == []
    assert run.not_run == ["the emulated computer (binfmt_misc in a user namespace needs Linux 6.7)"]


def test_one_whose_parts_nobody_gives_is_named_and_its_tests_are_not_begun(monkeypatch, tmp_path, capsys):
    run, called, _ = emulating(monkeypatch, tmp_path, code=1)
    assert called == []
    assert run.not_run == ["the emulated computer (its parts could not be made)"]
    assert "no such package" in capsys.readouterr().out


def test_an_emulated_computer_s_tests_are_judged_as_a_suite_of_their_own(monkeypatch, tmp_path):
    run, called, made = emulating(monkeypatch, tmp_path)
    assert [Path(words[-1]).name for words in made] == ["emulated_recipe.py"]
    ((*_, folder, report),) = called
    assert folder == "tests/emulated"
    assert report.startswith("--junitxml=")
    assert [(suite.where, suite.passed) for suite in run.suites] == [("an emulated computer", 1)]
    assert run.not_run == []
