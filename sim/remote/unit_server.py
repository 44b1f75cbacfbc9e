"""The simulated unit as a process of its own, in real time: it goes on whoever drives it, or nobody.

Law of this module: the unit's time is the machine's monotonic clock and nothing stops it; a driver that dies
leaves its pins driven and the DAC at its code, as on a real unit. Only the charge pump forgets.
"""

from __future__ import annotations

import json
import math
import selectors
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TextIO

from sim.faults import check_params
from sim.remote.wire import LET_GO, LEVELS, LONGEST, PINS, REPLY, REQUEST, Op, Status, new_socket
from sim.truth import Truth
from sim.world import World

POLL_S: Final = 0.002
"""The world is carried on at least this often, whatever else happens."""
CHANGE_MA: Final = 0.005
"""Changes of the true current smaller than this are not logged."""
REMEMBERED: Final = 20_000
"""Rows of the log that are kept; one reply holds the newest `PER_REPLY` of those asked for."""
PER_REPLY: Final = 1_500
_PEER: Final = struct.Struct("3i")


class SocketTaken(OSError):
    """Another unit answers at the socket, or something else lies there; `str()` is one sentence."""


class UnitServer:
    """Serves one world at `path`, to one driver at a time and to whoever asks (`sim.remote.unit_client.ask`).

    - `state`: now, true current, DAC code, relays, driven pins, pid of the driver
    - `truth` (`after_s`, `at_s`): figures since the driver came; off since when; onset of a fault
    - `log` (`since_s`): rows of (time, true current)
    - `inject` (`fault`, `params`), `press` (`button`, `for_s`), `drop` (cut the driver's connection)

    All times are seconds of the machine's monotonic clock. `record` gets every row of the log as CSV.
    """

    def __init__(
        self,
        world: World,
        path: Path,
        *,
        seed: int,
        record: TextIO | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._world, self._path, self._seed, self._record = world, path, seed, record
        self._now_s = now_s
        self._zero_s = now_s() - world.clock.now_s
        self._stopped = False
        self._driver: socket.socket | None = None
        self._driver_pid = 0
        self._log: deque[tuple[float, float]] = deque(maxlen=REMEMBERED)
        self._charge_before = world.truth.charge_ma_min
        self._peak_before_ma = self._peak_ma = 0.0
        self._answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "state": self._state,
            "truth": self._truth,
            "log": self._rows,
            "inject": self._inject,
            "press": self._press,
            "drop": self._drop,
        }
        self._selector = selectors.DefaultSelector()
        self._door = _door(path)
        self._selector.register(self._door, selectors.EVENT_READ)
        if record is not None:
            record.write("monotonic_s,current_ma\n")

    def stop(self) -> None:
        """Ask `serve` to return; signal-safe."""
        self._stopped = True

    def serve(self) -> None:
        """Let the world go on and answer whoever asks, until `stop`; then take the socket away."""
        try:
            while not self._stopped:
                self.turn(POLL_S)
        finally:
            self.close()

    def turn(self, wait_s: float) -> None:
        """Wait up to `wait_s` (s) for packets, carry the world on, answer them."""
        ready = self._selector.select(wait_s)
        self._advance()
        for key, _ in ready:
            line: Any = key.fileobj
            if line is self._door:
                self._welcome()
            elif line.fileno() >= 0:  # not closed on the way, by `drop`
                self._hear(line)
        self._note()

    def close(self) -> None:
        """Close every connection and remove the socket."""
        for key in list(self._selector.get_map().values()):
            line: Any = key.fileobj
            line.close()
        self._selector.close()
        self._path.unlink(missing_ok=True)
        if self._record is not None:
            self._record.flush()

    # Time and the log.

    def _advance(self) -> None:
        clock, t_s = self._world.clock, self._now_s() - self._zero_s
        clock.advance_to(max(t_s, clock.now_s))

    def _hold(self) -> None:
        """Let real time catch up with what a transfer took on the wire."""
        ahead_s = self._zero_s + self._world.clock.now_s - self._now_s()
        if ahead_s > 0.0:
            time.sleep(ahead_s)

    def _note(self) -> None:
        world = self._world
        t_s = world.clock.now_s
        current_ma = world.trace.signed_ma(t_s)
        self._peak_ma = max(self._peak_ma, abs(current_ma))
        if not self._log or abs(current_ma - self._log[-1][1]) >= CHANGE_MA:
            row = (self._zero_s + t_s, current_ma)
            self._log.append(row)
            if self._record is not None:
                self._record.write(f"{row[0]:.6f},{row[1]:.4f}\n")

    # Packets.

    def _welcome(self) -> None:
        line, _ = self._door.accept()
        line.setblocking(False)  # noqa: FBT003 - the standard library's signature
        self._selector.register(line, selectors.EVENT_READ)

    def _hear(self, line: socket.socket) -> None:
        """Take every packet that has come; of a closed connection the pins keep their levels."""
        while True:
            try:
                packet = line.recv(LONGEST)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            if len(packet) < REQUEST.size:
                self._forget(line)
                return
            op, number, address, count = REQUEST.unpack_from(packet)
            status, payload = self._do(line, op, address, count, packet[REQUEST.size :])
            if op in (Op.PIN, Op.MARK):
                continue
            try:
                line.send(REPLY.pack(number, status) + payload)
            except OSError:
                if line.fileno() >= 0:
                    self._forget(line)
                return

    def _forget(self, line: socket.socket) -> None:
        self._selector.unregister(line)
        line.close()
        if line is self._driver:
            self._driver = None

    def _do(
        self, line: socket.socket, op: int, address: int, count: int, data: bytes
    ) -> tuple[Status, bytes]:
        self._advance()
        if op == Op.ASK:
            return self._answer(data)
        if op == Op.DRIVE:
            return self._let_drive(line)
        if line is not self._driver:
            return Status.REFUSED, b"only the unit's driver may do this"
        if op == Op.PIN:
            self._world.pin_driven(address, None if count == LET_GO else bool(count))
        elif op == Op.MARK:
            self._world.truth.mark_tick(bool(count))
        elif op == Op.LEVELS:
            return Status.DONE, self._levels()
        else:
            return self._transfer(op, address, count, data)
        return Status.DONE, b""

    def _transfer(self, op: int, address: int, count: int, data: bytes) -> tuple[Status, bytes]:
        bus, answer, status = self._world.bus, b"", Status.DONE
        try:
            if op == Op.WRITE:
                bus.write(address, data)
            elif op == Op.READ:
                answer = bus.read(address, count)
            elif op == Op.WRITE_READ:
                answer = bus.write_read(address, data, count)
            else:
                return Status.REFUSED, f"no such request: {op}".encode()
        except TimeoutError:
            status = Status.TIMED_OUT
        except OSError:
            status = Status.NO_ACKNOWLEDGE
        self._hold()
        return status, answer

    def _levels(self) -> bytes:
        driven = high = 0
        for pin in range(PINS):
            level = self._world.pin_level(pin)
            if level is not None:
                driven |= 1 << pin
                high |= level << pin
        return LEVELS.pack(driven, high)

    def _let_drive(self, line: socket.socket) -> tuple[Status, bytes]:
        if self._driver is not None:
            return Status.REFUSED, (
                f"the unit at {self._path} is driven by process {self._driver_pid}: end that one first"
            ).encode()
        world = self._world
        self._driver = line
        peer = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
        self._driver_pid = _PEER.unpack(peer)[0]
        world.truth = Truth(world.clock, world.trace)
        world.truth.note_code(world.clock.now_s, world.dac.output_code)
        self._charge_before = world.truth.charge_ma_min
        self._peak_before_ma, self._peak_ma = world.truth.peak_ma, 0.0
        return Status.DONE, json.dumps({"seed": self._seed}).encode()

    # Questions.

    def _answer(self, data: bytes) -> tuple[Status, bytes]:
        try:
            details = json.loads(data)
            answer = self._answers[details.pop("question")](details)
        except KeyError as error:
            return Status.REFUSED, f"the question lacks or does not know {error}".encode()
        except (ValueError, TypeError, AttributeError) as error:
            return Status.REFUSED, str(error).encode()
        return Status.DONE, json.dumps(answer).encode()

    def _state(self, _details: dict[str, Any]) -> dict[str, Any]:
        world = self._world
        return {
            "now_s": self._zero_s + world.clock.now_s,
            "zero_s": self._zero_s,
            "seed": self._seed,
            "current_ma": world.trace.signed_ma(world.clock.now_s),
            "dac_code": world.dac.output_code,
            "relays": {name: world.relay(name).state for name in ("enable", "series", "polarity")},
            "pins": [number for number, high in world.levels.items() if high],
            "driver_pid": None if self._driver is None else self._driver_pid,
        }

    def _truth(self, details: dict[str, Any]) -> dict[str, Any]:
        truth, zero_s = self._world.truth, self._zero_s
        felt = truth.felt
        after_s = details.get("after_s", zero_s) - zero_s
        at_s = details.get("at_s", math.inf) - zero_s
        charge = truth.charge_ma_min
        # The trace's peak is exact but of all sessions; where this one's lies below, the polls' has to do.
        peak_ma = truth.peak_ma if truth.peak_ma > self._peak_before_ma else self._peak_ma
        return {
            "peak_ma": peak_ma,
            "charge_ma_min": {way: max(0.0, charge[way] - self._charge_before[way]) for way in charge},
            "worst_step_ma": truth.worst_step_ma,
            "switched_above_ma": truth.switched_above_ma,
            "off_since_s": _later(truth.off_since_s(after_s), zero_s),
            "dac_zero_since_s": _later(truth.dac_zero_since_s(after_s), zero_s),
            "onset": _named(truth.onset(at_s), zero_s),
            "first_onset": _named(truth.first_onset(at_s), zero_s),
            "worst_rise_ma": felt.worst_rise_ma,
            "worst_fall_ma": felt.worst_fall_ma,
            "held_ma": felt.held_ma,
            "pulses": felt.pulses,
        }

    def _rows(self, details: dict[str, Any]) -> dict[str, Any]:
        since_s = float(details["since_s"])
        return {"rows": [row for row in self._log if row[0] >= since_s][-PER_REPLY:]}

    def _inject(self, details: dict[str, Any]) -> dict[str, Any]:
        name = str(details["fault"])
        params = check_params(name, details.get("params", {}))
        if name in NOT_HERE:
            raise ValueError(NOT_HERE[name])
        return self._happens(name, params)

    def _press(self, details: dict[str, Any]) -> dict[str, Any]:
        return self._happens("press", check_params("press", details))

    def _happens(self, name: str, params: Any) -> dict[str, Any]:
        now_s = self._world.clock.now_s
        self._world.inject(now_s, name, params)
        return {"at_s": self._zero_s + now_s}

    def _drop(self, _details: dict[str, Any]) -> dict[str, Any]:
        if self._driver is not None:
            self._forget(self._driver)
        return {"at_s": self._zero_s + self._world.clock.now_s}


