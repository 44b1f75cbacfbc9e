"""Hum of the mains on every converter's wires, through whole treatments: what flows is what was set.

It begins with the ramp, once contact is made; what it does to the tests before that is a known problem.
"""

from __future__ import annotations

from typing import Any

import pytest
from simulated import endings, phase_times, simulate, treatment

from config.unit import Unit, reference_unit
from controller.core.session import Session
from controller.loop.tick import Loop
from sim.world import World

RAMP_S = 8.0
"""Contact is made, and the first ramp is under way, at any rate of ticks."""
MA = 5.0
HZ = (45.0, 49.98, 50.0, 50.02, 55.0, 60.0, 60.02, 65.0)


def unit(rate_hz: int, *, guard: bool = True) -> Unit:
    """The reference unit at another rate, or without a guard converter and what hangs on it."""
    data: dict[str, Any] = reference_unit().model_dump(by_alias=True)
    data["loop"]["rate_hz"] = rate_hz
    if not guard:
        data["guard_adc"] = data["trip"] = None
        data["pins"]["alert"] = data["pins"]["rearm"] = None
    return Unit.model_validate(data)


def hum(hz: float, phase: float, *, at_s: float = RAMP_S) -> dict[str, Any]:
    return {"at_s": at_s, "fault": "hum", "hz": hz, "ma": 0.3, "phase": phase}


def held_ma(monkeypatch: pytest.MonkeyPatch, what: Unit, events: list[dict[str, Any]]) -> tuple[Any, float]:
    """Run a treatment; return its summary and the mean of the true current while the whole of it was held."""
    worlds: list[World] = []
    flowed: list[float] = []
    built, ticked = World.__init__, Loop.tick

    def build(world: World, *args: Any, **kwargs: Any) -> None:
        built(world, *args, **kwargs)
        worlds.append(world)

    def tick(loop: Loop[Session]) -> Any:
        measurement = ticked(loop)
        if loop.session.setpoint_ma == MA:
            now_s = worlds[-1].clock.now_s
            flowed.append(worlds[-1].average_ma(now_s - 0.5 * loop.tick_s, now_s))
        return measurement

    monkeypatch.setattr(World, "__init__", build)
    monkeypatch.setattr(Loop, "tick", tick)
    summary, _ = simulate(treatment(current_ma=MA), events=events, unit=what)
    return summary, sum(flowed) / len(flowed)


CASES = [
    *((hz, phase, 200, True) for hz in HZ for phase in (0.0, 90.0)),
    *((hz, 45.0, rate, True) for hz in (45.0, 50.0, 50.02, 65.0) for rate in (100, 50)),
    *((hz, 135.0, rate, False) for hz in (50.0, 60.0) for rate in (200, 100, 50)),
]


@pytest.mark.parametrize(("hz", "phase", "rate_hz", "guard"), CASES)
def test_hum_shifts_the_current_by_less_than_a_hundredth_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, hz: float, phase: float, rate_hz: int, guard: bool
) -> None:
    summary, ma = held_ma(monkeypatch, unit(rate_hz, guard=guard), [hum(hz, phase)])
    assert (summary["outcome"], summary["trip"]) == ("completed", None), summary["reason"]
    assert ma == pytest.approx(MA, rel=0.01)
    assert summary["truth"]["worst_step_ma"] <= 0.1
    assert len([phase for phase, _ in phase_times(summary) if phase == "hold"]) == 2, "both ways"


FAULTS: list[tuple[dict[str, Any], set[str], float]] = [
    ({"fault": "over_current", "by_ma": 5.0}, {"current_spike", "over_current", "hardware_trip"}, 0.02),
    ({"fault": "current_spike", "to_ma": 30.0}, {"current_spike", "over_current", "hardware_trip"}, 0.02),
    ({"fault": "hand_out"}, {"open_circuit"}, 0.02),
    ({"fault": "leakage", "ma": 2.0}, {"leakage"}, 0.06),
    ({"fault": "short_circuit"}, {"short_circuit"}, 0.2),
    ({"fault": "polarity_moves"}, {"wrong_polarity", "open_circuit", "output_lost"}, 0.06),
    ({"fault": "adc_disagree", "which": "guard", "by_mv": -100.0}, {"adc_disagree", "deviation"}, 0.25),
    ({"fault": "dac_stuck"}, {"dac_stuck"}, 15.0),
]


@pytest.mark.parametrize("hz", [50.0, 57.0])
def test_hum_neither_hides_a_fault_nor_delays_it(hz: float) -> None:
    begin_s = 24.0
    branches = [[hum(hz, 20.0), {"at_s": begin_s, **fault}] for fault, _, _ in FAULTS]
    for summary, (fault, causes, within_s) in zip(
        endings(branches, treatment(current_ma=MA)), FAULTS, strict=True
    ):
        assert summary["outcome"] == "aborted", fault
        assert summary["trip"]["cause"] in causes, fault
        assert summary["trip"]["output_off_s"] - begin_s <= within_s, fault
