"""The bugs of others as tests on our code: each fails if we have the bug that its name or heading tells.

Whole sessions run through the real drivers on the simulated unit and are judged by the true current.
"""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from core_bench import Bench
from places import ROOT, place
from simulated import endings, phase_times, simulate, treatment

from config.unit import Unit, reference_unit
from controller.core.guard import Guard
from controller.core.session import Session
from controller.core.types import Drive, Phase
from controller.loop.recorder import Trace
from controller.loop.rig import Rig
from controller.loop.tick import Loop, StopSwitch
from drivers.dac import CurrentDac
from drivers.relays import Heartbeat, Relays
from sim.world import World

WEAK = treatment(current_ma=5.0)
HOLD_S = 25.0
"""A moment in the first hold of `WEAK` (10 s of ramp, hold until about 52 s)."""


class Broken(Exception):
    """Raised on purpose."""


class Undisturbed(NamedTuple):
    """A session in which nothing happens, with no face: for looking at only."""

    summary: dict[str, Any]
    trace: Trace
    world: World
    codes: list[int]
    """What the DAC had when the relays closed, each time."""

    @property
    def phases(self) -> dict[tuple[str, str], tuple[float, float]]:
        return phase_times(self.summary)


@pytest.fixture(scope="module")
def undisturbed() -> Undisturbed:
    codes: list[int] = []
    connect_them = Relays.connect

    with pytest.MonkeyPatch.context() as monkeypatch:
        built = remembered_worlds(monkeypatch)

        def connect(self: Relays) -> None:
            codes.append(built[-1].dac.output_code)
            connect_them(self)

        monkeypatch.setattr(Relays, "connect", connect)
        summary, trace = simulate(WEAK, on_snapshot=None)
    return Undisturbed(summary, trace, built[-1], codes)


LOST_LINKS = ["bus_hung", "dac_silent", "adc_silent"]
SPIKES: list[tuple[dict[str, Any], str]] = [
    ({"fault": "hand_out"}, "open_circuit"),
    ({"fault": "current_spike", "to_ma": 12.0}, "hardware_trip"),
    ({"fault": "current_spike", "to_ma": 30.0}, "hardware_trip"),
]
CONVERTERS = ["guard", "control"]
HANGS_S = 1.0
STARVED_S = [0.2, 1.0, 5.0]
IN_THE_HOLD: list[dict[str, Any]] = [
    *(fault for fault, _ in SPIKES),
    *({"fault": fault} for fault in LOST_LINKS),
    *({"fault": "adc_silent", "which": which} for which in CONVERTERS),
    {"fault": "bus_hung", "for_s": HANGS_S},
    *({"fault": "stall", "for_s": for_s} for for_s in STARVED_S),
    *({"fault": "dac_reset", "to_code": to_code} for to_code in (1.0, 2048.0)),
]


@pytest.fixture(scope="module")
def ended() -> Callable[..., dict[str, Any]]:
    """A function that gives the summary of a session with one fault in its hold; they are forks of one."""
    summaries = endings([[{"at_s": HOLD_S, **fault}] for fault in IN_THE_HOLD], WEAK)

    def ended_by(**fault: Any) -> dict[str, Any]:
        return summaries[IN_THE_HOLD.index(fault)]

    return ended_by


@pytest.fixture
def worlds(monkeypatch: pytest.MonkeyPatch) -> list[World]:
    """Every world that a session of this test builds."""
    return remembered_worlds(monkeypatch)


def remembered_worlds(monkeypatch: pytest.MonkeyPatch) -> list[World]:
    built: list[World] = []
    original = World.__init__

    def remember(self: World, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        built.append(self)

    monkeypatch.setattr(World, "__init__", remember)
    return built


def break_at(
    monkeypatch: pytest.MonkeyPatch, worlds: list[World], owner: type, method: str, at_s: float
) -> list[float]:
    """Let a method raise from `at_s` on; returns a list that gets the moment when it first did."""
    original = getattr(owner, method)
    broke: list[float] = []

    def broken(*args: Any, **kwargs: Any) -> Any:
        now_s = worlds[-1].clock.now_s
        if now_s >= at_s:
            broke.append(now_s)
            raise Broken(method)
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, method, broken)
    return broke


