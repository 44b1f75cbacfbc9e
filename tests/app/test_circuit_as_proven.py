"""The drawn circuit in front of the controller's own trial and proof, and beside the simulated unit.

Law: what each part does follows from the nets of the sheets alone. A divider, load or switch that is drawn
elsewhere than the proof takes it to be is refused here, by the name that a unit built like that would give.
"""

import math
from dataclasses import replace
from functools import cache
from itertools import product

import pytest

from app.circuit.nets import nets
from app.circuit.sheets import drawn
from config.circuit import load_circuit
from config.unit import reference_unit
from controller.backends.simulated import unit_spec
from controller.core import limits as lim
from controller.core.limits import LIMITER_RATIO, PROOF_ALIVE_V, PROOF_MA, SENSING_MA
from controller.core.proof import Proof
from controller.core.trial import Dummy, Trial
from controller.core.types import Buttons, Measurement, Refusal
from sim.circuit import proof_cases
from sim.circuit.values import nominal
from sim.clock import VirtualClock
from sim.scenario import Scenario
from sim.world import World

CIRCUIT = load_circuit()
VALUES = nominal(CIRCUIT.spreads())
UNIT = reference_unit()
TICK_S = 0.005
OHM = {
    **{"R40a": 330e3, "R40b": 10310.0, "R54": 4.7e6, "R42": VALUES["R42.ohm"], "R49": VALUES["R49.ohm"]},
    **{"R43a": 10.0, "R43b": 10.0, "R44": 45.3, "R46": 4.7, "R47": 4.7, "H1a": 100.0, "H1b": 100.0},
    **{"X1a": 0.1, "X1b": 0.1, "Q5": 0.1},
}
PINS = {"Q4": ("d", "s"), "Q5": ("d", "s"), "B2": ("", " ")}
POLES = ("K3a", "K3b")
CLAMP_V = 58.0
LIMITER_MA = 27.5
HANDS_OHM = 2000.0
SILENT = Measurement(0.0, 0.0, 0, 0.0, 0.0, 64.0, 0.0, "", None, Buttons())


def code_of(ma):
    return round(ma / UNIT.stage.full_scale_ma * 4095)


def wired(**moves):
    """The nets of the sheets, by pin; each of `moves` takes a pin from its net to that of another pin."""
    found = {tag: number for number, net in enumerate(nets(drawn(CIRCUIT))) for tag in net}
    for pin, to in moves.items():
        found[pin.replace("__", ".")] = found[to]
    return found


def shown(net, *, enable, series, dummy, cut, hands, asked_ma, reverse=False):
    """What the unit shows: voltage channel in V, current in the shunts and in the return channel in mA."""
    closed = {"K1a": enable, "K2a": series, "K4a": dummy, "Q4": not cut, "B2": hands}
    ohm = OHM | {ref: HANDS_OHM if ref == "B2" else 0.1 for ref, on in closed.items() if on}
    branches = [(*(net[f"{ref}.{pin}"] for pin in PINS.get(ref, ("1", "2"))), ohm[ref]) for ref in ohm]
    branches += [(net[f"{ref}.c"], net[f"{ref}.{'moved' if reverse else 'rest'}"], 0.1) for ref in POLES]
    branches.append((net["K4b.c"], net["K4b.moved" if dummy else "K4b.rest"], 0.1))
    beside = {net["R39.1"], net["R39.2"], net["R3.1"], net["R3.2"], net["K5a.1"], net["K5a.2"]}
    if dummy and len(beside) == 3 and net["R39.1"] == net["R3.1"]:
        asked_ma *= 1.0 + VALUES["R3.ohm"] / VALUES["R39.ohm"]
    nodes = solved(tuple(branches), net["0 V"], net["Q2.d"], asked_ma / 1000.0)
    shunt_ma = (nodes[net["R47.1"]] - nodes[net["R47.2"]]) / OHM["R47"] * 1000.0
    back_ma = (nodes[net["SIGN+"]] - nodes[net["SIGN-"]]) / OHM["R49"] * 1000.0
    return nodes[net["DIV OUT"]] * UNIT.control_adc.voltage.ratio, min(shunt_ma, LIMITER_MA), back_ma


@cache
def solved(branches, ground, out, amperes):
    """Every node's voltage with `amperes` into `out`, which the clamp holds below `CLAMP_V`."""
    names = sorted({node for one, other, _ in branches for node in (one, other)} | {out} - {ground})
    names = [name for name in names if name != ground]
    at = {name: number for number, name in enumerate(names)}

    def answer(forced):
        rows = [[0.0] * (len(names) + 1) for _ in names]
        for number in range(len(names)):
            rows[number][number] += 1e-12
        for one, other, ohm in branches:
            for a, b in ((one, other), (other, one)):
                if a != ground:
                    rows[at[a]][at[a]] += 1.0 / ohm
                    if b != ground:
                        rows[at[a]][at[b]] -= 1.0 / ohm
        rows[at[out]][-1] = amperes
        if forced:
            rows[at[out]] = [0.0] * (len(names) + 1)
            rows[at[out]][at[out]], rows[at[out]][-1] = 1.0, CLAMP_V
        return {ground: 0.0, **dict(zip(names, eliminated(rows), strict=True))}

    nodes = answer(forced=False)
    return nodes if nodes[out] <= CLAMP_V else answer(forced=True)


