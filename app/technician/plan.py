"""What is asked and measured in a calibration or verification, as steps for the engine.

Law: steps are data; the order is up and down again, so that what depends on the order shows as a difference
between the two ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from app.technician.engine import Entry, Step, Values
from config.unit import Unit
from controller.core.types import Polarity

Results = Mapping[str, Values]

HEADROOM_V: Final = 8.0
"""The resistor takes this much less than the compliance at the ceiling: the stage stays in control."""
SMALLEST_OHM: Final = 400.0
"""A body is at least 350 ohm to the guard; a dummy load lies safely above."""
ZERO_MA: Final = 0.02
"""The meter shows less than this and its own error with the output off."""
METER_DAYS: Final = 731
"""A meter that was not calibrated for two years is no reference."""
COARSE_MA: Final = (1.0, 3.0)
"""First points, with nothing but zero known: within the guard's tolerance for channels that are 5 % off."""
CALIBRATION_SHARES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
VERIFICATION_SHARES: Final = (0.1, 0.4, 0.65, 0.9)
"""Points as shares of the way from 0.5 mA to the highest current; verification's lie between the others."""
VOLTAGE_SHARES: Final = (0.04, 0.35, 0.65, 1.0)
LOWEST_MA: Final = 0.5
"""The lowest target of a treatment (`protocols/ceilings.py`)."""


class Zero(NamedTuple):
    """The unit reads all channels with the output proven off."""


class Point(NamedTuple):
    """The unit drives one current: `share` of the way from 0.5 mA to the highest, or `level_ma` itself."""

    polarity: Polarity
    share: float
    level_ma: float | None = None

    def level(self, highest_ma: float) -> float:
        """Give the current in mA."""
        if self.level_ma is not None:
            return self.level_ma
        return LOWEST_MA + self.share * (highest_ma - LOWEST_MA)


def largest_ohm(unit: Unit) -> float:
    """Give the largest resistor in ohm through which the unit's ceiling can flow."""
    return 1000.0 * (unit.stage.compliance_v - HEADROOM_V) / ceiling_ma(unit)


def ceiling_ma(unit: Unit) -> float:
    """Give the highest current in mA that the unit may give."""
    return min(unit.limits.max_current_ma, unit.stage.full_scale_ma)


def bench_step(today: date, meter_name: str | None) -> Step:
    """Ask who works with which meter. Dates must be past, and the meter's not older than two years."""

    def accept(values: Values, _results: Results) -> str:
        try:
            calibrated = date.fromisoformat(values["meter_calibrated"])
        except ValueError:
            return f"meter_calibrated is {values['meter_calibrated']!r}, a date like 2026-01-31 is allowed"
        if calibrated > today:
            return f"meter_calibrated is {calibrated}, which has not come yet"
        if today - calibrated > timedelta(days=METER_DAYS):
            return (
                f"the meter was last calibrated on {calibrated}: a reference is calibrated within two years"
            )
        return ""

    def error(name: str, prompt: str, unit: str, high: float, simulated: float) -> Entry:
        return Entry(name, prompt, "number", unit, 0.0, high, simulated=simulated)

    return Step(
        "bench",
        "who and with what",
        "Let unit and meter warm up for 30 minutes. The meter's accuracy is in its data sheet, for the "
        "ranges that hold 25 mA and 60 V.",
        (
            Entry("technician", "Your name", simulated="simulated technician"),
            Entry(
                "meter", "Meter: maker, type, serial number", default=meter_name, simulated="simulated meter"
            ),
            Entry("meter_calibrated", "When the meter was calibrated", simulated=today.isoformat()),
            error("current_percent", "Meter's current accuracy, part of reading", "%", 0.5, 0.05),
            error("current_ma", "Meter's current accuracy, constant part", "mA", 0.05, 0.005),
            error("voltage_percent", "Meter's voltage accuracy, part of reading", "%", 0.5, 0.0045),
            error("voltage_v", "Meter's voltage accuracy, constant part", "V", 0.2, 0.0006),
        ),
        accept=accept,
    )


