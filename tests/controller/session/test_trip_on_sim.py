"""The hardware trip on the simulated unit: it cuts by itself, and each of its faults is found or named."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from simulated import requested, simulate

from app.forks import run_branches
from config.unit import Unit, reference_unit
from controller.backends.simulated import simulated
from controller.core.types import Drive
from controller.loop.tick import StopSwitch
from controller.session.wiring import run_session
from drivers.adc import GuardAdc
from sim.scenario import Event, Scenario

PINS = {"alert": 23, "rearm": 18}
UNIT = Unit.model_validate({"trip": {}, "pins": PINS})
HOLD_S = 28.0
"""In the first hold of a treatment of 10 mA."""


def test_a_treatment_with_a_hardware_trip_completes() -> None:
    summary, _ = simulate(unit=UNIT)
    assert summary["outcome"] == "completed"
    assert summary["truth"]["peak_ma"] < 10.1


def test_where_there_is_a_dummy_load_it_is_never_forced_or_armed_in_series_with_a_person() -> None:
    """A stage that ran away meanwhile would give a pulse at every arming."""
    asked: list[tuple[str, bool]] = []

    def watch(_bench: Any, loop: Any) -> Any:
        class Onlooker:
            def tick(self, _measurement: Any) -> None:
                command = loop.guard._last
                if isinstance(command, Drive) and command.trip != "follow":
                    asked.append((command.trip, command.series))

        return Onlooker()

    unit = reference_unit()
    assert unit.trip is not None
    assert unit.dummy is not None
    result = run_session(requested(unit=unit), None, StopSwitch(), watch=watch)
    assert result.summary["outcome"] == "completed"
    assert {order for order, _ in asked} == {"catch", "rearm", "once"}
    assert not any(series for _, series in asked)


@pytest.mark.parametrize("after_s", [0.0005, 0.0015, 0.0025, 0.0035, 0.0045])
@pytest.mark.parametrize(
    ("fault", "params"), [("over_current", {"by_ma": 2.0}), ("current_spike", {"to_ma": 27.0})]
)
def test_too_much_is_off_within_five_milliseconds_wherever_in_a_tick(
    fault: str, params: dict[str, float], after_s: float
) -> None:
    summary, _ = simulate(unit=UNIT, events=[{"at_s": HOLD_S + after_s, "fault": fault, **params}])
    assert summary["trip"]["cause"] in {"hardware_trip", "over_current", "current_spike"}
    assert summary["trip"]["latency_ms"] <= 5.0


def test_what_it_cut_while_the_guard_looked_again_is_not_taken_for_an_open_circuit() -> None:
    """Onsets all through the ticks, as forks of one session: some are cut between two looks of one tick."""
    rng = Random(1)
    faults = ({"fault": "current_spike", "to_ma": 27.0}, {"fault": "over_current", "by_ma": 1.7})
    events = [
        [Event.model_validate({"at_s": HOLD_S + 4.0 * rng.random(), **faults[n % 2]})] for n in range(120)
    ]
    found = run_branches(requested(unit=UNIT), events)
    assert {summary["trip"]["cause"] for summary in found} == {"hardware_trip"}
    assert max(summary["trip"]["latency_ms"] for summary in found) <= 5.0


def test_it_acts_though_nobody_looks() -> None:
    """A stage that runs away while the loop stalls is off within three conversions, and named afterwards."""
    events = [
        {"at_s": HOLD_S, "fault": "stall", "for_s": 0.03},
        {"at_s": HOLD_S + 0.01, "fault": "current_spike", "to_ma": 27.0},
    ]
    summary, _ = simulate(unit=UNIT, events=events)
    assert summary["trip"]["cause"] == "hardware_trip"
    assert summary["trip"]["latency_ms"] <= 4.0
    assert summary["reason"].startswith("the hardware trip has opened its switch at a setpoint of 10.00 mA")
    without, _ = simulate(unit=Unit(), events=events)
    assert without["trip"]["latency_ms"] > 15.0


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("trip_shorted", "stays live though the hardware trip was forced"),
        ("trip_stuck", "stays live though the hardware trip was forced"),
        ("trip_wire_broken", "the hardware trip stays tripped"),
    ],
)
def test_what_is_wrong_with_it_before_start_is_found_by_the_proof(fault: str, words: str) -> None:
    summary, _ = simulate(unit=UNIT, events=[{"at_s": 0.5, "fault": fault}])
    assert summary["outcome"] == "refused"
    assert words in summary["reason"]
    assert summary["truth"]["peak_ma"] < 0.1


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("trip_wire_broken", "hardware_trip"),
        ("trip_threshold_lost", "adc_reset"),
        ("trip_threshold_flipped", "adc_reset"),
    ],
)
def test_what_goes_wrong_with_it_in_a_treatment_is_named(fault: str, cause: str) -> None:
    summary, _ = simulate(unit=UNIT, events=[{"at_s": HOLD_S, "fault": fault}])
    assert summary["trip"]["cause"] == cause
    assert summary["trip"]["latency_ms"] <= 150.0
    assert summary["truth"]["peak_ma"] < 10.1


def test_a_reset_of_the_guards_converter_opens_the_output_at_once() -> None:
    summary, _ = simulate(unit=UNIT, events=[{"at_s": HOLD_S, "fault": "adc_reset", "which": "guard"}])
    assert summary["outcome"] == "aborted"
    assert summary["trip"]["latency_ms"] < 0.1


def test_a_threshold_that_stays_wrong_though_it_was_written_twice_is_cut_in_the_same_tick(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written, read, asked, high = GuardAdc.set_high, GuardAdc.read, GuardAdc.thresholds, 4000
    done: list[str] = []

    def refuses(adc: GuardAdc, code: int) -> bool:
        if code < high:
            return written(adc, code)
        done.append("write")
        return False

    monkeypatch.setattr(GuardAdc, "set_high", refuses)
    monkeypatch.setattr(GuardAdc, "read", lambda adc: done.append("tick") or read(adc))
    monkeypatch.setattr(GuardAdc, "thresholds", lambda adc: done.append("verify") or asked(adc))
    summary, _ = simulate(unit=UNIT)
    assert (summary["outcome"], summary["trip"]["cause"]) == ("aborted", "adc_reset")
    assert summary["trip"]["phase"] == "ramp_up"
    first = done.index("write")
    assert done[first : first + 3] == ["write", "write", "verify"], "nothing else is done before"


def test_a_switch_that_is_shorted_leaves_the_rest_of_the_protections() -> None:
    events = [
        {"at_s": HOLD_S, "fault": "trip_shorted"},
        {"at_s": HOLD_S + 1.0, "fault": "current_spike", "to_ma": 27.0},
    ]
    summary, _ = simulate(unit=UNIT, events=events)
    assert summary["trip"]["latency_ms"] < 15.0


def codes_of(events: list[dict[str, Any]]) -> list[int]:
    """Return every high threshold that was written, in order."""
    bench = simulated(UNIT, "hands", Scenario.model_validate({"events": events}), 1, None)
    bus: Any = bench.transport
    seen: list[int] = []
    whole = bus.write_read

    class Listening:
        """The bus, with an ear for the guard's thresholds."""

        def write(self, address: int, data: bytes) -> None:
            bus.write(address, data)

        def read(self, address: int, count: int) -> bytes:
            return bytes(bus.read(address, count))

        def write_read(self, address: int, data: bytes, count: int) -> bytes:
            if address == 0x49 and len(data) == 3 and data[0] == 3:
                seen.append(int.from_bytes(data[1:], "big", signed=True))
            return bytes(whole(address, data, count))

    run_session(requested(unit=UNIT), None, StopSwitch(), bench=bench._replace(transport=Listening()))
    return seen


def test_the_threshold_rises_and_falls_with_the_setpoint_and_rarely_on_the_bus() -> None:
    codes = codes_of([])
    ma = [code * 2048 / 32768 / 47.0 for code in codes]
    assert ma[0] == pytest.approx(2.0, abs=0.001)
    assert min(ma) == pytest.approx(-5.0, abs=0.001), "forced once"
    assert sum(value < 0 for value in ma) == 1
    assert max(ma) == pytest.approx(11.5, abs=0.06)
    assert len(codes) < 1000, "ramps of 80 s are 16,000 ticks"
