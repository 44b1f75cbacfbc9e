"""A kill or a power cut at every single write: of the journal, of the next start, of the household's book.

The processes are the real ones; `tests/support/cuts.py` sees each call that changes the disk, and lays out
what a cut there leaves. The next start then has to find it, whole, with at most a second of dose lost.
"""

import json
import shutil
import sys
import tempfile
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from cuts import Watched, killed, lay_out, power_cuts, why_not
from household_under_test import CHANGES, told

from controller.journal.history import open_history
from controller.journal.store import Store
from controller.journal.writer import ROW_S

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
HERE = Path(__file__).parents[1] / "support"
START = {"unit": "u", "treatment": "hands", "simulated": False, "target_ma": 12.0, "total_s": 1200.0}
MA_MIN_PER_S = 12.0 / 60
MOST_LOST_S = 1.0
"""Law 10."""


@pytest.fixture
def memory():
    """A folder for the states: in memory, where there is one, since it is no disk that is tested here."""
    shared = Path("/dev/shm")  # noqa: S108 - a folder of its own in it
    place = Path(tempfile.mkdtemp(dir=shared if shared.is_dir() else None))
    yield place
    shutil.rmtree(place)


def lines(*records):
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def row(number):
    at_s = ROW_S * number
    return lines(["row", at_s, "hold", "forward", 12.0, 12.0, 14.0, at_s * MA_MIN_PER_S, 0.0])


LOOK = lines(["look", {"unit": "u", "simulated": True}])


def session(rows):
    """What the loop's process sends: look, begin, rows, trip with end; two answers before the rows."""
    at_s = ROW_S * rows
    end = lines(
        ["trip", "open_circuit", "hold", at_s, "nothing flows"],
        ["wear", 2, 1],
        ["end", "aborted", "nothing flows", at_s, at_s * MA_MIN_PER_S, 0.0, 11],
    )
    return [LOOK, lines(["begin", START]), *map(row, range(rows)), end]


def watched(folder, questions):
    """Run the journal's process through the questions; returns what it did to the disk."""
    folder.mkdir(exist_ok=True)
    process = Watched([sys.executable, "-P", "-m", "controller.journal.store", str(folder)], folder)
    try:
        for question in questions:
            answer = json.loads(process.ask(question))
            assert "failed" not in answer
        assert process.end() == 0
    finally:
        process.kill()
    return process.steps


def start_again(folder):
    """Do what the next start does: look, and be asked by `ionto history verify`."""
    store = Store(folder)
    with closing(store.connection) as connection:
        cut_off = store.look("u")["cut_off"]
        assert store.look("u")["cut_off"] == [], "told once"
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with open_history(folder) as history:
        assert history.verify().problems == []
        return cut_off, history.sessions(), [history.trips(one["id"]) for one in history.sessions()]


def judge(cut, folder, rows):
    """Hold one cut of a session to the law."""
    begun, kept_rows, ended = cut.answered >= 2, cut.answered - 2, cut.answered >= 3 + rows
    if begun:
        with open_history(folder) as history:
            assert history.verify().problems == [], "before anything mends it"
    cut_off, sessions, trips = start_again(folder)
    assert len(sessions) >= begun, "an acknowledged start is there"
    if not sessions:
        assert cut_off == []
        return
    (one,), (trip,) = sessions, trips
    if ended:
        assert one["outcome"] == "aborted"
    if one["outcome"] == "aborted":
        assert cut_off == []
        assert [each["cause"] for each in trip] == ["open_circuit"]
        assert one["forward_ma_min"] == pytest.approx(ROW_S * rows * MA_MIN_PER_S)
        return
    assert one["outcome"] == "cut_off"
    assert [each["session"] for each in cut_off] == [1], "the next start tells it"
    assert trip == []
    # The newest row that was sent, and what flowed until the next one would have been.
    sent = min(cut.asked - 3, rows - 1)
    flowed_s = ROW_S * (sent + 1) if sent >= 0 else 0.0
    assert one["duration_s"] >= ROW_S * (min(kept_rows, rows) - 1)
    assert flowed_s - one["duration_s"] <= MOST_LOST_S
    lost_ma_min = flowed_s * MA_MIN_PER_S - cut_off[0]["charge_ma_min"]["forward"]
    assert lost_ma_min <= MOST_LOST_S * MA_MIN_PER_S + 1e-9


