"""The DAC is read back with every write: a flipped bit is put right at once, and many add up."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from simulated import requested, simulate

from config.unit import reference_unit
from controller.backends.simulated import simulated
from controller.core import limits as lim
from controller.loop.tick import StopSwitch
from controller.session.wiring import run_session
from sim.scenario import Scenario

BEGINS_S = 28.0
"""In the first hold of a treatment of 10 mA."""
APART_S = 0.3
BITS = range(16)
STANDS_S = 0.0003
FAR = 3
"""Codes: the pilot and the trim move by one or two in a tick."""


class Enough(Exception):
    """All that was to happen has happened."""


class Until:
    """Ends the session after `end_s`."""

    def __init__(self, end_s: float) -> None:
        self._end_s = end_s

    def tick(self, measurement: Any) -> None:
        """Look at the time."""
        if measurement.time_s > self._end_s:
            raise Enough


def codes_of(overhead_s: float, seed: int) -> list[tuple[float, int]]:
    """Return (time, code) of the DAC's output while each bit of a write is flipped once, in turn.

    The unit has a hardware trip: had that fired, or the guard, the session would have ended before.
    """
    rng = Random(seed)
    begin_s = [BEGINS_S + APART_S * (bit + 0.5 * rng.random()) for bit in BITS]
    events = [
        {"at_s": at_s, "fault": "dac_flipped", "bit": float(bit)}
        for bit, at_s in zip(BITS, begin_s, strict=True)
    ]
    scenario = Scenario.model_validate({"events": events})
    bench = simulated(reference_unit(), "hands", scenario, seed, None)
    bus: Any = bench.transport
    bus.overhead_s = overhead_s
    dac = bus._chips[0x62]
    codes: list[tuple[float, int]] = []
    tell = dac._on_output

    def told(code: int) -> None:
        codes.append((bench.clock.now(), code))
        tell(code)

    dac._on_output = told
    ends = Until(BEGINS_S + APART_S * (len(BITS) + 1))
    with pytest.raises(Enough):
        run_session(requested(seed=seed), None, StopSwitch(), watch=lambda _bench, _loop: ends, bench=bench)
    return [entry for entry in codes if BEGINS_S - 1.0 < entry[0] < ends._end_s]


NIGHTLY = [pytest.param(seed, marks=pytest.mark.nightly) for seed in range(2, 12)]


@pytest.mark.parametrize("seed", [1, *NIGHTLY])
@pytest.mark.parametrize("overhead_s", [0.0, 0.0001])
def test_a_flipped_bit_in_a_write_stands_for_a_third_of_a_millisecond_at_most(
    overhead_s: float, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lim, "SPIKES_WITHIN_TICKS", 1)  # else the third ends the session
    codes = codes_of(overhead_s, seed)
    stood = [
        (until_s - at_s, code)
        for (_, before), (at_s, code), (until_s, _) in zip(codes, codes[1:], codes[2:], strict=False)
        if abs(code - before) > FAR
    ]
    wrong = [(seconds, code) for seconds, code in stood if seconds < 0.004]
    # Bits 2 to 11 of the code and both that take its power away; what a command is not is not taken at all.
    assert len(wrong) >= 12
    assert all(seconds <= STANDS_S for seconds, _ in wrong), wrong
    assert len(stood) == 2 * len(wrong)  # each way out has its way back, and nothing else moved so far


def test_one_flipped_bit_is_ridden_and_the_current_is_right_again_within_a_millisecond() -> None:
    summary, _ = simulate(events=[{"at_s": BEGINS_S, "fault": "dac_flipped"}])
    assert summary["outcome"] == "completed"
    assert 10.5 < summary["truth"]["held_ma"] < 23.0
    assert summary["truth"]["pulses"]["longest_ms"] < 1.0


def test_flipped_bits_that_come_again_and_again_are_cut_by_name() -> None:
    events = [{"at_s": BEGINS_S + 0.02 * n, "fault": "dac_flipped", "bit": 3.0} for n in range(3)]
    summary, _ = simulate(events=events)
    assert summary["trip"]["cause"] == "dac_reset"
    assert "3 times within 12000 ticks" in summary["reason"]
    assert summary["trip"]["detected_s"] < BEGINS_S + 0.055


def test_two_are_ridden() -> None:
    events = [{"at_s": BEGINS_S + 0.2 * n, "fault": "dac_flipped", "bit": 3.0} for n in range(2)]
    assert simulate(events=events)[0]["outcome"] == "completed"
