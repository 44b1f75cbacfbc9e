"""`ionto off`: what a killed controller left behind is undone, and what can't be is said."""

import json
import subprocess
import sys

import pytest
from herald import PATIENCE_S, wait_for

from app.main import main
from sim.remote.unit_client import UnitClient, UnitUnavailable, ask

DAC, SERIES, POLARITY, DUMMY = 0x62, 27, 22, 24
SHOWN = (16, 20, 21, 26)
"""Red, green, blue and the buzzer."""


@pytest.fixture
def unit(tmp_path):
    """A simulated unit, a process of its own."""
    place = tmp_path / "unit.sock"
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "app.main", "unit", "--socket", str(place)], stdout=subprocess.DEVNULL
    )

    def there():
        try:
            return ask(place, "state")
        except UnitUnavailable:
            return None

    wait_for(there)
    yield place
    process.terminate()
    process.wait(PATIENCE_S)


@pytest.fixture
def left_on(unit):
    """As a controller leaves it that was killed: DAC at a code, series relay driven."""
    client = UnitClient(unit, 600.0)
    client.write(DAC, bytes((1600 >> 8, 1600 & 0xFF)))
    for pin in (SERIES, DUMMY, *SHOWN):
        client.pin_driven(pin, True)
    client.read(DAC, 5)
    client.close()
    state = ask(unit, "state")
    assert state["dac_code"] == 1600
    assert {SERIES, DUMMY, *SHOWN} <= set(state["pins"])
    return unit


def test_what_a_killed_controller_left_is_undone(left_on, capsys):
    assert main(["off", "--attach", str(left_on)]) == 0
    state = ask(left_on, "state")
    assert state["dac_code"] == 0
    assert not {SERIES, DUMMY, *SHOWN} & set(state["pins"]), "nor does it say anything any more"
    wait_for(lambda: ask(left_on, "state")["relays"]["series"] == 0)  # it takes its release time
    assert state["driver_pid"] is None
    assert (
        capsys.readouterr().out
        == "SIMULATED unit: Relays open, heartbeat at rest, DAC at zero, light and buzzer off.\n"
    )


def test_relays_open_though_the_dac_is_gone(left_on, capsys):
    ask(left_on, "inject", fault="dac_silent")
    assert main(["off", "--attach", str(left_on), "--json"]) == 5
    told = json.loads(capsys.readouterr().out)
    assert told["off"] is False
    assert told["pins"] is None
    assert "DAC MCP4725" in told["dac"]
    assert SERIES not in ask(left_on, "state")["pins"]


def test_a_unit_in_use_is_left_alone(left_on, capsys):
    client = UnitClient(left_on, 600.0)
    assert main(["off", "--attach", str(left_on)]) == 5
    assert "driven by process" in capsys.readouterr().err
    assert ask(left_on, "state")["dac_code"] == 1600
    client.close()


def test_hardware_that_is_not_here_is_said_twice_and_never_simulated(tmp_path, capsys):
    unit = tmp_path / "unit.yaml"
    unit.write_text("i2c:\n  bus: 19\n")
    assert main(["off", "--unit", str(unit)]) == 5
    told = capsys.readouterr()
    assert told.out == ""
    assert "relays and heartbeat are not known to be off" in told.err
    assert "the DAC is not known to be at zero" in told.err


def test_a_bad_unit_file_is_bad_input(tmp_path, capsys):
    unit = tmp_path / "unit.yaml"
    unit.write_text("nonsense: 1\n")
    assert main(["off", "--unit", str(unit)]) == 2
    assert "nonsense" in capsys.readouterr().err
