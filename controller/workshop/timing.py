"""How long relays, heartbeat and the hardware trip take, and what flows at code 0: through the resistor.

Law: pure. Only the two relays, the heartbeat, the trip and the DAC at most at the sensing current are moved,
each so often that the slowest of some is seen; what is told is between two readings, never a moment that
nobody saw.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean
from typing import TYPE_CHECKING, Final, NamedTuple

from controller.core.buttons import Press
from controller.core.limits import SENSING_MA
from controller.core.types import Command, Drive, Measurement, Off, Phase, StopCause, Trip
from controller.workshop.first_power import ENOUGH_MA, RAISE_S, RAISED_MA, START_S, Seen

if TYPE_CHECKING:
    from controller.core.types import TripOrder

REPEATS: Final = 5
LONGEST_S: Final = 0.5
"""What has not happened by then does not happen."""
DWELL_S: Final = 0.15
"""Between two moves: what bounces or is fed yet is over by then."""
ZERO_WINDOWS: Final = 8
ZERO_WINDOW_S: Final = 0.1
"""Code 0 is looked at in short pieces, for a converter that reads 0 for 0.2 s is taken for frozen."""
ZERO_SETTLES_S: Final = 0.03


class Move(NamedTuple):
    """One thing that is moved while the current flows, and what it means if nothing comes of it."""

    name: str
    series: bool
    beat: bool
    flows: bool
    otherwise: str
    trip: TripOrder = "follow"


MOVES: Final = (
    Move(
        "series_opens",
        series=False,
        beat=True,
        flows=False,
        otherwise="the series relay does not open: it sticks; replace it",
    ),
    Move(
        "series_closes",
        series=True,
        beat=True,
        flows=True,
        otherwise="the series relay does not close again: look at its coil and wire",
    ),
    Move(
        "heart_stops",
        series=True,
        beat=False,
        flows=False,
        otherwise="the current flows on without a heartbeat: the enable relay sticks, or is fed by "
        "something else",
    ),
    Move(
        "heart_beats",
        series=True,
        beat=True,
        flows=True,
        otherwise="the enable relay does not close again: look at the heartbeat's wire and its coil",
    ),
)

TRIP_MOVES: Final = (
    *MOVES,
    Move(
        "trip_opens",
        series=True,
        beat=True,
        flows=False,
        otherwise="the current flows on though the hardware trip was forced: look at its switch, its latch "
        "and the wire from the guard converter's ALERT",
        trip="force",
    ),
    Move(
        "trip_closes",
        series=True,
        beat=True,
        flows=True,
        otherwise="the current does not come back after the hardware trip was armed: look at its latch and "
        "the wire that arms it",
        trip="rearm",
    ),
)
"""The same of a unit with a hardware trip."""


class Took(NamedTuple):
    """How long a move took, in ms: at least and at most, over all its repeats."""

    least_ms: float
    most_ms: float


class Timing:
    """Closes the output once Start is pressed, times its moves, looks at code 0. Stepped like a treatment.

    `zero` are the readings with the output open, `guard_zero_ma` the guard's own or None without one;
    `code_of` gives the DAC code of a current in mA; `trip` says that there is a hardware trip. `took` and
    `code_zero_ma` hold the results; `reason` says why it ended.
    """

    def __init__(
        self,
        zero: Seen,
        guard_zero_ma: float | None,
        code_of: Callable[[float], int],
        tick_s: float,
        *,
        trip: bool = False,
    ) -> None:
        self.phase = Phase.READY
        self.asked_by = StopCause.BUTTON
        self.reason: str | None = None
        self.trip: Trip | None = None
        self.awaits = ""
        self._start = Press()
        self.code_zero_ma: float | None = None
        self._zero_ma, self._guard_zero_ma = zero.current_ma, guard_zero_ma
        self._code_of = code_of
        # A reading tells of up to a tick ago: of one conversion; of two where channels take turns.
        self._behind_s = tick_s if guard_zero_ma is not None else 2 * tick_s
        self._began_s: float | None = None
        self._raised_ma = self._setpoint_ma = 0.0
        self._half_ma = 0.0
        self._at, self._since_s = -1, 0.0  # -1: the current is raised; then the moves, then code 0
        self._from_s = self._unseen_s = self._last_s = 0.0
        self._seen_s: float | None = None
        self._moves = TRIP_MOVES if trip else MOVES
        self._tripped = False
        self._times: dict[str, list[tuple[float, float]]] = {move.name: [] for move in self._moves}
        self._at_zero: list[float] = []
        self._ticks = 0

    @property
    def finished(self) -> bool:
        """True when nothing follows any more."""
        return self.phase in (Phase.DONE, Phase.REFUSED, Phase.TRIPPED, Phase.STOPPED)

    @property
    def took(self) -> dict[str, Took]:
        """Return the times by move."""
        return {
            name: Took(1000.0 * min(pair[0] for pair in pairs), 1000.0 * max(pair[1] for pair in pairs))
            for name, pairs in self._times.items()
            if pairs
        }

    def record_trip(self, trip: Trip) -> None:
        """Latch a trip: the guard has cut the current."""
        if not self.finished:
            self.trip, self.phase = trip, Phase.TRIPPED
            self.reason = f"the guard cut the current: {trip.evidence}"

    def cut(self, reason: str) -> None:
        """Switch off at once: a resistor feels no shock."""
        if not self.finished:
            self.reason, self.phase = reason, Phase.STOPPED

    def step(self, now_s: float, m: Measurement) -> Command:
        """Give the command of this tick."""
        self._ticks += 1
        self._tripped = bool(m.tripped)
        if self._began_s is None:
            self._began_s = now_s
        if self.phase is Phase.READY:
            self._ready(now_s, m)
            return Off()
        if m.buttons.stop:
            self.cut("Stop was pressed")
        if not self.finished:
            current_ma = self._above(m)
            if self._at < 0:
                self._raise(now_s, current_ma)
            elif self._at < REPEATS * len(self._moves):
                self._move(now_s, current_ma)
            else:
                self._look_at_zero(now_s, current_ma)
        self._last_s = now_s
        return Off() if self.finished else self._drive(now_s)

    def _ready(self, now_s: float, m: Measurement) -> None:
        if m.buttons.stop:  # still, after first power
            self.awaits = ""
        elif self._start.see(m.buttons.start) and self.awaits:
            self.phase, self.awaits, self._since_s = Phase.PROOF, "", now_s
        else:
            self.awaits = "start"
        if self.phase is Phase.READY and now_s - (self._began_s or 0.0) > START_S:
            what = "Start was not pressed" if self.awaits else "Stop was not let go"
            self._refuse(f"{what} within {START_S:.0f} s")

    def _drive(self, now_s: float) -> Drive:
        self._setpoint_ma = min(self._setpoint_ma + 0.05, SENSING_MA)
        move = (
            self._moves[self._at % len(self._moves)]
            if 0 <= self._at < REPEATS * len(self._moves)
            else MOVES[-1]
        )
        if move.trip == "rearm" and self._tripped:  # with the DAC at zero
            self._setpoint_ma = 0.0
            return Drive("forward", 0.0, 0, sensing=True, series=True, trip="rearm")
        pilot = self._ticks // 7 % 2  # so that a living converter never repeats itself for long
        code = self._code_of(self._raised_ma) + pilot
        if self._at >= REPEATS * len(self._moves) and self._zero_now(now_s):
            code = 0
        return Drive(
            "forward",
            self._setpoint_ma,
            code,
            sensing=True,
            series=move.series,
            beat=move.beat,
            trip="force" if move.trip == "force" else "follow",
        )

    def _raise(self, now_s: float, current_ma: float | None) -> None:
        """Raise the current, and go on a while after enough of it flows."""
        elapsed_s = now_s - self._since_s
        if self._half_ma:
            if elapsed_s >= DWELL_S:
                self._begin(now_s, 0)
        elif current_ma is not None and current_ma >= ENOUGH_MA:
            self._half_ma, self._since_s = current_ma / 2.0, now_s
        elif elapsed_s > LONGEST_S + RAISE_S:
            self._refuse("no current flows with both relays closed: take first power again, with back")
        else:
            self._raised_ma = min(elapsed_s / RAISE_S, 1.0) * RAISED_MA

    def _begin(self, now_s: float, at: int) -> None:
        """Begin a move with this tick's command; the last heartbeat was in the tick before."""
        self._at, self._since_s, self._seen_s = at, now_s, None
        stops = at < REPEATS * len(self._moves) and not self._moves[at % len(self._moves)].beat
        self._from_s = self._last_s if stops else now_s
        self._unseen_s = now_s

    def _move(self, now_s: float, current_ma: float | None) -> None:
        move = self._moves[self._at % len(self._moves)]
        if self._seen_s is None:
            if current_ma is None:
                return
            if (current_ma > self._half_ma) == move.flows:
                self._seen_s = now_s
                least_s = max(self._unseen_s - self._from_s - self._behind_s, 0.0)
                self._times[move.name].append((least_s, now_s - self._from_s))
            elif now_s - self._since_s > LONGEST_S:
                self._refuse(move.otherwise)
            else:
                self._unseen_s = now_s
        elif now_s - self._seen_s >= DWELL_S:
            self._begin(now_s, self._at + 1)

    def _zero_now(self, now_s: float) -> bool:
        """Tell whether this piece of the time is one at code 0: every other one is."""
        return int((now_s - self._since_s) / ZERO_WINDOW_S) % 2 == 0

    def _look_at_zero(self, now_s: float, current_ma: float | None) -> None:
        within_s = (now_s - self._since_s) % ZERO_WINDOW_S
        if self._zero_now(now_s) and within_s >= ZERO_SETTLES_S and current_ma is not None:
            self._at_zero.append(current_ma)
        if now_s - self._since_s >= 2 * ZERO_WINDOWS * ZERO_WINDOW_S:
            self.code_zero_ma, self.phase = fmean(self._at_zero), Phase.DONE

    def _above(self, m: Measurement) -> float | None:
        """Give the current above zero in mA: the guard's, which is read in every tick, else the control's."""
        if self._guard_zero_ma is not None:
            return None if m.guard_ma is None else m.guard_ma - self._guard_zero_ma
        return None if m.sampled != "current" or m.current_ma is None else m.current_ma - self._zero_ma

    def _refuse(self, reason: str) -> None:
        self.reason, self.phase = reason, Phase.REFUSED
