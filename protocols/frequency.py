"""How often an area may be treated: at most once a day and five times in any seven days.

Law: more is refused, not warned of, whoever asks; so is a clock that contradicts the records. Pure: times are
arguments, in the household's own time zone.

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
LOOK_BACK: Final = timedelta(days=8)
"""Records older than this can't refuse anything: seven days, and one for a change of the time zone."""

ONE_A_DAY: Final = "This area has been treated today. At most one treatment a day is allowed."
TOO_SOON: Final = "The last treatment of this area was less than 12 hours ago."
FIVE_A_WEEK: Final = "This area has been treated five times within seven days. More is not allowed."
CLOCK: Final = "The unit's clock shows a time before the last treatment. Have the clock set first."


def refusal(begun: Sequence[datetime], now: datetime) -> str:
    """Say why no treatment is allowed now, or "" when one is.

    `begun` are the beginnings of the treatments given, in any order, in the time zone of `now`.
    """
    if any(when > now for when in begun):
        return CLOCK
    today = now.date()
    if any(when.date() == today for when in begun):
        return ONE_A_DAY
    if any(now - when < timedelta(hours=LEAST_HOURS) for when in begun):
        return TOO_SOON
    if sum(today - timedelta(days=6) <= when.date() <= today for when in begun) >= MOST_PER_WEEK:
        return FIVE_A_WEEK
    return ""
