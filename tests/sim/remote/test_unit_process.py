"""The unit as a process of its own: its socket, its clock, and what a driver leaves behind."""

import errno
import io
import os
import threading
import time

import pytest
from gpiozero.output_devices import OutputDevice

from sim.clock import VirtualClock
from sim.remote.unit_client import UnitClient, UnitUnavailable, ask
from sim.remote.unit_server import SocketTaken, UnitServer
from sim.remote.wire import REQUEST, Op, new_socket
from sim.scenario import Scenario
from sim.spec import UnitSpec
from sim.world import World

CONTROL, GUARD, DAC, HEARTBEAT, SERIES, START = 0x48, 0x49, 0x62, 17, 27, 5
QUIET = Scenario.model_validate({"person": {"start_at_s": None, "fidgets": False}})


class Served:
    """A unit in a thread; its time stands still unless it is turned by hand."""

    def __init__(self, path, record=None):
        self.now_s = 1000.0
        self.path = path
        world = World(UnitSpec(), QUIET, 7, VirtualClock())
        self.server = UnitServer(world, path, seed=7, record=record, now_s=lambda: self.now_s)
        self._pause = threading.Lock()
        self._over = False
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        while not self._over:
            with self._pause:
                self.server.turn(0.001)
            time.sleep(0)

    def wait(self, duration_s):
        with self._pause:
            self.now_s += duration_s

    def hung(self):
        """While this is entered the unit answers nobody."""
        return self._pause

    def ask(self, question, **details):
        return ask(self.path, question, **details)

    def close(self):
        self._over = True
        self._thread.join()
        self.server.close()


@pytest.fixture
def unit(tmp_path):
    served = Served(tmp_path / "unit.sock")
    yield served
    served.close()


@pytest.fixture
def client(unit):
    client = UnitClient(unit.path, 600.0)
    yield client
    client.close()


def drive(unit, client, code=1600):
    """Let current flow: enable and series relay closed, the DAC at `code`."""
    client.write(DAC, bytes((code >> 8, code & 0xFF)))
    client.pin_driven(SERIES, True)
    for edge in range(1, 8):
        client.pin_driven(HEARTBEAT, bool(edge % 2))
        client.read(DAC, 5)
        unit.wait(0.005)
    return unit.ask("state")


def test_transfers_reach_the_chips(client):
    client.write(DAC, b"\x06\x40")
    assert client.read(DAC, 3)[1:] == b"\x64\x00"
    assert len(client.write_read(GUARD, b"\x01", 2)) == 2


def test_an_address_without_a_chip_does_not_acknowledge(client):
    with pytest.raises(OSError, match="0x33") as missing:
        client.write(0x33, b"")
    assert missing.value.errno == errno.EREMOTEIO
    assert not isinstance(missing.value, TimeoutError)


def test_a_hung_bus_is_the_hosts_timeout(unit, client):
    unit.ask("inject", fault="bus_hung")
    with pytest.raises(TimeoutError):
        client.read(DAC, 5)


def test_pins_are_those_of_the_unit(unit, client):
    pin = OutputDevice(SERIES, pin_factory=client.pin_factory)
    pin.on()
    assert SERIES in unit.ask("state")["pins"]
    pin.off()
    assert SERIES not in unit.ask("state")["pins"]
    pin.close()


def test_buttons_are_pressed_beside_the_driver(unit, client):
    assert client.pin_level(START) is None
    unit.ask("press", button="start", for_s=0.2)
    time.sleep(0.002)  # longer than one look at the panel lasts
    assert client.pin_level(START) is False
    unit.wait(0.3)
    time.sleep(0.002)
    assert client.pin_level(START) is None


def test_a_driver_that_is_gone_leaves_pins_and_dac_and_the_charge_pump_forgets(unit, client):
    state = drive(unit, client)
    assert state["current_ma"] > 5.0
    last_s = state["now_s"]
    client.close()
    unit.wait(0.045)
    assert unit.ask("state")["current_ma"] > 5.0
    unit.wait(0.060)
    state = unit.ask("state")
    assert (state["current_ma"], state["dac_code"], state["driver_pid"]) == (0.0, 1600, None)
    assert SERIES in state["pins"]
    assert state["relays"] == {"enable": 0, "series": 1, "polarity": 1}
    off_s = unit.ask("truth", after_s=last_s)["off_since_s"]
    assert 0.045 <= off_s - last_s <= 0.06


