"""What is shown is alive or marked as old, whoever fell silent: unit, companion, network or phone."""

import json
import os
import signal
from contextlib import contextmanager
from datetime import date

import pytest
from appliance import Appliance
from browser import Browser
from chromium import DESK, MISSING, PHONE, chromium, violations, visit
from companion import Companion
from herald import TREATING, Herald, wait_for
from pairs import pair

from app.household.store import Household
from app.locale.language import language
from app.web.sentences import OLD, OLD_TITLE, WHERE_STOP

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)

GREY = (
    "getComputedStyle(document.querySelector('{}')).color === "
    "getComputedStyle(document.querySelector('footer')).color"
)
"""Whether a place has the grey of small print."""
FIGURES = ("left", "wanted", "delivered", "contact", "dose")


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@contextmanager
def looking(browser, port, phone, **how):
    """The page Now in mid-treatment, with all its figures and a chart."""
    with visit(browser, port, phone, **how) as context:
        page = context.new_page()
        page.goto("/")
        page.locator("[data-live=delivered]").filter(has_text="12").wait_for()
        yield page


def is_old(page, figures=FIGURES):
    """Wait until all that was live is marked as old, and where Stop is is said."""
    page.locator("html.old #old").wait_for()
    lang = language(page.locator("html").get_attribute("lang"))
    said = page.locator("#old").inner_text()
    assert lang.t(OLD) in said
    assert lang.t(WHERE_STOP) in said
    for place in ("h1", ".sentence", *(f"[data-live={name}]" for name in figures)):
        assert page.evaluate(GREY.format(place)), place
    assert page.title() == lang.t(OLD_TITLE)


def is_live(page):
    page.locator("html:not(.old)").wait_for()
    assert not page.locator("#old").is_visible()
    assert not page.evaluate(GREY.format("[data-live=delivered]"))


@pytest.mark.parametrize(("size", "lang"), [(PHONE, "de"), (DESK, "en")], ids=["phone German", "desk"])
def test_a_unit_that_falls_silent_is_old_data_and_comes_back(house, phone, browser, size, lang):
    house.herald.show(**TREATING)
    with looking(browser, house.port, phone, size=size, language=lang) as page:
        is_live(page)
        house.herald.quiet.set()
        try:
            is_old(page)
            assert violations(page) == []
            assert page.locator("[data-live=left]").inner_text() == "15:05 min", "it is told, as old"
            page.reload()  # a page that is loaded now knows how old its data is
            is_old(page)
            with visit(browser, house.port, phone, script=False) as plain:
                still = plain.new_page()
                still.goto("/")
                assert still.locator("html.old #old").is_visible()
                assert "is not running" in still.locator(".sentence").inner_text()
            people = page.context.new_page()
            people.goto("/people")
            people.locator("html.old #old").wait_for()
        finally:
            house.herald.quiet.clear()
        is_live(page)
        page.locator(".sentence.active").wait_for()


def test_the_age_is_told_and_grows_while_the_unit_is_silent(house, phone):
    wait_for(lambda: json.loads(phone.get("/unit").text)["old"] is False)
    house.herald.quiet.set()
    try:
        first = wait_for(lambda: (told := json.loads(phone.get("/unit").text))["old"] and told)
        later = wait_for(
            lambda: (told := json.loads(phone.get("/unit").text))["age_s"] > first["age_s"] and told
        )
        assert later["figures"] == {}
    finally:
        house.herald.quiet.clear()


def test_the_companion_is_killed(tmp_path, browser):
    herald, companion = Herald(tmp_path), Companion(tmp_path)
    try:
        phone = pair(herald, companion.port)
        herald.show(**TREATING)
        with looking(browser, companion.port, phone) as page:
            companion.kill()
            is_old(page)
            assert page.locator("[data-live=delivered]").inner_text() == "12.0 mA"
    finally:
        herald.close()


def test_a_way_that_holds_every_answer_back_and_a_phone_that_slept(house, phone, browser):
    """Neither tells the page anything: it has to look at its own clock."""
    house.herald.show(**TREATING)
    with visit(browser, house.port, phone) as context:
        page = context.new_page()
        page.clock.install()
        page.goto("/")
        is_live(page)
        page.route("**/unit", lambda _: None)  # asked for ever, answered never
        is_old(page)
        page.unroute("**/unit")
        is_live(page)
        page.route("**/unit", lambda _: None)
        page.clock.fast_forward("30:00")  # timers fire once, as after a sleep
        is_old(page)
        page.unroute("**/unit")
        is_live(page)


def test_a_controller_that_is_frozen_is_not_told_as_live_to_anybody(tmp_path, browser):
    phone = Browser(0)
    phone.cookies["ionto_device"] = Household(tmp_path).pair("phone", date(2026, 1, 1))
    unit, companion = Appliance(tmp_path, 5), Companion(tmp_path)
    try:
        with visit(browser, companion.port, phone) as context:
            page = context.new_page()
            page.goto("/")
            page.locator(".sentence").filter(has_text="Prepare a treatment").wait_for()
            os.kill(unit.pid, signal.SIGSTOP)
            is_old(page, figures=("phase",))
            page.locator(".sentence").filter(has_text="is not running").wait_for()
            fresh = Companion(tmp_path)  # one that begins now could hear only what is old
            try:
                page.goto(f"http://127.0.0.1:{fresh.port}/")
                is_old(page, figures=())
                assert page.locator("[data-live=phase]").inner_text() == ""
            finally:
                fresh.close()
            os.kill(unit.pid, signal.SIGCONT)
            page.goto("/")
            page.locator("html:not(.old)").wait_for()
    finally:
        os.kill(unit.pid, signal.SIGCONT)
        companion.close()
        unit.close()
