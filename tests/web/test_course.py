"""The course on the pages: the scale before the first treatment, the summary after each, success, skin."""

from datetime import date, datetime, timedelta

import pytest
from chromium import MISSING, chromium, violations, visit
from days import today
from english import left_in_english

from app.household.course import HELPED, SCALE
from app.household.store import Household
from app.locale.language import language
from controller.journal.store import Store
from protocols.course import Plan
from protocols.fitness import QUESTIONS

LAST = {"outcome": "completed", "reason": None, "cause": None, "code": None}
LAST |= {"charge_forward_ma_min": 90.0, "charge_reverse_ma_min": 90.0}


@pytest.fixture
def book(house):
    return Household(house.state)


@pytest.fixture
def ann(book):
    """Somebody with a course of the hands that began four weeks ago, and nobody else."""
    for one in book.people():
        book.remove_person(one.id)
    number = book.add_person("Ann", date(1990, 1, 1))
    book.answer(number, {question.key: False for question in QUESTIONS}, today())
    book.set_plan(number, "hands", Plan(3, 3, 7, today() - timedelta(days=28)))
    return number


def treated(house, person, *days_ago, outcome="completed"):
    """Record treatments of the hands; gives the last one's number."""
    store = Store(house.state)
    facts = {"unit": "u", "treatment": "hands", "simulated": True, "target_ma": 8.0, "total_s": 1200.0}
    for days in days_ago:
        session = store.begin(facts | {"person": str(person)})["begun"]
        store.write([["end", outcome, None, 1200.0, 90.0, 90.0, None]])
        begun = datetime.now().astimezone() - timedelta(days=days)
        store.connection.execute(
            "UPDATE session SET begun_utc = ? WHERE id = ?",
            (begun.isoformat(timespec="milliseconds"), session),
        )
    store.connection.close()
    return session


def forms(phone, path, asked):
    return [one for one in phone.get(path).page.forms if one["fields"].get("asked") == asked]


def tap(phone, path, asked, answer):
    (form,) = forms(phone, path, asked)
    return phone.post("/course", {**form["fields"], "answer": answer})


@pytest.mark.parametrize("lang", ["en", "de"])
def test_before_the_first_treatment_the_scale_is_asked_where_it_is_prepared(house, phone, book, ann, lang):
    phone.language, t = lang, language(lang).t
    try:
        where = f"/prepare?person={ann}&treatment=hands"
        page = phone.get(where).page
        for text in SCALE.values():
            assert t(text) in page.text
        assert t("Before the first treatment: later weeks are compared with it.") in page.text
        assert lang == "en" or not left_in_english(page.text)
        answer = tap(phone, where, "hdss", "4")
        assert answer.headers["location"] == where.replace("?", "?")
        assert [(one.asked, one.answer) for one in book.told(ann, "hands")] == [("hdss", "4")]
        pressed = [attrs for _, attrs in phone.get(where).page.tags if attrs.get("aria-pressed") == "true"]
        assert "4" in [one["value"] for one in pressed], "it may be put right on the same day"
        assert not forms(phone, where, "thick")
    finally:
        phone.language = "en"


def test_an_answer_that_there_is_not_is_refused(house, phone, book, ann):
    for wrong in ({"answer": "5"}, {"asked": "taught", "answer": "1"}, {"area": "nose", "answer": "1"}):
        (form,) = forms(phone, "/plan", "hdss")
        assert phone.post("/course", {**form["fields"], **wrong}).status in {404, 422}
    assert book.told(ann, "hands") == []


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("completed", "Well done: the treatment is complete."),
        ("completed_short", "The treatment is complete, with less current than was asked for."),
        ("aborted", "This treatment did not come to its end."),
    ],
)
def test_after_each_end_it_is_summed_up_with_the_next_day(house, phone, ann, outcome, said):
    session = treated(house, ann, 0, outcome=outcome)
    house.herald.show(state="idle", last={"session": session, **LAST, "outcome": outcome})
    text = phone.get("/").page.text
    assert said in text
    assert ("Well done" in text) == (outcome == "completed")
    due = language("en").day(today() + timedelta(days=2))
    assert f"The next treatment is planned for {due}." in text


