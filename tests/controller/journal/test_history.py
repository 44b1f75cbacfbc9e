"""The journal keeps what version 1 held, shows what was changed, and stays fast for ten years."""

import sqlite3
from contextlib import closing

import pytest
from old_journal import ten_years, version_1

from controller.journal import service
from controller.journal.chain import HEAD_FILE, Head, read_head, write_head
from controller.journal.history import Unreadable, open_history
from controller.journal.store import Store
from controller.journal.tables import FILE

START = {"unit": "/dev/i2c-1", "treatment": "hands", "simulated": False, "target_ma": 12.0, "total_s": 1200.0}


def treated(state, *, trip=False):
    """One session as the store's process writes it."""
    store = Store(state)
    number = store.begin(START | {"person": "anna", "limit_ma": 14.0})["begun"]
    store.write(
        [["row", s / 2, "hold", "forward", 12.0, 11.98, 14.0, round(0.1 * s, 3), 0.0] for s in range(20)]
    )
    ends = [["end", "completed", None, 10.0, 1.9, 0.0, None]]
    if trip:
        ends = [
            ["trip", "open_circuit", "hold", 9.5, "nothing flows"],
            ["end", "aborted", "x", 10.0, 1.9, 0.0, 11],
        ]
    store.write(ends)
    store.connection.close()
    return number


@pytest.fixture
def state(tmp_path):
    treated(tmp_path)
    treated(tmp_path, trip=True)
    treated(tmp_path)
    return tmp_path


def found(state):
    with open_history(state) as history:
        return history.verify().problems


def change(state, statement, *values):
    connection = sqlite3.connect(state / FILE)
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def test_an_intact_journal_gives_no_finding(state):
    with open_history(state) as history:
        assert history.verify() == (7, 3, [])
        chart = history.chart(1)
        assert chart["at_s"] == [*map(float, range(10)), 9.5]
        assert chart["measured_ma"] == [11.98] * 11
        (trip,) = history.trips(2)
        assert (trip["cause"], history.session(2)["code"]) == ("open_circuit", 11)
        assert history.session(9) is None


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE session SET forward_ma_min = 1.8 WHERE id = 1", "session 1: forward_ma_min changed"),
        ("UPDATE session SET outcome = 'completed' WHERE id = 2", "session 2: outcome changed"),
        ("UPDATE session SET person = 'ben' WHERE id = 3", "session 3: person changed"),
        ("UPDATE session SET outcome = NULL WHERE id = 3", "session 3: outcome changed"),
        ("DELETE FROM session WHERE id = 3", "session 3 is missing"),
        ("DELETE FROM trip", "session 2: its trips are not those recorded"),
        ("UPDATE trip SET evidence = 'all was well'", "session 2: its trips"),
        ("UPDATE trip SET detected_s = 9.4", "session 2: its trips"),
        ("UPDATE chart SET data = x'00' WHERE session = 1", "session 1: its chart"),
        ("DELETE FROM chart WHERE session = 3", "session 3: its chart"),
        ("DELETE FROM record WHERE number = 3", "records 3 to 3 are missing"),
        ("UPDATE record SET body = replace(body, '1.9', '1.8') WHERE number = 2", "record 2"),
        ("UPDATE record SET session = 1 WHERE number = 3", "says something else than its row"),
        ("DELETE FROM record WHERE number = 7", "the journal's head says record 7"),
        ("UPDATE head SET number = 6", "the newest record is 7, but the journal's head says record 6"),
        ("INSERT INTO session (begun_utc, unit, treatment, simulated, target_ma, total_s) "
         "VALUES ('2026-01-01', 'x', 'hands', 0, 12, 1200)", "session 4 has no record"),
    ],
)  # fmt: skip
def test_a_changed_or_missing_record_shows(state, statement, words):
    change(state, statement)
    problems = found(state)
    assert any(words in problem for problem in problems), problems


