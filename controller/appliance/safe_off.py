"""Switching a unit off from outside: after its controller has ended, however that was.

Law: relays and heart first, by pins that need no bus, and with them what the panel shows; then the DAC. What
could not be done is said, and keeps nothing else from being done. A unit that another program drives is left
to that program.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from controller.backends.attached import attached
from controller.backends.hardware import open_bus, open_pins
from controller.backends.rigging import failed_start, take_pins, zero_dac

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gpiozero.pins import Factory

    from config.unit import Unit


class SwitchedOff(NamedTuple):
    """Why relays and heart, or the DAC, are not known to be off; None where they are."""

    pins: str | None
    dac: str | None


def switch_off(unit: Unit, attach: Path | None) -> SwitchedOff:
    """Open the relays, rest the heart, set the DAC to zero; a simulated unit's at the socket `attach`.

    Light and buzzer go out: a dead program's last word is no word.

    Takes up to 1.5 s. Raises InUse when another program drives the unit.
    """
    with ExitStack() as stack:
        zero: Callable[[], None] | None = None
        header: Factory | None = None
        no_bus: str | None = None
        try:  # the bus first, because its lock is the unit's
            if attach is None:
                zero = partial(zero_dac, open_bus(unit, stack)[0], unit)
            else:
                bench = attached(unit, attach, stack)
                zero, header = partial(zero_dac, bench.transport, unit), bench.factory
        except OSError as error:
            no_bus = failed_start(error)
        pins = _relax(unit, header, stack) if attach is None or header is not None else no_bus
        return SwitchedOff(pins=pins, dac=no_bus if zero is None else _zero(zero))


def _relax(unit: Unit, header: Factory | None, stack: ExitStack) -> str | None:
    try:
        hands = take_pins(open_pins(unit, stack) if header is None else header, unit, stack)
    except OSError as error:
        return failed_start(error)
    hands.heartbeat.rest()
    hands.relays.disconnect()
    hands.relays.set_dummy(False)
    hands.panel.set_lights(red=False, green=False, blue=False)
    hands.panel.set_buzzer(on=False)
    return None


def _zero(zero: Callable[[], None]) -> str | None:
    try:
        zero()
    except OSError as error:
        return failed_start(error)
    return None
