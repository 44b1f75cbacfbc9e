"""Helpers for the simulator's tests: a unit on a hand-turned clock, the bus as Adafruit's drivers see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sim.clock import VirtualClock
from sim.scenario import Scenario
from sim.world import UnitSpec, World


class AdafruitBus:
    """SimBus with the method names of CircuitPython's busio.I2C."""

    def __init__(self, bus: Any) -> None:
        self._bus = bus

    def try_lock(self) -> bool:
        return True

    def unlock(self) -> None:
        pass

    def writeto(self, address: int, buffer: Any, *, start: int = 0, end: int | None = None) -> None:
        self._bus.write(address, bytes(buffer[start:end]))

    def readfrom_into(self, address: int, buffer: Any, *, start: int = 0, end: int | None = None) -> None:
        end = len(buffer) if end is None else end
        buffer[start:end] = self._bus.read(address, end - start)

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
        in_end = len(in_buffer) if in_end is None else in_end
        data = bytes(out_buffer[out_start:out_end])
        in_buffer[in_start:in_end] = self._bus.write_read(address, data, in_end - in_start)


class Bench:
    """A unit driven by hand: heartbeat every 5 ms, relays and DAC when told."""

    def __init__(self, scenario: dict[str, Any] | None = None, seed: int = 7, **spec: Any) -> None:
        self.clock = VirtualClock()
        self.world = World(UnitSpec(**spec), Scenario.model_validate(scenario or {}), seed, self.clock)
        self.heartbeat = self._output(17)
        self.series = self._output(27)
        self.polarity = self._output(22)
        self.beating = True

    def _output(self, number: int) -> Any:
        pin = self.world.pin_factory.pin(number)
        pin.function = "output"
        return pin

    def run_until(self, t_s: float) -> None:
        """Tick on to `t_s`, with a heartbeat edge and a truth mark per tick."""
        while self.clock.now_s < t_s - 1e-9:
            self.clock.sleep_until(min(self.clock.now_s + 0.005, t_s))
            if self.beating:
                self.heartbeat.state = not self.heartbeat.state
            self.world.truth.mark_tick(True)

    def connect(self) -> None:
        """Close the output and let the relays settle."""
        self.series.state = True
        self.run_until(self.clock.now_s + 0.1)

    def code(self, code: int) -> None:
        """Fast write to the DAC."""
        self.world.bus.write(0x62, bytes((code >> 8, code & 0xFF)))

    def ramp_to(self, code: int, over_s: float = 10.0) -> None:
        """Raise the code evenly."""
        first, start_s = self.world.stage.code, self.clock.now_s
        for step in range(1, 101):
            self.code(first + (code - first) * step // 100)
            self.run_until(start_s + over_s * step / 100)

    def single(self, mux: int, address: int = 0x48) -> int:
        """One single-shot conversion at gain 2, 860 per second; the signed code."""
        config = 0x8000 | mux << 12 | 0x05E3
        bus = self.world.bus
        bus.write(address, bytes((1, config >> 8, config & 0xFF)))
        for _ in range(1000):
            if bus.write_read(address, b"\x01", 2)[0] & 0x80:
                return int.from_bytes(bus.write_read(address, b"\x00", 2), "big", signed=True)
        raise AssertionError("the conversion never ended")

    def ma(self) -> float:
        """True current now, mA."""
        return self.world.current_ma(self.clock.now_s)


@pytest.fixture(scope="session")
def bench() -> Callable[..., Bench]:
    """Makes units: `bench(scenario_mapping, seed, **spec)`."""
    return Bench


@pytest.fixture(scope="session")
def adafruit_bus() -> Callable[[Any], AdafruitBus]:
    return AdafruitBus
