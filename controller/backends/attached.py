"""The wires end in a simulated unit that is a process of its own and outlives its controllers.

Law: it is owned like a unit of hardware, and its truth is asked for, never computed here.
"""

from __future__ import annotations

import errno
import os
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from controller.backends.bench import Bench, NotReady
from controller.core.limits import CLOCK_LOOK_S
from controller.core.types import ClockLook
from controller.host.battery_clock import BatteryClock, raw_seconds
from controller.host.ownership import own
from controller.loop.clock import RealClock
from controller.loop.result import Truth

if TYPE_CHECKING:
    from config.unit import Unit


def attached(unit: Unit, path: Path, stack: ExitStack) -> Bench:
    """Take the simulated unit that is a process of its own at the socket `path`. Raises OSError or InUse."""
    from sim.remote.unit_client import UnitClient, say_absent

    path, timeout_s = path.resolve(), unit.i2c.timeout_ms / 1000
    if not path.is_socket():  # so that no lock is left beside nothing
        say_absent(path, FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)))
    lock = own(path.with_name(f"{path.name}.lock"), f"the unit at {path}")
    stack.callback(os.close, lock)
    client = stack.enter_context(closing(UnitClient(path, timeout_s)))
    clock = RealClock()
    zero_s = time.monotonic() - clock.now()
    battery_clock = None
    if unit.battery_clock is not None:
        battery_clock = stack.enter_context(closing(BatteryClock(raw_seconds, ClockLook, CLOCK_LOOK_S)))
    return Bench(
        str(path),
        client,
        client.pin_factory,
        clock,
        simulated=True,
        seed=client.facts["seed"],
        truth=lambda: _told_truth(path, zero_s),
        mark_tick=client.mark_tick,
        locks=(lock,),
        real_time=True,
        battery_clock=battery_clock,
    )


def tell_unit(path: Path, question: str, **details: Any) -> dict[str, Any]:
    """Ask a unit that is a process of its own, or tell its person or world something. Raises NotReady."""
    from sim.remote.unit_client import UnitUnavailable, ask

    try:
        return ask(path.resolve(), question, **details)
    except UnitUnavailable as error:
        raise NotReady(str(error)) from error


def _told_truth(path: Path, zero_s: float) -> Truth | None:
    """Ask the unit for its truth; None when it does not answer. `zero_s` is session time 0 on its clock."""

    def told(name: str, **details: float) -> Any:
        try:
            return tell_unit(path, "truth", **details)[name]
        except NotReady:
            return None

    def since(name: str, after_s: float) -> float | None:
        at_s = told(name, after_s=zero_s + after_s)
        return None if at_s is None else at_s - zero_s

    def onset(at_s: float, name: str = "onset") -> tuple[str, float] | None:
        found = told(name, at_s=zero_s + at_s)
        return None if found is None else (found[0], found[1] - zero_s)

    try:
        figures = tell_unit(path, "truth")
    except NotReady:
        return None
    return Truth(
        peak_ma=figures["peak_ma"],
        held_ma=figures["held_ma"],
        charge_ma_min=figures["charge_ma_min"],
        worst_step_ma=figures["worst_step_ma"],
        worst_rise_ma=figures["worst_rise_ma"],
        worst_fall_ma=figures["worst_fall_ma"],
        pulses=figures["pulses"],
        switched_above_ma=figures["switched_above_ma"],
        onset=onset,
        first_onset=lambda at_s: onset(at_s, "first_onset"),
        off_since_s=lambda after_s: since("off_since_s", after_s),
        dac_zero_since_s=lambda after_s: since("dac_zero_since_s", after_s),
    )
