"""The household's book: what is kept comes back, nothing above a ceiling, no secret in the file."""

import errno
import sqlite3
from contextlib import closing
from datetime import date

import pytest

from app.household import book, tables
from app.household.devices import token_hash
from app.household.store import Household, StoreRefused
from protocols.course import Plan
from protocols.fitness import AREAS, QUESTIONS, highest_limit_ma

TODAY = date(2026, 6, 1)


@pytest.fixture
def household(tmp_path):
    return Household(tmp_path)


@pytest.fixture
def ann(household):
    return household.add_person("Ann", date(1990, 1, 1))


def test_a_person_comes_back_also_after_opening_anew(household, ann, tmp_path):
    household.answer(ann, {question.key: question.key == "metal" for question in QUESTIONS}, TODAY)
    household.give_word(ann, "metal", "Dr Who", TODAY)
    person = Household(tmp_path).person(ann)
    assert (person.name, person.born, person.answered_on) == ("Ann", date(1990, 1, 1), TODAY)
    assert person.words == {"metal": ("Dr Who", TODAY)}
    assert person.answers["metal"] is True
    assert household.person(99) is None


def test_a_word_goes_with_its_answer(household, ann):
    household.give_word(ann, "metal", "Dr Who", TODAY)
    household.answer(ann, {"metal": False, "heart": True}, TODAY)
    assert household.person(ann).words == {}


def test_two_of_one_name_are_refused_until_one_is_removed(household, ann):
    with pytest.raises(StoreRefused):
        household.add_person("Ann", date(2000, 1, 1))
    household.remove_person(ann)
    again = household.add_person("Ann", date(2000, 1, 1))
    assert [person.id for person in household.people()] == [again]
    assert household.names()[str(ann)] == f"({ann})"


def old_book(tmp_path, *people):
    """Make a book of the days when the table compared names, byte by byte."""
    with closing(sqlite3.connect(tmp_path / book.FILE)) as db, db:
        for statement in tables.TABLES.replace(
            "name TEXT NOT NULL, born", "name TEXT NOT NULL UNIQUE, born"
        ).split(";"):
            db.execute(statement)
        db.executemany("INSERT INTO person (name, born, hidden) VALUES (?, '1990-01-01', ?)", people)
        db.execute("INSERT INTO word VALUES (1, 'metal', 'Dr Who', '2026-01-01')")
        db.execute("PRAGMA user_version = 1")


@pytest.mark.parametrize("old", [False, True])
def test_a_name_that_looks_like_a_generated_one_stands_in_nobodys_way(tmp_path, old):
    if old:
        old_book(tmp_path)
    household = Household(tmp_path)
    first = household.add_person("A", TODAY)
    other = household.add_person(f"A ({first})", TODAY)
    household.remove_person(first)
    assert [person.name for person in household.people()] == [f"A ({first})"]
    again = household.add_person("A", TODAY)
    household.remove_person(again)
    household.remove_person(other)
    assert household.people() == []
    called = household.names()
    assert len(set(called.values())) == 3
    assert called[str(first)] == f"({first})"


@pytest.mark.parametrize("name", ["ZOË", "Zoe\u0308", " Zoë ", "Zo\u200bë", "zoe\u0308"])
def test_another_spelling_is_the_same_name(household, name):
    household.add_person("Zoë", TODAY)
    with pytest.raises(StoreRefused, match="name"):
        household.add_person(name, TODAY)
    assert household.add_person("Zoe", TODAY)


def test_a_name_that_looks_like_anothers_is_taken(household):
    first = household.add_person("Anna", TODAY)
    with pytest.raises(StoreRefused, match="name"):
        household.add_person("\u0410nna", TODAY)  # a Cyrillic A
    household.rename_person(first, "\u0410nna")  # one's own may be written so
    with pytest.raises(StoreRefused, match="name"):
        household.add_person("Anna", TODAY)