def pass_time(world: World, duration_s: float) -> None:
    world.clock.advance_to(world.clock.now_s + duration_s)


def flows_ma(world: World) -> float:
    return abs(world.current_ma(world.clock.now_s))


# --- no converter, no ramp, reversal in the middle under full current ------------------------------------


def test_polarity_is_never_reversed_under_current(undisturbed: Undisturbed) -> None:
    summary = undisturbed.summary
    assert summary["outcome"] == "completed"
    assert ("ramp_up", "reverse") in phase_times(summary)
    assert summary["truth"]["switched_above_ma"] <= 0.2
    assert summary["truth"]["worst_step_ma"] <= 0.1


def test_full_current_is_reached_by_a_ramp_and_left_by_one(undisturbed: Undisturbed) -> None:
    ramp_s = 5.0 / WEAK.ramp_ma_per_s
    for phase in ("ramp_up", "ramp_down"):
        start_s, end_s = undisturbed.phases[phase, "forward"]
        assert end_s - start_s >= 0.9 * ramp_s
    measured = [ma or 0.0 for ma in undisturbed.trace.measured_ma]
    rises = [after - before for before, after in pairwise(measured)]
    assert max(rises) <= 0.5 * 0.1 * 1.5 + 0.02, "a tenth of a second of ramp between two rows"


# --- "ended" is printed while the output is still on -----------------------------------------------------


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (None, "completed"),
        ({"fault": "press", "button": "stop"}, "stopped"),
        ({"fault": "hand_out"}, "aborted"),
    ],
)
def test_an_ended_session_is_off_before_it_says_so(
    undisturbed: Undisturbed, worlds: list[World], event: dict[str, Any] | None, outcome: str
) -> None:
    summary, world = undisturbed.summary, undisturbed.world
    if event:
        summary, _ = simulate(WEAK, events=[{"at_s": HOLD_S, **event}])
        world = worlds[-1]
    assert summary["outcome"] == outcome
    assert flows_ma(world) < 0.01
    assert world.dac.output_code == 0
    assert not world.levels[world.spec.series_relay_pin]
    off_s = world.truth.off_since_s(0.0)
    assert off_s is not None
    assert off_s <= summary["duration_s"] + 0.02


# --- blocking delays ignore Stop -------------------------------------------------------------------------


TO_STOP = ["ready", "trial", "proof", "contact", "ramp_up", "hold", "ramp_down", "reverse"]


@pytest.fixture(scope="module")
def stopped(undisturbed: Undisturbed) -> dict[str, tuple[float, dict[str, Any]]]:
    """Phase to the moment of a press in it, and the session's summary; they are forks of one."""
    spans = [undisturbed.phases[where, "forward"] for where in TO_STOP]
    moments_s = [start_s + 0.4 * (end_s - start_s) for start_s, end_s in spans]
    press = {"fault": "press", "button": "stop", "for_s": 0.05}
    summaries = endings([[{"at_s": at_s, **press}] for at_s in moments_s], WEAK)
    return dict(zip(TO_STOP, zip(moments_s, summaries, strict=True), strict=True))


@pytest.mark.parametrize("where", TO_STOP)
def test_stop_works_in_every_phase_of_a_whole_session(
    stopped: dict[str, tuple[float, dict[str, Any]]], where: str
) -> None:
    at_s, summary = stopped[where]
    assert summary["outcome"] == "stopped"
    assert summary["duration_s"] - at_s <= 5.0
    assert ("ramp_up", "reverse") not in phase_times(summary)


# --- 0.6 s per correction, no check for spikes or an open circuit ----------------------------------------


