"""Bus and machine are measured: what is too slow is refused or ended by name, what is slow is told."""

from __future__ import annotations

from itertools import chain, repeat
from typing import Any

import pytest
from simulated import requested

from config.unit import Unit, reference_unit
from controller.backends.simulated import simulated
from controller.core.types import Buttons, Command, Doubt, Drive, Measurement, Off, StopCause, Trip
from controller.loop.pace import BusPace, TickPace
from controller.loop.tick import Loop, StopSwitch
from controller.session.wiring import run_session
from sim.scenario import Scenario

TICK_S = 0.005


# --- the bus ---------------------------------------------------------------------------------------------


def paced(
    read_ms: float, *, tick_s: float = TICK_S, transfers: int = 6, short_ms: float | None = None
) -> BusPace:
    short_ms = (
        read_ms - 0.09 if short_ms is None else short_ms
    )  # as at 400 kHz, however long a transfer takes
    return BusPace([read_ms / 1000] * 20, [short_ms / 1000] * 20, tick_s, transfers, 400_000)


@pytest.mark.parametrize(
    ("read_ms", "tick_s", "transfers", "refused", "told"),
    [
        (0.14, 0.005, 6, False, False),  # 400 kHz
        (0.24, 0.005, 6, False, False),  # and a Pi's 0.1 ms
        (0.251, 0.005, 6, False, True),
        (0.4999, 0.005, 6, False, True),
        (0.501, 0.005, 6, True, False),
        (0.56, 0.005, 6, True, False),  # 100 kHz
        (0.56, 0.005, 5, False, True),
        (0.56, 0.010, 6, False, True),
        (0.56, 0.020, 6, False, False),
    ],
)
def test_what_share_of_a_tick_its_transfers_may_take(
    read_ms: float, tick_s: float, transfers: int, refused: bool, told: bool
) -> None:
    pace = paced(read_ms, tick_s=tick_s, transfers=transfers)
    assert (bool(pace.refusal), bool(pace.notice)) == (refused, told)


def test_a_bus_that_is_refused_is_told_with_remedies_that_work() -> None:
    assert paced(0.56).refusal == (
        "a read of 6 bytes takes 0.56 ms, so a tick's transfers take 3.4 ms of its 5.0 ms (67 %), "
        "at most 60 % is allowed: set the I2C bus to 400 kHz as docs/install.md says, or loop.rate_hz in "
        "the unit's file to at most 178"
    )
    assert paced(0.56, tick_s=1 / 178).refusal == ""
    assert paced(2.0, tick_s=1 / 50).refusal == ""
    hopeless = paced(2.01, tick_s=1 / 50).refusal
    assert hopeless.endswith("set the I2C bus to 400 kHz as docs/install.md says")


@pytest.mark.parametrize(
    ("khz", "over_ms", "told"),
    [
        (400, 0.0, ""),
        (400, 0.1, ""),  # a Pi adds that to each transfer
        (330, 0.0, ""),
        (310, 0.0, "310 kHz"),
        (250, 0.0, "250 kHz"),
        (250, 0.1, "250 kHz"),
        (160, 0.0, "160 kHz"),
    ],
)
def test_a_clock_below_what_was_set_is_told_whatever_a_transfer_takes_besides(
    khz: int, over_ms: float, told: str
) -> None:
    notice = paced(56 / khz + over_ms, short_ms=20 / khz + over_ms).notice
    assert bool(notice) is bool(told)
    assert not told or notice.endswith(f"Its clock runs at {told}, where 400 kHz are set.")


def test_a_clock_that_can_not_be_told_is_not() -> None:
    assert paced(0.2, short_ms=0.21).notice == ""


def test_stalls_of_the_machine_are_not_the_bus() -> None:
    shorts_s = [0.00005] * 6 + [0.02] * 14
    reads_s = [0.00014] * 6 + [0.02] * 14
    sound = BusPace(reads_s, shorts_s, TICK_S, 6, 400_000)
    assert (sound.refusal, sound.notice) == ("", "")
    assert BusPace([0.00014] * 5 + [0.02] * 15, shorts_s, TICK_S, 6, 400_000).refusal


