"""The trial of the current stage before the person: on the dummy load, with both output switches open.

Law: pure, and in this order: each switch is proven open by itself, then both stay open and the stage is tried
at zero, at a small current, at full code into its limiter, through the hardware trip and back from an open
circuit. What is not as it should be is refused by name, before the output closes for the first time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from controller.core.limits import (
    PROOF_ALIVE_V,
    PROOF_DEAD_MA,
    PROOF_DEAD_V,
    PROOF_DROP_OUT_S,
    PROOF_MA,
    PROOF_REST_S,
    SENSING_MA,
    TRIAL_DEAD_MA,
    TRIAL_LOW_MA,
    TRIAL_LOW_RATIO,
    TRIAL_OHM_RATIO,
    TRIAL_OPEN_MA,
    TRIAL_TICKS,
    TRIAL_WITHIN_S,
)
from controller.core.regulator import DAC_TOP_CODE
from controller.core.types import Drive, Refusal

if TYPE_CHECKING:
    from controller.core.types import Measurement, Polarity, TripOrder


class Dummy(NamedTuple):
    """A unit's dummy load: its resistance in ohm, and by how much the stage is raised while it is on.

    At full code `lowest_ma` to `highest_ma` must flow, which is what the limiter lets through. By as much as
    `ohm_ratio` it may read wrong.
    """

    ohm: float
    gain: float
    lowest_ma: float
    highest_ma: float
    ohm_ratio: float = TRIAL_OHM_RATIO


class Seen(NamedTuple):
    """What a step is judged by: currents in mA and voltage in V, as last read, and the dummy load."""

    m: Measurement
    dummy: Dummy

    @property
    def most_ma(self) -> float:
        """The higher of the two converters' readings; infinity where the control converter has none yet."""
        current_ma = self.m.current_ma
        return float("inf") if current_ma is None else max(current_ma, self.m.guard_ma or 0.0)

    @property
    def least_ma(self) -> float:
        """The lower of the two converters' readings."""
        current_ma = self.m.current_ma or 0.0
        return current_ma if self.m.guard_ma is None else min(current_ma, self.m.guard_ma)

    @property
    def ohm(self) -> float:
        """The dummy load's resistance as it reads."""
        return 1000 * (self.m.voltage_v or 0.0) / max(self.m.current_ma or 0.0, TRIAL_DEAD_MA)


Level: TypeAlias = Literal["zero", "proof", "sensing", "low", "full"]
LEVEL_MA: Final[dict[Level, float]] = {
    "proof": PROOF_MA,
    "sensing": SENSING_MA,
    "low": TRIAL_LOW_MA,
}
"""What is asked of the stage; `zero` is code 0, `full` the highest code that there is."""
Judge: TypeAlias = Callable[[Seen], bool]
Wording: TypeAlias = Callable[[Seen], tuple[Refusal, str]]


def _says(refusal: Refusal, sentence: str) -> Wording:
    return lambda _seen: (refusal, sentence)


class Step(NamedTuple):
    """One step: how the unit is driven, what must then be seen for some ticks, and what it means if not.

    It lasts `least_s` at least, and with `moves` the time of a relay more.
    """

    sees: Judge
    otherwise: Wording
    series: bool = False
    beat: bool = False
    dummy: bool = False
    level: Level = "zero"
    trip: TripOrder = "follow"
    least_s: float = 0.0
    moves: bool = False
    ticks: int = TRIAL_TICKS


# --- what is seen ------------------------------------------------------------------------------


def _dead(seen: Seen) -> bool:
    m = seen.m
    dead = m.voltage_v is not None and m.voltage_v < PROOF_DEAD_V
    return dead and (m.current_ma or 0.0) < PROOF_DEAD_MA and seen.most_ma < TRIAL_OPEN_MA


def _nothing(seen: Seen) -> bool:
    return seen.most_ma < TRIAL_DEAD_MA and not seen.m.tripped


def _near(seen: Seen, asked_ma: float) -> bool:
    """Tell whether both converters read what is asked for."""
    return max(seen.most_ma - asked_ma, asked_ma - seen.least_ma) <= TRIAL_LOW_RATIO * asked_ma


def _low(seen: Seen) -> bool:
    asked_ma = seen.dummy.gain * TRIAL_LOW_MA
    return _near(seen, asked_ma) and abs(seen.ohm - seen.dummy.ohm) <= seen.dummy.ohm_ratio * seen.dummy.ohm


def _limited(seen: Seen) -> bool:
    return seen.dummy.lowest_ma <= seen.least_ma and seen.most_ma <= seen.dummy.highest_ma


