"""One sentence for each path or word on the command line that can't be: its true cause, and what works."""

import errno
import os
import socket
import tempfile
from pathlib import Path

import pytest

from app.locale.terminal import SOURCE, speak
from app.main import main
from controller.backends.rigging import failed_start
from sim.remote.unit_client import UnitUnavailable, say_absent

FOLDER = os.path.realpath(tempfile.gettempdir())
LONG = f"{FOLDER}/{'a' * 120}.sock"


@pytest.fixture(autouse=True)
def _english_afterwards():
    yield
    speak(SOURCE)


@pytest.mark.parametrize(
    "words",
    [
        ["unit", "--socket", LONG],
        ["unit", "--truth", "--socket", LONG],
        ["off", "--attach", LONG],
        ["doctor", "--attach", LONG],
        ["run", "hands", "--attach", LONG],
        ["device", "hands", "--attach", LONG],
    ],
)
@pytest.mark.parametrize(
    ("code", "says"), [("en", "is too long for a socket"), ("DE", "ist zu lang für einen Socket")]
)
def test_a_path_too_long_for_a_socket_is_told_before_anything(words, code, says, capsys, monkeypatch):
    monkeypatch.setenv("LANGUAGE", code.lower())
    speaks = words[0] in ("run", "device")
    assert main([*words, *(["--language", code] if speaks else [])]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert (says if speaks else "is too long for a socket") in err
    assert str(len(LONG)) in err
    assert "107" in err
    assert len(err.splitlines()) == 1


def test_a_path_is_measured_with_the_folders_that_lead_to_it(tmp_path, capsys, monkeypatch):
    deep = tmp_path / ("d" * 110)
    deep.mkdir()
    monkeypatch.chdir(deep)
    assert main(["off", "--attach", "u.sock"]) == 2
    assert "too long for a socket" in capsys.readouterr().err
    link = tmp_path / "l"
    link.symlink_to(deep)
    assert main(["off", "--attach", str(link / "u.sock")]) == 2
    monkeypatch.chdir(tmp_path)
    assert main(["off", "--attach", "u.sock"]) == 5


@pytest.mark.parametrize("code", ["de", "DE", "De", "de-AT", "de_DE", "de_DE.UTF-8", "DE@euro"])
@pytest.mark.parametrize("joined", [True, False])
def test_a_language_is_known_in_any_spelling(code, joined, tmp_path, capsys):
    file = tmp_path / "none.yaml"
    words = [f"--language={code}"] if joined else ["--language", code]
    assert main(["check", *words, str(file)]) == 2
    assert "gibt es nicht" in capsys.readouterr().err


@pytest.mark.parametrize("code", ["xx", "", " ", "d", "deutsch", "_DE"])
def test_a_language_that_there_is_not_is_refused_with_those_there_are(code, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LANGUAGE", "en")
    assert main(["check", "--language", code, str(tmp_path / "x.yaml")]) == 2
    assert f"'{code}' is not one of de, en" in capsys.readouterr().err


@pytest.mark.parametrize("empty", ["", " ", "\t"])
@pytest.mark.parametrize(
    "words",
    [
        ["history", "list", "--person"],
        ["doctor", "--meter"],
        ["calibrate", "--simulate", "--answers", "simulated", "--meter"],
        ["calibration", "list", "--serial"],
    ],
)
def test_an_empty_word_is_refused_as_empty(words, empty, capsys, monkeypatch):
    monkeypatch.setenv("LANGUAGE", "en")
    assert main([*words, empty]) == 2
    assert f"'{empty}' is empty: write a name or number, or leave the option out" in capsys.readouterr().err


def test_no_permission_is_told_with_what_denies_it():
    """As any account meets it: what a system says in its own words never reaches a person."""
    denied = PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/nowhere/u.sock")
    said = failed_start(denied)
    assert said.startswith("/nowhere/u.sock can't be used: no permission")
    assert "Errno" not in said
    with pytest.raises(UnitUnavailable, match="may not be used by this account: use the account"):
        say_absent(Path("u.sock"), denied)


def test_what_is_no_unit_is_told_apart(tmp_path, capsys):
    plain = tmp_path / "plain"
    plain.touch()
    for path, says in (
        (plain, "is no socket of a unit: choose another path"),
        (plain / "u.sock", f"{plain} is no folder; look at the path"),
        (tmp_path / "no" / "u.sock", f"{tmp_path / 'no'} is no folder; look at the path"),
        (tmp_path / "u.sock", "start one with `ionto unit --socket"),
    ):
        assert main(["off", "--attach", str(path)]) == 5
        err = capsys.readouterr().err
        assert says in err
        assert "Errno" not in err
    assert sorted(one.name for one in tmp_path.iterdir()) == ["plain"], "no lock is left beside nothing"


def test_the_longest_path_that_linux_takes_is_taken(tmp_path):
    """The bound is the system's own, so that nothing is refused that works."""
    from app.arguments import LONGEST_SOCKET

    for size, works in ((LONGEST_SOCKET, True), (LONGEST_SOCKET + 1, False)):
        name = f"{FOLDER}/{'s' * (size - len(FOLDER) - 21)}-{os.getpid():019d}"
        assert len(name) == size
        with socket.socket(socket.AF_UNIX) as one:
            try:
                one.bind(name)
            except OSError:
                assert not works
            else:
                assert works
                Path(name).unlink()
