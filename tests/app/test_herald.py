"""The herald: tells whoever listens, passes on only what may be, and drops who doesn't read."""

import json
import os
import signal
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from herald import PATIENCE_S, wait_for

from app.device.herald import LOOK_S
from app.device.line import HeraldLine
from app.live import messages
from controller.orders import allowed

SNAPSHOT = {"phase": "ready", "state": "idle", "more": "x" * 800}


def facts(state, *, simulated=True):
    return {
        "socket": str(state / "live.sock"),
        "next": str(state / "next.json"),
        "attach": None,
        "hello": {"unit": "Test", "serial": "7", "simulated": simulated, "version": "0"},
    }


@pytest.fixture(params=[True])
def line(request, tmp_path):
    near = HeraldLine(facts(tmp_path, simulated=request.param))
    wait_for((tmp_path / "live.sock").exists)
    yield near
    near.close()
    assert not (tmp_path / "live.sock").exists()


class Listener:
    def __init__(self, state):
        self.line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.line.settimeout(PATIENCE_S)
        try:
            self.line.connect(str(state / "live.sock"))
        except OSError:
            self.line.close()
            raise
        self.file = self.line.makefile("rb")

    def next(self):
        return json.loads(self.file.readline())

    def ask(self, text):
        self.line.sendall(text if isinstance(text, bytes) else json.dumps(text).encode() + b"\n")

    def ended(self):
        try:
            return self.file.readline() == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.file.close()
        self.line.close()


@pytest.fixture
def listen(tmp_path):
    opened = []

    def listening():
        opened.append(Listener(tmp_path))
        return opened[-1]

    yield listening
    for one in opened:
        one.close()


def stop_process(line, *, going):
    """Hold the herald's process, and wait until it is held; or let it go on."""
    os.kill(line._child.pid, signal.SIGCONT if going else signal.SIGSTOP)
    if not going:
        os.waitid(os.P_PID, line._child.pid, os.WSTOPPED)


def taken(line):
    """The next message for the loop that is no word about orders."""
    return wait_for(lambda: next((m for m in line.take() if m["do"] != "order"), None))


def test_hello_first_then_snapshots(line, listen, tmp_path):
    assert (tmp_path / "live.sock").stat().st_mode & 0o777 == 0o600
    one = listen()
    assert one.next() == {"hello": facts(tmp_path)["hello"]}
    line.send({"snapshot": SNAPSHOT})
    assert one.next() == {"snapshot": SNAPSHOT}
    assert listen().next()["hello"]["serial"] == "7"


def test_stop_press_and_hand_are_passed_on(line, listen):
    one = listen()
    one.next()
    one.ask({"do": "stop"})
    assert taken(line) == {"do": "stop"}
    one.ask({"do": "press", "button": "up", "held_s": 4})
    assert taken(line) == {"do": "press", "button": "up", "held_s": 4.0}
    one.ask({"do": "hand", "out": True})
    assert taken(line) == {"do": "hand", "out": True}


def say_and_close(state, text):
    quick = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    quick.connect(str(state / "live.sock"))
    quick.sendall(text)
    quick.close()


STOP = b'{"do":"stop"}\n'


@pytest.mark.parametrize("text", [STOP, STOP.strip(), b"{}\n" * 60 + STOP, STOP + b"x" * 5000])
def test_a_stop_is_heard_from_who_closes_at_once(line, tmp_path, text):
    stop_process(line, going=False)  # so that all is said and closed before the herald looks
    say_and_close(tmp_path, text)
    stop_process(line, going=True)
    assert taken(line) == {"do": "stop"}


def test_two_hundred_stops_of_who_closes_at_once_are_two_hundred(line, tmp_path):
    heard = 0
    for _ in range(200):
        line.send({"snapshot": SNAPSHOT})
        say_and_close(tmp_path, STOP)
        wait_for(lambda: taken(line) == {"do": "stop"})
        heard += 1
    assert heard == 200


def test_a_stop_from_who_does_not_read_is_heard(line, listen, tmp_path):
    one = listen()
    stop_process(line, going=False)
    one.ask(b'{"do": "hand"}\n' * 60 + STOP)  # more than is read at once
    one.line.shutdown(socket.SHUT_RD)  # what the herald sends now fails
    line.send({"snapshot": SNAPSHOT})
    stop_process(line, going=True)
    assert taken(line) == {"do": "stop"}


