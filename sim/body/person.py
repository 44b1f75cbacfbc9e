"""A person in the trays: hands in, out, sliding out, and never quite still.

Law of this module: a person moves the load, never the electronics; whoever fidgets or moves stays in contact.
"""

from __future__ import annotations

import math
from random import Random
from typing import Final

from sim.body.load import Load

FIDGET_EVERY_S: Final = 15.0
"""Mean time between small movements (assumption: a few per minute)."""
FIDGET_TAKES_S: Final = 0.5
SMALLEST_FIDGET: Final = 0.88
"""A fidgeting hand stays at least this wet (assumption; well short of breaking contact)."""

MOVES_EVERY_S: Final = 133.0
"""Mean time between movements: 3 to 6 in 10 min (the trace of patrick-herke.com has two large ones)."""
MOVE_LEAST: Final = -0.25
MOVE_MOST: Final = 0.10
"""By so much a movement changes the path (the same trace: current +18 and +28 % within seconds)."""
MOVE_TAKES_S: Final[tuple[float, ...]] = (0.1, 3.0)
MOVE_FADES_S: Final = 100.0
"""... and so it fades (the same trace)."""
LEAST_WET: Final = 0.4
"""Hands lie at least this deep in the water, and shift now and then (assumption)."""
SHIFTS: Final = 0.3
"""Share of the movements in which a hand comes to lie otherwise, over so many s (assumptions):"""
SHIFT_TAKES_S: Final[tuple[float, ...]] = (1.0, 3.0)
SECOND_HAND_S: Final[tuple[float, ...]] = (0.3, 3.0)
SPLASHES: Final = 4
SPLASHING_S: Final = 1.5
SPLASH_S: Final[tuple[float, ...]] = (0.0001, 0.0009)
"""The second hand follows the first after so long; within 1.5 s it breaks the contact up to 4 times, for less
than 1 ms (assumptions)."""


class Mover:
    """Large movements: by how much they change the path now, and how deep each hand lies."""

    __slots__ = (
        "_begin_s",
        "_end_s",
        "_from",
        "_path_end_s",
        "_path_from",
        "_path_to",
        "_rng",
        "_to",
        "deep",
        "due_s",
        "path",
        "under_way",
    )

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self.deep = [rng.uniform(LEAST_WET, 1.0), rng.uniform(LEAST_WET, 1.0)]
        self.path = 1.0
        self.under_way = False
        self._from, self._to = list(self.deep), list(self.deep)
        self._begin_s = self._end_s = self._path_end_s = 0.0
        self._path_from = self._path_to = 0.0
        self.due_s = rng.expovariate(1.0 / MOVES_EVERY_S)

    def begin(self, t_s: float) -> None:
        """Begin the movement that is due."""
        rng = self._rng
        self._path_from, self._path_to = self.path - 1.0, rng.uniform(MOVE_LEAST, MOVE_MOST)
        low, high = MOVE_TAKES_S
        self._begin_s, self._path_end_s = t_s, t_s + low * math.pow(high / low, rng.random())
        self._from = list(self.deep)
        self._end_s = t_s + rng.uniform(*SHIFT_TAKES_S)
        if rng.random() < SHIFTS:
            self._to[rng.randrange(2)] = rng.uniform(LEAST_WET, 1.0)
        self.due_s = max(self._path_end_s, self._end_s) + rng.expovariate(1.0 / MOVES_EVERY_S)
        self.under_way = True

    def step(self, t_s: float) -> None:
        """Carry it on to `t_s` (s)."""
        if t_s < self._path_end_s:
            share = (t_s - self._begin_s) / (self._path_end_s - self._begin_s)
            self.path = 1.0 + self._path_from + (self._path_to - self._path_from) * share
        else:
            self.path = 1.0 + self._path_to * math.exp((self._path_end_s - t_s) / MOVE_FADES_S)
        if self.under_way:
            self.under_way = t_s < self._path_end_s or t_s < self._end_s
            share = min(1.0, (t_s - self._begin_s) / (self._end_s - self._begin_s))
            for side in (0, 1):
                self.deep[side] = self._from[side] + (self._to[side] - self._from[side]) * share


