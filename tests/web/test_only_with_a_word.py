"""What is off until a professional's word: glycopyrrolate, underarms, face; refused with the way to it."""

from datetime import date, timedelta

import pytest
from chromium import MISSING, chromium, violations, visit
from days import today

from app.household.health import Permission
from app.household.order import checklist
from app.household.store import Household
from app.locale.language import language
from controller.journal.store import Store
from protocols.fitness import DRUG_QUESTIONS, OFF, QUESTIONS
from protocols.treatment import find

CODE = "violet-7731"
UNTIL = (today() + timedelta(days=90)).isoformat()
TREATMENTS = {"glycopyrrolate": "hands-glycopyrrolate", "underarms": "underarms", "face": "face"}
DRUG_NO = {question.key: "no" for question in DRUG_QUESTIONS}


@pytest.fixture(scope="module")
def household(house):
    book = Household(house.state)
    book.set_code(CODE)
    return book


@pytest.fixture
def person(household):
    """Somebody whose hands may be treated with tap water; everybody before is removed."""
    for one in household.people():
        household.remove_person(one.id)
    number = household.add_person("Ann", date(1990, 1, 1))
    household.answer(number, {question.key: False for question in QUESTIONS}, today())
    return number


def where(person, key):
    return f"/prepare?person={person}&treatment={TREATMENTS[key]}"


@pytest.mark.parametrize("key", OFF)
def test_without_it_no_phone_can_prepare_it_and_is_told_the_way(house, phone, person, key):
    for lang in ("en", "de"):
        phone.language, t = lang, language(lang).t
        try:
            page = phone.get(where(person, key)).page
        finally:
            phone.language = "en"
        assert t(OFF[key]) in page.text
        assert any(attrs.get("href") == f"/people/{person}#word-{key}" for _, attrs in page.tags)
    (form,) = [one for one in phone.get(f"/prepare?person={person}&treatment=hands").page.forms
               if "treatment" in one["fields"]]  # fmt: skip
    ticks = dict.fromkeys(checklist(find(TREATMENTS[key])), "yes")
    asked = {**form["fields"], **ticks, "treatment": TREATMENTS[key], "current_ma": "1"}
    answer = phone.post("/prepare", asked)
    assert answer.status == 422
    assert OFF[key] in answer.page.text
    assert not (house.state / "next.json").exists()


@pytest.mark.parametrize("key", OFF)
def test_with_it_until_its_last_day_it_can_be_prepared_with_its_own_checklist(
    house, phone, person, household, key
):
    them = f"/people/{person}"
    strength = {"strength": "0.05 %"} if key == "glycopyrrolate" else {}
    index = list(OFF).index(key)
    if key == "glycopyrrolate":
        forms = [one for one in phone.get(them).page.forms if one["action"] == f"{them}/answers"]
        phone.post(f"{them}/answers", {**forms[1]["fields"], **DRUG_NO})
    given = {"given_by": "Dr Who", "until": UNTIL, **strength}
    assert phone.submit(them, f"{them}/permission", index, **given, code="wrong").status == 403
    assert (
        phone.submit(them, f"{them}/permission", index, **{**given, "until": "2199-01-01"}, code=CODE).status
        == 422
    )
    assert "Checklist" not in phone.get(where(person, key)).page.text
    phone.submit(them, f"{them}/permission", index, **given, code=CODE)
    said = phone.get(where(person, key)).page.text
    treatment = find(TREATMENTS[key])
    for line in checklist(treatment).values():
        assert line in said
    assert ("trays" in said) == (treatment.area == "hands")
    prepared = phone.submit(
        where(person, key), "/prepare", current_ma="1", **dict.fromkeys(checklist(treatment), "yes")
    )
    assert prepared.status == 303
    assert (house.state / "next.json").exists()
    if strength:
        assert "0.05 %" in phone.get(them).page.text
    assert {one.details["what"] for one in household.changes(person)} >= {f"permission:{key}"}
    yesterday = today() - timedelta(days=1)
    household.permit(person, key, Permission("Dr Who", yesterday, yesterday))
    assert OFF[key] in phone.get(where(person, key)).page.text, "its last day is over"
    household.permit(person, key, Permission("Dr Who", today(), today()))
    phone.submit(them, f"{them}/permission", index, end="yes")
    assert OFF[key] in phone.get(where(person, key)).page.text, "anybody may end it"
    assert not (house.state / "next.json").exists(), "what was prepared on it is taken back"


def test_the_first_dose_of_the_drug_is_not_taken_from_tap_waters(house, phone, person, household):
    store = Store(house.state)
    facts = {"unit": "u", "treatment": "hands", "simulated": True, "target_ma": 7.5, "total_s": 1200.0}
    session = store.begin(facts | {"person": str(person)})["begun"]
    store.write([["end", "completed", None, 1200.0, 90.0, 90.0, None]])
    store.connection.execute(
        "UPDATE session SET begun_utc = '2026-01-05T10:00:00+00:00' WHERE id = ?", (session,)
    )
    store.connection.close()
    household.answer(person, {question.key: False for question in DRUG_QUESTIONS}, today())
    household.permit(person, "glycopyrrolate", Permission("Dr Who", today(), today(), "0.05 %"))
    household.say(session, "fine", None)
    assert "Suggested: 8.5 mA" in phone.get(f"/prepare?person={person}&treatment=hands").page.text
    drug = phone.get(where(person, "glycopyrrolate")).page.text
    assert "Suggested: 4.0 mA. The first time: half of your limit." in drug


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_the_words_are_asked_for_on_a_small_phone(house, phone, person):
    with chromium() as browser, visit(browser, house.port, phone, language="de") as context:
        page = context.new_page()
        page.set_viewport_size({"width": 320, "height": 640})
        page.goto(f"/people/{person}#word-glycopyrrolate")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
