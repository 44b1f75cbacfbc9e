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
from controller.backends.meter import Accuracy
from controller.core.types import Polarity
from protocols.ceilings import ABSOLUTE_MAX_MA

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
LIMIT_PART, LIMIT_MA = 0.01, 0.05
"""A current is right within 1 % or 0.05 mA, whichever is more (figures to hold)."""
ODD: Final = 2.0
"""A reading that differs by this factor from what is driven (right within 10 %) is of something else."""
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
    """Ask who works with which meter. Dates must be past, and the meter's not older than two years.

    A meter that is not good enough for a current is refused here, not after it measured.
    """

    def accept(values: Values, _results: Results) -> str:
        meter = accuracy_in(values)
        for level_ma in (LOWEST_MA, LIMIT_MA / LIMIT_PART, ABSOLUTE_MAX_MA):
            if meter.of_ma(level_ma) > limit_ma(level_ma):
                return (
                    f"at {level_ma:g} mA this meter may be {meter.of_ma(level_ma):.3f} mA wrong, "
                    f"{limit_ma(level_ma):.3f} is allowed: use a better one, or correct what was entered"
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
            Entry(
                "meter_calibrated",
                "When the meter was calibrated",
                "date",
                simulated=today.isoformat(),
                check=within_days(today, METER_DAYS, "a reference is calibrated within two years"),
            ),
            error("current_percent", "Meter's current accuracy, part of reading", "%", 0.5, 0.05),
            error("current_ma", "Meter's current accuracy, constant part", "mA", 0.05, 0.005),
            error("voltage_percent", "Meter's voltage accuracy, part of reading", "%", 0.5, 0.0045),
            error("voltage_v", "Meter's voltage accuracy, constant part", "V", 0.2, 0.0006),
        ),
        accept=accept,
    )


def within_days(today: date, days: int, rule: str) -> Callable[[Any], str]:
    """Give the check of a date that has come and is at most so many days old; `rule` says why."""

    def check(value: Any) -> str:
        day = date.fromisoformat(value)
        if day > today:
            return f"is {day}, which has not come yet (today is {today})"
        return f"is {day}: {rule}" if today - day > timedelta(days=days) else ""

    return check


def accuracy_in(values: Values) -> Accuracy:
    """Give the meter's accuracy as it was entered in the first step."""
    return Accuracy(
        values["current_percent"], values["current_ma"], values["voltage_percent"], values["voltage_v"]
    )


def limit_ma(true_ma: float) -> float:
    """Give how far a current may be off, in mA: 1 % or 0.05 mA, whichever is more."""
    return max(LIMIT_PART * abs(true_ma), LIMIT_MA)


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
    drops: tuple[str, ...] = (),
) -> Step:
    """One current in series with the meter; where it is refused, `drops` are taken again too."""

    def plausible(values: Values, results: Results) -> str:
        return odd_current(values, point.polarity) or accept(values, results)

    what = f"{point.level_ma:g} mA" if point.level_ma is not None else f"point {point.share:.0%}"
    return Step(
        name,
        f"{what}, {point.polarity}",
        "Press Start on the unit. When the current stands, read the meter (mA).",
        (meter_entry("ma"),),
        point,
        plausible,
        lambda _values, _results: drops,
    )


def odd_current(values: Values, polarity: Polarity) -> str:
    """Say why a reading can't be of the current that was driven, with what to do, or ""."""
    reading_ma, driven_ma = values["meter_ma"], values["setpoint_ma"]
    if not driven_ma / ODD <= abs(reading_ma) <= driven_ma * ODD:
        return (
            f"the meter reads {reading_ma:g} mA where about {driven_ma:.2f} mA are driven: look at its "
            "range, that it lies in series, and that the reading is in mA (0.001 A are 1 mA)"
        )
    if (reading_ma < 0.0) == (polarity == "reverse"):
        return ""
    if polarity == "forward":
        return f"the meter reads {reading_ma:g} mA where the current flows forward: exchange its two leads"
    return (
        f"the meter reads {reading_ma:+g} mA where the current flows in reverse: the reading has a sign, "
        "minus here; if the meter shows plus, its leads were exchanged since, or the polarity relay does not "
        "change over"
    )


def odd_voltage(values: Values, results: Results) -> str:
    """Say why a reading can't be of the voltage across the resistor, with what to do, or ""."""
    reading_v = values["meter_v"]
    expected_v = values["setpoint_ma"] * results["resistor"]["ohm"] / 1000.0
    if not expected_v / ODD <= abs(reading_v) <= expected_v * ODD:
        return (
            f"the meter reads {reading_v:g} V where about {expected_v:.2f} V are expected: look at its "
            "range, that it lies across the resistor, and that the reading is in V (1000 mV are 1 V)"
        )
    if reading_v < 0.0:
        return f"the meter reads {reading_v:g} V where forward is plus: exchange its two leads"
    return ""


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
            odd_voltage,
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
