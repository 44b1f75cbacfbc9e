"""GPIO pins of this machine: an explicit factory, and devices that never use gpiozero's global one.

Law: pins come from the factory that was passed in or not at all; gpiozero's silent fallback from one pin
library to the next is never reached.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from contextlib import ExitStack, chdir
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from gpiozero.input_devices import InputDevice
from gpiozero.output_devices import OutputDevice

from drivers.errors import PinsUnavailable

if TYPE_CHECKING:
    from gpiozero.pins import Factory


class Output(Protocol):
    """A gpiozero output: `value` True is high."""

    value: bool
    closed: bool
    pin: Level

    def on(self) -> None:
        """Go high."""

    def off(self) -> None:
        """Go low."""

    def close(self) -> None:
        """Let go of the pin, which then floats."""


class Level(Protocol):
    """A gpiozero pin: `state` is True when it is high; an output's may be set."""

    state: bool


class Contact(Protocol):
    """A gpiozero input; its `pin` reads the level without the device's layers."""

    pin: Level

    def close(self) -> None:
        """Let go of the pin."""


# gpiozero carries no types: its devices are typed by the protocols above.
_input_device: Any = InputDevice
_output_device: Any = OutputDevice


def lgpio_factory(chip: int | None = None, working_dir: str | None = None) -> Factory:
    """Open the pins of a Pi through lgpio.

    `chip` is the number of the gpiochip device; None lets gpiozero choose (4 on a Pi 5 that has it, else 0).
    lgpio keeps pipes in `working_dir`, or else in LG_WD of the environment, or else in a directory that is
    removed at exit. Its first import moves the whole process into that directory (lgUtil.c of lg 0.2.2);
    here the process is moved back. Raises PinsUnavailable.
    """
    directory = str(Path(working_dir or os.environ.get("LG_WD") or _own_directory()).absolute())
    os.environ["LG_WD"] = directory
    try:
        with chdir(directory):
            from gpiozero.pins.lgpio import LGPIOFactory
    except OSError as error:  # no such directory, or no pipe can be made in it
        raise PinsUnavailable(
            f"lgpio cannot work in the directory {directory} ({error.strerror}): name one that can be "
            "written in the environment variable LG_WD."
        ) from error
    except (ImportError, AttributeError) as error:
        # AttributeError: what PyPI gives as lgpio for Python >= 3.13 is an empty stub.
        raise PinsUnavailable(
            "The GPIO library lgpio is missing: on Raspberry Pi OS run `sudo apt install python3-lgpio` and "
            "make the environment with --system-site-packages; Debian has no such package; there it comes "
            "with our lock, for Python below 3.13 only; to try without hardware add --simulate."
        ) from error
    make: Any = LGPIOFactory
    try:
        factory: Factory = make(chip=chip)
    except Exception as error:  # lgpio's own error class descends from Exception alone
        raise PinsUnavailable(
            f"The GPIO pins cannot be opened ({error}): this needs a Pi and a user in the group gpio; "
            "to try without hardware add --simulate."
        ) from error
    return factory


def output(factory: Factory, pin: int) -> Output:
    """Make BCM `pin` an output, low from the start. Raises PinsUnavailable."""
    _require(factory)
    try:
        device: Output = _output_device(pin, active_high=True, initial_value=False, pin_factory=factory)
    except Exception as error:  # as in lgpio_factory
        raise _refused(pin, error) from error
    return device


def contact(factory: Factory, pin: int) -> Contact:
    """Make BCM `pin` an input with pull-up for a contact to ground. Raises PinsUnavailable.

    InputDevice and not Button or DigitalInputDevice: those arm edge callbacks, which run on other threads.
    """
    _require(factory)
    try:
        device: Contact = _input_device(pin, pull_up=True, pin_factory=factory)
    except Exception as error:  # as in lgpio_factory
        raise _refused(pin, error) from error
    return device


def release(*outputs: Output) -> None:
    """Drive every output low, in the order given, and only then let go of them; closed ones are passed over.

    A released pin is an input without pull and floats, so the board has its own pull-downs. One pin that
    fails does not keep the others from going low.
    """
    open_outputs = [device for device in reversed(outputs) if not device.closed]
    with ExitStack() as last_in_first_out:
        for device in open_outputs:
            last_in_first_out.callback(device.close)
        for device in open_outputs:
            last_in_first_out.callback(device.off)


def _require(factory: Factory | None) -> None:
    if factory is None:
        raise ValueError("no pin factory was given, and gpiozero would choose one by itself")


def _refused(pin: int, error: Exception) -> PinsUnavailable:
    return PinsUnavailable(f"GPIO{pin} cannot be used ({error}): is another program using it?")


def _own_directory() -> str:
    path = tempfile.mkdtemp(prefix="ionto-lgpio-")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path
