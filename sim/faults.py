"""Every fault that the simulator can inject, and the few things a person can be told to do.

Law of this module: one table is the only list, and it is data: a row says what the fault does, in which
units, within which range and from when it matters. How it acts on a world is its effect (`sim.effects`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Value: TypeAlias = float | bool | str


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter. `default` None means that it must be given; `choices` are the words allowed."""

    name: str
    unit: str
    default: Value | None
    low: float = 0.0
    high: float = 0.0
    choices: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        """What may be given, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if isinstance(self.default, bool):
            return "true or false"
        return f"a number from {self.low:g} to {self.high:g} {self.unit}".rstrip()

    def check(self, value: object) -> Value:
        """`value` as this parameter takes it; ValueError says what is wrong and what is allowed."""
        if self.choices:
            if isinstance(value, str) and value in self.choices:
                return value
        elif isinstance(self.default, bool):
            if isinstance(value, bool):
                return value
        elif isinstance(value, int | float) and not isinstance(value, bool):
            number = float(value)
            if math.isfinite(number) and self.low <= number <= self.high:
                return number
        raise ValueError(f"{self.name}: {value!r} is not {self.allowed}")


@dataclass(frozen=True, slots=True)
class Fault:
    """One row: `does` is the physical effect, `onset` when it can first explain a trip.

    `onset` is "event" (the moment it is injected), "want" (the same, or when the stage is next asked for
    current), "drive" (as "want", with the output closed), "move" (as "want", after the part should have
    moved), "contact" (when the contact breaks under drive) or "never" (a person's ordinary action).
    """

    name: str
    does: str
    params: tuple[Param, ...]
    onset: Literal["event", "want", "drive", "move", "contact", "never"] = "event"


FOR_GOOD: Final = Param("for_s", "s", 0.0, 0.0, 7200.0)
"""How long it lasts; 0 is for good."""


def _which(*choices: str, default: str | None = None) -> Param:
    return Param("which", "", default or choices[-1], choices=choices)


ADC_WHICH: Final = _which("control", "guard", "both")


_TABLE: Final = (
    Fault("hand_out", "the right hand leaves the water at once", (), "contact"),
    Fault("hand_in", "both hands are whole in the water again", (), "never"),
    Fault(
        "hand_slides_out",
        "the right hand is pulled out: its area shrinks, then the contact breaks",
        (Param("over_s", "s", None, 0.02, 60.0),),
        "contact",
    ),
    Fault(
        "one_tray_only",
        "both hands are in one tray, the other tray stays empty",
        (),
        "contact",
    ),
    Fault(
        "hand_flutters",
        "the right hand leaves the water and comes back, again and again; at the end it is in",
        (Param("hz", "Hz", 5.0, 0.5, 20.0), Param("for_s", "s", 2.0, 0.05, 600.0)),
        "contact",
    ),
    Fault(
        "current_spike",
        "the stage forces a current, past its limiter, while its code is above 0 (latched: at any code)",
        (
            Param("to_ma", "mA", 30.0, 0.0, 60.0),
            Param("for_s", "s", 1.0, 0.0, 7200.0),
            Param("latched", "", default=False),
        ),
        "drive",
    ),
    Fault(
        "over_current",
        "the stage drives so much more than its code asks for, while its code is above 0",
        (Param("by_ma", "mA", 5.0, 0.0, 25.0), FOR_GOOD),
        "drive",
    ),
    Fault(
        "stage_drift",
        "the stage's gain drifts away by so many percent over over_s",
        (
            Param("percent", "%", -30.0, -90.0, 100.0),
            Param("over_s", "s", 5.0, 0.01, 3600.0),
            FOR_GOOD,
        ),
        "drive",
    ),
    Fault(
        "stage_winds_up",
        "the stage's loop asks for more and more while no circuit is closed, and comes back slowly",
        (
            Param("tau_ms", "ms", 0.11, 0.001, 10.0),
            Param("top_ma", "mA", 57.5, 1.0, 1000.0),
            FOR_GOOD,
        ),
        "drive",
    ),
    Fault(
        "stage_oscillates",
        "the stage swings between nothing and a current past its limiter, while its code is above 0",
        (
            Param("hz", "Hz", 9_000.0, 1_000.0, 50_000.0),
            Param("top_ma", "mA", 40.0, 1.0, 60.0),
            FOR_GOOD,
        ),
        "drive",
    ),
    Fault(
        "short_circuit",
        "the electrodes touch: a small resistance replaces the person",
        (Param("ohm", "ohm", 20.0, 1.0, 500.0), FOR_GOOD),
        "drive",
    ),
    Fault("adc_silent", "the converter does not acknowledge", (ADC_WHICH, FOR_GOOD)),
    Fault("adc_frozen", "conversions end but the result never changes", (ADC_WHICH, FOR_GOOD)),
    Fault(
        "adc_stale",
        "the converter's conversions never end: not ready, and no new result",
        (ADC_WHICH, FOR_GOOD),
    ),
    Fault(
        "adc_drift",
        "the converter's gain drifts away by so many percent over over_s",
        (
            _which("control", "guard", "both", default="control"),
            Param("percent", "%", 20.0, -90.0, 100.0),
            Param("over_s", "s", 5.0, 0.01, 3600.0),
            FOR_GOOD,
        ),
    ),
    Fault(
        "adc_disagree",
        "the converter reads by_mv more than there is at every input",
        (
            _which("control", "guard", "both", default="guard"),
            Param("by_mv", "mV", -100.0, -1000.0, 1000.0),
            FOR_GOOD,
        ),
    ),
    Fault("adc_saturated", "every result is positive full scale", (ADC_WHICH, FOR_GOOD)),
    Fault("adc_reset", "a brown-out: the converter's registers are at their defaults", (ADC_WHICH,)),
    Fault("corrupt_sample", "one result is read with flipped bits, once", (ADC_WHICH,)),
    Fault("dac_silent", "the converter does not acknowledge and holds its output", (FOR_GOOD,)),
    Fault("dac_stuck", "the output keeps its value while the registers follow", (FOR_GOOD,)),
    Fault(
        "dac_reset",
        "a brown-out: the converter loads its EEPROM, which holds to_code",
        (Param("to_code", "", 0.0, 0.0, 4095.0),),
    ),
    Fault(
        "dac_busy",
        "an EEPROM write that nobody asked for: the converter ignores writes for so long",
        (Param("for_s", "s", 0.05, 0.001, 60.0),),
    ),
    Fault(
        "dac_flipped",
        "the next write to the converter arrives with one bit flipped: 0 to 11 code, 12 and 13 power-down, "
        "14 and 15 command",
        (Param("bit", "", 11.0, 0.0, 15.0),),
    ),
    Fault(
        "trip_shorted",
        "the switch of the hardware trip conducts for good",
        (FOR_GOOD,),
    ),
    Fault(
        "trip_stuck",
        "the latch of the hardware trip stays as it is",
        (FOR_GOOD,),
    ),
    Fault(
        "trip_wire_broken",
        "the wire from the guard converter's ALERT to the hardware trip's latch is broken: it reads high",
        (FOR_GOOD,),
    ),
    Fault(
        "trip_threshold_flipped",
        "one bit of the guard converter's high threshold flips by itself",
        (Param("bit", "", 14.0, 0.0, 15.0),),
    ),
    Fault("trip_threshold_lost", "the guard converter's high threshold is at its default, the highest", ()),
    Fault("dummy_open", "the dummy load's resistor is open", (FOR_GOOD,)),
    Fault("dummy_shorted", "the dummy load's resistor is shorted", (FOR_GOOD,)),
    Fault(
        "dummy_off",
        "the dummy load's resistor is off by so many percent",
        (Param("percent", "%", 50.0, -90.0, 900.0), FOR_GOOD),
    ),
    Fault("dummy_hangs", "the relay that puts the dummy load on is closed for good", (FOR_GOOD,)),
    Fault("dummy_dead", "the relay that puts the dummy load on has a dead coil: it stays open", (FOR_GOOD,)),
    Fault(
        "limiter_off",
        "the stage's limiter holds another current; 60 mA is none at all",
        (Param("to_ma", "mA", 60.0, 0.0, 60.0), FOR_GOOD),
    ),
    Fault("bus_hung", "the bus is held low: every transfer ends in the host's timeout", (FOR_GOOD,)),
    Fault(
        "leakage",
        "part of the current comes back another way than the return path",
        (Param("ma", "mA", 2.0, 0.0, 25.0), FOR_GOOD),
        "drive",
    ),
    Fault(
        "supply_sag",
        "the high-voltage rail falls, and the compliance with it",
        (Param("to_v", "V", 40.0, 0.0, 64.0), FOR_GOOD),
    ),
    Fault(
        "brown_out",
        "the rail falls and the converters reset: ADC registers at their defaults, the DAC at its EEPROM",
        (Param("to_v", "V", 20.0, 0.0, 64.0), Param("for_s", "s", 0.05, 0.001, 7200.0)),
    ),
    Fault(
        "relay_welded",
        "the contact is closed for good",
        (_which("series", "enable"), FOR_GOOD),
    ),
    Fault(
        "relay_open",
        "the coil is dead: the contact falls open",
        (_which("enable", "series"), FOR_GOOD),
        "want",
    ),
    Fault(
        "relay_slow",
        "the contact takes ten times as long to close and to open",
        (_which("series", "enable", "polarity", default="series"), FOR_GOOD),
        "move",
    ),
    Fault(
        "relay_bouncing",
        "the contact bounces for so long whenever it closes",
        (
            _which("series", "enable", "polarity", default="series"),
            Param("bounce_s", "s", 0.02, 0.002, 1.0),
            FOR_GOOD,
        ),
        "move",
    ),
    Fault(
        "polarity_stuck",
        "the change-over contacts stay where they are",
        (FOR_GOOD,),
        "move",
    ),
    Fault(
        "polarity_moves",
        "the change-over contacts go to the other side by themselves, under load if there is any",
        (FOR_GOOD,),
        "drive",
    ),
    Fault(
        "load_drying",
        "a series resistance grows to to_ohm over over_s",
        (Param("to_ohm", "ohm", 3000.0, 0.0, 100_000.0), Param("over_s", "s", 60.0, 0.1, 7200.0)),
    ),
    Fault("start_stuck", "the Start button's contact stays closed", (FOR_GOOD,)),
    Fault("stop_dead", "Stop's wire to the computer is shorted: no press is read", (FOR_GOOD,)),
    Fault(
        "stop_delay",
        "Stop's second contact takes the output away so long after the press; 0 is never",
        (Param("to_s", "s", 0.0, 0.0, 60.0), FOR_GOOD),
    ),
    Fault(
        "press",
        "a person presses a button",
        (
            Param("button", "", None, choices=("start", "stop", "up", "down")),
            Param("for_s", "s", 0.3, 0.01, 600.0),
        ),
        "never",
    ),
    Fault(
        "clock_rate",
        "the computer's clock runs at so many times its rate: below 1 it is slow",
        (Param("factor", "", 0.25, 0.1, 10.0), FOR_GOOD),
    ),
    Fault(
        "battery_clock_set",
        "the battery clock is set while a session runs: it jumps by so much, once",
        (Param("by_s", "s", 3600.0, -1e6, 1e6),),
        "never",
    ),
    Fault("battery_clock_stopped", "the battery clock's crystal stands still", (FOR_GOOD,)),
    Fault("battery_clock_silent", "the battery clock can't be read", (FOR_GOOD,)),
    Fault(
        "stall",
        "the loop's next sleep lasts this much longer",
        (Param("for_s", "s", 0.1, 0.0, 10.0),),
    ),
)

FAULTS: Final[dict[str, Fault]] = {fault.name: fault for fault in _TABLE}
"""Every fault by name, in the order in which they are shown."""


def check_params(name: str, given: Mapping[str, object]) -> dict[str, Value]:
    """All parameters of fault `name` with defaults filled in; ValueError names what is allowed."""
    if name not in FAULTS:
        raise ValueError(f"fault {name!r} is unknown; allowed are {', '.join(FAULTS)}")
    params = {param.name: param for param in FAULTS[name].params}
    for key in given:
        if key not in params:
            allowed = ", ".join(params) or "none"
            raise ValueError(f"{key}: fault {name} has no such parameter; allowed are: {allowed}")
    checked: dict[str, Value] = {}
    for key, param in params.items():
        if key in given:
            checked[key] = param.check(given[key])
        elif param.default is None:
            raise ValueError(f"{key}: fault {name} needs it: {param.allowed}")
        else:
            checked[key] = param.default
    return checked
