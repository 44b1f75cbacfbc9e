"""Whether somebody closes the circuit: told by the sensing current, before anything else flows.

Law: electrodes hold a voltage of their own, with and without current, so the load is told by what it takes
for a change: nobody is treated whom two currents have not shown, nor through a few square centimetres. Pure;
one try follows the other.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from controller.core.limits import (
    CONTACT_STABLE_S,
    FALL_MA,
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
    SURELY_WHOLE,
    Headroom,
)
from controller.core.types import Measurement, Watch

ASKED_MA: Final[tuple[float, ...]] = (SENSING_MA, SLOPE_MA, FALL_MA, SENSING_MA)
"""The lower currents are looked at between two looks at the highest, so that what drifts evenly cancels. From
the second to the third it falls within one tick, so that the skin's capacity shows."""
FALLEN: Final = ASKED_MA.index(FALL_MA)
FOLLOWED: Final = 0.5
"""Less than this part of the asked change in the measured current, and it says nothing about the load."""
DEAF_LOOKS: Final = 2
"""So many looks in a row that say nothing, though current flows, and the stage does not do as it is told."""
CURRENT_TICKS: Final = 5
"""So many ticks ago at most the newest current was measured: its turn comes with every fourth."""
FLOWS: Final = 0.7
FALLEN_FLOWS: Final = 0.3
"""Less than this part of the sensing current is none. Below `SLOPE_MA` the stage's own offset (0.03 mA)
counts for more, and it is not trimmed while the fall is looked at."""


