"""What a broker and a small display are told: a real mosquitto, and luma's own dummy display."""

import json
import re
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from herald import wait_for
from luma.core.device import dummy
from PIL import Image, ImageDraw
from ports import free_port

from app.device.line import HeraldLine
from app.locale.terminal import available, speak
from app.main import main
from app.mqtt import SENSORS, discovery, state_of, unit_id
from app.oled import draw, lines
from app.output import ExitCode
from controller.core.types import Phase
from protocols.treatment import names

HELLO = {"unit": "Reference unit", "serial": "A-7", "simulated": True, "version": "0"}
SEEN = {
    "state": "treating",
    "phase": "hold",
    "next": "keep_still",
    "measured_ma": 11.987,
    "target_ma": 12.0,
    "left_s": 600.0,
    "charge_forward_ma_min": 100.0,
    "charge_reverse_ma_min": 0.0,
    "code": None,
    "simulated": True,
    "person": "anna",
    "treatment": "hands",
    "last": None,
}


def test_nothing_about_a_person_is_published():
    told = json.dumps(state_of(SEEN)) + "".join(str(discovery(s, "u", HELLO, "h")) for s in SENSORS)
    assert "anna" not in told
    assert set(state_of(SEEN)) == {sensor.key for sensor in SENSORS}, "every entity has its value"
    assert unit_id(HELLO) == "reference_unit_a_7"


def test_how_the_last_treatment_ended_is_published():
    assert state_of(SEEN)["outcome"] is None
    assert state_of({**SEEN, "last": {"outcome": "completed_short"}})["outcome"] == "completed_short"


def certificate(folder, name):
    """Make a key and a certificate of its own authority for this machine, in one file each."""
    key, made = folder / f"{name}.key", folder / f"{name}.pem"
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    words += ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
    words += ["-addext", "keyUsage=critical,keyCertSign,digitalSignature"]
    words += ["-keyout", str(key), "-out", str(made)]
    subprocess.run(["openssl", *words], check=True, capture_output=True)
    return key, made


class Broker(NamedTuple):
    port: int
    ca: Path | None

    @property
    def tls(self):
        return [] if self.ca is None else ["--tls", str(self.ca)]


@pytest.fixture(params=["plain", "tls"])
def broker(request, tmp_path):
    """A mosquitto that wants a password; over TLS it takes nothing else."""
    program = shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")
    if program is None:
        pytest.skip("mosquitto is not installed: apt install mosquitto")
    port = free_port()
    passwords = tmp_path / "passwords"
    passwords.write_text("unit:secret\n")
    passwords.chmod(0o600)
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous false", f"password_file {passwords}", "user root"]
    ca = None
    if request.param == "tls":
        if shutil.which("openssl") is None:
            pytest.skip("openssl is not installed: apt install openssl")
        key, ca = certificate(tmp_path, "broker")
        lines += [f"certfile {ca}", f"keyfile {key}", "tls_version tlsv1.2"]
    settings = tmp_path / "mosquitto.conf"
    settings.write_text("\n".join(lines) + "\n")
    process = subprocess.Popen([program, "-c", str(settings)], stderr=subprocess.DEVNULL)
    yield Broker(port, ca)
    process.terminate()
    process.wait()


@pytest.fixture
def hear(broker):
    """What a subscriber with the password hears."""
    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion

    heard = {}
    client = Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set("unit", "secret")
    if broker.ca is not None:
        client.tls_set(ca_certs=str(broker.ca))
    client.on_connect = lambda *_: client.subscribe("#")
    client.on_message = lambda _client, _data, said: heard.__setitem__(said.topic, said.payload.decode())

    def connected():
        try:
            return client.connect("127.0.0.1", broker.port) == 0
        except OSError:
            return False

    wait_for(connected)
    client.loop_start()
    yield heard
    client.disconnect()
    client.loop_stop()


def publishing(state, broker, *more, stderr=None):
    words = ["mqtt", "--state", str(state), "--broker", "127.0.0.1", "--port", str(broker.port), *more]
    words += ["--user", "unit", "--password-file", str(state / "password")]
    command = [sys.executable, "-P", "-m", "app.main", *words]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr)


REFUSED = [
    ("another authority", "secret", "certificate verify failed"),
    ("its own authority", "wrong", "the broker refuses: Not authorized"),
]


