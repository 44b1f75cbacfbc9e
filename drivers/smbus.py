"""The wire on a Pi: whole I2C transactions through the kernel, each bounded by its timeout.

Law: no retries and no wait beyond the one given; opening fails with the remedy in one sentence.
"""

from __future__ import annotations

import errno
from fcntl import ioctl
from typing import TYPE_CHECKING, Any, Final

from drivers.errors import BusUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

_I2C_RETRIES: Final = 0x0701
"""ioctl: how often the kernel repeats a transfer by itself (linux/i2c-dev.h)."""

_I2C_TIMEOUT: Final = 0x0702
"""ioctl: how long a transfer may take, in units of 10 ms (linux/i2c-dev.h)."""

_LONGEST_TIMEOUT_MS: Final = 1000


class SmbusTransport:
    """An I2C bus of the kernel: `bus` is its number or the path of its device.

    `timeout_ms` bounds one transaction: 10 to 1000 in steps of 10, ValueError otherwise. It is the kernel's
    setting for the whole bus. A hung bus raises TimeoutError (the kernel's ETIMEDOUT), a silent chip another
    OSError. Raises BusUnavailable when constructed without such a bus.
    """

    __slots__ = ("_bus", "_read_message", "_write_message")

    def __init__(self, bus: int | str, timeout_ms: int) -> None:
        if timeout_ms % 10 or not 10 <= timeout_ms <= _LONGEST_TIMEOUT_MS:
            raise ValueError(
                f"an I2C timeout is 10 to {_LONGEST_TIMEOUT_MS} ms in steps of 10, not {timeout_ms}"
            )
        from smbus2 import SMBus, i2c_msg

        path = f"/dev/i2c-{bus}" if isinstance(bus, int) else bus
        self._bus = SMBus()
        try:
            self._bus.open(path)
            device: Any = self._bus.fd
            ioctl(device, _I2C_RETRIES, 0)
            ioctl(device, _I2C_TIMEOUT, timeout_ms // 10)
        except OSError as error:
            self._bus.close()
            raise unavailable(path, error) from error
        self._read_message: Callable[[int, int], Any] = i2c_msg.read
        self._write_message: Callable[[int, bytes], Any] = i2c_msg.write

    def write(self, address: int, data: bytes) -> None:
        """Send `data` (may be empty, to ask whether the address acknowledges)."""
        self._bus.i2c_rdwr(self._write_message(address, data))

    def read(self, address: int, count: int) -> bytes:
        """Read `count` bytes."""
        answer = self._read_message(address, count)
        self._bus.i2c_rdwr(answer)
        return bytes(answer)

    def write_read(self, address: int, data: bytes, count: int) -> bytes:
        """Send `data`, then read `count` bytes after a repeated start."""
        answer = self._read_message(address, count)
        self._bus.i2c_rdwr(self._write_message(address, data), answer)
        return bytes(answer)

    def close(self) -> None:
        """Close the device; closing twice is harmless."""
        self._bus.close()


def unavailable(path: str, error: OSError) -> BusUnavailable:
    """Say why the bus at `path` cannot be had, with the remedy; `error` is what opening it raised."""
    if error.errno in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        cause = f"{path} does not exist: enable I2C with raspi-config and wire the unit to that bus"
    elif error.errno in (errno.EACCES, errno.EPERM):
        cause = f"{path} may not be opened: add the user to the group i2c and log in again"
    elif error.errno in (errno.ENOTTY, errno.EINVAL):
        cause = f"{path} is not an I2C bus: name one of /dev/i2c-*"
    else:
        cause = f"{path} cannot be opened ({error.strerror}): check the unit's I2C bus"
    return BusUnavailable(f"{cause}; to try without hardware add --simulate.", error.errno)