def started(rate_hz: int, frequency_hz: int, *, runs_hz: int = 0) -> tuple[dict[str, Any], list[str]]:
    """Return how a session ended that nobody came to, and what was told."""
    unit = Unit.model_validate({"i2c": {"frequency_hz": frequency_hz}, "loop": {"rate_hz": rate_hz}})
    bench = simulated(unit, "hands", Scenario(), 1, None)
    bus: Any = bench.transport
    bus.bit_s = 1 / (runs_hz or frequency_hz)
    stop, told = StopSwitch(), []
    stop.press()
    summary = run_session(requested(unit=unit), None, stop, told.append, bench=bench).summary
    return summary, told


@pytest.mark.parametrize("rate_hz", [50, 100, 200])
def test_a_bus_set_to_400_khz_that_runs_at_250_is_told_at_any_rate(rate_hz: int) -> None:
    summary, told = started(rate_hz, 400_000, runs_hz=250_000)
    assert summary["outcome"] == "stopped"
    (notice,) = told
    assert "Its clock runs at 250 kHz, where 400 kHz are set." in notice


def test_a_session_on_a_bus_of_100_khz_is_refused_at_200_hz_and_told_of_at_100() -> None:
    summary, told = started(200, 100_000)
    assert (summary["outcome"], told) == ("refused", [])
    assert "67 %" in summary["reason"]
    assert summary["truth"]["peak_ma"] == 0.0
    summary, told = started(100, 100_000)
    assert summary["outcome"] == "stopped"
    (notice,) = told
    assert notice.startswith("The I2C bus is slow, and fits: a read of 6 bytes takes 0.56 ms")
    assert started(200, 400_000)[1] == started(50, 100_000)[1] == []


def test_a_bus_that_is_slower_than_its_file_says_is_found() -> None:
    bench = simulated(reference_unit(), "hands", Scenario(), 1, None)
    bus: Any = bench.transport
    bus.bit_s = 1 / 100_000
    assert run_session(requested(), None, StopSwitch(), bench=bench).summary["outcome"] == "refused"


# --- the ticks -------------------------------------------------------------------------------------------


def seen(*, late: int = 0, missed: int = 0, of: int = 400, late_s: float = 0.0026) -> tuple[bool, TickPace]:
    """Let so many of the ticks of 2 s be late, and so many be missed, evenly; tell whether it was too bad."""
    pace, bad = TickPace(TICK_S), False
    for tick in range(of):
        is_late = (tick + 1) * late // of > tick * late // of
        gone = (tick + 1) * missed // of - tick * missed // of
        bad = pace.see(tick * TICK_S, late_s if is_late else 0.0, gone) or bad
    return bad, pace


@pytest.mark.parametrize(
    ("late", "missed", "bad", "told"),
    [
        (0, 0, False, False),
        (20, 20, False, False),
        (21, 0, False, True),
        (0, 21, False, True),
        (80, 40, False, True),
        (81, 0, True, True),
        (0, 41, True, True),
    ],
)
def test_how_many_late_and_missed_ticks_end_a_treatment_or_are_told(
    late: int, missed: int, bad: bool, told: bool
) -> None:
    found, pace = seen(late=late, missed=missed)
    assert (found, pace.told) == (bad, told)
    assert (pace.worst_late, pace.worst_missed) == (late / 400, missed / 400)


def test_half_a_period_is_not_late() -> None:
    assert seen(late=400, late_s=0.0025)[1].worst_late == 0.0


def test_what_is_two_seconds_ago_counts_no_more() -> None:
    pace = TickPace(TICK_S)
    assert not pace.see(0.0, 0.0, 40)
    assert not pace.see(2.0, 0.0, 40)
    assert pace.see(3.999, 0.0, 1)
    assert pace.worst_missed == 41 / 400


