"""The appliance as a process: it is told to end, or killed, in the middle of a treatment."""

import json
import os
import signal
import subprocess
import sys

import pytest

from app.live import messages
from controller.journal.history import open_history

SPEED = "20"


@pytest.fixture
def start(tmp_path):
    running = []

    def starting():
        command = [sys.executable, "-P", "-m", "app.main", "device", "hands", "--simulate", "--speed", SPEED]
        running.append(
            subprocess.Popen(
                [*command, "--state", str(tmp_path), "--json"], stdout=subprocess.PIPE, text=True
            )
        )
        return running[-1]

    yield starting
    for one in running:
        one.kill()
        one.wait()
        one.stdout.close()


def see(state, condition):
    """The first snapshot that meets the condition."""
    for message in messages(state / "live.sock", lambda: False):
        if message is not None and "snapshot" in message and condition(message["snapshot"]):
            return message["snapshot"]
    raise AssertionError("it did not come")


def treat(state):
    """Press Start and wait until 30 s of the treatment are over."""
    import socket

    see(state, lambda seen: seen["phase"] == "ready")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.connect(str(state / "live.sock"))
        line.sendall(b'{"do": "press", "button": "start", "held_s": 0.5}\n')
        return see(state, lambda seen: seen["left_s"] < 1170.0)


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (signal.SIGTERM, "the program was told to end"),
        (signal.SIGHUP, "the terminal was closed"),
        (signal.SIGINT, "Ctrl-C was pressed"),
    ],
    ids=["told", "hangup", "ctrl-c"],
)
def test_told_to_end_it_stops_softly_records_that_and_ends(start, tmp_path, number, why):
    process = start()
    treat(tmp_path)
    process.send_signal(number)
    assert process.wait(600) == 0
    events = [json.loads(line) for line in process.stdout]
    assert [next(iter(event)) for event in events] == ["begun", "ended"]
    assert all(event["simulated"] for event in events)
    with open_history(tmp_path) as history:
        assert (history.session(1)["outcome"], history.session(1)["reason"]) == ("stopped", why)
        assert history.chart(1)["phase"][-2:] != ["hold", "hold"], "by way of stopping"
        assert history.verify().problems == []
    assert not (tmp_path / "live.sock").exists()


def test_killed_it_loses_a_second_at_most_and_the_next_one_tells(start, tmp_path):
    process = start()
    treat(tmp_path)
    seen = see(tmp_path, lambda seen: True)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    start()
    told = see(tmp_path, lambda seen: seen["last"] is not None and seen["phase"] == "ready")
    assert told["last"]["outcome"] == "cut_off"
    assert told["rest_s"] is None
    lost = seen["charge_forward_ma_min"] - told["last"]["charge_forward_ma_min"]
    assert lost <= 12.0 / 60, "a second at 12 mA"
    with open_history(tmp_path) as history:
        assert history.session(1)["outcome"] == "cut_off"
        assert history.session(2) is None, "nothing resumed by itself"
        assert history.verify().problems == []
