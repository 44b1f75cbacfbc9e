"""Whole sessions through the real drivers on the simulated unit, judged by the true current."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import product
from typing import Any, TypeAlias

import pytest
import whole_treatment
from compiled_form import environment
from simulated import endings, phase_times, simulate, treatment

from config.unit import Unit
from controller.core.limits import BLIPS, MEMORY_S
from controller.loop.recorder import Trace
from controller.loop.tick import StopSwitch
from controller.session.wiring import NotReady
from protocols import treatment as library

Where: TypeAlias = tuple[str, str]
"""Phase and polarity."""
Fault: TypeAlias = dict[str, Any]
Session: TypeAlias = tuple[dict[str, Any], Trace]
AREAS = ["hands", "feet", "underarms", "face", "hands-glycopyrrolate"]
WITH_CURRENT: list[Where] = [
    (phase, polarity) for phase in ("ramp_up", "hold", "ramp_down") for polarity in ("forward", "reverse")
]


@pytest.fixture(scope="module")
def whole() -> Session:
    """A session in which nothing happens."""
    return simulate(seed=3)


def judge_completed(summary: dict[str, Any], target_ma: float) -> None:
    truth = summary["truth"]
    charge = truth["charge_ma_min"]
    assert summary["outcome"] == "completed", summary["reason"]
    assert summary["trip"] is None
    assert truth["held_ma"] <= target_ma * 1.01
    assert truth["worst_step_ma"] <= 0.1
    assert truth["switched_above_ma"] <= 0.2
    assert charge["reverse"] == pytest.approx(charge["forward"], rel=0.005)
    assert charge["forward"] > 0.0
    assert summary["loop"]["late"] == 0


@pytest.mark.parametrize("waited_s", [0.3, 1.0, 3.1])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_stop_while_it_waits_for_somebody_is_a_stop(seed: int, waited_s: float) -> None:
    """Nobody is in the water: it is no circuit that has opened."""
    nobody = {"hands_in_at_s": 30.0}
    begins_s, _ = phase_times(simulate(seed=seed, person=nobody)[0])["contact", "forward"]
    events = [{"at_s": begins_s + waited_s, "fault": "press", "button": "stop"}]
    summary, _ = simulate(seed=seed, events=events, person=nobody)
    assert (summary["outcome"], summary["stopped_by"], summary["trip"]) == ("stopped", "button", None)


@pytest.mark.parametrize(("seed", "name"), list(enumerate(AREAS, start=1)))
def test_a_shortened_library_treatment(seed: int, name: str) -> None:
    what = library.find(name).model_copy(update={"total_min": 2.5})
    summary, _ = simulate(what, seed=seed)
    judge_completed(summary, what.current_ma)
    assert [(p["phase"], p["polarity"]) for p in summary["phases"]] == [
        ("self_test", "forward"),
        ("ready", "forward"),
        ("trial", "forward"),
        ("proof", "forward"),
        ("contact", "forward"),
        ("ramp_up", "forward"),
        ("hold", "forward"),
        ("ramp_down", "forward"),
        ("reverse", "forward"),
        ("ramp_up", "reverse"),
        ("hold", "reverse"),
        ("ramp_down", "reverse"),
    ]


@pytest.mark.nightly
@pytest.mark.parametrize("name", AREAS)
@pytest.mark.parametrize("seed", range(1, 51))
def test_every_library_treatment_whole_for_fifty_seeds(name: str, seed: int) -> None:
    what = library.find(name)
    summary, _ = simulate(what, seed=seed)
    judge_completed(summary, what.current_ma)


def test_hands_for_their_whole_twenty_minutes() -> None:
    what = library.find("hands")
    command = [sys.executable, whole_treatment.__file__, "hands", "7"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    summary, columns = json.loads(done.stdout)
    judge_completed(summary, what.current_ma)
    assert summary["duration_s"] == pytest.approx(1200, abs=5)
    charge = summary["truth"]["charge_ma_min"]
    assert charge["forward"] == pytest.approx(12 * (600 - 24) / 60, rel=0.005)
    assert summary["charge_ma_min"]["forward"] == pytest.approx(charge["forward"], rel=0.005)
    assert len(set(columns)) == 1
    assert columns[0] == pytest.approx(12_020, abs=100)


def test_same_seed_same_session_to_the_last_bit(whole: Session) -> None:
    assert simulate(seed=3) == whole
    assert simulate(seed=4)[0]["truth"] != whole[0]["truth"]


@pytest.mark.parametrize("reversal", ["alternate", "none"])
def test_one_way_treatments(reversal: str) -> None:
    summary, _ = simulate(treatment(reversal=reversal, first_polarity="reverse"))
    assert summary["outcome"] == "completed"
    assert summary["truth"]["charge_ma_min"]["forward"] == 0.0
    assert summary["truth"]["charge_ma_min"]["reverse"] > 10.0
    assert summary["truth"]["switched_above_ma"] == 0.0


def test_a_unit_with_one_converter_completes() -> None:
    summary, _ = simulate(unit=Unit.model_validate({"guard_adc": None}))
    judge_completed(summary, 10.0)


@pytest.mark.parametrize("rate_hz", [100, 50])
def test_slower_loops_complete(rate_hz: int) -> None:
    summary, _ = simulate(unit=Unit.model_validate({"loop": {"rate_hz": rate_hz}}))
    judge_completed(summary, 10.0)
    assert summary["loop"]["rate_hz"] == rate_hz


def test_dry_skin_gets_what_the_voltage_allows() -> None:
    summary, trace = simulate(treatment(current_ma=15.0, total_min=4.0), load={"skin": 6000.0})
    assert (summary["outcome"], summary["short_because"]) == ("completed_short", "voltage")
    asked, true = summary["asked_ma_min"], summary["truth"]["charge_ma_min"]
    assert asked["forward"] == asked["reverse"] == pytest.approx(15.0 * (120.0 - 30.0) / 60, rel=2e-3)
    assert sum(true.values()) < 0.9 * sum(asked.values())
    assert 8.0 < summary["truth"]["held_ma"] < 10.5
    assert max(volts for volts in trace.voltage_v if volts is not None) < 60.0
    assert summary["truth"]["worst_step_ma"] <= 0.1


# --- faults -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sound(whole: Session) -> dict[Where, tuple[float, float]]:
    """When its phases were, as they are until a fault comes."""
    return phase_times(whole[0])


def happens(
    sound: dict[Where, tuple[float, float]], where: Where, at: float, *faults: Fault
) -> list[dict[str, Any]]:
    """The faults as events, `after_s` seconds from a phase's part `at` (0 to 1)."""
    start_s, end_s = sound[where]
    at_s = start_s + at * (end_s - start_s)
    return [{"at_s": at_s + fault.get("after_s", 0.0), **without(fault, "after_s")} for fault in faults]


