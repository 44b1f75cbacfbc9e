"""The calibration record: what was measured with a meter, and the correction that follows, by channel.

Law: a correction without its points is refused, and a record counts only for the unit it names, from its date
to its expiry, as it was written. Without a record a real unit treats nobody; a simulated one and the
technician's bench use nominal values, and that is said.

A record that `ionto calibrate` wrote has the key `record`, and then a checksum over everything else: it finds
a file that was cut short or changed by mistake; it is no signature.

For a channel that is read, true = gain * nominal_reading + offset, where `nominal_reading` follows from
the unit's ohms and ratios. For `output`, true_ma = gain * nominal_ma + offset, where
nominal_ma = code / 4095 * full_scale_ma, whatever the unit's file says of code 0: a record has measured that.
Where no record says, the output is what the unit's own file says (`output_line`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date as calendar_date
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from config.characters import composed
from config.reader import parse, read_bytes, read_text, refused
from config.unit import OutputLine, Unit

GAIN_MIN: Final = 0.9
GAIN_MAX: Final = 1.1
"""A gain further off than 10 % is a fault of the unit, not a matter of calibration."""
OFFSET_MAX_MA: Final = 1.0
"""Largest offset of a current channel, 4 % of full scale: more is a fault of the unit."""
OFFSET_MAX_V: Final = 2.0
"""Largest offset of the voltage channel, 3 % of the compliance: more is a fault of the unit."""

VALID_DAYS: Final = 365
"""A calibration holds for a year, as is usual for measuring equipment."""
ZERO_MAX_MA: Final = 0.18
"""What the stage may give with the DAC at zero: polarity changes below 0.2 mA, measured (law 6)."""
WARN_DAYS: Final = 42
"""Six weeks ahead every start says that the calibration is going to end."""

Point: TypeAlias = tuple[Annotated[float, Field(ge=-100, le=100)], Annotated[float, Field(ge=-100, le=100)]]
"""What the meter showed and what the unit had for it before correction, both in mA or both in V."""


SCALING: Final = "scaling"
"""Where a record's raw points say what `Unit.scaling` was when they were taken; older records don't."""

NOMINAL_SERIAL: Final = "nominal"
"""Stands for a unit without a record."""


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


Day: TypeAlias = Annotated[str, AfterValidator(_iso_date)]


class MeterError(_Strict):
    """Accuracy of the reference meter: percent of the reading and a constant part, in mA and V."""

    current_percent: float = Field(ge=0, le=5)
    current_ma: float = Field(ge=0, le=1)
    voltage_percent: float = Field(ge=0, le=5)
    voltage_v: float = Field(ge=0, le=5)


class Spread(_Strict):
    """Standard uncertainties of a line's coefficients, scatter about it and worst residual, in mA or V."""

    gain_u: float = Field(ge=0)
    offset_u: float = Field(ge=0)
    scatter: float = Field(ge=0)
    worst_residual: float = Field(ge=0)


class SimulatedUnit(_Strict):
    """Which simulated unit a record is of; such a record never counts for a real one."""

    seed: int = Field(ge=0)
    unit: Literal["trimmed", "bare"]


class Made(_Strict):
    """How a record came about: software, meter, resistor, results, and every raw point by step.

    `reach_ma` is the highest current that was calibrated; `uncertainty_ma` the largest over the range, with
    the meter's accuracy; `as_found` are [meter, error] in mA under the corrections before this record.
    """

    software: str = Field(min_length=1, max_length=40)
    meter_calibrated: Day
    meter_error: MeterError
    resistor_ohm: float = Field(ge=1, le=1_000_000)
    reach_ma: float = Field(gt=0, le=100)
    uncertainty_ma: float = Field(ge=0, le=10)
    hysteresis_ma: float = Field(ge=0, le=10)
    as_found: tuple[Point, ...] = Field(default=(), max_length=100)
    spreads: dict[str, Spread]
    raw: dict[str, dict[str, float | None]]
    """Beside the points, under `SCALING`, what the unit's nominal readings were made with."""
    simulated: SimulatedUnit | None = None


