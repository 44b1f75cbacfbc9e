"""Sessions made by hand, for the faces that show them."""

import itertools
import os

import pytest

from app import main as command
from controller.loop.recorder import Trace
from controller.loop.telemetry import Snapshot

os.environ.setdefault("IONTO_INTERPRETED", "1")  # campaigns of tests run what is shipped, and compile nothing


def _summary(**changes):
    summary = {
        "schema": 2,
        "version": "0.1.0",
        "simulated": True,
        "seed": 7,
        "treatment": "hands",
        "outcome": "completed",
        "reason": None,
        "short_because": None,
        "duration_s": 1237.4,
        "charge_ma_min": {"forward": 116.2, "reverse": 116.1},
        "asked_ma_min": {"forward": 116.4, "reverse": 116.4},
        "peak_ma": 12.03,
        "overshoot_ma": 0.03,
        "steady_error_ma": -0.01,
        "phases": [{"phase": "hold", "polarity": "forward", "start_s": 30.0, "end_s": 600.0}],
        "trip": None,
        "truth": None,
        "loop": {"rate_hz": 200, "ticks": 247480, "late": 3},
    }
    return summary | changes


@pytest.fixture
def ionto(capsys):
    """Runs the command in this process; gives exit code, standard output, standard error."""

    def run(*words):
        code = command.main([str(word) for word in words])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return run


@pytest.fixture
def summary():
    """A function that makes the summary of a completed session with changes."""
    return _summary


@pytest.fixture
def trip():
    """The summary's trip of an open circuit at 300 s."""
    return {
        "cause": "open_circuit",
        "phase": "hold",
        "onset_s": 300.0,
        "detected_s": 300.012,
        "output_off_s": 300.014,
        "latency_ms": 14.0,
    }


@pytest.fixture
def snapshot():
    """A function that makes the snapshot of a hold with changes."""
    hold = Snapshot(
        time_s=300.0,
        phase="hold",
        polarity="forward",
        target_ma=12.0,
        setpoint_ma=12.0,
        measured_ma=11.98,
        voltage_v=18.2,
        resistance_ohm=1520.0,
        left_s=907.0,
        total_s=1200.0,
        charge_forward_ma_min=55.1,
        charge_reverse_ma_min=0.0,
        note="",
        trip_cause=None,
        trip_evidence=None,
        simulated=True,
        late_ticks=0,
        missed_ticks=0,
    )
    return lambda **changes: hold | changes


@pytest.fixture
def trace():
    """A short session at 10 Hz: contact, ramps and hold, once each way."""
    phases = ["contact"] * 20
    for _ in range(2):
        phases += ["ramp_up"] * 240 + ["hold"] * 900 + ["ramp_down"] * 240 + ["reverse"] * 10
    currents = {
        "hold": itertools.repeat(12.0),
        "contact": itertools.repeat(0.3),
        "reverse": itertools.repeat(0.0),
    }
    setpoints, columns = [], Trace([], [], [], [], [], [], [])
    for index, phase in enumerate(phases):
        if phase == "ramp_up":
            setpoints.append(min(12.0, setpoints[-1] + 0.05 if setpoints else 0.0))
        elif phase == "ramp_down":
            setpoints.append(max(0.0, setpoints[-1] - 0.05))
        else:
            setpoints.append(next(currents[phase]))
        columns.time_s.append(index / 10)
        columns.phase.append(phase)
        columns.polarity.append("forward" if index < 1410 else "reverse")
        columns.target_ma.append(12.0)
        columns.setpoint_ma.append(setpoints[-1])
        columns.measured_ma.append(None if index < 5 else setpoints[-1] + 0.02)
        columns.voltage_v.append(setpoints[-1] * 1.5)
    return columns