def test_a_tail_cut_off_whole_shows_by_the_head_outside(state):
    connection = sqlite3.connect(state / FILE)
    connection.execute("DELETE FROM chart WHERE session = 3")
    connection.execute("DELETE FROM record WHERE session = 3")
    connection.execute("DELETE FROM session WHERE id = 3")
    number, newest = connection.execute("SELECT number, hash FROM record ORDER BY number DESC").fetchone()
    connection.execute("UPDATE head SET number = ?, hash = ?", (number, newest))
    connection.commit()
    connection.close()
    assert found(state) == [f"records 6 to 7 are missing at the end ({HEAD_FILE})"]
    write_head(state, Head(number, newest))
    assert found(state) == [], "who changes both is not found, and that is said"


def test_a_power_cut_between_journal_and_head_is_no_finding(state):
    before = read_head(state)
    treated(state)
    write_head(state, before)
    assert found(state) == []
    write_head(state, before._replace(hash="f" * 64))
    assert found(state) == [f"record 7 is not the one that {HEAD_FILE} knows"]
    (state / HEAD_FILE).write_text("nonsense")
    assert "does not hold" in found(state)[0]
    (state / HEAD_FILE).unlink()
    assert "is missing" in found(state)[0]


def test_version_1_becomes_version_2_without_loss(tmp_path):
    version_1(tmp_path)
    with (
        pytest.raises(Unreadable, match="version 1, read is version 2: the next session"),
        open_history(tmp_path),
    ):
        pass
    store = Store(tmp_path)
    (cut_off,) = store.begin(START)["cut_off"]
    assert (cut_off["session"], cut_off["duration_s"], cut_off["charge_ma_min"]["forward"]) == (2, 1.0, 0.4)
    store.connection.close()
    with open_history(tmp_path) as history:
        assert history.verify().problems == []
        first, second, third = (history.session(number) for number in (1, 2, 3))
        assert (first["outcome"], first["reason"], first["forward_ma_min"]) == (
            "aborted",
            "nothing flows",
            0.2,
        )
        assert (second["outcome"], third["outcome"], third["unit"]) == ("cut_off", "refused", "/dev/i2c-3")
        assert history.chart(1)["forward_ma_min"] == [0.0, 0.1, 0.2], "every row that there was"
        assert history.chart(1)["phase"] == ["ramp_up", "ramp_up", "tripped"]
        assert history.chart(2)["forward_ma_min"] == [0.3, 0.4]
        assert history.trips(1)[0]["evidence"] == "nothing flows"
        assert history.session(4)["outcome"] is None
    with closing(sqlite3.connect(tmp_path / f"{FILE}.before")) as copy:
        assert copy.execute("SELECT count(*), max(forward_ma_min) FROM dose").fetchone() == (5, 0.4)
        assert copy.execute("PRAGMA user_version").fetchone() == (1,)


def test_a_migration_that_breaks_off_leaves_version_1(tmp_path, monkeypatch):
    version_1(tmp_path)

    def breaks(*_args, **_settings):
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("controller.journal.tables.chain_end", breaks)
    with pytest.raises(sqlite3.OperationalError):
        Store(tmp_path)
    monkeypatch.undo()
    connection = sqlite3.connect(tmp_path / FILE)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM dose").fetchone() == (5,)
    connection.close()


def test_a_running_session_is_readable(tmp_path):
    store = Store(tmp_path)
    store.begin(START)
    store.write([["row", s / 2, "hold", "forward", 12.0, 11.98, 14.0, 0.1 * s, 0.0] for s in range(5)])
    with open_history(tmp_path) as history:
        assert history.chart(1)["at_s"] == [0.0, 1.0, 2.0]
        assert history.session(1)["outcome"] is None
        assert history.verify().problems == []
    store.connection.close()


def test_what_is_no_journal_is_said_in_a_sentence(tmp_path):
    with pytest.raises(Unreadable, match="no session was recorded there"), open_history(tmp_path):
        pass
    (tmp_path / FILE).write_bytes(b"no database at all, but long enough to be read as one" * 20)
    with pytest.raises(Unreadable, match="can't be read"), open_history(tmp_path):
        pass


