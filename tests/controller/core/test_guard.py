from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from core_bench import Bench

from controller.core.types import Buttons, Cause, Drive, Failure, Off, Phase

pytestmark = pytest.mark.core

DRIVEN = ["ramp_up", "hold", "ramp_down"]


@pytest.fixture(params=DRIVEN)
def driven(request: pytest.FixtureRequest, bench: Bench) -> Bench:
    """A bench two seconds into a phase with current."""
    bench.run_until(request.param)
    for _ in range(200):
        bench.tick()
    return bench


def test_spike(driven: Bench) -> None:
    setpoint_ma = driven.session.setpoint_ma
    assert driven.tick(guard_ma=setpoint_ma * 1.1 + 0.4) is None
    trip = driven.tick(guard_ma=driven.session.setpoint_ma * 1.1 + 0.6)
    assert trip is not None
    assert trip.cause is Cause.CURRENT_SPIKE
    assert f"{driven.commands[-2].setpoint_ma:.2f}" in trip.evidence  # type: ignore[union-attr]


def test_over_current(driven: Bench) -> None:
    trip = driven.tick(guard_ma=15.0 * 1.05 + 0.2)
    assert trip is not None
    assert trip.cause is Cause.OVER_CURRENT


def test_both_are_confirmed_before_they_trip(bench: Bench) -> None:
    bench.run_until("hold")
    measurement = bench.measure(guard_ma=20.0)
    assert bench.guard.doubts(measurement)
    assert not bench.guard.doubts(bench.measure())


def test_open_circuit(driven: Bench) -> None:
    trip = driven.tick(guard_ma=0.0, current_ma=0.0, voltage_v=60.0)
    assert trip is not None
    assert trip.cause is Cause.OPEN_CIRCUIT


def test_open_circuit_at_a_tenth_of_a_milliampere(bench: Bench) -> None:
    bench.run_until("reverse")
    bench.run_until("ramp_up")
    while bench.session.setpoint_ma < 0.02:
        bench.tick()
    trip = bench.trip_within(0.05, guard_ma=0.0, current_ma=0.0, voltage_v=60.0)
    assert trip.cause is Cause.OPEN_CIRCUIT


def test_lost_output(driven: Bench) -> None:
    trip = driven.tick(guard_ma=0.0, current_ma=0.0, voltage_v=0.0)
    assert trip is not None
    assert trip.cause is Cause.OUTPUT_LOST


def test_open_circuit_is_no_fault_while_sensing(bench: Bench) -> None:
    bench.run_until("contact")
    for _ in range(500):
        assert bench.tick(guard_ma=0.0, current_ma=0.0, voltage_v=60.0) is None
    assert bench.session.phase is Phase.CONTACT


def test_short_circuit(driven: Bench) -> None:
    driven.ohm = 100.0
    assert driven.trip_within(0.3).cause is Cause.SHORT_CIRCUIT


@pytest.mark.parametrize(
    ("read_v", "from_ma_s"), [(0.1, 4.56), (0.4, 5.28), (0.6, 5.76)]
)  # what is left of 2.5 V and of 6 mA s, against a body's 0.7 V at 2 mA less what is read
def test_after_a_reversal_a_low_voltage_is_the_electrodes_until_charge_has_turned_them(
    make_bench: Callable[..., Bench], read_v: float, from_ma_s: float
) -> None:
    bench = make_bench(target_ma=2.0, half_s=60.0)
    bench.run_until("reverse")
    bench.run_until("ramp_up")
    charge_ma_s = 0.0
    while bench.guard.trip is None:
        bench.tick(voltage_v=read_v / 2.0 * bench.plant_ma())
        charge_ma_s += bench.plant_ma() * bench.tick_s
        assert charge_ma_s < 10.0
    assert bench.guard.trip.cause is Cause.SHORT_CIRCUIT
    assert from_ma_s + 0.20 < charge_ma_s < from_ma_s + 0.28, (
        "six samples of a voltage that has every second tick"
    )


def test_a_treatment_that_begins_in_reverse_has_no_electrodes_to_turn_over(
    make_bench: Callable[..., Bench],
) -> None:
    bench = make_bench(target_ma=3.0, half_s=60.0, first="reverse")
    bench.run_until("ramp_up")
    while bench.session.setpoint_ma < 2.0:
        assert bench.tick() is None
    bench.ohm = 100.0
    assert bench.trip_within(0.3).cause is Cause.SHORT_CIRCUIT


