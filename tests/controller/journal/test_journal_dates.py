"""What the journal keeps of its dates: looks, sightings, amendments; chained, no trouble to old programs."""

import json
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from old_journal import version_1

from controller.host import wall
from controller.journal import dates as journal_dates
from controller.journal import looked
from controller.journal.amending import AmendRefused, amend
from controller.journal.history import open_history
from controller.journal.store import FILE, Store
from controller.journal.tables import BEGUN, ENDED, TRIP
from protocols.dates import Reading

START = {"unit": "u", "treatment": "hands", "simulated": True, "target_ma": 12.0, "total_s": 1200.0}
NOW = datetime(2026, 6, 10, 18, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FAR = datetime(2036, 1, 1, tzinfo=UTC)


class Machine:
    """A clock turned by hand, for everything that looks at one."""

    def __init__(self, monkeypatch):
        self.now = Reading(NOW, "boot 1", 600.0, "")
        monkeypatch.setattr(wall, "read", lambda *_: self.now)
        monkeypatch.setattr(
            "controller.journal.store._now_utc", lambda: self.now.utc.isoformat(timespec="milliseconds")
        )

    def turn(self, **to):
        self.now = self.now._replace(**to)

    def passes(self, span):
        self.turn(utc=self.now.utc + span, boottime_s=self.now.boottime_s + span.total_seconds())


@pytest.fixture
def machine(monkeypatch):
    return Machine(monkeypatch)


def treated(state, **more):
    store = Store(state)
    begun = store.begin(START | more)["begun"]
    store.write([["end", "completed", "", 1200.0, 100.0, 100.0, None]])
    store.connection.close()
    return begun


def look(state):
    store = Store(state)
    answer = store.look("u")
    store.connection.close()
    return answer


def told(state, number):
    with open_history(state) as history:
        assert history.verify().problems == []
        return history.session(number)


def known(state, number):
    one = told(state, number)
    return one["date_known"] and datetime.fromisoformat(one["latest_utc"])


def records(state, kind):
    with closing(sqlite3.connect(state / FILE, isolation_level=None)) as connection:
        found = connection.execute(
            "SELECT body FROM record WHERE kind = ? ORDER BY number", (kind,)
        ).fetchall()
    return [json.loads(body) for (body,) in found]


def change(state, statement, *values):
    connection = sqlite3.connect(state / FILE)
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def test_a_session_is_recorded_with_the_look_at_the_clock(tmp_path, machine):
    treated(tmp_path)
    (begin,) = records(tmp_path, "begin")
    assert begin["clock"] == {
        "boot": "boot 1", "boottime_s": 600.0, "utc": "2026-06-10T18:00:00.000+00:00", "voucher": "",
    }  # fmt: skip
    assert known(tmp_path, 1) == NOW


def test_a_treatment_of_1970_gets_its_date_when_the_time_server_answers_and_keeps_it(tmp_path, machine):
    machine.turn(utc=datetime(1970, 1, 1, 0, 10, tzinfo=UTC))
    treated(tmp_path)
    machine.turn(utc=NOW, boottime_s=4200.0, voucher="network")
    answer = look(tmp_path)
    assert answer["clock"][-1] == "network"
    machine.turn(utc=NOW + 3 * DAY, boot="boot 2", boottime_s=30.0)
    assert known(tmp_path, 1) == NOW - HOUR
    assert told(tmp_path, 1)["begun_utc"].startswith("1970")


@pytest.mark.parametrize("jump", [DAY, -DAY, FAR - NOW, datetime(1970, 1, 1, tzinfo=UTC) - NOW])
def test_a_clock_that_jumps_in_mid_session_moves_no_date(tmp_path, machine, jump):
    store = Store(tmp_path)
    store.begin(START)
    machine.passes(HOUR)
    machine.turn(utc=machine.now.utc + jump)
    store.write([["end", "completed", "", 3600.0, 100.0, 100.0, None]])
    store.connection.close()
    machine.turn(utc=NOW + 2 * HOUR, boottime_s=600.0 + 7200.0, voucher="network")
    look(tmp_path)
    assert known(tmp_path, 1) == NOW
    machine.turn(utc=NOW + 3 * DAY, boot="boot 2", boottime_s=30.0)
    assert known(tmp_path, 1) == NOW
    assert told(tmp_path, 1)["duration_s"] == 3600.0


def test_a_record_of_2036_is_sighted_once_a_boot_and_bounded_for_good(tmp_path, machine):
    treated(tmp_path)
    change(tmp_path, "UPDATE session SET begun_utc = ?", FAR.isoformat())
    change(tmp_path, "DELETE FROM clock")
    for _ in range(3):
        machine.turn(boot="boot 2", voucher="network")
        look(tmp_path)
    assert len(records(tmp_path, "sighting")) == 1
    machine.turn(utc=NOW + 2 * DAY, boot="boot 3")
    with open_history(tmp_path) as history:
        one = history.session(1)
    assert (one["date_known"], one["latest_utc"]) == (False, NOW.isoformat(timespec="milliseconds"))


def test_where_every_date_is_known_by_a_set_clock_nothing_is_sighted(tmp_path, machine):
    machine.turn(voucher="network")
    look(tmp_path)
    treated(tmp_path)
    for boot in ("boot 1", "boot 2", "boot 3"):
        machine.turn(boot=boot)
        machine.passes(DAY)
        look(tmp_path)
    assert records(tmp_path, "sighting") == []


def test_a_boot_without_a_voucher_is_sighted_once_so_that_setting_the_clock_shows(tmp_path, machine):
    treated(tmp_path)
    machine.turn(boot="boot 2", boottime_s=30.0)
    for _ in range(3):
        look(tmp_path)
        machine.passes(HOUR)
    assert len(records(tmp_path, "sighting")) == 1
    machine.turn(utc=NOW + 2 * DAY)
    look(tmp_path)
    assert known(tmp_path, 1) is False, "the clock was set since: how long the unit was off is not known"
    assert len(records(tmp_path, "sighting")) == 1


def test_an_amendment_is_one_more_record_and_the_recorded_date_stays(tmp_path, machine):
    state, first, second = tmp_path, treated(tmp_path), None
    machine.turn(boot="boot 2", utc=FAR)
    second = treated(state)
    machine.turn(boot="boot 3", utc=NOW + 5 * DAY, voucher="network")
    made = amend(state, second, NOW + 2 * DAY, "nurse", "  the clock \n was wrong ", machine.now)
    assert made.reason == "the clock was wrong"
    one = told(state, second)
    assert one["begun_utc"].startswith("2036")
    assert one["amended_utc"] == one["latest_utc"] == "2026-06-12T18:00:00.000+00:00"
    assert one["date_known"] is True
    again = amend(state, second, NOW + DAY, "nurse", "the day before, she says", machine.now)
    assert again.instead_of_utc == made.begun_utc
    with open_history(state) as history:
        assert [one["begun_utc"][:10] for one in history.amendments(second)] == ["2026-06-12", "2026-06-11"]
    assert known(state, second) == NOW + DAY
    assert look(state)["past"][0][-1] == again.begun_utc, "the rule of days hears of the last one"
    assert first == 1


@pytest.mark.parametrize(
    ("begun", "said"),
    [
        (NOW - DAY, "not before 2026-06-10 18:00:00 UTC and not after 2026-06-15"),
        (NOW + 6 * DAY, "is allowed"),
        (FAR, "is allowed"),
        (datetime(1970, 1, 1, tzinfo=UTC), "is allowed"),
    ],
)
def test_nothing_is_amended_past_its_neighbours_or_now(tmp_path, machine, begun, said):
    machine.turn(voucher="network")
    treated(tmp_path)
    machine.turn(boot="boot 2", utc=FAR, voucher="")
    treated(tmp_path)
    machine.turn(boot="boot 3", utc=NOW + 5 * DAY, voucher="network", boottime_s=10.0)
    with pytest.raises(AmendRefused, match=said):
        amend(tmp_path, 2, begun, "nurse", "why", machine.now)
    assert records(tmp_path, "amendment") == []


def test_a_date_that_the_unit_knows_by_itself_is_not_amended(tmp_path, machine):
    treated(tmp_path)
    machine.passes(HOUR)
    with pytest.raises(AmendRefused, match="began at 2026-06-10 18:00:00 UTC, which the unit knows"):
        amend(tmp_path, 1, NOW - 2 * DAY, "nurse", "why", machine.now)
    machine.turn(boot="boot 2", voucher="network")
    treated(tmp_path)
    machine.turn(boot="boot 3", utc=NOW + 2 * HOUR, boottime_s=10.0)
    with pytest.raises(AmendRefused, match="which the unit knows"):
        amend(tmp_path, 2, NOW, "nurse", "why", machine.now)


@pytest.mark.parametrize(
    ("number", "reason", "clock", "said"),
    [
        (7, "why", NOW, "no session 7"),
        (1, "", NOW, "1 to 200 printable"),
        (1, "x" * 201, NOW, "1 to 200 printable"),
        (1, "a\x1bb", NOW, "holds control character .U.001B., one printable line"),
        (1, "why", datetime(1970, 1, 1, tzinfo=UTC), "clock is not set"),
        (2, "why", NOW, "session 2 is not over"),
    ],
)
def test_what_can_t_be_amended_is_said(tmp_path, machine, number, reason, clock, said):
    treated(tmp_path)
    store = Store(tmp_path)
    store.begin(START)
    store.connection.close()
    machine.turn(boot="boot 2", utc=clock)
    with pytest.raises(AmendRefused, match=said):
        amend(tmp_path, number, NOW, "nurse", reason, machine.now)
    store._let_go()


def test_the_date_of_a_session_that_was_cut_off_is_amended_before_the_next_start(tmp_path, machine):
    store = Store(tmp_path)
    store.begin(START)
    store.connection.close()
    os.close(store._held)  # its process is gone
    machine.turn(boot="boot 2", utc=NOW + DAY, boottime_s=10.0)
    amend(tmp_path, 1, NOW + HOUR, "nurse", "the clock lagged", machine.now)
    following = Store(tmp_path)
    (found,) = following.look(START["unit"])["cut_off"]
    following.connection.close()
    assert found["session"] == 1
    with open_history(tmp_path) as history:
        assert history.verify().problems == []
        assert history.session(1)["amended_utc"] == (NOW + HOUR).isoformat(timespec="milliseconds")


@pytest.fixture
def amended(tmp_path, machine):
    treated(tmp_path)
    machine.turn(boot="boot 2", utc=NOW + DAY, boottime_s=10.0)
    look(tmp_path)
    amend(tmp_path, 1, NOW + HOUR, "nurse", "the clock lagged", machine.now)
    with open_history(tmp_path) as history:
        assert history.verify().problems == []
    return tmp_path


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE amendment SET begun_utc = '2026-06-01T00:00:00.000+00:00'", "its amendments are not"),
        ("UPDATE amendment SET role = 'technician'", "its amendments are not"),
        ("DELETE FROM amendment", "its amendments are not"),
        ("INSERT INTO amendment VALUES (99, 1, '2026-06-01', '', '', 'nurse', '')", "its amendments are not"),
        ("DROP TABLE amendment", "its amendments are not"),
        ("UPDATE clock SET voucher = 'network'", "the look at the clock it began with"),
        ("DELETE FROM clock", "the look at the clock it began with"),
        ("UPDATE sighting SET utc = '2026-06-01T00:00:00.000+00:00'", "a look at the clock after it"),
        ("DELETE FROM sighting", "a look at the clock after it"),
        ("DELETE FROM record WHERE kind = 'amendment'", "the journal's head says"),
        ("UPDATE record SET body = replace(body, 'lagged', 'ran') WHERE kind = 'amendment'", "was changed"),
    ],
)
def test_what_is_changed_about_dates_is_found(amended, statement, said):
    change(amended, statement)
    with open_history(amended) as history:
        problems = history.verify().problems
    assert any(said in problem for problem in problems), problems


