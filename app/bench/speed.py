"""How fast sessions are simulated: as a factor of real time, one after another and side by side.

Law: the factor is that of a whole session with everything in its path, the best of several, since noise
only ever adds.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from statistics import median
from typing import Any, Final

from app.bench import jobs
from app.bench.figures import Figure
from app.bench.latency import hold_request
from controller.loop import StopSwitch
from controller.wiring import run_session
from protocols.library import find

TIMES_REAL: Final = 100.0
SESSION_S: Final = 12.0
SCALING: Final = 1.8
"""Limits (issue 4)."""
SESSION_WITHIN_S: Final = 200.0


def session(*, whole: bool) -> dict[str, float]:
    """Run one session of the hands, whole (20 min) or shortened, as fast as possible: both times in s."""
    request = hold_request(1)
    if whole:
        request = request._replace(treatment=find("hands"))
    begun_s = time.monotonic()
    summary: dict[str, Any] = run_session(request, None, StopSwitch()).summary
    return {"simulated_s": summary["duration_s"], "elapsed_s": time.monotonic() - begun_s}


def figures(sessions: int, rounds: int, *, whole: bool) -> list[Figure]:
    """Time `sessions` short ones `rounds` times, alone and two at once; and one `whole` one where asked.

    Raises:
        NotMeasured: a session failed.

    """
    alone: list[dict[str, float]] = []
    both: list[dict[str, float]] = []
    for _ in range(rounds):
        alone += _at_once(1, sessions)
        both += _at_once(2, sessions)
    best = min(alone, key=lambda run: run["elapsed_s"])
    times_real = best["simulated_s"] / best["elapsed_s"]
    alone_s, both_s = (median(run["elapsed_s"] for run in runs) for runs in (alone, both))
    of = f"best of {len(alone)} shortened sessions, real drivers and registers"
    rows = [
        Figure("full_fidelity_times_real", times_real, "x", TIMES_REAL, "least", of),
        Figure(
            "sessions_per_s",
            1.0 / best["elapsed_s"],
            "1/s",
            of=f"of {best['simulated_s']:.0f} s each, one process",
        ),
        Figure(
            "scaling_2_processes",
            2.0 * alone_s / both_s,
            "x",
            SCALING,
            "least",
            f"median of {len(alone)} sessions alone and {len(both)} two at once",
        ),
    ]
    if not whole:
        return [*rows, Figure("session_20min_s", None, "s", SESSION_S, of="not measured with --quick")]
    elapsed_s = min(run["elapsed_s"] for run in jobs.run(SESSION_WITHIN_S, "app.bench.speed", "whole", 3))
    return [*rows, Figure("session_20min_s", elapsed_s, "s", SESSION_S, of="hands, best of 3")]


def _at_once(processes: int, sessions: int) -> list[dict[str, float]]:
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
    """Print a line per session: whole|short count. Says `ready`, and begins when a line comes in."""
    kind, count = arguments
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(int(count)):
        print(json.dumps(session(whole=kind == "whole")), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
