"""Whole sessions through the command: what people and programs get, and how a person stops one."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from xml.etree import ElementTree

import jsonschema
import pytest

from app import main as command
from app import run as run_module
from app.output import ExitCode
from app.tables import summary_schema

SHORT = "name: short\narea: hands\ncurrent_ma: 2\ntotal_min: 2\n"
VALIDATOR = jsonschema.Draft202012Validator(json.loads(summary_schema()))
LONGEST_S = 600.0


@pytest.fixture(scope="module")
def treatment(tmp_path_factory):
    path = tmp_path_factory.mktemp("treatments") / "short.yaml"
    path.write_text(SHORT)
    return path


@pytest.fixture(scope="module")
def unhurried(tmp_path_factory):
    """A unit of fewer ticks, for what is told of a session whatever its rate."""
    path = tmp_path_factory.mktemp("units") / "unhurried.yaml"
    path.write_text("loop: {rate_hz: 50}\n")
    return path


def spawn(*words, **streams):
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "app.main", "run", *map(str, words)],
        **({"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams),
    )


def read_until(stream, text):
    """What came on a stream up to and with `text`, or until its end."""
    got, deadline_s = b"", time.monotonic() + LONGEST_S
    while text.encode() not in got and time.monotonic() < deadline_s:
        if select.select([stream], [], [], 1)[0]:
            chunk = os.read(stream.fileno(), 1)
            if not chunk:
                break
            got += chunk
    assert text.encode() in got, got.decode()
    return got.decode()


def read_terminal(master):
    got, deadline_s = b"", time.monotonic() + LONGEST_S
    while time.monotonic() < deadline_s:
        if select.select([master], [], [], 1)[0]:
            try:
                got += os.read(master, 65536)
            except OSError:  # EIO: nobody writes there any more
                os.close(master)
                return got.decode()
    raise TimeoutError(got.decode())


def finish(process):
    out, err = process.communicate(timeout=LONGEST_S)
    return process.returncode, (out or b"").decode(), (err or b"").decode()


def test_a_session_for_programs_is_one_object_that_keeps_the_contract(ionto, treatment, unhurried):
    words = ("run", treatment, "--simulate", "--unit", unhurried, "--speed", "max", "--seed", "7", "--json")
    code, out, err = ionto(*words)
    assert code == ExitCode.COMPLETED
    assert out.count("\n") == 1
    summary = json.loads(out)
    VALIDATOR.validate(summary)
    assert (summary["outcome"], summary["simulated"], summary["seed"]) == ("completed", True, 7)
    assert summary["treatment"] == str(treatment)
    assert "SIMULATED" in err
    assert "No calibration record" in err
    assert ionto(*words)[1] == out, "the same seed, the same bytes"
    assert ionto(*words[:-2], "8", "--json")[1] != out


def test_a_session_for_people_is_lines_a_summary_and_a_plot(treatment, tmp_path):
    plot = tmp_path / "a plot.svg"
    code, out, err = finish(spawn(treatment, "--simulate", "--speed", "max", "--plot", plot))
    assert (code, err) == (ExitCode.COMPLETED, "")
    course = re.findall(r"^ +\d+:\d\d ([\w -]+)", out, re.M)
    once = [name for name, before in zip(course, ["", *course], strict=False) if name != before]
    assert once[1:] == [
        "waiting for Start",
        "trying the current stage",
        "testing the protections",
        "waiting for contact",
        *["ramp up", "hold", "ramp down", "reversing polarity"],
        *["ramp up", "hold", "ramp down", "completed"],
    ]
    assert "\nCompleted: " in out
    assert out.rstrip().endswith("(seed 1).")
    words = [text.text for text in ElementTree.parse(plot).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314 - ours
    assert "SIMULATED" in words


def test_an_abort_has_its_exit_code_cause_and_advice(ionto, treatment, tmp_path):
    scenario = tmp_path / "hand-out.yaml"
    scenario.write_text("events: [{at_s: 30, fault: hand_out}]\n")
    code, out, _ = ionto("run", treatment, "--simulate", scenario, "--speed", "max")
    assert code == ExitCode.ABORTED
    assert "ABORTED by the guard" in out
    assert "Cause     open circuit, in hold at 30 s" in out
    assert re.search(r"Evidence  \S", out)
    assert "Completed" not in out
    code, out, _ = ionto("run", treatment, "--simulate", scenario, "--speed", "max", "--json")
    assert code == ExitCode.ABORTED
    VALIDATOR.validate(json.loads(out))
    assert json.loads(out)["trip"]["cause"] == "open_circuit"


def test_a_bad_scenario_names_its_errors_by_place(ionto, treatment, tmp_path):
    scenario = tmp_path / "bad.yaml"
    scenario.write_text("events:\n  - {at_s: 300, fault: hand_ou}\n  - {at_s: true, fault: hand_out}\n")
    code, out, err = ionto("run", treatment, "--simulate", scenario)
    assert (code, out) == (ExitCode.BAD_INPUT, "")
    assert re.findall(r"bad.yaml:(\d):\d+: events\[\d\]", err) == ["2", "3"]


@pytest.fixture
def absent_unit(tmp_path):
    path = tmp_path / "unit.yaml"
    path.write_text("i2c: {bus: 9}\n")
    return path


def test_without_hardware_it_refuses_and_says_how_to_simulate(absent_unit):
    code, out, err = finish(spawn("hands", "--unit", absent_unit))
    assert code == ExitCode.REFUSED
    assert "--simulate" in err
    assert err.count("\n") == 1
    assert "SIMULATED" not in out
    assert "without a result" not in out


def test_without_hardware_programs_get_an_object_too(ionto, absent_unit):
    code, out, err = ionto("run", "hands", "--unit", absent_unit, "--json")
    assert code == ExitCode.REFUSED
    summary = json.loads(out)
    VALIDATOR.validate(summary)
    assert (summary["outcome"], summary["simulated"], summary["truth"]) == ("refused", False, None)
    assert summary["reason"] in err


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (signal.SIGINT, "Ctrl-C was pressed"),
        (signal.SIGTERM, "the program was told to end"),
        (signal.SIGHUP, "the terminal was closed"),
    ],
)
def test_one_signal_is_a_soft_stop_and_told_as_what_it_was(number, why):
    process = spawn("hands", "--simulate", "--speed", "60")
    read_until(process.stdout, "hold")
    process.send_signal(number)
    code, out, err = finish(process)
    assert (code, err) == (ExitCode.STOPPED, "")
    assert "stopping softly" in out
    assert "\nStopped: hands" in out
    assert "not complete" in out
    assert f"Reason    {why}\n" in out
    assert "Stop was pressed" not in out


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_terminal_that_is_closed_leaves_the_code_of_a_stop(more):
    master, slave = pty.openpty()
    process = spawn(
        *("hands", "--simulate", *more),
        **dict.fromkeys(("stdin", "stdout", "stderr"), slave),
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    with os.fdopen(master, "rb", buffering=0) as terminal:
        read_until(terminal, "hold")
    assert process.wait(LONGEST_S) == ExitCode.STOPPED


def phases_of(*signals):
    """How long each phase lasted in a session that got these signals in its hold, s of the unit's time."""
    reader, writer = pty.openpty()
    process = spawn("hands", "--simulate", "--speed", "60", "--json", stderr=writer)
    os.close(writer)
    with os.fdopen(reader, "rb", buffering=0) as terminal:
        read_until(terminal, "hold")
        process.send_signal(signal.SIGSTOP)  # so that no tick comes between two signals, on no machine
        for number in signals:
            process.send_signal(number)
        process.send_signal(signal.SIGCONT)
        os.set_blocking(terminal.fileno(), False)
        out, deadline_s = b"", time.monotonic() + LONGEST_S
        while process.poll() is None and time.monotonic() < deadline_s:  # keep the terminal drained
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    terminal.read(65536)
                except OSError:
                    break
        out = process.communicate(timeout=LONGEST_S)[0]
    assert process.returncode == ExitCode.STOPPED
    summary = json.loads(out)
    VALIDATOR.validate(summary)
    assert (summary["outcome"], summary["stopped_by"]) == ("stopped", "keyboard")
    assert summary["reason"].startswith("Ctrl-C was pressed")
    return {span["phase"]: span["end_s"] - span["start_s"] for span in summary["phases"]}


