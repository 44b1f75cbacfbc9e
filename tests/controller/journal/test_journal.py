"""No record, no treatment: what is kept, when a start is refused, what becomes of a session without one."""

import os
import signal
import sqlite3
import time
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from herald import PATIENCE_S, wait_for

from controller.core.asked import Asked
from controller.core.types import Buttons, Cause, Measurement, Phase, StopCause, Trip
from controller.journal import writer as near_end
from controller.journal.cut_off import hold, is_held
from controller.journal.history import open_history
from controller.journal.service import usage
from controller.journal.store import Store, Unwritable
from controller.journal.tables import FILE, unpacked
from controller.journal.writer import Journal, JournalRefused
from controller.loop.tick import StopSwitch

START = {"unit": "/dev/i2c-1", "treatment": "hands", "simulated": False, "target_ma": 12.0, "total_s": 1200.0}


class Dose:
    def __init__(self):
        self.forward = 0.0

    def ma_min(self, way):
        return self.forward if way == "forward" else 0.0


@pytest.fixture
def session():
    return SimpleNamespace(
        phase=Phase.HOLD,
        asked=Asked(0.5, carried_ma_min=1.0),
        short=None,
        polarity="forward",
        setpoint_ma=1.0,
        dose=Dose(),
        finished=False,
        trip=None,
        refusal=None,
        tripped_in=None,
        proven=False,
        reason=None,
        through_person_ma=lambda m: m.current_ma,
    )


@pytest.fixture
def journal(tmp_path, session):
    """A journal of a session that has begun, and the switch that it stops by."""
    kept = Journal(tmp_path / "state", START)
    kept.confirm()
    kept.watch(session, StopSwitch())
    yield kept
    if kept._in >= 0:
        kept.close()


def at(time_s):
    return Measurement(time_s, 1.0, 1, 1.0, 5.0, 64.0, 1.0, "", None, Buttons())


def rows(state, query="SELECT outcome, reason, duration_s, forward_ma_min, reverse_ma_min FROM session"):
    connection = sqlite3.connect(state / FILE)
    found = connection.execute(query).fetchall()
    connection.close()
    return found


def treat(journal, session, until_s, from_s=0.0):
    """Ticks at 200 Hz, 6 mA min a second."""
    for tick in range(round(200 * from_s), round(200 * until_s)):
        session.dose.forward = tick / 200 * 0.1
        journal.tick(at(tick / 200))


def hang(journal):
    """Hold the journal's process, as a disk does that hangs; it is held when this returns."""
    journal._child.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, journal._child.pid, os.WSTOPPED)


def settle(journal):
    """Until everything sent is on the disk."""
    wait_for(lambda: journal.listen() or journal._unkept == 0)


def test_the_start_is_on_the_disk_before_anything_else(journal, tmp_path):
    assert rows(tmp_path / "state", "SELECT treatment, outcome FROM session") == [("hands", None)]


def test_it_is_kept_so_that_a_power_cut_loses_nothing_acknowledged(tmp_path):
    store = Store(tmp_path)
    assert store.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store.connection.execute("PRAGMA synchronous").fetchone() == (2,), "FULL"
    store.connection.close()


def test_the_dose_goes_out_twice_a_second_and_the_end_once(journal, session, tmp_path):
    treat(journal, session, 3.0)
    settle(journal)
    live = rows(tmp_path / "state", "SELECT at_s, phase, forward_ma_min FROM live ORDER BY at_s")
    assert [at_s for at_s, _, _ in live] == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0, 2.5])
    assert live[3] == (1.5, "hold", pytest.approx(0.15))
    session.finished, session.phase, session.reason = True, Phase.STOPPED, "Stop was pressed"
    journal.tick(at(3.1))
    journal.tick(at(3.105))
    journal.close()
    (chart,) = rows(tmp_path / "state", "SELECT data FROM chart")
    columns = unpacked(chart[0])
    assert columns["at_s"] == [0.0, 1.0, 2.0, 3.1], "one a second, and the end"
    assert columns["forward_ma_min"][1] == pytest.approx(0.1)
    assert columns["measured_ma"] == [1.0] * 4
    assert rows(tmp_path / "state", "SELECT count(*) FROM live") == [(0,)]
    ended = rows(tmp_path / "state")
    assert ended == [("stopped", "Stop was pressed", 3.1, pytest.approx(0.2995), 0.0)]


