from __future__ import annotations

from collections.abc import Callable

import pytest
from core_bench import Bench

from controller.core.types import Buttons, Drive, Off, Phase

pytestmark = pytest.mark.core


def phases_of(bench: Bench, limit_s: float = 200.0) -> list[tuple[str, str]]:
    seen: list[tuple[str, str]] = []
    while not bench.session.finished:
        assert bench.tick() is None, bench.guard.trip
        here = (bench.session.phase.value, bench.session.polarity)
        if not seen or seen[-1] != here:
            seen.append(here)
        assert bench.now_s < limit_s
    return seen


def test_a_whole_treatment(bench: Bench) -> None:
    assert phases_of(bench) == [
        ("self_test", "forward"),
        ("ready", "forward"),
        ("proof", "forward"),
        ("contact", "forward"),
        ("ramp_up", "forward"),
        ("hold", "forward"),
        ("ramp_down", "forward"),
        ("reverse", "forward"),
        ("ramp_up", "reverse"),
        ("hold", "reverse"),
        ("ramp_down", "reverse"),
        ("done", "reverse"),
    ]
    forward, reverse = bench.session.dose.ma_min("forward"), bench.session.dose.ma_min("reverse")
    assert forward == pytest.approx(5.0 * (30 - 10) / 60, rel=0.02)
    assert reverse == pytest.approx(forward, rel=0.005)
    assert max(c.setpoint_ma for c in bench.commands if isinstance(c, Drive)) == pytest.approx(5.0)


def test_one_half_ends_without_reversal(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(halves=1)
    assert "reverse" not in {phase for phase, _ in phases_of(bench)}
    assert bench.session.phase is Phase.DONE
    assert bench.session.left_s == pytest.approx(0.0, abs=0.1)


def test_start_held_since_power_up_is_refused(bench: Bench) -> None:
    while not bench.session.finished:
        bench.tick(buttons=Buttons(start=True))
    assert bench.session.phase is Phase.REFUSED
    assert "Start button" in (bench.session.reason or "")


def test_stop_held_since_power_up_is_refused(bench: Bench) -> None:
    while not bench.session.finished:
        bench.tick(buttons=Buttons(stop=True))
    assert bench.session.phase is Phase.REFUSED
    assert "Stop button" in (bench.session.reason or "")


@pytest.mark.parametrize("before", [0, 5])
def test_a_press_of_stop_during_self_test_stops(bench: Bench, before: int) -> None:
    for pressed in [False] * before + [True] * 5 + [False]:
        bench.tick(buttons=Buttons(stop=pressed))
    assert bench.session.phase is Phase.STOPPED


def test_start_pressed_during_self_test_does_not_count(bench: Bench) -> None:
    for _ in range(10):
        bench.tick(buttons=Buttons(start=True))
    bench.run_until("ready")
    for _ in range(5):
        bench.tick(buttons=Buttons())
    assert bench.session.phase is Phase.READY


def test_nobody_presses_start(bench: Bench) -> None:
    while not bench.session.finished:
        bench.tick(buttons=Buttons())
    assert bench.session.phase is Phase.REFUSED
    assert bench.now_s == pytest.approx(600, abs=2)
    assert all(isinstance(command, Off) for command in bench.commands)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"supply_v": 50.0}, "supply"),
        ({"supply_v": None}, "supply"),
        ({"current_ma": 0.15}, "welded"),
        ({"guard_ma": 0.15}, "welded"),
        ({"current_ma": None}, "nothing"),
    ],
)
def test_self_test_refuses(bench: Bench, changes: dict[str, float | None], word: str) -> None:
    if changes.get("supply_v", 64.0) == 50.0:
        changes = {**changes, "sampled": "voltage"}  # the guard would trip on the supply channel itself
    while not bench.session.finished:
        bench.tick(**changes)
    assert bench.session.phase is Phase.REFUSED
    assert word in (bench.session.reason or "")
    assert bench.now_s <= 3.1


def test_contact_waits_for_two_stable_seconds(bench: Bench) -> None:
    bench.run_until("contact")
    began_s = bench.now_s
    for _ in range(300):
        bench.tick(current_ma=0.0, guard_ma=0.0, voltage_v=60.0)
    assert bench.session.phase is Phase.CONTACT
    bench.run_until("ramp_up")
    assert bench.now_s - began_s >= 3.0 + 2.0
    assert max(c.setpoint_ma for c in bench.commands if isinstance(c, Drive)) <= 0.31


def test_an_open_circuit_does_not_wind_up_the_sensing_current(bench: Bench) -> None:
    bench.run_until("contact")
    for _ in range(2000):
        bench.tick(current_ma=0.0, guard_ma=0.0, voltage_v=60.0)
    assert bench.plant_ma() < 0.5, "a hand that comes back would feel more than the re-entry limit"


def test_no_contact_gives_up(bench: Bench) -> None:
    bench.run_until("contact")
    while not bench.session.finished:
        bench.tick(current_ma=0.0, guard_ma=0.0, voltage_v=60.0)
    assert bench.session.phase is Phase.REFUSED
    assert "stayed open" in (bench.session.reason or "")


def test_electrodes_in_one_tray_never_start(bench: Bench) -> None:
    bench.ohm = 100.0
    while not bench.session.finished:
        bench.tick()
    assert bench.session.phase is Phase.REFUSED
    assert "same water" in (bench.session.reason or "")


