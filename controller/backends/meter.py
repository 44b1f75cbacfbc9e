"""A reference meter as the technician's commands see it: what it shows, and how far that may be wrong.

Law: a reading comes with the meter's accuracy, or it is no reference; a reading that is missing or cannot be
is an error with a sentence, never a number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class MeterFailed(Exception):
    """The meter gave no reading that could be used; `str()` is one sentence with what to do."""


class Accuracy(NamedTuple):
    """How far a reading may be wrong: so many percent of itself, and so many mA or V besides.

    As a data sheet gives it for the range in use; counts and percent of range are turned into mA or V.
    """

    current_percent: float
    current_ma: float
    voltage_percent: float
    voltage_v: float

    def of_ma(self, reading_ma: float) -> float:
        """Give the largest error in mA of a current reading in mA of either sign."""
        return abs(reading_ma) * self.current_percent / 100.0 + self.current_ma

    def of_v(self, reading_v: float) -> float:
        """Give the largest error in V of a voltage reading in V of either sign."""
        return abs(reading_v) * self.voltage_percent / 100.0 + self.voltage_v


class Meter(NamedTuple):
    """One meter, ready to read: in series with the load for the current, across it for the voltage.

    `read_ma` gives the signed current in mA (forward positive), `read_v` the voltage at the output in V;
    both take at most some seconds and raise MeterFailed. `simulated` says that it is made of software.
    """

    name: str
    accuracy: Accuracy
    read_ma: Callable[[], float]
    read_v: Callable[[], float]
    simulated: bool = False
