"""The path of the current as a netlist: rail, stage, clamp, relays, person, lamp, limiter, shunts.

Law: one netlist for every situation, so that none is tried on a kinder circuit than another.
Names of parts are those of `config/circuit.yaml`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.circuit.devices import DEVICES
from sim.circuit.trip import Latch, Steps, latch, pwl
from sim.circuit.values import Values

CLOSED: Steps = ((0.0, 1.0),)
OPEN: Steps = ((0.0, 0.0),)


@dataclass(frozen=True)
class Situation:
    """What happens: the set current in mA (None for code 0), when hands and relays close.

    `supplies` are steps as PWL text for rail, 12 V, 5 V and 3.3 V; None for steady ones. `latch` is what
    happens at the trip's; None for one that holds Q4 on. With `dummy` K4 and K5 are closed all the time.
    """

    set_ma: float | None
    seconds: float
    contact: Steps = CLOSED
    relays: Steps = CLOSED
    skin_ohm: float | None = None
    series_ohm: float | None = None
    skin_gives_way: Steps = OPEN
    stage_shorted: Steps = OPEN
    supplies: tuple[str, str, str, str] | None = None
    dac_open: bool = False
    lamp_open: bool = False
    dummy: bool = False
    latch: Latch | None = None
    step_s: float | None = None


def nominal_volts(set_ma: float) -> float:
    """Return the DAC's voltage for `set_ma` with parts in their middle; a unit is calibrated to it."""
    of_u1 = (set_ma + 12.0 / 8.2e6 * 1e6 / 40.2) * 40.2 / 1000.0 * 3.24
    return (of_u1 + 3.3 * 13.24e3 / (1.65e6 + 13.24e3)) * 1.65e6 / (1.65e6 + 10e3)


def output_path(v: Values, s: Situation) -> str:
    """Write the netlist of `s`, without its last line."""
    rail, v12, v5, v33 = s.supplies or (str(v["rail_v"]), str(v["U21.v"]), str(v["U22.v"]), str(v["U23.v"]))
    dac = v["U30.offset_v"] if s.set_ma is None else nominal_volts(s.set_ma)
    source = f"({v33_of(s)})*{dac}" if s.supplies else str(dac)
    return f"""* path of the current
{DEVICES}
.temp {v["air_celsius"]}
Vrail rail 0 {rail}
V12 v12 0 {v12}
V5 v5 0 {v5}
V33 v33 0 {v33}
{_stage(v, s, source)}
{_clamp(v)}
{_output(v, s)}
* leads, person
Ct ta tb {v["leads_nf"] * 1e-9}
S2 ta pp pc 0 sw
Vpc pc 0 {pwl(s.contact)}
Vi pp pk 0
Rskin pk pk2 {s.skin_ohm or v["person_skin_ohm"]}
Cskin pk pk2 {v["person_skin_uf"] * 1e-6}
S3 pk pk2 gc 0 gives
.model gives SW(VT=0.5 VH=0.0 RON=500 ROFF=1e9)
Vgc gc 0 {pwl(s.skin_gives_way)}
Rser pk2 tb {s.series_ohm or v["person_series_ohm"]}
{_return(v, s)}
.options reltol=1e-4 abstol=1e-10 vntol=1e-6 itl1=500 itl4=200 method=gear
.tran 1e-7 {s.seconds} 0 {s.step_s or s.seconds / 100}
"""


def v33_of(s: Situation) -> str:
    """Return the share of its nominal that the DAC's supply has, which is the DAC's reference."""
    return "V(v33)/3.3" if s.supplies else "1"


