"""`ionto history amend`: with the nurse's code, within what can be, and shown wherever the date is."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from app.household.codes import TRIES, TRY_AGAIN_S
from app.household.store import Household, StoreRefused
from app.main import main
from app.output import ExitCode
from controller.journal.history import open_history
from controller.journal.store import FILE, Store

START = {"unit": "simulated", "treatment": "hands", "simulated": True, "target_ma": 12.0, "total_s": 1200.0}
CODE = "rose-7421"
WHEN = (datetime.now(UTC) - timedelta(days=3)).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def state(tmp_path):
    """One session of 2036, as an earlier version recorded it, and a code."""
    store = Store(tmp_path)
    store.begin(START | {"person": "1"})
    store.write([["row", s / 2, "hold", "forward", 12.0, 11.9, 14.0, 0.1 * s, 0.0] for s in range(20)])
    store.write([["end", "completed", None, 9.5, 100.0, 100.0, None]])
    store.connection.close()
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as connection:
        connection.execute("UPDATE session SET begun_utc = '2036-01-01T08:00:00.000+00:00'")
    Household(tmp_path).set_code(CODE)
    return tmp_path


@pytest.fixture
def ask(state, capsys, monkeypatch):
    def asking(*words, typed=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n"))
        code = main(["history", *map(str, words), "--state", str(state)])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, said.err

    return asking


def amend(ask, *, typed=CODE, started=None, session=1, reason="a wrong clock", more=()):
    started = WHEN.isoformat() if started is None else started
    return ask("amend", session, "--started", started, "--reason", reason, *more, typed=typed)


def test_a_date_that_can_t_be_is_marked_and_explained_and_amended_with_the_code(ask):
    _, out, _ = ask("list")
    assert "2036-01-01 08:00?" in out
    assert "not known" in out
    assert "Date      not known: the clock was not set; at the latest" in ask("show", 1)[1]
    code, out, err = amend(ask)
    assert (code, err) == (ExitCode.COMPLETED, "")
    assert f"amended to {WHEN:%Y-%m-%d} 12:00 UTC, in the place of 2036-01-01 08:00 UTC" in out
    _, out, _ = ask("list")
    assert f"{WHEN:%Y-%m-%d} 12:00*" in out
    shown = ask("show", 1)[1]
    assert "Begun     2036-01-01T08:00:00" in shown, "the recorded one stays beside it"
    now = f"{datetime.now(UTC):%Y-%m-%d}"
    assert f"Amended   to {WHEN:%Y-%m-%d} 12:00 UTC on {now} with the nurse's code: a wrong clock" in shown
    assert "changed since it was recorded" in ask("verify")[2], "by this test, as begun_utc was"


def test_amended_dates_leave_as_json_and_csv(ask, tmp_path):
    code, out, _ = amend(ask, more=["--json"])
    made = json.loads(out)
    assert (code, made["session"], made["role"]) == (ExitCode.COMPLETED, 1, "nurse")
    (one,) = json.loads(ask("list", "--json")[1])["sessions"]
    assert (one["amended_utc"], one["date_known"]) == (made["begun_utc"], True)
    assert one["begun_utc"].startswith("2036")
    (kept,) = json.loads(ask("show", 1, "--json")[1])["amendments"]
    assert kept["reason"] == "a wrong clock"
    ask("export", tmp_path / "all.csv")
    (row,) = csv.DictReader((tmp_path / "all.csv").read_text().splitlines())
    assert row["amended_utc"] == made["begun_utc"]
    ask("export", tmp_path / "all.json")
    assert json.loads((tmp_path / "all.json").read_text())[0]["amendments"] == [kept]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"started": "yesterday"}, "--started yesterday: write date and time"),
        ({"started": "2026-11-20"}, "write date and time"),
        ({"started": "2099-01-01T10:00"}, "is allowed"),
        ({"session": 7}, "no session 7"),
        ({"reason": ""}, "1 to 200 printable characters"),
    ],
)
def test_what_can_t_be_amended_is_one_sentence(ask, asked, said):
    code, out, err = amend(ask, **asked)
    assert (code, out) == (ExitCode.BAD_INPUT, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_wrong_code_amends_nothing_and_too_many_lock_the_right_one_out(ask, state):
    for _ in range(TRIES):
        code, out, err = amend(ask, typed="rose-0000")
        assert (code, out) == (ExitCode.REFUSED, "")
        assert "code is wrong" in err
    code, _, err = amend(ask)
    assert code == ExitCode.REFUSED
    assert "Too many tries" in err
    with open_history(state) as history:
        assert history.amendments(1) == []


def test_no_code_and_the_right_one_are_no_try(ask):
    for _ in range(TRIES + 1):
        code, _, err = amend(ask, typed="")
        assert code == ExitCode.REFUSED
        assert "That was no try" in err
    for _ in range(TRIES + 1):
        assert amend(ask)[0] == ExitCode.COMPLETED


def test_without_a_code_set_it_is_said_who_sets_it(ask, state):
    (state / "household.db").unlink()
    code, _, err = amend(ask)
    assert code == ExitCode.REFUSED
    assert "ionto nurse-code" in err
    assert not (state / "household.db").exists()


def test_a_book_that_can_t_be_kept_is_told_in_our_words(ask, state):
    (state / "household.db").write_bytes(b"no table" * 1000)
    code, _, err = amend(ask)
    assert code == ExitCode.REFUSED
    assert "can't be kept (the file is no database of ours): move that file away" in err
    assert "file is not a database" not in err


def test_tries_come_back_with_the_time_since_boot_and_not_by_a_restart(tmp_path):
    household = Household(tmp_path)
    for _ in range(TRIES):
        household.take_try("a", 100.0)
    for boot, at_s in (("a", 100.0), ("a", 99.0 + TRY_AGAIN_S), ("b", 50.0), ("", 1e9)):
        with pytest.raises(StoreRefused, match="Too many tries"):
            household.take_try(boot, at_s)
    household.take_try("", 1e9 + TRY_AGAIN_S + 1.0)


def test_where_no_journal_is_there_none_is_made(tmp_path, capsys):
    words = [
        "history",
        "amend",
        "1",
        "--started",
        "2026-11-20T18:30",
        "--reason",
        "x",
        "--state",
        str(tmp_path / "no"),
    ]
    assert main(words) == ExitCode.BAD_INPUT
    assert "there is no journal" in capsys.readouterr().err
    assert not (tmp_path / "no").exists()