@pytest.mark.parametrize("phase", ["ramp_up", "hold"])
def test_deviation_beyond_what_the_trim_may_mend(make_bench: Callable[..., Bench], phase: str) -> None:
    bench = make_bench(target_ma=10.0, half_s=60.0)
    bench.run_until(phase)
    while bench.session.setpoint_ma < 9.0:
        bench.tick()
    start_s = bench.now_s
    while (trip := bench.guard.trip) is None:
        read_ma = bench.plant_ma() * 0.8
        bench.tick(guard_ma=read_ma, current_ma=read_ma, return_ma=read_ma)
        assert bench.now_s - start_s < 1.0
    assert trip.cause is Cause.DEVIATION
    assert bench.now_s - start_s >= 0.2


def test_a_deviation_that_the_trim_mends_is_ridden(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(target_ma=10.0, half_s=60.0)
    bench.run_until("hold")
    for _ in range(1000):
        read_ma = bench.plant_ma() * 0.93
        assert bench.tick(guard_ma=read_ma, current_ma=read_ma, return_ma=read_ma) is None
    assert bench.plant_ma() * 0.93 == pytest.approx(10.0, abs=0.02)


def test_a_small_deviation_that_is_never_trimmed(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(target_ma=2.0, half_s=60.0)
    bench.run_until("hold")
    start_s = bench.now_s
    while (trip := bench.guard.trip) is None:
        bench.tick(guard_ma=2.1, current_ma=2.1, return_ma=2.1)
        assert bench.now_s - start_s < 8.0
    assert trip.cause is Cause.DEVIATION
    assert "trimmed" in trip.evidence
    assert bench.now_s - start_s > 3.0


def test_a_short_deviation_is_ridden(bench: Bench) -> None:
    bench.run_until("hold")
    for _ in range(20):
        for off_ma in (*[0.35] * 5, *[0.7] * 15, *[0.35] * 5, *[0.0] * 20):  # at once it is a moment
            read_ma = 5.0 + off_ma
            assert bench.tick(guard_ma=read_ma, current_ma=read_ma, return_ma=read_ma) is None


def test_leakage(driven: Bench) -> None:
    while (trip := driven.guard.trip) is None:
        sign = -1 if driven.applied.polarity == "reverse" else 1
        driven.tick(return_ma=sign * (driven.plant_ma() * 0.95 - 0.6))
        assert driven.now_s < 100
    assert trip.cause is Cause.LEAKAGE


def test_wrong_polarity(driven: Bench) -> None:
    while (trip := driven.guard.trip) is None:
        sign = -1 if driven.applied.polarity == "reverse" else 1
        driven.tick(return_ma=-sign * driven.plant_ma())
        assert driven.now_s < 100
    assert trip.cause is Cause.WRONG_POLARITY


@pytest.mark.parametrize(
    ("changes", "cause", "within_s"),
    [
        ({"supply_v": 57.0}, Cause.SUPPLY, 0.3),
        ({"supply_v": 71.0}, Cause.SUPPLY, 0.3),
        ({"guard_ma": None, "guard_code": None}, Cause.ADC_STALE, 0.06),
        ({"guard_code": 32767}, Cause.ADC_SATURATED, 0.02),
        ({"sampled_code": 32767}, Cause.ADC_SATURATED, 0.02),
        ({"guard_code": 1234}, Cause.ADC_FROZEN, 0.42),
        ({"sampled_code": 1234}, Cause.ADC_FROZEN, 0.1),
        ({"failure": Failure(Cause.DAC_SILENT, "silent")}, Cause.DAC_SILENT, 0.02),
        ({"failure": Failure(Cause.BUS_HUNG, "hung")}, Cause.BUS_HUNG, 0.02),
    ],
)
def test_bad_readings(driven: Bench, changes: dict[str, Any], cause: Cause, within_s: float) -> None:
    trip = driven.trip_within(within_s, **changes)
    assert trip.cause is cause


def test_a_frozen_guard_is_not_called_a_spike_when_the_setpoint_falls(bench: Bench) -> None:
    bench.run_until("hold")
    bench.tick(buttons=Buttons(stop=True))
    trip = bench.trip_within(0.3, guard_ma=5.0, guard_code=3750, current_ma=5.0, return_ma=5.0)
    assert trip.cause is Cause.ADC_FROZEN
    assert "repeats code 3750" in trip.evidence
    assert bench.session.setpoint_ma < 5.0 - 0.5


def test_converters_that_disagree(driven: Bench) -> None:
    while (trip := driven.guard.trip) is None:
        driven.tick(current_ma=driven.plant_ma() * 0.95 - 0.35)
        assert driven.now_s < 100
    assert trip.cause is Cause.ADC_DISAGREE


def test_control_converter_sees_a_spike_that_a_blind_guard_misses(bench: Bench) -> None:
    bench.run_until("hold")
    trip = bench.trip_within(0.1, current_ma=20.0)
    assert trip.cause is Cause.OVER_CURRENT


def test_stuck_dac_is_found_in_steady_hold(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(half_s=60.0)
    bench.run_until("hold")
    for _ in range(100):
        bench.tick()
    stuck_ma = bench.plant_ma()
    start_s = bench.now_s
    while (trip := bench.guard.trip) is None:
        bench.tick(guard_ma=stuck_ma, current_ma=stuck_ma)
        assert bench.now_s - start_s < 16.0
    assert trip.cause is Cause.DAC_STUCK


@pytest.mark.parametrize("phase", ["ramp_up", "ramp_down"])
def test_stuck_dac_is_found_on_a_ramp(bench: Bench, phase: str) -> None:
    bench.run_until(phase)
    for _ in range(300):
        bench.tick()
    stuck_ma = bench.plant_ma()
    trip = bench.trip_within(3.0, guard_ma=stuck_ma, current_ma=stuck_ma, return_ma=0.0, sampled="voltage")
    assert trip.cause is Cause.DAC_STUCK


def test_a_late_tick(driven: Bench) -> None:
    driven.now_s += 0.034
    assert driven.tick() is None
    driven.now_s += 0.036
    trip = driven.tick()
    assert trip is not None
    assert trip.cause is Cause.LATE_TICK


def test_time(bench: Bench) -> None:
    bench.run_until("hold")
    bench.session._half_elapsed_s = -1000.0  # a session that has lost count
    assert bench.trip_within(80.0).cause is Cause.TIME_EXCEEDED
    assert bench.guard._energised_s == pytest.approx(60 * 1.005 + 2, abs=0.1)


def test_dose(bench: Bench) -> None:
    bench.run_until("hold")
    bench.guard._energised_s = -1000.0
    bench.session._half_elapsed_s = -1000.0
    assert bench.trip_within(90.0).cause is Cause.DOSE_EXCEEDED
    assert bench.guard._charge_ma_s / 60 == pytest.approx(5.0 * 1.02 + 0.2, abs=0.01)


@pytest.mark.parametrize("phase", ["ready", "reverse", "done"])
def test_current_while_off(bench: Bench, phase: str) -> None:
    bench.run_until(phase)
    assert bench.trip_within(0.5, guard_ma=0.3, current_ma=0.3).cause is Cause.OUTPUT_STUCK


def off(bench: Bench) -> Off:
    return Off(bench.applied.polarity)


@pytest.mark.parametrize(
    ("command", "cause"),
    [
        (Drive("forward", 15.01, 2000), Cause.OVER_CURRENT),
        (Drive("forward", 5.0, 4095), Cause.OVER_CURRENT),
        (Drive("forward", float("nan"), 100), Cause.OVER_CURRENT),
        (Drive("forward", -0.1, 100), Cause.OVER_CURRENT),
        (Drive("forward", 0.36, 50, sensing=True), Cause.OVER_CURRENT),
        (Drive("forward", 5.11, 820), Cause.OVER_CURRENT),
        (Drive("reverse", 5.0, 820), Cause.WRONG_POLARITY),
        (Off("reverse"), Cause.WRONG_POLARITY),
    ],
)
def test_commands_that_must_not_be_applied(bench: Bench, command: Any, cause: Cause) -> None:
    bench.run_until("hold")
    bench.now_s += bench.tick_s
    trip = bench.guard.check(bench.now_s, bench.measure(), command)
    assert trip is not None
    assert trip.cause is cause


def test_a_swap_with_current_left(bench: Bench) -> None:
    bench.run_until("reverse")
    while not isinstance(bench.applied, Off):
        bench.tick()
    for _ in range(3):
        bench.tick()
    trip = bench.guard.check(bench.now_s + 0.01, bench.measure(guard_ma=0.2), Off("reverse"))
    assert trip is not None
    assert trip.cause is Cause.WRONG_POLARITY


def test_a_trip_is_latched(driven: Bench) -> None:
    first = driven.tick(guard_ma=30.0)
    for _ in range(100):
        assert driven.tick() is first
        assert isinstance(driven.applied, Off)
        assert driven.session.phase is Phase.TRIPPED


def test_a_sound_treatment_raises_no_doubt(bench: Bench) -> None:
    bench.run_until("done")
    assert bench.doubts == 0
