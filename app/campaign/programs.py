"""Programs: one to four faults in one session that stay, or come and go with any period, duty and phase.

Law: pure and repeatable. Nothing here knows how the controller finds a fault; a session is judged by what the
true current did to the person, and by the laws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, Final, NamedTuple, TypeAlias

from app.campaign.cells import EDGE, Spans, slug_of
from app.campaign.judge import REVERSED_BELOW_MA
from app.campaign.treated import SHORT, dose_problems
from protocols.treatment import find

Range: TypeAlias = tuple[float, float]

PERIOD_S: Final[Range] = (0.004, 2.0)
"""How often a fault comes, log-uniform: from within a tick to what a person would call now and then."""
DUTY_RATIO: Final[Range] = (0.01, 0.95)
"""For how much of each period it is there, log-uniform."""
LASTS_S: Final[Range] = (1.0, 60.0)
"""For how long it comes again and again, log-uniform."""
SHORTEST_S: Final = 0.0003
"""No burst is shorter: the stage itself takes 0.1 ms to follow."""
BURSTS: Final = 240
"""A program's faults come so often at most, so that its scenario can be kept and repeated (1,000 events)."""
STAYS: Final = 0.25
"""So many of the faults stay until the end."""
MOST: Final = 4
RISES: Final = 3
RISES_WITHIN_S: Final = 60.0
"""Off before the third full-size rise within a minute ..."""
RIDDEN_S: Final = 1.0
"""... or so long after its first, whichever is later; bursts that treat nobody likewise."""
PULSE_S: Final = 0.1
"""The first pulse above the setpoint by 2 mA that lasts longer than 1.5 ms ends the session within this, as
the reference unit has a hardware trip."""
BURST_S: Final = 0.04
TOLD_FROM_MA: Final = 2.0
"""Soon after a reversal what the electrodes hold hides a short at less than this; a ramp is soon past it."""
DUTY: Final = 0.1
"""A fault that is there in bursts of this and more, for this share of the time, is off within 1 s."""
LOST_RATIO: Final = 0.01
"""So much of the dose may be lost or leak away where a fault is ridden. The session's treatment is shortened
in its holds, its ramps are as long as ever: what begins in a hold is weighed against the shortened dose; what
begins in a ramp, or came and went within `RIDDEN_S`, against the treatment as prescribed, as there a single
fall of the fold-back takes several percent of the shortened one."""
SLACK_S: Final = 0.05
"""A bound in seconds is met within a confirmed tick and a relay's release."""


class Fault(NamedTuple):
    """What comes and goes: ranges of its parameters, and whether it takes the dose while it is there."""

    fault: str
    ranges: Mapping[str, Range]
    words: Mapping[str, tuple[str, ...]] = {}  # never changed
    takes_dose: bool = False
    moves_polarity: bool = False
    once: bool = False
    """It has no duration of its own: each burst is one."""

    @property
    def name(self) -> str:
        """Names it among all; a spike also by where it goes."""
        low, high = self.ranges.get("to_ma", (0.0, 0.0))
        return f"{self.fault} {low:g} to {high:g} mA" if high else self.fault


KINDS: Final = (
    Fault("leakage", {"ma": (2.5, 12.0)}, takes_dose=True),
    Fault("supply_sag", {"to_v": (5.0, 45.0)}, takes_dose=True),
    Fault("short_circuit", {"ohm": (5.0, 150.0)}, takes_dose=True),
    Fault("current_spike", {"to_ma": (16.0, 30.0)}),
    Fault("current_spike", {"to_ma": (0.0, 4.0)}),
    Fault("over_current", {"by_ma": (2.0, 15.0)}),
    Fault("relay_open", {}, {"which": ("enable", "series")}),
    Fault("polarity_moves", {}, moves_polarity=True),
    Fault("adc_disagree", {"by_mv": (-400.0, 400.0)}, {"which": ("control", "guard", "both")}),
    Fault("adc_silent", {}, {"which": ("control", "guard", "both")}),
    Fault("adc_frozen", {}, {"which": ("control", "guard", "both")}),
    Fault("adc_saturated", {}, {"which": ("control", "guard", "both")}),
    Fault("corrupt_sample", {}, {"which": ("control", "guard", "both")}, once=True),
    Fault("dac_silent", {}),
    Fault("dac_stuck", {}),
    Fault("dac_flipped", {"bit": (0.0, 15.0)}, once=True),
    Fault("dac_reset", {"to_code": (0.0, 4095.0)}, once=True),
    Fault("bus_hung", {}),
    Fault("stall", {"for_s": (0.001, 0.045)}, once=True),
)


