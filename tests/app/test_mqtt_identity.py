"""A broker is told of the unit that is there now: real mosquitto, real listeners, one unit after another."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import fleet
import pytest
from herald import PATIENCE_S, SNAPSHOT, TREATING, wait_for
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from ports import free_port

from app.device.line import HeraldLine
from app.mqtt_kept import Kept
from app.mqtt_topics import SENSORS, topics, unit_id

pytestmark = pytest.mark.skipif(
    fleet.program() is None, reason="mosquitto is not installed: apt install mosquitto"
)
FIRST = {"unit": "First", "serial": "1", "simulated": True, "version": "1.0"}
SECOND = {"unit": "Second", "serial": "2", "simulated": False, "version": "2.0"}
A, B = unit_id(FIRST), unit_id(SECOND)


class Broker:
    """A mosquitto on a port of its own that keeps what is retained while it is down."""

    def __init__(self, place):
        self.port = free_port()
        self._settings = place / "mosquitto.conf"
        lines = [f"listener {self.port} 127.0.0.1", "allow_anonymous true", "user root"]
        lines += ["persistence true", f"persistence_location {place}/"]
        self._settings.write_text("\n".join(lines) + "\n")
        self.up()

    def up(self):
        self._process = subprocess.Popen(
            [fleet.program(), "-c", self._settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

        def answers():
            with socket.socket() as line:
                return line.connect_ex(("127.0.0.1", self.port)) == 0

        wait_for(answers)

    def down(self):
        self._process.terminate()
        self._process.wait(PATIENCE_S)


@pytest.fixture
def broker(tmp_path):
    place = tmp_path / "broker"
    place.mkdir()
    one = Broker(place)
    yield one
    one.down()


def retained(port, name=None):
    """What the broker keeps, topic by topic, as somebody who comes now is told."""
    found, subscribed, whole = {}, threading.Event(), threading.Event()
    client = Client(CallbackAPIVersion.VERSION2)
    if name is not None:
        client.username_pw_set(name, name)
    client.on_connect = lambda *_: client.subscribe([("ionto/#", 1), ("homeassistant/#", 1), ("end/#", 1)])
    client.on_subscribe = lambda *_: subscribed.set()

    def heard(_client, _data, message):
        if message.retain:
            found[message.topic] = message.payload.decode()
        elif message.topic == "end/of/this":
            whole.set()

    client.on_message = heard
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        assert subscribed.wait(PATIENCE_S)
        if name is None:
            client.publish("end/of/this", "", qos=1)
            assert whole.wait(PATIENCE_S)
        else:
            time.sleep(0.3)  # who may not write has to guess the end; callers ask again
    finally:
        client.disconnect()
        client.loop_stop()
    return found


@contextmanager
def ear(port):
    """Everything the broker tells, in its order."""
    told, subscribed = [], threading.Event()
    client = Client(CallbackAPIVersion.VERSION2)
    client.on_connect = lambda *_: client.subscribe([("ionto/#", 1), ("homeassistant/#", 1)])
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = lambda _client, _data, message: told.append((message.topic, message.payload.decode()))
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert subscribed.wait(PATIENCE_S)
    try:
        yield told
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.fixture
def state(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


@contextmanager
def unit(state, hello, seen=SNAPSHOT):
    """A unit that starts on this state: its herald, fed as by a device."""
    facts = {"socket": str(state / "live.sock"), "next": str(state / "next.json"), "attach": None}
    line = HeraldLine({**facts, "hello": hello})
    ended = threading.Event()

    def feed():
        while not ended.wait(0.05):
            line.send({"snapshot": {**SNAPSHOT, **seen, "simulated": hello["simulated"]}})

    feeding = threading.Thread(target=feed)
    feeding.start()
    try:
        yield
    finally:
        ended.set()
        feeding.join()
        line.close()


@contextmanager
def listener(state, port, *more, log=subprocess.DEVNULL):
    words = ["mqtt", "--state", str(state), "--broker", "127.0.0.1", "--port", str(port), *more]
    command = [sys.executable, "-P", "-m", "app.main", *words]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE_S)


def is_there(broker, hello):
    """Whether the broker keeps this unit as the one that is there, whole and under its own name."""
    kept, mine = retained(broker.port), unit_id(hello)
    configs = [json.loads(text) for topic, text in kept.items() if f"/ionto_{mine}/" in topic]
    stamp = " (SIMULATED)" if hello["simulated"] else ""
    return (
        kept.get(f"ionto/{mine}/available") == "online"
        and json.loads(kept[f"ionto/{mine}/state"])["simulated"] == ("ON" if hello["simulated"] else "OFF")
        and len(configs) == len(SENSORS)
        and {one["device"]["name"] for one in configs} == {f"{hello['unit']}{stamp}"}
        and {one["device"]["sw_version"] for one in configs} == {hello["version"]}
    )


def is_gone(broker, name):
    """Whether of this unit nothing is kept but that it is not there."""
    return {t: p for t, p in retained(broker.port).items() if name in t} == {
        f"ionto/{name}/available": "offline"
    }


def came_back(told):
    """Whether the ear has heard that the first unit went, and that one is there again."""
    said = [words for topic, words in told if topic == f"ionto/{A}/available"]
    return "offline" in said and said[-1] == "online"


SAME = [
    pytest.param({"simulated": False}, id="simulated, then real"),
    pytest.param({"version": "1.1"}, id="a new version"),
    pytest.param({"unit": "FIRST", "serial": "1"}, id="renamed, to the same topics"),
]


@pytest.mark.parametrize("change", SAME)
def test_a_change_at_the_same_topics_is_announced_before_the_unit_is_there_again(broker, state, change):
    after = FIRST | change
    with listener(state, broker.port):
        with unit(state, FIRST):
            wait_for(lambda: is_there(broker, FIRST))
        with ear(broker.port) as told, unit(state, after, TREATING):
            wait_for(lambda: is_there(broker, after))
            wait_for(lambda: came_back(told))
            online = max(n for n, said in enumerate(told) if said == (f"ionto/{A}/available", "online"))
            before = dict(told[:online])
    assert before[f"ionto/{A}/available"] == "offline", "the one before was said to be gone"
    figures = json.loads(before[f"ionto/{A}/state"])
    assert figures["simulated"] == ("ON" if after["simulated"] else "OFF")
    assert figures["state"] == "treating", "the figures of the one before are never shown as of this one"
    stamp = " (SIMULATED)" if after["simulated"] else ""
    names = {json.loads(p)["device"]["name"] for t, p in before.items() if t.endswith("config")}
    assert names == {f"{after['unit']}{stamp}"}


def test_another_unit_takes_the_place_of_the_first_and_of_its_last_will(broker, state):
    with listener(state, broker.port) as listening:
        with unit(state, FIRST):
            wait_for(lambda: is_there(broker, FIRST))
        with unit(state, SECOND, TREATING):
            wait_for(lambda: is_there(broker, SECOND))
            assert is_gone(broker, A)
            with ear(broker.port) as told:
                told.clear()
                listening.kill()  # no farewell: the broker tells the last will, which is the second's
                wait_for(lambda: (f"ionto/{B}/available", "offline") in told)
            assert is_gone(broker, A)


def test_back_and_forth_leaves_one_unit_there(broker, state):
    with listener(state, broker.port):
        for hello in (FIRST, SECOND, FIRST, SECOND | {"simulated": True}, SECOND, FIRST):
            with unit(state, hello):
                wait_for(lambda hello=hello: is_there(broker, hello))
                assert is_gone(broker, A if hello["unit"] == "Second" else B) or hello is FIRST
        wait_for(lambda: is_gone(broker, B))


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_listener_started_again_takes_back_what_the_one_before_told(broker, state, end):
    with unit(state, FIRST), listener(state, broker.port) as listening:
        wait_for(lambda: is_there(broker, FIRST))
        listening.send_signal(end)
        listening.wait(PATIENCE_S)
    with unit(state, SECOND), listener(state, broker.port):
        wait_for(lambda: is_there(broker, SECOND))
        assert is_gone(broker, A)


def test_a_broker_that_is_down_meanwhile_is_told_when_it_is_back(broker, state):
    with listener(state, broker.port):
        with unit(state, FIRST):
            wait_for(lambda: is_there(broker, FIRST))
            broker.down()
        with unit(state, SECOND):
            time.sleep(1.5)  # the listener meets the second unit with nobody to tell
            broker.up()
            wait_for(lambda: is_there(broker, SECOND))
            wait_for(lambda: is_gone(broker, A))


def test_another_prefix_leaves_no_second_device(broker, state):
    with unit(state, FIRST):
        with listener(state, broker.port, "--prefix", "homeassistant/other"):
            wait_for(lambda: [t for t in retained(broker.port) if t.startswith("homeassistant/other/")])
            wait_for(lambda: f"ionto/{A}/state" in retained(broker.port))
        with listener(state, broker.port):
            wait_for(lambda: is_there(broker, FIRST))
    assert not [t for t in retained(broker.port) if t.startswith("homeassistant/other/")]


def test_only_what_this_listener_told_is_taken_back(broker, state):
    foreign = f"ionto/{unit_id(FIRST | {'serial': '9'})}/state"
    speaker = Client(CallbackAPIVersion.VERSION2)
    speaker.connect("127.0.0.1", broker.port)
    speaker.loop_start()
    for topic in (foreign, "lamp/state"):
        speaker.publish(topic, "{}", qos=1, retain=True).wait_for_publish(PATIENCE_S)
    speaker.disconnect()
    speaker.loop_stop()
    (state / "mqtt").mkdir()
    (state / "mqtt" / f"127.0.0.1-{broker.port}.json").write_text(
        json.dumps({"client": "ionto0123456789abcdef", "topics": ["lamp/state"]})
    )
    with listener(state, broker.port):
        with unit(state, FIRST):
            wait_for(lambda: is_there(broker, FIRST))
        with unit(state, SECOND):
            wait_for(lambda: is_there(broker, SECOND))
    assert foreign in retained(broker.port)


@pytest.mark.parametrize(
    "text", ["", "no json", "[]", '{"client": 1, "topics": []}', '{"topics": ["x/y"]}', "\0"]
)
def test_a_memory_that_is_none_is_said_once_and_begun_anew(tmp_path, capsys, text):
    file = tmp_path / "broker-1883.json"
    file.write_text(text)
    kept = Kept(tmp_path, ("broker", 1883))
    assert kept.topics == frozenset()
    assert capsys.readouterr().err.count("\n") == 1
    mine = topics(A, "homeassistant")
    kept.remember(mine)
    assert json.loads(file.read_text()) == {"client": kept.client, "topics": sorted(mine)}


def test_a_memory_that_cannot_be_written_is_said_once(tmp_path, capsys):
    kept = Kept(tmp_path / "no" / "where", ("broker", 1883))
    kept.remember(["ionto/a/state"])
    kept.remember(["ionto/b/state"])
    assert capsys.readouterr().err.count("can't be kept") == 1
    assert kept.topics == {"ionto/a/state", "ionto/b/state"}


def test_a_second_listener_has_another_name_and_leaves_the_first_alone(broker, state):
    """Two of one name would end each other's connection at the broker, again and again."""
    log = state / "log"
    with unit(state, FIRST), listener(state, broker.port):
        wait_for(lambda: is_there(broker, FIRST))
        with ear(broker.port) as told, log.open("w") as errors, listener(state, broker.port, log=errors):
            wait_for(lambda: "in use by process" in log.read_text())
            wait_for(lambda: told.count((f"ionto/{A}/available", "online")) >= 2)
            seen = len(told)
            wait_for(lambda: len(told) > seen + 4)
            assert (f"ionto/{A}/available", "offline") not in told


