"""A DAC that is reset in the 0.2 ms between reading it back and writing it (docs/decisions/0012)."""

from __future__ import annotations

from typing import Any

import pytest
from simulated import treatment

from config.calibration import Calibration
from config.unit import Unit
from controller.loop.rig import Rig
from controller.loop.tick import StopSwitch
from controller.session.wiring import SessionRequest, run_session
from sim.scenario import Scenario

AT_S = 28.0
"""In the first hold of a treatment of 10 mA."""
WITHIN_S = 20e-6
"""So long after the read-back; the write has only begun by then."""


def reset_between(monkeypatch: pytest.MonkeyPatch, to_code: float) -> tuple[dict[str, Any], Any]:
    """Run a session with one reset in that window; returns its summary and what its world knows."""
    benches: list[Any] = []
    verify = Rig._verify_dac

    def verified(rig: Rig) -> Any:
        found, now_s = verify(rig), rig._clock.now()
        if now_s > AT_S and rig._connected and not done:
            done.append(now_s)
            benches[0].inject(now_s + WITHIN_S, "dac_reset", {"to_code": to_code})
        return found

    done: list[float] = []
    monkeypatch.setattr(Rig, "_verify_dac", verified)
    request = SessionRequest(
        treatment=treatment(),
        unit=Unit(),
        calibration=Calibration.nominal(),
        calibration_notice="",
        simulate=Scenario(),
        seed=1,
        speed=None,
        rehearsed_name="short",
    )

    def watch(bench: Any, _loop: Any) -> Any:
        benches.append(bench)
        return Onlooker()

    summary = run_session(request, None, StopSwitch(), watch=watch).summary
    assert done
    return summary, benches[0].truth()


class Onlooker:
    """Observes nothing."""

    def tick(self, _measurement: object) -> None:
        """Let the tick be."""


def test_a_reset_to_zero_that_the_write_mends_is_over_within_a_millisecond(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    summary, truth = reset_between(monkeypatch, 0.0)
    assert summary["outcome"] == "completed"
    assert 0.0001 < truth.upset_s <= 0.001
    assert summary["truth"]["held_ma"] <= 10.1


def test_a_reset_to_anything_else_is_told_by_the_eeprom(monkeypatch: pytest.MonkeyPatch) -> None:
    summary, _ = reset_between(monkeypatch, 2048.0)
    assert summary["outcome"] == "aborted"
    assert summary["trip"]["cause"] == "dac_reset"
    assert summary["trip"]["latency_ms"] <= 20.0
