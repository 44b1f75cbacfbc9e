"""Whose turn it is: that no period hides in the order or in the moments, and that nobody waits long."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from controller.core.drop_out import TURN_TICKS
from controller.core.limits import FROZEN_CONTROL_SAMPLES, TRIAL_TICKS
from controller.loop.turns import LOOK_BETWEEN_S, SLOW_TICKS_S, WITH_GUARD, WITHOUT_GUARD, Turn, turns

ORDERS = {"with guard": WITH_GUARD, "without": WITHOUT_GUARD}
OFTEN = {"with guard": "voltage", "without": "current"}
LONGEST = {"often": 2, "other": 7, "slow": 9}
"""Ticks from one turn of a channel to its next, at most."""
CONVERSION_S = 0.00116
PERIODS_S = sorted(
    {round(0.004 * 1.03**n, 7) for n in range(211)}  # 4 ms to 2 s
    | {0.005 * n for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 20, 40, 80, 100, 200, 400)}
)
"""Whole ticks and turns of the old fixed order among them, and what lies between."""


def gaps(order: Sequence[Turn], kind: str) -> list[int]:
    at = [tick for tick, turn in enumerate(order) if turn.kind == kind]
    return [then - now for now, then in zip(at, [*at[1:], at[0] + len(order)], strict=True)]


@pytest.mark.parametrize("which", ORDERS)
def test_no_channel_waits_longer_than_its_bound_over_the_seam_of_a_round_too(which: str) -> None:
    order, often = ORDERS[which], OFTEN[which]
    other = "current" if often == "voltage" else "voltage"
    assert max(gaps(order, often)) == LONGEST["often"]
    assert max(gaps(order, other)) <= LONGEST["other"]
    for slow in ("return", "supply"):
        assert max(gaps(order, slow)) <= LONGEST["slow"]
    assert LONGEST["slow"] <= TRIAL_TICKS == TURN_TICKS, "in these all have had their turn"
    assert LONGEST["slow"] - 1 <= FROZEN_CONTROL_SAMPLES, "the supply is among so many samples and one more"


def test_the_same_turns_come_in_every_program() -> None:
    assert turns("voltage", "current") == WITH_GUARD
    assert [turn.kind for turn in WITH_GUARD[:8]] != [turn.kind for turn in WITHOUT_GUARD[:8]]


def shown(order: Sequence[Turn], kind: str, period_s: float, tick_s: float, share: float) -> float:
    """How often a second a sample meets what comes for `share` of `period_s`, at its worst phase."""
    room_s = 0.6 * tick_s - CONVERSION_S
    at_s = [
        tick * tick_s + 0.2 * tick_s + turn.begins_s(room_s, tick_s)
        for tick, turn in enumerate(order)
        if turn.kind == kind
    ]
    bins = 40
    hits = [0] * bins
    for begins_s in at_s:
        first = int(begins_s % period_s / period_s * bins)
        last = int((begins_s % period_s + CONVERSION_S) / period_s * bins)
        for one in range(first, min(last, first + bins - 1) + 1):
            hits[one % bins] += 1
    wide = max(1, int(share * bins))
    worst = min(max(hits[(begin + n) % bins] for n in range(wide)) for begin in range(bins))
    return worst / (len(order) * tick_s)


@pytest.mark.parametrize("which", ORDERS)
@pytest.mark.parametrize("kind", ["current", "voltage", "return", "supply"])
@pytest.mark.parametrize("tick_s", [0.005, 0.01, 0.02])
def test_no_period_from_4_ms_to_2_s_hides_from_any_channel(which: str, kind: str, tick_s: float) -> None:
    """What is there for half of each period is met by each channel, whichever half it is."""
    unseen = [p for p in PERIODS_S if shown(ORDERS[which], kind, p, tick_s, 0.5) == 0.0]
    assert unseen == []


def test_the_old_fixed_order_hid_what_was_in_step_with_it() -> None:
    """So that the test above could fail."""
    fixed = [
        Turn(kind, 0.0, later_share=None, look_share=0.0)
        for kind in ("voltage", "current", "voltage", "return", "voltage", "current", "voltage", "supply")
    ] * 100
    for kind, period_s in (("return", 0.04), ("supply", 0.04), ("current", 0.02), ("voltage", 0.01)):
        assert shown(fixed, kind, period_s, 0.005, 0.5) == 0.0
        assert shown(WITH_GUARD, kind, period_s, 0.005, 0.5) > 0.0


def test_a_moment_lies_within_its_room() -> None:
    for tick_s in (0.005, 0.01, SLOW_TICKS_S, 0.02):
        for room_s in (0.0, 0.002, 0.6 * tick_s, 0.9 * tick_s):
            assert all(0.0 <= turn.begins_s(room_s, tick_s) <= room_s for turn in WITH_GUARD)
    assert all(turn.begins_s(-0.001, 0.005) == 0.0 for turn in WITH_GUARD), "a tick that took too long"


def test_where_ticks_are_slow_half_of_the_moments_are_half_a_tick_later() -> None:
    apart = [turn for turn in WITH_GUARD if turn.later_share is not None]
    early = [turn for turn in apart if turn.begins_s(0.017, 0.02) < 0.01]
    assert 0.7 < len(apart) / len(WITH_GUARD) < 0.8
    assert 0.45 < len(early) / len(apart) < 0.55
    assert all(turn.begins_s(0.017, 0.02) <= 0.007 for turn in early)
    assert 0.005 < LOOK_BETWEEN_S < 0.01, "ticks of 100 Hz have one more look, those of 200 Hz none"
