"""Whole beginnings of sessions on the reference unit: what a person gets at contact and at closing relays."""

from __future__ import annotations

import pytest
from simulated import simulate, treatment

from config.unit import Unit, reference_unit

SEEDS = range(1, 51)
WHAT = treatment(current_ma=10.0, total_min=2.0, ramp_ma_per_s=0.5)
LASTS_S = 5.5
"""So long after the first hand all hands are in, both relays were closed, and the ramp is below 2 mA."""
SITUATIONS = {"hands in while it senses": 1.5, "relays close on whoever is in the water": 0.0}
"""When the first hand goes in, s; Start is pressed at 0.5."""


def begun(
    seed: int, hands_in_at_s: float, unit: Unit | None = None, *, cut: bool = False
) -> dict[str, float]:
    """The truth of a beginning with somebody of those who move, splash and differ, which Stop ends.

    `cut` lets the guard end it.
    """
    events = [{"at_s": hands_in_at_s + LASTS_S, "fault": "press", "button": "stop", "for_s": 0.3}]
    load = {"skin": "ordinary", "water_us_per_cm": 30 + 970 * seed / len(SEEDS)}
    summary, _ = simulate(
        WHAT,
        events=events,
        seed=seed,
        unit=unit,
        load=load,
        person={"moves": True, "hands_in_at_s": hands_in_at_s},
    )
    assert summary["outcome"] in ({"stopped", "aborted"} if cut else {"stopped"}), summary["reason"]
    truth = summary["truth"]
    return {"held_ma": truth["held_ma"], "peak_ma": truth["peak_ma"], **truth["pulses"]}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_no_current_above_2_ma_lasts_longer_than_a_tenth_of_a_millisecond(situation: str) -> None:
    found = [begun(seed, SITUATIONS[situation]) for seed in SEEDS]
    assert max(one["held_ma"] for one in found) <= 2.0
    assert max(one["longest_ms"] for one in found) <= 0.1
    assert max(one["charge_uc"] for one in found) <= 1.5
    assert sum(one["peak_ma"] > 10.0 for one in found) > 25, "the charge at the terminals is there"
    assert len({one["peak_ma"] for one in found}) == len(SEEDS), "no two units and people are alike"


def test_more_across_the_terminals_than_the_design_allows_is_seen() -> None:
    unit = reference_unit()
    if unit.output is None:
        raise AssertionError("the reference unit has no output")
    parts = {"output": unit.output.model_copy(update={"capacitance_nf": 100.0}), "dummy": None}
    heavy = unit.model_copy(update=parts)  # on a dummy load it is found before anybody gets it
    found = [begun(seed, 1.5, heavy, cut=True) for seed in (1, 2)]
    assert max(one["longest_ms"] for one in found) > 0.1
    assert max(one["charge_uc"] for one in found) > 1.5
