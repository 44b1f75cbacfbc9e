"""Onsets of too much current, from 0.1 mA above the threshold to the limiter, in every phase with current.

    .venv/bin/python tests/support/onsets.py        runs the night's and writes their figures into the docs

Law: an onset is counted from the first moment at which it mattered, as the simulated world knows it, and ends
when the true current is below 0.01 mA for good. What never mattered, since nothing flowed, is not counted.
What the proof cut by opening the output, as it would have done anyway, and met again when it closed it, are
two onsets: nobody can see a stage that runs away behind an open output.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from simulated import requested

from app.bench.figures import percentile
from app.forks import run_branches
from config.unit import Unit, reference_unit
from controller.session.wiring import StopSwitch, run_session
from sim.scenario import Event
from sim.trace import OFF_BELOW_MA

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
LIMITER_MA = 27.5
ABOVE_MA = 0.1
STEP_MA = 0.1
"""The threshold is written so much too high at the most, so that a ramp does not write it in every tick."""
FLOOR_MA = 2.0
OPENED_S = 0.02
"""Nothing flowed for so long: the output was opened in between, and what follows is an onset of its own."""
GRAIN_S = 0.0001
PHASES = (
    "proof",
    "contact",
    "ramp_up forward",
    "hold forward",
    "ramp_down forward",
    "ramp_up reverse",
    "hold reverse",
    "ramp_down reverse",
    "stopping",
)


class Bounds(NamedTuple):
    """At most, in ms: 99.9 % and the worst."""

    p999_ms: float
    worst_ms: float


class Kind(NamedTuple):
    """A unit, whether its stage obeys code 0 once it runs away, and what it is held to."""

    name: str
    unit: Unit
    latched: bool
    off: Bounds
    zero: Bounds | None = None


def _unit(*, trip: bool, rate_sps: int = 860) -> Unit:
    """The reference unit with a hardware trip, or without one."""
    data = reference_unit().model_dump(mode="json", by_alias=True)
    data["guard_adc"]["data_rate_sps"] = rate_sps
    data["trip"] = {"least_ma": FLOOR_MA} if trip else None
    data["pins"] |= {"alert": 23, "rearm": 18}
    return Unit.model_validate(data)


KINDS = (
    Kind("hardware trip, 860 a second", _unit(trip=True), True, Bounds(5.0, 10.0)),
    Kind("hardware trip, 475 a second", _unit(trip=True, rate_sps=475), True, Bounds(9.0, 12.0)),
    Kind("none, the stage obeys code 0", _unit(trip=False), False, Bounds(10.0, 20.0), Bounds(9.0, 10.0)),
    Kind("none, it does not", _unit(trip=False), True, Bounds(13.0, 20.0), Bounds(9.0, 10.0)),
)


class Onset(NamedTuple):
    """One: where, how much (mA), how long until the current was off and the DAC at zero (ms), None if not."""

    phase: str
    to_ma: float
    off_ms: float | None
    zero_ms: float | None
    cause: str | None


class Moment(NamedTuple):
    """A tick of a sound session: when, in which phase, at which setpoint (mA)."""

    at_s: float
    phase: str
    setpoint_ma: float


def moments(kind: Kind, seed: int) -> list[Moment]:
    """Every tick of a sound session with current, by the plant alone, which gives the same session."""
    found: list[Moment] = []

    def watch(_bench: Any, loop: Any) -> Any:
        class Onlooker:
            """Notes each tick."""

            def tick(self, measurement: Any) -> None:
                session = loop.session
                name = str(session.phase)
                name = name if name in PHASES else f"{name} {session.polarity}"
                if name in PHASES:
                    found.append(Moment(measurement.time_s, name, session.setpoint_ma))

        return Onlooker()

    request = requested(unit=kind.unit, seed=seed)._replace(plant_alone=True)
    result = run_session(request, None, StopSwitch(), watch=watch)
    assert result.summary["outcome"] == "completed", result.summary["reason"]
    return found


def branches(kind: Kind, seed: int, count: int) -> Iterator[tuple[str, float, list[Event]]]:
    """Give `count` onsets in the phases in turn: phase, current (mA), events."""
    rng = Random(f"onsets|{kind.name}|{seed}")
    by_phase: dict[str, list[Moment]] = {}
    for moment in moments(kind, seed):
        by_phase.setdefault(moment.phase, []).append(moment)
    by_phase["stopping"] = by_phase["hold forward"]
    for number in range(count):
        phase = PHASES[number % len(PHASES)]
        moment = rng.choice(by_phase[phase])
        at_s = moment.at_s + rng.random() / kind.unit.loop.rate_hz
        least_ma = 1.1 * moment.setpoint_ma + 0.5 + ABOVE_MA
        if kind.unit.trip is not None:
            least_ma = max(least_ma, FLOOR_MA + ABOVE_MA) + STEP_MA
        to_ma = rng.uniform(least_ma, LIMITER_MA)
        spike = {"fault": "current_spike", "to_ma": to_ma, "for_s": 60.0, "latched": kind.latched}
        events = [Event.model_validate({"at_s": at_s, **spike})]
        if phase == "stopping":
            pressed_s = at_s - rng.uniform(0.1, 1.0)
            stop = {"at_s": pressed_s, "fault": "press", "button": "stop", "for_s": 0.2}
            events.insert(0, Event.model_validate(stop))
        yield phase, to_ma, events


def _answer(summary: dict[str, Any], truth: Any) -> dict[str, Any]:
    """Give when the fault first mattered, and when current and DAC were gone for good."""
    cause = (summary["trip"] or {}).get("cause") or summary["outcome"]
    onset = None if truth is None else truth.first_onset(math.inf)
    if onset is None or onset[0] != "current_spike":
        return {"cause": cause, "mattered": False}
    off_s, zero_s = truth.off_since_s(onset[1]), truth.dac_zero_since_s(onset[1])
    return {
        "cause": cause,
        "mattered": True,
        "off_ms": None if off_s is None else 1000.0 * (off_s - onset[1]),
        "zero_ms": None if zero_s is None else 1000.0 * (zero_s - onset[1]),
    }


class Onlooker:
    """Looks at the true current from the onset on, ten times a millisecond, at the end of each tick."""

    def __init__(self, truth: Any, since_s: float) -> None:
        self._truth, self._at_s = truth, since_s
        self.stretches: list[tuple[float, float]] = []
        """From when to when current flowed, s, with no gap of `OPENED_S` in between."""

    def tick(self, measurement: Any) -> None:
        """Look at what flowed since the last tick."""
        while self._at_s < measurement.time_s:
            if self._truth.current_ma(self._at_s) >= OFF_BELOW_MA:
                if not self.stretches or self._at_s - self.stretches[-1][1] > OPENED_S:
                    self.stretches.append((self._at_s, self._at_s))
                self.stretches[-1] = self.stretches[-1][0], self._at_s + GRAIN_S
            self._at_s += GRAIN_S


def apart(kind: Kind, seed: int, events: list[Event], whole: Onset) -> list[Onset]:
    """Look at an onset again: several where the output was opened in between, else what it was."""
    looking: list[Onlooker] = []

    def watch(bench: Any, _loop: Any) -> Onlooker:
        looking.append(Onlooker(bench.truth(), events[-1].at_s))
        return looking[0]

    run_session(requested(unit=kind.unit, seed=seed, events=events), None, StopSwitch(), watch=watch)
    found = looking[0].stretches
    if len(found) < 2:
        return [whole]
    zero_s = events[-1].at_s + (whole.zero_ms or 0.0) / 1000.0
    parts = [whole._replace(off_ms=1000.0 * (to_s - from_s), zero_ms=None) for from_s, to_s in found]
    if whole.zero_ms is not None:
        parts[-1] = parts[-1]._replace(zero_ms=max(1000.0 * (zero_s - found[-1][0]), 0.0))
    return parts


def onsets(kind: Kind, seeds: Iterable[int], per_unit: int) -> list[Onset]:
    """Try `per_unit` onsets on each simulated unit; those that never mattered are left out."""
    found: list[Onset] = []
    for seed in seeds:
        tried = list(branches(kind, seed, per_unit))
        answers = run_branches(
            requested(unit=kind.unit, seed=seed), [events for _, _, events in tried], _answer
        )
        for (phase, to_ma, events), answer in zip(tried, answers, strict=True):
            if not answer["mattered"]:
                continue
            one = Onset(phase, to_ma, answer["off_ms"], answer["zero_ms"], answer["cause"])
            beyond_ms = kind.off.worst_ms
            again = phase == "proof" and one.off_ms is not None and one.off_ms > beyond_ms
            found += apart(kind, seed, events, one) if again else [one]
    return found


def beyond(kind: Kind, found: list[Onset]) -> list[str]:
    """Say what does not hold; a bound of 99.9 % of so few that it is the worst is that of the worst."""
    said = [f"{one} was never off" for one in found if one.off_ms is None]
    for what, bounds in (("off_ms", kind.off), ("zero_ms", kind.zero)):
        if bounds is None:
            continue
        ms = [value for one in found if (value := getattr(one, what)) is not None]
        if percentile(ms, 0.999) > bounds.p999_ms:
            said.append(f"{what}: p99.9 {percentile(ms, 0.999):.2f} of {len(ms)}, allowed {bounds.p999_ms:g}")
        said += [
            f"{one}: {what} above {bounds.worst_ms:g}"
            for one in found
            if (getattr(one, what) or 0.0) > bounds.worst_ms
        ]
    return said


def row(kind: Kind, found: list[Onset]) -> str:
    """Give the line of the table in the docs."""

    def figures(what: str, bounds: Bounds | None) -> str:
        ms = [value for one in found if (value := getattr(one, what)) is not None]
        if bounds is None:
            return "- | - |"
        spread = f"{percentile(ms, 0.5):.1f}, {percentile(ms, 0.999):.1f}, {max(ms):.1f}"
        return f"{spread} | {bounds.p999_ms:g}, {bounds.worst_ms:g} |"

    return f"| {kind.name} | {len(found)} | {figures('off_ms', kind.off)} {figures('zero_ms', kind.zero)}"


def main(arguments: list[str]) -> None:
    """Run every kind over `units` (8) units of `per_unit` (250) onsets, and write the page."""
    units, per_unit = (int(word) for word in (arguments or ["8", "250"]))
    rows, wrong = [], []
    for kind in KINDS:
        found = onsets(kind, range(1, units + 1), per_unit)
        rows.append(row(kind, found))
        wrong += [f"{kind.name}: {one}" for one in beyond(kind, found)]
        sys.stderr.write(f"{rows[-1]}\n")
    made = f"Made on {datetime.now(UTC).date()}: {units} units, onsets in {len(PHASES)} phases in turn.\n\n"
    head = (
        "| what cuts | onsets | current off: p50, p99.9, worst, ms | bound | DAC at zero, ms | bound |\n"
        "|---|---|---|---|---|---|\n"
    )
    text = PAGE.read_text(encoding="utf-8")
    marks = re.compile(r"(<!-- onsets: .*? -->\n).*?(<!-- end of onsets -->)", re.S)
    assert len(marks.findall(text)) == 1
    table = made + head + "\n".join(rows) + "\n"
    PAGE.write_text(marks.sub(lambda at: f"{at[1]}{table}{at[2]}", text), encoding="utf-8")
    sys.stderr.write("\n".join(wrong[:40]) + "\n")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
