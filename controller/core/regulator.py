"""From setpoint to DAC code: feed-forward from the calibration, trimmed by what is measured.

Law: the trim is bounded by what a healthy stage can be wrong by, and a code never rises faster than the
ramp. What is left over is for the guard to see, not for the regulator to force.
"""

from __future__ import annotations

from typing import Final

from controller.core.limits import PILOT_PERIOD_TICKS

DAC_TOP_CODE: Final = 4095
"""Highest code of a 12-bit converter."""
TRIM_PER_S: Final = 4.0
"""Integral gain: an error of the stage is trimmed away with a time constant of 0.25 s."""
TRIM_LATER_PER_S: Final = 1.0
"""... and of 1 s once the output has been driven for `TRIM_SOON_S`: by that hum moves the true current
half as far (decision 35). A stage 7 % off lags 0.035 mA behind a ramp of 0.5 mA/s."""
TRIM_SOON_S: Final = 3.0
TRIM_MA: Final = 0.35
TRIM_RATIO: Final = 0.07
"""Bound of the trim: 0.35 mA + 7 % of the setpoint, a little more than an uncalibrated stage's error."""
TRIM_STEP_MA: Final = 0.03
"""No single reading moves the trim by more than this: a wrong one does little before it is found."""
RISE_MARGIN: Final = 1.1
"""The code may rise this much faster than the ramp, so that a stage that is 7 % weak can follow it."""
PILOT_CODES: Final = 0.5
"""Half the pilot's swing: +-0.5 code is one step of the DAC, 6 uA on the reference unit."""


class Regulator:
    """Turns a setpoint in mA into a DAC code, once a tick.

    `full_scale_ma` is the stage's current at code 4095 (nominal); `gain` and `offset_ma` are the
    calibration of the output (true = gain * nominal + offset), and `spread_ma` is how much more than that it
    may give until `take_zero` was told; `tick_s` the loop's period.
    """

    __slots__ = (
        "_code_per_ma",
        "_demand_ma",
        "_driven_s",
        "_offset_ma",
        "_pilot",
        "_setpoint_ma",
        "_spread_ma",
        "_tick",
        "_tick_s",
        "_trim_ma",
    )

    def __init__(
        self, *, full_scale_ma: float, gain: float, offset_ma: float, tick_s: float, spread_ma: float = 0.0
    ) -> None:
        self._code_per_ma = DAC_TOP_CODE / full_scale_ma / gain
        self._offset_ma = offset_ma
        self._spread_ma = spread_ma
        self._tick_s = tick_s
        self._tick = 0
        self._pilot = PILOT_CODES
        self.reset()

    def reset(self) -> None:
        """Forget the trim: the output was disconnected, and rises from where the stage begins to give."""
        self._demand_ma = max(0.0, -self._offset_ma - self._spread_ma)
        self._setpoint_ma = 0.0
        self._trim_ma = 0.0
        self._driven_s = 0.0

    @property
    def code_per_ma(self) -> float:
        """How many codes a milliampere takes."""
        return self._code_per_ma

    @property
    def trim_ma(self) -> float:
        """The correction in force, mA."""
        return self._trim_ma

    def still_code(self, setpoint_ma: float) -> int:
        """Return the code for `setpoint_ma` by calibration alone, without trim, ramp or pilot."""
        code = round((setpoint_ma - self._offset_ma) * self._code_per_ma)
        return max(0, min(DAC_TOP_CODE, code))

    def lowest_code(self, setpoint_ma: float) -> int | None:
        """Return the code that gives no more than `setpoint_ma` on any such unit; None where it is known."""
        return self.still_code(setpoint_ma - self._spread_ma) if self._spread_ma else None

    def take_zero(self, code: int, current_ma: float) -> None:
        """Take note that `code` gives `current_ma`, and by that what code 0 asks for, within its spread."""
        offset_ma = current_ma - code / self._code_per_ma
        self._offset_ma = min(max(offset_ma, self._offset_ma), self._offset_ma + self._spread_ma)
        self._spread_ma = 0.0
        self.reset()

    def code(
        self, setpoint_ma: float, measured_ma: float | None, since_s: float, ramp_ma_per_s: float
    ) -> int:
        """Return the DAC code (0 to 4095) for `setpoint_ma`.

        `measured_ma` is a new reading of the output current or None; it belongs to the setpoint of the
        tick before and stands for the last `since_s` seconds. `ramp_ma_per_s` bounds the rise.
        """
        ramp_ma = RISE_MARGIN * ramp_ma_per_s * self._tick_s
        if self._setpoint_ma - setpoint_ma > ramp_ma:
            # A reading lags behind a fast fall, and most of the trim is the stage's gain: it falls as well.
            self._trim_ma *= setpoint_ma / self._setpoint_ma
        elif measured_ma is not None:
            per_s = TRIM_PER_S if self._driven_s < TRIM_SOON_S else TRIM_LATER_PER_S
            step = per_s * since_s * (self._setpoint_ma - measured_ma)
            trim = self._trim_ma + max(-TRIM_STEP_MA, min(TRIM_STEP_MA, step))
            bound = TRIM_MA + TRIM_RATIO * setpoint_ma
            self._trim_ma = -bound if trim < -bound else bound if trim > bound else trim
        self._driven_s += self._tick_s
        self._setpoint_ma = setpoint_ma
        if setpoint_ma <= 0.0:
            self.reset()
            return 0
        demand = setpoint_ma + self._trim_ma - self._offset_ma
        demand = min(demand, self._demand_ma + ramp_ma)
        demand = max(demand, 0.0)
        self._demand_ma = demand
        self._tick += 1
        if self._tick >= PILOT_PERIOD_TICKS:
            self._tick = 0
            self._pilot = -self._pilot
        code = int(demand * self._code_per_ma + 0.5 + self._pilot)
        return 0 if code < 0 else DAC_TOP_CODE if code > DAC_TOP_CODE else code
