"""What a unit may have and lack: one table, told at each start of a unit that lacks something of it.

Law: one line, however much is lacking, and none where nothing is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from app.locale.terminal import t
from config.unit import Unit


class Option(NamedTuple):
    """A part of a unit: its key in the file, what the line calls it, what it buys and what is without it."""

    key: str
    name: str
    there: Callable[[Unit], bool]
    buys: str
    without: str


OPTIONS: Final = (
    Option(
        "guard_adc",
        "guard converter",
        lambda unit: unit.guard_adc is not None,
        "a second shunt and converter, read in every tick and shared with nobody: too much current is seen "
        "although the first lies, and each finds the other out",
        "one converter measures, regulates and judges; what it doesn't see nobody sees",
    ),
    Option(
        "stage.headroom_v",
        "headroom",
        lambda unit: unit.stage.headroom_v is not None,
        "fold-back, open circuit and saturation are judged by what the stage reaches at its current",
        "`compliance_v` is taken for reached at any current: a stage that saturates before is found later, "
        "and the current falls short of what is set",
    ),
    Option(
        "output",
        "parts of the output",
        lambda unit: unit.output is not None,
        "what code 0 asks for counts: an output that is hard off there treats without a calibration record; "
        "the simulator has the charge at the terminals, which goes through a hand that comes in",
        "code 0 is taken for 0 mA; simulated, a hand that comes in gets no charge, which real ones do",
    ),
    Option(
        "one_shot",
        "one-shot",
        lambda unit: unit.one_shot is not None,
        "the output is gone 45 to 60 ms after the last heartbeat, over parts and temperature; no level, "
        "stuck pin or oscillation holds it",
        "the charge pump's time depends on its parts (31 to 202 ms in ngspice, 3.3 V, two diodes and two "
        "capacitors), and a fast oscillation of its pin holds it closed",
    ),
    Option(
        "trip",
        "hardware trip",
        lambda unit: unit.trip is not None,
        "too much current opens a switch in series without bus or Pi, about 2 to 4 ms after it began; and "
        "with that switch open Stop's test sees its second contact act, while nothing can flow",
        "too much current waits for the next tick and a relay: about 9 to 12 ms; Stop's test sees only "
        "that the program reads the press (known problem KP-5)",
    ),
    Option(
        "dummy",
        "dummy load",
        lambda unit: unit.dummy is not None,
        "before each person the stage is tried on it with both output relays open: zero, full current into "
        "the limiter, the hardware trip, and what it does after an open circuit",
        "a stage that is latched, a limiter that is gone and a stage that winds up are found when they act, "
        "through a person",
    ),
    Option(
        "battery_clock",
        "battery clock",
        lambda unit: unit.battery_clock is not None,
        "the computer's clock is held to a chip with a crystal of its own: where they run apart by 5 %, the "
        "treatment ends within 45 s",
        "how long a treatment lasts goes by the computer's clock alone; only before a treatment is that held "
        "to the time of the one-shot or charge pump (known problem KP-1)",
    ),
)
"""In the order of the unit's file."""


def lacking(unit: Unit) -> tuple[Option, ...]:
    """Return what a unit may have and `unit` has not."""
    return tuple(option for option in OPTIONS if not option.there(unit))


def told(unit: Unit) -> str:
    """Say in one line what a unit lacks, or "" for one that lacks nothing."""
    names = ", ".join(t(option.name) for option in lacking(unit))
    if not names:
        return ""
    return t(
        "This unit's file lacks: {names}. docs/unit.md, What a unit may lack, tells what each is good for.",
        names=names,
    )