def resistor_step(unit: Unit, ohm: float | None = None) -> Step:
    """Ask for the resistor's resistance; `ohm` is what the simulated bench has (default: a round one)."""
    largest = largest_ohm(unit)
    simulated = ohm or 100.0 * (0.97 * largest // 100.0)
    watt = (ceiling_ma(unit) / 1000.0) ** 2 * largest
    return Step(
        "resistor",
        "the resistor",
        f"Take a resistor of {SMALLEST_OHM:.0f} to {largest:.0f} ohm for at least {2 * watt:.1f} W and "
        "measure its resistance. Connect output, meter (current) and resistor in series. Nobody touches the "
        "electrodes.",
        (
            Entry(
                "ohm",
                "Its resistance as measured",
                "number",
                "ohm",
                SMALLEST_OHM,
                largest,
                simulated=simulated,
            ),
        ),
    )


def zero_step() -> Step:
    """Read zero with the output proven off."""

    def accept(values: Values, results: Results) -> str:
        bound_ma = results["bench"]["current_ma"] + ZERO_MA
        if abs(values["meter_ma"]) > bound_ma:
            return (
                f"the meter shows {values['meter_ma']:.3f} mA with the output off, {bound_ma:.3f} is allowed"
            )
        return ""

    return Step(
        "zero",
        "zero, output off",
        "Both relays are open now. Read the meter.",
        (meter_entry("ma"),),
        Zero(),
        accept,
    )


def meter_entry(quantity: str) -> Entry:
    """Ask for the meter's reading, or let the meter give it."""
    if quantity == "v":
        return Entry("meter_v", "Meter reads", "number", "V", -100.0, 100.0, meter="v")
    return Entry("meter_ma", "Meter reads", "number", "mA", -40.0, 40.0, meter="ma")


def point_step(
    name: str,
    point: Point,
    accept: Callable[[Values, Results], str] = lambda _values, _results: "",
) -> Step:
    """One current in series with the meter."""
    what = f"{point.level_ma:g} mA" if point.level_ma is not None else f"point {point.share:.0%}"
    return Step(
        name,
        f"{what}, {point.polarity}",
        "Press Start on the unit. When the current stands, read the meter (mA).",
        (meter_entry("ma"),),
        point,
        accept,
    )


def sweep(shares: tuple[float, ...]) -> list[tuple[str, Point]]:
    """Every share up and down again in both polarities, by step name."""
    points = []
    polarities: tuple[Polarity, Polarity] = ("forward", "reverse")
    for polarity in polarities:
        ways = (("up", shares), ("down", tuple(reversed(shares[:-1]))))
        for way, ordered in ways:
            for share in ordered:
                points.append((f"{polarity}-{way}-{100 * share:.0f}", Point(polarity, share)))
    return points


def voltage_steps() -> list[Step]:
    """Ask for the meter in parallel, then for the voltage at several currents."""
    change = Step(
        "across",
        "the meter across the output",
        "Take the meter out of the circuit, set it to volts and connect it across the resistor. Output, "
        "resistor and nothing else are in the circuit.",
        (Entry("done", "Done", "yes", simulated=True),),
        accept=lambda values, _results: "" if values["done"] else "the voltage is measured across the output",
    )
    steps = [
        Step(
            f"voltage-{100 * share:.0f}",
            f"voltage at point {share:.0%}",
            "Press Start on the unit. When the current stands, read the meter (V).",
            (meter_entry("v"),),
            Point("forward", share),
        )
        for share in VOLTAGE_SHARES
    ]
    return [change, *steps]


def raw_points(results: Results) -> dict[str, dict[str, Any]]:
    """Give what was measured, by step: every result that holds a reading of the meter."""
    return {
        name: {key: round(value, 6) if isinstance(value, float) else value for key, value in values.items()}
        for name, values in results.items()
        if "meter_ma" in values or "meter_v" in values
    }
