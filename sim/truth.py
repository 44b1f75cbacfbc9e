"""What really happened, as only the world can know it.

Law of this module: nothing here comes from the device; it is worked out from the true current, the true
contact and the faults that were really injected, in a fixed amount of memory.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final

from sim.clock import VirtualClock
from sim.electronics import STAGE_TAU_S
from sim.felt import JUMP_MA, Felt
from sim.trace import Trace

REMEMBERED_FAULTS: Final = 64
UPSET_MA: Final = 0.1
"""A current this far from what it was before the converter's reset counts as gone (law 6's largest step)."""
ONE_FAULT_S: Final = 60.0
"""Onsets of one name that follow each other within this are one fault that comes and goes."""
LONGEST_TICK_S: Final = 0.05
"""No tick of a controller that deserves the name lasts longer, with every transfer at its timeout."""


class Truth:
    """Figures of the true current so far, for judging a controller."""

    __slots__ = (
        "_clock",
        "_dac_zero_since_s",
        "_left_out",
        "_marked_ma",
        "_onsets",
        "_settling_marks",
        "_trace",
        "_unnoticed",
        "_upset_ma",
        "_upset_since_s",
        "_upset_worst_s",
        "_waiting",
        "_waiting_since_s",
        "_worst_step_ma",
        "dormant",
        "switched_above_ma",
    )

    def __init__(self, clock: VirtualClock, trace: Trace) -> None:
        self._clock = clock
        self._trace = trace
        self._dac_zero_since_s: float | None = 0.0
        trace.felt = Felt()  # a truth begins with nothing felt
        self._onsets: deque[tuple[str, float, float]] = deque(maxlen=REMEMBERED_FAULTS)
        self.dormant: list[tuple[str, bool]] = []
        self._unnoticed: deque[tuple[str, float, float]] = deque(maxlen=REMEMBERED_FAULTS)
        self._waiting: str | None = None
        self._waiting_since_s = 0.0
        self._marked_ma: float | None = None
        self._left_out = False
        self._settling_marks = 0
        self._worst_step_ma = 0.0
        self.switched_above_ma = 0.0
        self._upset_since_s: float | None = None
        self._upset_ma = self._upset_worst_s = 0.0

    @property
    def peak_ma(self) -> float:
        """Largest true current, in mA."""
        return self._trace.peak_ma(self._clock.now_s)

    def current_ma(self, t_s: float) -> float:
        """Size of the true current in mA at `t_s`: now, or as far back as is kept, some ticks."""
        return self._trace.current_ma(t_s)

    @property
    def charge_ma_min(self) -> dict[str, float]:
        """True charge by direction, `forward` and `reverse`, in mA min."""
        return self._trace.charge_ma_min(self._clock.now_s)

    @property
    def worst_step_ma(self) -> float:
        """Largest change in mA of the true current between consecutive whole ticks with whole contact.

        A tick of which the true current jumped less than 0.1 ms before is left out, but never two running.
        """
        return self._worst_step_ma

    def mark_tick(self, whole: bool) -> None:  # noqa: FBT001  # the loop's observer: one word, once per tick
        """Once per tick: `whole` says that the session was neither tripped nor being stopped."""
        now_ma = self._trace.signed_ma(self._clock.now_s)
        if not whole:
            self._marked_ma, self._left_out = None, False
            return
        if self._settling_marks:
            self._settling_marks -= 1
        elif self._marked_ma is not None:
            step_ma = abs(now_ma - self._marked_ma)
            if step_ma > self._worst_step_ma:
                if step_ma > JUMP_MA and not self._left_out and self._jumped():
                    self._left_out = True
                    return  # charge at the terminals, which `pulses` tells; the next tick sees what is left
                self._worst_step_ma = step_ma
        self._marked_ma, self._left_out = now_ma, False

    def _jumped(self) -> bool:
        now_s = self._clock.now_s
        return self._trace.felt_until(now_s).jumped(now_s)

    def onset(self, now_s: float) -> tuple[str, float] | None:
        """Latest fault that could explain a trip at `now_s` and when it began to matter (s), or None.

        Contact that is lost without current to lose matters from the moment it is found. A fault that came
        in the middle of the tick that found it counts from the tick's beginning, which is `now_s`.
        """
        found = self._found(now_s)
        return None if found is None else found[:2]

    def _found(self, now_s: float) -> tuple[str, float, float] | None:
        """As `onset`, and when that fault first came."""
        if self._waiting is not None and self._waiting_since_s <= now_s:
            return self._waiting, now_s, self._first_s(self._waiting, now_s)
        for name, from_s, to_s in self._unnoticed:
            if from_s <= now_s <= to_s:
                return name, now_s, self._first_s(name, now_s)
        before = next((onset for onset in reversed(self._onsets) if onset[1] <= now_s), None)
        if before is not None:
            return before
        within = (onset for onset in self._onsets if onset[1] <= now_s + LONGEST_TICK_S)
        return next(((name, now_s, min(first_s, now_s)) for name, _, first_s in within), None)

    def _first_s(self, name: str, t_s: float) -> float:
        """Return when the fault that is there at `t_s` first came, if it came and went within a minute."""
        known = (onset for onset in reversed(self._onsets) if onset[0] == name and onset[1] <= t_s)
        _, last_s, first_s = next(known, (name, t_s, t_s))
        return first_s if t_s - last_s <= ONE_FAULT_S else t_s

    def first_onset(self, now_s: float) -> tuple[str, float] | None:
        """As `onset`, but when that fault first came: one that comes and goes is as old as its first onset.

        Onsets of its name that follow each other within a minute are the same fault.
        """
        found = self._found(now_s)
        return None if found is None else (found[0], found[2])

    @property
    def felt(self) -> Felt:
        """What of the current a person would have felt so far: rises, falls, pulses."""
        return self._trace.felt_until(self._clock.now_s)

    @property
    def rises_s(self) -> tuple[float, ...]:
        """When the current rose by 2 mA and more at once, s, up to the last piece that has ended."""
        return tuple(self._trace.felt.rises.times_s)

    @property
    def astray_ma_min(self) -> float:
        """Charge in mA min that leaked away or went through touching electrodes."""
        return self._trace.astray_ma_min

    def off_since_s(self, after_s: float) -> float | None:
        """First time from `after_s` on since which the true current stays below 0.01 mA; None if it flows."""
        since_s = self._trace.below_since_s(self._clock.now_s)
        return None if since_s is None else max(since_s, after_s)

    def dac_zero_since_s(self, after_s: float) -> float | None:
        """First time from `after_s` on since which the converter's output stays at code 0; None if not."""
        return None if self._dac_zero_since_s is None else max(self._dac_zero_since_s, after_s)

    def note_fault(self, name: str, t_s: float) -> None:
        """Note that a fault began at `t_s`."""
        self._onsets.append((name, t_s, self._first_s(name, t_s)))

    def note_contact_lost(self, name: str, t_s: float, *, driven: bool) -> None:
        """Contact broke at `t_s`; when no current was `driven` the onset waits until some is."""
        if driven:
            self.note_fault(name, t_s)
        else:
            self._waiting, self._waiting_since_s = name, t_s

    def note_contact_made(self, t_s: float) -> None:
        """Note that the person is back at `t_s`: a loss that nobody could have noticed is over."""
        if self._waiting is not None:
            self._unnoticed.append((self._waiting, self._waiting_since_s, t_s))
            self._waiting = None

    def note_drive(self, t_s: float) -> None:
        """Note that the stage tries to drive current out of a closed output."""
        if self._waiting is not None:
            self.note_fault(self._waiting, t_s)
            self._waiting = None

    def note_dormant(self, name: str, *, closed: bool) -> None:
        """Note a fault that matters only once current is asked for, and only with the output `closed`."""
        if (name, closed) not in self.dormant:
            self.dormant.append((name, closed))

    def note_wanted(self, t_s: float, *, closed: bool) -> None:
        """Note that the stage is asked for current at `t_s`, and whether the output is `closed`."""
        for dormant in tuple(self.dormant):
            if closed or not dormant[1]:
                self.dormant.remove(dormant)
                self.note_fault(dormant[0], t_s)

    def note_contact_not_whole(self) -> None:
        """Let the steps not count up to the second mark from now, when the new current has settled."""
        self._settling_marks = 2

    def note_switch(self, t_s: float) -> None:
        """Note that the polarity contacts move at `t_s`."""
        self.switched_above_ma = max(self.switched_above_ma, self._trace.current_ma(t_s))

    @property
    def upset_s(self) -> float:
        """Longest time in s for which a reset of the DAC kept the true current from what it was before."""
        if self._upset_since_s is None:
            return self._upset_worst_s
        return max(self._upset_worst_s, self._upset_for_s(self._clock.now_s))

    def note_upset(self, t_s: float, before_ma: float) -> None:
        """Note that the DAC was reset at `t_s`, where `before_ma` flowed."""
        self._upset_since_s, self._upset_ma = t_s, before_ma

    def _upset_for_s(self, t_s: float) -> float:
        """Return how long the current is away when the code comes back at `t_s`, settling included."""
        away_ma = abs(self._upset_ma - self._trace.current_ma(t_s))
        if away_ma <= UPSET_MA:
            return 0.0
        return t_s - (self._upset_since_s or t_s) + STAGE_TAU_S * math.log(away_ma / UPSET_MA)

    def note_code(self, t_s: float, code: int) -> None:
        """Note that the converter's output takes `code` at `t_s`."""
        if self._upset_since_s is not None and t_s > self._upset_since_s:
            self._upset_worst_s = max(self._upset_worst_s, self._upset_for_s(t_s))
            self._upset_since_s = None
        if code:
            self._dac_zero_since_s = None
        elif self._dac_zero_since_s is None:
            self._dac_zero_since_s = t_s
