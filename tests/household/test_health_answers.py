"""From yes to no takes a day or the nurse's code, all changes stay on record; who is removed is forgotten."""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest

from app.household import book
from app.household.store import Household
from protocols.dates import Reading
from protocols.fitness import QUESTIONS, fitness

TODAY = date(2026, 6, 1)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY_S = 24 * 3600.0
NO = {question.key: False for question in QUESTIONS}


def clock(after_s=0.0, *, boot="one", wall_s=None, voucher="network"):
    """A look at the clock, so long after noon and after the boot."""
    utc = NOON + timedelta(seconds=after_s if wall_s is None else wall_s)
    return Reading(utc, boot, 1000.0 + after_s, voucher)


@pytest.fixture
def household(tmp_path):
    return Household(tmp_path)


@pytest.fixture
def ann(household):
    number = household.add_person("Ann", date(1990, 1, 1))
    household.answer(number, NO | {"device": True}, TODAY, device="phone", now=clock())
    return number


def verdict(household, ann):
    one = household.person(ann)
    return fitness(one.born, TODAY, one.answers, one.words, "hands").verdict


def told(household, ann):
    return [
        (one.details["by"], one.details["how"], one.details["before"], one.details["after"])
        for one in household.changes(ann)
        if one.details["what"] == "device"
    ]


@pytest.mark.parametrize("question", QUESTIONS, ids=[question.key for question in QUESTIONS])
def test_the_next_form_does_not_turn_a_yes_into_a_no(household, question):
    number = household.add_person("Bo", date(1990, 1, 1))
    household.answer(number, NO | {question.key: True}, TODAY, now=clock())
    assert household.answer(number, NO, TODAY, now=clock(1.0)) == [question.key]
    assert household.person(number).answers == NO | {question.key: True}
    assert household.answer(number, NO, TODAY, now=clock(2.0), proven=True) == []
    assert household.person(number).answers == NO


def test_it_does_after_a_day_in_which_it_is_told(household, ann):
    household.answer(ann, NO, TODAY, device="phone", now=clock(10.0))
    household.answer(ann, NO, TODAY, device="tablet", now=clock(DAY_S - 100.0))  # asking again is no help
    (one,) = household.settle(TODAY, clock(DAY_S - 1.0))
    assert (one.person, one.key, one.device) == (ann, "device", "phone")
    assert one.left_s(clock(DAY_S - 1.0)) == pytest.approx(11.0)
    assert verdict(household, ann) == "refused"
    assert household.settle(TODAY, clock(DAY_S + 11.0)) == []
    assert verdict(household, ann) == "allowed"
    assert told(household, ann) == [
        ("phone", "form", None, True),
        ("phone", "asked", True, False),
        ("phone", "waited", True, False),
    ]


def test_anybody_can_keep_the_yes_meanwhile(household, ann):
    household.answer(ann, NO, TODAY, device="phone", now=clock(10.0))
    household.answer(ann, {"device": True}, TODAY, device="tablet", now=clock(20.0))
    assert household.settle(TODAY, clock(DAY_S + 30.0)) == []
    assert verdict(household, ann) == "refused"
    assert told(household, ann)[-1] == ("tablet", "kept", True, True)


@pytest.mark.parametrize(
    ("later", "over"),
    [
        (clock(20.0, wall_s=9 * DAY_S), False),  # set ahead within one boot
        (clock(20.0, boot="two", wall_s=DAY_S + 20.0), True),
        (clock(20.0, boot="two", wall_s=DAY_S + 20.0, voucher=""), False),
        (clock(20.0, boot="", wall_s=DAY_S + 20.0, voucher=""), False),
    ],
)
def test_a_clock_that_was_set_or_is_not_known_shortens_nothing(household, ann, later, over):
    household.answer(ann, NO, TODAY, now=clock(10.0))
    household.settle(TODAY, later)
    assert verdict(household, ann) == ("allowed" if over else "refused")


