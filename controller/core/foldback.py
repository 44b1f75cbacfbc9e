"""How much current the load may be asked for: less where the voltage ends, little where a hand leaves.

Law: a fold-back falls at once and rises only at the ramp. Where the voltage ends no more is asked for than
flows, so that a load that gives way again finds no more to take. A load that dries or fidgets is followed;
one whose resistance runs away is a hand sliding out of the water, and the current goes before contact does.
"""

from __future__ import annotations

import math

from controller.core.limits import (
    FOLD_BACK_AHEAD_V,
    FOLD_BACK_HEADROOM_V,
    FOLD_BACK_RELEASE_V,
    FOLD_BACK_SETTLED_S,
    LACKS_FADES_MA_PER_S,
    LACKS_FROM_RATIO,
    LACKS_MA,
    LACKS_SWING_MA,
    LACKS_USUAL_S,
    MIN_LOAD_OHM,
    SENSING_MA,
    SKIN_SHARE,
    SKIN_V,
    WITHDRAWAL_BEFORE_S,
    WITHDRAWAL_FALL_S,
    WITHDRAWAL_FROM_MA,
    WITHDRAWAL_HITS,
    WITHDRAWAL_PER_S,
    WITHDRAWAL_REST_S,
    WITHDRAWAL_WINDOW_S,
    Headroom,
)
from controller.core.types import ShortBecause