def test_the_end_is_written_when_the_output_was_seen_to_be_off(journal, session, tmp_path):
    treat(journal, session, 1.0)
    session.finished, session.phase, session.reason = True, Phase.DONE, ""
    for tick in range(60):
        journal.tick(at(1.1 + 0.005 * tick))
    settle(journal)
    assert rows(tmp_path / "state")[0][0] is None
    session.trip = Trip(Cause.OUTPUT_STUCK, 1.4, "5.00 mA measured while the output should be off")
    session.phase, session.tripped_in = Phase.TRIPPED, Phase.DONE
    journal.tick(at(1.4))
    journal.close()
    assert rows(tmp_path / "state", "SELECT cause, phase FROM trip") == [("output_stuck", "done")]
    assert rows(tmp_path / "state")[0][0] == "aborted"


def test_an_end_without_anything_more_is_written_in_the_session_too(journal, session, tmp_path):
    treat(journal, session, 1.0)
    session.finished, session.phase, session.reason = True, Phase.DONE, ""
    for tick in range(90):
        journal.tick(at(1.1 + 0.005 * tick))
    settle(journal)
    assert rows(tmp_path / "state")[0][0] == "completed"


def test_a_trip_is_kept_with_its_evidence(journal, session, tmp_path):
    session.trip = Trip(Cause.OPEN_CIRCUIT, 0.7, "nothing flows")
    session.finished, session.phase, session.tripped_in = True, Phase.TRIPPED, Phase.HOLD
    journal.tick(at(0.7))
    journal.close()
    trips = rows(tmp_path / "state", "SELECT cause, phase, detected_s, evidence FROM trip")
    assert trips == [("open_circuit", "hold", 0.7, "nothing flows")]
    assert rows(tmp_path / "state")[0][0] == "aborted"


def test_a_session_without_an_end_is_recorded_as_cut_off_with_its_last_dose(journal, session, tmp_path):
    treat(journal, session, 3.3)
    settle(journal)
    os.close(journal._out)  # the session's process is gone: its end of the pipe closes
    journal._out = -1
    assert journal._child.wait(PATIENCE_S) == 0, "the journal's process ends by itself"
    following = Journal(tmp_path / "state", START)
    following.confirm()
    following.refuse("the unit is broken")
    following.close()
    (found,) = following.cut_off
    assert found["duration_s"] == pytest.approx(3.0)
    assert found["charge_ma_min"] == {"forward": pytest.approx(0.3), "reverse": 0.0}
    assert [row[0] for row in rows(tmp_path / "state")] == ["cut_off", "refused"]
    third = Journal(tmp_path / "state", START)
    third.confirm()
    third.close()
    assert third.cut_off == [], "told once"


