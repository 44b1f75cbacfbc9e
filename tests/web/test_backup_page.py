"""The nurse's one button: a backup over the page is what the command makes, and takes the code each time."""

import sqlite3
from contextlib import closing
from datetime import date

import pytest

from app.household.store import Household
from app.main import main
from controller.journal.history import open_history
from controller.journal.store import Store

CODE = "rose-7421"
START = {"unit": "u", "treatment": "hands", "simulated": True, "target_ma": 12.0, "total_s": 1200.0}


@pytest.fixture(scope="module")
def kept(house):
    """A household with somebody who was treated."""
    book = Household(house.state)
    book.set_code(CODE)
    book.add_person("Ann", date(1990, 1, 1))
    store = Store(house.state)
    store.begin(START | {"person": "1"})
    store.write([["end", "completed", None, 1200.0, 90.0, 90.0, None]])
    store.connection.close()
    return house


def ask(phone, code=CODE):
    return phone.submit("/history", "/backup", code=code)


def test_what_the_page_gives_is_restored(kept, phone, tmp_path):
    assert "Backup" in phone.get("/history").page.text
    answer = ask(phone)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"].startswith('attachment; filename="ionto-20')
    assert answer.headers["cache-control"] == "no-store"
    (tmp_path / "kept.zip").write_bytes(answer.body)
    assert main(["restore", str(tmp_path / "kept.zip"), "--state", str(tmp_path / "new")]) == 0
    assert [one.name for one in Household(tmp_path / "new").people()] == ["Ann"]
    with open_history(tmp_path / "new") as history:
        assert history.verify().problems == []
        assert len(history.sessions()) == 1
    assert list(kept.state.glob(".backup-*")) == []


@pytest.mark.parametrize(("code", "status", "said"), [("wrong-1", 403, "is wrong"), ("", 422, "is missing")])
def test_without_the_code_nothing_is_given(kept, phone, code, status, said):
    answer = ask(phone, code)
    assert answer.status == status
    assert said in answer.page.text
    assert b"PK\x03\x04" not in answer.body
    assert any(form["action"] == "/backup" for form in answer.page.forms), "and the form is there again"


def test_a_stranger_gets_none(kept, stranger):
    assert not any(form["action"] == "/backup" for form in stranger.get("/history").page.forms)
    assert b"PK\x03\x04" not in stranger.post("/backup", {"code": CODE}).body


def test_a_changed_journal_is_said_and_not_given(kept, phone):
    with closing(sqlite3.connect(kept.state / "journal.db")) as journal:
        journal.execute("UPDATE session SET person = '2'")
        journal.commit()
    answer = ask(phone)
    assert answer.status == 503
    assert "No backup was made" in answer.page.text
    assert list(kept.state.glob(".backup-*")) == []