class Burst(NamedTuple):
    """One fault: there from `at_s` for `for_s` (0: to the end), again every `period_s`, `turns` times."""

    kind: int
    params: tuple[tuple[str, float | str], ...]
    at_s: float
    for_s: float
    period_s: float
    turns: int

    @property
    def fault(self) -> Fault:
        """What it is."""
        return KINDS[self.kind]

    def events(self) -> list[dict[str, Any]]:
        """Return it as a scenario's events."""
        told = {"fault": self.fault.fault, **dict(self.params)}
        if not self.fault.once and self.for_s:
            told["for_s"] = self.for_s
        return [
            {"at_s": round(self.at_s + turn * self.period_s, 6), **told} for turn in range(max(self.turns, 1))
        ]

    @property
    def ends_s(self) -> float:
        """When it is over for good, session time, s."""
        if self.fault.once or self.for_s:
            return self.at_s + max(self.turns - 1, 0) * self.period_s + self.for_s
        return math.inf

    @property
    def takes_the_dose(self) -> bool:
        """Whether it is there so long and so often that it must be off within a second."""
        if not self.fault.takes_dose:
            return False
        if self.turns <= 1:
            return self.for_s == 0.0 or self.for_s >= RIDDEN_S
        lasts = self.for_s >= BURST_S and self.for_s >= DUTY * self.period_s
        return lasts and self.turns * self.period_s >= RIDDEN_S


class Program(NamedTuple):
    """One session: its faults by the time at which they begin (session time, s), in `phase`."""

    number: int
    phase: str
    treatment: str
    seed: int
    bursts: tuple[Burst, ...]
    span: Range
    given_ma_min: float
    """True charge of the session without a fault."""
    sort: str = "program"
    """What it is one of: a program, or a cell of `app.campaign.recurring`."""

    @property
    def name(self) -> str:
        """Names the program among all."""
        kinds = " & ".join(burst.fault.fault for burst in self.bursts)
        return f"{self.sort} {self.number} / {kinds} / {self.phase} / {self.treatment} / {self.seed}"

    @property
    def slug(self) -> str:
        """The name as a file's name."""
        return slug_of(self.name)

    def scenario(self) -> dict[str, Any]:
        """Return the session's circumstances as they stand in a scenario file."""
        events = [event for burst in self.bursts for event in burst.events()]
        return {"events": sorted(events, key=lambda event: event["at_s"])}


PHASES_TRIED: Final = (
    "ramp_up forward",
    "hold forward",
    "ramp_down forward",
    "ramp_up reverse",
    "hold reverse",
)


