"""How fast sessions are simulated: as a factor of real time, one after another and side by side.

Law: the factor is that of a whole session with everything in its path, the best of several, since noise
only ever adds.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeAlias

from app.bench import jobs
from app.bench.figures import Figure
from app.bench.latency import hold_request
from app.campaign.crew import collect_seldom
from controller.loop.tick import StopSwitch
from controller.session.wiring import run_session
from protocols.treatment import find

Run: TypeAlias = dict[str, float]
"""Of one session: `simulated_s`, `elapsed_s` and `cpu_s`."""

TIMES_REAL: Final = 200.0
PLANT_TIMES_REAL: Final = 550.0
"""Limits of docs/laws.md, for the compiled simulator."""
SESSION_S: Final = 6.0
"""A treatment of 20 minutes at 200 times real time."""
SCALING: Final = 1.8
"""Two sessions on two cores may lose a tenth to each other."""
SESSION_WITHIN_S: Final = 200.0
FULL: Final = "real drivers and registers"
PLANT: Final = "plant alone behind the ports"
ABSENT: Final = "not measured: there is no compiled simulator"


def session(kind: str) -> Run:
    """Run one session of the hands as fast as possible: `short`, `whole` (20 min), or `plant`.

    The last is a short one with the plant alone behind the ports, without bus, registers and drivers.
    """
    request = hold_request(1)._replace(plant_alone=kind == "plant")
    if kind == "whole":
        request = request._replace(treatment=find("hands"))
    begun_s, cpu_s = time.monotonic(), time.process_time()
    summary: dict[str, Any] = run_session(request, None, StopSwitch()).summary
    return {
        "simulated_s": summary["duration_s"],
        "elapsed_s": time.monotonic() - begun_s,
        "cpu_s": time.process_time() - cpu_s,
    }


def figures(sessions: int, rounds: int, *, whole: bool) -> list[Figure]:
    """Time `sessions` short ones `rounds` times, alone and two at once; and `whole` ones where asked.

    Raises:
        NotMeasured: a session failed.

    """
    alone: list[Run] = []
    both: list[Run] = []
    plant: list[Run] = []
    for _ in range(rounds):
        alone += _at_once(1, sessions)
        both += _at_once(2, sessions)
        plant += jobs.run(SESSION_WITHIN_S, "app.bench.speed", "plant", sessions)
    alone_s, both_s = (median(run["elapsed_s"] for run in runs) for runs in (alone, both))
    scaled = f"median of {len(alone)} sessions alone and {len(both)} two at once"
    rows = [
        _times_real("full_fidelity_times_real", alone, None, FULL),
        _times_real("plant_times_real", plant, None, PLANT),
        Figure("sessions_per_s", 1.0 / min(run["elapsed_s"] for run in alone), "1/s", of=_length(alone)),
        Figure("scaling_2_processes", 2.0 * alone_s / both_s, "x", SCALING, "least", scaled),
    ]
    return [*rows, _whole("session_20min_s", None, None, whole=whole)]


def compiled_figures(sessions: int, rounds: int, sources: Path | None, *, whole: bool) -> list[Figure]:
    """Time the same with the compiled simulator in `sources`, one session at a time.

    Raises:
        NotMeasured: a session failed.

    """
    names = ("compiled_full_fidelity_times_real", "compiled_plant_times_real")
    limits = (TIMES_REAL, PLANT_TIMES_REAL)
    if sources is None:
        rows = [
            Figure(name, None, "x", limit, "least", ABSENT) for name, limit in zip(names, limits, strict=True)
        ]
        return [*rows, Figure("compiled_session_20min_s", None, "s", SESSION_S, of=ABSENT)]
    runs: dict[str, list[Run]] = {"short": [], "plant": []}
    for _ in range(rounds):
        for kind in runs:
            runs[kind] += jobs.run(SESSION_WITHIN_S, "app.bench.speed", kind, sessions, sources=sources)
    return [
        _times_real(names[0], runs["short"], TIMES_REAL, FULL),
        _times_real(names[1], runs["plant"], PLANT_TIMES_REAL, PLANT),
        _whole("compiled_session_20min_s", SESSION_S, sources, whole=whole),
    ]


def _whole(name: str, limit: float | None, sources: Path | None, *, whole: bool) -> Figure:
    if not whole:
        return Figure(name, None, "s", limit, of="not measured with --quick")
    runs = jobs.run(SESSION_WITHIN_S, "app.bench.speed", "whole", 3, sources=sources)
    of = f"hands, best of {len(runs)}; {min(run['cpu_s'] for run in runs):.1f} s of computing"
    return Figure(name, min(run["elapsed_s"] for run in runs), "s", limit, of=of)


def _times_real(name: str, runs: Sequence[Run], limit: float | None, words: str) -> Figure:
    """Return the best of the runs; what it would be without others on this machine stands beside it."""
    factor = max(run["simulated_s"] / run["elapsed_s"] for run in runs)
    by_cpu = max(run["simulated_s"] / run["cpu_s"] for run in runs)
    of = f"best of {len(runs)}, {words}; {by_cpu:.0f} by processor time"
    return Figure(name, factor, "x", limit, "least", of)


def _length(runs: Sequence[Run]) -> str:
    return f"of {runs[0]['simulated_s']:.0f} s each, one process"


def _at_once(processes: int, sessions: int) -> list[Run]:
    """Let so many processes begin together with so many short sessions each."""
    running = [jobs.start("app.bench.speed", "short", sessions) for _ in range(processes)]
    for job in running:
        if job.stdout is not None:
            job.stdout.readline()
    for job in running:
        if job.stdin is not None:
            job.stdin.write("\n")
            job.stdin.flush()
    return [run for job in running for run in jobs.answer(job, SESSION_WITHIN_S)]


def main(arguments: Sequence[str]) -> None:
    """Print a line per session: short|whole|plant count. Says `ready`, and begins when a line comes in."""
    kind, count = arguments
    collect_seldom()
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(int(count)):
        print(json.dumps(session(kind)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