class Person:
    """Moves `load.wetted` and `load.path_factor`. `due_s` is when the next small movement begins.

    Side 0 is the left hand, side 1 the right one, which is the one that leaves the water.
    """

    __slots__ = (
        "_calm",
        "_dipped",
        "_drive_lost",
        "_fidget",
        "_fidget_due_s",
        "_load",
        "_mover",
        "_path",
        "_present",
        "_rng",
        "_slide",
        "due_s",
    )

    def __init__(self, load: Load, rng: Random, *, fidgets: bool, moves: Random | None = None) -> None:
        """`rng` draws the small movements; `moves` the large ones, None where there are none."""
        self._load = load
        self._rng = rng
        self._present = [0.0, 0.0]
        self._calm = [1.0, 1.0]
        self._dipped: tuple[float | None, float | None] = (None, None)
        self._path = 1.0
        self._drive_lost = False
        self._slide: tuple[float, float] | None = None
        self._fidget: tuple[float, list[float], list[float]] | None = None
        self._mover = None if moves is None else Mover(moves)
        self._fidget_due_s = self._next_fidget(0.0) if fidgets else math.inf
        self.due_s = self._next_due_s()
        self._wet()

    @property
    def moving(self) -> bool:
        """Whether `step` must be called often."""
        under_way = self._mover is not None and self._mover.under_way
        return self._slide is not None or self._fidget is not None or under_way

    @property
    def drifts(self) -> bool:
        """Whether `step` must be called now and then."""
        return self._mover is not None

    @property
    def sliding(self) -> bool:
        """Whether a hand is on its way out."""
        return self._slide is not None

    def put_in_first(self) -> None:
        """Put the left hand into the water, at once."""
        self._present[0] = 1.0
        self._wet()

    def dip_in(self, shares: tuple[float | None, float | None]) -> None:
        """Put both hands in at once, but only a share of their side's area; None is the whole hand."""
        self.put_in()
        self._dipped = shares
        self._wet()

    def put_in(self) -> None:
        """Both hands whole in the water, at once."""
        self._present[:] = (1.0, 1.0)
        self._dipped = (None, None)
        self._slide = None
        self._wet()

    def take_out(self) -> None:
        """Take the right hand out of the water, at once."""
        self._present[1] = 0.0
        self._slide = None
        self._wet()

    def slide_out(self, t_s: float, over_s: float) -> None:
        """Begin to pull the right hand out: its area shrinks to nothing over `over_s` seconds."""
        if self._present[1] > 0.0:
            self._slide = (t_s, t_s + over_s)
            self._drive_lost = False

    def begin(self, t_s: float) -> None:
        """Begin the movement that is due at `due_s`."""
        if self._mover is not None and self._mover.due_s <= t_s:
            self._mover.begin(t_s)
        if self._fidget_due_s <= t_s:
            self._begin_fidget(t_s)
        self.due_s = self._next_due_s()

    def _begin_fidget(self, t_s: float) -> None:
        rng = self._rng
        goal = [rng.uniform(SMALLEST_FIDGET, 1.0), rng.uniform(SMALLEST_FIDGET, 1.0), rng.uniform(0.99, 1.01)]
        self._fidget = (t_s, [*self._calm, self._path], goal)
        self._fidget_due_s = self._next_fidget(t_s + FIDGET_TAKES_S)

    def step(self, t_s: float) -> None:
        """Carry the movements on to `t_s` (s)."""
        if self._slide is not None:
            begin_s, end_s = self._slide
            if t_s >= end_s:
                self._present[1] = 0.0
                self._slide = None
            else:
                self._present[1] = (end_s - t_s) / (end_s - begin_s)
        if self._fidget is not None:
            begin_s, old, new = self._fidget
            share = min(1.0, (t_s - begin_s) / FIDGET_TAKES_S)
            left, right, self._path = (a + (b - a) * share for a, b in zip(old, new, strict=True))
            self._calm[:] = (left, right)
            if share >= 1.0:
                self._fidget = None
        if self._mover is not None:
            self._mover.step(t_s)
        self._wet()

    def _wet(self) -> None:
        load, mover = self._load, self._mover
        load.wetted[0] = self._present[0] * self._calm[0]
        load.wetted[1] = self._present[1] * self._calm[1]
        load.path_factor = self._path
        deep = (1.0, 1.0)
        if mover is not None:
            deep = (mover.deep[0], mover.deep[1])
            load.path_factor *= mover.path
        for side, dipped in enumerate(self._dipped):
            load.wetted[side] *= deep[side] if dipped is None else dipped

    def lost_drive(self) -> bool:
        """Take note that the stage can no longer drive its current; True the first time in a slide."""
        first = self._slide is not None and not self._drive_lost
        self._drive_lost = self._drive_lost or first
        return first

    def slide_ends_s(self) -> float:
        """When the sliding hand loses contact, s; infinity when none slides."""
        return math.inf if self._slide is None else self._slide[1]

    def _next_due_s(self) -> float:
        mover = self._mover
        return self._fidget_due_s if mover is None else min(self._fidget_due_s, mover.due_s)

    def _next_fidget(self, after_s: float) -> float:
        return after_s + self._rng.expovariate(1.0 / FIDGET_EVERY_S)
