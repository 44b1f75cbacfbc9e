"""A hand that leaves the water finds the current gone before the contact is."""

from __future__ import annotations

from typing import Any

import pytest
import slide_out
from measure_withdrawal import Watched
from simulated import simulate, treatment

from controller.core.reasons import REASONS
from controller.core.types import Cause
from sim import world as sim_world


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> type[Watched]:
    monkeypatch.setattr(sim_world, "World", Watched)
    Watched.broke_at_ma = Watched.density_ma_per_cm2 = 0.0
    return Watched


EVERY_SEED = [1, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(2, 21))]


@pytest.mark.parametrize("seed", EVERY_SEED)
@pytest.mark.parametrize(("current_ma", "skin"), [(5.0, "wet"), (15.0, "typical")])
@pytest.mark.parametrize("over_s", [0.2, 0.3, 0.5, 1.0, 3.0])
def test_below_two_milliamperes_before_the_break(
    watched: type[Watched], over_s: float, current_ma: float, skin: str, seed: int
) -> None:
    events = [{"at_s": 40.0 + 0.0013 * seed, "fault": "hand_slides_out", "over_s": over_s}]
    what = treatment(current_ma=current_ma, total_min=3.0)
    summary, _ = simulate(what, seed=seed, events=events, load={"skin": skin})
    assert summary["outcome"] == "aborted"
    assert summary["trip"]["cause"] == "open_circuit"
    assert 0.0 < watched.broke_at_ma < 2.0
    assert 0.0 < watched.density_ma_per_cm2 < 2.0


def test_a_hand_that_stays_gets_its_current_back_at_the_ramp(watched: type[Watched]) -> None:
    events: list[dict[str, Any]] = [
        {"at_s": 40.0, "fault": "hand_slides_out", "over_s": 0.4},
        {"at_s": 40.3, "fault": "hand_in"},
    ]
    summary, trace = simulate(treatment(total_min=3.0), seed=3, events=events)
    assert (summary["outcome"], summary["short_because"]) == ("completed_short", "contact"), summary["reason"]
    assert watched.broke_at_ma == 0.0
    low = min(ma for t, ma in zip(trace.time_s, trace.setpoint_ma, strict=True) if 40.3 < t < 42.0)
    assert low == pytest.approx(0.3)
    back = [ma for t, ma in zip(trace.time_s, trace.setpoint_ma, strict=True) if 62.5 < t < 65.0]
    assert min(back) == pytest.approx(10.0)


@pytest.mark.parametrize("seed", EVERY_SEED)
@pytest.mark.parametrize(("water", "skin"), [(20.0, "typical"), (500.0, "dry"), (2000.0, "wet")])
def test_fidgeting_does_not_look_like_leaving(water: float, skin: str, seed: int) -> None:
    what = treatment(current_ma=15.0, total_min=3.0)
    summary, trace = simulate(what, seed=seed, load={"skin": skin, "water_us_per_cm": water})
    assert summary["outcome"] in {"completed", "completed_short"}, summary["reason"]
    assert summary["short_because"] in {None, "voltage"}, "nobody seemed to leave"
    held = [ma for ma, phase in zip(trace.setpoint_ma, trace.phase, strict=True) if phase == "hold"]
    assert min(held) > 2.0


@pytest.mark.parametrize("seed", EVERY_SEED)
@pytest.mark.parametrize("over_s", [2.0, 3.0])
def test_a_hand_slid_out_slowly_is_the_way_out_where_nothing_can_be_reached(
    watched: type[Watched], over_s: float, seed: int
) -> None:
    """What the manual teaches: no rise, gone before the water lets go, and the code of an open circuit."""
    out_s = 40.0 + 0.0013 * seed
    events = [{"at_s": out_s, "fault": "hand_slides_out", "over_s": over_s}]
    summary, trace = simulate(treatment(current_ma=15.0, total_min=3.0), seed=seed, events=events)
    rows = zip(trace.time_s, trace.setpoint_ma, trace.measured_ma, strict=True)
    course = [(set_ma, ma) for at_s, set_ma, ma in rows if at_s > out_s and ma is not None]
    assert all(ma <= 15.1 for _, ma in course)
    setpoints = [set_ma for set_ma, _ in course]
    assert setpoints == sorted(setpoints, reverse=True), "nothing rises, from the first movement on"
    assert summary["truth"]["worst_rise_ma"] < 0.1, "between the ticks neither, in any 10 ms"
    assert watched.broke_at_ma < 0.5, "it ends softly: what is left can't be felt"
    assert REASONS[Cause(summary["trip"]["cause"])].code == 11


def test_the_manual_s_picture_is_of_such_a_withdrawal() -> None:
    assert slide_out.PICTURE.read_text(encoding="utf-8") == slide_out.draw(slide_out.course()), (
        "run: python tests/support/slide_out.py"
    )