def test_after_the_course_success_is_asked_and_no_leads_to_the_doctor(house, phone, book, ann):
    treated(house, ann, *range(27, 9, -2))
    text = phone.get("/plan").page.text
    assert "The initial course is complete. Does it help?" in text
    assert "A treatment is due." in text
    assert tap(phone, "/plan", "helped", "no").status == 303
    for path in ("/plan", f"/prepare?person={ann}&treatment=hands"):
        text = phone.get(path).page.text
        assert "has not helped enough. Talk to your doctor or nurse" in text
        assert "A treatment is due." not in text
    assert "Checklist" in text, "it stays allowed"
    assert tap(phone, "/plan", "helped", "yes").status == 303
    text = phone.get("/plan").page.text
    assert "Complete; now top-ups" in text
    assert "has not helped enough" not in text
    book.tell(ann, "hands", "helped", "no", today())
    book.set_plan(ann, "hands", Plan(2, 3, 7, today() + timedelta(days=1)))
    assert "has not helped enough" not in phone.get("/plan").page.text, "another course begins"


def test_thick_skin_suggests_a_longer_interval_and_a_tap_takes_it_once(house, phone, book, ann):
    treated(house, ann, 9, 7, 5)
    assert "It helps to treat less often" not in phone.get("/plan").page.text
    tap(phone, "/plan", "thick", "yes")
    assert "Skin that is treated often can thicken." in phone.get("/plan").page.text
    assert book.plan(ann, "hands", today()).per_week == 3, "nothing changes by itself"
    (form,) = forms(phone, "/plan", "interval")
    again = forms(phone, "/plan", "interval")[0]
    assert phone.post("/course", {**form["fields"], "answer": "longer"}).status == 303
    assert phone.post("/course", {**again["fields"], "answer": "longer"}).status == 303
    assert book.plan(ann, "hands", today()).per_week == 2
    kept = [one.answer for one in book.told(ann, "hands") if one.asked == "interval"]
    assert kept == ["per_week 3 2"]
    assert not forms(phone, "/plan", "interval")


def test_all_that_follows_is_german_too(house, phone, book, ann):
    treated(house, ann, *range(27, 9, -2))
    book.tell(ann, "hands", "thick", "yes", today())
    book.tell(ann, "hands", "hdss", "3", today() - timedelta(days=8))
    phone.language = "de"
    try:
        for answer in (None, "no", "yes"):
            if answer is not None:
                book.tell(ann, "hands", "helped", answer, today())
            text = phone.get("/plan").page.text
            assert "Plan ändern: alle 14 Tage" in text
            assert not left_in_english(text), left_in_english(text)
            assert ("erst mit der Ärztin" in text) == (answer == "no")
    finally:
        phone.language = "en"


def test_the_guide_leads_to_the_question_of_an_area_without_a_plan_too(house, phone, ann):
    links = [attrs.get("href") for tag, attrs in phone.get("/plan").page.tags if tag == "a"]
    assert f"/plan#plan-{ann}-hands" in links
    where = f"/prepare?person={ann}&treatment=feet"
    page = phone.get(where).page
    assert where in [attrs.get("href") for tag, attrs in page.tags if tag == "a"]
    assert forms(phone, where, "hdss"), "and it is asked there"


def test_what_was_said_goes_with_what_is_taken_along(house, phone, book, ann):
    book.tell(ann, "hands", "hdss", "3", today())
    told = phone.get(f"/people/{ann}/data.json").text
    assert '"hdss"' in told
    assert today().isoformat() in told


def test_the_calendar_is_this_units_and_goes_on_with_the_treatments(house, phone, book, ann):
    def ids():
        file = phone.get(f"/plan/{ann}/hands.ics").text.replace("\r\n ", "")
        assert file.count("BEGIN:VALARM") == file.count("BEGIN:VEVENT")
        return [line for line in file.split("\r\n") if line.startswith("UID:")]

    before = ids()
    assert before[0] == f"UID:{book.calendar_id()}-{ann}-hands-1"
    assert len(set(before)) == len(before) == 30
    assert Household(house.state).calendar_id() == book.calendar_id(), "it is kept"
    treated(house, ann, *range(27, 9, -2))
    assert ids()[0] == before[9], "nine were given: the next is the tenth, as it was"
    book.tell(ann, "hands", "helped", "no", today())
    assert ids() == [], "the doctor comes first"


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_the_questions_fit_a_small_phone_and_are_accessible(house, phone, book, ann):
    treated(house, ann, *range(27, 9, -2))
    book.tell(ann, "hands", "thick", "yes", today())
    with chromium() as browser, visit(browser, house.port, phone, language="de") as context:
        page = context.new_page()
        page.set_viewport_size({"width": 320, "height": 640})
        page.goto("/plan")
        page.get_by_role(
            "group", name=language("de").t("The initial course is complete. Does it help?")
        ).wait_for()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.get_by_role("button", name=language("de").t(HELPED["partly"])).click()
        page.get_by_role("button", name=language("de").t(HELPED["partly"]), pressed=True).wait_for()
