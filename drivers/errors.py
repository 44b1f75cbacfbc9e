"""What a chip or a bus can do wrong: one base, one plain sentence each.

Law: every failure of the hardware is a `DriverError`, which is an `OSError`; a mistake of the program
(code out of range, bus used without its lock) is a `ValueError` or `RuntimeError` and never a `DriverError`.
"""

from __future__ import annotations


class DriverError(OSError):
    """The hardware did not do as asked; `str()` is one sentence, `errno` the kernel's number or None."""

    def __init__(self, sentence: str, errno: int | None = None) -> None:
        super().__init__(sentence)
        self.errno = errno


class BusTimeout(DriverError, TimeoutError):
    """The time allowed for the bus is used up, or the bus itself hung."""


class ChipSilent(DriverError):
    """A chip that answered before does not acknowledge now, or the host could not make the transfer."""


class ShortRead(DriverError):
    """Fewer or more bytes arrived than were asked for."""


class ChipMissing(DriverError):
    """No chip answers at the address given for it."""


class ChipReset(DriverError):
    """A register reads back other than written, as after a brown-out."""


class ChipBusy(DriverError):
    """An EEPROM write did not end within the time its data sheet gives."""


class StaleConversion(DriverError):
    """The conversion asked for is not finished, so there is no new reading."""


class BusUnavailable(DriverError):
    """The machine offers no such I2C bus; the sentence names the remedy."""


class PinsUnavailable(DriverError):
    """The machine offers no such GPIO pins; the sentence names the remedy."""