def test_a_session_whose_writer_was_killed_is_told_as_cut_off_at_once(journal, session, tmp_path):
    state = tmp_path / "state"
    treat(journal, session, 3.3)
    settle(journal)
    with open_history(state) as history:
        (running,) = history.sessions()
        assert (running["outcome"], running["duration_s"], history.lately().past[0].runs) == (
            None,
            None,
            True,
        )
    assert usage(state)[0].outcomes == {"running": 1}
    journal._child.kill()
    journal._child.wait(5.0)
    before = rows(state)
    with open_history(state) as history:
        (found,) = history.sessions()
        assert history.session(1)["reason"] == found["reason"]
        assert history.maybe_of("anna")[0]["outcome"] == "cut_off"
        (past,) = history.lately().past
        assert (past.runs, past.charge_ma_min) == (False, pytest.approx(0.3))
    assert usage(state)[0].outcomes == {"cut_off": 1}
    assert rows(state) == before, "who reads writes nothing"
    following = Journal(state, START)
    following.confirm()
    following.refuse("so")
    following.close()
    with open_history(state) as history:
        told = history.session(1)
    # Both say when it began by the clocks as they read it, which is not the same to the millisecond.
    for moment in ("earliest_utc", "latest_utc"):
        apart = datetime.fromisoformat(told.pop(moment)) - datetime.fromisoformat(found.pop(moment))
        assert abs(apart) < timedelta(seconds=1)
    assert told == found, "as the next start has written it"
    assert (found["outcome"], found["duration_s"], found["ended_utc"]) == (
        "cut_off",
        pytest.approx(3.0),
        None,
    )


def test_a_session_that_ends_between_two_looks_is_told_with_its_end(journal, session, tmp_path, monkeypatch):
    def ended_meanwhile(directory, number):
        session.finished, session.phase, session.reason = True, Phase.DONE, ""
        journal.tick(at(1.0))
        journal.close()
        return is_held(directory, number)

    monkeypatch.setattr("controller.journal.history.is_held", ended_meanwhile)
    with open_history(tmp_path / "state") as history:
        assert history.session(1)["outcome"] == "completed"


def test_whether_a_session_has_a_writer_is_asked_of_its_lock_alone(tmp_path):
    assert not is_held(tmp_path, 7), "a copy, or of a version before"
    held = hold(tmp_path, 7)
    other = hold(tmp_path, 8)
    with pytest.raises(OSError, match="unavailable"):
        hold(tmp_path, 7)
    assert is_held(tmp_path, 7)
    os.close(held)
    assert not is_held(tmp_path, 7)
    assert is_held(tmp_path, 8)
    os.close(other)
    (tmp_path / "journal.lock").unlink()
    (tmp_path / "journal.lock").symlink_to("journal.lock")
    assert is_held(tmp_path, 7), "where it can't be asked"


def test_a_running_session_on_another_unit_is_not_taken_for_cut_off(journal, tmp_path):
    other = Journal(tmp_path / "state", START | {"unit": "/dev/i2c-3"})
    other.confirm()
    other.close()
    assert other.cut_off == []
    assert rows(tmp_path / "state")[0][0] is None


def test_a_session_that_still_runs_is_not_taken_for_cut_off_by_another_on_its_unit(
    journal, session, tmp_path, monkeypatch
):
    monkeypatch.setattr("controller.journal.store.GRACE_S", 0.0)
    state = tmp_path / "state"
    treat(journal, session, 1.2)
    settle(journal)
    other = Store(state)
    assert other.look(START["unit"])["cut_off"] == []
    assert other.begin(START)["cut_off"] == []
    assert [row[0] for row in rows(state)] == [None, None]
    other.write([["end", "stopped", "Stop was pressed", 1.0, 0.0, 0.0, None]])
    treat(journal, session, 2.2, from_s=1.2)
    session.finished, session.phase, session.reason = True, Phase.DONE, ""
    treat(journal, session, 3.2, from_s=2.2)
    journal.close()
    other.connection.close()
    with open_history(state) as history:
        assert [one["outcome"] for one in history.sessions()] == ["stopped", "completed"]
        assert max(history.chart(1)["at_s"]) > 2.0, "its chart goes on to its end"
        assert history.verify().problems == []


def test_a_writer_that_is_about_to_end_is_waited_for(journal, session, tmp_path, monkeypatch):
    treat(journal, session, 1.2)
    settle(journal)
    waited = []

    def killed_meanwhile(wait_s):
        waited.append(wait_s)
        journal._child.kill()
        journal._child.wait()

    turned = SimpleNamespace(monotonic=lambda: 0.0, sleep=killed_meanwhile)
    monkeypatch.setattr("controller.journal.store.time", turned)
    following = Store(tmp_path / "state")
    assert [one["session"] for one in following.look(START["unit"])["cut_off"]] == [1]
    following.connection.close()
    assert len(waited) == 1


