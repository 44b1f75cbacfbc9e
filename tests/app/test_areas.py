"""An area that can be treated is known wherever something has to be known of it."""

from typing import get_args

import pytest

from app.areas import CHECKLIST, WORDS
from app.device.panel import SIDES
from app.web import sentences
from protocols.ceilings import Area, longest_min
from protocols.fitness import OFF
from protocols.treatment import area_of, find, names
from sim.body.people import AREAS as BODIES

AREAS = get_args(Area)


@pytest.mark.parametrize("area", AREAS)
def test_every_area_has_its_words_its_body_and_its_treatment(area):
    assert WORDS[area].name == sentences.AREAS[area]
    assert SIDES[area] == WORDS[area].side
    assert sentences.SHOWN[area] == WORDS[area].shown
    assert area in BODIES
    assert longest_min(area) > 0
    assert area in {area_of(name) for name in names()}, "the library treats it"


def test_nothing_is_said_of_an_area_that_is_none():
    assert set(WORDS) == set(BODIES) == set(AREAS)
    assert set(sentences.AREAS) > set(AREAS)


@pytest.mark.parametrize("name", names())
def test_every_treatment_of_the_library_has_its_title(name):
    assert sentences.TREATMENTS[name].startswith(str(find(name).title))


def test_what_is_off_has_a_name():
    assert set(OFF) <= set(sentences.OFF)


@pytest.mark.parametrize("area", AREAS)
def test_a_checklist_says_each_line_once(area):
    lines = {**CHECKLIST, **WORDS[area].checklist}
    assert len(set(lines.values())) == len(lines)
    assert set(WORDS[area].checklist) <= {*CHECKLIST, "warning"}
