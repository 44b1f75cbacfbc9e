"""Whose turn it is: which channel the control converter takes in a tick, and at which moment between two.

Law: no period hides. Neither the order nor the moments repeat themselves at any period that a fault, or the
hum of the mains, could be in step with; yet no channel waits longer than was reckoned with, and the same
session takes the same turns.
"""

from __future__ import annotations

from random import Random
from typing import Final, Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["", "current", "voltage", "supply", "return"]

ROUND: Final = 1500
"""So many turns make a round, 7.5 s at 200 Hz, and what is left of its last cycle: no fault's period, but
longer than any that the guard adds up over."""
LONG_ROUND: Final = 0.65
"""So many of the cycles of the slow channels take four turns, the others three."""
EVERY_PAIRS: Final = (4, 9)
"""The channel that has every second tick has two running once in so many pairs."""
SLOW_TICKS_S: Final = 0.0145
"""Ticks this long or longer (up to 69 Hz) come as often as the mains hums, and meet it always alike."""


LATER: Final[tuple[float | None, ...]] = (None, None, 0.0, 0.0, 0.0, 0.5, 0.5, 0.5)
"""Of four moments one may be anywhere: those alone would hide what comes twice a tick."""
LOOK_BETWEEN_S: Final = 0.007
"""Ticks longer than this leave time, and reason, for one more look at the current between two of them."""


class Turn(NamedTuple):
    """A channel, and its moment, as a share of the time in which a conversion may begin.

    `later_share` is by how much of a tick it is later, where ticks are slow, None where it is anywhere, and
    `look_share` the moment of one more look at the current.
    """

    kind: Kind
    moment_share: float
    later_share: float | None
    look_share: float

    def begins_s(self, room_s: float, tick_s: float) -> float:
        """Return how much later than it could the conversion begins, within `room_s`.

        Slow ticks would meet the mains always alike: there most of the moments lie half a tick apart, so that
        what one meets of it the other has the other way.
        """
        if self.later_share is None or tick_s < SLOW_TICKS_S or room_s < tick_s / 2:
            return self.moment_share * max(0.0, room_s)
        return self.moment_share * (room_s - tick_s / 2) + self.later_share * tick_s


def _slow(other: Kind, rng: Random) -> list[Kind]:
    """Return one cycle of the slow channels and of the one that has its turn between them."""
    if rng.random() < LONG_ROUND:
        return ["return", other, "supply", other]
    return ["return", "supply", other]


def turns(often: Kind, other: Kind) -> tuple[Turn, ...]:
    """Return a round in which `often` has every second tick, and now and then one sooner."""
    rng = Random(f"{often} {other}")
    kinds: list[Kind] = []
    slow: list[Kind] = []
    until_extra = EVERY_PAIRS[0]
    while len(kinds) < ROUND or slow:
        slow = slow or _slow(other, rng)
        kinds += [often, slow.pop(0)]
        until_extra -= 1
        if until_extra == 0:
            kinds.append(often)
            until_extra = rng.randint(*EVERY_PAIRS)
    return tuple(Turn(kind, rng.random(), rng.choice(LATER), rng.random()) for kind in kinds)


WITH_GUARD: Final = turns("voltage", "current")
"""The turns where the guard has a converter of its own."""
WITHOUT_GUARD: Final = turns("current", "voltage")
"""The same where there is one converter for everything."""
