"""What is prepared holds only as long as what it was judged by; an empty list says of whom."""

import json

import pytest

from app.household.order import CHECKLIST
from app.household.store import Household
from controller.orders.file import FILE
from protocols.fitness import QUESTIONS

NO = {question.key: "no" for question in QUESTIONS}


@pytest.fixture
def prepare(house, phone):
    """A new person who may be treated and for whom something is prepared; the number, and what prepares."""
    name = "Ann"
    phone.submit("/people", "/people", name=name, born="1990-01-01")
    number = next(one.id for one in Household(house.state).people() if one.name == name)
    phone.submit(f"/people/{number}", f"/people/{number}/answers", **NO)

    def prepares(current_ma="8"):
        ticks = dict.fromkeys(CHECKLIST, "yes")
        place = f"/prepare?person={number}&treatment=feet"
        return phone.submit(place, "/prepare", current_ma=current_ma, **ticks)

    assert prepares().status == 303
    yield number, prepares
    (house.state / FILE).unlink(missing_ok=True)
    Household(house.state).remove_person(number)


def test_other_answers_take_it_back(house, phone, prepare):
    number, _ = prepare
    phone.submit(f"/people/{number}", f"/people/{number}/answers", **NO | {"pregnant": "yes"})
    assert not (house.state / FILE).exists()
    assert "No treatment now" in phone.get(f"/prepare?person={number}&treatment=feet").page.text


def test_another_limit_takes_it_back(house, phone, prepare):
    number, _ = prepare
    phone.submit(f"/people/{number}", f"/people/{number}/limit", area="feet", limit_ma="2")
    assert not (house.state / FILE).exists()


def test_nothing_stays_prepared_for_who_left(house, phone, prepare):
    number, _ = prepare
    phone.submit(f"/people/{number}", f"/people/{number}/remove")
    assert not (house.state / FILE).exists()


def test_another_persons_change_leaves_it(house, phone, prepare):
    phone.submit("/people", "/people", name="Bo", born="1990-01-01")
    other = max(one.id for one in Household(house.state).people())
    phone.submit(f"/people/{other}", f"/people/{other}/answers", **NO | {"pregnant": "yes"})
    phone.submit(f"/people/{other}", f"/people/{other}/remove")
    assert json.loads((house.state / FILE).read_text())["person"] == str(prepare[0])


@pytest.mark.parametrize(
    "current", ["1_0", "1e1", "0x8", "nan", "inf", "", "8 mA", "8.", "1,000.5", "8" * 20]
)
def test_what_is_no_current_prepares_nothing(house, prepare, current):
    (house.state / FILE).unlink()
    answer = prepare[1](current)
    assert answer.status == 422
    assert "write it like 8 or 8.5" in answer.page.text
    assert not (house.state / FILE).exists()


@pytest.mark.parametrize("current", ["7.5", "7,5", " 7.5 ", "\uff17.\uff15", "\u0667\u066b\u0665"])
def test_a_current_is_read_in_the_signs_of_any_keyboard(house, prepare, current):
    assert prepare[1](current).status == 303
    assert json.loads((house.state / FILE).read_text())["current_ma"] == 7.5


def test_a_list_that_is_empty_says_of_whom(phone, prepare):
    number, _ = prepare
    assert "There is no session of Ann yet." in phone.get(f"/history?person={number}").page.text
    assert "There is no older session." in phone.get("/history?before=1").page.text
