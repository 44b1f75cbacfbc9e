"""The summary of a session: what the device believes and, from a simulated world, what was true.

Law: belief and truth are never mixed, and a trip is never worded as completion. `docs/contract.md` and
`app/schema/summary.schema.json` describe the object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from controller.core.types import Cause, Phase

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.core.session import Session
    from controller.core.types import ShortBecause
    from controller.loop.recorder import Recorder
    from controller.loop.tick import Loop

OUTCOMES: Final = {
    Phase.DONE: "completed",
    Phase.TRIPPED: "aborted",
    Phase.STOPPED: "stopped",
    Phase.REFUSED: "refused",
}
COMPLETED_SHORT: Final = "completed_short"
"""Of a session that came to its end and gave less than was asked (law 15)."""


def outcome_of(session: Session) -> str:
    """Name how a session that is over ended."""
    return COMPLETED_SHORT if ended_short(session) else OUTCOMES[session.phase]


def ended_short(session: Session) -> ShortBecause | None:
    """Say why a session that came to its end gave less than was asked, None where it did not."""
    return session.short if session.phase is Phase.DONE else None


class Truth(NamedTuple):
    """What the simulated world knows. Currents in mA, charges in mA min, times in s.

    `upset_s` is the longest time for which a reset of the DAC took the current away, `rises_s` when the
    current rose by 2 mA and more at once, `pulsed_s` when a pulse first lasted longer than 1.5 ms,
    `astray_ma_min` what treated nobody, `current_ma` what flowed at a time within the last tick; a unit that
    is a process of its own does not tell them.
    """

    peak_ma: float
    held_ma: float
    charge_ma_min: dict[str, float]
    worst_step_ma: float
    worst_rise_ma: float
    worst_fall_ma: float
    pulses: dict[str, float]
    switched_above_ma: float
    onset: Callable[[float], tuple[str, float] | None]
    first_onset: Callable[[float], tuple[str, float] | None]
    off_since_s: Callable[[float], float | None]
    dac_zero_since_s: Callable[[float], float | None]
    upset_s: float | None = None
    rises_s: tuple[float, ...] = ()
    pulsed_s: float | None = None
    astray_ma_min: float = 0.0
    current_ma: Callable[[float], float] | None = None


def summary_of(
    facts: dict[str, Any], loop: Loop[Session], recorder: Recorder, truth: Truth | None
) -> dict[str, Any]:
    """Return the summary of a finished session."""
    session = loop.session
    facts = dict(facts)
    rate_hz = facts.pop("rate_hz")
    return {
        **facts,
        "outcome": outcome_of(session),
        "reason": session.reason,
        "short_because": ended_short(session),
        "stopped_by": session.stopped_by if session.phase is Phase.STOPPED else None,
        "duration_s": _round(recorder.end_s),
        "charge_ma_min": {way: _round(session.dose.ma_min(way)) for way in ("forward", "reverse")},
        "asked_ma_min": _asked(session),
        "peak_ma": _round(recorder.peak_ma),
        "overshoot_ma": _round(recorder.overshoot_ma),
        "steady_error_ma": _round(recorder.steady_error_ma),
        "phases": [
            {**span._asdict(), "start_s": _round(span.start_s), "end_s": _round(span.end_s)}
            for span in recorder.spans
        ],
        "trip": _trip(loop, truth),
        "truth": _true_figures(truth),
        "loop": {
            "rate_hz": rate_hz,
            "ticks": loop.ticks,
            "late": loop.late,
            "missed": loop.missed,
            "latest_ms": _round(1000 * loop.latest_s),
            "late_percent": _round(100 * loop.pace.worst_late),
            "missed_percent": _round(100 * loop.pace.worst_missed),
        },
    }


def refused(facts: dict[str, Any], reason: str, duration_s: float, truth: Truth | None) -> dict[str, Any]:
    """Return the summary of a session that a simulated unit's hardware kept from beginning."""
    facts = dict(facts)
    rate_hz = facts.pop("rate_hz")
    return {
        **facts,
        "outcome": "refused",
        "reason": reason,
        "short_because": None,
        "stopped_by": None,
        "duration_s": _round(duration_s),
        "charge_ma_min": {"forward": 0.0, "reverse": 0.0},
        "asked_ma_min": None,
        "peak_ma": 0.0,
        "overshoot_ma": 0.0,
        "steady_error_ma": 0.0,
        "phases": [],
        "trip": None,
        "truth": _true_figures(truth),
        "loop": {"rate_hz": rate_hz, "ticks": 0, "late": 0, "missed": 0, "latest_ms": 0.0},
    }


def _asked(session: Session) -> dict[str, Any] | None:
    """Give what was asked of each direction; None before all of it was."""
    if session.phase is not Phase.DONE:
        return None
    asked = session.asked
    return {
        way: _round(asked.ma_min) if asked.paired or way == session.polarity else 0.0
        for way in ("forward", "reverse")
    }


def _trip(loop: Loop[Session], truth: Truth | None) -> dict[str, Any] | None:
    session = loop.session
    trip = session.trip
    if trip is None:
        return None
    onset_s = first_s = off_s = None
    if truth is not None:
        onset, first = truth.onset(trip.detected_s), truth.first_onset(trip.detected_s)
        onset_s = None if onset is None else onset[1]
        first_s = None if first is None else first[1]
        # An open circuit carries no current by itself: there, off means the DAC at zero.
        since = truth.dac_zero_since_s if trip.cause is Cause.OPEN_CIRCUIT else truth.off_since_s
        off_s = since(trip.detected_s if onset_s is None else onset_s)
    return {
        "cause": trip.cause.value,
        "phase": None if session.tripped_in is None else session.tripped_in.value,
        "onset_s": _round(onset_s),
        "detected_s": _round(trip.detected_s),
        "output_off_s": _round(off_s),
        "latency_ms": _latency_ms(onset_s, off_s),
        "first_onset_s": _round(first_s),
        "first_latency_ms": _latency_ms(first_s, off_s),
    }


def _latency_ms(onset_s: float | None, off_s: float | None) -> float | None:
    return None if onset_s is None or off_s is None else _round(1000 * (off_s - onset_s))


def _true_figures(truth: Truth | None) -> dict[str, Any] | None:
    if truth is None:
        return None
    return {
        "peak_ma": _round(truth.peak_ma),
        "charge_ma_min": {way: _round(truth.charge_ma_min[way]) for way in ("forward", "reverse")},
        "worst_step_ma": _round(truth.worst_step_ma),
        "switched_above_ma": _round(truth.switched_above_ma),
        "worst_rise_ma": _round(truth.worst_rise_ma),
        "worst_fall_ma": _round(truth.worst_fall_ma),
        "held_ma": _round(truth.held_ma),
        "pulses": {name: _round(value) for name, value in truth.pulses.items()},
    }


def _round(value: float | None) -> float | None:
    """Six decimals: a microsecond, a nanoampere; more is noise in a file."""
    return value if value is None else round(value, 6)