def test_an_error_of_the_stage_is_corrected_within_half_a_second() -> None:
    bench = Bench()
    bench.run_until("hold")
    wrong_at_s = bench.now_s
    while bench.now_s < wrong_at_s + 0.5:
        read_ma = 0.97 * bench.plant_ma()
        assert bench.tick(guard_ma=read_ma, current_ma=read_ma, return_ma=read_ma) is None
    assert 0.97 * bench.plant_ma() == pytest.approx(5.0, rel=0.01)


@pytest.mark.parametrize(("fault", "cause"), SPIKES)
def test_a_spike_and_an_open_circuit_are_cut_in_twenty_milliseconds(
    ended: Any, fault: dict[str, Any], cause: str
) -> None:
    trip = ended(**fault)["trip"]
    assert trip["cause"] == cause
    assert trip["latency_ms"] <= 20.0


# --- the duration lives on another machine; STOP is not in a `finally` -----------------------------------

TICK = [
    (Rig, "sense"),
    (Guard, "doubts"),
    (Session, "step"),
    (Guard, "check"),
    (Rig, "apply"),
    (Rig, "heartbeat"),
    (CurrentDac, "write"),
    (Heartbeat, "beat"),
]


@pytest.mark.parametrize(("owner", "method"), TICK)
def test_an_error_in_any_part_of_the_tick_leaves_the_output_off(
    monkeypatch: pytest.MonkeyPatch, worlds: list[World], owner: type, method: str
) -> None:
    broke = break_at(monkeypatch, worlds, owner, method, HOLD_S)
    with pytest.raises(Broken) as held:  # holds the frames and with them the pins, which else are let go
        simulate(WEAK)
    world = worlds[-1]
    assert held
    assert world.truth.peak_ma > 4.0, "the error came while current flowed"
    pass_time(world, 0.1)
    assert flows_ma(world) < 0.01
    off_s = world.truth.off_since_s(broke[0])
    assert off_s is not None
    assert off_s - broke[0] <= 0.02, "switched off on the way out, long before the charge pump runs down"


@pytest.mark.parametrize(("owner", "method"), [row for row in TICK if row[0] is not Heartbeat])
def test_a_tick_that_fails_anywhere_makes_no_heartbeat(
    monkeypatch: pytest.MonkeyPatch, worlds: list[World], owner: type, method: str
) -> None:
    beats = 0
    beats_before_tick = 0
    original_beat, original_tick = Heartbeat.beat, Loop.tick

    def beat(self: Heartbeat) -> None:
        nonlocal beats
        original_beat(self)
        beats += 1

    def tick(self: Loop) -> Any:
        nonlocal beats_before_tick
        beats_before_tick = beats
        return original_tick(self)

    monkeypatch.setattr(Heartbeat, "beat", beat)
    monkeypatch.setattr(Loop, "tick", tick)
    break_at(monkeypatch, worlds, owner, method, HOLD_S)
    with pytest.raises(Broken):
        simulate(WEAK)
    assert beats > 1000
    assert beats == beats_before_tick, "the tick that failed made an edge"


def test_a_session_ends_by_its_own_time_with_no_face_at_all(undisturbed: Undisturbed) -> None:
    assert undisturbed.summary["outcome"] == "completed"
    assert undisturbed.summary["duration_s"] <= WEAK.total_s + 10.0


# --- a maximum that is declared and never used; a lost link that doesn't stop it -------------------------


def test_the_units_own_maximum_is_what_the_guard_trips_on() -> None:
    unit = Unit.model_validate({"limits": {"max_current_ma": 6.0}})
    events = [{"at_s": HOLD_S, "fault": "current_spike", "to_ma": 6.6}]
    summary, _ = simulate(treatment(current_ma=5.9), unit=unit, events=events)
    assert summary["trip"]["cause"] == "over_current"
    summary, _ = simulate(treatment(current_ma=5.9), events=events)
    assert summary["trip"] is None or summary["trip"]["cause"] != "over_current"


