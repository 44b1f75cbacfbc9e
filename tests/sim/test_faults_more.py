"""The faults of the second round, and the truth about faults that come while nothing is driven."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Bench = Callable[..., Any]


def flowing(bench: Bench, fault: str, **params: Any) -> Any:
    """A unit with about 12 mA, and `fault` coming at 16 s; time is 15.9 s."""
    unit = bench({"person": {"fidgets": False}, "events": [{"at_s": 16, "fault": fault, **params}]})
    unit.connect()
    unit.run_until(5.0)
    unit.ramp_to(1966)
    unit.run_until(15.9)
    return unit


def onset(unit: Any) -> Any:
    return unit.world.truth.onset(unit.clock.now_s)


@pytest.mark.parametrize("early_s", [0.00002, 0.00005, 0.00008])
def test_a_reset_in_the_middle_of_a_transfer_does_not_turn_time_back(bench: Bench, early_s: float) -> None:
    unit = flowing(bench, "dac_reset")
    before_ma = unit.world.truth.peak_ma
    unit.clock.advance_to(16.0 - early_s)
    unit.world.bus.write_read(0x49, b"\x00", 2)
    unit.run_until(16.1)
    assert unit.world.truth.peak_ma == pytest.approx(before_ma, rel=1e-3)
    assert unit.world.truth.dac_zero_since_s(0.0) == 16.0
    assert unit.ma() < 0.04


def test_over_current_adds_to_what_is_asked_for_and_stays_within_the_limiter(bench: Bench) -> None:
    unit = flowing(bench, "over_current", by_ma=5, for_s=1)
    unit.run_until(16.1)
    assert unit.ma() == pytest.approx(17.0, rel=0.04)
    unit.code(4095)
    unit.run_until(16.2)
    assert 25.5 < unit.ma() < 28.2
    unit.code(0)
    unit.run_until(16.3)
    assert unit.ma() < 0.04
    unit.code(1966)
    unit.run_until(17.2)
    assert unit.ma() == pytest.approx(12.0, rel=0.04)


def test_stage_drift_takes_its_time(bench: Bench) -> None:
    unit = flowing(bench, "stage_drift", percent=20, over_s=4)
    before = unit.ma()
    unit.run_until(18.0)
    assert unit.ma() == pytest.approx(1.1 * before, rel=0.01)
    unit.run_until(25.0)
    assert unit.ma() == pytest.approx(1.2 * before, rel=0.01)


def test_flutter_opens_and_closes_five_times_a_second(bench: Bench) -> None:
    unit = flowing(bench, "hand_flutters", hz=5, for_s=1)
    changes, was = 0, True
    while unit.clock.now_s < 18.0:
        unit.run_until(unit.clock.now_s + 0.01)
        changes += (unit.ma() > 1.0) != was
        was = unit.ma() > 1.0
    assert changes == 10
    assert was


def test_one_tray_only_opens_the_circuit_under_its_own_name(bench: Bench) -> None:
    unit = flowing(bench, "one_tray_only")
    unit.run_until(16.1)
    assert unit.ma() == 0.0
    assert onset(unit) == ("one_tray_only", 16.0)


def test_a_stale_converter_is_never_ready_and_wakes_up_again(bench: Bench) -> None:
    unit = flowing(bench, "adc_stale", which="control", for_s=1)
    unit.run_until(16.1)
    bus = unit.world.bus
    bus.write(0x48, b"\x01\xc5\xe3")
    unit.run_until(16.2)
    assert not bus.write_read(0x48, b"\x01", 2)[0] & 0x80
    unit.run_until(17.1)
    assert bus.write_read(0x48, b"\x01", 2)[0] & 0x80
    assert unit.single(4) * 2.048 / 32768 / 47 * 1000 == pytest.approx(12.0, rel=0.04)


def test_a_drifting_converter_reads_more_and_the_other_does_not(bench: Bench) -> None:
    unit = flowing(bench, "adc_drift", which="control", percent=10, over_s=2, for_s=3)
    before = unit.single(4), unit.single(4, 0x49)
    unit.run_until(17.0)
    assert unit.single(4) == pytest.approx(1.05 * before[0], rel=0.005)
    unit.run_until(18.5)
    assert unit.single(4) == pytest.approx(1.10 * before[0], rel=0.005)
    assert unit.single(4, 0x49) == pytest.approx(before[1], rel=0.005)
    unit.run_until(19.1)
    assert unit.single(4) == pytest.approx(before[0], rel=0.005)


def test_converters_that_disagree_do_so_by_the_given_voltage(bench: Bench) -> None:
    unit = flowing(bench, "adc_disagree", which="guard", by_mv=-100)
    before = unit.single(4, 0x49)
    unit.run_until(16.1)
    assert (unit.single(4, 0x49) - before) / 16000 == pytest.approx(-0.1, abs=0.002)


def test_a_busy_converter_ignores_writes_for_so_long(bench: Bench) -> None:
    unit = flowing(bench, "dac_busy", for_s=0.05)
    unit.run_until(16.02)
    unit.code(0)
    unit.run_until(16.04)
    assert unit.ma() > 11
    assert not unit.world.bus.read(0x62, 1)[0] & 0x80
    unit.run_until(16.06)
    unit.code(0)
    unit.run_until(16.07)
    assert unit.ma() < 0.04


def test_a_brown_out_resets_the_converters_and_the_rail_comes_back(bench: Bench) -> None:
    unit = flowing(bench, "brown_out", to_v=20, for_s=0.5)
    unit.world.bus.write(0x49, b"\x01\x44\xe3")
    unit.run_until(16.1)
    assert unit.world.bus.write_read(0x49, b"\x01", 2) == b"\x85\x83"
    assert unit.world.bus.read(0x62, 3) == b"\xc0\x00\x00"
    assert unit.single(6) / 16000 * 36 == pytest.approx(20.0, rel=0.01)
    unit.run_until(16.6)
    assert unit.single(6) / 16000 * 36 > 60


@pytest.mark.parametrize(("fault", "still_ma"), [("relay_slow", 12.0), ("relay_bouncing", 0.0)])
def test_a_slow_relay_opens_late_and_a_bouncing_one_does_not(
    bench: Bench, fault: str, still_ma: float
) -> None:
    unit = flowing(bench, fault, which="series")
    unit.run_until(16.1)
    unit.series.state = False
    unit.run_until(16.12)
    assert unit.ma() == pytest.approx(still_ma, rel=0.04)
    unit.run_until(16.2)
    assert unit.ma() == 0.0


def test_a_bouncing_relay_interrupts_while_it_closes(bench: Bench) -> None:
    unit = flowing(bench, "relay_bouncing", which="series", bounce_s=0.05)
    unit.run_until(16.1)
    unit.series.state = False
    unit.run_until(16.2)
    unit.series.state = True
    seen = set()
    while unit.clock.now_s < 16.25:
        unit.clock.advance_to(unit.clock.now_s + 0.0005)
        seen.add(unit.ma() > 1.0)
    assert seen == {True, False}
    unit.run_until(16.4)
    assert unit.ma() > 11
    assert onset(unit)[0] == "relay_bouncing"


def test_polarity_contacts_that_move_by_themselves_turn_the_current(bench: Bench) -> None:
    unit = flowing(bench, "polarity_moves", for_s=1)
    unit.run_until(16.1)
    back_ma = (unit.single(7) / 16000 - 1.024) / 30 * 1000
    assert back_ma == pytest.approx(-12.0, rel=0.05)
    assert unit.world.truth.switched_above_ma > 11
    unit.run_until(17.1)
    assert unit.single(7) / 16000 > 1.2


@pytest.mark.parametrize(
    ("fault", "from_s"),
    [({"fault": "over_current"}, 3.0), ({"fault": "current_spike", "latched": True, "for_s": 9}, 3.0)],
)
def test_what_needs_current_begins_to_matter_with_the_current(
    bench: Bench, fault: dict[str, Any], from_s: float
) -> None:
    unit = bench({"events": [{"at_s": 1, **fault}]})
    unit.run_until(2.0)
    assert onset(unit) is None
    unit.run_until(from_s)
    unit.connect()
    unit.code(500)
    unit.run_until(4.0)
    assert onset(unit)[0] == fault["fault"]
    assert from_s <= onset(unit)[1] <= from_s + 0.2


@pytest.mark.parametrize(("at_s", "first_s"), [(15.999, 15.999), (16.001, 17.0)])
def test_what_begins_while_the_output_opens_already_matters_when_it_closes_again(
    bench: Bench, at_s: float, first_s: float
) -> None:
    unit = bench({"events": [{"at_s": at_s, "fault": "current_spike", "latched": True, "for_s": 9}]})
    unit.connect()
    unit.code(500)
    unit.run_until(16.0)
    unit.series.state = False
    unit.run_until(17.0)
    assert (onset(unit) is None) == (first_s > 16.0)
    unit.series.state = True
    unit.run_until(17.1)
    assert first_s <= onset(unit)[1] <= first_s + 0.02


def test_an_open_relay_matters_when_the_stage_is_asked_for_current(bench: Bench) -> None:
    unit = bench({"events": [{"at_s": 1, "fault": "relay_open", "which": "series"}]})
    unit.connect()
    unit.run_until(2.0)
    assert onset(unit) is None
    unit.code(500)
    assert onset(unit)[0] == "relay_open"
    assert onset(unit)[1] == pytest.approx(2.0, abs=0.001)


def test_a_loss_of_contact_that_was_found_and_undone_is_still_explained(bench: Bench) -> None:
    unit = bench({"events": [{"at_s": 2, "fault": "hand_out"}, {"at_s": 3, "fault": "hand_in"}]})
    unit.run_until(4.0)
    assert unit.world.truth.onset(2.5) == ("hand_out", 2.5)
    assert unit.world.truth.onset(3.5) is None


def test_a_fault_in_the_middle_of_the_tick_that_finds_it_counts_from_its_beginning(bench: Bench) -> None:
    unit = flowing(bench, "bus_hung")
    unit.run_until(16.1)
    assert unit.world.truth.onset(15.99) == ("bus_hung", 15.99)
    assert unit.world.truth.onset(15.9) is None
    assert unit.world.truth.onset(16.05) == ("bus_hung", 16.0)
