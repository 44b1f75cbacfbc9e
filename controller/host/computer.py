"""How the computer itself fares, by its firmware's word: a supply that is too low, and that it was slowed.

Law: looks only, and what this machine doesn't tell is None, never "well". A Raspberry Pi's firmware tells by
a word of bits (`get_throttled`), the present in the low ones and what was since the computer started in the
high ones; where only the kernel's monitor of the supply is there, one of them is known.
"""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Final

SYS: Final = Path("/sys")
_WORD: Final = "devices/platform/soc/soc:firmware/get_throttled"
_MONITORS: Final = "class/hwmon/hwmon*/name"
LOW: Final = 0x1
"""The supply is below 4.63 V; the same, 16 bits up, was so since the start (raspberrypi.com, vcgencmd)."""
SLOWED: Final = 0xE
"""Its clock is capped, it is throttled, or its soft limit of temperature is reached; again 16 bits up."""
BEFORE: Final = 16
"""So many bits up stands what was since the start."""
_ASK: Final = ("vcgencmd", "get_throttled")
_ASK_S: Final = 2.0

SAID: Final = (
    (LOW, "the computer's supply is too low now: give it the power supply that is made for it"),
    (
        LOW << BEFORE,
        "the computer's supply was too low since it started: give it the power supply that is made for it",
    ),
    (SLOWED, "the computer is slowed down now, by heat or by its supply: let air to it"),
    (
        SLOWED << BEFORE,
        "the computer was slowed down since it started, by heat or by its supply: let air to it",
    ),
)
"""What is said of which bits; of each pair the first that fits."""


def look(sys: Path = SYS) -> int | None:
    """Return the word of bits, None where this machine doesn't tell."""
    with suppress(OSError, ValueError):
        return int((sys / _WORD).read_text(encoding="ascii"), 16)
    with suppress(OSError, ValueError):
        for name in sys.glob(_MONITORS):
            if name.read_text(encoding="ascii").strip() == "rpi_volt":
                return LOW if int(name.with_name("in0_lcrit_alarm").read_text(encoding="ascii")) else 0
    return None


def ask() -> int | None:
    """Return the same by the firmware's own program, for those that may use its device."""
    with suppress(OSError, ValueError, subprocess.TimeoutExpired):
        done = subprocess.run(_ASK, capture_output=True, text=True, timeout=_ASK_S, check=False)  # noqa: S603 - ours
        return int(done.stdout.partition("=")[2], 16)
    return None


def told(word: int | None) -> list[str]:
    """Say what is amiss, a sentence each; nothing of a computer that fares well or doesn't tell."""
    said = []
    for now, before in (SAID[:2], SAID[2:]):
        fits = next((sentence for bits, sentence in (now, before) if (word or 0) & bits), None)
        said += [fits] if fits else []
    return said
