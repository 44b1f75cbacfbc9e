"""A scripted wire and a clock turned by hand."""

from __future__ import annotations

import pytest

from drivers.bus import BoundedBus


class HandClock:
    """Seconds that pass only when told to."""

    def __init__(self):
        self.now_s = 100.0

    def now(self):
        return self.now_s

    def wait_until(self, t_s):
        self.now_s = max(self.now_s, t_s)


class ScriptedTransport:
    """Plays (kind, address, bytes out, bytes in or exception) in order and refuses anything else.

    Each transfer takes `transfer_s` of the clock; a scripted TimeoutError takes `hang_s`.
    """

    def __init__(self, clock, transfer_s=0.0, hang_s=0.035):
        self.clock = clock
        self.transfer_s = transfer_s
        self.hang_s = hang_s
        self.script = []
        self.done = 0

    def expect(self, *steps):
        self.script.extend(steps)

    def left(self):
        return self.script[self.done :]

    def _play(self, kind, address, data):
        assert self.done < len(self.script), f"unexpected {kind} 0x{address:02x} {data.hex(' ')}"
        wanted = self.script[self.done]
        assert (kind, address, data) == wanted[:3], f"step {self.done}"
        self.done += 1
        answer = wanted[3] if len(wanted) > 3 else b""
        if isinstance(answer, Exception):
            self.clock.now_s += self.hang_s if isinstance(answer, TimeoutError) else self.transfer_s
            raise answer
        self.clock.now_s += self.transfer_s
        return answer

    def write(self, address, data):
        self._play("write", address, data)

    def read(self, address, count):
        return self._play("read", address, bytes([count]))

    def write_read(self, address, data, count):
        return self._play("write_read", address, data + bytes([count]))


class RepeatingTransport:
    """Answers every read with the same bytes for ever; each transfer takes time."""

    def __init__(self, clock, answer, transfer_s=0.0001):
        self.clock = clock
        self.answer = answer
        self.transfer_s = transfer_s
        self.transfers = 0

    def write(self, address, data):
        self.transfers += 1
        self.clock.now_s += self.transfer_s

    def read(self, address, count):
        self.write(address, b"")
        return (self.answer * count)[:count]

    def write_read(self, address, data, count):
        return self.read(address, count)


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def wire(clock):
    """A scripted transport; the test fails if part of its script was not played."""
    transport = ScriptedTransport(clock)
    yield transport
    assert transport.left() == []


@pytest.fixture
def bus(wire, clock):
    """A bus on the scripted wire with one second allowed."""
    bounded = BoundedBus(wire, clock.now)
    bounded.allow(1.0)
    return bounded


@pytest.fixture
def endless(clock):
    """Build a transport that answers for ever, and its bus with `allowed_s` of time."""

    def build(answer, allowed_s):
        transport = RepeatingTransport(clock, answer)
        bounded = BoundedBus(transport, clock.now)
        bounded.allow(allowed_s)
        return transport, bounded

    return build
