"""Which chips answer on a unit's bus: asked by their addresses alone, changing nothing in them.

Law: only the addresses that these chips can have are asked, a hung bus is asked no further, and nothing is
written but a converter's register pointer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from config.unit import Unit

ADC_ADDRESSES: Final = range(0x48, 0x4C)
"""Addresses of an ADS1115 by its ADDR pin (data sheet, table 7-2)."""
DAC_ADDRESSES: Final = range(0x60, 0x68)
"""Addresses of an MCP4725 by its part number and A0 pin (data sheet, device addressing)."""
_ADC_CONFIG: Final = 0x01
"""Register that only an ADS1115 keeps two bytes in (data sheet, register map)."""


class Wire(Protocol):
    """What is needed of a bus: whole transfers, each bounded, OSError where nothing answers."""

    def write(self, address: int, data: bytes) -> None:
        """Write `data`; none is the question whether the address acknowledges."""

    def read(self, address: int, count: int) -> bytes:
        """Read `count` bytes."""

    def write_read(self, address: int, data: bytes, count: int) -> bytes:
        """Write `data`, then read `count` bytes."""


class Chip(NamedTuple):
    """One chip of the unit.

    `key` is its place in the unit's file; `others` are addresses that answer and could be a chip of its kind,
    but no other chip of the unit.
    """

    key: str
    name: str
    address: int
    answers: bool
    others: tuple[int, ...]

    @property
    def found(self) -> str:
        """Say where it answers, or what does instead."""
        if self.answers:
            return f"answers at 0x{self.address:02x}"
        if not self.others:
            return f"missing: nothing answers at 0x{self.address:02x}"
        others = " and ".join(f"0x{address:02x}" for address in self.others)
        return f"not at 0x{self.address:02x}, but something of its kind answers at {others}"

    @property
    def remedy(self) -> str:
        """Say what to do about one that does not answer, in one sentence; empty for one that does."""
        if self.answers:
            return ""
        if not self.others:
            return "Look at its supply, at SDA and SCL, and at its soldering."
        return f"Correct its address pin, or {self.key}.address in the unit's file."


class Hung(Exception):
    """The bus is held; `str()` says where."""


def look_for(unit: Unit, wire: Wire) -> list[Chip]:
    """Ask for the unit's chips and give one row for each, the DAC first. Raises Hung."""
    answering = {address for address in (*ADC_ADDRESSES, *DAC_ADDRESSES) if _answers(wire, address)}
    wanted = [("dac", "DAC MCP4725", unit.dac.address)]
    wanted.append(("control_adc", "control ADC ADS1115", unit.control_adc.address))
    if unit.guard_adc is not None:
        wanted.append(("guard_adc", "guard ADC ADS1115", unit.guard_adc.address))
    unclaimed = answering - {address for _, _, address in wanted}
    return [
        Chip(key, name, address, address in answering, tuple(sorted(unclaimed & set(_range(key)))))
        for key, name, address in wanted
    ]


def eeprom_code(unit: Unit, wire: Wire) -> int:
    """Read the code that the DAC powers up with (MCP4725 data sheet, figure 6-3). Raises OSError."""
    high, low = wire.read(unit.dac.address, 5)[3:]
    return (high & 0x0F) << 8 | low


def _range(key: str) -> range:
    return DAC_ADDRESSES if key == "dac" else ADC_ADDRESSES


def _answers(wire: Wire, address: int) -> bool:
    try:
        if address in ADC_ADDRESSES:
            wire.write_read(address, bytes((_ADC_CONFIG,)), 2)
        else:
            wire.write(address, b"")
    except TimeoutError as error:
        raise Hung(f"the I2C bus hangs at 0x{address:02x}: a chip or a short holds SDA or SCL low") from error
    except OSError:
        return False
    return True
