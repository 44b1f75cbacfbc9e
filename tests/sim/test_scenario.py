"""A scenario is strict, bounded, and describes itself."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from sim.faults import FAULTS
from sim.scenario import Scenario, SkinNumbers
from sim.spec import load_params

CONTRACT: dict[str, Any] = {
    "load": {"skin": "typical", "water_us_per_cm": 500},
    "events": [{"at_s": 310, "fault": "hand_in"}, {"at_s": 300, "fault": "hand_out"}],
}


def test_the_example_of_the_contract_is_read_and_put_in_order() -> None:
    scenario = Scenario.model_validate(CONTRACT, strict=True)
    assert [(event.at_s, event.fault) for event in scenario.events] == [
        (300.0, "hand_out"),
        (310.0, "hand_in"),
    ]
    assert scenario.load.water_us_per_cm == 500.0


def test_nothing_said_is_a_typical_person_and_no_fault() -> None:
    scenario = Scenario()
    assert (scenario.load.skin, scenario.events, scenario.person.start_at_s) == ("typical", (), 0.5)


def test_parameters_come_with_defaults() -> None:
    scenario = Scenario.model_validate({"events": [{"at_s": 1, "fault": "current_spike", "to_ma": 26}]})
    assert scenario.events[0].params == {"to_ma": 26.0, "for_s": 1.0, "latched": False}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"event": []}, "Extra inputs"),
        ({"load": {"skin": "greasy"}}, "typical, dry, wet, ordinary, a resistance"),
        ({"load": {"skin": True}}, "typical, dry, wet"),
        ({"load": {"skin": float("nan")}}, "typical, dry, wet"),
        ({"load": {"skin": 0}}, "1 to 100000 ohm"),
        ({"load": {"skin": {"body": 1}}}, "the numbers allowed are area_cm2, body_ohm"),
        ({"load": {"skin": {"body_ohm": -1}}}, "body_ohm: .*greater than or equal to 50"),
        ({"load": {"water_us_per_cm": 0}}, "greater than or equal to 1"),
        ({"load": {"water_us_per_cm": "500"}}, "valid number"),
        ({"events": [{"at_s": -1, "fault": "hand_out"}]}, "greater than or equal to 0"),
        ({"events": [{"at_s": 7201, "fault": "hand_out"}]}, "less than or equal to 7200"),
        ({"events": [{"at_s": True, "fault": "hand_out"}]}, "valid number"),
        ({"events": [{"at_s": 1, "fault": "hand_up"}]}, "fault 'hand_up' is unknown; allowed are hand_out"),
        ({"events": [{"at_s": 1, "fault": "hand_out", "side": "left"}]}, "no such parameter"),
        ({"events": [{"at_s": 1, "fault": "hand_slides_out"}]}, "over_s: .* needs it"),
        ({"events": [{"fault": "hand_out"}]}, "Field required"),
        ({"events": "hand_out"}, "valid tuple"),
        ({"events": [{"at_s": 1, "fault": "hand_out"}] * 1001}, "1000"),
        ({"person": {"start_at_s": "soon"}}, "valid number"),
    ],
)
def test_what_is_wrong_is_refused(data: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Scenario.model_validate(data, strict=True)


def test_the_schema_accepts_the_contract_and_refuses_what_the_model_refuses() -> None:
    schema = Scenario.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(CONTRACT, schema)
    jsonschema.validate({"load": {"skin": {"body_ohm": 600}}, "person": {"start_at_s": None}}, schema)
    for wrong in (
        {"events": [{"at_s": 1, "fault": "hand_up"}]},
        {"events": [{"at_s": 1, "fault": "hand_out", "side": "left"}]},
        {"events": [{"at_s": 1, "fault": "current_spike", "to_ma": 1000}]},
        {"events": [{"at_s": 1, "fault": "hand_slides_out"}]},
        {"load": {"skin": "greasy"}},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_the_schema_describes_every_fault() -> None:
    event = Scenario.model_json_schema()["$defs"]["Event"]
    assert [choice["properties"]["fault"]["const"] for choice in event["oneOf"]] == list(FAULTS)


def test_a_person_in_numbers_a_resistor_and_the_water() -> None:
    numbers = Scenario.model_validate(
        {"load": {"skin": {"body_ohm": 600, "anode_v": 3}, "water_us_per_cm": 50}}
    )
    assert isinstance(numbers.load.skin, SkinNumbers)
    params = load_params("hands", numbers)
    assert (params.body_ohm, params.anode_v, params.cathode_v, params.water_us_per_cm) == (600, 3, 1.9, 50)
    assert params.resistor_ohm is None
    assert load_params("feet", Scenario.model_validate({"load": {"skin": 2000}})).resistor_ohm == 2000.0


@pytest.mark.parametrize("skin", ["typical", "dry", "wet", "ordinary"])
@pytest.mark.parametrize("area", ["hands", "feet", "underarms", "face"])
def test_every_word_has_a_person_for_every_area(area: str, skin: str) -> None:
    scenario = Scenario.model_validate({"load": {"skin": skin}})
    assert load_params(area, scenario).area_cm2 > 0