@pytest.mark.parametrize("broker", ["tls"], indirect=True)
@pytest.mark.parametrize(("authority", "password", "said"), REFUSED)
def test_over_tls_a_wrong_authority_or_password_gets_nothing_out(
    broker, hear, tmp_path, authority, password, said
):
    ca = broker.ca if authority.startswith("its own") else certificate(tmp_path, "another")[1]
    facts = {"socket": str(tmp_path / "live.sock"), "next": str(tmp_path / "next.json")}
    line = HeraldLine({**facts, "attach": None, "hello": HELLO})
    (tmp_path / "password").write_text(f"{password}\n")
    log = tmp_path / "log"
    with log.open("w") as stderr:
        process = publishing(tmp_path, broker, "--tls", str(ca), stderr=stderr)
    try:
        wait_for(lambda: said in log.read_text() or line.send({"snapshot": SEEN}))
        assert hear == {}
    finally:
        process.kill()
        process.wait()
        line.close()


def test_a_real_broker_is_told_discovery_state_and_availability(broker, hear, tmp_path):
    facts = {"socket": str(tmp_path / "live.sock"), "next": str(tmp_path / "next.json")}
    line = HeraldLine({**facts, "attach": None, "hello": HELLO})
    (tmp_path / "password").write_text("secret\n")
    process = publishing(tmp_path, broker, *broker.tls)
    topic = "ionto/reference_unit_a_7"
    try:
        wait_for(lambda: f"{topic}/available" in hear or line.send({"snapshot": SEEN}))
        wait_for(lambda: len([name for name in hear if name.startswith("homeassistant/")]) == len(SENSORS))
        wait_for(lambda: f"{topic}/state" in hear)
        assert json.loads(hear[f"{topic}/state"])["measured_ma"] == 11.99
        assert hear[f"{topic}/available"] == "online"
        configs = {name: json.loads(text) for name, text in hear.items() if name.startswith("homeassistant/")}
        current = configs.get("homeassistant/sensor/ionto_reference_unit_a_7/measured_ma/config")
        assert current is not None
        assert current["unit_of_measurement"] == "mA"
        assert "SIMULATED" in current["device"]["name"]
        process.kill()  # no farewell: the broker tells the last will
        wait_for(lambda: hear[f"{topic}/available"] == "offline")
    finally:
        process.kill()
        process.wait()
        line.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--broker", "far.example", "--user", "a", "--password-file", "p"], "only encrypted"),
        (["--broker", "localhost", "--user", "a"], "go together"),
        (["--broker", "localhost", "--user", "a", "--password-file", "p"], "can't be read"),
        (["--broker", "localhost", "--tls", "nothing.pem"], "can't be read as certificates"),
        (["--broker", "localhost", "--port", "70000"], "not a port"),
        ([], "--broker"),
    ],
)
def test_bad_settings_are_one_sentence(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["mqtt", *words]) == ExitCode.BAD_INPUT
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_the_display_is_drawn_and_its_lines_fit():
    display = dummy(width=128, height=64, mode="1")
    blank = display.image.tobytes() if display.image else b""
    draw(display, lines(SEEN))
    assert display.image.tobytes() != blank
    assert lines(SEEN) == ["SIMULATED", "hold", "11.99 mA of 12", "10:00 left"]
    assert lines(None)[1] == "no device"
    assert lines(SEEN | {"code": 23, "state": "alarm"})[1] == "code 23"
    for seen in (SEEN, SEEN | {"state": "idle"}, SEEN | {"state": "alarm", "code": 31}):
        assert all(len(text) <= 21 for text in lines(seen))


@pytest.mark.parametrize("code", sorted(available()))
def test_no_word_breaks_off_on_the_display_in_any_language(code):
    picture = ImageDraw.Draw(Image.new("1", (128, 64)))
    speak(code)
    try:
        for what, state, phase in product(
            names(), ("idle", "starting", "paused", "finished", "alarm"), Phase
        ):
            at_rest = {**SEEN, "state": state, "phase": phase.value, "treatment": what, "simulated": False}
            for seen in (at_rest, {**at_rest, "code": 77}, {**at_rest, "state": "treating"}):
                for text in lines(seen):
                    assert len(text) <= 21, text
                    assert picture.textlength(text) <= 128, text
    finally:
        speak("en")


def test_the_display_keeps_off_the_unit_s_bus(capsys):
    assert main(["oled", "--bus", "1"]) == ExitCode.BAD_INPUT
    assert "the unit's bus" in capsys.readouterr().err


def test_two_units_whose_letters_no_topic_can_hold_have_two_topics() -> None:
    ids = {unit_id({"unit": name, "serial": ""}) for name in ("Gerät ä", "Gerät ö", "Ручной", "Ножной")}
    assert len(ids) == 4
    assert all(re.fullmatch("[a-z0-9_]+", one) for one in ids)
    assert unit_id({"unit": "Gera\u0308t", "serial": "1"}) == unit_id({"unit": "Gerät", "serial": "1"})
