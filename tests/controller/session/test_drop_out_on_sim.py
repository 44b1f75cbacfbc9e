"""The computer's clock is held to the one-shot before anybody is treated, at every rate."""

from __future__ import annotations

from typing import Any

import pytest
from simulated import simulate

from config.unit import Unit, reference_unit
from controller.core.types import Refusal
from controller.loop.tick import StopSwitch

RATES_HZ = (200, 133, 100, 62, 50)


def unit(rate_hz: int, *, guard: bool = True, **changes: Any) -> Unit:
    data = reference_unit().model_dump(by_alias=True)
    data["loop"]["rate_hz"] = rate_hz
    data["battery_clock"] = None  # which would find it too
    if not guard:
        data["guard_adc"] = data["trip"] = None
    return Unit.model_validate(data | changes)


def begun(on: Unit, *, clock: float = 1.0, seed: int = 1, hands_in_at_s: float = 0.2) -> dict[str, Any]:
    """A session up to the search for contact; the clock runs at so many times its rate from the start on."""
    stop = StopSwitch()

    def watch(snapshot: dict[str, Any]) -> None:
        if snapshot["phase"] in {"contact", "ramp_up"}:
            stop.cut()

    events = [] if clock == 1.0 else [{"at_s": 0.0, "fault": "clock_rate", "factor": clock}]
    person: dict[str, Any] = {"hands_in_at_s": hands_in_at_s}
    if clock < 1.0:  # a computer that is slow takes its time to look at Start
        person |= {"start_at_s": 5.0, "start_for_s": 2.0}
    return simulate(unit=on, seed=seed, events=events, person=person, stop=stop, on_snapshot=watch)[0]


@pytest.mark.parametrize("hands_in_at_s", [0.2, 60.0])
@pytest.mark.parametrize("guard", [True, False])
@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_clock_half_as_much_off_is_found_before_the_person(
    rate_hz: int, guard: bool, hands_in_at_s: float
) -> None:
    """With hands in the water, where the current shows it, and without, where the voltage does."""
    on = unit(rate_hz, guard=guard)
    for seed, clock in enumerate((1 / 1.5, 1.5, 0.25)):
        summary = begun(on, clock=clock, seed=seed, hands_in_at_s=hands_in_at_s)
        if summary["outcome"] == "aborted":  # a fast one may be found by a conversion that takes too long
            assert (clock, summary["trip"]["cause"]) == (1.5, "adc_stale")
            continue
        assert summary["outcome"] == "refused"
        if clock == 0.25 and rate_hz < 80:  # its ticks come so seldom that nothing holds the output at all
            assert "the computer's clock is far too slow" in summary["reason"]
        else:
            assert "last heartbeat by the computer's clock" in summary["reason"]
        assert summary["truth"]["held_ma"] < 0.12, "nobody felt anything"


@pytest.mark.parametrize("guard", [True, False])
@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_no_sound_unit_is_refused_whoever_comes_in_when(rate_hz: int, guard: bool) -> None:
    """Every seed draws another one-shot and other relays; hands come in at any moment of the proof."""
    for seed in range(8):
        hands_in_at_s = (0.2, 60.0, 2.2 + 0.13 * seed)[seed % 3]
        summary = begun(unit(rate_hz, guard=guard), seed=seed, hands_in_at_s=hands_in_at_s)
        assert summary["outcome"] == "stopped", summary["reason"]


@pytest.mark.parametrize("rate_hz", [200, 50])
def test_a_one_shot_or_relay_that_is_wrong_is_found_as_a_clock_is(rate_hz: int) -> None:
    """What the file says is not what is built in."""
    summary = begun(unit(rate_hz, one_shot={"hold_ms": 60.0}))
    assert summary["outcome"] == "stopped"
    slow = [{"at_s": 0.0, "fault": "relay_slow", "which": "enable"}]
    summary, _ = simulate(unit=unit(rate_hz), events=slow)
    assert summary["outcome"] == "refused"
    assert "or the enable relay lets go too late" in summary["reason"]


@pytest.mark.parametrize(("rate_hz", "clock"), [(200, 0.25), (200, 0.4), (200, 4.0)])
def test_a_unit_with_a_charge_pump_finds_a_clock_that_is_far_off(rate_hz: int, clock: float) -> None:
    summary = begun(Unit.model_validate({"loop": {"rate_hz": rate_hz}}), clock=clock)
    assert summary["outcome"] == "refused"
    assert summary["truth"]["held_ma"] < 0.12


def test_the_refusal_has_a_name_of_its_own() -> None:
    assert Refusal.DROP_OUT_WRONG == "drop_out_wrong"
