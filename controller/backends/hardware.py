"""The wires end in this machine's I2C bus and header.

Law: looked at first and driven afterwards; hardware that is not there is said.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from controller.backends.bench import Bench
from controller.core.limits import CLOCK_LOOK_S
from controller.core.types import ClockLook
from controller.host.battery_clock import BatteryClock, ChipFile
from controller.host.ownership import own
from controller.loop.clock import RealClock

if TYPE_CHECKING:
    from gpiozero.pins import Factory

    from config.unit import Unit
    from drivers.bus import Transport


def open_bus(unit: Unit, stack: ExitStack) -> tuple[Transport, int]:
    """Own and open the I2C bus of this machine; also give the lock's descriptor. Raises OSError or InUse."""
    from drivers.smbus import SmbusTransport, unavailable

    device = f"/dev/i2c-{unit.i2c.bus}"
    # The lock first: the bus's timeout is the kernel's for everybody, and must not change under its owner.
    try:
        lock = own(Path(device), f"the unit at {device}", make=False)
    except OSError as error:
        raise unavailable(device, error) from error
    stack.callback(os.close, lock)
    return stack.enter_context(closing(SmbusTransport(unit.i2c.bus, unit.i2c.timeout_ms))), lock


def open_pins(unit: Unit, stack: ExitStack) -> Factory:
    """Open the Pi's header, once its pins are seen to be free; none is driven by that. Raises OSError."""
    from drivers.header import find_header, require_free
    from drivers.pins import lgpio_factory

    chip = find_header()
    require_free(chip, {role: pin for role, pin in unit.pins if pin is not None})
    return stack.enter_context(closing(lgpio_factory(chip)))


def hardware(unit: Unit, stack: ExitStack) -> Bench:
    """Take the I2C bus and the pins of this machine, each looked at first. Raises OSError or InUse."""
    transport, lock = open_bus(unit, stack)
    name = f"/dev/i2c-{unit.i2c.bus} {unit.serial}".rstrip()
    bench = Bench(name, transport, open_pins(unit, stack), RealClock(), locks=(lock,), real_time=True)
    if unit.battery_clock is None:
        return bench
    chip = stack.enter_context(closing(ChipFile(unit.battery_clock)))
    return bench._replace(
        battery_clock=stack.enter_context(closing(BatteryClock(chip.read, ClockLook, CLOCK_LOOK_S)))
    )
