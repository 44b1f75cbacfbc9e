"""What the converters get: two shunts with their amplifiers, the signed one in a lead, the dividers.

Law: the amplifiers have the offsets, gains, rails and input currents of their parts; a converter's pin never
gets more than its amplifier's own supply.
"""

from __future__ import annotations

from sim.circuit.devices import DEVICES
from sim.circuit.values import Values


def sensing(v: Values, ma: float, load_v: float, *, reverse: bool = False) -> str:
    """Write the sensing with `ma` from the stage and `load_v` across the person, in one polarity.

    Nodes `control`, `guard` and `back` are the converters' pins; `through` is the person's current in A.
    """
    bias = f"{v['U8.bias_ua'] * 1e-6}/(1+exp(7-V(%s)))"
    lead = f"R49 {'out x1' if reverse else 'x1 nn'} {v['R49.ohm']}"
    upper, lower = ("out", "x1") if reverse else ("x1", "nn")
    sign = -1.0 if reverse else 1.0
    person = (
        f"Vp {'x1' if reverse else 'out'} px 0\nEp px {'nn' if reverse else 'x1'} pv 0 1\nVpv pv 0 {load_v}"
    )
    return f"""* sensing
{DEVICES}
.temp {v["air_celsius"]}
V33 v33 0 {v["U23.v"]}
Vneg vneg 0 {v["U34.v"]}
Is 0 out {ma * 1e-3}
{person}
{lead}
Vlamp nn nl 2
Rlim nl sg 45
R46 sg sh1 {v["R46.ohm"]}
R47 sh1 0 {v["R47.ohm"]}
Bb1 {upper} 0 I={bias % upper}
Bb2 {lower} 0 I={bias % lower}
Bback back 0 V=max(min({v["U9.v"]}+{sign}*{v["U8.gain"]}*(V({upper})-V({lower})+
+ {v["U8.offset_uv"]}u+{v["U8.rejection_uv_v"]}u*V({lower})),V(v33)-0.05),0.01)
{_difference(v, "U6", "sg", "sh1", "guard")}
{_difference(v, "U7", "sh1", "0", "control")}
.tran 1u 2m 0 20u
"""


def _difference(v: Values, ref: str, upper: str, lower: str, out: str) -> str:
    rb = 10e3 * v["R48.gain"]
    return f"""Rd1{ref} {upper} p{ref} 10k
Rd2{ref} p{ref} 0 {rb}
Rd3{ref} {lower} n{ref} 10k
Rd4{ref} n{ref} {out} {rb}
X{ref} p{ref} n{ref} {out} v33 vneg opamp gbw=350k sr=0.16e6 vos={v[f"{ref}.offset_uv"] * 1e-6}
+ vsat={v[f"{ref}.rails_v"]} trec=50u vmin=1.8 imax=5m"""
