"""The pages in a real browser: phone and desk, light and dark, with and without scripts, under axe-core."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from chromium import DESK, MISSING, PHONE, chromium, violations, visit
from herald import SNAPSHOT, TREATING, wait_for
from old_days import live_days

from app.household.order import CHECKLIST
from app.household.store import Household
from app.locale.language import language as words
from app.web.sentences import POLARITY
from protocols.course import Plan
from protocols.fitness import QUESTIONS

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)

SMALL = {"width": 320, "height": 568}
ZOOMED = {"width": 640, "height": 360}
"""A desk of 1280 by 720 at 200 %."""
BROKEN = """() => {
  const broken = new Set(), walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode;
    if (!text.parentElement.checkVisibility()) continue;
    for (const word of text.textContent.matchAll(/[\\p{L}\\p{N}]{3,}/gu)) {
      const range = document.createRange();
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map((one) => Math.round(one.top)));
      if (lines.size > 1) broken.add(word[0]);
    }
  }
  return [...broken];
}"""
"""Gives the words of a page that break in the middle."""
PAGES = (
    "/",
    "/prepare?person=1&treatment=hands",
    "/plan",
    "/history",
    "/history/3",
    "/people",
    "/people/1",
    "/people/2",
    "/people/1/weeks",
    "/good-to-know",
)


@pytest.fixture(scope="module")
def lived(house, phone):
    """A household with a past: Ann in her course, Tim who needs a doctor's word."""
    household = Household(house.state)
    today = datetime.now(UTC).astimezone().date()
    ann = household.add_person("Ann", date(1990, 5, 17))
    tim = household.add_person("Tim", today - timedelta(days=9 * 365))
    for person in (ann, tim):
        household.answer(person, {question.key: False for question in QUESTIONS}, today)
    household.set_plan(ann, "hands", Plan(3, 4, 7, today - timedelta(days=14)))
    live_days(house.state, (14, 12, 10, 7, 5, 3))
    for session, (felt, sweat) in enumerate(
        [("fine", 4), ("itchy", 4), ("fine", 3), ("fine", 2), (None, 2)], start=1
    ):
        household.say(session, felt, sweat)
    return house


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.mark.parametrize(
    ("size", "dark", "language"),
    [(SMALL, True, "en"), (SMALL, False, "de"), (ZOOMED, False, "de")],
    ids=["small dark", "small German", "desk at 200 %"],
)
def test_axe_finds_nothing_on_any_page(lived, phone, browser, size, dark, language):
    errors = []
    with visit(browser, lived.port, phone, size=size, dark=dark, language=language) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        for path in PAGES:
            page.goto(path)
            for details in page.locator("details").all():
                details.evaluate("one => { one.open = true; }")
            assert violations(page) == [], path
            wide = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wide <= 0, path
            assert page.evaluate(BROKEN) == [], path
            holds_stop(page, path, size)
    assert errors == []


def holds_stop(page, path, size):
    """Stop is within three tab stops, and a quarter of the screen at most with all it has to say."""
    page.goto(path)
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.stopbar button')"):
            break
    else:
        pytest.fail(f"{path}: three tab stops and no Stop")
    for state in ("", "sending", "lost", "arrived"):
        for said in page.locator("[data-stop]").all():
            said.evaluate("(one, told) => { one.hidden = one.dataset.stop !== told; }", state)
        bar = page.locator(".stopbar").bounding_box()
        assert bar["height"] <= size["height"] / 4, (path, state)
        assert bar["y"] + bar["height"] <= size["height"] + 1, (path, state)


@pytest.mark.parametrize("language", ["en", "de"])
def test_axe_finds_nothing_during_a_treatment_an_alarm_and_for_a_stranger(lived, phone, browser, language):
    with (
        visit(browser, lived.port, phone, language=language) as context,
        visit(browser, lived.port, None) as outside,
    ):
        page = context.new_page()
        lived.herald.show(**TREATING)
        page.goto("/")
        assert violations(page) == []
        lived.herald.show(
            state="alarm", phase="tripped", trip_cause="open_circuit", code=11, next="clear_alarm"
        )
        page.get_by_role("alert").filter(visible=True).wait_for()
        assert violations(page) == []
        stranger = outside.new_page()
        stranger.goto("/")
        assert violations(stranger) == []


