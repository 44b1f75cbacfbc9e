"""The tick itself, between a rig, a session and a guard that only note what they are asked."""

from __future__ import annotations

import pytest

from controller.core.types import Buttons, Cause, Command, Doubt, Drive, Measurement, Off, StopCause, Trip
from controller.loop.clock import RealClock
from controller.loop.tick import Loop, StopSwitch

SEEN = Measurement(1.0, 5.0, 5000, 5.0, 10.0, 70.0, 5.0, "current", 5000, Buttons())
TRIP = Trip(Cause.OVER_CURRENT, 1.0, "made for the test")
DRIVE = Drive("forward", 5.0, 800)


class Unit:
    """Rig, session and guard in one; the order of what is asked of them is what counts."""

    def __init__(
        self,
        *,
        doubt: Doubt = "",
        confirmed: bool = False,
        check: Trip | None = None,
        beats: Trip | None = None,
    ) -> None:
        self.asked: list[object] = []
        self.asked_by = StopCause.BUTTON
        self.finished = False
        self.doubt, self.found, self.found_at_beat = doubt, check, beats
        self.confirmed = confirmed

    def look(self, *, stop_requested: bool = False) -> Measurement:
        self.asked.append(("look", stop_requested))
        return SEEN

    def look_again(self, seen: Measurement, /) -> Measurement:
        self.asked.append("look again")
        return seen._replace(confirmed=True)

    def sense(self, seen: Measurement, /) -> Measurement:
        self.asked.append("sense")
        return seen

    def sense_again(self, doubted: Measurement, doubt: Doubt, /) -> Measurement:
        self.asked.append(("sense again", doubt))
        return doubted._replace(confirmed=True)

    def apply(self, command: Command, /) -> None:
        self.asked.append(command)

    def heartbeat(self) -> None:
        self.asked.append("heartbeat")

    def wait_until(self, due_s: float, /) -> None:
        self.clock.sleep_until(due_s)

    def off(self) -> None:
        self.asked.append("off")

    def rest(self) -> None:
        self.asked.append("rest")

    def step(self, now_s: float, measurement: Measurement, /) -> Command:
        self.asked.append(("step", now_s, measurement.confirmed))
        return DRIVE

    def record_trip(self, trip: Trip, /) -> None:
        self.asked.append(trip)

    def cut(self, reason: str, /) -> None:
        self.asked.append(reason)

    def doubts(self, _measurement: Measurement, /) -> Doubt:
        return self.doubt

    def confirms(self, seen: Measurement, /) -> bool:
        assert seen.confirmed
        return self.confirmed

    def check(self, _now_s: float, _measurement: Measurement, command: Command, /) -> Trip | None:
        self.asked.append(("check", command))
        return self.found

    def beats(self, _now_s: float, /) -> Trip | None:
        self.asked.append("beats")
        return self.found_at_beat


def ticked(unit: Unit) -> list[object]:
    """Run one tick and return what was asked, in order."""
    loop = Loop(unit, unit, unit, RealClock(), 0.005, StopSwitch())
    loop.tick()
    return unit.asked


def test_a_healthy_tick_applies_the_command_and_beats_last() -> None:
    assert ticked(Unit()) == [
        ("look", False),
        "sense",
        ("step", 1.0, False),
        ("check", DRIVE),
        DRIVE,
        "beats",
        "heartbeat",
    ]


def test_a_trip_switches_off_in_the_same_tick_and_neither_drives_nor_beats() -> None:
    asked = ticked(Unit(check=TRIP))
    assert asked == [("look", False), "sense", ("step", 1.0, False), ("check", DRIVE), "off", TRIP]


def test_a_heartbeat_that_would_come_too_late_switches_off_instead() -> None:
    assert ticked(Unit(beats=TRIP))[-4:] == [DRIVE, "beats", "off", TRIP]


def test_a_sample_that_looks_too_low_is_confirmed_before_it_is_judged() -> None:
    asked = ticked(Unit(doubt="low"))
    assert asked[:4] == [("look", False), "sense", ("sense again", "low"), ("step", 1.0, True)]


def test_too_much_of_the_control_converter_alone_is_confirmed_too() -> None:
    class OneConverter(Unit):
        """The guard has no converter of its own: what it judges is there after the whole of `sense`."""

        def doubts(self, _measurement: Measurement, /) -> Doubt:
            return "high" if "sense" in self.asked else ""

    asked = ticked(OneConverter())
    assert asked[:4] == [("look", False), "sense", ("sense again", "high"), ("step", 1.0, True)]


def test_too_much_that_is_confirmed_is_cut_before_anything_else_is_asked() -> None:
    asked = ticked(Unit(doubt="high", confirmed=True, check=TRIP))
    assert asked[:5] == [("look", False), "look again", "off", "sense", ("step", 1.0, True)]
    assert asked[-1] is TRIP
    assert DRIVE not in asked
    assert "heartbeat" not in asked


def test_too_much_that_the_next_conversion_denies_goes_on() -> None:
    asked = ticked(Unit(doubt="high"))
    assert asked[:4] == [("look", False), "look again", "sense", ("step", 1.0, True)]
    assert asked[-1] == "heartbeat"


def test_a_stop_that_was_asked_for_is_told_to_rig_and_session() -> None:
    unit, stop = Unit(), StopSwitch()
    stop.press(StopCause.PAGE)
    Loop(unit, unit, unit, RealClock(), 0.005, stop).tick()
    assert unit.asked[0] == ("look", True)
    assert unit.asked_by is StopCause.PAGE


def test_whatever_fails_in_a_tick_the_rig_is_at_rest_on_the_way_out() -> None:
    class Broken(Unit):
        def step(self, _now_s: float, _measurement: Measurement, /) -> Command:
            raise RuntimeError("a defect of ours")

    unit = Broken()
    with pytest.raises(RuntimeError):
        Loop(unit, unit, unit, RealClock(), 0.005, StopSwitch()).run()
    assert unit.asked[-1] == "rest"
    assert "heartbeat" not in unit.asked
    assert Off() not in unit.asked
