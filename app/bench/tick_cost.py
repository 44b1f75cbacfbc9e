"""What a tick costs, and where: in our logic, in the chip and pin libraries, in the simulated unit.

Law: sampled, not traced. A timer looks every 0.5 ms where the program is, so the program runs as
it does otherwise; each look counts for the innermost room that has a say in it.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from app.bench.figures import Figure
from app.bench.latency import HOLD_S, hold_request
from controller.loop.tick import StopSwitch
from controller.session.wiring import run_session

if TYPE_CHECKING:
    from controller.backends.bench import Bench
    from controller.core.session import Session
    from controller.core.types import Measurement
    from controller.loop.tick import Loop

LOOK_S: Final = 0.0005
LOGIC: Final = "logic"
LIBRARIES: Final = "libraries"
BUS: Final = "simulated_bus"
PLANT: Final = "simulated_time"
REST: Final = "rest"

PART_WORDS: Final = {
    LOGIC: "session, regulator, estimate, guard, dose",
    LIBRARIES: "our drivers, Adafruit's and gpiozero's libraries",
    BUS: "what driver calls end in: simulated wire, chips, pins",
    PLANT: "the simulated unit while the loop sleeps",
    REST: "loop, rig, record",
}
OVER_DRIVERS: Final = 0.5
"""Limit: the logic may cost half of what the driver calls cost."""


def part_of(frame: FrameType | None) -> str:
    """Tell which part of a tick a stack of frames is in: the innermost that is ours or a library's."""
    simulated = False
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        top = module.partition(".")[0]
        if top == "sim":
            simulated = True
        elif top in {"drivers", "gpiozero"} or top.startswith("adafruit"):
            return BUS if simulated else LIBRARIES
        elif top == "controller":
            return PLANT if simulated else LOGIC if module.startswith("controller.core") else REST
        frame = frame.f_back
    return REST


class _Enough(Exception):
    """Looked at for long enough."""


class _Sampler:
    """Observes the ticks of the hold: looks where the program is, for `ticks` ticks."""

    def __init__(self, bench: Bench, ticks: int) -> None:
        self._bench, self._ticks = bench, ticks
        self._begun_s: float | None = None
        self.looks: Counter[str] = Counter()
        self.counted = 0
        self.cpu_s = 0.0

    def tick(self, _measurement: Measurement) -> None:
        """See one tick."""
        if self._begun_s is not None:
            self.counted += 1
            if self.counted == self._ticks:
                signal.setitimer(signal.ITIMER_REAL, 0.0)
                self.cpu_s = time.process_time() - self._begun_s
                raise _Enough
        elif self._bench.clock.now() >= HOLD_S[0]:
            signal.signal(signal.SIGALRM, self._look)
            signal.setitimer(signal.ITIMER_REAL, LOOK_S, LOOK_S)
            self._begun_s = time.process_time()

    def _look(self, _number: int, frame: FrameType | None) -> None:
        self.looks[part_of(frame)] += 1


def measure(ticks: int) -> dict[str, Any]:
    """Return us per tick by part, us in all, and how often it looked, over `ticks` ticks of a hold."""
    samplers: list[_Sampler] = []

    def watch(bench: Bench, _loop: Loop[Session]) -> _Sampler:
        samplers.append(_Sampler(bench, ticks))
        return samplers[0]

    request = hold_request(1)
    longer = request.treatment.model_copy(update={"total_min": 20.0})
    try:
        run_session(request._replace(treatment=longer), None, StopSwitch(), watch=watch)
    except _Enough:
        sampler = samplers[0]
        looks = sum(sampler.looks.values())
        tick_us = 1e6 * sampler.cpu_s / ticks
        parts = {part: tick_us * count / looks for part, count in sampler.looks.items()}
        return {"tick_us": tick_us, "parts_us": parts, "looks": looks, "ticks": ticks}
    raise RuntimeError("the session ended before it was looked at for long enough")


def figures(found: Mapping[str, Any]) -> list[Figure]:
    """Return us per tick by part, and our logic over driver calls and over the libraries alone."""
    parts: Mapping[str, float] = found["parts_us"]
    counted = f"{found['looks']} looks in {found['ticks']} ticks"
    rows = [Figure("tick_us", found["tick_us"], "us", of=counted)]
    rows += [
        Figure(f"tick_{part}_us", parts.get(part, 0.0), "us", of=words) for part, words in PART_WORDS.items()
    ]
    logic_us, libraries_us = parts.get(LOGIC, 0.0), parts.get(LIBRARIES, 0.0)
    calls_us = libraries_us + parts.get(BUS, 0.0)
    return [
        *rows,
        Figure(
            "logic_over_drivers",
            logic_us / calls_us,
            "",
            OVER_DRIVERS,
            of="driver calls with the bus they end in",
        ),
        Figure("logic_over_libraries", logic_us / libraries_us, "", of="the libraries' own computing alone"),
    ]


def main(arguments: Sequence[str]) -> None:
    """Print what was measured: ticks."""
    print(json.dumps(measure(int(arguments[0]))))


if __name__ == "__main__":
    main(sys.argv[1:])
