"""A current is bound by unit, calibration, treatment and person; the lowest holds, and a refusal names it."""

from datetime import date

import pytest

from config.calibration import Calibration, Made, MeterError, SimulatedUnit
from config.unit import Unit
from controller.loop.bounds import bound_of, unit_bound, why_above
from controller.orders.judgement import OrderRefused, judge, own
from controller.session.wiring import NotReady, SessionRequest, StopSwitch, run_session
from protocols.treatment import find
from sim.scenario import Scenario

HANDS = find("hands")
UNIT, PERSON = "this unit's limit (limits.max_current_ma)", "the person's limit"
CEILING, CALIBRATED = f"the ceiling of {HANDS.name}", "the highest current this unit was calibrated at"
ORDER = {
    "person": "anna",
    "treatment": "hands",
    "current_ma": 8.0,
    "first_polarity": "forward",
    "valid_until_utc": "2030-01-01T00:00:00+00:00",
}


def unit_of(limit_ma: float) -> Unit:
    return Unit.model_validate({"limits": {"max_current_ma": limit_ma}})


def calibrated(reach_ma: float | None) -> Calibration:
    """A record made here that reaches this far, or none."""
    if reach_ma is None:
        return Calibration.nominal()
    made = Made(
        software="0",
        meter_calibrated=date.today().isoformat(),
        meter_error=MeterError(current_percent=0, current_ma=0, voltage_percent=0, voltage_v=0),
        resistor_ohm=2000,
        reach_ma=reach_ma,
        uncertainty_ma=0.02,
        hysteresis_ma=0,
        spreads={},
        raw={},
        simulated=SimulatedUnit(seed=1, unit="trimmed"),
    )
    return Calibration.nominal().model_copy(update={"made": made})


@pytest.mark.parametrize(
    ("limit_ma", "reach_ma", "person_ma", "most_ma", "whose"),
    [
        (25.0, None, None, HANDS.ceiling_ma, CEILING),
        (25.0, 24.0, 20.0, HANDS.ceiling_ma, CEILING),
        (10.0, None, None, 10.0, UNIT),
        (10.0, 9.0, None, 9.0, CALIBRATED),
        (9.0, 10.0, None, 9.0, UNIT),
        (9.0, 9.0, None, 9.0, UNIT),
        (10.0, 9.0, 8.5, 8.5, PERSON),
        (8.0, 9.0, 8.5, 8.0, UNIT),
    ],
)
def test_the_lowest_bound_holds_and_is_named(limit_ma, reach_ma, person_ma, most_ma, whose):
    unit, calibration = unit_of(limit_ma), calibrated(reach_ma)
    assert bound_of(unit, calibration, HANDS, person_ma) == (most_ma, whose)
    assert unit_bound(unit, calibration).most_ma == min(limit_ma, reach_ma or limit_ma)


@pytest.mark.parametrize(
    ("limit_ma", "reach_ma", "asked", "key", "most_ma", "whose"),
    [
        (25.0, None, {"current_ma": 9.0, "limit_ma": 8.0}, "current_ma", 8.0, PERSON),
        (25.0, None, {"current_ma": 15.5}, "current_ma", 15.0, CEILING),
        (25.0, None, {"current_ma": 17.0, "limit_ma": 15.0}, "current_ma", 15.0, PERSON),
        (25.0, None, {"limit_ma": 15.5}, "limit_ma", 15.0, CEILING),
        (7.0, None, {}, "current_ma", 7.0, UNIT),
        (8.5, None, {"limit_ma": 9.0}, "limit_ma", 8.5, UNIT),
        (25.0, 7.0, {}, "current_ma", 7.0, CALIBRATED),
        (25.0, 8.5, {"limit_ma": 9.0}, "limit_ma", 8.5, CALIBRATED),
    ],
)
def test_an_order_above_a_bound_is_refused_by_it_and_what_it_allows_is_accepted(
    limit_ma, reach_ma, asked, key, most_ma, whose
):
    unit, calibration, library = unit_of(limit_ma), calibrated(reach_ma), {"hands": HANDS}
    with pytest.raises(OrderRefused) as refused:
        judge(ORDER | asked, library, unit, calibration, "d")
    assert str(refused.value).startswith(f"next.json: {key} is ")
    assert str(refused.value).endswith(f"allowed is up to {most_ma:g} mA, {whose}")
    followed = judge(ORDER | asked | {key: most_ma}, library, unit, calibration, "d")
    assert followed.treatment.current_ma <= most_ma


def test_an_order_without_a_limit_gives_no_more_than_it_asks_for():
    assert judge(ORDER, {"hands": HANDS}, unit_of(8.5), calibrated(None), "d").limit_ma == 8.0


@pytest.mark.parametrize(
    ("limit_ma", "reach_ma", "whose"), [(9.5, None, UNIT), (25.0, 9.5, CALIBRATED), (10.0, 9.5, CALIBRATED)]
)
def test_the_units_own_treatment_and_a_run_are_refused_alike(limit_ma, reach_ma, whose):
    unit, calibration = unit_of(limit_ma), calibrated(reach_ma)
    why = why_above("hands", HANDS, unit, calibration)
    assert why == f"hands asks for {HANDS.current_ma:g} mA, allowed is up to 9.5 mA, {whose}: " + (
        "choose a weaker treatment"
    )
    with pytest.raises(OrderRefused) as refused:
        own("hands", HANDS, unit, calibration)
    assert str(refused.value) == why
    request = SessionRequest(HANDS, unit, calibration, "", Scenario(), 1, None, "hands")
    with pytest.raises(NotReady) as not_ready:
        run_session(request, None, StopSwitch())
    assert str(not_ready.value) == why


def test_what_is_within_every_bound_is_not_refused():
    assert why_above("hands", HANDS, unit_of(HANDS.current_ma), calibrated(HANDS.current_ma)) == ""
