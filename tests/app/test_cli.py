"""The command line: every mistake is one clear sentence with its exit code, never a traceback."""

import json
import os
import subprocess
import sys
from importlib.metadata import version

import jsonschema
import pytest

from app import main as command
from app.output import ExitCode, UndeliveredError, UsageError
from protocols.treatment import names
from sim.faults import FAULTS


def spawn(*words, **options):
    """The command as a process of its own."""
    if "stdout" not in options:
        options |= {"stdout": subprocess.PIPE}
    return subprocess.run(
        [sys.executable, "-P", "-m", "app.main", *map(str, words)],
        stderr=subprocess.PIPE,
        text=True,
        timeout=600,
        check=False,
        **options,
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "COMMAND"),
        (["walk"], "walk"),
        (["run"], "no treatment is named"),
        (["run", "--simulate", "hands"], "write it before --simulate"),
        (["run", "hands", "--sim"], "--sim"),
        (["run", "hands", "--speed", "max"], "--speed is for a simulated unit"),
        (["run", "hands", "--seed", "1"], "--seed is for a simulated unit"),
        (["run", "hands", "--simulate", "--speed", "fast"], "'fast' is not max, real or a factor"),
        (["run", "hands", "--simulate", "--speed", "nan"], "'nan' is not max"),
        (["run", "hands", "--simulate", "--speed", "1_0"], "'1_0' is not max"),
        (["run", "hands", "--simulate", "--speed", "\uff18"], "'\uff18' is not max"),
        (["campaign", "--treatments", ""], "--treatments: '' is unknown"),
        (["run", "hands", "--simulate", "--speed", "0"], "'0' is not max"),
        (["run", "hands", "--simulate", "--seed", "-1"], "--seed"),
        (
            ["run", "hands", "--simulate", "--seed", "4294967296"],
            "is not a whole number from 0 to 4294967295",
        ),
        (["run", "hands", "--simulate", "--seed", "1e3"], "'1e3' is not a whole number"),
        (["run", "hnads", "--simulate"], "did you mean hands?"),
        (["run", "missing.yaml", "--simulate"], "missing.yaml"),
        (["run", "hands", "--simulate", "missing.yaml"], "missing.yaml"),
        (["run", "hands", "--simulate", "--unit", "missing.yaml"], "missing.yaml"),
        (["run", "hands", "--simulate", "--calibration", "missing.yaml"], "missing.yaml"),
        (["run", "hands", "--simulate", "--plot", "plot.png"], "has to end in .svg"),
        (["run", "hands", "--simulate", "--plot", "missing/plot.svg"], "does not exist"),
        (["check"], "FILE"),
        (["schema", "unit"], "summary"),
    ],
)
def test_a_mistake_is_one_sentence_before_anything_runs(ionto, words, told):
    code, out, err = ionto(*words)
    assert (code, out) == (ExitCode.BAD_INPUT, "")
    assert told in err
    assert err.count("\n") == 1


def test_version_and_help(ionto):
    assert ionto("--version") == (0, f"ionto {version('ionto')}\n", "")
    code, out, err = ionto("run", "--help")
    assert (code, err) == (0, "")
    assert "--simulate" in out


def test_treatments_lists_the_library(ionto):
    code, out, _ = ionto("treatments")
    assert code == ExitCode.COMPLETED
    assert [line.split()[0] for line in out.splitlines()] == ["NAME", *names()]


def test_faults_lists_each_with_its_parameters(ionto):
    code, out, _ = ionto("faults")
    assert code == ExitCode.COMPLETED
    names_shown = [line for line in out.splitlines() if line and not line.startswith(" ")]
    assert names_shown[: len(FAULTS)] == list(FAULTS)
    assert "process_killed" in names_shown[len(FAULTS) :]
    code, out, _ = ionto("faults", "--json")
    listed = {fault["fault"]: fault for fault in json.loads(out)}
    assert {name for name, fault in listed.items() if fault["injectable"]} == set(FAULTS)
    assert all(fault["expected"] for name, fault in listed.items() if name != "hand_in")
    (over_s,) = [param for param in listed["hand_slides_out"]["params"] if param["name"] == "over_s"]
    assert over_s["unit"] == "s"
    assert over_s["min"] < over_s["max"]


@pytest.mark.parametrize("of", ["summary", "scenario"])
def test_a_printed_schema_is_a_schema(ionto, of):
    code, out, _ = ionto("schema", of)
    assert code == ExitCode.COMPLETED
    jsonschema.Draft202012Validator.check_schema(json.loads(out))


def test_check_names_every_error_of_every_file_and_the_good_ones(ionto, tmp_path):
    good, bad, worse = (tmp_path / name for name in ("good.yaml", "bad.yaml", "worse.yaml"))
    good.write_text("load: {skin: dry}\nevents:\n  - {at_s: 300, fault: hand_out}\n")
    bad.write_text("name: mine\narea: hands\ncurrent_ma: 1e-3\ntotal_min: true\n")
    worse.write_bytes(b"\xff\x00")
    code, out, err = ionto("check", bad, good, worse)
    assert code == ExitCode.BAD_INPUT
    assert out == f"ok  {good} (scenario)\n"
    assert f"{bad}:3:" in err
    assert f"{bad}:4:" in err
    assert str(worse) in err


def test_check_is_content_with_good_files(ionto, tmp_path):
    good = tmp_path / "good.yaml"
    good.write_text("events: []\n")
    assert ionto("check", good) == (0, f"ok  {good} (scenario)\n", "")


def test_our_own_failure_is_told_as_ours_with_the_traceback_only_on_demand(monkeypatch, capsys):
    def fail(_):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(command, "_treatments", fail)
    assert command.main(["treatments"]) == ExitCode.INTERNAL
    err = capsys.readouterr().err
    assert "ZeroDivisionError: by zero" in err
    assert "Traceback" not in err
    monkeypatch.setenv("IONTO_DEBUG", "1")
    assert command.main(["treatments"]) == ExitCode.INTERNAL
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("so"), ExitCode.BAD_INPUT),
        (UndeliveredError("so"), ExitCode.INTERNAL),
        (KeyboardInterrupt(), ExitCode.STOPPED),
    ],
)
def test_every_ending_has_its_code(monkeypatch, capsys, error, code):
    def fail(_):
        raise error

    monkeypatch.setattr(command, "_treatments", fail)
    assert command.main(["treatments"]) == code
    assert capsys.readouterr().err.count("\n") == 1


def test_a_reader_that_goes_away_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as out:  # noqa: PTH123 - a descriptor, no path
        done = spawn("faults", stdout=out)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_full_disk_is_told_and_no_success():
    with open("/dev/full", "wb") as out:  # noqa: PTH123 - a device
        done = spawn("faults", stdout=out)
    assert done.returncode == ExitCode.INTERNAL
    assert done.stderr == "ionto: standard output could not be written: No space left on device\n"


def test_a_closed_standard_output_is_no_error():
    done = subprocess.run(
        ["sh", "-c", '"$0" -P -m app.main treatments >&-', sys.executable],
        stderr=subprocess.PIPE,
        text=True,
        timeout=600,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_without_unicode_gets_question_marks(tmp_path):
    done = spawn("check", tmp_path / "ünknown.yaml", env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert done.returncode == ExitCode.BAD_INPUT
    assert "?nknown.yaml" in done.stderr
    assert "Traceback" not in done.stderr
