"""A few square centimetres of skin are found before the ramp, and ordinary people are not refused for it."""

from __future__ import annotations

from typing import Any

import pytest
from contact_people import ALLOWED_MISSED, ALLOWED_REFUSED, most, seen
from simulated import simulate

from config.unit import Unit

ONE_CM2 = [(3.0, None), (None, 4.5), (2.0, 3.0)]


@pytest.mark.parametrize("skin_cm2", ONE_CM2)
@pytest.mark.parametrize("skin", ["typical", "dry", "wet"])
def test_a_finger_gets_the_sensing_current_and_no_more(skin: str, skin_cm2: tuple[float | None, ...]) -> None:
    summary, trace = simulate(load={"skin": skin}, person={"skin_cm2": list(skin_cm2)}, plant_alone=True)
    assert summary["outcome"] == "refused"
    if skin != "dry":  # of two dry fingers the voltage may suffice for no contact at all
        assert "only a small part of the skin is in contact" in summary["reason"]
    assert summary["truth"]["held_ma"] < 0.35
    assert "ramp_up" not in trace.phase


@pytest.mark.parametrize("skin_cm2", ONE_CM2)
def test_whoever_puts_the_whole_hand_in_is_treated(skin_cm2: tuple[float | None, ...]) -> None:
    person = {"skin_cm2": list(skin_cm2)}
    summary, _ = simulate(person=person, events=[{"at_s": 12.0, "fault": "hand_in"}])
    assert summary["outcome"] == "completed", summary["reason"]
    (ramp, *_) = (span["start_s"] for span in summary["phases"] if span["phase"] == "ramp_up")
    assert 14.0 < ramp < 17.0


UNITS: dict[str, dict[str, Any]] = {
    "475 a second": {"control_adc": {"data_rate_sps": 475}, "guard_adc": {"data_rate_sps": 475}},
    "100 Hz": {"loop": {"rate_hz": 100}},
    "50 Hz": {"loop": {"rate_hz": 50}},
    "one converter": {"guard_adc": None, "trip": None},
}


@pytest.mark.parametrize("changes", UNITS.values(), ids=UNITS)
def test_every_kind_of_unit_tells_a_finger_from_a_hand(changes: dict[str, Any]) -> None:
    unit = Unit.model_validate(changes)
    stop = [{"at_s": 14.0, "fault": "press", "button": "stop", "for_s": 0.2}]
    hand, _ = simulate(unit=unit, load={"skin": "ordinary"}, events=stop)
    assert hand["outcome"] == "stopped", hand["reason"]
    assert hand["truth"]["held_ma"] > 1.0
    finger, _ = simulate(unit=unit, load={"skin": "ordinary"}, person={"skin_cm2": [4.0, None]})
    assert finger["outcome"] == "refused"
    assert "only a small part" in finger["reason"]


SOME, ALL = 120, 2000


def ordinary_people_are_treated(count: int) -> None:
    """Let the people of a campaign come, in every water: hands, feet, underarms and face by turns."""
    refused = [number for number in range(count) if not seen(number, small=False).treated]
    assert len(refused) <= most(count, ALLOWED_REFUSED), refused


def small_contacts_are_found(count: int, patience_s: float) -> None:
    """Let the same come with a finger."""
    missed = [number for number in range(count) if seen(number, small=True, patience_s=patience_s).treated]
    assert len(missed) <= most(count, ALLOWED_MISSED), missed


def test_ordinary_people_are_treated() -> None:
    ordinary_people_are_treated(SOME)


def test_small_contacts_are_found() -> None:
    small_contacts_are_found(SOME, patience_s=4.0)


@pytest.mark.nightly
def test_all_ordinary_people_are_treated() -> None:
    ordinary_people_are_treated(ALL)


@pytest.mark.nightly
def test_all_small_contacts_are_found_however_long_they_wait() -> None:
    small_contacts_are_found(ALL, patience_s=60.0)


@pytest.mark.parametrize(
    ("count", "share", "number"), [(120, 0.005, 4), (120, 0.01, 6), (2000, 0.005, 21), (2000, 0.01, 35)]
)
def test_as_many_may_differ_as_chance_makes_of_the_bounds(count: int, share: float, number: int) -> None:
    assert most(count, share) == number
