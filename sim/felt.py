"""What of the current a person would feel: rises, falls and pulses, wherever in a tick they lie.

Law of this module: it sees every piece of the true current once, by its formula and not by samples, and keeps
of it what a window of 5 ms needs.
"""

from __future__ import annotations

import math
from typing import Final

from sim.rises import Rises

WINDOW_S: Final = 0.005
"""Changes are told over at most this long: what is slower is a ramp to whoever feels it (assumption)."""
MAKING_S: Final = 0.001
"""So long after contact is made its own pulse may last, which `pulses` tells of; it is no rise."""
PULSE_MA: Final = 2.0
"""A pulse is more than this above what the stage is asked for: about what DC perception takes."""
LONG_S: Final = 0.0015
"""A pulse that lasts longer has to end the session."""
OBEYING_S: Final = 0.001
"""A stage that is asked for less may take this long to follow (ten time constants) before that is a pulse."""


JUMP_MA: Final = 0.1
"""A current that rises by more at once comes out of charge at the terminals: a stage takes its time."""
JUMPED_S: Final = 0.0001
"""So long such a charge may flow above what is allowed (figures to hold: above 2 mA no longer)."""


class Felt:
    """Largest rise and fall in mA, pulses, and the largest current that was held.

    A rise counts while the contact is whole, a fall always: a hand that leaves feels it. The first 0.1 ms
    after the current jumped out of charge at the terminals are a matter of pulses alone.
    """

    __slots__ = (
        "_asked_ma",
        "_charge_ma_s",
        "_count",
        "_held_from_s",
        "_last_ma",
        "_longest_s",
        "_marks",
        "_obeys_from_s",
        "_running_ma_s",
        "_running_s",
        "_whole_from_s",
        "held_ma",
        "long_from_s",
        "rises",
        "worst_fall_ma",
        "worst_rise_ma",
    )

    def __init__(self) -> None:
        self._marks: list[tuple[float, float]] = [(-math.inf, 0.0)]
        self._whole_from_s = math.inf
        self._asked_ma = 0.0
        self._obeys_from_s = math.inf
        self._running_s = self._running_ma_s = 0.0
        self.worst_rise_ma = self.worst_fall_ma = self.held_ma = 0.0
        self._held_from_s, self._last_ma = -math.inf, 0.0
        self._count = 0
        self._charge_ma_s = self._longest_s = 0.0
        self.long_from_s: float | None = None
        """When the first pulse lasted longer than 1.5 ms, s, to a piece of the current."""
        self.rises = Rises()

    @property
    def pulses(self) -> dict[str, float]:
        """Stretches above what the stage was asked for by 2 mA: how many; most uC and longest ms of one."""
        charge_uc, longest_ms = 1000.0 * self._charge_ma_s, 1000.0 * self._longest_s
        return {"count": self._count, "charge_uc": charge_uc, "longest_ms": longest_ms}

    def jumped(self, now_s: float) -> bool:
        """Tell whether the current jumped out of charge just before, so that what flows is not held yet."""
        return now_s < self._held_from_s

    def copy(self) -> Felt:
        """Return another one that has felt the same, but for its rises, which begin anew."""
        other = Felt()
        other._marks = list(self._marks)
        other._whole_from_s = self._whole_from_s
        other._asked_ma, other._obeys_from_s = self._asked_ma, self._obeys_from_s
        other._running_s, other._running_ma_s = self._running_s, self._running_ma_s
        other.worst_rise_ma, other.worst_fall_ma = self.worst_rise_ma, self.worst_fall_ma
        other.held_ma, other._held_from_s, other._last_ma = self.held_ma, self._held_from_s, self._last_ma
        other._count, other._charge_ma_s, other._longest_s = self._count, self._charge_ma_s, self._longest_s
        other.long_from_s = self.long_from_s
        return other

    def take(
        self,
        start_s: float,
        end_s: float,
        target_ma: float,
        deviation_ma: float,
        tau_s: float,
        asked_ma: float,
        *,
        whole: bool,
    ) -> None:
        """Feel a piece of the current, `target + deviation * exp(-t / tau)` from `start_s` to `end_s`.

        `asked_ma` is what the stage is asked for, `whole` whether both sides are whole in contact.
        """
        if (
            not deviation_ma
            and target_ma == self._marks[-1][1] == self._last_ma
            and asked_ma == self._asked_ma
            and target_ma <= asked_ma + PULSE_MA
            and (start_s >= self._whole_from_s if whole else self._whole_from_s == math.inf)
        ):  # a flat piece that goes on as all was before, as most do
            self._marks[-1] = (end_s, target_ma)
            if target_ma > self.held_ma and end_s > self._held_from_s:
                self.held_ma = target_ma
            return
        first_ma = target_ma + deviation_ma
        last_ma = target_ma
        if deviation_ma:
            last_ma += deviation_ma * math.exp((start_s - end_s) / tau_s)
        if not whole:
            self._whole_from_s = math.inf
        elif self._whole_from_s == math.inf:
            self._whole_from_s = start_s + MAKING_S
        self._hold(start_s, end_s, first_ma, last_ma, target_ma, deviation_ma, tau_s)
        if asked_ma >= self._asked_ma:
            self._asked_ma, self._obeys_from_s = asked_ma, math.inf
        else:
            obeys_s = min(self._obeys_from_s, start_s + OBEYING_S)
            self._obeys_from_s = obeys_s
            if end_s > obeys_s:
                if start_s < obeys_s:
                    middle_ma = target_ma + deviation_ma * math.exp((start_s - obeys_s) / tau_s)
                    self._above(obeys_s - start_s, first_ma, middle_ma, target_ma, tau_s)
                    start_s, first_ma = obeys_s, middle_ma
                self._asked_ma, self._obeys_from_s = asked_ma, math.inf
        self._above(end_s - start_s, first_ma, last_ma, target_ma, tau_s)
        if self._longest_s > LONG_S and self.long_from_s is None:
            self.long_from_s = start_s

    def _hold(
        self,
        start_s: float,
        end_s: float,
        first_ma: float,
        last_ma: float,
        target_ma: float,
        deviation_ma: float,
        tau_s: float,
    ) -> None:
        """Look at what of a piece is held: all but the first 0.1 ms after the current jumped."""
        if first_ma > self._last_ma + JUMP_MA and start_s >= self._held_from_s:
            self._held_from_s = start_s + JUMPED_S  # what jumps again meanwhile is not given longer
        self._last_ma = last_ma
        held_s = self._held_from_s
        if end_s > held_s:
            held_ma, left_ma = first_ma, deviation_ma
            if start_s >= held_s:
                held_s = start_s
            else:
                left_ma *= math.exp((start_s - held_s) / tau_s)
                held_ma = target_ma + left_ma
            top_ma = held_ma if held_ma > last_ma else last_ma
            if top_ma > self.held_ma:  # noqa: PLR1730  # no call for every piece
                self.held_ma = top_ma
            self._change(held_s, end_s, held_ma, last_ma, target_ma, left_ma, tau_s)
            self.rises.take(held_s, end_s, held_ma, last_ma)

    def _change(
        self,
        start_s: float,
        end_s: float,
        first_ma: float,
        last_ma: float,
        target_ma: float,
        deviation_ma: float,
        tau_s: float,
    ) -> None:
        """Look for the largest change within the window that ends in this piece."""
        marks = self._marks
        old = 0
        while old < len(marks) and marks[old][0] < start_s - WINDOW_S:
            old += 1
        if old:
            del marks[:old]
        marks.append((start_s, first_ma))
        whole_from_s = self._whole_from_s
        if start_s < whole_from_s < end_s:
            whole_ma = target_ma + deviation_ma * math.exp((start_s - whole_from_s) / tau_s)
            marks.append((whole_from_s, whole_ma))
        for at_s, mark_ma in marks:
            here_ma = first_ma if at_s <= start_s else mark_ma
            there_ma = last_ma
            if at_s + WINDOW_S < end_s and deviation_ma:
                there_ma = target_ma + deviation_ma * math.exp((start_s - at_s - WINDOW_S) / tau_s)
            high_ma, low_ma = (here_ma, there_ma) if here_ma > there_ma else (there_ma, here_ma)
            if high_ma - mark_ma > self.worst_rise_ma and at_s >= whole_from_s:
                self.worst_rise_ma = high_ma - mark_ma
            if mark_ma - low_ma > self.worst_fall_ma:  # noqa: PLR1730  # no call in the inner loop
                self.worst_fall_ma = mark_ma - low_ma
        marks.append((end_s, last_ma))

    def _above(self, lasts_s: float, first_ma: float, last_ma: float, target_ma: float, tau_s: float) -> None:
        """Add to the running pulse what of a stretch lies above what is asked for."""
        level_ma = self._asked_ma + PULSE_MA
        over = last_ma <= level_ma
        if first_ma <= level_ma:
            self._running_s = self._running_ma_s = 0.0
            if over:
                return
        if not (first_ma > level_ma and last_ma > level_ma):
            crossed_s = tau_s * math.log((first_ma - target_ma) / (level_ma - target_ma))
            if first_ma > level_ma:
                lasts_s, last_ma = crossed_s, level_ma
            else:
                lasts_s, first_ma = lasts_s - crossed_s, level_ma
        if not self._running_s:
            self._count += 1
        self._running_s += lasts_s
        self._running_ma_s += target_ma * lasts_s + tau_s * (first_ma - last_ma)
        self._longest_s = max(self._longest_s, self._running_s)
        self._charge_ma_s = max(self._charge_ma_s, self._running_ma_s)
        if over:
            self._running_s = self._running_ma_s = 0.0
