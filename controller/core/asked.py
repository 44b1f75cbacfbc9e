"""What a treatment was asked for beside what it gave: whether one that came to its end is a whole one.

Law: asked is what the person set with Up and Down, over the prescribed time and at the ramp, whatever the
load allowed; the second direction is asked for as much as the first was. Given is what was measured.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from controller.core.types import ShortBecause

WHOLE_RATIO: Final = 0.9
"""A treatment that gave less of what was asked than this is short (law 15)."""
APART_RATIO: Final = 0.05
"""So is one whose directions lie further apart than this share of what was asked in each."""

SHORT_WORDS: Final = MappingProxyType(
    {
        ShortBecause.VOLTAGE: "less than was asked for was given: skin, water or contact conducted too "
        "little for the set current",
        ShortBecause.CONTACT: "less than was asked for was given: a hand, foot or pad seemed to leave, and "
        "the current was lowered",
        ShortBecause.DOWN: "the second direction was given less than the first: the current was lowered "
        "with Down",
        ShortBecause.UNKNOWN: "less than was asked for was given, and the unit can't tell why: have it "
        "checked if it happens again",
    }
)
"""The sentence for each, without a full stop."""


class Asked:
    """Sums up what is asked of each direction, tick by tick, and by what it was missed.

    `ramp_ma_per_s` is the treatment's; `carried_ma_min` was asked of the first direction by the sessions
    before, whose rest this one is, and `answers` says that it begins with the second direction.
    """

    __slots__ = ("_asked_ma_s", "_first_ma", "_lost_ma_s", "_now_ma", "_ramp_ma_per_s", "_second", "_set")

    def __init__(self, ramp_ma_per_s: float, *, carried_ma_min: float = 0.0, answers: bool = False) -> None:
        self._ramp_ma_per_s = ramp_ma_per_s
        self._asked_ma_s = [60.0 * carried_ma_min, 0.0]
        self._second = answers
        self._now_ma = 0.0
        self._set = (0.0, 0.0)
        """Target times time of the first direction, mA s, and that time, s."""
        self._first_ma: float | None = None
        """The mean target of the first direction; where an earlier session gave it, that at the begin."""
        self._lost_ma_s = dict.fromkeys(ShortBecause, 0.0)

    @property
    def ma_min(self) -> float:
        """What is asked of each direction so far, mA min: what the first one was asked for."""
        return self._asked_ma_s[0] / 60.0

    @property
    def total_ma_min(self) -> float:
        """What is asked of all directions together, mA min."""
        return (2 if self._second else 1) * self.ma_min

    @property
    def paired(self) -> bool:
        """Whether a second direction has begun, which answers the first."""
        return self._second

    def sensed(self, current_ma: float, given_ma_min: float) -> None:
        """Count what was given (mA min) until contact was found, from where the ramp goes on (mA)."""
        self._now_ma = current_ma
        self._asked_ma_s[self._second] += 60.0 * given_ma_min

    def reverse(self) -> None:
        """Begin the second direction, from zero."""
        self._second, self._now_ma = True, 0.0
        set_ma_s, set_s = self._set
        self._first_ma = set_ma_s / set_s if set_s else None

    def step(
        self,
        passed_s: float,
        *,
        target_ma: float,
        left_s: float,
        given_ma: float,
        held: ShortBecause | None,
    ) -> None:
        """Take a tick of `passed_s` in which `given_ma` was measured, `left_s` before the half is over.

        `held` says what kept the setpoint below the target in it, None for nothing.
        """
        rise_ma = self._ramp_ma_per_s * passed_s
        fallen_ma = max(target_ma, self._now_ma - rise_ma)
        self._now_ma = max(0.0, min(self._now_ma + rise_ma, fallen_ma, left_s * self._ramp_ma_per_s))
        self._asked_ma_s[self._second] += self._now_ma * passed_s
        if self._second:
            self._first_ma = target_ma if self._first_ma is None else self._first_ma
            self._lost_ma_s[ShortBecause.DOWN] += max(0.0, self._first_ma - target_ma) * passed_s
        else:
            self._set = (self._set[0] + target_ma * passed_s, self._set[1] + passed_s)
        self._lost_ma_s[held or ShortBecause.UNKNOWN] += (self._now_ma - given_ma) * passed_s

    def to_come_ma_min(self, target_ma: float, left_s: float) -> float:
        """Return what is still asked for in a half of `left_s` if nobody changes `target_ma`, mA min."""
        now_ma, ramp = self._now_ma, self._ramp_ma_per_s
        if left_s * ramp <= now_ma:  # there is time for the ramp down only
            return ramp * left_s**2 / 2 / 60.0
        top_ma = min(target_ma, (now_ma + ramp * left_s) / 2) if target_ma > now_ma else target_ma
        ramps_ma_s = (abs(top_ma**2 - now_ma**2) + top_ma**2) / 2 / ramp
        held_s = left_s - (abs(top_ma - now_ma) + top_ma) / ramp
        return (ramps_ma_s + top_ma * held_s) / 60.0

    def short(self, first_ma_min: float, second_ma_min: float) -> ShortBecause | None:
        """Tell why a treatment that gave so much (mA min) in each direction is short; None where it is not.

        One that has no second direction gave nothing there, and none is asked for.
        """
        asked_ma_min = self.ma_min
        given_ma_min = first_ma_min + (second_ma_min if self._second else 0.0)
        whole = given_ma_min >= WHOLE_RATIO * self.total_ma_min
        apart = self._second and abs(first_ma_min - second_ma_min) > APART_RATIO * asked_ma_min
        if whole and not apart:
            return None
        lost = dict(self._lost_ma_s)
        if not apart:  # the second direction was over by charge: less current only took it longer
            lost[ShortBecause.DOWN] = 0.0
        because = max(lost, key=lambda one: lost[one])
        return because if lost[because] > 0.0 else ShortBecause.UNKNOWN
