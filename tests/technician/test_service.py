"""`ionto service`: counters against journals of both versions, wear and what is due, and the notes."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from app.main import main
from app.technician import logbook
from config.unit import Unit
from controller.journal.service import UNCOUNTED, Unreadable, usage
from controller.journal.store import Store
from controller.journal.tables import WEAR_TABLE

START = {"unit": "/dev/i2c-1 A7", "treatment": "hands", "simulated": 0, "target_ma": 12.0, "total_s": 1200.0}
V1 = """
CREATE TABLE session (id INTEGER PRIMARY KEY, begun_utc TEXT NOT NULL, unit TEXT NOT NULL,
    treatment TEXT NOT NULL, simulated INTEGER NOT NULL, target_ma REAL NOT NULL, total_s REAL NOT NULL,
    ended_utc TEXT, outcome TEXT, reason TEXT, duration_s REAL, forward_ma_min REAL, reverse_ma_min REAL);
CREATE TABLE trip (session INTEGER NOT NULL, cause TEXT NOT NULL, phase TEXT NOT NULL,
    detected_s REAL NOT NULL, evidence TEXT NOT NULL);
INSERT INTO session VALUES (1, '2026-01-01T10:00:00.000+00:00', 'u', 'hands', 0, 12, 1200, NULL, 'cut_off',
    NULL, 600, 0, 0);
INSERT INTO session VALUES (2, '2026-01-02T10:00:00.000+00:00', 'u', 'hands', 0, 12, 1200, NULL, 'aborted',
    NULL, 1200, 0, 0);
INSERT INTO trip VALUES (2, 'open_circuit', 'hold', 3, 'x');
PRAGMA user_version = 1;
"""


def session(state, *, outcome="completed", wear=(3, 1), trip=None, duration_s=1200.0, **changes):
    """Write one session by the journal's own far end."""
    store = Store(state)
    store.begin({**START, **changes})
    records = [["wear", *wear]] if wear is not None else []
    if trip is not None:
        records.insert(0, ["trip", trip, "hold", 60.0, "evidence"])
    store.write([*records, ["end", outcome, None, duration_s, 1.0, 1.0, None]])
    store.connection.close()


def told(capsys, *words):
    assert main(["service", "--json", *map(str, words)]) == 0
    return json.loads(capsys.readouterr().out)


def test_without_a_journal_nothing_was_used(tmp_path):
    assert usage(tmp_path / "none") == []


def test_sessions_hours_trips_and_operations_are_counted(tmp_path):
    for _ in range(3):
        session(tmp_path)
    session(tmp_path, outcome="aborted", trip="open_circuit", wear=(2, 0), duration_s=600.0)
    session(tmp_path, outcome="refused", wear=None, duration_s=0.0)
    session(tmp_path, simulated=1, unit="simulated")
    real, rehearsed = usage(tmp_path)
    assert (real.sessions, real.hours) == (5, pytest.approx(4200 / 3600))
    assert real.outcomes == {"completed": 3, "aborted": 1, "refused": 1}
    assert real.trips == {"open_circuit": 1}
    assert (real.series_operations, real.polarity_operations, real.uncounted) == (11, 3, 0)
    assert rehearsed.simulated


def test_what_was_not_counted_is_taken_as_a_treatment_and_said(tmp_path):
    session(tmp_path)
    session(tmp_path, wear=None)
    (real,) = usage(tmp_path)
    assert (real.uncounted, real.series_operations) == (1, 3 + UNCOUNTED)


def test_a_journal_of_version_1_is_read_too(tmp_path):
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as journal:
        journal.executescript(V1)
    (real,) = usage(tmp_path)
    assert (real.sessions, real.hours, real.trips) == (2, 0.5, {"open_circuit": 1})
    assert (real.uncounted, real.series_operations) == (2, 2 * UNCOUNTED)


def test_a_journal_of_another_version_or_none_is_named(tmp_path, capsys):
    (tmp_path / "journal.db").write_bytes(b"no database" * 100)
    with pytest.raises(Unreadable, match="can't be read"):
        usage(tmp_path)
    assert main(["service", "--state", str(tmp_path)]) == 2
    assert "can't be read" in capsys.readouterr().err
    (tmp_path / "journal.db").unlink()
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as journal:
        journal.execute("PRAGMA user_version = 9")
    with pytest.raises(Unreadable, match="version 9"):
        usage(tmp_path)


