"""An I2C bus that takes the wire's time.

Law of this module: a transfer costs 9 bit times per byte on the wire plus its conditions (NXP UM10204,
section 3.1), an address that nobody answers is an error, a hung bus ends in the host's timeout.
"""

from __future__ import annotations

import errno
from typing import Final, Protocol

from sim.clock import VirtualClock

GENERAL_CALL_ADDRESS: Final = 0x00


class Chip(Protocol):
    """What the bus asks of a chip. `silent` chips do not acknowledge their address."""

    __slots__ = ()

    silent: bool

    def on_write(self, data: bytes) -> bool:
        """Take the bytes after the address; False when one of them is not acknowledged."""

    def on_read(self, count: int) -> bytes:
        """Give `count` bytes, all as they are at the start of the read."""

    def on_general_call(self, command: int) -> None:
        """Hear the byte after the general call address."""


class SimBus:
    """Chips by address on one bus.

    `frequency_hz` is the bit clock (100 000 or 400 000) and `bit_s` its period, `timeout_s` what a transfer
    on a hung bus costs, `overhead_s` the host's own cost per transfer. Raises OSError(EREMOTEIO) where nobody
    acknowledges and TimeoutError while `hung`, like the Linux I2C interface.
    """

    __slots__ = ("_chips", "_clock", "bit_s", "hung", "overhead_s", "timeout_s")

    def __init__(
        self,
        clock: VirtualClock,
        frequency_hz: int = 400_000,
        timeout_s: float = 0.010,
        overhead_s: float = 0.0,
    ) -> None:
        if frequency_hz not in (100_000, 400_000):
            raise ValueError(f"bus frequency {frequency_hz} Hz is not 100000 or 400000")
        self._clock = clock
        self.bit_s = 1.0 / frequency_hz
        self._chips: dict[int, Chip] = {}
        self.timeout_s = timeout_s
        self.overhead_s = overhead_s
        self.hung = False

    def attach(self, address: int, chip: Chip) -> None:
        """Put `chip` at the 7-bit `address`; ValueError when it is taken or reserved."""
        if not 0x08 <= address <= 0x77:
            raise ValueError(f"address {address:#04x} is reserved on I2C; use 0x08 to 0x77")
        if address in self._chips:
            raise ValueError(f"address {address:#04x} is taken by another chip")
        self._chips[address] = chip

    def write(self, address: int, data: bytes) -> None:
        """Write `data` to the chip at `address`; no data is an address probe."""
        if address == GENERAL_CALL_ADDRESS:
            self._general_call(data)
            return
        chip = self._chips.get(address)
        if chip is None or chip.silent or self.hung:
            raise self._unanswered(address)
        self._clock.advance_by(self.overhead_s + (9 * len(data) + 11) * self.bit_s)
        if self.hung:
            self._hang()
        if chip.silent or (data and not chip.on_write(data)):
            raise _no_acknowledge(address)

    def read(self, address: int, count: int) -> bytes:
        """Read `count` bytes from the chip at `address`."""
        chip = self._chips.get(address)
        if chip is None or chip.silent or self.hung:
            raise self._unanswered(address)
        clock = self._clock
        clock.advance_by(self.overhead_s + 10 * self.bit_s)
        if self.hung:
            self._hang()
        if chip.silent:
            raise _no_acknowledge(address)
        data = chip.on_read(count)
        clock.advance_by((9 * count + 1) * self.bit_s)
        if self.hung:
            self._hang()
        return data

    def write_read(self, address: int, data: bytes, count: int) -> bytes:
        """Write `data`, then read `count` bytes after a repeated start; each acts at its own moment."""
        chip = self._chips.get(address)
        if chip is None or chip.silent or self.hung:
            raise self._unanswered(address)
        clock, bit_s = self._clock, self.bit_s
        clock.advance_by(self.overhead_s + (9 * len(data) + 10) * bit_s)
        if self.hung:
            self._hang()
        if chip.silent or not chip.on_write(data):
            raise _no_acknowledge(address)
        clock.advance_by(10 * bit_s)
        if self.hung:
            self._hang()
        if chip.silent:
            raise _no_acknowledge(address)
        answer = chip.on_read(count)
        clock.advance_by((9 * count + 1) * bit_s)
        if self.hung:
            self._hang()
        return answer

    def _unanswered(self, address: int) -> OSError:
        """Take the time of finding out that nobody acknowledges; TimeoutError while the bus hangs."""
        if self.hung:
            self._hang()
        self._pass(self.overhead_s + 11 * self.bit_s)
        return _no_acknowledge(address)

    def _pass(self, duration_s: float) -> None:
        """Let the wire take `duration_s`, in which the bus may come to hang."""
        self._clock.advance_by(duration_s)
        if self.hung:
            self._hang()

    def _hang(self) -> None:
        self._clock.advance_by(self.timeout_s)
        raise TimeoutError(errno.ETIMEDOUT, "the bus is held and the transfer timed out")

    def _general_call(self, data: bytes) -> None:
        if self.hung:
            self._hang()
        self._pass(self.overhead_s + (9 * len(data) + 11) * self.bit_s)
        heard = [chip for chip in self._chips.values() if not chip.silent]
        if not heard:
            raise _no_acknowledge(GENERAL_CALL_ADDRESS)
        for chip in heard:
            if data:
                chip.on_general_call(data[0])


def _no_acknowledge(address: int) -> OSError:
    return OSError(errno.EREMOTEIO, f"no acknowledge from address {address:#04x}")
