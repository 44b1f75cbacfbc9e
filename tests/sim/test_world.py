"""The unit as a whole: what flows, who sees it, and what the truth says about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.output import OutputParts

LSB_MA = 2.048 / 32768 / 47 * 1000
Bench = Callable[..., Any]
STILL = {"fidgets": False}


def driven(bench: Bench, code: int = 1966, seed: int = 7, **scenario: Any) -> Any:
    """A unit with about 12 mA flowing since a while; time is 15.1 s."""
    unit = bench({"person": STILL, **scenario}, seed)
    unit.connect()
    unit.run_until(5.0)
    unit.ramp_to(code)
    unit.run_until(15.1)
    return unit


def test_nothing_flows_without_heartbeat_series_relay_or_code(bench: Bench) -> None:
    unit = bench()
    unit.beating = False
    unit.series.state = True
    unit.code(1966)
    unit.run_until(1.0)
    assert unit.ma() == 0.0
    unit.beating = True
    unit.run_until(2.0)
    assert unit.ma() == pytest.approx(12.0, rel=0.04)
    unit.series.state = False
    unit.run_until(2.1)
    assert unit.ma() == 0.0
    unit.code(0)
    unit.series.state = True
    unit.run_until(2.2)
    assert unit.ma() <= 0.03


def test_the_output_drops_within_60_ms_of_the_last_edge(bench: Bench) -> None:
    unit = driven(bench)
    unit.beating = False
    unit.run_until(15.14)
    assert unit.ma() > 11
    unit.run_until(15.2)
    assert unit.ma() == 0.0
    assert 0.045 <= unit.world.truth.off_since_s(15.1) - 15.1 <= 0.056


def test_every_channel_sees_what_is_true(bench: Bench) -> None:
    unit = driven(bench)
    true_ma, world = unit.ma(), unit.world
    assert unit.single(4) * LSB_MA == pytest.approx(true_ma, rel=0.003)
    assert unit.single(4, 0x49) * LSB_MA == pytest.approx(true_ma, rel=0.003)
    assert unit.single(5) / 16000 * 33 == pytest.approx(world.load.voltage_at(true_ma), rel=0.01)
    assert unit.single(6) / 16000 * 36 == pytest.approx(world.supply_v, rel=0.01)
    assert (unit.single(7) / 16000 - 1.024) / 30 * 1000 == pytest.approx(true_ma, abs=0.15)


def test_polarity_turns_the_return_path_and_the_charge_over(bench: Bench) -> None:
    unit = driven(bench)
    before = unit.world.truth.charge_ma_min
    assert before["reverse"] == 0.0
    unit.polarity.state = True
    unit.run_until(20.1)
    after = unit.world.truth.charge_ma_min
    assert after["forward"] - before["forward"] < 0.003
    assert after["reverse"] == pytest.approx(unit.ma() * 5 / 60, rel=0.01)
    assert (unit.single(7) / 16000 - 1.024) / 30 * 1000 < -11


def test_switching_under_current_is_recorded_and_switching_off_is_not(bench: Bench) -> None:
    unit = driven(bench)
    unit.code(0)
    unit.series.state = False
    unit.run_until(15.3)
    unit.polarity.state = True
    unit.run_until(15.5)
    assert unit.world.truth.switched_above_ma == 0.0
    unit.connect()
    unit.ramp_to(1966, 2.0)
    unit.polarity.state = False
    unit.run_until(unit.clock.now_s + 0.1)
    assert unit.world.truth.switched_above_ma > 11


def test_the_stage_takes_its_own_time(bench: Bench) -> None:
    unit = driven(bench, code=1000)
    before = unit.ma()
    unit.code(1100)
    changed_s = unit.clock.now_s
    rise = 100 * 25 / 4095
    unit.clock.advance_to(changed_s + 0.0001)
    assert unit.ma() - before == pytest.approx(rise * 0.63, rel=0.08)
    unit.clock.advance_to(changed_s + 0.001)
    assert unit.ma() - before == pytest.approx(rise, rel=0.04)


def test_dry_skin_meets_the_compliance_and_gives_way(bench: Bench) -> None:
    unit = driven(bench, load={"skin": "dry"}, code=2400)
    limited_ma = unit.ma()
    assert unit.world.load.voltage_at(limited_ma) == pytest.approx(60.0, rel=0.03) or limited_ma > 13
    unit = bench({"person": STILL, "load": {"skin": 6000}})
    unit.connect()
    unit.code(1966)
    unit.run_until(2.0)
    assert unit.ma() == pytest.approx(10.0, rel=0.03)
    assert unit.single(5) / 16000 * 33 == pytest.approx(60.0, rel=0.03)


def test_open_terminals_show_the_compliance_as_soon_as_current_is_wanted(bench: Bench) -> None:
    unit = driven(bench, events=[{"at_s": 16, "fault": "hand_out"}])
    unit.run_until(16.1)
    assert unit.ma() == 0.0
    assert unit.single(5) / 16000 * 33 == pytest.approx(60.0, rel=0.03)
    unit.code(0)
    unit.series.state = False
    unit.run_until(16.3)
    assert unit.single(5) / 16000 * 33 == pytest.approx(0.0, abs=0.05)


def shown_v(unit: Any) -> float:
    unit.clock.advance_to(unit.clock.now_s + 0.02)
    return unit.single(5) / 16000 * 33


def test_the_trip_s_switch_opens_the_return_and_leaves_the_voltage_over_the_divider(bench: Bench) -> None:
    spec = {"rearm_pin": 18, "alert_pin": 23, "divider_kohm": 340.0}
    unit = bench({"person": STILL, "load": {"skin": 3000}}, **spec)
    unit.beating = False
    for name in ("enable", "series", "switch"):
        unit.world.relay(name).state = 1
    unit.code(16)  # 0.1 mA
    closed_v, closed_ma = shown_v(unit), unit.ma()
    assert closed_ma > 0.05
    unit.world.relay("switch").state = 0
    unit.code(17)
    open_v = shown_v(unit)
    assert open_v > 5.0 * closed_v
    assert open_v == pytest.approx(340.0 * closed_ma, rel=0.2)
    assert unit.ma() == 0.0
    unit.world.relay("series").state = 0
    unit.code(16)
    assert shown_v(unit) < 3.0


def test_a_stage_that_is_asked_for_current_stands_at_its_highest_while_a_relay_is_open(bench: Bench) -> None:
    """What charge the terminals then get when the relay closes is that of a hand that goes in."""
    parts = OutputParts(capacitance_nf=1.4)
    peaks = {}
    for code in (0, 48):
        spec = {"output": parts, "divider_kohm": 340.0, "code_zero_ma": -0.24}
        unit = bench({"person": STILL, "load": {"skin": 3000}}, **spec)
        unit.beating = False
        unit.world.relay("series").state = 1
        unit.code(code)
        unit.clock.advance_to(0.05)
        unit.world.relay("enable").state = 1
        unit.code(code + 1)
        peaks[code] = unit.world.trace.top_ma()
    assert peaks[48] > 15.0
    assert peaks[0] < 2.0


def test_average_is_the_integral_of_the_current(bench: Bench) -> None:
    unit = driven(bench, code=1000)
    begin_s = unit.clock.now_s
    unit.code(1500)
    unit.clock.advance_to(begin_s + 0.0004)
    unit.code(800)
    unit.clock.advance_to(begin_s + 0.002)
    world = unit.world
    count = 4000
    fine = sum(world.current_ma(begin_s + (n + 0.5) * 0.002 / count) for n in range(count)) / count
    assert world.average_ma(begin_s, begin_s + 0.002) == pytest.approx(fine, rel=1e-4)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.floats(0.0003, 0.02), st.integers(0, 4095)), min_size=1, max_size=12))
def test_charge_is_the_integral_of_the_current(bench: Bench, moves: list[tuple[float, int]]) -> None:
    unit = bench({"person": STILL})
    unit.connect()
    world, total = unit.world, 0.0
    before = world.truth.charge_ma_min["forward"]
    for pause_s, code in moves:
        begin_s = unit.clock.now_s
        unit.code(code)
        unit.heartbeat.state = not unit.heartbeat.state
        unit.clock.advance_to(unit.clock.now_s + pause_s)
        span_s, count = unit.clock.now_s - begin_s, 2000
        samples = (world.current_ma(begin_s + (n + 0.5) * span_s / count) for n in range(count))
        total += sum(samples) * span_s / count
    charge = (world.truth.charge_ma_min["forward"] - before) * 60
    assert charge == pytest.approx(total, rel=2e-3, abs=1e-6)


def test_peak_and_worst_step(bench: Bench) -> None:
    unit = driven(bench)
    truth = unit.world.truth
    assert truth.peak_ma == pytest.approx(unit.ma(), rel=1e-3)
    assert 0.0 < truth.worst_step_ma < 0.2
    unit.code(2300)
    unit.run_until(15.2)
    assert truth.worst_step_ma == pytest.approx(2.0, rel=0.1)


def test_steps_while_tripped_or_without_contact_do_not_count(bench: Bench) -> None:
    unit = driven(bench, events=[{"at_s": 15.5, "fault": "hand_out"}, {"at_s": 15.6, "fault": "hand_in"}])
    truth = unit.world.truth
    worst = truth.worst_step_ma
    truth.mark_tick(False)
    unit.code(1500)
    unit.clock.sleep_until(15.105)
    truth.mark_tick(False)
    truth.mark_tick(True)
    unit.run_until(16.0)
    assert truth.worst_step_ma == worst


def test_onset_of_a_hand_out_under_current_is_its_moment(bench: Bench) -> None:
    unit = driven(bench, events=[{"at_s": 16.001, "fault": "hand_out"}])
    assert unit.world.truth.onset(15.0) is None
    unit.run_until(16.1)
    assert unit.world.truth.onset(unit.clock.now_s) == ("hand_out", 16.001)
    assert unit.world.truth.off_since_s(15.0) == 16.001


def test_onset_of_a_hand_out_at_zero_waits_for_the_next_drive(bench: Bench) -> None:
    unit = bench({"person": STILL, "events": [{"at_s": 1, "fault": "hand_out"}]})
    unit.connect()
    unit.run_until(2.0)
    assert unit.world.truth.onset(2.0) == ("hand_out", 2.0)
    unit.code(100)
    driven_s = unit.clock.now_s
    unit.run_until(3.0)
    name, onset_s = unit.world.truth.onset(3.0)
    assert (name, onset_s) == ("hand_out", pytest.approx(driven_s, abs=1e-4))


def test_a_hand_that_came_back_unnoticed_is_no_onset(bench: Bench) -> None:
    events = [{"at_s": 1, "fault": "hand_out"}, {"at_s": 2, "fault": "hand_in"}]
    unit = bench({"person": STILL, "events": events})
    unit.connect()
    unit.run_until(3.0)
    unit.code(100)
    unit.run_until(4.0)
    assert unit.world.truth.onset(4.0) is None
    assert unit.ma() > 0.5


def test_dac_zero_since(bench: Bench) -> None:
    unit = driven(bench)
    assert unit.world.truth.dac_zero_since_s(0.0) is None
    unit.code(0)
    zero_s = unit.clock.now_s
    unit.run_until(16.0)
    assert unit.world.truth.dac_zero_since_s(15.0) == pytest.approx(zero_s, abs=1e-4)
    assert unit.world.truth.dac_zero_since_s(15.5) == 15.5


def test_a_slide_shrinks_the_area_then_opens(bench: Bench) -> None:
    unit = driven(bench, events=[{"at_s": 16, "fault": "hand_slides_out", "over_s": 0.5}])
    whole_v = unit.world.load.voltage_at(12.0)
    unit.run_until(16.45)
    assert unit.world.load.voltage_at(12.0) > whole_v + 4.0
    assert unit.ma() > 11
    unit.run_until(16.6)
    assert unit.ma() == 0.0
    assert unit.world.truth.onset(17.0) == ("hand_slides_out", pytest.approx(16.5))


@pytest.mark.parametrize("skin", ["typical", "dry", "wet"])
def test_no_load_pulls_the_output_above_the_compliance(bench: Bench, skin: str) -> None:
    events = [{"at_s": 16, "fault": "hand_slides_out", "over_s": 0.5}, {"at_s": 17, "fault": "hand_in"}]
    unit = driven(bench, load={"skin": skin}, events=events)
    limit_v = unit.world.supply_v - 4.0
    highest_v = 0.0
    while unit.clock.now_s < 17.2:
        unit.run_until(unit.clock.now_s + 0.003)
        end_s = unit.clock.now_s
        highest_v = max(highest_v, unit.world.trace.average_v(end_s - 0.0002, end_s))
    assert highest_v == pytest.approx(limit_v, rel=1e-4)


def test_the_voltage_of_the_open_terminals_is_gone_when_contact_is_made_again(bench: Bench) -> None:
    events = [{"at_s": 16, "fault": "hand_out"}, {"at_s": 17, "fault": "hand_in"}]
    unit = driven(bench, events=events)
    unit.run_until(16.999)
    unit.clock.advance_to(17.001)
    assert unit.world.trace.average_v(17.0, 17.0005) < 20.0


def test_a_slide_has_its_onset_where_the_drive_is_lost_and_another_where_contact_breaks(bench: Bench) -> None:
    unit = driven(bench, events=[{"at_s": 16, "fault": "hand_slides_out", "over_s": 0.5}])
    unit.run_until(17.0)
    truth = unit.world.truth
    assert truth.onset(16.3) is None
    name, lost_s = truth.onset(16.4999)
    assert name == "hand_slides_out"
    assert 16.4 < lost_s < 16.5
    assert unit.world.current_ma(lost_s + 0.002) < 11.5
    assert truth.onset(17.0) == ("hand_slides_out", pytest.approx(16.5))


def test_fidgeting_moves_the_voltage_and_never_breaks_contact(bench: Bench) -> None:
    unit = bench()
    unit.connect()
    unit.code(1966)
    unit.run_until(1.0)
    smallest, volts = 1.0, set()
    for second in range(2, 200):
        unit.run_until(float(second))
        smallest = min(smallest, *unit.world.load.wetted)
        volts.add(round(unit.world.load.voltage_at(12.0), 2))
        assert unit.ma() > 11
    assert 0.8 < smallest < 1.0
    assert len(volts) > 5


def test_a_person_puts_the_hands_in_and_presses_start(bench: Bench) -> None:
    unit = bench({"person": {"hands_in_at_s": 2, "start_at_s": 1, "start_for_s": 0.2, "fidgets": False}})
    start = unit.world.pin_factory.pin(5)
    start.pull = "up"
    unit.run_until(0.9)
    assert start.state is True
    unit.run_until(1.1)
    assert start.state is False
    unit.run_until(1.3)
    assert start.state is True
    assert not unit.world.load.in_contact
    unit.run_until(2.1)
    assert unit.world.load.in_contact


def test_the_past_is_cut_but_a_pending_conversion_survives(bench: Bench) -> None:
    unit = driven(bench)
    unit.world.bus.write(0x48, b"\x01\xc5\xe3")
    flowing_ma = unit.ma()
    unit.run_until(15.2)
    for _ in range(2000):
        unit.code(0)
        unit.code(1)
    code = int.from_bytes(unit.world.bus.write_read(0x48, b"\x00", 2), "big", signed=True)
    assert code * LSB_MA == pytest.approx(flowing_ma, rel=0.003)


def transcript(bench: Bench, seed: int) -> list[object]:
    unit = bench({"events": [{"at_s": 3, "fault": "leakage", "ma": 1}]}, seed)
    unit.connect()
    seen: list[object] = []
    for step in range(200):
        unit.code(step * 8)
        unit.run_until(unit.clock.now_s + 0.05)
        seen.append((unit.single(4), unit.single(7), unit.ma(), unit.clock.now_s))
    truth = unit.world.truth
    return [*seen, truth.peak_ma, truth.charge_ma_min, truth.worst_step_ma]


def test_same_seed_same_bits_other_seed_other_unit(bench: Bench) -> None:
    assert transcript(bench, 7) == transcript(bench, 7)
    assert transcript(bench, 7) != transcript(bench, 8)


def test_a_unit_without_guard_converter(bench: Bench) -> None:
    unit = bench({"events": [{"at_s": 1, "fault": "adc_frozen"}]}, guard_address=None, alert_pin=24)
    unit.run_until(2.0)
    with pytest.raises(OSError, match="0x49"):
        unit.world.bus.write(0x49, b"")
    pin = unit.world.pin_factory.pin(24)
    pin.pull = "up"
    assert pin.state is True


def test_off_since_is_when_the_decay_passes_the_threshold(bench: Bench) -> None:
    unit = next(unit for unit in (driven(bench, seed=seed) for seed in range(9)) if no_offset(unit))
    zero_s = unit.clock.now_s
    unit.code(0)
    unit.run_until(15.2)
    off_s = unit.world.truth.off_since_s(15.0)
    assert zero_s < off_s < zero_s + 0.002
    assert unit.world.current_ma(off_s - 2e-6) > 0.01 > unit.world.current_ma(off_s + 2e-6)


def no_offset(unit: Any) -> bool:
    """Whether the stage of this unit drives nothing at code 0."""
    code, unit.world.stage.code = unit.world.stage.code, 0
    demand_ma = unit.world.stage.demand_ma()
    unit.world.stage.code = code
    return bool(demand_ma == 0.0)
