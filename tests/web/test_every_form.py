"""Every form there is, found by the routes: what is wrong is said at its field, and what was typed stays."""

import re
from datetime import date, datetime, timedelta

import pytest
from browser import Browser

from app.household.codes import TechnicianCode
from app.household.store import Household
from app.web.site import PAGES
from controller.journal.store import Store
from protocols.course import Plan
from protocols.fitness import QUESTIONS

CODE = "violet-7731"
TODAY = datetime.now().astimezone().date()
GOOD = {
    "name": "Cleo",
    "born": "1990-01-01",
    "given_by": "Dr Day",
    "until": (TODAY + timedelta(days=30)).isoformat(),
    "strength": "0.05 %",
    "code": CODE,
    "starts_on": TODAY.isoformat(),
    "started": (datetime.now() - timedelta(days=1)).isoformat(timespec="minutes"),
    "reason": "the clock was wrong",
    "current_ma": "1",
    "limit_ma": "1.5",
    "per_week": "2",
    "weeks": "3",
    "top_up_days": "14",
    "area": "feet",
    "alternate": "yes",
}
WRONG = {
    "text": ("", "a\x07b", "x" * 300),
    "date": ("", "soon", "31.01.2026"),
    "number": ("", "much", "1,2,3"),
}
LOCKED = "/unlock"
"""Where there is a form while the unit is locked."""
WRONG["datetime-local"] = WRONG["date"]
WRONG["password"] = ("",)  # wrong ones are counted; what they say is held elsewhere
OPTIONAL = {("limit", "code"), ("answers", "code")}
"""A code that is asked for only where something is raised, or turned from yes to no."""


@pytest.fixture(scope="module")
def home(house):
    """A household in which every form stands somewhere."""
    household = Household(house.state)
    household.set_code(CODE)
    TechnicianCode(house.state).set_code(CODE)
    ann = household.add_person("Ann", date(1990, 1, 1))
    household.answer(ann, {question.key: question.key == "epilepsy" for question in QUESTIONS}, TODAY)
    household.set_plan(ann, "hands", Plan(starts_on=TODAY))
    ben = household.add_person("Ben", date(1990, 1, 1))
    household.answer(ben, {question.key: False for question in QUESTIONS}, TODAY)
    household.answer(ben, {"pregnant": True}, TODAY)
    household.answer(ben, {"pregnant": False}, TODAY)
    cleo = household.add_person("Dora", date(1990, 1, 1))
    household.answer(cleo, {question.key: False for question in QUESTIONS}, TODAY)
    store = Store(house.state)
    facts = {"unit": "u", "treatment": "hands", "simulated": True, "target_ma": 8.0, "total_s": 1200.0}
    session = store.begin(facts | {"person": str(ann)})["begun"]
    store.write([["end", "completed", None, 1200.0, 90.0, 90.0, None]])
    store.connection.close()
    last = {"session": session, "outcome": "completed", "reason": None, "cause": None, "code": None}
    house.last = last | {"charge_forward_ma_min": 90.0, "charge_reverse_ma_min": 90.0}
    house.pages = [
        "/", "/plan", "/history", f"/history/{session}", "/people",
        *(f"/people/{person}" for person in (ann, ben, cleo)),
        f"/prepare?person={cleo}&treatment=feet", LOCKED,
    ]  # fmt: skip
    return house


def turn_to(home, path):
    """Let the unit be as its page at `path` needs it."""
    lock = {"cause": "wrong_polarity", "code": 35, "session": 1, "needs": "word", "reason": "so"}
    home.herald.show(lock=lock | {"since_utc": "2026-11-28T18:30:00.000+00:00"} if path == LOCKED else None)


def forms(home, phone):
    """Every form that writes, as (page, number among those of its action there, form)."""
    home.herald.show(state="idle", next="prepare", last=home.last)
    for path in home.pages:
        seen = {}
        turn_to(home, path)
        for form in phone.get(path).page.forms:
            if form["method"] == "post":
                number = seen[form["action"]] = seen.get(form["action"], -1) + 1
                yield path, number, form


