"""Wires between a simulated unit and the kernel's simulated GPIO chip, both ways.

Law: the unit sees a pin only as the kernel shows it, and moves one only as a circuit would, by pulling it.
A line of `kept` keeps its level when its program lets it go or dies, as on a Pi whose kernel keeps outputs
(pinctrl-bcm2835, `persist_gpio_outputs`): the worse case, in which only the charge pump helps. Any other
falls, as where the kernel makes it an input and the board pulls it down.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

UP, DOWN = b"pull-up", b"pull-down"


class HeaderWires:
    """The wires of a unit's pins, by BCM number.

    `on_output(pin, level)` is told of every change of an output; `level_of(pin)` says what drives an input,
    None where nothing does and the pin's own pull-up decides.
    """

    def __init__(
        self,
        outputs: Iterable[int],
        kept: Iterable[int],
        inputs: Iterable[int],
        on_output: Callable[[int, bool], None],
        level_of: Callable[[int], bool | None],
    ) -> None:
        chip = next(Path("/sys/devices/platform").glob("gpio-sim.*/gpiochip*"))
        self._on_output, self._level_of = on_output, level_of
        self._values = {pin: os.open(chip / f"sim_gpio{pin}/value", os.O_RDONLY) for pin in outputs}
        self._pulls = {
            pin: os.open(chip / f"sim_gpio{pin}/pull", os.O_RDWR) for pin in (*self._values, *inputs)
        }
        self._kept = frozenset(kept)
        self._high = dict.fromkeys(self._values, b"0")
        self._driven: dict[int, bool | None] = dict.fromkeys(inputs)

    def sync(self) -> None:
        """Take the outputs' levels to the unit and the unit's contacts to the inputs."""
        for pin, value in self._values.items():
            high = os.pread(value, 1, 0)
            if high != self._high[pin]:
                self._high[pin] = high
                if pin in self._kept:
                    os.pwrite(self._pulls[pin], UP if high == b"1" else DOWN, 0)
                self._on_output(pin, high == b"1")
        for pin, before in self._driven.items():
            driven = self._driven[pin] = self._level_of(pin)
            if driven is False:
                # Requesting the line with a pull-up sets the chip's pull; the contact is stronger.
                if not os.pread(self._pulls[pin], 16, 0).startswith(DOWN):
                    os.pwrite(self._pulls[pin], DOWN, 0)
            elif before is False:
                os.pwrite(self._pulls[pin], UP, 0)
