"""Up and Down within their limits, and Start that waits for its record."""

import pytest
from core_bench import Bench

from controller.core.reasons import code_of
from controller.core.types import Buttons, Cause, Phase, Refusal, Trip

pytestmark = pytest.mark.core


def press(bench, ticks=10, **which):
    for _ in range(ticks):
        bench.tick(buttons=Buttons(**which))
    for _ in range(10):
        bench.tick()


@pytest.fixture
def held():
    bench = Bench(limit_ma=5.5)
    bench.run_until(Phase.HOLD)
    return bench


def test_a_press_is_one_step_and_both_are_none(held):
    press(held, down=True, ticks=200)
    assert held.session.target_ma == 4.5
    press(held, up=True, down=True)
    assert held.session.target_ma == 4.5
    press(held, up=True)
    assert held.session.target_ma == 5.0


def test_steps_beyond_the_limits_are_not_taken(held):
    for _ in range(3):
        press(held, up=True)
    assert held.session.target_ma == 5.5
    for _ in range(20):
        press(held, down=True)
    assert held.session.target_ma == 0.5
    assert held.session.given.half == 0


def test_start_waits_for_its_record_and_can_be_denied():
    bench = Bench()
    bench.session.recorded = False
    bench.run_until(Phase.READY)
    bench.tick()
    bench.tick(buttons=Buttons(start=True))
    assert not bench.session.start_asked
    bench.tick()
    assert bench.session.start_asked
    assert bench.session.phase is Phase.READY
    bench.session.deny()
    bench.tick(buttons=Buttons(start=True))
    bench.tick(buttons=Buttons(start=True))
    assert not bench.session.start_asked, "let go first"
    bench.session.refuse(Refusal.NO_RECORD, "the disk is full")
    assert bench.session.phase is Phase.REFUSED
    assert code_of(bench.session) == 23
    bench.session.refuse(Refusal.NO_CONTACT, "too late")
    assert code_of(bench.session) == 23


def test_a_trip_s_code_is_its_cause_s_and_an_orderly_session_has_none():
    bench = Bench()
    assert code_of(bench.session) is None
    bench.session.record_trip(Trip(Cause.SUPPLY, 0.0, "low"))
    assert code_of(bench.session) == 36
