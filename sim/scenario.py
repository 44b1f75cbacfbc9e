"""What happens in a simulated session: who sits there, and which faults come when.

Law of this module: a scenario is data, strict and bounded; whatever it does not say is a typical person and
no fault at all.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import core_schema

from sim.faults import FAULTS, Param, Value, check_params

Skin: TypeAlias = "Literal['typical', 'dry', 'wet', 'ordinary'] | float | SkinNumbers"
Button: TypeAlias = Literal["start", "stop", "up", "down"]
Area: TypeAlias = Annotated[float, Field(ge=0.5, le=1000)]
LONGEST_S: Final = 7200.0
_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class SkinNumbers(BaseModel):
    """A person in numbers; whatever is left out is a typical person's for the treated area."""

    model_config = _STRICT
    area_cm2: float | None = Field(None, ge=1, le=1000, description="electrode area of one side, cm2")
    body_ohm: float | None = Field(None, ge=50, le=5000, description="resistance inside the body, ohm")
    fresh_v: float | None = Field(
        None, ge=0.1, le=100, description="fresh skin, V at 1 mA through both sides of 75 cm2"
    )
    moisture: float | None = Field(None, ge=0.05, le=10, description="scales fresh skin; 1 is dry")
    conditioned: float | None = Field(None, ge=0, le=1, description="how far current conditions the skin")
    conditioning_s: float | None = Field(None, ge=0.1, le=3600, description="how fast, s at 0.05 mA/cm2")
    anode_v: float | None = Field(None, ge=0, le=20, description="conditioned skin at the anode, V")
    cathode_v: float | None = Field(None, ge=0, le=20, description="conditioned skin at the cathode, V")
    fall_v: float | None = Field(None, ge=0, le=20, description="what falls away over minutes of current, V")
    fall_s: float | None = Field(None, ge=10, le=3600, description="its time constant, s")
    rise: float | None = Field(None, ge=0, le=5, description="share by which body_ohm rises in 10 min")


def _check_skin(value: object) -> Skin:
    words = "typical, dry, wet, ordinary, a resistance from 1 to 100000 ohm, or a mapping of numbers"
    if isinstance(value, SkinNumbers):
        return value
    if isinstance(value, dict):
        try:
            return SkinNumbers.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            allowed = ", ".join(SkinNumbers.model_fields)
            raise ValueError(f"{key}: {first['msg']}; the numbers allowed are {allowed}") from None
    if isinstance(value, str) and value in ("typical", "dry", "wet", "ordinary"):
        return value  # type: ignore[return-value]  # one of the four words
    if isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value <= 100_000:
        return float(value)
    raise ValueError(f"{value!r} is not allowed; allowed are {words}")


class LoadSpec(BaseModel):
    """Who sits there, in which water. A number for `skin` is a resistor box of so many ohm instead."""

    model_config = _STRICT
    skin: Annotated[Any, PlainValidator(_check_skin, json_schema_input_type=Skin)] = "typical"
    water_us_per_cm: float = Field(500.0, ge=1, le=100_000, description="conductivity of the water, uS/cm")
    electrode_v: float | None = Field(None, ge=0, le=5, description="what both electrodes come to take, V")
    back_emf_v: float | None = Field(
        None, ge=-5, le=5, description="what they stand at at first, V; positive in forward polarity"
    )


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class PersonSpec(BaseModel):
    """What the person does unasked."""

    model_config = _STRICT
    hands_in_at_s: float = Field(0.0, ge=0, le=LONGEST_S, description="both hands go into the water, s")
    stop_at_s: float | None = Field(
        None, ge=0, le=LONGEST_S, description="Stop is held for its test, s; null is an earlier time"
    )
    stop_for_s: float = Field(8.5, ge=0.01, le=60, description="for so long, s")
    start_at_s: float | None = Field(
        0.5, ge=0, le=LONGEST_S, description="Start is pressed, s; null is never"
    )
    start_for_s: float = Field(0.3, ge=0.01, le=60, description="for so long, s")
    fidgets: bool = Field(default=True, description="small movements, a few per minute")
    moves: bool = Field(
        default=False,
        description="large ones, a few in 10 min; hands half in, and put in one after the other",
    )
    skin_cm2: Annotated[tuple[Area | None, Area | None] | None, BeforeValidator(_as_tuple)] = Field(
        None, description="so much of the left and the right side goes in, cm2, until `hand_in`; null is all"
    )


