"""`ionto bench`: measures part after part, shows every figure beside its limit or rival.

Law: a part that cannot be measured says why and hides no other; exit code 0 means that no figure misses its
limit.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.atomic import check_folder, write_whole
from app.bench import footprint, jobs, latency, realtime, speed
from app.bench.figures import Figure, markdown, table
from app.bench.jobs import NotMeasured
from app.bench.latency import Onset
from app.bench.picture import picture
from app.bench.realtime import Effort
from app.bench.tick_cost import figures as tick_figures
from app.compiled.build import compiled
from app.output import ExitCode, UndeliveredError, UsageError, complain, say
from config.unit import reference_unit
from controller.host.disk import told

Samples = dict[str, list[float]]
"""Measured values by what they are, for the picture: lateness in us, latencies in ms."""


class Order(NamedTuple):
    """What the command line asks for."""

    quick: bool = False
    json: bool = False
    only: str | None = None
    out: Path | None = None
    interpreted: bool = False


class Part(NamedTuple):
    """A part of the bench: its title, the figures it owes, and how it is measured."""

    title: str
    owed: tuple[str, ...]
    measure: Callable[[Order, Samples], list[Figure]]


def _latency(order: Order, samples: Samples) -> list[Figure]:
    workers = os.cpu_count() or 1
    units, per_unit = (workers, 50) if order.quick else (40, latency.ONSETS_PER_UNIT)
    running = [
        jobs.start("app.bench.latency", per_unit, *range(worker + 1, units + 1, workers))
        for worker in range(min(workers, units))
    ]
    found = [Onset(*row) for job in running for row in jobs.answer(job, 900.0)]
    samples["trip, virtual"] = [onset.off_ms for onset in found if onset.off_ms is not None]
    return latency.figures(found, reference_unit())


def _realtime(order: Order, samples: Samples) -> list[Figure]:
    rows: list[Figure] = []
    for loaded in (False, True):
        rounds, seconds = (1 + loaded, 2.0) if order.quick else (4, 30.0)
        effort = Effort(
            rounds=rounds, seconds=seconds, onsets=6 if order.quick else 100, plain=0 if order.quick else 25
        )
        words = "under load" if loaded else "idle"
        try:
            found = realtime.measure(effort, loaded=loaded, tell=complain)
        except NotMeasured as reason:
            rows.append(realtime.not_measured(str(reason), loaded=loaded))
            continue
        samples[f"loop, {words}"] = found.ours_us
        samples[f"cyclictest, {words}"] = found.cyclictest_us
        samples[f"trip, real time, {words}"] = found.trips_ms
        rows += realtime.figures(found, loaded=loaded)
    plain = [
        Onset(*row) for row in jobs.run(300.0, "app.bench.plain", 25 if order.quick else 500, 1, "virtual")
    ]
    return rows + realtime.plain_figures(plain, "virtual")


def _tick(order: Order, _samples: Samples) -> list[Figure]:
    return tick_figures(jobs.run(120.0, "app.bench.tick_cost", 20_000 if order.quick else 150_000)[0])


def _speed(order: Order, _samples: Samples) -> list[Figure]:
    rounds = 1 if order.quick else 5
    rows = speed.figures(2, rounds, whole=not order.quick)
    if order.interpreted:
        return rows
    sources = compiled(interpreted=False, make=not order.quick, tell=complain)
    return rows + speed.compiled_figures(2, rounds, sources, whole=not order.quick)


def _footprint(order: Order, _samples: Samples) -> list[Figure]:
    return footprint.figures(2 if order.quick else 10, 2.0 if order.quick else 30.0)


PARTS: Final[Mapping[str, Part]] = {
    "latency": Part(
        "Trip latency, virtual time, bus at 400 kHz",
        ("trip_latency_p999_ms", "trip_latency_worst_ms", "trip_latency_over_bound"),
        _latency,
    ),
    "realtime": Part("Real time, on this machine", ("jitter_p999_over_cyclictest",), _realtime),
    "tick": Part("Cost of a tick", ("logic_over_drivers",), _tick),
    "speed": Part(
        "Simulation",
        (
            *("full_fidelity_times_real", "plant_times_real", "session_20min_s", "scaling_2_processes"),
            *("compiled_full_fidelity_times_real", "compiled_plant_times_real", "compiled_session_20min_s"),
        ),
        _speed,
    ),
    "footprint": Part(
        "Footprint of the control process", ("peak_memory_mb", "first_tick_s", "cpu_share_200hz"), _footprint
    ),
}


def bench(order: Order) -> ExitCode:
    """Measure and return 0 when every figure keeps its limit, 3 when one does not.

    Raises:
        UsageError: an unknown part, or a folder that can't be used.
        UndeliveredError: the result could not be written.

    """
    chosen = _chosen(order.only)
    if order.out is not None:
        check_folder(order.out, f"--out {order.out}")
    samples: Samples = {}
    machine = describe_machine()
    sections: list[tuple[str, list[Figure]]] = []
    for name in chosen:
        complain(f"{PARTS[name].title} ...")
        sections.append((PARTS[name].title, _measured(PARTS[name], order, samples)))
    figures = [figure for _, rows in sections for figure in rows]
    result = {
        "schema": 1,
        "version": version("ionto"),
        "quick": order.quick,
        "machine": machine,
        "figures": [figure.as_json() for figure in figures],
    }
    if order.out is not None:
        _write(order.out, result, samples, sections)
    say(
        json.dumps(result)
        if order.json
        else f"{_heading(machine)}\n\n{table(sections)}\n\n{verdict(figures)}"
    )
    return ExitCode.ABORTED if any(figure.ok is False for figure in figures) else ExitCode.COMPLETED


def _measured(part: Part, order: Order, samples: Samples) -> list[Figure]:
    try:
        return part.measure(order, samples)
    except NotMeasured as reason:
        return [Figure(name, None, "", of=f"not measured: {reason}") for name in part.owed]


def _chosen(only: str | None) -> list[str]:
    if only is None:
        return list(PARTS)
    names = [name.strip() for name in only.split(",")]
    for name in names:
        if name not in PARTS:
            raise UsageError(f"--only: '{name}' is no part of the bench; its parts are {', '.join(PARTS)}")
    return [name for name in PARTS if name in names]


def _write(
    folder: Path, result: dict[str, Any], samples: Samples, sections: list[tuple[str, list[Figure]]]
) -> None:
    heading = _heading(result["machine"])
    how = "`ionto bench --quick`" if result["quick"] else "`ionto bench`"
    figures = [figure for _, rows in sections for figure in rows]
    page = f"# Measured by {how}\n\n{heading}.\n\n{verdict(figures)}.\n{markdown(sections)}"
    try:
        write_whole(folder / "bench.json", json.dumps(result, indent=1) + "\n")
        write_whole(folder / "bench.md", page)
        write_whole(folder / "bench.svg", picture(samples, heading))
    except OSError as error:
        raise UndeliveredError(f"--out {folder}: {told(error, folder)}") from error


def describe_machine() -> dict[str, Any]:
    """Return on what, and when, and how busy it was before."""
    return {
        "taken_utc": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "kernel": platform.release().partition("-")[0],
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    """Return the model of the board or processor as the kernel tells it."""
    board = Path("/proc/device-tree/model")
    if board.exists():
        return board.read_text().strip("\x00\n ")
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _heading(machine: Mapping[str, Any]) -> str:
    return (
        f"{machine['processor']}, {machine['cores']} cores, kernel {machine['kernel']}, "
        f"Python {machine['python']}, {machine['taken_utc']} UTC, load before {machine['load_before']:g}"
    )


def verdict(figures: list[Figure]) -> str:
    """Say in a sentence how many figures keep their limits."""
    held = [figure for figure in figures if figure.limit is not None]
    kept = sum(1 for figure in held if figure.ok)
    missed = [figure.name for figure in held if figure.ok is False]
    absent = len(held) - kept - len(missed)
    words = f"{kept} of {len(held)} limits kept"
    if missed:
        words += f"; missed: {', '.join(missed)}"
    return f"{words}; {absent} not measured" if absent else words