def test_names_are_kept_composed_and_with_their_joiners(household):
    one = household.add_person("  Zoe\u0308\u00a0  B ", TODAY)
    two = household.add_person("\u06a9\u200c\u06a9", TODAY)
    assert (household.person(one).name, household.person(two).name) == ("Zoë B", "\u06a9\u200c\u06a9")
    for nothing in ("", "\u200d", " \u2060 ", "\u3164"):
        with pytest.raises(StoreRefused, match="can be seen"):
            household.add_person(nothing, TODAY)


def test_two_of_an_old_book_stay_two_until_one_is_renamed(tmp_path):
    old_book(tmp_path, ("Zoë", 0), ("Zoe\u0308", 0), ("Ann (3)", 1), ("Bob", 0))
    household = Household(tmp_path)
    assert [(one.id, one.called) for one in household.people()] == [
        (4, "Bob"),
        (1, "Zoë (1)"),
        (2, "Zoe\u0308 (2)"),
    ]
    assert household.person(1).words == {"metal": ("Dr Who", date(2026, 1, 1))}
    assert household.names()["3"] == "(3)", "who was removed is forgotten"
    with pytest.raises(StoreRefused, match="name"):
        household.rename_person(2, "zoë")
    household.rename_person(2, "Zoë the younger")
    assert [one.called for one in household.people()] == ["Bob", "Zoë", "Zoë the younger"]
    assert household.add_person("Ann", TODAY) == 5
    household.rename_person(1, "Zoe\u0308")  # one's own name in another spelling
    assert household.person(1).name == "Zoë"


def rows(file):
    with closing(sqlite3.connect(file)) as db:
        return [db.execute(of).fetchall() for of in ("SELECT * FROM person", "SELECT * FROM word")]


