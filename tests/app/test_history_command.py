"""`ionto history`: what it answers, and that it never calls a changed journal whole."""

import csv
import json
import sqlite3

import pytest

from app.main import main
from app.output import ExitCode
from controller.journal.store import Store
from controller.journal.tables import FILE

START = {"unit": "simulated", "treatment": "hands", "simulated": True, "target_ma": 12.0, "total_s": 1200.0}


@pytest.fixture
def state(tmp_path):
    for person, trip in (("anna", False), ("=cmd()", True)):
        store = Store(tmp_path)
        store.begin(START | {"person": person})
        store.write([["row", s / 2, "hold", "forward", 12.0, 11.9, 14.0, 0.1 * s, 0.0] for s in range(20)])
        cut = [["trip", "open_circuit", "hold", 9.5, "nothing flows"]] if trip else []
        store.write(
            [*cut, ["end", "aborted" if trip else "completed", None, 9.5, 1.9, 0.0, 11 if trip else None]]
        )
        store.connection.close()
    return tmp_path


@pytest.fixture
def ask(state, capsys):
    def asking(*words):
        code = main(["history", *map(str, words), "--state", str(state)])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, said.err

    return asking


def test_list_and_show_tell_what_was_treated_and_stamp_it(ask):
    code, out, _ = ask("list")
    assert code == ExitCode.COMPLETED
    assert [line.split()[0] for line in out.splitlines()[1:3]] == ["2", "1"], "newest first"
    assert out.count("SIMULATED") == 2
    _, out, _ = ask("show", 2)
    assert "SIMULATED" in out
    assert "Trip      open circuit, in hold at 10 s" in out
    answer = json.loads(ask("show", 2, "--json")[1])
    assert (answer["code"], answer["trips"][0]["evidence"]) == (11, "nothing flows")
    assert len(answer["chart"]["at_s"]) == 11
    listed = json.loads(ask("list", "--json", "--person", "anna")[1])
    assert [one["id"] for one in listed["sessions"]] == [1]


def test_exports_are_whole_and_no_formula(ask, tmp_path):
    assert ask("export", tmp_path / "all.csv")[0] == ExitCode.COMPLETED
    rows = list(csv.DictReader((tmp_path / "all.csv").read_text().splitlines()))
    assert [row["person"] for row in rows] == ["'=cmd()", "anna"]
    ask("export", tmp_path / "one.csv", "--session", 1)
    assert len((tmp_path / "one.csv").read_text().splitlines()) == 12
    ask("export", tmp_path / "all.json")
    assert len(json.loads((tmp_path / "all.json").read_text())) == 2


def test_a_plot_is_stamped(ask, tmp_path):
    assert ask("plot", 2, tmp_path / "s.svg")[0] == ExitCode.COMPLETED
    picture = (tmp_path / "s.svg").read_text()
    assert "SIMULATED" in picture
    assert "aborted: open circuit" in picture


def test_verify_says_intact_or_not(ask, state):
    code, out, _ = ask("verify")
    assert (code, out[:7]) == (ExitCode.COMPLETED, "Intact:")
    connection = sqlite3.connect(state / FILE)
    connection.execute("UPDATE session SET forward_ma_min = 1 WHERE id = 1")
    connection.commit()
    connection.close()
    code, out, err = ask("verify")
    assert code == ExitCode.ABORTED
    assert "NOT INTACT" in out
    assert "session 1: forward_ma_min changed" in err
    assert json.loads(ask("verify", "--json")[1])["intact"] is False


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "9"), "no session 9"),
        (("show", "0"), "whole number"),
        (("list", "--limit", "501"), "at most 500"),
        (("export", "x.txt"), "end in .csv or .json"),
        (("plot", "1", "/nowhere/x.svg"), "does not exist"),
        (("export", "/nowhere/x.csv"), "can't be written (it does not exist): look at the path"),
        (("export", "/proc/self/status/x.csv"), "can't be written (a part of the path is no folder)"),
    ],
)
def test_bad_input_is_one_sentence(ask, words, said):
    code, out, err = ask(*words)
    assert (code, out) == (ExitCode.BAD_INPUT, "")
    assert said in err
    assert err.count("\n") == 1


def test_no_journal_is_said(tmp_path, capsys):
    assert main(["history", "list", "--state", str(tmp_path / "nothing")]) == ExitCode.BAD_INPUT
    assert "there is no journal in" in capsys.readouterr().err
