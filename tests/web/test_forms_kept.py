"""A form in which something is wrong keeps what was typed and says it beside the field; orders go back."""

from datetime import datetime

import pytest
from chromium import MISSING, chromium, violations, visit
from herald import wait_for

from app.household.order import CHECKLIST
from app.household.store import Household
from controller.journal.store import Store
from protocols.fitness import QUESTIONS

CODE = "violet-7731"
NO = {question.key: "no" for question in QUESTIONS}
DAY = datetime.now().astimezone().date()


@pytest.fixture(scope="module")
def ann(house, phone):
    household = Household(house.state)
    household.set_code(CODE)
    where = phone.submit("/people", "/people", name="Ann", born="1990-01-01").headers["location"]
    phone.submit(where, f"{where}/answers", **NO)
    store = Store(house.state)
    facts = {"unit": "u", "treatment": "hands", "simulated": True, "target_ma": 8.0, "total_s": 1200.0}
    store.begin(facts | {"person": where.rpartition("/")[2]})
    store.write([["end", "completed", None, 1200.0, 90.0, 90.0, None]])
    store.connection.close()
    return where


def shown(answer, name):
    """What the page has in a field, and what it says is wrong there."""
    (found,) = [attrs for tag, attrs in answer.page.tags if tag == "input" and attrs.get("aria-invalid")]
    assert found["name"] == name
    return found.get("value")


PLAN = {"area": "feet", "per_week": "2", "weeks": "3", "top_up_days": "14"}


def chosen(answer):
    return [attrs["value"] for tag, attrs in answer.page.tags if tag == "option" and "selected" in attrs]


def values(answer):
    return [attrs.get("value") for tag, attrs in answer.page.tags if tag == "input"]


@pytest.mark.parametrize(
    ("page", "action", "typed", "wrong", "said"),
    [
        (
            "/people",
            "",
            {"name": "Bo", "born": "1990-31-31"},
            "born",
            "This is not a date: write it like 2026-01-31.",
        ),
        ("/people", "", {"name": "Bo", "born": "2190-01-01"}, "born", "This is not a date of birth."),
        ("/people", "", {"name": " ann", "born": "1990-01-01"}, "name", "Somebody of this name"),
        ("", "/name", {"name": "\t"}, "name", "1 to 40 printable characters"),
        ("", "/limit", {"limit_ma": "14", "code": "wrong-1"}, "code", "The nurse's code is wrong."),
        ("", "/limit", {"limit_ma": "14"}, "code", "Raising a limit takes the nurse's code."),
        ("", "/limit", {"limit_ma": "much"}, "limit_ma", "This is not a number: write it like 8 or 8.5."),
        (
            "",
            "/permission",
            {"given_by": "Dr Who", "until": "soon", "strength": "1 %"},
            "until",
            "This is not a date: write it like 2026-01-31.",
        ),
        (
            "/plan",
            "",
            PLAN | {"starts_on": "tomorrow"},
            "starts_on",
            "This is not a date: write it like 2026-01-31.",
        ),
    ],
)
def test_what_was_typed_stays_and_what_is_wrong_is_said_there(phone, ann, page, action, typed, wrong, said):
    page = page or ann
    answer = phone.submit(page, page if page != ann else f"{ann}{action}", **typed)
    assert answer.status in {422, 403}
    assert "That did not work" not in answer.page.text
    assert answer.page.text.count(said) == 2, "above, and beside the field"
    assert shown(answer, wrong) == (None if wrong == "code" else typed[wrong])
    for name, value in typed.items():
        kept = values(answer) if name not in PLAN else chosen(answer)
        assert (value in kept) == (name != "code"), name


def test_an_answer_that_is_missing_keeps_the_others(phone, ann):
    some = {key: "yes" for key in NO if key != "epilepsy"}
    answer = phone.submit(ann, f"{ann}/answers", **some)
    assert answer.status == 422
    assert answer.page.text.count("Answer every question.") == 2
    checked = [
        (attrs["name"], attrs["value"])
        for tag, attrs in answer.page.tags
        if tag == "input" and attrs.get("type") == "radio" and "checked" in attrs and attrs["name"] in NO
    ]
    assert sorted(checked) == sorted([*some.items(), ("epilepsy", "no")])


def test_a_current_that_is_refused_keeps_the_ticks(phone, ann):
    number = ann.rpartition("/")[2]
    ticks = dict.fromkeys(list(CHECKLIST)[:3], "yes")
    where = f"/prepare?person={number}&treatment=feet"
    answer = phone.submit(where, "/prepare", current_ma="99", **ticks)
    assert answer.status == 422
    assert shown(answer, "current_ma") == "99"
    assert answer.page.text.count("This current is outside your limit.") == 2
    ticked = [attrs["name"] for tag, attrs in answer.page.tags if tag == "input" and "checked" in attrs]
    assert ticked == list(ticks)


def test_no_treatment_now_says_when_it_is_allowed_and_the_way_to_the_plan(phone, ann):
    number = ann.rpartition("/")[2]
    page = phone.get(f"/prepare?person={number}&treatment=hands").page
    assert "This area has been treated today." in page.text
    assert "A treatment is allowed again from" in page.text
    assert any(attrs.get("href") == f"/plan#plan-{number}-hands" for _, attrs in page.tags)


def test_what_is_prepared_can_be_taken_back(house, phone, ann):
    number = ann.rpartition("/")[2]
    where = f"/prepare?person={number}&treatment=feet"
    assert phone.submit(where, "/prepare", current_ma="5", **dict.fromkeys(CHECKLIST, "yes")).status == 303
    assert (house.state / "next.json").exists()
    order = {"accepted": True, "refusal": None, "valid_until_utc": "2030-01-01T00:00:00Z"}
    house.herald.show(treatment="feet", person=number, order=order, next="press_start")
    wait_for(lambda: "Take back what is prepared" in phone.get("/").page.text)
    assert phone.submit("/", "/prepare", withdraw="yes").status == 303
    assert not (house.state / "next.json").exists()


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_the_way_from_an_empty_page_and_a_wrong_form_in_a_browser(house, phone, ann):
    with chromium() as browser, visit(browser, house.port, phone, language="de") as context:
        page = context.new_page()
        page.set_viewport_size({"width": 320, "height": 640})
        page.goto("/")
        page.get_by_role("link", name="Eine Behandlung vorbereiten").click()
        page.wait_for_url("**/prepare")
        page.goto(ann)
        page.get_by_text("Namen ändern").click()
        form = page.locator(f"form[action='{ann}/name']")
        form.get_by_role("textbox").evaluate("one => { one.required = false; one.value = ''; }")
        form.get_by_role("button").click()
        page.get_by_role("alert").filter(visible=True).wait_for()
        assert form.locator("[aria-invalid=true]").is_visible()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
