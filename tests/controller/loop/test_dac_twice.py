"""The DAC is read back with every write: a flipped bit is put right at once, and many add up.

For how long one stands is counted in `tests/controller/session/test_flipped_writes.py`.
"""

from __future__ import annotations

from simulated import simulate

BEGINS_S = 28.0
"""In the first hold of a treatment of 10 mA."""


def test_one_flipped_bit_is_ridden_and_the_current_is_right_again_within_a_millisecond() -> None:
    summary, _ = simulate(events=[{"at_s": BEGINS_S, "fault": "dac_flipped"}])
    assert summary["outcome"] == "completed"
    assert 10.5 < summary["truth"]["held_ma"] < 23.0
    assert summary["truth"]["pulses"]["longest_ms"] < 1.0


def test_flipped_bits_that_come_again_and_again_are_cut_by_name() -> None:
    events = [{"at_s": BEGINS_S + 0.02 * n, "fault": "dac_flipped", "bit": 3.0} for n in range(3)]
    summary, _ = simulate(events=events)
    assert summary["trip"]["cause"] == "dac_reset"
    assert "3 times within 60 s" in summary["reason"]
    assert summary["trip"]["detected_s"] < BEGINS_S + 0.055


def test_two_are_ridden() -> None:
    events = [{"at_s": BEGINS_S + 0.2 * n, "fault": "dac_flipped", "bit": 3.0} for n in range(2)]
    assert simulate(events=events)[0]["outcome"] == "completed"
