"""The packets of a unit that is a process of its own, as the two ends put them on the wire."""

import json
import socket
import threading

import pytest
from golden import form, held

from sim.clock import VirtualClock
from sim.remote import unit_client
from sim.remote.unit_client import UnitClient, UnitUnavailable, ask
from sim.remote.unit_server import UnitServer
from sim.scenario import Scenario
from sim.spec import UnitSpec
from sim.world import World

QUIET = Scenario.model_validate({"person": {"start_at_s": None, "fidgets": False}})


class Ear(socket.socket):
    """A client's end of the wire that keeps pairs of what was sent and what came back."""

    heard: list = []  # noqa: RUF012 - one wire a test

    def send(self, packet):
        self.heard.append([packet.hex(), None])
        return super().send(packet)

    def recv(self, size):
        packet = super().recv(size)
        self.heard[-1][1] = packet.hex()
        return packet


@pytest.fixture
def unit(tmp_path, monkeypatch):
    """The socket of a real unit in a thread."""
    monkeypatch.setattr(unit_client, "new_socket", lambda: Ear(socket.AF_UNIX, socket.SOCK_SEQPACKET))
    monkeypatch.setattr(Ear, "heard", [])
    world, over = World(UnitSpec(), QUIET, 7, VirtualClock()), threading.Event()
    server = UnitServer(world, tmp_path / "unit.sock", seed=7, now_s=lambda: 1000.0)

    def serve():
        while not over.is_set():
            server.turn(0.001)

    thread = threading.Thread(target=serve)
    thread.start()
    yield tmp_path / "unit.sock"
    over.set()
    thread.join()
    server.close()


def test_packets(unit):
    client = UnitClient(unit, 30.0)
    client.write(0x62, bytes([0x06, 0x40]))
    client.read(0x62, 5)
    client.write_read(0x48, b"\x01", 2)
    with pytest.raises(OSError, match="no acknowledge"):
        client.read(0x50, 1)
    client.pin_driven(27, level=True)
    client.pin_driven(27, level=None)
    client.pin_level(5)
    client.mark_tick(whole=True)
    client.close()
    names = ["drive", "write", "read", "write_read", "nobody", "pin_high", "pin_let_go", "levels", "mark"]
    packets = dict(zip(names, Ear.heard, strict=True))
    facts = json.loads(bytes.fromhex(packets["drive"][1])[3:])
    packets["drive"][1] = packets["drive"][1][:6]
    held("unit-socket.json", {"facts": form(facts), "packets": packets})


def test_questions(unit):
    asked = [
        ("state", {}),
        ("truth", {"after_s": 1000.0, "at_s": 1000.0}),
        ("log", {"since_s": 0.0}),
        ("press", {"button": "start", "for_s": 0.1}),
        ("inject", {"fault": "hand_out", "params": {}}),
        ("drop", {}),
    ]
    answers = {question: form(ask(unit, question, **details)) for question, details in asked}
    with pytest.raises(UnitUnavailable) as refused:
        ask(unit, "weather")
    requests = [bytes.fromhex(sent) for sent, _ in Ear.heard]
    told = {"header": requests[0][:6].hex(), "first": requests[0][6:].decode(), "answers": answers}
    held("unit-questions.json", {**told, "unknown": str(refused.value)})