class BuildSpec(BaseModel):
    """How the unit was put together, where that differs from its description; for its commissioning."""

    model_config = _STRICT
    eeprom_code: int = Field(0, ge=0, le=4095, description="code that the DAC powers up with; new: 2048")
    missing: Annotated[
        tuple[Literal["dac", "control_adc", "guard_adc"], ...], BeforeValidator(_as_tuple)
    ] = ()
    dac_address: int | None = Field(None, ge=0x60, le=0x67)
    control_address: int | None = Field(None, ge=0x48, le=0x4B)
    guard_address: int | None = Field(None, ge=0x48, le=0x4B)
    stop: Literal["right", "normally_open", "not_in_enable"] = Field(
        "right", description="contact of the wrong kind, or its second one not in the enable circuit"
    )
    swapped: Annotated[tuple[Button, ...], BeforeValidator(_as_tuple)] = Field(
        (), description="two buttons whose wires are exchanged"
    )

    @field_validator("swapped")
    @classmethod
    def _two(cls, swapped: tuple[Button, ...]) -> tuple[Button, ...]:
        if swapped and (len(swapped) != 2 or swapped[0] == swapped[1]):
            raise ValueError("swapped: two different buttons are expected")
        return swapped


class Event(BaseModel):
    """One fault or action at a time; the parameters are those of the fault's row in `sim.faults`."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, allow_inf_nan=False)
    at_s: float = Field(ge=0, le=LONGEST_S, description="when, s")
    fault: str = Field(description="which, by its name")

    @model_validator(mode="after")
    def _known(self) -> Event:
        check_params(self.fault, self.__pydantic_extra__ or {})
        return self

    @property
    def params(self) -> dict[str, Value]:
        """Every parameter of the fault, with defaults filled in."""
        return check_params(self.fault, self.__pydantic_extra__ or {})

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """One alternative per fault, so that an editor can complete and check the parameters."""
        described = handler.resolve_ref_schema(handler(schema))
        at_s = described["properties"]["at_s"]
        alternatives = []
        for fault in FAULTS.values():
            properties: dict[str, Any] = {"at_s": at_s, "fault": {"const": fault.name}}
            properties |= {param.name: _param_schema(param) for param in fault.params}
            needed = [param.name for param in fault.params if param.default is None]
            alternatives.append(
                {
                    "type": "object",
                    "description": fault.does,
                    "properties": properties,
                    "required": ["at_s", "fault", *needed],
                    "additionalProperties": False,
                }
            )
        return {"title": "Event", "description": "One fault or action at a time.", "oneOf": alternatives}


def _param_schema(param: Param) -> dict[str, Any]:
    schema: dict[str, Any]
    if param.choices:
        schema = {"enum": list(param.choices)}
    elif isinstance(param.default, bool):
        schema = {"type": "boolean"}
    else:
        schema = {"type": "number", "minimum": param.low, "maximum": param.high}
    if param.unit:
        schema["description"] = param.unit
    if param.default is not None:
        schema["default"] = param.default
    return schema


class Scenario(BaseModel):
    """A session's circumstances. Events are kept in order of time; equal times in the order given."""

    model_config = _STRICT
    unit: Literal["trimmed", "bare"] = Field(
        "trimmed",
        description="parts within 0.1 % (stage 3 %), or untrimmed ones within 5 %, 0.3 mA, 0.3 V",
    )
    load: LoadSpec = LoadSpec()
    person: PersonSpec = PersonSpec()
    build: BuildSpec = BuildSpec()
    events: Annotated[tuple[Event, ...], BeforeValidator(_as_tuple), Field(max_length=1000)] = ()

    @field_validator("events", mode="after")
    @classmethod
    def _in_order(cls, events: tuple[Event, ...]) -> tuple[Event, ...]:
        return tuple(sorted(events, key=lambda event: event.at_s))
