"""The hardware trip's latch and switch: what they are tried with and what they must hold.

Law: as for the stage, in the same path; from ALERT on nothing is quicker or tighter than its parts are.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Final

from sim.circuit.cases import Case, Outcome
from sim.circuit.measure import Waves, above_s, last, peak
from sim.circuit.output import Situation, output_path
from sim.circuit.stage_cases import UP
from sim.circuit.trip import HIGH, Latch

MOMENT_S: Final = 2e-4
LATER_S: Final = 8e-4
RISES: Final = ((0.0, 0.0), (MOMENT_S, 1.0))
PULSE: Final = ((0.0, 0.0), (MOMENT_S, 1.0), (MOMENT_S + 2e-4, 0.0))
EDGE: Final = ((0.0, 0.0), (LATER_S, 1.0), (LATER_S + 2e-5, 0.0))
"""As short as a program makes one (20 us)."""
DIP: Final = ("64", "12", "PWL(0 5 .2m 5 .25m 0 .45m 0 .55m 5 1 5)", "PWL(0 3.3 .2m 3.3 .4m 2 .6m 3.3 1 3.3)")
WAVES: Final = {"ma": "i(Vi)*1e3", "switch_v": "v(nl)-v(m4)", "gate_v": "v(q4g)"}


BRIEF: Final = Situation(25.0, 1.6e-3, skin_ohm=1000.0)


def _case(name: str, latch: Latch, *outcomes: Outcome, of: Situation = BRIEF, once: bool = False) -> Case:
    situation = replace(of, latch=latch)
    return Case("trip", name, lambda v: output_path(v, situation), WAVES, outcomes, once=once)


def _off_after_s(waves: Waves, begin_s: float) -> float:
    """Give when the current was last above 0.1 mA, from `begin_s` on."""
    return max(
        (t - begin_s for t, ma in zip(waves["t"], waves["ma"], strict=True) if abs(ma) > 0.1), default=0.0
    )


LEFT: Final = Outcome("what is left", "uA", lambda w: abs(last(w, "ma")) * 1e3, high=10.0)


def _cuts(begin_s: float) -> tuple[Outcome, ...]:
    return (
        Outcome("current off after", "us", lambda w: _off_after_s(w, begin_s) * 1e6, high=50.0),
        LEFT,
    )


NOTHING: Final = (
    Outcome("above 0.1 mA", "us", lambda w: above_s(w, "ma", 0.1, 0.0) * 1e6, high=1.0),
    LEFT,
)
FLOWS: Final = Outcome("current", "mA", lambda w: last(w, "ma"), 23.0, 28.0)


def _rises(waves: Waves) -> float:
    """Count how often the current comes on."""
    on = [abs(ma) > 1.0 for ma in waves["ma"]]
    return float(on[0]) + sum(b and not a for a, b in pairwise(on))


TRIP_CASES: Final = (
    _case(
        "ALERT rises at 25 mA",
        Latch(asserted=RISES),
        *_cuts(MOMENT_S),
        Outcome("highest over the switch", "V", lambda w: peak(w, "switch_v"), high=80.0),
    ),
    _case(
        "wire of ALERT breaks, or its converter dies, at 25 mA",
        Latch(wire=((0.0, 1.0), (MOMENT_S, 0.0))),
        *_cuts(MOMENT_S),
        once=True,
    ),
    _case(
        "power-up with the DAC at 12 mA, and a converter that holds ALERT down",
        Latch(powered=False),
        *NOTHING,
        of=Situation(12.0, 1.2e-2, skin_ohm=1000.0, supplies=UP, step_s=2e-5),
    ),
    _case("tripped, then an edge arms it", Latch(rearm=EDGE, armed=False), FLOWS, once=True),
    _case("an edge while ALERT is up", Latch(asserted=HIGH, rearm=EDGE, armed=False), *NOTHING, once=True),
    _case(
        "rearm held high through a pulse of ALERT",
        Latch(asserted=PULSE, rearm=HIGH),
        *_cuts(MOMENT_S),
        Outcome("comes on", "times", _rises, high=1.0),
        once=True,
    ),
    _case("a pulse of ALERT", Latch(asserted=PULSE), *_cuts(MOMENT_S), once=True),
    _case(
        "5 V away for 0.2 ms at 25 mA",
        Latch(),
        Outcome(
            "above 0.1 mA later than 0.1 ms",
            "us",
            lambda w: above_s(w, "ma", 0.1, MOMENT_S + 1e-4) * 1e6,
            high=1.0,
        ),
        LEFT,
        of=replace(BRIEF, supplies=DIP),
    ),
)
