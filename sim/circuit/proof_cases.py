"""What proof and trial see of this circuit: the shunts' current and the voltage channel, step by step.

Law: the bounds are those that the controller judges by, so that a part in another place than the controller
takes it to be is found here: a unit built like that would be refused by its own proof.
"""

from __future__ import annotations

from dataclasses import replace
from math import log
from typing import Final

from sim.circuit.cases import Case, Outcome
from sim.circuit.measure import Waves, last
from sim.circuit.output import Situation, output_path
from sim.circuit.trip import HIGH, Latch

PROOF_MA: Final = 0.07
LOW_MA: Final = 5.0
FULL_MA: Final = 25.0
"""Full code."""
RATIO: Final = 33.0
WAVES: Final = {"shunt_ma": "v(sh1)/4.7*1e3", "channel_v": f"v(tap)*{RATIO}"}
OPEN: Final = ((0.0, 0.0),)
QUIET: Final = Situation(PROOF_MA, 2e-2, skin_ohm=1000.0)
CUT: Final = Latch(asserted=HIGH, armed=False)


def _volts(name: str, low: float | None = None, high: float | None = None) -> Outcome:
    return Outcome(name, "V", lambda w: last(w, "channel_v"), low, high)


def _shunt(low: float | None = None, high: float | None = None) -> Outcome:
    return Outcome("through the shunts", "mA", lambda w: last(w, "shunt_ma"), low, high)


def _load_ohm(waves: Waves) -> float:
    """Give the dummy load as it reads, with lamp and shunts taken off as the controller does."""
    ma = last(waves, "shunt_ma")
    return (last(waves, "channel_v") - 1.75 - 0.052 * log(ma) - 0.065 * ma) / ma * 1e3


VOLTS: Final = "voltage channel"
DEAD_V, ALIVE_V = _volts(VOLTS, high=3.0), _volts(VOLTS, low=5.0)
DEAD: Final = _shunt(high=0.015)


def _case(name: str, situation: Situation, *outcomes: Outcome, once: bool = True) -> Case:
    return Case("proof", name, lambda v: output_path(v, situation), WAVES, outcomes, once=once)


PROOF_CASES: Final = (
    _case("0.07 mA, K1 and K2 open", replace(QUIET, relays=OPEN), DEAD_V, DEAD, once=False),
    _case("0.07 mA, both closed, nobody there", replace(QUIET, contact=OPEN), ALIVE_V, DEAD),
    _case("0.07 mA through a person", QUIET, _shunt(low=0.02)),
    _case("0.07 mA, Q4 open, hands in", replace(QUIET, latch=CUT), _volts(VOLTS), DEAD),
    _case("dummy load, code 0", replace(QUIET, set_ma=None, relays=OPEN, dummy=True), _shunt(high=0.1)),
    _case(
        "dummy load, 5 mA",
        replace(QUIET, set_ma=LOW_MA, relays=OPEN, dummy=True),
        _shunt(0.85 * 1.25 * LOW_MA, 1.15 * 1.25 * LOW_MA),
        Outcome("dummy load as it reads", "ohm", _load_ohm, 1350.0, 1650.0),
        once=False,
    ),
    _case(
        "dummy load, full code",
        replace(QUIET, set_ma=FULL_MA, relays=OPEN, dummy=True),
        _shunt(0.94 * 27.5, 1.06 * 27.5),
        once=False,
    ),
    _case(
        "dummy load, full code, Q4 open",
        replace(QUIET, set_ma=FULL_MA, relays=OPEN, dummy=True, latch=CUT),
        _shunt(high=0.1),
    ),
)
