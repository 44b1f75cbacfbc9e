"""Your four weeks: the page for the doctor, from what is kept, in both languages, on one sheet of paper."""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date, datetime, timedelta
from types import SimpleNamespace

import pytest
from chromium import MISSING, chromium, violations, visit
from companion import Companion
from days import today
from english import left_in_english
from herald import Herald
from pairs import pair

from app.household.store import Household
from app.locale.language import language
from controller.journal.history import open_history
from controller.journal.store import Store
from protocols.course import Plan
from protocols.fitness import QUESTIONS


def at(days_ago, hour=18):
    """A time of the household's day, so many days ago, that is surely over."""
    day = datetime.now().astimezone() - timedelta(days=days_ago)
    return day if days_ago == 0 else day.replace(hour=hour)


@pytest.fixture(scope="module")
def ann(house):
    """Somebody whose course began four weeks ago, treated three times a week, with one mishap a week."""
    book = Household(house.state)
    number = book.add_person("Ann", date(1990, 1, 1))
    ben = book.add_person("Ben", date(1985, 1, 1))
    book.answer(number, {question.key: question.key == "heart" for question in QUESTIONS}, today())
    book.give_word(number, "heart", "Dr Who", today())
    book.set_plan(number, "hands", Plan(3, 4, 7, today() - timedelta(days=27)))
    store = Store(house.state)
    facts = {"unit": "u", "treatment": "hands", "simulated": True, "target_ma": 8.0, "total_s": 1200.0}
    for days in (40, 27, 25, 23, 20, 18, 16, 13, 11, 9, 6, 4):
        session = store.begin(facts | {"person": str(number)})["begun"]
        rows = [["row", float(at_s), "hold", "forward", 8.0, 7.5, 14.0, 1.0, 0.0] for at_s in range(9)]
        cut = days == 16
        if cut:
            rows.append(["trip", "open_circuit", "hold", 60.0, "0.00 mA measured"])
        ended = "aborted" if cut else "completed"
        why = (
            "no contact within 60 s: the circuit stayed open; close it and press Start again" if cut else None
        )
        store.write([*rows, ["end", ended, why, 1200.0, 70.0, 71.5, None]])
        _date(store, session, days)
        book.say(session, "blisters" if days == 9 else "fine", 2)
    _date(store, store.begin(facts | {"person": str(ben)})["begun"], 3)
    store.write([["end", "completed", None, 1200.0, 99.9, 99.9, None]])
    store.connection.close()
    for days, level in ((27, "4"), (20, "3"), (13, "2"), (6, "2")):
        book.tell(number, "hands", "hdss", level, today() - timedelta(days=days))
    book.tell(number, "hands", "thick", "yes", today() - timedelta(days=6))
    return number


def _date(store, session, days):
    begun = at(days).astimezone().isoformat(timespec="milliseconds")
    store.connection.execute("UPDATE session SET begun_utc = ? WHERE id = ?", (begun, session))


def rows_of(page, caption):
    """The cells of the table with this caption."""
    table = re.search(rf"<table[^>]*><caption>{re.escape(caption)}.*?</table>", page, re.S)[0]
    return [
        [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)]
        for row in re.findall(r"<tr>(.*?)</tr>", table, re.S)[1:]
    ]


def test_plan_stands_against_done_with_dose_and_what_was_said(house, phone, ann):
    page = phone.get(f"/people/{ann}/weeks").text
    weeks = rows_of(page, "Plan against done.")
    assert [row[1:4] for row in weeks] == [
        ["3", "3", "424.5"],
        ["3", "3", "424.5"],
        ["3", "3", "424.5"],
        ["3", "2", "283.0"],
    ]
    assert [row[4:] for row in weeks] == [["4", ""], ["3", ""], ["2", ""], ["2", "Yes"]]


def test_each_treatment_of_these_weeks_stands_there_once_and_nobody_elses(house, phone, ann):
    page = phone.get(f"/people/{ann}/weeks").text
    each = rows_of(page, "Treatments, oldest first")
    assert len(each) == 11, "that of 40 days ago is not of these weeks"
    assert each[0][1:] == ["Complete", "20", "7.5", "141.5", "Fine", "2"]
    assert "199.8" not in page
    assert "Ben" not in page
    assert "SIMULATED: no person was treated" in page


def test_what_went_wrong_limits_and_answers_are_told(house, phone, ann):
    text = phone.get(f"/people/{ann}/weeks").page.text
    assert "Cut off, not complete: no contact within 60 s" in text
    assert "skin: Bruised or blistered" in text
    assert "Do you have a heart disease" in text
    assert "Dr Who" in text
    assert "12.0 mA, of 15.0 mA at most at this age" in text
    page = phone.get(f"/people/{ann}/weeks").text
    changed = [row[2:5] for row in rows_of(page, "Changes, newest first")]
    assert [row[1:] for row in changed] == [["", "Dr Who"], ["", "Yes"]], "a first no changes nothing"


