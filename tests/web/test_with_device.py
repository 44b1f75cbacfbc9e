"""The companion beside the appliance itself: `ionto device --simulate`, with the hands of a person at it."""

import json
import re

import pytest
from appliance import Appliance
from chromium import DESK, MISSING, PHONE, chromium, visit
from companion import Companion
from herald import wait_for
from home import Home

from app.household.order import CHECKLIST
from controller.core.reasons import REASONS
from controller.core.types import Refusal
from controller.journal.history import open_history
from protocols.fitness import QUESTIONS


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path, 30)
    yield made
    made.close()


def prepare(page, person, current_ma):
    """Go through the checklist as a person does."""
    page.goto(f"/prepare?person={person}&treatment=hands")
    for text in CHECKLIST.values():
        page.get_by_label(text).check()
    page.get_by_label("Current in mA").fill(str(current_ma))
    page.get_by_role("button", name="Prepare the unit").click()


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
@pytest.mark.parametrize(
    "size", [PHONE, pytest.param(DESK, marks=pytest.mark.nightly)], ids=["phone", "desk"]
)
def test_a_hand_leaves_the_rest_is_stopped_from_the_page_and_history_tells(home, size):
    ann = home.add("Ann")
    with chromium() as browser, visit(browser, home.web.port, home.device, size=size) as context:
        page = context.new_page()
        prepare(page, ann, 6)
        sentence = page.locator("[data-live=sentence]")
        sentence.filter(has_text="Press Start on the unit.").wait_for()
        page.locator("[data-live=prepared]").filter(has_text="Hands, tap water for Ann, 6.0 mA").wait_for()
        home.unit.settle()
        home.unit.press("start", 3.0)
        home.wait(phase="hold")
        sentence.filter(has_text="Keep still").wait_for()
        page.locator("#live-chart canvas").wait_for()
        home.unit.hand(out=True)
        page.get_by_role("alert").filter(has_text="The circuit opened").wait_for()
        home.unit.hand(out=False)
        sentence.filter(has_text="rest of the treatment").wait_for()
        home.unit.settle()
        home.unit.press("start", 3.0)
        home.wait(phase="hold", linked_to=1)
        page.locator(".stopbar button").click()
        home.wait(state="paused", session=None)  # the end is on record
        page.locator("[data-live=rest]").filter(has_text="of the treatment are left").wait_for()
        wait_for(lambda: home.unit.snapshot["rest_s"] < 594.0)
        home.unit.settle()
        home.unit.press("stop", 3.0)
        home.wait(state="idle", rest_s=None)
        page.goto("/history")
        assert page.get_by_text("Cut off, not complete").count() == 0
        assert page.get_by_text("Stopped, not complete").count() == 1
        assert page.get_by_text("in 2 parts").count() == 1
        page.goto("/history/1")
        assert page.get_by_text("The circuit opened").count() == 1
        page.goto(f"/prepare?person={ann}&treatment=hands")
        assert page.get_by_text("This area has been treated today.").count() == 1
    with open_history(home.state) as history:
        rest, first = history.sessions()
        assert (first["person"], first["outcome"], first["target_ma"]) == (ann, "aborted", 6.0)
        assert (rest["linked_to"], rest["outcome"]) == (1, "stopped")


def test_either_survives_the_others_death(home):
    """The unit treats on without its companion, which tells when the unit is gone and finds the next one."""
    ann = home.add("Ann")
    home.prepare(ann, 5)
    home.wait(next="press_start", treatment="hands")
    home.unit.settle()
    home.unit.press("start", 3.0)
    home.wait(phase="hold")
    home.web.kill()
    before_ma_min = home.unit.snapshot["charge_forward_ma_min"]
    wait_for(lambda: home.unit.snapshot["charge_forward_ma_min"] > before_ma_min + 1.0)
    home.web = Companion(home.state)
    home.device.port = home.web.port
    wait_for(lambda: "Keep still" in home.device.get("/").page.text)
    home.unit.kill()
    wait_for(lambda: "is not running" in home.device.get("/").page.text)
    assert home.device.post("/stop", {}).status == 503
    home.unit = Appliance(home.state, 30)
    wait_for(lambda: home.unit.snapshot["state"] == "idle")
    wait_for(lambda: "Interrupted, not complete" in home.device.get("/history/1").page.text)
    row = json.loads(home.device.get("/history.json").text)[0]
    assert row["outcome"] == "cut_off"
    assert row["forward_ma_min"] > before_ma_min


def test_a_yes_given_in_the_pause_takes_the_rest_out_of_reach_of_start(home):
    ann = home.add("Ann")
    home.prepare(ann, 6)
    home.wait(next="press_start", treatment="hands")
    home.unit.settle()
    home.unit.press("start", 3.0)
    home.wait(phase="hold")
    home.device.submit("/", "/stop")
    home.wait(next="press_start_rest", person=ann)
    where = f"/people/{ann}"
    yes = {question.key: "yes" if question.key == "pregnant" else "no" for question in QUESTIONS}
    home.device.submit(where, f"{where}/answers", **yes)
    home.wait(next="prepare", person=None, rest_s=None)
    home.unit.settle()
    home.unit.press("start", 3.0)
    home.wait(code=REASONS[Refusal.ORDER_REFUSED].code)
    wait_for(lambda: "an answer, an agreement or a limit was changed" in home.device.get("/").page.text)
    with open_history(home.state) as history:
        assert len(history.sessions()) == 1


def test_what_a_page_prepares_may_not_exceed_the_persons_limit(home):
    ann = home.add("Ann")
    refused = home.prepare(ann, 12.5)
    assert refused.status == 422
    assert "outside your limit" in refused.page.text
    assert not (home.state / "next.json").exists()
    home.prepare(ann, 12)
    home.wait(next="press_start", target_ma=12.0, limit_ma=12.0)


@pytest.mark.nightly
@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_a_whole_treatment_from_checklist_to_history(tmp_path):
    home = Home(tmp_path, 60)
    try:
        ann = home.add("Ann")
        with chromium() as browser, visit(browser, home.web.port, home.device) as context:
            page = context.new_page()
            prepare(page, ann, 8)
            page.locator("[data-live=sentence]").filter(has_text="Press Start on the unit.").wait_for()
            home.unit.settle()
            home.unit.press("start", 3.0)
            page.locator("[data-live=direction]").filter(has_text="Other way").wait_for()
            page.locator("[data-live=sentence]").filter(has_text="Finished").wait_for()
            page.get_by_role("button", name="Fine").click()
            page.get_by_role("button", name="Some").click()
            page.goto("/history")
            page.get_by_role("link", name=re.compile("20")).first.click()
            assert page.get_by_text("Complete", exact=True).count() == 1
            one_way, other_way = (
                page.locator(f"dt:has-text('{way} way') + dd").inner_text() for way in ("One", "Other")
            )
            assert one_way == other_way
            page.locator(".chart canvas").wait_for()
    finally:
        home.close()