def test_ctrl_c_once_ramps_down_within_five_seconds_and_a_second_signal_is_off_at_once():
    assert 1.0 < phases_of(signal.SIGINT)["stopping"] <= 5.1
    assert phases_of(signal.SIGINT, signal.SIGTERM).get("stopping", 0.0) <= 0.1


@pytest.mark.parametrize("signals", [1, 2])
def test_ctrl_c_at_full_speed(signals):
    process = spawn("hands", "--simulate", "--speed", "max")
    read_until(process.stdout, "hold")
    for _ in range(signals):
        process.send_signal(signal.SIGINT)
    code, out, err = finish(process)
    assert (code, err) == (ExitCode.STOPPED, "")
    assert "\nStopped: hands" in out


def test_ctrl_c_before_the_session_is_a_sentence(monkeypatch, capsys):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(run_module, "find", interrupted)
    assert command.main(["run", "hands", "--simulate"]) == ExitCode.STOPPED
    assert capsys.readouterr().err == "ionto: stopped before a session began.\n"


def test_the_signals_are_given_back(ionto, treatment, unhurried):
    before = signal.getsignal(signal.SIGINT)
    ionto("run", treatment, "--simulate", "--unit", unhurried, "--speed", "max", "--json")
    assert signal.getsignal(signal.SIGINT) is before


