"""What the installer asks before it changes anything: is somebody treated, and where is the bus?"""

import json
import socket
import threading

import pytest

from app.appliance.idle import main


@pytest.fixture
def serve(tmp_path):
    """A herald that says these lines to whoever listens."""
    doors, threads = [], []

    def saying(*messages):
        door = socket.socket(socket.AF_UNIX)
        door.bind(str(tmp_path / "live.sock"))
        door.listen()

        def answer():
            line, _ = door.accept()
            with line:
                for message in messages:
                    line.sendall(json.dumps(message).encode() + b"\n")
                line.recv(1)  # until the other side has heard enough

        doors.append(door)
        threads.append(threading.Thread(target=answer))
        threads[-1].start()
        return tmp_path

    yield saying
    for thread in threads:
        thread.join(600)
    for door in doors:
        door.close()


def snapshot(state):
    return {"snapshot": {"state": state}}


@pytest.mark.parametrize("state", ["starting", "idle", "finished", "alarm"])
def test_a_unit_at_rest_may_be_changed(serve, state, capsys):
    assert main([str(serve({"hello": {}}, snapshot(state)))]) == 0
    assert capsys.readouterr().err == ""


def test_a_unit_that_treats_may_not(serve, capsys):
    assert main([str(serve({"hello": {}}, snapshot("treating")))]) == 5
    assert "somebody is treated on this unit now" in capsys.readouterr().err


def test_no_device_treats_nobody(tmp_path):
    assert main([str(tmp_path)]) == 0


def test_the_bus_is_the_units(tmp_path, capsys):
    unit = tmp_path / "unit.yaml"
    unit.write_text("i2c:\n  bus: 3\n")
    assert main(["--bus", str(unit)]) == 0
    assert capsys.readouterr().out == "/dev/i2c-3\n"
    unit.write_text("i2c:\n  bus: much\n")
    assert main(["--bus", str(unit)]) == 2
