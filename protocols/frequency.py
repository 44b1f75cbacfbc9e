"""How often an area may be treated: at most once a day and five times in any seven days.

Law: more is refused, not warned of, whoever asks; so is what may be more, where a date is not known. Pure:
times are arguments, in the household's own time zone.

Source: at most one a day and five a week (Dermadry's schedule). That two in the same night with midnight
between them are refused as well is our own figure (12 h), and so is from what charge on a session counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

MOST_PER_WEEK: Final = 5
LEAST_HOURS: Final = 12
COUNTS_FROM_MA_MIN: Final = 1.0
"""A session that gave less charge than this (mA min, both ways together) is no treatment of the skin."""
ONE_A_DAY: Final = "This area has been treated today. At most one treatment a day is allowed."
TOO_SOON: Final = "The last treatment of this area was less than 12 hours ago."
FIVE_A_WEEK: Final = "This area has been treated five times within seven days. More is not allowed."
CLOCK: Final = (
    "How long ago this area was treated is not known: "
    "the unit's clock is not set, or a record bears a date after now. "
    "Connect the unit to a network that gives the time, or have its clock set. "
    "If the clock is right, the nurse can amend the date of the record that History marks."
)
UNDATED: Final = (
    "How long ago this area was treated is not known: a record bears a date that can't be right. "
    "Wait until tomorrow, after five treatments a week; "
    "or the nurse can amend the date of the record that History marks."
)
UNKNOWN: Final = frozenset({CLOCK, UNDATED})
"""What is refused because it may be too much, not because it is."""


def refusal(
    begun: Sequence[datetime], now: datetime, *, at_latest: Sequence[datetime] = (), doubt: str = UNDATED
) -> str:
    """Say why no treatment is allowed now, or "" when one is.

    `begun` are the beginnings of the treatments given, in any order, in the time zone of `now`; `at_latest`
    is when others began at the latest, where no more is known, and `doubt` what is said when only they stand
    in the way.
    """
    if any(when > now for when in begun):
        return CLOCK
    return _refusal(begun, now) or (doubt if _refusal([*begun, *at_latest], now) else "")


def _refusal(begun: Sequence[datetime], now: datetime) -> str:
    today = now.date()
    if any(when.date() == today for when in begun):
        return ONE_A_DAY
    if any(now - when < timedelta(hours=LEAST_HOURS) for when in begun):
        return TOO_SOON
    if sum(today - timedelta(days=6) <= when.date() <= today for when in begun) >= MOST_PER_WEEK:
        return FIVE_A_WEEK
    return ""
