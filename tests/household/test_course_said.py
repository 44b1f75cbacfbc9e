"""What people say of their courses: asked when due, kept by day, and what it changes in a plan."""

import sqlite3
from contextlib import closing
from datetime import date, timedelta

import pytest

from app.household import book
from app.household.course import ANSWERS, INTERVAL, Told, asked_now, helped, is_thick, longer
from app.household.store import Household
from protocols.course import TOP_UP_DAYS, Plan

TODAY = date(2026, 6, 15)
PLAN = Plan(3, 4, 7, date(2026, 6, 1))


def ago(days, asked, answer):
    return Told(asked, answer, TODAY - timedelta(days=days))


def asked(told=(), treatments=5, *, complete=False):
    return asked_now(told, PLAN, treatments, TODAY, complete=complete)


def test_before_the_first_treatment_only_the_scale_is_asked():
    assert asked(treatments=0) == ["hdss"]
    assert asked([ago(0, "hdss", "4")], 0) == []


@pytest.mark.parametrize("key", ["hdss", "thick"])
def test_scale_and_skin_are_asked_again_after_a_week_and_not_before(key):
    both = [ago(3, "hdss", "3"), ago(3, "thick", "no")]
    others = [one for one in both if one.asked != key]
    assert asked(both) == []
    assert asked([ago(7, key, next(iter(ANSWERS[key]))), *others]) == [key]
    assert asked([ago(6, key, next(iter(ANSWERS[key]))), *others]) == []


def test_success_is_asked_once_for_each_course():
    told = [ago(0, "hdss", "2"), ago(0, "thick", "no")]
    assert asked(told, complete=True) == ["helped"]
    assert asked([*told, ago(0, "helped", "no")], complete=True) == []
    assert asked(told, complete=False) == []
    before = Told("helped", "yes", PLAN.starts_on - timedelta(days=1))
    assert asked([before, *told], complete=True) == ["helped"], "another course is another question"
    assert helped([before], PLAN) is None


def test_a_longer_interval_stays_within_what_a_plan_may_be():
    assert longer(PLAN, topping_up=False) == PLAN._replace(per_week=2)
    assert longer(PLAN._replace(per_week=2), topping_up=False) is None
    plan, steps = PLAN, []
    while (plan := longer(plan, topping_up=True)) is not None:
        steps.append(plan.top_up_days)
    assert steps == [14, 21, 28, 31]
    assert steps[-1] == TOP_UP_DAYS[1]


def test_thick_skin_is_answered_by_an_interval_and_asked_of_again():
    yes = ago(8, "thick", "yes")
    assert is_thick([yes])
    assert not is_thick([yes, ago(8, INTERVAL, "per_week 3 2")])
    assert is_thick([yes, ago(8, INTERVAL, "per_week 3 2"), ago(1, "thick", "yes")])
    assert not is_thick([yes, ago(1, "thick", "no")])


def test_of_a_day_the_last_word_is_kept_and_each_area_has_its_own(tmp_path):
    household = Household(tmp_path)
    ann = household.add_person("Ann", date(1990, 1, 1))
    household.tell(ann, "hands", "hdss", "4", TODAY)
    household.tell(ann, "hands", "hdss", "3", TODAY)
    household.tell(ann, "hands", "hdss", "2", TODAY + timedelta(days=7))
    household.tell(ann, "feet", "hdss", "1", TODAY)
    told = Household(tmp_path).told(ann, "hands")
    assert [(one.answer, one.day) for one in told] == [("3", TODAY), ("2", TODAY + timedelta(days=7))]
    assert [one.answer for one in household.told(ann, "feet")] == ["1"]


def test_it_goes_with_the_person(tmp_path):
    household = Household(tmp_path)
    ann = household.add_person("Ann", date(1990, 1, 1))
    household.tell(ann, "hands", "hdss", "4", TODAY)
    household.remove_person(ann)
    assert household.told(ann, "hands") == []
    with closing(sqlite3.connect(tmp_path / book.FILE)) as db:
        assert db.execute("SELECT count(*) FROM said").fetchone() == (0,)


def test_a_book_from_before_is_brought_up_to_date_and_loses_nothing(tmp_path):
    household = Household(tmp_path)
    ann = household.add_person("Ann", date(1990, 1, 1))
    household.set_plan(ann, "feet", PLAN)
    with closing(sqlite3.connect(tmp_path / book.FILE)) as db, db:
        db.execute("DROP TABLE said")
    again = Household(tmp_path)
    again.tell(ann, "feet", "thick", "yes", TODAY)
    assert again.plan(ann, "feet", TODAY) == PLAN
    assert is_thick(again.told(ann, "feet"))
    assert (tmp_path / f"{book.FILE}.before").exists()