@pytest.mark.parametrize("ramp_ma_per_s", [0.05, 0.5])
def test_down_in_the_ramp_is_no_fault_to_the_guard_and_ends_as_a_whole_treatment(
    ramp_ma_per_s: float,
) -> None:
    """In either half, and with no rise beyond what flowed when it was pressed."""
    bench = Bench(target_ma=5.0, half_s=120.0, ramp_ma_per_s=ramp_ma_per_s)
    bench.run_until("ramp_up")
    for held_ma in (2.0, 1.5):
        while bench.session.setpoint_ma < held_ma + 0.2 and bench.session.phase == "ramp_up":
            assert bench.tick() is None, bench.guard.trip
        highest_ma = bench.session.setpoint_ma
        for _ in range(20):
            assert bench.tick(buttons=Buttons(down=True)) is None, bench.guard.trip
        assert bench.session.target_ma == held_ma
        while bench.session.phase in ("ramp_up", "hold", "ramp_down"):
            assert bench.tick() is None, bench.guard.trip
            assert bench.session.setpoint_ma <= highest_ma
        if held_ma == 2.0:
            bench.run_until("ramp_up")
    assert bench.session.phase is Phase.DONE
    assert bench.session.short is not None, "less in the second half: told as such"


@pytest.mark.parametrize("phase", ["contact", "ramp_up", "hold", "ramp_down"])
def test_stop_ramps_down_within_five_seconds(bench: Bench, phase: str) -> None:
    bench.run_until(phase)
    for _ in range(50):
        bench.tick()
    pressed_s = bench.now_s
    bench.tick(buttons=Buttons(stop=True))
    assert bench.session.phase is Phase.STOPPING
    last_ma = bench.session.setpoint_ma
    while not bench.session.finished:
        assert bench.tick() is None
        assert bench.session.setpoint_ma <= last_ma
        last_ma = bench.session.setpoint_ma
    assert bench.session.phase is Phase.STOPPED
    assert bench.now_s - pressed_s <= 5.0
    assert isinstance(bench.applied, Off)


@pytest.mark.parametrize(
    ("phase", "how"),
    [
        ("self_test", "stop_asked"),
        ("ready", "stop"),
        ("ready", "stop_asked"),
        ("proof", "stop"),
        ("reverse", "stop"),
    ],
)
def test_stop_without_current_is_off_at_once(bench: Bench, phase: str, how: str) -> None:
    bench.run_until(phase)
    bench.tick(buttons=Buttons(**{how: True}))
    assert bench.session.phase is Phase.STOPPED
    assert isinstance(bench.applied, Off)


@pytest.mark.parametrize("phase", ["ready", "contact", "hold", "reverse"])
def test_cut_is_off_in_the_next_tick(bench: Bench, phase: str) -> None:
    bench.run_until(phase)
    bench.session.cut("twice")
    bench.tick()
    assert bench.session.phase is Phase.STOPPED
    assert isinstance(bench.applied, Off)


def test_cut_while_stopping(bench: Bench) -> None:
    bench.run_until("hold")
    bench.tick(buttons=Buttons(stop=True))
    bench.session.cut("twice")
    bench.tick()
    assert isinstance(bench.applied, Off)


def test_stop_pressed_twice_is_off_at_once(bench: Bench) -> None:
    bench.run_until("hold")
    for _ in range(5):
        bench.tick(buttons=Buttons(stop=True))
    for _ in range(12):
        bench.tick(buttons=Buttons())
    bench.tick(buttons=Buttons(stop=True))
    assert bench.session.phase is Phase.STOPPED
    assert isinstance(bench.applied, Off)


def test_a_bouncing_or_held_stop_is_one_press(bench: Bench) -> None:
    bench.run_until("hold")
    for tick in range(60):
        bench.tick(buttons=Buttons(stop=tick % 4 != 3 or tick > 20))
    assert bench.session.phase is Phase.STOPPING


def test_reversal_waits_for_zero(bench: Bench) -> None:
    bench.run_until("reverse")
    for _ in range(20):
        bench.tick(current_ma=0.2)
        assert bench.applied.polarity == "forward"
        assert isinstance(bench.applied, Drive)
        assert bench.applied.code == 0
    offs: list[str] = []
    while bench.session.phase is Phase.REVERSE:
        bench.tick()
        if isinstance(bench.applied, Off):
            offs.append(bench.applied.polarity)
    assert offs.count("forward") >= 6, "release and dead time pass with the output open before the swap"
    assert offs.count("reverse") >= 5, "the contacts settle before the output closes"
    assert offs == sorted(offs)


def test_fold_back_keeps_the_stage_in_control(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(target_ma=12.0, half_s=120.0)
    bench.ohm = 6000.0  # 12 mA would need 72 V
    bench.run_until("hold")
    for _ in range(2000):
        assert bench.tick() is None
    assert bench.session.fold_back.ever
    assert 53.0 <= bench.plant_ma() / 1000 * 6000.0 <= 58.0
    bench.ohm = 2000.0
    rises = []
    for _ in range(3000):
        before_ma = bench.session.setpoint_ma
        assert bench.tick() is None
        rises.append(bench.session.setpoint_ma - before_ma)
    assert bench.session.setpoint_ma == pytest.approx(12.0)
    assert max(rises) <= 0.5 * bench.tick_s + 1e-9


def test_second_half_ends_at_equal_charge(make_bench: Callable[..., Bench]) -> None:
    """A first half that was cut short by a dry load is not followed by a second with more charge."""
    bench = make_bench(target_ma=12.0, half_s=120.0)
    bench.ohm = 6000.0
    bench.run_until("reverse")
    bench.ohm = 1500.0
    bench.run_until("done", limit_s=300)
    dose = bench.session.dose
    assert dose.ma_min("reverse") == pytest.approx(dose.ma_min("forward"), rel=0.005)
