"""A command that is refused leaves nothing behind: not its state directory, not a folder for results."""

import socket
import sys

import pytest

from app.main import main

REFUSED = {
    "a code that is too short": (["nurse-code"], "short\nshort\n", "at least 6 characters"),
    "no such treatment": (["device", "nosuch"], "", "no treatment is named"),
    "a scenario that is not there": (["device", "--simulate", "nosuch.yaml"], "", "does not exist"),
    "no unit": (["device", "--attach", "nosuch.sock"], "", "nosuch.sock"),
    "no hardware": (["device", "--unit", "absent.yaml"], "", "does not exist"),
    "another unit's calibration": (["device", "--calibration", "absent.yaml"], "", "unknown key"),
    "a certificate that is not there": (["web", "--certificate", "no.pem"], "", "does not exist"),
    "a certificate that is none": (["web", "--certificate", "absent.yaml"], "", "this is no certificate"),
    "a port in use": (["web", "--port", "{port}"], "", "another program listens there): end that one"),
    "no record": (
        ["calibration", "mark-bad", "--serial", "A", "--who", "T", "--why", "x"],
        "",
        "no calibration record",
    ),
    "no serial": (["calibrate"], "", "no serial number"),
    "no session": (
        ["history", "amend", "1", "--started", "2026-01-01T10:00", "--reason", "x"],
        "",
        "no journal",
    ),
    "an empty note": (["service", "note", "", "--who", "T"], "", "printable characters"),
    "a scenario of no file": (["run", "hands", "--simulate", "nosuch.yaml"], "", "does not exist"),
}


@pytest.fixture
def port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


@pytest.mark.parametrize("what", REFUSED)
def test_a_refused_command_makes_nothing(what, tmp_path, monkeypatch, capsys, port):
    words, typed, says = REFUSED[what]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "absent.yaml").write_text("i2c: {bus: 9}\n")
    (tmp_path / "typed").write_text(typed)
    with (tmp_path / "typed").open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        code = main([*(word.format(port=port) for word in words), "--state", "new/state"])
    said = capsys.readouterr().err
    assert code in (2, 5)
    assert says in said
    assert "Errno" not in said
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["absent.yaml", "typed"]
