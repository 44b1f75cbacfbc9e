"""What a unit is: its parts together, and whether they can work together.

Law: a key that is left out means what it always did, and a unit that cannot measure what it can deliver is
refused. A unit may lower its limits, never raise them above `protocols/ceilings.py`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import Field, ValidationInfo, field_validator

from config.parts import (
    LIMITER,
    ControlAdc,
    Dac,
    Dummy,
    GuardAdc,
    I2c,
    Limits,
    Loop,
    OneShot,
    Output,
    Part,
    Pins,
    PolaritySwitch,
    Relays,
    Stage,
    Trip,
)
from config.reader import read

REFERENCE: Final = Path(__file__).with_name("units") / "reference.yaml"
"""The reference unit, the circuit of docs/hardware.md, with every key."""

RANGE_V: Final = {1: 4.096, 2: 2.048, 4: 1.024, 8: 0.512, 16: 0.256}
"""Full-scale range in V of the converters at each gain (ADS1115 data sheet, config register, PGA)."""
HEADROOM: Final = 1.2
"""A current channel reads this much above full scale, so that an over-current is seen, not cut off."""

LIMITER_WINDOW: Final = 1.06
"""The dummy load must take a limiter's current up to so much above its nominal."""


class OutputLine(NamedTuple):
    """What a DAC code gives: true_ma = gain * code / 4095 * full_scale_ma + offset, `offset` in mA."""

    gain: float
    offset: float


class Unit(Part):
    """One unit; `docs/unit.md` describes every key. Raises `ValidationError` for what cannot work."""

    # the order matters: a check sees the fields above it
    name: str = Field(default="Reference unit", min_length=1, max_length=40)
    serial: str = Field(default="", max_length=40)
    i2c: I2c = I2c()
    dac: Dac = Dac()
    control_adc: ControlAdc = ControlAdc()
    guard_adc: GuardAdc | None = GuardAdc()
    stage: Stage = Stage()
    output: Output | None = None
    one_shot: OneShot | None = None
    pins: Pins = Pins()
    pedal: bool = False
    polarity: PolaritySwitch = PolaritySwitch()
    relays: Relays = Relays()
    loop: Loop = Loop()
    limits: Limits = Limits()
    trip: Trip | None = None
    dummy: Dummy | None = None
    battery_clock: str | None = Field(default=None, pattern=r"^rtc[0-9]{1,2}$")

    def as_known_before(self) -> dict[str, Any]:
        """Return the unit as plain data, without the keys that came later where they say nothing.

        What was written down of a unit before there were any goes on fitting it.
        """
        data = self.model_dump(mode="json")
        for part in ("output", "one_shot", "trip", "dummy", "battery_clock"):
            if data[part] is None:
                del data[part]
        if not data["pedal"]:
            del data["pedal"]
        for pin in ("rearm", "dummy"):
            if data["pins"][pin] is None:
                del data["pins"][pin]
        if data["stage"]["headroom_v"] is None:
            del data["stage"]["headroom_v"], data["stage"]["headroom_ohm"]
        return data

    def scaling(self) -> dict[str, float]:
        """Return what turns codes and volts into mA and V, by the keys of the unit's file."""
        adc, guard = self.control_adc, self.guard_adc
        found = {
            "stage.full_scale_ma": self.stage.full_scale_ma,
            "control_adc.current.ohm": adc.current.ohm,
            "control_adc.voltage.ratio": adc.voltage.ratio,
            "control_adc.return.ohm": adc.return_path.ohm,
            "control_adc.return.bias_v": adc.return_path.bias_v,
        }
        return found if guard is None else found | {"guard_adc.current.ohm": guard.current.ohm}

    @property
    def code_zero_ma(self) -> float:
        """What code 0 asks for, mA; below zero the output is hard off there."""
        return 0.0 if self.output is None else self.output.code_zero_ma

    @property
    def output_line(self) -> OutputLine:
        """The output by the unit's own file: `code_zero_ma` at code 0, `full_scale_ma` at code 4095."""
        return OutputLine(1.0 - self.code_zero_ma / self.stage.full_scale_ma, self.code_zero_ma)

    @field_validator("guard_adc")
    @classmethod
    def _own_address(cls, guard_adc: GuardAdc | None, info: ValidationInfo) -> GuardAdc | None:
        control_adc = info.data.get("control_adc")
        if guard_adc and control_adc and guard_adc.address == control_adc.address:
            raise ValueError(
                f"address 0x{guard_adc.address:02X} is the control ADC's too, "
                "another of 0x48 to 0x4B is allowed (or null for a unit without a guard ADC)"
            )
        return guard_adc

    @field_validator("stage")
    @classmethod
    def _measurable(cls, stage: Stage, info: ValidationInfo) -> Stage:
        if control_adc := info.data.get("control_adc"):
            _require_control_range(control_adc, stage)
        if guard_adc := info.data.get("guard_adc"):
            _require_reach(
                "guard_adc.current", guard_adc.gain, _shunt_v(guard_adc.current.ohm, stage.full_scale_ma)
            )
        return stage

    @field_validator("limits")
    @classmethod
    def _deliverable(cls, limits: Limits, info: ValidationInfo) -> Limits:
        stage = info.data.get("stage")
        if stage and limits.max_current_ma > stage.full_scale_ma:
            raise ValueError(
                f"max_current_ma is {limits.max_current_ma:g}, "
                f"at most stage.full_scale_ma {stage.full_scale_ma:g} is allowed"
            )
        return limits

    @field_validator("trip")
    @classmethod
    def _whole(cls, trip: Trip | None, info: ValidationInfo) -> Trip | None:
        if trip is None or (pins := info.data.get("pins")) is None or "guard_adc" not in info.data:
            return trip
        if info.data["guard_adc"] is None:
            raise ValueError("a trip hangs on the guard ADC, null is allowed on a unit without one")
        missing = [f"pins.{name}" for name in ("alert", "rearm") if getattr(pins, name) is None]
        if missing:
            raise ValueError(f"a trip needs {' and '.join(missing)}, a pin each is allowed")
        return trip

    @field_validator("dummy")
    @classmethod
    def _tried(cls, dummy: Dummy | None, info: ValidationInfo) -> Dummy | None:
        pins, stage = info.data.get("pins"), info.data.get("stage")
        if dummy is None or pins is None or stage is None:
            return dummy
        if pins.dummy is None:
            raise ValueError("a dummy load needs pins.dummy, a pin is allowed")
        most_ma = LIMITER * stage.full_scale_ma
        if dummy.limiter_ma > most_ma:
            raise ValueError(f"limiter_ma is {dummy.limiter_ma:g}, at most {most_ma:g} mA is allowed")
        limited_ma = LIMITER_WINDOW * dummy.limiter_ma
        needed_v, reach_v = dummy.ohm * limited_ma / 1000, stage.reach_v(limited_ma)
        if needed_v > reach_v:
            raise ValueError(
                f"ohm would need {needed_v:.1f} V at the limiter's {limited_ma:.1f} mA, at most "
                f"{1000 * reach_v / limited_ma:.0f} ohm is allowed"
            )
        return dummy


