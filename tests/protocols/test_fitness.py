"""Who may be treated: the leaflet's rules hold for every age, answer and area."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.fitness import (
    AREAS,
    DRUG_QUESTIONS,
    OFF,
    QUESTIONS,
    age_group,
    age_years,
    fitness,
    highest_limit_ma,
    usual_limit_ma,
    words_wanted,
)

pytestmark = pytest.mark.core

TODAY = date(2026, 6, 1)
NO = {question.key: False for question in QUESTIONS}
ADULT = date(1990, 1, 1)


def born(years):
    return TODAY.replace(year=TODAY.year - years)


def verdict(answers, *, area="hands", born_on=ADULT, words=()):
    return fitness(born_on, TODAY, answers, words, area).verdict


def test_an_adult_without_any_yes_may_be_treated():
    assert verdict(NO) == "allowed"


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.key)
@pytest.mark.parametrize("area", AREAS)
def test_each_yes_counts_where_it_matters_and_only_there(question, area):
    wanted = question.verdict if area in question.areas else "allowed"
    found = fitness(ADULT, TODAY, NO | {question.key: True}, {area}, area)
    assert found.verdict == wanted
    assert [one.why for one in found.findings] == ([question.why] if wanted != "allowed" else [])


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.key)
def test_one_unanswered_question_refuses(question):
    answers = {key: said for key, said in NO.items() if key != question.key}
    assert verdict(answers) == "refused"


@pytest.mark.parametrize("key", ["device", "pregnant"])
def test_no_word_opens_what_is_refused(key):
    assert verdict(NO | {key: True}, words={key, "age", "answers"}) == "refused"


def test_a_word_opens_its_own_question_only():
    answers = NO | {"metal": True, "heart": True}
    assert verdict(answers, words={"metal"}) == "needs_word"
    assert verdict(answers, words={"metal", "heart"}) == "allowed"


@pytest.mark.parametrize(
    ("years", "wanted"),
    [
        (0, "refused"),
        (4, "refused"),
        (5, "needs_word"),
        (11, "needs_word"),
        (12, "allowed"),
        (120, "allowed"),
    ],
)
def test_ages(years, wanted):
    assert verdict(NO, born_on=born(years)) == wanted


def test_a_doctors_word_opens_for_a_child_but_not_below_five():
    assert verdict(NO, born_on=born(5), words={"age"}) == "allowed"
    assert verdict(NO, born_on=born(4), words={"age"}) == "refused"


def test_a_birthday_counts_on_the_day():
    assert verdict(NO, born_on=date(2021, 6, 1), words={"age"}) == "allowed"
    assert verdict(NO, born_on=date(2021, 6, 2), words={"age"}) == "refused"


def test_a_birth_in_the_future_or_long_ago_is_refused():
    assert verdict(NO, born_on=date(2027, 1, 1), words={"age"}) == "refused"
    assert verdict(NO, born_on=date(1900, 1, 1)) == "refused"


def test_the_leap_day_counts_from_the_first_of_march():
    assert age_years(date(2020, 2, 29), date(2025, 2, 28)) == 4
    assert age_years(date(2020, 2, 29), date(2025, 3, 1)) == 5


def test_the_age_group_changes_at_sixteen():
    assert age_group(born(15), TODAY) == "child"
    assert age_group(born(16), TODAY) == "adult"


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("group", ["adult", "child"])
def test_the_usual_limit_lies_under_the_ceiling(area, group):
    assert 0.5 <= usual_limit_ma(area, group) <= highest_limit_ma(area, group)


answers = st.fixed_dictionaries({}, optional={question.key: st.booleans() for question in QUESTIONS})
births = st.dates(date(1880, 1, 1), date(2030, 1, 1))
keys = st.sets(st.sampled_from([*NO, "age", "answers", "nonsense"]))
RANK = {"allowed": 0, "needs_word": 1, "refused": 2}


@given(answers, births, keys, st.sampled_from(AREAS))
def test_a_further_yes_or_a_missing_word_never_helps(said, born_on, words, area):
    before = RANK[fitness(born_on, TODAY, said, words, area).verdict]
    for key in said:
        assert RANK[fitness(born_on, TODAY, said | {key: True}, words, area).verdict] >= before
    for key in words:
        assert RANK[fitness(born_on, TODAY, said, words - {key}, area).verdict] >= before


@given(answers, births, keys, st.sampled_from(AREAS))
def test_every_verdict_has_its_reasons(said, born_on, words, area):
    found = fitness(born_on, TODAY, said, words, area)
    assert (found.verdict == "allowed") == (not found.findings)
    assert all(one.why for one in found.findings)
    if found.findings:
        assert RANK[found.verdict] == max(RANK[one.verdict] for one in found.findings)


@given(answers, births)
def test_the_words_that_can_be_given_are_those_that_open(said, born_on):
    wanted = {one.key for one in words_wanted(born_on, TODAY, said)} | set(OFF)
    for area in AREAS:
        for electrolyte in ("tap_water", "glycopyrrolate"):
            left = fitness(born_on, TODAY, said, wanted, area, electrolyte)
            assert all(one.verdict == "refused" for one in left.findings)


@pytest.mark.parametrize("area", AREAS)
def test_underarms_and_face_are_off_until_a_word_of_their_own(area):
    others = set(OFF) - {area}
    assert fitness(ADULT, TODAY, NO, others, area).verdict == ("needs_word" if area in OFF else "allowed")
    assert fitness(ADULT, TODAY, NO, {area}, area).verdict == "allowed"


@pytest.mark.parametrize("question", DRUG_QUESTIONS, ids=[question.key for question in DRUG_QUESTIONS])
def test_the_drug_needs_a_word_and_its_own_answers_and_a_yes_refuses_it_alone(question):
    asked = NO | {one.key: False for one in DRUG_QUESTIONS}

    def drug(answers, words):
        return fitness(ADULT, TODAY, answers, words, "hands", "glycopyrrolate").verdict

    assert drug(NO, {"glycopyrrolate"}) == "refused", "its questions are not answered"
    assert drug(asked, ()) == "needs_word"
    assert drug(asked, {"glycopyrrolate"}) == "allowed"
    assert drug(asked | {question.key: True}, {"glycopyrrolate", question.key}) == "refused"
    assert fitness(ADULT, TODAY, asked | {question.key: True}, (), "hands").verdict == "allowed"
