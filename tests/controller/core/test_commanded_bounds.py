"""No command passes the guard that asks for more than this session may ever be set to."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

import pytest
from core_bench import Bench
from simulated import simulate, treatment

from config.unit import Unit
from controller.core.regulator import Regulator
from controller.core.session import Session
from controller.core.types import Cause, Command, Drive, Measurement, Phase
from controller.loop import regulating
from controller.loop.bounds import guard_of
from controller.session import wiring
from protocols import treatment as library


@pytest.mark.parametrize(("limit_ma", "highest_ma"), [(0.0, 5.0), (8.0, 8.0)])
def test_the_setpoint_is_held_to_what_up_may_reach_though_the_ceiling_is_15(
    limit_ma: float, highest_ma: float
) -> None:
    bench = Bench(limit_ma=limit_ma, half_s=120.0)
    bench.run_until("hold")
    bench.session.target_ma = 14.0  # a session that has slipped, and ramps as it should
    bench.session.limit_ma = bench.session.fold_back._target_ma = 14.0
    trip = bench.trip_within(60.0)
    assert trip.cause is Cause.OVER_CURRENT
    assert f"limit {highest_ma:.2f} mA" in trip.evidence
    setpoints_ma = [command.setpoint_ma for command in bench.commands if isinstance(command, Drive)]
    assert highest_ma <= max(setpoints_ma) <= highest_ma + 0.01


@pytest.mark.parametrize(
    ("setpoint_ma", "code_ma", "passes"),
    [(5.0, 5.0, True), (5.009, 5.0, True), (5.02, 5.0, False), (5.0, 6.4, True), (5.0, 6.6, False)],
)
def test_setpoint_and_code_at_their_bounds(
    bench: Bench, setpoint_ma: float, code_ma: float, *, passes: bool
) -> None:
    bench.run_until("hold")
    bench.now_s += bench.tick_s
    command = Drive("forward", setpoint_ma, round(code_ma / 25.0 * 4095))
    trip = bench.guard.check(bench.now_s, bench.measure(), command)
    assert (trip is None) is passes
    assert trip is None or trip.cause is Cause.OVER_CURRENT


def test_a_code_is_judged_by_what_it_gives_on_a_unit_that_is_hard_off_at_code_zero(bench: Bench) -> None:
    bench.run_until("hold")
    for code_zero_ma, passes in ((-0.25, True), (0.0, False)):
        bench.guard.limits = bench.guard.limits._replace(code_zero_ma=code_zero_ma)
        bench.now_s += bench.tick_s
        trip = bench.guard.check(
            bench.now_s, bench.measure(), Drive("forward", 5.0, round(6.55 / 25.0 * 4095))
        )
        assert (trip is None) is passes


def test_a_guard_is_never_looser_than_the_ceiling() -> None:
    guard = guard_of(Unit(), ceiling_ma=15.0, highest_ma=20.0, total_s=60.0)
    assert guard.limits.highest_ma == 15.0
    assert guard.limits.dose_ma_min == pytest.approx(15.0 * 1.02 + 0.2)


class Slipped(Session):
    """Forgets its target in hold: 15 mA instead of 12."""

    def _hold(self, m: Measurement) -> Command:
        self.target_ma = self.limit_ma = self.fold_back._target_ma = 15.0
        return super()._hold(m)


class PressedUp(Session):
    """Has Up pressed once in half a second for as long as it lasts."""

    def step(self, now_s: float, measurement: Measurement) -> Command:
        buttons = measurement.buttons._replace(up=int(4 * now_s) % 2 == 0)
        return super().step(now_s, measurement._replace(buttons=buttons))


class Jumps(Regulator):
    """Gives, once the setpoint stands at 12 mA, the code of 16 mA."""

    def code(self, setpoint_ma: float, *others: Any) -> int:
        code = super().code(setpoint_ma, *others)
        return self.still_code(16.0) if setpoint_ma >= 12.0 else code


@pytest.mark.parametrize(
    ("place", "part", "broken"), [(wiring, "Session", Slipped), (regulating, "Regulator", Jumps)]
)
def test_a_person_of_twelve_gets_no_more_however_session_or_regulator_slip(
    place: ModuleType, part: str, broken: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, part, broken)
    summary, _ = simulate(treatment(current_ma=12.0))
    assert summary["outcome"] == "aborted"
    assert summary["trip"]["cause"] == "over_current"
    assert "limit 12.00 mA" in summary["reason"]
    assert summary["truth"]["held_ma"] <= 12.0 * 1.01


@pytest.mark.parametrize("name", library.names())
def test_every_library_treatment_completes_with_up_pressed_to_its_ceiling(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = library.find(name)
    half_s = 2 * what.ceiling_ma / what.ramp_ma_per_s + 10.0
    what = what.model_copy(update={"total_min": round(2 * half_s / 60, 1)})
    monkeypatch.setattr(wiring, "Session", PressedUp)
    monkeypatch.setattr(wiring, "loop_of", partial(wiring.loop_of, limit_ma=what.ceiling_ma))
    summary, _ = simulate(what, plant_alone=True)
    assert summary["outcome"] == "completed", summary["reason"]
    assert summary["peak_ma"] == pytest.approx(what.ceiling_ma, abs=0.3)
    assert Phase.HOLD in {span["phase"] for span in summary["phases"]}
