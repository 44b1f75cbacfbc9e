"""Stop's test: what both of its contacts must do, what flows meanwhile, and what each failure is called."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from core_bench import STANDS_V, Bench
from session_alone import TICK_S, Alone

from controller.core.limits import (
    READY_TIMEOUT_S,
    STOP_GONE_S,
    STOP_HELD_S,
    STOP_LATEST_S,
    STOP_LET_GO_S,
    STOP_OVER_S,
    STOP_SOONEST_S,
    STOP_THERE_S,
)
from controller.core.stop_test import StopTest
from controller.core.types import Buttons, Cause, Command, Drive, Off, Phase, Refusal

pytestmark = pytest.mark.core

READING = Bench().measure(voltage_v=0.0, current_ma=0.0, guard_ma=0.0, return_ma=0.0)
CODE = 11


class Hand(NamedTuple):
    """A press: when it begins and ends, s."""

    from_s: float
    to_s: float


class Unit:
    """A unit whose Stop is held by hands; the second contact's timer runs from the first press, and on.

    `delay_s` None is a second contact that does nothing, `wire` False one that the program doesn't see.
    """

    def __init__(
        self,
        *hands: Hand,
        delay_s: float | None = 7.0,
        trip: bool = True,
        tick_s: float = 0.005,
        wire: bool = True,
        start_s: float | None = None,
    ) -> None:
        self.test = StopTest(CODE, trip=trip)
        self.hands, self.delay_s, self.wire, self.start_s = hands, delay_s, wire, start_s
        self.trip, self.tick_s = trip, tick_s
        self.now_s = 0.0
        self.command: Command = Off()
        self.driven: list[tuple[float, Drive]] = []
        self.asked: list[tuple[float, str]] = []
        self.tripped = self.blocked = False
        self.began_s: float | None = None

    def _held(self) -> bool:
        return any(hand.from_s <= self.now_s < hand.to_s for hand in self.hands)

    def _enable_broken(self) -> bool:
        """Run the timer as U13 to U15 of the circuit do."""
        if self.delay_s is None:
            return False
        if self._held() and self.began_s is None:
            self.began_s = self.now_s
        if self.began_s is None:
            return False
        since_s = self.now_s - self.began_s
        breaks = self.delay_s <= since_s < self.delay_s + 0.7
        self.blocked = breaks or (self.blocked and self._held())
        if since_s >= self.delay_s + 0.7 and not self._held():
            self.began_s = None
        return self.blocked

    def tick(self, **wrong: Any) -> None:
        command, broken = self.command, self._enable_broken()
        driven = isinstance(command, Drive)
        closed = isinstance(command, Drive) and command.series and command.beat and not broken
        if isinstance(command, Drive) and command.trip in {"force", "rearm"}:
            self.tripped = command.trip == "force"
        reads = {
            "voltage_v": STANDS_V if closed else 0.2,
            "tripped": self.tripped if self.trip else None,
            "buttons": Buttons(
                start=self.start_s is not None and self.start_s <= self.now_s < self.start_s + 0.3,
                stop=self._held() and self.wire,
            ),
        }
        m = READING._replace(**(reads | wrong))
        if driven and closed:
            assert m.tripped or "tripped" in wrong, "it is closed with the trip's switch open alone"
        self.command = self.test.step(self.now_s, m, "forward")
        if isinstance(self.command, Drive):
            self.driven.append((self.now_s, self.command))
        if not self.asked or self.asked[-1][1] != self.test.asks:
            self.asked.append((round(self.now_s, 3), self.test.asks))
        self.now_s += self.tick_s

    def run(self, until_s: float = 700.0, **wrong: Any) -> Unit:
        while not self.test.done and self.test.failed is None and self.now_s < until_s:
            self.tick(**wrong)
        return self


@pytest.mark.parametrize("tick_s", [0.005, 0.01, 0.02])
@pytest.mark.parametrize("delay_s", [STOP_SOONEST_S, 6.8, 7.2, STOP_LATEST_S])
def test_a_sound_stop_is_held_until_the_output_goes_and_passes_when_let_go(
    delay_s: float, tick_s: float
) -> None:
    unit = Unit(Hand(1.0, 12.0), delay_s=delay_s, tick_s=tick_s).run()
    assert unit.test.done, unit.test.failed
    assert [asks for _, asks in unit.asked] == ["hold", "let_go"]
    assert unit.asked[1][0] == pytest.approx(1.0 + delay_s + STOP_GONE_S, abs=0.05)
    assert unit.now_s == pytest.approx(12.0, abs=0.2)


@pytest.mark.parametrize("tick_s", [0.005, 0.02])
def test_it_drives_the_proof_current_with_the_trip_s_switch_open_while_stop_is_held_and_nothing_else(
    tick_s: float,
) -> None:
    unit = Unit(Hand(1.0, 12.0), tick_s=tick_s).run()
    forced = [(at_s, drive) for at_s, drive in unit.driven if drive.trip == "force"]
    assert all(drive.sensing and drive.code == CODE and drive.setpoint_ma == 0.07 for _, drive in forced)
    assert not forced[0][1].series, "the trip is seen open first"
    assert 1.04 < forced[0][0] < forced[-1][0] < 1.0 + 7.0 + STOP_GONE_S + 0.05
    rest = [(at_s, drive) for at_s, drive in unit.driven if drive.trip != "force"]
    assert rest, "it is armed again"
    assert all(at_s >= 12.0 and drive.trip == "rearm" for at_s, drive in rest)
    assert all(not drive.series and drive.code == 0 for _, drive in rest)
    assert not unit.tripped


def test_a_glitch_on_its_wire_is_no_press_and_drives_nothing() -> None:
    unit = Unit(*(Hand(n, n + 0.04) for n in range(1, 60))).run(until_s=60.0)
    assert not unit.driven
    assert [asks for _, asks in unit.asked] == ["hold"]


def test_a_bounce_while_it_is_held_lets_nothing_go() -> None:
    unit = Unit(*(Hand(1.0 + n, 2.0 + n - 0.04) for n in range(12)))
    assert unit.run().test.done


@pytest.mark.parametrize("held_s", [0.06, 0.5, 3.0, 6.9])
def test_a_stop_let_go_too_soon_is_asked_for_again_when_its_timer_has_run_out(held_s: float) -> None:
    unit = Unit(Hand(1.0, 1.0 + held_s), Hand(20.0, 28.5)).run()
    assert unit.test.done, unit.test.failed
    assert [asks for _, asks in unit.asked] == ["hold", "wait", "hold", "let_go"]
    assert unit.asked[2][0] == pytest.approx(1.0 + held_s + STOP_OVER_S, abs=0.2)


def test_a_press_while_its_timer_runs_is_not_taken() -> None:
    unit = Unit(Hand(1.0, 3.0), Hand(4.0, 14.0), Hand(24.0, 32.5)).run()
    assert unit.test.done, unit.test.failed
    assert not any(3.1 < at_s < 24.0 for at_s, _ in unit.driven)


def test_a_timer_that_ran_already_spoils_one_try_and_no_more() -> None:
    unit = Unit(Hand(4.0, 9.0), Hand(20.0, 28.5))
    unit.began_s = 0.0  # a press before the test
    assert unit.run().test.done, unit.test.failed
    assert [asks for _, asks in unit.asked] == ["hold", "wait", "hold", "let_go"]


@pytest.mark.parametrize("delay_s", [0.0, 0.3, 3.0, STOP_SOONEST_S - 0.25])
def test_a_second_contact_that_acts_too_soon_is_refused_at_the_second_try(delay_s: float) -> None:
    unit = Unit(Hand(1.0, 9.0), Hand(20.0, 29.0), delay_s=delay_s).run()
    assert unit.test.refusal is Refusal.STOP_DELAY_WRONG
    assert unit.now_s > 20.0
    seen_s = max(delay_s, 0.5)
    assert f"gone {seen_s:.1f} s after Stop was pressed" in (unit.test.failed or "")
    assert isinstance(unit.command, Off)


@pytest.mark.parametrize("delay_s", [None, STOP_LATEST_S + 0.25, 20.0])
def test_a_second_contact_that_acts_too_late_or_never_is_refused(delay_s: float | None) -> None:
    unit = Unit(Hand(1.0, 40.0), delay_s=delay_s).run()
    assert unit.test.refusal is Refusal.STOP_DELAY_WRONG
    assert unit.now_s == pytest.approx(1.0 + STOP_LATEST_S + 0.1, abs=0.05)
    assert "still live" in (unit.test.failed or "")
    assert isinstance(unit.command, Off)


def test_an_output_that_goes_and_comes_back_while_stop_is_held_did_not_go_by_stop() -> None:
    unit = Unit(Hand(1.0, 40.0), delay_s=None).run(until_s=7.5)
    for _ in range(60):  # a heartbeat that is late for once
        unit.tick(voltage_v=0.2)
    assert unit.run().test.refusal is Refusal.STOP_DELAY_WRONG


@pytest.mark.parametrize("volts", [None, 4.0, float("nan")])
def test_an_output_that_can_t_be_told_live_from_dead_passes_nothing(volts: float | None) -> None:
    unit = Unit(Hand(1.0, 40.0)).run(voltage_v=volts)
    assert unit.test.refusal is Refusal.STOP_DELAY_WRONG


def test_whoever_presses_start_is_there_and_a_stop_that_is_not_seen_then_is_dead() -> None:
    unit = Unit(Hand(1.0, 9.0), wire=False, start_s=10.0).run()
    assert (unit.test.refusal, unit.driven) == (Refusal.STOP_DEAD, [])
    assert unit.now_s == pytest.approx(10.0 + STOP_THERE_S, abs=0.1)


def test_a_wire_that_dies_in_the_test_is_found_by_whoever_presses_start_after_it() -> None:
    unit = Unit(Hand(1.0, 9.0), start_s=8.0).run(until_s=3.0)
    unit.wire = False
    assert unit.run().test.refusal is Refusal.STOP_DEAD
    assert unit.now_s == pytest.approx(3.0 + STOP_OVER_S + STOP_THERE_S, abs=0.2)


def test_who_pressed_start_first_and_then_stop_has_the_whole_time_again() -> None:
    unit = Unit(Hand(20.0, 22.0), Hand(85.0, 94.0), start_s=10.0).run()
    assert unit.test.done, unit.test.failed


def test_where_nobody_is_nobody_came() -> None:
    unit = Unit().run()
    assert unit.test.refusal is Refusal.NOBODY_CAME
    assert unit.now_s == pytest.approx(READY_TIMEOUT_S, abs=0.1)


def test_one_that_stays_pressed_is_stuck() -> None:
    unit = Unit(Hand(1.0, 500.0)).run()
    assert unit.test.refusal is Refusal.STOP_STUCK
    assert unit.now_s == pytest.approx(1.0 + 7.0 + STOP_GONE_S + STOP_LET_GO_S, abs=0.2)


@pytest.mark.parametrize(
    "wrong",
    [{"tripped": False}, {"current_ma": 0.06}, {"guard_ma": 0.06}, {"current_ma": None}],
    ids=["never opens", "control reads current", "guard reads current", "control reads nothing"],
)
def test_what_flows_though_the_trip_was_forced_ends_it_at_once(wrong: dict[str, Any]) -> None:
    unit = Unit(Hand(1.0, 40.0)).run(**wrong)
    assert unit.test.refusal is Refusal.TRIP_DEAD
    assert unit.now_s < 1.4
    assert isinstance(unit.command, Off)
    if "tripped" in wrong:
        assert not any(drive.series for _, drive in unit.driven), "it was never closed"


def test_a_trip_that_can_t_be_armed_again_is_refused() -> None:
    unit = Unit(Hand(1.0, 10.0)).run(until_s=10.0)
    assert unit.test.asks == "let_go"
    assert unit.run(tripped=True).test.refusal is Refusal.TRIP_HANGS


def test_without_a_trip_the_output_stays_open_and_the_press_alone_is_tried() -> None:
    unit = Unit(Hand(1.0, 1.0 + STOP_HELD_S + 0.1), trip=False).run()
    assert unit.test.done
    assert not unit.driven
    brief = Unit(Hand(1.0, 1.3), Hand(2.0, 2.7), trip=False).run()
    assert brief.test.done
    assert brief.now_s > 2.5
    dead = Unit(Hand(1.0, 9.0), trip=False, wire=False, start_s=2.0).run()
    assert dead.test.refusal is Refusal.STOP_DEAD


def test_in_a_session_a_press_does_not_end_it_and_start_begins_nothing_before() -> None:
    bench = Bench(stop_test=True)
    bench.run_until(Phase.STOP_TEST)
    while bench.session.phase is Phase.STOP_TEST:
        start = 0.3 < bench.now_s < 0.9
        m = bench.measure()
        assert bench.tick(buttons=m.buttons._replace(start=m.buttons.start or start)) is None
        assert bench.plant_ma() == 0.0
    assert bench.session.phase is Phase.READY
    assert not bench.session.start_asked
    bench.run_until(Phase.HOLD)
    assert bench.session.left_s == pytest.approx(bench.plan.total_s, abs=15.0), "it took nothing of it"


def test_a_stop_of_a_face_ends_it() -> None:
    bench = Bench(stop_test=True)
    while not bench.closed:
        bench.tick()
    bench.tick(buttons=Buttons(stop=True, stop_asked=True))
    assert bench.session.phase is Phase.STOPPED
    assert isinstance(bench.applied, Off)


def test_a_late_tick_while_it_drives_trips() -> None:
    bench = Bench(stop_test=True)
    while not bench.closed:
        bench.tick()
    bench.now_s += 0.2
    trip = bench.tick()
    assert trip is not None
    assert trip.cause is Cause.LATE_TICK


def test_no_switch_is_taken_for_proven_open_while_the_trip_s_is() -> None:
    bench = Bench(stop_test=True)
    while not bench.tripped:
        bench.tick()
    forced = Drive("forward", 0.07, CODE, sensing=True, series=False, trip="force")
    for _ in range(100):
        bench.guard._dummy.see(bench.tick_s, bench.measure(), forced)
    assert bench.guard._dummy._open_s == {"series": 0.0, "enable": 0.0}


def test_a_session_without_a_test_of_stop_drives_nothing_in_its_phase() -> None:
    one = Alone()
    one.session.phase = Phase.STOP_TEST
    assert isinstance(one.tick(), Off)


def test_without_a_hardware_trip_a_press_that_is_seen_leads_to_ready_and_start_waits_for_its_timer() -> None:
    one = Alone(stop_test=True)
    one.until(Phase.STOP_TEST)
    for _ in range(round((STOP_HELD_S + 0.2) / TICK_S)):
        one.tick(buttons=Buttons(stop=True))
    let_go_s = one.ticks * TICK_S
    one.until(Phase.READY)
    assert one.session.start_from_s == pytest.approx(let_go_s + STOP_OVER_S, abs=0.05)


def test_a_stop_that_is_never_seen_ends_the_session_before_anything_is_driven() -> None:
    one = Alone(stop_test=True)
    one.until(Phase.STOP_TEST)
    one.until(Phase.REFUSED, buttons=Buttons(start=True), longest=round(2 * STOP_THERE_S / TICK_S))
    assert one.session.refusal is Refusal.STOP_DEAD