def test_the_program_before_reads_and_goes_on_in_what_is_left_here(amended):
    """Its own statements, as it had them: it treats, chains, and verifies what it knows."""
    with closing(sqlite3.connect(amended / FILE, isolation_level=None)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        for table, names in (("session", ("id", *BEGUN, *ENDED)), ("trip", ("session", *TRIP))):
            connection.execute(f"SELECT {', '.join(names)} FROM {table}")  # noqa: S608 - the names are ours
        for session, kind, body in connection.execute(
            "SELECT session, kind, body FROM record ORDER BY number"
        ):
            facts = json.loads(body)
            assert (facts["session"], facts["kind"]) == (session, kind)
        assert connection.execute("INSERT INTO live VALUES (1, 0, 'hold', NULL, 1, 1, 1, 0, 0)").rowcount == 1


@pytest.mark.parametrize("upgrade", [version_1, None])
def test_a_journal_without_these_tables_is_read_and_gets_them_at_the_next_start(tmp_path, machine, upgrade):
    if upgrade is None:
        treated(tmp_path)
        for table in ("clock", "sighting", "amendment"):
            change(tmp_path, f"DROP TABLE {table}")
        change(tmp_path, "UPDATE record SET body = replace(body, '\"clock\":', '\"was\":')")
        with open_history(tmp_path) as history:
            one = history.session(1)
            assert (one["date_known"], one["amended_utc"], history.amendments(1)) == (True, None, [])
            assert len(history.lately().past) == 1
    else:
        upgrade(tmp_path)
    look(tmp_path)
    number = treated(tmp_path)
    connection = sqlite3.connect(tmp_path / FILE)
    assert journal_dates.present(connection)
    assert connection.execute("SELECT session FROM clock").fetchall() == [(number,)]
    connection.close()


def test_all_of_it_goes_through_the_pipe_to_the_loop_and_back(amended, machine):
    store = Store(amended)
    kept = journal_dates.read(store.connection)
    store.connection.close()
    assert kept.past[0].amended_utc is not None
    assert kept.seen[0][0] == 1
    assert looked.heard(json.loads(json.dumps(looked.told(kept, machine.now, None)))) == kept
