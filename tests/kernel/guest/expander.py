"""Carries the header's pins to a unit outside, as a port expander at the end of the guest's own I2C bus.

Law: see `outside/bridge.py`, its other end. In real time: a pin is looked at once a millisecond, which is
longer than the kernel takes and shorter than anything that the unit minds.

    expander.py BUS UNIT.yaml
"""

from __future__ import annotations

import os
import sys
import time
from itertools import count
from pathlib import Path

import smbus2
from header import HeaderWires

from config.unit import load_unit

EXPANDER, WIDTH = 0x20, 4
LOOK_S, CONTACTS_S = 0.001, 0.004


class Expander:
    """The pins of one unit."""

    def __init__(self, bus: int, unit: Path) -> None:
        pins = load_unit(unit).pins
        self._bus = smbus2.SMBus(bus)
        self._outputs = (pins.heartbeat, pins.series_relay, pins.polarity_relay)
        self._levels = dict.fromkeys(self._outputs, False)
        self._grounded = 0
        self._changed = True
        self._wires = HeaderWires(
            self._outputs,
            (pins.heartbeat, pins.series_relay),
            (pins.start, pins.stop, pins.up, pins.down),
            self._on_output,
            lambda pin: False if self._grounded >> pin & 1 else None,
        )

    def serve(self) -> None:
        """For ever; says on standard output when the contacts are in their places."""
        due_s = 0.0
        for turn in count():
            if turn == 1:
                os.write(1, b"ready\n")
            now_s = time.monotonic()
            if now_s >= due_s:
                due_s = now_s + CONTACTS_S
                answer = smbus2.i2c_msg.read(EXPANDER, WIDTH)
                self._bus.i2c_rdwr(answer)
                self._grounded = int.from_bytes(bytes(answer), "little")
            self._wires.sync()
            if self._changed:
                self._changed = False
                mask = sum(1 << pin for pin in self._outputs)
                levels = sum(1 << pin for pin, high in self._levels.items() if high)
                words = mask.to_bytes(WIDTH, "little") + levels.to_bytes(WIDTH, "little")
                self._bus.i2c_rdwr(smbus2.i2c_msg.write(EXPANDER, words))
            time.sleep(LOOK_S)

    def _on_output(self, pin: int, high: bool) -> None:
        self._levels[pin], self._changed = high, True


if __name__ == "__main__":
    Expander(int(sys.argv[1]), Path(sys.argv[2])).serve()
