"""Moments in which the current is away from its usual, of each of which a converter sees a little at most.

Law: pure, and the guard's. Each converter is held against its own usual, so that neither its error nor hum on
its wires is a moment; all that they read adds up, since each looks at another part of the tick.
"""

from __future__ import annotations

from collections import deque
from math import copysign, inf

from controller.core import limits as lim
from controller.core.types import Cause


class Blips:
    """Takes what both converters read while treatment current flows, and counts what comes and goes."""

    __slots__ = ("_by_control", "_by_guard", "_by_voltage", "_doubted_s", "_of_current_s", "_seen_s")

    def __init__(self) -> None:
        self._by_guard, self._by_control, self._by_voltage = _Lacks(), _Lacks(), _Falls()
        self._seen_s: deque[float] = deque(maxlen=lim.BLIPS)
        self._doubted_s = 0.0
        self._of_current_s = -inf

    def doubt(self, now_s: float) -> None:
        """Count nothing for a while: what comes and goes has another reason."""
        self._doubted_s = now_s

    def judge(
        self,
        now_s: float,
        setpoint_ma: float,
        moved_s: float,
        by_guard_ma: tuple[float, ...],
        by_control_ma: float | None,
        voltage_v: float | None,
    ) -> tuple[Cause, str] | None:
        """Judge what was read in a tick at `setpoint_ma`, which last moved at `moved_s`.

        The guard's converter is read twice where the first reading was doubted; the other one reads current
        and voltage by turns.
        """
        away_ma = 0.0
        for read_ma in by_guard_ma:
            away_ma = _larger(away_ma, self._by_guard.see(setpoint_ma - read_ma))
        if by_control_ma is not None:
            away_ma = _larger(away_ma, self._by_control.see(setpoint_ma - by_control_ma))
        of_current = abs(away_ma) > lim.BLIP_MA
        if voltage_v is not None:
            away_ma = _larger(away_ma, self._by_voltage.see(voltage_v, setpoint_ma))
        felt = away_ma < 0.0 or setpoint_ma >= lim.WITHDRAWAL_FROM_MA  # of a pulse a part is seen
        if abs(away_ma) <= lim.BLIP_MA or not felt or now_s - max(moved_s, self._doubted_s) <= lim.STILL_S:
            return None
        if of_current:
            self._of_current_s = now_s
        seen_s = self._seen_s
        if seen_s and now_s - seen_s[-1] <= lim.STILL_S:
            return None  # of what both converters saw it is one
        deep = away_ma > (1 - lim.BREAK_RATIO) * setpoint_ma
        seen_s.extend([now_s] * (2 if deep else 1))
        if len(seen_s) < lim.BLIPS or now_s - min(seen_s[0], self._of_current_s) > lim.MEMORY_S:
            return None
        if away_ma > 0.0:
            return Cause.MAKE_AND_BREAK, (
                f"{away_ma:.2f} mA less than usual flowed for a moment at a setpoint of {setpoint_ma:.2f} "
                f"mA, again and again within {lim.MEMORY_S:g} s"
            )
        return Cause.CURRENT_SPIKE, (
            f"{-away_ma:.2f} mA more than usual flowed for a moment at a setpoint of {setpoint_ma:.2f} "
            f"mA, again and again within {lim.MEMORY_S:g} s"
        )


class _Lacks:
    """What one converter reads less than is set: usually, and last."""

    __slots__ = ("_last_ma", "_usual_ma")

    def __init__(self) -> None:
        self._usual_ma = self._last_ma = 0.0

    def see(self, lacks_ma: float) -> float:
        """Take a reading; tell how far the one before was from both the usual and this one, if to one side.

        Above 0, so much less flowed for a moment, below 0 so much more, mA.
        """
        usual_ma, last_ma, self._last_ma = self._usual_ma, self._last_ma, lacks_ma
        off_ma = last_ma - usual_ma
        near = abs(off_ma) <= lim.BLIP_MA
        self._usual_ma += lim.BLIP_SHARE * off_ma if near else copysign(lim.BLIP_AWAY_MA, off_ma)
        less_ma = min(last_ma - usual_ma, last_ma - lacks_ma)
        more_ma = min(usual_ma - last_ma, lacks_ma - last_ma)
        return max(0.0, less_ma) - max(0.0, more_ma)


class _Falls:
    """The output's last two voltages, which fall and rise with the current."""

    __slots__ = ("_before_v", "_last_v")

    def __init__(self) -> None:
        self._before_v = self._last_v = 0.0

    def see(self, voltage_v: float, setpoint_ma: float) -> float:
        """Take a voltage; tell how much current the one before lacked beside both others, as `_Lacks` does.

        Hum swings one way and the other. Electrodes that touch have a name of their own: they take voltage
        and no current, so that moments of the voltage alone end nothing.
        """
        before_v, last_v = self._before_v, self._last_v
        self._before_v, self._last_v = last_v, voltage_v
        fall_v = min(before_v, voltage_v) - last_v
        rise_v = last_v - max(before_v, voltage_v)
        if max(fall_v, rise_v) <= lim.BLIP_V or last_v < lim.MIN_LOAD_OHM / 1000 * setpoint_ma:
            return 0.0
        return setpoint_ma * (fall_v if fall_v > 0.0 else -rise_v) / max(voltage_v, last_v)


def _larger(one: float, other: float) -> float:
    return one if abs(one) >= abs(other) else other
