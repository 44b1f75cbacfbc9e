"""GPIO pins of the simulated unit, as a gpiozero pin factory.

Law of this module: the rules of the hardware are enforced (an input cannot be set, a closed pin floats),
nothing is remembered per edge, and time is the virtual clock's.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from gpiozero.exc import (
    PinFixedPull,
    PinInvalidBounce,
    PinInvalidEdges,
    PinInvalidFunction,
    PinInvalidPull,
    PinInvalidState,
    PinPWMUnsupported,
    PinSetInput,
)
from gpiozero.pins.pi import PiFactory, PiPin

RASPBERRY_PI_4B: Final = 0xB03111
"""Revision code of the board that the simulated unit claims (Raspberry Pi revision codes, 4B 2 GB 1.1)."""


class PinWorld(Protocol):
    """What a pin asks of the world around it."""

    def pin_driven(self, number: int, level: bool | None) -> None:  # noqa: FBT001  # a level is a boolean
        """Take note that the pin drives `level`, or has let go (None)."""

    def pin_level(self, number: int) -> bool | None:
        """Return what the circuit drives into the pin; None when nothing does and the pull decides."""

    def pin_time_s(self) -> float:
        """Virtual time in s."""


class SimPin(PiPin):
    """One pin: an input with a pull, or an output. No PWM. Edges are not called back: sample it."""

    _factory: SimFactory
    _number: int

    def __init__(self, factory: SimFactory, info: Any) -> None:
        super().__init__(factory, info)  # type: ignore[no-untyped-call]  # gpiozero has no types
        self._world = factory.world
        self._function = "input"
        self._pull = info.pull or "floating"
        self._level = False
        self._bounce: float | None = None
        self._edges = "both"

    def close(self) -> None:
        """Let go of the pin: an input with no pull, as on the real board."""
        self.when_changed = None
        self._set_function("input")
        self._pull = self.info.pull or "floating"

    def output_with_state(self, state: bool) -> None:  # noqa: FBT001  # gpiozero's signature
        """Become an output that starts at `state`, without a blip."""
        self._level = bool(state)
        self._function = "output"
        self._world.pin_driven(self._number, self._level)

    def _get_function(self) -> str:
        return self._function

    def _set_function(self, value: str) -> None:
        if value not in ("input", "output"):
            raise PinInvalidFunction("function must be input or output")
        if value == self._function:
            return
        self._function = value
        self._world.pin_driven(self._number, self._level if value == "output" else None)

    def _get_state(self) -> bool:
        if self._function == "output":
            return self._level
        level = self._world.pin_level(self._number)
        return self._pull == "up" if level is None else level

    def _set_state(self, value: bool) -> None:  # noqa: FBT001  # gpiozero's signature
        if self._function == "input":
            raise PinSetInput(f"cannot set state of pin {self!r}")
        if value not in (0, 1):
            raise PinInvalidState(f"state of pin {self!r} must be 0 or 1, not {value!r}")
        level = bool(value)
        if level != self._level:
            self._level = level
            self._world.pin_driven(self._number, level)

    # The base class reaches these two through a function more; a pin is read four times a tick.
    state = property(_get_state, _set_state)

    def _get_pull(self) -> str:
        return self._pull

    def _set_pull(self, value: str) -> None:
        if self._function != "input":
            raise PinFixedPull(f"cannot set pull on non-input pin {self!r}")
        if self.info.pull and value != self.info.pull:
            raise PinFixedPull(f"{self!r} has a fixed pull resistor")
        if value not in ("floating", "up", "down"):
            raise PinInvalidPull("pull must be floating, up, or down")
        self._pull = value

    def _get_frequency(self) -> None:
        return None

    def _set_frequency(self, value: float | None) -> None:
        if value is not None:
            raise PinPWMUnsupported(f"PWM is not supported on pin {self!r}")

    def _get_bounce(self) -> float | None:
        return self._bounce

    def _set_bounce(self, value: float | None) -> None:
        if value is not None and value < 0:
            raise PinInvalidBounce("bounce must be 0 or greater")
        self._bounce = value

    def _get_edges(self) -> str:
        return self._edges

    def _set_edges(self, value: str) -> None:
        if value not in ("none", "falling", "rising", "both"):
            raise PinInvalidEdges("edges must be none, falling, rising, or both")
        self._edges = value

    def _enable_event_detect(self) -> None:
        """Do nothing: in this project buttons are sampled, not called back."""

    def _disable_event_detect(self) -> None:
        """See `_enable_event_detect`."""


class SimFactory(PiFactory):
    """Makes the pins of one simulated unit; pass it as `pin_factory` to gpiozero devices."""

    def __init__(self, world: PinWorld) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # gpiozero has no types
        self.world = world
        self.pin_class = SimPin

    def _get_revision(self) -> int:
        return RASPBERRY_PI_4B

    def ticks(self) -> float:
        """Virtual time in s."""
        return self.world.pin_time_s()

    def ticks_diff(self, later: float, earlier: float) -> float:
        """Seconds between two `ticks`."""
        return later - earlier
