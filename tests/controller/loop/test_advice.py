"""What a person is told of contact and of a current that isn't reached."""

import pytest

from controller.core.phases import TERMINAL
from controller.core.types import Phase
from controller.loop.advice import NEXT, Shortfall, contact_of


@pytest.mark.parametrize(
    ("phase", "voltage_v", "current_ma", "said"),
    [
        (Phase.CONTACT, 60.0, 0.0, "none"),
        (Phase.CONTACT, 4.5, 0.3, "good"),
        (Phase.CONTACT, 15.0, 0.3, "fair"),
        (Phase.CONTACT, 40.0, 0.3, "poor"),
        (Phase.HOLD, 14.0, 12.0, "good"),
        (Phase.HOLD, 48.0, 12.0, "fair"),
        (Phase.HOLD, 57.0, 8.0, "poor"),
        (Phase.READY, 0.0, 0.0, None),
        (Phase.HOLD, None, 12.0, None),
    ],
)
def test_contact_is_graded_by_the_load(phase, voltage_v, current_ma, said):
    assert contact_of(phase, voltage_v, current_ma, 60.0) == said


@pytest.mark.parametrize(
    ("per_s", "said"), [(-0.01, "dry_skin"), (0.0, "soft_water"), (0.01, "poor_contact")]
)
def test_the_trend_of_the_load_tells_why_a_current_is_not_reached(per_s, said):
    shortfall, told = Shortfall(), None
    for second in range(60):
        told = shortfall.reason(
            second,
            phase=Phase.HOLD,
            resistance_ohm=7000.0 * (1 + per_s * second),
            short_ma=4.0,
            leaving=False,
        )
    assert told == said


def test_a_current_that_is_reached_needs_no_reason_and_a_leaving_hand_is_one():
    shortfall = Shortfall()
    known = {"phase": Phase.HOLD, "resistance_ohm": 1000.0}
    assert shortfall.reason(1.0, **known, short_ma=0.05, leaving=False) is None
    assert shortfall.reason(2.0, **known, short_ma=4.0, leaving=True) == "hand_leaving"
    assert shortfall.reason(3.0, phase=Phase.READY, resistance_ohm=None, short_ma=9.0, leaving=False) is None


def test_every_phase_that_goes_on_has_a_next_step():
    assert set(NEXT) >= set(Phase) - TERMINAL - {Phase.READY}