def test_the_truth_is_of_the_driver_there_is(unit, client):
    drive(unit, client)
    unit.wait(0.04)
    first = unit.ask("truth")
    assert first["charge_ma_min"]["forward"] > 0.005
    assert first["peak_ma"] > 5.0
    client.close()
    unit.wait(1.0)
    with_another = UnitClient(unit.path, 600.0)
    second = unit.ask("truth")
    with_another.close()
    assert second["charge_ma_min"] == {"forward": 0.0, "reverse": 0.0}
    assert second["peak_ma"] == 0.0
    assert second["dac_zero_since_s"] is None, "nobody has set it to zero yet"


def test_one_driver_at_a_time(unit, client):
    with pytest.raises(UnitUnavailable, match=f"driven by process {os.getpid()}"):
        UnitClient(unit.path, 600.0)
    client.close()
    UnitClient(unit.path, 600.0).close()


def test_only_the_driver_may_drive(unit):
    with new_socket() as stranger:
        stranger.settimeout(600.0)
        stranger.connect(str(unit.path))
        stranger.send(REQUEST.pack(Op.PIN, 1, SERIES, 1))
        stranger.send(REQUEST.pack(Op.WRITE, 2, DAC, 0) + b"\x06\x40")
        assert b"only the unit's driver" in stranger.recv(200)
    state = unit.ask("state")
    assert (state["pins"], state["dac_code"]) == ([], 0)


def test_a_cable_that_is_pulled(unit, client):
    drive(unit, client)
    unit.ask("drop")
    with pytest.raises(OSError, match="no acknowledge"):
        client.read(DAC, 5)
    assert client.pin_level(6) is None, "Stop's contact is open, which reads as pressed"
    client.pin_driven(SERIES, False)
    assert SERIES in unit.ask("state")["pins"], "what is driven goes nowhere"


def test_a_unit_that_hangs_is_a_timeout_and_its_late_reply_is_dropped(unit):
    client = UnitClient(unit.path, 600.0)
    client.write(DAC, b"\x06\x40")
    level = client.pin_level(6)
    with unit.hung():
        client._socket.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.read(DAC, 5)
        assert client.pin_level(6) is level is False, "a wire keeps its level"
    client._socket.settimeout(600.0)
    unit.ask("state")
    assert client.read(CONTROL, 2) != client.read(DAC, 2)
    assert client.read(DAC, 3)[1:] == b"\x64\x00"
    client.close()


@pytest.mark.parametrize(
    ("question", "details", "says"),
    [
        ("wonder", {}, "wonder"),
        ("inject", {"fault": "bad_luck"}, "unknown; allowed are"),
        ("inject", {"fault": "stall"}, "stop the controller instead"),
        ("press", {"button": "fire"}, "'fire'"),
        ("log", {}, "since_s"),
    ],
)
def test_what_cannot_be_asked_is_said(unit, question, details, says):
    with pytest.raises(UnitUnavailable, match=says):
        unit.ask(question, **details)


def test_every_change_of_the_true_current_is_logged_with_the_units_time(tmp_path):
    record = io.StringIO()
    unit = Served(tmp_path / "unit.sock", record)
    client = UnitClient(unit.path, 600.0)
    began_s = drive(unit, client)["now_s"]
    client.close()
    unit.wait(0.06)
    unit.ask("state")
    rows = unit.ask("log", since_s=began_s)["rows"]
    unit.close()
    assert abs(rows[-1][1]) < 0.01
    assert rows[-1][0] == pytest.approx(began_s + 0.06)
    lines = record.getvalue().splitlines()
    assert lines[0] == "monotonic_s,current_ma"
    assert lines[-1].endswith(",0.0000")


def test_a_socket_that_a_dead_unit_left_is_replaced(tmp_path):
    path = tmp_path / "unit.sock"
    with new_socket() as dead:
        dead.bind(str(path))
    unit = Served(path)
    assert unit.ask("state")["driver_pid"] is None
    unit.close()
    assert not path.exists()


def test_a_living_unit_and_a_file_are_left_alone(unit, tmp_path):
    def second(path):
        return UnitServer(World(UnitSpec(), QUIET, 8, VirtualClock()), path, seed=8)

    with pytest.raises(SocketTaken, match="another unit answers"):
        second(unit.path)
    assert unit.ask("state")["seed"] == 7
    file = tmp_path / "notes"
    file.write_text("mine")
    with pytest.raises(SocketTaken, match="no socket"):
        second(file)
    assert file.read_text() == "mine"
    with pytest.raises(SocketTaken, match="No such file"):
        second(tmp_path / "nowhere" / "unit.sock")


def test_nobody_there_is_a_sentence_with_the_remedy(tmp_path):
    with pytest.raises(UnitUnavailable, match="ionto unit --socket"):
        ask(tmp_path / "unit.sock", "state")
