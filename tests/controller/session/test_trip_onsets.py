"""Too much current is cut as soon as is promised, in every phase, with a hardware trip and without one.

A few onsets by day; at night 2,000 for each kind of unit, by the same code, whose figures stand in the docs.
"""

from __future__ import annotations

import math
from random import Random
from typing import Any

import onsets
import pytest
from simulated import requested

from app.forks import run_branches
from sim.scenario import Event
from sim.world import World

UNIT = onsets.KINDS[0].unit
HOLD_S = (24.0, 40.0)
"""The first hold of a treatment of 10 mA."""
FLIPPED_MA = 22.5
"""What a flipped bit of the DAC makes of 10 mA at the most."""
STANDS_S = 0.0003


@pytest.mark.parametrize(
    ("units", "per_unit"), [(1, 18), pytest.param(8, 250, marks=pytest.mark.nightly)], ids=["day", "night"]
)
@pytest.mark.parametrize("kind", onsets.KINDS, ids=[kind.name for kind in onsets.KINDS])
def test_too_much_current_is_off_in_time_in_every_phase(kind: onsets.Kind, units: int, per_unit: int) -> None:
    found = onsets.onsets(kind, range(1, units + 1), per_unit)
    assert onsets.beyond(kind, found) == []
    assert {one.phase for one in found} == set(onsets.PHASES)
    assert len(found) > 0.9 * units * per_unit
    if kind.unit.trip is not None:
        assert sum(one.cause == "hardware_trip" for one in found) > 0.8 * len(found)


def test_an_onset_that_is_too_slow_or_never_off_is_said() -> None:
    kind = onsets.KINDS[0]
    right = onsets.Onset("contact", 5.0, 3.0, 4.0, "hardware_trip")
    assert onsets.beyond(kind, [right]) == []
    assert len(onsets.beyond(kind, [right, right._replace(off_ms=None)])) == 1
    assert len(onsets.beyond(kind, [right, right._replace(off_ms=10.1)])) == 2


def _answer(summary: dict[str, Any], truth: Any) -> dict[str, Any]:
    onset = truth.first_onset(math.inf)
    off_s = truth.off_since_s(onset[1])
    trip = summary["trip"] or {}
    return {
        "cause": trip.get("cause"),
        "after_ms": None if off_s is None else 1000.0 * (off_s - onset[1]),
        "outcome": summary["outcome"],
    }


def _spike(at_s: float, to_ma: float, for_s: float) -> Event:
    params = {"to_ma": to_ma, "for_s": for_s}
    return Event.model_validate({"at_s": at_s, "fault": "current_spike", **params})


def _pulses(rng: Random) -> list[Event]:
    """Pulses of 27 mA for half a second: 1.5 to 5 ms wide, at any period."""
    wide_s, at_s = rng.uniform(0.0015, 0.005), rng.uniform(*HOLD_S)
    period_s = wide_s + 0.0005 * (200.0 ** rng.random())
    return [_spike(at_s + period_s * n, 27.0, wide_s) for n in range(int(0.5 / period_s) + 1)]


@pytest.mark.parametrize("count", [30, pytest.param(1000, marks=pytest.mark.nightly)])
def test_pulses_of_a_millisecond_and_a_half_are_off_within_a_tenth_of_a_second(count: int) -> None:
    rng = Random(7)
    found = run_branches(requested(unit=UNIT), [_pulses(rng) for _ in range(count)], _answer)
    assert {one["outcome"] for one in found} == {"aborted"}
    assert max(one["after_ms"] for one in found) <= 100.0


@pytest.mark.parametrize("count", [30, pytest.param(1000, marks=pytest.mark.nightly)])
def test_the_hardware_trip_rides_what_stands_for_a_third_of_a_millisecond_and_cuts_what_stands_longer(
    count: int,
) -> None:
    rng = Random(8)
    at_s = [rng.uniform(*HOLD_S) for _ in range(count)]
    ends = {"fault": "hand_out"}  # a tenth of a second later, so that the rest need not be run
    brief = run_branches(
        requested(unit=UNIT),
        [
            [_spike(t_s, FLIPPED_MA, STANDS_S), Event.model_validate({"at_s": t_s + 0.1, **ends})]
            for t_s in at_s
        ],
        _answer,
    )
    longer = run_branches(requested(unit=UNIT), [[_spike(t_s, FLIPPED_MA, 0.004)] for t_s in at_s], _answer)
    assert {one["cause"] for one in brief} == {"open_circuit"}
    assert {one["cause"] for one in longer} == {"hardware_trip"}


@pytest.mark.parametrize("count", [6, pytest.param(200, marks=pytest.mark.nightly)])
def test_passing_conversions_over_changes_nothing_of_when_the_trip_acts(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = Random(9)
    tries = [_pulses(rng) for _ in range(count)]
    # From just too little for it to runaway, standing or falling again before a second conversion.
    for _ in range(count):
        tries.append([_spike(rng.uniform(*HOLD_S), rng.uniform(10.9, 27.0), 10.0 ** rng.uniform(-3.5, 0.0))])
        # Two that lie within a conversion each, one conversion after the other.
        at_s, wide_s = rng.uniform(*HOLD_S), rng.uniform(0.0003, 0.0006)
        tries.append([_spike(at_s + n * rng.uniform(0.0010, 0.0013), 27.0, wide_s) for n in range(2)])
    passed_over = run_branches(requested(unit=UNIT), tries, _answer)
    monkeypatch.setattr(World, "_mind_comparator", lambda _world, _t_s: None)
    each_looked_at = run_branches(requested(unit=UNIT), tries, _answer)
    # Noise is drawn in another order: a current differs by a microampere before the trip cuts it, and what
    # the program judges from several readings may come a round of its four turns sooner or later.
    round_ms = 4 * 1e3 / UNIT.loop.rate_hz
    for one, other in zip(each_looked_at, passed_over, strict=True):
        if one["cause"] is None:  # a treatment that went on ends a few ticks sooner or later with other noise
            one, other = one | {"after_ms": 0.0}, other | {"after_ms": 0.0}  # noqa: PLW2901
        near_ms = 1e-4 if one["cause"] == "hardware_trip" else round_ms + 1e-4
        assert one == {**other, "after_ms": pytest.approx(other["after_ms"], abs=near_ms)}
    assert len({one["after_ms"] for one in passed_over}) > count