class Late:
    """A clock whose sleeps end `late_s` after their time, as given for one after the other."""

    def __init__(self, late_s: Any) -> None:
        self.now_s, self._late_s = 0.0, late_s

    def now(self) -> float:
        return self.now_s

    def sleep_until(self, at_s: float) -> None:
        self.now_s = max(self.now_s, at_s) + next(self._late_s)


class Driven:
    """Rig, session and guard in one: drives for `ends_s`, or until it is asked to stop."""

    def __init__(self, clock: Late, *, drives: bool) -> None:
        self._clock, self._drives = clock, drives
        self.asked_by = StopCause.BUTTON
        self.stopped_s: float | None = None
        self.reason = ""

    @property
    def finished(self) -> bool:
        return self._clock.now() > 6.0

    def look(self, *, stop_requested: bool = False) -> Measurement:
        if stop_requested and self.stopped_s is None:
            self.stopped_s = self._clock.now()
        return Measurement(self._clock.now(), 5.0, 1, 5.0, 10.0, 64.0, 5.0, "", None, Buttons())

    def look_again(self, seen: Measurement, /) -> Measurement:
        raise NotImplementedError

    def sense(self, seen: Measurement, /) -> Measurement:
        return seen

    def sense_again(self, doubted: Measurement, doubt: Doubt, /) -> Measurement:
        raise NotImplementedError

    def apply(self, command: Command, /) -> None: ...

    def heartbeat(self) -> None: ...

    def wait_until(self, due_s: float, /) -> None:
        self._clock.sleep_until(due_s)

    def off(self) -> None: ...

    def rest(self) -> None: ...

    def step(self, _now_s: float, _measurement: Measurement, /) -> Command:
        return Drive("forward", 5.0, 800) if self._drives else Off()

    def record_trip(self, trip: Trip, /) -> None:
        raise NotImplementedError

    def cut(self, reason: str, /) -> None:
        raise NotImplementedError

    def doubts(self, _measurement: Measurement, /) -> Any:
        return ""

    def confirms(self, _seen: Measurement, /) -> bool:
        raise NotImplementedError

    def check(self, _now_s: float, _measurement: Measurement, _command: Command, /) -> None:
        return None

    def beats(self, _now_s: float, /) -> None:
        return None


@pytest.mark.parametrize(
    ("late_s", "drives", "by_s"),
    [
        (0.003, True, 0.5),
        (0.0024, True, None),  # less than half a period
        (0.003, False, None),  # nobody is treated
        (0.008, True, 0.5),  # every second tick never begins
    ],
)
def test_a_machine_that_falls_behind_ends_a_treatment_softly_and_by_name(
    late_s: float, drives: bool, by_s: float | None
) -> None:
    clock = Late(chain(repeat(0.0, 200), repeat(late_s)))
    unit, stop = Driven(clock, drives=drives), StopSwitch()
    loop: Loop[Any] = Loop(unit, unit, unit, clock, TICK_S, stop)
    loop.run()
    if by_s is None:
        assert unit.stopped_s is None
        return
    assert stop.cause is StopCause.BEHIND
    assert not stop.cut_requested
    assert unit.stopped_s is not None
    assert 1.0 < unit.stopped_s < 1.0 + by_s


def test_a_treatment_that_is_ended_for_it_says_so_and_how_far() -> None:
    bench = simulated(reference_unit(), "hands", Scenario(), 1, None)
    bus: Any = bench.transport

    class SlowLater:
        """From a moment in the ramp on each transfer takes so long that every second tick is missed."""

        def tick(self, measurement: Measurement) -> None:
            if measurement.time_s > 16.0:
                bus.overhead_s = 0.0008

    summary = run_session(
        requested(), None, StopSwitch(), watch=lambda _bench, _loop: SlowLater(), bench=bench
    ).summary
    assert (summary["outcome"], summary["stopped_by"]) == ("stopped", "behind")
    assert summary["reason"] == "the unit's computer fell behind: end other programs on it"
    assert 10.0 < summary["loop"]["missed_percent"] <= 100.0
    assert 16.0 < summary["duration_s"] < 22.0