class Contact:
    """Looks for contact and asks for the sensing current that it needs next.

    `rise_ma` is the ramp in mA a tick, `tick_s` the period; `compliance_v` and `headroom` are the stage's.
    `slope_ohm` is what the load took more for more current when it was last looked at, `contact_ohm` how
    small the skin in contact is (`contact_ohm_of`), None where nothing has closed the circuit since. From
    `small_ohm` on that is a few square centimetres. `watch` is what has to be converted in this tick.
    """

    def __init__(
        self, *, rise_ma: float, tick_s: float, compliance_v: float, headroom: Headroom, small_ohm: float
    ) -> None:
        self._rise_ma = rise_ma
        self._fall_ma = STOP_MA_PER_S * tick_s
        self._compliance_v = compliance_v
        self._headroom = headroom
        self._small_ohm = small_ohm
        self.slope_ohm: float | None = None
        self.contact_ohm: float | None = None
        self.small = self.made = False
        self.watch: Watch = ""
        self._unfollowed = 0
        self._lately_ma: deque[float] = deque(maxlen=CURRENT_TICKS)
        """What was set when the newest current was measured, and since: others have their turns too."""
        self._since_s: float | None = None
        self._begin(0.0)

    def _begin(self, now_s: float) -> None:
        self._looks: list[tuple[float, float, float]] = []
        self._samples: list[tuple[float, float, float]] = []
        self._fell_s: float | None = None
        self._first_v: float | None = None
        self._from_s = now_s + CONTACT_STABLE_S - SLOPE_TAKES_S

    def step(self, now_s: float, m: Measurement, setpoint_ma: float) -> float:
        """Take what was measured at the sensing current `setpoint_ma`; return the one for this tick, mA."""
        self.watch = ""
        self._lately_ma.append(setpoint_ma)
        due_ma = min(self._lately_ma)
        if not self._flows(m, due_ma):
            self._since_s = self.slope_ohm = self.contact_ohm = None
            self.small = False
        elif due_ma >= SENSING_MA and not MIN_LOAD_OHM <= self.load_ohm(m) <= MAX_SENSING_OHM:
            self._since_s = None
        elif self._since_s is None:
            if setpoint_ma >= SENSING_MA:
                self._since_s = now_s
                self._begin(now_s)
        elif len(self._looks) < len(ASKED_MA):
            self._look(now_s, m, setpoint_ma)
        elif now_s - self._since_s >= CONTACT_STABLE_S:
            self.made = True
        return self._toward_ma(now_s, setpoint_ma)

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
        if self.small and self.contact_ohm is not None:
            return (
                f"only a small part of the skin is in contact, {self.contact_ohm:.0f} ohm by its capacity, "
                f"allowed is up to {self._small_ohm:.0f}: put the whole hand in, or the whole foot or pad "
                "on, and take tap water, not distilled"
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

    def _flows(self, m: Measurement, due_ma: float) -> bool:
        """Tell whether the current flows that is due, with voltage to spare."""
        if m.current_ma is None or m.voltage_v is None or due_ma <= 0.0:
            return False
        reach_v = self._headroom.reach_v(self._compliance_v, due_ma)
        part = FLOWS if due_ma >= SLOPE_MA else FALLEN_FLOWS
        return m.current_ma >= part * due_ma and m.voltage_v <= HIGH_VOLTAGE_RATIO * reach_v

    def _look(self, now_s: float, m: Measurement, setpoint_ma: float) -> None:
        """Take part in the look under way, once the current that it is about has come and settled."""
        if self._fell_s is not None and self._first_v is None:
            if m.sampled != "voltage" or m.sampled_s < self._fell_s:
                self._anew(now_s)  # the conversion that shows the fall came too late, or not at all
                return
            self._first_v = m.voltage_v
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
        """Work out what the load takes for more current; begin anew where that is no body, or little."""
        (first_s, first_v, first_ma), (mid_s, mid_v, mid_ma), (_, low_v, low_ma), last = self._looks
        last_s, last_v, last_ma = last
        share = (mid_s - first_s) / (last_s - first_s)
        more_ma = first_ma + (last_ma - first_ma) * share - mid_ma
        more_v = first_v + (last_v - first_v) * share - mid_v
        less_ma = mid_ma - low_ma
        if more_ma > FOLLOWED * (SENSING_MA - SLOPE_MA) and less_ma > FOLLOWED * (SLOPE_MA - FALL_MA):
            self._unfollowed = 0
            self.slope_ohm = more_v / more_ma * 1000.0
            if self.slope_ohm >= MIN_SLOPE_OHM and self._first_v is not None:
                self.contact_ohm = contact_ohm_of(
                    fell_ohm=(mid_v - self._first_v) / less_ma * 1000.0,
                    low_ohm=(mid_v - low_v) / less_ma * 1000.0,
                    high_ohm=self.slope_ohm,
                )
                whole_ohm = self._small_ohm * (SURELY_WHOLE if self.small else 1.0)
                self.small = self.contact_ohm > whole_ohm
                if not self.small:
                    return
        elif mid_ma >= FLOWS * SENSING_MA or low_ma >= FLOWS * SLOPE_MA:
            self._unfollowed += 1
        self._anew(now_s)

    def _anew(self, now_s: float) -> None:
        """Give this try up and begin the next one."""
        self._since_s = now_s
        self._begin(now_s)

    def _toward_ma(self, now_s: float, setpoint_ma: float) -> float:
        """Return the current one step nearer to what is looked at next: up by the ramp, down without one.

        The last fall is made in one tick, whose voltage is converted.
        """
        looks = len(self._looks) if self._since_s is not None else 0
        goal_ma = ASKED_MA[looks] if looks < len(ASKED_MA) else SENSING_MA
        if looks == FALLEN and self._fell_s is None:
            self._fell_s, self._from_s, self.watch = now_s, now_s + SLOPE_SETTLE_S, "voltage"
            return goal_ma
        if goal_ma < setpoint_ma:
            return max(goal_ma, setpoint_ma - self._fall_ma)
        return min(setpoint_ma + self._rise_ma, goal_ma)


def contact_ohm_of(*, fell_ohm: float, low_ohm: float, high_ohm: float) -> float:
    """Return how small the skin in contact is: the smaller, the more ohm.

    `fell_ohm` is by how much the voltage has fallen a millisecond after the current did. The skin's capacity
    holds it, ten nanofarads a square centimetre, and neither dryness nor a treatment changes that (Oh 1993).
    `low_ohm` and `high_ohm` are what the settled load takes for more of a low and of a higher current: skin
    gives way by the current's density, so that of a hand both are much the same, of a fingertip they are not.
    """
    return fell_ohm * max(1.0, low_ohm / high_ohm)
