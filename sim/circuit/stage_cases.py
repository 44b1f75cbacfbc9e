"""Stage, clamp, limiter and lamp in the situations that a person meets.

Law: contact and relays close within 0.1 µs, hands are wet at once: no hand is kinder to the stage than that.
"""

from __future__ import annotations

from typing import Final

from sim.circuit.cases import Case, Outcome
from sim.circuit.measure import above_s, excess, last, peak
from sim.circuit.output import Situation, output_path

MAKE_S: Final = 2e-4
STEADY_S: Final = 1e-2
SETTLED_S: Final = STEADY_S / 2.0
"""Where ngspice finds no steady state to begin with, it has settled by then (of 40 draws one began with
44.6 uA that were gone after 0.1 ms)."""
AT_MAKE: Final = ((0.0, 0.0), (MAKE_S, 1.0))
AT_BREAK: Final = ((0.0, 1.0), (MAKE_S, 0.0))
LOST: Final = ((0.0, 1.0), (5e-4, 0.0), (3.5e-3, 1.0))
BACK_S: Final = 3.5e-3
WAVES: Final = {"ma": "i(Vi)*1e3", "terminals_v": "v(ta)-v(tb)", "out_v": "v(out)", "stage_ma": "i(Vst)*1e3"}
UP: Final = (
    "PWL(0 0 1m 0 6m 64 1 64)",
    "PWL(0 0 1m 12 1 12)",
    "PWL(0 0 .5m 5 1 5)",
    "PWL(0 0 .5m 3.3 1 3.3)",
)
DOWN: Final = (
    "PWL(0 64 1m 64 11m 0 1 0)",
    "PWL(0 12 3m 12 6m 0 1 0)",
    "PWL(0 5 4m 5 8m 0 1 0)",
    "PWL(0 3.3 4m 3.3 8m 0 1 0)",
)


def _case(
    block: str, name: str, situation: Situation, *outcomes: Outcome, waves: dict[str, str] | None = None
) -> Case:
    return Case(block, name, lambda v: output_path(v, situation), waves or WAVES, outcomes)


def _pulse(set_ma: float, begin_s: float) -> tuple[Outcome, ...]:
    return (
        Outcome("peak", "mA", lambda w: peak(w, "ma", begin_s)),
        Outcome(
            "above 2 mA" if set_ma < 2.0 else "above the set current + 2 mA",
            "ms",
            lambda w: above_s(w, "ma", 2.0 if set_ma < 2.0 else set_ma + 2.0, begin_s) * 1e3,
            high=0.1,
        ),
        Outcome(
            "charge above the set current",
            "uC",
            lambda w: excess(w, "ma", last(w, "ma"), begin_s) * 1e3,
            high=1.5,
        ),
    )


def _recovery(begin_s: float) -> Outcome:
    return Outcome(
        "stage itself above the set current + 10 %",
        "us",
        lambda w: above_s(w, "stage_ma", 1.1 * abs(last(w, "stage_ma")), begin_s) * 1e6,
        high=20.0,
    )


QUIET: Final = (
    Outcome("peak", "mA", lambda w: peak(w, "ma")),
    Outcome("above 0.1 mA", "us", lambda w: above_s(w, "ma", 0.1, 0.0) * 1e6, high=1.0),
    Outcome("charge", "uC", lambda w: excess(w, "ma", 0.0, 0.0) * 1e3, high=0.01),
)
"""No current while supplies come and go: what their edges carry across the capacity of Q2 is less than a
hundredth of the charge that a hand may meet, and over before it could be one (a microsecond)."""

