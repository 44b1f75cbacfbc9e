"""The guard converter's comparator against one that tracks the DAC: what each trips on, and how soon.

Law: what is built, the digital one, is judged; the analog one is told beside it (decision 25).
"""

from __future__ import annotations

from typing import Final

from sim.circuit.cases import Case, Outcome
from sim.circuit.comparators import PHASES, Flow, comparators
from sim.circuit.measure import Waves, peak
from sim.circuit.trip import Steps

ONSET_S: Final = 5e-3
WAVES: Final = {"digital": "v(digital)", "analog": "v(analog)"}


def _at(before: float, after: float, back_s: float | None = None) -> Steps:
    steps = ((0.0, before), (ONSET_S, after))
    return steps if back_s is None else (*steps, (ONSET_S + back_s, before))


def _after_ms(waves: Waves, name: str, level: float) -> float:
    """Give when a wave is above `level` first, counted from the onset; the end for one that never is."""
    seen = (t for t, y in zip(waves["t"], waves[name], strict=True) if y > level)
    return (next(seen, waves["t"][-1]) - ONSET_S) * 1e3


LATEST: Final = Outcome(
    "digital, the latest of 8 phases, after", "ms", lambda w: _after_ms(w, "digital", PHASES - 0.5), 0.0, 4.0
)
ANALOG: Final = Outcome("analog after", "ms", lambda w: _after_ms(w, "analog", 0.5))
NEVER: Final = Outcome("of 8 digital ones trip", "", lambda w: peak(w, "digital"), high=0.1)
SOME: Final = Outcome("of 8 digital ones trip", "", lambda w: peak(w, "digital"))
ANALOG_TRIPS: Final = Outcome("of 1 analog one trips", "", lambda w: peak(w, "analog"))


def _case(
    name: str,
    flows: Steps,
    dac: Steps,
    *outcomes: Outcome,
    written: Steps | None = None,
    seconds: float = 1e-2,
    once: bool = True,
) -> Case:
    asked = ((0.0, dac[0][1]),) if written is None else written
    flow = Flow(flows, dac, seconds, asked)
    return Case("comparators", name, lambda v: comparators(v, flow), WAVES, outcomes, once=once)


STEADY: Final[Steps] = ((0.0, 12.0),)
COMPARATOR_CASES: Final = (
    _case("stage runs from 12 mA to the limiter", _at(12.0, 27.5), STEADY, LATEST, ANALOG, once=False),
    _case("stage runs from 12 to 14 mA", _at(12.0, 14.0), STEADY, LATEST, ANALOG),
    _case(
        "DAC goes from 0.3 to 24.4 mA by itself",
        _at(0.3, 24.4),
        _at(0.3, 24.4),
        LATEST,
        ANALOG_TRIPS,
    ),
    _case("hand in at 0.3 mA, 1.5 uC", _at(0.3, 70.0, 2.1e-5), ((0.0, 0.3),), NEVER, ANALOG_TRIPS),
    _case(
        "setpoint falls from 12 to 6 mA at once",
        _at(12.0, 6.0),
        _at(12.0, 6.0),
        NEVER,
        ANALOG_TRIPS,
        written=((0.0, 12.0), (ONSET_S + 5e-3, 6.0)),
        seconds=1.2e-2,
    ),
    _case(
        "a DAC write of 24.4 instead of 0.3 mA stands 0.3 ms",
        _at(0.3, 24.4, 3e-4),
        _at(0.3, 24.4, 3e-4),
        SOME,
        ANALOG_TRIPS,
    ),
    _case("stage gives 27 instead of 12 mA for 0.4 ms", _at(12.0, 27.0, 4e-4), STEADY, SOME, ANALOG_TRIPS),
)
