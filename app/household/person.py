"""One of the household: name, answers, words and limits; and how the book refuses.

Law: a limit never exceeds the ceiling of the age that the person has now.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final, NamedTuple

from app.household.health import Permission
from protocols.ceilings import Area
from protocols.fitness import age_group, highest_limit_ma, usual_limit_ma

TOO_MANY: Final = "There is no room for more."


class StoreRefused(Exception):
    """What was asked can't be kept; `str()` is one sentence for the person."""


class Person(NamedTuple):
    """One of the household; `words` are the keys for which a professional has given their word."""

    id: int
    name: str
    born: date
    answers: Mapping[str, bool]
    answered_on: date | None
    words: Mapping[str, tuple[str, date]]
    limits_ma: Mapping[str, float]
    called: str
    """The name, with the id where somebody else's is the same name in another spelling."""
    permissions: Mapping[str, Permission] = {}
    """What is off without a professional's word, by its key."""

    def words_on(self, today: date) -> Collection[str]:
        """Give the keys for which a professional's word holds today."""
        return {*self.words, *(key for key, one in self.permissions.items() if one.holds(today))}

    def limit_ma(self, area: Area, today: date) -> float:
        """Give the highest current in mA for `area`: the nurse's limit, else the usual one.

        Never above the ceiling of the age that the person has now.
        """
        group = age_group(self.born, today)
        set_ma = self.limits_ma.get(area, usual_limit_ma(area, group))
        return min(set_ma, highest_limit_ma(area, group))