STAGE_CASES: Final = (
    _case("stage", "hand in at 0.3 mA", Situation(0.3, 1.2e-3, contact=AT_MAKE), *_pulse(0.3, MAKE_S)),
    _case("stage", "relay closes at 0.07 mA", Situation(0.07, 1.2e-3, relays=AT_MAKE), *_pulse(0.07, MAKE_S)),
    _case("stage", "relay closes at code 0", Situation(None, 1.2e-3, relays=AT_MAKE), *_pulse(0.0, MAKE_S)),
    _case(
        "stage",
        "contact lost for 3 ms at 12 mA",
        Situation(12.0, 6e-3, contact=LOST, skin_ohm=1000.0),
        *_pulse(12.0, BACK_S),
        _recovery(BACK_S),
    ),
    _case(
        "stage",
        "saturated at 12 mA, then the skin gives way",
        Situation(12.0, 4e-3, skin_ohm=6000.0, skin_gives_way=AT_MAKE),
        *_pulse(12.0, MAKE_S),
        _recovery(MAKE_S),
    ),
    _case(
        "stage",
        "code 0, relays closed",
        Situation(None, STEADY_S),
        Outcome("current", "uA", lambda w: peak(w, "ma", SETTLED_S) * 1e3, high=5.0),
    ),
    _case(
        "stage",
        "wire of the DAC open",
        Situation(25.0, STEADY_S, dac_open=True),
        Outcome("current", "uA", lambda w: peak(w, "ma", SETTLED_S) * 1e3, high=10.0),
    ),
    _case(
        "stage",
        "supply of the DAC missing",
        Situation(25.0, STEADY_S, supplies=("64", "12", "5", "0")),
        Outcome("current", "uA", lambda w: peak(w, "ma", SETTLED_S) * 1e3, high=10.0),
    ),
    _case(
        "stage",
        "supply of the limiter's gate missing",
        Situation(12.0, STEADY_S, supplies=("64", "12", "0", "3.3")),
        Outcome("current", "uA", lambda w: peak(w, "ma", SETTLED_S) * 1e3, high=10.0),
    ),
    _case(
        "stage",
        "power-up at code 0, relays closed",
        Situation(None, 1.2e-2, supplies=UP, step_s=2e-5),
        *QUIET,
    ),
    _case(
        "stage",
        "power-down at code 0, relays closed",
        Situation(None, 1.2e-2, supplies=DOWN, step_s=2e-5),
        *QUIET,
    ),
    _case(
        "stage",
        "power-down at 12 mA",
        Situation(12.0, 1.4e-2, supplies=DOWN, skin_ohm=1000.0, step_s=2e-5),
        Outcome("rise above 12 mA", "mA", lambda w: peak(w, "ma") - abs(w["ma"][0]), high=0.1),
        Outcome("left at the end", "uA", lambda w: abs(last(w, "ma")) * 1e3, high=10.0),
    ),
    _case(
        "stage",
        "12 mA, not calibrated",
        Situation(12.0, STEADY_S, skin_ohm=1000.0),
        Outcome("current", "mA", lambda w: last(w, "ma"), low=11.4, high=12.6),
    ),
    _case(
        "stage",
        "15 mA into 6 kohm",
        Situation(15.0, STEADY_S, skin_ohm=6000.0),
        Outcome(
            "highest voltage at the terminals", "V", lambda w: last(w, "terminals_v"), low=50.0, high=60.0
        ),
    ),
    _case(
        "stage",
        "25 mA into 4 kohm",
        Situation(25.0, STEADY_S, skin_ohm=4000.0),
        Outcome(
            "highest voltage at the terminals", "V", lambda w: last(w, "terminals_v"), low=50.0, high=60.0
        ),
    ),
)

CLAMP_CASES: Final = (
    _case(
        "clamp",
        "contact breaks at 25 mA",
        Situation(25.0, 2e-3, contact=AT_BREAK, skin_ohm=500.0),
        Outcome("terminals", "V", lambda w: peak(w, "terminals_v"), high=60.0),
    ),
    _case(
        "clamp",
        "Q2 shorted, nobody there",
        Situation(None, 1e-3, contact=((0.0, 0.0),), stage_shorted=AT_MAKE),
        Outcome("terminals", "V", lambda w: peak(w, "terminals_v"), high=60.0),
        Outcome("heat of Q3", "W", lambda w: last(w, "q3_w")),
        waves={**WAVES, "q3_w": "v(vc)*(v(rail)-v(s2))/@r3[resistance]"},
    ),
)

LIMITER_CASES: Final = (
    _case(
        "limiter",
        "Q2 shorts with a person in the water",
        Situation(None, 1.2e-3, skin_ohm=500.0, series_ohm=350.0, stage_shorted=AT_MAKE),
        Outcome("limit", "mA", lambda w: last(w, "ma"), low=26.125, high=28.875),
        Outcome("above 30 mA", "ms", lambda w: above_s(w, "ma", 30.0, MAKE_S) * 1e3, high=0.1),
    ),
)

LAMP_WAVES: Final = {
    **WAVES,
    "lamp_ma": "(v(hx)-v(l1))/10*1e3+(v(hx)-v(l2))/10*1e3",
    "second_ma": "(v(hx)-v(l2))/10*1e3",
}
LAMP_CASES: Final = (
    _case(
        "lamp",
        "0.3 mA through a person",
        Situation(0.3, STEADY_S, skin_ohm=1000.0),
        Outcome(
            "of the current lights the lamp",
            "%",
            lambda w: 100 * last(w, "lamp_ma") / last(w, "ma"),
            low=95.0,
        ),
        Outcome("weaker of the two lights", "mA", lambda w: last(w, "second_ma"), low=0.05),
        waves=LAMP_WAVES,
    ),
    _case(
        "lamp",
        "12 mA, one light open",
        Situation(12.0, STEADY_S, skin_ohm=1000.0, lamp_open=True),
        Outcome("through the other", "mA", lambda w: last(w, "second_ma"), low=10.0, high=14.0),
        waves=LAMP_WAVES,
    ),
)
