"""The machine's battery clock, read beside the loop: whole seconds of a chip that has a crystal of its own.

Law: a tick never waits for it. A thread reads it every few seconds and leaves what it saw; the file stays
open, so that nothing is opened while somebody is treated. The kernel reads the chip over the I2C bus that the
unit's own transfers use (DS3231: 0.3 ms at 400 kHz); one of those may have to wait so long, which is ridden.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

Look = TypeVar("Look")

CHIPS: Final = Path("/sys/class/rtc")
CLOSE_S: Final = 1.0
"""So long the end waits for a read that is under way; a sound chip takes a millisecond."""
_KEPT: Final = 32
"""So many looks wait at most; of more the oldest go."""


class BatteryClock(Generic[Look]):
    """Reads a clock by `read`, which gives its whole seconds, every so often until it is closed.

    `made_of` makes a look of the moments before and after, s, and of the seconds, None where there are none.
    """

    def __init__(
        self, read: Callable[[], int], made_of: Callable[[float, float, int | None], Look], every_s: float
    ) -> None:
        self._read, self._made_of, self._every_s = read, made_of, every_s
        self._looks: deque[Look] = deque(maxlen=_KEPT)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="battery clock", daemon=True)
        self._thread.start()

    def look(self) -> Look | None:
        """Return the oldest look that nobody has taken yet, None where there is none."""
        return self._looks.popleft() if self._looks else None

    def close(self) -> None:
        """Stop reading; a chip that doesn't answer holds nobody up."""
        self._ends.set()
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        while True:
            before_s = time.monotonic()
            try:
                chip_s: int | None = self._read()
            except (OSError, ValueError):
                chip_s = None
            self._looks.append(self._made_of(before_s, time.monotonic(), chip_s))
            if self._ends.wait(self._every_s):
                return


class ChipFile:
    """The file in which the kernel shows the seconds of the chip called `name`; open until it is closed."""

    def __init__(self, name: str, chips: Path = CHIPS) -> None:
        """Open and read it once. Raises OSError, with what to do about it."""
        path = chips / name / "since_epoch"
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise OSError(_absent(name)) from error
        try:
            self.read()
        except (OSError, ValueError) as error:
            self.close()
            raise OSError(_absent(name)) from error

    def read(self) -> int:
        """Return its whole seconds. Raises OSError or ValueError."""
        return int(os.pread(self._file, 32, 0))

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


def _absent(name: str) -> str:
    return (
        f"the battery clock {name}, which the unit's file names (battery_clock), tells no time: fit it and "
        "set it (sudo hwclock --systohc), or have that key taken out of the file"
    )


def raw_seconds() -> int:
    """Return the whole seconds of the machine's clock that nothing slews: for a unit that is simulated."""
    return int(time.clock_gettime(time.CLOCK_MONOTONIC_RAW))
