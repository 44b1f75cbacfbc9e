"""`ionto service hand-over`: of the people who had a unit nothing is left, and its relays stay worn."""

import json
import os
from datetime import date

import pytest
from herald import Herald
from unit_records import put_calibration, put_commissioning

from app.household.store import Household
from app.main import main
from app.technician import hand_over, logbook
from app.technician.records import commissioning_record
from config.commissioning import why_not_commissioned
from config.unit import load_unit
from controller.journal.store import Store

START = {"unit": "/dev/i2c-1 A7", "treatment": "hands", "simulated": 0, "target_ma": 12.0, "total_s": 1200.0}
END = ["end", "completed", None, 1200.0, 1.0, 1.0, None]


@pytest.fixture
def unit(tmp_path):
    file = tmp_path / "unit.yaml"
    file.write_text('serial: "A7"\n')
    return file


def session(state, series=3, polarity=1, **changes):
    store = Store(state)
    store.begin({**START, "person": "1", **changes})
    store.write([["wear", series, polarity], END])
    store.connection.close()


@pytest.fixture
def state(tmp_path, monkeypatch):
    """A unit in use, with all that its people left on it; and no NetworkManager."""
    state, settings = tmp_path / "state", tmp_path / "etc"
    settings.mkdir()
    (settings / "mqtt-password").write_text("rose-7421\n")
    (settings / "mqtt.env").write_text("IONTO_MQTT=--broker mine\n")
    (settings / "unit.yaml").write_text('serial: "A7"\n')
    monkeypatch.setattr(hand_over, "SETTINGS", settings)
    monkeypatch.setenv("PATH", str(tmp_path))
    book = Household(state)
    book.set_code("violet-7731")
    book.add_person("Annabel", date(1990, 1, 1))
    book.pair("Annabel's phone", date(2026, 6, 10))
    session(state, 900, 40)
    session(state, 50, 2)
    put_calibration(state, "A7")
    put_commissioning(state, "A7")
    logbook.add(state, "A. Person", "looked at the leads", serial="A7")
    (state / "device.yaml").write_text("treatment: hands\n")
    (state / "journal.db.before").write_bytes((state / "journal.db").read_bytes())
    return state


def hand(state, unit, *words, code=0):
    asked = ["service", "hand-over", "A7", "--who", "T", "--unit", str(unit), "--state", str(state), *words]
    assert main(asked) == code


def wear(state, unit, capsys):
    capsys.readouterr()
    assert main(["service", "--json", "--unit", str(unit), "--state", str(state)]) == 0
    found = json.loads(capsys.readouterr().out)["wear"]
    return found["series_relay"]["operations"], found["polarity_relay"]["operations"]


def test_of_the_people_nothing_is_left_and_the_wear_is(state, unit, tmp_path, capsys):
    hand(state, unit)
    told = capsys.readouterr().out
    assert "remove the networks by hand" in told
    assert [one.name for one in state.iterdir()] == [logbook.FILE]
    assert [one.name for one in (tmp_path / "etc").iterdir()] == ["unit.yaml"]
    left = b"".join(one.read_bytes() for one in tmp_path.rglob("*") if one.is_file())
    for theirs in (b"Annabel", b"rose-7421", b"violet", b"mine"):
        assert theirs not in left
    assert wear(state, unit, capsys) == (950, 42)
    session(state, 5, 1)
    assert wear(state, unit, capsys) == (955, 43)
    hand(state, unit)
    assert wear(state, unit, capsys) == (955, 43), "a second owner's wear is added once"


def test_commissioning_is_asked_for_anew(state, unit, capsys):
    described = load_unit(unit)
    assert why_not_commissioned(commissioning_record(None, described, state), described) == ""
    hand(state, unit)
    assert why_not_commissioned(commissioning_record(None, described, state), described) != ""


def test_a_relay_that_is_replaced_afterwards_begins_anew(state, unit, capsys):
    hand(state, unit)
    note = ["service", "--unit", str(unit), "note", "New", "--who", "T", "--replaced", "series_relay"]
    assert main([*note, "--state", str(state)]) == 0
    assert wear(state, unit, capsys) == (0, 42)
    session(state, 5, 1)
    assert wear(state, unit, capsys) == (5, 43)


def test_what_is_meant_is_named(state, unit, capsys):
    before = sorted(state.iterdir())
    words = ["service", "hand-over", "B9", "--who", "T", "--unit", str(unit), "--state", str(state)]
    assert main(words) == 2
    assert "this unit is A7, not B9" in capsys.readouterr().err
    assert sorted(state.iterdir()) == before


def test_a_locked_unit_stays_with_who_locked_it(state, unit, capsys):
    store = Store(state)
    store.begin(START)
    store.write([["trip", "wrong_polarity", "hold", 9.0, "so"], ["end", "aborted", "so", 9.0, 1.0, 0.0, 35]])
    store.connection.close()
    before = sorted(one.name for one in state.iterdir())
    hand(state, unit, code=5)
    assert "a locked unit is not handed over" in capsys.readouterr().err
    assert set(before) <= {one.name for one in state.iterdir()}


def test_a_journal_that_can_t_be_read_may_hold_a_lock(state, unit, capsys):
    (state / "journal.db").write_bytes(b"no database" * 1000)
    before = sorted(one.name for one in state.iterdir())
    hand(state, unit, code=2)
    assert "the journal" in capsys.readouterr().err
    assert sorted(one.name for one in state.iterdir()) == before


def test_nothing_is_taken_from_under_a_running_program(state, unit, capsys):
    herald = Herald(state)
    try:
        hand(state, unit, code=5)
    finally:
        herald.close()
    assert "systemctl stop" in capsys.readouterr().err
    assert (state / "journal.db").exists()


def test_what_breaks_off_is_done_again_and_counts_nothing_twice(state, unit, capsys, monkeypatch):
    remove = os.unlink

    def cut(path, *words, **how):
        if str(path).endswith("household.db"):
            raise OSError(5, "Input/output error")
        remove(path, *words, **how)

    with monkeypatch.context() as patched:
        patched.setattr("os.unlink", cut)
        patched.setattr("pathlib.Path.unlink", lambda self, missing_ok=False: cut(self))
        hand(state, unit, code=2)
    assert "then do it once more" in capsys.readouterr().err
    assert (state / "journal.db").exists(), "what keeps the days apart goes last"
    hand(state, unit)
    assert wear(state, unit, capsys) == (950, 42)


NMCLI = """#!/bin/sh
echo "$*" >>{log}
case "$*" in *show*) printf 'u-1:802-11-wireless\\nu-2:802-3-ethernet\\nu-3:802-11-wireless\\n' ;; esac
"""


def test_the_wi_fi_networks_are_forgotten_and_the_cable_is_not(state, unit, tmp_path, capsys):
    """NetworkManager's own program, in its place one that keeps what it is asked."""
    program = tmp_path / "nmcli"
    program.write_text(NMCLI.format(log=tmp_path / "asked"))
    program.chmod(0o755)
    hand(state, unit, "--json")
    assert json.loads(capsys.readouterr().out)["networks"] is True
    asked = (tmp_path / "asked").read_text().splitlines()[1:]
    assert asked == ["connection delete uuid u-1", "connection delete uuid u-3"]
