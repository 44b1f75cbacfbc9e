"""The calibration record: what was measured with a meter, and the correction that follows, by channel.

Law: a correction without its points is refused, and a record counts only for the unit it names. Without a
record nominal values are used, and that is said.

For a channel that is read, true = gain * nominal_reading + offset, where `nominal_reading` follows from
the unit's ohms and ratios. For `output`, true_ma = gain * nominal_ma + offset, where
nominal_ma = code / 4095 * full_scale_ma.
"""

from __future__ import annotations

import re
from datetime import date as calendar_date
from pathlib import Path
from typing import Annotated, Final, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from config.reader import read
from config.unit import Unit

GAIN_MIN: Final = 0.9
GAIN_MAX: Final = 1.1
"""A gain further off than 10 % is a fault of the unit, not a matter of calibration."""
OFFSET_MAX_MA: Final = 1.0
"""Largest offset of a current channel, 4 % of full scale: more is a fault of the unit."""
OFFSET_MAX_V: Final = 2.0
"""Largest offset of the voltage channel, 3 % of the compliance: more is a fault of the unit."""

Point: TypeAlias = tuple[Annotated[float, Field(ge=-100, le=100)], Annotated[float, Field(ge=-100, le=100)]]
"""What the meter showed and what the unit had for it before correction, both in mA or both in V."""


def _iso_date(text: str) -> str:
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            raise ValueError
        calendar_date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"is {text!r}, a date like 2026-01-31 is allowed") from None
    return text


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class Correction(_Strict):
    """Correction of one channel: `gain` without unit, `offset` and `points` in the channel's unit."""

    gain: float = Field(default=1.0, ge=GAIN_MIN, le=GAIN_MAX)
    offset: float = 0.0
    points: tuple[Point, ...] = Field(default=(), min_length=2, max_length=100)

    @model_validator(mode="after")
    def _has_evidence(self) -> Correction:
        if not self.points and (self.gain, self.offset) != (1.0, 0.0):
            raise ValueError("gain or offset without points, at least 2 points of [meter, unit] are expected")
        return self


class CurrentCorrection(Correction):
    """Correction of a current: `offset` and `points` in mA."""

    offset: float = Field(default=0.0, ge=-OFFSET_MAX_MA, le=OFFSET_MAX_MA)


class VoltageCorrection(Correction):
    """Correction of a voltage: `offset` and `points` in V."""

    offset: float = Field(default=0.0, ge=-OFFSET_MAX_V, le=OFFSET_MAX_V)


class Channels(_Strict):
    """The corrections by channel; one that is left out is nominal, gain 1 and offset 0."""

    output: CurrentCorrection = CurrentCorrection()
    control_current: CurrentCorrection = CurrentCorrection()
    guard_current: CurrentCorrection = CurrentCorrection()
    voltage: VoltageCorrection = VoltageCorrection()
    return_path: CurrentCorrection = Field(default=CurrentCorrection(), alias="return")


class Calibration(_Strict):
    """One calibration of one unit. Raises `ValidationError` for anything outside the bounds."""

    unit_serial: str = Field(min_length=1, max_length=40)
    date: Annotated[str, AfterValidator(_iso_date)]
    technician: str | None = Field(default=None, max_length=80)
    meter: str | None = Field(default=None, max_length=80)
    channels: Channels

    @field_validator("unit_serial")
    @classmethod
    def _of_this_unit(cls, unit_serial: str, info: ValidationInfo) -> str:
        expected = (info.context or {}).get("unit_serial")
        if expected is not None and unit_serial != expected:
            raise ValueError(
                f"is {unit_serial!r}, only a record of this unit, serial {expected!r}, is allowed"
            )
        return unit_serial

    @classmethod
    def nominal(cls) -> Calibration:
        """Give the corrections of a unit that was never calibrated: gain 1, offset 0 everywhere."""
        return cls(unit_serial="nominal", date="1970-01-01", channels=Channels())


def load_calibration(path: Path | None, unit: Unit) -> tuple[Calibration, str]:
    """Read the record of `unit`, or give nominal values for None; the text is a notice, or empty.

    The notice names what is not calibrated. Raises `BadFile` with every error, and for another unit's record.
    """
    if path is None:
        return Calibration.nominal(), (
            "No calibration record: nominal values are used, currents may be off by several percent. "
            "Have the unit calibrated and give its record."
        )
    calibration = read(path, Calibration, {"unit_serial": unit.serial})
    missing = _uncalibrated(calibration.channels, unit)
    if not missing:
        return calibration, ""
    return calibration, (
        f"The calibration record of {calibration.date} lacks {', '.join(missing)}: "
        "nominal values are used there, which may be off by several percent."
    )


def _uncalibrated(channels: Channels, unit: Unit) -> list[str]:
    expected = {
        "output": channels.output,
        "control_current": channels.control_current,
        "voltage": channels.voltage,
        "return": channels.return_path,
    }
    if unit.guard_adc is not None:
        expected["guard_current"] = channels.guard_current
    return [name for name, correction in expected.items() if not correction.points]
