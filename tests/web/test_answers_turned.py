"""A health answer turned from yes to no takes the code or a day; every page says so, anybody keeps yes."""

import pytest
from chromium import MISSING, chromium, violations, visit

from app.household.store import Household
from app.locale.language import language
from protocols.fitness import ASKED, QUESTIONS

CODE = "violet-7731"
NO = {question.key: "no" for question in QUESTIONS}
PAGES = ("/", "/prepare", "/plan", "/history", "/people")
REFUSED = "The current could disturb the device in your body."


@pytest.fixture(scope="module")
def ann(house, phone):
    """Somebody with a pacemaker, as the phone said."""
    household = Household(house.state)
    household.set_code(CODE)
    ann = phone.submit("/people", "/people", name="Ann", born="1990-01-01").headers["location"]
    phone.submit(ann, f"{ann}/answers", **NO | {"device": "yes"})
    return ann


def verdict(phone, ann):
    number = ann.rpartition("/")[2]
    said = phone.get(f"/prepare?person={number}&treatment=hands").page.text
    return "refused" if REFUSED in said else "allowed" if "Checklist" in said else said


def test_without_the_code_it_stays_yes_and_every_page_says_so_until_somebody_keeps_it(phone, ann):
    assert verdict(phone, ann) == "refused"
    for _ in range(2):
        assert phone.submit(ann, f"{ann}/answers", **NO).status == 303
        assert verdict(phone, ann) == "refused"
    for lang in ("en", "de"):
        phone.language, t = lang, language(lang).t
        try:
            for path in (*PAGES, ann):
                said = phone.get(path).page.text
                assert t(ASKED["device"]) in said, path
                assert t("Keep the yes") in said, path
        finally:
            phone.language = "en"
    assert "becomes no in 24 hours, as asked for by phone" in phone.get("/").page.text
    assert phone.submit("/", f"{ann}/keep").status == 303
    assert "Keep the yes" not in phone.get("/").page.text
    assert verdict(phone, ann) == "refused"


def test_the_nurses_code_turns_it_at_once_and_a_wrong_one_nothing(phone, ann):
    assert phone.submit(ann, f"{ann}/answers", **NO, code="wrong-code").status == 403
    assert verdict(phone, ann) == "refused"
    assert "Keep the yes" not in phone.get("/").page.text, "nothing was kept"
    phone.submit(ann, f"{ann}/answers", **NO, code=CODE)
    assert verdict(phone, ann) == "allowed"
    said = phone.get(ann).page.text
    for words in ("with the nurse's code", "asked for, holds in 24 hours", "the yes was kept", "phone"):
        assert words in said


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_the_notice_can_be_read_and_pressed_on_a_small_phone(house, phone, ann):
    phone.submit(ann, f"{ann}/answers", **NO | {"device": "yes"})
    phone.submit(ann, f"{ann}/answers", **NO)
    with chromium() as browser, visit(browser, house.port, phone, language="de") as context:
        page = context.new_page()
        page.set_viewport_size({"width": 320, "height": 640})
        for path in ("/", ann):
            page.goto(path)
            for details in page.locator("details").all():
                details.evaluate("one => { one.open = true; }")
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.get_by_role("button", name="Beim Ja bleiben").click()
        page.get_by_role("button", name="Beim Ja bleiben").wait_for(state="detached")
    assert verdict(phone, ann) == "refused"