def test_reading_writes_nothing(tmp_path):
    session(tmp_path)
    before = (tmp_path / "journal.db").read_bytes()
    usage(tmp_path)
    assert (tmp_path / "journal.db").read_bytes() == before


def test_the_count_leaves_the_journal_of_its_version_and_its_chain_whole(tmp_path):
    from controller.journal.history import open_history

    session(tmp_path)
    with open_history(tmp_path) as history:
        assert history.verify().problems == []
    assert "IF NOT EXISTS" in WEAR_TABLE


@pytest.mark.parametrize(
    ("closed", "says"),
    [(799, None), (800, "replace it soon"), (999, "replace it soon"), (1000, "replace it now")],
)
def test_a_worn_relay_is_due(tmp_path, capsys, closed, says):
    unit = tmp_path / "unit.yaml"
    unit.write_text('serial: "A7"\nrelays: {series_rated_operations: 1000}\n')
    session(tmp_path, wear=(closed, 1))
    session(tmp_path, wear=(5000, 5000), simulated=1, unit="simulated")
    found = told(capsys, "--state", tmp_path, "--unit", unit)
    due = [sentence for sentence in found["due"] if "relay" in sentence]
    assert found["wear"]["series_relay"]["operations"] == closed
    assert (due == []) if says is None else (says in due[0] and len(due) == 1)


def test_a_replaced_relay_begins_anew(tmp_path, capsys):
    session(tmp_path, wear=(900, 7))
    note = told(capsys, "--state", tmp_path, "note", "New relay", "--who", "T", "--replaced", "series_relay")
    assert note["replaced"] == "series_relay"
    wear = told(capsys, "--state", tmp_path)["wear"]
    assert (wear["series_relay"]["operations"], wear["polarity_relay"]["operations"]) == (0, 7)


def replaced(state, capsys, *words):
    return told(capsys, *words, "--state", state, "note", "New", "--who", "T", "--replaced", "series_relay")


def test_a_clock_that_was_wrong_moves_no_session_across_a_replacement(tmp_path, capsys):
    session(tmp_path, wear=(900, 7))
    dated(tmp_path, 1, "2036-01-01T00:00:00.000+00:00")
    replaced(tmp_path, capsys)
    session(tmp_path, wear=(5, 1))
    dated(tmp_path, 2, "1970-01-01T00:00:10.000+00:00")
    assert told(capsys, "--state", tmp_path)["wear"]["series_relay"]["operations"] == 5


def test_a_note_of_a_version_before_or_beside_another_journal_counts_from_its_date(tmp_path, capsys):
    note = {"utc": "2026-06-01T12:00:00.000+00:00", "who": "T", "text": "New", "replaced": "series_relay"}
    for more in ({}, {"after_session": 9}):
        state = tmp_path / f"with {len(more)}"
        for number, (wear, when) in enumerate(((900, "2026-05"), (5, "2026-06"), (6, "1970-01")), start=1):
            session(state, wear=(wear, 1))
            dated(state, number, f"{when}-02T00:00:00.000+00:00")
        (state / logbook.FILE).write_text(json.dumps(note | more) + "\n")
        assert told(capsys, "--state", state)["wear"]["series_relay"]["operations"] == 11


@pytest.mark.parametrize("when", ["2036-06-01T12:00:00.000+00:00", "1970-01-01T00:00:10.000+00:00"])
def test_a_note_whose_clock_was_wrong_never_hides_wear(when, tmp_path, capsys):
    for number in (1, 2):
        session(tmp_path, wear=(900, 7))
        dated(tmp_path, number, "2026-05-02T00:00:00.000+00:00")
    note = {"utc": when, "who": "T", "text": "New", "replaced": "series_relay"}
    (tmp_path / logbook.FILE).write_text(json.dumps(note) + "\n")
    assert told(capsys, "--state", tmp_path)["wear"]["series_relay"]["operations"] == 1800


