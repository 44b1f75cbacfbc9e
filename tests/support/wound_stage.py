"""A stage that winds up, in ngspice: what the simulator's is held to; a program.

usage: wound_stage.py    runs every situation in ngspice (to be installed first) and writes wound_stage.json

A DAC, an operational amplifier with one pole, slew rate and hard rails, a MOSFET over 132 ohm, a depletion
transistor as limiter; generic level 1 models, never built. The person is a resistor in series with a resistor
and a capacitor side by side, so that nothing but the stage is compared.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final, NamedTuple

RECORDED: Final = Path(__file__).parents[1] / "sim" / "wound_stage.json"
SENSE_OHM: Final = 132.0
CHARGE_S: Final = 0.005
"""The charge is counted for so long, less what is set."""
PULSE_MA: Final = 2.0
"""A pulse is more than this above what is set."""


class Situation(NamedTuple):
    """What is set and happens at `at_s`; the rest are the parts. Ohm, farad, volt, s, mA."""

    set_ma: float = 0.3
    offset_v: float = 0.0
    supply_v: float = 12.0
    loop_f: float = 10e-9
    across_f: float = 0.0
    series_ohm: float = 900.0
    skin_ohm: float = 5000.0
    skin_f: float = 0.75e-6
    closes: str = "hand"
    lost_s: float = 0.0
    gives_way_to_ohm: float = 0.0
    at_s: float = 0.02


SITUATIONS: Final = {
    "a hand goes in": Situation(),
    "a hand goes in, amplifier at 24 V": Situation(supply_v=24.0),
    "a hand goes in, loop of 1 ms": Situation(loop_f=100e-9),
    "a hand goes in, fast loop": Situation(loop_f=0.1e-9),
    "an underarm": Situation(series_ohm=350.0, skin_f=0.3e-6),
    "a fingertip": Situation(series_ohm=2500.0, skin_ohm=50e3, skin_f=10e-9),
    "a relay closes at the proof current": Situation(set_ma=0.07, closes="relay"),
    "a relay closes at code 0, +0.5 mV": Situation(set_ma=0.0, offset_v=0.5e-3, closes="relay"),
    "a relay closes at code 0, -2 mV": Situation(set_ma=0.0, offset_v=-2e-3, closes="relay"),
    "contact lost for 3 ms at 12 mA": Situation(set_ma=12.0, skin_ohm=1500.0, lost_s=0.003),
    "saturated, then the skin gives way": Situation(
        set_ma=12.0, skin_ohm=6000.0, gives_way_to_ohm=1500.0, at_s=0.05
    ),
    "fast loop, 10 nF": Situation(loop_f=0.1e-9, across_f=10e-9),
    "fast loop, 100 nF": Situation(loop_f=0.1e-9, across_f=100e-9),
    "fast loop, 1 uF": Situation(loop_f=0.1e-9, across_f=1e-6),
    "loop of 0.1 ms, 10 nF": Situation(across_f=10e-9),
}
"""The amplifier's loop is `loop_f` times 10 kohm: 0.1 ms where nothing else is said."""