@pytest.mark.parametrize("fault", LOST_LINKS)
def test_a_lost_link_to_a_chip_ends_it(ended: Any, fault: str) -> None:
    summary = ended(fault=fault)
    assert summary["outcome"] == "aborted"
    assert summary["trip"]["latency_ms"] <= 20.0


# --- enable before set; a failed reading taken for 0; a second of I2C timeout ----------------------------


def test_the_dac_is_set_before_the_relay_closes(undisturbed: Undisturbed) -> None:
    codes = undisturbed.codes
    assert undisturbed.summary["outcome"] == "completed"
    assert len(codes) >= 2, "once for each polarity"
    line = reference_unit().output_line
    most_ma = line.gain * 25.0 * max(codes) / 4095 + line.offset
    assert 0.0 < most_ma <= 0.1, "a twentieth of what people feel, for the proof of the relays"
    assert codes[-1] == 0


@pytest.mark.parametrize("which", CONVERTERS)
def test_a_failed_reading_is_no_reading_and_never_zero(ended: Any, which: str) -> None:
    """Zero would look like an open circuit, or make the regulator ask for more."""
    summary = ended(fault="adc_silent", which=which)
    assert summary["trip"]["cause"] == "adc_silent"
    assert summary["truth"]["held_ma"] <= 5.05


def test_a_bus_that_hangs_for_a_second_is_not_waited_for(ended: Any) -> None:
    summary = ended(fault="bus_hung", for_s=HANGS_S)
    assert summary["trip"]["cause"] == "bus_hung"
    assert summary["trip"]["latency_ms"] <= 25.0


# --- measures, does not control --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_setpoint_is_regulated_not_only_measured(undisturbed: Undisturbed, seed: int) -> None:
    """Stages differ by several percent: only feedback brings the current to the setpoint."""
    summary, trace = undisturbed[:2] if seed == 1 else simulate(WEAK, seed=seed)
    start_s, end_s = phase_times(summary)["hold", "forward"]
    steady = [
        ma
        for at_s, ma in zip(trace.time_s, trace.measured_ma, strict=True)
        if start_s + 5.0 <= at_s <= end_s and ma is not None
    ]
    assert steady
    assert max(abs(ma - 5.0) for ma in steady) <= 0.05


# --- SIGKILL passes by every `finally`; the relay stays on when the process exits ------------------------


def test_a_loop_that_stops_leaves_no_current_after_100_ms(
    monkeypatch: pytest.MonkeyPatch, worlds: list[World]
) -> None:
    """Nothing cleans up, pins and DAC keep what they had: the charge pump alone ends it."""
    for owner, method in ((Rig, "rest"), (Relays, "close"), (Heartbeat, "close")):
        monkeypatch.setattr(owner, method, lambda *_args: None)
    broke = break_at(monkeypatch, worlds, Rig, "sense", HOLD_S)
    with pytest.raises(Broken) as held:  # holds the frames and with them the pins, which else are let go
        simulate(WEAK)
    world = worlds[-1]
    assert held
    assert world.levels[world.spec.series_relay_pin], "the pin is still driven"
    assert world.dac.output_code > 0, "the DAC still holds its code"
    pass_time(world, 0.2)
    off_s = world.truth.off_since_s(broke[0])
    assert off_s is not None
    assert off_s - broke[0] <= 0.1


@pytest.mark.parametrize("for_s", STARVED_S)
def test_a_starved_loop_is_off_before_it_runs_again(ended: Any, for_s: float) -> None:
    """A host that starves is no reason for current: it ends long before the host comes back."""
    summary = ended(fault="stall", for_s=for_s)
    assert summary["outcome"] == "aborted"
    assert summary["trip"]["cause"] == "late_tick"
    assert summary["trip"]["latency_ms"] <= 100.0