class MarkedBad(_Strict):
    """Why a record does not count any more, who said so, and when."""

    date: Day
    who: str = Field(min_length=1, max_length=80)
    why: str = Field(min_length=1, max_length=200)


class Calibration(_Strict):
    """One calibration of one unit. Raises `ValidationError` for anything outside the bounds."""

    record: Literal[2] | None = None
    unit_serial: str = Field(min_length=1, max_length=40)
    date: Day
    expires: Day | None = None
    technician: str | None = Field(default=None, max_length=80)
    meter: str | None = Field(default=None, max_length=80)
    channels: Channels
    made: Made | None = None
    marked_bad: MarkedBad | None = None
    checksum: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")

    @field_validator("date")
    @classmethod
    def _not_to_come(cls, date: str, info: ValidationInfo) -> str:
        today = (info.context or {}).get("today")
        if today is not None and calendar_date.fromisoformat(date) > today:
            raise ValueError(
                f"is {date}, which has not come yet (today is {today}): set the clock, or calibrate"
            )
        return date

    @field_validator("unit_serial")
    @classmethod
    def _of_this_unit(cls, unit_serial: str, info: ValidationInfo) -> str:
        expected = (info.context or {}).get("unit_serial")
        if expected is not None and composed(unit_serial) != composed(expected):
            raise ValueError(
                f"is {unit_serial!r}, only a record of this unit, serial {expected!r}, is allowed"
            )
        return unit_serial

    @property
    def valid_until(self) -> calendar_date:
        """The last day on which the record counts for treatments."""
        if self.expires is not None:
            return calendar_date.fromisoformat(self.expires)
        return calendar_date.fromisoformat(self.date) + timedelta(days=VALID_DAYS)

    @property
    def is_nominal(self) -> bool:
        """Whether there is no record: gain 1 and offset 0 by the parts' values."""
        return self.unit_serial == NOMINAL_SERIAL

    def output_line(self, unit: Unit) -> OutputLine:
        """Return what a DAC code gives: as it was calibrated, and else by the unit's own file."""
        output = self.channels.output
        return OutputLine(output.gain, output.offset) if output.points else unit.output_line

    def code_zero_spread_ma(self, unit: Unit) -> float:
        """Return how much more than in `output_line` code 0 may ask for, mA; none where it was measured."""
        return 0.0 if self.channels.output.points or unit.output is None else unit.output.code_zero_spread_ma

    def why_missing(self, unit: Unit) -> str:
        """Say what a real unit lacks to treat anybody: a record, or a current in it; "" where nothing."""
        if self.is_nominal:
            return (
                f"unit {unit.serial} has no calibration record, and without one it treats nobody: make one "
                "with `ionto calibrate --unit FILE`, or name it with --calibration; --simulate needs none"
            )
        channels = {"control_current": self.channels.control_current}
        if unit.guard_adc is not None:
            channels["guard_current"] = self.channels.guard_current
        missing = ", ".join(name for name, correction in channels.items() if not correction.points)
        if not missing:
            return ""
        return (
            f"the calibration record of {self.date} lacks {missing}, and without what measures the current "
            "the unit treats nobody: make a whole one with `ionto calibrate --unit FILE`"
        )

    def why_no_treatment(self, today: calendar_date, *, simulated: bool) -> str:
        """Say why nobody may be treated with this record, or "" when somebody may."""
        if self.is_nominal:
            return ""  # `why_missing` says it of a real unit
        if self.marked_bad is not None:
            bad = self.marked_bad
            return f"the calibration of {self.date} was marked bad on {bad.date} by {bad.who}: {bad.why}"
        if self.made is not None and self.made.simulated is not None and not simulated:
            return "the calibration record is of a simulated unit: have this unit calibrated"
        zero_ma = self.channels.output.offset
        if self.made is not None and zero_ma > ZERO_MAX_MA:
            return (
                f"with the DAC at zero the current stage still gives {zero_ma:.2f} mA, {ZERO_MAX_MA:g} mA is "
                "allowed, since polarity is changed at zero: have the stage's zero trimmed, then calibrate"
            )
        if today > self.valid_until:
            return (
                f"the calibration of {self.date} ended on {self.valid_until}: have the unit calibrated "
                "(`ionto verify` still tells how far it is off)"
            )
        return ""

    @classmethod
    def nominal(cls) -> Calibration:
        """Give the corrections of a unit that was never calibrated: gain 1, offset 0 everywhere."""
        return cls(unit_serial=NOMINAL_SERIAL, date="1970-01-01", channels=Channels())


