"""What a unit's own figures must hold, and the table of them in its record.

Law: a bound comes from the circuit's simulation, where it stands once, from the unit's file, or from a named
source; what was not measured is listed as that, and what was measured only between two readings is told so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from app.circuit.lane import CASES
from app.technician.engine import Values
from config.calibration import ZERO_MAX_MA
from config.unit import Unit

LEAKAGE_AC_UA: Final = 100.0
"""What PS1 may leak by its rating (`config/circuit.yaml`)."""
LEAKAGE_DC_UA: Final = 10.0
"""Patient leakage, d.c., normal condition (IEC 60601-1, as others quote it)."""
STARVED_MS: Final = 100.0
"""A unit without a one-shot is off so long after its last heartbeat (figures to hold)."""
PULLS_IN_MS: Final = 250.0
"""A charge pump's relay has pulled in by then (`controller/workshop/first_power.py`, PREPARE_S)."""
ARMS_MS: Final = 100.0
"""The hardware trip is armed and conducts by then (`controller/core/limits.py`, PROOF_TRIP_S)."""
SLOWEST_RATE: Final = 0.9
"""A converter's rate may be 10 % lower than it says (ADS1115 data sheet, data rate variation)."""
HAND_IN: Final = "hand in at 0.3 mA"


class Bound(NamedTuple):
    """From `low` to `high`, either None where there is none, in `unit`."""

    low: float | None
    high: float | None
    unit: str

    def __str__(self) -> str:
        """Say the bound."""
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g} {self.unit}"
        return "told" if self.high is None else f"at most {self.high:g} {self.unit}"

    def holds(self, least: float, most: float) -> bool:
        """Tell whether a value that lies from `least` to `most` may be within the bound."""
        return (self.high is None or least <= self.high) and (self.low is None or most >= self.low)


def simulated(block: str, case: str, what: str) -> Bound:
    """Give the bound that the circuit's simulation holds a figure to. Raises KeyError for no row of it."""
    for each in CASES:
        if (each.block, each.name) == (block, case):
            for outcome in each.outcomes:
                if outcome.name == what:
                    return Bound(outcome.low, outcome.high, outcome.unit)
    raise KeyError(f"{block}, {case}, {what}")


def limiter() -> Bound:
    """Give what the limiter lets pass, mA."""
    return simulated("limiter", "Q2 shorts with a person in the water", "limit")


def hand_in(what: str) -> Bound:
    """Give the bound of `peak`, `above 2 mA` or `charge above the set current` when the circuit closes."""
    return simulated("stage", HAND_IN, what)


def stop() -> Bound:
    """Give how long Stop has to be held until its second contact takes the output away, s."""
    return simulated("Stop", "held for 11 s", "output away after the press")


def transfer(unit: Unit) -> Bound:
    """Give how long one transfer on the bus may take, ms."""
    return Bound(None, float(unit.i2c.timeout_ms), "ms")


def code_zero(unit: Unit) -> Bound:
    """Give what may flow at code 0, uA: next to nothing where the stage is hard off there."""
    if unit.output is None or unit.output.code_zero_ma >= 0.0:
        return Bound(None, 1000.0 * ZERO_MAX_MA, "uA")
    return simulated("stage", "code 0, relays closed", "current")


def times(unit: Unit) -> dict[str, Bound]:
    """Give how long each move of `controller/workshop/timing.py` may take, ms."""
    release_ms, operate_ms = float(unit.relays.release_ms), float(unit.relays.operate_ms)
    tick_ms = 1000.0 / unit.loop.rate_hz
    hold, beats = Bound(None, STARVED_MS, "ms"), Bound(None, PULLS_IN_MS, "ms")
    if unit.one_shot is not None:
        coil = simulated("heartbeat", "stops after a rising edge", "coil held for")
        hold = Bound(coil.low, (coil.high or 0.0) + release_ms, "ms")
        beats = Bound(None, operate_ms + 2 * tick_ms + unit.one_shot.shortest_ms, "ms")
    found = {
        "series_opens": Bound(None, release_ms, "ms"),
        "series_closes": Bound(None, operate_ms, "ms"),
        "heart_stops": hold,
        "heart_beats": beats,
    }
    if unit.trip is not None and unit.guard_adc is not None:
        off_us = simulated("trip", "ALERT rises at 25 mA", "current off after").high or 0.0
        conversion_ms = 1000.0 / (SLOWEST_RATE * unit.guard_adc.data_rate_sps)
        opens_ms = 2 * conversion_ms + off_us / 1000.0
        found |= {
            "trip_opens": Bound(None, round(opens_ms, 2), "ms"),
            "trip_closes": Bound(None, ARMS_MS, "ms"),
        }
    return found