def test_a_welded_relay_does_not_keep_the_output_on(worlds: list[World]) -> None:
    events = [
        {"at_s": HOLD_S, "fault": "relay_welded", "which": "series"},
        {"at_s": HOLD_S + 1, "fault": "current_spike", "to_ma": 20.0, "for_s": 30.0, "latched": True},
    ]
    summary, _ = simulate(WEAK, events=events)
    assert summary["outcome"] == "aborted"
    assert summary["trip"]["latency_ms"] <= 100.0
    assert flows_ma(worlds[-1]) < 0.01


# --- wall clock, shared code, environments that change the product ---------------------------------------


def test_the_wall_clock_moves_nothing(monkeypatch: pytest.MonkeyPatch, undisturbed: Undisturbed) -> None:
    hours = iter(range(10**9))
    monkeypatch.setattr(time, "time", lambda: 3600.0 * (-1) ** next(hours))
    monkeypatch.setattr(time, "time_ns", lambda: 3600 * 10**9 * (-1) ** next(hours))
    assert simulate(WEAK) == undisturbed[:2]
    source = ROOT.joinpath(place("controller/**/clock.py")).read_text(encoding="utf-8")
    assert set(re.findall(r"\btime\.(\w+)\(", source)) <= {"monotonic", "sleep"}


def imports_of(module: str) -> set[str]:
    tree = ast.parse(ROOT.joinpath(*module.split(".")).with_suffix(".py").read_text(encoding="utf-8"))
    found = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return {name for name in found if name.split(".")[0] not in {"typing", "__future__", "collections"}}


def test_the_core_of_guard_and_session_share_no_code() -> None:
    shared = imports_of("controller.core.guard") & imports_of("controller.core.session")
    modules = {name for name in shared if ROOT.joinpath(*name.split(".")).with_suffix(".py").is_file()}
    assert modules <= {"controller.core.limits", "controller.core.types"}
    for module in ("guard", "session", "regulator", "dose", "load"):
        assert not imports_of(f"controller.core.{module}") & {"time", "datetime", "os", "random", "threading"}


def test_no_part_of_the_product_asks_whether_it_is_being_tested() -> None:
    asking = re.compile(r"is_testing|PYTEST|_TESTING|\bpytest\b|\bunittest\b")
    for room in ("protocols", "config", "controller", "drivers", "sim", "app"):
        for path in ROOT.joinpath(room).rglob("*.py"):
            assert not asking.search(path.read_text(encoding="utf-8")), path


# --- silent substitution of a mock; simulation by default; switches that ignore faults -------------------


