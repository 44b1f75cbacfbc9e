"""ADS1115: a guard that converts one channel without pause, and a control that pipelines single shots.

Law: a code is returned only with proof that it belongs to the channel asked for; what a brown-out could
change is read back. The library's continuous read is never used: it discards the pin and can return the
configuration word as a reading. Figures: ADS1115 data sheet (TI SBAS444).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from adafruit_ads1x15.ads1x15 import Mode
from adafruit_ads1x15.ads1115 import ADS1115

from drivers.errors import ChipReset, StaleConversion

if TYPE_CHECKING:
    from drivers.bus import BoundedBus

_CONVERSION: Final = 0x00
_CONFIG: Final = 0x01
_LO_THRESH: Final = 0x02
_HI_THRESH: Final = 0x03

_READY: Final = 0x8000
"""OS bit: written 1 starts a single shot, read 1 says none is running (ADS1115 data sheet, table 8-3)."""

_GAIN_BITS: Final = {2 / 3: 0x0000, 1: 0x0200, 2: 0x0400, 4: 0x0600, 8: 0x0800, 16: 0x0A00}
_RATE_BITS: Final = {8: 0x00, 16: 0x20, 32: 0x40, 64: 0x60, 128: 0x80, 250: 0xA0, 475: 0xC0, 860: 0xE0}
_COMPARATOR_OFF: Final = 0x0003
_COMPARATOR_ON: Final = 0x0009
"""Traditional, active high, not latched, ALERT after two conversions (ADS1115 data sheet, table 8-3).
Active high, so that a broken wire and a chip that is dead or was reset, whose ALERT is pulled up, read as
asserted."""
_QUEUE: Final = 0x0003
_AS_RESET: Final = 0x8583
"""The configuration after a reset (ADS1115 data sheet, table 8-3)."""
MENDS: Final = 2
"""Settings that arrived wrong are written so often again for one shot."""
_SINGLE_ENDED_MUX: Final = (0x4000, 0x5000, 0x6000, 0x7000)


class _Chip(ADS1115):
    """The library's chip with its two register calls opened to this module.

    They are protected in the library; a subclass may use them, and its public read() can neither convert
    continuously on a chosen pin nor be split into a start and a collection.
    """

    def write_config(self, word: int) -> None:
        self._write_register(_CONFIG, word)

    def read_config(self) -> int:
        return self._read_register(_CONFIG)

    def read_conversion(self) -> int:
        word = self._read_register(_CONVERSION)
        return word - 0x10000 if word & 0x8000 else word


class _Adc:
    """What both uses of the chip share: construction and the words for an error.

    `gain` is the library's (2/3, 1, 2, 4, 8, 16), `data_rate` in samples per second (8 to 860); ValueError
    otherwise. The bus must have time allowed. Raises ChipMissing and whatever a transfer raises.
    """

    __slots__ = ("_chip", "_config", "name")

    def __init__(self, bus: BoundedBus, address: int, gain: float, data_rate: int, role: str) -> None:
        if gain not in _GAIN_BITS or data_rate not in _RATE_BITS:
            raise ValueError(f"an ADS1115 has no gain {gain} with {data_rate} samples per second")
        bus.introduce(address, f"{role} ADC ADS1115")
        self.name = bus.name_of(address)
        self._config = _GAIN_BITS[gain] | _RATE_BITS[data_rate] | _COMPARATOR_OFF
        try:
            self._chip = _Chip(bus, gain=gain, data_rate=data_rate, mode=Mode.SINGLE, address=address)
        except ValueError as error:
            raise bus.missing(address, error) from error

    def _reset(self, read: int, written: int) -> ChipReset:
        return ChipReset(f"{self.name} holds configuration 0x{read:04x} where 0x{written:04x} was written.")


class GuardAdc(_Adc):
    """One single-ended channel (0 to 3), converted continuously and read without waiting.

    A conversion under way ends first, so codes are this channel's from 2.2 / `data_rate` s on.
    """

    __slots__ = ("_address", "_answer", "_bus")

    def __init__(
        self,
        bus: BoundedBus,
        address: int,
        gain: float,
        data_rate: int,
        channel: int,
        *,
        watches: bool = False,
    ) -> None:
        """`watches` puts the comparator in charge of ALERT, with its thresholds as after a reset."""
        mux = _mux(channel)
        super().__init__(bus, address, gain, data_rate, "guard")
        self._bus, self._address, self._answer = bus, address, bytearray(2)
        self._config |= mux | Mode.CONTINUOUS
        if watches:
            self._config ^= _COMPARATOR_OFF ^ _COMPARATOR_ON
        self._chip.write_config(self._config)
        self.verify()

    def set_high(self, code: int) -> bool:
        """Write the high threshold (-32768 to 32767) and read it back in one transfer: 7 bytes on the wire.

        Tells whether the chip holds it. Raises BusTimeout, ChipSilent or ShortRead.
        """
        return self._set(_HI_THRESH, code)

    def set_low(self, code: int) -> bool:
        """Do as `set_high` with the low threshold."""
        return self._set(_LO_THRESH, code)

    def set_queue(self, conversions: Literal[1, 2]) -> bool:
        """Assert ALERT after so many conversions running; written and read back in one transfer.

        Tells whether the chip holds it. Takes effect with the next conversion. Raises what `set_high` raises.
        """
        self._config = self._config & ~_QUEUE | (conversions - 1)
        return self._set(_CONFIG, self._config, ignore=_READY)

    def thresholds(self) -> tuple[int, int]:
        """Read the low and the high threshold: 10 bytes on the wire. Raises what `read` raises."""
        return self._get(_LO_THRESH), self._get(_HI_THRESH)

    def _set(self, register: int, code: int, *, ignore: int = 0) -> bool:
        word = code & 0xFFFF
        with self._bus:
            self._bus.writeto_then_readfrom(
                self._address, bytes((register, word >> 8, word & 0xFF)), self._answer
            )
        return (int.from_bytes(self._answer, "big") ^ word) & ~ignore == 0

    def _get(self, register: int) -> int:
        with self._bus:
            self._bus.writeto_then_readfrom(self._address, bytes((register,)), self._answer)
        return int.from_bytes(self._answer, "big", signed=True)

    def read(self) -> int:
        """Return the newest code (-32768 to 32767): 5 bytes on the wire.

        Raises BusTimeout, ChipSilent or ShortRead. A code may be read more than once; only a new conversion
        is a new sample.
        """
        return self._chip.read_conversion()

    def verify(self) -> None:
        """Read the configuration back: 5 bytes on the wire. Raises ChipReset besides what `read` raises."""
        word = self._chip.read_config()
        if (word ^ self._config) & ~_READY:
            raise self._reset(word, self._config)


class ControlAdc(_Adc):
    """Four single-ended channels (0 to 3) by single shots: started in one tick, collected in a later one.

    `mending` says that the settings of the shot under way arrived wrong, so that it takes longer.
    """

    __slots__ = ("_collected", "_lost", "_mends", "_pending", "_words", "mending")

    def __init__(self, bus: BoundedBus, address: int, gain: float, data_rate: int) -> None:
        super().__init__(bus, address, gain, data_rate, "control")
        self._words = tuple(_READY | mux | Mode.SINGLE | self._config for mux in _SINGLE_ENDED_MUX)
        self._pending: int | None = None
        self._collected = True
        self._lost = self.mending = False
        self._mends = 0

    def start(self, channel: int) -> None:
        """Begin a conversion: 4 bytes on the wire. Raises ValueError, BusTimeout or ChipSilent.

        A start given while an earlier shot still runs would be ignored by the chip, and its old result taken
        for the new channel's; so a start after an uncollected one asks first (5 bytes more) and raises
        StaleConversion.
        """
        _mux(channel)
        if not self._collected and not self._chip.read_config() & _READY:
            raise self._stale()
        self._collected = False
        self._pending = None
        self._chip.write_config(self._words[channel])
        self._pending = channel
        self._lost = self.mending = False
        self._mends = 0

    def collect(self, channel: int) -> int:
        """Return the code (-32768 to 32767) of the shot started on `channel`: 10 bytes on the wire.

        Each shot gives its code once: a result polled again is no new sample. After an error the same shot
        may be collected again. Raises StaleConversion while it runs, or begins anew since its settings
        arrived wrong; ChipReset if the chip was reset, or they are wrong again; ValueError if this channel
        was not started; BusTimeout, ChipSilent, ShortRead.
        """
        if channel != self._pending:
            raise ValueError(f"channel {channel} of {self.name} was not started")
        written = self._words[channel]
        word = self._chip.read_config()
        if (word ^ written) & ~_READY:
            word = self._chip.read_config()  # a bit may have flipped on the way here
        if (word ^ written) & ~_READY:
            self._mend(word, written)
            raise self._stale()
        if self._lost and word & _READY:
            self._chip.write_config(written)
            self._lost = False
            raise self._stale()
        if word != written:
            raise self._stale()
        code = self._chip.read_conversion()
        self._collected = True
        self._pending = None
        return code

    def _mend(self, word: int, written: int) -> None:
        """Give the settings again that arrived as `word`. Raises ChipReset where that mends nothing.

        A conversion that runs can't be begun anew; its end is waited for, and its result never taken.
        """
        if self._mends == MENDS or not (word ^ _AS_RESET) & ~_READY:
            raise self._reset(word, written)
        self._mends += 1
        self.mending = True
        self._lost = not word & _READY
        self._chip.write_config(written & ~_READY if self._lost else written)

    def _stale(self) -> StaleConversion:
        return StaleConversion(f"{self.name} has not finished its conversion.")


def _mux(channel: int) -> int:
    if type(channel) is not int or not 0 <= channel <= 3:
        raise ValueError(f"an ADS1115 has channels 0 to 3, not {channel!r}")
    return _SINGLE_ENDED_MUX[channel]
