"""How much current the load may be asked for: less where the voltage ends, little where a hand leaves.

Law: a fold-back falls at once and rises only at the ramp. A load that dries or fidgets is followed; one whose
resistance runs away is a hand sliding out of the water, and the current goes before the contact does.
"""

from __future__ import annotations

from controller.core.limits import (
    FOLD_BACK_ABOVE_MA,
    FOLD_BACK_HEADROOM_V,
    FOLD_BACK_MA_PER_S,
    FOLD_BACK_RELEASE_V,
    FOLD_BACK_SETTLED_S,
    MAX_STEP_MA,
    MIN_LOAD_OHM,
    SENSING_MA,
    SKIN_SHARE,
    SKIN_V,
    WITHDRAWAL_FALL_S,
    WITHDRAWAL_FROM_MA,
    WITHDRAWAL_HITS,
    WITHDRAWAL_LEAST_V,
    WITHDRAWAL_PER_S,
    WITHDRAWAL_REST_S,
    WITHDRAWAL_WINDOW_S,
    Headroom,
)
from controller.core.types import ShortBecause


class FoldBack:
    """Follows the output voltage and holds `allowed_ma`, 0 to `target_ma`.

    `rise_ma` is the ramp in mA a tick, `tick_s` the period, `compliance_v` the highest voltage of the stage,
    `headroom` what it keeps of its rail besides.
    `heed_withdrawal` False leaves the recognition of a leaving hand away, to measure what it is worth.
    """

    def __init__(
        self,
        *,
        target_ma: float,
        compliance_v: float,
        rise_ma: float,
        tick_s: float,
        heed_withdrawal: bool = True,
        headroom: Headroom = Headroom(),  # noqa: B008  # a value, never changed
    ) -> None:
        self._target_ma = target_ma
        self._compliance_v = compliance_v
        self._headroom = headroom
        self._rise_ma = rise_ma
        self._tick_s = tick_s
        self._heed = heed_withdrawal
        self.ever = False
        self.reset()

    def reset(self) -> None:
        """Forget the load: the output was open."""
        self.allowed_ma = self._target_ma
        self.held: ShortBecause | None = None
        """What lowered the current last, until all of it is allowed again."""
        self._limited_since_s: float | None = None
        self._withdrawn_since_s: float | None = None
        self._fall_ma = 0.0
        self._ends = False
        self._hits = 0
        self._seen: list[tuple[float, float, float]] = []

    @property
    def withdrawn(self) -> bool:
        """Whether a hand was seen to leave, and the current has not been given back yet."""
        return self._withdrawn_since_s is not None

    def settled(self, now_s: float) -> bool:
        """Whether the voltage has limited the current for so long that there is no more to come."""
        since_s = self._limited_since_s
        return since_s is not None and now_s - since_s >= FOLD_BACK_SETTLED_S

    def allow(self, now_s: float) -> float:
        """Return the current (mA) that may be asked for in this tick, session time `now_s` in s."""
        since_s = self._withdrawn_since_s
        if since_s is not None:
            if self.allowed_ma > SENSING_MA:
                self.allowed_ma = max(SENSING_MA, self.allowed_ma - self._fall_ma)
            elif now_s - since_s >= WITHDRAWAL_REST_S:
                self._withdrawn_since_s = None
        return self.allowed_ma

    def see(self, now_s: float, voltage_v: float, setpoint_ma: float) -> None:
        """Take a new reading of the output voltage (V) at the setpoint (mA) that it belongs to."""
        if self._heed and self._leaves(now_s, voltage_v, setpoint_ma):
            self.ever = True
            self.held = ShortBecause.CONTACT
            self._withdrawn_since_s = now_s
            self.allowed_ma = min(self.allowed_ma, setpoint_ma)
            self._fall_ma = setpoint_ma * self._tick_s / WITHDRAWAL_FALL_S
        reach_v = self._headroom.reach_v(self._compliance_v, setpoint_ma)
        self._ends = voltage_v > reach_v - FOLD_BACK_HEADROOM_V
        if self._ends:
            self.ever = True
            if self._limited_since_s is None:
                self._limited_since_s = now_s
            if self._withdrawn_since_s is None:
                self.held = ShortBecause.VOLTAGE
            step_ma = FOLD_BACK_MA_PER_S * 2 * self._tick_s  # the voltage is read every second tick
            self.allowed_ma = max(0.0, min(self.allowed_ma, setpoint_ma) - step_ma)
        elif voltage_v < reach_v - FOLD_BACK_RELEASE_V:
            self._limited_since_s = None
            if self._withdrawn_since_s is None:
                self.allowed_ma = min(self._target_ma, self.allowed_ma + 2 * self._rise_ma)
                if self.allowed_ma == self._target_ma:
                    self.held = None

    def follow(self, flows_ma: float, setpoint_ma: float) -> None:
        """Take what flows (mA) where the voltage ends: a load that gives way again must find no more to take.

        What is asked for beyond it would come in one step.
        """
        if self._ends and flows_ma < setpoint_ma - MAX_STEP_MA:
            self.allowed_ma = min(self.allowed_ma, max(0.0, flows_ma) + FOLD_BACK_ABOVE_MA)

    def _leaves(self, now_s: float, voltage_v: float, setpoint_ma: float) -> bool:
        """Tell whether the ohmic part of the load grows faster than anything that stays in the water."""
        seen = self._seen
        seen.append((now_s, voltage_v, setpoint_ma))
        while now_s - seen[0][0] > WITHDRAWAL_WINDOW_S:
            del seen[0]
        since_s, before_v, before_ma = seen[0]
        # Below a body's there is no hand to leave: what grows there is the converter's noise.
        least_v = MIN_LOAD_OHM / 1000 * setpoint_ma
        ohmic_v = max(voltage_v - SKIN_V, SKIN_SHARE * voltage_v, least_v)
        passed_s = now_s - since_s
        if setpoint_ma <= WITHDRAWAL_FROM_MA or voltage_v <= 0.0 or passed_s < WITHDRAWAL_WINDOW_S / 2:
            self._hits = 0
            return False
        risen_ma = setpoint_ma - before_ma
        # What the current's own change explains, reckoned so that a ramp never looks like a hand.
        by_current_v = (voltage_v if risen_ma > 0.0 else ohmic_v) / setpoint_ma * risen_ma
        grown_v = voltage_v - before_v - by_current_v
        leaves = grown_v > WITHDRAWAL_LEAST_V and grown_v / ohmic_v / passed_s > WITHDRAWAL_PER_S
        self._hits = self._hits + 1 if leaves else 0
        return self._hits >= WITHDRAWAL_HITS and self._withdrawn_since_s is None
