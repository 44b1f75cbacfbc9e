"""The unit's electronics: current stage, relays, charge pump, and what every unit draws for itself.

Law of this module: parts are as good as their tolerance and no better; each is drawn from the seed, so no
two units are alike, and a fault is an attribute that anybody can see.
"""

from __future__ import annotations

import math
from random import Random
from typing import Final

STAGE_TAU_S: Final = 0.0001
"""First-order bandwidth of the current stage: 0.1 ms (reference design)."""
LIMITER_MA: Final = 27.5
"""Hardware current limit, 10 % above the 25 mA full scale (reference design)."""
RATED_OPERATIONS: Final = 100_000
"""Mechanical life that the contacts are rated for under load (typical signal relay data sheets)."""
BARE_PART: Final = 0.05
BARE_MA: Final = 0.3
BARE_V: Final = 0.3
BARE_CURVE: Final = 0.001
"""A unit before calibration: gain within 5 %, offset within 0.3 mA or 0.3 V, curvature up to 0.1 % of full
scale, in the stage and in every channel (untrimmed parts; the project's issue on calibration)."""
CHATTER_S: Final = 0.002
"""Time from one bounce of a bad contact to the next (assumption: a few hundred hertz)."""
PUMP_HOLD_S: Final = 0.050
"""The charge pump lets the enable relay go this long after the last edge (reference design)."""
LAMP_SLOPE_V: Final = 0.0517
"""A light takes so much more at e times the current (ideality 2, 27 C)."""
LAMP_DRIFT_V: Final = 0.04
"""Its drift over 20 K at 2 mV/K; by what one light differs from another, a calibration record knows."""
DARK_MA: Final = 1e-6
PUMP_EDGES: Final = 4
"""Edges that must come within the hold time of each other before the enable relay pulls in."""


class Stage:
    """Voltage-to-current stage: `code_zero_ma` to `full_scale_ma` for codes 0 to 4095, nothing below 0 mA.

    Gain within 3 %, offset within 0.03 mA, curvature up to 0.2 % of full scale, limiter within 2 %.
    Faults: `forced_ma` is the current that the stage insists on, past its limiter (it needs a code above
    zero unless `forced_latched`); `extra_ma` is added to what a code above zero asks for; `drift` scales it.
    """

    __slots__ = (
        "_curve_ma",
        "_offset_ma",
        "_per_code_ma",
        "asked_ma",
        "code",
        "drift",
        "extra_ma",
        "forced_latched",
        "forced_ma",
        "limit_ma",
        "raised",
        "wanted_ma",
    )

    def __init__(
        self,
        full_scale_ma: float,
        rng: Random,
        *,
        gain_part: float = 0.03,
        offset_ma: float = 0.03,
        code_zero_ma: float = 0.0,
    ) -> None:
        """`gain_part` and `offset_ma` are the tolerances that gain and offset are drawn within."""
        self._per_code_ma = (
            (full_scale_ma - code_zero_ma) / 4095.0 * (1.0 + rng.uniform(-gain_part, gain_part))
        )
        self._offset_ma = code_zero_ma + rng.uniform(-offset_ma, offset_ma)
        self._curve_ma = 4.0 * full_scale_ma * rng.uniform(-0.002, 0.002)
        self.limit_ma = LIMITER_MA / 25.0 * full_scale_ma * (1.0 + rng.uniform(-0.02, 0.02))
        self.code = 0
        self.asked_ma = self.wanted_ma = 0.0
        self.forced_ma: float | None = None
        self.forced_latched = False
        self.extra_ma = 0.0
        self.drift = 1.0
        self.raised = 1.0
        """By so much more it gives while its dummy load is on."""

    def shift(self, offset_ma: float) -> None:
        """Let every code ask for so much more, mA."""
        self._offset_ma += offset_ma

    def demand_ma(self) -> float:
        """Return the current in mA that the stage would drive into a short at the present code.

        What that code asks a sound stage for is in `asked_ma` then, and in `wanted_ma` what the loop of this
        one is after, which may be below zero or beyond the limiter.
        """
        code = self.code
        share = code / 4095.0
        demand = code * self._per_code_ma + self._offset_ma + self._curve_ma * share * (1.0 - share)
        if self.raised != 1.0:
            demand *= self.raised
        self.asked_ma = demand
        if self.forced_ma is not None and (code > 0 or self.forced_latched):
            return self.forced_ma
        if code > 0:
            demand = demand * self.drift + self.extra_ma
        self.wanted_ma = demand
        return min(demand, self.limit_ma) if demand > 0.0 else 0.0


