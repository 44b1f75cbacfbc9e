"""The journal's word on a lock: it outlasts every program, is chained, and nothing begins against it."""

import json
import sqlite3
from contextlib import closing

import pytest
from old_journal import version_1

from controller.core.locks import Lock, Needs
from controller.journal import locks
from controller.journal.chain import HEAD_FILE
from controller.journal.history import open_history
from controller.journal.looked import lock_heard
from controller.journal.releasing import Unwritable, WordRefused, say_why
from controller.journal.store import Locked, Store
from controller.journal.tables import FILE
from controller.journal.writer import Journal, JournalRefused

START = {"unit": "/dev/i2c-1", "treatment": "hands", "simulated": False, "target_ma": 12.0, "total_s": 1200.0}
PROOF = START | {"treatment": "proof", "target_ma": 0.0, "total_s": 0.0}
TRIPS = {"wrong_polarity": 35, "leakage": 13, "output_stuck": 34}


def ends(state, reason=None, *, start=START, outcome=None, charge=1.0, more=()):
    """Keep one session, by a process of its own as it were."""
    with closing(Opened(state)) as opened:
        opened.store.begin(start)
        trips = [["trip", reason, "hold", 1.0, "so"]] if reason in TRIPS else []
        code = TRIPS.get(reason) or (63 if reason == "relay_welded" else None)
        outcome = outcome or ("aborted" if trips else "refused" if reason else "completed")
        opened.store.write([*trips, *more, ["end", outcome, reason, 1.0, charge, 0.0, code]])


class Opened:
    def __init__(self, state):
        self.store = Store(state)

    def close(self):
        self.store.connection.close()


def lock(state, *, simulated=False):
    with closing(Opened(state)) as opened:
        return lock_heard(json.loads(json.dumps(opened.store.look("/dev/i2c-1", simulated=simulated))))


def intact(state):
    with open_history(state) as history:
        return history.verify().problems == []


def change(state, query):
    with closing(sqlite3.connect(state / FILE)) as connection:
        connection.execute(query)
        connection.commit()


@pytest.mark.parametrize("reason", ["wrong_polarity", "output_stuck", "relay_welded"])
def test_a_cause_that_locks_is_told_by_every_process_from_then_on_and_nothing_begins(tmp_path, reason):
    ends(tmp_path)
    ends(tmp_path, reason)
    found = lock(tmp_path)
    assert (found.reason, found.session, found.needs) == (reason, 2, Needs.WORD)
    for start in (START, PROOF, START | {"scripted": True}, START | {"unit": "a new name"}):
        with pytest.raises(Locked, match=r"locked by code \d\d of 2\d{3}-\d\d-\d\d, session 2 .*technician"):
            ends(tmp_path, start=start)
    assert lock(tmp_path) == found, "what was refused left nothing"
    with open_history(tmp_path) as history:
        assert len(history.sessions()) == 2
    assert intact(tmp_path)


def test_a_trip_while_nobody_is_treated_is_recorded_all_the_same(tmp_path):
    ends(tmp_path, "wrong_polarity")
    ends(tmp_path, "output_stuck", start=START | {"treatment": "idle"})
    assert lock(tmp_path).reason == "output_stuck"


def test_the_loops_end_of_the_pipe_hears_the_sentence(tmp_path):
    ends(tmp_path, "wrong_polarity")
    with closing(Journal(tmp_path, START)) as journal, pytest.raises(JournalRefused, match="`ionto unlock`"):
        journal.confirm()
    with closing(Journal(tmp_path, None)) as journal:
        journal.look("/dev/i2c-1", simulated=False)
        assert journal.looked().needs is Needs.WORD


