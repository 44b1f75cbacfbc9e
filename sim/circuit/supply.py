"""The boost from 24 V to the rail, averaged over its cycles.

Law: ripple is not in it; start, load steps, the limit of the inductor's current and the over-voltage stop
are.
"""

from __future__ import annotations

from sim.circuit.values import Values


def boost(v: Values, load: str, seconds: float) -> str:
    """Write the averaged boost with a load current `load` (ngspice source text) beside R22."""
    ratio = 1.0 + v["R20.ohm"] / v["R21.ohm"]
    stop_v = (v["U20.ref_v"] + v["U20.ovp_v"]) * ratio
    return f"""* boost, averaged: error amplifier, compensation, inductor current, 85 % efficiency
Vin in 0 PWL(0 0 1m 24 100 24)
Vsoft soft 0 PWL(0 0 1m 0 {1e-3 + v["U20.soft_start_ms"] * 1e-3} {v["U20.ref_v"]} 100 {v["U20.ref_v"]})
Bfb fb 0 V=V(rail)/{ratio}
Bea 0 comp I=max(min(450u*(min(V(soft),{v["U20.ref_v"]})-V(fb)),40u),-40u)
Rc comp cc 22k
Cc cc 0 22n
Rlim comp 0 2e6
Bcl comp 0 I=V(comp) > 1.2 ? (V(comp)-1.2)*10m : (V(comp) < 0 ? V(comp)*10m : 0)
Bil il 0 V=max(min(V(comp)/1.2,1),0)*{v["U20.peak_a"]}
Ril il ilag 1
Cil ilag 0 {v["L20.uh"] * 1e-6 / 4}
Bd 0 rail I=V(rail) > {stop_v} ? 0 : 0.85*V(ilag)*V(in)/max(V(rail),24)*0.7
Dpre in rail pre
.model pre D(IS=1e-9 RS=0.1)
C20 rail 0 {v["C20.uf"] * 1e-6}
R22 rail 0 10k
Bu rail 0 I=5m*tanh(max(V(rail),0)/10)
Bload rail 0 I=V(want)*tanh(max(V(rail)-10,0))
Vwant want 0 {load}
.ic v(rail)=0
.options reltol=1e-3 method=gear
.tran 1u {seconds} 0 {seconds / 400} uic
"""
