"""Of nothing, every command says nothing of what, and every file has its headings."""

import csv

import pytest

from app.main import main
from app.output import ExitCode
from controller.journal.history import open_history
from controller.journal.store import Store

START = {"unit": "u", "treatment": "hands", "simulated": True, "target_ma": 12.0, "total_s": 60.0}


@pytest.fixture
def state(tmp_path):
    Store(tmp_path).connection.close()
    return tmp_path


def treated(state, person):
    store = Store(state)
    store.begin(START | {"person": person})
    store.write([["end", "aborted", "nothing flows", 1.0, 0.0, 0.0, 11]])
    store.connection.close()


@pytest.mark.parametrize("more", [(), ("--spreadsheet",)])
def test_a_table_without_rows_has_its_headings(more, state, tmp_path):
    file = tmp_path / "out.csv"
    words = ["history", "export", str(file), *more, "--state", str(state)]
    assert main(words) == ExitCode.COMPLETED
    (without,) = csv.reader(file.read_text("utf-8-sig").splitlines())
    treated(state, "1")
    assert main(words) == ExitCode.COMPLETED
    heads, row = csv.reader(file.read_text("utf-8-sig").splitlines())
    assert without == heads
    assert len(heads) == len(row)


def test_the_names_of_columns_are_those_of_the_rows(state):
    treated(state, "1")
    with open_history(state) as history:
        assert history.columns() == list(history.sessions()[0])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((), "No session is recorded there."),
        (("--person", "9"), "No session of person 9 is recorded there."),
        (("--before", "1"), "No session before 1 is recorded there."),
    ],
)
def test_a_list_without_rows_says_of_what(asked, said, state, capsys):
    if asked:
        treated(state, "1")
    assert main(["history", "list", *asked, "--state", str(state)]) == ExitCode.COMPLETED
    assert capsys.readouterr().out.strip() == said


def test_the_case_of_a_files_ending_says_nothing(state, tmp_path):
    for name in ("out.CSV", "out.Json"):
        assert main(["history", "export", str(tmp_path / name), "--state", str(state)]) == ExitCode.COMPLETED
    assert (tmp_path / "out.Json").read_text() == "[]"
