"""What a treatment is, an area, a current, a time, a direction, and how a name or a path becomes one.

Law: a `Treatment` that exists is within its ceilings. An unset current means zero, and zero is refused;
nothing is clamped. It knows no unit, no clock and no person. A name of the library wins over a file of the
same name; anything else must be a path that reads cleanly.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from config.characters import first_odd, named, plainly, remedy, unfit_in_name
from config.reader import BadFile, read
from protocols.ceilings import (
    MAX_RAMP_MA_PER_S,
    MIN_CURRENT_MA,
    MIN_HOLD_S,
    MIN_RAMP_MA_PER_S,
    MIN_TOTAL_MIN,
    AgeGroup,
    Area,
    Electrolyte,
    ceiling_ma,
    longest_min,
)

LIBRARY: Final = Path(__file__).with_name("library")
"""The treatments that come with the controller, one YAML file for each; its stem is the treatment's name."""

Polarity: TypeAlias = Literal["forward", "reverse"]
"""Direction of the current through the person; `forward` is the polarity relay at rest."""
Reversal: TypeAlias = Literal["midpoint", "alternate", "none"]
"""`midpoint`: the same time each way. `alternate`: one way, the other way next time. `none`: one way."""


def _one_printable_line(text: str) -> str:
    if wrong := unfit_in_name(text):
        raise ValueError(wrong)
    return text


Line: TypeAlias = Annotated[str, AfterValidator(_one_printable_line)]


class Treatment(BaseModel):
    """One treatment, as a nurse writes it in YAML; `docs/treatments.md` describes every key.

    Currents are in mA, `total_min` in minutes of current flowing, ramps included, both directions together.
    Raises pydantic's `ValidationError` for whatever lies outside `protocols/ceilings.py`.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    # the order matters: a check sees the fields above it
    name: Line = Field(min_length=1, max_length=40)
    title: Line | None = Field(default=None, max_length=80)
    area: Area
    electrolyte: Electrolyte = "tap_water"
    age_group: AgeGroup = "adult"
    current_ma: float = Field(default=0.0, validate_default=True)
    ramp_ma_per_s: float = Field(default=MAX_RAMP_MA_PER_S, ge=MIN_RAMP_MA_PER_S, le=MAX_RAMP_MA_PER_S)
    reversal: Reversal = "midpoint"
    first_polarity: Polarity = "forward"
    total_min: float
    notes: str | None = Field(default=None, max_length=2000)

    @field_validator("current_ma")
    @classmethod
    def _within_ceiling(cls, current_ma: float, info: ValidationInfo) -> float:
        known = info.data
        if not {"area", "age_group", "electrolyte"} <= known.keys():
            return current_ma  # the key that is wrong has its own error
        area, age_group, electrolyte = known["area"], known["age_group"], known["electrolyte"]
        ceiling = ceiling_ma(area, age_group, electrolyte)
        if not MIN_CURRENT_MA <= current_ma <= ceiling:
            got = "is unset or zero" if current_ma == 0 else f"is {current_ma:g}"
            raise ValueError(
                f"{got}, expected {MIN_CURRENT_MA:g} to {ceiling:g} mA, "
                f"the ceiling for area {area}, age_group {age_group}, electrolyte {electrolyte}"
            )
        return current_ma

    @field_validator("total_min")
    @classmethod
    def _within_time(cls, total_min: float, info: ValidationInfo) -> float:
        known = info.data
        if "area" in known and not MIN_TOTAL_MIN <= total_min <= longest_min(known["area"]):
            raise ValueError(
                f"is {total_min:g}, expected {MIN_TOTAL_MIN:g} to {longest_min(known['area']):g} minutes "
                f"for area {known['area']}"
            )
        if {"current_ma", "ramp_ma_per_s", "reversal"} <= known.keys():
            directions = 2 if known["reversal"] == "midpoint" else 1
            least_s = directions * (2 * known["current_ma"] / known["ramp_ma_per_s"] + MIN_HOLD_S)
            if total_min * 60 < least_s:
                raise ValueError(
                    f"is {total_min:g}, expected at least {least_s / 60:.3g} minutes, so that each direction "
                    f"fits both its ramps and {MIN_HOLD_S:g} s of hold"
                )
        return total_min

    @property
    def total_s(self) -> float:
        """Time with current flowing in seconds, both directions together."""
        return self.total_min * 60

    @property
    def ramp_s(self) -> float:
        """Time in seconds of one ramp between zero and `current_ma`."""
        return self.current_ma / self.ramp_ma_per_s

    @property
    def ceiling_ma(self) -> float:
        """The absolute ceiling in mA that this treatment lies under."""
        return ceiling_ma(self.area, self.age_group, self.electrolyte)

    @property
    def planned_charge_ma_min(self) -> float:
        """Charge in mA·min of the whole treatment as planned, both directions together."""
        halves = self.halves()
        return self.current_ma * (self.total_s - len(halves) * self.ramp_s) / 60

    def halves(self) -> tuple[tuple[Polarity, float], ...]:
        """Give each direction in order with its time in seconds, ramps included.

        Two equal ones for reversal at the midpoint, else one.
        """
        if self.reversal != "midpoint":
            return ((self.first_polarity, self.total_s),)
        second: Polarity = "reverse" if self.first_polarity == "forward" else "forward"
        return ((self.first_polarity, self.total_s / 2), (second, self.total_s / 2))


def names() -> list[str]:
    """Give the names of the library's treatments in alphabetical order."""
    return sorted(path.stem for path in LIBRARY.glob("*.yaml"))


def find(name_or_path: str) -> Treatment:
    """Read the library's treatment of this name, else the YAML file at this path.

    Raises `BadFile` for an unknown name, with the names there are, and for a file with errors.
    """
    if wrong := unknown(name_or_path):
        raise BadFile([wrong])
    if name_or_path in names():
        return read(LIBRARY / f"{name_or_path}.yaml", Treatment)
    path = Path(os.path.expanduser(name_or_path))  # noqa: PTH111 - a home that is unknown stays as it is
    return read(path, Treatment)


def unknown(name_or_path: str) -> str:
    """Say that this is neither a name of the library nor a path, with the names there are; else ""."""
    path = Path(name_or_path)
    if name_or_path in names() or path.suffix in {".yaml", ".yml"} or os.sep in name_or_path:
        return ""
    import difflib  # which a name that is known doesn't need

    close = difflib.get_close_matches(plainly(name_or_path[:60]).strip().lower(), names(), n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    if (odd := first_odd(name_or_path)) is not None:  # two that look alike say nothing
        hint = f" (it holds {named(odd)}, {remedy(odd)})"
    return (
        f"no treatment is named {name_or_path[:60]!r}{hint}; the library has {', '.join(names())}; "
        "for a file of your own give its path, ending in .yaml"
    )


@cache
def area_of(name: str) -> Area | None:
    """Give the area of the library's treatment of this name, None for any other."""
    return find(name).area if name in names() else None
