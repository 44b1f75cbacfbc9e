"""A record bears a date: none is begun by a clock that can't be right. Who has no record is told who has."""

from datetime import UTC, datetime

import pytest

from app.main import main
from app.output import ExitCode
from protocols.dates import Reading


@pytest.fixture
def never_set(monkeypatch):
    reading = Reading(datetime(1970, 1, 1, 0, 3, tzinfo=UTC), "boot", 180.0)
    for module in ("command", "commission"):
        monkeypatch.setattr(f"app.technician.{module}.wall.read", lambda: reading)


@pytest.mark.parametrize("command", ["calibrate", "commission"])
def test_no_record_is_begun_by_a_clock_that_nobody_set(command, never_set, tmp_path, capsys):
    words = [command, "--simulate", "--answers", "simulated", "--state", str(tmp_path)]
    assert main(words) == ExitCode.REFUSED
    assert "the clock shows a date that can't be right" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_who_mistypes_a_serial_number_is_told_which_there_are(tmp_path, capsys):
    folder = tmp_path / "calibration"
    folder.mkdir()
    (folder / "A7.yaml").write_text('unit_serial: "A7"\ndate: 2026-01-31\nchannels: {}\n')
    (folder / "A7.0001.yaml").write_text('unit_serial: "A7"\ndate: 2025-01-31\nchannels: {}\n')
    state = ["--state", str(tmp_path)]
    for what in ("show", "certificate"):
        words = ["calibration", what, "--serial", "a7", "--html", str(tmp_path / "x.html"), *state]
        assert main(words) == ExitCode.BAD_INPUT
        said = capsys.readouterr().err
        assert f"there is no calibration record of unit a7 in {tmp_path}; there are records of A7\n" in said
    assert main(["calibration", "list", "--serial", "a7", *state]) == ExitCode.COMPLETED
    assert "there are records of A7.\n" in capsys.readouterr().out