def test_missing_hardware_is_never_replaced_by_the_simulator(
    worlds: list[World], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from app.main import main

    unit = tmp_path / "unit.yaml"
    unit.write_text("i2c: {bus: 20}\n", encoding="utf-8")  # a bus that no machine has
    assert main(["run", "hands", "--unit", str(unit)]) == 5
    assert worlds == []
    assert "SIMULATED" not in "".join(capsys.readouterr())


def test_no_switch_ignores_a_fault(capsys: pytest.CaptureFixture[str]) -> None:
    from app.main import main

    assert main(["run", "--help"]) == 0
    options = re.findall(r"--([a-z-]+)", capsys.readouterr().out)
    assert "simulate" in options
    for option in options:
        assert not re.search(r"ignore|force|skip|unsafe|disable|^no-|override", option), option


# --- aborts that read as completion; a history that is cut short -----------------------------------------


def test_an_abort_keeps_the_dose_that_was_given(ended: Any) -> None:
    summary = ended(fault="hand_out")
    assert summary["outcome"] == "aborted"
    assert summary["reason"]
    counted, true = summary["charge_ma_min"]["forward"], summary["truth"]["charge_ma_min"]["forward"]
    assert true > 1.0
    assert counted == pytest.approx(true, rel=0.005)


# --- the live setpoint saved in the DAC: it becomes the power-on value -----------------------------------


@pytest.mark.parametrize("how", ["completed", "aborted"])
def test_no_session_writes_the_dacs_eeprom(undisturbed: Undisturbed, worlds: list[World], how: str) -> None:
    if how == "aborted":
        simulate(WEAK, events=[{"at_s": HOLD_S, "fault": "hand_out"}])
    dac = (worlds[-1] if worlds else undisturbed.world).dac
    assert dac.eeprom_code == 0, "what it would power up with"


def test_a_dac_with_a_value_in_its_eeprom_is_refused() -> None:
    summary, _ = simulate(WEAK, events=[{"at_s": 0.0, "fault": "dac_reset", "to_code": 2048}])
    assert summary["outcome"] == "refused"
    assert "EEPROM" in summary["reason"]
    assert summary["phases"] == []


def test_a_dac_that_lost_its_code_or_its_eeprom_is_not_driven_on(ended: Any) -> None:
    for to_code in (1.0, 2048.0):
        summary = ended(fault="dac_reset", to_code=to_code)
        assert summary["outcome"] == "aborted"
        assert summary["trip"]["cause"] in {"dac_reset", "current_spike", "over_current", "hardware_trip"}
        assert summary["trip"]["detected_s"] - HOLD_S <= 0.11


# --- people ----------------------------------------------------------------------------------------------


def test_a_start_button_that_is_stuck_starts_nothing() -> None:
    summary, _ = simulate(
        WEAK, events=[{"at_s": 0.0, "fault": "start_stuck"}], person={"start_at_s": None, "hands_in_at_s": 0}
    )
    assert summary["outcome"] == "refused"
    assert "Start" in summary["reason"]
    assert summary["truth"]["peak_ma"] == 0.0


def test_a_hand_that_flutters_ends_it_once_and_for_all() -> None:
    """Five times a second in and out: the first break ends it, and nobody comes back to current."""
    events = [{"at_s": HOLD_S + 0.1 * i, "fault": "hand_in" if i % 2 else "hand_out"} for i in range(40)]
    summary, _ = simulate(WEAK, events=events)
    once, _ = simulate(WEAK, events=events[:1])
    assert summary["outcome"] == "aborted"
    assert summary["trip"]["cause"] == "open_circuit"
    assert summary["truth"]["charge_ma_min"] == once["truth"]["charge_ma_min"]


def test_one_hand_only_gets_nothing() -> None:
    summary, _ = simulate(WEAK, events=[{"at_s": 0.0, "fault": "hand_out"}])
    assert summary["outcome"] == "refused"
    assert summary["truth"]["held_ma"] < 0.01


@pytest.mark.parametrize(("to_ohm", "over_s"), [(6000.0, 30.0), (60_000.0, 30.0)])
def test_skin_that_dries_beyond_compliance_is_never_shocked(to_ohm: float, over_s: float) -> None:
    what = treatment(current_ma=12.0, total_min=4.0)
    events = [{"at_s": 40.0, "fault": "load_drying", "to_ohm": to_ohm, "over_s": over_s}]
    summary, _ = simulate(what, events=events)
    assert summary["outcome"] in {"completed_short", "aborted"}
    assert summary["truth"]["held_ma"] <= 12.0 * 1.01
    if summary["outcome"] == "completed_short":
        assert summary["truth"]["worst_step_ma"] <= 0.1


def test_two_presses_of_the_switch_are_off_at_once() -> None:
    stop = StopSwitch()

    def press(snapshot: Any) -> None:
        if snapshot["time_s"] >= HOLD_S:
            stop.cut()

    summary, _ = simulate(WEAK, stop=stop, on_snapshot=press)
    assert summary["outcome"] == "stopped"
    assert summary["duration_s"] <= HOLD_S + 0.2


def test_a_core_that_is_told_to_drive_without_a_reading_stays_off() -> None:
    """No reading at all, from the first tick on: never current, never an accidental zero."""
    bench = Bench()
    while not bench.session.finished:
        bench.tick(guard_ma=None, guard_code=None, current_ma=None, voltage_v=None)
        assert not isinstance(bench.applied, Drive)
    assert bench.session.phase in {Phase.REFUSED, Phase.TRIPPED}
