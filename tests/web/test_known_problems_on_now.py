"""The page Now tells the known problems, folded up and behind all else, in the visitor's language."""

from html import escape
from types import SimpleNamespace

import pytest
from chromium import MISSING, chromium, visit
from english import left_in_english
from herald import TREATING

from app import known_problems
from app.known_problems import Problem, known
from app.locale.language import language
from app.web.pages import now

SMALL = {"width": 320, "height": 480}


def shown(lang="en"):
    """What the page Now says of them."""
    spoken = language(lang)
    return now.known_problems(SimpleNamespace(t=spoken.t, language=spoken))


@pytest.mark.parametrize("lang", ["en", "de"])
def test_each_is_on_now_in_the_visitor_s_language(house, phone, lang):
    spoken = language(lang)
    phone.language = lang
    try:
        page = phone.get("/")
    finally:
        phone.language = "en"
    assert spoken.t("Known problems of this version: {count}", count=len(known())) in page.page.text
    for one in known():
        for text in (one.what, one.do):
            said = spoken.t(text)
            assert escape(said) in page.text
            assert (lang == "en") == (said == text)
            assert lang == "en" or not left_in_english(said)


def test_they_are_folded_up_and_behind_all_else(house, phone):
    text = phone.get("/").text
    begins = text.index("<details><summary>Known problems")
    ends = text.index("</details>", begins)
    assert text[ends + len("</details>") :].startswith("</main>")


def test_a_text_of_theirs_is_never_a_tag(monkeypatch):
    one = Problem("KP-1", "H-01", "<b>It fails</b> & so.", "Don't <i>touch</i>.")
    monkeypatch.setattr(known_problems, "PROBLEMS", (one,))
    said = shown()
    assert escape(one.what) in said
    assert escape(one.do) in said
    assert "<b>" not in said
    assert "<i>" not in said


@pytest.mark.parametrize("lang", ["en", "de"])
def test_where_all_are_mended_nothing_is_said(monkeypatch, lang):
    mended = tuple(one._replace(until="0.0.1") for one in known_problems.PROBLEMS)
    monkeypatch.setattr(known_problems, "PROBLEMS", mended)
    assert shown(lang) is None
    still = mended[0]._replace(until=None)
    monkeypatch.setattr(known_problems, "PROBLEMS", (still, *mended[1:]))
    assert shown(lang).count("<li>") == 1


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
@pytest.mark.parametrize("lang", ["en", "de"])
def test_unfolded_they_leave_stop_where_it_is(house, phone, lang):
    house.herald.show(**TREATING)
    with chromium() as browser, visit(browser, house.port, phone, size=SMALL, language=lang) as context:
        page = context.new_page()
        page.goto("/")
        stop = page.locator(".stopbar button")
        before = stop.bounding_box()
        summary = page.locator("details summary").last
        assert not page.locator("details li").last.is_visible()
        summary.click()
        assert page.locator("details li").last.is_visible()
        assert stop.bounding_box() == before
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        last, bar = (page.locator(one).last.bounding_box() for one in ("details li", ".stopbar"))
        assert last["y"] + last["height"] <= bar["y"], "none is hidden by it"
