"""Stop's test: one press, held, of which both contacts are seen, before anybody may press Start.

Law: pure. What the program reads of Stop is held to what Stop does without it; one that has not done both in
its time is refused by name. The output is driven while Stop is held and no longer, at the proof current, and
closed only with the hardware trip's switch open: nothing can flow through anybody, and the voltage shows when
it goes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, TypeAlias

from controller.core.buttons import Steady
from controller.core.limits import (
    PROOF_ALIVE_V,
    PROOF_DEAD_V,
    PROOF_FINDINGS,
    PROOF_MA,
    PROOF_REST_S,
    PROOF_TRIP_S,
    READY_TIMEOUT_S,
    STOP_CLOSES_S,
    STOP_GONE_S,
    STOP_HELD_S,
    STOP_LATEST_S,
    STOP_LET_GO_S,
    STOP_LOOK_S,
    STOP_OVER_S,
    STOP_SOONEST_S,
    STOP_THERE_S,
    TRIAL_OPEN_MA,
)
from controller.core.proof import ARMED, FORCED
from controller.core.types import Drive, Off, Refusal

if TYPE_CHECKING:
    from controller.core.types import Command, Measurement, Polarity

Asks: TypeAlias = Literal["hold", "let_go", "wait"]
"""What the person is to do."""


class StopTest:
    """Walks through asking, holding and letting go; `code` is the DAC code of `PROOF_MA`.

    `trip` says that the unit has a hardware trip. Without one the output stays open, and only that the
    program reads Stop pressed and let go is tried.
    """

    def __init__(self, code: int, *, trip: bool) -> None:
        self._code, self._trip = code, trip
        self.asks: Asks = "hold"
        self.done = False
        self.failed: str | None = None
        self.refusal: Refusal | None = None
        self._stop = Steady()
        self._since_s: float | None = None
        self._there_s: float | None = None
        """When Start was pressed, for the first time since Stop was, s."""
        self._pressed_s: float | None = None
        """When the press began that is held now, s."""
        self._pressed_last_s = -math.inf
        self._gone_s: float | None = None
        """The output was dead from so long after the press on, s."""
        self._flows_since_s: float | None = None
        self._shorts = 0

    def step(self, now_s: float, m: Measurement, polarity: Polarity) -> Command:
        """Return what to drive in this tick; look at `done` and `failed` first."""
        if self._since_s is None:
            self._since_s = now_s
        held = self._stop.see(now_s, m.buttons.stop)
        if held:
            self._pressed_last_s = now_s
        if m.buttons.start and self._there_s is None:
            self._there_s = now_s
        if self._pressed_s is not None:
            return self._hold(now_s, m, polarity, held=held)
        if self.asks == "let_go":
            return self._let_go(now_s, m, polarity, held=held)
        if self.asks == "hold":
            self._ask(now_s, held=held)
        elif now_s - self._pressed_last_s >= (STOP_OVER_S if self._trip else 0.0):
            self.asks, self._since_s = "hold", now_s
        return Off(polarity)

    def _ask(self, now_s: float, *, held: bool) -> None:
        """Wait for a press; whoever presses Start meanwhile is there, and has been told to press Stop."""
        since_s = now_s if self._since_s is None else self._since_s
        if held:
            self._pressed_s, self._gone_s, self._flows_since_s = self._stop.since_s, None, None
            self._there_s = None
            return
        if self._there_s is not None and now_s - max(self._there_s, since_s) >= STOP_THERE_S:
            self._refuse(Refusal.STOP_DEAD, UNSEEN)
        elif now_s - since_s >= READY_TIMEOUT_S:
            self._refuse(Refusal.NOBODY_CAME, UNPRESSED)

    def _hold(self, now_s: float, m: Measurement, polarity: Polarity, *, held: bool) -> Command:
        since_s = now_s - (self._pressed_s or 0.0)
        if not held:
            self._end("wait", now_s)  # let go too soon: its timer runs on, and has to run out first
            return Off(polarity)
        if not self._trip:
            if since_s >= STOP_HELD_S:
                self._end("let_go", now_s)
            return Off(polarity)
        self._look(now_s, since_s, m)
        if self._pressed_s is None or self.failed is not None:
            return Off(polarity)
        return Drive(polarity, PROOF_MA, self._code, sensing=True, series=bool(m.tripped), trip="force")

    def _look(self, now_s: float, since_s: float, m: Measurement) -> None:
        """See how long the output stays; what flows though the trip's switch should be open ends it."""
        still = m.current_ma is not None and m.current_ma < TRIAL_OPEN_MA
        if m.tripped and still and (m.guard_ma is None or m.guard_ma < TRIAL_OPEN_MA):
            self._flows_since_s = None
        elif self._flows_since_s is None:
            self._flows_since_s = now_s
        elif now_s - self._flows_since_s > PROOF_TRIP_S + PROOF_REST_S:
            self._refuse(Refusal.TRIP_DEAD, FORCED.otherwise)
        if since_s < STOP_CLOSES_S:
            return
        volts = PROOF_ALIVE_V if m.voltage_v is None else m.voltage_v
        if not volts < PROOF_DEAD_V:  # nor where it can't be told
            self._gone_s = None
        elif self._gone_s is None:
            self._gone_s = since_s
        gone_s = self._gone_s
        if gone_s is not None and since_s - gone_s >= STOP_GONE_S:
            self._judge(now_s, gone_s)
        elif since_s > STOP_LATEST_S + STOP_LOOK_S + (0.0 if gone_s is None else STOP_GONE_S):
            self._refuse(
                Refusal.STOP_DELAY_WRONG,
                f"the output is still live {since_s:.1f} s after Stop was pressed, where its second contact "
                f"takes it away after {STOP_SOONEST_S:.0f} to {STOP_LATEST_S:.0f} s without the program: "
                "that contact, its wire or its timer is dead; have the unit serviced",
            )

    def _judge(self, now_s: float, gone_s: float) -> None:
        """Judge an output that has gone, and stays so while Stop is held."""
        if gone_s >= STOP_SOONEST_S - STOP_LOOK_S:
            self._end("let_go", now_s)
            return
        self._shorts += 1
        if self._shorts < PROOF_FINDINGS:  # its timer may have run from an earlier press on
            self._end("wait", now_s)
            return
        self._refuse(
            Refusal.STOP_DELAY_WRONG,
            f"the output was gone {gone_s:.1f} s after Stop was pressed, where its second contact takes it "
            f"away after {STOP_SOONEST_S:.0f} to {STOP_LATEST_S:.0f} s: that contact's timer is wrong, or a "
            "relay of the output does not close; have the unit serviced",
        )

    def _let_go(self, now_s: float, m: Measurement, polarity: Polarity, *, held: bool) -> Command:
        """Wait until Stop reads as let go; then arm the trip again, with the output open."""
        since_s = now_s - (self._since_s or 0.0)
        if held:
            if since_s >= STOP_LET_GO_S:
                self._refuse(Refusal.STOP_STUCK, STUCK)
            return Off(polarity)
        if not m.tripped:
            self.done = True
        elif now_s - self._pressed_last_s > PROOF_TRIP_S + PROOF_REST_S:
            self._refuse(Refusal.TRIP_HANGS, ARMED.otherwise)
        else:
            return Drive(polarity, 0.0, 0, sensing=True, series=False, trip="rearm")
        return Off(polarity)

    def _end(self, asks: Asks, now_s: float) -> None:
        self.asks, self._since_s, self._pressed_s = asks, now_s, None

    def _refuse(self, refusal: Refusal, sentence: str) -> None:
        self.refusal, self.failed = refusal, sentence


UNPRESSED = (
    f"Stop was not pressed within {READY_TIMEOUT_S:.0f} s: press it on the unit and hold it until the light "
    "changes; if it was, have it mended"
)
UNSEEN = (
    "Start was pressed and Stop was not seen: press Stop on the unit and hold it until the light changes; if "
    "it was, its contact or its wire to the computer is dead, and the unit has to be serviced"
)
STUCK = f"Stop still reads as pressed after {STOP_LET_GO_S:.0f} s: let go of it, or its contact hangs"