def test_a_stop_waits_for_room_on_the_way_to_the_device(line, listen):
    one = listen()
    one.next()
    press = json.dumps({"do": "press", "button": "up", "held_s": 1.0}).encode() + b"\n"
    for _ in range(3000):  # more than a pipe holds, which nobody empties meanwhile
        one.ask(press)
    for _ in range(5):
        one.ask(STOP)
    one.ask(b"{}\n")
    assert "error" in one.next()  # so all before was heard
    heard = []

    def both_came():
        heard.extend(line.take())
        return [m["do"] for m in heard].count("stop") >= 2

    wait_for(both_came)
    assert len(heard) < 3000, "the pipe was not full: the test proves nothing"
    assert [m["do"] for m in heard][-2:] == ["stop", "stop"], "the soft one and the one that cuts"


@pytest.mark.parametrize("after", ["prepared", "taken back"])
def test_an_order_or_its_end_waits_for_room_on_the_way_to_the_device(line, listen, tmp_path, after):
    put(tmp_path, order())
    wait_for(lambda: any("order" in message for message in line.take()))
    one = listen()
    one.next()
    press = json.dumps({"do": "press", "button": "up", "held_s": 1.0}).encode() + b"\n"
    for _ in range(3000):  # more than a pipe holds, which nobody empties meanwhile
        one.ask(press)
    one.ask(b"{}\n")
    assert "error" in one.next()  # so all before was heard
    if after == "prepared":
        put(tmp_path, order(person="ben"))
    else:
        (tmp_path / "next.json").unlink()
    time.sleep(3 * LOOK_S)  # it was looked at, and there was no room
    heard = []

    def told():
        heard.extend(line.take())
        return [one for one in heard if one["do"] == "order"]

    (one,) = wait_for(told)
    assert len(heard) < 3000, "the pipe was not full: the test proves nothing"
    assert one.get("order", {}).get("person") == ("ben" if after == "prepared" else None)


BAD = [
    b"\n",
    b"no json\n",
    b"[]\n",
    b'"do"\n',
    b"{}\n",
    b"[" * 900 + b"\n",
    {"do": "start"},
    {"do": "stop", "more": 1},
    {"do": ["stop"]},
    {"do": "press", "button": "power"},
    {"do": "press", "button": "start", "held_s": 61},
    {"do": "press", "button": "start", "held_s": "1"},
    {"do": "press", "button": "start", "held_s": True},
    b'{"do": "press", "button": "start", "held_s": NaN}\n',
    {"do": "press", "button": ["start"]},
    {"do": "hand", "out": 1},
    {"do": "hand"},
]


def test_anything_else_is_refused_and_reaches_nobody(line, listen):
    one = listen()
    one.next()
    for text in BAD:
        one.ask(text)
        assert "error" in one.next(), text
    assert [m for m in line.take() if m["do"] != "order"] == []


@pytest.mark.parametrize("line", [False], indirect=True)
def test_a_real_unit_has_its_buttons_on_it(line, listen):
    one = listen()
    one.next()
    for asked in ({"do": "press", "button": "start"}, {"do": "hand", "out": False}):
        one.ask(asked)
        assert "no simulated unit" in one.next()["error"]
    one.ask({"do": "stop"})
    assert taken(line) == {"do": "stop"}


def test_a_line_too_long_ends_the_listener_only(line, listen):
    one, other = listen(), listen()
    one.next()
    other.next()
    one.ask(b"x" * 5000)
    assert one.ended()
    line.send({"snapshot": SNAPSHOT})
    assert "snapshot" in other.next()


