"""The straight line from what a unit reads to what is true, and how far it may be wrong.

Law: pure; least squares as in the Guide to the Expression of Uncertainty in Measurement (JCGM 100:2008, H.3),
and every part that may be wrong is counted: scatter, what bends off the line, and the meter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import fmean, linear_regression
from typing import Final, NamedTuple

COVERAGE: Final = 2.0
"""Coverage factor of a stated uncertainty, about 95 % (JCGM 100:2008, 6.3.3)."""


class Fit(NamedTuple):
    """true = gain * nominal + offset, from points of [meter, nominal] in one unit (mA or V).

    `gain_u` and `offset_u` are standard uncertainties of the coefficients, `scatter` the standard deviation
    of the points about the line, `residuals` meter less line at each point. `number`, `mean` and `spread` are
    the points' count, mean and sum of squares about it, of the nominal readings.
    """

    gain: float
    offset: float
    gain_u: float
    offset_u: float
    scatter: float
    residuals: tuple[float, ...]
    number: int
    mean: float
    spread: float

    @property
    def worst_residual(self) -> float:
        """Largest distance of a point from the line."""
        return max(abs(residual) for residual in self.residuals)

    def true(self, nominal: float) -> float:
        """Give the corrected value of a nominal reading."""
        return self.gain * nominal + self.offset

    def uncertainty(self, true: float, meter_error: Callable[[float], float]) -> float:
        """Give how far a corrected reading may be wrong at `true`: line, worst residual, and meter, added.

        The line's part is twice its standard uncertainty; the others are bounds and are added as such.
        """
        nominal = (true - self.offset) / self.gain
        band = self.scatter * math.sqrt(1.0 / self.number + (nominal - self.mean) ** 2 / self.spread)
        return COVERAGE * band + self.worst_residual + meter_error(true)


def fit_line(points: Sequence[tuple[float, float]]) -> Fit:
    """Fit a line to at least 3 points of (meter, nominal); ValueError where they are too few or all one."""
    if len(points) < 3:
        raise ValueError(f"{len(points)} points make no line with an uncertainty, at least 3 are needed")
    meter, nominal = [point[0] for point in points], [point[1] for point in points]
    mean = fmean(nominal)
    spread = sum((value - mean) ** 2 for value in nominal)
    if spread <= 0.0:
        raise ValueError("all points have the same reading: no line goes through them")
    gain, offset = linear_regression(nominal, meter)
    residuals = tuple(y - (gain * x + offset) for y, x in zip(meter, nominal, strict=True))
    scatter = math.sqrt(sum(residual**2 for residual in residuals) / (len(points) - 2))
    return Fit(
        gain=gain,
        offset=offset,
        gain_u=scatter / math.sqrt(spread),
        offset_u=scatter * math.sqrt(1.0 / len(points) + mean**2 / spread),
        scatter=scatter,
        residuals=residuals,
        number=len(points),
        mean=mean,
        spread=spread,
    )
