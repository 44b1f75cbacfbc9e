"""What a tick costs in things that can be counted, whatever the machine's mood, for CI.

Law: the same code gives the same counts. Nothing here looks at the wall's clock.

Run as a module it prints them, to be recorded when a change is meant.
"""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from app.bench.latency import HOLD_S, KINDS, hold_request, onsets
from controller.backends.simulated import simulated
from controller.loop.tick import StopSwitch
from controller.session.wiring import run_session
from sim.scenario import Scenario

if TYPE_CHECKING:
    from controller.backends.bench import Bench
    from controller.backends.live import Wires
    from controller.core.session import Session
    from controller.core.types import Measurement
    from controller.loop.tick import Loop

WARM_TICKS: Final = 200
TICKS: Final = 2000
"""Counted ticks of a steady hold: whole rounds of everything that has its turn (8, 20 and 7 ticks) but 7."""
ONSETS: Final = 15


class CountingWires:
    """Wires that count transfers and bytes, address bytes included, as a bus analyser does."""

    def __init__(self, wires: Wires) -> None:
        self._wires = wires
        self.transfers = 0
        self.wire_bytes = 0

    def write(self, address: int, data: bytes) -> None:
        """Write `data` to the chip at `address`."""
        self._count(1 + len(data))
        self._wires.write(address, data)

    def read(self, address: int, count: int) -> bytes:
        """Read `count` bytes from the chip at `address`."""
        self._count(1 + count)
        return self._wires.read(address, count)

    def write_read(self, address: int, data: bytes, count: int) -> bytes:
        """Write `data`, then read `count` bytes after a repeated start."""
        self._count(2 + len(data) + count)
        return self._wires.write_read(address, data, count)

    def _count(self, wire_bytes: int) -> None:
        self.transfers += 1
        self.wire_bytes += wire_bytes


class _Counted(Exception):
    """Enough was counted."""


class _Counter:
    """Observes the ticks of a hold: `begin` after some, `each` on every one, `end` after `ticks` more."""

    def __init__(self, bench: Bench, begin: Callable[[], None], each: Callable[[], None], ticks: int) -> None:
        self._bench, self._begin, self._each, self._ticks = bench, begin, each, ticks
        self._seen = 0

    def tick(self, _measurement: Measurement) -> None:
        """See one tick."""
        if self._bench.clock.now() < HOLD_S[0]:
            return
        self._seen += 1
        if self._seen == WARM_TICKS:
            self._begin()
        elif self._seen > WARM_TICKS:
            self._each()
        if self._seen == WARM_TICKS + self._ticks:
            raise _Counted


def _hold(bench: Bench, ticks: int, begin: Callable[[], None], each: Callable[[], None]) -> None:
    """Run a session on `bench` until `ticks` of its hold were seen."""

    def watch(built: Bench, _loop: Loop[Session]) -> _Counter:
        return _Counter(built, begin, each, ticks)

    try:
        run_session(hold_request(1), None, StopSwitch(), watch=watch, bench=bench)
    except _Counted:
        return
    raise RuntimeError("the session ended before enough was counted")


def _bench() -> Bench:
    return simulated(hold_request(1).unit, "hands", Scenario(), 1, None)


def _nothing() -> None:
    """Let the tick be."""


def on_the_wire() -> dict[str, float]:
    """Count transfers and bytes per tick, and ticks per simulated second."""
    bench = _bench()
    wires = CountingWires(bench.transport)
    seen: list[tuple[int, int, float]] = []

    def look() -> None:
        seen.append((wires.transfers, wires.wire_bytes, bench.clock.now()))

    _hold(bench._replace(transport=wires), TICKS, look, look)
    transfers, wire_bytes, passed_s = (end - begin for begin, end in zip(seen[0], seen[-1], strict=True))
    return {
        "transfers_per_tick": transfers / TICKS,
        "wire_bytes_per_tick": wire_bytes / TICKS,
        "ticks_per_simulated_s": round(TICKS / passed_s, 2),
    }


def calls() -> dict[str, float]:
    """Count calls of functions per tick, of Python and of C, the simulated unit's included."""
    count = 0

    def see(_frame: object, event: str, _what: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    try:
        _hold(_bench(), TICKS, lambda: sys.setprofile(see), _nothing)
    finally:
        sys.setprofile(None)
    return {"calls_per_tick": round(count / TICKS, 1)}


def memory() -> dict[str, float]:
    """Count blocks that a tick leaves behind, and the bytes that it has allocated at once at the most."""
    blocks = array("q", bytes(8 * (TICKS + 1)))  # whose numbers are no blocks themselves
    seen = 0

    def look() -> None:
        nonlocal seen
        blocks[seen] = sys.getallocatedblocks()
        seen += 1

    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        _hold(_bench(), TICKS, look, look)
    finally:
        if enabled:
            gc.enable()
    return {"blocks_kept_per_tick": round((blocks[-1] - blocks[0]) / TICKS, 2), **_transient()}


def _transient() -> dict[str, float]:
    """Measure the most bytes that a tick allocates beyond those at its beginning."""
    peaks: list[int] = []
    held = 0

    def each() -> None:
        nonlocal held
        now, peak = tracemalloc.get_traced_memory()
        peaks.append(peak - held)
        held = now
        tracemalloc.reset_peak()

    try:
        _hold(_bench(), TICKS // 10, tracemalloc.start, each)
    finally:
        tracemalloc.stop()
    return {"transient_bytes_per_tick": float(sorted(peaks)[len(peaks) // 2])}


def latencies() -> dict[str, float]:
    """Measure the longest latency in virtual time, in ms, of a few onsets of each kind on unit 1."""
    found = onsets([1], ONSETS)
    return {
        f"{kind}_off_ms": max(onset.off_ms or float("inf") for onset in found if onset.kind == kind)
        for kind in KINDS
    }


def counts() -> dict[str, float]:
    """Return everything that is counted."""
    return {**on_the_wire(), **calls(), **memory(), **latencies()}


if __name__ == "__main__":
    print(json.dumps(counts(), indent=1))
