"""The questions after a treatment: whose, of what and when is said, and never while somebody is treated."""

from datetime import UTC, date, datetime

import pytest
from chromium import MISSING, chromium, visit
from herald import TREATING, wait_for

from app.household.store import Household
from app.locale.language import language
from controller.journal.store import Store

LAST = {"outcome": "completed", "reason": None, "cause": None, "code": None}
CHARGES = {"charge_forward_ma_min": 90.0, "charge_reverse_ma_min": 90.0}


@pytest.fixture
def treated(house):
    """Ann's feet were treated last; `session` of the journal."""
    household = Household(house.state)
    ann = next((one.id for one in household.people() if one.name == "Ann"), None)
    ann = ann or household.add_person("Ann", date(1990, 1, 1))
    household.people()
    if all(one.name != "Ben" for one in household.people()):
        household.add_person("Ben", date(1990, 1, 1))
    store = Store(house.state)
    facts = {"unit": "u", "treatment": "feet", "simulated": True, "target_ma": 12.0, "total_s": 1200.0}
    session = store.begin(facts | {"person": str(ann)})["begun"]
    store.write([["end", "completed", None, 1200.0, 90.0, 90.0, None]])
    store.connection.close()
    last = {"session": session, **LAST, **CHARGES}
    # Ben's hands are prepared by now.
    house.herald.show(state="idle", person="2", treatment="hands", next="press_start", last=last)
    return house, session


@pytest.mark.parametrize("lang", ["en", "de"])
def test_they_name_person_area_and_day(treated, phone, lang):
    house, session = treated
    phone.language = lang
    try:
        spoken = language(lang)
        today = spoken.day(datetime.now(UTC).astimezone().date())
        for path in ("/", f"/history/{session}"):
            said = wait_for(lambda path=path: phone.get(path).page)
            about = f"Ann, {spoken.t('Feet')}, {today}"
            assert f"{about} {spoken.t('How does your skin feel?')}" in said.text
            assert said.text.count(about) == 2, "the sweat too"
    finally:
        phone.language = "en"
    answer = phone.submit("/", f"/history/{session}/felt", felt="sore")
    assert answer.status == 303
    assert Household(house.state).feedback([session])[session].felt == "sore"


def test_the_treatment_stays_on_now_with_its_figures_until_it_is_put_away(treated, phone):
    house, session = treated
    for answer in ({"felt": "fine"}, {"sweat": "2"}):
        index = 1 if "sweat" in answer else 0
        assert phone.submit("/", f"/history/{session}/felt", index, back="now", **answer).status == 303
    page = phone.get("/").page
    for words in ("Ann", "Feet, tap water", "Complete", "180.0 mA min", "How does your skin feel?"):
        assert words in page.text
    assert any(attrs.get("src") == f"/history/{session}/chart.svg" for _, attrs in page.tags)
    assert phone.submit("/", f"/history/{session}/away").headers["location"] == "/"
    assert "After the treatment" not in phone.get("/").page.text
    assert phone.get(f"/history/{session}").status == 200
    Household(house.state).put_away(session - 1)
    assert "After the treatment" in phone.get("/").page.text, "the next one is shown again"


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_they_go_when_a_session_begins_and_come_back_after_it(treated, phone):
    house, session = treated
    with chromium() as browser, visit(browser, house.port, phone) as context:
        pages = context.new_page(), context.new_page()
        for page, path in zip(pages, ("/", f"/history/{session}"), strict=True):
            page.goto(path)
            page.get_by_role("button", name="Fine").wait_for()
        house.herald.show(**TREATING, last=None)
        for page in pages:
            page.get_by_role("button", name="Fine").wait_for(state="hidden")
        assert "skin feel" not in phone.get("/").page.text
        assert "skin feel" not in phone.get(f"/history/{session}").page.text
        house.herald.show(
            state="idle", phase="ready", session=None, last={"session": session, **LAST, **CHARGES}
        )
        for page in pages:
            page.get_by_role("button", name="Fine").wait_for()


WIDER = """() => [...document.querySelectorAll('body *')]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5)
  .map((one) => `${one.tagName} ${one.className} ${one.textContent.trim().slice(0, 40)}`)"""


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
@pytest.mark.parametrize("lang", ["en", "de"])
def test_what_stays_after_a_treatment_is_no_wider_than_a_phone(treated, phone, lang):
    house, session = treated
    with chromium() as browser:
        for width in (320, 390):
            size = {"width": width, "height": 568}
            with visit(browser, house.port, phone, size=size, language=lang) as context:
                page = context.new_page()
                for path in ("/", f"/history/{session}"):
                    page.goto(path)
                    over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                    assert over <= 0, page.evaluate(WIDER)