def test_one_wrong_clock_moves_no_other_day(tmp_path, capsys):
    for number, when in enumerate(("2036-01-01", "1970-01-01", "2026-05-02", "2026-06-03"), start=1):
        session(tmp_path)
        dated(tmp_path, number, f"{when}T00:00:00.000+00:00")
    assert main(["service", "--state", str(tmp_path)]) == 0
    assert "/dev/i2c-1 A7: 2026-05-02 to 2026-06-03" in capsys.readouterr().out
    for number in (3, 4):
        dated(tmp_path, number, "2040-01-01T00:00:00.000+00:00")
    assert main(["service", "--state", str(tmp_path)]) == 0
    assert "/dev/i2c-1 A7: on days that are not known" in capsys.readouterr().out


def test_a_record_of_this_place_and_day_has_come(tmp_path, capsys, monkeypatch):
    """East of Greenwich a day begins before that of UTC, in which the record would be of tomorrow."""
    from datetime import date, timedelta

    class Ahead(date):
        @classmethod
        def today(cls):
            return date.today() + timedelta(days=1)

    for module in ("service", "doctor"):
        monkeypatch.setattr(f"app.technician.{module}.date", Ahead)
    unit, record = tmp_path / "unit.yaml", tmp_path / "calibration.yaml"
    unit.write_text('serial: "A7"\n')
    record.write_text(f'unit_serial: "A7"\ndate: {Ahead.today()}\nchannels: {{}}\n')
    words = ["--state", str(tmp_path), "--unit", str(unit), "--calibration", str(record)]
    assert told(capsys, *words)["calibration"]["date"] == str(Ahead.today())
    main(["doctor", "--json", *words])
    assert f"of {Ahead.today()}, 0 days ago" in capsys.readouterr().out


def test_a_note_is_read_as_it_was_written_by_whichever_program(tmp_path):
    first = {"utc": "2026-06-01T12:00:00.000+00:00", "who": "T", "text": "New", "replaced": ""}
    whole = first | {"serial": "A7", "after_session": 3}
    lines = [first, whole, whole | {"colour": "of a newer one"}, first, {"serial": "A8", "after_session": 9}]
    lines += [{"colour": 1}, [], None, {"serial": 5}, first | {"utc": "yesterday"}]
    (tmp_path / logbook.FILE).write_text("".join(json.dumps(line) + "\n" for line in lines))
    logbook.add(tmp_path, "T", "Last", serial="A9", after_session=12)
    notes, spoilt = logbook.read(tmp_path)
    assert [(note.serial, note.after_session) for note in notes] == [
        ("", None),
        ("A7", 3),
        ("A7", 3),
        ("A9", 12),
    ]
    assert spoilt == 5


def dated(state, number, begun_utc):
    with closing(sqlite3.connect(state / "journal.db", isolation_level=None)) as journal:
        journal.execute("UPDATE session SET begun_utc = ? WHERE id = ?", (begun_utc, number))


def test_the_relays_of_each_unit_are_counted_and_replaced_apart(tmp_path, capsys):
    units = {}
    for serial in ("A7", "A 8", "A9"):
        units[serial] = tmp_path / f"{serial}.yaml"
        units[serial].write_text(f'serial: "{serial}"\n')
    session(tmp_path, wear=(100, 1))
    session(tmp_path, wear=(20, 1), unit="/dev/i2c-3 A 8")
    session(tmp_path, wear=(3, 1), unit="/dev/i2c-1")  # before it had a serial: it may be any of them

    def counted(serial):
        found = told(capsys, "--state", tmp_path, "--unit", units[serial])
        return found["wear"]["series_relay"]["operations"]

    assert [counted(serial) for serial in units] == [103, 23, 3]
    assert main(["service", "--state", str(tmp_path)]) == 0
    page = capsys.readouterr().out
    assert "Wear, in real sessions of all units together" in page
    assert "series relay    123 of" in page
    replaced(tmp_path, capsys, "--unit", units["A7"])
    assert [counted(serial) for serial in units] == [0, 23, 3]
    assert main(["service", "--state", str(tmp_path), "--unit", str(units["A 8"])]) == 0
    assert "T, unit A7: New [replaced: series relay]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("days", "says"), [(0, None), (322, None), (330, "ends in 35 days"), (366, "and no treatment begins")]
)
def test_a_calibration_that_ends_is_told_weeks_ahead(tmp_path, capsys, days, says):
    from datetime import UTC, datetime, timedelta

    date = (datetime.now(UTC) - timedelta(days=days)).date()
    unit, record = tmp_path / "unit.yaml", tmp_path / "calibration.yaml"
    unit.write_text('serial: "A7"\n')
    record.write_text(f'unit_serial: "A7"\ndate: {date}\nchannels: {{}}\n')
    due = told(capsys, "--state", tmp_path, "--unit", unit, "--calibration", record)["due"]
    assert (due == []) if says is None else (says in due[0])