@pytest.fixture(scope="module")
def decade(tmp_path_factory):
    state = tmp_path_factory.mktemp("decade")
    ten_years(state)
    return state


def test_ten_years_answer_like_one_month(decade, tmp_path):
    ten_years(tmp_path, 30)

    def steps(state, ask):
        """How many steps of its machine SQLite takes, which tells nothing of this machine's mood."""
        taken = 0

        def count():
            nonlocal taken
            taken += 1

        with open_history(state) as history:
            history._connection.set_progress_handler(count, 1)
            ask(history)
        return taken

    asks = {
        "newest": lambda history: history.sessions(limit=30),
        "of a person": lambda history: history.sessions(limit=10, person="p1"),
        "chart": lambda history: history.chart(15),
        "since": lambda history: history.since(history.sessions(limit=3)[-1]["begun_utc"], person="p1"),
    }
    for name, ask in asks.items():
        long, short = steps(decade, ask), steps(tmp_path, ask)
        assert 0 < long < 4 * short, (name, long, short)


def test_every_query_goes_by_an_index(decade):
    connection = sqlite3.connect(decade / FILE)
    plans = {
        "SELECT * FROM session WHERE id < 9 ORDER BY id DESC LIMIT 5": "session USING INTEGER PRIMARY KEY",
        "SELECT * FROM session WHERE person = 'p1' AND id < 9 ORDER BY id DESC LIMIT 5": "session_of_person",
        "SELECT * FROM session WHERE begun_utc >= '2030' ORDER BY begun_utc LIMIT 5": "session_by_time",
        "SELECT id FROM session WHERE unit = 'x' AND outcome IS NULL ORDER BY id": "session_running",
        "SELECT cause FROM trip WHERE session = 3 ORDER BY rowid": "trip_of_session",
        "SELECT data FROM chart WHERE session = 3": "chart USING INTEGER PRIMARY KEY",
        "SELECT at_s FROM live WHERE session = 3 ORDER BY at_s": "live_of_session",
    }
    for query, index in plans.items():
        plan = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}"))
        assert index in plan, (query, plan)
        assert "SCAN" not in plan
        assert "TEMP B-TREE" not in plan, (query, plan)
    connection.close()


def test_ten_years_are_verified(decade):
    with open_history(decade) as history:
        assert history.verify() == (7300, 3650, [])
        assert history.totals()["sessions"] == 3650


def test_what_was_asked_is_kept_with_the_end_and_in_the_chain(tmp_path):
    store = Store(tmp_path)
    store.begin(START)
    store.write(
        [["asked", 230.4, "voltage"], ["end", "completed_short", "too little", 1237.0, 50.0, 50.0, None]]
    )
    store.connection.execute("UPDATE session SET short_because = short_because")
    with open_history(tmp_path) as history:
        one = history.session(1)
        assert (one["asked_ma_min"], one["short_because"]) == (230.4, "voltage")
        assert history.totals()["completed_short"] == 1
        assert history.totals()["completed"] == 0
        assert history.verify().problems == []
        store.connection.execute("UPDATE session SET asked_ma_min = 100.0")
        assert history.verify().problems == ["session 1: asked_ma_min changed since it was recorded"]
    store.connection.close()


def test_how_the_computer_fared_is_in_the_chain_of_each_session(tmp_path, monkeypatch):
    """At its beginning and at its end, where the machine tells; a machine that doesn't leaves no word."""
    words = iter([0, 0x50005, None, None, 0x10000, 0x10000])
    monkeypatch.setattr("controller.host.computer.look", lambda: next(words))
    start = {"unit": "u", "treatment": "hands", "simulated": 0, "target_ma": 12.0, "total_s": 1200.0}
    for _ in range(3):
        store = Store(tmp_path)
        store.begin(start)
        store.write([["end", "completed", None, 600.0, 60.0, 60.0, None]])
        store.connection.close()
    assert service.computer(tmp_path) == [(3, 0x10000), (1, 0x50005)]
    with open_history(tmp_path) as history:
        assert history.verify().problems == []
