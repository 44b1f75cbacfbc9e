"""What a session is built on, whatever the wires end in.

Law: the rig that is built on a bench is the same on each; what is missing is said, never replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from gpiozero.pins import Factory

    from controller.backends.meter import Meter
    from controller.loop.clock import Clock
    from controller.loop.ports import BatteryClockPort, Ports
    from controller.loop.result import Truth
    from drivers.bus import Transport


class NotReady(Exception):
    """The hardware of this unit is missing; `str()` is one sentence with the remedy."""


class Bench(NamedTuple):
    """What a session is built on: wires, pins and time; its name in the journal; who knows the truth of it.

    `locks` are descriptors that keep others off the unit while they are open. `inject` plans a fault of
    `ionto faults` at a session time in s, and `meter` is a reference meter in the output, where the unit is
    simulated in this process. `true_ma` gives the mean size of the true current over the last half second.
    `shorten`, once the drivers have set up their chips, puts the plant in the place of bus and drivers.
    `real_time` says that its time is the machine's. `battery_clock` is there where the unit's file names one.
    """

    name: str
    transport: Transport
    factory: Factory
    clock: Clock
    simulated: bool = False
    seed: int | None = None
    truth: Callable[[], Truth | None] = lambda: None
    mark_tick: Callable[[bool], None] | None = None
    inject: Callable[[float, str, Mapping[str, Any]], None] | None = None
    locks: tuple[int, ...] = ()
    meter: Meter | None = None
    true_ma: Callable[[], float] | None = None
    shorten: Callable[[Ports], Ports] | None = None
    real_time: bool = False
    battery_clock: BatteryClockPort | None = None
