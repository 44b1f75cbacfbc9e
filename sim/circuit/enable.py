"""What holds the enable relay: the heartbeat's one-shots with their window, Stop's, the coil.

Law: the pin is a voltage like any other here; nothing knows what the software meant.
`diode_pump` is the circuit that was meant once, kept to see that the bounds find it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.circuit.devices import DEVICES
from sim.circuit.values import Values

OPTIONS = ".options reltol=1e-3 abstol=1e-9 vntol=1e-5 itl4=100 method=gear\n"


def levels(edges: Sequence[float], high_v: float) -> str:
    """Write a pin that changes at `edges`, from low, as a source of ngspice."""
    text, value = "0 0", 0.0
    for t in edges:
        after = high_v - value
        text += f" {t:.7f} {value} {t + 1e-6:.7f} {after}"
        value = after
    return f"PWL({text} 1000 {value})"


def heartbeat(v: Values, edges: Sequence[float], seconds: float) -> str:
    """Write the path from the heartbeat's pin to the coil of K1; `held` is what its driver gets."""
    if v.broken == "diode_pump":
        hold, gate = _diode_pump(), f"vto={1.0 + (v['Q6.threshold_v'] - 0.65) * 1.5 / 0.8} kp=.3"
    else:
        hold, gate = _one_shots(v), f"vto={v['Q6.threshold_v']} kp=20"
    return f"""* heartbeat
{DEVICES}
V5 v5 0 5
Vpin pin 0 {levels(edges, 3.3)}
{hold}
* coil of K1 with D61
XQ6 d held 0 nmos {gate} cgs=600p crss=20p cds=50p
Lk v5 lk 80m
Rk lk d {v["K1.coil_ohm"]}
D61 d kz small
Dz v5 kz small12
.model small12 D(IS=1e-14 RS=1 BV=12 IBV=1m NBV=1)
{OPTIONS}.tran 2u {seconds} 0 20u
"""


def _one_shots(v: Values) -> str:
    window, hold = v["U11.ms"], v["U12.ms"]
    return f"""* U10: both edges; U11: the window; U12: its end holds
Rn pin pf 1k
Cn pf 0 1n
Rx pf px 10k
Cx px 0 30n
Bx edge 0 V=((V(pf)>1.5) != (V(px)>1.5)) ? 5 : 0
Re edge edgef 100
Ce edgef 0 100n
XU11 edgef window oneshot ms={window} retrig=1 rising=1 edge=0.02
Rw window windowf 100
Cw windowf 0 100n
XU12 windowf u12 oneshot ms={hold} retrig=1 rising=0 edge=0.002
Rh u12 held 100
"""


def _diode_pump() -> str:
    return """* two diodes, two capacitors
C1 pin x 1u
D1 0 x small
D2 x held small
C2 held 0 1u
Rb held 0 47k
"""


def stop_timer(v: Values, pressed: Sequence[float], seconds: float) -> str:
    """Write Stop's second contact to the block of K1; `pressed` are the times of press, release, press ..."""
    return f"""* stop
{DEVICES}
Vstop stop 0 {levels(pressed, 5.0)}
XU13 stop u13 oneshot ms={v["U13.ms"]} retrig=0 rising=1 edge=0.002
Rf u13 u13f 1k
Cf u13f 0 1u
XU14 u13f u14 oneshot ms={v["U14.ms"]} retrig=0 rising=0 edge=0.02
Bb blockr 0 V=(V(u14) > 2.5 || (V(block) > 2.5 && V(stop) > 2.5)) ? 5 : 0
Rb blockr block 1k
Cb block 0 1u
.ic v(block)=0
{OPTIONS}.tran 1m {seconds} 0 2m
"""
