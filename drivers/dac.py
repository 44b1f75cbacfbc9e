"""MCP4725: the 12-bit DAC that sets the current.

Law: a code is written whole or refused; what the library cannot read (power-down bits, EEPROM) is read raw.
The chip keeps its last code when the program dies and loads its EEPROM when power returns, so neither code
nor silence of this driver is an off switch. Figures: MCP4725 data sheet (DS22039).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from adafruit_mcp4725 import MCP4725

from drivers.errors import ChipBusy, ChipReset

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers.bus import BoundedBus

FULL_SCALE_CODE: Final = 4095
"""The largest code: 12 bits."""

_WRITE_DAC_AND_EEPROM: Final = 0x60
"""Command C2 C1 C0 = 011 with both power-down bits 0 (MCP4725 data sheet, figure 6-2)."""

_READY: Final = 0x80
_READY_AND_POWER_DOWN: Final = 0x86
"""RDY/BSY and the two power-down bits of the first byte that is read (MCP4725 data sheet, figure 6-3)."""

_EEPROM_POLL_S: Final = 0.005
_EEPROM_POLLS: Final = 12
"""60 ms in all; an EEPROM write takes 25 ms, 50 ms at most (MCP4725 data sheet, t_WRITE)."""


class DacState(NamedTuple):
    """The five bytes of a read-back (MCP4725 data sheet, figure 6-3).

    `power_down` and `eeprom_power_down`: 0 is normal, 1, 2, 3 are off with 1, 100, 500 kOhm to ground
    (table 5-2). `ready` is False while an EEPROM write runs, when every write is ignored.
    """

    code: int
    power_down: int
    ready: bool
    eeprom_code: int
    eeprom_power_down: int


class CurrentDac:
    """One MCP4725; the bus must have time allowed. Raises ChipMissing or BusTimeout when constructed."""

    __slots__ = ("_address", "_answer", "_bus", "_chip", "_echo", "_name", "_state", "_stated", "_status")

    def __init__(self, bus: BoundedBus, address: int) -> None:
        bus.introduce(address, "DAC MCP4725")
        self._name = bus.name_of(address)
        self._bus = bus
        self._address = address
        self._answer = bytearray(5)
        self._echo = bytearray(3)
        self._status = bytearray(1)
        self._stated = bytes(5)
        self._state = _state_of(self._stated)
        try:
            self._chip = MCP4725(bus, address=address)
        except ValueError as error:
            raise bus.missing(address, error) from error

    def write(self, code: int) -> bool:
        """Set the output to `code` (0 to 4095) in normal power mode; tell whether the chip then holds it.

        A fast write and, after a repeated start, the first three bytes of a read-back, in one transfer:
        7 bytes on the wire. So a bit that flipped on the way is known before anything else is asked.
        ValueError for anything but such an int (the library's own check is an `assert`, gone under -O);
        BusTimeout, ChipSilent, ShortRead.
        """
        if type(code) is not int or not 0 <= code <= FULL_SCALE_CODE:
            raise ValueError(f"a DAC code is an int from 0 to {FULL_SCALE_CODE}, not {code!r}")
        with self._bus:
            self._bus.writeto_then_readfrom(self._address, bytes((code >> 8, code & 0xFF)), self._echo)
        status, high, low = self._echo
        return status & _READY_AND_POWER_DOWN == _READY and high << 4 | low >> 4 == code

    def read_back(self) -> DacState:
        """Read DAC register and EEPROM: 6 bytes on the wire. Raises BusTimeout, ChipSilent, ShortRead."""
        answer = self._answer
        with self._bus:
            self._bus.readfrom_into(self._address, answer)
        if answer != self._stated:  # the same five bytes are the same state, and most ticks read the same
            self._stated = bytes(answer)
            self._state = _state_of(self._stated)
        return self._state

    def read_status(self) -> None:
        """Read the first byte alone, the shortest transfer: 2 bytes on the wire. Raises as `read_back`."""
        with self._bus:
            self._bus.readfrom_into(self._address, self._status)

    def store_zero_in_eeprom(self, now_s: Callable[[], float], wait_until_s: Callable[[float], None]) -> None:
        """Make the chip power up at zero, and set it to zero now; for commissioning, with the output off.

        A new chip powers up at half scale. Takes up to 60 ms and the transfers' time, which the bus must have
        been allowed. Raises ChipBusy if the chip is not ready by then, ChipReset if it holds anything but
        zero, and whatever a transfer raises.
        """
        with self._bus:
            self._bus.writeto(self._address, bytes((_WRITE_DAC_AND_EEPROM, 0, 0)))
        for _ in range(_EEPROM_POLLS):
            wait_until_s(now_s() + _EEPROM_POLL_S)
            state = self.read_back()
            if state.ready:
                break
        else:
            raise ChipBusy(f"{self._name} is still writing its EEPROM after 60 ms.")
        if state != DacState(0, 0, True, 0, 0):  # noqa: FBT003 - a state is written as the chip sends it
            raise ChipReset(f"{self._name} did not store zero: its EEPROM holds {state.eeprom_code}.")


def _state_of(answer: bytes) -> DacState:
    status, high, low, eeprom_high, eeprom_low = answer
    return DacState(
        code=high << 4 | low >> 4,
        power_down=status >> 1 & 0b11,
        ready=bool(status & _READY),
        eeprom_code=(eeprom_high & 0x0F) << 8 | eeprom_low,
        eeprom_power_down=eeprom_high >> 5 & 0b11,
    )