def _caught(seen: Seen) -> bool:
    m = seen.m
    return bool(m.tripped) and m.guard_ma is not None and m.guard_ma < TRIAL_DEAD_MA


def _armed(seen: Seen) -> bool:
    return not seen.m.tripped


def _recovered(seen: Seen) -> bool:
    return not seen.m.tripped and seen.least_ma > SENSING_MA / 2


# --- what it means if not ----------------------------------------------------------------------


def _stage_gives(seen: Seen) -> tuple[Refusal, str]:
    if seen.m.tripped:
        return Refusal.STAGE_WRONG, (
            "the hardware trip opened with the dummy load on and the DAC at code 0: the stage is latched, "
            "the DAC is stuck, or the wire from the guard converter's ALERT is broken; have the unit serviced"
        )
    return Refusal.STAGE_WRONG, (
        f"the current stage gives {seen.most_ma:.2f} mA into the dummy load at code 0: it is latched, or the "
        "DAC is stuck; have the unit serviced"
    )


def _not_low(seen: Seen) -> tuple[Refusal, str]:
    if seen.m.tripped:
        return Refusal.STAGE_WRONG, (
            "the hardware trip opened with the dummy load on at a small code: the stage gives too much, the "
            "DAC is stuck, or the wire from the guard converter's ALERT is broken; have the unit serviced"
        )
    asked_ma, least_ma, most_ma = seen.dummy.gain * TRIAL_LOW_MA, seen.least_ma, seen.most_ma
    if most_ma >= TRIAL_LOW_MA / 2:
        if not _near(seen, asked_ma):
            return Refusal.STAGE_WRONG, (
                f"the current stage gives {least_ma:.2f} to {most_ma:.2f} mA into the dummy load where "
                f"{asked_ma:.2f} mA are asked for: the stage, the DAC or a converter is wrong; have the unit "
                "serviced"
            )
        return Refusal.DUMMY_WRONG, (
            f"the dummy load reads {seen.ohm:.0f} ohm where {seen.dummy.ohm:.0f} ohm are built in: it, or "
            "the divider of the voltage, is wrong; have the unit serviced"
        )
    if (seen.m.voltage_v or 0.0) > PROOF_ALIVE_V:
        return Refusal.DUMMY_WRONG, (
            f"nothing flows through the dummy load though the output stands at {seen.m.voltage_v:.1f} V: the "
            "dummy load is open; have the unit serviced"
        )
    return Refusal.OUTPUT_DEAD, (
        "the current stage gives nothing into the dummy load: the stage or the DAC is dead, or the dummy "
        "load's relay does not close; have the unit serviced"
    )


def _not_limited(seen: Seen) -> tuple[Refusal, str]:
    if seen.m.tripped:
        return Refusal.STAGE_WRONG, (
            "the hardware trip opened with the dummy load on at full code: more flows than the limiter may "
            "let through, or the wire from the guard converter's ALERT is broken; have the unit serviced"
        )
    return Refusal.STAGE_WRONG, (
        f"at full code {seen.least_ma:.2f} to {seen.most_ma:.2f} mA flow into the dummy load where the "
        f"limiter has to hold {seen.dummy.lowest_ma:.2f} to {seen.dummy.highest_ma:.2f} mA: the limiter or "
        "the stage is wrong; have the unit serviced"
    )


def _not_recovered(seen: Seen) -> tuple[Refusal, str]:
    if seen.m.tripped:
        return Refusal.STAGE_WRONG, (
            "the hardware trip opened when the dummy load was put on: the current stage winds up while its "
            "circuit is open, or the wire from the guard converter's ALERT is broken; have the unit serviced"
        )
    return Refusal.DUMMY_WRONG, (
        "nothing flows when the dummy load is put on again: its relay does not close; have the unit serviced"
    )


def _not_armed(seen: Seen) -> tuple[Refusal, str]:
    if (seen.m.voltage_v or 0.0) > PROOF_ALIVE_V:
        return Refusal.STAGE_WRONG, (
            f"the output stands at {seen.m.voltage_v:.1f} V at code 0 after the hardware trip has cut: the "
            "stage is latched, or the DAC is stuck; have the unit serviced"
        )
    return Refusal.TRIP_HANGS, (
        "the hardware trip can't be armed after it has cut: its latch hangs, or the wire from the guard "
        "converter's ALERT is broken; have the unit serviced"
    )


