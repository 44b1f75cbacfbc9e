"""Power on the technician's bench: only through the stated resistor, and off however it ends."""

from typing import Any

import pytest

from config.calibration import Calibration
from config.unit import Unit
from controller.backends.bench import Bench
from controller.workshop.bench_power import BenchRequest, PowerFailed, hold_levels, read_zero
from sim.scenario import Scenario

PERSON = "this may be a person"


def request(skin: Any = 2000.0, events: Any = (), seed: int = 1, **more: Any) -> BenchRequest:
    scenario = Scenario.model_validate({"load": {"skin": skin}, "events": list(events), **more})
    return BenchRequest(Unit(), Calibration.nominal(), scenario, seed)


class Watch:
    """Reads at once and remembers the bench, so that the truth can be asked afterwards."""

    def __init__(self) -> None:
        self.bench: Bench | None = None
        self.meter_ma: list[float] = []

    def __call__(self, bench: Bench, _held: Any) -> bool:
        assert bench.meter is not None
        self.bench = bench
        self.meter_ma.append(bench.meter.read_ma())
        return True


def test_the_stated_resistor_gets_every_level_and_ends_off() -> None:
    watch = Watch()
    found = hold_levels(request(), "reverse", (2.0, 10.0), 2000.0, watch)
    assert watch.meter_ma == pytest.approx([-2.0, -10.0], abs=0.06)
    for reading, true_ma in zip(found, (2.0, 10.0), strict=True):
        assert reading.control_ma == pytest.approx(true_ma, abs=0.01)
        assert reading.guard_ma == pytest.approx(true_ma, rel=0.01)
        assert reading.return_ma == pytest.approx(-true_ma, abs=0.1)
        assert reading.voltage_v == pytest.approx(2.0 * true_ma, rel=0.01)
    assert watch.bench is not None
    assert watch.bench.true_ma is not None
    truth = watch.bench.truth()
    assert truth is not None
    assert truth.off_since_s(0.0) is not None


@pytest.mark.parametrize("skin", ["typical", "dry", "wet", {"conditioned": 1.0, "conditioning_s": 0.1}])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_person_gets_no_more_than_the_probe_whatever_is_stated(skin: Any, seed: int) -> None:
    refusals = []
    for ohm in (1000.0, 2000.0):
        with pytest.raises(PowerFailed) as failed:
            hold_levels(request(skin, seed=seed), "forward", (10.0,), ohm, Watch())
        refusals.append(str(failed.value))
    assert all(PERSON in why or "was stated" in why for why in refusals), refusals


def test_another_resistor_than_the_stated_one_is_named() -> None:
    with pytest.raises(PowerFailed, match=r"reads 1[45]\d\d ohm, 2000 ohm was stated"):
        hold_levels(request(1500.0), "forward", (10.0,), 2000.0, Watch())


def test_a_load_that_changes_under_current_is_switched_off() -> None:
    events = [{"at_s": 2.6, "fault": "load_drying", "to_ohm": 800, "over_s": 0.5}]
    with pytest.raises(PowerFailed, match="no resistor or does not stay connected"):
        hold_levels(request(events=events), "forward", (12.0,), 2000.0, lambda _b, _h: False)


def test_the_guard_is_the_same_and_its_trip_is_told() -> None:
    events = [{"at_s": 4.0, "fault": "current_spike"}]
    with pytest.raises(PowerFailed, match=r"the guard cut the current \(\w+\)"):
        hold_levels(request(events=events), "forward", (5.0,), 2000.0, lambda _b, _h: False)


def test_without_start_on_the_unit_nothing_flows() -> None:
    with pytest.raises(PowerFailed, match="Start was not pressed on the unit within 120 s"):
        hold_levels(request(person={"start_at_s": None}), "forward", (5.0,), 2000.0, Watch())


def test_an_open_output_is_named() -> None:
    with pytest.raises(PowerFailed, match="no current flows: connect the resistor"):
        hold_levels(request(person={"hands_in_at_s": 60.0}), "forward", (5.0,), 2000.0, Watch())


def test_zero_is_read_with_the_output_proven_off() -> None:
    zero = read_zero(request(unit="bare"), lambda _bench: True)
    assert 0.05 < abs(zero.control_ma) < 0.31  # the bare unit's own offset
    again = read_zero(request(unit="bare")._replace(visit="again"), lambda _bench: True)
    assert again.control_ma == pytest.approx(zero.control_ma, abs=0.002)
    assert again.control_ma != zero.control_ma  # the same unit, other noise


def test_a_welded_output_is_no_zero() -> None:
    events = [{"at_s": 0.0, "fault": "relay_welded", "which": which} for which in ("series", "enable")]
    with pytest.raises(PowerFailed, match="with both relays open the current follows the DAC"):
        read_zero(request(events=events), lambda _bench: True)
