"""Bits flipped in writes of the DAC, one write to a session, and for how long what was wrong stood.

Law: all is read off the simulated world and nothing off the controller: a write as it arrived at the chip,
the true current, the latch of the hardware trip. A code stands until the chip holds what it was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any, NamedTuple

import pytest

from app.forks import run_branches
from controller.loop.tick import StopSwitch
from controller.session.wiring import SessionRequest, run_session
from sim.chips.mcp4725 import Mcp4725
from sim.faults import check_params
from sim.scenario import Event
from sim.world import World

BITS = range(16)
"""0 to 11 are the code's, 12 and 13 power-down, 14 and 15 the command's: such a write is not taken."""
STARTING = ("ready", "trial", "proof")
"""Before the person. The trip is forced there too, so that only how the session goes on tells of it."""
ON_THE_WAY = (*STARTING, "contact", "ramp_up forward", "hold forward", "stopping")
WHOLE = (
    *ON_THE_WAY,
    "ramp_down forward",
    "reverse",
    "ramp_up reverse",
    "hold reverse",
    "ramp_down reverse",
)
ENDED_BY = "dac_silent"
ENDS_S = 0.05
ENDS_STARTING_S = 0.6
"""The rest of a session need not be run: the DAC falls silent so long after. A trial that would not go on has
been refused by then."""
PRESSED_S = 0.3
"""Stop is pressed so long before."""
EDGE = 0.02
"""Of a phase at both of its ends, where the tick may be the next one's."""
WRONG_MA = 0.1
"""The true current is wrong while it is further than this from what flowed before: a tick's largest step."""
MANY = 24
THEN_S = 50e-6
LATCHES_S = 0.009
"""What the latch does later is not the flip's: the threshold falls once the output has been switched off."""
FINE_S = 5e-6
LOOK_S = 0.002
"""The true current is looked at for so long, every `FINE_S`."""


class Try(NamedTuple):
    """In `phase`, `bit` of the first write after `at_s` is flipped."""

    phase: str
    at_s: float
    bit: int

    def events(self) -> list[Event]:
        """Return all that happens in the session."""
        ends_s = self.at_s + (ENDS_STARTING_S if self.phase in STARTING else ENDS_S)
        found: list[dict[str, Any]] = [
            {"at_s": self.at_s, "fault": "dac_flipped", "bit": float(self.bit)},
            {"at_s": ends_s, "fault": ENDED_BY},
        ]
        if self.phase == "stopping":
            found.append({"at_s": self.at_s - PRESSED_S, "fault": "press", "button": "stop", "for_s": 0.2})
        return [Event.model_validate(event) for event in sorted(found, key=lambda event: event["at_s"])]


class Flip(NamedTuple):
    """What came of it: the codes written and held, the moment, and times in ms from then.

    `code_ms` is for how long the wrong code stood, None without end; the true current was wrong for
    `current_ms`, by `by_ma` at the most; the latch fell after `latched_ms`, None if it did not.
    """

    phase: str
    bit: int
    written: int
    held: int
    wrote_s: float
    code_ms: float | None
    current_ms: float
    by_ma: float
    latched_ms: float | None
    cause: str


class _Ended(Exception):
    """The phases that are asked for are over."""