def test_a_terminal_shows_the_live_view(treatment, unhurried):
    reader, writer = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
    # A hold takes most of a second, in which the view draws ten pictures.
    words = (treatment, "--simulate", "--unit", unhurried, "--speed", "60")
    process = spawn(*words, stdout=writer, env=environment)
    os.close(writer)
    screen = read_terminal(reader)
    code, _, err = finish(process)
    assert (code, err) == (ExitCode.COMPLETED, "")
    for part in ("SIMULATED unit", "hold, forward", "hold, reverse", "kohm", "time left", "Completed: "):
        assert part in screen


def test_with_json_the_view_goes_to_the_terminal_of_standard_error(treatment, unhurried):
    reader, writer = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
    words = (treatment, "--simulate", "--unit", unhurried, "--speed", "max", "--json")
    process = spawn(*words, stderr=writer, env=environment)
    os.close(writer)
    screen = read_terminal(reader)
    code, out, _ = finish(process)
    assert code == ExitCode.COMPLETED
    assert "SIMULATED unit" in screen
    VALIDATOR.validate(json.loads(out))


def test_a_reader_that_goes_away_ends_neither_session_nor_outcome(treatment, unhurried):
    process = spawn(treatment, "--simulate", "--unit", unhurried, "--speed", "max")
    read_until(process.stdout, "hands" if treatment.stem == "hands" else "short")
    process.stdout.close()
    err = process.stderr.read().decode()
    process.stderr.close()
    assert (process.wait(LONGEST_S), err) == (ExitCode.COMPLETED, "")


def test_a_plot_that_fails_at_the_end_is_told_and_hides_no_outcome(
    ionto, treatment, unhurried, tmp_path, monkeypatch
):
    def full(_path, _text):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run_module, "write_whole", full)
    words = ("run", treatment, "--simulate", "--unit", unhurried, "--speed", "max", "--json")
    code, out, err = ionto(*words, "--plot", tmp_path / "plot.svg")
    assert code == ExitCode.INTERNAL
    assert json.loads(out)["outcome"] == "completed"
    assert "plot.svg: could not be written (the disk is full): make room on that disk" in err
