"""Does to a controller what life does; the unit's own clock tells how long the current survives it.

A unit stays up for a chain of kills; every kill's next start is how the following session begins, so each one
also shows that the output is found off, the DAC zeroed, the session recorded, and nothing resumed. Where
sessions end of themselves, since the machine's loop falls behind, the unit gets half the rate, down to the
slowest that one may have; each kill tells its rate. Where not even that rate is kept, the kill is undone.

    python tests/support/kill_bench.py --kills 200 --jobs 2 --seed 1 [--out FILE.json]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from config.parts import SLOWEST_HZ
from config.unit import REFERENCE
from sim.remote.unit_client import ask

HERE = Path(__file__).parent
BOUND_MS = 100.0
OFF_MA = 0.01
LONGEST_S = 600.0
ATTEMPTS = 12
"""A session that the guard ends before its time, on a busy machine, is begun again so often."""
SLOWER_AFTER = 2
"""So many in one place, and the unit is given half its rate."""
BUSY = (
    "The time allowed for the I2C bus is used up",
    "The I2C bus hung",
    "a read of 6 bytes takes",
    "the unit's computer fell behind",
    "a tick came",
)
"""What is said when the machine does not let the loop or the unit's process run in time."""
TOO_BUSY = "this machine was too busy for treatments in real time"
"""What is told of a kill that came to nothing for that, at the slowest rate either."""
RATE_HZ, CALM_HZ = 200, 100
"""Ticks a second of the unit; and where the machine is somebody's own, or a part of one."""
DOSE_ERROR_MA_MIN = 3.0 / 60
"""One second at the treatment's 3 mA (law 10)."""
TREATMENT = "name: brief\narea: hands\ncurrent_ma: 3\nramp_ma_per_s: {ramp:g}\ntotal_min: {total:g}\n"
MOST_PER_TICK_MA = 0.03
"""It ramps by no more than this in a tick, or what was measured last looks like an open circuit already."""
SCENARIO = "person: {start_at_s: null}\n"
PHASES = {
    # words of the live view after which the phase runs, and about how long it does, s
    "contact": ("waiting for contact, forward", 0.25),
    "ramp_up": ("ramp up, forward", 0.9),
    "hold": ("hold, forward", 1.0),
    "ramp_down": ("ramp down, forward", 0.8),
    "reversed_ramp_up": ("ramp up, reverse", 0.9),
    "reversed_hold": ("hold, reverse", 1.0),
    "reversed_ramp_down": ("ramp down, reverse", 0.8),
    "stopping": ("stopping softly, forward", 0.4),
}
TAKEN = "trying the current stage"
"""What the live view says first after Start."""
KINDS = ("sigkill", "crash", "stop", "memory", "hog", "hung", "socket", "exception", "broken", "hang")
MINED = {"exception": "once", "broken": "always", "hang": "hang"}
CUT_OFF = {"sigkill", "crash", "memory", "exception", "broken"}
"""Ways to go after which no end can have been written; after the others the guard aborts in good order."""
OFTEN = 0.04
"""Calls per tick of a phase from which on a mine in a function is soon met there."""
AROUND = (
    "controller.loop.clock:RealClock.now",
    "controller.loop.clock:RealClock.sleep_until",
    "controller.journal.writer:Journal.tick",
    "controller.loop.recorder:Recorder.tick",
)
"""What the loop calls around the tick on a unit of its own; a mine there is met in any phase."""
PULLED_AT_STOP = ("socket", "stopping")
"""A cable that is pulled opens Stop's contact too: a second press, which is off at once and no abort."""
HOG = """
import os, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(60))
print(time.monotonic(), flush=True)
until_s = time.monotonic() + 0.4
while time.monotonic() < until_s: pass
"""


def real_time(pid: int, priority: int) -> bool:
    """Schedule a process ahead of ordinary ones, as a unit's service would; False where it's not allowed."""
    try:
        os.sched_setscheduler(pid, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except PermissionError:
        return False
    return True


@dataclass
class Kill:
    """One of them: what was done in which phase, and what followed."""

    kind: str
    phase: str
    mine: str = ""
    current_ma: float = 0.0
    off_ms: float | None = None
    outcome: str = ""
    dose_error_ma_min: float | None = None
    rate_hz: int = RATE_HZ
    spoilt: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def undone(self) -> bool:
        """Whether the machine let no session come to the phase of this kill, which then tells nothing."""
        return self.off_ms is None and not self.problems


def fell_behind(said: str) -> bool:
    """Whether these are the words of a session that a busy machine ended."""
    return any(words in said for words in BUSY)


class Reader:
    """Lines of a process's output as they come, with a wait that ends."""

    def __init__(self, stream: Any) -> None:
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._over = False
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream: Any) -> None:
        for line in stream:
            with self._news:
                self.lines.append(line.decode())
                self._news.notify_all()
        with self._news:
            self._over = True
            self._news.notify_all()
        stream.close()

    def wait(self, text: str, longest_s: float = LONGEST_S) -> str | None:
        """The first line with `text`, or None when the output ends or the time is over."""

        def found() -> str | None:
            return next((line for line in self.lines if text in line), None)

        with self._news:
            self._news.wait_for(lambda: found() or self._over, longest_s)
            return found()


