"""The phone beside the unit: gentle tones at each change, a screen that stays on, and what needs https."""

import http.client
import json
import re
import ssl
import subprocess
from contextlib import closing

import pytest
from browser import Page
from chromium import MISSING, chromium, visit
from companion import Companion
from english import left_in_english
from herald import TREATING, Herald
from pairs import pair

FINISHED = {"state": "finished", "phase": "done", "session": None, "left_s": 0.0}
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


@pytest.fixture(scope="module")
def browser():
    with chromium("--host-resolver-rules=MAP unit.example 127.0.0.1") as running:
        yield running


@pytest.fixture
def now(house, phone, browser):
    with visit(browser, house.port, phone) as context:
        page = context.new_page()
        page.goto("/")
        page.locator("#aids").filter(visible=True).wait_for()
        yield page


def show(house, page, **figures):
    """Let the unit say so, and wait until the page has heard it: a figure says which it was."""
    show.count = getattr(show, "count", 0) + 1
    told = figures | {"measured_ma": show.count / 10}
    house.herald.show(**told)
    page.locator("[data-live=delivered]").filter(has_text=f"{show.count / 10:.1f} mA").wait_for()


def heard(page):
    return page.locator("#aids").get_attribute("data-cue")


def test_each_change_has_its_tone_once_they_are_wanted(house, now):
    now.get_by_role("button", name="Gentle tones", pressed=False).click()
    now.get_by_role("button", name="Gentle tones", pressed=True).wait_for()
    treating = TREATING | {"left_s": 900.0}
    show(house, now, **treating | {"phase": "contact"})
    assert heard(now) is None, "waiting is silent"
    for name, change in (
        ("contact", {"phase": "ramp_up"}),
        ("contact", {"phase": "hold", "left_s": 800.0}),
        ("reversal", {"polarity": "reverse", "left_s": 600.0}),
        ("reversal", {"left_s": 121.0, "polarity": "reverse"}),
        ("last_minutes", {"left_s": 119.0}),
        ("last_minutes", {"left_s": 60.0}),
    ):
        treating |= change
        show(house, now, **treating)
        assert heard(now) == name
    house.herald.show(**treating | FINISHED)
    now.locator("#aids[data-cue=end]").wait_for()


def test_nothing_sounds_unasked_nor_at_a_stop_or_an_alarm(house, now):
    treating = TREATING | {"left_s": 900.0}
    show(house, now, **treating | {"phase": "contact"})
    show(house, now, **treating)
    assert heard(now) is None, "nobody asked for tones"
    now.get_by_role("button", name="Gentle tones").click()
    now.get_by_role("button", name="Gentle tones", pressed=True).wait_for()
    house.herald.show(**treating | {"state": "alarm", "phase": "tripped", "code": 11, "next": "clear_alarm"})
    now.locator("[data-live=alarm]").filter(visible=True).wait_for()
    assert heard(now) is None


def test_the_screen_stays_on_while_current_flows_and_no_longer(house, now):
    button = now.get_by_role("button", name="Keep the screen on while current flows")
    button.click()
    now.get_by_role("button", name="Keep the screen on while current flows", pressed=True).wait_for()
    assert now.locator("#aids").get_attribute("data-lit") is None, "nobody is treated"
    show(house, now, **TREATING)
    now.locator("#aids[data-lit=yes]").wait_for()
    button.click()
    now.locator("#aids[data-lit=no]").wait_for()
    assert now.evaluate("window.isSecureContext"), "this computer's own address is as good as https"
    assert now.locator("[data-aid=insecure]").is_hidden()


@pytest.mark.parametrize("lang", ["en", "de"])
def test_over_http_the_page_says_what_only_https_can(tmp_path, browser, lang):
    """By a name, as at home: this computer's own address passes for secure."""
    herald = Herald(tmp_path)
    companion = Companion(tmp_path, "--name", "unit.example")
    try:
        phone, home = pair(herald, companion.port), f"http://unit.example:{companion.port}"
        with visit(browser, companion.port, None, language=lang) as context:
            cookies = [{"name": name, "value": value, "url": home} for name, value in phone.cookies.items()]
            context.add_cookies(cookies)
            page = context.new_page()
            page.goto(f"{home}/")
            page.locator("[data-aid=insecure]").filter(visible=True).wait_for()
            told = page.locator("[data-aid=insecure]").inner_text()
            assert "--certificate" in told
            assert lang == "en" or not left_in_english(told)
            assert page.locator("[data-aid=awake]").is_hidden()
            assert page.locator("[data-aid=sound]").is_visible()
            assert page.locator("link[rel=manifest]").count() == 0
    finally:
        companion.close()
        herald.close()


def test_over_https_it_can_be_installed(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "unit.pem"
    make = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    certificate.write_bytes(certificate.read_bytes() + key.read_bytes())
    herald = Herald(tmp_path)
    companion = Companion(tmp_path, "--certificate", str(certificate))
    try:

        def get(path):
            trusting = ssl._create_unverified_context()  # noqa: S323 - our own, made above
            line = http.client.HTTPSConnection("127.0.0.1", companion.port, context=trusting, timeout=600)
            with closing(line):
                line.request("GET", path)
                answer = line.getresponse()
                return answer.headers, answer.read().decode()

        _, text = get("/")
        (where,) = [attrs["href"] for tag, attrs in Page(text).tags if attrs.get("rel") == "manifest"]
        headers, manifest = get(where)
        assert headers["content-type"].startswith("application/manifest+json")
        assert "manifest-src 'self'" in headers["content-security-policy"]
        told = json.loads(manifest)
        assert (told["start_url"], told["display"]) == ("/", "standalone")
        for icon in told["icons"]:
            assert re.match("<svg", get(icon["src"])[1])
    finally:
        companion.close()
        herald.close()
