"""Light and buzzer: one meaning each, told apart by rhythm alone."""

from itertools import combinations
from pathlib import Path

import pytest

from controller.core.reasons import NAMES
from controller.core.signals import PATTERNS, Signal, flashes, lights, panel

pytestmark = pytest.mark.core

STEP_S = 0.05


def course(signal, code=None, for_s=12.0):
    """Whether the light is on, in steps of 50 ms; the colour left away."""
    return tuple(panel(signal, code, step * STEP_S).lit for step in range(round(for_s / STEP_S)))


def test_every_signal_has_a_meaning_and_a_rhythm_of_its_own():
    assert set(PATTERNS) == set(Signal)
    assert len({pattern.meaning for pattern in PATTERNS.values()}) == len(Signal)
    courses = {signal: course(signal) for signal in Signal if signal is not Signal.CODE}
    courses |= {code: course(Signal.CODE, code) for code in NAMES}
    for one, other in combinations(courses, 2):
        apart = sum(a != b for a, b in zip(courses[one], courses[other], strict=True)) * STEP_S
        assert apart >= 0.3, (one, other)


@pytest.mark.parametrize("code", sorted(NAMES))
def test_a_code_is_its_digits_in_long_and_short_flashes(code):
    on = [on_s for on_s, _ in flashes(code)]
    long = [on_s for on_s in on if on_s >= 0.5]
    assert (len(long), len(on) - len(long)) == divmod(code, 10)
    assert max(on[len(long) :]) * 3 < min(long), "told apart without a clock"


def test_the_end_is_three_beeps_and_no_more():
    beeps = [panel(Signal.DONE, None, step * STEP_S).buzzes for step in range(2000)]
    rises = sum(now and not before for before, now in zip([False, *beeps], beeps, strict=False))
    assert rises == 3


def test_colours_are_mixed_from_three_lights_and_dark_is_dark():
    assert lights(panel(Signal.READY, None, 0.0)) == (False, True, False)
    assert lights(panel(Signal.READY, None, 1.0)) == (False, False, False)
    assert lights(panel(Signal.STOPPING, None, 0.0)) == (True, True, False)


def test_the_page_lists_every_signal():
    page = Path("docs/device.md").read_text(encoding="utf-8")
    for signal, pattern in PATTERNS.items():
        assert f"| `{signal}` | {pattern.colour} |" in page, signal
        assert pattern.meaning in page
