"""A newcomer gets from an unpaired phone to a finished first treatment by following the page alone."""

import hashlib

import pytest
from chromium import MISSING, PHONE, chromium, violations, visit
from first_path import IMAGES, FirstHome, Walk, kept, session_of, words


@pytest.fixture
def home(tmp_path):
    made = FirstHome(tmp_path)
    yield made
    made.close()


def look(language, pictures):
    """At each step: axe finds nothing, nothing is too wide, and the manual's picture is of this."""

    def see(name, page, _part=""):
        assert violations(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
        if language == "en" and name in pictures:
            assert pictures[name]["words"] == words(page), f"{name}: run tests/support/screenshots.py"

    return see


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
@pytest.mark.parametrize("language", ["en", pytest.param("de", marks=pytest.mark.nightly)])
def test_a_newcomer_follows_the_page_to_a_finished_first_treatment(home, language):
    pictures = kept()
    size = {**PHONE, "width": 320}
    with chromium() as browser, visit(browser, home.web.port, None, size=size, language=language) as context:
        walk = Walk(home, context.new_page(), language, look(language, pictures))
        walk.pair()
        walk.person()
        walk.plan()
        walk.baseline()
        walk.prepare()
        walk.flows()
        walk.finishes()
        walk.is_taught()
        walk.looks_back()
    assert home.book.person(1).words["taught"][0] == "Nurse Example"
    what = [change.details["what"] for change in home.book.changes(1)]
    assert "word:taught" in what
    assert home.book.changes_problem() == ""
    done = session_of(home, 1)
    assert (done["outcome"], done["reversed"]) == ("completed", True)
    assert done["forward_ma_min"] == pytest.approx(done["reverse_ma_min"], rel=0.005)


def test_the_manuals_pictures_are_those_that_were_taken_of_real_runs():
    pictures = kept()
    for name, told in pictures.items():
        file = IMAGES / f"page-{name}.png"
        assert hashlib.sha256(file.read_bytes()).hexdigest() == told["sha256"], name
    assert {file.stem.removeprefix("page-") for file in IMAGES.glob("page-*.png")} == set(pictures)
    for name in ("now", "finished", "history", "session"):
        of = pictures[name]["session"]
        assert (of["outcome"], of["simulated"], of["reversed"]) == ("completed", True, True), name
        assert of["forward_ma_min"] == pytest.approx(of["reverse_ma_min"], rel=0.005), name
    assert pictures["alarm"]["session"]["outcome"] == "aborted"
