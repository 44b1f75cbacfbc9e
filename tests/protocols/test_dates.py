"""What is known of a date: clocks turned by hand, boots, time servers that come late, and records of 2036."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.dates import Point, Reading, Span, dated, points, utc
from protocols.frequency import CLOCK, ONE_A_DAY, UNDATED, UNKNOWN
from protocols.past import Past, too_often
from protocols.treatment import find, names

pytestmark = pytest.mark.core

NOW = datetime(2026, 6, 10, 18, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LIBRARY = {name: find(name) for name in names()}


def look(utc, boot="a", boottime_s=600.0, voucher=""):
    return Reading(utc, boot, boottime_s, voucher)


def spans(order, now):
    return dated(order, now).spans


def session(number, clock=None, stamp=None, amended=None):
    return (number, clock.utc if stamp is None else stamp, clock, amended)


def only(*rows, now, seen=()):
    found = spans(points(rows, seen), now)
    assert len(found) == 1
    return next(iter(found.values()))


def exactly(when):
    return Span(when, when, sure=True)


@pytest.mark.parametrize("shown", [NOW, NOW - DAY, NOW + 3 * DAY, datetime(1970, 1, 1, 1, tzinfo=UTC)])
def test_within_a_boot_the_time_that_has_passed_is_known_whatever_the_clock_did(shown):
    before = session(1, look(shown, boottime_s=100.0))
    assert only(before, now=look(NOW, boottime_s=7300.0)) == exactly(NOW - 2 * HOUR)


def test_the_last_shutdown_s_time_dates_nothing_once_the_time_is_known():
    """A clock that stood still while the unit was off shows less than has passed, and so a date too early."""
    lagging = session(1, look(NOW - 2 * DAY, boot="a"))
    assert only(lagging, now=look(NOW, "b", 60.0, "network")) == Span(
        None, NOW - timedelta(minutes=1), sure=False
    )
    assert only(lagging, now=look(NOW, "b", 60.0)) == exactly(NOW - 2 * DAY), "at least as long as it says"


def test_a_time_server_that_comes_after_the_treatment_dates_it():
    early = session(1, look(datetime(1970, 1, 1, 0, 10, tzinfo=UTC), "a", 600.0))
    seen = [(1, look(NOW - DAY, "a", 4200.0, "network"))]
    assert only(early, now=look(NOW, "b", 60.0, "network"), seen=seen) == exactly(NOW - DAY - HOUR)


@pytest.mark.parametrize("voucher", ["network", "chip", ""])
def test_a_record_of_2036_is_bounded_by_its_neighbours(voucher):
    wrong = look(datetime(2036, 1, 1, tzinfo=UTC), "b", 60.0, voucher)
    order = [
        session(1, look(NOW - 5 * DAY, "a", 60.0, "network")),
        session(2, wrong),
        session(3, look(NOW - 3 * DAY, "c", 60.0, "network")),
    ]
    found = spans(points(order), look(NOW, "d", 60.0, "network"))
    assert found[2] == Span(NOW - 5 * DAY, NOW - 3 * DAY, sure=False)
    assert found[1] == exactly(NOW - 5 * DAY)
    assert found[3] == exactly(NOW - 3 * DAY)


def test_the_newest_one_of_2036_is_not_later_than_this_boot_or_than_when_it_was_first_seen():
    old = session(1, stamp=datetime(2036, 1, 1, tzinfo=UTC))
    assert only(old, now=look(NOW, "b", 60.0, "network")).latest == NOW
    assert only(session(1, look(old[1], "a")), now=look(NOW, "b", 3600.0, "network")).latest == NOW - HOUR
    seen = [(1, look(NOW - 2 * DAY, "b", 60.0, "network"))]
    assert only(old, now=look(NOW, "c", 60.0, "network"), seen=seen).latest == NOW - 2 * DAY


def test_a_clock_that_jumped_forth_and_back_between_sessions_leaves_no_date_after_the_next_one():
    order = [
        session(1, look(NOW - 2 * DAY, "a", 60.0, "chip")),  # three days too late, so the next one says
        session(2, look(NOW - 5 * DAY, "b", 60.0, "network")),
    ]
    found = spans(points(order), look(NOW, "c", 60.0, "network"))
    assert found == {1: Span(None, NOW - 5 * DAY, sure=False), 2: exactly(NOW - 5 * DAY)}


def test_a_clock_that_nobody_vouches_for_and_that_went_back_dates_nothing():
    order = [
        session(1, look(NOW - 2 * DAY, "a", 60.0, "network")),
        session(2, look(NOW - 3 * DAY, "b", 60.0)),
    ]
    found = spans(points(order), look(NOW, "c", 60.0))
    assert found == {
        1: exactly(NOW - 2 * DAY),
        2: Span(NOW - 2 * DAY, NOW - timedelta(minutes=1), sure=False),
    }


def test_a_clock_that_was_set_by_hand_counts_as_set():
    """Setting it makes the kernel say that it is not synchronised; its distance from the boot tells."""
    order = points([session(1, stamp=NOW + DAY)], [(1, look(NOW - 9 * DAY, "b", 60.0))])
    assert dated(order, look(NOW, "b", 120.0)).clock_set
    assert not dated(order, look(NOW - 9 * DAY + timedelta(minutes=1), "b", 120.0)).clock_set


def test_a_clock_chip_that_lost_its_time_is_not_believed_against_a_record():
    order = points([session(1, look(NOW, "a", 60.0, "network"))])
    assert not dated(order, look(NOW - 30 * DAY, "b", 60.0, "chip")).clock_set
    assert dated(order, look(NOW - 30 * DAY, "b", 60.0, "network")).clock_set


def test_an_amended_date_holds_but_not_against_the_boot_s_own_time():
    amended = session(1, stamp=datetime(2036, 1, 1, tzinfo=UTC), amended=NOW - 4 * DAY)
    assert only(amended, now=look(NOW, "b", 60.0, "network")) == exactly(NOW - 4 * DAY)
    here = session(1, look(NOW - HOUR, "b", 60.0), amended=NOW - 4 * DAY)
    assert only(here, now=look(NOW, "b", 3660.0, "network")) == exactly(NOW - HOUR)


def test_a_look_at_the_clock_of_another_time_says_nothing_about_a_date():
    assert points([session(1, look(NOW, "a"), stamp=NOW - 3 * DAY)])[0].clock is None


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "1970-01-01T00:00:00+00:00"])
def test_a_date_that_is_none_can_t_be_right(text):
    assert only(session(1, stamp=utc(text)), now=look(NOW)) == Span(None, NOW, sure=False)


def past(number, stamp, clock=None, amended_utc=None):
    begun = stamp.isoformat(timespec="milliseconds")
    return Past(number, begun, "hands", None, None, False, 100.0, clock, amended_utc)


def refused(*rows, now, seen=()):
    return too_often(rows, LIBRARY, "hands", None, now.utc.astimezone(), seen=seen, clock=now)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(("voucher", "why"), [("network", UNDATED), ("", CLOCK)])
def test_records_of_2036_refuse_for_a_day_with_a_true_cause_and_not_until_2036(count, voucher, why):
    wrong = datetime(2036, 1, 1, tzinfo=UTC)
    rows = [past(number, wrong + number * HOUR) for number in range(count)]
    seen = [(count - 1, look(NOW, "a", 60.0, voucher))]
    assert refused(*rows, now=look(NOW, "a", 60.0, voucher), seen=seen) == why
    tomorrow = look(NOW + DAY, "a", 60.0 + 86400.0, voucher)
    assert refused(*rows, now=tomorrow, seen=seen) == ""
    assert refused(*rows, past(5, NOW + DAY - HOUR), now=tomorrow, seen=seen) == ONE_A_DAY


def test_a_clock_at_1970_refuses_what_may_be_less_than_a_day_ago_and_nothing_else():
    had = past(1, NOW, look(NOW, "a", 60.0, "network"))
    start = datetime(1970, 1, 1, tzinfo=UTC)
    for boottime_s, why in ((60.0, CLOCK), (86399.0, CLOCK), (86401.0, "")):
        assert refused(had, now=look(start + timedelta(seconds=boottime_s), "b", boottime_s)) == why
    assert refused(now=look(start, "b", 60.0)) == ""
    midnight_passed = look(start + 29 * HOUR, "b", 13 * 3600.0)
    assert refused(had, now=midnight_passed) == CLOCK, "a midnight of 1970 is nobody's"
    same_boot = past(2, start + HOUR, look(start + HOUR, "b", 3600.0))
    assert refused(same_boot, now=look(start + 13 * HOUR, "b", 13 * 3600.0)) == ONE_A_DAY


def test_a_treatment_by_a_clock_at_1970_does_not_escape_the_rule_of_days():
    had = past(
        1, datetime(1970, 1, 1, 0, 10, tzinfo=UTC), look(datetime(1970, 1, 1, 0, 10, tzinfo=UTC), "a", 600.0)
    )
    assert refused(had, now=look(NOW, "a", 1200.0, "network")) == ONE_A_DAY, "the time came ten minutes later"
    assert refused(had, now=look(NOW, "b", 60.0, "network")) == UNDATED, "or only after the next boot"
    assert refused(past(1, utc(had.begun_utc)), now=look(NOW, "b", 60.0, "network")) == UNDATED


def test_five_a_week_holds_for_dates_that_are_not_known():
    lagging = [
        past(n, NOW - 30 * DAY + n * DAY, look(NOW - 30 * DAY + n * DAY, f"b{n}", 60.0)) for n in range(4)
    ]
    seen = [(3, look(NOW - 2 * DAY, "c", 60.0, "network"))]
    now = look(NOW, "d", 60.0, "network")
    assert refused(*lagging, now=now, seen=seen) == ""
    assert refused(*lagging, past(5, NOW - DAY, look(NOW - DAY, "c", 86460.0)), now=now, seen=seen) == UNDATED


def test_an_amended_record_counts_on_its_new_day():
    wrong = past(1, datetime(2036, 1, 1, tzinfo=UTC))
    now = look(NOW, "b", 60.0, "network")
    assert refused(wrong, now=now) == UNDATED
    assert refused(wrong._replace(amended_utc=(NOW - DAY).isoformat()), now=now) == ""
    assert refused(wrong._replace(amended_utc=(NOW - HOUR).isoformat()), now=now) == ONE_A_DAY


boots = st.lists(
    st.lists(st.tuples(st.integers(10, 200_000), st.booleans()), min_size=1, max_size=3),
    min_size=1,
    max_size=6,
)


@given(
    boots,
    st.lists(st.integers(0, 400_000), min_size=7, max_size=7),
    st.sampled_from(["lag", "1970", "jumps"]),
)
@settings(max_examples=200)
def test_nothing_is_ever_taken_to_be_longer_ago_than_it_is(lives, gaps_s, kind):
    """The truth is known here: a unit is switched off, forgets the time, and hears of it sooner or later."""
    true, saved, order, truths = NOW - 400 * DAY, NOW - 400 * DAY, [], {}
    for index, life in enumerate(lives):
        true += timedelta(seconds=gaps_s[index])
        shown = {
            "lag": saved,
            "1970": datetime(1970, 1, 1, tzinfo=UTC),
            "jumps": saved - timedelta(seconds=7 * index),
        }
        lag, up_s, heard = true - shown[kind], 0, False
        for run_s, hears in life:
            up_s += run_s
            true += timedelta(seconds=run_s)
            heard = heard or hears
            wall = true if heard else true - lag
            clock = look(wall, f"boot {index}", float(up_s), "network" if heard else "")
            saved = wall
            order.append(Point(len(order), wall, clock))
            truths[len(order) - 1] = true
    final = order[-1].clock
    now = final._replace(utc=final.utc + HOUR, boottime_s=final.boottime_s + 3600.0)
    ago = {number: true + HOUR - when for number, when in truths.items()}
    for number, span in dated(order, now).spans.items():
        assert now.utc - span.latest <= ago[number] + timedelta(seconds=3), (number, kind)


def test_least_and_most_stay_in_order():
    order = points([session(n, stamp=NOW - (9 - n) * DAY) for n in range(3)] + [session(3, stamp=utc(""))])
    found = spans(order, look(NOW, "b", 60.0))
    assert found[3] == Span(NOW - 7 * DAY, NOW, sure=False)
    assert set(UNKNOWN) == {CLOCK, UNDATED}