class FoldBack:
    """Follows output voltage, current and supply, and holds `allowed_ma`, 0 to `target_ma`.

    `rise_ma` is the ramp in mA a tick, `tick_s` the period, `compliance_v` the highest voltage of the stage
    with its supply at `supply_v`, `headroom` what it keeps of that besides.
    `heed_withdrawal` False leaves the recognition of a leaving hand away, to measure what it is worth.
    """

    def __init__(
        self,
        *,
        target_ma: float,
        compliance_v: float,
        supply_v: float,
        rise_ma: float,
        tick_s: float,
        heed_withdrawal: bool = True,
        headroom: Headroom = Headroom(),  # noqa: B008  # a value, never changed
    ) -> None:
        self._target_ma = target_ma
        self._compliance_v = compliance_v
        self._headroom = headroom
        self._supply_v = supply_v
        self._sag_v = 0.0
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
        self._hits = 0
        self._seen: list[tuple[float, float, float]] = []
        self._body = -math.inf, 0.0
        """When a body was last seen between the electrodes, s, and what it took, V per mA."""
        self._looked: tuple[float, float, float] | None = None
        self.lacks = False
        """Whether less flows than usual of what is set, for want of voltage: the stage is not wrong."""
        self._lacks_since_s: float | None = None
        self._usual_ma: float | None = None
        self._swing_ma = self._followed_s = 0.0

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
        before_s, before_v, before_ma = self._looked or (now_s, voltage_v, setpoint_ma)
        self._looked = now_s, voltage_v, setpoint_ma
        ramp_ma = self._rise_ma * (now_s - before_s) / self._tick_s
        left_v = self.reach_v(setpoint_ma) - voltage_v
        if left_v < FOLD_BACK_HEADROOM_V:
            if self._limited_since_s is None:
                self._limited_since_s = now_s
            if self._withdrawn_since_s is None:  # a hand that leaves takes the current with it anyway
                # What has grown since the last look will have grown as much again by the next.
                own_v = SKIN_SHARE * voltage_v * (setpoint_ma - before_ma) / max(setpoint_ma, SENSING_MA)
                grown_v = min(max(0.0, voltage_v - before_v - own_v), FOLD_BACK_AHEAD_V)
                over_v = min(FOLD_BACK_HEADROOM_V - left_v, FOLD_BACK_HEADROOM_V) + grown_v
                fall_ma = setpoint_ma * over_v / max(SKIN_SHARE * voltage_v, over_v)
                self._fold(min(self.allowed_ma, setpoint_ma) - max(fall_ma, ramp_ma), setpoint_ma)
        elif left_v > FOLD_BACK_RELEASE_V:
            self._limited_since_s = None
            if self._withdrawn_since_s is None:
                self.allowed_ma = min(self._target_ma, self.allowed_ma + ramp_ma)
                if self.allowed_ma == self._target_ma:
                    self.held = None

    def follow(self, now_s: float, flows_ma: float, setpoint_ma: float) -> None:
        """Take what flows (mA) of the setpoint (mA) that it belongs to, and ask for no more where that lacks.

        What lacks is told beside the usual, since converters differ and wires hum.
        """
        if self._usual_ma is None:
            self._usual_ma, self._followed_s = setpoint_ma - flows_ma, now_s
        passed_s, self._followed_s = now_s - self._followed_s, now_s
        more_ma = setpoint_ma - flows_ma - self._usual_ma
        # Hum swings as far the other way, where want of voltage never goes.
        self._swing_ma = max(
            0.0, self._swing_ma - LACKS_FADES_MA_PER_S * passed_s, min(-more_ma, LACKS_SWING_MA)
        )
        if more_ma <= LACKS_MA + self._swing_ma:
            self._lacks_since_s = None
        elif self._lacks_since_s is None:
            self._lacks_since_s = now_s
        self.lacks = self._lacks_since_s is not None and self._lacks_voltage(self._lacks_since_s, setpoint_ma)
        if self.lacks:
            self._fold(setpoint_ma - more_ma, setpoint_ma)
        else:
            self._usual_ma += more_ma * min(1.0, passed_s / LACKS_USUAL_S)

    def _lacks_voltage(self, since_s: float, setpoint_ma: float) -> bool:
        """Tell whether voltage lacks, by a look at it since then, or, before there is one, whether it may."""
        if self._looked is None:
            return False
        looked_s, voltage_v, _ = self._looked
        reach_v = self.reach_v(setpoint_ma)
        if looked_s > since_s:
            return reach_v - voltage_v < FOLD_BACK_HEADROOM_V
        return voltage_v > LACKS_FROM_RATIO * reach_v

    def heed_supply(self, supply_v: float) -> None:
        """Take a new reading of the supply (V): what it sags by, the stage reaches less."""
        self._sag_v = max(0.0, self._supply_v - supply_v)

    def reach_v(self, current_ma: float) -> float:
        """Return the highest output voltage (V) at a current (mA), with the supply as it is."""
        return self._headroom.reach_v(self._compliance_v, current_ma) - self._sag_v

    def _fold(self, allowed_ma: float, setpoint_ma: float) -> None:
        """Allow so much, but what looks for contact: where even that is too much the circuit is open."""
        self.ever = True
        if self._withdrawn_since_s is None:
            self.held = ShortBecause.VOLTAGE
        least_ma = min(SENSING_MA, setpoint_ma)
        self.allowed_ma = min(self.allowed_ma, max(least_ma, allowed_ma))

    def _leaves(self, now_s: float, voltage_v: float, setpoint_ma: float) -> bool:
        """Tell whether the ohmic part of the load grows faster than anything that stays in the water."""
        seen = self._seen
        seen.append((now_s, voltage_v, setpoint_ma))
        while now_s - seen[0][0] > WITHDRAWAL_WINDOW_S:
            del seen[0]
        since_s, before_v, before_ma = seen[0]
        # Below a body's there is no hand to leave: what grows there is the converter's noise.
        least_v = MIN_LOAD_OHM / 1000 * setpoint_ma
        body_s, body_kohm = self._body
        if before_v >= MIN_LOAD_OHM / 1000 * before_ma:
            if voltage_v > least_v > 0.0:
                self._body = now_s, voltage_v / setpoint_ma
        elif since_s - body_s < WITHDRAWAL_BEFORE_S:
            before_v = body_kohm * before_ma  # electrodes touched: what comes back was there before
        ohmic_v = max(voltage_v - SKIN_V, SKIN_SHARE * voltage_v, least_v)
        passed_s = now_s - since_s
        if setpoint_ma <= WITHDRAWAL_FROM_MA or voltage_v <= 0.0 or passed_s < WITHDRAWAL_WINDOW_S / 2:
            self._hits = 0
            return False
        risen_ma = setpoint_ma - before_ma
        # What the current's own change explains, reckoned so that a ramp never looks like a hand.
        by_current_v = (voltage_v if risen_ma > 0.0 else ohmic_v) / setpoint_ma * risen_ma
        rate_per_s = (voltage_v - before_v - by_current_v) / ohmic_v / passed_s
        self._hits = self._hits + 1 if rate_per_s > WITHDRAWAL_PER_S else 0
        return self._hits >= WITHDRAWAL_HITS and self._withdrawn_since_s is None