def test_the_four_weeks_before_are_a_link_away(house, phone, ann):
    page = phone.get(f"/people/{ann}/weeks").page
    (before,) = [attrs["href"] for tag, attrs in page.tags if "until=" in (attrs.get("href") or "")]
    text = phone.get(before).text
    assert len(rows_of(text, "Treatments, oldest first")) == 1
    assert [row[1] for row in rows_of(text, "Plan against done.")] == ["0"] * 4, "the plan began later"
    for wrong in ("soon", "1900-01-01", "9999-12-31"):
        assert phone.get(f"/people/{ann}/weeks?until={wrong}").status == 404


def test_it_is_german(house, phone, ann):
    phone.language = "de"
    try:
        text = phone.get(f"/people/{ann}/weeks").page.text
    finally:
        phone.language = "en"
    assert language("de").t("Treatments, oldest first") in text
    assert not left_in_english(text.replace("Hyperhidrosis Disease Severity Scale", "")), left_in_english(
        text
    )


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
@pytest.mark.parametrize("lang", ["en", "de"])
def test_it_prints_on_one_sheet_and_is_accessible(house, phone, ann, lang):
    with chromium() as browser, visit(browser, house.port, phone, language=lang) as context:
        page = context.new_page()
        page.set_viewport_size({"width": 320, "height": 640})
        page.goto(f"/people/{ann}/weeks")
        page.locator("[data-print]").filter(visible=True).wait_for()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        paper = page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b(?!s)", paper)) == 1


SHORT = "name: hands\narea: hands\ncurrent_ma: {current}\nramp_ma_per_s: 0.5\ntotal_min: 2\n"
UNIT = "name: Reference unit\nloop: {rate_hz: 50}\n"
COURSE = (27, 25, 23, 20, 18, 16, 13, 11, 9, 6, 4, 2)


@pytest.fixture(scope="module")
def treated(tmp_path_factory):
    """Four weeks of treatments that the simulated unit gave, a little stronger each, on their days."""
    state = tmp_path_factory.mktemp("treated")
    book = Household(state)
    ann = book.add_person("Ann", date(1990, 1, 1))
    book.answer(ann, {question.key: False for question in QUESTIONS}, today())
    book.set_plan(ann, "hands", Plan(3, 4, 7, today() - timedelta(days=27)))
    (state / "unit.yaml").write_text(UNIT)
    for number, days in enumerate(COURSE, 1):
        (state / "short.yaml").write_text(SHORT.format(current=4 + number / 2))
        words = ["run", state / "short.yaml", "--simulate", "--seed", str(number), "--state", state]
        command = [sys.executable, "-m", "app.main", *words, "--unit", state / "unit.yaml"]
        subprocess.run(command, check=True, capture_output=True, text=True)
        with closing(sqlite3.connect(state / "journal.db")) as db, db:
            begun = at(days).isoformat(timespec="milliseconds")
            told = (str(ann), begun, number)
            # As the unit names what is prepared by the page: of the library, and for somebody.
            db.execute("UPDATE session SET treatment = 'hands', person = ?, begun_utc = ? WHERE id = ?", told)
        book.tell(ann, "hands", "hdss", str(4 - (number - 1) // 4), today() - timedelta(days=days))
    herald, companion = Herald(state), Companion(state)
    yield SimpleNamespace(state=state, ann=ann, port=companion.port, phone=pair(herald, companion.port))
    companion.close()
    herald.close()


@pytest.mark.nightly
@pytest.mark.skipif(bool(MISSING), reason=MISSING)
@pytest.mark.parametrize("lang", ["en", "de"])
def test_a_course_of_simulated_treatments_reaches_the_doctors_page_whole(treated, lang):
    spoken = language(lang)
    with open_history(treated.state) as history:
        kept = [history.session(number) for number in range(1, len(COURSE) + 1)]
    assert [one["outcome"] for one in kept] == ["completed"] * len(COURSE)
    with chromium() as browser, visit(browser, treated.port, treated.phone, language=lang) as context:
        page = context.new_page()
        page.goto("/plan")
        page.get_by_role("link", name=spoken.t("Four weeks for the doctor")).click()
        each = page.locator("table", has_text=spoken.t("Treatments, oldest first")).locator("tbody tr")
        page.locator("[data-print]").filter(visible=True).wait_for()
        assert each.count() == len(COURSE)
        for row, one in zip(each.all(), kept, strict=True):
            cells = row.locator("td").all_inner_texts()
            dose = spoken.number(one["forward_ma_min"] + one["reverse_ma_min"], 1)
            assert cells[4] == dose
            assert cells[3] == spoken.number(one["target_ma"], 1), "what was set is what was borne"
        weeks = page.locator("table", has_text=spoken.t("Thicker skin")).locator("tbody tr")
        assert [row.locator("td").nth(2).inner_text() for row in weeks.all()] == ["3"] * 4
        assert len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(prefer_css_page_size=True))) == 1
