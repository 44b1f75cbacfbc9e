"""An I2C bus that always comes back: every wait of the chip libraries ends at a deadline.

Law: no transfer without a lock, none past the deadline, none before time was allowed (unset means zero).
The chip libraries poll without end, but each of their polls goes through this object, so it bounds them all.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from drivers.errors import BusTimeout, ChipMissing, ChipSilent, DriverError, ShortRead

if TYPE_CHECKING:
    from collections.abc import Callable

ReadableBuffer: TypeAlias = bytes | bytearray | memoryview
WriteableBuffer: TypeAlias = bytearray | memoryview

LONGEST_ALLOWANCE_S: Final = 5.0
"""No wait of ours is longer than this; a larger allowance is a mistake, not a wish."""


class Transport(Protocol):
    """Whole I2C transactions by 7-bit address; may raise `OSError` or `TimeoutError` (bus hung)."""

    def write(self, address: int, data: bytes) -> None:
        """Send start, address, `data`, stop; empty `data` asks only whether the address acknowledges."""

    def read(self, address: int, count: int) -> bytes:
        """Send start, address, then read `count` bytes, stop."""

    def write_read(self, address: int, data: bytes, count: int) -> bytes:
        """Send start, address, `data`, repeated start, address, then read `count` bytes, stop."""


class BoundedBus:
    """What the chip libraries take for an I2C bus; for one thread.

    `now_s` is a monotonic clock in seconds. `transfers` counts transactions begun, `wire_bytes` the bytes
    they put on the wire, address bytes included.
    """

    __slots__ = (
        "_deadline_s",
        "_locked",
        "_names",
        "_now_s",
        "_read",
        "_write",
        "_write_read",
        "transfers",
        "wire_bytes",
    )

    def __init__(self, transport: Transport, now_s: Callable[[], float]) -> None:
        self._write = transport.write
        self._read = transport.read
        self._write_read = transport.write_read
        self._now_s = now_s
        self._deadline_s = -math.inf
        self._locked = False
        self._names: dict[int, str] = {}
        self.transfers = 0
        self.wire_bytes = 0

    def allow(self, duration_s: float) -> None:
        """Let transfers begin until `duration_s` from now (0 to 5 s); ValueError otherwise."""
        if not 0.0 <= duration_s <= LONGEST_ALLOWANCE_S:
            raise ValueError(f"bus time of {duration_s} s is not within 0 to {LONGEST_ALLOWANCE_S:g} s")
        self._deadline_s = self._now_s() + duration_s

    def introduce(self, address: int, name: str) -> None:
        """Remember what sits at `address`, so that errors can name it."""
        self._names[address] = name

    def name_of(self, address: int) -> str:
        """Words for a chip: its name if introduced, and its address."""
        return f"{self._names.get(address, 'I2C chip')} at 0x{address:02x}"

    def try_lock(self) -> bool:
        """Take the bus. BusTimeout past the deadline; RuntimeError if taken already.

        A single thread would wait for itself for ever, so a second taking is refused rather than denied.
        """
        if self._now_s() >= self._deadline_s:
            raise self._out_of_time()
        if self._locked:
            raise RuntimeError("the I2C bus is locked already")
        self._locked = True
        return True

    def unlock(self) -> None:
        """Give the bus back; RuntimeError if nobody has it."""
        if not self._locked:
            raise RuntimeError("the I2C bus is not locked")
        self._locked = False

    def __enter__(self) -> None:
        self.try_lock()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.unlock()

    def writeto(
        self, address: int, buffer: ReadableBuffer, *, start: int = 0, end: int | None = None
    ) -> None:
        """Write `buffer[start:end]`. Raises BusTimeout or ChipSilent."""
        data = bytes(buffer)[start:end]
        self._begin(1 + len(data))
        try:
            self._write(address, data)
        except OSError as error:
            raise self._failure(error, address) from error

    def readfrom_into(
        self, address: int, buffer: WriteableBuffer, *, start: int = 0, end: int | None = None
    ) -> None:
        """Fill `buffer[start:end]`. Raises BusTimeout, ChipSilent or ShortRead."""
        if end is None:
            end = len(buffer)
        count = end - start
        self._begin(1 + count)
        try:
            data = self._read(address, count)
        except OSError as error:
            raise self._failure(error, address) from error
        if len(data) != count:
            raise self._short(address, count, len(data))
        buffer[start:end] = data

    def writeto_then_readfrom(
        self,
        address: int,
        out_buffer: ReadableBuffer,
        in_buffer: WriteableBuffer,
        *,
        out_start: int = 0,
        out_end: int | None = None,
        in_start: int = 0,
        in_end: int | None = None,
    ) -> None:
        """Write one slice, then fill the other after a repeated start.

        Raises BusTimeout, ChipSilent or ShortRead.
        """
        if in_end is None:
            in_end = len(in_buffer)
        data_out = bytes(out_buffer)[out_start:out_end]
        count = in_end - in_start
        self._begin(2 + len(data_out) + count)
        try:
            data = self._write_read(address, data_out, count)
        except OSError as error:
            raise self._failure(error, address) from error
        if len(data) != count:
            raise self._short(address, count, len(data))
        in_buffer[in_start:in_end] = data

    def missing(self, address: int, error: ValueError) -> DriverError:
        """Tell what the libraries' probe meant by its ValueError: a hung bus, or no chip at `address`.

        The probe turns every OSError into the same ValueError; the cause is still in its context.
        """
        if isinstance(error.__context__, BusTimeout):
            return error.__context__
        return ChipMissing(f"{self.name_of(address)} is missing: nothing answers there.")

    def _begin(self, wire_bytes: int) -> None:
        if not self._locked:
            raise RuntimeError("the I2C bus is used without its lock")
        if self._now_s() >= self._deadline_s:  # again, for one who keeps the lock over several transfers
            raise self._out_of_time()
        self.transfers += 1
        self.wire_bytes += wire_bytes

    def _out_of_time(self) -> BusTimeout:
        if self._deadline_s == -math.inf:
            return BusTimeout("The I2C bus was used before any time was allowed for it.")
        return BusTimeout("The time allowed for the I2C bus is used up.")

    def _failure(self, error: OSError, address: int) -> DriverError:
        if isinstance(error, TimeoutError):
            return BusTimeout(f"The I2C bus hung on {self.name_of(address)}.", error.errno)
        return ChipSilent(f"{self.name_of(address)} does not answer.", error.errno)

    def _short(self, address: int, wanted: int, got: int) -> ShortRead:
        return ShortRead(f"{self.name_of(address)} sent {got} of {wanted} bytes.")
