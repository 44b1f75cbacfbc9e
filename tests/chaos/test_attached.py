"""Treatments on a unit that is a process of its own, as the command runs them."""

import functools
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
from kill_bench import CALM_HZ, LONGEST_S, Bench, Controller, Reader, fell_behind

from app.household.codes import TechnicianCode
from app.output import ExitCode
from app.tables import summary_schema
from controller.journal.store import Store

pytestmark = pytest.mark.real_time
VALIDATOR = jsonschema.Draft202012Validator(json.loads(summary_schema()))


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    bench = Bench(tmp_path_factory.mktemp("unit"), 7, CALM_HZ)
    yield bench
    bench.close()


@pytest.fixture
def controller(bench):
    """A function that starts the command on the unit; what is left of it in the end is ended."""
    started = []

    def start(*words, state=None):
        started.append(Controller(bench, words=words, state=state))
        return started[-1]

    start.started = started
    yield start
    for one in started:
        one.end()


def patient(test):
    """Try again, slower, where the machine was too busy for a treatment in real time, and only there."""

    @functools.wraps(test)
    def trying(*args, bench, controller, **kwargs):
        for last in [False] * 7 + [True]:
            try:
                test(*args, bench=bench, controller=controller, **kwargs)
                return
            except AssertionError:
                for one in controller.started:
                    one.end()
                    one.out.wait("nothing of the kind", 1.0)  # what it said last is still on its way
                said = "".join(line for one in controller.started for line in one.out.lines)
                if last or not fell_behind(said):
                    raise
                controller.started.clear()
                bench.slower()

    return trying


