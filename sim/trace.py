"""The true current over time, as exponential pieces.

Law of this module: the truth is exact on the pieces and independent of whoever measures it; the past is
kept only as long as a converter may still ask for it.

A piece lasts from one event to the next. In it the current goes from what it was to its target with the
stage's time constant, and the skin's capacitor likewise with its own. Where the stage is not in control the
world leads the current from one moment to the next (`lead`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from sim.felt import Felt

KEEP: Final = 768
FORGET: Final = 512
SETTLED: Final = 25.0
"""After so many time constants a 25 mA step is within a picoampere of its end."""
OFF_BELOW_MA: Final = 0.01
EVENLY: Final = 1000.0
"""An exponential of so many times its length is a straight line, within a 2000th of its height."""


class Piece:
    """One stretch of the current, from `start_s` on; never changed once it is made.

    Current: `target_ma` + `deviation_ma`, which fades with `stage_s`. Terminals: the current
    through `series_kohm`, + `skin_v` + `deviation_v`, which fades with `tau_s`. `sign` is +1 forward and -1
    reverse; `leak_ma` doesn't come back.
    """

    __slots__ = (
        "deviation_ma",
        "deviation_v",
        "leak_ma",
        "series_kohm",
        "sign",
        "skin_v",
        "stage_s",
        "start_s",
        "target_ma",
        "tau_s",
    )

    def __init__(
        self,
        start_s: float,
        target_ma: float,
        deviation_ma: float,
        skin_v: float,
        deviation_v: float,
        tau_s: float,
        series_kohm: float,
        sign: int,
        leak_ma: float,
        stage_s: float,
    ) -> None:
        self.start_s = start_s
        self.target_ma = target_ma
        self.deviation_ma = deviation_ma
        self.skin_v = skin_v
        self.deviation_v = deviation_v
        self.tau_s = tau_s
        self.series_kohm = series_kohm
        self.sign = sign
        self.leak_ma = leak_ma
        self.stage_s = stage_s


class Trace:
    """Pieces, and the totals of all that were closed. `before_forgetting` runs before the past is cut.

    `felt` is told every piece that is closed. While `bypassed`, nothing goes through the person.
    """

    __slots__ = (
        "_asked_ma",
        "_astray_ma_s",
        "_before_forgetting",
        "_below_since_s",
        "_forward_ma_s",
        "_past",
        "_peak_ma",
        "_piece",
        "_reverse_ma_s",
        "_whole",
        "bypassed",
        "felt",
    )

    def __init__(self, before_forgetting: Callable[[], None]) -> None:
        self._before_forgetting = before_forgetting
        self._past: list[Piece] = []
        self._piece = Piece(0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1, 0.0, 1.0)
        self._peak_ma = self._forward_ma_s = self._reverse_ma_s = 0.0
        self._below_since_s: float | None = 0.0
        self._asked_ma = 0.0
        self._whole = False
        self.felt = Felt()
        self.bypassed = False
        self._astray_ma_s = 0.0

    def begin(
        self,
        t_s: float,
        *,
        target_ma: float,
        tau_s: float,
        jump: bool,
        skin_v: float,
        emf_v: float,
        skin_tau_s: float,
        series_kohm: float,
        sign: int,
        leak_ma: float,
        limit_v: float,
        asked_ma: float,
        whole: bool,
    ) -> None:
        """Close the running piece at `t_s` and begin one; `jump` takes the target at once (an opening).

        `skin_v` is what the skins come to, `emf_v` what the electrodes hold beside them, current or not.
        A load that grows at once can't pull the output above `limit_v`: the current gives way at once.
        `asked_ma` is what the stage is asked for, `whole` whether both sides are whole in contact.
        """
        old = self._piece
        elapsed_s = t_s - old.start_s
        decay = math.exp(-elapsed_s / old.stage_s) if old.deviation_ma else 0.0
        if elapsed_s > 0.0:
            self._close(elapsed_s, decay)
        self._asked_ma, self._whole = asked_ma, whole
        skin_v += emf_v
        now_ma = old.target_ma + old.deviation_ma * decay
        if jump:
            self._piece = Piece(t_s, target_ma, 0.0, skin_v, 0.0, 1.0, series_kohm, sign, leak_ma, tau_s)
            return
        # Out of an open circuit the skin's capacitor begins empty, whatever the terminals stood at.
        now_v = old.skin_v if old.series_kohm else emf_v
        if old.deviation_v and elapsed_s < SETTLED * old.tau_s:
            now_v += old.deviation_v * math.exp(-elapsed_s / old.tau_s)
        if now_ma * series_kohm + now_v > limit_v:
            now_ma = max((limit_v - now_v) / series_kohm, 0.0)
        from_ma = now_ma - target_ma
        if abs(from_ma) < 1e-12:
            from_ma = 0.0
        self._piece = Piece(
            t_s,
            target_ma,
            from_ma,
            skin_v,
            now_v - skin_v,
            skin_tau_s,
            series_kohm,
            sign,
            leak_ma,
            tau_s,
        )

    def skin_v(self, t_s: float) -> float:
        """Voltage over the skins in V at `t_s` (now), 0 where no circuit is closed."""
        piece = self._piece
        if not piece.series_kohm:
            return 0.0
        return piece.skin_v + piece.deviation_v * math.exp((piece.start_s - t_s) / piece.tau_s)

    def terminals_v(self, t_s: float) -> float:
        """Voltage at the output terminals in V at `t_s` (now), 0 where no circuit is closed."""
        return self._piece.series_kohm * self.current_ma(t_s) + self.skin_v(t_s)

    def lead(
        self,
        t_s: float,
        lasts_s: float,
        *,
        from_ma: float,
        to_ma: float,
        from_v: float,
        to_v: float,
        series_kohm: float,
        sign: int,
        leak_ma: float,
        asked_ma: float,
        whole: bool,
    ) -> None:
        """Close the running piece and lead current and skin evenly to what they are `lasts_s` later."""
        piece = self._piece
        elapsed_s = t_s - piece.start_s
        if elapsed_s > 0.0:
            self._close(elapsed_s, math.exp(-elapsed_s / piece.stage_s) if piece.deviation_ma else 0.0)
        self._asked_ma, self._whole = asked_ma, whole
        far_ma, far_v = EVENLY * (from_ma - to_ma), EVENLY * (from_v - to_v)
        tau_s = EVENLY * lasts_s
        self._piece = Piece(
            t_s,
            from_ma - far_ma,
            far_ma,
            from_v - far_v,
            far_v,
            tau_s,
            series_kohm,
            sign,
            leak_ma,
            tau_s,
        )

    def _close(self, elapsed_s: float, decay: float) -> None:
        """End the running piece `elapsed_s` after its begin, with `decay` of its deviation left."""
        piece = self._piece
        self._past.append(piece)
        if len(self._past) > KEEP:
            self._before_forgetting()
            del self._past[:FORGET]
        target_ma, deviation_ma = piece.target_ma, piece.deviation_ma
        area = target_ma * elapsed_s
        if deviation_ma:
            area += deviation_ma * (piece.stage_s * (1.0 - decay))
        if piece.sign > 0:
            self._forward_ma_s += area
        else:
            self._reverse_ma_s += area
        if self.bypassed:
            self._astray_ma_s += area
        elif piece.leak_ma:
            self._astray_ma_s += min(piece.leak_ma * elapsed_s, area)
        first_ma = target_ma + deviation_ma
        last_ma = target_ma + deviation_ma * decay
        largest_ma = first_ma if first_ma > last_ma else last_ma
        self._peak_ma = max(self._peak_ma, largest_ma)
        end_s = piece.start_s + elapsed_s
        self.felt.take(
            piece.start_s, end_s, target_ma, deviation_ma, piece.stage_s, self._asked_ma, whole=self._whole
        )
        flows = last_ma >= OFF_BELOW_MA
        self._below_since_s = None if flows else _below_since(piece, last_ma, self._below_since_s)

    def felt_until(self, now_s: float) -> Felt:
        """Return what was felt so far, of the running piece too."""
        felt = self.felt.copy()
        piece = self._piece
        if now_s > piece.start_s:
            felt.take(
                piece.start_s,
                now_s,
                piece.target_ma,
                piece.deviation_ma,
                piece.stage_s,
                self._asked_ma,
                whole=self._whole,
            )
        return felt

    def current_ma(self, t_s: float) -> float:
        """Size of the true current in mA at `t_s` (now, or as far back as is kept)."""
        piece = self._piece
        if t_s < piece.start_s:
            piece = self._at(t_s)
        elapsed_s = t_s - piece.start_s
        if not piece.deviation_ma or elapsed_s > SETTLED * piece.stage_s:
            return piece.target_ma
        return piece.target_ma + piece.deviation_ma * math.exp(-elapsed_s / piece.stage_s)

    def signed_ma(self, t_s: float) -> float:
        """As `current_ma`, negative in reverse polarity."""
        piece = self._piece
        if t_s < piece.start_s:
            piece = self._at(t_s)
        elapsed_s = t_s - piece.start_s
        if not piece.deviation_ma or elapsed_s > SETTLED * piece.stage_s:
            return piece.target_ma * piece.sign
        return (piece.target_ma + piece.deviation_ma * math.exp(-elapsed_s / piece.stage_s)) * piece.sign

    def _at(self, t_s: float) -> Piece:
        piece = self._piece
        index = len(self._past)
        while t_s < piece.start_s and index:
            index -= 1
            piece = self._past[index]
        return piece

    def top_ma(self) -> float:
        """Return what the running piece of the current never goes above, mA."""
        piece = self._piece
        return piece.target_ma + piece.deviation_ma if piece.deviation_ma > 0.0 else piece.target_ma

    def average_ma(self, from_s: float, to_s: float) -> float:
        """Mean size of the current in mA over a window (s)."""
        piece = self._piece
        if from_s >= piece.start_s + SETTLED * piece.stage_s or (
            from_s >= piece.start_s and not piece.deviation_ma
        ):
            return piece.target_ma
        return self._mean(_current_integral, from_s, to_s)

    def average_v(self, from_s: float, to_s: float) -> float:
        """Mean voltage at the output terminals in V over a window (s)."""
        piece = self._piece
        if (
            from_s >= piece.start_s + SETTLED * piece.stage_s
            and from_s >= piece.start_s + SETTLED * piece.tau_s
        ):
            return piece.series_kohm * piece.target_ma + piece.skin_v
        return self._mean(_voltage_integral, from_s, to_s)

    def average_return_ma(self, from_s: float, to_s: float) -> float:
        """Mean signed current in mA that comes back, without what leaks away, over a window (s)."""
        return self._mean(_return_integral, from_s, to_s)

    def _mean(self, integral: Callable[[Piece, float, float], float], from_s: float, to_s: float) -> float:
        total = 0.0
        piece, end_s = self._piece, to_s
        index = len(self._past)
        while True:
            begin_s = max(piece.start_s, from_s)
            if begin_s < end_s:
                total += integral(piece, begin_s, end_s)
                end_s = begin_s
            if piece.start_s <= from_s or index == 0:
                return total / (to_s - from_s)
            index -= 1
            piece = self._past[index]

    def peak_ma(self, now_s: float) -> float:
        """Largest true current so far, in mA."""
        return max(self._peak_ma, self._piece.target_ma + self._piece.deviation_ma, self.current_ma(now_s))

    def charge_ma_min(self, now_s: float) -> dict[str, float]:
        """Return the true charge so far by direction, in mA min."""
        running = _current_integral(self._piece, self._piece.start_s, now_s)
        forward, reverse = self._forward_ma_s, self._reverse_ma_s
        if self._piece.sign > 0:
            forward += running
        else:
            reverse += running
        return {"forward": forward / 60.0, "reverse": reverse / 60.0}

    @property
    def astray_ma_min(self) -> float:
        """Charge in mA min that treated nobody, up to the last piece that has ended."""
        return self._astray_ma_s / 60.0

    def below_since_s(self, now_s: float) -> float | None:
        """Since when (s) the true current has stayed below 0.01 mA; None when it flows."""
        return _below_since(self._piece, self.current_ma(now_s), self._below_since_s)


def _below_since(piece: Piece, last_ma: float, since_s: float | None) -> float | None:
    """Carry the beginning of `no current` over a piece that ends at `last_ma`."""
    if last_ma >= OFF_BELOW_MA:
        return None
    start_s, target_ma, deviation_ma = piece.start_s, piece.target_ma, piece.deviation_ma
    if target_ma + deviation_ma >= OFF_BELOW_MA:
        return start_s + piece.stage_s * math.log(deviation_ma / (OFF_BELOW_MA - target_ma))
    return start_s if since_s is None else since_s


def _decay(from_s: float, to_s: float, tau_s: float) -> float:
    """Integral of exp(-t / tau) between two times after the start of the piece."""
    if from_s > SETTLED * tau_s:
        return 0.0
    return tau_s * (math.exp(-from_s / tau_s) - math.exp(-to_s / tau_s))


def _current_integral(piece: Piece, from_s: float, to_s: float) -> float:
    total = piece.target_ma * (to_s - from_s)
    if piece.deviation_ma:
        total += piece.deviation_ma * _decay(from_s - piece.start_s, to_s - piece.start_s, piece.stage_s)
    return total


def _voltage_integral(piece: Piece, from_s: float, to_s: float) -> float:
    total = piece.series_kohm * _current_integral(piece, from_s, to_s) + piece.skin_v * (to_s - from_s)
    if piece.deviation_v:
        total += piece.deviation_v * _decay(from_s - piece.start_s, to_s - piece.start_s, piece.tau_s)
    return total


def _return_integral(piece: Piece, from_s: float, to_s: float) -> float:
    total = _current_integral(piece, from_s, to_s)
    return piece.sign * max(total - piece.leak_ma * (to_s - from_s), 0.0)
