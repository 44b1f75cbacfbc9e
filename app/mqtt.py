"""`ionto mqtt`: tells a broker, and with it Home Assistant, what the unit does.

Law: publish only. It subscribes to nothing, so no message of any broker reaches the unit. A password travels
only by TLS or within this machine. A process of its own, an ordinary listener at `live.sock`.
"""

from __future__ import annotations

import json
import os
import signal
import ssl
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from app.extras import missing
from app.live import messages
from app.mqtt_kept import Kept
from app.mqtt_topics import SENSORS, availability, discovery, figures, state_of, told_as, topics, unit_id
from app.output import ExitCode, UsageError, complain, say
from app.state import state_directory
from controller.appliance.live_state import SOCKET, Hello, LiveState, Message
from controller.appliance.supervision import Supervision
from controller.host.disk import told

if TYPE_CHECKING:
    from paho.mqtt.client import Client

EVERY_S: Final = 1.0
"""States go out this often at most, and at once with a new phase."""
KEEPALIVE_S: Final = 30
"""The broker tells that we are gone after one and a half of this (MQTT 3.1.1, keep alive)."""
PATIENCE_S: Final = 2.0
"""For a broker's word that it retains something no longer; else that is done with the next connection."""
OFFLINE: Final = "offline"
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


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
    state, port = state_directory(order.state).absolute(), order.port or (1883 if order.tls is None else 8883)
    kept = Kept(state / "mqtt", (order.broker, port))
    client = _client(order, kept.client)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: ended.set())
    publisher = Publisher(client, order.prefix, (order.broker, port), kept)
    say(f"Publishing what {state / SOCKET} tells to {order.broker}:{port}. Ctrl-C ends it.")
    try:
        with closing(Supervision(os.environ)) as supervision:
            for nth, message in enumerate(messages(state / SOCKET, ended.is_set)):
                publisher.take(message)
                if nth == 0:  # it listens; whether a broker can be reached is no matter of this program
                    supervision.answering("what a broker is told")
    finally:
        publisher.take(None)
        time.sleep(0.2)  # the last word leaves by another thread
        client.disconnect()
        client.loop_stop()
    return ExitCode.COMPLETED


class Publisher:
    """Turns messages into topics of the unit that is there; `take` one after the other, None for no device.

    The connection begins with a hello, and anew with the hello of another unit: only then is it known whose
    last will the broker has to keep. `kept` remembers what the broker retains.
    """

    def __init__(
        self, client: Client, prefix: str, broker: tuple[str, int], kept: Kept | None = None
    ) -> None:
        self._client, self._prefix, self._broker = client, prefix, broker
        self._kept = Kept(None, broker) if kept is None else kept
        self._hello: Hello | None = None
        self._unit = ""
        self._online = False
        self._due_s = 0.0
        self._stage: object = None
        self._why = ""
        client.on_connect = self._connected
        client.on_connect_fail = self._unreached

    def take(self, message: Message | None) -> None:
        """Publish what this message tells."""
        if message is None:
            self._leave()
        elif "hello" in message:
            self._meet(message["hello"])
        elif "snapshot" in message and self._hello is not None and self._client.is_connected():
            seen = message["snapshot"]
            if not self._online:
                self._announce(self._hello, seen)
            elif self._stage != _stage(seen) or time.monotonic() >= self._due_s:
                self._state(seen)

    def _meet(self, hello: Hello) -> None:
        """Be the publisher of whoever is there now."""
        if hello == self._hello:
            return
        self._leave()
        before, self._unit = self._unit, unit_id(hello)
        if before:
            complain(f"ionto: now {told_as(hello)}, version {hello['version']}, at ionto/{self._unit}")
        self._hello, self._online = hello, False
        if self._unit == before:
            return
        if before and self._client.username == before:  # a broker that refuses single topics doesn't say so
            complain(
                f"ionto: logged in as {before}: where it may tell of itself only, add --user {self._unit}"
            )
        self._client.disconnect()
        self._client.loop_stop()
        self._client.will_set(availability(self._unit), OFFLINE, qos=1, retain=True)
        self._client.connect_async(*self._broker, KEEPALIVE_S)
        self._client.loop_start()

    def _leave(self) -> None:
        """Say that the unit is gone."""
        if self._online and self._client.is_connected():
            self._online = False
            self._client.publish(availability(self._unit), OFFLINE, qos=1, retain=True)

    def _announce(self, hello: Hello, seen: LiveState) -> None:
        """Say who is there and what it does, and last that this is so now."""
        self._online = True
        self._kept.remember(topics(self._unit, self._prefix))
        self._take_back()
        for sensor in SENSORS:
            topic, config = discovery(sensor, self._unit, hello, self._prefix)
            self._client.publish(topic, json.dumps(config), qos=1, retain=True)
        self._state(seen)
        self._client.publish(availability(self._unit), "online", qos=1, retain=True)

    def _state(self, seen: LiveState) -> None:
        self._stage, self._due_s = _stage(seen), time.monotonic() + EVERY_S
        self._client.publish(figures(self._unit), json.dumps(state_of(seen)), qos=0, retain=True)

    def _take_back(self) -> None:
        """Take from the broker what it retains of units that are not here any more."""
        gone = self._kept.topics - topics(self._unit, self._prefix)
        told, until_s = [], time.monotonic() + PATIENCE_S
        for topic in sorted(gone, key=_last_the_state):
            word = OFFLINE if topic.endswith("/available") else b""  # an empty one is no longer retained
            told.append((topic, self._client.publish(topic, word, qos=1, retain=True)))
        for _, said in told:
            with suppress(RuntimeError, ValueError):  # the connection broke: it is done with the next one
                said.wait_for_publish(max(0.0, until_s - time.monotonic()))
        self._kept.forget(topic for topic, said in told if said.rc == 0 and said.is_published())

    def _connected(self, _client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            complain(f"ionto: the broker refuses: {reason}")
            return
        self._why = ""
        self._online = False  # said again, since a broker may have forgotten it

    def _unreached(self, *_: Any) -> None:
        """Say once why the broker can't be reached; paho tries again, and calls this within its `except`."""
        why = str(sys.exc_info()[1])
        if why != self._why:
            self._why = why
            complain(f"ionto: no connection to the broker {self._broker[0]}:{self._broker[1]}: {why}")


def _stage(seen: LiveState) -> object:
    return seen["phase"], seen["state"], seen["code"]


def _last_the_state(topic: str) -> tuple[bool, bool, str]:
    """Order topics that are taken back: first nobody is there, then nobody looks, then nothing is known."""
    return not topic.endswith("/available"), topic.endswith("/state"), topic


def _client(order: Order, name: str) -> Client:
    try:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion
    except ImportError as error:
        raise UsageError(missing("mqtt")) from error
    client = Client(CallbackAPIVersion.VERSION2, client_id=name)
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
        except ssl.SSLError as error:
            raise UsageError(f"--tls {order.tls}: these are no certificates in PEM") from error
        except OSError as error:
            why = told(error, Path(order.tls))
            raise UsageError(f"--tls {order.tls}: can't be read as certificates: {why}") from error
    return client


def _password(file: Path) -> str:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except ValueError as error:
        raise UsageError(f"--password-file {file}: this is no UTF-8 text: save it as UTF-8") from error
    except OSError as error:
        raise UsageError(f"--password-file {file}: can't be read: {told(error, file)}") from error
    if not lines or not lines[0]:
        raise UsageError(f"--password-file {file}: its first line is empty")
    return lines[0]