def test_a_technician_says_why_and_a_proof_releases(tmp_path):
    ends(tmp_path, "wrong_polarity")
    said = say_why(tmp_path, "  relay K2\n replaced ", simulated=False)
    assert said == lock(tmp_path) == Lock("wrong_polarity", 1, said.begun_utc, Needs.PROOF)
    with pytest.raises(Locked, match="have still to be proven"):
        ends(tmp_path)
    ends(tmp_path, start=PROOF, outcome="stopped", charge=0.0, more=[["proven"]])
    assert lock(tmp_path) is None
    ends(tmp_path)
    assert intact(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        assert connection.execute("SELECT session, simulated, role, reason FROM release").fetchall() == [
            (1, 0, "technician", "relay K2 replaced")
        ]
        assert connection.execute("SELECT session FROM proof").fetchall() == [(2,)]


def test_a_proof_that_fails_takes_the_word_back(tmp_path):
    ends(tmp_path, "wrong_polarity")
    say_why(tmp_path, "cleaned", simulated=False)
    ends(tmp_path, "relay_welded", start=PROOF, charge=0.0)
    assert (lock(tmp_path).reason, lock(tmp_path).needs) == ("relay_welded", Needs.WORD)


@pytest.mark.parametrize("reason", ["", " \n ", "x" * 201, "a\u202eb"])
def test_a_reason_that_says_nothing_is_refused_and_nothing_written(tmp_path, reason):
    ends(tmp_path, "wrong_polarity")
    with pytest.raises(WordRefused, match="the reason"):
        say_why(tmp_path, reason, simulated=False)
    assert lock(tmp_path).needs is Needs.WORD


def test_nothing_is_said_where_nothing_is_locked(tmp_path):
    ends(tmp_path)
    with pytest.raises(WordRefused, match="not locked"):
        say_why(tmp_path, "so", simulated=False)
    ends(tmp_path, "leakage")
    with pytest.raises(WordRefused, match="not locked"):
        say_why(tmp_path, "so", simulated=False)
    with pytest.raises(Locked, match="press Stop on the unit first"):
        ends(tmp_path, start=PROOF)


def test_no_proof_alone_begins_where_nothing_is_locked(tmp_path):
    with pytest.raises(Locked, match="nothing to be proven"):
        ends(tmp_path, start=PROOF)


def test_a_first_leakage_is_held_until_stop_and_a_second_locks(tmp_path):
    ends(tmp_path, "leakage")
    with pytest.raises(Locked, match="press Stop on the unit first"):
        ends(tmp_path)
    with closing(Opened(tmp_path)) as opened:
        told = opened.store.stop("/dev/i2c-1", simulated=False)
        assert lock_heard(json.loads(json.dumps(told))) is None
        opened.store.stop("/dev/i2c-1", simulated=False)
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        assert connection.execute("SELECT role, reason FROM release").fetchall() == [("stop", "")], "once"
    for _ in range(9):
        ends(tmp_path)
    ends(tmp_path, "leakage")
    assert lock(tmp_path).needs is Needs.WORD
    assert intact(tmp_path)


def test_a_script_has_no_hand_for_stop_but_is_locked_as_well(tmp_path):
    scripted = START | {"simulated": True, "scripted": True}
    ends(tmp_path, "leakage", start=scripted)
    ends(tmp_path, "leakage", start=scripted)
    with pytest.raises(Locked, match="the unit is locked"):
        ends(tmp_path, start=scripted)


def test_a_real_unit_and_a_simulated_one_have_locks_of_their_own(tmp_path):
    ends(tmp_path, "wrong_polarity", start=START | {"simulated": True})
    assert lock(tmp_path) is None
    assert lock(tmp_path, simulated=True).reason == "wrong_polarity"
    ends(tmp_path)
    with pytest.raises(WordRefused):
        say_why(tmp_path, "so", simulated=False)


def test_a_cause_that_was_cut_off_before_its_end_is_known_by_its_trip(tmp_path):
    with closing(Opened(tmp_path)) as opened:
        opened.store.begin(START)
        opened.store.write([["trip", "output_stuck", "hold", 1.0, "so"]])
        opened.store._let_go()
    assert lock(tmp_path).reason == "output_stuck"


@pytest.mark.parametrize(
    "query",
    [
        "UPDATE release SET reason = 'another'",
        "DELETE FROM release",
        "DELETE FROM proof",
        "UPDATE proof SET session = 1",
        "UPDATE release SET simulated = 1",
    ],
)
def test_what_was_said_cannot_be_changed_without_being_found(tmp_path, query):
    ends(tmp_path, "wrong_polarity")
    say_why(tmp_path, "cleaned", simulated=False)
    ends(tmp_path, start=PROOF, outcome="stopped", charge=0.0, more=[["proven"]])
    assert intact(tmp_path)
    change(tmp_path, query)
    assert not intact(tmp_path)


def test_an_older_journal_is_read_gets_the_tables_at_the_next_start_and_locks_by_what_it_holds(tmp_path):
    ends(tmp_path, "wrong_polarity")
    for table in ("release", "proof"):
        change(tmp_path, f"DROP TABLE {table}")
    assert intact(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        assert not locks.present(connection)
        assert locks.read(connection, simulated=False).needs is Needs.WORD
    assert lock(tmp_path).reason == "wrong_polarity"
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        assert locks.present(connection)


def test_a_journal_of_version_1_is_brought_up_to_date(tmp_path):
    version_1(tmp_path)
    assert lock(tmp_path) is None
    ends(tmp_path, "wrong_polarity")
    assert lock(tmp_path).session == 4


def test_a_lock_is_not_lost_with_the_journal_without_being_told(tmp_path):
    ends(tmp_path, "wrong_polarity")
    for file in (FILE, f"{FILE}-wal", f"{FILE}-shm"):
        (tmp_path / file).rename(tmp_path / f"old-{file}") if (tmp_path / file).exists() else None
    with pytest.raises(Unwritable, match=r"journal\.head knows of \d+ records, and journal\.db holds 0"):
        Store(tmp_path)
    with closing(Journal(tmp_path, START)) as journal, pytest.raises(JournalRefused, match="no treatment"):
        journal.confirm()
    assert not (tmp_path / FILE).exists() or (tmp_path / FILE).stat().st_size == 0


def test_nor_with_its_newest_records(tmp_path):
    ends(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = (tmp_path / FILE).read_bytes()
    ends(tmp_path, "wrong_polarity")
    (tmp_path / FILE).write_bytes(before)
    (tmp_path / f"{FILE}-wal").unlink(missing_ok=True)
    with pytest.raises(Unwritable, match=r"put the whole journal back, or remove journal\.head"):
        Store(tmp_path)
    (tmp_path / HEAD_FILE).unlink()
    Store(tmp_path).connection.close()


def test_a_head_that_is_none_is_refused_too(tmp_path):
    ends(tmp_path)
    (tmp_path / HEAD_FILE).write_text("no head")
    with pytest.raises(Unwritable, match="does not hold a number and a hash"):
        Store(tmp_path)