def _stage(v: Values, s: Situation, dac: str) -> str:
    loop = 1e-6 if v.broken == "slow_loop" else 22e-12
    offset_v = -v["U2.offset_uv"] * 1e-6 - (2e-3 if v.broken == "offset" else 0.0)
    return f"""* stage: R32 and R33 pull U1's zero below zero, R34 that of U2
Bdac dacs 0 V={dac}
Rds dacs dac {1e12 if s.dac_open else 10}
R30 dac 0 10k
R31 dac p 10k
C31 p 0 10n
X1 p n1 g1 v12 0 opamp {_opamp(v, "U1", v["U1.offset_uv"] * 1e-6)}
Rg1 g1 gq1 1k
R33 s1 n1 {v["R33.ohm"]}
R32 v33 n1 {v["R32.ohm"]}
C32a g1 n1 100p
XQ1 a gq1 s1 nmos vto={v["Q1.threshold_v"]} kp=.042 crss=3.4p cgs=70p cds=10p leak={v["Q1.leak_ua"] * 1e-6}
R1 s1 0 {v["R1.ohm"]}
R2 rail a {v["R2.ohm"]}
D30 vf rail zener
.model zener D(IS=1e-14 RS=1 BV={v["D30.v"]} IBV=2m NBV=1 CJO=50p)
R38 vf 0 15k
C33 rail vf 100n
R3 rail s2 {v["R3.ohm"]}
R35a s2 b {v["R35.ohm"]}
R34 b vf {v["R34.ohm"]}
R35b a a2 1k
X2 a2 b g2 rail vf opamp {_opamp(v, "U2", offset_v)}
C32b g2 b {loop}
Rg2 g2 gq2 100
R36 gq2 rail 100k
XQ2 od gq2 s2 pmos vto={v["Q2.threshold_v"]} crss={v["Q2.crss_pf"] * 1e-12} leak={v["Q2.leak_ua"] * 1e-6}
S4 s2 od sc 0 shorts
Vst od out 0
.model shorts SW(VT=0.5 VH=0.0 RON=1 ROFF=1e12)
Vsc sc 0 {pwl(s.stage_shorted)}
"""


def _opamp(v: Values, ref: str, offset_v: float) -> str:
    return (
        f"gbw={v[f'{ref}.gbw_mhz'] * 1e6} sr={v[f'{ref}.slew_v_us'] * 1e6} vos={offset_v} "
        f"trec={v[f'{ref}.recovery_us'] * 1e-6} vsat={v[f'{ref}.rails_v']} imax=65m"
    )


def _clamp(v: Values) -> str:
    hold_v = 2.0 * v["U3.ref_v"] * (1.0 + v["R50.ohm"] / v["R51.ohm"])
    ohm = 2.0 * (v["R50.ohm"] + v["R51.ohm"])
    return f"""* clamp: U3 (two, with their dividers) as one shunt that draws from their voltage on
C1 out 0 {v["C1.nf"] * 1e-9}
D1 out vc fast
C50 vc 0 100n
R53 rail vc 100k
R52 rail bq3 15k
Bu3 bq3 0 I=10m*ln(1+exp(min((V(bq3)-{hold_v})/50m,200)))+V(bq3)/{ohm}
Q3 0 bq3 vc power
.model power PNP(IS=1e-14 BF={v["Q3.beta"]} VAF=200 CJE=100p CJC=30p TF=10n)
"""


def _output(v: Values, s: Situation) -> str:
    """Write what lies between stage and person; `line` is behind K2, `back` is RETURN."""
    upper = 330.0 / 340.31
    on = f"""RK4a out load 0.1
R42 load back {v["R42.ohm"]}
RK4rest line div 1e12
RK4moved load div 0.1
R39 rail beside {v["R39.ohm"]}
RK5 beside s2 0.1"""
    return f"""* K1, K2, dummy load, divider; K5 beside R3
R54 out 0 {v["R54.ohm"]}
SK1 out between rc 0 sw
SK2 between line rc 0 sw
Vrc rc 0 {pwl(s.relays)}
{on if s.dummy else "RK4rest line div 0.1"}
R40a div tap {v["R40.ohm"] * upper}
R40b tap 0 {v["R40.ohm"] * (1.0 - upper)}
Vta line ta 0"""


def _return(v: Values, s: Situation) -> str:
    lag_s, slope = v["U5.lag_us"] * 1e-6, v["U5.slope_mv_v"] * 1e-3
    limiter = f"vref={v['U5.ref_v']} gm={v['U5.gain_s']} tau={lag_s} slope={slope}"
    return f"""* return: sign, lamp, latch, limiter, the two shunts
R49 tb nn {v["R49.ohm"]}
Vback nn back 0
Vh back hx {v["H1.forward_v"] - 2.0}
R43a hx l1 {1e12 if s.lamp_open else 10}
Dh1 l1 nl led
R43b hx l2 10
Dh2 l2 nl led
R45c q4g 0 100k
{"Vq4 q4g v5 0" if s.latch is None else latch(v, s.latch)}
XQ4 nl q4g m4 nmos vto={v["Q4.threshold_v"]} leak={v["Q4.leak_ua"] * 1e-6}
R45a v5 gq5 10k
XQ5 m4 gq5 sl nmos vto={v["Q5.threshold_v"]}
XU5 gq5 ref sg shuntref {limiter}
R44 sl sg {v["R44.ohm"]}
R45b sl ref 1k
C44 gq5 ref 1n
R46 sg sh1 {v["R46.ohm"]}
R47 sh1 0 {v["R47.ohm"]}
"""
