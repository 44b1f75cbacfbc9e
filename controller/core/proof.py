"""The power-up test of the protections: they are exercised, not believed.

Law: a fault that nothing detects must be assumed present (IEC 60601-1), so at every start the heartbeat is
starved on purpose and each relay opened alone, with a current that nobody can feel; what does not open is
refused by name. How long the output outlives the heartbeat is timed, for that is what the computer's clock is
held to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from controller.core.drop_out import DropOut, Finding
from controller.core.limits import (
    PROOF_ALIVE_MA,
    PROOF_ALIVE_V,
    PROOF_DEAD_MA,
    PROOF_DEAD_V,
    PROOF_DROP_OUT_S,
    PROOF_MA,
    PROOF_PULL_IN_S,
    PROOF_REST_S,
    PROOF_TRIP_S,
)
from controller.core.types import Drive, Refusal

if TYPE_CHECKING:
    from controller.core.types import Measurement, Polarity, TripOrder


class Step(NamedTuple):
    """One step: how the output is driven, what must then be seen, by when (s), and what it means if not.

    `alive` None asks for nothing of the output, only for the latch of the hardware trip. `timed` marks the
    step whose time is judged, where the unit's is known.
    """

    series: bool
    beat: bool
    alive: bool | None
    within_s: float
    refusal: Refusal
    otherwise: str
    trip: TripOrder = "follow"
    timed: bool = False


STEPS: Final[tuple[Step, ...]] = (
    Step(
        series=False,
        beat=True,
        alive=False,
        within_s=PROOF_REST_S,
        refusal=Refusal.RELAY_WELDED,
        otherwise="the output is live with the series relay open: that relay is welded; have it replaced",
    ),
    Step(
        series=True,
        beat=True,
        alive=True,
        within_s=PROOF_PULL_IN_S,
        refusal=Refusal.OUTPUT_DEAD,
        otherwise="the output stays dead with both relays closed: a relay does not close, Stop's contact or "
        "its wire is open, the current stage is dead, or the computer's clock is far too slow; have the unit "
        "serviced",
    ),
    Step(
        series=True,
        beat=False,
        alive=False,
        within_s=PROOF_DROP_OUT_S,
        refusal=Refusal.ENABLE_HANGS,
        otherwise="the output stays live without a heartbeat: the enable relay, or what feeds it, does not "
        "let go; have the unit serviced",
        timed=True,
    ),
    Step(
        series=True,
        beat=True,
        alive=True,
        within_s=PROOF_PULL_IN_S,
        refusal=Refusal.ENABLE_LOST,
        otherwise="the output did not come back after the heartbeat did: have the enable relay checked",
    ),
    Step(
        series=False,
        beat=True,
        alive=False,
        within_s=PROOF_REST_S,
        refusal=Refusal.SERIES_HANGS,
        otherwise="the output stays live after the series relay was opened: that relay hangs; "
        "have it replaced",
    ),
)
"""Series relay alone open, both closed, heartbeat starved, heartbeat back, series relay opened."""


ARMED: Final = Step(
    series=False,
    beat=True,
    alive=None,
    within_s=PROOF_TRIP_S,
    refusal=Refusal.TRIP_HANGS,
    otherwise="the hardware trip stays tripped: its latch hangs, or the wire from the guard converter's "
    "ALERT is broken; have the unit serviced",
    trip="rearm",
)

FORCED: Final = Step(
    series=True,
    beat=True,
    alive=False,
    within_s=PROOF_TRIP_S,
    refusal=Refusal.TRIP_DEAD,
    otherwise="the output stays live though the hardware trip was forced: its switch conducts, its latch "
    "hangs, or the guard converter's comparator does nothing; have the unit serviced",
    trip="force",
)

TRIP_STEPS: Final[tuple[Step, ...]] = (
    ARMED,
    *STEPS[:-1],
    FORCED,
    FORCED._replace(series=False),
    ARMED,
    Step(
        series=True,
        beat=True,
        alive=True,
        within_s=PROOF_PULL_IN_S,
        refusal=Refusal.TRIP_HANGS,
        otherwise="the output did not come back after the hardware trip was armed again: its switch stays "
        "open; have the unit serviced",
    ),
    STEPS[-1],
)
"""The same with a hardware trip: armed first, then, with the output live, forced, and armed again.

