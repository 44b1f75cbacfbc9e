"""Whether somebody closes the circuit: told by the sensing current, before anything else flows.

Law: electrodes hold a voltage of their own, with and without current, so the load is told by what it takes
for a change: nobody is treated whom two currents have not shown. Pure; one try follows the other.
"""

from __future__ import annotations

from typing import Final

from controller.core.limits import (
    CONTACT_STABLE_S,
    HIGH_VOLTAGE_RATIO,
    MAX_SENSING_OHM,
    MIN_LOAD_OHM,
    MIN_SLOPE_OHM,
    SENSING_MA,
    SLOPE_MA,
    SLOPE_SAMPLE_S,
    SLOPE_SETTLE_S,
    SLOPE_TAKES_S,
    STOP_MA_PER_S,
    Headroom,
)
from controller.core.types import Measurement

ASKED_MA: Final[tuple[float, ...]] = (SENSING_MA, SLOPE_MA, SENSING_MA)
"""The lower current is looked at between two looks at the higher one, so that what drifts evenly cancels."""
FOLLOWED: Final = 0.5
"""Less than this part of the asked change in the measured current, and it says nothing about the load."""
DEAF_LOOKS: Final = 2
"""So many looks in a row that say nothing, though current flows, and the stage does not do as it is told."""
FLOWS: Final = 0.7
"""Less than this part of the sensing current is none."""


class Contact:
    """Looks for contact and asks for the sensing current that it needs next.

    `rise_ma` is the ramp in mA a tick, `tick_s` the period; `compliance_v` and `headroom` are the stage's.
    `slope_ohm` is what the load took more for more current when it was last looked at, None where nothing
    has closed the circuit since.
    """

    def __init__(self, *, rise_ma: float, tick_s: float, compliance_v: float, headroom: Headroom) -> None:
        self._rise_ma = rise_ma
        self._fall_ma = STOP_MA_PER_S * tick_s
        self._compliance_v = compliance_v
        self._headroom = headroom
        self.slope_ohm: float | None = None
        self.made = False
        self._unfollowed = 0
        self._since_s: float | None = None
        self._begin(0.0)

    def _begin(self, now_s: float) -> None:
        self._looks: list[tuple[float, float, float]] = []
        self._samples: list[tuple[float, float, float]] = []
        self._from_s = now_s + CONTACT_STABLE_S - SLOPE_TAKES_S

    def step(self, now_s: float, m: Measurement, setpoint_ma: float) -> float:
        """Take what was measured at the sensing current `setpoint_ma`; return the one for this tick, mA."""
        if not self._flows(m, setpoint_ma):
            self._since_s = self.slope_ohm = None
        elif setpoint_ma >= SENSING_MA and not MIN_LOAD_OHM <= self.load_ohm(m) <= MAX_SENSING_OHM:
            self._since_s = None
        elif self._since_s is None:
            if setpoint_ma >= SENSING_MA:
                self._since_s = now_s
                self._begin(now_s)
        elif len(self._looks) < len(ASKED_MA):
            self._look(now_s, m, setpoint_ma)
        elif now_s - self._since_s >= CONTACT_STABLE_S:
            self.made = True
        return self._toward_ma(setpoint_ma)

    @property
    def deaf(self) -> bool:
        """Whether a current flows that does not follow what is asked for."""
        return self._unfollowed >= DEAF_LOOKS

    def touches(self, m: Measurement) -> bool:
        """Tell whether what closes the circuit is no body but water, or metal."""
        return self._slips() or self.load_ohm(m) < MIN_LOAD_OHM

    def why_not(self, m: Measurement) -> str:
        """Say what is in the way of contact, as a sentence without a full stop."""
        if self.slope_ohm is not None and self._slips():
            return (
                f"the load reads {self.slope_ohm:.0f} ohm between two currents, a body at least "
                f"{MIN_SLOPE_OHM:.0f}: the electrodes touch, or are wet by the same water"
            )
        ohm = self.load_ohm(m)
        if ohm < MIN_LOAD_OHM:
            return (
                f"the load reads {ohm:.0f} ohm, a body at least {MIN_LOAD_OHM:.0f}: "
                "the electrodes touch, or are wet by the same water"
            )
        return "the circuit stayed open; close it and press Start again"

    @staticmethod
    def load_ohm(m: Measurement) -> float:
        """Return what the sensing current meets, electrodes included; infinity while it doesn't flow."""
        if not m.current_ma or m.voltage_v is None or m.current_ma < FLOWS * SENSING_MA:
            return float("inf")
        return m.voltage_v / m.current_ma * 1000.0

    def _slips(self) -> bool:
        return self.slope_ohm is not None and self.slope_ohm < MIN_SLOPE_OHM

    def _flows(self, m: Measurement, setpoint_ma: float) -> bool:
        """Tell whether the current flows, with voltage to spare."""
        if m.current_ma is None or m.voltage_v is None or setpoint_ma <= 0.0:
            return False
        reach_v = self._headroom.reach_v(self._compliance_v, setpoint_ma)
        return m.current_ma >= FLOWS * setpoint_ma and m.voltage_v <= HIGH_VOLTAGE_RATIO * reach_v

    def _look(self, now_s: float, m: Measurement, setpoint_ma: float) -> None:
        """Take part in the look under way, once the current that it is about has come and settled."""
        if setpoint_ma != ASKED_MA[len(self._looks)]:
            self._from_s = now_s + SLOPE_SETTLE_S
        elif now_s >= self._from_s and m.voltage_v is not None and m.current_ma is not None:
            # A slower channel keeps its value: each counts for as long as it was the newest.
            self._samples.append((now_s, m.voltage_v, m.current_ma))
            if now_s - self._from_s >= SLOPE_SAMPLE_S:
                count = len(self._samples)
                time_s, volts, ma = (sum(column) / count for column in zip(*self._samples, strict=True))
                self._looks.append((time_s, volts, ma))
                self._samples.clear()
                if len(self._looks) == len(ASKED_MA):
                    self._judge(now_s)

    def _judge(self, now_s: float) -> None:
        """Work out what the load takes for more current; begin anew where that is no body."""
        (first_s, first_v, first_ma), (low_s, low_v, low_ma), (last_s, last_v, last_ma) = self._looks
        share = (low_s - first_s) / (last_s - first_s)
        more_ma = first_ma + (last_ma - first_ma) * share - low_ma
        more_v = first_v + (last_v - first_v) * share - low_v
        if more_ma > FOLLOWED * (SENSING_MA - SLOPE_MA):
            self._unfollowed = 0
            self.slope_ohm = more_v / more_ma * 1000.0
            if self.slope_ohm >= MIN_SLOPE_OHM:
                return
        elif low_ma >= FLOWS * SENSING_MA:
            self._unfollowed += 1
        self._since_s = now_s
        self._begin(now_s)

    def _toward_ma(self, setpoint_ma: float) -> float:
        """Return the current one step nearer to what is looked at next: down at once, up by the ramp."""
        looks = len(self._looks) if self._since_s is not None else 0
        goal_ma = ASKED_MA[looks] if looks < len(ASKED_MA) else SENSING_MA
        if goal_ma < setpoint_ma:
            return max(goal_ma, setpoint_ma - self._fall_ma)
        return min(setpoint_ma + self._rise_ma, goal_ma)
