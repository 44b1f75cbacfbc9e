"""What was given counts against the next one: the same person's, and whatever names nobody."""

import signal
import time
from datetime import UTC, datetime, timedelta

import pytest

from protocols import frequency
from protocols.past import Past, too_often
from protocols.treatment import find, names

pytestmark = pytest.mark.core

LIBRARY = {name: find(name) for name in names()}
NOW = datetime(2026, 6, 10, 18, tzinfo=UTC).astimezone()


def past(person, *, hours_ago=4.0, treatment="hands", number=1, linked_to=None, runs=False, charge=100.0):
    begun = (NOW - timedelta(hours=hours_ago)).astimezone(UTC).isoformat(timespec="milliseconds")
    return Past(number, begun, treatment, person, linked_to, runs, charge)


@pytest.mark.parametrize(
    ("had", "asks", "refused"),
    [
        ("ann", "ann", True),
        ("ann", "ben", False),
        (None, "ann", True),
        ("ann", None, True),
        (None, None, True),
    ],
)
def test_who_is_not_named_may_be_anybody(had, asks, refused):
    assert bool(too_often([past(had)], LIBRARY, "hands", asks, NOW)) is refused


def test_another_area_does_not_count_and_another_treatment_of_the_area_does():
    assert too_often([past(None, treatment="feet")], LIBRARY, "hands", None, NOW) == ""
    assert too_often([past(None, treatment="hands-glycopyrrolate")], LIBRARY, "hands", None, NOW)
    assert too_often([past(None, treatment="bench")], LIBRARY, "hands", None, NOW) == ""


def test_a_sixth_in_seven_days_is_refused_whoever_had_them():
    five = [past("ann" if day % 2 else None, hours_ago=24 * day, number=day) for day in range(1, 6)]
    assert too_often(five, LIBRARY, "hands", "ann", NOW) == frequency.FIVE_A_WEEK
    assert too_often(five, LIBRARY, "hands", "ben", NOW) == ""
    assert too_often(five[1:], LIBRARY, "hands", "ann", NOW) == ""


def test_what_gave_next_to_nothing_does_not_count_but_with_its_rest_it_may():
    assert too_often([past(None, charge=1.0)], LIBRARY, "hands", None, NOW) == frequency.ONE_A_DAY
    beginning = past(None, charge=0.6, number=1)
    assert too_often([beginning], LIBRARY, "hands", None, NOW) == ""
    rest = past(None, charge=0.6, number=2, linked_to=1, hours_ago=3.9)
    assert too_often([rest, beginning], LIBRARY, "hands", None, NOW) == frequency.ONE_A_DAY


def test_one_that_runs_and_a_clock_that_went_back_refuse():
    assert too_often([past(None, charge=0.0, runs=True)], LIBRARY, "hands", None, NOW) == frequency.ONE_A_DAY
    assert too_often([past("ann", hours_ago=-1.0)], LIBRARY, "hands", "ann", NOW) == frequency.CLOCK


@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 1)])
def test_a_damaged_record_that_continues_itself_in_a_circle_ends_and_counts(first, second):
    def too_long(*_):
        raise TimeoutError("the links were followed for ever")

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(5)
    try:
        circle = [past(None, number=first, linked_to=second), past(None, number=second, linked_to=first)]
        assert too_often([*circle, past(None, number=3, linked_to=3)], LIBRARY, "hands", None, NOW)
    finally:
        signal.alarm(0)


def test_another_spelling_of_a_name_is_the_same_person():
    past = [Past(1, "2026-06-01T10:00:00+00:00", "hands", "Zoë", None, False, 50.0)]
    library = {"hands": find("hands")}
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert too_often(past, library, "hands", "ZOE\u0308", now)
    assert not too_often(past, library, "hands", "Zoe", now)


@pytest.mark.parametrize(
    ("begun", "now", "why"),
    [
        # Summer time ends on 25 October 2026 at 01:00 UTC, and begins on 29 March at 01:00 UTC.
        ("2026-10-24T21:30+00:00", "2026-10-25T09:30+00:00", ""),
        ("2026-10-24T21:30+00:00", "2026-10-25T09:29+00:00", frequency.TOO_SOON),
        ("2026-10-24T22:30+00:00", "2026-10-25T22:30+00:00", frequency.ONE_A_DAY),  # a day of 25 hours
        ("2026-03-28T22:30+00:00", "2026-03-29T10:30+00:00", ""),
        ("2026-03-28T23:30+00:00", "2026-03-29T21:30+00:00", frequency.ONE_A_DAY),  # a day of 23 hours
        ("2026-03-28T23:30+00:00", "2026-03-29T22:30+00:00", ""),
        ("2028-02-29T12:00+00:00", "2028-03-01T12:00+00:00", ""),
    ],
)
def test_days_are_the_household_s_when_summer_time_begins_and_ends_and_in_leap_years(berlin, begun, now, why):
    had = Past(1, begun, "hands", None, None, False, 100.0)
    assert too_often([had], LIBRARY, "hands", None, datetime.fromisoformat(now).astimezone()) == why


def test_a_household_that_moves_to_another_zone_keeps_the_time_that_has_passed(berlin, monkeypatch):
    had = past(None, hours_ago=11.0)
    for zone in ("America/New_York", "Pacific/Auckland", "UTC"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        assert too_often([had], LIBRARY, "hands", None, NOW.astimezone()), zone
        assert too_often([past(None, hours_ago=36.0)], LIBRARY, "hands", None, NOW.astimezone()) == ""
