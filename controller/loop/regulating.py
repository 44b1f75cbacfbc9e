"""From mA to DAC codes on one unit: the regulator by its calibration record, or by its own file.

Law: what a code gives is said once, by `Calibration.output_line`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.core.regulator import Regulator

if TYPE_CHECKING:
    from config.calibration import Calibration
    from config.unit import Unit


def regulator_of(unit: Unit, calibration: Calibration) -> Regulator:
    """Build the regulator of a unit."""
    line = calibration.output_line(unit)
    return Regulator(
        full_scale_ma=unit.stage.full_scale_ma,
        gain=line.gain,
        offset_ma=line.offset,
        tick_s=1.0 / unit.loop.rate_hz,
        spread_ma=calibration.code_zero_spread_ma(unit),
    )
