"""The page History: dates that are not known are marked, and amended with the nurse's code."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from app.household.order import NO_TIME, obstacles
from app.household.store import Household, Person
from controller.journal.history import open_history
from controller.journal.store import FILE, Store
from protocols.course import Given
from protocols.frequency import CLOCK, ONE_A_DAY, UNDATED
from protocols.treatment import find

CODE = "rose-7421"
START = {
    "unit": "u",
    "treatment": "hands",
    "simulated": True,
    "target_ma": 12.0,
    "total_s": 1200.0,
    "person": "1",
}
WHEN = datetime.now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=3)


@pytest.fixture(scope="module")
def wrong(house):
    """One session of 2036."""
    store = Store(house.state)
    store.begin(START)
    store.write([["end", "completed", "", 1200.0, 100.0, 100.0, None]])
    store.connection.close()
    with closing(sqlite3.connect(house.state / FILE, isolation_level=None)) as connection:
        connection.execute("UPDATE session SET begun_utc = '2036-01-01T08:00:00.000+00:00'")
    Household(house.state).set_code(CODE)
    return house.state


def submit(phone, code=CODE, started=f"{WHEN:%Y-%m-%dT%H:%M}", reason="a wrong clock"):
    return phone.submit("/history/1", "/history/1/amend", started=started, reason=reason, code=code)


def test_a_date_is_marked_refused_where_it_can_t_be_and_amended_with_the_code(wrong, phone):
    assert "the date is not known" in phone.get("/history").page.text
    page = phone.get("/history/1").page.text
    assert "Not known, since the clock was not set. At the latest:" in page
    assert "2036-01-01 08:00 UTC" in page
    assert submit(phone, code="rose-0000").status == 403
    assert submit(phone, started="2099-01-01T10:00").status == 422
    assert submit(phone, started="2026-11-20").status == 422
    assert submit(phone, reason="").status == 422
    with open_history(wrong) as history:
        assert history.amendments(1) == []
    assert submit(phone).status == 303
    page = phone.get("/history/1").page.text
    assert "with the nurse's code: a wrong clock" in page
    assert "2036-01-01 08:00 UTC" in page, "the recorded one stays beside it"
    assert "not known" not in page
    assert "amended" in phone.get("/history").page.text
    assert '"amended_utc": "20' in phone.get("/history.json").text
    with open_history(wrong) as history:
        assert len(history.amendments(1)) == 1


PERSON = Person(1, "Ann", datetime(1990, 1, 1, tzinfo=UTC).date(), {}, None, {}, {}, "Ann")
NOW = datetime(2026, 6, 10, 18, tzinfo=UTC)


@pytest.mark.parametrize("doubt", [CLOCK, UNDATED])
def test_the_page_refuses_what_the_unit_would_and_says_why(doubt):
    unsure = Given(NOW - timedelta(hours=3), "forward", doubt)
    assert doubt in obstacles(PERSON, find("hands"), [unsure], NOW)
    sure = Given(NOW - timedelta(hours=4), "forward")
    assert ONE_A_DAY in obstacles(PERSON, find("hands"), [unsure, sure], NOW)
    assert doubt not in obstacles(PERSON, find("hands"), [unsure], NOW + timedelta(days=2))


def test_at_1970_the_page_blames_the_clock_and_no_date_of_birth():
    assert obstacles(PERSON, find("hands"), [], datetime(1970, 1, 1, tzinfo=UTC)) == [NO_TIME]
