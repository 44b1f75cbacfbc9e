"""What is left of a dose that was cut or was short: the halves that a linked session gives.

Law: one rule, however it was cut and however often. Both polarities still end with the same charge, nothing
beyond the prescribed charge is given, and the time with current of all its sessions together stays below the
area's ceiling.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from controller.core.asked import Asked
from controller.core.types import Polarity

EQUAL_RATIO: Final = 0.005
"""Halves that differ by less than this count as equal (docs/laws.md)."""
LEAST_S: Final = 20.0
"""A rest shorter than this, about the two ramps of a weak current, is not worth a session."""


class Given(NamedTuple):
    """What a session gave before it was cut: which half it was in, and time (s) and charge (mA min) so far.

    `elapsed_s` is the time with current of all halves together, and with the charges that of the sessions
    before, whose rest it is; `asked_ma_min` is what they all were asked for in the first polarity.
    """

    half: int
    half_elapsed_s: float
    elapsed_s: float
    forward_ma_min: float
    reverse_ma_min: float
    asked_ma_min: float = 0.0

    def ma_min(self, polarity: Polarity) -> float:
        """Return the charge of one polarity."""
        return self.forward_ma_min if polarity == "forward" else self.reverse_ma_min


class Rest(NamedTuple):
    """The halves still to give, and whether the first of them balances a polarity that is already done.

    The charges are what was given so far, and what of the first polarity was asked for besides these halves.
    """

    halves: tuple[tuple[Polarity, float], ...]
    balances: bool
    forward_ma_min: float
    reverse_ma_min: float
    asked_ma_min: float


def rest_of(
    halves: tuple[tuple[Polarity, float], ...],
    given: Given,
    *,
    target_ma: float,
    ramp_ma_per_s: float,
    longest_s: float,
    balances: bool = False,
) -> Rest | None:
    """Return the rest of a treatment of these `halves` (polarity, s), None when too little is left.

    `target_ma` and `ramp_ma_per_s` are those of the linked session; `longest_s` is the ceiling of the time
    with current, all sessions together. `balances` says that the first of `halves` answers a polarity that is
    done, as it does in the rest of a rest.
    """
    polarity, whole_s = halves[given.half]
    if given.half > 0 or balances:
        # The cut cost the charge of a ramp up, so time is reckoned from the charge that is lacking.
        goal_ma_min = given.ma_min("reverse" if polarity == "forward" else "forward")
        lacking_ma_min = goal_ma_min - given.ma_min(polarity)
        left_s = min(_within_s(lacking_ma_min, target_ma, ramp_ma_per_s), longest_s - given.elapsed_s)
        if lacking_ma_min <= EQUAL_RATIO * goal_ma_min or left_s < LEAST_S:
            return None
        return _rest(((polarity, left_s),), given, balances=True)
    left_s = whole_s - given.half_elapsed_s
    following = halves[1:]
    if left_s >= LEAST_S:
        return _rest(((polarity, left_s), *following), given, balances=False)
    # Too little is left of the first half: the second one gives what that one had.
    return _rest(following, given, balances=True) if following else None


def rest_of_short(
    polarities: tuple[Polarity, ...],
    given: Given,
    *,
    target_ma: float,
    ramp_ma_per_s: float,
    longest_s: float,
) -> Rest | None:
    """Return what is left of a treatment that came to its end and was short, None when too little is.

    `polarities` are those of the whole treatment in their order, one or two; the other figures are as those
    of `rest_of`. Where the time doesn't suffice for all that is lacking, each gets the same share of it.
    """
    lacking_ma_min = [given.asked_ma_min - given.ma_min(polarity) for polarity in polarities]
    whole_s = [_within_s(lacking, target_ma, ramp_ma_per_s) for lacking in lacking_ma_min]
    room_s = longest_s - given.elapsed_s
    if lacking_ma_min[0] <= EQUAL_RATIO * given.asked_ma_min:  # only the second one lacks anything
        left_s = min(whole_s[-1], room_s)
        worth = len(polarities) > 1 and left_s >= LEAST_S
        return _rest(((polarities[-1], left_s),), given, balances=True) if worth else None
    share = min(1.0, room_s / sum(whole_s))
    halves = tuple((way, share * seconds) for way, seconds in zip(polarities, whole_s, strict=True))
    if any(seconds < LEAST_S for _, seconds in halves):
        return None
    # What these halves ask for was asked for already.
    again_ma_min = Asked(ramp_ma_per_s).to_come_ma_min(target_ma, halves[0][1])
    return _rest(halves, given._replace(asked_ma_min=given.asked_ma_min - again_ma_min), balances=False)


def _within_s(charge_ma_min: float, target_ma: float, ramp_ma_per_s: float) -> float:
    """Return how long a half takes that gives this charge, its two ramps included, s.

    So little that the ramp down begins before the target is reached is a triangle.
    """
    charge_ma_s, ramps_s = 60 * max(0.0, charge_ma_min), target_ma / ramp_ma_per_s
    if charge_ma_s < target_ma * ramps_s:
        return 2 * math.sqrt(charge_ma_s / ramp_ma_per_s)
    return charge_ma_s / target_ma + ramps_s


def _rest(halves: tuple[tuple[Polarity, float], ...], given: Given, *, balances: bool) -> Rest:
    return Rest(halves, balances, given.forward_ma_min, given.reverse_ma_min, given.asked_ma_min)
