"""What a page may prepare: the lowest bound holds, and the sentence names the one that was meant."""

from datetime import UTC, date, datetime

import pytest

from app.household.health import Permission
from app.household.order import (
    ABOVE_CEILING,
    ABOVE_UNIT,
    OUT_OF_LIMIT,
    TOO_LITTLE,
    UNTICKED,
    Order,
    checklist,
    prepared,
)
from app.household.store import Household
from protocols.course import Plan
from protocols.fitness import DRUG_QUESTIONS, OFF, QUESTIONS
from protocols.treatment import find, names

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def person(tmp_path):
    """Make a person who may be treated, of this age."""

    def made(years=30):
        household = Household(tmp_path)
        number = household.add_person("Ann", date(2026 - years, 1, 1))
        no = {question.key: False for question in (*QUESTIONS, *DRUG_QUESTIONS)}
        household.answer(number, no, NOW.date())
        household.permit(number, "glycopyrrolate", Permission("Dr Who", NOW.date(), NOW.date(), "0.05 %"))
        return household.person(number)

    return made


def asked(person, current_ma, unit_ma, name="hands"):
    return prepared(person, find(name), Plan(), [], current_ma, checklist(find(name)), NOW, unit_ma)


@pytest.mark.parametrize(
    ("current_ma", "unit_ma", "why"),
    [
        (12.5, None, OUT_OF_LIMIT),
        (12.5, 25.0, OUT_OF_LIMIT),
        (12.5, 12.0, OUT_OF_LIMIT),
        (12.5, 7.0, ABOVE_UNIT),
        (7.5, 7.0, ABOVE_UNIT),
        (0.4, None, TOO_LITTLE),
        (float("-inf"), None, TOO_LITTLE),
    ],
)
def test_what_is_beyond_a_bound_is_refused_by_it(person, current_ma, unit_ma, why):
    assert asked(person(), current_ma, unit_ma) == [why]


def test_a_treatment_that_allows_less_than_the_person_is_named(person):
    assert asked(person(), 9.0, None, "hands-glycopyrrolate") == [ABOVE_CEILING]


@pytest.mark.parametrize("name", names())
def test_every_line_of_a_treatments_own_checklist_is_to_be_ticked(person, name):
    ann = person()
    ann = ann._replace(permissions=dict.fromkeys(OFF, ann.permissions["glycopyrrolate"]))
    treatment = find(name)
    assert isinstance(prepared(ann, treatment, Plan(), [], 0.5, checklist(treatment), NOW, None), Order)
    for line in checklist(treatment):
        ticked = set(checklist(treatment)) - {line}
        assert prepared(ann, treatment, Plan(), [], 0.5, ticked, NOW, None) == [UNTICKED]


def test_what_is_prepared_is_what_the_unit_accepts(person):
    order = asked(person(), 7.0, 7.0)
    assert isinstance(order, Order)
    assert (order.current_ma, order.limit_ma) == (7.0, 7.0), "Up may go no further than the unit"
