"""The simulated MCP4725 against its data sheet (Microchip DS22039), byte by byte."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from adafruit_mcp4725 import MCP4725

from sim.chips.bus import SimBus
from sim.chips.mcp4725 import Mcp4725
from sim.clock import VirtualClock


class Desk:
    """One converter at 0x62 and everything it ever put out."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.bus = SimBus(self.clock)
        self.outputs: list[int] = []
        self.chip = Mcp4725(self.clock, self.outputs.append, Random(1))
        self.bus.attach(0x62, self.chip)

    def write(self, *data: int) -> None:
        self.bus.write(0x62, bytes(data))

    def page(self) -> bytes:
        return self.bus.read(0x62, 5)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_new_chip_powers_up_at_half_scale(desk: Desk) -> None:
    assert desk.chip.output_code == 0x800
    assert desk.page() == bytes((0xC0, 0x80, 0x00, 0x08, 0x00))


def test_fast_write_and_repeated_fast_write(desk: Desk) -> None:
    desk.write(0x01, 0x23)
    assert desk.page()[:3] == bytes((0xC0, 0x12, 0x30))
    desk.write(0x04, 0x56, 0x07, 0x89)
    assert desk.outputs == [0x123, 0x456, 0x789]


def test_register_write_leaves_the_eeprom(desk: Desk) -> None:
    desk.write(0x40, 0xAB, 0xC0)
    assert desk.page() == bytes((0xC0, 0xAB, 0xC0, 0x08, 0x00))


def test_eeprom_write_is_busy_for_25_to_50_ms_and_ignores_writes_meanwhile(desk: Desk) -> None:
    desk.write(0x60, 0x00, 0x00)
    assert desk.page()[0] == 0x40
    desk.write(0x0F, 0xFF)
    assert desk.outputs == [0]
    desk.clock.advance_to(desk.clock.now_s + 0.019)
    assert desk.page()[0] == 0x40
    desk.clock.advance_to(desk.clock.now_s + 0.031)
    assert desk.page() == bytes((0xC0, 0x00, 0x00, 0x00, 0x00))
    desk.write(0x0F, 0xFF)
    assert desk.outputs == [0, 0xFFF]


def test_power_on_loads_the_eeprom(desk: Desk) -> None:
    desk.write(0x60, 0x12, 0x30)
    desk.clock.advance_to(1.0)
    desk.write(0x0F, 0xFF)
    desk.chip.power_on_reset()
    assert desk.chip.output_code == 0x123
    desk.chip.power_on_reset(0x800)
    assert desk.chip.output_code == 0x800


@pytest.mark.parametrize("mode", [1, 2, 3])
def test_power_down_pulls_the_output_to_ground_and_shows_in_the_status(desk: Desk, mode: int) -> None:
    desk.write(0x04 | mode << 4, 0x00)
    assert desk.chip.output_code == 0
    assert desk.page()[:3] == bytes((0xC0 | mode << 1, 0x40, 0x00))
    desk.write(0x04, 0x00)
    assert desk.chip.output_code == 0x400


def test_power_down_bits_are_stored_with_the_eeprom(desk: Desk) -> None:
    desk.write(0x62, 0x12, 0x30)
    desk.clock.advance_to(1.0)
    assert desk.page() == bytes((0xC2, 0x12, 0x30, 0x21, 0x23))


def test_general_call_resets_and_wakes(desk: Desk) -> None:
    desk.write(0x14, 0x00)
    desk.bus.write(0x00, b"\x09")
    assert desk.chip.output_code == 0x400
    desk.bus.write(0x00, b"\x06")
    assert desk.chip.output_code == 0x800


def test_reserved_commands_are_ignored(desk: Desk) -> None:
    for command in (0x80, 0xA0, 0xC0, 0xE0):
        desk.write(command, 0x12, 0x30)
    assert desk.outputs == []


def test_a_stuck_output_keeps_its_value_while_the_registers_follow(desk: Desk) -> None:
    desk.chip.stuck = True
    desk.write(0x01, 0x23)
    assert desk.chip.output_code == 0x800
    assert desk.page()[1:3] == bytes((0x12, 0x30))
    desk.chip.stuck = False
    assert desk.chip.output_code == 0x123


def test_the_five_bytes_repeat(desk: Desk) -> None:
    assert desk.bus.read(0x62, 12) == (desk.page() * 3)[:12]


def test_the_real_adafruit_driver_writes_and_reads(desk: Desk, adafruit_bus: Callable[[Any], Any]) -> None:
    dac = MCP4725(adafruit_bus(desk.bus))
    dac.raw_value = 0xABC
    assert desk.chip.output_code == 0xABC
    assert dac.raw_value == 0xABC