def eliminated(rows):
    """Solve a system of equations, by Gauss."""
    for number in range(len(rows)):
        best = max(range(number, len(rows)), key=lambda row: abs(rows[row][number]))
        rows[number], rows[best] = rows[best], rows[number]
        for row in range(len(rows)):
            if row != number and rows[row][number]:
                share = rows[row][number] / rows[number][number]
                rows[row] = [a - share * b for a, b in zip(rows[row], rows[number], strict=True)]
    return [row[-1] / row[number] for number, row in enumerate(rows)]


class Unit:
    """A unit that is wired like `net`: relays follow at once, the enable relay 50 ms after the last beat."""

    def __init__(self, net, *, hands):
        self.net, self.hands = net, hands
        self.tripped, self.beat_s = False, -1.0

    def measured(self, now_s, drive):
        cut_ma = {"force": 0.0, "catch": 2.0}.get(drive.trip, math.inf)
        if drive.trip == "rearm":
            self.tripped = False
        if drive.beat:
            self.beat_s = now_s
        state = {
            "enable": now_s - self.beat_s < 0.05,
            "series": drive.series,
            "dummy": drive.dummy,
            "hands": self.hands,
            "asked_ma": drive.code / 4095 * 25.0,
        }
        _, ma, _ = shown(self.net, cut=self.tripped, **state)
        self.tripped = self.tripped or ma > cut_ma or drive.trip == "force"
        volts, ma, _ = shown(self.net, cut=self.tripped, **state)
        return measurement(volts, ma, tripped=self.tripped)


def measurement(volts, ma, *, tripped):
    return SILENT._replace(voltage_v=volts, current_ma=ma, guard_ma=ma, tripped=tripped)


def refused(net, *, hands):
    """Walk a unit through trial and proof; give what refused it, or None."""
    unit, now_s = Unit(net, hands=hands), 0.0
    load = Dummy(
        UNIT.dummy.ohm,
        UNIT.dummy.gain,
        (1.0 - LIMITER_RATIO) * LIMITER_MA,
        (1.0 + LIMITER_RATIO) * LIMITER_MA,
    )
    seen = measurement(0.0, 0.0, tripped=False)
    for walk in (
        Trial(load, code_of, trip=True, operate_s=0.02),
        Proof(code_of(PROOF_MA), trip=True),
    ):
        while not walk.done:
            drive = walk.step(now_s, seen, "forward")
            if walk.failed:
                return walk.refusal
            seen = unit.measured(now_s, drive)
            now_s += TICK_S
            assert now_s < 10.0, walk
    return None


by_hands = pytest.mark.parametrize("hands", [False, True], ids=["hands out", "hands in"])


@by_hands
def test_a_unit_that_is_built_as_drawn_passes_its_own_trial_and_proof(hands):
    assert refused(wired(), hands=hands) is None


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
def test_the_polarity_relay_turns_a_person_s_current_round_and_its_sign_with_it(reverse):
    closed = {"enable": True, "series": True, "dummy": False, "cut": False}
    volts, ma, back_ma = shown(wired(), hands=True, asked_ma=10.0, reverse=reverse, **closed)
    assert volts == pytest.approx(0.01 * HANDS_OHM, abs=1.5)
    assert ma == pytest.approx(10.0, abs=0.1)
    assert back_ma == pytest.approx(-ma if reverse else ma, abs=0.01)
    _, out_ma, out_back_ma = shown(wired(), hands=False, asked_ma=10.0, reverse=reverse, **closed)
    assert max(abs(out_ma), abs(out_back_ma)) < 1e-3


OUT, BETWEEN, LINE, ZERO = "Q2.d", "K1a.2", "K2a.2", "0 V"
ELSEWHERE = {
    "divider at the stage": ({"K4b__rest": OUT}, Refusal.RELAY_WELDED),
    "divider between K1 and K2": ({"K4b__rest": BETWEEN}, Refusal.RELAY_WELDED),
    "divider not led to the dummy load": ({"K4b__moved": LINE}, Refusal.DUMMY_WRONG),
    "dummy load behind K2": ({"K4a__1": LINE}, Refusal.OUTPUT_DEAD),
    "dummy load to 0 V": ({"R42__2": ZERO}, Refusal.DUMMY_WRONG),
    "dummy load below the trip's switch": ({"R42__2": "Q4.s"}, Refusal.TRIP_DEAD),
    "R39 not beside R3": ({"K5a__2": ZERO}, Refusal.STAGE_WRONG),
    "K1 bridged": ({"K1a__1": BETWEEN, "K2a__1": OUT}, Refusal.ENABLE_HANGS),
    "K2 bridged": ({"K2a__1": LINE, "K1a__2": LINE}, Refusal.RELAY_WELDED),
    "trip's switch bridged": ({"Q4__d": "Q4.s", "H1a__2": "Q4.s", "H1b__2": "Q4.s"}, Refusal.TRIP_DEAD),
}


