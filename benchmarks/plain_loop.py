"""The script that one would write without this project: the Adafruit libraries, `time.sleep` and an `if`.

It is what `ionto bench` measures beside our loop, on the same simulated unit. Not for use on a person: it
shows what is missing. It converts at the library's default rate, waits as long as the converter pleases, and
when the DAC does not answer, switching off fails on the way.
"""

from __future__ import annotations

import time
from typing import Any

from adafruit_ads1x15.ads1115 import ADS1115
from adafruit_ads1x15.analog_in import AnalogIn
from adafruit_mcp4725 import MCP4725
from gpiozero import DigitalOutputDevice

SHUNT_OHM = 47.0
FULL_SCALE_MA = 25.0
STEP_MA = 0.2


class I2C:
    """An I2C bus as the Adafruit libraries want it, over whole transactions."""

    def __init__(self, wires: Any) -> None:
        self._wires = wires

    def try_lock(self) -> bool:
        """Take the bus, which is always free."""
        return True

    def unlock(self) -> None:
        """Give the bus back."""

    def writeto(self, address: int, buffer: Any, *, start: int = 0, end: int | None = None) -> None:
        """Write a slice of a buffer."""
        self._wires.write(address, bytes(buffer[start:end]))

    def readfrom_into(self, address: int, buffer: Any, *, start: int = 0, end: int | None = None) -> None:
        """Fill a slice of a buffer."""
        end = len(buffer) if end is None else end
        buffer[start:end] = self._wires.read(address, end - start)

    def writeto_then_readfrom(
        self,
        address: int,
        out_buffer: Any,
        in_buffer: Any,
        *,
        out_start: int = 0,
        out_end: int | None = None,
        in_start: int = 0,
        in_end: int | None = None,
    ) -> None:
        """Write one slice, then fill the other."""
        in_end = len(in_buffer) if in_end is None else in_end
        sent = bytes(out_buffer[out_start:out_end])
        in_buffer[in_start:in_end] = self._wires.write_read(address, sent, in_end - in_start)


def treat(i2c: I2C, pins: Any, target_ma: float, total_s: float, clock: Any = time) -> str:
    """Ramp to `target_ma` (mA), hold for `total_s` (s) in all, and say how it ended."""
    dac = MCP4725(i2c, address=0x62)
    adc = ADS1115(i2c, address=0x48, gain=2)
    shunt = AnalogIn(adc, 0)
    relay = DigitalOutputDevice(27, pin_factory=pins)
    pump = DigitalOutputDevice(17, pin_factory=pins)
    setpoint_ma = 0.0
    begun_s = clock.monotonic()
    try:
        dac.raw_value = 0
        relay.on()
        while clock.monotonic() - begun_s < total_s:
            pump.toggle()
            measured_ma = shunt.voltage / SHUNT_OHM * 1000
            if measured_ma > setpoint_ma * 1.1 + 0.5:
                return "over-current"
            if setpoint_ma > 2.0 and measured_ma < setpoint_ma / 2:
                return "open circuit"
            setpoint_ma = min(target_ma, setpoint_ma + STEP_MA)
            dac.raw_value = int(setpoint_ma / FULL_SCALE_MA * 4095)
            clock.sleep(0.005)
        return "completed"
    finally:
        dac.raw_value = 0
        relay.off()
        pump.close()
        relay.close()