def test_from_checklist_to_history(lived, phone, browser):
    """Prepare on the page, treat on the unit, see a hand leave, say how it felt, find it in the history."""
    with visit(browser, lived.port, phone) as context:
        page = context.new_page()
        page.goto("/prepare?person=1&treatment=hands")
        page.get_by_role("button", name="Prepare the unit").click()
        assert page.url.endswith("treatment=hands")  # the browser asks for the ticks first
        for text in CHECKLIST.values():
            page.get_by_label(text).check()
        page.get_by_label("Current in mA").fill("9")
        page.get_by_role("button", name="Prepare the unit").click()
        order = (lived.state / "next.json").read_text()
        assert '"current_ma": 9.0' in order
        assert '"person": "1"' in order
        sentence = page.locator("[data-live=sentence]")
        lived.herald.show(treatment="hands", person="1", target_ma=9.0, next="press_start")
        sentence.filter(has_text="Press Start on the unit.").wait_for()
        assert page.locator("[data-live=prepared]").inner_text() == "Hands, tap water for Ann, 9.0 mA"
        lived.herald.show(
            **{**TREATING, "target_ma": 9.0, "measured_ma": 8.97, "setpoint_ma": 9.0, "session": 6}
        )
        sentence.filter(has_text="Keep still").wait_for()
        assert page.locator("[data-live=delivered]").inner_text() == "9.0 mA"
        assert page.locator("[data-live=left]").inner_text() == "15:05 min"
        lived.herald.show(limited_by="hand_leaving", contact="poor", next="put_back")
        sentence.filter(has_text="A hand seems to leave the water").wait_for()
        assert "being lowered" in page.locator("[data-live=why]").inner_text()
        lived.herald.show(
            state="alarm", phase="tripped", trip_cause="open_circuit", code=11, next="press_start_rest",
            rest_s=590.0,
            last={"session": 6, "cause": "open_circuit", "reason": "x"}, limited_by=None, contact=None,
        )  # fmt: skip
        page.get_by_role("alert").filter(has_text="The circuit opened").wait_for()
        assert "press Start on the unit for the rest" in page.get_by_role("alert").inner_text()
        lived.herald.show(
            state="idle", phase="ready", trip_cause=None, code=None, next="come_back", rest_s=None
        )
        page.get_by_role("button", name="Fine").click()
        page.get_by_role("button", name="A little").click()
        wait_for(lambda: Household(lived.state).feedback([6]).get(6) == ("fine", 1))
        page.goto("/history")
        page.get_by_role("link", name=re.compile("20")).first.click()
        page.get_by_role("heading", name=re.compile("Session of")).wait_for()
        page.locator(".chart canvas").wait_for()


WATCHED = """
Object.defineProperty(window, "uPlot", {
  get() { return this.made; },
  set(real) { this.made = function (...words) { return (window.plot = new real(...words)); }; },
});
window.written = [];
const write = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
  window.written.push(text);
  return write.call(this, text, ...place);
};
"""
"""Keeps the chart that a page draws, and what is written on it."""


def test_the_chart_on_now_begins_at_start_and_each_chart_says_the_direction(lived, phone, browser):
    ways = [words("de").t(way) for way in POLARITY.values()]
    with visit(browser, lived.port, phone, size=DESK, language="de") as context:
        context.add_init_script(WATCHED)
        page = context.new_page()
        page.goto("/")
        story = ((60.0, "forward"), (240.0, "forward"), (480.0, "reverse"), (600.0, "reverse"))
        for seconds, polarity in story:
            at = {"time_s": seconds + 400.0, "since_start_s": seconds, "polarity": polarity}
            lived.herald.show(**{**TREATING, **at, "session": 9_999})
            for _ in range(3):  # the first word of a session only begins its chart
                with page.expect_response("**/unit"):
                    pass
        assert page.evaluate("window.plot.data[0]") == [1.0, 4.0, 8.0, 10.0], "minutes from Start on"
        page.wait_for_function("(ways) => ways.every((way) => window.written.includes(way))", arg=ways)
        lived.herald.show(**SNAPSHOT)
        page.goto("/history/3")
        page.wait_for_function("(ways) => ways.every((way) => window.written.includes(way))", arg=ways)


def test_stop_from_the_page_with_and_without_scripts(lived, phone, browser):
    for script in (True, False):
        with visit(browser, lived.port, phone, script=script) as context:
            page = context.new_page()
            lived.herald.show(**TREATING)
            page.goto("/history")
            lived.herald.told.clear()
            stop = page.locator(".stopbar button")
            stop.click()
            wait_for(lambda stop=stop: lived.herald.told or stop.click())  # within 1 s it is a double tap
            assert lived.herald.told == [{"do": "stop"}]
            page.wait_for_url("**/")


def test_without_scripts_every_page_says_the_same(lived, phone, browser):
    with visit(browser, lived.port, phone, script=False) as context:
        page = context.new_page()
        lived.herald.show(**TREATING)
        page.goto("/")
        assert page.locator("[data-live=delivered]").inner_text() == "12.0 mA"
        page.goto("/history/3")
        assert page.locator("noscript img").count() <= 1
        assert page.request.get("/history/3/chart.svg").text().startswith("<svg")


def test_the_page_tells_when_the_unit_is_silent_and_comes_back(lived, phone, browser):
    with visit(browser, lived.port, phone, language="de") as context:
        page = context.new_page()
        page.goto("/")
        assert page.locator("html").get_attribute("lang") == "de"
        page.locator("[data-live=sentence]").filter(has_text="Bereiten Sie").wait_for()
        lived.herald.quiet.set()
        page.locator("[data-live=sentence]").filter(has_text="läuft nicht").wait_for()
        lived.herald.quiet.clear()
        page.locator("[data-live=sentence]").filter(has_text="Bereiten Sie").wait_for()


def test_everything_is_reached_by_keyboard_and_large_enough_for_wet_fingers(lived, phone, browser):
    with visit(browser, lived.port, phone) as context:
        page = context.new_page()
        page.goto("/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        for path in PAGES:
            page.goto(path)
            for button in page.get_by_role("button").filter(visible=True).all():
                box = button.bounding_box()
                assert box["height"] >= 44, (path, button.inner_text())
        stop = page.locator(".stopbar button").bounding_box()
        assert stop["y"] + stop["height"] <= PHONE["height"]
