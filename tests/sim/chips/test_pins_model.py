"""gpiozero's real devices on the simulated pins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gpiozero import DigitalInputDevice, GPIOPinInUse, OutputDevice, PinPWMUnsupported, PinSetInput
from gpiozero.exc import PinFixedPull, PinInvalidFunction, PinInvalidPull, PinInvalidState


def test_output_device_drives_the_world(bench: Callable[..., Any]) -> None:
    world = bench().world
    led = OutputDevice(16, pin_factory=world.pin_factory)
    assert world.levels[16] is False
    led.on()
    assert world.levels[16] is True
    led.toggle()
    assert (world.levels[16], led.value) == (False, 0)
    led.close()


def test_an_initial_value_is_there_from_the_start_and_a_closed_pin_lets_go(bench: Callable[..., Any]) -> None:
    world = bench().world
    led = OutputDevice(16, initial_value=True, pin_factory=world.pin_factory)
    assert world.levels[16] is True
    led.close()
    assert world.levels[16] is False
    assert world.pin_factory.pin(16).function == "input"


def test_two_devices_cannot_share_a_pin(bench: Callable[..., Any]) -> None:
    factory = bench().world.pin_factory
    with OutputDevice(16, pin_factory=factory), pytest.raises(GPIOPinInUse):
        OutputDevice(16, pin_factory=factory)


def test_buttons_pull_down_when_pressed_and_stop_opens(bench: Callable[..., Any]) -> None:
    presses = [{"at_s": 1, "fault": "press", "button": name, "for_s": 1} for name in ("up", "stop")]
    unit = bench({"events": presses})
    factory = unit.world.pin_factory
    up = DigitalInputDevice(13, pull_up=True, pin_factory=factory)
    stop = DigitalInputDevice(6, pull_up=True, pin_factory=factory)
    assert (up.pin.state, stop.pin.state) == (True, False)
    unit.run_until(1.5)
    assert (up.pin.state, stop.pin.state) == (False, True)
    assert (up.value, stop.value) == (1, 0)
    unit.run_until(2.5)
    assert (up.pin.state, stop.pin.state) == (True, False)


def test_an_open_button_without_pull_up_does_not_read_high(bench: Callable[..., Any]) -> None:
    factory = bench().world.pin_factory
    up = DigitalInputDevice(13, pull_up=False, pin_factory=factory)
    assert up.pin.state is False


def test_the_rules_of_a_pin(bench: Callable[..., Any]) -> None:
    pin = bench().world.pin_factory.pin(16)
    with pytest.raises(PinSetInput):
        pin.state = 1
    with pytest.raises(PinInvalidPull):
        pin.pull = "sideways"
    with pytest.raises(PinInvalidFunction):
        pin.function = "alt0"
    pin.function = "output"
    with pytest.raises(PinFixedPull):
        pin.pull = "up"
    with pytest.raises(PinInvalidState):
        pin.state = 0.5
    with pytest.raises(PinPWMUnsupported):
        pin.frequency = 100


def test_the_i2c_pins_keep_their_fixed_pull(bench: Callable[..., Any]) -> None:
    with pytest.raises(PinFixedPull):
        bench().world.pin_factory.pin(2).pull = "down"


def test_ticks_are_virtual_time(bench: Callable[..., Any]) -> None:
    unit = bench()
    unit.run_until(3.0)
    assert unit.world.pin_factory.ticks() == pytest.approx(3.0)
    assert unit.world.pin_factory.ticks_diff(3.0, 1.0) == 2.0


def test_nothing_is_remembered_per_edge(bench: Callable[..., Any]) -> None:
    unit = bench({"person": {"fidgets": False}})
    unit.run_until(1.0)
    before = {name: len(value) for name, value in vars(unit.world).items() if hasattr(value, "__len__")}
    unit.run_until(20.0)
    after = {name: len(value) for name, value in vars(unit.world).items() if hasattr(value, "__len__")}
    assert after == before
