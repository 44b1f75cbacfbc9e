"""`ionto backup` and `ionto restore`: a dead card costs nothing, and no file can do harm."""

import hashlib
import json
import os
import sqlite3
import stat
import subprocess
import sys
import zipfile
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from herald import Herald
from played import ORDER, idle, phase, serve
from played import sessions as told_sessions
from unit_records import put_calibration, put_commissioning

from app.household.store import Household
from app.main import main
from app.technician import logbook
from controller.journal.chain import HEAD_FILE, read_head
from controller.journal.store import Store

SERIAL = "A-7"
RECKONED = {"earliest_utc", "latest_utc"}
"""Of a session's date: reckoned anew whenever it is asked for, by the clock of then."""
CODE = "violet-7731"
FACTS = {"unit": "u", "treatment": "hands", "simulated": True, "target_ma": 6.0, "total_s": 120.0}


def sessions(state):
    """What is recorded of them."""
    return [{key: one[key] for key in one.keys() - RECKONED} for one in told_sessions(state)]


def tree(folder):
    """Every file below a folder, with its content; a reader makes logs, and locks hold nothing."""
    passing = (".lock", ".db-wal", ".db-shm")
    files = (one for one in sorted(folder.rglob("*")) if one.is_file() and one.suffix not in passing)
    return {one.relative_to(folder).as_posix(): one.read_bytes() for one in files}


def treated(state, person):
    store = Store(state)
    store.begin(FACTS | {"person": person})
    store.write([["end", "completed", None, 120.0, 5.0, 5.0, None]])
    store.connection.close()


@pytest.fixture
def unit(tmp_path):
    file = tmp_path / "card" / "unit.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f'name: "Ours"\nserial: "{SERIAL}"\n')
    return file


@pytest.fixture
def state(tmp_path, unit):
    state = tmp_path / "card" / "state"
    book = Household(state)
    book.set_code(CODE)
    ann = book.add_person("Ann", date(1990, 1, 1))
    book.answer(ann, {"epilepsy": False}, date(2026, 6, 10))
    book.pair("phone", date(2026, 6, 10))
    put_calibration(state, SERIAL)
    put_commissioning(state, SERIAL)
    logbook.add(state, "A. Person", "looked at the leads", serial=SERIAL)
    (state / "device.yaml").write_text("treatment: hands\n")
    return state


def backup(state, unit, file, code=0):
    assert main(["backup", str(file), "--unit", str(unit), "--state", str(state)]) == code
    return file


def restore(file, state, unit, *words, code=0):
    assert main(["restore", str(file), "--unit", str(unit), "--state", str(state), *words]) == code


def test_after_a_dead_card_the_next_treatment_knows_the_last_one(state, unit, tmp_path):
    """Put back on a new card, the same day refuses Ann, who was treated, and not Ben."""

    def first(play):
        yield idle
        play.say(do="order", order=ORDER | {"person": "1"}, valid_for_s=3600.0, digest="d1")
        yield lambda seen: idle(seen) and seen["person"] == "1"
        play.press()
        yield lambda seen: seen["phase"] == "hold" and seen["charge_reverse_ma_min"] > 2.0
        play.press("stop")
        yield lambda seen: seen["state"] == "paused"

    serve(first, state, default=None)
    file = backup(state, unit, tmp_path / "kept.zip")
    new = tmp_path / "new"
    new.mkdir()
    restore(file, new / "state", new / "unit.yaml")
    assert sessions(new / "state") == sessions(state)
    assert (new / "unit.yaml").read_text() == unit.read_text()
    book = Household(new / "state")
    book.check_code(CODE)
    assert [one.name for one in book.people()] == ["Ann"]
    assert book.token_hashes() == Household(state).token_hashes()
    for folder in ("calibration", "commissioning"):
        assert tree(new / "state" / folder) == tree(state / folder)
    assert logbook.read(new / "state") == logbook.read(state)

    def next_one(play):
        yield idle
        play.say(do="order", order=ORDER | {"person": "1"}, valid_for_s=3600.0, digest="d2")
        yield lambda seen: idle(seen) and seen["person"] == "1"
        play.press()
        yield lambda seen: seen["code"] == 27
        play.say(do="order", order=ORDER | {"person": "2"}, valid_for_s=3600.0, digest="d3")
        yield lambda seen: idle(seen) and seen["person"] == "2"
        play.press()
        yield phase("hold")

    serve(next_one, new / "state", default=None)
    assert [one["person"] for one in sessions(new / "state")] == ["1", "2"]


def test_a_backup_is_for_this_account_alone_and_says_what_it_holds(state, unit, tmp_path, capsys):
    treated(state, "1")
    file = backup(state, unit, tmp_path / "kept.zip")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "unit A-7, sessions 1, people 1" in capsys.readouterr().out
    with zipfile.ZipFile(file) as packed:
        manifest = json.loads(packed.read("manifest.json"))
        assert sorted(packed.namelist()) == sorted(["manifest.json", *manifest["files"]])
    assert manifest["serial"] == SERIAL
    assert set(manifest["files"]) == {
        "unit.yaml",
        "state/journal.db",
        "state/journal.head",
        "state/household.db",
        "state/service.jsonl",
        "state/device.yaml",
        "state/calibration/A-7.yaml",
        "state/commissioning/commissioning-A-7.yaml",
    }
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []
    backup(state, unit, file, code=2)


