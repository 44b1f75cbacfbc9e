"""The dummy load: a resistor that a relay puts across the stage, before both output switches.

Law of this module: it takes the stage's current as a person would, and none of it is a person's. While its
relay is on, the stage is raised and the voltage channel sees the load instead of the terminals, as relays'
second contacts do both on the reference circuit.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from sim.electronics import STAGE_TAU_S, Relay, tolerance
from sim.trace import Trace

PART: Final = 0.015
"""The resistor over parts and temperature (reference circuit: 1 %, 100 ppm/K)."""
RAISED_PART: Final = 0.01
"""By how much the stage is raised: two resistors side by side (reference circuit: 1 %)."""
SETTLES_S: Final = 1e-5
SHORTED_OHM: Final = 5.0
NO_LIMIT_V: Final = 1e9
"""The world has bounded the current by the voltage already."""


class Dummy:
    """The load of one unit. Faults: `open`, `shorted`, `off` (a factor on its resistance)."""

    __slots__ = ("_kohm", "gain", "off", "open", "quiet", "relay", "shorted", "trace")

    def __init__(self, ohm: float, gain: float, rng: Random, before_forgetting: Callable[[], None]) -> None:
        self._kohm = tolerance(rng, ohm, PART) / 1000.0
        self.gain = 1.0 + (gain - 1.0) * (1.0 + rng.uniform(-RAISED_PART, RAISED_PART))
        self.relay = Relay(rng)
        self.trace = Trace(before_forgetting)
        self.open = self.shorted = False
        self.off = 1.0
        self.quiet = True
        """Whether it was off already when it was last looked at."""

    @property
    def on(self) -> bool:
        """Whether its relay is closed."""
        return bool(self.relay.state)

    @property
    def kohm(self) -> float:
        """Its resistance in kohm; never nothing."""
        return SHORTED_OHM / 1000.0 if self.shorted else self._kohm * self.off

    @property
    def conducts(self) -> bool:
        """Whether current flows through it where there is some."""
        return self.on and not self.open

    def begin(self, t_s: float, current_ma: float, *, stands_v: float, flows: bool) -> None:
        """Begin a piece of what it takes at `t_s`; `stands_v` is where the output stands if nothing flows."""
        self.trace.begin(
            t_s,
            target_ma=current_ma if flows else 0.0,
            tau_s=STAGE_TAU_S,
            jump=not flows,
            skin_v=stands_v if self.on and not flows else 0.0,
            emf_v=0.0,
            skin_tau_s=SETTLES_S,
            series_kohm=self.kohm if flows else 0.0,
            sign=1,
            leak_ma=0.0,
            limit_v=NO_LIMIT_V,
            asked_ma=0.0,
            whole=False,
        )
