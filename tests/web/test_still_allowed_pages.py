"""Each change of what is known of a person, by a form, an end of a day or a full disk, reaches the unit."""

import json
from datetime import date, datetime, timedelta

import pytest
from days import today

from app.household.health import Permission
from app.household.order import allowed_now, tell_allowed
from app.household.store import Household
from app.web import site
from app.web.visit import House
from controller.host import wall
from controller.orders import allowed
from protocols.fitness import DRUG_QUESTIONS, QUESTIONS
from protocols.treatment import names

CODE = "violet-7731"
NO = {question.key: False for question in (*QUESTIONS, *DRUG_QUESTIONS)}


@pytest.fixture(scope="module")
def household(house):
    book = Household(house.state)
    book.set_code(CODE)
    return book


@pytest.fixture
def ann(house, household):
    """Somebody who may have every treatment, by way of a word where it takes one."""
    for one in household.people():
        household.remove_person(one.id)
    number = household.add_person("Ann", date(1990, 1, 1))
    household.answer(number, NO, today())
    for key, strength in (("glycopyrrolate", "0.05 %"), ("underarms", ""), ("face", "")):
        household.permit(number, key, Permission("Dr Who", today(), today(), strength))
    tell_allowed(house.state, household, datetime.now().astimezone())
    assert set(told(house, number)) == set(names())
    return number


def told(house, number):
    """What the unit is told that this person may be given, mA by treatment."""
    return allowed.of((house.state / allowed.FILE).read_bytes(), str(number))


def answers(phone, number, **said):
    where = f"/people/{number}"
    yes = {key: "yes" if value else "no" for key, value in (NO | said).items()}
    asked = {question.key: yes[question.key] for question in QUESTIONS}
    return phone.submit(where, f"{where}/answers", **asked)


@pytest.mark.parametrize("question", QUESTIONS, ids=[question.key for question in QUESTIONS])
def test_a_yes_to_a_question_takes_away_what_it_stands_in_the_way_of(house, phone, ann, question):
    before = told(house, ann)
    assert answers(phone, ann, **{question.key: True}).status == 303
    left = {name: most for name, most in before.items() if _area(name) not in question.areas}
    assert told(house, ann) == left
    assert answers(phone, ann).status == 303
    assert told(house, ann) == left, "a no without the code holds in 24 hours"


def test_the_code_gives_it_back_and_a_word_does(house, phone, ann):
    where, before = f"/people/{ann}", told(house, ann)
    assert answers(phone, ann, epilepsy=True).status == 303
    assert told(house, ann) != before
    phone.submit(where, f"{where}/word", key="epilepsy", given_by="Dr Day", code=CODE)
    assert told(house, ann) == before
    answers(phone, ann, device=True)
    assert told(house, ann) == {}
    yes = {question.key: "no" for question in QUESTIONS}
    phone.submit(where, f"{where}/answers", **yes, code=CODE)
    assert told(house, ann) == before


def test_an_agreement_that_ends_a_lower_limit_and_a_removal_take_away(house, phone, ann):
    where = f"/people/{ann}"
    page = phone.get(where).page
    key = "underarms"
    index = [
        form["fields"].get("key") for form in page.forms if form["action"] == f"{where}/permission"
    ].index(key)
    phone.submit(where, f"{where}/permission", index, end="yes")
    assert key not in told(house, ann)
    phone.submit(where, f"{where}/limit", limit_ma="6.5")
    assert told(house, ann)["hands"] == 6.5
    phone.submit(where, f"{where}/remove")
    assert told(house, ann) == {}


def test_a_day_that_ends_an_agreement_and_a_clock_that_cannot_be_right_take_away(house, household, ann):
    tomorrow = datetime.now().astimezone() + timedelta(days=1)
    assert set(allowed_now(household, tomorrow)[str(ann)]) == {"hands", "feet"}
    assert allowed_now(household, datetime(1970, 1, 2).astimezone())[str(ann)] == {}


def test_what_has_waited_for_its_day_reaches_the_unit_without_any_visit(house, household, ann):
    household.answer(ann, {"pregnant": True}, today())
    clock = wall.read()
    before = clock._replace(boottime_s=clock.boottime_s - 2 * 86400.0)
    household.answer(ann, {"pregnant": False}, today(), now=before)
    tell_allowed(house.state, household, datetime.now().astimezone())
    assert told(house, ann) == {}
    site._tell_allowed(House(house.state, household, None, None, None, None, None, None, network=False))
    assert set(told(house, ann)) == set(names())


def test_where_it_cannot_be_written_nobody_is_allowed_anything(house, household, ann, monkeypatch):
    def full(_path, _text):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.household.order.write_whole", full)
    household.answer(ann, {"device": True}, today())
    with pytest.raises(OSError, match="space"):
        tell_allowed(house.state, household, datetime.now().astimezone())
    assert not (house.state / allowed.FILE).exists()


def _area(name):
    return "hands" if name == "hands-glycopyrrolate" else name


def test_it_holds_no_name_and_no_answer(house, phone, ann):
    answers(phone, ann, epilepsy=True)
    text = (house.state / allowed.FILE).read_text()
    assert set(json.loads(text)) == set(Household(house.state).names())
    assert "Ann" not in text
    assert "epilepsy" not in text