def test_notes_are_added_and_shown_and_a_spoilt_line_spoils_no_other(tmp_path, capsys):
    told(capsys, "--state", tmp_path, "note", "Stop button cleaned", "--who", "Täss")
    with (tmp_path / logbook.FILE).open("ab") as file:
        file.write(b'{"utc": "2026-')  # the power went
    told(capsys, "--state", tmp_path, "note", "Second", "--who", "T")
    notes, spoilt = logbook.read(tmp_path)
    assert [(note.who, note.text) for note in notes] == [("Täss", "Stop button cleaned"), ("T", "Second")]
    assert spoilt == 1
    assert main(["service", "--state", str(tmp_path)]) == 0
    page = capsys.readouterr().out
    assert "Täss: Stop button cleaned" in page
    assert "Lines of the log that can't be read: 1." in page


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["note", "x"], "--who"),
        (["note", "", "--who", "T"], "1 to 500 printable characters"),
        (["note", "x", "--who", "y" * 81], "1 to 80 printable characters"),
        (["note", "x\x07", "--who", "T"], "printable"),
        (["note", "x", "--who", "T", "--replaced", "fuse"], "series_relay"),
        (["--unit", "no.yaml"], "does not exist"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path, capsys, words, says):
    assert main(["service", "--state", str(tmp_path), *words]) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / logbook.FILE).exists()


def test_a_log_that_cannot_be_written_is_named(tmp_path, capsys):
    (tmp_path / "state").touch()
    assert main(["service", "--state", str(tmp_path / "state"), "note", "x", "--who", "T"]) == 2
    assert "can't be written" in capsys.readouterr().err


def test_a_treatment_writes_its_operations_into_the_journal(tmp_path):
    brief = tmp_path / "brief.yaml"
    brief.write_text("name: brief\narea: hands\ncurrent_ma: 2.0\ntotal_min: 2.0\n")
    state = tmp_path / "state"
    run = ["run", str(brief), "--simulate", "--speed", "max", "--json", "--state", str(state)]
    assert main(run) == 0
    (simulated,) = usage(state)
    assert (simulated.sessions, simulated.uncounted) == (1, 0)
    assert (simulated.series_operations, simulated.polarity_operations) == (4, 1)


def test_the_reference_unit_has_a_rated_life():
    assert Unit().relays.series_rated_operations == Unit().relays.polarity_rated_operations == 100_000


def test_a_copied_journal_is_read_where_nothing_may_be_written(tmp_path):
    session(tmp_path / "state")
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(tmp_path / "state/journal.db", copy)
    copy.chmod(0o500)
    try:
        assert usage(copy)[0].sessions == 1
    finally:
        copy.chmod(0o700)


def test_how_the_computer_fared_is_told_by_sessions(tmp_path, capsys, monkeypatch):
    for word in (None, 0, 0x50000, 0x80000):
        monkeypatch.setattr("controller.host.computer.look", lambda word=word: word)
        session(tmp_path)
    counted = {"sessions": 3, "supply_low": 1, "last_supply_low": 3, "slowed": 2, "last_slowed": 4}
    assert told(capsys, "--state", tmp_path)["computer"] == counted
    assert main(["service", "--state", str(tmp_path)]) == 0
    page = capsys.readouterr().out
    assert "its supply was too low in 1 of the last 3 sessions, last in 3" in page
    assert "it was slowed down in 2 of the last 3 sessions, last in 4." in page


def test_a_computer_that_does_not_tell_is_not_said_to_be_well(tmp_path, capsys):
    session(tmp_path)
    assert main(["service", "--state", str(tmp_path)]) == 0
    assert "no session tells of its supply and heat" in capsys.readouterr().out
