"""From the results of a calibration to the corrections, or to the sentence why there are none.

Law: pure; a correction that does not follow from its points within the limits is refused, and the point that
does not fit is named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from app.technician.engine import Values
from app.technician.fit import Fit, fit_line
from app.technician.plan import LOWEST_MA, Results, accuracy_in, ceiling_ma, limit_ma
from config.calibration import (
    GAIN_MAX,
    GAIN_MIN,
    OFFSET_MAX_MA,
    OFFSET_MAX_V,
    Calibration,
    Channels,
    CurrentCorrection,
    VoltageCorrection,
)
from config.unit import Unit
from controller.backends.meter import Accuracy

FITS: Final = {
    "control_current": (0.03, 0.003),
    "guard_current": (0.03, 0.003),
    "return": (0.04, 0.004),
    "output": (0.08, 0.008),
    "voltage": (0.15, 0.005),
}
"""How far a point may lie off its line: so many mA or V, and that part of its reading. The output only leads
the regulator, which trims the rest."""
NOMINAL: Final = {
    "control_current": "control_ma",
    "guard_current": "guard_ma",
    "return": "return_ma",
    "output": "output_ma",
    "voltage": "voltage_v",
}
REACH_MARGIN: Final = 0.98
"""Of what the first points promise, the highest calibrated current uses this, for the stage may bend."""
STEP_MA: Final = 0.1


class Channel(NamedTuple):
    """One channel's line and the points it follows from: step, meter, nominal."""

    fit: Fit
    points: tuple[tuple[str, float, float], ...]


def accuracy_of(results: Results) -> Accuracy:
    """Give the meter's accuracy as it was entered."""
    return accuracy_in(results["bench"])


def provisional(results: Results, unit: Unit, serial: str, day: str) -> Calibration:
    """Give what is known so far: zero, and after the coarse points a line through them.

    It only serves to drive the following points; nothing of it stays.
    """
    if "zero" not in results:
        return Calibration.nominal()
    zero = results["zero"]
    coarse = [results[name] for name in ("coarse-1", "coarse-2") if name in results]
    channels: dict[str, Any] = {}
    for name, key in NOMINAL.items():
        if zero.get(key) is None:
            continue
        gain, offset = unit.output_line if name == "output" else (1.0, -zero[key])
        if len(coarse) == 2 and name != "voltage":
            (low, high) = coarse
            rise = high[key] - low[key]
            if rise > 0.0:
                gain = (abs(high["meter_ma"]) - abs(low["meter_ma"])) / rise
                offset = abs(low["meter_ma"]) - gain * low[key]
        points = ((0.0, round(zero[key], 6)), (1.0, 1.0))
        kind = VoltageCorrection if name == "voltage" else CurrentCorrection
        gain = min(
            max(gain, GAIN_MIN), GAIN_MAX
        )  # a provisional line out of bounds was refused by coarse_fault
        channels[name] = kind(gain=gain, offset=offset, points=points)
    return Calibration(unit_serial=serial, date=day, channels=Channels(**channels))


def coarse_fault(values: Values, results: Results) -> str:
    """Say what is implausible about the unit after the coarse points, or ""."""
    low = results.get("coarse-1")
    if low is None:
        return ""
    for name, key in NOMINAL.items():
        if name == "voltage" or values.get(key) is None:
            continue
        rise = values[key] - low[key]
        rise_ma = abs(values["meter_ma"]) - abs(low["meter_ma"])
        gain = rise_ma / rise if rise else 0.0
        if not GAIN_MIN <= gain <= GAIN_MAX:
            return (
                f"the meter rose by {rise_ma:.3f} mA where {name} rose by {rise:.3f}: that is a gain of "
                f"{gain:.2f}, {GAIN_MIN} to {GAIN_MAX} is allowed; look at the meter's range and at the "
                "unit's parts; both points are taken again"
            )
    return ""


def highest_ma(unit: Unit, results: Results) -> float:
    """Give the highest current to calibrate at, mA: the ceiling, or what the stage seems to reach."""
    output = provisional(results, unit, "-", "1970-01-01").channels.output
    return min(ceiling_ma(unit), REACH_MARGIN * (output.gain * unit.stage.full_scale_ma + output.offset))


