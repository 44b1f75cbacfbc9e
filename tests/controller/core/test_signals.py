"""Light and buzzer: one meaning each, told apart by rhythm alone; alarms within the bands of decision 16."""

from itertools import combinations, pairwise
from typing import NamedTuple

import pytest

from controller.core.reasons import NAMES, REASONS, Priority
from controller.core.signals import (
    ALARMS,
    BEFORE_S,
    PATTERNS,
    Signal,
    digits,
    lights,
    panel,
    sound_of,
    turn_s,
)

pytestmark = pytest.mark.core

STEP_S = 0.01
SHOWN = [
    *((signal, None) for signal in Signal if signal is not Signal.CODE),
    *((Signal.CODE, code) for code in NAMES),
]
EACH = pytest.mark.parametrize(("signal", "code"), SHOWN, ids=lambda one: str(one or ""))
HIGHEST_HZ = 2.8
BANDS_HZ = {Priority.HIGH: (1.4, 2.8), Priority.MEDIUM: (0.4, 0.8)}
COLOURS = {
    Priority.HIGH: {"red"},
    Priority.MEDIUM: {"yellow"},
    Priority.LOW: {"yellow"},
    Priority.INFORMATION: {"blue"},
    None: {"green", "blue", "white"},
}
PULSES = {Priority.HIGH: 10, Priority.MEDIUM: 3, Priority.LOW: 1, Priority.INFORMATION: 1}
PULSE_S = {
    Priority.HIGH: (0.08, 0.15),
    Priority.MEDIUM: (0.13, 0.2),
    Priority.LOW: (0.13, 0.2),
    Priority.INFORMATION: (0.13, 0.2),
}
AGAIN_S = {Priority.HIGH: (2.5, 15.0), Priority.MEDIUM: (2.5, 30.0)}
"""From the end of a burst to the next one's begin."""


class Run(NamedTuple):
    """A stretch of light or sound as it was seen, s."""

    colour: str
    begin_s: float
    end_s: float


def seen(signal, code, for_s):
    """Sample the panel: runs of one light, and beeps; what the unit shows, not what a table says."""
    moments = [panel(signal, code, step * STEP_S, step * STEP_S) for step in range(round(for_s / STEP_S))]
    return (
        runs([moment.colour if moment.lit else "" for moment in moments]),
        runs(["beep" if moment.buzzes else "" for moment in moments]),
    )


def runs(course):
    found, begun = [], 0
    for step in range(1, len(course) + 1):
        if step == len(course) or course[step] != course[begun]:
            if course[begun]:
                found.append(Run(course[begun], begun * STEP_S, step * STEP_S))
            begun = step
    return found


def priority_of(signal, code):
    return PATTERNS[signal].priority if code is None else REASONS[NAMES[code]].priority


def alarming(signal, code):
    """Give the flashes of the alarm itself: those before a code's digits, or all."""
    flashes, _ = seen(signal, code, turn_s(signal, code))
    return [flash for flash in flashes if code is None or flash.colour != "white"]


@EACH
def test_nothing_flashes_faster_than_2_8_hz(signal, code):
    flashes, _ = seen(signal, code, 2 * turn_s(signal, code) + 1.0)
    assert all(after.begin_s - before.begin_s >= 1 / HIGHEST_HZ for before, after in pairwise(flashes))


@EACH
def test_red_and_yellow_are_alarms_and_digits_are_white(signal, code):
    assert {flash.colour for flash in alarming(signal, code)} <= COLOURS[priority_of(signal, code)]
    if code is not None:
        flashes = [one for one in seen(signal, code, turn_s(signal, code))[0] if one.colour == "white"]
        lit_s = [one.end_s - one.begin_s for one in flashes]
        assert lit_s == pytest.approx([on_s for on_s, _ in digits(code)], abs=1.5 * STEP_S)


@EACH
def test_alarms_flash_within_their_band_and_the_others_are_steady(signal, code):
    priority, flashes = priority_of(signal, code), alarming(signal, code)
    if priority in BANDS_HZ:
        lowest, highest = BANDS_HZ[priority]
        if code is None:  # no digits in between: the first flash of the next turn belongs to it too
            flashes, _ = seen(signal, code, 2 * turn_s(signal, code))
        assert len(flashes) >= 2
        for before, after in pairwise(flashes):
            period_s = after.begin_s - before.begin_s
            assert lowest <= 1 / period_s <= highest
        lit_s = sum(flash.end_s - flash.begin_s for flash in flashes[:-1])
        assert 0.2 <= lit_s / (flashes[-1].begin_s - flashes[0].begin_s) <= 0.6
    elif code is not None:
        (steady,) = flashes
        assert steady.end_s - steady.begin_s >= 2.0 - STEP_S


