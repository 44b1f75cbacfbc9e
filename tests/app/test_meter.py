"""The reference meter: over SCPI against pyvisa-sim and a socket of our own, and the simulated one."""

import socket
import sys
import threading

import pytest

from app.technician.meter import open_meter
from config.unit import Unit
from controller.backends.meter import Accuracy, MeterFailed
from controller.backends.simulated import simulated
from sim.scenario import Scenario

BENCH = Accuracy(0.05, 0.005, 0.0045, 0.0006)
NAME = "TCPIP::192.0.2.7::INSTR"
ANSWERS = {
    "*IDN?": "Agilent Technologies,34410A,MY47000419,2.35",
    "CONF:CURR:DC 0.1": None,
    "CONF:VOLT:DC 100": None,
    "SYST:ERR?": '+0,"No error"',
    "READ?": "+1.00340000E-02",
}


@pytest.fixture
def sim_meter(tmp_path, monkeypatch):
    """Give a function that makes pyvisa-sim's meter answer as told."""

    def make(changes=None):
        changes = changes or {}
        rows = "".join(
            f"      - {{q: '{q}'}}\n" if r is None else f"      - {{q: '{q}', r: '{r}'}}\n"
            for q, r in {**ANSWERS, **changes}.items()
        )
        path = tmp_path / "meter.yaml"
        path.write_text(
            'spec: "1.1"\ndevices:\n  meter:\n    eom:\n      TCPIP INSTR: {q: "\\n", r: "\\n"}\n'
            f"    error: ERROR\n    dialogues:\n{rows}resources:\n  {NAME}: {{device: meter}}\n"
        )
        monkeypatch.setenv("PYVISA_LIBRARY", f"{path}@sim")

    return make


def test_name_current_and_voltage_come_over_scpi(sim_meter):
    sim_meter()
    with open_meter(NAME, BENCH) as meter:
        assert meter.name == "Agilent Technologies 34410A, serial MY47000419"
        assert meter.read_ma() == pytest.approx(10.034)
        assert meter.read_ma() == pytest.approx(10.034)  # without a second CONF
        assert meter.read_v() == pytest.approx(0.010034)
        assert meter.accuracy is BENCH
        assert not meter.simulated


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"READ?": "+9.90000000E+37"}, "shows overload, above its range of 0.1 A"),
        ({"READ?": "+0.20000000E+00"}, "shows 0.2 A, above its range of 0.1 A"),
        ({"READ?": "nan"}, "answers 'nan' where a number is expected"),
        ({"READ?": "OVLD"}, "answers 'OVLD' where a number is expected"),
        ({"SYST:ERR?": '-113,"Undefined header"'}, 'refuses CONF:CURR:DC 0.1: -113,"Undefined header"'),
    ],
)
def test_an_answer_that_is_no_reading_is_named(sim_meter, changes, expected):
    sim_meter(changes)
    with open_meter(NAME, BENCH) as meter, pytest.raises(MeterFailed) as refusal:
        meter.read_ma()
    assert expected in str(refusal.value)


def test_what_is_no_scpi_meter_is_named(sim_meter):
    sim_meter({"*IDN?": "hello"})
    with pytest.raises(MeterFailed, match="no SCPI meter"), open_meter(NAME, BENCH):
        pass


def test_a_meter_that_is_not_there_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setenv("PYVISA_LIBRARY", "@py")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # taken, so that nobody else listens there
        name = f"TCPIP::127.0.0.1::{closed.getsockname()[1]}::SOCKET"
        with (
            pytest.raises(MeterFailed, match=r"Connection refused.*: switch it on"),
            open_meter(name, BENCH),
        ):
            pass


def test_a_name_that_is_not_visa_s_is_refused_with_examples(monkeypatch):
    monkeypatch.setenv("PYVISA_LIBRARY", "@py")
    with (
        pytest.raises(MeterFailed, match=r"nonsense cannot be opened .* such as"),
        open_meter("nonsense", BENCH),
    ):
        pass