WORDS: Final = {
    "series_opens": "series relay opens",
    "series_closes": "series relay closes",
    "heart_stops": "output off after the last heartbeat",
    "heart_beats": "output on after the first heartbeat",
    "trip_opens": "output off after the hardware trip was forced",
    "trip_closes": "output on after it was armed",
}
REMEDIES: Final = {
    "series_opens": "that relay, its diode and zener",
    "series_closes": "that relay and its coil's supply",
    "heart_stops": "the timers at the heartbeat, the enable relay, its diode and zener",
    "heart_beats": "the timers at the heartbeat and the enable relay",
    "trip_opens": "the trip's switch, its latch and the wire from ALERT",
    "trip_closes": "the trip's latch and the wire that arms it",
}


def judged_times(unit: Unit, values: Values) -> str:
    """Say which time or current of `values` is out of its bound, with what to look at, or ""."""
    for name, bound in times(unit).items():
        least, most = values[f"{name}_least_ms"], values[f"{name}_most_ms"]
        if not bound.holds(least, most):
            return (
                f"{WORDS[name]}: {least:g} to {most:g} ms, allowed is {bound}: look at {REMEDIES[name]}, and "
                f"at {'`guard_adc`' if name.startswith('trip') else '`relays`'} in the unit's file"
            )
    bound, found_ua = code_zero(unit), values["code_zero_ua"]
    if not bound.holds(abs(found_ua) - values["code_zero_step_ua"], abs(found_ua)):
        return f"{found_ua:g} uA flow at code 0, allowed is {bound}: look at the stage and its DAC's wire"
    return ""


Row = dict[str, Any]


def table(unit: Unit, results: Mapping[str, Values]) -> list[Row]:
    """Give every figure of a commissioning: what, how much, its bound, and by what it was seen."""
    leaks, chips, timing = results["leakage"], results["chips"], results["timing"]
    instrument = leaks["instrument"]
    rows = [
        _row("leakage, a.c.", leaks["ac_ua"], Bound(None, LEAKAGE_AC_UA, "uA"), instrument),
        _row("leakage, d.c.", leaks["dc_ua"], Bound(None, LEAKAGE_DC_UA, "uA"), instrument),
    ]
    if "limiter" in results:
        rows.append(_row("limiter", results["limiter"]["limiter_ma"], limiter(), "meter"))
    for name, words in (("dac_write", "write to the DAC"), ("adc_read", "reading of a converter")):
        rows.append(_row(f"{words}, longest", chips[f"{name}_longest_ms"], transfer(unit), "this program"))
    for name, bound in times(unit).items():
        between = f"{timing[f'{name}_least_ms']:g} to {timing[f'{name}_most_ms']:g}"
        rows.append(_row(WORDS[name], between, bound, "the unit's converters"))
    if "trip" in results:
        rows.append(
            {
                "figure": "hardware trip at power-up",
                "value": "tripped",
                "unit": "",
                "bound": "tripped",
                "seen_by": "its latch",
            }
        )
    rows.append(_row("current at code 0", timing["code_zero_ua"], code_zero(unit), "the unit's converters"))
    stop_s = results["first_power"]["stop_s"]
    rows.append(_row("output away, Stop held", stop_s, stop(), "the unit's converters"))
    for key, what in HAND_IN_ENTRIES.items():
        if "hand_in" in results:
            rows.append(
                _row(f"circuit closes, {what}", results["hand_in"][key], hand_in(what), "oscilloscope")
            )
    return rows


HAND_IN_ENTRIES: Final = {
    "hand_in_peak_ma": "peak",
    "hand_in_above_2ma_ms": "above 2 mA",
    "hand_in_charge_uc": "charge above the set current",
}


def not_measured(results: Mapping[str, Values]) -> list[str]:
    """Name what was left out, with what it takes."""
    left = []
    if "limiter" not in results:
        left.append("limiter: a meter, with the stage's transistor shorted")
    if "hand_in" not in results:
        left.append("peak, time above 2 mA and charge when the circuit closes: an oscilloscope")
    return left


def _row(figure: str, value: float | str, bound: Bound, by: str) -> Row:
    return {"figure": figure, "value": value, "unit": bound.unit, "bound": str(bound), "seen_by": by}