def test_who_does_not_read_is_dropped_and_fifty_others_hear_on(line, listen):
    deaf, others = listen(), [listen() for _ in range(50)]
    for one in others:
        one.next()
    deaf.line.setblocking(False)
    costs_s = []

    def dropped():
        for count in range(20):
            began_s = time.thread_time()
            line.send({"snapshot": SNAPSHOT | {"phase": f"p{count}"}})
            costs_s.append(time.thread_time() - began_s)
        for one in others:
            assert "snapshot" in one.next()
        try:
            deaf.line.send(b" ")
        except BlockingIOError:
            return False
        except OSError:
            return True
        return False

    wait_for(dropped)
    assert not os.get_blocking(line._out)
    assert sorted(costs_s)[len(costs_s) // 2] < 0.001, "the loop's end costs a write to a pipe"


def order(**changes):
    until = datetime.now(UTC) + timedelta(hours=1)
    return {"person": "anna", "valid_until_utc": until.isoformat()} | changes


def put(state, text):
    draft = state / "draft"
    draft.write_text(text if isinstance(text, str) else json.dumps(text))
    draft.replace(state / "next.json")


def test_an_order_is_handed_on_and_removed_when_it_is_used(line, tmp_path):
    put(tmp_path, order())
    told = wait_for(lambda: next((m for m in line.take() if "order" in m), None))
    assert told["order"]["person"] == "anna"
    assert 3500 < told["valid_for_s"] <= 3600
    line.send({"spent": "another"})
    line.send({"spent": told["digest"]})
    wait_for(lambda: not (tmp_path / "next.json").exists())
    assert wait_for(lambda: next((m for m in line.take() if "order" not in m), None)) == {"do": "order"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nothing", "no order"),
        ("[]", "no order"),
        ('{"a": NaN}', "no number"),
        ('{"a": 1, "a": 2}', "twice"),
        ("{}", "valid_until_utc"),
        ("x" * 5000, "longer than"),
        ("[" * 4000, "no order"),
        (json.dumps(order(valid_until_utc="2030-01-01T00:00:00")), "Z or"),
        (json.dumps(order(valid_until_utc="2020-01-01T00:00:00Z")), "is over"),
        (json.dumps(order(valid_until_utc="2090-01-01T00:00:00Z")), "24 h"),
        (json.dumps(order(valid_until_utc=7)), "no order"),
    ],
)
def test_a_file_that_is_no_order_is_said_in_a_sentence(line, tmp_path, text, words):
    put(tmp_path, text)
    told = wait_for(lambda: next((m for m in line.take() if "error" in m), None))
    assert words in told["error"]


def test_a_herald_that_died_costs_nothing_and_is_started_again(line, listen, tmp_path):
    child = line._child
    child.kill()
    child.wait()
    for count in range(5):
        line.send({"snapshot": SNAPSHOT | {"phase": f"p{count}"}})
        line.take()
    line.start()
    assert line._child is not child

    def hello():
        try:
            return listen().next()
        except OSError:
            return None

    assert "hello" in wait_for(hello)


def test_a_listener_waits_for_a_device_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr("app.live.AGAIN_S", 0.01)
    turns = iter([False, False, True, True])
    assert list(messages(Path(tmp_path / "live.sock"), lambda: next(turns))) == [None]


def test_what_a_person_may_be_given_is_handed_on_for_whom_it_is_prepared(line, tmp_path):
    place = tmp_path / allowed.FILE

    def told():
        return wait_for(lambda: next((one for one in line.take() if one["do"] == "allowed"), None))

    def write(**people):
        draft = tmp_path / "draft"
        draft.write_text(allowed.written(people))
        draft.replace(place)

    write(**{"1": {"hands": 12.0}, "2": {"feet": 7.0}})
    line.send({"snapshot": SNAPSHOT | {"person": "2"}})
    assert told() == {"do": "allowed", "person": "2", "most_ma": {"feet": 7.0}}
    line.send({"snapshot": SNAPSHOT | {"person": None, "phase": "p1"}})
    write(**{"1": {}, "2": {}})
    assert told() == {"do": "allowed", "person": "2", "most_ma": {}}, "also while it is withheld"
    write(**{"1": {}, "2": {"feet": 6.5}})
    assert told()["most_ma"] == {"feet": 6.5}
    place.unlink()
    assert told()["most_ma"] == {}, "a file that is gone allows nothing"
    write(**{"1": {"hands": 11.0}, "2": {}})
    line.send({"snapshot": SNAPSHOT | {"person": "1", "phase": "p2"}})
    assert told() == {"do": "allowed", "person": "1", "most_ma": {"hands": 11.0}}