def checksum_of(data: Mapping[str, Any]) -> str:
    """Give the SHA-256 of a record's content without its checksum, in one way of writing it."""
    content = {key: value for key, value in data.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, allow_nan=False).encode()).hexdigest()


def require_as_written(data: Mapping[str, Any], name: str) -> None:
    """Raise `BadFile` for a record's content that is cut short or is not what was written."""
    if "record" not in data:
        return
    if "checksum" not in data:
        raise refused(name, "is half-written: a record of `ionto calibrate` ends with its checksum")
    if data["checksum"] != checksum_of(data):
        raise refused(
            name,
            "was changed after it was written or is cut short: its checksum does not match; use the record "
            "before it, or calibrate the unit",
        )


def read_calibration(path: Path, serial: str | None, today: calendar_date) -> Calibration:
    """Read a record of the unit `serial` (None: of any). Raises `BadFile`, also for a date to come."""
    context = {"today": today} if serial is None else {"today": today, "unit_serial": serial}
    content = read_bytes(path)
    require_as_written(parse(content, str(path)).data, str(path))
    return read_text(content, str(path), Calibration, context)


def require_scaling(calibration: Calibration, unit: Unit, name: str) -> None:
    """Raise `BadFile` for a record whose corrections were made for other ohms, ratios or full scale."""
    now = unit.scaling()
    made_with = {} if calibration.made is None else calibration.made.raw.get(SCALING, {})
    for key, value in made_with.items():
        if value is not None and key in now and now[key] != value:
            raise refused(
                name,
                f"was made while the unit's file said {key} {value:g}, which is {now[key]:g} now: set it "
                "back, or have the unit calibrated again",
            )


def load_calibration(
    path: Path | None, unit: Unit, today: calendar_date | None = None, *, serial: str | None = None
) -> tuple[Calibration, str]:
    """Read the record of `unit`, or give nominal values for None; the text is a notice, or empty.

    The notice names what is not calibrated, or that the record is about to expire. `serial` stands for the
    unit's own where that is a simulated one's. Raises `BadFile` with every error, for another unit's record,
    and for one that was made for another scaling.
    """
    if path is None:
        return Calibration.nominal(), (
            "No calibration record: nominal values are used, currents may be off by several percent. "
            "Have the unit calibrated and give its record."
        )
    today = calendar_date.today() if today is None else today
    calibration = read_calibration(path, unit.serial if serial is None else serial, today)
    require_scaling(calibration, unit, str(path))
    missing = _uncalibrated(calibration.channels, unit)
    if not missing:
        return calibration, _ending(calibration, today)
    return calibration, (
        f"The calibration record of {calibration.date} lacks {', '.join(missing)}: "
        "nominal values are used there, which may be off by several percent."
    )


def _ending(calibration: Calibration, today: calendar_date) -> str:
    left = (calibration.valid_until - today).days
    if not 0 <= left <= WARN_DAYS:
        return ""
    return (
        f"The calibration of this unit ends on {calibration.valid_until}, in {left} days: have it calibrated "
        "before; after that day no treatment begins."
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