It is armed with the series relay open: a stage that ran away meanwhile would give a pulse at each try."""


class Proof:
    """Walks through `STEPS`, or `TRIP_STEPS`; `code` is the DAC code of `PROOF_MA`.

    Where that is not known for sure, the first step in which the output must be live begins at `from_code`,
    and raises it by `rise_codes` a tick until it is. `found` is then the code and what it gives, mA.
    """

    def __init__(
        self,
        code: int,
        *,
        trip: bool = False,
        from_code: int | None = None,
        rise_codes: float = 0.0,
        drop_out: DropOut | None = None,
    ) -> None:
        self._top = code
        self._code = float(code if from_code is None else from_code)
        self._rise_codes = rise_codes
        self.found: tuple[int, float] | None = None
        self._steps = TRIP_STEPS if trip else STEPS
        self._at = 0
        self._since_s: float | None = None
        self._seen_since_s: float | None = None
        self._drop_out = drop_out
        self._last_beat = False
        self._timing = drop_out is not None
        self.failed: str | None = None
        self.refusal: Refusal | None = None

    @property
    def done(self) -> bool:
        """Whether every step was seen."""
        return self._at >= len(self._steps)

    def step(self, now_s: float, m: Measurement, polarity: Polarity) -> Drive:
        """Return what to drive in this tick; look at `done` and `failed` first."""
        if self._since_s is None:
            self._since_s = now_s
        step = self._steps[self._at]
        if self._last_beat:  # made at the end of the tick before: the heart is silent from now on
            self._last_beat, self._since_s = False, now_s
        elif step.timed and self._drop_out is not None:
            self._drop_out.see(m)
        if self._sees(m, step):
            if self._seen_since_s is None:
                self._seen_since_s = now_s
        else:
            self._seen_since_s = None
        passed = self._seen_since_s is not None and now_s - self._seen_since_s >= PROOF_REST_S / 2
        if step.alive and self.found is None:
            self._look_for_code(now_s, m, passed=passed)
        if passed:
            self._pass(step, m)
            self._since_s, self._seen_since_s = now_s, None
        elif now_s - self._since_s > step.within_s + PROOF_REST_S + self._turn_s(step):
            self.failed, self.refusal = step.otherwise, step.refusal
        return self._drive(polarity)

    def _pass(self, step: Step, m: Measurement) -> None:
        """Go on to the next step, or once more to the one that is timed, after the heart has beaten again."""
        drop_out = self._drop_out
        if step.timed and drop_out is not None:
            finding = drop_out.judge()
            self._timing = finding == "again"
            if finding not in {"again", "sound"}:
                self.failed, self.refusal = _wrong(drop_out, finding), Refusal.DROP_OUT_WRONG
        timed_before = self._at > 0 and self._steps[self._at - 1].timed
        self._at += -1 if timed_before and self._timing else 1
        if drop_out is not None and not self.done and self._steps[self._at].timed:
            drop_out.begin(m)
            self._last_beat = drop_out.window.timed

    def _turn_s(self, step: Step) -> float:
        """Return how much longer the step that is timed may take: all channels have their turn after it."""
        return self._drop_out.turn_s if step.timed and self._drop_out is not None else 0.0

    def _drive(self, polarity: Polarity) -> Drive:
        step = self._steps[min(self._at, len(self._steps) - 1)]
        if step.trip == "rearm":  # with the DAC at zero
            return Drive(polarity, 0.0, 0, sensing=True, series=step.series, beat=step.beat, trip="rearm")
        timed = self._drop_out if step.timed else None
        return Drive(
            polarity,
            PROOF_MA,
            round(self._code) if step.alive or self.found else self._top,
            sensing=True,
            series=step.series,
            beat=step.beat or self._last_beat,
            trip=step.trip,
            late_s=timed.late_s if timed is not None and self._last_beat else 0.0,
            watch="" if timed is None else timed.watch,
        )

    def _look_for_code(self, now_s: float, m: Measurement, *, passed: bool) -> None:
        """Raise the code until the output is seen live; the step's time begins when that is at its top."""
        if passed:
            self.found = round(self._code), max(m.current_ma or 0.0, PROOF_ALIVE_MA)
        elif self._code < self._top:
            self._code = min(self._code + self._rise_codes, self._top)
            self._since_s = now_s

    @staticmethod
    def _sees(m: Measurement, step: Step) -> bool:
        """Judge only what is known: a live output shows voltage or current, a dead one neither."""
        if m.tripped is not None and m.tripped != (step.trip == "force"):
            return False
        if step.alive is None:
            return True
        if m.voltage_v is None or m.current_ma is None:
            return False
        if step.alive:
            return m.voltage_v > PROOF_ALIVE_V or m.current_ma > PROOF_ALIVE_MA
        # The trip's switch lies in the return: what the stage gives still stands over the divider before it.
        dead = m.voltage_v < PROOF_DEAD_V or (step.trip == "force" and step.series)
        return dead and m.current_ma < PROOF_DEAD_MA


def _wrong(drop_out: DropOut, finding: Finding) -> str:
    window = drop_out.window
    gone_ms, held_ms = 1000 * (drop_out.gone_s or 0.0), 1000 * drop_out.held_s
    shortest_ms, longest_ms = 1000 * window.shortest_s, 1000 * window.longest_s
    if finding == "short" and not window.timed:
        return (
            f"the output was gone {gone_ms:.0f} ms after the last heartbeat by the computer's clock, where "
            f"at least {shortest_ms:.0f} ms are right: that clock runs slow, or the charge pump lets go too "
            "soon; switch the unit off and on, and if it happens again, have it serviced"
        )
    if finding == "short":
        return (
            f"the output was gone {gone_ms:.0f} ms after the last heartbeat by the computer's clock, where "
            f"{shortest_ms:.0f} to {longest_ms:.0f} ms are right: that clock runs slow, or the one-shot lets "
            "go too soon; switch the unit off and on, and if it happens again, have it serviced"
        )
    if finding == "long":
        return (
            f"the output was live {held_ms:.0f} ms after the last heartbeat by the computer's clock, where "
            f"{shortest_ms:.0f} to {longest_ms:.0f} ms are right: that clock runs fast, or the one-shot or "
            "the enable relay lets go too late; switch the unit off and on, and if it happens again, have it "
            "serviced"
        )
    return (
        "how long the output outlives the heartbeat could not be timed, so nothing vouches for the "
        "computer's clock: its ticks come too late, or somebody moved all the time; keep still, end other "
        "programs on the unit, and start again"
    )
