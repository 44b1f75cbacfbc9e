"""The script that one would otherwise write (`benchmarks/plain_loop.py`), on the same simulated unit.

Law: the same faults, the same wires, the same truth. Nothing is made worse for it: it has time to reach its
current before the fault comes, and its errors count as its end.

Run as a module it prints its onsets: how many, which unit, and whether in real or in virtual time.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from types import ModuleType
from typing import TYPE_CHECKING, Final

from app.bench.jobs import NotMeasured
from app.bench.latency import Onset, fault
from config.unit import Unit, reference_unit
from controller.backends.simulated import live
from sim.scenario import Event, Scenario

if TYPE_CHECKING:
    from controller.backends.live import LiveUnit

SCRIPT: Final = Path(__file__).resolve().parents[2] / "benchmarks" / "plain_loop.py"
TARGET_MA: Final = 12.0
FAULT_S: Final = (1.2, 1.3)
"""When the fault comes: by then the script has reached its current."""
WATCHED_S: Final = 0.2
"""One-shot or charge pump lets go some 50 ms after the last edge, and the relay within 5 ms of that."""


class _Time:
    """The module `time`, as far as the script uses it, on the unit's clock."""

    def __init__(self, wires: LiveUnit) -> None:
        self.monotonic = wires.now
        self._wires = wires

    def sleep(self, duration_s: float) -> None:
        """Wait."""
        self._wires.sleep_until(self._wires.now() + duration_s)


def _unit() -> Unit:
    """Return the reference unit without its hardware trip, which the script could not arm."""
    return reference_unit().model_copy(update={"trip": None})


def onsets(count: int, number: int, *, real_time: bool) -> list[Onset]:
    """Run the script `count` times on the unit `number`, each time with the next fault.

    Raises:
        NotMeasured: the script is not where the source tree has it.

    """
    script = _script()
    rng = Random(f"plain|{number}")
    return [_onset(script, index, number, rng.uniform(*FAULT_S), real_time) for index in range(count)]


def _onset(script: ModuleType, index: int, number: int, at_s: float, real_time: bool) -> Onset:  # noqa: FBT001 - passed on
    bench, wires = live(_unit(), "hands", Scenario(), number)
    kind, event = fault(index, at_s)
    if event.params.get("which") == "guard":  # it has one converter only, and should see the fault
        event = Event.model_validate({"at_s": at_s, "fault": event.fault, "which": "control"})
    if bench.inject is not None:
        bench.inject(event.at_s, event.fault, event.params)
    if real_time:
        wires.go_live()
    try:
        script.treat(script.I2C(wires), bench.factory, TARGET_MA, 3.0, _Time(wires))
    except OSError:
        ended_by_error = True
    else:
        ended_by_error = False
    ended_s = wires.now()
    wires.sleep_until(ended_s + WATCHED_S)
    wires.now()
    truth = bench.truth()
    if truth is None or (ended_s < at_s and not ended_by_error):
        return Onset(kind, number, None, None)
    zero_s, off_s = truth.dac_zero_since_s(at_s), truth.off_since_s(at_s)
    zero_ms = None if zero_s is None else 1000.0 * (zero_s - at_s)
    off_ms = None if off_s is None else 1000.0 * (off_s - at_s)
    return Onset(kind, number, zero_ms if kind == "open_circuit" else off_ms, zero_ms)


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("plain_loop", SCRIPT)
    if spec is None or spec.loader is None or not SCRIPT.exists():
        raise NotMeasured(f"{SCRIPT.name} is only in the source tree, in benchmarks/")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(arguments: Sequence[str]) -> None:
    """Print, a line each, the onsets of the script: count unit real|virtual."""
    count, number, mode = arguments
    for onset in onsets(int(count), int(number), real_time=mode == "real"):
        print(json.dumps(onset))


if __name__ == "__main__":
    main(sys.argv[1:])
