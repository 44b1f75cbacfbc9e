"""A treatment that was stopped is paused: what is left, how to go on, and nothing else meanwhile."""

import json
from datetime import date

import pytest
from chromium import MISSING, chromium, violations, visit

from app.household.order import CHECKLIST
from app.household.store import Household
from app.locale.language import language
from controller.journal.store import Store
from protocols.fitness import QUESTIONS

FACTS = {"unit": "u", "treatment": "hands", "simulated": True, "target_ma": 12.0, "total_s": 1200.0}


def part(store, person, linked_to, outcome, forward, reverse):
    session = store.begin({**FACTS, "person": str(person), "linked_to": linked_to})["begun"]
    store.write([["end", outcome, "Stop was pressed", 300.0, forward, reverse, None]])
    return session


@pytest.fixture(scope="module")
def stopped(house):
    """Ann's treatment in three parts, and Ben's whole one between them and now."""
    household = Household(house.state)
    ann, ben = (household.add_person(name, date(1990, 1, 1)) for name in ("Ann", "Ben"))
    for person in (ann, ben):
        household.answer(person, {question.key: False for question in QUESTIONS}, date(2026, 1, 1))
    store = Store(house.state)
    first = part(store, ann, None, "stopped", 50.0, 0.0)
    second = part(store, ann, first, "stopped", 40.0, 20.0)
    third = part(store, ann, second, "completed", 0.0, 70.0)
    other = part(store, ben, None, "completed", 60.0, 60.0)
    store.connection.close()
    house.ann, house.ben, house.parts, house.other = ann, ben, (first, second, third), other
    return house


def pause(house):
    last = {"session": house.parts[1], "outcome": "stopped", "reason": "x", "cause": None, "code": None}
    house.herald.show(
        state="paused", person=str(house.ann), treatment="hands", target_ma=8.0, left_s=1055.0,
        next="press_start_rest", rest_s=540.0, linked_to=house.parts[0], last=last,
    )  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "de"])
def test_now_says_what_is_left_how_to_go_on_and_for_how_long(stopped, phone, lang):
    pause(stopped)
    phone.language, t = lang, language(lang).t
    try:
        said = phone.get("/").page.text
    finally:
        phone.language = "en"
    assert t("Paused") in said
    for words in (
        "17:35",
        "9 min",
        t("Press Start on the unit for the rest of the treatment, or Stop to end it."),
    ):
        assert words in said
    assert t("How does your skin feel?") not in said, "it is not over"


def test_nothing_else_is_prepared_meanwhile(stopped, phone):
    pause(stopped)
    where = f"/prepare?person={stopped.ben}&treatment=feet"
    said = phone.get(where).page.text
    assert "A treatment is not finished (Ann)" in said
    assert "wait 9 min" in said
    stopped.herald.show(state="idle", next="prepare", rest_s=None, linked_to=None)
    (form,) = [
        form
        for form in phone.get(where).page.forms
        if form["action"] == "/prepare" and form["fields"].get("person")
    ]
    pause(stopped)
    ticks = dict.fromkeys(CHECKLIST, "yes")
    answer = phone.post("/prepare", {**form["fields"], **ticks, "current_ma": "5"})
    assert answer.status == 422
    assert "A treatment is not finished (Ann)" in answer.page.text
    assert not (stopped.state / "next.json").exists()


def test_history_shows_a_treatment_and_its_rests_as_one(stopped, phone):
    listed = phone.get(f"/history?person={stopped.ann}").page.text
    assert "180.0 mA min" in listed
    assert "in 3 parts" in listed
    assert "Stopped, not complete" not in listed
    for part in stopped.parts:
        one = phone.get(f"/history/{part}").page.text
        assert "The whole treatment" in one
        assert "90.0 mA min one way, 90.0 mA min the other way" in one
    assert "The whole treatment" not in phone.get(f"/history/{stopped.other}").page.text
    progress = json.loads(phone.get(f"/history/progress.json?person={stopped.ann}").text)
    assert [(line["name"], line["charge_ma_min"]) for line in progress["lines"]] == [("Hands", [180.0])]


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_the_page_turns_to_the_pause_by_itself(stopped, phone):
    with chromium() as browser, visit(browser, stopped.port, phone) as context:
        page = context.new_page()
        page.set_viewport_size({"width": 320, "height": 640})
        page.goto("/")
        rest = page.locator("[data-live=rest]")
        rest.wait_for(state="hidden")
        pause(stopped)
        rest.filter(has_text="17:35 min of the treatment are left").wait_for()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        stopped.herald.show(state="idle", next="prepare", rest_s=None, linked_to=None)
        rest.wait_for(state="hidden")
