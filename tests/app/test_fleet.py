"""A clinic's broker: every unit in its own topics, nobody tells a unit anything, and 200 of them are few."""

import queue
import threading

import fleet
import pytest
from herald import PATIENCE_S
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from app.mqtt import SENSORS, discovery, unit_id

pytestmark = pytest.mark.skipif(
    fleet.program() is None, reason="mosquitto is not installed: apt install mosquitto"
)
HELLO = {"unit": "Clinic unit", "serial": "0001", "version": "0", "simulated": True}
UNIT = unit_id(HELLO)


@pytest.fixture
def login(tmp_path):
    """Logs in at a broker with the clinic's access list."""
    clients = []
    with fleet.broker(tmp_path, [UNIT, "desk", "clinic_unit_0002"]) as (port, _):

        def one(name, password=None):
            client, answer = Client(CallbackAPIVersion.VERSION2), queue.Queue()
            client.username_pw_set(name, password or name)
            client.on_connect = lambda _client, _data, _flags, reason, _properties: answer.put(reason)
            client.connect("127.0.0.1", port)
            client.loop_start()
            clients.append(client)
            assert not answer.get(timeout=PATIENCE_S).is_failure
            return client

        yield one
        for client in clients:
            client.disconnect()
            client.loop_stop()


def heard(desk, publisher, topics):
    """Which of the topics, published at qos 1 and each acknowledged, the desk gets."""
    seen, done, subscribed = [], threading.Event(), threading.Event()
    desk.on_message = lambda _client, _data, message: (
        done.set() if message.topic == f"ionto/{UNIT}/end" else seen.append(message.topic)
    )
    desk.on_subscribe = lambda *_: subscribed.set()
    desk.subscribe([("ionto/#", 1), ("homeassistant/#", 1)])
    assert subscribed.wait(PATIENCE_S)
    for topic in topics:
        publisher.publish(topic, "x", qos=1).wait_for_publish(PATIENCE_S)
    return seen, done


def test_a_unit_tells_of_itself_and_of_no_other(login):
    desk, unit = login("desk"), login(UNIT)
    own = [
        f"ionto/{UNIT}/state",
        f"ionto/{UNIT}/available",
        *(discovery(s, UNIT, HELLO, "homeassistant")[0] for s in SENSORS),
    ]
    foreign = [
        "ionto/clinic_unit_0002/state",
        "homeassistant/sensor/ionto_clinic_unit_0002/phase/config",
        "other",
    ]
    seen, done = heard(desk, unit, [*foreign, *own])
    unit.publish(f"ionto/{UNIT}/end", "x", qos=1)
    assert done.wait(PATIENCE_S)
    assert seen == own


def test_the_desk_tells_nobody_anything(login):
    desk, unit = login("desk"), login(UNIT)
    seen, done = heard(desk, desk, [f"ionto/{UNIT}/state", "ionto/all/command"])
    unit.publish(f"ionto/{UNIT}/end", "x", qos=1)
    assert done.wait(PATIENCE_S)
    assert seen == []


@pytest.mark.nightly
def test_two_hundred_units_are_heard_in_time(tmp_path):
    found = fleet.measure(200, 20.0, tmp_path)
    assert found["online"] == 200
    assert found["discovered"] == found["discovery_wanted"]
    assert found["fewest_of_a_unit"] >= 18, "one state a second from each"
    assert found["latency_p99_ms"] < 1000.0
    assert not found["told_of_a_person"]
