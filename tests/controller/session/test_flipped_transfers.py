"""Any one bit of any one transfer arrives wrong, there or back: it is repeated, and the treatment goes on.

Address bytes aside, which nobody acknowledges when they are wrong. Whatever the flip did, a session that is
ended a while later by a fault of its own has to tell that fault, and nothing before.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import flips
import pytest
from simulated import requested, simulate, treatment

from app.forks import run_branches
from sim import effects
from sim.chips.bus import SimBus
from sim.scenario import Event

AFTER_S = 0.25
PHASES = ("contact", "ramp_up forward", "hold forward")
NIGHT = [pytest.param(flips.WHOLE, 400, marks=pytest.mark.nightly, id="night")]
TRANSFERS = 16
"""More than two ticks have: of these one is flipped."""


class Wire:
    """Flips a bit of one of the next transfers once it is armed, drawn by the moment, and notes which."""

    def __init__(self, patch: pytest.MonkeyPatch, times: int) -> None:
        self._rng: Random | None = None
        self._times = times
        self._left = self._skip = 0
        self.flipped: list[tuple[int, str, str]] = []
        write, read, write_read = SimBus.write, SimBus.read, SimBus.write_read

        def arm(_world: Any, _params: Any, t_s: float) -> None:
            self._rng, self._left = Random(repr(t_s)), self._times
            self._skip = self._rng.randrange(TRANSFERS)

        def written(bus: SimBus, address: int, data: bytes) -> None:
            write(bus, address, self._flip(address, "write", data))

        def was_read(bus: SimBus, address: int, count: int) -> bytes:
            return self._flip(address, "read", read(bus, address, count))

        def written_and_read(bus: SimBus, address: int, data: bytes, count: int) -> bytes:
            if self._left and not self._skip and self._rng is not None and self._rng.random() < 0.5:
                return write_read(bus, address, self._flip(address, "pointer", data), count)
            return self._flip(address, "answer", write_read(bus, address, data, count))

        patch.setitem(effects.EFFECTS, "dac_flipped", arm)
        patch.setattr(SimBus, "write", written)
        patch.setattr(SimBus, "read", was_read)
        patch.setattr(SimBus, "write_read", written_and_read)

    def _flip(self, address: int, which: str, data: bytes) -> bytes:
        if not self._left or self._rng is None or not data:
            return data
        if self._skip:
            self._skip -= 1
            return data
        self._left -= 1
        place = self._rng.randrange(8 * len(data))
        wrong = int.from_bytes(data, "big") ^ 1 << place
        found = wrong.to_bytes(len(data), "big")
        self.flipped.append((address, which, f"{data.hex()} as {found.hex()}"))
        return found


def ends(phases: tuple[str, ...], each: int, times: int = 1) -> Iterator[tuple[Any, str]]:
    """What was flipped, and how the session went on."""
    request = requested(treatment(current_ma=4.0))
    rng = Random(f"transfers|{phases}|{each}")
    branches = []
    for begin_s, end_s in flips.spans_of(request, phases).values():
        for _ in range(each):
            at_s = begin_s + rng.uniform(0.05, 0.8) * (end_s - begin_s)
            told = [(at_s, "dac_flipped", {"bit": 0.0}), (at_s + AFTER_S, "dac_silent", {})]
            branches.append([Event.model_validate({"at_s": t, "fault": f, **more}) for t, f, more in told])
    with pytest.MonkeyPatch.context() as patch:
        wire = Wire(patch, times)

        def answer(summary: dict[str, Any], _truth: Any) -> dict[str, Any]:
            cause = summary["trip"]["cause"] if summary["trip"] else summary["outcome"]
            return {"flipped": wire.flipped, "told": f"{cause}: {summary['reason']}"}

        for one in run_branches(request, branches, answer):
            yield one["flipped"], one["told"]


@pytest.mark.parametrize(("phases", "each"), [pytest.param(PHASES, 60, id="day"), *NIGHT])
def test_one_flipped_bit_anywhere_on_the_bus_ends_no_treatment(phases: tuple[str, ...], each: int) -> None:
    found = list(ends(phases, each))
    assert all(len(flipped) == 1 for flipped, _ in found)
    ways = {
        0x48: ("write", "pointer", "answer"),
        0x49: ("pointer", "answer"),
        0x62: ("read", "pointer", "answer"),  # it is written and read back in one transfer
    }
    met = {tuple(flipped[0][:2]) for flipped, _ in found}
    assert met >= {(chip, way) for chip, all_ways in ways.items() for way in all_ways}
    assert [(flipped, told) for flipped, told in found if not told.startswith("dac_silent")] == []


@pytest.mark.parametrize(("every", "cause"), [(0, None), (40, "adc_reset")])
def test_settings_that_arrive_wrong_again_and_again_end_it_by_name(
    every: int, cause: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is put right, and nothing else shows it: only that it is counted."""
    write, seen = SimBus.write, 0

    def written(bus: SimBus, address: int, data: bytes) -> None:
        nonlocal seen
        if address == 0x48 and len(data) == 3:
            seen += 1
            if every and seen > 2000 and seen % every == 0:
                data = bytes((data[0], data[1] ^ 0x10, data[2]))  # another channel
        write(bus, address, data)

    monkeypatch.setattr(SimBus, "write", written)
    summary, _ = simulate(treatment(current_ma=4.0))
    assert (summary["trip"] or {}).get("cause") == cause
    if cause:
        assert "wrong settings 3 times within 60 s" in summary["reason"]
        assert summary["truth"]["worst_step_ma"] < 0.1
