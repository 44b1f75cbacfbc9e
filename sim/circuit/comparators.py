"""What may set the trip's latch, side by side: the guard converter's comparator, and one that tracks the DAC.

Law: both look at the same amplifier U6. The digital one has its conversions, its queue of two and a threshold
that was written; the analog one has a filter that rides the charge of a hand-in as a conversion does, and a
threshold that the DAC's voltage makes, through the same filter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sim.circuit.devices import DEVICES
from sim.circuit.trip import Steps, pwl
from sim.circuit.values import Values

VOLTS_PER_MA: Final = 0.047
PHASES: Final = 8
"""So many converters that differ in when they begin, since an onset comes at any moment of a conversion."""
ANALOG_S: Final = 1e-3
"""A filter of 1 ms: 1.5 uC of a hand-in, which the stage's bound lets pass, read as 1.5 mA with it (1.3 in a
conversion of 1.16 ms), below the floor of 2 mA."""
FLOOR_MA: Final = 2.0


@dataclass(frozen=True)
class Flow:
    """What flows through the guard's shunt, what the DAC says and the setpoint as written, in mA over s."""

    flows: Steps
    dac: Steps
    seconds: float
    written: Steps


def threshold_ma(setpoint_ma: float) -> float:
    """Return the threshold for a setpoint: 0.5 mA and 10 % above, and never below the floor."""
    return max(FLOOR_MA, 1.1 * setpoint_ma + 0.5)


def comparators(v: Values, f: Flow) -> str:
    """Write both; `digital` counts the converters that trip (V), `analog` is 1 V while that one does."""
    written = [(t, threshold_ma(ma)) for t, ma in f.written]
    return f"""* comparators
{DEVICES}
.temp {v["air_celsius"]}
V33 v33 0 {v["U23.v"]}
Vneg vneg 0 {v["U34.v"]}
Vflow flow 0 {pwl(f.flows)}
Bshunt 0 sg I=V(flow)*1m
R46 sg 0 {v["R46.ohm"]}
Rd1 sg p 10k
Rd2 p 0 {10e3 * v["R48.gain"]}
Rd3 0 n 10k
Rd4 n guard {10e3 * v["R48.gain"]}
XU6 p n guard v33 vneg opamp gbw=350k sr=0.16e6 vos={v["U6.offset_uv"] * 1e-6} vsat={v["U6.rails_v"]}
+ trec=50u vmin=1.8 imax=5m
Vwritten written 0 {pwl(written)}
{_analog(v, f)}
{_digital(v)}
.options reltol=1e-3 abstol=1e-9 vntol=1e-5 itl4=100 method=gear
.tran 5u {f.seconds} 0 20u
"""


def _analog(v: Values, f: Flow) -> str:
    return f"""* a filter on the current, the same on the DAC's voltage, which makes the threshold
Rfilter guard seen 10k
Cfilter seen 0 {ANALOG_S / 10e3}
Vdac dac 0 {pwl(f.dac)}
Rdac dac dacf 10k
Cdac dacf 0 {ANALOG_S / 10e3}
Banalog analog 0 V=V(seen) > {VOLTS_PER_MA}*max({FLOOR_MA},1.1*V(dacf)+0.5)+{v["U6.offset_uv"] * 1e-6} ? 1 : 0
"""


def _digital(v: Values) -> str:
    period_s = 1.0 / v["U32.sps"]
    return "\n".join(_converter(number, period_s) for number in range(PHASES)) + (
        f"\nBdigital digital 0 V={'+'.join(f'V(a{number})' for number in range(PHASES))}"
    )


def _converter(number: int, period_s: float) -> str:
    """Write one: a mean over each conversion, held twice; ALERT where both are above the threshold."""
    begins_s = period_s * (0.02 + number / PHASES)

    def pulse(name: str, after_s: float) -> str:
        return f"V{name}{number} {name}{number} 0 PULSE(0 1 {begins_s + after_s} 50n 50n 1u {period_s})"

    n = number
    return f"""{pulse("older", 0.0)}
{pulse("newer", 2e-6)}
{pulse("dump", 4e-6)}
Bi{n} 0 i{n} I=V(guard)*1m
Ci{n} i{n} 0 {period_s * 1e-3}
Sd{n} i{n} 0 dump{n} 0 sw
Ei{n} ib{n} 0 i{n} 0 1
Sn{n} ib{n} h{n} newer{n} 0 sw
Ch{n} h{n} 0 1n
Eh{n} hb{n} 0 h{n} 0 1
So{n} hb{n} o{n} older{n} 0 sw
Co{n} o{n} 0 1n
Bm{n} 0 a{n} I=(V(dump{n}) > 0.5 && min(V(h{n}),V(o{n})) > {VOLTS_PER_MA}*V(written)) || V(a{n}) > 0.5 ?
+ 10m*(1-V(a{n})) : -10m*V(a{n})
Ca{n} a{n} 0 1n
.ic v(i{n})=0 v(h{n})=0 v(o{n})=0 v(a{n})=0"""