_WELDED: Final = _says(
    Refusal.RELAY_WELDED,
    "current flows with both output relays open: they are welded, or the dummy load's relay hangs; have them "
    "replaced",
)
_SERIES: Final = _says(
    Refusal.RELAY_WELDED,
    "the output is live with the series relay open: that relay is welded; have it replaced",
)
_ENABLE: Final = _says(
    Refusal.ENABLE_HANGS,
    "the output stays live without a heartbeat: the enable relay, or what feeds it, does not let go; have "
    "the unit serviced",
)
_LOAD_HANGS: Final = _says(
    Refusal.DUMMY_WRONG,
    "current flows with the dummy load off: its relay does not let go; have it replaced",
)
_TRIP_DEAD: Final = _says(
    Refusal.TRIP_DEAD,
    "the current through the dummy load stays above the hardware trip's threshold: its switch conducts, its "
    "latch hangs, or the guard converter's comparator does nothing; have the unit serviced",
)

SWITCHES: Final = (
    Step(_dead, _WELDED, level="proof"),
    Step(_dead, _SERIES, beat=True, level="proof", least_s=PROOF_REST_S, moves=True),
    Step(_dead, _WELDED, level="proof", least_s=PROOF_DROP_OUT_S, moves=True),
    Step(_dead, _ENABLE, series=True, level="proof", least_s=PROOF_REST_S, moves=True),
    Step(_dead, _WELDED, level="proof", least_s=PROOF_REST_S),
)
"""Both open, series open alone, both for as long as a heartbeat may hold, enable open alone, both open."""
STAGE: Final = (
    Step(_nothing, _stage_gives, dummy=True, least_s=PROOF_REST_S, moves=True),
    Step(_low, _not_low, dummy=True, level="low"),
    Step(_limited, _not_limited, dummy=True, level="full"),
)
"""Zero, a small current, full code."""
_REARM: Final = Step(_armed, _not_armed, dummy=True, trip="rearm", ticks=2)
TRIPPED: Final = (
    Step(_caught, _TRIP_DEAD, dummy=True, level="full", trip="catch", ticks=2),
    _REARM,
)
RELEASED: Final = (Step(_dead, _LOAD_HANGS, level="proof", least_s=PROOF_REST_S, moves=True),)
"""The dummy load off: the stage stands at an open circuit."""
RECOVERY: Final = (
    Step(_recovered, _not_recovered, dummy=True, level="sensing", trip="once", moves=True),
    RELEASED[0],
)


class Trial:
    """Walks through the steps.

    `code_of` turns mA into a DAC code, `operate_s` is the longest that a relay takes, `trip` says that the
    unit has a hardware trip.
    """

    def __init__(
        self, dummy: Dummy, code_of: Callable[[float], int], *, trip: bool, operate_s: float
    ) -> None:
        self._dummy, self._operate_s = dummy, operate_s
        self._asked = {level: (ma, code_of(ma)) for level, ma in LEVEL_MA.items()}
        self._asked |= {"zero": (0.0, 0), "full": (dummy.highest_ma, DAC_TOP_CODE)}
        # The trip's threshold follows what flows, which is more by as much as the stage is raised.
        self._asked["low"] = (dummy.gain * TRIAL_LOW_MA, self._asked["low"][1])
        self._steps = SWITCHES + STAGE + (TRIPPED + RELEASED + RECOVERY if trip else RELEASED)
        self._at = self._ticks = 0
        self._flipped = self._again = False
        self._since_s: float | None = None
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
        step, seen = self._steps[self._at], Seen(m, self._dummy)
        least_s = step.least_s + (self._operate_s if step.moves else 0.0)
        elapsed_s = now_s - self._since_s
        self._ticks = self._ticks + 1 if step.sees(seen) else 0
        self._flipped = self._flipped or m.dac_doubted
        if m.tripped and self._flipped and step.trip == "once" and not self._again:
            # One conversion is enough there, so that a code with a flipped bit trips before it is put right.
            self._again, self._at = True, self._steps.index(_REARM)
            self._since_s, self._ticks = now_s, 0
        elif self._ticks >= step.ticks and elapsed_s >= least_s:
            self._at += 1
            self._since_s, self._ticks, self._flipped = now_s, 0, False
        elif elapsed_s >= least_s + TRIAL_WITHIN_S and not self._ticks:
            self.refusal, self.failed = step.otherwise(seen)
        return self._drive(self._steps[min(self._at, len(self._steps) - 1)], polarity)

    def _drive(self, step: Step, polarity: Polarity) -> Drive:
        setpoint_ma, code = self._asked[step.level]
        return Drive(
            polarity,
            setpoint_ma,
            code,
            sensing=True,
            series=step.series,
            beat=step.beat,
            trip=step.trip,
            dummy=step.dummy,
        )