def _shunt_v(ohm: float, full_scale_ma: float) -> float:
    return HEADROOM * full_scale_ma * ohm / 1000


def _require_control_range(adc: ControlAdc, stage: Stage) -> None:
    swing_v = _shunt_v(adc.return_path.ohm, stage.full_scale_ma)
    _require_reach("control_adc.current", adc.gain, _shunt_v(adc.current.ohm, stage.full_scale_ma))
    _require_reach("control_adc.voltage", adc.gain, stage.compliance_v / adc.voltage.ratio)
    _require_reach("control_adc.supply", adc.gain, stage.supply_max_v / adc.supply.ratio)
    _require_reach("control_adc.return", adc.gain, adc.return_path.bias_v + swing_v)
    if swing_v > adc.return_path.bias_v:
        raise ValueError(
            f"control_adc.return would need {adc.return_path.bias_v - swing_v:.3f} V in reverse, below 0 V; "
            "a higher bias_v or a lower ohm is allowed"
        )


def _require_reach(channel: str, gain: int, needed_v: float) -> None:
    """Raise when a channel cannot read what it must, 1.2 times full scale or the highest voltage."""
    if needed_v > RANGE_V[gain]:
        raise ValueError(
            f"{channel} would need {needed_v:.3f} V at the converter, "
            f"at most {RANGE_V[gain]:g} V is allowed at gain {gain}: "
            "lower the gain or the ohm, or raise the ratio"
        )


@cache
def reference_unit() -> Unit:
    """Give the reference unit: what is simulated, drawn and commissioned where no file says otherwise."""
    return read(REFERENCE, Unit)


def load_unit(path: Path | None, *, simulated: bool = False) -> Unit:
    """Read a unit's file. Raises `BadFile` with every error.

    Without one a simulated unit is the reference unit. A real one is what it always was, with every key left
    out: nobody's unit becomes another one because a release knows more parts.
    """
    if path is not None:
        return read(path, Unit)
    return reference_unit() if simulated else Unit()
