"""The steps of commissioning, as data: Stop first, then contacts, chips, power, lights and buzzer.

Law: nothing is energised before Stop and every contact were seen; the DAC powers up at zero before a relay
closes; each thing is confirmed by who stands there or measured by the unit, never assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from app.technician.engine import Entry, Procedure, Step, Values
from app.technician.proof_steps import isolation_steps, limiter_steps, time_steps

COLOURS: Final = ("red", "green", "blue", "dark", "mixed")
DUMMY_OHM: Final = 2000.0
"""The resistor that units are rated at; 1/4 W is a hundred times what first power needs."""
LONGEST_SERIAL: Final = 40


def procedure(
    serial: str, today: date | None = None, *, trip: bool = False, pedal: bool = False
) -> Procedure:
    """Give the steps; `serial` is offered as the unit's, where it is not empty.

    `trip` and `pedal` say that the unit has a hardware trip, and a pedal or elbow bar.
    """
    by_hand = (*isolation_steps(today or date.today()), *limiter_steps())
    unit, *contacts = _contacts(serial)
    chips, *power = _power()
    foot, latch = (_pedal() if pedal else ()), ((_TRIP,) if trip else ())
    steps = (unit, *by_hand, *contacts, *foot, chips, *latch, *power, *time_steps(), *_seen_and_heard())
    return Procedure("commission", "Commissioning", steps)


def _contacts(serial: str) -> tuple[Step, ...]:
    who = Entry("technician", "Your name", simulated="simulated technician")
    number = Entry(
        "serial", "Serial number on the type plate", default=serial or None, longest=LONGEST_SERIAL
    )
    steps = [
        Step(
            "unit",
            "The unit",
            "Disconnect everything from the output terminals. Look at the type plate.",
            (who, number),
        ),
        Step("untouched", "The panel at rest", "Touch no button.", action="untouched"),
    ]
    for button, wanted in (
        ("stop", "Press Stop for a second and let go: it comes before everything else."),
        ("start", "Press Start and let go. Nothing is energised by it now."),
        ("up", "Press Up and let go."),
        ("down", "Press Down and let go."),
    ):
        steps.append(Step(f"{button}_button", f"The {button.capitalize()} button", wanted, action=button))
    return tuple(steps)


def _pedal() -> tuple[Step, ...]:
    """Give the steps of a pedal or elbow bar, which shares the wires of Stop and Down with the panel."""
    return (
        Step(
            "pedal_out",
            "The pedal unplugged",
            "Pull its plugs, and touch no button: the jacks bridge Stop by themselves.",
            action="untouched",
        ),
        Step("pedal_in", "The pedal at rest", "Plug it in again, and touch nothing.", action="untouched"),
        Step(
            "pedal_stop",
            "The pedal's Stop",
            "Press Stop of the pedal or elbow bar for a second and let go; leave the panel alone.",
            action="stop",
        ),
        Step("pedal_down", "The pedal's Down", "Press its Down and let go.", action="down"),
    )


_TRIP: Final = Step(
    "trip",
    "The hardware trip at power-up",
    "Take the plug of the output's supply (PS1) out, count to five, put it in again and start nothing: "
    "before anything has armed it, the trip has to be tripped.",
    (Entry("powered", "Did you take it out and put it in again?", "yes", simulated=True),),
    action="powered_up",
    accept=lambda values, _results: (
        "" if values["powered"] else "what it does at power-up is not seen without it: take it out once"
    ),
)


def _power() -> tuple[Step, ...]:
    ohm = Entry(
        "resistor_ohm",
        "Its resistance",
        "number",
        "ohm",
        1000.0,
        5000.0,
        default=DUMMY_OHM,
        simulated=DUMMY_OHM,
    )
    return (
        Step("chips", "The chips", "The bus is asked for them; the output stays open.", action="chips"),
        Step(
            "eeprom",
            "Power-up at zero",
            "Zero is written into the DAC's EEPROM and read back; the output stays open.",
            action="eeprom",
        ),
        Step(
            "resistor",
            "The dummy load",
            "Connect a resistor of 1 to 5 kohm to the output terminals, and nobody.",
            (ohm,),
        ),
        Step(
            "first_power",
            "First power",
            "Current of at most half a milliampere flows: each relay alone, both, reversed; then Stop.",
            action="first_power",
        ),
    )


def _seen_and_heard() -> tuple[Step, ...]:
    lights = [
        Step(
            f"{colour}_light",
            f"The {colour} light",
            "Look at the light of the panel.",
            (Entry("colour", "Its colour", "choice", choices=COLOURS, simulated=colour),),
            action=f"light {colour}",
            accept=_shows(colour),
        )
        for colour in ("red", "green", "blue")
    ]
    heard = Entry("heard", "Do you hear the buzzer?", "yes", simulated=True)
    buzzer = Step("buzzer", "The buzzer", "Listen.", (heard,), action="buzzer", accept=_heard)
    return (*lights, buzzer)


def _shows(colour: str) -> Callable[[Values, Mapping[str, Values]], str]:
    def accept(values: Values, _results: Mapping[str, Values]) -> str:
        if values["colour"] == colour:
            return ""
        return f"the light is {values['colour']} where {colour} is driven: look at its wires"

    return accept


def _heard(values: Values, _results: Mapping[str, Values]) -> str:
    return "" if values["heard"] else "the buzzer is not heard: look at its wires"
