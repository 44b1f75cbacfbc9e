"""What can't be seen is never taken for absent: its cause is told in one sentence by every command."""

import os
import sqlite3

import pytest

from app.main import main
from app.output import ExitCode
from app.web.records import Records, Unreadable
from controller.host.disk import there, why
from controller.journal.store import Store

CLOSED = {
    "circle": "its links lead in a circle",
    "name too long": "its name is too long",
    "leads nowhere": "its link leads to nothing",
}
"""What keeps every account from looking, the superuser too; a folder without permission is met likewise."""


@pytest.fixture(params=CLOSED)
def closed(request, tmp_path):
    """A state directory that nobody can look into, and why; `journal.db` alone for a link to nothing."""
    state = tmp_path / "state"
    if request.param == "circle":
        state.symlink_to(state)
    elif request.param == "name too long":
        state = tmp_path / ("x" * 300)
    else:
        state.mkdir()
        for name in ("journal.db", "household.db", "device.yaml", "calibration", "mqtt", "service.jsonl"):
            (state / name).symlink_to(tmp_path / "taken out" / name)
    return state, CLOSED[request.param]


@pytest.mark.parametrize(
    "words",
    [
        "history list",
        "history verify --json",
        "history export x.csv",
        "service",
        "calibration list --serial SIM-1",
        "run hands --simulate --speed max",
        "device --simulate",
    ],
)
def test_every_command_names_the_cause(closed, words, capsys, tmp_path, monkeypatch):
    state, cause = closed
    monkeypatch.chdir(tmp_path)
    assert main([*words.split(), "--state", str(state)]) == ExitCode.BAD_INPUT
    said = capsys.readouterr().err
    assert cause in said or "path is too long" in said
    assert "internal error" not in said
    assert len(said.splitlines()) == 1


def test_a_journal_that_a_link_to_nothing_stands_for_is_no_reason_to_make_one(tmp_path):
    (tmp_path / "journal.db").symlink_to(tmp_path / "taken out" / "journal.db")
    with pytest.raises(sqlite3.OperationalError) as refused:
        Store(tmp_path)
    assert CLOSED["leads nowhere"] in why(refused.value, tmp_path).cause


def test_pages_never_take_it_for_empty(closed):
    state, cause = closed
    with pytest.raises(Unreadable, match=cause):
        Records(state).page(5)


@pytest.mark.parametrize("words", ["history list", "service"])
def test_a_pipe_in_the_journals_place_keeps_nobody_waiting(words, tmp_path, capsys):
    os.mkfifo(tmp_path / "journal.db")
    assert main([*words.split(), "--state", str(tmp_path)]) == ExitCode.BAD_INPUT
    assert "no regular file" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["history list", "service"])
def test_a_file_without_tables_is_an_empty_journal(words, tmp_path, capsys):
    (tmp_path / "journal.db").touch()
    assert main([*words.split(), "--state", str(tmp_path)]) == ExitCode.BAD_INPUT
    assert "is empty" in capsys.readouterr().err


def test_a_file_in_the_place_of_the_folder_is_told_as_one(tmp_path, capsys):
    Store(tmp_path).connection.close()
    assert main(["history", "list", "--state", str(tmp_path / "journal.db")]) == ExitCode.BAD_INPUT
    assert "is a file, not a folder" in capsys.readouterr().err


def test_what_is_not_there_is_not_there(tmp_path):
    (tmp_path / "file").touch()
    assert [there(tmp_path / name) for name in ("file", "none", "file/none", "none/none")] == [
        True,
        False,
        False,
        False,
    ]
