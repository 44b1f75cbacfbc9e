"""The circuit's room: figures and where they come from, waves and what is read of them; no ngspice."""

from itertools import pairwise

import pytest
from pydantic import ValidationError

from config.circuit import Circuit, Figure, load_circuit
from config.unit import Unit
from sim.circuit.measure import above_s, excess, peak
from sim.circuit.output import Situation, nominal_volts, output_path
from sim.circuit.trip import pwl
from sim.circuit.values import Values, drawn, nominal

CIRCUIT = load_circuit()
SPREADS = CIRCUIT.spreads()


def test_every_figure_names_its_source_and_has_a_spread():
    for name, (low, middle, high) in SPREADS.items():
        assert low <= middle <= high, name
    with pytest.raises(ValidationError, match="from"):
        Figure.model_validate({"nominal": 1.0, "percent": 5.0})
    for wrong in (
        {"nominal": 1.0, "from": "a data sheet"},
        {"nominal": 1.0, "percent": 5.0, "low": 0.0, "high": 2.0, "from": "a data sheet"},
        {"nominal": 3.0, "low": 0.0, "high": 2.0, "from": "a data sheet"},
    ):
        with pytest.raises(ValidationError):
            Figure.model_validate(wrong)


def test_a_part_is_named_once_and_of_a_kind_there_is():
    part = {"ref": "R1", "block": "stage", "buy": "a part", "rating": "", "role": "something"}
    with pytest.raises(ValidationError, match="used twice: R1"):
        Circuit.model_validate({"conditions": {}, "kinds": {}, "parts": (part, part)})
    with pytest.raises(ValidationError, match="R1 is of kind gold, allowed are"):
        Circuit.model_validate({"conditions": {}, "kinds": {"tin": {}}, "parts": ({**part, "kind": "gold"},)})


def test_the_unit_file_s_scalings_are_those_of_the_parts():
    unit, middle = Unit(), nominal(SPREADS)
    assert unit.control_adc.current.ohm == pytest.approx(middle["R47.ohm"] * middle["R48.gain"])
    assert unit.guard_adc.current.ohm == pytest.approx(middle["R46.ohm"] * middle["R48.gain"])
    assert unit.control_adc.return_path.ohm == pytest.approx(middle["R49.ohm"] * middle["U8.gain"])
    assert unit.control_adc.return_path.bias_v == pytest.approx(middle["U9.v"])
    assert unit.control_adc.voltage.ratio == pytest.approx(middle["R40.ohm"] / 10310.0, rel=0.001)
    rail_v = middle["U20.ref_v"] * (1.0 + middle["R20.ohm"] / middle["R21.ohm"])
    assert unit.stage.supply_v == pytest.approx(rail_v, abs=0.2)
    assert (unit.stage.supply_min_v, unit.stage.supply_max_v) == (SPREADS["rail_v"][0], SPREADS["rail_v"][2])
    code = (nominal_volts(unit.stage.full_scale_ma) - nominal_volts(0.0)) / middle["U23.v"]
    assert code == pytest.approx(1.0, abs=0.02)


def test_a_part_fits_no_mains_socket_and_keeps_both_sides_apart():
    assert "DIN 42802" in CIRCUIT.part("X1").buy
    for ref in ("U40", "U41", "K1", "K2"):
        assert "8 mm" in CIRCUIT.part(ref).rating


WAVES = {"t": (0.0, 1.0, 2.0, 3.0), "ma": (0.0, 4.0, -4.0, 0.0)}


def test_waves_are_read_by_magnitude_between_their_samples():
    assert peak(WAVES, "ma") == 4.0
    assert peak(WAVES, "ma", 2.5) == 0.0
    assert above_s(WAVES, "ma", 2.0, 0.0) == pytest.approx(2.0)
    assert above_s(WAVES, "ma", 2.0, 1.0) == pytest.approx(1.5)
    assert excess(WAVES, "ma", 0.0, 0.0) == pytest.approx(8.0)
    assert excess(WAVES, "ma", 4.0, 0.0) == 0.0


def test_draws_are_the_same_for_a_seed_and_within_the_spreads():
    first = drawn(SPREADS, 7)
    assert first == drawn(SPREADS, 7) != drawn(SPREADS, 8)
    assert all(SPREADS[name][0] <= value <= SPREADS[name][2] for name, value in first.items())


def test_who_reads_a_figure_is_known():
    values = Values(nominal(SPREADS))
    text = output_path(values, Situation(12.0, 1e-3, skin_ohm=1000.0))
    assert {"R3.ohm", "U2.slew_v_us", "rail_v", "U5.ref_v"} <= values.used
    assert not {"person_skin_ohm", "U12.ms", "U30.offset_v"} & values.used
    assert "R3 rail s2 40.2" in text
    assert "C32b g2 b 2.2e-11" in text
    assert "C32b g2 b 1e-06" in output_path(Values(nominal(SPREADS), "slow_loop"), Situation(12.0, 1e-3))


def test_steps_are_written_so_that_time_only_rises():
    numbers = [float(word) for word in pwl(((0.0, 1.0), (5e-4, 0.0), (3.5e-3, 1.0)))[4:-1].split()]
    times = numbers[::2]
    assert all(a < b for a, b in pairwise(times))
    assert numbers[1] == 1.0
    assert numbers[-1] == 1.0