def each_kind(home, phone):
    """One form of each kind: what a form of Ann's holds, one of Ben's does."""
    kinds = {}
    for path, number, form in forms(home, phone):
        kinds.setdefault((re.sub("[0-9]+", "N", form["action"]), *sorted(fields(form))), (path, number, form))
    return kinds.values()


def fields(form):
    """What is typed or ticked in a form, by name."""
    return {attrs["name"]: attrs for tag, attrs in form["inputs"] if tag == "input" and "name" in attrs}


def test_every_route_that_writes_has_its_form_here(home, phone):
    found = {form["action"] for _, _, form in forms(home, phone)} | {"/pair"}
    for route, by_method in PAGES.items():
        if "POST" in by_method:
            pattern = re.compile(
                re.sub(r"\{\w+\}", "[0-9]+", re.escape(route).replace(r"\{", "{").replace(r"\}", "}"))
            )
            assert any(pattern.fullmatch(action) for action in found), route


def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(home, phone):
    tried = 0
    for path, number, form in each_kind(home, phone):
        typed = fields(form)
        kinds = {name: attrs.get("type", "text") for name, attrs in typed.items()}
        last = form["action"].rpartition("/")[2]
        for name, kind in kinds.items():
            for value in WRONG.get(kind, ()):
                if value == "" and (last, name) in OPTIONAL:
                    continue
                good = {one: GOOD.get(one, "yes" if kinds[one] == "checkbox" else "no") for one in kinds}
                good |= {one["name"]: GOOD[one["name"]] for tag, one in form["inputs"] if tag == "select"}
                phone.move()
                turn_to(home, path)
                answer = phone.submit(path, form["action"], number, **{**good, name: value})
                where = (path, form["action"], name, value)
                assert answer.status in (403, 422), where
                assert "That did not work" not in answer.page.text, where
                said = [attrs for tag, attrs in answer.page.tags if attrs.get("aria-invalid")]
                assert [attrs["name"] for attrs in said] == [name], where
                for other, sent in {**good, name: value}.items():
                    if kinds.get(other) in ("text", "date", "number", "datetime-local"):
                        ours = [attrs for _, attrs in answer.page.tags if attrs.get("name") == other]
                        assert sent in [attrs.get("value") for attrs in ours], (*where, other)
                tried += 1
    assert tried >= 20


def test_a_list_of_answers_or_ticks_that_is_not_whole_keeps_the_rest(home, phone):
    whole = 0
    for path, number, form in each_kind(home, phone):
        kinds = {name: attrs.get("type", "text") for name, attrs in fields(form).items()}
        needed = [name for tag, attrs in form["inputs"] if attrs.get("type") in ("radio", "checkbox")
                  and "required" in attrs for name in [attrs["name"]]]  # fmt: skip
        for left_out in dict.fromkeys(needed):
            good = {one: GOOD.get(one, "yes" if kinds[one] == "checkbox" else "no") for one in kinds}
            good.pop(left_out)
            phone.move()
            turn_to(home, path)
            answer = phone.submit(path, form["action"], number, **good)
            assert answer.status == 422, (path, form["action"], left_out)
            assert "That did not work" not in answer.page.text
            checked = {
                attrs["name"] for tag, attrs in answer.page.tags if tag == "input" and "checked" in attrs
            }
            assert checked >= set(needed) - {left_out}
            whole += 1
    assert whole >= len(QUESTIONS) + 5


def test_a_strangers_name_is_kept_too(home):
    stranger = Browser(home.port)
    for wrong in ("", "a\x07b", "x" * 300):
        answer = stranger.submit("/", "/pair", name=wrong)
        assert answer.status == 422
        (said,) = [attrs for tag, attrs in answer.page.tags if attrs.get("aria-invalid")]
        assert said["name"] == "name"
        assert "\x07" in wrong or said.get("value") == wrong