def test_a_meter_that_keeps_silent_is_waited_for_only_so_long(monkeypatch):
    monkeypatch.setenv("PYVISA_LIBRARY", "@py")
    monkeypatch.setattr("app.technician.meter.TIMEOUT_MS", 50)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        name = f"TCPIP::127.0.0.1::{silent.getsockname()[1]}::SOCKET"
        with (
            pytest.raises(MeterFailed, match=r"does not answer \*IDN\? within 0\.05 s"),
            open_meter(name, BENCH),
        ):
            pass


def test_without_pyvisa_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyvisa", None)
    with pytest.raises(MeterFailed, match=r"ionto setup meter$"), open_meter(NAME, BENCH):
        pass


@pytest.fixture
def lan_meter():
    """Be a meter on a LAN socket, which PyVISA-py then reaches as it would a real one."""
    server = socket.create_server(("127.0.0.1", 0))
    heard = []

    def serve():
        line, _ = server.accept()
        with line, line.makefile("rw", newline="\n") as stream:
            for text in stream:
                heard.append(text.strip())
                if answer := ANSWERS.get(text.strip()):
                    stream.write(answer + "\n")
                    stream.flush()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"TCPIP::127.0.0.1::{server.getsockname()[1]}::SOCKET", heard
    server.close()
    thread.join(600)


def test_a_meter_on_the_lan_is_read_through_a_real_socket(lan_meter, monkeypatch):
    name, heard = lan_meter
    monkeypatch.setenv("PYVISA_LIBRARY", "@py")
    with open_meter(name, BENCH) as meter:
        assert meter.read_ma() == pytest.approx(10.034)
        assert meter.read_v() == pytest.approx(0.010034)
    asked = ["CONF:CURR:DC 0.1", "SYST:ERR?", "READ?", "CONF:VOLT:DC 100", "SYST:ERR?", "READ?"]
    assert heard == ["*IDN?", *asked]


def test_accuracy_is_a_share_of_the_reading_and_a_constant():
    assert BENCH.of_ma(-20.0) == pytest.approx(0.015)
    assert BENCH.of_v(50.0) == pytest.approx(0.00285)


def drive(bench, unit, code, *, reverse):
    """Put current through the simulated load with the bare wires, for 0.5 s."""
    pins, clock = unit.pins, bench.clock
    for number, level in ((pins.polarity_relay, reverse), (pins.series_relay, True)):
        pin = bench.factory.pin(f"GPIO{number}")
        pin.output_with_state(level)
    beat = bench.factory.pin(f"GPIO{pins.heartbeat}")
    beat.output_with_state(False)
    bench.transport.write(unit.dac.address, code.to_bytes(2, "big"))
    for _ in range(100):
        beat.state = not beat.state
        clock.sleep_until(clock.now() + 0.005)


@pytest.mark.parametrize("seed", range(8))
def test_the_simulated_meter_reads_the_true_output_within_its_accuracy(seed):
    unit = Unit()
    box = Scenario.model_validate({"load": {"skin": 2000.0}, "person": {"fidgets": False}})
    bench = simulated(unit, "hands", box, seed, None)
    meter = bench.meter
    assert meter is not None
    assert meter.simulated
    drive(bench, unit, 2000, reverse=seed % 2 == 1)
    true_ma = bench.truth().peak_ma * (-1 if seed % 2 else 1)
    assert 11.5 < abs(true_ma) < 13.0
    readings = [meter.read_ma() for _ in range(20)]
    assert all(abs(reading - true_ma) <= meter.accuracy.of_ma(true_ma) for reading in readings)
    assert len(set(readings)) > 1
    # What the load makes of that current, water and leads included, stands at the output.
    assert meter.read_v() == pytest.approx(abs(true_ma) * 2.0, rel=0.1)


def test_no_two_simulated_meters_are_alike():
    unit, box = Unit(), Scenario()
    shown = {simulated(unit, "hands", box, seed, None).meter.read_ma() for seed in range(5)}
    assert len(shown) == 5