def plan_programs(
    count: int, spans: Mapping[tuple[str, int], Spans], given_ma_min: Mapping[tuple[str, int], float]
) -> Iterator[Program]:
    """Return `count` random programs over the sound sessions whose `spans` and charge are given.

    Every other one has a single fault.
    """
    sessions = sorted(spans)
    for number in range(count):
        treatment, seed = whom = sessions[number % len(sessions)]
        rng = Random(f"program|{number}|{treatment}|{seed}")
        phase = rng.choice([phase for phase in PHASES_TRIED if phase in spans[whom]])
        start_s, end_s = spans[whom][phase]
        at_s = start_s + rng.uniform(EDGE, 1.0 - EDGE) * (end_s - start_s)
        many = 1 if number % 2 else rng.randint(2, MOST)
        bursts = [
            _burst(rng, at_s if not index else at_s + rng.uniform(0.0, 2.0), BURSTS // many)
            for index in range(many)
        ]
        bursts.sort(key=lambda burst: burst.at_s)
        yield Program(number, phase, treatment, seed, tuple(bursts), (start_s, end_s), given_ma_min[whom])


def _burst(rng: Random, at_s: float, most: int) -> Burst:
    kind = rng.randrange(len(KINDS))
    params = params_of(rng, KINDS[kind])
    if rng.random() < STAYS:
        return Burst(kind, params, round(at_s, 6), 0.0, 0.0, 1)
    how = (_log(rng, *PERIOD_S), _log(rng, *DUTY_RATIO), _log(rng, *LASTS_S))
    return recurs(kind, params, at_s, how, most)


def recurs(
    kind: int,
    params: tuple[tuple[str, float | str], ...],
    at_s: float,
    how: tuple[float, float, float],
    most: int,
) -> Burst:
    """Return what comes and goes from `at_s` on; `how` is its period (s), its duty, and for how long (s)."""
    period_s = round(how[0], 6)
    for_s = round(max(SHORTEST_S, period_s * how[1]), 6)
    turns = min(most, 1 + int(how[2] / period_s))
    return Burst(kind, params, round(at_s, 6), min(for_s, 0.95 * period_s), period_s, turns)


def params_of(rng: Random, fault: Fault) -> tuple[tuple[str, float | str], ...]:
    """Draw how strong the fault is, and where."""
    params: list[tuple[str, float | str]] = [
        (name, _drawn(rng, name, low, high)) for name, (low, high) in fault.ranges.items()
    ]
    params += [(name, rng.choice(words)) for name, words in fault.words.items()]
    return tuple(params)


def _drawn(rng: Random, name: str, low: float, high: float) -> float:
    if name in {"bit", "to_code"}:
        return float(rng.randint(int(low), int(high)))
    return round(rng.uniform(low, high), 3)


def _log(rng: Random, low: float, high: float) -> float:
    return log_at(rng.random(), low, high)


def log_at(share: float, low: float, high: float) -> float:
    """Return what lies at `share` of the way from `low` to `high`, by their logarithms."""
    return low * math.exp(share * math.log(high / low))


def program_problems(program: Program, summary: Mapping[str, Any]) -> list[str]:
    """Return what the true current did to the person that it must not, as sentences; empty when nothing.

    `summary` has `rises_s`, `pulsed_s` and `astray_ma_min` beside a session's own keys.
    """
    off_s = _off_s(summary)
    return [
        *_rises(summary["rises_s"], off_s),
        *_pulses(summary, off_s),
        *_taken(program, summary, off_s),
        *_laws(program, summary),
    ]


def _off_s(summary: Mapping[str, Any]) -> float:
    """Return when the current was gone for good, s."""
    trip = summary["trip"]
    return math.inf if trip is None or trip["output_off_s"] is None else float(trip["output_off_s"])


def _rises(rises_s: Sequence[float], off_s: float) -> Iterator[str]:
    """Judge rises that go on: where the current was taken away in time none comes after the bound."""
    for first_s, third_s in zip(rises_s, rises_s[RISES - 1 :], strict=False):
        until_s = first_s + RIDDEN_S
        goes_on = any(until_s + SLACK_S < rise_s <= first_s + RISES_WITHIN_S for rise_s in rises_s)
        if third_s - first_s <= RISES_WITHIN_S and goes_on and off_s > max(third_s, until_s) + SLACK_S:
            after_s = sum(1 for rise_s in rises_s if rise_s >= first_s)
            yield f"{after_s} rises of 2 mA and more from {first_s:.3f} s on, not off {_when(off_s, first_s)}"
            return


def _pulses(summary: Mapping[str, Any], off_s: float) -> Iterator[str]:
    first_s = summary["pulsed_s"]
    if first_s is not None and off_s > first_s + PULSE_S + SLACK_S:
        longest_ms = summary["truth"]["pulses"]["longest_ms"]
        yield f"pulses of up to {longest_ms:.1f} ms, not off {_when(off_s, first_s)}, allowed {PULSE_S:g} s"


def _taken(program: Program, summary: Mapping[str, Any], off_s: float) -> Iterator[str]:
    """Judge what took the dose: by how long it did, or by how much was lost in the end."""
    told_from_s = program.span[0]
    if program.phase.startswith("ramp_up"):
        told_from_s += TOLD_FROM_MA / find(program.treatment).ramp_ma_per_s
    for burst in program.bursts:
        since_s = max(burst.at_s, told_from_s)
        if burst.takes_the_dose and since_s + RIDDEN_S + SLACK_S < min(program.span[1], off_s):
            yield f"{burst.fault.fault} from {since_s:.3f} s on, not off {_when(off_s, since_s)}"
    if summary["outcome"] == "completed":
        brief = max(burst.ends_s for burst in program.bursts) - program.bursts[0].at_s <= RIDDEN_S
        brief |= program.phase.startswith("ramp")
        whole_ma_min = find(program.treatment).planned_charge_ma_min if brief else program.given_ma_min
        lacking_ma_min = program.given_ma_min - sum(summary["truth"]["charge_ma_min"].values())
        lost = lacking_ma_min / whole_ma_min + summary["astray_ma_min"] / program.given_ma_min
        if lost > LOST_RATIO:
            yield f"completed with {100 * lost:.1f} % of the dose lost, allowed {100 * LOST_RATIO:g} %"
    elif summary["outcome"] == SHORT:
        yield from dose_problems(summary, program.given_ma_min, summary["astray_ma_min"])


def _laws(program: Program, summary: Mapping[str, Any]) -> Iterator[str]:
    trip, truth = summary["trip"], summary["truth"]
    if trip is not None and trip["output_off_s"] is None:
        yield f"the true output never went off ({trip['cause']})"
    if summary["outcome"] == "refused":
        yield f"refused before any fault: {summary['reason']}"
    moved = any(burst.fault.moves_polarity for burst in program.bursts)
    if truth["switched_above_ma"] > REVERSED_BELOW_MA and not moved:
        yield f"polarity switched at {truth['switched_above_ma']:.2f} mA, allowed {REVERSED_BELOW_MA} mA"


def _when(off_s: float, since_s: float) -> str:
    return "to the end" if off_s == math.inf else f"until {off_s - since_s:.2f} s later"


def smaller(program: Program) -> Iterator[Program]:
    """Return programs that are simpler by one step: without a fault, with half the bursts, with one."""
    bursts = program.bursts
    if len(bursts) > 1:
        for index in range(len(bursts)):
            yield program._replace(bursts=bursts[:index] + bursts[index + 1 :])
    for index, burst in enumerate(bursts):
        for turns in sorted({1, burst.turns // 4, burst.turns // 2, burst.turns - 1}):
            if 0 < turns < burst.turns:
                fewer = burst._replace(turns=turns)
                yield program._replace(bursts=(*bursts[:index], fewer, *bursts[index + 1 :]))


def minimised(program: Program, fails: Callable[[Program], bool], tries: int) -> Program:
    """Return the simplest program that still fails, of at most `tries` that were tried."""
    tried = 0
    while True:
        for simpler in smaller(program):
            if tried == tries:
                return program
            tried += 1
            if fails(simpler):
                program = simpler
                break
        else:
            return program
