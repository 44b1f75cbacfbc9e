"""Many simulated units tell one broker: what arrives, how late, and what the broker costs.

    .venv/bin/python tests/support/fleet.py [UNITS] [SECONDS]

Every unit is an `app.mqtt.Publisher` with a connection of its own, fed ten snapshots a second as by a herald.
The broker is mosquitto on the loopback with the configuration of docs/fleet/mosquitto.conf, but its listener.
"""

import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from herald import PATIENCE_S, wait_for
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from ports import free_port

from app.mqtt import SENSORS, Publisher, unit_id

SETTINGS = Path(__file__).parents[2] / "docs" / "fleet" / "mosquitto.conf"
SNAPSHOT = {
    "state": "treating",
    "phase": "hold",
    "next": "keep_still",
    "measured_ma": 12.0,
    "target_ma": 12.0,
    "left_s": 600.0,
    "charge_forward_ma_min": 0.0,
    "charge_reverse_ma_min": 0.0,
    "code": None,
    "simulated": True,
    "person": "never told",
}


def program():
    return shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")


@contextmanager
def broker(place, accounts=()):
    """A mosquitto on the loopback, with our limits and, for `accounts`, our access list; port and process."""
    port = free_port()
    ours = re.sub(
        r"(?m)^(listener|cafile|certfile|keyfile|allow|password_file|acl_file).*$", "", SETTINGS.read_text()
    )
    lines = [ours, f"listener {port} 127.0.0.1", f"allow_anonymous {'false' if accounts else 'true'}"]
    if accounts:
        passwords, access = place / "passwords", place / "access"
        passwords.write_text("".join(f"{name}:{name}\n" for name in accounts))
        passwords.chmod(0o600)
        subprocess.run(["mosquitto_passwd", "-U", passwords], check=True, timeout=600)
        shutil.copy(SETTINGS.with_name("access"), access)
        access.chmod(0o600)
        lines += [f"password_file {passwords}", f"acl_file {access}", "user root"]
    settings = place / "mosquitto.conf"
    settings.write_text("\n".join(lines) + "\n")
    process = subprocess.Popen(
        [program(), "-c", settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:

        def answers():
            with socket.socket() as line:
                return line.connect_ex(("127.0.0.1", port)) == 0

        wait_for(answers)
        yield port, process
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


class Ear:
    """Subscribes to everything and counts."""

    def __init__(self, port, sent_s):
        self.latencies_s, self.seen, self.online, self.discovered = [], {}, set(), 0
        self.told_of_a_person = False
        self._sent_s = sent_s
        self.client = Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = self._message
        ready = threading.Event()
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.on_connect = lambda client, *_: client.subscribe([("ionto/#", 0), ("homeassistant/#", 0)])
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert ready.wait(PATIENCE_S)

    def _message(self, _client, _data, message):
        now_s, words = time.monotonic(), message.payload.decode()
        self.told_of_a_person |= "never told" in words
        _, unit, kind, *_ = message.topic.split("/")
        if kind == "state":
            number = json.loads(words)["charge_ma_min"]
            self.latencies_s.append(now_s - self._sent_s[unit, number])
            self.seen[unit] = self.seen.get(unit, 0) + 1
        elif kind == "available" and words == "online":
            self.online.add(unit)
        elif message.topic.endswith("/config"):
            self.discovered += 1


def measure(units, duration_s, place):
    """Let `units` publish for `duration_s`; give the figures."""
    sent_s: dict[tuple[str, float], float] = {}
    with broker(place) as (port, process):
        ear, publishers, clients = Ear(port, sent_s), [], []
        for number in range(units):
            hello = {"unit": "Clinic unit", "serial": f"{number:04}", "version": "0", "simulated": True}
            clients.append(Client(CallbackAPIVersion.VERSION2))
            publisher = Publisher(clients[-1], "homeassistant", ("127.0.0.1", port))
            publisher.take({"hello": hello})
            publishers.append((unit_id(hello), publisher))
        wait_for(lambda: all(client.is_connected() for client in clients))
        begun_s, turn, offered = time.monotonic(), 0, 0
        while (now_s := time.monotonic()) < begun_s + duration_s:
            turn += 1
            charge = round(turn / 10, 1)
            for unit, publisher in publishers:
                sent_s[unit, charge] = time.monotonic()
                publisher.take({"snapshot": SNAPSHOT | {"charge_forward_ma_min": charge}})
                offered += 1
            time.sleep(max(0.0, 0.1 - (time.monotonic() - now_s)))
        took_s = time.monotonic() - begun_s
        time.sleep(0.5)
        fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        memory_kb = int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())[1])
        for client in (*clients, ear.client):
            client.disconnect()
            client.loop_stop()
    late = sorted(ear.latencies_s)
    return {
        "units": units,
        "online": len(ear.online),
        "discovered": ear.discovered,
        "discovery_wanted": units * len(SENSORS),
        "duration_s": round(took_s, 1),
        "snapshots_offered": offered,
        "states_arrived": len(late),
        "states_per_s": round(len(late) / took_s, 1),
        "fewest_of_a_unit": min(ear.seen.values(), default=0) if len(ear.seen) == units else 0,
        "latency_median_ms": round(1000 * late[len(late) // 2], 1),
        "latency_p99_ms": round(1000 * late[int(len(late) * 0.99)], 1),
        "latency_worst_ms": round(1000 * late[-1], 1),
        "broker_cpu_percent": round((int(fields[11]) + int(fields[12])) / took_s, 1),
        "broker_memory_mb": round(memory_kb / 1024, 1),
        "told_of_a_person": ear.told_of_a_person,
    }


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        words = sys.argv[1:] or ["200", "20"]
        print(json.dumps(measure(int(words[0]), float(words[1]), Path(directory)), indent=2))  # noqa: T201