def test_within_the_access_list_a_unit_takes_back_its_own(tmp_path, state):
    with fleet.broker(tmp_path, [A, B, "desk"]) as (port, _):
        (state / "password").write_text(f"{A}\n")
        login = ("--user", A, "--password-file", str(state / "password"))
        log = tmp_path / "log"

        def kept(name):
            return {t: p for t, p in retained(port, "desk").items() if name in t}

        with log.open("w") as errors, listener(state, port, *login, log=errors):
            with unit(state, FIRST):
                wait_for(lambda: kept(A).get(f"ionto/{A}/available") == "online")
            with unit(state, SECOND):
                wait_for(lambda: kept(A) == {f"ionto/{A}/available": "offline"})
                wait_for(lambda: f"--user {B}" in log.read_text())
        assert kept(B) == {}
        (state / "password").write_text(f"{B}\n")
        with (
            unit(state, SECOND),
            listener(state, port, "--user", B, "--password-file", str(state / "password")),
        ):
            wait_for(lambda: kept(B).get(f"ionto/{B}/available") == "online")


def test_real_devices_one_after_another_on_one_state(broker, state, tmp_path):
    with listener(state, broker.port):
        for name in ("Bench one", "Bench two"):
            file = tmp_path / "unit.yaml"
            file.write_text(f"name: {name}\n")
            words = ["device", "--simulate", "--unit", str(file), "--state", str(state), "--json"]
            device = subprocess.Popen(
                [sys.executable, "-P", "-m", "app.main", *words],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            mine = unit_id({"unit": name, "serial": ""})
            try:
                wait_for(lambda mine=mine: retained(broker.port).get(f"ionto/{mine}/available") == "online")
            finally:
                device.terminate()
                device.wait(PATIENCE_S)
        kept = retained(broker.port)
    assert {json.loads(p)["device"]["name"] for t, p in kept.items() if t.endswith("/config")} == {
        "Bench two (SIMULATED)"
    }
    first = unit_id({"unit": "Bench one", "serial": ""})
    assert [t for t in kept if first in t] == [f"ionto/{first}/available"]
