"""From converter codes to milliamperes and volts: a unit's nominal values under its calibration.

Law: one straight line per channel; whatever is measured goes through here and nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from config.unit import RANGE_V
from controller.loop.ports import Line, Scales

if TYPE_CHECKING:
    from config.calibration import Calibration, Correction
    from config.unit import Unit

SLOWEST_OSCILLATOR: Final = 1.1
"""A converter may be 10 % slower than its data rate (ADS1115 data sheet)."""
CONVERSION_MARGIN_S: Final = 0.00005
"""Time between the end of a conversion and its being asked for."""


def scales_of(unit: Unit, calibration: Calibration) -> Scales:
    """Return the line of every channel from the unit's nominal values and its calibration."""
    control, guard, channels = unit.control_adc, unit.guard_adc, calibration.channels
    volt = RANGE_V[control.gain] / 32768
    guard_volt = volt if guard is None else RANGE_V[guard.gain] / 32768
    guard_ohm = control.current.ohm if guard is None else guard.current.ohm
    slowest_sps = min(control.data_rate_sps, control.data_rate_sps if guard is None else guard.data_rate_sps)
    back = control.return_path
    return Scales(
        guard_ma=_line(1000 * guard_volt / guard_ohm, 0.0, channels.guard_current),
        current_ma=_line(1000 * volt / control.current.ohm, 0.0, channels.control_current),
        voltage_v=_line(volt * control.voltage.ratio, 0.0, channels.voltage),
        supply_v=Line(volt * control.supply.ratio, 0.0),
        return_ma=_line(1000 * volt / back.ohm, -1000 * back.bias_v / back.ohm, channels.return_path),
        current_channel=control.current.channel,
        voltage_channel=control.voltage.channel,
        supply_channel=control.supply.channel,
        return_channel=back.channel,
        conversion_s=SLOWEST_OSCILLATOR / slowest_sps + CONVERSION_MARGIN_S,
    )


def _line(per_code: float, offset: float, correction: Correction) -> Line:
    return Line(correction.gain * per_code, correction.gain * offset + correction.offset)