@by_hands
@pytest.mark.parametrize("place", ELSEWHERE)
def test_what_is_drawn_in_another_place_is_refused_by_its_name(place, hands):
    moves, refusal = ELSEWHERE[place]
    assert refused(wired(**moves), hands=hands) is refusal


STATES = [
    dict(zip(("enable", "series", "dummy", "cut", "hands"), state, strict=True))
    for state in product((False, True), repeat=5)
]


@pytest.mark.parametrize(
    "state", STATES, ids=lambda state: "-".join(n for n, on in state.items() if on) or "-"
)
def test_the_simulated_unit_has_each_switch_where_it_is_drawn(state):
    """Wherever the switches stand, channel and shunts see in it what they see in the drawing."""
    clock = VirtualClock()
    spec = replace(unit_spec(UNIT, "hands"), code_zero_ma=0.0, code_zero_spread_ma=0.0)
    still = {"moves": False, "fidgets": False, "hands_in_at_s": 0.0 if state["hands"] else 60.0}
    world = World(spec, Scenario.model_validate({"person": still, "load": {"skin": 2000}}), 3, clock)
    world.relay("enable").state = int(state["enable"])
    world.relay("series").state = int(state["series"])
    world.relay("switch").state = int(not state["cut"])
    world.dummy.relay.state = int(state["dummy"])
    code = code_of(SENSING_MA)
    world.bus.write(0x62, bytes((code >> 8, code & 0xFF)))
    clock.advance_to(0.05)
    seen_v = world._control_volts(spec.voltage_channel, 0.045, 0.05) * spec.voltage_ratio
    seen_ma = (
        world._control_volts(spec.control_current_channel, 0.045, 0.05) / spec.control_current_ohm * 1000.0
    )
    volts, ma, _ = shown(wired(), asked_ma=SENSING_MA, **state)
    assert seen_ma == pytest.approx(ma, abs=0.05)
    assert (seen_v > PROOF_ALIVE_V) is (volts > PROOF_ALIVE_V), (seen_v, volts)
    if volts < PROOF_ALIVE_V:  # lamp and electrodes, which the drawing is solved without
        assert 0.0 <= seen_v - volts + 0.05 < 5.0


def test_the_lane_judges_the_circuit_by_the_bounds_of_the_controller():
    """The netlists' room knows nothing of the controller, so that its figures are held to it here."""
    dummy, low_ma = UNIT.dummy, UNIT.dummy.gain * lim.TRIAL_LOW_MA
    limiter_ma, ratio, open_ohm = UNIT.dummy.limiter_ma, lim.TRIAL_LOW_RATIO, lim.TRIAL_OHM_RATIO
    bounds = {
        (case.name, outcome.name): (outcome.low, outcome.high)
        for case in proof_cases.PROOF_CASES
        for outcome in case.outcomes
    }
    volts, ma = proof_cases.VOLTS, "through the shunts"
    closed = "0.07 mA, both closed, nobody there"
    assert (proof_cases.PROOF_MA, proof_cases.LOW_MA) == (PROOF_MA, lim.TRIAL_LOW_MA)
    assert (
        UNIT.stage.full_scale_ma,
        UNIT.control_adc.voltage.ratio,
    ) == (proof_cases.FULL_MA, proof_cases.RATIO)
    assert bounds == {
        ("0.07 mA, K1 and K2 open", volts): (None, lim.PROOF_DEAD_V),
        ("0.07 mA, K1 and K2 open", ma): (None, lim.PROOF_DEAD_MA),
        (closed, volts): (PROOF_ALIVE_V, None),
        (closed, ma): (None, lim.PROOF_DEAD_MA),
        ("0.07 mA through a person", ma): (lim.PROOF_ALIVE_MA, None),
        ("0.07 mA, Q4 open, hands in", volts): (None, None),
        ("0.07 mA, Q4 open, hands in", ma): (None, lim.PROOF_DEAD_MA),
        ("dummy load, code 0", ma): (None, lim.TRIAL_DEAD_MA),
        ("dummy load, 5 mA", ma): pytest.approx((low_ma * (1 - ratio), low_ma * (1 + ratio))),
        ("dummy load, 5 mA", "dummy load as it reads"): pytest.approx(
            (dummy.ohm * (1 - open_ohm), dummy.ohm * (1 + open_ohm))
        ),
        ("dummy load, full code", ma): pytest.approx(
            (limiter_ma * (1 - LIMITER_RATIO), limiter_ma * (1 + LIMITER_RATIO))
        ),
        ("dummy load, full code, Q4 open", ma): (None, lim.TRIAL_DEAD_MA),
    }
