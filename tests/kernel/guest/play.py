"""Plays one story inside the lane's kernel: a unit, the production command on it, and what happens to it.

Law: the command is the shipped one, unmodified, by its ordinary words; whatever the story does to it comes
from outside. Results go to /run/out. Times are seconds since the unit was switched on.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

import lgpio

from controller.host.stop_mark import StopMark
from drivers.smbus import SmbusTransport
from sim.remote.unit_client import ask

GUEST = Path(__file__).parent
IN, OUT = Path("/run/in"), Path("/run/out")
SOCKET, STATE = Path("/run/unit.sock"), Path("/run/state")
GRACE_S = 5.0


class Play:
    """One job, on a unit that comes up in here."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.runs: list[tuple[str, subprocess.Popen[bytes]]] = []
        self.notes: dict[str, dict[str, Any]] = {}
        self.holder = -1
        self.unit, self.zero_s = self.bring_up()

    def bring_up(self) -> tuple[subprocess.Popen[bytes], float]:
        """Start the unit's end of the wires; its process, and its zero on the monotonic clock (s)."""
        job = self.job
        words = [SOCKET, job["bus"], IN, job["seed"], OUT / "current.csv", job["poll_s"]]
        unit = subprocess.Popen(
            [sys.executable, GUEST / "wired_unit.py", *map(str, words)], stdout=subprocess.PIPE
        )
        line = unit.stdout.readline() if unit.stdout else b""
        if not line:
            raise SystemExit("the wired unit did not come up")
        return unit, json.loads(line)["zero_s"]

    def now_s(self) -> float:
        return time.monotonic() - self.zero_s

    def until(self, at_s: float) -> None:
        time.sleep(max(0.0, at_s - self.now_s()))

    # What a story may do.

    def run(self, name: str, words: list[str], before: list[str] | None = None) -> None:
        """Start the production command; what it says goes to NAME.out and NAME.err.

        `before` is put in front of it, such as a program that takes rights away.
        """
        with (OUT / f"{name}.out").open("wb") as out, (OUT / f"{name}.err").open("wb") as err:
            command = [*(before or []), sys.executable, "-I", "-m", "app.main", *words]
            self.runs.append((name, subprocess.Popen(command, stdout=out, stderr=err)))

    def signal(self, name: str, number: int) -> None:
        dict(self.runs)[name].send_signal(number)

    def inject(self, fault: str, params: dict[str, Any]) -> None:
        ask(SOCKET, "inject", fault=fault, params=params)

    def press(self, button: str, for_s: float) -> None:
        ask(SOCKET, "press", button=button, for_s=for_s)

    def stop_was_tested(self, unit: str) -> None:
        """Have Stop's test behind us, as after an earlier treatment since this kernel booted."""
        STATE.mkdir(exist_ok=True)
        StopMark(STATE, unit).put()

    def note(self, label: str, after_s: float = 0.0) -> None:
        """Write down what the unit knows now, and what it knows of the time from `after_s` on."""
        truth = ask(SOCKET, "truth", after_s=self.zero_s + after_s, at_s=time.monotonic())
        for name in ("off_since_s", "dac_zero_since_s"):
            truth[name] = None if truth[name] is None else truth[name] - self.zero_s
        if truth["onset"] is not None:
            truth["onset"][1] -= self.zero_s
        now_s, state = self.now_s(), ask(SOCKET, "state")
        self.notes[label] = {"now_s": now_s, "truth": truth, **state, **ask(SOCKET, "wires")}

    def hold_pin(self, pin: int) -> None:
        """Take a pin as any other program could."""
        self.holder = lgpio.gpiochip_open(0)
        lgpio.gpio_claim_output(self.holder, pin, 0)

    def free_pins(self) -> None:
        """Let go of what was taken."""
        lgpio.gpiochip_close(self.holder)

    def allow(self, device: str, mode: int) -> None:
        """Set who may open a device."""
        Path(device).chmod(mode)

    def wait(self, name: str) -> None:
        """Wait for the end of a run, as long as the job allows."""
        with suppress(subprocess.TimeoutExpired):
            dict(self.runs)[name].wait(max(0.0, self.job["ends_s"] - self.now_s()))

    # The end.

    def finish(self) -> dict[str, Any]:
        for _, process in self.runs:
            if process.poll() is None:
                process.kill()
        codes = {name: process.wait(GRACE_S) for name, process in self.runs}
        self.unit.send_signal(signal.SIGTERM)
        self.unit.wait(GRACE_S)
        return {
            "codes": codes,
            "notes": self.notes,
            "journal": journal(),
            "ended_s": self.now_s(),
        }


class LivePlay(Play):
    """One job on a unit outside, in real time, through the kernel's own I2C core."""

    def bring_up(self) -> tuple[subprocess.Popen[bytes], float]:
        words = [sys.executable, GUEST / "expander.py", str(self.job["bus"]), IN / "unit.yaml"]
        wires = subprocess.Popen(words, stdout=subprocess.PIPE)
        if not (wires.stdout and wires.stdout.readline()):
            raise SystemExit("the wires to the unit outside did not come up")
        return wires, time.monotonic()

    def measure(self, address: int, missing: int, count: int) -> None:
        """Time transfers of the shipped driver; what a missing chip is, and what each takes in us."""
        transport = SmbusTransport(self.job["bus"], 10)
        actions = {
            "write": lambda: transport.write(address, b"\0\0"),
            "read": lambda: transport.read(address, 5),
            "write_read": lambda: transport.write_read(0x48, b"\1", 2),
        }
        found: dict[str, Any] = {}
        for name, action in actions.items():
            took = []
            for _ in range(count):
                before_s = time.perf_counter()
                action()
                took.append((time.perf_counter() - before_s) * 1e6)
            found[name] = {"median_us": round(median(took), 1), "worst_us": round(max(took), 1)}
        try:
            transport.read(missing, 1)
        except OSError as error:
            found["missing"] = error.errno
        transport.close()
        self.notes["bus"] = found


def journal() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of the journal, by its columns; bytes as hexadecimal digits."""
    if not (STATE / "journal.db").exists():
        return {}
    shutil.copytree(STATE, OUT / "state")
    connection = sqlite3.connect(STATE / "journal.db", timeout=GRACE_S)
    connection.row_factory = sqlite3.Row
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found: dict[str, list[dict[str, Any]]] = {}
    for table in sorted(tables):
        rows = connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - a table of the journal's own
        found[table] = [
            {key: row[key].hex() if isinstance(row[key], bytes) else row[key] for key in row.keys()}  # noqa: SIM118
            for row in rows
        ]
    connection.close()
    return found


def main() -> None:
    job = json.loads((IN / "job.json").read_text())
    play = LivePlay(job) if job["live"] else Play(job)
    for at_s, action, *words in job["story"]:
        play.until(at_s)
        getattr(play, action)(*words)
    (OUT / "result.json").write_text(json.dumps(play.finish(), indent=1))
    os.sync()


if __name__ == "__main__":
    main()
