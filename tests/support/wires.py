"""The wires between an emulated machine's header and a unit: its I2C bus, and its pins.

Law: the unit stays outside, in real time, and goes on whatever becomes of the machine.

    wires.py UNIT_SOCKET I2C_SOCKET GPIO_SOCKET
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from vhost_user import GpioChip, I2cAdapter, carry, serve

from sim.remote.unit_client import UnitClient

ADAPTER_TIMEOUT_S = 1.0
LINES = 58
"""Of a Pi 4's header chip (pinctrl-bcm2711)."""

if __name__ == "__main__":
    unit_socket, i2c_socket, gpio_socket = map(Path, sys.argv[1:])
    unit = UnitClient(unit_socket, ADAPTER_TIMEOUT_S)
    serve(I2cAdapter(i2c_socket, partial(carry, unit)), GpioChip(gpio_socket, unit, LINES))
    unit.close()
