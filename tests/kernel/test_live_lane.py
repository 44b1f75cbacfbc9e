"""The production command on the kernel's own I2C core and virtio adapter, in real time, on a unit outside.

`ionto unit` runs beside the guest and goes on whatever becomes of it; figures of time are this machine's.
"""

import errno
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from kernel_lane import INSIDE, KERNEL, RECORDS, ROOT, SERIAL, Job, play, why_not
from kill_bench import real_time

from app.output import ExitCode
from sim.remote.unit_client import ask

pytestmark = [
    pytest.mark.nightly,  # in real time: a busy machine is a busy controller
    pytest.mark.skipif(why_not() is not None, reason=f"no kernel lane: {why_not()}"),
]
BRIEF = "name: brief\narea: hands\ncurrent_ma: 3\nramp_ma_per_s: 0.5\ntotal_min: 2\n"
UNIT = f"{SERIAL}i2c: {{bus: 0}}\nloop: {{rate_hz: 50}}\n"
RUN = ["run", f"{INSIDE}/brief.yaml", "--unit", f"{INSIDE}/unit.yaml", "--state", "/run/state", "--json"]
RUN += RECORDS
LONGEST_S = 60.0
OFF_MA = 0.01
ATTEMPTS = 3


class Outside:
    """The unit, and its wires into a guest whose job lies in `folder`."""

    def __init__(self, folder):
        self.socket, self.guest = folder / "unit.sock", folder / "job" / "i2c.sock"
        (folder / "job").mkdir(parents=True)
        (folder / "unit.yaml").write_text(UNIT)
        (folder / "nobody.yaml").write_text("person: {start_at_s: null}\n")
        files = ["--unit", folder / "unit.yaml", "--scenario", folder / "nobody.yaml"]
        words = [sys.executable, "-P", "-m", "app.main", "unit", "--socket", self.socket, *files]
        self.processes = [subprocess.Popen(list(map(str, words)), stdout=subprocess.DEVNULL)]
        self.until(self.socket.exists)
        bridge = [sys.executable, KERNEL / "outside" / "bridge.py", self.socket, self.guest]
        beside = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'support'}"}
        self.processes.append(subprocess.Popen(list(map(str, bridge)), env=beside))
        self.until(self.guest.exists)
        for process in self.processes:
            real_time(process.pid, 70)

    def until(self, done, running=None):
        """Wait for something, but not for ever; False when what is running ended before."""
        deadline_s = time.monotonic() + LONGEST_S
        while not done():
            assert time.monotonic() < deadline_s
            if running is not None and running.done():
                return False
            time.sleep(0.02)
        return True

    def current_ma(self):
        return abs(ask(self.socket, "state")["current_ma"])

    def treat(self, running):
        """Press Start until it is taken, wait for current to lose; False when the session ended before."""

        def driven():
            ask(self.socket, "press", button="start", for_s=0.2)
            time.sleep(0.3)
            return self.current_ma() > 0.1

        return self.until(driven, running) and self.until(lambda: self.current_ma() > 0.5, running)

    def close(self):
        for process in self.processes:
            process.terminate()
            process.wait(LONGEST_S)


def guest(story, folder, **settings):
    job = Job(story, unit=UNIT, bus=0, live=True, files={"brief.yaml": BRIEF}, **settings)
    return ThreadPoolExecutor(1).submit(play, job, Path(folder) / "job")


@contextmanager
def outside(folder):
    made = Outside(folder)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def treatment(folder, **settings):
    """A session with current to lose, and the unit it runs on; tried again where the machine was too busy."""
    for attempt in range(ATTEMPTS):
        with outside(folder / str(attempt)) as unit:
            story = [(0, "run", "run", RUN), (0, "wait", "run")]
            running = guest(story, folder / str(attempt), **settings)
            if unit.treat(running):
                yield unit, running
                return
            ended = running.result()
    raise AssertionError(f"no session came to its ramp: {ended.summary()['reason']}")


def test_the_shipped_bus_driver_on_the_kernels_own_i2c_core(tmp_path):
    with outside(tmp_path):
        found = guest([(0, "measure", 0x62, 0x63, 300)], tmp_path).result().result["notes"]["bus"]
    assert found["missing"] == errno.EREMOTEIO
    assert all(found[name]["median_us"] < 5_000 for name in ("write", "read", "write_read")), found


def test_a_hand_pulled_out_in_real_time(tmp_path):
    with treatment(tmp_path) as (unit, running):
        pulled_s = ask(unit.socket, "inject", fault="hand_out", params={})["at_s"]
        played = running.result()
        assert played.result["codes"]["run"] == ExitCode.ABORTED
        assert played.summary()["trip"]["cause"] == "open_circuit"
        truth = ask(unit.socket, "truth", after_s=pulled_s)
        assert truth["dac_zero_since_s"] - pulled_s < 0.1
        assert unit.current_ma() < OFF_MA


def test_a_bus_that_does_not_come_back_stops_the_heart_and_so_the_current(tmp_path):
    """This adapter's kernel driver waits for ever, whatever timeout it was given: no software can act."""
    with treatment(tmp_path) as (unit, running):
        bridge = unit.processes[1]
        stopped_s = time.monotonic()
        bridge.send_signal(signal.SIGSTOP)
        time.sleep(0.5)
        truth = ask(unit.socket, "truth", after_s=stopped_s)
        assert 0.0 <= truth["off_since_s"] - stopped_s <= 0.1
        assert ask(unit.socket, "state")["dac_code"] > 0
        bridge.send_signal(signal.SIGCONT)
        played = running.result()
        assert played.result["codes"]["run"] == ExitCode.ABORTED
        later = ask(unit.socket, "truth", after_s=stopped_s)
        assert later["off_since_s"] == truth["off_since_s"]
        assert later["dac_zero_since_s"] is not None
