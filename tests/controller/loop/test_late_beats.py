"""Two pauses that are short alone: the charge pump lets go, and the output must not come back by itself."""

from __future__ import annotations

from typing import Any

import pytest
from simulated import treatment

from config.calibration import Calibration
from config.unit import Unit
from controller.core.types import Measurement
from controller.loop.tick import StopSwitch
from controller.session.wiring import SessionRequest, run_session
from sim.scenario import Scenario

CONTACT_S, HOLD_S = 2.3, 28.0
"""Moments of a treatment of 10 mA in which the sensing current, and the whole one, flows."""


def paused(at_s: float, before_s: float, within_s: float) -> dict[str, Any]:
    """Run a session in which one tick begins `before_s` late and takes `within_s` longer in its middle."""
    stall = {"at_s": at_s, "fault": "stall", "for_s": before_s}

    def watch(bench: Any, loop: Any) -> Any:
        step, paused_s = loop.session.step, [0.0]

        def stepped(now_s: float, measurement: Measurement) -> Any:
            if now_s > at_s + before_s and within_s and not paused_s[0]:
                paused_s[0] = now_s
                bench.clock.sleep_until(bench.clock.now() + within_s)
            return step(now_s, measurement)

        loop.session.step = stepped
        return Onlooker()

    request = SessionRequest(
        treatment=treatment(),
        unit=Unit(),
        calibration=Calibration.nominal(),
        calibration_notice="",
        simulate=Scenario.model_validate({"events": [stall] if before_s else []}),
        seed=1,
        speed=None,
        rehearsed_name="short",
    )
    return run_session(request, None, StopSwitch(), watch=watch).summary


class Onlooker:
    """Observes nothing."""

    def tick(self, _measurement: Measurement) -> None:
        """Let the tick be."""


@pytest.mark.parametrize("at_s", [CONTACT_S, HOLD_S])
def test_two_pauses_that_starve_the_charge_pump_together_are_a_late_tick(at_s: float) -> None:
    summary = paused(at_s, 0.03, 0.03)
    assert summary["outcome"] == "aborted"
    assert summary["trip"]["cause"] == "late_tick"
    assert summary["truth"]["worst_step_ma"] <= 0.1
    assert summary["truth"]["held_ma"] <= 10.1


@pytest.mark.parametrize(("before_s", "within_s"), [(0.05, 0.0), (0.2, 0.0), (0.0, 0.05), (0.0, 0.2)])
def test_nothing_comes_back_after_a_long_pause_in_contact(before_s: float, within_s: float) -> None:
    summary = paused(CONTACT_S, before_s, within_s)
    assert summary["trip"]["cause"] == "late_tick"
    assert summary["truth"]["worst_step_ma"] <= 0.1
    assert summary["truth"]["held_ma"] < 0.35


def test_two_pauses_of_ten_milliseconds_are_ridden() -> None:
    assert paused(CONTACT_S, 0.01, 0.01)["outcome"] == "completed"
