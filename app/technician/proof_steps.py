"""The steps of commissioning for what no software sees: isolation, limiter, a pulse of microseconds.

Law: what stands between a person and the mains is measured, or there is no record; what else takes an
instrument that is not there is recorded as not measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from app.technician import bounds
from app.technician.engine import Entry, Step, Values
from app.technician.plan import within_days

LEAKAGE_DAYS: Final = 366
"""Leakage is measured before first power and yearly."""


def isolation_steps(today: date) -> tuple[Step, ...]:
    """Ask for what stands between a person and the mains, which no software sees."""
    supplies = [
        Step(
            f"{key}_supply",
            f"The supply of {whose}",
            "Look at the label of its adapter. The two adapters alone keep the mains from who touches the "
            "electrodes.",
            (
                Entry("model", "Its maker and model", simulated="simulated supply"),
                Entry("class", "Its class", "choice", choices=("I", "II"), simulated="II"),
                Entry("two_mopp", "Is it marked 2 x MOPP (IEC 60601-1)?", "yes", simulated=True),
            ),
            accept=_isolates,
        )
        for key, whose in (("output", "the output"), ("pi", "the Pi"))
    ]

    def microampere(kind: str, words: str, simulated: float) -> Entry:
        return Entry(f"{kind}_ua", words, "number", "uA", 0.0, 1e6, simulated=simulated)

    leakage = Step(
        "leakage",
        "The isolation's leakage",
        "With an instrument for it (a leakage tester for medical devices): from the output terminals, "
        "bridged, to earth, adapters on the mains and the Pi's sockets connected to earth. Without it there "
        "is no record: have it measured by somebody who has one; what was done until here is kept.",
        (
            Entry("instrument", "Instrument: maker, type, serial number", simulated="simulated tester"),
            Entry("measured_by", "Who measured it", simulated="simulated technician"),
            Entry(
                "date",
                "When it was measured",
                "date",
                simulated=today.isoformat(),
                check=within_days(today, LEAKAGE_DAYS, "leakage is measured every year"),
            ),
            microampere("ac", "Leakage, a.c.", 12.0),
            microampere("dc", "Leakage, d.c.", 0.4),
        ),
        accept=_isolated,
    )
    return *supplies, leakage


def _isolates(values: Values, _results: Mapping[str, Values]) -> str:
    if values["class"] == "II" and values["two_mopp"]:
        return ""
    return (
        "it is not of Class II with 2 x MOPP: connect nobody; take one that is (PS1 and PS2 of "
        "`ionto circuit --parts`)"
    )


def _isolated(values: Values, _results: Mapping[str, Values]) -> str:
    for key, words, most_ua in (
        ("ac", "a.c.", bounds.LEAKAGE_AC_UA),
        ("dc", "d.c.", bounds.LEAKAGE_DC_UA),
    ):
        found_ua = values[f"{key}_ua"]
        if found_ua > most_ua:
            return (
                f"{found_ua:g} uA {words} leak, at most {most_ua:g} are allowed: connect nobody; look for "
                "what bridges the barrier (moisture, a wire, a supply without 2 x MOPP), and measure again"
            )
    return ""


def limiter_steps() -> tuple[Step, ...]:
    """Ask for the limiter's current, which the unit itself can't try."""
    bound = bounds.limiter()
    asked = Entry("measured", "Did you measure it?", "yes", simulated=True)
    reading = Entry("limiter_ma", "It lets pass", "number", "mA", 0.0, 200.0, simulated=27.3)

    def accept(values: Values, _results: Mapping[str, Values]) -> str:
        found_ma = values["limiter_ma"]
        if bound.holds(found_ma, found_ma):
            return ""
        return (
            f"the limiter lets {found_ma:g} mA pass, {bound} is allowed: look at R44, U5 and Q5 of "
            "docs/hardware.md"
        )

    how = Step(
        "limiter_asked",
        "The limiter",
        "By hand, once the board has power and before the Pi has: both relays bridged, the stage's "
        "transistor shorted, a meter (100 mA) from terminal to terminal. No software can try it: the "
        "stage gives less.",
        (asked,),
    )
    what = Step(
        "limiter",
        "What the limiter lets pass",
        "Take the bridges out again.",
        (reading,),
        accept=accept,
        needed=lambda results: bool(results.get("limiter_asked", {}).get("measured")),
    )
    return how, what


def time_steps() -> tuple[Step, ...]:
    """Time what moves, with an oscilloscope beside the unit's converters where there is one."""
    asked = Entry("there", "Have you connected one?", "yes", simulated=True)
    scope = Step(
        "oscilloscope",
        "An oscilloscope",
        "What goes through a hand that closes the circuit lasts microseconds, which no converter of the unit "
        "sees: peak, time above 2 mA and charge take an oscilloscope across the resistor (10 MHz, single "
        "shot, rising edge). Current is voltage by resistance. Everything else is timed without one.",
        (asked,),
    )
    timing = Step(
        "timing",
        "Times, and code 0",
        "The series relay, the heartbeat and, where there is one, the hardware trip are switched five times "
        "each at the sensing current, then code 0 is looked at. The oscilloscope sees the series relay "
        "close.",
        action="timing",
    )
    numbers = (
        Entry("hand_in_peak_ma", "Highest current as the relay closes", "number", "mA", 0.0, 1000.0),
        Entry("hand_in_above_2ma_ms", "Time above 2 mA", "number", "ms", 0.0, 1000.0),
        Entry("hand_in_charge_uc", "Charge of the pulse", "number", "uC", 0.0, 1000.0),
    )
    hand_in = Step(
        "hand_in",
        "The circuit closes",
        "Read the oscilloscope: the largest of the five pulses. With nothing on it, go back and try again.",
        numbers,
        action="hand_in",
        accept=_makes,
        needed=lambda results: bool(results.get("oscilloscope", {}).get("there")),
    )
    return scope, timing, hand_in


def _makes(values: Values, _results: Mapping[str, Values]) -> str:
    for key, what in bounds.HAND_IN_ENTRIES.items():
        bound, found = bounds.hand_in(what), values[key]
        if not bound.holds(found, found):
            return (
                f"{what}: {found:g} {bound.unit} as the circuit closes, allowed is {bound}: look for a "
                "capacitor at the output, long leads, and a stage that is slow"
            )
    return ""
