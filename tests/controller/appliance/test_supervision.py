"""What systemd hears of the loop: served, alive after whole ticks, silence from a loop that hangs."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from controller.appliance import supervision
from controller.appliance.supervision import Supervision


@pytest.fixture
def ear(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(600.0)
        yield heard


def heard_now(ear):
    words = []
    ear.setblocking(False)
    try:
        while True:
            words.append(ear.recv(4096).decode())
    except BlockingIOError:
        return words


def environment(ear):
    return {"NOTIFY_SOCKET": ear.getsockname()}


def test_nobody_to_tell_is_told_nothing():
    quiet = Supervision({})
    quiet.serving()
    quiet.alive()
    quiet.ending()
    quiet.close()


def test_an_abstract_address_is_reached():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"\0ionto-test-{os.getpid()}")
        heard.settimeout(600.0)
        told = Supervision({"NOTIFY_SOCKET": f"@ionto-test-{os.getpid()}"})
        told.ending()
        assert heard.recv(100) == b"STOPPING=1"
        told.close()


def test_it_is_alive_once_a_second_at_most(ear, monkeypatch):
    now_s = 100.0
    monkeypatch.setattr(supervision.time, "monotonic", lambda: now_s)
    told = Supervision(environment(ear))
    for _ in range(500):  # 2.5 s of ticks
        told.tick(None)
        now_s += 0.005
    assert heard_now(ear) == ["WATCHDOG=1"] * 3
    told.close()


def test_a_listener_that_does_not_listen_or_is_gone_costs_nothing(ear, monkeypatch):
    monkeypatch.setattr(supervision, "EVERY_S", 0.0)
    told = Supervision(environment(ear))
    for _ in range(5000):  # far more than a queue of datagrams holds
        told.alive()
    ear.close()
    told.alive()
    told.close()


@pytest.fixture
def device(ear, tmp_path):
    command = [sys.executable, "-P", "-m", "app.main", "device", "hands", "--simulate", "--json"]
    process = subprocess.Popen(
        [*command, "--state", str(tmp_path / "state")],
        env=os.environ | environment(ear),
        stdout=subprocess.DEVNULL,
    )
    yield process
    process.kill()
    process.wait()


def test_the_command_serves_lives_and_ends(device, ear):
    assert ear.recv(4096).startswith(b"READY=1\n")
    assert [ear.recv(4096) for _ in range(2)] == [b"WATCHDOG=1"] * 2
    device.send_signal(signal.SIGTERM)
    words = [ear.recv(4096)]
    while words[-1] != b"STOPPING=1":
        words.append(ear.recv(4096))
    assert set(words[:-1]) <= {b"WATCHDOG=1"}
    assert device.wait(600) == 0


def test_a_loop_that_hangs_is_silent_though_its_children_live(device, ear):
    while ear.recv(4096) != b"WATCHDOG=1":
        pass
    device.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, device.pid, os.WSTOPPED)
    heard_now(ear)
    ear.settimeout(2.5 * supervision.EVERY_S)
    with pytest.raises(TimeoutError):
        ear.recv(4096)


HANGS = """
import sys
import controller.loop.tick, controller.appliance.supervision
from app.main import main
tick, ticks = controller.loop.tick.Loop.tick, 0
def breaks(self):
    global ticks
    ticks += 1
    if ticks > 5:
        raise OSError("the tick broke")
    return tick(self)
controller.loop.tick.Loop.tick = breaks
sys.exit(main(sys.argv[1:]))
"""


def test_a_tick_that_breaks_tells_no_more_of_life(ear, tmp_path):
    command = [sys.executable, "-P", "-c", HANGS, "device", "hands", "--simulate", "--json"]
    done = subprocess.run(
        [*command, "--state", str(tmp_path / "state")],
        env=os.environ | environment(ear),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 1
    assert heard_now(ear).count("WATCHDOG=1") <= 1
