"""What was asked beside what was given: as the person set it, whatever the load allowed."""

from __future__ import annotations

from typing import Any

import pytest
from session_alone import PLAN, Alone

from controller.core.asked import APART_RATIO, SHORT_WORDS, WHOLE_RATIO, Asked
from controller.core.types import Buttons, Phase, ShortBecause

pytestmark = pytest.mark.core

TICK_S = 0.1
RAMP = 0.5


def trapezoid(target_ma: float, seconds: float) -> float:
    """What a half asks for, mA min."""
    return target_ma * (seconds - target_ma / RAMP) / 60


def pass_half(
    asked: Asked,
    seconds: float,
    target_ma: float,
    given_ma: float | None = None,
    held: ShortBecause | None = None,
) -> None:
    """Let a half pass; `given_ma` None is the whole target."""
    for tick in range(1, round(seconds / TICK_S) + 1):
        asked.step(
            TICK_S,
            target_ma=target_ma,
            left_s=seconds - tick * TICK_S,
            given_ma=target_ma if given_ma is None else given_ma,
            held=held,
        )


def both(
    first: float, second: float | None = None, held: ShortBecause | None = None, given_ma: float | None = None
) -> Asked:
    """A treatment of two halves of 600 s at these targets (mA), or of one."""
    asked = Asked(RAMP)
    pass_half(asked, 600.0, first, given_ma, held)
    if second is not None:
        asked.reverse()
        pass_half(asked, 600.0, second, given_ma, held)
    return asked


def test_a_half_asks_for_time_at_the_target_with_its_ramps() -> None:
    asked = both(12.0, 12.0)
    assert asked.ma_min == pytest.approx(trapezoid(12.0, 600.0), rel=1e-3)
    assert asked.paired
    assert asked.total_ma_min == 2 * asked.ma_min
    assert not both(12.0).paired
    assert both(12.0).total_ma_min == asked.ma_min


def test_sensing_and_what_the_sessions_before_were_asked_for_count() -> None:
    asked = Asked(RAMP, carried_ma_min=40.0)
    asked.sensed(0.3, 0.5)
    assert asked.ma_min == 40.5
    asked.step(TICK_S, target_ma=12.0, left_s=500.0, given_ma=0.0, held=None)
    assert asked.ma_min == pytest.approx(40.5 + (0.3 + RAMP * TICK_S) * TICK_S / 60)


def test_a_rest_that_begins_with_the_second_direction_asks_for_what_the_first_was_asked_for() -> None:
    asked = Asked(RAMP, carried_ma_min=100.0, answers=True)
    asked.sensed(0.3, 0.5)
    pass_half(asked, 100.0, 12.0)
    assert asked.paired
    assert asked.ma_min == 100.0


@pytest.mark.parametrize("target_ma", [12.0, 8.0, 4.0, 0.5])
@pytest.mark.parametrize("left_s", [5.0, 20.0, 30.0, 400.0])
@pytest.mark.parametrize("before_s", [0.0, 10.0, 50.0])
def test_what_is_to_come_is_what_then_comes(target_ma: float, left_s: float, before_s: float) -> None:
    asked = Asked(RAMP)
    whole_s = before_s + left_s
    for tick in range(1, round(before_s / TICK_S) + 1):
        asked.step(TICK_S, target_ma=8.0, left_s=whole_s - tick * TICK_S, given_ma=0.0, held=None)
    expected = asked.ma_min + asked.to_come_ma_min(target_ma, left_s)
    for tick in range(1, round(left_s / TICK_S) + 1):
        asked.step(TICK_S, target_ma=target_ma, left_s=left_s - tick * TICK_S, given_ma=0.0, held=None)
    assert asked.ma_min == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(
    ("share", "second_share", "short"),
    [
        (1.0, 1.0, False),
        (WHOLE_RATIO, WHOLE_RATIO, False),
        (WHOLE_RATIO - 0.01, WHOLE_RATIO - 0.01, True),
        (1.0, 1.0 - APART_RATIO + 0.001, False),
        (1.0, 1.0 - APART_RATIO - 0.001, True),
        (1.0 - APART_RATIO - 0.001, 1.0, True),
        (0.43, 0.43, True),
    ],
)
def test_short_is_below_nine_tenths_or_halves_more_than_a_twentieth_apart(
    share: float, second_share: float, short: bool
) -> None:
    asked = both(12.0, 12.0)
    found = asked.short(share * asked.ma_min, second_share * asked.ma_min)
    assert (found is not None) == short


@pytest.mark.parametrize(("share", "short"), [(1.0, False), (0.9, False), (0.89, True)])
def test_one_direction_has_no_halves(share: float, short: bool) -> None:
    asked = both(12.0)
    assert (asked.short(share * asked.ma_min, share * asked.ma_min) is not None) == short


@pytest.mark.parametrize("held", [ShortBecause.VOLTAGE, ShortBecause.CONTACT, None])
def test_it_is_short_because_of_what_lost_most(held: ShortBecause | None) -> None:
    asked = both(12.0, 12.0, held=held, given_ma=5.0)
    given_ma_min = 0.4 * asked.ma_min
    assert asked.short(given_ma_min, given_ma_min) is (held or ShortBecause.UNKNOWN)


def test_halves_apart_by_down_alone_are_so_because_of_down() -> None:
    asked = both(12.0, 8.0)
    assert asked.short(asked.ma_min, trapezoid(8.0, 600.0)) is ShortBecause.DOWN


