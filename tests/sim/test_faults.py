"""Every fault can be seen where it should be seen, and goes away where it should."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sim.effects import EFFECTS
from sim.faults import FAULTS, check_params

Bench = Callable[..., Any]
LSB_MA = 2.048 / 32768 / 47 * 1000


def flowing(bench: Bench, fault: str, code: int = 1966, **params: Any) -> Any:
    """A unit with about 12 mA, and `fault` coming at 16 s; time is 15.9 s."""
    event = {"at_s": 16, "fault": fault, **params}
    unit = bench({"person": {"fidgets": False}, "events": [event]})
    unit.connect()
    unit.run_until(5.0)
    unit.ramp_to(code)
    unit.run_until(15.9)
    return unit


def onset(unit: Any) -> Any:
    return unit.world.truth.onset(unit.clock.now_s)


def test_current_spike_passes_the_limiter_and_ends(bench: Bench) -> None:
    unit = flowing(bench, "current_spike", to_ma=32, for_s=0.5)
    unit.run_until(16.1)
    assert unit.ma() == pytest.approx(32.0)
    assert onset(unit) == ("current_spike", 16.0)
    unit.run_until(16.6)
    assert unit.ma() == pytest.approx(12.0, rel=0.04)


def test_current_spike_collapses_at_code_zero_unless_latched(bench: Bench) -> None:
    for latched, left_ma in ((False, 0.0), (True, 32.0)):
        unit = flowing(bench, "current_spike", to_ma=32, latched=latched)
        unit.run_until(16.05)
        unit.code(0)
        unit.run_until(16.06)
        assert unit.ma() == pytest.approx(left_ma, abs=0.04)
        unit.series.state = False
        unit.run_until(16.1)
        assert unit.ma() == 0.0


def test_short_circuit_takes_the_voltage_away(bench: Bench) -> None:
    unit = flowing(bench, "short_circuit", ohm=50, for_s=1)
    unit.run_until(16.1)
    assert unit.single(5) / 16000 * 33 == pytest.approx(0.6, rel=0.1)
    assert unit.ma() == pytest.approx(12.0, rel=0.04)
    unit.run_until(17.1)
    assert unit.single(5) / 16000 * 33 > 10


@pytest.mark.parametrize(
    ("which", "addresses"), [("control", {0x48}), ("guard", {0x49}), ("both", {0x48, 0x49})]
)
def test_adc_silent(bench: Bench, which: str, addresses: set[int]) -> None:
    unit = flowing(bench, "adc_silent", which=which, for_s=1)
    unit.run_until(16.1)
    silent = set()
    for address in (0x48, 0x49, 0x62):
        try:
            unit.world.bus.read(address, 2)
        except OSError:
            silent.add(address)
    assert silent == addresses
    unit.run_until(17.1)
    for address in addresses:
        unit.world.bus.read(address, 2)


def test_adc_frozen_by_default_freezes_both(bench: Bench) -> None:
    unit = flowing(bench, "adc_frozen")
    before = [unit.single(4), unit.single(4, 0x49)]
    unit.run_until(16.1)
    unit.code(500)
    unit.run_until(16.2)
    assert [unit.single(4), unit.single(4, 0x49)] == before
    assert unit.single(6) == before[0]


def test_adc_saturated(bench: Bench) -> None:
    unit = flowing(bench, "adc_saturated", which="guard")
    unit.run_until(16.1)
    assert unit.single(4, 0x49) == 32767
    assert unit.single(4) < 32767


def test_adc_reset_forgets_the_configuration(bench: Bench) -> None:
    unit = flowing(bench, "adc_reset", which="guard")
    unit.world.bus.write(0x49, b"\x01\x44\xe3")
    unit.run_until(16.1)
    assert unit.world.bus.write_read(0x49, b"\x01", 2) == b"\x85\x83"
    assert unit.world.bus.write_read(0x49, b"\x00", 2) == b"\x00\x00"


def test_corrupt_sample_is_wrong_once(bench: Bench) -> None:
    unit = flowing(bench, "corrupt_sample", which="guard")
    unit.run_until(16.1)
    wrong, right = unit.single(4, 0x49) * LSB_MA, unit.single(4, 0x49) * LSB_MA
    assert abs(wrong - 12) > 5
    assert right == pytest.approx(12.0, rel=0.04)


def test_dac_silent_holds_its_output(bench: Bench) -> None:
    unit = flowing(bench, "dac_silent", for_s=1)
    unit.run_until(16.1)
    with pytest.raises(OSError, match="0x62"):
        unit.code(0)
    assert unit.ma() == pytest.approx(12.0, rel=0.04)
    unit.run_until(17.1)
    unit.code(0)
    unit.run_until(17.2)
    assert unit.ma() < 0.04


def test_dac_stuck_acknowledges_and_holds_its_output(bench: Bench) -> None:
    unit = flowing(bench, "dac_stuck")
    unit.run_until(16.1)
    unit.code(0)
    unit.run_until(16.2)
    assert unit.ma() == pytest.approx(12.0, rel=0.04)
    assert unit.world.bus.read(0x62, 3) == b"\xc0\x00\x00"


def test_dac_reset_loads_what_the_eeprom_holds(bench: Bench) -> None:
    unit = flowing(bench, "dac_reset", to_code=2048)
    unit.run_until(16.1)
    assert unit.ma() == pytest.approx(12.5, rel=0.04)
    assert unit.world.bus.read(0x62, 5) == b"\xc0\x80\x00\x08\x00"


def test_bus_hung_times_out_until_it_ends(bench: Bench) -> None:
    unit = flowing(bench, "bus_hung", for_s=0.5)
    unit.run_until(16.1)
    with pytest.raises(TimeoutError):
        unit.code(0)
    unit.run_until(16.6)
    unit.code(0)


def test_a_bus_that_hangs_in_the_middle_of_a_transfer_fails_that_transfer(bench: Bench) -> None:
    unit = flowing(bench, "bus_hung")
    unit.clock.advance_to(15.99995)
    with pytest.raises(TimeoutError):
        unit.world.bus.write_read(0x49, b"\x00", 2)
    assert unit.clock.now_s == pytest.approx(16.010, abs=2e-4)


def test_a_chip_that_falls_silent_in_the_middle_of_a_transfer_is_an_error(bench: Bench) -> None:
    unit = flowing(bench, "adc_silent", which="guard")
    unit.clock.advance_to(16.0 - 0.00002)
    with pytest.raises(OSError, match="0x49"):
        unit.world.bus.write_read(0x49, b"\x00", 2)


def test_leakage_is_missing_from_the_return_path_only(bench: Bench) -> None:
    unit = flowing(bench, "leakage", ma=3)
    unit.run_until(16.1)
    back_ma = (unit.single(7) / 16000 - 1.024) / 30 * 1000
    assert unit.single(4) * LSB_MA - back_ma == pytest.approx(3.0, abs=0.15)


def test_supply_sag_shows_on_the_rail_and_limits_the_current(bench: Bench) -> None:
    unit = flowing(bench, "supply_sag", to_v=10, for_s=1)
    unit.run_until(16.1)
    assert unit.single(6) / 16000 * 36 == pytest.approx(10.0, rel=0.01)
    assert unit.ma() < 6
    unit.run_until(17.1)
    assert unit.single(6) / 16000 * 36 > 60


@pytest.mark.parametrize("which", ["series", "enable"])
def test_relay_welded_keeps_its_contact_closed(bench: Bench, which: str) -> None:
    unit = flowing(bench, "relay_welded", which=which)
    unit.run_until(16.1)
    if which == "series":
        unit.series.state = False
    else:
        unit.beating = False
    unit.run_until(16.3)
    assert unit.ma() > 11
    unit.beating = unit.series.state = False
    unit.run_until(16.6)
    assert unit.ma() == 0.0


@pytest.mark.parametrize("which", ["series", "enable"])
def test_relay_open_interrupts_the_current(bench: Bench, which: str) -> None:
    unit = flowing(bench, "relay_open", which=which, for_s=1)
    unit.run_until(16.1)
    assert unit.ma() == 0.0
    unit.run_until(17.2)
    assert unit.ma() > 11


def test_polarity_stuck_stays_where_it_is(bench: Bench) -> None:
    unit = flowing(bench, "polarity_stuck")
    unit.run_until(16.1)
    unit.polarity.state = True
    unit.run_until(16.5)
    assert unit.single(7) / 16000 > 1.2
    assert unit.world.truth.charge_ma_min["reverse"] == 0.0


def test_load_drying_raises_the_voltage_over_its_time(bench: Bench) -> None:
    unit = flowing(bench, "load_drying", to_ohm=2000, over_s=2)
    before = unit.world.load.voltage_at(12.0)
    unit.run_until(17.0)
    assert unit.world.load.voltage_at(12.0) - before == pytest.approx(12.0, rel=0.05)
    unit.run_until(19.0)
    assert unit.world.load.voltage_at(12.0) - before == pytest.approx(24.0, rel=0.05)


def test_start_stuck_reads_as_pressed_for_good(bench: Bench) -> None:
    unit = flowing(bench, "start_stuck")
    pin = unit.world.pin_factory.pin(5)
    pin.pull = "up"
    assert pin.state is True
    unit.run_until(30.0)
    assert pin.state is False


def test_a_person_presses_a_button(bench: Bench) -> None:
    unit = flowing(bench, "press", button="down", for_s=1)
    pin = unit.world.pin_factory.pin(19)
    pin.pull = "up"
    unit.run_until(16.5)
    assert pin.state is False
    unit.run_until(17.5)
    assert pin.state is True
    assert onset(unit) is None


def test_stall_makes_the_next_sleep_longer_once(bench: Bench) -> None:
    unit = flowing(bench, "stall", for_s=0.2)
    unit.clock.sleep_until(16.0)
    unit.clock.sleep_until(16.005)
    assert unit.clock.now_s == pytest.approx(16.205)
    assert unit.ma() == 0.0
    unit.clock.sleep_until(16.3)
    assert unit.clock.now_s == 16.3


def test_hand_in_brings_the_current_back(bench: Bench) -> None:
    unit = bench({"events": [{"at_s": 2, "fault": "hand_out"}, {"at_s": 3, "fault": "hand_in"}]})
    unit.connect()
    unit.code(1000)
    unit.run_until(2.5)
    assert unit.ma() == 0.0
    unit.run_until(3.1)
    assert unit.ma() > 5


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_can_be_injected_with_its_defaults_and_removed(bench: Bench, name: str) -> None:
    needed = {
        param.name: param.choices[0] if param.choices else 0.5
        for param in FAULTS[name].params
        if param.default is None
    }
    lasting = {"for_s": 0.5} if any(param.name == "for_s" for param in FAULTS[name].params) else {}
    unit = flowing(bench, name, **needed, **lasting)
    unit.run_until(18.0)
    seen = onset(unit)
    expected = None if FAULTS[name].onset in {"never", "move"} else name
    assert (seen[0] if seen else None) == expected


def test_every_row_has_its_effect_and_every_effect_its_row() -> None:
    assert list(EFFECTS) == list(FAULTS)


def test_the_contract_names_at_least_these_faults() -> None:
    promised = (
        "hand_out hand_in hand_slides_out current_spike short_circuit adc_silent adc_frozen dac_silent "
        "dac_stuck bus_hung adc_saturated adc_reset dac_reset leakage supply_sag relay_welded relay_open "
        "polarity_stuck corrupt_sample load_drying start_stuck press stall"
    )
    assert set(promised.split()) <= set(FAULTS)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("hand_of", {}, "hand_out, hand_in"),
        ("hand_slides_out", {}, "over_s: fault hand_slides_out needs it: a number from 0.02 to 60 s"),
        ("hand_slides_out", {"over_s": True}, "not a number from 0.02 to 60 s"),
        ("hand_slides_out", {"over_s": float("nan")}, "not a number"),
        ("hand_slides_out", {"over_s": 1e9}, "not a number from 0.02 to 60 s"),
        ("adc_silent", {"which": "left"}, "one of control, guard, both"),
        ("current_spike", {"latched": 1}, "true or false"),
        ("current_spike", {"to_v": 1}, "to_ma, for_s, latched"),
        ("hand_out", {"for_s": 1}, "no such parameter; allowed are: none"),
    ],
)
def test_wrong_parameters_are_refused_in_a_sentence(name: str, given: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_params(name, given)


def test_defaults_are_filled_in() -> None:
    assert check_params("current_spike", {"to_ma": 28}) == {"to_ma": 28.0, "for_s": 1.0, "latched": False}
    assert check_params("adc_frozen", {})["which"] == "both"
