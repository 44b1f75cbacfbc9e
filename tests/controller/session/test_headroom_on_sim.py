"""A stage that keeps more of its rail the more flows: the session heeds what the unit file says of it."""

from __future__ import annotations

import pytest
from simulated import simulate, treatment

from config.unit import Unit

PLAIN = {"headroom_v": 0.9, "headroom_ohm": 360.0}
SHORT = {"current_ma": 15.0, "total_min": 2.4, "ramp_ma_per_s": 0.5}
OHM = 4200.0
"""At 13.8 mA it takes all that the stage has, 58.1 V."""


def test_it_folds_back_before_the_stage_saturates() -> None:
    unit = Unit.model_validate({"stage": PLAIN})
    what, still = treatment(**SHORT), {"fidgets": False}
    summary, _ = simulate(what, unit=unit, plant_alone=True, load={"skin": OHM}, person=still)
    assert summary["outcome"] == "completed"
    reach_v = 64.0 * 0.98 - 0.9 - 0.36 * summary["peak_ma"]
    assert summary["peak_ma"] * OHM / 1000 < reach_v, "never saturated, whatever the rail's tolerance"
    assert summary["peak_ma"] == pytest.approx((63.1 - 3.0) / (4.2 + 0.36), rel=0.02)
    assert summary["truth"]["worst_rise_ma"] <= 0.1


def test_a_unit_with_all_the_parts_of_a_real_output_treats() -> None:
    parts = {
        "stage": {"headroom_v": 7.4, "headroom_ohm": 53.0, "compliance_v": 58.0},
        "output": {"divider_kohm": 340.0},
        "one_shot": {},
    }
    what = treatment(current_ma=2.0, total_min=2.0, ramp_ma_per_s=0.5)
    unit = Unit.model_validate(parts)
    whole, alone = (simulate(what, unit=unit, plant_alone=plant_alone)[0] for plant_alone in (False, True))
    assert whole["outcome"] == "completed"
    assert whole == alone
    truth = whole["truth"]
    assert truth["worst_step_ma"] <= 0.1
    assert truth["pulses"]["longest_ms"] <= 0.1
    assert truth["pulses"]["charge_uc"] <= 1.5
