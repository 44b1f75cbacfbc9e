"""A person in the trays: hands in, out, sliding out, and never quite still.

Law of this module: a person moves the load, never the electronics; fidgeting never breaks contact.
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


class Person:
    """Moves `load.wetted` and `load.path_factor`. `due_s` is when the next small movement begins.

    Side 0 is the left hand, side 1 the right one, which is the one that leaves the water.
    """

    __slots__ = ("_calm", "_drive_lost", "_fidget", "_load", "_path", "_present", "_rng", "_slide", "due_s")

    def __init__(self, load: Load, rng: Random, *, fidgets: bool) -> None:
        self._load = load
        self._rng = rng
        self._present = [0.0, 0.0]
        self._calm = [1.0, 1.0]
        self._path = 1.0
        self._drive_lost = False
        self._slide: tuple[float, float] | None = None
        self._fidget: tuple[float, list[float], list[float]] | None = None
        self.due_s = self._next_fidget(0.0) if fidgets else math.inf
        self._wet()

    @property
    def moving(self) -> bool:
        """Whether `step` must be called often."""
        return self._slide is not None or self._fidget is not None

    @property
    def sliding(self) -> bool:
        """Whether a hand is on its way out."""
        return self._slide is not None

    def put_in(self) -> None:
        """Both hands whole in the water, at once."""
        self._present[:] = (1.0, 1.0)
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

    def fidget(self, t_s: float) -> None:
        """Begin the small movement that is due at `due_s`."""
        rng = self._rng
        goal = [rng.uniform(SMALLEST_FIDGET, 1.0), rng.uniform(SMALLEST_FIDGET, 1.0), rng.uniform(0.99, 1.01)]
        self._fidget = (t_s, [*self._calm, self._path], goal)
        self.due_s = self._next_fidget(t_s + FIDGET_TAKES_S)

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
        self._wet()

    def _wet(self) -> None:
        load = self._load
        load.wetted[0] = self._present[0] * self._calm[0]
        load.wetted[1] = self._present[1] * self._calm[1]
        load.path_factor = self._path

    def lost_drive(self) -> bool:
        """Take note that the stage can no longer drive its current; True the first time in a slide."""
        first = self._slide is not None and not self._drive_lost
        self._drive_lost = self._drive_lost or first
        return first

    def slide_ends_s(self) -> float:
        """When the sliding hand loses contact, s; infinity when none slides."""
        return math.inf if self._slide is None else self._slide[1]

    def _next_fidget(self, after_s: float) -> float:
        return after_s + self._rng.expovariate(1.0 / FIDGET_EVERY_S)
