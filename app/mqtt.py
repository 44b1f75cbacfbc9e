"""`ionto mqtt`: tells a broker, and with it Home Assistant, what the unit does.

Law: publish only. It subscribes to nothing, so no message of any broker reaches the unit. A password travels
only by TLS or within this machine. A process of its own, an ordinary listener at `live.sock`.
"""

from __future__ import annotations

import json
import re
import signal
import ssl
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from app.live import messages
from app.output import ExitCode, UsageError, complain, say
from controller.journal import JournalRefused, default_state

if TYPE_CHECKING:
    from paho.mqtt.client import Client

EVERY_S: Final = 1.0
"""States go out this often at most, and at once with a new phase."""
KEEPALIVE_S: Final = 30
"""The broker tells that we are gone after one and a half of this (MQTT 3.1.1, keep alive)."""
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class Sensor(NamedTuple):
    """One entity in Home Assistant: key of the state, name, unit, kind (component, device class)."""

    key: str
    name: str
    unit: str | None = None
    component: str = "sensor"
    device_class: str | None = None


SENSORS: Final = (
    Sensor("state", "State"),
    Sensor("phase", "Phase"),
    Sensor("next", "Next step"),
    Sensor("measured_ma", "Current", "mA", device_class="current"),
    Sensor("target_ma", "Requested current", "mA", device_class="current"),
    Sensor("left_min", "Time left", "min", device_class="duration"),
    Sensor("charge_ma_min", "Charge of this session", "mA·min"),
    Sensor("code", "Code"),
    Sensor("treating", "Treating", component="binary_sensor", device_class="running"),
    Sensor("simulated", "Simulated", component="binary_sensor"),
)
"""No person's name or id is among them: a broker is read by many."""


class Order(NamedTuple):
    """What the command line asks for; `app.device.faces` has the options."""

    state: Path | None
    broker: str
    port: int | None
    tls: str | None
    user: str | None
    password_file: Path | None
    prefix: str


def mqtt(order: Order) -> ExitCode:
    """Publish until a signal ends it.

    Raises:
        UsageError: options that don't go together, files that can't be read, paho-mqtt missing.

    """
    client = _client(order)
    state = _state(order)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: ended.set())
    port = order.port or (1883 if order.tls is None else 8883)
    publisher = Publisher(client, order.prefix, (order.broker, port))
    say(f"Publishing what {state / 'live.sock'} tells to {order.broker}:{port}. Ctrl-C ends it.")
    try:
        for message in messages(state / "live.sock", ended.is_set):
            publisher.take(message)
    finally:
        publisher.take(None)
        time.sleep(0.2)  # the last word leaves by another thread
        client.disconnect()
        client.loop_stop()
    return ExitCode.COMPLETED