def hold(cuts, memory, check):
    """Check every cut; names the one that fails."""
    number = count()
    for cut in cuts:
        folder = lay_out(cut.content, memory / str(next(number)))
        try:
            check(cut, folder)
        except Exception as error:
            what = f"{cut.how} at {cut.doing.kind} of {cut.doing.name} ({cut.answered} answered)"
            raise AssertionError(f"{what}: {error}") from error
        shutil.rmtree(folder)
    return next(number)


ROWS = 4


@pytest.mark.parametrize(("cuts", "least"), [(killed, 80), (power_cuts, 300)], ids=["killed", "power gone"])
def test_a_session_cut_at_every_write_is_told_with_its_dose(tmp_path, memory, cuts, least):
    steps = watched(tmp_path / "state", session(ROWS))
    *_, last = killed(steps)
    real = {file.name: file.read_bytes() for file in (tmp_path / "state").iterdir()}
    assert last.content == real, "what was seen is what is on the disk"
    assert hold(cuts(steps), memory, lambda cut, folder: judge(cut, folder, ROWS)) >= least


@pytest.mark.parametrize("cuts", [killed, power_cuts], ids=["killed", "power gone"])
def test_a_cut_while_the_next_start_tells_of_a_cut_is_told_by_the_one_after_it(tmp_path, memory, cuts):
    steps = watched(tmp_path / "state", session(ROWS)[:-1])
    before = next(cut.content for cut in reversed(list(killed(steps))) if "journal.db-wal" in cut.content)
    state = lay_out(before, tmp_path / "again")
    again = watched(state, [LOOK, lines(["begin", START])])

    def check(cut, folder):
        cut_off, sessions, _ = start_again(folder)
        first = sessions[-1]
        assert first["outcome"] == "cut_off"
        assert first["forward_ma_min"] == pytest.approx(ROW_S * (ROWS - 1) * MA_MIN_PER_S)
        assert len(sessions) == 2 if cut.answered >= 2 else len(sessions) >= 1
        now_told = {one["session"] for one in cut_off}
        if len(sessions) == 2:
            assert now_told == {2}
        else:  # what was written and cut before it was said stands in the history
            assert now_told <= (set() if cut.answered else {1})

    assert hold(cuts(again, before), memory, check) >= 20


@pytest.mark.nightly
def test_a_long_session_is_whole_when_cut_while_sqlite_tidies_up(tmp_path, memory):
    """After some hundred rows the log is written back into the tables, in mid-session."""
    rows = 600
    steps = watched(tmp_path / "state", session(rows))
    cuts = [cut for cut in killed(steps, near="journal.db") if 10 < cut.answered < rows]
    assert len(cuts) > 10, "it was written back"
    hold(cuts, memory, lambda cut, folder: judge(cut, folder, rows))


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    """The household's process through all its changes, and what was told after each."""
    state, beside = tmp_path_factory.mktemp("watched"), tmp_path_factory.mktemp("beside")
    process = Watched([sys.executable, str(HERE / "household_under_test.py"), str(state)], state)
    after = [told(beside)]
    from app.household.store import Household

    try:
        for name, change in CHANGES.items():
            process.ask(name.encode() + b"\n")
            change(Household(beside), beside)
            after.append(told(beside))
        assert process.end() == 0
    finally:
        process.kill()
    return process.steps, after


@pytest.mark.parametrize(("cuts", "least"), [(killed, 100), (power_cuts, 300)], ids=["killed", "power gone"])
def test_the_household_s_book_is_as_it_was_after_the_last_change_or_the_next(changed, memory, cuts, least):
    steps, after = changed
    orders = {order for _, order in after}

    def check(cut, folder):
        book, order = told(folder)
        near = after[cut.answered : cut.answered + 2]
        assert book in [kept for kept, _ in near], "what was answered is there, and every change is whole"
        if cuts is killed:
            assert order in [prepared for _, prepared in near]
        assert order in orders, "an order is whole or not there; after a power cut it may be the one before"

    assert hold(cuts(steps), memory, check) >= least