def without(fault: Fault, key: str) -> Fault:
    return {name: value for name, value in fault.items() if name != key}


HAND_OUT: Fault = {"fault": "hand_out"}
HAND_OUT_AT = [0.003, 0.31, 0.62, 0.9]
SPIKES: list[Fault] = [
    {"fault": "current_spike", "to_ma": to_ma, "for_s": 0.5} for to_ma in (12.0, 20.0, 40.0, 60.0)
]
LATCHED: Fault = {"fault": "current_spike", "to_ma": 20.0, "for_s": 2.0, "latched": True}
CUT: list[tuple[Fault, str, float]] = [
    ({"fault": "short_circuit"}, "short_circuit", 100.0),
    ({"fault": "adc_silent"}, "adc_silent", 20.0),
    ({"fault": "adc_silent", "which": "guard"}, "adc_silent", 20.0),
    ({"fault": "adc_silent", "which": "control"}, "adc_silent", 20.0),
    ({"fault": "adc_frozen"}, "adc_frozen", 300.0),
    ({"fault": "adc_frozen", "which": "guard"}, "adc_frozen", 300.0),
    ({"fault": "adc_frozen", "which": "control"}, "adc_frozen", 300.0),
    ({"fault": "adc_reset", "which": "guard"}, "adc_reset", 150.0),
    ({"fault": "adc_reset", "which": "control"}, "adc_reset", 20.0),
    ({"fault": "adc_saturated", "which": "guard"}, "adc_saturated", 20.0),
    ({"fault": "adc_saturated", "which": "control"}, "adc_saturated", 50.0),
    ({"fault": "dac_silent"}, "dac_silent", 20.0),
    ({"fault": "dac_stuck"}, "dac_stuck", 8000.0),
    ({"fault": "bus_hung"}, "bus_hung", 25.0),
    ({"fault": "leakage"}, "leakage", 200.0),
    ({"fault": "supply_sag", "to_v": 50.0}, "supply", 200.0),
    ({"fault": "relay_open"}, "output_lost", 20.0),
    ({"fault": "stall", "for_s": 0.2}, "late_tick", 300.0),
]
HOLD: Where = ("hold", "forward")
SLIDES: list[Fault] = [
    {"after_s": 10.0, "fault": "hand_slides_out", "over_s": over_s} for over_s in (0.2, 0.5, 1.0, 3.0)
]
OUT_AND_IN: list[Fault] = [{"after_s": 10.0, **HAND_OUT}, {"after_s": 10.1, "fault": "hand_in"}]
CODE_LOST: list[Fault] = [
    {"after_s": 5.0 + at_s, "fault": "dac_reset"} for at_s in (0.0, 0.00058, 0.0011, 0.0019, 0.0033)
]
IN_A_WRITE = CODE_LOST[1]
STOP: Fault = {"fault": "press", "button": "stop", "for_s": 0.1}
STOPPED_IN: list[Where] = [("contact", "forward"), *WITH_CURRENT]
ENDINGS: list[tuple[Any, ...]] = [
    *product(WITH_CURRENT, HAND_OUT_AT, [HAND_OUT]),
    *product(WITH_CURRENT, [0.37], SPIKES),
    *product(WITH_CURRENT, [0.4], [fault for fault, _, _ in CUT]),
    *product(STOPPED_IN, [0.5], [STOP]),
    (HOLD, 0.5, LATCHED),
    *product([HOLD], [0.0], [*SLIDES, *CODE_LOST, OUT_AND_IN[0]]),
    (HOLD, 0.0, *OUT_AND_IN),
]
"""Every ending that a test looks at: phase, part of it, faults."""


