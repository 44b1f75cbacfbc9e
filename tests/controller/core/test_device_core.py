"""What the appliance asks of a session: Up and Down within the limit, Start denied, refused or waiting."""

from __future__ import annotations

import pytest
from core_bench import Bench

from controller.core.reasons import NAMES, REASONS, Priority, code_of
from controller.core.types import Buttons, Cause, Failure, Phase, Refusal

pytestmark = pytest.mark.core

UP, DOWN, BOTH = Buttons(up=True), Buttons(down=True), Buttons(up=True, down=True)


def limited(limit_ma: float, target_ma: float = 5.0) -> Bench:
    bench = Bench(target_ma=target_ma, half_s=60.0, limit_ma=limit_ma)
    bench.run_until("hold")
    return bench


def press(bench: Bench, buttons: Buttons, ticks: int) -> None:
    for _ in range(ticks):
        assert bench.tick(buttons=buttons) is None
    bench.tick()


def test_a_press_is_one_step_however_long_it_is() -> None:
    bench = limited(8.0)
    press(bench, UP, 100)
    assert bench.session.target_ma == pytest.approx(5.5)
    press(bench, DOWN, 100)
    press(bench, DOWN, 5)
    assert bench.session.target_ma == pytest.approx(4.5)


def test_both_buttons_at_once_are_no_press() -> None:
    bench = limited(8.0)
    press(bench, BOTH, 50)
    assert bench.session.target_ma == 5.0


def test_up_ends_at_the_limit_and_down_at_the_least_current() -> None:
    bench = limited(5.7)
    press(bench, UP, 5)
    press(bench, UP, 5)
    assert bench.session.target_ma == pytest.approx(5.5)
    low = limited(0.0, target_ma=0.8)
    press(low, UP, 5)
    assert low.session.target_ma == 0.8, "without a limit of its own the target is the limit"
    press(low, DOWN, 5)
    press(low, DOWN, 5)
    assert low.session.target_ma >= 0.3


def test_the_current_follows_by_the_ramp() -> None:
    bench = limited(8.0)
    press(bench, UP, 5)
    before_ma = bench.session.setpoint_ma
    rises = []
    for _ in range(200):
        bench.tick()
        rises.append(bench.session.setpoint_ma - before_ma)
        before_ma = bench.session.setpoint_ma
    assert bench.session.setpoint_ma == pytest.approx(5.5)
    assert max(rises) <= 0.5 * bench.tick_s + 1e-9


def test_what_was_given_is_told_half_by_half() -> None:
    bench = limited(8.0)
    given = bench.session.given
    assert (given.half, given.half_elapsed_s) == (0, given.elapsed_s)
    assert given.forward_ma_min == pytest.approx(bench.session.dose.ma_min("forward"))
    assert given.forward_ma_min > 0.0
    assert given.reverse_ma_min == 0.0
    bench.session.phase = Phase.TRIPPED
    assert bench.session.finished


def test_a_denied_start_has_to_be_let_go_first() -> None:
    bench = Bench()
    bench.session.recorded = False
    while not bench.session.start_asked:
        assert bench.tick() is None
        assert bench.now_s < 5.0
    bench.session.deny()
    bench.session.recorded = True
    for _ in range(50):
        bench.tick(buttons=Buttons(start=True))
    assert bench.session.phase == "ready", "still the same press"
    bench.tick(buttons=Buttons())
    bench.tick(buttons=Buttons(start=True))
    bench.tick(buttons=Buttons())
    assert bench.session.phase == "proof"


def test_a_start_without_its_record_is_refused_and_only_while_it_waits() -> None:
    bench = Bench()
    bench.run_until("ready")
    bench.session.refuse(Refusal.UNIT_UNFIT, "made by the test")
    assert (bench.session.phase, bench.session.reason) == ("refused", "made by the test")
    assert code_of(bench.session) == REASONS[Refusal.UNIT_UNFIT].code
    running = limited(8.0)
    running.session.refuse(Refusal.UNIT_UNFIT, "made by the test")
    assert running.session.phase == "hold"
    assert code_of(running.session) is None
    running.tick(failure=Failure(Cause.BUS_HUNG, "made by the test"))
    assert code_of(running.session) == REASONS[Cause.BUS_HUNG].code


@pytest.mark.parametrize(
    ("still_ma", "code", "within_s"), [(3.0, 34, 0.5), (0.15, 72, 3.1)], ids=["felt", "barely"]
)
def test_current_that_a_cut_left_is_the_next_self_tests_alarm(
    still_ma: float, code: int, within_s: float
) -> None:
    """So the cut itself need not be told as current that may flow."""
    bench = Bench()
    while not bench.session.finished:
        bench.tick(guard_ma=still_ma, current_ma=still_ma)
        assert bench.now_s < within_s
    assert code_of(bench.session) == code
    assert REASONS[NAMES[code]].priority is Priority.HIGH
