"""Every bound of the current, whose it is, and the guard that holds a session to it.

Law: unit, calibration, treatment and person each bound the current; the lowest holds, here and nowhere else.
What lies above it is refused by its name, never clamped. Whoever drives current says beforehand the most that
it will ever ask for, and is held to that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from controller.core.guard import Guard
from controller.core.limits import GuardLimits, Headroom
from controller.core.regulator import DAC_TOP_CODE

if TYPE_CHECKING:
    from config.calibration import Calibration
    from config.unit import Unit
    from protocols.treatment import Treatment


class Bound(NamedTuple):
    """The most that may be asked for, mA, and whose bound it is, in words."""

    most_ma: float
    whose: str


def unit_bound(unit: Unit, calibration: Calibration) -> Bound:
    """Return the most that this unit may give to anybody; without a record only its limit bounds it."""
    bounds = [Bound(unit.limits.max_current_ma, "this unit's limit (limits.max_current_ma)")]
    if calibration.made is not None:  # what was not calibrated is not given
        bounds.append(Bound(calibration.made.reach_ma, "the highest current this unit was calibrated at"))
    return lowest(*bounds)


def bound_of(
    unit: Unit, calibration: Calibration, treatment: Treatment, person_ma: float | None = None
) -> Bound:
    """Return what bounds the current of a treatment; `person_ma` is the person's limit, None without one."""
    bounds = [] if person_ma is None else [Bound(person_ma, "the person's limit")]
    bounds += [Bound(treatment.ceiling_ma, f"the ceiling of {treatment.name}"), unit_bound(unit, calibration)]
    return lowest(*bounds)


def why_above(name: str, treatment: Treatment, unit: Unit, calibration: Calibration) -> str:
    """Say which bound a treatment lies above on this unit, or ""."""
    bound = bound_of(unit, calibration, treatment)
    if treatment.current_ma <= bound.most_ma:
        return ""
    return (
        f"{name} asks for {treatment.current_ma:g} mA, allowed is up to {bound.most_ma:g} mA, "
        f"{bound.whose}: choose a weaker treatment"
    )


def lowest(*bounds: Bound) -> Bound:
    """Return the bound that holds, of at least one; of equal ones the first."""
    return min(bounds, key=lambda bound: bound.most_ma)


def guard_of(
    unit: Unit,
    *,
    ceiling_ma: float,
    highest_ma: float,
    total_s: float,
    calibration: Calibration | None = None,
) -> Guard:
    """Build the guard of a session: a treatment, the technician's bench or first power.

    `ceiling_ma` bounds what may be measured, `highest_ma` (at most the ceiling) what may be commanded, and
    `total_s` how long current may flow. With a `calibration` record the output is held to that as well.
    """
    stage = unit.stage
    limits = GuardLimits.of(
        ceiling_ma=ceiling_ma,
        highest_ma=highest_ma,
        total_s=total_s,
        compliance_v=stage.compliance_v,
        headroom=Headroom(stage.reach_from_v, stage.headroom_ohm / 1000),
        supply_min_v=stage.supply_min_v,
        supply_max_v=stage.supply_max_v,
        full_scale_ma=stage.full_scale_ma,
        code_zero_ma=unit.code_zero_ma,
        gives=None if calibration is None else _gives(unit, calibration),
    )
    return Guard(
        limits,
        tick_s=1.0 / unit.loop.rate_hz,
        operate_s=unit.relays.operate_ms / 1000,
        battery_clock=unit.battery_clock is not None,
    )


def _gives(unit: Unit, calibration: Calibration) -> tuple[float, float] | None:
    """Return mA per code and at code 0 by a record of the output, None without one."""
    output = calibration.channels.output
    if not output.points:
        return None
    return output.gain * unit.stage.full_scale_ma / DAC_TOP_CODE, output.offset