class Relay:
    """A relay whose contact gives `rest` or `worked`, and `between` while it is in the air.

    Operate 5 to 8 ms, release 3 to 5 ms, about 1 ms of bounce on closing (signal relay data sheets). Past
    its rated operations it is slow and bounces longer. Faults: `welded` (never leaves the closed or
    present side), `dead` (the coil does nothing), `slow` (ten times slower), `chatter_s` (so many more
    seconds of bounce). `ails` names a fault that shows only when the contact should move.
    """

    __slots__ = (
        "_bounce_s",
        "_moves",
        "_operate_s",
        "_release_s",
        "_transfer_s",
        "ails",
        "between",
        "chatter_s",
        "coil",
        "dead",
        "due_s",
        "operations",
        "rated_operations",
        "rest",
        "slow",
        "state",
        "welded",
        "worked",
    )

    def __init__(self, rng: Random, *, rest: int = 0, worked: int = 1, solid_state: bool = False) -> None:
        """`rest` and `worked` are contact states, 0 is open; `solid_state` has no delay and no bounce."""
        factor = 1e-3 if solid_state else 1.0
        self._operate_s = factor * rng.uniform(0.005, 0.008)
        self._release_s = factor * rng.uniform(0.003, 0.005)
        self._transfer_s = factor * 0.001
        self._bounce_s = 0.0 if solid_state else rng.uniform(0.0007, 0.0013)
        self._moves: list[tuple[float, int]] = []
        self.rest, self.worked, self.between = rest, worked, 0
        self.state = rest
        self.coil = False
        self.due_s = math.inf
        self.operations = 0
        self.rated_operations = RATED_OPERATIONS
        self.welded = self.dead = self.slow = False
        self.chatter_s = 0.0
        self.ails = ""

    def energise(self, t_s: float, *, on: bool) -> None:
        """Switch the coil at `t_s`; the contact follows in its own time."""
        if on == self.coil:
            return
        self.coil = on
        if self.dead:
            return
        self._plan(t_s, on=on)

    def _plan(self, t_s: float, *, on: bool) -> None:
        worn = self.operations >= self.rated_operations
        factor = 10.0 if self.slow else 2.0 if worn else 1.0
        goal = self.worked if on else self.rest
        moves = []
        if self.state != goal:
            t_s += factor * (self._operate_s if on else self._release_s)
            if self.state != self.between:
                moves.append((t_s, self.between))
            if goal != self.between:
                if self.rest != self.between:
                    t_s += factor * self._transfer_s
                moves.append((t_s, goal))
                bounce_s = self._bounce_s * (3.0 if worn else 1.0)
                if bounce_s:
                    moves.append((t_s + 0.4 * bounce_s, self.between))
                    moves.append((t_s + bounce_s, goal))
                for bounce in range(int(self.chatter_s / CHATTER_S)):
                    moves.append((t_s + bounce_s + (bounce + 0.5) * CHATTER_S, self.between))
                    moves.append((t_s + bounce_s + (bounce + 1.0) * CHATTER_S, goal))
            self.operations += 1
        self._moves = moves
        self.due_s = moves[0][0] if moves else math.inf

    @property
    def letting_go(self) -> bool:
        """Whether the coil is off already and the contact on its way to rest."""
        return not self.coil and not self.welded and self.due_s < math.inf

    def move(self) -> None:
        """Make the movement that is due at `due_s`."""
        _, state = self._moves.pop(0)
        self.due_s = self._moves[0][0] if self._moves else math.inf
        if not self.welded:
            self.state = state

    def set_welded(self, *, on: bool, state: int | None = None) -> None:
        """Weld the contact in `state` (present one by default), or free it to follow its coil."""
        self.welded = on
        if on:
            self.state = self.state if state is None else state
        else:
            self._settle()

    def wander(self, t_s: float) -> None:
        """Let the contact move to its other side by itself, whatever the coil does."""
        self._plan(t_s, on=self.state != self.worked)

    def follow(self, t_s: float) -> None:
        """Let the contact go where its coil wants it."""
        self._plan(t_s, on=self.coil)

    def set_dead(self, *, on: bool, t_s: float) -> None:
        """Break the coil's wire: the contact falls to rest; or mend it and let the coil work again."""
        if on:
            self._plan(t_s, on=False)
            self.dead = True
        else:
            self.dead = False
            self.follow(t_s)

    def _settle(self) -> None:
        if not self._moves:
            self.state = self.worked if self.coil and not self.dead else self.rest


class ChargePump:
    """Feeds the enable relay from heartbeat edges: `due_s` is when it may have run dry."""

    __slots__ = ("_count", "_last_edge_s", "charged", "due_s")

    def __init__(self) -> None:
        self._count = 0
        self._last_edge_s = -math.inf
        self.charged = False
        self.due_s = math.inf

    def edge(self, t_s: float) -> bool:
        """Take one edge; True when this one charged the pump."""
        if t_s - self._last_edge_s > PUMP_HOLD_S:
            self._count = 0
        self._last_edge_s = t_s
        if self.charged:
            return False
        self._count += 1
        if self._count < PUMP_EDGES:
            return False
        self.charged = True
        self.due_s = t_s + PUMP_HOLD_S
        return True

    def run_down(self) -> bool:
        """At `due_s`: True when the pump has run dry, else `due_s` moves on to when it might have."""
        dry_s = self._last_edge_s + PUMP_HOLD_S
        if dry_s > self.due_s:
            self.due_s = dry_s
            return False
        self.charged = False
        self._count = 0
        self.due_s = math.inf
        return True


