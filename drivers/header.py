"""The Pi's header among the gpiochips of this machine, and who has its pins, as the kernel tells it.

Law: a chip is taken by its label, never by its number, so that no pin of another machine or of another chip
is ever driven; looking changes nothing. Requests and structures: linux/gpio.h.
"""

from __future__ import annotations

import errno
import os
import struct
from fcntl import ioctl
from pathlib import Path
from typing import TYPE_CHECKING, Final

from drivers.errors import PinsUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

LABELS: Final = ("pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1")
"""What the kernel calls the header's chip: up to Pi 3 and Zero 2, Pi 4, Pi 5 (`gpiodetect` prints it)."""
DEVICES: Final = Path("/dev")

_CHIP_INFO: Final = 0x8044B401
"""ioctl GPIO_GET_CHIPINFO: name, label, number of lines (linux/gpio.h)."""
_CHIP: Final = struct.Struct("32s32sI")
_LINE_INFO: Final = 0xC100B405
"""ioctl GPIO_V2_GET_LINEINFO: name, consumer, offset, attributes, flags (linux/gpio.h)."""
_LINE: Final = struct.Struct("32s32sIIQ176x")
_LINE_USED: Final = 1
"""Flag: somebody has requested the line, or the kernel itself uses it (linux/gpio.h)."""
_ELSEWHERE: Final = "to try without hardware add --simulate"


def find_header() -> int:
    """Return the number N of the gpiochip device (/dev/gpiochipN) that is a Pi's header.

    Raises PinsUnavailable where there is none, or none that may be opened.
    """
    seen: list[str] = []
    denied = ""
    for device in sorted(DEVICES.glob("gpiochip*")):
        try:
            label = _chip_info(device)[0]
        except PermissionError:
            denied = denied or str(device)
        except OSError as error:
            seen.append(f"{device.name} ({error.strerror})")
        else:
            if label in LABELS:
                return int(device.name.removeprefix("gpiochip"))
            seen.append(f"{device.name} ({label})")
    if denied:
        raise PinsUnavailable(
            f"{denied} may not be opened: add the user to the group gpio and log in again; {_ELSEWHERE}.",
            errno.EACCES,
        )
    found = f"only {', '.join(seen)}" if seen else "no GPIO pins at all"
    raise PinsUnavailable(
        f"The header of a Pi ({', '.join(LABELS)}) is not here, {found}: this needs a Pi; {_ELSEWHERE}."
    )


def require_free(chip: int, pins: Mapping[str, int]) -> None:
    """Refuse pins that the header does not have or that somebody holds; `pins` are BCM numbers by role.

    The kernel gives a line to one holder only, so pins that are free now and then requested are ours alone.
    Raises PinsUnavailable, with every pin that is not free in one sentence.
    """
    device = DEVICES / f"gpiochip{chip}"
    lines = _chip_info(device)[1]
    taken: list[str] = []
    for role, pin in pins.items():
        if pin >= lines:
            raise PinsUnavailable(
                f"GPIO{pin} ({role}) does not exist, {device} has lines 0 to {lines - 1}: "
                "name another pin in the unit's file."
            )
        holder = _holder(device, pin)
        if holder is not None:
            taken.append(f"GPIO{pin} ({role}) by {holder or 'the kernel'}")
    if taken:
        raise PinsUnavailable(
            f"Pins are in use: {', '.join(taken)}; end that program, or take the overlay that uses them out "
            "of /boot/firmware/config.txt and restart, or name other pins in the unit's file."
        )


def _chip_info(device: Path) -> tuple[str, int]:
    """Return label and number of lines."""
    _, label, lines = _CHIP.unpack(_asked(device, _CHIP_INFO, bytearray(_CHIP.size)))
    return _text(label), lines


def _holder(device: Path, pin: int) -> str | None:
    """Return the name that the holder of a line gave itself, None when it is free."""
    question = bytearray(_LINE.size)
    _LINE.pack_into(question, 0, b"", b"", pin, 0, 0)
    _, consumer, _, _, flags = _LINE.unpack(_asked(device, _LINE_INFO, question))
    return _text(consumer) if flags & _LINE_USED else None


def _asked(device: Path, request: int, answer: bytearray) -> bytearray:
    opened = os.open(device, os.O_RDWR | os.O_CLOEXEC)
    try:
        ioctl(opened, request, answer)
    finally:
        os.close(opened)
    return answer


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode(errors="replace")
