"""The MCP4725 digital-to-analog converter at register level.

Law of this module: every behaviour is the data sheet's (Microchip DS22039D), sections 5 to 7; the volts
and what they drive belong to the world.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from sim.chips.bus import Chip
from sim.clock import VirtualClock

EEPROM_TYPICAL_S: Final = 0.025
EEPROM_LONGEST_S: Final = 0.050
"""EEPROM write time (DS22039D, electrical characteristics: 25 ms typical, 50 ms maximum)."""
FACTORY_CODE: Final = 0x800
"""What a new chip powers up with (DS22039D, table 4-2: mid-scale)."""
GENERAL_CALL_RESET: Final = 0x06
GENERAL_CALL_WAKE: Final = 0x09


class Mcp4725(Chip):
    """One converter. `on_output(code)` hears every change of the analog output, 0 to 4095.

    Faults: `silent` (no acknowledge), `stuck` (the output keeps its value while the registers follow),
    `corrupt_mask` (bits flipped in the next fast write, once).
    In power-down the output is pulled to ground (section 5.2), which counts as code 0.
    """

    __slots__ = (
        "_busy_s",
        "_busy_until_s",
        "_clock",
        "_code",
        "_eeprom_code",
        "_eeprom_power_down",
        "_on_output",
        "_output_code",
        "_power_down",
        "_stuck",
        "corrupt_mask",
        "silent",
    )

    def __init__(
        self,
        clock: VirtualClock,
        on_output: Callable[[int], None],
        rng: Random,
        eeprom_code: int = FACTORY_CODE,
    ) -> None:
        self._clock = clock
        self._on_output = on_output
        self._busy_s = rng.triangular(0.8 * EEPROM_TYPICAL_S, EEPROM_LONGEST_S, EEPROM_TYPICAL_S)
        self._busy_until_s = 0.0
        self._eeprom_code = eeprom_code
        self._eeprom_power_down = 0
        self._code = eeprom_code
        self._power_down = 0
        self._output_code = eeprom_code
        self._stuck = False
        self.silent = False
        self.corrupt_mask = 0

    @property
    def output_code(self) -> int:
        """The code that the analog output stands at, 0 to 4095."""
        return self._output_code

    @property
    def eeprom_code(self) -> int:
        """The code that the chip powers up with, 0 to 4095."""
        return self._eeprom_code

    @property
    def stuck(self) -> bool:
        """Whether the analog output ignores the registers."""
        return self._stuck

    @stuck.setter
    def stuck(self, stuck: bool) -> None:
        self._stuck = stuck
        self._update_output()

    def power_on_reset(self, eeprom_code: int | None = None) -> None:
        """Load the registers from EEPROM (section 5.4), which a fault may have rewritten to `eeprom_code`."""
        if eeprom_code is not None:
            self._eeprom_code = eeprom_code
        self._busy_until_s = 0.0
        self._code = self._eeprom_code
        self._power_down = self._eeprom_power_down
        self._update_output()

    def keep_busy(self, until_s: float) -> None:
        """Be in an EEPROM write until `until_s`: the registers stay, and writes are ignored."""
        self._busy_until_s = until_s

    def on_write(self, data: bytes) -> bool:
        """Take write commands (figures 6-1 and 6-2); all are acknowledged, and ignored while busy."""
        if self.corrupt_mask and len(data) == 2:
            data = ((data[0] << 8 | data[1]) ^ self.corrupt_mask).to_bytes(2, "big")
            self.corrupt_mask = 0
        if self._clock.now_s < self._busy_until_s:
            return True
        command = data[0] >> 5
        if command < 2:
            self._fast_write(data)
        elif command in (2, 3):
            self._register_write(data, store=command == 3)
        return True

    def put(self, code: int) -> None:
        """Take `code` (0 to 4095) at once, as a fast write to a chip that is ready does."""
        self._power_down = 0
        self._code = code
        self._update_output()

    def _fast_write(self, data: bytes) -> None:
        for index in range(0, len(data) - 1, 2):
            high = data[index]
            self._power_down = high >> 4 & 3
            self._code = (high & 0x0F) << 8 | data[index + 1]
            self._update_output()

    def _register_write(self, data: bytes, *, store: bool) -> None:
        for index in range(0, len(data) - 2, 3):
            self._power_down = data[index] >> 1 & 3
            self._code = data[index + 1] << 4 | data[index + 2] >> 4
            self._update_output()
            if store:
                self._eeprom_code = self._code
                self._eeprom_power_down = self._power_down
                self._busy_until_s = self._clock.now_s + self._busy_s
                return

    def on_read(self, count: int) -> bytes:
        """Status, DAC register and EEPROM (figure 6-3), the five bytes repeating."""
        ready = self._clock.now_s >= self._busy_until_s
        powered = 0x40
        page = bytes(
            (
                (0x80 if ready else 0) | powered | self._power_down << 1,
                self._code >> 4,
                (self._code & 0x0F) << 4,
                self._eeprom_power_down << 5 | self._eeprom_code >> 8,
                self._eeprom_code & 0xFF,
            )
        )
        return (page * (count // 5 + 1))[:count]

    def on_general_call(self, command: int) -> None:
        """Reset and wake-up by general call (section 7.3)."""
        if command == GENERAL_CALL_RESET:
            self.power_on_reset()
        elif command == GENERAL_CALL_WAKE:
            self._power_down = 0
            self._update_output()

    def _update_output(self) -> None:
        code = 0 if self._power_down else self._code
        if self._stuck or code == self._output_code:
            return
        self._output_code = code
        self._on_output(code)