def test_a_book_whose_rows_are_rewritten_is_kept_as_it_was_for_the_same_eyes(tmp_path):
    old_book(tmp_path, ("Zoë", 0), ("Ann (2)", 1))
    (tmp_path / book.FILE).chmod(0o600)
    before = rows(tmp_path / book.FILE)
    Household(tmp_path)
    (copy,) = tmp_path.glob("*.before")
    assert rows(copy) == before != rows(tmp_path / book.FILE)
    assert copy.stat().st_mode & 0o777 == 0o600
    copy.unlink()
    Household(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {book.FILE}, "kept once, and no draft beside it"


def test_who_is_removed_is_in_no_copy_of_the_book_either(tmp_path):
    old_book(tmp_path, ("Wilhelmina", 0), ("Ann", 0))
    household = Household(tmp_path)
    assert any(b"Wilhelmina" in file.read_bytes() for file in tmp_path.glob("*.before"))
    number = next(one.id for one in household.people() if one.name == "Wilhelmina")
    household.remove_person(number)
    assert [one.name for one in household.people()] == ["Ann"]
    assert not any(b"Wilhelmina" in file.read_bytes() for file in tmp_path.iterdir())


def test_a_book_that_can_not_be_copied_is_not_rewritten(tmp_path, monkeypatch):
    old_book(tmp_path, ("Ann (1)", 1))
    before = rows(tmp_path / book.FILE)

    def full(_handle):
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no room"):
        Household(tmp_path)
    assert rows(tmp_path / book.FILE) == before
    assert [file.name for file in tmp_path.iterdir() if "before" in file.name or file.name[0] == "."] == []


def test_an_old_book_still_guards_what_belongs_to_its_people(tmp_path):
    old_book(tmp_path, ("Ann", 0))
    household = Household(tmp_path)
    with household._open() as db:
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        with pytest.raises(sqlite3.IntegrityError):
            db.execute("INSERT INTO word VALUES (99, 'metal', 'x', '2026-01-01')")


def test_the_nurses_code_may_be_typed_in_either_spelling(household):
    household.set_code("spr\u00fcche")
    household.check_code("spru\u0308che")


def test_a_house_has_room_for_twenty(household):
    for number in range(20):
        household.add_person(f"P{number}", TODAY)
    with pytest.raises(StoreRefused):
        household.add_person("one more", TODAY)


@pytest.mark.parametrize("area", AREAS)
def test_a_limit_is_kept_up_to_the_ceiling_and_no_further(household, ann, area):
    highest = highest_limit_ma(area, "adult")
    person = household.person(ann)
    assert person.limit_ma(area, TODAY) < highest
    household.set_limit(person, area, highest, TODAY)
    assert household.person(ann).limit_ma(area, TODAY) == highest
    for wrong in (highest + 0.01, 0.49, 0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(StoreRefused):
            household.set_limit(person, area, wrong, TODAY)
    with pytest.raises(StoreRefused):
        household.set_limit(person, "head", 0.5, TODAY)


def test_a_limit_from_a_file_never_exceeds_the_ceiling_of_the_age(household, tmp_path):
    child = household.add_person("Tim", date(2016, 1, 1))
    with closing(sqlite3.connect(tmp_path / book.FILE, isolation_level=None)) as db:
        db.execute("INSERT INTO most VALUES (?, 'underarms', 25.0)", (child,))
    assert household.person(child).limit_ma("underarms", TODAY) == highest_limit_ma("underarms", "child")


def test_a_plan_comes_back(household, ann):
    assert household.plan(ann, "hands", TODAY) == Plan(starts_on=TODAY)
    plan = Plan(2, 3, 14, date(2026, 5, 1), alternate=True)
    household.set_plan(ann, "hands", plan)
    assert household.plan(ann, "hands", TODAY) == plan
    assert household.planned_areas(ann) == ["hands"]


def test_feedback_comes_in_two_taps(household):
    household.say(7, "fine", None)
    household.say(7, None, 2)
    household.say(9, "itchy", None)
    assert household.feedback([7, 8, 9]) == {7: ("fine", 2), 9: ("itchy", None)}


def test_a_device_is_known_by_the_hash_of_its_token_only(household, tmp_path):
    token = household.pair("phone", TODAY)
    (device,) = household.devices()
    assert household.token_hashes() == {token_hash(token): device.id}
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert token.encode() not in content
    household.unpair(device.id)
    assert household.token_hashes() == {}


def test_the_nurses_code(household, tmp_path):
    with pytest.raises(StoreRefused, match="No nurse"):
        household.check_code("")
    with pytest.raises(StoreRefused, match="at least 6"):
        household.set_code("12345")
    household.set_code("corre-ct")
    household.check_code("corre-ct")
    for wrong in ("", "corre-cT", "corre-ct ", "0" * 1000):
        with pytest.raises(StoreRefused, match="wrong"):
            household.check_code(wrong)
    assert b"corre-ct" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_the_file_is_for_its_owner_only(household, tmp_path):
    assert (tmp_path / book.FILE).stat().st_mode & 0o077 == 0


def test_a_book_of_another_version_is_left_alone(tmp_path):
    with closing(sqlite3.connect(tmp_path / book.FILE, isolation_level=None)) as db:
        db.execute("PRAGMA user_version = 9")
    with pytest.raises(StoreRefused):
        Household(tmp_path)


def test_people_are_listed_as_they_are_read_and_not_by_bytes(tmp_path):
    household = Household(tmp_path)
    for name in ("bo", "Cy", "\u00c9va", "Ann", "zo", "Dov"):
        household.add_person(name, date(1990, 1, 1))
    assert [one.name for one in household.people()] == ["Ann", "bo", "Cy", "Dov", "\u00c9va", "zo"]


@pytest.mark.parametrize(("one", "other"), [("İnci", "inci"), ("IŞIL", "ışıl"), ("İ", "I")])  # noqa: RUF001
def test_a_dot_on_the_i_makes_no_other_person(one, other, tmp_path):
    household = Household(tmp_path)
    household.add_person(one, date(1990, 1, 1))
    with pytest.raises(StoreRefused, match="Somebody of this name"):
        household.add_person(other, date(1990, 1, 1))
