"""Stop is never kept waiting nor lost: without a network, with eight tabs, in a crowd, in a plain browser.

A Stop within a second of another test's is a double tap, so tests tap until the unit hears one.
"""

import re
import socket
from contextlib import ExitStack, contextmanager
from itertools import count

import firefox
import pytest
from chromium import MISSING, chromium, visit
from herald import TREATING, wait_for

from app.locale.language import language
from app.web.sentences import STOP_LOST

needs_chromium = pytest.mark.skipif(bool(MISSING), reason=MISSING)


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def treating(house):
    house.herald.show(**TREATING)
    return house


def door_of(phone):
    """Where a page's script finds the door of Stop."""
    return re.search(r'data-door="http://127\.0\.0\.1:(\d+)/stop"', phone.get("/").text)[1]


def stop_bar(page, what):
    return page.locator(f"[data-stop={what}]")


def press_until_told(treating, page):
    """Press Stop until the unit hears of it, as whoever sees nothing happen would; returns how often."""
    pressed = 0

    def heard():
        nonlocal pressed
        if not treating.herald.told:
            pressed += 1
            page.locator(".stopbar button").click()
        return treating.herald.told

    wait_for(heard)
    return pressed


@contextmanager
def other_port(phone, port):
    """Ask there with the origin of the pages, as a script of theirs does."""
    before = phone.port
    origin = phone.origin
    phone.port = int(port)
    try:
        yield {"Origin": origin}
    finally:
        phone.port = before


@needs_chromium
@pytest.mark.parametrize("lang", ["en", "de"])
def test_a_stop_without_network_stays_says_so_and_arrives_when_it_can(treating, phone, browser, lang):
    with visit(browser, treating.port, phone, language=lang) as context:
        page = context.new_page()
        page.goto("/")
        context.set_offline(True)
        page.locator(".stopbar button").click()
        stop_bar(page, "lost").wait_for()
        assert language(lang).t(STOP_LOST) == stop_bar(page, "lost").inner_text()
        assert page.locator("[data-live=delivered]").count() == 1, "the page has stayed"
        assert treating.herald.told == []
        context.set_offline(False)
        stop_bar(page, "arrived").wait_for()
        assert not stop_bar(page, "lost").is_visible()
        wait_for(lambda: treating.herald.told)
        assert treating.herald.told == [{"do": "stop"}]


@needs_chromium
@pytest.mark.parametrize("closed", ["the pages' own way", "the door"])
def test_either_way_of_stop_is_enough(treating, phone, browser, closed):
    door = door_of(phone)
    port = treating.port if closed == "the pages' own way" else door
    with visit(browser, treating.port, phone) as context:
        page = context.new_page()
        page.goto("/people")
        page.route(f"http://127.0.0.1:{port}/stop", lambda route: route.abort())
        pressed = press_until_told(treating, page)
        page.wait_for_url("**/")  # to see what the unit does
        told = treating.herald.told
        assert told == [{"do": "stop"}] * len(told)
        assert len(told) <= pressed, "no press is two stops"


@needs_chromium
def test_a_unit_that_is_seen_at_rest_needs_the_stop_no_more(treating, phone, browser):
    with visit(browser, treating.port, phone) as context:
        page = context.new_page()
        page.goto("/")
        page.route("**/stop", lambda route: route.abort())
        page.locator(".stopbar button").click()
        stop_bar(page, "lost").wait_for()
        treating.herald.show(state="idle", phase="ready", session=None)
        stop_bar(page, "lost").wait_for(state="hidden")
        assert treating.herald.told == []


@needs_chromium
def test_a_stop_that_the_unit_does_not_take_has_not_arrived(treating, phone, browser):
    with visit(browser, treating.port, phone) as context:
        page = context.new_page()
        page.goto("/")
        treating.herald.quiet.set()
        try:
            page.locator("html.old").wait_for()
            page.locator(".stopbar button").click()
            stop_bar(page, "lost").wait_for()
        finally:
            treating.herald.quiet.clear()
        stop_bar(page, "arrived").wait_for()


@needs_chromium
def test_stop_arrives_from_each_of_eight_tabs(treating, phone, browser):
    with visit(browser, treating.port, phone) as context:
        tabs = [context.new_page() for _ in range(8)]
        for tab in tabs:
            tab.goto("/")
            tab.locator("[data-live=delivered]").filter(has_text="12").wait_for()
        for tab in (tabs[0], tabs[-1]):
            treating.herald.told.clear()
            wait_for(lambda tab=tab: treating.herald.told or tab.locator(".stopbar button").click())
            stop_bar(tab, "arrived").wait_for()


