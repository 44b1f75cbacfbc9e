"""The protections are exercised at every start, and each failure is refused by name."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from core_bench import Bench
from simulated import phase_times, simulate

from controller.core.proof import STEPS
from controller.core.regulator import Regulator
from controller.core.session import Session
from controller.core.types import Cause, Drive, Off, Phase

WELDED = {"series": "series relay", "enable": "the enable relay, or what feeds it"}


def prove(bench: Bench, distort: dict[str, Any] | None = None, at: tuple[bool, bool] | None = None) -> None:
    """Run to the end of the proof; distort what is measured while (series, beat) is driven."""
    bench.run_until("proof")
    while bench.session.phase is Phase.PROOF:
        driven = bench.applied
        here = isinstance(driven, Drive) and (driven.series, driven.beat) == at
        bench.tick(**(distort or {}) if here else {})
        assert bench.now_s < 10


def test_the_steps_are_all_walked(bench: Bench) -> None:
    bench.run_until("proof")
    walked: list[tuple[bool, bool]] = []
    began_s = bench.now_s
    while bench.session.phase is Phase.PROOF:
        bench.tick()
        if isinstance(bench.applied, Drive):
            here = (bench.applied.series, bench.applied.beat)
            if not walked or walked[-1] != here:
                walked.append(here)
            assert bench.applied.setpoint_ma <= 0.1
    assert walked == [(step.series, step.beat) for step in STEPS]
    assert bench.session.phase is Phase.CONTACT
    assert bench.now_s - began_s < 3.0


@pytest.mark.parametrize(
    ("at", "distort", "words"),
    [
        ((False, True), {"voltage_v": 20.0}, "series relay"),
        ((False, True), {"current_ma": 0.05}, "series relay"),
        ((True, True), {"voltage_v": 0.0, "current_ma": 0.0}, "stays dead"),
        ((True, False), {"voltage_v": 20.0}, "without a heartbeat"),
        ((True, False), {"current_ma": 0.05}, "without a heartbeat"),
        ((True, False), {"voltage_v": None}, "without a heartbeat"),
    ],
)
def test_each_step_can_fail(bench: Bench, at: tuple[bool, bool], distort: dict[str, Any], words: str) -> None:
    prove(bench, distort, at)
    assert bench.session.phase is Phase.REFUSED
    assert words in (bench.session.reason or "")
    assert isinstance(bench.applied, Off)


def test_an_enable_relay_that_does_not_come_back(bench: Bench) -> None:
    bench.run_until("proof")
    starved = False
    while bench.session.phase is Phase.PROOF:
        starved = starved or (isinstance(bench.applied, Drive) and not bench.applied.beat)
        bench.tick(**({"voltage_v": 0.0, "current_ma": 0.0} if starved else {}))
    assert "did not come back" in (bench.session.reason or "")


def test_a_series_relay_that_hangs_after_use(bench: Bench) -> None:
    bench.run_until("proof")
    closed = False
    while bench.session.phase is Phase.PROOF:
        opened_again = closed and isinstance(bench.applied, Drive) and not bench.applied.series
        closed = closed or (isinstance(bench.applied, Drive) and bench.applied.series)
        bench.tick(**({"voltage_v": 20.0} if opened_again else {}))
    assert "hangs" in (bench.session.reason or "")


class Unmeasured(Bench):
    """A stage that nobody has measured: code 0 asks for 0.1 mA less than none, and for 0.25 by its file."""

    def __init__(self) -> None:
        super().__init__()
        regulator = Regulator(
            full_scale_ma=25.0, gain=1.01, offset_ma=-0.25, tick_s=self.tick_s, spread_ma=0.2
        )
        self.session = Session(self.plan, regulator)

    def plant_ma(self) -> float:
        applied = self.applied
        closed = isinstance(applied, Drive) and applied.series and applied.beat
        return max(0.0, applied.code / 4095 * 25.1 - 0.1) if closed else 0.0


def test_what_the_proof_finds_of_a_stage_that_nobody_has_measured_is_what_it_is_driven_by() -> None:
    bench = Unmeasured()
    bench.run_until("proof")
    most_ma = 0.0
    while bench.session.phase is Phase.PROOF:
        bench.tick(current_ma=bench.plant_ma())
        most_ma = max(most_ma, bench.plant_ma())
    assert bench.session.phase is Phase.CONTACT
    assert 0.02 < most_ma < 0.07, "and not 0.22"
    rises_ma = [0.0]
    while bench.session.setpoint_ma < 0.3:
        bench.tick(current_ma=None)  # no reading trims it
        rises_ma.append(bench.plant_ma())
        assert bench.plant_ma() == pytest.approx(bench.session.setpoint_ma, abs=0.04)
    assert max(after - before for before, after in pairwise(rises_ma)) < 0.03


def test_a_blind_guard_never_gets_to_the_ramp(bench: Bench) -> None:
    bench.run_until("contact")
    while bench.guard.trip is None:
        bench.tick(guard_ma=0.1)
        assert bench.now_s < 20
    assert bench.guard.trip.cause is Cause.GUARD_BLIND
    assert bench.session.setpoint_ma <= 0.36


@pytest.mark.parametrize("which", ["series", "enable"])
def test_a_welded_relay_is_refused_on_the_simulated_unit(which: str) -> None:
    summary, _ = simulate(events=[{"at_s": 0.0, "fault": "relay_welded", "which": which}])
    assert summary["outcome"] == "refused"
    assert WELDED[which] in summary["reason"]
    assert summary["truth"]["held_ma"] <= 0.27, "the proof's 0.07 mA, and what code 0 may ask for more"


@pytest.mark.parametrize("which", ["series", "enable"])
def test_a_relay_that_does_not_close_is_refused_on_the_simulated_unit(which: str) -> None:
    summary, _ = simulate(events=[{"at_s": 0.0, "fault": "relay_open", "which": which}])
    assert summary["outcome"] == "refused"
    assert "stays dead" in summary["reason"]


@pytest.mark.parametrize("button", ["start", "stop"])
def test_a_stuck_button_is_refused_on_the_simulated_unit(button: str) -> None:
    summary, _ = simulate(events=[{"at_s": 0.0, "fault": "press", "button": button, "for_s": 60.0}])
    assert summary["outcome"] == "refused"
    assert button.capitalize() in summary["reason"]


@pytest.mark.parametrize("seed", range(1, 13))
@pytest.mark.parametrize("hands_in", [True, False])
def test_sound_units_pass_with_and_without_a_person(seed: int, hands_in: bool) -> None:
    events = [{"at_s": 0.0, "fault": "hand_out"}, {"at_s": 3.0, "fault": "hand_in"}] if not hands_in else []
    events.append({"at_s": 12.0, "fault": "press", "button": "stop", "for_s": 0.2})
    summary, _ = simulate(seed=seed, events=events)
    assert summary["outcome"] == "stopped", summary["reason"]
    start_s, end_s = phase_times(summary)["proof", "forward"]
    assert end_s - start_s < 1.0
    assert summary["truth"]["worst_step_ma"] <= 0.1
