"""Makes the pictures of the pages in docs/images: `python tests/support/screenshots.py` (needs Chromium)."""

import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path += [str(ROOT), str(ROOT / "tests" / "support")]

from browser import Browser  # noqa: E402
from chromium import DESK, PHONE, chromium, visit  # noqa: E402
from companion import Companion  # noqa: E402
from herald import TREATING, Herald, wait_for  # noqa: E402
from old_days import live_days  # noqa: E402

from app.household.store import Household  # noqa: E402
from protocols.course import Plan  # noqa: E402
from protocols.fitness import QUESTIONS  # noqa: E402

OUT = ROOT / "docs" / "images"
SHOTS = (
    ("prepare", "/prepare?person=1&treatment=hands", PHONE, False, "en"),
    ("plan", "/plan", PHONE, False, "en"),
    ("history", "/history", PHONE, True, "en"),
    ("session", "/history/6", DESK, False, "en"),
    ("people", "/people", PHONE, False, "en"),
    ("person", "/people/1", PHONE, False, "en"),
)


def household(state):
    book, today = Household(state), date.today()
    ann = book.add_person("Ann", date(1990, 5, 17))
    book.add_person("Tim", today - timedelta(days=9 * 365))
    book.answer(ann, {question.key: question.key == "metal" for question in QUESTIONS}, today)
    book.give_word(ann, "metal", "Dr Example", today)
    book.set_plan(ann, "hands", Plan(3, 4, 7, today - timedelta(days=14)))
    live_days(state, (14, 12, 10, 7, 5, 3))
    feelings = [("fine", 4), ("itchy", 4), ("fine", 3), ("fine", 2), ("fine", 2), ("fine", 1)]
    for session, (felt, sweat) in enumerate(feelings, start=1):
        book.say(session, felt, sweat)


def shoot(browser, port, device, name, path, size, dark, language):
    with visit(browser, port, device, size=size, dark=dark, language=language) as context:
        page = context.new_page()
        page.goto(path)
        page.wait_for_timeout(700)
        page.evaluate("document.querySelector('.stopbar').style.position = 'static'")
        page.screenshot(path=str(OUT / f"page-{name}.png"), full_page=True)


def main():
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        state = Path(folder)
        household(state)
        herald, companion = Herald(state), Companion(state)
        try:
            device = Browser(companion.port)
            wait_for(lambda: "simulated unit" in device.get("/").text)
            shoot(browser, companion.port, device, "stranger", "/", PHONE, False, "en")
            device.submit("/", "/pair", name="phone")
            herald.show(held=None)
            herald.show(held="up")
            device.get("/")
            herald.show(held=None)
            for shot in SHOTS:
                shoot(browser, companion.port, device, *shot)
            herald.show(**{**TREATING, "session": 6, "measured_ma": 11.98})
            shoot(browser, companion.port, device, "now", "/", PHONE, True, "en")
            shoot(browser, companion.port, device, "now-desk", "/", DESK, False, "de")
            herald.show(
                state="alarm", phase="tripped", trip_cause="open_circuit", code=11, next="press_start_rest",
                rest_s=590.0, contact=None, last={"session": 6, "cause": "open_circuit", "reason": "x"},
            )  # fmt: skip
            shoot(browser, companion.port, device, "alarm", "/", PHONE, False, "en")
        finally:
            companion.close()
            herald.close()


if __name__ == "__main__":
    main()
