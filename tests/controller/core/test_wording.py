"""Nobody with pads on is told of trays, water or hands, and whose feet are treated of no hand or table."""

import re

import pytest

from app.household.order import checklist
from app.web import sentences
from app.web.pages.now import DESK
from controller.core.reasons import REASONS
from controller.core.wording import by_area, variants
from controller.loop.advice import SENTENCES, UNREACHED
from protocols.fitness import AREAS
from protocols.treatment import area_of, find, names

pytestmark = pytest.mark.core

SAID = {
    *SENTENCES.values(),
    UNREACHED,
    *sentences.LIMITED_BY.values(),
    *(text for row in REASONS.values() for text in (row.title, row.advice, row.advice_rest) if text),
    *(label for label, _ in DESK.values()),
}
"""Whatever a person is told while they are treated."""
AMISS = {
    "hands": r"\b(feet|foot|floor|pads?)\b(?<!hands or feet)(?<!hand or foot)",
    "feet": r"\b(?<!take )hands?\b(?! or f)|\btable\b|\bpads?\b",
    "underarms": r"\b(trays?|table|floor|hands?|feet|foot)\b|(?<!tap )(?<!softened )\bwater\b",
    "face": r"\b(trays?|table|floor|hands?|feet|foot)\b|(?<!tap )(?<!softened )\bwater\b",
}
"""Words that don't belong to an area."""
WHATEVER_IS_TREATED = re.compile(r"foot pedal|A foot, an elbow")
"""What Stop may be pressed by, whatever is treated."""


@pytest.mark.parametrize("area", AREAS)
def test_each_area_is_told_of_its_own_things(area):
    for text in SAID:
        said = by_area(text, area)
        assert not re.search(AMISS[area], WHATEVER_IS_TREATED.sub("", said)), said
        assert by_area(said, area) == said


@pytest.mark.parametrize("name", names())
def test_so_are_the_checklists(name):
    for line in checklist(find(name)).values():
        assert not re.search(AMISS[area_of(name)], WHATEVER_IS_TREATED.sub("", line)), line


@pytest.mark.parametrize("area", AREAS)
def test_so_is_what_the_nurse_records(area):
    assert not re.search(AMISS[area], sentences.SHOWN[area])


def test_every_variant_is_of_a_sentence_that_is_said():
    said = {by_area(text, area) for text in SAID for area in AREAS}
    assert set(variants()) <= said


def test_who_is_treated_nowhere_known_is_told_as_ever():
    for text in SAID:
        assert by_area(text, None) == by_area(text, "") == by_area(text, "hands") == text
    assert area_of("own.yaml") is None