def test_after_a_restart_without_a_known_time_the_day_begins_anew(household, ann):
    household.answer(ann, NO, TODAY, now=clock(10.0))
    household.settle(TODAY, clock(20.0, boot="two", voucher=""))
    household.settle(TODAY, clock(DAY_S, boot="two", voucher=""))
    assert verdict(household, ann) == "refused"
    household.settle(TODAY, clock(DAY_S + 30.0, boot="two", voucher=""))
    assert verdict(household, ann) == "allowed"


def test_a_word_goes_when_the_no_holds_and_not_before(household, ann):
    household.answer(ann, NO | {"device": True, "metal": True}, TODAY, now=clock())
    household.give_word(ann, "metal", "Dr Who", TODAY, device="phone")
    household.answer(ann, NO | {"device": True}, TODAY, now=clock(5.0))
    assert "metal" in household.person(ann).words
    household.settle(TODAY, clock(DAY_S + 5.0))
    assert household.person(ann).words == {}


def test_the_record_is_only_added_to_and_shows_what_was_changed(household, ann, tmp_path):
    with closing(sqlite3.connect(tmp_path / book.FILE, isolation_level=None)) as db:
        for forbidden in (
            "DELETE FROM change",
            "UPDATE change SET details = '{}'",
            "UPDATE change SET person = 2",
            "UPDATE change SET made_utc = 'never'",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="changes stay"):
                db.execute(forbidden)
        assert household.changes_problem() == ""
        db.execute("DROP TRIGGER change_stays")
        db.execute("DROP TRIGGER change_is_as_made")
        db.execute("UPDATE change SET details = replace(details, 'true', 'false') WHERE number = 1")
        assert "change 1 " in household.changes_problem()
        db.execute("UPDATE change SET details = replace(details, 'false', 'true') WHERE number = 1")
        db.execute("DELETE FROM change WHERE number = 3")
        assert "change 3 " in household.changes_problem()


@pytest.fixture
def plain_sqlite(monkeypatch):
    """SQLite as its makers build it, which leaves in the file what was overwritten; Debian's does not."""
    connect = sqlite3.connect

    def connected(*words, **settings):
        db = connect(*words, **settings)
        db.execute("PRAGMA secure_delete = OFF")
        return db

    monkeypatch.setattr(book.sqlite3, "connect", connected)


def test_nothing_of_who_is_removed_stays_in_the_file_or_its_log(plain_sqlite, tmp_path):
    """The file has had another name of theirs, and another program has it open."""
    household = Household(tmp_path)
    number = household.add_person("Wilhelmina before", date(1990, 1, 1))
    household.answer(number, NO | {"metal": True}, TODAY)
    household.give_word(number, "metal", "Dr Mabuse", TODAY)
    household.rename_person(number, "Wilhelmina after")
    with closing(sqlite3.connect(tmp_path / book.FILE)) as other:
        other.execute("SELECT count(*) FROM person").fetchone()
        household.remove_person(number)
        left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert [gone for gone in (b"Wilhelmina", b"Mabuse") if gone in left] == []


def test_who_is_removed_leaves_a_number_and_a_whole_chain(household, ann, tmp_path):
    household.rename_person(ann, "Annegret")
    household.answer(ann, {"metal": True}, TODAY)
    household.give_word(ann, "metal", "Dr Mabuse", TODAY)
    household.answer(household.add_person("Bo", date(1991, 2, 3)), NO, TODAY)
    household.set_limit(household.person(ann), "hands", 8.0, TODAY)
    household.remove_person(ann, device="tablet")
    assert household.changes_problem() == ""
    assert [one.details for one in household.changes(ann)][:-1] == [None] * (len(household.changes(ann)) - 1)
    assert household.changes(ann)[-1].details["what"] == "removed"
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for gone in (b"Annegret", b"1990-01-01", b"Mabuse"):
        assert gone not in left
    assert household.names()[str(ann)] == f"({ann})"
    with closing(sqlite3.connect(tmp_path / book.FILE)) as db:
        assert db.execute("SELECT answers, answered_on FROM person WHERE id = ?", (ann,)).fetchone() == (
            "{}",
            None,
        )
        assert db.execute("SELECT count(*) FROM most").fetchone() == (0,)
    assert household.add_person("Annegret", date(1990, 1, 1)) != ann, "the number is nobody else's"