def netlist(one: Situation) -> str:
    """Return the circuit of one situation."""
    at_s, dac_v = one.at_s, one.set_ma * 1e-3 * SENSE_OHM
    later_s = at_s + 1e-6
    hand, relay, gives = "PWL(0 1 1 1)", "PWL(0 1 1 1)", "PWL(0 0 1 0)"
    if one.closes == "relay":
        relay = f"PWL(0 0 {at_s} 0 {later_s} 1 1 1)"
    elif one.lost_s:
        lost_s = at_s - one.lost_s
        hand = f"PWL(0 1 {lost_s} 1 {lost_s + 1e-6} 0 {at_s} 0 {later_s} 1 1 1)"
    elif one.gives_way_to_ohm:
        gives = f"PWL(0 0 {at_s} 0 {later_s} 1 1 1)"
    else:
        hand = f"PWL(0 0 {at_s} 0 {later_s} 1 1 1)"
    beside_ohm = 1.0 / (1.0 / (one.gives_way_to_ohm or 1.0) - 1.0 / one.skin_ohm)
    return f"""* a stage that winds up
.subckt opamp p n o vh vl params: gbw=1e6 sr=0.5e6
B1 0 x I=1e-6*{{sr}}*tanh(6.2832*{{gbw}}/({{sr}})*(V(p)-V(n)+{one.offset_v}))
C1 x 0 1u
R1 x 0 1e6
B2 x 0 I=(V(x)>V(vh) ? (V(x)-V(vh))*100 : (V(x)<V(vl) ? (V(x)-V(vl))*100 : 0))
E1 y 0 x 0 1
Ro y o 100
.ends
.model nm NMOS(LEVEL=1 VTO=2.0 KP=0.25 LAMBDA=0.005 CGSO=0 CGDO=0 CBD=20p)
.model dep NMOS(LEVEL=1 VTO=-2.5 KP=0.05 LAMBDA=0.005)
.model sw SW(VT=0.5 VH=0.0 RON=1 ROFF=1e9)
Vr rail 0 64
Vh vh 0 {one.supply_v - 1.5}
Vl vl 0 0.005
Vd dac 0 {dac_v}
Rin dac p 1k
Cin p 0 10n
X1 p n g vh vl opamp
Rg g gate 100
M1 d gate s s nm W=1 L=1
Rs s 0 {SENSE_OHM}
Rf s n 10k
Cf g n {one.loop_f}
Md d2 d s2 s2 dep W=1 L=1
Rd s2 d 52.8
Sr d2 t2 rc 0 sw
Vrc rc 0 {relay}
{f"Co rail t2 {one.across_f}" if one.across_f else ""}
Rb rail t2 470k
Sp t2 pp pc 0 sw
Vpc pc 0 {hand}
Vi pq pp 0
Rser rail pk {one.series_ohm}
Rsk pk pq {one.skin_ohm}
Csk pk pq {one.skin_f}
Sg pk pg gc 0 sw
Vgc gc 0 {gives}
Rg2 pg pq {beside_ohm}
.options reltol=1e-4 abstol=1e-9 vntol=1e-6
.tran 1u {at_s + 0.02} 0 2u
.control
run
let ip=-i(Vi)*1e3
wrdata out.dat ip
quit
.endc
.end
"""


def figures(one: Situation) -> dict[str, float]:
    """Run one situation; what of its pulse is compared: most mA, us above what is set + 2 mA, uC above it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "stage.cir").write_text(netlist(one))
        command = ["ngspice", "-b", "stage.cir"]
        subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=True)
        rows = [line.split() for line in Path(folder, "out.dat").read_text().splitlines()]
    points = [(float(t_s), abs(float(ma))) for t_s, ma in rows]
    after = [point for point in points if point[0] >= one.at_s - 1e-6]
    before_ma = next(ma for t_s, ma in reversed(points) if t_s < one.at_s - 2e-6)
    above_s = charge_ma_s = 0.0
    for (from_s, ma), (to_s, _) in itertools.pairwise(after):
        above_s += (to_s - from_s) * (ma > one.set_ma + PULSE_MA)
        charge_ma_s += (ma - one.set_ma) * (to_s - from_s) * (from_s < one.at_s + CHARGE_S)
    return {
        "before_ma": round(before_ma, 2),
        "peak_ma": round(max(ma for _, ma in after), 2),
        "above_us": round(1e6 * above_s, 1),
        "charge_uc": round(1e3 * charge_ma_s, 3),
    }


def main() -> None:
    """Run them all and record them."""
    told = subprocess.run(["ngspice", "--version"], capture_output=True, text=True, check=True).stdout
    version = next(line.strip("* ") for line in told.splitlines() if "ngspice-" in line)
    found: dict[str, Any] = {"source": f"tests/support/wound_stage.py, {version}"}
    found |= {"situations": {name: figures(one) for name, one in SITUATIONS.items()}}
    RECORDED.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