NOT_HERE: Final = {
    "clock_rate": "clock_rate turns the clock of the loop's computer, which is not in this process",
    "stall": "stall holds up the loop's clock, which is not in this process: stop the controller instead",
}
"""Faults that need the simulator in the controller's process, and what to do instead."""


def _later(t_s: float | None, zero_s: float) -> float | None:
    return None if t_s is None else zero_s + t_s


def _named(onset: tuple[str, float] | None, zero_s: float) -> list[Any] | None:
    return None if onset is None else [onset[0], zero_s + onset[1]]


def _door(path: Path) -> socket.socket:
    """Listen at `path`; a socket that a dead unit left there is replaced, nothing else is."""
    if path.is_socket():
        with new_socket() as probe:
            probe.settimeout(1.0)
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise SocketTaken(
                    f"{path} cannot be used ({error.strerror or error}): choose another path"
                ) from error
            else:
                raise SocketTaken(f"another unit answers at {path}: choose another socket or end that unit")
    elif path.exists():
        raise SocketTaken(f"{path} is there already and no socket: choose another name")
    door = new_socket()
    try:
        door.bind(str(path))
        door.listen()
        door.setblocking(False)  # noqa: FBT003 - the standard library's signature
    except OSError as error:
        door.close()
        raise SocketTaken(
            f"{path} cannot be made ({error.strerror or error}): choose another path"
        ) from error
    return door