def ionto(*words, **settings):
    """The command itself, nothing shortened: exit code, standard output, standard error."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "app.main", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
        **settings,
    )
    return done.returncode, done.stdout, done.stderr


def recorded(state):
    connection = sqlite3.connect(state / "journal.db")
    found = connection.execute("SELECT outcome, reason FROM session ORDER BY id DESC").fetchone()
    connection.close()
    return found


def begin(bench, controller, phase):
    """Press Start and go on until this phase."""
    assert controller.out.wait("waiting for Start"), controller.err.lines
    assert bench.press_start(controller), controller.out.lines + controller.err.lines
    assert controller.out.wait(phase), controller.out.lines


def result(process):
    """Exit code and summary, which keeps the contract."""
    code = process.process.wait(LONGEST_S)
    process.out.wait("nothing of the kind", 1.0)
    summary = json.loads("".join(process.out.lines))
    VALIDATOR.validate(summary)
    return code, summary


@patient
def test_a_whole_treatment_keeps_the_contract_and_is_stamped_simulated(bench, controller):
    process = controller("--json")
    assert bench.press_start(process), process.out.lines + process.err.lines
    code, summary = result(process)
    assert code == ExitCode.COMPLETED, summary
    assert (summary["simulated"], summary["seed"]) == (True, 7)
    for way in ("forward", "reverse"):
        true_ma_min = summary["truth"]["charge_ma_min"][way]
        assert true_ma_min > 0.05
        assert summary["charge_ma_min"][way] == pytest.approx(true_ma_min, rel=0.1)
    assert 2.8 < summary["truth"]["held_ma"] < 3.2
    assert summary["truth"]["switched_above_ma"] < 0.2
    assert recorded(bench.state) == ("completed", None)


@patient
def test_a_fault_in_the_unit_has_its_true_latency(bench, controller):
    process = controller("--json")
    assert bench.press_start(process), process.out.lines + process.err.lines
    bench.ask("inject", fault="bus_hung", params={"for_s": 0.3})
    code, summary = result(process)
    assert code == ExitCode.ABORTED
    assert summary["trip"]["cause"] == "bus_hung"
    assert 0.0 <= summary["trip"]["latency_ms"] <= 100.0


@patient
def test_a_second_run_on_the_unit_is_refused_by_name(bench, controller):
    process = controller()
    assert process.out.wait("waiting for Start")
    code, out, err = ionto("run", "hands", "--attach", bench.socket, "--json", "--state", bench.state)
    assert code == ExitCode.REFUSED
    assert f"in use by process {process.process.pid}" in err
    summary = json.loads(out)
    VALIDATOR.validate(summary)
    assert (summary["outcome"], summary["simulated"]) == ("refused", True)
    process.process.send_signal(signal.SIGINT)
    assert process.process.wait(LONGEST_S) == ExitCode.STOPPED


def test_a_locked_unit_is_released_by_a_hand_on_its_start(bench, tmp_path):
    store = Store(tmp_path)
    store.begin({"unit": "u", "treatment": "hands", "simulated": True, "target_ma": 12.0, "total_s": 1200.0})
    store.write([["trip", "output_stuck", "hold", 9.0, "so"], ["end", "aborted", "so", 9.5, 9.0, 0.0, 34]])
    store.connection.close()
    TechnicianCode(tmp_path).set_code("spanner-77")
    words = ("--attach", str(bench.socket), "--state", str(tmp_path), "--unit", str(bench.description))
    code, out, err = ionto("run", "hands", *words)
    assert (code, "locked by code 34" in out) == (ExitCode.REFUSED, True), out + err
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "app.main", "unlock", *words, "--reason", "the relay was replaced"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as unlocking:
        unlocking.stdin.write("spanner-77\n")
        unlocking.stdin.close()
        presses = 0
        while unlocking.poll() is None:
            assert presses < LONGEST_S
            bench.ask("press", button="start", for_s=0.2)
            presses += 1
            time.sleep(1.0)
        said = unlocking.stdout.read()
    assert (unlocking.returncode, "the unit is released" in said) == (ExitCode.COMPLETED, True), said


@patient
def test_a_controller_that_is_stopped_still_owns_its_unit(bench, controller):
    process = controller()
    assert process.out.wait("waiting for Start")
    process.process.send_signal(signal.SIGSTOP)
    code, _, err = ionto("run", "hands", "--attach", bench.socket, "--state", bench.state)
    assert code == ExitCode.REFUSED
    assert f"process {process.process.pid}" in err


@patient
def test_a_directory_that_cannot_keep_the_journal_is_refused_before_the_start(bench, controller, tmp_path):
    (tmp_path / "state").write_text("in the way")
    code, summary = result(controller("--json", state=tmp_path / "state"))
    assert code == ExitCode.REFUSED
    assert "without a record there is no treatment" in summary["reason"]
    assert not bench.ask("state")["relays"]["series"]


def child_of(pid, words):
    for task in Path("/proc").glob("[0-9]*"):
        try:
            ours = f"\nPPid:\t{pid}\n" in (task / "status").read_text()
            if ours and words in (task / "cmdline").read_bytes():
                return int(task.name)
        except OSError:
            continue
    raise AssertionError("no such child")


@patient
def test_a_disk_that_fills_in_mid_treatment_stops_it_softly_and_says_why(bench, controller, tmp_path):
    process = controller(state=tmp_path)
    begin(bench, process, "ramp up, forward")
    journal = child_of(process.process.pid, b"controller.journal.store")
    resource.prlimit(journal, resource.RLIMIT_FSIZE, (1024, 1024))
    assert process.process.wait(LONGEST_S) == ExitCode.STOPPED
    process.err.wait("incomplete")
    assert any("record of this session is incomplete" in line for line in process.err.lines)
    assert any("stopping softly" in line for line in process.out.lines)


@patient
def test_a_cut_off_session_is_told_in_the_summary_too(bench, controller):
    first = controller()
    begin(bench, first, "waiting for contact")
    first.process.kill()
    first.process.wait()
    second = controller("--json")
    assert second.err.wait("was cut off after"), second.err.lines
    second.process.send_signal(signal.SIGINT)
    code, summary = result(second)
    assert code == ExitCode.STOPPED
    (found,) = summary["cut_off"]
    assert found["treatment"] == str(bench.treatment)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("run", "hands", "--attach", "x", "--simulate"), ExitCode.BAD_INPUT, "leave one of them out"),
        (("run", "hands", "--attach", "x", "--speed", "max"), ExitCode.BAD_INPUT, "--speed is for"),
        (("run", "hands", "--attach", "x", "--unit", "bad.yaml"), ExitCode.BAD_INPUT, "bad.yaml"),
        (("run", "hands", "--attach", "x", "--calibration", "bad.yaml"), ExitCode.BAD_INPUT, "bad.yaml"),
        (("run", "bad.yaml", "--attach", "x"), ExitCode.BAD_INPUT, "bad.yaml"),
        (("run", "hands", "--attach", "nobody.sock"), ExitCode.REFUSED, "start one with `ionto unit"),
        (("unit",), ExitCode.BAD_INPUT, "--socket"),
        (("unit", "--socket", "nobody.sock", "--press", "start"), ExitCode.REFUSED, "no unit answers"),
        (("unit", "--socket", "x", "--press", "fire"), ExitCode.BAD_INPUT, "fire"),
        (("unit", "--socket", "x", "--inject", "bad_luck"), ExitCode.BAD_INPUT, "bad_luck"),
        (("unit", "--socket", "x", "--inject", "press", "button=fire"), ExitCode.BAD_INPUT, "fire"),
        (("unit", "--socket", "no/where.sock"), ExitCode.REFUSED, "No such file"),
        (("unit", "--socket", "x", "--record", "no/where.csv"), ExitCode.BAD_INPUT, "no/where.csv"),
        (("unit", "--socket", "x", "--scenario", "stall.yaml"), ExitCode.REFUSED, "stop the controller"),
    ],
)
def test_what_cannot_be_is_a_sentence(words, code, says, tmp_path):
    (tmp_path / "bad.yaml").write_bytes(b"name: hands\n\x00\xff\xfe: [")
    (tmp_path / "stall.yaml").write_text("events: [{at_s: 1, fault: stall}]\n")
    got, out, err = ionto(*words, cwd=tmp_path, env=os.environ | {"XDG_STATE_HOME": str(tmp_path)})
    assert (got, out if got == ExitCode.BAD_INPUT else "") == (code, "")
    assert says in err
    assert "Traceback" not in err


def test_a_unit_of_the_command_is_pressed_hurt_asked_and_ended(tmp_path):
    path, record = tmp_path / "unit.sock", tmp_path / "current.csv"
    words = ["unit", "--socket", path, "--record", record, "--area", "feet"]
    unit = subprocess.Popen(
        [sys.executable, "-P", "-m", "app.main", *map(str, words)], stdout=subprocess.PIPE
    )
    assert Reader(unit.stdout).wait("SIMULATED")
    assert "at_s" in ionto("unit", "--socket", path, "--press", "start")[1]
    inject = ("--inject", "hand_slides_out", "over_s=0.5")
    assert "at_s" in ionto("unit", "--socket", path, *inject)[1]
    truth = json.loads(ionto("unit", "--socket", path, "--truth")[1])
    assert truth["charge_ma_min"] == {"forward": 0.0, "reverse": 0.0}
    assert ionto("unit", "--socket", path)[0] == ExitCode.REFUSED, "another one is there"
    unit.send_signal(signal.SIGTERM)
    assert unit.wait(LONGEST_S) == 0
    assert not path.exists()
    assert record.read_text().startswith("monotonic_s,current_ma\n")
