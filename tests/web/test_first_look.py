"""What whoever sets up a unit sees first: what it lacks, with the next step, and nothing of anybody."""

import re
from html import escape

import pytest
from browser import Browser
from companion import Companion
from english import left_in_english
from herald import SNAPSHOT, TREATING, Herald

from app.locale.language import language
from app.web.now_view import view
from app.web.sentences import HOW_SET_UP, NOT_YET
from config.calibration import Calibration
from config.commissioning import why_not_commissioned
from config.unit import Unit
from controller.core.reasons import REASONS
from controller.core.types import Refusal

MINE = Unit(serial="A7")
LACKS = {
    "no serial number": why_not_commissioned(None, Unit()),
    "not commissioned": why_not_commissioned(None, MINE),
    "not calibrated": Calibration.nominal().why_missing(MINE),
}
UNFIT = {"state": "alarm", "phase": "refused", "code": REASONS[Refusal.UNIT_UNFIT].code, "next": "mend"}


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    return tmp_path_factory.mktemp("first")


@pytest.fixture(scope="module")
def companion(state):
    served = Companion(state, "--name", "unit.example")
    yield served
    served.close()


@pytest.fixture
def herald(state):
    """A real unit's, just installed."""
    found = Herald(state, simulated=False)
    yield found
    found.close()


def first(companion, lang="en"):
    return Browser(companion.port, lang).get("/")


@pytest.mark.parametrize("lang", ["en", "de"])
def test_where_no_unit_answers_the_first_page_says_how_it_is_switched_on(companion, lang):
    page = first(companion, lang)
    said = language(lang).t(NOT_YET)
    assert page.status == 200
    assert escape(said) in page.text
    assert "systemctl enable --now ionto-controller" in page.text
    assert lang == "en" or not left_in_english(said)


@pytest.mark.parametrize("lang", ["en", "de"])
@pytest.mark.parametrize("lacks", LACKS)
def test_what_a_unit_lacks_is_told_with_the_command_that_makes_it(companion, herald, lacks, lang):
    herald.show(**UNFIT, note=LACKS[lacks])
    page, spoken = first(companion, lang), language(lang)
    said = spoken.retell(LACKS[lacks])
    assert escape(said[:1].upper() + said[1:]) in page.text
    assert re.search("ionto (commission|calibrate) --unit", page.text)
    assert escape(spoken.t(HOW_SET_UP)) in page.text
    assert escape(spoken.t(NOT_YET)) not in page.text
    assert lang == "en" or not left_in_english(said)


@pytest.mark.parametrize("lacks", LACKS)
def test_a_paired_phone_sees_which_it_is_too(lacks):
    seen = view(SNAPSHOT | UNFIT | {"note": LACKS[lacks]}, {}, language("en"))
    assert LACKS[lacks][1:] in seen.alarm
    assert "not set up for it" in seen.alarm


@pytest.mark.parametrize(
    "seen", [{}, TREATING, {"state": "alarm", "code": 34, "note": "anna is still there"}], ids=str
)
def test_of_a_unit_that_is_set_up_a_stranger_sees_nothing(companion, herald, seen):
    herald.show()
    before = re.sub(r'value="[^"]*"', "", first(companion).text)
    herald.show(**seen)
    assert re.sub(r'value="[^"]*"', "", first(companion).text) == before
    assert escape(NOT_YET) not in before


def test_a_name_that_is_refused_says_how_it_is_allowed_and_that_allows_it(companion):
    stranger = Browser(companion.port)
    refused = stranger.get("/", Host=f"other.example:{companion.port}")
    assert refused.status == 421
    assert (
        "allowed by --name NAME, on an installed unit in the line IONTO_WEB of /etc/ionto/web.env"
        in refused.text
    )
    assert stranger.get("/", Host=f"unit.example:{companion.port}").status == 200
    stranger.language = "de"
    refused = stranger.get("/", Host=f"other.example:{companion.port}").text
    assert "--name NAME" in refused
    assert not left_in_english(refused)
