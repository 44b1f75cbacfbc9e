"""Ways in which a current could flow on, or a trip be lost, found by reading the core with suspicion."""

from __future__ import annotations

from typing import Any

import pytest
from core_bench import Bench
from guard_watch import limits_of
from simulated import simulate, treatment

from config.unit import Unit
from controller.core.guard import Guard, _Slope
from controller.core.limits import GuardLimits
from controller.core.types import Buttons, Cause, Drive, Failure, Measurement

ONE_CONVERTER = Unit.model_validate({"guard_adc": None})
LIMITS = limits_of(5.0)
FIVE = Drive("forward", 5.0, 819)


class OneConverter:
    """A guard on a unit with one converter: it sees the current in every second tick only."""

    def __init__(self, limits: GuardLimits = LIMITS, tick_s: float = 0.01) -> None:
        self.guard = Guard(limits, tick_s=tick_s, operate_s=0.02)
        self.guard._proven = True
        self.guard._last = FIVE
        self.tick_s, self.ticks = tick_s, 0

    @property
    def now_s(self) -> float:
        return self.ticks * self.tick_s

    def tick(self, command: Drive = FIVE, current_ma: float = 5.0, **changes: Any) -> Cause | None:
        self.ticks += 1
        sees = self.ticks % 2 == 0
        m = Measurement(
            time_s=self.now_s,
            guard_ma=current_ma if sees else None,
            guard_code=None,
            current_ma=current_ma,
            voltage_v=7.5,
            supply_v=64.0,
            return_ma=current_ma,
            sampled="current" if sees else "voltage",
            sampled_code=(1000 if sees else 2000) + self.ticks % 3,
            buttons=Buttons(),
        )
        trip = self.guard.check(self.now_s, m._replace(**changes), command)
        return trip.cause if trip else None


def test_one_converter_does_not_double_the_time_allowed() -> None:
    one = OneConverter()
    while (cause := one.tick()) is None:
        assert one.now_s < LIMITS.total_s + 1.0
    assert cause is Cause.TIME_EXCEEDED
    assert one.now_s == pytest.approx(LIMITS.total_s, abs=0.05)


def test_one_converter_does_not_double_the_charge_allowed() -> None:
    one = OneConverter(LIMITS._replace(dose_ma_min=1.0))
    while (cause := one.tick()) is None:
        assert one.now_s < 13.0
    assert cause is Cause.DOSE_EXCEEDED
    assert one.now_s == pytest.approx(12.0, abs=0.05)


def test_one_converter_at_full_scale_is_named_on_every_channel() -> None:
    one = OneConverter()
    assert one.tick(sampled_code=32767) is Cause.ADC_SATURATED


def test_one_converter_that_repeats_itself_on_two_channels_is_frozen() -> None:
    one = OneConverter()
    causes = [one.tick(sampled_code=1234) for _ in range(10)]
    assert causes == [None] * 8 + [Cause.ADC_FROZEN] * 2


def pilot(ticks: int) -> Drive:
    return FIVE._replace(code=819 + ticks // 7 % 2)


def test_one_converter_finds_a_dac_that_no_longer_moves_the_current() -> None:
    one = OneConverter()
    while (cause := one.tick(pilot(one.ticks))) is None:
        assert one.ticks < 720
    assert cause is Cause.DAC_STUCK


def test_one_converter_believes_a_dac_that_moves_the_current() -> None:
    one = OneConverter()
    for _ in range(3000):
        moved_ma = 25.0 / 4095 * (pilot(one.ticks).code - 819)
        assert one.tick(pilot(one.ticks), current_ma=5.0 + moved_ma) is None


def test_on_a_unit_with_one_converter_a_stuck_dac_is_found_in_steady_hold() -> None:
    events = [{"at_s": 30, "fault": "dac_stuck"}]
    summary, _ = simulate(treatment(current_ma=5.0), unit=ONE_CONVERTER, events=events)
    assert summary["trip"]["cause"] == "dac_stuck"
    assert summary["trip"]["phase"] == "hold"
    assert summary["trip"]["latency_ms"] < 8000.0


def test_a_slope_forgets_what_lies_before_a_gap() -> None:
    slope = _Slope(0.005)
    slope.add(1, 800, 5.0, every_tick=True)
    assert slope.add(20, 900, 9.0, every_tick=True) == 20
    assert slope.slope() is None


# --- a stage that oscillates in step with the loop --------------------------------------


def spiky(bench: Bench, every: int, count: int) -> Cause | None:
    """A spike in each `every`-th tick, that the next conversion denies each time, as in `Loop.tick`."""
    for n in range(count):
        bench.now_s += bench.tick_s
        bench.ticks += 1
        first = bench.measure(**({"guard_ma": 9.0} if n % every == 0 else {}))
        again = bench.measure(confirmed=True) if bench.guard.doubts(first) else first
        command = bench.session.step(bench.now_s, again)
        trip = bench.guard.check(bench.now_s, again, command)
        if trip:
            assert "9.00 mA" in trip.evidence
            return trip.cause
        bench.applied = command
    return None


@pytest.mark.parametrize(("every", "trips"), [(1, True), (50, True), (300, True)])
def test_spikes_that_are_denied_again_and_again_are_a_current(every: int, trips: bool) -> None:
    bench = Bench()
    bench.run_until("hold")
    assert spiky(bench, every, 1000) is (Cause.CURRENT_SPIKE if trips else None)


def test_the_third_denied_spike_trips() -> None:
    bench = Bench()
    bench.run_until("hold")
    assert spiky(bench, 1, 2) is None
    assert spiky(bench, 1, 1) is Cause.CURRENT_SPIKE


# --- what the other converter sees ------------------------------------------------------


@pytest.mark.parametrize("phase", ["ready", "reverse"])
def test_current_while_off_is_seen_by_the_other_converter_though_the_guards_reads_a_little(
    phase: str,
) -> None:
    bench = Bench()
    bench.run_until(phase)
    assert (
        bench.trip_within(0.3, guard_ma=0.01, current_ma=0.25, sampled="current").cause is Cause.OUTPUT_STUCK
    )


# --- whoever closes the circuit finds the sensing current -------------------------------


def test_a_relay_that_closes_late_in_contact_finds_the_sensing_current() -> None:
    """Nothing flows and no voltage stands: the trim must not take that for a weak stage."""
    bench = Bench()
    bench.run_until("contact")
    for _ in range(50):
        bench.tick()
    for _ in range(1000):
        assert bench.tick(guard_ma=0.0, current_ma=0.0, voltage_v=0.0, return_ma=0.0) is None
    assert bench.plant_ma() < 0.32


def test_current_that_still_flows_after_the_end_is_no_completion() -> None:
    bench = Bench(half_s=25.0)
    bench.run_until("done")
    for _ in range(30):
        bench.tick(guard_ma=5.0, current_ma=5.0)
    assert bench.session.trip is not None
    assert bench.session.trip.cause is Cause.OUTPUT_STUCK
    assert (bench.session.phase, bench.session.tripped_in) == ("tripped", "done")
    assert "5.00 mA" in bench.session.reason


def test_a_chip_that_fails_after_the_end_changes_no_outcome() -> None:
    bench = Bench(half_s=25.0)
    bench.run_until("done")
    bench.tick(failure=Failure(Cause.ADC_SILENT, "made by the test"))
    assert bench.guard.trip is not None
    assert bench.session.trip is None
    assert bench.session.phase == "done"