@pytest.mark.parametrize("what", ["a file in the way", "no database", "another version", "not enough room"])
def test_a_place_that_cannot_keep_it_is_refused_in_a_sentence(what, tmp_path, monkeypatch):
    state = tmp_path / "state"
    if what == "a file in the way":
        state.write_text("")
    else:
        state.mkdir()
    if what == "no database":
        (state / FILE).write_bytes(b"no database at all, but long enough to be read as one" * 20)
    if what == "another version":
        connection = sqlite3.connect(state / FILE)
        connection.execute("PRAGMA user_version = 99")
        connection.close()
    if what == "not enough room":
        monkeypatch.setattr("controller.journal.store.LEAST_FREE_BYTES", 1 << 60)
        with pytest.raises(Unwritable, match="MB are free"):
            Store(state)
        return
    journal = Journal(state, START)
    with pytest.raises(JournalRefused, match=r"can't be written .*--state") as refusal:
        journal.confirm()
    assert "\n" not in str(refusal.value)
    journal.close()


def test_a_store_that_can_t_be_opened_is_closed(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(
        "controller.journal.store.sqlite3.connect",
        lambda *words, _connect=sqlite3.connect, **settings: (
            opened.append(_connect(*words, **settings)) or opened[-1]
        ),
    )
    (tmp_path / FILE).write_bytes(b"no database at all" * 100)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        Store(tmp_path)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")


def test_a_full_disk_at_the_start_is_refused(tmp_path):
    store = Store(tmp_path)
    pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
    store.connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        store.begin(START | {"treatment": "x" * 100_000})
    store.connection.close()


def test_a_journal_that_dies_stops_the_session_softly(journal, session):
    treat(journal, session, 1.0)
    journal._child.kill()
    journal._child.wait()
    treat(journal, session, 2.6, from_s=1.0)
    assert (journal._stop.pressed, journal._stop.cause) == (True, StopCause.RECORD)
    assert not journal._stop.cut_requested
    assert "died" in journal.failure


def test_a_disk_that_hangs_stops_the_session_softly_and_never_blocks_it(journal, session, monkeypatch):
    now_s = time.monotonic()
    monkeypatch.setattr(near_end, "time", SimpleNamespace(monotonic=lambda: now_s))
    hang(journal)
    treat(journal, session, 1.0)
    now_s += near_end.PATIENCE_S
    treat(journal, session, 2.0, from_s=1.0)
    assert not journal._stop.pressed, "not before its patience is over"
    now_s += 0.001
    treat(journal, session, 3.0, from_s=2.0)
    journal._child.send_signal(signal.SIGCONT)
    assert (journal._stop.pressed, journal._stop.cause) == (True, StopCause.RECORD)
    assert "was not written within" in journal.failure


def test_a_full_pipe_is_a_failure_and_no_wait(journal, session):
    hang(journal)
    treat(journal, session, 2000.0)
    journal._child.send_signal(signal.SIGCONT)
    assert (journal._stop.pressed, journal._stop.cause) == (True, StopCause.RECORD)


def test_a_start_that_is_not_acknowledged_in_time_is_refused(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "state", None)
    hang(journal)
    journal.begin(START)
    patient_s = near_end.PATIENCE_S
    monkeypatch.setattr(near_end, "PATIENCE_S", 0.05)
    with pytest.raises(JournalRefused, match="was not written within"):
        journal.confirm()
    journal._child.send_signal(signal.SIGCONT)
    monkeypatch.setattr(near_end, "PATIENCE_S", patient_s)
    journal.close()


def test_the_terminals_signals_do_not_reach_it(journal):
    assert os.getsid(journal._child.pid) != os.getsid(0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        journal._child.send_signal(number)
    journal.close()
    assert journal.failure is None
    assert journal._child.returncode == 0
