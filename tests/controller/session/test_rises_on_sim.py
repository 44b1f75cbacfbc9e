"""Where the voltage ends nothing comes back at once: true rises in a tick, while hands dip and a supply sags.

What is bounded is a hand as fast as one that leaves within 0.2 s, the fastest that is reckoned with; how fast
is too fast for which loop stands in `docs/performance.md`.
"""

from __future__ import annotations

from typing import Any

import pytest
from dips import LOWEST_V, Course, course, dip, sag

BOUND_MA = 0.1
"""Law 6."""


def held(one: Course) -> None:
    assert one.summary["trip"] is None, one.summary["trip"]
    assert one.worst_ma <= BOUND_MA


EVERY_SEED = [1, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(2, 11))]


@pytest.mark.parametrize("seed", EVERY_SEED)
@pytest.mark.parametrize(
    ("rate_hz", "guard", "over_s", "to"),
    [
        (200, True, 0.1, 0.5),
        (200, True, 0.1, 0.25),
        (200, True, 0.3, 0.25),
        (200, True, 2.0, 0.5),
        (200, False, 0.1, 0.5),
        (200, False, 1.0, 0.25),
        (100, True, 0.2, 0.5),
        (100, True, 0.5, 0.25),
        (100, False, 0.2, 0.5),
        (50, True, 0.3, 0.5),
        (50, False, 1.0, 0.5),
    ],
)
def test_a_hand_that_dips_out_and_back_finds_no_more(
    rate_hz: int, guard: bool, over_s: float, to: float, seed: int
) -> None:
    held(course(dip, over_s, to, rate_hz=rate_hz, guard=guard, seed=seed))


@pytest.mark.parametrize("seed", EVERY_SEED)
@pytest.mark.parametrize(
    "where",
    [
        pytest.param({"from_s": 22.0, "times": 1}, id="ramp"),
        pytest.param({"from_s": 115.0, "times": 2, "total_min": 3.0}, id="reversal"),
    ],
)
@pytest.mark.parametrize("over_s", [0.1, 0.5])
def test_nor_in_the_ramp_nor_after_the_reversal(where: dict[str, Any], over_s: float, seed: int) -> None:
    held(course(dip, over_s, 0.5, seed=seed, **where))


@pytest.mark.parametrize("seed", EVERY_SEED)
@pytest.mark.parametrize(("rate_hz", "guard"), [(200, True), (200, False), (50, True), (50, False)])
def test_a_supply_that_sags_as_far_as_it_may_and_comes_back_gives_no_step(
    rate_hz: int, guard: bool, seed: int
) -> None:
    held(course(sag, 1.0, LOWEST_V, rate_hz=rate_hz, guard=guard, seed=seed))


@pytest.mark.parametrize("seed", EVERY_SEED)
@pytest.mark.parametrize(("rate_hz", "over_s"), [(100, 0.05), (50, 0.1)])
def test_a_hand_too_fast_for_the_loop_gives_back_no_more_than_went_between_two_looks(
    rate_hz: int, over_s: float, seed: int
) -> None:
    """Half of what comes back at once where nobody follows what flows."""
    one = course(dip, over_s, 0.5, rate_hz=rate_hz, seed=seed, times=4)
    assert one.summary["trip"] is None
    assert one.worst_ma < 0.75