def spans_of(request: SessionRequest, phases: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return when each of `phases` begins and ends (s), by the plant alone, which gives the same session."""
    spans: dict[str, tuple[float, float]] = {}

    def watch(_bench: Any, loop: Any) -> Any:
        class Onlooker:
            """Notes each phase's first and last tick."""

            def tick(self, measurement: Any) -> None:
                session = loop.session
                name = str(session.phase)
                name = name if name in phases else f"{name} {session.polarity}"
                spans[name] = (spans.get(name, (measurement.time_s,))[0], measurement.time_s)
                if name == "hold forward" and phases is not WHOLE and _length(spans[name]) > 1.0:
                    raise _Ended

        return Onlooker()

    with suppress(_Ended):
        run_session(request._replace(plant_alone=True), None, StopSwitch(), watch=watch)
    begin_s, end_s = spans["hold forward"]
    spans["stopping"] = (begin_s + PRESSED_S, end_s)
    return {phase: spans[phase] for phase in phases}


def _length(span: tuple[float, float]) -> float:
    return span[1] - span[0]


def tries(request: SessionRequest, phases: Sequence[str], times: int, rng: Random) -> list[Try]:
    """Return each bit in each of `phases`, so many times each, and the highest in many ticks of a ramp.

    A tick's write comes at another moment of a conversion than that of the tick before.
    """
    found = []
    for phase, (begin_s, end_s) in spans_of(request, phases).items():
        for number in range(len(BITS) * times):
            at_s = begin_s + rng.uniform(EDGE, 1.0 - EDGE) * (end_s - begin_s)
            found.append(Try(phase, at_s, BITS[number % len(BITS)]))
        if phase.startswith("ramp_up"):
            middle_s = (begin_s + end_s) / 2
            found += [Try(phase, middle_s + n / request.unit.loop.rate_hz, 11) for n in range(MANY)]
    return found


def flips(request: SessionRequest, tried: Sequence[Try], overhead_s: float, then: str = "") -> list[Flip]:
    """Try each on a host that needs `overhead_s` (s) more for each transfer.

    `then` is a further fault, from `THEN_S` after the wrong code has arrived, before it can be put right.
    """
    with pytest.MonkeyPatch.context() as patch:
        witness = _Witness(patch, overhead_s, then)
        answers = run_branches(request, [one.events() for one in tried], witness.answer)
    return [Flip(one.phase, **answer) for one, answer in zip(tried, answers, strict=True)]


class _Witness:
    """Notes what arrives at the DAC, which of it was flipped on the way, and when the latch falls."""

    def __init__(self, patch: pytest.MonkeyPatch, overhead_s: float, then: str) -> None:
        self._worlds: list[World] = []
        self._writes: list[tuple[float, int, int]] = []
        self._hits: list[tuple[int, int]] = []
        self._latched_s: list[float] = []
        draw, take, watch = World._draw_chips, Mcp4725.on_write, World.watch_trip

        def drawn(world: World) -> None:
            draw(world)
            self._worlds.append(world)
            world.bus.overhead_s = overhead_s

        def taken(chip: Mcp4725, data: bytes) -> bool:
            now_s, world = chip._clock.now_s, self._worlds[-1]
            if chip.corrupt_mask and len(data) == 2:
                self._hits.append((len(self._writes), chip.corrupt_mask.bit_length() - 1))
                if then and len(self._hits) == 1:
                    params = check_params(then, {})
                    world.at(now_s + THEN_S, lambda t_s: world.inject(t_s, then, params))
            done = take(chip, data)
            self._writes.append((now_s, (data[0] & 0x0F) << 8 | data[1], chip.output_code))
            return done

        def watched(world: World, t_s: float) -> None:
            before = world.latch is None or world.latch.tripped
            watch(world, t_s)
            if world.latch is not None and world.latch.tripped and not before:
                self._latched_s.append(t_s)

        patch.setattr("sim.trace.KEEP", 1_000_000)  # the answer looks back from the session's end
        patch.setattr(World, "_draw_chips", drawn)
        patch.setattr(Mcp4725, "on_write", taken)
        patch.setattr(World, "watch_trip", watched)

    def answer(self, summary: dict[str, Any], _truth: Any) -> dict[str, Any]:
        """Return the fields of a `Flip`, all but its phase."""
        number, bit = self._hits[0]
        wrote_s, written, held = self._writes[number]
        right_s = wrote_s
        if held != written:
            later = self._writes[number + 1 :]
            right_s = next((t_s for t_s, code, now in later if code == now), float("inf"))
        current_ma = self._worlds[-1].current_ma
        before_ma = current_ma(wrote_s)
        by_ma = [abs(current_ma(wrote_s + n * FINE_S) - before_ma) for n in range(round(LOOK_S / FINE_S))]
        wrong = [n for n, ma in enumerate(by_ma) if ma > WRONG_MA]
        latched_s = next((t_s for t_s in self._latched_s if 0.0 <= t_s - wrote_s < LATCHES_S), None)
        return {
            "bit": bit,
            "written": written,
            "held": held,
            "wrote_s": wrote_s,
            "code_ms": None if right_s == float("inf") else 1000.0 * (right_s - wrote_s),
            "current_ms": 1000.0 * FINE_S * (1 + wrong[-1] - wrong[0]) if wrong else 0.0,
            "by_ma": max(by_ma),
            "latched_ms": None if latched_s is None else 1000.0 * (latched_s - wrote_s),
            "cause": (summary["trip"] or {}).get("cause") or summary["outcome"],
        }