def channels_of(results: Results) -> dict[str, Channel]:
    """Fit every channel that was measured. ValueError where the points make no line."""
    zero = results["zero"]
    powered = [
        (name, values)
        for name, values in results.items()
        if name != "zero" and not name.startswith("coarse") and "meter_ma" in values
    ]
    found = {}
    for name in ("control_current", "guard_current", "return", "output"):
        key = NOMINAL[name]
        signed = name == "return"
        points = [
            (step, values["meter_ma"] if signed else abs(values["meter_ma"]), values[key])
            for step, values in powered
            if values[key] is not None
        ]
        if name != "output" and zero[key] is not None:
            points.append(("zero", zero["meter_ma"], zero[key]))
        if points:
            found[name] = Channel(fit_line([point[1:] for point in points]), tuple(points))
    volts = [
        (step, abs(values["meter_v"]), values["voltage_v"])
        for step, values in results.items()
        if "meter_v" in values
    ]
    volts.append(("zero", 0.0, zero["voltage_v"]))
    found["voltage"] = Channel(fit_line([point[1:] for point in volts]), tuple(volts))
    return found


class Misfit(NamedTuple):
    """Why a calibration is refused, and the step to take again where one point is to blame.

    Where none is, the unit or the meter is, and everything is measured again; with another meter `bench` too.
    """

    why: str
    step: str = ""
    meter: bool = False


def misfit(channels: dict[str, Channel], accuracy: Accuracy, top_ma: float) -> Misfit | None:
    """Find what is implausible: a point off its line, a gain, an offset, or too large an uncertainty."""
    for name, (fit, points) in channels.items():
        volts = name == "voltage"
        what, bound_offset = ("V", OFFSET_MAX_V) if volts else ("mA", OFFSET_MAX_MA)
        constant, part = FITS[name]
        off = [
            (abs(residual) / (constant + part * abs(meter)), residual, step, meter)
            for residual, (step, meter, _) in zip(fit.residuals, points, strict=True)
        ]
        share, residual, step, meter = max(off)
        if share > 1.0:
            return Misfit(
                f"{name}: at {step} the meter's {meter:.3f} {what} lie {residual:+.3f} {what} off the line, "
                f"{constant + part * abs(meter):.3f} are allowed; take that point again",
                step,
            )
        if not GAIN_MIN <= fit.gain <= GAIN_MAX or abs(fit.offset) > bound_offset:
            return Misfit(
                f"{name}: gain {fit.gain:.3f} and offset {fit.offset:.3f} {what}, allowed are {GAIN_MIN} "
                f"to {GAIN_MAX} and {bound_offset:g} {what}: that is a fault of the unit, not of its "
                "calibration; have it mended, then every point is taken again"
            )
    fit = channels["control_current"].fit
    for level_ma in levels(top_ma):
        doubt_ma = fit.uncertainty(level_ma, accuracy.of_ma)
        if doubt_ma > limit_ma(level_ma):
            return Misfit(
                f"at {level_ma:g} mA the current would only be known within {doubt_ma:.3f} mA, "
                f"{limit_ma(level_ma):.3f} is allowed: use a better meter; it is entered and every "
                "point taken again",
                meter=True,
            )
    return None


def levels(top_ma: float) -> list[float]:
    """Give currents over the whole range in mA, at which errors and uncertainties are judged."""
    count = 20
    return [LOWEST_MA + (top_ma - LOWEST_MA) * index / count for index in range(count + 1)]


def worst_uncertainty_ma(fit: Fit, top_ma: float, error: Callable[[float], float]) -> float:
    """Give the largest uncertainty in mA over the range."""
    return max(fit.uncertainty(level_ma, error) for level_ma in levels(top_ma))


def hysteresis_ma(results: Results) -> float:
    """Give the largest difference between up and down at one point, as the control channel errs, in mA."""
    worst = 0.0
    for name, values in results.items():
        if "-up-" not in name or "meter_ma" not in values:
            continue
        other = results.get(name.replace("-up-", "-down-"))
        if other is not None:
            up = abs(values["meter_ma"]) - values["control_ma"]
            down = abs(other["meter_ma"]) - other["control_ma"]
            worst = max(worst, abs(up - down))
    return worst
