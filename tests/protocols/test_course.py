"""The plan: never two in a day, never six in seven days, whatever the history and the clock."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import course as rhythm
from protocols import frequency as rules
from protocols.course import (
    Given,
    Plan,
    allowed_from,
    first_polarity,
    planned_within,
    refusal,
    standing,
    upcoming,
)
from protocols.treatment import find

pytestmark = pytest.mark.core

START = date(2026, 3, 2)
HANDS = find("hands")


def at(day, hour=18):
    return datetime(2026, 3, 2, hour, tzinfo=UTC) + timedelta(days=day)


def treated(*days):
    return [Given(at(day), "forward") for day in days]


PLAN = Plan(3, 4, 7, START)


def test_a_new_plan_is_due_on_its_first_day():
    assert standing(PLAN, [], at(0)) == ("due", "", START, 0, False)
    assert standing(PLAN, [], at(-1))[:3] == ("early", "", START)


def test_a_second_one_today_is_refused():
    found = standing(PLAN, treated(0), at(0, 23))
    assert (found.verdict, found.why) == ("refused", rules.ONE_A_DAY)


def test_midnight_does_not_help():
    before = [Given(at(0, 23), "forward")]
    assert refusal(before, at(1, 1)) == rules.TOO_SOON
    assert refusal(before, at(1, 11)) == ""


def test_a_sixth_within_seven_days_is_refused():
    assert refusal(treated(0, 1, 2, 3), at(4)) == ""
    assert refusal(treated(0, 1, 2, 3, 4), at(5)) == rules.FIVE_A_WEEK
    assert refusal(treated(0, 1, 2, 3, 4), at(6)) == rules.FIVE_A_WEEK
    assert refusal(treated(0, 1, 2, 3, 4), at(7)) == ""


@given(st.lists(st.integers(0, 9 * 24), max_size=8), st.integers(8 * 24, 9 * 24))
def test_when_it_is_allowed_again_it_is_and_not_before(hours, now_h):
    had = [Given(at(0, 0) + timedelta(hours=hour), "forward") for hour in hours if hour <= now_h]
    now = at(0, 0) + timedelta(hours=now_h)
    moment = allowed_from(had, now)
    if not refusal(had, now):
        assert moment is None
        return
    assert moment is not None
    assert refusal(had, moment) == ""
    for minutes in range(0, int((moment - now).total_seconds() // 60), 60):
        assert refusal(had, now + timedelta(minutes=minutes)) != ""
    assert refusal(had, moment - timedelta(minutes=1)) != ""


def test_a_record_of_the_future_allows_nothing_that_could_be_told():
    assert allowed_from(treated(30), at(2)) is None


def test_a_clock_before_the_last_treatment_refuses():
    assert refusal(treated(3), at(2)) == rules.CLOCK


@pytest.mark.parametrize(("per_week", "gaps"), [(3, [2, 2, 3]), (2, [3, 4])])
def test_the_course_spreads_over_the_week(per_week, gaps):
    plan = Plan(per_week, 3, 7, START)
    days = upcoming(plan, [], at(0), plan.course)
    found = [(after - before).days for before, after in pairwise(days)]
    assert found == (gaps * 9)[: len(found)]


def test_after_the_course_come_top_ups():
    plan = Plan(3, 3, 14, START)
    course = treated(*[7 * week + day for week in range(3) for day in (0, 2, 4)])
    found = standing(plan, course, at(20))
    assert (found.topping_up, found.done, found.due) == (True, 9, START + timedelta(days=18 + 14))
    assert [(day - found.due).days for day in upcoming(plan, course, at(20), 3)] == [0, 14, 28]


def test_what_was_before_the_plan_counts_for_the_limits_but_not_for_the_course():
    found = standing(PLAN, treated(-1), at(0))
    assert (found.done, found.due) == (0, START + timedelta(days=1))


def test_an_overdue_treatment_stays_due():
    assert standing(PLAN, treated(0), at(30))[:3] == ("due", "", START + timedelta(days=2))


def test_what_was_planned_of_some_days_follows_from_what_was_given_before_them():
    first, days = at(7, hour=0), 7
    found = planned_within(PLAN, treated(0, 2, 4, 8, 9), first, days)
    assert found == [START + timedelta(days=day) for day in (7, 9, 11)]
    assert planned_within(PLAN, treated(0, 2, 4), first, days) == found, "later ones change nothing"
    assert planned_within(PLAN, [], at(-14, hour=0), 14) == [], "the plan begins later"


def test_the_polarity_alternates_only_where_it_is_asked_for():
    assert first_polarity(HANDS, PLAN, treated(0)) == "forward"
    alternating = PLAN._replace(alternate=True)
    assert first_polarity(HANDS, alternating, []) == "forward"
    assert first_polarity(HANDS, alternating, treated(0)) == "reverse"
    assert first_polarity(HANDS, alternating, [Given(at(2), "reverse"), *treated(0)]) == "forward"
    one_way = HANDS.model_copy(update={"reversal": "alternate"})
    assert first_polarity(one_way, PLAN, treated(0)) == "reverse"


plans = st.builds(
    Plan,
    st.sampled_from(rhythm.PER_WEEK),
    st.sampled_from(rhythm.WEEKS),
    st.integers(*rhythm.TOP_UP_DAYS),
    st.dates(START - timedelta(days=60), START + timedelta(days=30)),
    st.booleans(),
)
histories = st.lists(
    st.builds(
        Given,
        st.integers(-60 * 24, 0).map(lambda hour: at(0) + timedelta(hours=hour)),
        st.sampled_from(["forward", "reverse"]),
    ),
    max_size=30,
)


@given(plans, histories)
@settings(max_examples=100)
def test_what_is_planned_is_never_refused(plan, history):
    now = at(0, 19)
    before = list(history)
    for day in upcoming(plan, history, now, 15):
        evening = datetime(day.year, day.month, day.day, 23, 59, tzinfo=UTC)
        assert evening.date() >= now.date()
        why = refusal(before, evening)
        assert why in ("", rules.TOO_SOON)
        assert why == "" or max(one.begun for one in history) > evening - timedelta(hours=12)
        before.append(Given(evening - timedelta(hours=5), "forward"))


@given(plans, histories, st.integers(0, 40 * 24))
@settings(max_examples=100)
def test_the_verdict_follows_from_the_limits_alone(plan, history, hours):
    now = at(0) + timedelta(hours=hours)
    found = standing(plan, history, now)
    assert (found.verdict == "refused") == bool(refusal(history, now)) == bool(found.why)
    today = [one for one in history if one.begun.date() == now.date()]
    week = [one for one in history if (now.date() - one.begun.date()).days < 7]
    if today or len(week) >= 5:
        assert found.verdict == "refused"
    assert 0 <= found.done <= plan.course


@given(plans, histories)
@settings(max_examples=30)
def test_somebody_who_takes_every_allowed_chance_stays_within_the_limits(plan, history):
    taken = []
    for hour in range(0, 24 * 21, 3):
        now = at(1) + timedelta(hours=hour)
        if not standing(plan, history + taken, now).why:
            taken.append(Given(now, "forward"))
    days = [one.begun.date() for one in taken]
    assert len(set(days)) == len(days)
    assert all(sum(0 <= (day - other).days < 7 for other in days) <= 5 for day in days)
    assert len(taken) >= 10  # the first week may be full already