class OneShot:
    """Feeds the enable relay for `hold_s` after a heartbeat edge; retriggerable, without charge to run down.

    An edge counts only when it comes `shortest_s` or more after the one before, so that an oscillation holds
    nothing. Has a charge pump's doors: `edge`, `run_down`, `charged`, `due_s`.
    """

    __slots__ = ("_counted_s", "_edge_s", "_hold_s", "_shortest_s", "charged", "due_s")

    def __init__(self, hold_s: float, shortest_s: float) -> None:
        self._hold_s, self._shortest_s = hold_s, shortest_s
        self._edge_s = self._counted_s = -math.inf
        self.charged = False
        self.due_s = math.inf

    def edge(self, t_s: float) -> bool:
        """Take one edge; True when this one began to feed the relay."""
        counts = t_s - self._edge_s >= self._shortest_s
        self._edge_s = t_s
        if not counts:
            return False
        self._counted_s = t_s
        if self.charged:
            return False
        self.charged = True
        self.due_s = t_s + self._hold_s
        return True

    def run_down(self) -> bool:
        """At `due_s`: True when it lets go, else `due_s` moves on to when it might."""
        ends_s = self._counted_s + self._hold_s
        if ends_s > self.due_s:
            self.due_s = ends_s
            return False
        self.charged = False
        self.due_s = math.inf
        return True


class Latch:
    """The latch of the hardware trip: set while its input is high, armed by an edge when that is low.

    It powers up tripped. Faults: `stuck` (stays as it is), `wire_broken` (its input reads high).
    """

    __slots__ = ("stuck", "tripped", "wire_broken")

    def __init__(self) -> None:
        self.tripped = True
        self.stuck = self.wire_broken = False

    def take(self, *, asserted: bool) -> None:
        """Take the level of ALERT; True sets."""
        if (asserted or self.wire_broken) and not self.stuck:
            self.tripped = True

    def arm(self, *, asserted: bool) -> None:
        """Take the edge that arms it; set wins."""
        if not (asserted or self.wire_broken or self.stuck):
            self.tripped = False


def tolerance(rng: Random, value: float, part: float) -> float:
    """`value` within plus or minus `part` of itself, as a unit's own component."""
    return value * (1.0 + rng.uniform(-part, part))


class Sensor:
    """What turns a current or voltage into a converter's volts: `volts = factor * (true + zero + bend)`.

    Bend is a parabola of at most `curve` in the middle of 0 to `full_scale`. `factor` is kohm for a shunt
    and one over the ratio for a divider.
    """

    __slots__ = ("_bend", "_full_scale", "factor", "zero")

    def __init__(self, factor: float, full_scale: float, *, zero: float = 0.0, curve: float = 0.0) -> None:
        self.factor, self.zero = factor, zero
        self._full_scale = full_scale
        self._bend = 4.0 * curve / full_scale**2

    def volts(self, true: float) -> float:
        """Return what the converter gets for a true mA or V."""
        size = abs(true)
        return (true + self.zero + self._bend * size * (self._full_scale - size)) * self.factor

    def size_below(self, volts: float) -> float:
        """Return a size in mA or V, up to which the converter gets less than `volts`; it is a little less."""
        return volts / self.factor - max(self.zero, 0.0) - 0.25 * abs(self._bend) * self._full_scale**2


class Hum:
    """What wires pick up of the mains: a sine of `ma` mA (peak) on a current's wires, from time 0 on."""

    __slots__ = ("_omega", "_phase", "ma")

    def __init__(self, hz: float, ma: float, phase: float) -> None:
        """`phase` is in radians."""
        self.ma = ma
        self._omega, self._phase = 2.0 * math.pi * hz, phase

    def average_ma(self, from_s: float, to_s: float) -> float:
        """Return its mean over a window, as a converter that integrates sees it, mA."""
        turned = self._omega * (to_s - from_s)
        begin = self._omega * from_s + self._phase
        return self.ma * (math.cos(begin) - math.cos(begin + turned)) / turned


class Lamp:
    """Two lights side by side in the path of the current, and the resistors in their row.

    `volts_at_1_ma` is drawn within `LAMP_DRIFT_V`.
    """

    __slots__ = ("_at_1_ma_v", "_kohm")

    def __init__(self, volts_at_1_ma: float, ohm: float, rng: Random) -> None:
        self._at_1_ma_v = volts_at_1_ma + rng.uniform(-LAMP_DRIFT_V, LAMP_DRIFT_V)
        self._kohm = ohm / 1000.0

    def volts(self, current_ma: float) -> float:
        """Return what they take at a current in mA, V."""
        if current_ma <= DARK_MA:
            return 0.0
        return self._at_1_ma_v + LAMP_SLOPE_V * math.log(current_ma) + self._kohm * current_ma


class NoiseTable:
    """White noise of `rms`, drawn once and walked by index so that a sample costs nothing; `peak` at most."""

    __slots__ = ("_index", "_values", "peak")

    def __init__(self, rng: Random, rms: float, count: int = 4093) -> None:
        self._values = [rng.gauss(0.0, rms) for _ in range(count)]
        self.peak = max(self._values)
        self._index = 0

    def next(self) -> float:
        """Return the next sample."""
        self._index = index = (self._index + 1) % len(self._values)
        return self._values[index]
