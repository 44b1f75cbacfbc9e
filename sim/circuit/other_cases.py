"""Heartbeat, Stop, sensing and supply: what they are tried with and what they must hold.

Law: as for the stage; a pin is tried with what a broken program could do to it, not only with heartbeats.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from sim.circuit.cases import Case, Outcome
from sim.circuit.enable import heartbeat, stop_timer
from sim.circuit.measure import Waves, last, peak
from sim.circuit.sensing import sensing
from sim.circuit.supply import boost
from sim.circuit.values import Values

HOLDING_MA: Final = 13.0
"""A coil of 130 mA must have let go at a tenth of that (Finder 40 series: drop-out at 0.1 of its voltage)."""
BEATS: Final = tuple(0.010 + 0.005 * k for k in range(9))
ODD, EVEN = BEATS, BEATS[:-1]
HELD: Final = {"held": "v(held)", "coil_ma": "i(Lk)*1e3"}
TICKS: Final = (0.010, 0.015, 0.020)


def _let_go_s(waves: Waves, after_s: float) -> float:
    """Give how long after `after_s` the coil still has what holds it; the watched time if it never had it."""
    held = [t for t, ma in zip(waves["t"], waves["coil_ma"], strict=True) if ma > HOLDING_MA]
    return max(held) - after_s if held else -after_s


def _drops(waves: Waves, begin_s: float, end_s: float) -> float:
    on = [ma > HOLDING_MA for t, ma in zip(waves["t"], waves["coil_ma"], strict=True) if begin_s < t < end_s]
    return float(sum(a and not b for a, b in pairwise(on)) + (not any(on)))


def _hold(
    name: str, edges: Sequence[float], counted_from_s: float, seconds: float, *, once: bool = False
) -> Case:
    level = len(edges) == 1 or "kHz" in name or "Hz" in name
    return Case(
        "heartbeat",
        name,
        lambda v: heartbeat(v, edges, seconds),
        HELD,
        (
            Outcome(
                "coil held for",
                "ms",
                lambda w: _let_go_s(w, counted_from_s) * 1e3,
                low=None if level else 45.0,
                high=60.0,
            ),
        ),
        once=once,
    )


def _oscillation(hz: float, seconds: float) -> tuple[float, ...]:
    return TICKS + tuple(0.0205 + k / hz for k in range(int((seconds - 0.02) * hz)))


def _late(gap_s: float) -> tuple[float, ...]:
    return (0.010, 0.015, *(0.015 + gap_s * k for k in range(1, 4)))


HEARTBEAT_CASES: Final = (
    _hold("stops after a rising edge", ODD, ODD[-1], 0.13),
    _hold("stops after a falling edge", EVEN, EVEN[-1], 0.13),
    _hold("one edge, then a level", (0.010,), 0.010, 0.09),
    _hold("500 Hz", _oscillation(500.0, 0.11), 0.0205, 0.11),
    _hold("2 kHz", _oscillation(2000.0, 0.11), 0.0205, 0.11),
    _hold("10 kHz", _oscillation(10_000.0, 0.10), 0.0205, 0.10, once=True),
    Case(
        "heartbeat",
        "beats every 45 ms",
        lambda v: heartbeat(v, _late(0.045), 0.151),
        HELD,
        (Outcome("drops", "", lambda w: _drops(w, 0.03, 0.15), high=0.0),),
    ),
)


def _crossing(waves: Waves, name: str, *, rising: bool, begin_s: float = 0.0) -> float:
    for (t0, a), (_, b) in pairwise(zip(waves["t"], waves[name], strict=True)):
        if t0 >= begin_s and ((a <= 2.5 < b) if rising else (a > 2.5 >= b)):
            return t0
    return float("inf")


BLOCK: Final = {"block": "v(block)"}


def _stop(name: str, pressed: Sequence[float], seconds: float, *outcomes: Outcome) -> Case:
    return Case("Stop", name, lambda v: stop_timer(v, pressed, seconds), BLOCK, outcomes)


def _off_s(waves: Waves) -> float:
    begins = _crossing(waves, "block", rising=True)
    return _crossing(waves, "block", rising=False, begin_s=begins) - begins


STOP_CASES: Final = (
    _stop(
        "a short press",
        (1.0, 1.3),
        10.0,
        Outcome(
            "output away after the press", "s", lambda w: _crossing(w, "block", rising=True) - 1.0, 6.0, 8.0
        ),
        Outcome("for", "s", _off_s, 0.5),
    ),
    _stop(
        "pressed again and again",
        (1.0, 1.2, 3.0, 3.2, 5.0, 5.2, 6.5, 6.7),
        10.0,
        Outcome(
            "output away after the first press",
            "s",
            lambda w: _crossing(w, "block", rising=True) - 1.0,
            6.0,
            8.0,
        ),
    ),
    _stop(
        "held for 11 s",
        (1.0, 12.0),
        14.0,
        Outcome(
            "output away after the press", "s", lambda w: _crossing(w, "block", rising=True) - 1.0, 6.0, 8.0
        ),
        Outcome(
            "and given back after letting go",
            "s",
            lambda w: _crossing(w, "block", rising=False, begin_s=2.0) - 12.0,
            0.0,
            0.1,
        ),
    ),
)

PINS: Final = {"control": "v(control)", "guard": "v(guard)", "back": "v(back)", "ma": "i(Vp)*1e3"}


def _sense(name: str, ma: float, load_v: float, *outcomes: Outcome, reverse: bool = False) -> Case:
    return Case("sensing", name, lambda v: sensing(v, ma, load_v, reverse=reverse), PINS, outcomes)


def _reading(pin: str) -> Outcome:
    return Outcome(
        f"{pin} reads wrong by",
        "%",
        lambda w: 100.0 * (last(w, pin) / 0.047 / last(w, "ma") - 1.0),
        -1.5,
        1.5,
    )


def _signed(waves: Waves) -> float:
    return (last(waves, "back") - 1.024) / 0.030


SENSING_CASES: Final = (
    _sense(
        "12 mA forward",
        12.0,
        25.0,
        _reading("control"),
        _reading("guard"),
        Outcome("return reads", "mA", _signed, 11.6, 12.4),
    ),
    _sense(
        "12 mA reversed",
        12.0,
        25.0,
        _reading("control"),
        Outcome("return reads", "mA", _signed, -12.4, -11.6),
        reverse=True,
    ),
    _sense(
        "0.3 mA forward",
        0.3,
        1.0,
        Outcome("control reads", "mA", lambda w: last(w, "control") / 0.047, 0.25, 0.35),
        Outcome("return reads", "mA", _signed, 0.15, 0.45),
    ),
    _sense(
        "stage and limiter shorted, 64 mA",
        64.0,
        50.0,
        Outcome(
            "highest at a pin", "V", lambda w: max(peak(w, n) for n in ("control", "guard", "back")), high=3.6
        ),
    ),
)
LOAD: Final = "PWL(0 0 60m 0 60.01m 30m 90m 30m 90.01m 0 1 0)"


def _between(waves: Waves, begin_s: float, end_s: float) -> list[float]:
    return [y for t, y in zip(waves["t"], waves["rail"], strict=True) if begin_s <= t <= end_s]


def _supply(v: Values) -> str:
    return boost(v, LOAD, 0.12)


SUPPLY_CASES: Final = (
    Case(
        "supply",
        "switched on, 30 mA on and off",
        _supply,
        {"rail": "v(rail)"},
        (
            Outcome("steady", "V", lambda w: _between(w, 0.055, 0.06)[-1], 62.0, 66.0),
            Outcome("highest", "V", lambda w: max(_between(w, 0.0, 1.0)), high=70.0),
            Outcome("lowest under load", "V", lambda w: min(_between(w, 0.06, 0.09)), 60.0),
        ),
    ),
)
