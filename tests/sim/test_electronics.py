"""Current stage, relays and charge pump as parts."""

from __future__ import annotations

from random import Random

import pytest

from sim.electronics import RATED_OPERATIONS, ChargePump, Lamp, NoiseTable, OneShot, Relay, Stage


def stage_ma(stage: Stage, code: int) -> float:
    stage.code = code
    return stage.demand_ma()


@pytest.mark.parametrize("seed", range(20))
def test_a_stage_is_within_its_tolerances(seed: int) -> None:
    stage = Stage(25.0, Random(seed))
    half, full = stage_ma(stage, 2048), stage_ma(stage, 4095)
    assert full == pytest.approx(25.0, abs=25.0 * 0.03 + 0.03)
    assert 0.0 <= stage_ma(stage, 0) <= 0.03
    assert half - full / 2 == pytest.approx(0.0, abs=0.07)


def test_stages_differ_and_rise_with_the_code() -> None:
    assert len({stage_ma(Stage(25.0, Random(seed)), 2000) for seed in range(10)}) == 10
    stage = Stage(25.0, Random(1))
    currents = [stage_ma(stage, code) for code in range(0, 4096, 64)]
    assert currents == sorted(currents)


def test_the_limiter_holds_10_percent_above_full_scale() -> None:
    stage = Stage(25.0, Random(1))
    assert stage_ma(stage, 9000) == pytest.approx(27.5, rel=0.021)


def test_a_forced_current_needs_a_code_unless_latched() -> None:
    stage = Stage(25.0, Random(1))
    stage.forced_ma = 30.0
    assert stage_ma(stage, 1) == 30.0
    assert stage_ma(stage, 0) < 0.1
    stage.forced_latched = True
    assert stage_ma(stage, 0) == 30.0


def movements(relay: Relay) -> list[tuple[float, int]]:
    seen = []
    while relay.due_s < float("inf"):
        at_s = relay.due_s
        relay.move()
        seen.append((at_s, relay.state))
    return seen


def test_a_relay_closes_late_with_bounce_and_opens_once() -> None:
    relay = Relay(Random(1))
    relay.energise(1.0, on=True)
    closing = movements(relay)
    assert [state for _, state in closing] == [1, 0, 1]
    assert 0.005 <= closing[0][0] - 1.0 <= 0.008
    assert 0.0005 <= closing[-1][0] - closing[0][0] <= 0.0015
    relay.energise(2.0, on=False)
    opening = movements(relay)
    assert [state for _, state in opening] == [0]
    assert 0.003 <= opening[0][0] - 2.0 <= 0.005


def test_a_change_over_relay_passes_through_the_air() -> None:
    relay = Relay(Random(1), rest=1, worked=-1)
    relay.energise(1.0, on=True)
    assert [state for _, state in movements(relay)] == [0, -1, 0, -1]
    relay.energise(2.0, on=False)
    assert [state for _, state in movements(relay)] == [0, 1, 0, 1]


def test_a_bridge_switches_at_once() -> None:
    relay = Relay(Random(1), rest=1, worked=-1, solid_state=True)
    relay.energise(1.0, on=True)
    moves = movements(relay)
    assert [state for _, state in moves] == [0, -1]
    assert moves[-1][0] < 1.00002


def test_a_coil_that_changes_its_mind_leaves_the_contact_alone() -> None:
    relay = Relay(Random(1))
    relay.energise(1.0, on=True)
    relay.energise(1.001, on=False)
    assert movements(relay) == []
    assert relay.state == 0


def test_faults_of_a_relay() -> None:
    relay = Relay(Random(1))
    relay.set_welded(on=True, state=1)
    relay.energise(1.0, on=True)
    relay.energise(2.0, on=False)
    movements(relay)
    assert relay.state == 1
    relay.set_welded(on=False)
    assert relay.state == 0
    relay.set_dead(on=True, t_s=3.0)
    relay.energise(4.0, on=True)
    movements(relay)
    assert relay.state == 0
    relay.set_dead(on=False, t_s=5.0)
    movements(relay)
    assert relay.state == 1


def test_slow_and_worn_relays_take_longer() -> None:
    def closing_s(relay: Relay) -> float:
        relay.energise(0.0, on=True)
        return relay.due_s

    slow, worn = Relay(Random(1)), Relay(Random(1))
    slow.slow = True
    worn.operations = RATED_OPERATIONS
    normal_s = closing_s(Relay(Random(1)))
    assert closing_s(slow) == pytest.approx(10 * normal_s)
    assert closing_s(worn) == pytest.approx(2 * normal_s)


def test_operations_are_counted() -> None:
    relay = Relay(Random(1))
    for at_s in range(6):
        relay.energise(float(at_s), on=at_s % 2 == 0)
        movements(relay)
    assert relay.operations == 6


def test_the_pump_needs_edges_and_runs_dry_50_ms_after_the_last() -> None:
    pump = ChargePump()
    assert [pump.edge(0.005 * n) for n in range(4)] == [False, False, False, True]
    pump.edge(0.040)
    assert pump.due_s == pytest.approx(0.065)
    assert pump.run_down() is False
    assert pump.due_s == pytest.approx(0.090)
    assert pump.run_down() is True
    assert not pump.charged


def test_slow_edges_never_charge_the_pump() -> None:
    pump = ChargePump()
    assert not any(pump.edge(0.060 * n) for n in range(20))


def test_noise_has_the_rms_asked_for() -> None:
    table = NoiseTable(Random(1), 0.001)
    samples = [table.next() for _ in range(4000)]
    assert (sum(x * x for x in samples) / len(samples)) ** 0.5 == pytest.approx(0.001, rel=0.1)


def test_a_one_shot_holds_from_each_edge_that_counts() -> None:
    shot = OneShot(0.0515, 0.0025)
    assert shot.edge(1.0) is True
    assert shot.due_s == pytest.approx(1.0515)
    assert shot.edge(1.005) is False
    assert shot.run_down() is False
    assert shot.due_s == pytest.approx(1.0565)
    assert shot.run_down() is True
    assert not shot.charged
    assert shot.edge(1.2) is True


def test_an_oscillation_holds_no_one_shot() -> None:
    """Its first edge counts, none after it, and an edge soon after its end does not either."""
    shot = OneShot(0.0515, 0.0025)
    assert shot.edge(1.0) is True
    for step in range(1, 2000):
        assert not shot.edge(1.0 + 1e-4 * step)
    assert shot.run_down() is True
    assert shot.edge(1.2) is False
    assert shot.edge(1.2026) is True


@pytest.mark.parametrize(
    ("ma", "volts"),
    [(0.1418, 1.656), (0.2912, 1.703), (0.9888, 1.811), (2.982, 1.998), (11.95, 2.657), (24.91, 3.544)],
)
def test_the_lamp_and_its_row_take_what_they_do_in_ngspice(ma: float, volts: float) -> None:
    """OUT less the terminals in the netlist of the reference circuit, all parts in their middle."""
    for seed in range(8):
        assert Lamp(1.75, 65.0, Random(seed)).volts(ma) == pytest.approx(volts, abs=0.05)
    assert Lamp(1.75, 65.0, Random(1)).volts(0.0) == 0.0