@pytest.fixture(scope="module")
def ended(sound: dict[Where, tuple[float, float]]) -> dict[str, dict[str, Any]]:
    """The summary of each of the `ENDINGS`, forks of the one session."""
    summaries = endings([happens(sound, *ending) for ending in ENDINGS], seed=3)
    return {repr(ending): summary for ending, summary in zip(ENDINGS, summaries, strict=True)}


def abort(ended: dict[str, dict[str, Any]], where: Where, at: float, *faults: Fault) -> dict[str, Any]:
    summary = ended[repr((where, at, *faults))]
    assert summary["outcome"] == "aborted", summary["reason"]
    trip: dict[str, Any] = summary["trip"]
    assert (trip["phase"], summary["phases"][-1]["polarity"]) == where
    assert trip["onset_s"] <= trip["detected_s"]
    return summary


@pytest.mark.parametrize("at", HAND_OUT_AT)
@pytest.mark.parametrize("where", WITH_CURRENT)
def test_hand_out(ended: Any, where: Where, at: float) -> None:
    trip = abort(ended, where, at, HAND_OUT)["trip"]
    assert trip["cause"] == "open_circuit"
    assert trip["latency_ms"] <= 20.0


@pytest.mark.parametrize("spike", SPIKES, ids=lambda spike: f"{spike['to_ma']:g}")
@pytest.mark.parametrize("where", WITH_CURRENT)
def test_current_spike(ended: Any, where: Where, spike: Fault) -> None:
    trip = abort(ended, where, 0.37, spike)["trip"]
    assert trip["cause"] in {"current_spike", "over_current", "hardware_trip"}
    assert trip["latency_ms"] <= 20.0


def test_a_latched_spike_needs_the_relay_and_gets_it(ended: Any) -> None:
    assert abort(ended, HOLD, 0.5, LATCHED)["trip"]["latency_ms"] <= 20.0


@pytest.mark.parametrize(("fault", "cause", "bound_ms"), CUT)
@pytest.mark.parametrize("where", WITH_CURRENT)
def test_each_fault_has_its_cause(
    ended: Any, where: Where, fault: Fault, cause: str, bound_ms: float
) -> None:
    summary = abort(ended, where, 0.4, fault)
    # A guard converter at full scale trips by its own comparator too, whoever is first.
    first = {"hardware_trip"} if fault == {"fault": "adc_saturated", "which": "guard"} else set()
    assert summary["trip"]["cause"] in {cause, *first}
    assert summary["trip"]["latency_ms"] <= bound_ms
    assert summary["truth"]["held_ma"] <= 10.5


@pytest.mark.parametrize("slide", SLIDES, ids=lambda slide: f"{slide['over_s']:g}")
def test_a_hand_that_slides_out(sound: Any, ended: Any, slide: Fault) -> None:
    summary = abort(ended, HOLD, 0.0, slide)
    assert summary["trip"]["cause"] == "open_circuit"
    assert summary["trip"]["output_off_s"] <= sound[HOLD][0] + 10 + slide["over_s"] + 0.02


def test_a_hand_that_comes_back_finds_no_current(ended: Any) -> None:
    summary = abort(ended, HOLD, 0.0, *OUT_AND_IN)
    before = abort(ended, HOLD, 0.0, OUT_AND_IN[0])
    assert summary["truth"]["charge_ma_min"] == before["truth"]["charge_ma_min"]


@pytest.mark.parametrize("lost", CODE_LOST, ids=lambda lost: f"{lost['after_s']:g}")
def test_a_dac_that_loses_its_code_at_any_moment_of_a_tick(ended: Any, lost: Fault) -> None:
    """Off by name; but for the moment between a write and its echo, which is put right at once."""
    summary = ended[repr((HOLD, 0.0, lost))]
    if lost is IN_A_WRITE:
        assert summary["outcome"] == "completed", summary["reason"]
        truth = summary["truth"]
        assert truth["held_ma"] <= 10.1, "it comes back to where it was, and not beyond"
        charge_ma_min = truth["charge_ma_min"]
        assert charge_ma_min["forward"] == pytest.approx(charge_ma_min["reverse"], rel=1e-3)
        return
    trip = abort(ended, HOLD, 0.0, lost)["trip"]
    assert trip["cause"] == "dac_reset"
    assert trip["latency_ms"] <= 20.0


