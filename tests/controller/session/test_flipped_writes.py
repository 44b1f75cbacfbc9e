"""A bit that flips on its way to the DAC is put right before it matters, and the hardware trip rides it.

In every phase and all through a ramp, with a quick host and with one that needs 0.1 ms for each transfer.
"""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

import flips
import pytest
from simulated import requested, treatment

from app.reactions import FLIPPED_MS
from controller.backends.simulated import simulated
from controller.core import limits as lim
from controller.loop.tick import StopSwitch
from controller.session.wiring import run_session
from sim.chips.ads1115 import HI_THRESH, Ads1115
from sim.scenario import Scenario

STANDS_MS = 0.3
HOSTS_S = (0.0, 0.0001)
NIGHT = [
    pytest.param(current_ma, seed, flips.WHOLE, 4, marks=pytest.mark.nightly, id=f"night {current_ma:g} mA")
    for current_ma, seed in ((2.0, 2), (7.0, 3), (12.0, 4))
]


@pytest.mark.parametrize(
    ("current_ma", "seed", "phases", "times"), [pytest.param(4.0, 1, flips.ON_THE_WAY, 1, id="day"), *NIGHT]
)
@pytest.mark.parametrize("overhead_s", HOSTS_S)
def test_a_flipped_bit_stands_for_a_third_of_a_millisecond_and_nothing_else_comes_of_it(
    current_ma: float, seed: int, phases: tuple[str, ...], times: int, overhead_s: float
) -> None:
    request = requested(treatment(current_ma=current_ma), seed=seed)
    tried = flips.tries(request, phases, times, Random(f"flips|{seed}|{overhead_s}"))
    found = flips.flips(request, tried, overhead_s)
    wrong = [one for one in found if one.held != one.written]
    # A code may be as before, and power-down at zero is zero; a command that is none is not taken.
    assert len(wrong) > 0.8 * len(found)
    assert {one.bit for one in wrong} >= set(range(14))
    assert {one.phase for one in wrong} == set(phases)
    assert max(one.by_ma for one in found) > 10.0
    assert [one for one in found if one.code_ms is None or one.code_ms > STANDS_MS] == []
    assert [one for one in found if one.current_ms > FLIPPED_MS] == []
    assert [one for one in found if one.cause != flips.ENDED_BY] == []
    assert [one for one in found if one.latched_ms is not None and one.phase not in flips.STARTING] == []


MORE = [
    pytest.param(then, cause, overhead_s, marks=pytest.mark.nightly)
    for then, cause, overhead_s in (
        ("dac_busy", "dac_reset", 0.0001),
        ("dac_silent", "dac_silent", 0.0),
        ("dac_silent", "dac_silent", 0.0001),
    )
]
PHASES = ("contact", "ramp_up forward", "hold forward")
MA_PER_CODE = 25.0 / 4095
MUST_MA, MAY_MA = 2.5, 0.4
"""Above the threshold at any setpoint of 4 mA, and below it."""
LATCHES_MS = 3 * 1.1 * 1000.0 / 860
"""Two whole conversions of a converter whose clock is 10 % slow, and the rest of one."""


@pytest.mark.parametrize(
    ("then", "cause", "overhead_s"),
    [("dac_busy", "dac_reset", 0.0), ("dac_flipped", "dac_reset", 0.0001), *MORE],
)
def test_the_hardware_trip_fires_where_the_next_write_fails_too_and_only_then(
    then: str, cause: str, overhead_s: float
) -> None:
    request = requested(treatment(current_ma=4.0))
    tried = flips.tries(request, PHASES, 1, Random(f"then|{then}|{overhead_s}"))
    found = flips.flips(request, [one for one in tried if one.bit < 12], overhead_s, then)
    wrong = [one for one in found if one.held != one.written]
    assert {one.cause for one in wrong} == {cause}
    stood = [one for one in wrong if one.code_ms is None or one.code_ms > STANDS_MS]
    fell = [one for one in wrong if one.latched_ms is not None]
    assert len(stood) == len(wrong)
    assert len(fell) > 10
    if then != "dac_flipped":  # which flips the highest bit
        more_ma = [(MA_PER_CODE * (one.held - one.written), one) for one in wrong]
        assert [one for ma, one in more_ma if ma > MUST_MA and (one.latched_ms or 99.0) > LATCHES_MS] == []
        assert [one for ma, one in more_ma if ma < MAY_MA and one.latched_ms is not None] == []


RAMP_S = (5.0, 11.5)
"""Within the first ramp to 4 mA, where the threshold is written in every 36th tick."""


class _Enough(Exception):
    """The ramp is over."""


class _Until:
    """Ends the session after the ramp."""

    def tick(self, measurement: Any) -> None:
        """Look at the time."""
        if measurement.time_s > RAMP_S[1]:
            raise _Enough


@pytest.mark.parametrize("overhead_s", HOSTS_S)
def test_a_bit_flipped_in_a_write_of_the_threshold_stands_as_briefly_and_sets_nothing_off(
    overhead_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lim, "SPIKES_WITHIN_S", 0.0)  # else the third ends the session
    write, waiting = Ads1115.on_write, list(range(16))
    seen: list[tuple[float, int, int]] = []

    def written(adc: Ads1115, data: bytes) -> bool:
        now_s = adc._clock.now_s
        if len(data) != 3 or data[0] != HI_THRESH or now_s < RAMP_S[0]:
            return write(adc, data)
        asked = int.from_bytes(data[1:], "big")
        arrived = asked
        if waiting and (not seen or seen[-1][1] == seen[-1][2]):  # so that the one after is sound
            arrived ^= 1 << waiting.pop()
        done = write(adc, bytes((data[0], arrived >> 8, arrived & 0xFF)))
        seen.append((now_s, asked, arrived))
        return done

    monkeypatch.setattr(Ads1115, "on_write", written)
    request = requested(treatment(current_ma=4.0))
    bench = simulated(request.unit, "hands", Scenario(), 1, None)
    bus: Any = bench.transport
    bus.overhead_s = overhead_s
    with pytest.raises(_Enough):
        run_session(request, None, StopSwitch(), watch=lambda _bench, _loop: _Until(), bench=bench)
    assert waiting == []
    stood = [
        (after[0] - at_s, after[1] == asked == after[2])
        for (at_s, asked, arrived), after in pairwise(seen)
        if arrived != asked
    ]
    assert len(stood) == 16
    assert all(right and 1000.0 * seconds <= STANDS_MS for seconds, right in stood), stood
