"""How long the output outlives the last heartbeat, by the computer's clock: a second base of time.

Law: pure. What holds the enable relay is the one part of a unit that keeps time without the computer, so a
clock that runs wrong shows here before anybody is treated. A moment counts as seen from when the conversion
that shows it was begun, and one odd look is no finding: who moves a hand meanwhile must not be refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from controller.core.limits import (
    PROOF_ALIVE_MA,
    PROOF_ALIVE_V,
    PROOF_CONVERSION_S,
    PROOF_DROP_OUT_S,
    PROOF_FINDINGS,
    PROOF_LOOK_S,
    PROOF_TRIES,
    PUMP_SHORTEST_S,
    TIMER_PART,
)

if TYPE_CHECKING:
    from controller.core.types import Measurement, Watch


class Window(NamedTuple):
    """When the output of a sound unit goes after the last heartbeat, s, at the soonest and at the latest.

    `timed` says that so little lies between them that the moment is worth being looked for.
    """

    shortest_s: float
    longest_s: float
    timed: bool

    @property
    def held_s(self) -> float:
        """It must have been seen live so late, or later, to be long enough for sure."""
        return self.shortest_s - PROOF_LOOK_S

    @property
    def gone_s(self) -> float:
        """It must have been seen dead so soon, or sooner, to be short enough for sure."""
        return self.longest_s + PROOF_LOOK_S


TURN_TICKS: Final = 8
"""The control converter's channels have all had their turn."""
PUMP: Final = Window(PUMP_SHORTEST_S, PROOF_DROP_OUT_S, timed=False)
"""A charge pump's time depends on its parts, and on the relay that it feeds."""


def window_of(hold_s: float | None, release_s: float) -> Window:
    """Return the window of a one-shot of `hold_s` and a relay that takes `release_s` at most, or a pump's."""
    if hold_s is None:
        return PUMP
    return Window((1 - TIMER_PART) * hold_s, (1 + TIMER_PART) * hold_s + release_s, timed=True)


Finding: TypeAlias = Literal["sound", "again", "short", "long", "unseen"]


class DropOut:
    """Times the drop-out, in as many tries as it takes.

    Each try begins with a last heartbeat, `late_s` after its time, so that a conversion falls where the tries
    before it had none: that makes the coarsest ticks as good as the finest.
    """

    def __init__(self, window: Window, tick_s: float) -> None:
        self.window = window
        self._tick_s = tick_s
        self.turn_s = TURN_TICKS * tick_s if window.timed else 0.0
        """When it is gone, all channels have their turn to show it."""
        self.late_s = 0.0
        self.watch: Watch = ""
        """The channel that shows it, which alone is converted until it has."""
        self._witness: Watch = ""
        self._tries = self._shorts = self._longs = 0
        self._best_held_s, self._best_gone_s = 0.0, float("inf")
        self.held_s = 0.0
        """In this try the output was last seen live so long after the last heartbeat, s ..."""
        self.gone_s: float | None = None
        """... and was dead by then, s."""
        self._looked_s = 0.0

    def begin(self, m: Measurement) -> None:
        """Begin a try; `m` shows what there is to see of a live output."""
        self._witness = "voltage" if (m.voltage_v or 0.0) > PROOF_ALIVE_V else "current"
        self.watch = self._witness if self.window.timed else ""
        self.held_s, self.gone_s = 0.0, None
        self._tries += 1

    def see(self, m: Measurement) -> None:
        """Look at a tick after the last heartbeat; whatever shows a live output says that it is not gone."""
        since_s = m.sampled_s - m.beat_s
        if m.sampled not in {"voltage", "current"} or since_s <= 0.0:
            return
        live = (m.voltage_v or 0.0) > PROOF_ALIVE_V
        if m.sampled == "current":
            live = (m.current_ma or 0.0) > PROOF_ALIVE_MA
        if live:
            self.held_s, self.gone_s = since_s, None
        elif m.sampled == self._witness and self.gone_s is None:
            self.gone_s, self.watch = since_s + PROOF_CONVERSION_S, ""
        if m.sampled == self._witness:
            self._looked_s = since_s

    def judge(self) -> Finding:
        """Say what this try has shown, with those before it."""
        window, gone_s = self.window, self.gone_s
        if gone_s is None:
            return self._again()
        if gone_s < window.shortest_s:
            self._shorts += 1
            return "short" if self._shorts >= PROOF_FINDINGS else self._again()
        if not window.timed:
            return "sound"
        if self.held_s > window.longest_s:
            self._longs += 1
            return "long" if self._longs >= PROOF_FINDINGS else self._again()
        self._best_held_s = max(self._best_held_s, self.held_s)
        self._best_gone_s = min(self._best_gone_s, gone_s)
        if self._best_held_s >= window.held_s and self._best_gone_s <= window.gone_s:
            return "sound"
        aim_s = window.longest_s + (PROOF_LOOK_S - PROOF_CONVERSION_S) / 2
        if self._best_held_s < window.held_s:
            aim_s = window.shortest_s - (PROOF_LOOK_S + PROOF_CONVERSION_S) / 2
        self.late_s = (self.late_s + self._looked_s - aim_s) % self._tick_s
        return self._again()

    def _again(self) -> Finding:
        return "again" if self._tries < PROOF_TRIES else "unseen"
