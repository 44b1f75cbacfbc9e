"""Every bound of the current, and whose it is.

Law: unit, calibration, treatment and person each bound the current; the lowest holds, here and nowhere else.
What lies above it is refused by its name, never clamped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

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