@pytest.mark.parametrize(
    ("target_ma", "held", "because"),
    [(12.0, ShortBecause.CONTACT, ShortBecause.CONTACT), (8.0, None, ShortBecause.DOWN)],
)
def test_of_a_rest_that_answers_down_is_what_was_pressed_in_it(
    target_ma: float, held: ShortBecause | None, because: ShortBecause
) -> None:
    asked = Asked(RAMP, carried_ma_min=100.0, answers=True)
    pass_half(asked, 60.0, 12.0, 2.0 if held else None, held)
    pass_half(asked, 60.0, target_ma, 2.0 if held else None, held)
    assert asked.short(100.0, 60.0) is because


def test_a_second_direction_that_was_over_by_charge_is_not_short_because_of_down() -> None:
    asked = both(12.0, held=ShortBecause.VOLTAGE, given_ma=5.0)
    asked.reverse()
    pass_half(asked, 60.0, 12.0)
    assert asked.short(50.0, 50.0) is ShortBecause.VOLTAGE


def test_what_nothing_explains_has_no_known_cause() -> None:
    asked = both(4.0, 4.0, given_ma=6.0)
    assert asked.short(0.0, 0.0) is ShortBecause.UNKNOWN


def test_each_has_its_sentence() -> None:
    assert SHORT_WORDS.keys() == set(ShortBecause)


# --- in a session ------------------------------------------------------------------------------------------


def ended(one: Alone) -> ShortBecause | None:
    one.until(Phase.DONE, longest=20000)
    return one.session.short


def test_a_treatment_as_asked_is_whole() -> None:
    one = Alone().to(Phase.HOLD)
    assert one.session.short is None
    assert ended(one) is None
    assert one.session.asked.ma_min == pytest.approx(one.session.dose.ma_min("forward"), rel=5e-3)


def test_a_voltage_that_holds_the_current_down_makes_it_short() -> None:
    one = Alone().to(Phase.RAMP_UP)
    one.ohm = 25_000.0
    while one.session.phase is not Phase.DONE:
        command = one.command
        volts = getattr(command, "setpoint_ma", 0.0) * one.ohm / 1000
        one.tick(sampled="voltage", voltage_v=volts)
    assert one.session.asked.ma_min == pytest.approx(4.0 * 16.0 / 60, rel=0.02)
    assert one.session.short is ShortBecause.VOLTAGE


def test_a_current_that_is_measured_too_low_makes_it_short_without_a_cause() -> None:
    one = Alone().to(Phase.RAMP_UP)
    one.until(Phase.DONE, longest=20000, current_ma=0.1)
    assert one.session.short is ShortBecause.UNKNOWN
    silent = Alone().to(Phase.RAMP_UP)
    silent.until(Phase.REVERSE, current_ma=None)
    silent.until(Phase.DONE, longest=20000)
    assert silent.session.short is ShortBecause.UNKNOWN


def test_the_rest_of_a_dose_is_weighed_with_the_sessions_before() -> None:
    whole_ma_min = 4.0 * 16.0 / 60
    rest = {"halves": (("reverse", 24.0),), "balances": True, "carried_asked_ma_min": whole_ma_min}
    one = Alone(**rest, carried_forward_ma_min=whole_ma_min).to(Phase.HOLD)
    assert ended(one) is None
    cut = Alone(**rest, carried_forward_ma_min=0.5 * whole_ma_min).to(Phase.RAMP_UP)
    assert ended(cut) is ShortBecause.UNKNOWN
    one_way = Alone(halves=(("forward", 24.0),), carried_asked_ma_min=10.0).to(Phase.HOLD)
    assert ended(one_way) is ShortBecause.UNKNOWN


def test_a_second_direction_that_down_cut_short_is_told_at_the_end() -> None:
    """Both together gave more than nine tenths of what was asked; only one beside the other tells."""
    one = Alone().to(Phase.REVERSE)
    assert one.session.reason is None
    one.until(Phase.HOLD)
    one.tick(buttons=Buttons(down=True))
    assert ended(one) is ShortBecause.DOWN
    asked_ma_min = one.session.asked.ma_min
    assert one.session.dose.ma_min("forward") == pytest.approx(asked_ma_min, rel=5e-3)
    assert WHOLE_RATIO - 0.02 < one.session.dose.ma_min("reverse") / asked_ma_min < 1.0 - APART_RATIO
    assert one.session.reason == SHORT_WORDS[ShortBecause.DOWN]


def test_a_whole_treatment_ends_without_a_reason() -> None:
    one = Alone().to(Phase.HOLD)
    assert ended(one) is None
    assert one.session.reason is None


class Told(Asked):
    """Notes what it was told to have been given last."""

    given_ma: float | None = None

    def step(self, passed_s: float, *, given_ma: float, **others: Any) -> None:
        self.given_ma = given_ma
        super().step(passed_s, given_ma=given_ma, **others)


@pytest.mark.parametrize(("reads_ma", "given_ma"), [(3.9, 3.9), (0.0, 0.0), (None, 0.0)])
def test_a_tick_that_reads_no_current_gave_none(reads_ma: float | None, given_ma: float) -> None:
    one = Alone().to(Phase.RAMP_UP)
    told = one.session.asked = Told(PLAN.ramp_ma_per_s)
    one.until(Phase.HOLD)
    one.tick(current_ma=reads_ma)
    assert told.given_ma == given_ma


def test_a_session_that_ended_tells_the_polarities_of_the_whole_treatment_in_their_order() -> None:
    both_ways, one_way = Alone().to(Phase.HOLD), Alone(halves=(("reverse", 24.0),)).to(Phase.HOLD)
    answer = Alone(halves=(("forward", 24.0),), balances=True, carried_reverse_ma_min=1.0).to(Phase.HOLD)
    for one in (both_ways, one_way, answer):
        one.until(Phase.DONE, longest=20000)
    assert both_ways.session.polarities == ("forward", "reverse")
    assert one_way.session.polarities == ("reverse",)
    assert answer.session.polarities == ("reverse", "forward"), "what it answers came first"
