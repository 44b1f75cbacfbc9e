"""Drives the unit that `ionto unit` is from inside the lane's kernel, by its I2C adapter and its header.

Law: the unit stays outside, in real time, and goes on whatever becomes of the guest. Chips are reached
through the kernel's I2C core. Pins come and go by a port expander of ours at the end of the same bus, which
`guest/expander.py` works: two words written say which pins are outputs and which of them are high, the word
read says which contacts are grounded.

    bridge.py UNIT_SOCKET VHOST_SOCKET
"""

from __future__ import annotations

import sys
from pathlib import Path

from vhost_user import I2cAdapter, carry, serve

from sim.remote.unit_client import UnitClient

EXPANDER, WIDTH = 0x20, 4
PINS = range(28)
ADAPTER_TIMEOUT_S = 1.0


class Wires:
    """The chips of a unit, and the expander with its pins, on one bus."""

    def __init__(self, unit: UnitClient) -> None:
        self._unit = unit
        self._driven: dict[int, bool] = {}

    def transfer(self, address: int, messages: list[tuple[int, bytes]]) -> list[bytes]:
        """Carry out one transfer of the guest's. Raises OSError."""
        if address == EXPANDER:
            return [self._expander(count, data) for count, data in messages]
        return carry(self._unit, address, messages)

    def _expander(self, count: int, data: bytes) -> bytes:
        if not count:
            mask, levels = (int.from_bytes(data[i : i + WIDTH], "little") for i in (0, WIDTH))
            for pin in PINS:
                high = bool(levels >> pin & 1)
                if mask >> pin & 1 and self._driven.get(pin) != high:
                    self._driven[pin] = high
                    self._unit.pin_driven(pin, high)
            return b""
        grounded = sum(1 << pin for pin in PINS if self._unit.pin_level(pin) is False)
        return grounded.to_bytes(count, "little")


if __name__ == "__main__":
    unit = UnitClient(Path(sys.argv[1]), ADAPTER_TIMEOUT_S)
    serve(I2cAdapter(Path(sys.argv[2]), Wires(unit).transfer))
    unit.close()
