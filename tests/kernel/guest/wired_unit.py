"""The simulated unit, on a true /dev/i2c-N and a true gpiochip of the kernel it runs under.

Law: it is the unit of `ionto unit`, in time, questions and truth; only its wires differ. The bus is an
adapter of the kernel's as a Pi has it: 1 s of timeout until somebody sets another (linux/i2c.h).

    wired_unit.py SOCKET BUS FOLDER SEED RECORD.csv POLL_S      FOLDER holds scenario.yaml and unit.yaml
"""

from __future__ import annotations

import errno
import json
import os
import select
import signal
import sys
from pathlib import Path
from typing import Any

from cuse import CuseBus
from header import HeaderWires

from config.reader import read
from config.unit import load_unit
from controller.backends.simulated import unit_spec
from sim.clock import VirtualClock
from sim.remote.unit_server import UnitServer
from sim.scenario import Scenario
from sim.world import World

ADAPTER_TIMEOUT_S = 1.0


class WiredUnit(UnitServer):
    """A unit whose driver sits on the kernel's devices; the socket is for questions only."""

    def __init__(self, world: World, path: Path, *, bus: int, seed: int, record: Any) -> None:
        super().__init__(world, path, seed=seed, record=record)
        spec = world.spec
        world.bus.timeout_s = ADAPTER_TIMEOUT_S
        self.silent = False
        self._header = HeaderWires(
            (spec.heartbeat_pin, spec.series_relay_pin, spec.polarity_relay_pin),
            (spec.heartbeat_pin, spec.series_relay_pin),
            (spec.start_pin, spec.stop_pin, spec.up_pin, spec.down_pin),
            world.pin_driven,
            world.pin_level,
        )
        self._header.sync()
        self._answers["wires"] = self._wires
        self._bus = CuseBus(bus, self._carry_over, self._set_timeout)

    def turn(self, wait_s: float) -> None:
        ready, _, _ = select.select([self._bus.fd, self._selector.fileno()], [], [], wait_s)
        self._advance()
        self._header.sync()
        if self._bus.fd in ready:
            self._bus.serve()
        if self._selector.fileno() in ready:
            super().turn(0.0)
        else:
            self._note()

    def _set_timeout(self, timeout_ms: int) -> None:
        self._world.bus.timeout_s = timeout_ms / 1000

    def _carry_over(self, address: int, messages: list[tuple[int, bytes]]) -> list[bytes]:
        """Make one transaction; it takes the wire's time."""
        bus = self._world.bus
        try:
            match messages:
                case [(0, data)]:
                    bus.write(address, data)
                    return []
                case [(count, b"")]:
                    return [bus.read(address, count)]
                case [(0, data), (count, b"")]:
                    return [bus.write_read(address, data, count)]
            raise OSError(errno.EOPNOTSUPP, "no such transaction")
        finally:
            self._hold()

    def _wires(self, _details: dict[str, Any]) -> dict[str, Any]:
        return {"transfers": self._bus.transfers, "timeout_s": self._world.bus.timeout_s}


def main() -> None:
    socket, bus, folder, seed, record, poll_s = sys.argv[1:]
    described = load_unit(Path(folder) / "unit.yaml")
    scenario = read(Path(folder) / "scenario.yaml", Scenario)
    with open(record, "w", encoding="utf-8") as rows:  # noqa: PTH123
        world = World(unit_spec(described, "hands"), scenario, int(seed), VirtualClock())
        server = WiredUnit(world, Path(socket), bus=int(bus), seed=int(seed), record=rows)
        signal.signal(signal.SIGTERM, lambda *_: server.stop())
        sys.stdout.write(json.dumps({"zero_s": server._zero_s}) + "\n")
        sys.stdout.flush()
        while not server._stopped:
            server.turn(float(poll_s))
        server.close()
    os._exit(0)


if __name__ == "__main__":
    main()
