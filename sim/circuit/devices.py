"""The semiconductors as macro-models: no better than their data sheets, and simple enough to be read.

Law: a model has the limits that matter here (gain-bandwidth, slew, rails, recovery, offset, supply, lag,
threshold, capacitances, leakage); it lacks noise, subthreshold current, and temperature beyond ngspice's own.
"""

from __future__ import annotations

from typing import Final

DEVICES: Final = """
* Op-amp: transconductance with slew limit into 1 nF, which rides on the supply; the inner node
* may run past the rails as far as it takes
* `trec` to come back, the output may not; without its supply it gives no current.
.subckt opamp p n o vp vn params: gbw=1e6 sr=1e6 vos=0 vsat=0.1 trec=1e-6 vmin=4.5 imax=30m
Bx 0 x I={sr}*1n*tanh(6.2832*{gbw}/({sr})*(V(p)-V(n)+{vos}))
Cx x vp 1n
Rx x vp 16e6
Bc x 0 I=(V(x)>V(vp)-{vsat}+{sr}*{trec}) ? (V(x)-V(vp)+{vsat}-{sr}*{trec}) :
+ ((V(x)<V(vn)+{vsat}-{sr}*{trec}) ? (V(x)-V(vn)-{vsat}+{sr}*{trec}) : 0)
By y 0 V=max(min(V(x),V(vp)-{vsat}),V(vn)+{vsat})
Bo 0 o I=(V(vp)-V(vn) > {vmin}) ? {imax}*tanh((V(y)-V(o))/50/{imax}) : 0
Ci p n 6p
.ends
* MOSFETs: level 1, the gate-drain capacitance falls with voltage and is `crss` at 25 V; the leakage is `leak`
* at 100 V and a hundredth of that at 20 V, as the data sheet of BSS123 has it.
.subckt pmos d g s params: vto=-3 kp=2.5 crss=30p cgs=330p cds=90p leak=0
M1 d g s s pm
.model pm PMOS(LEVEL=1 VTO={vto} KP={kp} LAMBDA=.005 CGSO=0 CGDO=0 CBD=0 CBS=0 IS=1e-14)
Cgs g s {cgs}
Dgd d g dgd
.model dgd D(IS=1e-30 N=20 CJO={8.3*crss} VJ=1 M=0.65 FC=0.5 BV=1000)
Cds s d {cds}
Bl s d I={leak}*(max(V(s,d),0)/100)^3
.ends
.subckt nmos d g s params: vto=1.5 kp=5 crss=20p cgs=400p cds=80p leak=0
M1 d g s s nm
.model nm NMOS(LEVEL=1 VTO={vto} KP={kp} LAMBDA=.005 CGSO=0 CGDO=0 IS=1e-14)
Cgs g s {cgs}
Dgd g d dgd
.model dgd D(IS=1e-30 N=20 CJO={8.3*crss} VJ=1 M=0.65 FC=0.5 BV=1000)
Cds d s {cds}
Bl d s I={leak}*(max(V(d,s),0)/100)^3
.ends
* Shunt regulator: sinks where its reference pin is above `vref`, with one lag and at most 70 mA.
.subckt shuntref k r a params: vref=1.24 gm=4 tau=0.3u slope=-1.5e-3
Bi 0 i I={gm}*(V(r)-V(a)-{vref}-{slope}*max(V(k)-V(a)-{vref},0))
Ri i 0 1
Ci i 0 {tau}
Bk k a I=70m*tanh(ln(1+exp(min(V(i),1)/1m))*1m/70m)*tanh(max(V(k)-V(a),0)/0.3)
Rr r a 10e6
.ends
* One-shot: `ramp` runs from 0 to 0.98 V within `ms`, and the output is high while it does;
* an edge takes `edge` of `ms`.
.subckt oneshot in out params: ms=1 retrig=1 rising=1 edge=0.01
.param tau={ms*edge*1e-3}
Rd in slow 1k
Cd slow 0 {tau/1e3}
Bt trig 0 V=({rising} > 0.5 ? V(in)-V(slow) : V(slow)-V(in)) > 1.5 ?
+ ({retrig} > 0.5 ? 1 : (V(ramp) > 0.99 || V(hold) > 0.02 ? 1 : 0)) : 0
Rt trig hold 1k
Ct hold 0 {tau/8e3}
Bi 0 ramp I=0.98u
Cr ramp 0 {ms*1e-9}
Dr ramp lid dlid
Vl lid 0 1
Br ramp 0 I=max(V(hold)-0.4,0)*V(ramp)*{ms*1e-9/(tau/20)}
.model dlid D(IS=1e-9 N=0.05)
Bo out 0 V=V(ramp) < 0.98 ? 5 : 0
.ends
.model sw SW(VT=0.5 VH=0.0 RON=0.1 ROFF=1e12)
.model fast D(IS=2e-9 N=1.9 RS=2 CJO=3p TT=20n BV=200)
.model small D(IS=1e-14 RS=1 CJO=4p)
.model schottky D(IS=1e-7 N=1.05 RS=5 CJO=10p BV=30)
.model led D(IS=1e-18 N=2.0 RS=8 CJO=20p)
"""
