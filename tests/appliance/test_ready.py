"""What systemd hears of the pages and of the broker's listener: READY when they serve, else an end."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from http.client import HTTPConnection

import pytest
from herald import PATIENCE_S
from ports import free_port

PROGRAM = ("-P", "-m", "app.main")
BROKEN = """
import sys
from app.web.pages import pair
def broken(visit):
    raise RuntimeError("a page of an update that can't be made")
pair.show = broken
from app.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def ear(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(PATIENCE_S)
        yield heard


@pytest.fixture
def serve(ear, tmp_path):
    """Begin a command as its service does."""
    begun = []

    def serving(*words, program=PROGRAM):
        command = [sys.executable, *program, words[0], "--state", str(tmp_path / "state"), *words[1:]]
        told = os.environ | {"NOTIFY_SOCKET": ear.getsockname(), "LANG": "C.UTF-8"}
        begun.append(subprocess.Popen(command, env=told, stderr=subprocess.PIPE, text=True))
        return begun[-1]

    yield serving
    for process in begun:
        process.kill()
        process.communicate()


def silent(ear):
    ear.setblocking(False)
    with pytest.raises(BlockingIOError):
        ear.recv(4096)


def test_the_pages_are_told_as_served_when_they_answer(serve, ear):
    port = free_port()
    process = serve("web", "--port", str(port))
    assert ear.recv(4096) == b"READY=1\nSTATUS=Serving the pages."
    line = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    line.request("GET", "/")
    assert line.getresponse().status == 200
    line.close()
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0
    silent(ear)


def test_pages_over_https_are_asked_too(serve, ear, tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: apt install openssl")
    key = tmp_path / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=unit", "-days", "2"]
    subprocess.run([*made, "-keyout", key, "-out", tmp_path / "c.pem"], check=True, capture_output=True)
    key.write_text((tmp_path / "c.pem").read_text() + key.read_text())
    serve("web", "--port", "0", "--certificate", str(key))
    assert ear.recv(4096).startswith(b"READY=1\n")


def test_pages_that_are_broken_end_and_are_never_told_as_served(serve, ear):
    process = serve("web", "--port", "0", program=("-P", "-c", BROKEN))
    _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert told.count("the pages can't be served: what answers at port ") == 1
    silent(ear)


def test_a_port_that_is_taken_is_said_and_never_served(serve, ear):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = serve("web", "--port", str(taken.getsockname()[1]))
        _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert "another program listens there" in told
    silent(ear)


def test_the_listener_is_ready_without_unit_and_without_broker(serve, ear):
    process = serve("mqtt", "--broker", "127.0.0.1", "--port", str(free_port()))
    assert ear.recv(4096) == b"READY=1\nSTATUS=Serving what a broker is told."
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0


def test_a_listener_whose_options_are_refused_is_never_ready(serve, ear, tmp_path):
    process = serve("mqtt", "--broker", "127.0.0.1", "--tls", str(tmp_path / "absent"))
    _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert "can't be read as certificates" in told
    silent(ear)
