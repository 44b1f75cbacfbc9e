"""The hardware trip as a netlist: ALERT's wire, the latch that it sets, and what arms that again.

Law: the latch wakes up armed here, which is the worst that it may do, and nothing but U35 and ALERT makes it
trip then. `nor_latch` is the circuit that was meant once, kept with the other breaks to see that the bounds
find them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from sim.circuit.values import Values

Steps: TypeAlias = Sequence[tuple[float, float]]
"""Times in s and values that hold from then on."""
LOW: Final[Steps] = ((0.0, 0.0),)
HIGH: Final[Steps] = ((0.0, 1.0),)
EDGE_S: Final = 5e-8


@dataclass(frozen=True)
class Latch:
    """What happens at the latch: whether ALERT is asserted and its wire whole, and the level of `rearm`.

    It begins armed where `armed`, with 5 V there for long where `powered`; a converter that is dead or was
    reset is a wire that is broken.
    """

    asserted: Steps = LOW
    wire: Steps = HIGH
    rearm: Steps = LOW
    armed: bool = True
    powered: bool = True


def pwl(steps: Steps, high: float = 1.0) -> str:
    """Write steps as a source of ngspice; 1 is `high`."""
    text, value = f"0 {steps[0][1] * high}", steps[0][1] * high
    for t, after in steps[1:]:
        text += f" {t} {value} {t + EDGE_S} {after * high}"
        value = after * high
    return f"PWL({text} 100 {value})"


def latch(v: Values, t: Latch) -> str:
    """Write what holds Q4's gate `q4g`; it hangs on `v5`."""
    drain = "V(said)" if v.broken == "alert_low" else "(1-V(said))"
    held = _nor_gates() if v.broken == "nor_latch" else _flip_flop(v, begins=1.0 if t.armed else 0.0)
    turned = f"Rlow alert clear 1\n{_watch(v)}" if v.broken == "alert_low" else _turned(v)
    return f"""* the trip's latch: the converter's drain, R65 and the wire
Vsaid said 0 {pwl(t.asserted)}
Vwire wire 0 {pwl(t.wire)}
Vrearm rearm 0 {pwl(t.rearm, 5.0)}
Bdrain alert 0 I=V(alert)*V(wire)*{drain}/100
R65a v5 alert {v["R65.ohm"]}
Cwire alert 0 {v["R65.wire_pf"] * 1e-12}
{turned if v.broken != "nor_latch" else "* the latch takes ALERT as it is"}
{held}
{"" if v.broken == "nor_latch" else f".ic v(waited)={1 if t.powered else 0}"}
"""


def _turned(v: Values) -> str:
    return f"""* Q7 turns ALERT round
XQ7 clear alert 0 nmos vto={v["Q7.threshold_v"]} kp=.1 cgs=45p crss=5p cds=20p
R65b v5 clear {v["R65.ohm"]}
Cclear clear 0 20p
{_watch(v)}"""


def _watch(v: Values) -> str:
    if v.broken == "no_watch":
        return "Rwait waited 0 1k"
    return f"""* U35 pulls the clear low while 5 V is too low and for its delay after, once it works itself
Rsee v5 seen 1k
Csee seen 0 {v["U35.reacts_us"] * 1e-9}
Bwait 0 waited I=V(seen) > {v["U35.threshold_v"]} ? 1u*(1-V(waited)) : -1m*V(waited)
Cwait waited 0 {v["U35.delay_ms"] * 1e-9}
Bpull clear 0 I=(V(v5) > 1 && V(waited) < 0.63) ? V(clear)/100 : 0"""


def _flip_flop(v: Values, *, begins: float) -> str:
    return f"""* U33: a low clear wins; else a rising edge arms; without enough supply it is taken as armed.
* D65 takes Q4's gate down whenever the clear is low, whatever U33 does
Redge rearm slow 1k
Cedge slow 0 50p
Bstate 0 state I=V(v5) < 2 ? 10m*(1-V(state)) : (V(clear) < {v["U33.low_v"]} ? -10m*V(state) :
+ (V(rearm)-V(slow) > 1.5 ? 10m*(1-V(state)) : (V(state) > 0.5 ? 10m*(1-V(state)) : -10m*V(state))))
Cstate state 0 {v["U33.ns"] * 1e-11}
.ic v(state)={begins}
Bq q 0 I=(V(q)-V(state)*max(V(v5),0))/100
R66 q q4g 10k
D65 q4g clear schottky
"""


def _nor_gates() -> str:
    return """* two NOR gates: ALERT and the level of rearm; Q4 hangs on the one that ALERT drives
Bnor1 nor1 0 V=(V(alert) > 1.5 || V(other) > 1.5) ? 0 : V(v5)
Rnor1 nor1 q4g 100
Bnor2 nor2 0 V=(V(rearm) > 1.5 || V(q4g) > 1.5) ? 0 : V(v5)
Rnor2 nor2 other 100
Cnor2 other 0 100p
"""
