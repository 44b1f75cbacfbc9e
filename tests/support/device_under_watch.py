"""The command `ionto`, with how late each tick of its loop began written into a file that others may map.

    device_under_watch.py FILE device hands --simulate --state DIR ...

FILE holds doubles: how many ticks there are, then for each one the machine's monotonic time (s) and how long
after its moment it began (s). Writing them takes about a microsecond a tick and never waits.
"""

import mmap
import struct
import sys
import time
from pathlib import Path

from controller.loop.clock import SessionClock
from sim.clock import VirtualClock

MOST = 60_000


def watch(place):
    with Path(place).open("r+b") as file:
        room = mmap.mmap(file.fileno(), 8 + 16 * MOST)
    wait, told = SessionClock.sleep_until, [0]

    def sleep_until(self, at_s):
        wait(self, at_s)
        whole = self._whole
        if not isinstance(whole, VirtualClock) or whole._origin_real_s is None or told[0] >= MOST:
            return
        now_s = time.monotonic()
        struct.pack_into("=dd", room, 8 + 16 * told[0], now_s, now_s - whole._origin_real_s - whole.now_s)
        told[0] += 1
        struct.pack_into("=d", room, 0, told[0])

    SessionClock.sleep_until = sleep_until


def lateness(place):
    """Every tick so far: when (s, monotonic), and how late (s)."""
    data = Path(place).read_bytes()
    count = int(struct.unpack_from("=d", data)[0])
    found = struct.unpack_from(f"={2 * count}d", data, 8)
    return list(zip(found[::2], found[1::2], strict=True))


if __name__ == "__main__":
    _, place, *words = sys.argv
    watch(place)
    sys.argv = ["ionto", *words]
    from app.main import main

    sys.exit(main(words))
