"""The near end of the wires to a unit that is a process of its own: I2C transfers and pins over its socket.

Law of this module: it fails as wires do. A unit that does not answer in time is a hung bus; one that is gone
is a cable that was pulled: chips don't acknowledge, contacts are open, and what a pin drives goes nowhere.
"""

from __future__ import annotations

import errno
import json
import time
from pathlib import Path
from typing import Any, Final, NoReturn

from sim.chips.pins import SimFactory
from sim.remote.wire import LET_GO, LEVELS, LONGEST, PINS, REPLY, REQUEST, Op, Status, new_socket

FRESH_S: Final = 0.001
"""Pins that are read within this time of each other are one look at the panel, so one packet."""
ANSWER_S: Final = 2.0
"""How long a question, or the first word with a unit, may take."""


class UnitUnavailable(OSError):
    """No unit answers there, or it refuses; `str()` is one sentence."""


class UnitClient:
    """Drives the unit behind the socket `path`: whole I2C transactions, and the world of a `SimFactory`.

    `timeout_s` bounds one transaction, as the host's I2C timeout does. `facts` is what the unit says of
    itself (`seed`). Raises UnitUnavailable when there is no unit or another program drives it.
    """

    def __init__(self, path: Path, timeout_s: float) -> None:
        self._socket = _connected(path)
        self._number = 0
        self._gone = False
        self._levels: tuple[float, int, int] = (-FRESH_S, 0, 0)
        status, payload = self._request(Op.DRIVE)
        if status is not Status.DONE:
            self.close()
            raise UnitUnavailable(payload.decode() or f"the unit at {path} does not answer")
        self.facts: dict[str, Any] = json.loads(payload)
        self._socket.settimeout(timeout_s)

    @property
    def pin_factory(self) -> SimFactory:
        """A gpiozero factory whose pins are the unit's."""
        return SimFactory(self)

    # The bus.

    def write(self, address: int, data: bytes) -> None:
        """Write `data` to the chip at `address`."""
        self._transfer(Op.WRITE, address, 0, data)

    def read(self, address: int, count: int) -> bytes:
        """Read `count` bytes from the chip at `address`."""
        return self._transfer(Op.READ, address, count)

    def write_read(self, address: int, data: bytes, count: int) -> bytes:
        """Write `data`, then read `count` bytes after a repeated start."""
        return self._transfer(Op.WRITE_READ, address, count, data)

    def _transfer(self, op: Op, address: int, count: int, data: bytes = b"") -> bytes:
        status, payload = self._request(op, address, count, data)
        if status is Status.DONE:
            return payload
        if status is Status.TIMED_OUT:
            raise TimeoutError(errno.ETIMEDOUT, "the unit did not answer within the host's timeout")
        raise OSError(errno.EREMOTEIO, f"no acknowledge from address {address:#04x}")

    # The pins.

    def pin_driven(self, number: int, level: bool | None) -> None:  # noqa: FBT001  # a level is a boolean
        """Drive `level` into the pin, or let go of it (None)."""
        self._send(Op.PIN, number, LET_GO if level is None else int(level))

    def pin_level(self, number: int) -> bool | None:
        """Return what the unit drives into the pin; None when nothing does."""
        seen_s, driven, high = self._levels
        if time.monotonic() - seen_s > FRESH_S:
            status, payload = self._request(Op.LEVELS)
            if status is Status.DONE:
                driven, high = LEVELS.unpack(payload)
            elif status is not Status.TIMED_OUT:  # a wire has no time to run out: it keeps its level
                driven = high = 0
            self._levels = (time.monotonic(), driven, high)
        return bool(high >> number & 1) if number < PINS and driven >> number & 1 else None

    def pin_time_s(self) -> float:
        """Seconds of the machine's monotonic clock."""
        return time.monotonic()

    def mark_tick(self, whole: bool) -> None:  # noqa: FBT001  # one word, once per tick
        """Tell the unit's truth that a tick has ended; see `Truth.mark_tick`."""
        self._send(Op.MARK, 0, int(whole))

    def close(self) -> None:
        """Let go of the unit: every pin keeps its level, as on a real one."""
        self._gone = True
        self._socket.close()

    # The packets.

    def _send(self, op: Op, address: int = 0, count: int = 0, data: bytes = b"") -> bool:
        self._number = (self._number + 1) & 0xFFFF
        if not self._gone:
            try:
                self._socket.send(REQUEST.pack(op, self._number, address, count) + data)
            except TimeoutError:
                return False
            except OSError:
                self._gone = True
        return not self._gone

    def _request(self, op: Op, address: int = 0, count: int = 0, data: bytes = b"") -> tuple[Status, bytes]:
        """Send a request and wait for its own reply; those of earlier ones, given up, are dropped."""
        sent = self._send(op, address, count, data)
        try:
            while sent:
                packet = self._socket.recv(LONGEST)
                if not packet:
                    self._gone = True
                    break
                number, status = REPLY.unpack_from(packet)
                if number == self._number:
                    return Status(status), packet[REPLY.size :]
        except TimeoutError:
            return Status.TIMED_OUT, b""
        except OSError:
            self._gone = True
        return (Status.NO_ACKNOWLEDGE if self._gone else Status.TIMED_OUT), b""


def ask(path: Path, question: str, **details: Any) -> dict[str, Any]:
    """Ask the unit, or tell its world or person something, beside whoever drives it.

    The questions are those of `sim.remote.unit_server`. Raises UnitUnavailable.
    """
    with _connected(path) as line:
        try:
            line.send(REQUEST.pack(Op.ASK, 0, 0, 0) + json.dumps({"question": question, **details}).encode())
            packet = line.recv(LONGEST)
        except OSError as error:
            raise UnitUnavailable(f"the unit at {path} does not answer") from error
    if not packet:
        raise UnitUnavailable(f"the unit at {path} does not answer")
    _, status = REPLY.unpack_from(packet)
    if status != Status.DONE:
        raise UnitUnavailable(packet[REPLY.size :].decode())
    answer: dict[str, Any] = json.loads(packet[REPLY.size :])
    return answer


def _connected(path: Path) -> Any:
    line = new_socket()
    line.settimeout(ANSWER_S)
    try:
        line.connect(str(path))
    except OSError as error:
        line.close()
        say_absent(path, error)
    return line


def say_absent(path: Path, error: OSError) -> NoReturn:
    """Raise what is to be said of a socket at which there is no unit, or one that is not ours to use."""
    if error.errno in (errno.EACCES, errno.EPERM):
        raise UnitUnavailable(
            f"{path} may not be used by this account: use the account that the unit there runs under, or "
            "start one of your own with `ionto unit` and another --socket"
        ) from error
    if not path.parent.is_dir():
        raise UnitUnavailable(
            f"no unit answers at {path}: {path.parent} is no folder; look at the path"
        ) from error
    if path.exists() and not path.is_socket():
        raise UnitUnavailable(
            f"{path} is no socket of a unit: choose another path, and start one there with `ionto unit`"
        ) from error
    raise UnitUnavailable(
        f"no unit answers at {path} ({error.strerror or error}): start one with `ionto unit --socket {path}`"
    ) from error
