"""What the last release left is read and treated on, and left so that the last release treats on it again.

`tests/data/` holds a state directory as that release wrote it: four people, an order that is over, a
technician's note, a calibration record, and sessions that were aborted, stopped, completed and cut off.
"""

import json
import os
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from appliance import Appliance
from herald import wait_for
from played import ORDER, after, idle, serve, sessions

from app.household.book import FILE as BOOK
from app.household.store import Household
from app.main import main
from app.technician import logbook
from config.calibration import read_calibration
from controller.journal import store
from controller.journal.history import open_history
from controller.journal.store import Store
from controller.journal.tables import FILE as JOURNAL
from controller.orders.file import FILE as NEXT
from controller.orders.file import Order, found, written

ROOT = Path(__file__).parents[1]
LAST = "d91a6ec"
OUTCOMES = ["aborted", "stopped", "completed", "cut_off"]
PEOPLE = ["Ann", "Bo", "Cy", "Zoë"]


@pytest.fixture
def state(tmp_path):
    with tarfile.open(ROOT / "tests/data" / f"state-{LAST}.tar.gz") as kept:
        # Debian 12's Python does not know the filter yet, later ones want it.
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        kept.extractall(tmp_path / "state", **safely)  # noqa: S202 - a file of ours
    return tmp_path / "state"


def test_every_file_is_read_as_it_was_written(state, capsys):
    before = {file: file.read_bytes() for file in state.rglob("*") if file.is_file()}
    past = sessions(state)
    assert [one["outcome"] for one in past] == OUTCOMES
    assert [one["person"] for one in past] == ["1", "1", "2", "3"]
    assert past[1]["linked_to"] == 1
    with open_history(state) as history:
        assert history.trips(1)[0]["cause"] == "open_circuit"
        assert len(history.chart(3)["at_s"]) > 1000
    record = read_calibration(state / "calibration" / "SIM-1.yaml", "SIM-1", date(2026, 11, 28))
    assert str(record.valid_until) == "2027-11-28"
    assert [note.text for note in logbook.read(state)[0]] == ["oiled"]
    order = (state / NEXT).read_bytes()
    while_it_held = datetime(2026, 11, 28, 5, tzinfo=UTC)
    assert (found(order, while_it_held)["order"]["person"], "error" in found(order, datetime.now(UTC))) == (
        "4",
        True,
    )
    assert [main(["history", asked, "--state", str(state)]) for asked in ("list", "verify")] == [0, 0]
    assert "Intact: records 9, sessions 4" in capsys.readouterr().out
    assert all(file.read_bytes() == data for file, data in before.items()), "reading wrote nothing"


def test_the_household_is_brought_up_to_date_and_kept_as_it_was(state):
    with closing(sqlite3.connect(state / BOOK)) as book:
        before = book.execute("SELECT * FROM person").fetchall()
    household = Household(state)
    assert [person.name for person in household.people()] == PEOPLE
    for person in household.people():
        found = {one.details["what"]: one.details["after"] for one in household.changes(person.id)}
        assert found == {**person.answers, **{f"word:{key}": by for key, (by, _) in person.words.items()}}
    assert household.changes_problem() == ""
    with closing(sqlite3.connect(state / f"{BOOK}.before")) as kept:
        assert kept.execute("SELECT * FROM person").fetchall() == before


def columns(file):
    with closing(sqlite3.connect(file)) as journal:
        return {row[1] for row in journal.execute("PRAGMA table_info(session)")}


def test_the_journal_is_brought_up_to_date_in_one_step_and_kept_as_it_was(state):
    kept = state / f"{JOURNAL}.before"
    before = sessions(state)
    assert {"asked_ma_min", "short_because"}.isdisjoint(columns(state / JOURNAL))
    assert [(one["asked_ma_min"], one["short_because"]) for one in before] == [(None, None)] * 4
    for _ in range(2):
        Store(state).connection.close()
        assert columns(state / JOURNAL) >= {"asked_ma_min", "short_because"}
        assert {"asked_ma_min", "short_because"}.isdisjoint(columns(kept)), "the copy is of before"
    assert sessions(state) == before
    with closing(sqlite3.connect(kept)) as copy:
        assert copy.execute("SELECT count(*) FROM session").fetchone() == (4,)