WRITER = """
import sys
from pathlib import Path
from controller.journal.store import Store
store = Store(Path(sys.argv[1]))
facts = {"unit": "u", "treatment": "hands", "simulated": True, "target_ma": 6.0, "total_s": 1200.0}
store.begin(facts | {"person": "1"})
print("writes", flush=True)
at_s = 0.0
while True:
    store.write([["row", at_s, "hold", "forward", 6.0, 6.0, 14.0, at_s / 10, 0.0]])
    at_s += 0.5
"""


def test_a_unit_that_writes_meanwhile_is_kept_as_of_one_moment(state, unit, tmp_path):
    treated(state, "1")
    command = [sys.executable, "-P", "-c", WRITER, str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        try:
            assert writer.stdout.readline() == b"writes\n"
            for number in range(5):
                backup(state, unit, tmp_path / f"kept-{number}.zip")
            assert writer.poll() is None
        finally:
            writer.kill()
    for number in range(5):
        new = tmp_path / f"new-{number}"
        restore(tmp_path / f"kept-{number}.zip", new, new / "unit.yaml")
        with closing(sqlite3.connect(new / "journal.db")) as journal:
            head = tuple(journal.execute("SELECT number, hash FROM head").fetchone())
        assert tuple(read_head(new)) == head
        assert [one["outcome"] for one in sessions(new)] == ["completed", "cut_off"]


@pytest.mark.parametrize("place", range(0, 1000, 37))
def test_one_changed_byte_anywhere_restores_nothing(state, unit, tmp_path, capsys, place):
    treated(state, "1")
    file = backup(state, unit, tmp_path / "kept.zip")
    data = bytearray(file.read_bytes())
    data[len(data) * place // 1000] ^= 0x10
    file.write_bytes(data)
    new = tmp_path / "new"
    new.mkdir()
    whole = main(["restore", str(file), "--unit", str(new / "unit.yaml"), "--state", str(new)]) == 0
    told = capsys.readouterr().err
    if whole:  # a byte that says nothing, such as a date of the ZIP's own
        assert sessions(new) == sessions(state)
    else:
        assert told.count("\n") == 1
        assert "was not restored: it " in told
        assert tree(new) == {}


def repacked(file, change):
    """Write a backup anew with other content, and a manifest that fits it."""
    with zipfile.ZipFile(file) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    change(files, manifest)
    manifest["files"] = {
        name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in files.items()
    }
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("manifest.json", json.dumps(manifest))
        for name, content in files.items():
            packed.writestr(name, content)


def _other_sum(files, _manifest):
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as tables:
        tables.deserialize(files["state/journal.db"])
        tables.execute("UPDATE session SET forward_ma_min = 1.0")
        files["state/journal.db"] = tables.serialize()


def _cut_tail(files, _manifest):
    files["state/journal.head"] = f"99 {'0' * 64}\n".encode()


FOREIGN = {
    "climbs out": lambda files, _: files.update({"state/../../evil": b"x"}),
    "absolute": lambda files, _: files.update({"/etc/passwd": b"x"}),
    "hidden": lambda files, _: files.update({"state/calibration/.bashrc.yaml": b"x"}),
    "of a newer program": lambda _, manifest: manifest.update(backup=2),
    "without a number": lambda _, manifest: manifest.pop("records"),
    "a changed dose": _other_sum,
    "a tail cut off": _cut_tail,
    "no journal": lambda files, _: files.pop("state/journal.db"),
    "no tables": lambda files, _: files.update({"state/household.db": b"x" * 4096}),
    "a bad unit file": lambda files, _: files.update({"unit.yaml": b"nonsense: 1\n"}),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_what_was_made_up_restores_nothing(state, unit, tmp_path, capsys, what):
    treated(state, "1")
    file = backup(state, unit, tmp_path / "kept.zip")
    repacked(file, FOREIGN[what])
    new = tmp_path / "new"
    new.mkdir()
    restore(file, new, new / "unit.yaml", code=5)
    told = capsys.readouterr().err
    assert told.count("\n") == 1, told
    assert f"{file} was not restored: " in told
    assert tree(new) == {}
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    "changed", [b"x", b"{}\n" * 9, b"treatment: hinds\n"], ids=["shorter", "longer", "other"]
)
def test_a_file_that_is_not_the_one_packed_is_found_whatever_the_zip_says(
    state, unit, tmp_path, capsys, changed
):
    file = backup(state, unit, tmp_path / "kept.zip")
    with zipfile.ZipFile(file) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    files["state/device.yaml"] = changed
    with zipfile.ZipFile(file, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    restore(file, tmp_path / "new", tmp_path / "new.yaml", code=5)
    assert "state/device.yaml in it is not what was packed" in capsys.readouterr().err
    assert not (tmp_path / "new.yaml").exists()


@pytest.mark.parametrize(
    "content", [b"", b"a photo", b"PK\x05\x06" + bytes(18)], ids=["empty", "other", "zip"]
)
def test_a_file_of_something_else_is_said_to_be_none(tmp_path, capsys, content):
    (tmp_path / "file").write_bytes(content)
    assert main(["restore", str(tmp_path / "file"), "--state", str(tmp_path / "new")]) == 5
    told = capsys.readouterr().err
    assert "no backup" in told
    assert "Traceback" not in told
    assert tree(tmp_path) == {"file": content}
    assert not (tmp_path / "new").exists(), "not even the folder that it would have gone to"


def test_only_an_empty_place_is_restored_to_unless_what_is_there_is_kept_aside(state, unit, tmp_path, capsys):
    treated(state, "1")
    file = backup(state, unit, tmp_path / "kept.zip")
    treated(state, "2")
    before, now = tree(state), sessions(state)
    restore(file, state, unit, code=5)
    assert "with --replace" in capsys.readouterr().err
    assert tree(state) == before
    restore(file, state, unit, "--replace", "--json")
    told = json.loads(capsys.readouterr().out)
    assert len(sessions(state)) == 1
    assert sessions(Path(told["aside"])) == now


def test_what_breaks_off_while_it_is_put_in_place_treats_nobody(state, unit, tmp_path, monkeypatch):
    """The journal comes last: with its head alone no session begins, and doing it again mends it."""
    treated(state, "1")
    file = backup(state, unit, tmp_path / "kept.zip")
    new = tmp_path / "new"
    for old in (None, state):
        place = old or new
        rename = Path.rename

        def cut(self, target, rename=rename):
            if self.name == "journal.db" and ".restore-" in str(self):
                raise OSError(5, "Input/output error")
            return rename(self, target)

        with monkeypatch.context() as patched:
            patched.setattr("pathlib.Path.rename", cut)
            restore(file, place, unit, *(["--replace"] if old else []), code=2)
        assert (place / HEAD_FILE).exists()
        assert not (place / "journal.db").exists()
        with pytest.raises(Exception, match=f"{HEAD_FILE} knows of 2 records"):
            Store(place)
        for left in place.glob("journal.db*"):
            left.unlink()
        restore(file, place, unit, "--replace")
        assert len(sessions(place)) == 1


def test_another_unit_takes_the_people_only_when_they_are_handed_over(state, unit, tmp_path, capsys):
    treated(state, "1")
    file = backup(state, unit, tmp_path / "kept.zip")
    other, place = tmp_path / "other.yaml", tmp_path / "other"
    other.write_text('serial: "B-1"\n')
    put_calibration(place, "B-1")
    before = tree(place)
    restore(file, place, other, "--replace", code=5)
    assert "of the unit A-7, and this one is B-1" in capsys.readouterr().err
    assert tree(place) == before
    restore(file, place, other, "--handed-over")
    assert other.read_text() == 'serial: "B-1"\n'
    assert [one.name for one in (place / "calibration").iterdir()] == ["B-1.yaml"]
    assert not (place / "commissioning").exists(), "the other one's first power is not this one's"
    assert sessions(place) == sessions(state)
    assert [one.name for one in Household(place).people()] == ["Ann"]


def test_where_the_unit_s_file_can_t_be_written_no_record_moves(state, unit, tmp_path, capsys):
    treated(state, "1")
    file = backup(state, unit, tmp_path / "kept.zip")
    treated(state, "2")
    before = tree(state)
    restore(file, state, tmp_path / "nowhere" / "unit.yaml", "--replace", code=2)
    assert "could not be restored" in capsys.readouterr().err
    assert tree(state) == before


def test_a_running_unit_is_not_exchanged_under_its_program(state, unit, tmp_path, capsys):
    treated(state, "1")
    file = backup(state, unit, tmp_path / "kept.zip")
    herald = Herald(state)
    try:
        restore(file, state, unit, "--replace", code=5)
    finally:
        herald.close()
    assert "systemctl stop" in capsys.readouterr().err


def test_no_backup_is_made_of_a_journal_that_was_changed(state, unit, tmp_path, capsys):
    treated(state, "1")
    with closing(sqlite3.connect(state / "journal.db")) as journal:
        journal.execute("UPDATE session SET person = '2'")
        journal.commit()
    backup(state, unit, tmp_path / "kept.zip", code=5)
    assert "session 1: person changed since it was recorded" in capsys.readouterr().err
    assert [one.name for one in tmp_path.iterdir()] == ["card"]


def test_no_half_backup_is_left_on_a_full_disk(state, unit, tmp_path, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("os.fsync", full)
    backup(state, unit, tmp_path / "kept.zip", code=2)
    assert "make room on that disk" in capsys.readouterr().err
    assert [one.name for one in tmp_path.iterdir()] == ["card"]


def test_nothing_is_kept_of_nothing(tmp_path, capsys):
    assert main(["backup", str(tmp_path / "kept.zip"), "--state", str(tmp_path / "none")]) == 2
    assert "nothing is kept in" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