class Controller:
    """One run of the command on the unit."""

    def __init__(
        self,
        bench: Bench,
        mine: str = "",
        how: str = "once",
        *,
        words: Sequence[str] = (),
        state: Path | None = None,
    ) -> None:
        laid = ["--mine", mine, how] if mine else []
        kept = ["--state", str(state or bench.state)]
        unit = ["--attach", str(bench.socket), "--unit", str(bench.description)]
        words = ["run", str(bench.treatment), *unit, *kept, *words]
        self.process = subprocess.Popen(
            [sys.executable, "-P", str(HERE / "controller_under_test.py"), *laid, "--", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        real_time(self.process.pid, 10)
        self.out, self.err = Reader(self.process.stdout), Reader(self.process.stderr)

    def end(self) -> None:
        """Make sure that it is gone."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait(LONGEST_S)


class Bench:
    """One unit in a folder of its own, and the kills that are done on it, one after the other."""

    def __init__(self, folder: Path, seed: int, rate_hz: int = RATE_HZ) -> None:
        self.random = random.Random(seed)
        self.socket, self.state = folder / "unit.sock", folder / "state"
        self.treatment, self._scenario = folder / "brief.yaml", folder / "scenario.yaml"
        self.description, self._seed = folder / "unit.yaml", seed
        self._scenario.write_text(SCENARIO)
        self._before: Kill | None = None
        self._session = 0
        self._told: list[str] = []
        self.problems: list[str] = []
        self.rate_hz = rate_hz
        self._begin()

    def _begin(self) -> None:
        said, count = re.subn(r"(?<=^  rate_hz: )\d+", str(self.rate_hz), REFERENCE.read_text(), flags=re.M)
        assert count == 1, "the reference unit tells its rate once"
        self.description.write_text(said)
        ramp_ma_per_s = min(3.0, MOST_PER_TICK_MA * self.rate_hz)
        self.treatment.write_text(TREATMENT.format(ramp=ramp_ma_per_s, total=0.3 / ramp_ma_per_s))
        words = ["--socket", str(self.socket), "--scenario", str(self._scenario)]
        words += ["--unit", str(self.description), "--seed", str(self._seed)]
        self.unit = subprocess.Popen(
            [sys.executable, "-P", "-m", "app.main", "unit", *words], stdout=subprocess.PIPE
        )
        real_time(self.unit.pid, 70)
        Reader(self.unit.stdout).wait("SIMULATED")

    def slower(self) -> None:
        """Go on with a unit of half the rate, where there is a slower one."""
        if self.rate_hz > SLOWEST_HZ:
            self.close()
            self.rate_hz //= 2
            self._begin()

    def close(self) -> None:
        self.unit.terminate()
        if self.unit.wait(LONGEST_S) != 0 or self.socket.exists():
            raise RuntimeError("the unit did not end in good order")

    def ask(self, question: str, **details: Any) -> dict[str, Any]:
        return ask(self.socket, question, **details)

    # One kill.

    def kill(self, kind: str, phase: str, mine: str = "") -> Kill:
        """Treat until a random moment of `phase`, do `kind`, measure; again if it ended by itself before."""
        result = Kill(kind, phase, mine)
        for _ in range(ATTEMPTS):
            result.rate_hz = self.rate_hz
            controller = Controller(self, mine, MINED.get(kind, ""))
            try:
                if self._treat_until(controller, phase, result) and self._do(controller, result):
                    self._before = result
                    return result
            finally:
                controller.end()
            behind = sum(map(fell_behind, result.spoilt))
            if self._before is None and behind and behind % SLOWER_AFTER == 0:  # the last kill was looked at
                self.slower()
        if self.rate_hz > SLOWEST_HZ or not all(map(fell_behind, result.spoilt)):
            result.problems.append(f"never reached {phase}: {result.spoilt}")
        return result

    def check_last(self) -> None:
        """Start once more, for what the last kill left."""
        for _ in range(ATTEMPTS):
            controller = Controller(self)
            ready = controller.out.wait("waiting for Start")
            self._told += controller.err.lines
            if ready is not None:
                self._check_start(controller)
            controller.end()
            if ready is not None:
                return

    def _treat_until(self, controller: Controller, phase: str, result: Kill) -> bool:
        ready = controller.out.wait("waiting for Start")
        self._told += controller.err.lines
        if ready is None:
            result.spoilt.append("".join(controller.out.lines[2:] + controller.err.lines))
            return False
        self._check_start(controller)
        self.press_start(controller)
        words, length_s = PHASES[phase]
        if phase == "stopping":
            controller.out.wait(PHASES["hold"][0])
            self._press("stop")
        seen = controller.out.wait(words)
        time.sleep(self.random.uniform(0.0, length_s))
        state = self.ask("state")
        result.current_ma = abs(state["current_ma"])
        if seen and result.current_ma >= OFF_MA and controller.process.poll() is None:
            return True
        result.spoilt.append("".join(controller.out.lines[-8:] + controller.err.lines))
        return False

    def press_start(self, controller: Controller) -> bool:
        """Press Start until it is taken, as a person would; False when the controller has ended instead.

        While it waits for Start the loop may be held up, since nothing flows that it could be late for; a
        press that is over before its next look was none. With --json only the relays tell that it was taken.
        """
        while controller.process.poll() is None:
            self._press("start")
            if controller.out.wait(TAKEN, 0.5) or self.ask("state")["relays"]["series"]:
                return True
        return False

    def _press(self, button: str) -> None:
        self.ask("press", button=button, for_s=0.2)

    def _check_start(self, controller: Controller) -> None:
        """What the start after a kill has to show; nobody has pressed anything yet."""
        before, self._before = self._before, None
        problems = before.problems if before else self.problems
        since_s = time.monotonic()
        time.sleep(0.25)
        state, rows = self.ask("state"), self.ask("log", since_s=since_s)["rows"]
        if state["relays"]["series"] or abs(state["current_ma"]) >= OFF_MA:
            problems.append(f"the next start did not find the output off: {state}")
        if state["dac_code"]:
            problems.append(f"the next start left the DAC at {state['dac_code']}")
        if any(abs(current_ma) >= OFF_MA for _, current_ma in rows):
            problems.append("the next start resumed by itself")
        told = [line for line in self._told + controller.err.lines if "was cut off" in line]
        self._told = []
        if before is not None:
            if bool(told) != (before.kind in CUT_OFF):
                problems.append(f"the next start says {told!r} after {before.kind}")
            self._check_record(before)

    def _recorded(self, query: str, *values: Any) -> Any:
        journal = sqlite3.connect(self.state / "journal.db", timeout=LONGEST_S)
        row = journal.execute(query, values).fetchone()
        journal.close()
        return row

    def _check_record(self, before: Kill) -> None:
        before.outcome, forward, reverse = self._recorded(
            "SELECT outcome, forward_ma_min, reverse_ma_min FROM session WHERE id = ?", self._session
        )
        expected = {"cut_off"} if before.kind in CUT_OFF else {"aborted"}
        if (before.kind, before.phase) == PULLED_AT_STOP:
            expected = {"aborted", "stopped"}
        if before.outcome not in expected:
            before.problems.append(f"recorded as {before.outcome}, not {expected}")
        charge = self.charge
        before.dose_error_ma_min = max(abs(charge["forward"] - forward), abs(charge["reverse"] - reverse))
        if before.dose_error_ma_min > DOSE_ERROR_MA_MIN:
            before.problems.append(f"recorded dose {forward, reverse}, true {charge}")

    def _do(self, controller: Controller, result: Kill) -> bool:
        """Do it and measure; False when it did not happen, as with a mine whose phase is over."""
        began_s = getattr(self, f"_{result.kind}")(controller)
        if began_s is None:
            result.spoilt.append("".join(controller.out.lines[-8:] + controller.err.lines))
            return False
        time.sleep(max(0.0, began_s + 0.2 - time.monotonic()))
        truth = self.ask("truth", after_s=began_s)
        self.charge = truth["charge_ma_min"]
        self._session = self._recorded("SELECT max(id) FROM session")[0]
        off_s = truth["off_since_s"]
        if off_s is None:
            result.problems.append("the current still flows after 200 ms")
        else:
            result.off_ms = 1000 * (off_s - began_s)
            if result.off_ms > BOUND_MS:
                result.problems.append(f"the current was off after {result.off_ms:.1f} ms")
        self._check_after(controller, result)
        later = self.ask("truth", after_s=began_s)
        if off_s is not None and later["off_since_s"] != off_s:
            result.problems.append("current flowed again")
        return True

    def _check_after(self, controller: Controller, result: Kill) -> None:
        """A stopped controller goes on and must stay off; whoever lives must end with the right exit code."""
        if result.kind == "stop":
            controller.process.send_signal(signal.SIGCONT)
        codes = {"sigkill": -signal.SIGKILL, "crash": -signal.SIGSEGV}
        expected = {codes.get(result.kind, 1 if result.kind in CUT_OFF else 3)}
        if (result.kind, result.phase) == PULLED_AT_STOP:
            expected = {3, 4}
        try:
            code = controller.process.wait(LONGEST_S)
        except subprocess.TimeoutExpired:
            result.problems.append(f"the controller did not end within {LONGEST_S:g} s")
            return
        if code not in expected:
            result.problems.append(f"exit code {code}, not {expected}: {controller.out.lines[-6:]}")

    # What life does; each gives the moment on the monotonic clock.

    def _signal(self, controller: Controller, number: int) -> float:
        began_s = time.monotonic()
        controller.process.send_signal(number)
        return began_s

    def _sigkill(self, controller: Controller) -> float:
        return self._signal(controller, signal.SIGKILL)

    def _crash(self, controller: Controller) -> float:
        return self._signal(controller, signal.SIGSEGV)

    def _stop(self, controller: Controller) -> float:
        return self._signal(controller, signal.SIGSTOP)

    def _raised(self, controller: Controller, number: int) -> float | None:
        controller.process.send_signal(number)
        line = controller.err.wait("RAISED", 10.0)
        return None if line is None else float(line.split()[1])

    def _memory(self, controller: Controller) -> float | None:
        return self._raised(controller, signal.SIGUSR2)

    def _exception(self, controller: Controller) -> float | None:
        return self._raised(controller, signal.SIGUSR1)

    _broken = _hang = _exception

    def _hog(self, controller: Controller) -> float | None:
        """Something of a higher priority takes the processor that the controller may use."""
        cpu = max(os.sched_getaffinity(0))
        os.sched_setaffinity(controller.process.pid, {cpu})
        hog = subprocess.run(
            [sys.executable, "-S", "-c", HOG, str(cpu)], capture_output=True, timeout=LONGEST_S, check=False
        )
        return float(hog.stdout) if hog.returncode == 0 else None

    def _hung(self, _controller: Controller) -> float:
        return float(self.ask("inject", fault="bus_hung", params={"for_s": 0.5})["at_s"])

    def _socket(self, _controller: Controller) -> float:
        return float(self.ask("drop")["at_s"])


def plan(
    count: int, seed: int, mines: dict[str, list[str]], kinds: tuple[str, ...] = KINDS
) -> list[tuple[str, str, str]]:
    """`count` kills (kind, phase, mine): every kind, every phase, and every mine as soon as possible."""
    rng = random.Random(seed)
    laid = rng.sample(sorted(mines), len(mines))
    # The plain kill and the exceptions have the most to show; the first half's phases come soonest.
    kinds = tuple(kind for kind in kinds for _ in range(3 if kind in ("exception", "sigkill") else 1))
    phases = [*PHASES, "contact", "ramp_up", "hold"]
    kills = []
    for number in range(count):
        kind, phase, mine = kinds[number % len(kinds)], phases[(5 * number) % len(phases)], ""
        if kind in MINED:
            mine = laid[sum(bool(kill[2]) for kill in kills) % len(laid)]
            met = {before for _, before, _ in kills}
            phase = rng.choice([one for one in mines[mine] if one not in met] or mines[mine])
        kills.append((kind, phase, mine))
    return kills


def run(
    kills: list[tuple[str, str, str]],
    seed: int,
    jobs: int = 2,
    tell: Callable[[Kill], None] | None = None,
    rate_hz: int = RATE_HZ,
    begun_within_s: float = float("inf"),
) -> list[Kill]:
    """Do them all, `jobs` units at a time; a last start checks what the last kill left.

    No kill is begun later than `begun_within_s`; what is left then is told as undone.
    """
    until_s = time.monotonic() + begun_within_s

    def chain(job: int) -> list[Kill]:
        with tempfile.TemporaryDirectory(prefix="kills-") as folder:
            bench = Bench(Path(folder), seed * 1000 + job, rate_hz)
            done = []
            for kind, phase, mine in kills[job::jobs]:
                if done and tell is not None:
                    tell(done[-1])
                late = time.monotonic() > until_s
                done.append(Kill(kind, phase, mine) if late else bench.kill(kind, phase, mine))
            bench.check_last()
            bench.close()
            done[-1].problems += bench.problems
            return done

    with ThreadPoolExecutor(jobs) as pool:
        return [kill for done in pool.map(chain, range(jobs)) for kill in done]


def functions_of_the_tick() -> dict[str, list[str]]:
    """Every function of ours that ticks of a session call, by watching some, and in which of `PHASES`.

    What the simulator calls belongs to the unit, and what the drivers' libraries call is not ours. A function
    that is called now and then only, as at a change of phase, might never meet its mine; it is left out.
    """
    from simulated import simulate, treatment

    from controller.loop.tick import Loop

    calls: Counter[tuple[str, str]] = Counter()
    ticks: Counter[str] = Counter()
    phase = ""
    tick = Loop.tick.__code__
    rooms = re.compile(r"^(controller|drivers)\.")

    def watch(frame: Any, event: str, _argument: Any) -> None:
        nonlocal phase
        code = frame.f_code
        if event not in {"call", "return"}:  # what is not Python's
            return
        if code is tick:
            session = frame.f_locals["self"].session
            name = session.phase if session.polarity == "forward" else f"reversed_{session.phase}"
            phase = str(name) if event == "call" else ""
            ticks[phase] += 1
        elif event == "call" and phase and rooms.match(frame.f_globals.get("__name__", "")):
            calls[f"{frame.f_globals['__name__']}:{code.co_qualname}", phase] += 1

    for events in ([], [{"at_s": 20, "fault": "press", "button": "stop"}]):
        sys.setprofile(watch)
        try:
            simulate(treatment(current_ma=2.0), seed=3, events=events)
        finally:
            sys.setprofile(None)
    mines = {name: list(PHASES) for name in AROUND}
    for (name, where), count in sorted(calls.items()):
        if where in PHASES and count >= OFTEN * ticks[where] and "<" not in name:
            mines.setdefault(name, []).append(where)
    return mines


def figures(kills: list[Kill]) -> dict[str, Any]:
    """How long the current survived, by kind and in all, in ms; how many went wrong or had to be repeated.

    A current that had just ended when it happened, as at the end of a ramp, did not survive anything and is
    not counted among the times.
    """
    by_kind: dict[str, Any] = {}
    for kind in (*KINDS, "all"):
        of_kind = [kill for kill in kills if kind in (kill.kind, "all")]
        times = sorted(kill.off_ms for kill in of_kind if kill.off_ms)
        if times:
            by_kind[kind] = {
                "kills": len(times),
                "p50_ms": round(times[len(times) // 2], 1),
                "p99_ms": round(times[min(len(times) - 1, int(len(times) * 0.99))], 1),
                "worst_ms": round(times[-1], 1),
            }
    errors = [kill.dose_error_ma_min for kill in kills if kill.dose_error_ma_min is not None]
    return {
        "off": by_kind,
        "phases": dict(Counter(kill.phase for kill in kills)),
        "rates_hz": dict(Counter(kill.rate_hz for kill in kills)),
        "mines": len({kill.mine for kill in kills if kill.mine}),
        "worst_dose_error_ma_min": round(max(errors, default=0.0), 4),
        "undone": sum(kill.undone for kill in kills),
        "wrong": sum(bool(kill.problems) for kill in kills),
        "repeated": sum(len(kill.spoilt) for kill in kills),
    }


def say(*words: Any) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    began_s = time.monotonic()

    def tell(kill: Kill) -> None:
        off = "-" if kill.off_ms is None else f"{kill.off_ms:.1f}"
        say(kill.kind, kill.phase, kill.mine, off, f"{kill.rate_hz} Hz", *kill.problems, len(kill.spoilt))

    planned = plan(args.kills, args.seed, functions_of_the_tick(), tuple(args.kinds))
    kills = run(planned, args.seed, args.jobs, tell)
    for kill in kills:
        if kill.problems:
            say("WRONG", asdict(kill))
    say(json.dumps(figures(kills), indent=1), f"{time.monotonic() - began_s:.0f} s")
    if args.out:
        args.out.write_text(json.dumps([asdict(kill) for kill in kills], indent=1))


if __name__ == "__main__":
    main()
