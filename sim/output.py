"""The output where the stage's loop is not in control: wound up, or with charge at its terminals.

Law of this module: one set of numbers for every situation, and steps that grow with the time since it began,
so that a pulse of microseconds and the millisecond after it cost a few dozen of them.

A loop that finds no circuit, or too little voltage, goes on asking for more until its amplifier stands at its
rail; when the circuit closes it has to come all the way back, and until then the limiter decides. What charge
lies past the limiter goes through the person whatever the limiter says. Held to ngspice's results
(`tests/sim/wound_stage.json`): peak within 10 %, time within 20 %, charge within 15 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sim.electronics import STAGE_TAU_S

SUBSTEPS: Final = 8
GROWTH: Final = 1.15
FIRST_PART: Final = 0.1
"""The first step is this part of the shortest time constant, and each is so much longer than the last."""
LONGEST_STEP_S: Final = 0.0005
SETTLED_MA: Final = 0.002
"""A loop is back in control when the current is this close to what it is asked for (2 uA)."""


@dataclass(frozen=True, slots=True)
class OutputParts:
    """The loop, and what lies past it.

    `tau_s` is its time constant. `top_ma` and `bottom_ma` are its amplifier's rails, as current: so far it
    winds up and down; None is a stage that goes on regulating into a clamp. `slew_ma_per_s` is the fastest
    that it can move, `capacitance_nf` what lies across the output terminals.
    """

    tau_s: float = STAGE_TAU_S
    top_ma: float | None = None
    bottom_ma: float = 0.0
    slew_ma_per_s: float = 1e9
    capacitance_nf: float = 0.0


class Circuit:
    """What the output works into: the person as `series_kohm` and skin, the stage's limits.

    Voltages are reckoned from `emf_v`, which the electrodes hold by themselves. Never changed once it is
    made, and a plain class, since one is made for every piece of the current.
    """

    __slots__ = ("emf_v", "limit_v", "limiter_ma", "series_kohm", "skin_kohm", "skin_tau_s", "wanted_ma")

    def __init__(
        self,
        wanted_ma: float,
        limiter_ma: float,
        limit_v: float,
        series_kohm: float,
        skin_kohm: float,
        skin_tau_s: float,
        emf_v: float = 0.0,
    ) -> None:
        self.wanted_ma = wanted_ma
        self.limiter_ma = limiter_ma
        self.limit_v = limit_v
        self.series_kohm = series_kohm
        self.skin_kohm = skin_kohm
        self.skin_tau_s = skin_tau_s
        self.emf_v = emf_v


class Output:
    """Where the loop stands (`asks_ma`), and the voltages that charge keeps (`node_v`, `skin_v`)."""

    __slots__ = ("_step_s", "asks_ma", "current_ma", "node_v", "parts", "skin_v")

    def __init__(self, parts: OutputParts) -> None:
        self.parts = parts
        self.asks_ma = self.current_ma = self.node_v = self.skin_v = 0.0
        self._step_s = 0.0

    def copy(self) -> Output:
        """Return another output in the same state."""
        other = Output(self.parts)
        other.asks_ma, other.current_ma = self.asks_ma, self.current_ma
        other.node_v, other.skin_v = self.node_v, self.skin_v
        other._step_s = self._step_s
        return other

    def wind(self, dt_s: float, wanted_ma: float, flowing_ma: float) -> None:
        """Let the loop go on for `dt_s` while it wants one current and another one flows."""
        parts = self.parts
        share = dt_s / parts.tau_s
        if parts.top_ma is None or flowing_ma == self.asks_ma:  # in control, or as if it were
            step_ma = (wanted_ma - self.asks_ma) * share / (1.0 + share)
        else:
            step_ma = (wanted_ma - flowing_ma) * share
        reach_ma = parts.slew_ma_per_s * dt_s
        asks_ma = max(parts.bottom_ma, self.asks_ma + max(-reach_ma, min(reach_ma, step_ma)))
        self.asks_ma = asks_ma if parts.top_ma is None else min(parts.top_ma, asks_ma)

    def make(self, circuit: Circuit, skin_v: float) -> None:
        """Close the circuit now."""
        self.skin_v = skin_v
        shortest_s = min(self.parts.tau_s, circuit.skin_tau_s)
        if self.parts.capacitance_nf:
            shortest_s = min(shortest_s, circuit.series_kohm * self.parts.capacitance_nf * 1e-6)
            self.current_ma = max(0.0, self.node_v - skin_v) / circuit.series_kohm
        else:
            self.current_ma = self._given_ma(circuit)
        self._step_s = FIRST_PART * shortest_s

    def next_step_s(self) -> float:
        """Return how long the next step may be."""
        step_s = self._step_s
        self._step_s = min(LONGEST_STEP_S, GROWTH * step_s)
        return step_s

    def settled(self, wanted_ma: float) -> bool:
        """Tell whether the loop is in control again, or holds the output off as it is asked to."""
        if wanted_ma <= 0.0:
            return self.asks_ma <= 0.0 and self.current_ma <= SETTLED_MA
        return abs(self.current_ma - wanted_ma) <= SETTLED_MA and abs(self.asks_ma - wanted_ma) <= SETTLED_MA

    def _given_ma(self, circuit: Circuit) -> float:
        """Return what the stage gives into a circuit that keeps its voltages."""
        ma = max(0.0, min(self.asks_ma, circuit.limiter_ma))
        return min(ma, max(0.0, (circuit.limit_v - self.skin_v) / circuit.series_kohm))

    def advance(self, dt_s: float, circuit: Circuit) -> None:
        """Let `dt_s` pass, by steps that are stable however long they are."""
        for _ in range(SUBSTEPS):
            self._step(dt_s / SUBSTEPS, circuit)

    def _step(self, dt_s: float, circuit: Circuit) -> None:
        parts = self.parts
        kohm, limit_v = circuit.series_kohm, circuit.limit_v
        given_ma = max(0.0, min(self.asks_ma, circuit.limiter_ma))
        leaks = dt_s / circuit.skin_tau_s
        fills = leaks * circuit.skin_kohm
        if parts.capacitance_nf:
            per_kohm = dt_s / (kohm * parts.capacitance_nf * 1e-6)
            skin = 1.0 + fills / kohm + leaks
            driven_v = self.node_v + per_kohm * kohm * given_ma
            self.node_v = (driven_v * skin + per_kohm * self.skin_v) / (
                (1.0 + per_kohm) * skin - per_kohm * fills / kohm
            )
            over = self.node_v > limit_v
            self.node_v = min(self.node_v, limit_v)
            self.skin_v = (self.skin_v + fills / kohm * self.node_v) / skin
            self.current_ma = max(0.0, self.node_v - self.skin_v) / kohm
            if over:
                given_ma = min(given_ma, self.current_ma)
        else:
            skin_v = (self.skin_v + fills * given_ma) / (1.0 + leaks)
            if given_ma * kohm + skin_v > limit_v:
                skin_v = (self.skin_v + fills * limit_v / kohm) / (1.0 + fills / kohm + leaks)
                given_ma = max(0.0, limit_v - skin_v) / kohm
            self.skin_v, self.current_ma = skin_v, given_ma
        self.wind(dt_s, circuit.wanted_ma, given_ma)
