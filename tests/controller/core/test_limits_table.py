"""Every threshold, stated a second time: whoever changes one has to say so twice.

The reasons stand in `controller/core/limits.py`; here is only what the safety case relies on.
"""

from __future__ import annotations

import pytest

from controller.core import limits
from controller.core.limits import GuardLimits

pytestmark = pytest.mark.core

TABLE = {
    "SENSING_MA": 0.3,
    "SENSING_LIMIT_MA": 0.35,
    "CONTACT_STABLE_S": 2.0,
    "CONTACT_TIMEOUT_S": 60.0,
    "READY_TIMEOUT_S": 600.0,
    "MIN_LOAD_OHM": 350.0,
    "MIN_SLOPE_OHM": 600.0,
    "SLOPE_MA": 0.15,
    "SLOPE_SETTLE_S": 0.1,
    "SLOPE_SAMPLE_S": 0.1,
    "SLOPE_TAKES_S": 1.35,
    "FALL_MA": 0.05,
    "SMALL_OHM": 6500.0,
    "SMALL_FACE_OHM": 10000.0,
    "SLOW_CONVERSION": 1.25,
    "SURELY_WHOLE": 0.8,
    "MAX_SENSING_OHM": 150000.0,
    "OPEN_LOAD_OHM": 40000.0,
    "PROOF_MA": 0.07,
    "PROOF_ALIVE_MA": 0.02,
    "PROOF_ALIVE_V": 5.0,
    "PROOF_DEAD_MA": 0.015,
    "PROOF_DEAD_V": 3.0,
    "PROOF_REST_S": 0.06,
    "PROOF_PULL_IN_S": 0.3,
    "PROOF_RISE_MA_PER_S": 0.5,
    "PROOF_DROP_OUT_S": 0.1,
    "TIMER_PART": 0.03,
    "PUMP_SHORTEST_S": 0.03,
    "PROOF_LOOK_S": 0.006,
    "PROOF_CONVERSION_S": 0.0025,
    "PROOF_FINDINGS": 2,
    "PROOF_TRIES": 8,
    "CLOCK_LOOK_S": 2.3,
    "CLOCK_SOUND": 0.005,
    "CLOCK_OFF": 0.04,
    "CLOCK_PARTINGS": 2,
    "CLOCK_MEMORY_S": 60.0,
    "CLOCK_SHORTEST_S": 2.0,
    "CLOCK_STILL_S": 10.0,
    "CLOCK_SILENT_S": 30.0,
    "TRIAL_LOW_MA": 5.0,
    "TRIAL_LOW_RATIO": 0.15,
    "TRIAL_OHM_RATIO": 0.1,
    "TRIAL_DEAD_MA": 0.1,
    "TRIAL_OPEN_MA": 0.05,
    "LIMITER_RATIO": 0.06,
    "TRIAL_TICKS": 8,
    "TRIAL_WITHIN_S": 0.2,
    "TRIAL_PROVEN_S": 0.05,
    "TRIAL_FULL_S": 0.5,
    "TRIAL_FULL_RATIO": 0.4,
    "TRIAL_S": 3.0,
    "TRIAL_RETURNED": 2,
    "REVERSE_BELOW_MA": 0.2,
    "ZERO_PROOF_S": 0.05,
    "STOP_WITHIN_S": 5.0,
    "STOP_MA_PER_S": 5.0,
    "FOLD_BACK_HEADROOM_V": 3.0,
    "FOLD_BACK_SETTLED_S": 2.0,
    "FOLD_BACK_RELEASE_V": 5.0,
    "FOLD_BACK_AHEAD_V": 6.0,
    "LACKS_MA": 0.05,
    "LACKS_SWING_MA": 0.4,
    "LACKS_FADES_MA_PER_S": 0.1,
    "LACKS_USUAL_S": 0.08,
    "LACKS_FROM_RATIO": 0.75,
    "SKIN_V": 4.6,
    "SKIN_SHARE": 0.6,
    "WITHDRAWAL_WINDOW_S": 0.05,
    "WITHDRAWAL_PER_S": 1.1,
    "WITHDRAWAL_HITS": 2,
    "WITHDRAWAL_FROM_MA": 2.0,
    "WITHDRAWAL_FALL_S": 0.05,
    "WITHDRAWAL_BEFORE_S": 0.5,
    "WITHDRAWAL_REST_S": 2.0,
    "RELEASED_S": 0.1,
    "MAX_STEP_MA": 0.1,
    "STEP_MA": 0.5,
    "REST_WITHIN_S": 600.0,
    "GUARD_PROOF_MA": 0.2,
    "SPIKE_MARGIN_MA": 0.5,
    "SPIKE_MARGIN_RATIO": 0.1,
    "SPIKES": 3,
    "SPIKES_WITHIN_S": 60.0,
    "SETPOINT_MARGIN_MA": 0.01,
    "OVER_MARGIN_MA": 0.1,
    "OVER_MARGIN_RATIO": 0.05,
    "LOST_RATIO": 0.5,
    "DEAD_RATIO": 0.2,
    "OPEN_FROM_MA": 0.05,
    "LOST_FROM_MA": 0.1,
    "HIGH_VOLTAGE_RATIO": 0.9,
    "LIVE_V": 8.0,
    "NO_CURRENT_MA": 0.001,
    "TINY_MA": 1.0,
    "DEVIATION_MA": 0.4,
    "DEVIATION_RATIO": 0.05,
    "DEVIATION_S": 0.2,
    "MOVED_MA": 0.03,
    "REPEATS": 3,
    "STUCK_MA": 0.2,
    "STUCK_S": 0.25,
    "LEAKAGE_MA": 0.5,
    "LEAKAGE_RATIO": 0.05,
    "POLARITY_FROM_MA": 0.5,
    "DISAGREE_MA": 0.3,
    "DISAGREE_RATIO": 0.05,
    "SLOW_SAMPLES": 3,
    "MEMORY_S": 2.0,
    "SLOW_HITS": 4,
    "STILL_S": 0.05,
    "SHORT_SAMPLES": 6,
    "TURNED_V": 2.5,
    "TURNED_MA_S": 6.0,
    "BREAK_RATIO": 0.85,
    "BREAK_BACK_RATIO": 0.07,
    "BREAKS": 2,
    "BREAKS_WITHIN_S": 60.0,
    "FROZEN_GUARD_TICKS": 40,
    "FROZEN_CONTROL_SAMPLES": 8,
    "IDLE_S": 5.0,
    "STALE_S": 0.03,
    "SATURATED_CODE": 32767,
    "PILOT_PERIOD_TICKS": 7,
    "PILOT_WINDOW_TICKS": 700,
    "PILOT_MOVED_RATIO": 0.05,
    "PILOT_MIN_RATIO": 0.3,
    "LATE_TICK_S": 0.045,
    "PROOF_TRIP_S": 0.1,
    "TRIP_MARGIN_MA": 0.5,
    "TRIP_MARGIN_RATIO": 0.1,
    "TRIP_STEP_MA": 0.05,
    "STOP_AGAIN_S": 86400.0,
    "STOP_SOONEST_S": 6.0,
    "STOP_LATEST_S": 8.0,
    "STOP_LOOK_S": 0.1,
    "STOP_GONE_S": 0.5,
    "STOP_CLOSES_S": 0.5,
    "STOP_OVER_S": 9.0,
    "STOP_HELD_S": 0.5,
    "STOP_THERE_S": 60.0,
    "STOP_LET_GO_S": 60.0,
    "UNTRIMMED_MA": 0.05,
    "UNTRIMMED_RATIO": 0.01,
    "TRIAL_OHM_CALIBRATED": 0.03,
    "TRIMMED_MA": 0.05,
    "TRIMMED_RATIO": 0.03,
    "UNTRIMMED_SAMPLES": 100,
    "TIME_MARGIN_S": 2.0,
    "TIME_MARGIN_RATIO": 0.005,
    "DOSE_MARGIN_MA_MIN": 0.2,
    "DOSE_MARGIN_RATIO": 0.02,
}


def test_no_threshold_changes_unnoticed() -> None:
    found = {
        name: value
        for name, value in vars(limits).items()
        if name.isupper() and isinstance(value, int | float)
    }
    assert found == TABLE


def test_the_guards_own_limits_follow_from_ceiling_treatment_and_unit() -> None:
    own = GuardLimits.of(
        ceiling_ma=15.0,
        highest_ma=12.0,
        total_s=1200.0,
        compliance_v=60.0,
        supply_min_v=58.0,
        supply_max_v=70.0,
        full_scale_ma=25.0,
    )
    assert own.over_current_ma == pytest.approx(15.0 * 1.05 + 0.1)
    assert own.total_s == pytest.approx(1200.0 * 1.005 + 2.0)
    assert own.dose_ma_min == pytest.approx(12.0 * 20.0 * 1.02 + 0.2)
    assert own.highest_ma == 12.0
    assert (own.compliance_v, own.supply_min_v, own.supply_max_v, own.full_scale_ma) == (
        60.0,
        58.0,
        70.0,
        25.0,
    )


def test_a_unit_of_which_nothing_is_told_is_held_to_the_narrowest_bounds() -> None:
    assert GuardLimits._field_defaults["code_zero_ma"] == 0.0
