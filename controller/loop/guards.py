"""The guard of one session on a unit, built alike for a treatment, the technician's bench and first power.

Law: whoever drives current says beforehand the most that it will ever ask for, and is held to that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.core.guard import Guard
from controller.core.limits import GuardLimits

if TYPE_CHECKING:
    from config.unit import Unit


def guard_of(unit: Unit, *, ceiling_ma: float, highest_ma: float, total_s: float) -> Guard:
    """Build the guard.

    `ceiling_ma` bounds what may be measured, `highest_ma` (at most the ceiling) what may be commanded, and
    `total_s` how long current may flow.
    """
    stage = unit.stage
    limits = GuardLimits.of(
        ceiling_ma=ceiling_ma,
        highest_ma=highest_ma,
        total_s=total_s,
        compliance_v=stage.compliance_v,
        supply_min_v=stage.supply_min_v,
        supply_max_v=stage.supply_max_v,
        full_scale_ma=stage.full_scale_ma,
    )
    return Guard(limits, tick_s=1.0 / unit.loop.rate_hz, operate_s=unit.relays.operate_ms / 1000)
