"""Our loop in real time on this machine: how late its ticks are, and how long from a fault to current off.

Law: a session is brought to its hold as fast as possible, then time is the machine's, and the simulated bus
takes as long as a real one. Each fault comes in a fork, at a random moment, so that one session serves all.

Run as a module it prints one JSON object. Priority, locked memory and the rest are those of every session in
real time; its parent gives the load.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import ExitStack
from random import Random
from typing import TYPE_CHECKING, Any, Final, NoReturn

from app.bench.latency import HOLD_S, fault, hold_request
from config.unit import reference_unit
from controller.backends.simulated import live
from controller.host.realtime import real_time
from controller.loop.tick import StopSwitch
from controller.session.wiring import run_session
from sim.scenario import Scenario

if TYPE_CHECKING:
    from controller.backends.bench import Bench
    from controller.backends.live import LiveUnit
    from controller.core.session import Session
    from controller.core.types import Measurement
    from controller.loop.tick import Loop

WARM_S: Final = 0.06
"""A fork ticks this long before its fault, so that its memory is its own again."""
WATCHED_S: Final = 0.04
"""A fork is watched for this long after its trip: twice the longest latency allowed."""
LONGEST_FORK_S: Final = 2.0


def _scheduling() -> str:
    """Say what this process was granted."""
    if os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK != os.SCHED_FIFO:
        return "ordinary priority, SCHED_FIFO was refused"
    return f"SCHED_FIFO {os.sched_getparam(0).sched_priority}"


class _Measured(Exception):
    """Everything was measured: the rest of the session is of no interest."""


class _Stopwatch:
    """Observes the ticks: first their lateness for `seconds`, then `onsets` forks with a fault each."""

    def __init__(
        self, bench: Bench, wires: LiveUnit, loop: Loop[Session], seconds: float, onsets: int, seed: int
    ) -> None:
        self._bench, self._wires, self._loop = bench, wires, loop
        self._seconds, self._onsets = seconds, onsets
        self._rng = Random(f"live|{seed}")
        self._live_since_s = 0.0
        self._fork_since_s: float | None = None
        self._answer_fd = -1
        self._index = 0
        self._own = ExitStack()
        self.cores: list[int] = []
        self._kind = ""
        self.lateness_s: list[float] = []
        self.scheduling = ""
        self.trips: list[dict[str, Any]] = []

    def tick(self, _measurement: Measurement) -> None:
        """See one tick."""
        now_s = self._bench.clock.now()
        if self._fork_since_s is not None:
            self._watch_fork(now_s, self._fork_since_s)
        elif not self._live_since_s:
            if now_s >= HOLD_S[0]:
                self._begin(now_s)
        elif now_s - self._live_since_s >= self._seconds:
            self._wires.lateness_s = None
            if self._index >= self._onsets:
                raise _Measured
            self._fork()

    def _begin(self, now_s: float) -> None:
        self._live_since_s = now_s
        self.cores = sorted(os.sched_getaffinity(0))
        self.scheduling = _scheduling()
        self._wires.lateness_s = self.lateness_s
        self._wires.go_live()

    def _fork(self) -> None:
        """Let a fork have the next fault, and wait for its answer."""
        number, self._index = self._index, self._index + 1
        at_s = self._rng.uniform(WARM_S, WARM_S + 1.0 / 20)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._answer_fd = writing
            self._own.enter_context(real_time())  # priority and locked memory are not inherited
            self._wires.go_live()
            self._fork_since_s = now_s = self._bench.clock.now()
            self._inject(number, now_s + at_s)
            return
        os.close(writing)
        with os.fdopen(reading) as pipe:
            text = pipe.read()
        os.waitpid(child, 0)
        self.trips.append(json.loads(text) if text else {"kind": None, "ms": None})
        self._wires.go_live()

    def _inject(self, number: int, at_s: float) -> None:
        self._kind, event = fault(number, at_s)
        if self._bench.inject is None:
            raise ValueError("this bench takes no faults")
        self._bench.inject(event.at_s, event.fault, event.params)

    def _watch_fork(self, now_s: float, since_s: float) -> None:
        trip = self._loop.session.trip
        if trip is not None and now_s >= trip.detected_s + WATCHED_S:
            self._answer(self._latency_ms(trip.detected_s, trip.cause.value))
        if now_s - since_s > LONGEST_FORK_S:
            self._answer(None)

    def _latency_ms(self, detected_s: float, cause: str) -> float | None:
        """Return onset to output off, in ms, as the summary of a session does."""
        truth = self._bench.truth()
        onset = None if truth is None else truth.onset(detected_s)
        if truth is None or onset is None:
            return None
        since = truth.dac_zero_since_s if cause == "open_circuit" else truth.off_since_s
        off_s = since(onset[1])
        return None if off_s is None else 1000.0 * (off_s - onset[1])

    def _answer(self, latency_ms: float | None) -> NoReturn:
        os.write(self._answer_fd, json.dumps({"kind": self._kind, "ms": latency_ms}).encode())
        os._exit(0)

    @property
    def in_fork(self) -> bool:
        """Whether this process is a fork, which must end here."""
        return self._fork_since_s is not None


def measure(seconds: float, onsets: int, seed: int) -> dict[str, Any]:
    """Run one session and return its `lateness_us`, `trips` and `scheduling`."""
    bench, wires = live(reference_unit(), "hands", Scenario(), seed)
    watches: list[_Stopwatch] = []

    def watch(built: Bench, loop: Loop[Session]) -> _Stopwatch:
        watches.append(_Stopwatch(built, wires, loop, seconds, onsets, seed))
        return watches[0]

    try:
        request = hold_request(seed)._replace(speed=1.0)
        run_session(request, None, StopSwitch(), watch=watch, bench=bench)
    except _Measured:
        stopwatch = watches[0]
        return {
            "scheduling": stopwatch.scheduling,
            "cores": stopwatch.cores,
            "lateness_us": [round(1e6 * late_s, 1) for late_s in stopwatch.lateness_s],
            "trips": stopwatch.trips,
        }
    except BaseException:
        if not (watches and watches[0].in_fork):
            raise
        traceback.print_exc()
        os._exit(1)
    if watches and watches[0].in_fork:
        os._exit(1)
    raise RuntimeError("the session ended before everything was measured: a tick came too late")


def main(arguments: Sequence[str]) -> None:
    """Print what was measured: seconds onsets seed."""
    seconds, onsets, seed = arguments
    print(json.dumps(measure(float(seconds), int(onsets), int(seed))))


if __name__ == "__main__":
    main(sys.argv[1:])