def test_one_corrupt_sample_is_no_trip(sound: Any) -> None:
    start_s, end_s = sound[HOLD]
    apart_s = MEMORY_S / 2 + 0.1  # two within the memory, and never three
    events = [
        {"at_s": start_s + 1 + apart_s * number, "fault": "corrupt_sample", "which": which}
        for number, which in enumerate(["control"] * 8 + ["guard"] * 2)
    ]
    assert events[-1]["at_s"] < end_s
    summary, _ = simulate(seed=3, events=events)
    assert summary["outcome"] == "completed", summary["reason"]
    assert summary["truth"]["worst_step_ma"] <= 0.1


def test_three_corrupt_samples_within_the_memory_are_a_current(sound: Any) -> None:
    start_s, _ = sound[HOLD]
    events = [
        {"at_s": start_s + 1 + 0.3 * number, "fault": "corrupt_sample", "which": "control"}
        for number in range(BLIPS)
    ]
    summary, _ = simulate(seed=3, events=events)
    assert (summary["outcome"], summary["trip"]["cause"]) == ("aborted", "current_spike")


def test_a_short_stall_is_ridden_and_counted(sound: Any) -> None:
    start_s, _ = sound["hold", "forward"]
    summary, _ = simulate(seed=3, events=[{"at_s": start_s + 1, "fault": "stall", "for_s": 0.01}])
    assert summary["outcome"] == "completed"
    assert summary["loop"]["late"] == 1


def test_a_drift_that_is_trimmed_is_not_taken_for_a_stuck_dac(sound: Any) -> None:
    start_s, _ = sound["hold", "forward"]
    events = [{"at_s": start_s + 5, "fault": "stage_drift"}]
    summary, _ = simulate(seed=3, events=events)
    assert summary["trip"] is None or summary["trip"]["cause"] != "dac_stuck"


def test_polarity_relay_that_does_not_move(sound: Any) -> None:
    summary, _ = simulate(seed=3, events=[{"at_s": 10, "fault": "polarity_stuck"}])
    assert summary["outcome"] == "aborted"
    assert summary["trip"]["cause"] == "wrong_polarity"


def test_a_treatment_beyond_the_unit_is_refused() -> None:
    unit = Unit.model_validate({"limits": {"max_current_ma": 9.5}})
    with pytest.raises(NotReady, match=r"10 mA.*9\.5 mA"):
        simulate(unit=unit)


def test_nobody_in_the_water_is_refused() -> None:
    summary, _ = simulate(events=[{"at_s": 0.0, "fault": "hand_out"}])
    assert summary["outcome"] == "refused"
    assert "no contact" in summary["reason"]


@pytest.mark.parametrize("fault", ["adc_silent", "dac_silent", "bus_hung"])
def test_a_dead_chip_at_power_up_is_refused_or_aborted_by_name(fault: str) -> None:
    summary, _ = simulate(events=[{"at_s": 0.0, "fault": fault}])
    assert summary["outcome"] in {"refused", "aborted"}
    assert "0x" in summary["reason"] or "bus" in summary["reason"]
    assert summary["truth"]["peak_ma"] == 0.0


# --- a person stops -----------------------------------------------------------------------------------


@pytest.mark.parametrize("where", STOPPED_IN)
def test_stop_button(sound: Any, ended: Any, where: Where) -> None:
    (press,) = happens(sound, where, 0.5, STOP)
    summary = ended[repr((where, 0.5, STOP))]
    assert summary["outcome"] == "stopped"
    assert summary["duration_s"] - press["at_s"] <= 5.0
    assert summary["trip"] is None


class PressAt:
    """Presses the switch from a snapshot, as a face would."""

    def __init__(self, at_s: float, *, cut: bool) -> None:
        self.stop, self.at_s, self.cut, self.pressed_s = StopSwitch(), at_s, cut, 0.0

    def __call__(self, snapshot: Any) -> None:
        if not self.pressed_s and snapshot["time_s"] >= self.at_s:
            self.pressed_s = snapshot["time_s"]
            (self.stop.cut if self.cut else self.stop.press)()


@pytest.mark.parametrize(("cut", "within_s"), [(False, 5.0), (True, 0.01)])
def test_stop_from_a_face(cut: bool, within_s: float) -> None:
    press = PressAt(40.0, cut=cut)
    summary, _ = simulate(seed=3, stop=press.stop, on_snapshot=press)
    assert summary["outcome"] == "stopped"
    assert summary["duration_s"] - press.pressed_s <= within_s
