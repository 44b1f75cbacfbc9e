"""Which unit the pages speak of: the one that is there now, whoever was there when a page was loaded."""

import json

import pytest
from browser import Browser
from chromium import MISSING, chromium, visit
from companion import Companion
from herald import SNAPSHOT, TREATING, Herald, wait_for
from pairs import pair

from app.locale.language import language
from app.web.live import Feed
from app.web.now_view import view
from controller.journal.store import Store

HELLO = {"api": 1, "version": "0", "unit": "", "serial": "", "rate_hz": 200, "max_current_ma": 25.0}


@pytest.fixture
def companion(tmp_path):
    served = Companion(tmp_path)
    yield served
    served.close()


def told(phone):
    return json.loads(phone.get("/unit").text)


@pytest.mark.parametrize(
    ("person", "said"),
    [
        ("1", "Hands, tap water for Ann, 12.0 mA"),
        ("2", "Hands, tap water for Ben, 12.0 mA"),
        (None, "Hands, tap water for nobody in particular, 12.0 mA"),
    ],
)
def test_for_whom_a_treatment_is_stands_on_the_page(person, said):
    seen = {**SNAPSHOT, **TREATING, "person": person}
    assert view(seen, {"1": "Ann", "2": "Ben"}, language("en")).prepared == said


def test_the_stamp_is_that_of_the_unit_that_is_there(tmp_path, companion):
    herald = Herald(tmp_path)
    phone = pair(herald, companion.port)
    assert "SIMULATED" in told(phone)["stamp"]
    assert "SIMULATED" in phone.get("/people").page.text
    first = told(phone)["unit"]
    herald.close()
    wait_for(lambda: told(phone)["unit"] == "")
    herald = Herald(tmp_path, simulated=False, unit="Clinic")
    try:
        wait_for(lambda: told(phone)["unit"] not in ("", first))
        assert told(phone)["stamp"] == ""
        assert "SIMULATED" not in phone.get("/people").page.text
        assert "desk" not in phone.get("/").text
    finally:
        herald.close()


def test_what_the_unit_before_did_is_not_taken_for_the_next_ones(tmp_path):
    feed = Feed(tmp_path, lambda _: None)
    feed._take({"hello": HELLO | {"unit": "First", "simulated": True}})
    feed._take({"snapshot": TREATING})
    assert feed.simulated
    assert feed.snapshot == TREATING
    feed._take({"hello": HELLO | {"unit": "Second", "simulated": False}})
    assert (feed.snapshot, feed.unit, feed.simulated) == (None, "", False)
    feed._take({"snapshot": TREATING})
    assert "Second" in feed.unit


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
@pytest.mark.parametrize(("before", "after"), [(True, False), (False, True)], ids=["to real", "to simulated"])
def test_pages_left_open_follow_the_unit(tmp_path, companion, before, after):
    herald = Herald(tmp_path)
    phone = pair(herald, companion.port)
    herald.close()
    herald = Herald(tmp_path, simulated=before)
    wait_for(lambda: told(phone)["unit"] and bool(told(phone)["stamp"]) == before)
    with chromium() as browser, visit(browser, companion.port, phone) as context:
        now, people = context.new_page(), context.new_page()
        for page, path in ((now, "/"), (people, "/people")):
            page.goto(path)
            assert page.get_by_text("SIMULATED: no unit is driven").count() == int(before)
        people.get_by_label("Name").first.fill("half a name")
        herald.close()
        herald = Herald(tmp_path, simulated=after)
        herald.set(**TREATING, simulated=after)
        state = "visible" if after else "hidden"
        for page in (now, people):
            page.bring_to_front()
            page.locator("[data-unit].simulated").wait_for(state=state)
        now.locator("section.desk").wait_for(state=state)
        assert people.get_by_label("Name").first.input_value() == "half a name"
    herald.close()


def test_simulated_sessions_stay_stamped_in_the_history_of_a_real_unit(tmp_path, companion):
    herald = Herald(tmp_path)
    phone = pair(herald, companion.port)
    for simulated in (True, False):
        store = Store(tmp_path)
        facts = {"unit": "u", "treatment": "hands", "simulated": simulated}
        store.begin(facts | {"target_ma": 12.0, "total_s": 1200.0})
        store.write([["end", "completed", None, 1200.0, 100.0, 100.0, None]])
        store.connection.close()
    herald.close()
    herald = Herald(tmp_path, simulated=False)
    try:
        wait_for(lambda: told(phone)["unit"] and not told(phone)["stamp"])
        assert phone.get("/history").page.text.count("SIMULATED") == 1
    finally:
        herald.close()


def test_a_stranger_is_not_told(companion):
    assert Browser(companion.port).get("/unit").status == 403
