"""The facts: every figure is the program's, each stands where it matters, and all of it in both languages."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from chromium import MISSING, chromium, violations, visit
from days import today
from english import left_in_english

from app.household.health import Permission
from app.household.order import checklist
from app.household.store import Household
from app.locale.language import language
from app.technician.plan import LIMIT_MA, LIMIT_PART
from app.web import facts
from config.unit import reference_unit
from protocols.ceilings import ceiling_ma
from protocols.fitness import AREAS, QUESTIONS
from protocols.treatment import find
from protocols.wetting import LEAST_CM2, LEAST_ML

MANUAL = " ".join((Path(__file__).parents[2] / "docs" / "operator.md").read_text().split())


@pytest.fixture
def ann(house):
    book = Household(house.state)
    for one in book.people():
        book.remove_person(one.id)
    number = book.add_person("Ann", date(1990, 1, 1))
    book.answer(number, {question.key: False for question in QUESTIONS}, today())
    for key in ("underarms", "face"):
        book.permit(number, key, Permission("Dr Who", today(), today() + timedelta(days=9)))
    return number


def test_what_is_told_of_the_output_is_what_units_are_held_to():
    unit, english = reference_unit(), language("en")
    told = facts.figures(english)
    assert told["volt"] == f"{unit.stage.compliance_v:g}"
    assert told["limiter"] == english.ma(unit.dummy.limiter_ma)
    assert (told["percent"], told["least_ma"]) == (f"{100 * LIMIT_PART:g}", english.ma(LIMIT_MA, 2))


@pytest.mark.parametrize("lang", ["en", "de"])
def test_every_fact_is_told_with_its_figure(house, phone, lang):
    phone.language = lang
    try:
        page = phone.get("/good-to-know").page
    finally:
        phone.language = "en"
    for key in facts.FACTS:
        for said in facts.told(language(lang), key):
            assert said in page.text
            assert not re.search(r"[{}]", said)
    assert lang == "en" or not left_in_english(page.text), left_in_english(page.text)
    for area in AREAS:
        assert f"{LEAST_CM2[area]} cm²" in page.text
    assert "85 %" in page.text
    assert "70 %" in page.text


@pytest.mark.parametrize("area", AREAS)
def test_the_checklist_asks_for_fresh_water_and_enough_of_it(area):
    line = checklist(find(area))["water"]
    litres, millis = f"{LEAST_ML[area] / 1000:g} litres", f"{LEAST_ML[area]} ml"
    assert "fresh tap water" in line
    assert (litres if LEAST_ML[area] >= 1000 else millis) in line


@pytest.mark.parametrize("area", AREAS)
def test_where_a_pad_is_prepared_small_ones_are_warned_of(house, phone, ann, area):
    text = phone.get(f"/prepare?person={ann}&treatment={area}").page.text
    assert "Checklist" in text
    assert ("a pad of only 40 ml reaches about pH 3 at 5 mA in 15 minutes" in text) == (
        area in ("underarms", "face")
    )


@pytest.mark.parametrize(
    ("path", "key"),
    [("/plan", "expect"), ("/people/{ann}", "who"), ("/prepare?person={ann}&treatment=feet", "stop")],
)
def test_they_are_linked_where_they_matter(house, phone, ann, path, key):
    page = phone.get(path.format(ann=ann)).page
    links = [attrs.get("href") for tag, attrs in page.tags if tag == "a"]
    assert f"/good-to-know#{key}" in links
    assert "/good-to-know" in links, "and from every page"
    there = [attrs.get("id") for _, attrs in phone.get("/good-to-know").page.tags]
    assert key in there


def test_the_manual_tells_all_of_it_too():
    for key in facts.FACTS:
        for said in facts.told(language("en"), key):
            assert said in MANUAL, said
    for area in AREAS:
        adult, child = (ceiling_ma(area, group, "tap_water") for group in ("adult", "child"))
        assert f"| {area} | {LEAST_CM2[area]} cm² | {adult:g} mA / {child:g} mA |" in MANUAL


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_it_is_accessible_and_fits_a_small_phone(house, phone):
    with chromium() as browser, visit(browser, house.port, phone, language="de") as context:
        page = context.new_page()
        page.set_viewport_size({"width": 320, "height": 640})
        page.goto("/good-to-know#skin")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