def test_a_step_that_breaks_off_leaves_the_journal_as_it_was(state, monkeypatch):
    adds = store.add_asked

    def breaks(connection):
        adds(connection)
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(store, "add_asked", breaks)
    with pytest.raises(sqlite3.OperationalError):
        Store(state)
    assert {"asked_ma_min", "short_because"}.isdisjoint(columns(state / JOURNAL))
    assert [one["outcome"] for one in sessions(state)] == OUTCOMES


def treats(play):
    yield idle
    play.say(do="order", order={**ORDER, "person": "4", "treatment": "feet"}, valid_for_s=3600.0, digest="d")
    yield lambda seen: idle(seen) and seen["treatment"] == "feet"
    play.press()
    yield lambda seen: seen["phase"] == "hold" and seen["left_s"] < seen["total_s"] - 60.0
    play.say(do="stop")
    yield after(5)


def test_it_is_treated_on_in_one_chain(state):
    before = sessions(state)
    serve(treats, state, default=None)
    now = sessions(state)  # which holds the chain to be whole
    assert now[:4] == before
    assert [(one["outcome"], one["person"], one["treatment"]) for one in now[4:]] == [
        ("stopped", "4", "feet")
    ]


@pytest.fixture
def left(state):
    """What this version left of it."""
    Household(state)
    serve(treats, state, default=None)
    return state


def unpacked(tmp_path):
    """Lay the last release's source out, and return where."""
    git = ["git", "-c", "safe.directory=*", "-C", str(ROOT)]
    there = subprocess.run([*git, "cat-file", "-e", f"{LAST}^{{commit}}"], capture_output=True, check=False)
    if there.returncode:
        pytest.skip("the last release is not in this clone's history")
    place = tmp_path / "last"
    place.mkdir()
    packed = subprocess.run([*git, "archive", LAST], capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(place)], input=packed, check=True)
    return place


@pytest.fixture
def last(left, tmp_path, monkeypatch):
    """Have what runs from here on import the last release."""
    monkeypatch.setenv("PYTHONPATH", str(unpacked(tmp_path)))
    return "-P", "-m", "app.main"


def test_the_last_release_reads_the_notes_of_this_one(state, tmp_path):
    replaced = ["--replaced", "series_relay", "--state", str(state)]
    assert main(["service", "note", "a new relay", "--who", "Tess", *replaced]) == 0
    told = subprocess.run(
        [sys.executable, "-P", "-m", "app.main", "service", "--state", str(state), "--json"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(unpacked(tmp_path))},
    )
    assert [(one["who"], one["text"], one["replaced"]) for one in json.loads(told.stdout)["notes"]] == [
        ("tech", "oiled", ""),
        ("Tess", "a new relay", "series_relay"),
    ]


def test_the_last_release_treats_again_on_what_this_one_left(left, last):
    soon = datetime.now(UTC) + timedelta(hours=1)
    (left / NEXT).write_text(written(Order("4", "underarms", 4.0, 5.0, "forward", soon)))
    unit = Appliance(left, 30, last)
    try:
        wait_for(lambda: unit.snapshot.get("treatment") == "underarms")
        wait_for(lambda: unit.snapshot.get("next") == "press_start")
        unit.settle()
        unit.press("start", 3.0)
        wait_for(lambda: unit.snapshot["phase"] == "hold")
        unit.tell(do="stop")
        wait_for(lambda: unit.snapshot["state"] == "idle")
    finally:
        unit.close()
    told = subprocess.run(
        [sys.executable, *last, "history", "verify", "--state", str(left)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert "sessions 6" in told.stdout
    assert [one["outcome"] for one in sessions(left)] == [*OUTCOMES, "stopped", "stopped"]
    with closing(sqlite3.connect(left / JOURNAL)) as journal:
        assert journal.execute("SELECT person, treatment FROM session WHERE id = 6").fetchone() == (
            "4",
            "underarms",
        )
