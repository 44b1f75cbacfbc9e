"""One treatment a day, twelve hours between two, five in seven days; each bound from both sides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from protocols.frequency import CLOCK, FIVE_A_WEEK, LEAST_HOURS, ONE_A_DAY, TOO_SOON, refusal

pytestmark = pytest.mark.core

MORNING = datetime(2026, 6, 10, 8, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def days_ago(*days: int) -> list[datetime]:
    return [MORNING - timedelta(days=day) for day in days]


@pytest.mark.parametrize(
    ("begun", "answer"),
    [
        ([], ""),
        ([MORNING + SECOND], CLOCK),
        ([MORNING], ONE_A_DAY),
        ([MORNING.replace(hour=0)], ONE_A_DAY),
        ([MORNING - timedelta(hours=LEAST_HOURS) + SECOND], TOO_SOON),
        ([MORNING - timedelta(hours=LEAST_HOURS)], ""),
        (days_ago(1, 2, 3, 4), ""),
        (days_ago(1, 2, 3, 4, 5), FIVE_A_WEEK),
        (days_ago(6, 5, 4, 3, 2), FIVE_A_WEEK),
        (days_ago(7, 5, 4, 3, 2), ""),
    ],
)
def test_what_was_given_allows_or_refuses_the_next(begun: list[datetime], answer: str) -> None:
    assert refusal(begun, MORNING) == answer