@EACH
def test_the_pulses_of_an_alarm_are_its_prioritys_and_nothing_else_has_three(signal, code):
    priority = priority_of(signal, code)
    _, beeps = seen(signal, code, 60.0)
    if priority is None:
        assert len(beeps) == (2 if signal is Signal.DONE else 0)
        return
    first = [beep for beep in beeps if beep.begin_s < 5.0][: PULSES[priority]]
    assert len(first) == PULSES[priority]
    shortest, longest = PULSE_S[priority]
    for beep in first:
        assert shortest - STEP_S <= beep.end_s - beep.begin_s <= longest + STEP_S
    if priority not in AGAIN_S:
        assert beeps == first, "once, and not again"
        return
    assert len(beeps) >= 2 * len(first)
    quiet_s = beeps[len(first)].begin_s - first[-1].end_s
    lowest, highest = AGAIN_S[priority]
    assert lowest <= quiet_s <= highest


def test_a_high_burst_is_three_and_two_pulses_twice():
    beeps = sound_of(Signal.CODE, 34).beeps
    pauses = [off_s for _, off_s in beeps[:-1]]
    short, long, longest = sorted(set(pauses))
    assert pauses == [short, short, long, short, longest, short, short, long, short]
    assert longest > long > 2 * short


def test_the_end_is_two_long_tones_and_no_more():
    _, beeps = seen(Signal.DONE, None, 100.0)
    assert len(beeps) == 2
    assert all(beep.end_s - beep.begin_s > 3 * PULSE_S[Priority.MEDIUM][1] for beep in beeps)


def test_every_signal_has_a_meaning_and_a_rhythm_of_its_own():
    """The colour left away: for eyes that don't tell it, and ears that don't hear the buzzer."""
    assert set(PATTERNS) == set(Signal)
    assert len({pattern.meaning for pattern in PATTERNS.values()}) == len(Signal)
    dark = {shown: [panel(*shown, step * 0.05, 0.0).lit for step in range(600)] for shown in SHOWN}
    for one, other in combinations(dark, 2):
        apart = sum(a != b for a, b in zip(dark[one], dark[other], strict=True)) * 0.05
        assert apart >= 0.3, (one, other)


def test_how_urgent_a_code_is_shows_without_colours():
    lengths = sorted({on_s for alarm in ALARMS.values() for on_s, _ in alarm.light})
    assert len(lengths) == len(ALARMS)
    assert all(after >= 1.4 * before for before, after in pairwise(lengths))
    assert max(off_s for alarm in ALARMS.values() for _, off_s in (*alarm.light, *digits(77)[:-1])) < BEFORE_S


@pytest.mark.parametrize("code", NAMES)
def test_a_code_is_its_digits_in_long_and_short_flashes(code):
    on = [on_s for on_s, _ in digits(code)]
    long = [on_s for on_s in on if on_s >= 0.5]
    assert (len(long), len(on) - len(long)) == divmod(code, 10)
    assert max(on[len(long) :]) * 3 < min(long), "told apart without a clock"


def test_colours_are_mixed_from_three_lights_and_dark_is_dark():
    assert lights(panel(Signal.READY, None, 0.0, 0.0)) == (False, True, False)
    assert lights(panel(Signal.READY, None, 1.0, 1.0)) == (False, False, False)
    assert lights(panel(Signal.LEAVING, None, 0.0, 0.0)) == (True, True, False)
    assert lights(panel(Signal.CODE, 34, 0.0, 0.0)) == (True, False, False)


def test_a_code_without_a_number_is_dark():
    assert not panel(Signal.CODE, None, 1.0, 1.0).lit


def test_a_burst_under_way_is_known_and_one_that_is_over_too():
    sound = sound_of(Signal.CODE, 12)
    assert sound.unfinished(0.5)
    assert not sound.unfinished(5.0)
    assert sound.unfinished(sound.every_s + 0.5)
    assert sound.burst_began_s(100.0, 100.5 + 2 * sound.every_s) == pytest.approx(100.0 + 2 * sound.every_s)