class Publisher:
    """Turns messages into topics of one unit; `take` one after the other, None for a device that is gone.

    The connection begins with the first hello: only then is it known whose last will the broker has to keep.
    """

    def __init__(self, client: Client, prefix: str, broker: tuple[str, int]) -> None:
        self._client, self._prefix, self._broker = client, prefix, broker
        self._hello: dict[str, Any] = {}
        self._unit = ""
        self._online = False
        self._due_s = 0.0
        self._stage: object = None
        self._why = ""
        client.on_connect = self._connected
        client.on_connect_fail = self._unreached

    def take(self, message: dict[str, Any] | None) -> None:
        """Publish what this message tells."""
        if message is None:
            self._available(online=False)
        elif "hello" in message and not self._unit:
            self._hello = message["hello"]
            self._unit = unit_id(self._hello)
            self._client.will_set(f"ionto/{self._unit}/available", "offline", qos=1, retain=True)
            self._client.connect_async(*self._broker, KEEPALIVE_S)
            self._client.loop_start()
        elif "snapshot" in message and self._unit:
            self._available(online=True)
            self._state(message["snapshot"])

    def _connected(self, _client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            complain(f"ionto: the broker refuses: {reason}")
            return
        self._why = ""
        self._online = False  # said again, since a broker may have forgotten it
        self._due_s = 0.0

    def _unreached(self, *_: Any) -> None:
        """Say once why the broker can't be reached; paho tries again, and calls this within its `except`."""
        why = str(sys.exc_info()[1])
        if why != self._why:
            self._why = why
            complain(f"ionto: no connection to the broker {self._broker[0]}:{self._broker[1]}: {why}")

    def _available(self, *, online: bool) -> None:
        if self._unit and online != self._online and self._client.is_connected():
            self._online = online
            if online:
                for sensor in SENSORS:
                    topic, config = discovery(sensor, self._unit, self._hello, self._prefix)
                    self._client.publish(topic, json.dumps(config), qos=1, retain=True)
            word = "online" if online else "offline"
            self._client.publish(f"ionto/{self._unit}/available", word, qos=1, retain=True)

    def _state(self, seen: dict[str, Any]) -> None:
        stage, now_s = (seen["phase"], seen["state"], seen["code"]), time.monotonic()
        if not self._online or (stage == self._stage and now_s < self._due_s):
            return
        self._stage, self._due_s = stage, now_s + EVERY_S
        self._client.publish(f"ionto/{self._unit}/state", json.dumps(state_of(seen)), qos=0, retain=True)


def unit_id(hello: dict[str, Any]) -> str:
    """Return the unit's name in topics: letters, digits and underscores of its name and serial."""
    return re.sub(r"[^a-z0-9]+", "_", f"{hello['unit']} {hello['serial']}".lower()).strip("_") or "unit"


def discovery(sensor: Sensor, unit: str, hello: dict[str, Any], prefix: str) -> tuple[str, dict[str, Any]]:
    """Return topic and payload of Home Assistant's MQTT discovery for one entity."""
    config: dict[str, Any] = {
        "name": sensor.name,
        "unique_id": f"ionto_{unit}_{sensor.key}",
        "state_topic": f"ionto/{unit}/state",
        "value_template": f"{{{{ value_json.{sensor.key} }}}}",
        "availability_topic": f"ionto/{unit}/available",
        "device": {
            "identifiers": [f"ionto_{unit}"],
            "name": f"{hello['unit']}{' (SIMULATED)' if hello['simulated'] else ''}",
            "model": "iontophoresis unit",
            "sw_version": hello["version"],
        },
    }
    if sensor.component == "binary_sensor":
        config |= {"payload_on": "ON", "payload_off": "OFF"}
    if sensor.unit is not None:
        config |= {"unit_of_measurement": sensor.unit, "state_class": "measurement"}
    if sensor.device_class is not None:
        config["device_class"] = sensor.device_class
    return f"{prefix}/{sensor.component}/ionto_{unit}/{sensor.key}/config", config


def state_of(seen: dict[str, Any]) -> dict[str, Any]:
    """Return what is published of a snapshot: nothing about a person."""
    charge = seen["charge_forward_ma_min"] + seen["charge_reverse_ma_min"]
    return {
        "state": seen["state"],
        "phase": seen["phase"],
        "next": seen["next"],
        "measured_ma": None if seen["measured_ma"] is None else round(seen["measured_ma"], 2),
        "target_ma": seen["target_ma"],
        "left_min": round(seen["left_s"] / 60, 1),
        "charge_ma_min": round(charge, 1),
        "code": seen["code"],
        "treating": "ON" if seen["state"] == "treating" else "OFF",
        "simulated": "ON" if seen["simulated"] else "OFF",
    }


def _client(order: Order) -> Client:
    try:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion
    except ImportError as error:
        raise UsageError("paho-mqtt is not installed: pip install 'ionto[mqtt]'") from error
    client = Client(CallbackAPIVersion.VERSION2)
    client.reconnect_delay_set(1, 30)
    if (order.user is None) != (order.password_file is None):
        raise UsageError("--user and --password-file go together")
    if order.password_file is not None:
        if order.tls is None and order.broker not in LOOPBACK:
            raise UsageError("a password is sent only encrypted or within this machine: add --tls")
        client.username_pw_set(order.user, _password(order.password_file))
    if order.tls is not None:
        try:
            client.tls_set_context(ssl.create_default_context(cafile=order.tls or None))
        except OSError as error:
            raise UsageError(f"--tls {order.tls}: can't be read as certificates: {error}") from error
    return client


def _password(file: Path) -> str:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise UsageError(f"--password-file {file}: can't be read: {error}") from error
    if not lines or not lines[0]:
        raise UsageError(f"--password-file {file}: its first line is empty")
    return lines[0]


def _state(order: Order) -> Path:
    try:
        return (order.state or default_state()).absolute()
    except JournalRefused as error:
        raise UsageError(str(error)) from error
