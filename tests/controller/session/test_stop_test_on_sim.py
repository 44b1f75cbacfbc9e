"""Stop's test on the simulated unit, as the command runs it: what it finds, and that nothing flows."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from simulated import SHORT, phase_times, requested, simulate, treatment
from unit_records import put_calibration

from config.calibration import read_calibration
from config.unit import Unit, reference_unit
from controller.backends.simulated import simulated, unit_spec
from controller.core.limits import STOP_LATEST_S
from controller.core.types import StopCause
from controller.loop.advice import SENTENCES
from controller.session.wiring import StopSwitch, run_session
from sim.clock import VirtualClock
from sim.scenario import PersonSpec, Scenario
from sim.world import World

TRIPPING = reference_unit()
BARE = TRIPPING.model_copy(update={"trip": None, "dummy": None})
HOLDS = {"stop_at_s": 1.0, "stop_for_s": 9.0, "start_at_s": 12.0}
STOPPED: dict[str, Any] = {"at_s": 16.0, "fault": "press", "button": "stop"}


def held(
    *events: dict[str, Any], unit: Unit = TRIPPING, seed: int = 1, **person: Any
) -> tuple[dict[str, Any], list[str]]:
    notes: list[str] = []

    def shown(seen: Any) -> None:
        if not notes or notes[-1] != seen["note"]:
            notes.append(seen["note"])

    summary, _ = simulate(unit=unit, events=[*events], seed=seed, person=HOLDS | person, on_snapshot=shown)
    return summary, notes


@pytest.mark.parametrize("rate_hz", [50, 100, 200])
@pytest.mark.parametrize("seed", range(1, 5))
@pytest.mark.parametrize("hands_in_at_s", [0.0, 13.0])
def test_a_sound_stop_passes_whoever_is_in_the_water(rate_hz: int, seed: int, hands_in_at_s: float) -> None:
    unit = TRIPPING.model_copy(update={"loop": TRIPPING.loop.model_copy(update={"rate_hz": rate_hz})})
    summary, notes = held(STOPPED, unit=unit, seed=seed, hands_in_at_s=hands_in_at_s)
    assert summary["outcome"] == "stopped", summary["reason"]
    began_s, ended_s = phase_times(summary)["stop_test", "forward"]
    assert began_s < 1.0
    assert 9.9 < ended_s < 10.3, "it ends when Stop is let go"
    assert notes[1:4] == [SENTENCES["hold_stop"], SENTENCES["let_go_stop"], SENTENCES["press_start"]]


@pytest.mark.parametrize("hands_in_at_s", [0.0, 5.0])
def test_nothing_flows_through_anybody_before_start(hands_in_at_s: float) -> None:
    summary, _ = held(start_at_s=None, hands_in_at_s=hands_in_at_s, unit=TRIPPING)
    assert summary["outcome"] == "refused"
    assert summary["truth"]["peak_ma"] == 0.0
    assert sum(summary["truth"]["charge_ma_min"].values()) == 0.0


def test_a_whole_treatment_after_it_is_a_whole_treatment() -> None:
    tested, _ = held()
    plain, _ = simulate(unit=TRIPPING)
    assert (tested["outcome"], plain["outcome"]) == ("completed", "completed")
    for way, ma_min in plain["truth"]["charge_ma_min"].items():
        assert tested["truth"]["charge_ma_min"][way] == pytest.approx(ma_min, rel=0.005)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"fault": "stop_dead"}, "Start was pressed and Stop was not seen"),
        ({"fault": "stop_delay", "to_s": 0.0}, "the output is still live 8.1 s after Stop was pressed"),
        ({"fault": "stop_delay", "to_s": 8.5}, "the output is still live 8.1 s after Stop was pressed"),
        ({"fault": "relay_welded", "which": "enable"}, "the output is still live"),
        ({"fault": "trip_stuck"}, "stays live though the hardware trip was forced"),
    ],
)
def test_what_is_broken_is_refused_by_name_before_start(fault: dict[str, Any], words: str) -> None:
    for hands_in_at_s in (0.0, 200.0):
        summary, _ = held({"at_s": 0.3, **fault}, hands_in_at_s=hands_in_at_s)
        assert summary["outcome"] == "refused"
        assert words in summary["reason"]
        assert not {"ready", "contact"} & {span["phase"] for span in summary["phases"]}
        assert sum(summary["truth"]["charge_ma_min"].values()) < 0.001


def test_a_trip_whose_switch_conducts_gives_a_moment_of_the_proof_current_and_no_more() -> None:
    summary, _ = held({"at_s": 0.3, "fault": "trip_shorted"})
    assert "stays live though the hardware trip was forced" in summary["reason"]
    assert sum(summary["truth"]["charge_ma_min"].values()) < 0.001, "half a second of it"
    nobody, _ = held({"at_s": 0.3, "fault": "trip_shorted"}, hands_in_at_s=200.0)
    assert "through the dummy load stays above" in nobody["reason"], "the trial finds it, before anybody"


@pytest.mark.parametrize("to_s", [1.0, 3.0, 5.5])
def test_a_second_contact_that_acts_too_soon_is_refused_at_the_second_try(to_s: float) -> None:
    again = {"at_s": 25.0, "fault": "press", "button": "stop", "for_s": 9.0}
    summary, _ = held({"at_s": 0.3, "fault": "stop_delay", "to_s": to_s}, again, start_at_s=None)
    assert summary["outcome"] == "refused"
    assert f"the output was gone {to_s:.1f} s after Stop was pressed" in summary["reason"]


def test_a_stop_that_is_not_in_the_enable_circuit_is_refused() -> None:
    summary, _ = simulate(unit=TRIPPING, person=HOLDS, build={"stop": "not_in_enable"})
    assert "that contact, its wire or its timer is dead" in summary["reason"]


def test_without_it_such_a_stop_was_found_by_nobody() -> None:
    """What the test is for: nothing stops, and the treatment completes."""
    pressed = {"at_s": 30.0, "fault": "press", "button": "stop"}
    summary, _ = simulate(unit=TRIPPING, events=[{"at_s": 0.0, "fault": "stop_dead"}, pressed])
    assert summary["outcome"] != "stopped"


def test_without_a_trip_only_the_program_s_contact_is_tried() -> None:
    summary, _ = held(STOPPED, {"at_s": 0.0, "fault": "stop_delay", "to_s": 0.0}, unit=BARE, stop_for_s=1.0)
    assert summary["outcome"] == "stopped", "its second contact is not seen"
    dead, _ = held({"at_s": 0.0, "fault": "stop_dead"}, unit=BARE)
    assert "Stop was not seen" in dead["reason"]


def test_what_the_dummy_load_takes_does_not_show_the_second_contact() -> None:
    """Why it is not tried there: the load lies before both output relays, and Stop opens one of them."""
    world = World(unit_spec(TRIPPING, "hands"), Scenario(), 1, VirtualClock())
    dummy, clock, spec = world.dummy, world.clock, world.spec
    assert dummy is not None
    assert spec.dummy_pin is not None
    world.latch.tripped = False  # type: ignore[union-attr]
    world._switch.energise(0.0, on=True)
    world.pin_driven(spec.dummy_pin, level=True)
    world._dac_output(819)
    world.press("stop")
    taken: list[tuple[float, int]] = []
    until_s = clock.now_s + STOP_LATEST_S
    high = False
    while clock.now_s < until_s:
        high = not high
        world.pin_driven(spec.heartbeat_pin, level=high)
        clock.sleep_until(clock.now_s + 0.005)
        taken.append((dummy.trace.average_ma(clock.now_s - 0.001, clock.now_s), world.relay("enable").state))
    assert {state for _, state in taken[200:]} == {0, 1}, "Stop's contact has opened the relay"
    live = [ma for ma, state in taken[200:] if state]
    opened = [ma for ma, state in taken[200:] if not state]
    assert min(live) > 5.0
    assert opened[-1] == pytest.approx(live[-1], rel=0.01)


def run(state: Path, *presses: tuple[float, str, float]) -> tuple[dict[str, Any], list[str]]:
    """A session of the command on a unit that passes for a real one."""
    phases: list[str] = []
    stop = StopSwitch()

    def shown(seen: Any) -> None:
        phases.append(seen["phase"])
        if seen["phase"] == "contact":
            stop.press(StopCause.KEYBOARD)

    unit = Unit.model_validate({"loop": {"rate_hz": 50}})
    with ExitStack():
        bench = simulated(unit, "hands", Scenario(person=PersonSpec(start_at_s=None)), 1, None)
        for at_s, button, for_s in presses:
            bench.inject(at_s, "press", {"button": button, "for_s": for_s})  # type: ignore[misc]
        calibration = read_calibration(put_calibration(state, "A7"), None, date.today())
        request = requested(treatment(**SHORT))._replace(
            simulate=None, state=state, unit=unit, calibration=calibration
        )
        bench = bench._replace(simulated=False)
        return run_session(request, shown, stop, bench=bench).summary, phases


def test_the_command_asks_once_after_each_start_of_the_computer(tmp_path: Path) -> None:
    summary, phases = run(tmp_path, (1.0, "stop", 1.0), (3.0, "start", 0.3))
    assert (summary["outcome"], "stop_test" in phases, "contact" in phases) == ("stopped", True, True)
    times = phase_times(summary)
    assert times["ready", "forward"][1] > 10.0, "Start waits for what the press began"
    summary, phases = run(tmp_path, (1.0, "start", 0.3))
    assert ("stop_test" in phases, "contact" in phases) == (False, True)
