"""Drives the unit that `ionto unit` is from inside the lane's kernel, by its I2C adapter and its header.

Law: the unit stays outside, in real time, and goes on whatever becomes of the guest. Chips are reached
through the kernel's I2C core. Pins come and go by a port expander of ours at the end of the same bus, which
`guest/expander.py` works: two words written say which pins are outputs and which of them are high, the word
read says which contacts are grounded.

    bridge.py UNIT_SOCKET VHOST_SOCKET
"""

from __future__ import annotations

import errno
import select
import sys
from pathlib import Path

from vhost_i2c import VhostI2c

from sim.remote.unit_client import UnitClient

EXPANDER, WIDTH = 0x20, 4
PINS = range(28)
ADAPTER_TIMEOUT_S = 1.0
IDLE_S = 0.1


class Bridge:
    """A guest's wires to a unit."""

    def __init__(self, unit: Path, guest: Path) -> None:
        self._unit = UnitClient(unit, ADAPTER_TIMEOUT_S)
        self._driven: dict[int, bool] = {}
        self._guest = VhostI2c(guest, self._carry_over)

    def serve(self) -> None:
        """Until the guest is gone."""
        while not self._guest.gone:
            self._guest.turn(select.select(self._guest.sockets, [], [], IDLE_S)[0])
        self._unit.close()

    def _carry_over(self, address: int, messages: list[tuple[int, bytes]]) -> list[bytes]:
        if address == EXPANDER:
            return [self._expander(count, data) for count, data in messages]
        match messages:
            case [(0, data)]:
                self._unit.write(address, data)
                return []
            case [(count, b"")]:
                return [self._unit.read(address, count)]
            case [(0, data), (count, b"")]:
                return [self._unit.write_read(address, data, count)]
        raise OSError(errno.EOPNOTSUPP, "no such transaction")

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
    Bridge(Path(sys.argv[1]), Path(sys.argv[2])).serve()
