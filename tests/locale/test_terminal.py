"""The command line in German: chosen by option or environment, never in JSON, and no text left in English."""

import json
import os
import re
import subprocess
import sys

import pytest

from app.locale.terminal import number, speak, spoken, t, wanted
from app.main import SPOKEN, main
from app.output import ExitCode


@pytest.fixture(autouse=True)
def english_again():
    yield
    speak("en")


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, "en"),
        ({"LANG": "C", "LANGUAGE": "de"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "POSIX"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "de"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "de_AT"}, "de"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "xx:de:en"}, "de"),
        ({"LANG": "../../etc"}, "en"),
    ],
)
def test_the_environment_chooses_as_gettext_does(environment, code):
    assert wanted(environment) == code


def test_english_is_the_source_to_the_byte_and_german_has_its_own_signs():
    assert (t("{time} left", time="5:00"), number(1234.5, ",.2f")) == ("5:00 left", "1,234.50")
    speak("de")
    assert (t("{time} left", time="5:00"), number(1234.5, ",.2f")) == ("noch 5:00", "1.234,50")
    speak("xx")
    assert spoken() == "en"


@pytest.fixture
def run(tmp_path):
    """Words that run a short treatment of the hands at twelve milliamperes."""
    treatment = tmp_path / "hands.yaml"
    treatment.write_text("name: hands\narea: hands\ncurrent_ma: 12\ntotal_min: 3\n")
    return ["run", str(treatment), "--simulate", "--speed", "max"]


def test_a_session_in_german_from_first_line_to_summary(run):
    environment = {**os.environ, "LC_ALL": "de_DE.UTF-8", "LANGUAGE": ""}
    command = [sys.executable, "-m", "app.main", *run]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    for said in (
        "SIMULIERT",
        "Ansteigen, vorwärts",
        "(Soll 12,00)",
        f"Vollständig: {run[1]}",
        "  Dosis     vorwärts",
    ):
        assert said in done.stdout
    assert not re.search(r"\d\.\d\d mA", done.stdout), "a number with an English point"
    assert not re.search(r"\b(SIMULATED|left|hold|forward|Completed|Current)\b", done.stdout)


def test_json_knows_no_language(run, capsys):
    assert main([*run, "--json", "--language", "de"]) == ExitCode.COMPLETED
    told = capsys.readouterr()
    assert "SIMULIERT" in told.err
    summary = json.loads(told.out)
    assert (summary["outcome"], summary["phases"][0]["phase"]) == ("completed", "self_test")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "--language", "de"], "keine Behandlung genannt"),
        (["device", "--speed", "2", "--language=de"], "--speed ist für ein simuliertes Gerät"),
        (["run", "--language", "xx"], "'xx' is not one of de, en"),
    ],
)
def test_refusals_are_in_the_language(words, said, capsys):
    assert main(words) == ExitCode.BAD_INPUT
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", [[], *([name] for name in SPOKEN), ["history", "list"]])
def test_help_is_in_the_language(command, capsys):
    assert main([*command, "--language", "de", "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("Aufruf: ionto")
    assert "Optionen:" in text
    assert not re.search(r"\b(default|the|show this)\b", text)


def test_commands_that_speak_no_german_speak_english_only(capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert main(["faults"]) == ExitCode.COMPLETED
    assert spoken() == "en"


def test_english_costs_no_import_of_languages():
    look = "import sys; from app.main import main; main(['treatments']); print(sorted(sys.modules))"
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(
        [sys.executable, "-c", look], env=environment, capture_output=True, text=True, check=True
    )
    assert "babel" not in done.stdout


def test_a_question_takes_the_language_too(capsys, tmp_path):
    assert main(["history", "list", "--state", str(tmp_path), "--language", "de"]) == ExitCode.BAD_INPUT
    assert "unrecognized" not in capsys.readouterr().err
    assert spoken() == "de"