@pytest.mark.skipif(bool(firefox.MISSING), reason=firefox.MISSING)
def test_stop_arrives_from_each_of_eight_tabs_of_firefox(treating, phone):
    figure = "document.querySelector('[data-live=delivered]').textContent.includes('12')"
    tap = "document.querySelector('.stopbar button').click()"
    arrived = "!document.querySelector('[data-stop=arrived]').hidden"
    with firefox.firefox() as browser:
        browser.cookie("ionto_device", phone.cookies["ionto_device"], "127.0.0.1")
        tabs = [browser.tab(f"http://127.0.0.1:{treating.port}/") for _ in range(8)]
        for tab in tabs:
            wait_for(lambda tab=tab: tab.run(figure))
        for tab in (tabs[0], tabs[-1]):
            treating.herald.told.clear()
            wait_for(lambda tab=tab: treating.herald.told or tab.run(tap))
            wait_for(lambda tab=tab: tab.run(arrived))


def test_half_requests_from_two_addresses_deny_nobody_anything(treating, phone):
    """Whoever waits longest makes room; at the door of Stop as at the pages'."""
    door = door_of(phone)
    with ExitStack() as held:
        for port in (treating.port, int(door)):
            for number in range(260):
                slow = held.enter_context(socket.socket())
                slow.bind((f"127.4.0.{1 + number % 2}", 0))
                slow.connect(("127.0.0.1", port))
                slow.sendall(b"POST /stop HTTP/1.1\r\nX: ")
        wait_for(lambda: phone.post("/stop", {}).status == 303 and treating.herald.told)
        assert phone.get("/people").status == 200
        with other_port(phone, door) as origin:
            assert phone.post("/stop", {}, **origin).status == 200
        phone._address = "127.4.0.1"  # one of theirs: a neighbour behind the same router
        assert phone.get("/people").status == 200
        with other_port(phone, door) as origin:
            assert phone.post("/stop", {}, **origin).status == 200
    assert treating.herald.told[0] == {"do": "stop"}


def test_one_tap_is_one_stop_however_often_and_on_whatever_way_it_comes(treating, phone):
    door = door_of(phone)

    def tapped(name):
        phone.move()
        answers = [phone.post("/stop", {"tap": name}) for _ in range(2)]
        with other_port(phone, door) as origin:
            answers += [phone.post("/stop", {"tap": name}, **origin) for _ in range(2)]
        assert {answer.status for answer in answers} == {200}
        return treating.herald.told

    taps = (f"tap {number}" for number in count())
    first = wait_for(lambda: (tap := next(taps)) and tapped(tap) and tap)
    tapped(first)
    assert treating.herald.told == [{"do": "stop"}]
    wait_for(lambda: len(tapped(next(taps))) == 2)
    tapped(first)
    assert treating.herald.told == [{"do": "stop"}] * 2


def test_the_door_knows_only_a_stop_of_our_own_pages(treating, phone):
    with other_port(phone, door_of(phone)) as origin:
        for wrong in (
            {"Origin": None},
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Origin": f"http://127.0.0.1:{phone.port}"},
            {**origin, "Host": "evil.example"},
            {**origin, "Sec-Fetch-Site": "cross-site"},
        ):
            answer = phone.post("/stop", {}, **wrong)
            assert answer.status == 403, wrong
            assert "access-control-allow-origin" not in answer.headers
        assert treating.herald.told == []
        assert phone.get("/stop", **origin).status == 404
        assert phone.post("/", {}, **origin).status == 404
        assert phone.request("POST", "/stop", b"{}", Content_Type="application/json", **origin).status == 415
        answer = phone.post("/stop", {}, **origin)
        assert answer.headers["access-control-allow-origin"] == origin["Origin"]
        assert "set-cookie" not in answer.headers


def test_a_browser_that_sends_no_origin_can_stop_and_keep_forms(treating, phone, stranger):
    """w3m sends none; the page's address (`Referer`) or the form's token tell that the form is ours."""
    here = f"http://127.0.0.1:{treating.port}"

    def stop(who, **headers):
        form = next(form for form in who.get("/").page.forms if form["action"] == "/stop")
        return who.post("/stop", form["fields"], Origin=None, **headers).status

    assert stop(phone) == 303
    assert stop(stranger) == 200
    assert stop(phone, Referer=f"{here}/people") == 303
    for elsewhere in ("http://evil.example/", here.replace("127", "128"), "x", "http://[", f"{here}0/"):
        assert stop(phone, Referer=elsewhere) == 403
    assert stop(phone, Sec_Fetch_Site="cross-site") == 403
    assert phone.post("/stop", {}, Origin=None).status == 403
    form = next(form for form in stranger.get("/").page.forms if form["action"] == "/stop")
    assert phone.post("/stop", form["fields"], Origin=None).status == 403, "another's"
    added = phone.submit("/people", "/people", name="Wim", born="1990-01-01", number=0)
    assert added.status == 303
    page = phone.get("/people").page
    form = next(form for form in page.forms if form["action"] == "/people")["fields"]
    fields = {**form, "name": "Without Origin", "born": "1990-01-01"}
    assert phone.post("/people", fields, Origin=None, Referer="http://evil.example/people").status == 403
    assert phone.post("/people", fields, Origin=None, Referer=f"{here}/people").status == 303
