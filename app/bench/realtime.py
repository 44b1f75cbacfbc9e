"""Jitter and trip latency in real time, idle and under load, beside `cyclictest` and beside the plain script.

Law: ours and the yardstick take turns, with the same priority, period and load, several times over, because a
shared machine stalls whoever is running; their samples are pooled and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Final, NamedTuple

from app.bench import cyclictest, jobs
from app.bench.figures import Figure, held, percentile, spread
from app.bench.jobs import NotMeasured
from app.bench.latency import Onset
from app.bench.load import load
from config.unit import reference_unit
from controller.host.realtime import PRIORITY

OVER_CYCLICTEST: Final = 2.0
WORST_MS: Final = 20.0
"""Limits (docs/laws.md)."""
_LAUNCH_S: Final = 60.0


class Effort(NamedTuple):
    """How much: `rounds` of `seconds` each, with `onsets` faults each; `plain` runs of the script."""

    rounds: int
    seconds: float
    onsets: int
    plain: int


class Found(NamedTuple):
    """What was measured in one condition: lateness in us, latencies in ms."""

    ours_us: list[float]
    cyclictest_us: list[float]
    trips_ms: list[float]
    plain: list[Onset]
    missed: int
    scheduling: str
    cores: list[int]
    yardstick: str


def measure(effort: Effort, *, loaded: bool, tell: Callable[[str], None]) -> Found:
    """Measure in one condition. Raises NotMeasured where ours fails; the yardstick's absence is told."""
    found = Found([], [], [], [], 0, "", [], "")
    words = "under load" if loaded else "idle"
    for number in range(1, effort.rounds + 1):
        tell(f"real time, {words}: round {number} of {effort.rounds}")
        with _condition(effort.seconds, loaded=loaded):
            found = _ours(found, effort, number)
        with _condition(effort.seconds, loaded=loaded):
            found = _cyclictest(found, effort)
    if effort.plain:
        tell(f"real time, {words}: the plain script")
        within_s = _LAUNCH_S + 10.0 * effort.plain
        with load(within_s) if loaded else nullcontext():
            rows = jobs.run(within_s, "app.bench.plain", effort.plain, 1, "real")
        found.plain.extend(Onset(*row) for row in rows)
    return found


@contextmanager
def _condition(seconds: float, *, loaded: bool) -> Iterator[None]:
    with load(_LAUNCH_S + 4 * seconds) if loaded else nullcontext():
        yield


def _ours(found: Found, effort: Effort, seed: int) -> Found:
    within_s = _LAUNCH_S + 2 * effort.seconds + effort.onsets
    answer: dict[str, Any] = jobs.run(within_s, "app.bench.live", effort.seconds, effort.onsets, seed)[0]
    found.ours_us.extend(answer["lateness_us"])
    latencies = [trip["ms"] for trip in answer["trips"]]
    found.trips_ms.extend(latency for latency in latencies if latency is not None)
    return found._replace(
        missed=found.missed + latencies.count(None), scheduling=answer["scheduling"], cores=answer["cores"]
    )


def _cyclictest(found: Found, effort: Effort) -> Found:
    try:
        period_s = 1.0 / reference_unit().loop.rate_hz
        core = found.cores[0] if len(found.cores) == 1 else None  # the same one as ours
        found.cyclictest_us.extend(cyclictest.lateness_us(effort.seconds, period_s, PRIORITY, core))
    except NotMeasured as reason:
        return found._replace(yardstick=str(reason))
    return found


def figures(found: Found, *, loaded: bool) -> list[Figure]:
    """Return the distributions of one condition, and ours over the yardstick's."""
    tag = "load" if loaded else "idle"
    rows = spread(f"jitter_{tag}", found.ours_us, "us", f"wakes, {found.scheduling}")
    if found.cyclictest_us:
        rows += spread(f"cyclictest_{tag}", found.cyclictest_us, "us", f"wakes, SCHED_FIFO {PRIORITY}")
    rows.append(_ratio(found, loaded=loaded))
    rows.append(
        Figure(f"real_trip_{tag}_missed", float(found.missed), "", 0.0, of="faults without a trip in 2 s")
    )
    if found.trips_ms:
        limits = {f"real_trip_{tag}_worst_ms": WORST_MS}
        rows += held(spread(f"real_trip_{tag}", found.trips_ms, "ms", "onsets, to current off"), limits)
    return [*rows, *plain_figures(found.plain, tag)] if found.plain else rows


def plain_figures(onsets: Sequence[Onset], tag: str) -> list[Figure]:
    """Return how the plain script does; where it gave up before the fault, or never, that is counted."""
    off_ms = [onset.off_ms for onset in onsets if onset.off_ms is not None]
    of = f"of {len(onsets)} runs: gave up before the fault, or never switched off"
    failed = Figure(f"plain_script_{tag}_failed", float(len(onsets) - len(off_ms)), "", of=of)
    if not off_ms:
        return [failed]
    return [failed, *spread(f"plain_script_{tag}", off_ms, "ms", "onsets, to current off")]


def not_measured(reason: str, *, loaded: bool) -> Figure:
    """Return the ratio to the yardstick without a value."""
    name = "jitter_p999_over_cyclictest" if loaded else "jitter_idle_p999_over_cyclictest"
    return Figure(name, None, "", OVER_CYCLICTEST if loaded else None, of=f"not measured: {reason}")


def _ratio(found: Found, *, loaded: bool) -> Figure:
    absent = not_measured(found.yardstick, loaded=loaded)
    if not found.cyclictest_us:
        return absent
    ours_us, theirs_us = (percentile(values, 0.999) for values in (found.ours_us, found.cyclictest_us))
    count = min(len(found.ours_us), len(found.cyclictest_us))
    of = f"{ours_us:.0f} over {theirs_us:.0f} us, {count} wakes each"
    return absent._replace(value=ours_us / max(theirs_us, 1.0), of=of)
