"""`ionto report`: what somebody needs who looks for a fault, and nothing by which anybody could be known."""

import json
import re
import socket
from contextlib import closing
from datetime import date

import pytest
from unit_records import put_calibration, put_commissioning

from app.appliance import exchange
from app.appliance.system import PARTS, versions
from app.household.codes import TechnicianCode
from app.household.store import Household
from app.main import main
from app.technician import facts
from app.technician.logbook import add
from controller.core.reasons import REASONS
from controller.core.types import Cause
from controller.journal.releasing import say_why
from controller.journal.store import Store

SERIAL, PERSON, PHONE = "Zwiebelkuchen-4711", "Annegret Zwetschgenmus", "Pfirsichtelefon"
TYPED = ("Brombeerkabel getauscht", "Himbeerrelais klebte", "Rhabarberzettel", "Quittenprojekt")
START = {"unit": f"/dev/i2c-1 {SERIAL}", "simulated": False, "target_ma": 12.0, "total_s": 1200.0}


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """The facts of a unit with people, whose every typed word and name is one that is found at once."""
    home = tmp_path / "Mirabellenordner"
    state, base = home / "state", tmp_path / "opt"
    state.mkdir(parents=True)
    house = Household(state)
    person = house.add_person(PERSON, date(1990, 1, 1))
    house.pair(PHONE, date(2026, 1, 1))
    TechnicianCode(state).set_code("Stachelbeere-9")
    add(state, PERSON, TYPED[0], serial=SERIAL)
    unit = home / "unit.yaml"
    unit.write_text(f'name: "{TYPED[3]}"\nserial: "{SERIAL}"\n')
    put_calibration(state, SERIAL, days_ago=17)
    put_commissioning(state, SERIAL)
    store = Store(state)
    with closing(store.connection):
        for cause, outcome in (
            (None, "completed"),
            (Cause.OPEN_CIRCUIT, "aborted"),
            (Cause.WRONG_POLARITY, "aborted"),
        ):
            treatment = f"{home}/meine-{TYPED[2]}.yaml"
            store.begin(START | {"treatment": treatment, "person": str(person)})
            trips = [] if cause is None else [["trip", cause, "hold", 61.0, "0.00 mA measured"]]
            code = None if cause is None else REASONS[cause].code
            store.write([*trips, ["end", outcome, None, 61.0, 12.0, 0.0, code]])
    say_why(state, TYPED[1], simulated=False)
    (base / "0.2.0-12345678").mkdir(parents=True)
    (base / exchange.LOG).write_text(
        f"2026-11-01T10:00:00Z 0.1.0 -> 0.2.0, signed with SHA256:abc, older because: {TYPED[1]}\n"
        f"2026-11-02T10:00:00Z refused: the bundle in {home} is not signed\n"
    )
    monkeypatch.setattr(facts, "INSTALLED", base)
    monkeypatch.setenv("HOME", str(home))
    out = tmp_path / "facts.json"
    assert main(["report", "--unit", str(unit), "--state", str(state), "--out", str(out)]) == 0
    assert "no name of a person" in capsys.readouterr().out
    return out.read_text()


def test_no_name_and_no_typed_word_is_in_it(told, tmp_path):
    for word in (
        SERIAL,
        PHONE,
        "Mirabellenordner",
        "Stachelbeere",
        *PERSON.split(),
        *" ".join(TYPED).split(),
    ):
        assert word.lower() not in told.lower(), word
    host = socket.gethostname()
    assert not re.search(rf"\b{re.escape(host)}\b", told), "the computer's name"
    assert not re.search(r"\b\d+\.\d+\.\d+\.\d+\b", told), "an address of a network"
    assert str(tmp_path.parent) not in told


def test_the_facts_are_in_it(told):
    found = json.loads(told)
    assert found["program"]["installed"] == ["0.2.0-12345678"]
    assert found["program"]["updates"] == ["2026-11-01T10:00:00Z 0.1.0 -> 0.2.0, signed with SHA256:abc"]
    assert found["program"]["updates_refused"] == 1
    assert found["unit"]["has_serial"]
    assert found["unit"]["commissioned"]
    assert found["unit"]["calibration_days"] == 17
    journal = found["journal"]
    assert journal["whole"]
    assert journal["used"][0]["outcomes"] == {"aborted": 2, "completed": 1}
    assert journal["locked"] == {"real": [35, "proof"]}
    assert [(one["outcome"], one["code"]) for one in journal["odd"]] == [("aborted", 35), ("aborted", 11)]
    assert journal["odd"][0]["trips"] == [
        {"cause": "wrong_polarity", "phase": "hold", "detected_s": 61.0, "evidence": "0.00 mA measured"}
    ]
    checks = {one["check"]: one for one in found["doctor"]}
    assert checks["disk"] == {"check": "disk", "state": "ok"}, "its words name a folder"
    assert "packages as locked" in checks["software"]["found"]


def test_without_any_record_it_says_what_is_not_known(tmp_path, capsys):
    assert main(["report", "--state", str(tmp_path / "none")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["journal"] == {"used": []}
    assert found["unit"]["calibration_days"] is None
    (tmp_path / "journal.db").write_text("no database, and longer than its head would be " * 20)
    assert main(["report", "--state", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out)["journal"] == {"unknown": "Unreadable"}


def test_a_file_that_exists_is_left_alone(tmp_path, capsys):
    (tmp_path / "facts.json").write_text("mine")
    assert main(["report", "--state", str(tmp_path), "--out", str(tmp_path / "facts.json")]) == 2
    assert "exists: name a new file" in capsys.readouterr().err
    assert (tmp_path / "facts.json").read_text() == "mine"


def test_the_system_s_parts_have_the_versions_of_this_machine():
    known = {name for part in PARTS for name in (part.package, *part.also)}
    found = versions()
    assert set(found) <= known
    assert all(re.match(r"[0-9]", version) for version in found.values())
