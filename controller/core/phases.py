"""The phases of a session and every way from one to another, as data.

Law: what is not in the table does not happen. Every phase that can carry current has a way to `tripped`;
nothing leaves that, and nothing but a trip leaves `done`, `stopped` and `refused`: when current still flows.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from controller.core.types import Phase


class Event(StrEnum):
    """What moves a session on."""

    PASSED = "self-test passed"
    PASSED_UNTRIED = "self-test passed, Stop untested"
    STOP_PROVEN = "Stop proven"
    FAILED = "test failed"
    START = "Start pressed"
    START_TRIAL = "Start pressed, dummy load there"
    TRIED = "stage tried"
    PROVEN = "protections proven"
    PROVEN_ALONE = "protections proven, nobody there"
    TIMEOUT = "nobody came"
    UNRECORDED = "no record"
    CONTACT = "contact stable"
    ARRIVED = "target reached"
    HALF_OVER = "half is over"
    ZERO = "zero, more to do"
    FINISHED = "zero, all done"
    REVERSED = "polarity reversed"
    STOP = "Stop"
    STOPPED = "zero after Stop"
    TRIP = "trip"


_P, _E = Phase, Event

TRANSITIONS: Final = MappingProxyType(
    {
        _P.SELF_TEST: {
            _E.PASSED: _P.READY,
            _E.PASSED_UNTRIED: _P.STOP_TEST,
            _E.FAILED: _P.REFUSED,
            _E.STOP: _P.STOPPED,
            _E.TRIP: _P.TRIPPED,
        },
        _P.STOP_TEST: {
            _E.STOP_PROVEN: _P.READY,
            _E.FAILED: _P.REFUSED,
            _E.STOP: _P.STOPPED,
            _E.TRIP: _P.TRIPPED,
        },
        _P.READY: {
            _E.START: _P.PROOF,
            _E.START_TRIAL: _P.TRIAL,
            _E.TIMEOUT: _P.REFUSED,
            _E.UNRECORDED: _P.REFUSED,
            _E.STOP: _P.STOPPED,
            _E.TRIP: _P.TRIPPED,
        },
        _P.TRIAL: {
            _E.TRIED: _P.PROOF,
            _E.FAILED: _P.REFUSED,
            _E.STOP: _P.STOPPED,
            _E.TRIP: _P.TRIPPED,
        },
        _P.PROOF: {
            _E.PROVEN: _P.CONTACT,
            _E.PROVEN_ALONE: _P.STOPPED,
            _E.FAILED: _P.REFUSED,
            _E.STOP: _P.STOPPED,
            _E.TRIP: _P.TRIPPED,
        },
        _P.CONTACT: {
            _E.CONTACT: _P.RAMP_UP,
            _E.FAILED: _P.REFUSED,
            _E.TIMEOUT: _P.REFUSED,
            _E.STOP: _P.STOPPING,
            _E.TRIP: _P.TRIPPED,
        },
        _P.RAMP_UP: {
            _E.ARRIVED: _P.HOLD,
            _E.HALF_OVER: _P.RAMP_DOWN,
            _E.STOP: _P.STOPPING,
            _E.TRIP: _P.TRIPPED,
        },
        _P.HOLD: {_E.HALF_OVER: _P.RAMP_DOWN, _E.STOP: _P.STOPPING, _E.TRIP: _P.TRIPPED},
        _P.RAMP_DOWN: {
            _E.ZERO: _P.REVERSE,
            _E.FINISHED: _P.DONE,
            _E.STOP: _P.STOPPING,
            _E.TRIP: _P.TRIPPED,
        },
        _P.REVERSE: {_E.REVERSED: _P.RAMP_UP, _E.STOP: _P.STOPPED, _E.TRIP: _P.TRIPPED},
        _P.STOPPING: {_E.STOPPED: _P.STOPPED, _E.TRIP: _P.TRIPPED},
        _P.DONE: {_E.TRIP: _P.TRIPPED},
        _P.STOPPED: {_E.TRIP: _P.TRIPPED},
        _P.REFUSED: {_E.TRIP: _P.TRIPPED},
        _P.TRIPPED: {},
    }
)
"""Phase -> event -> next phase."""

TERMINAL: Final = frozenset(phase for phase, row in TRANSITIONS.items() if row.keys() <= {_E.TRIP})
"""Phases in which a session is over; the output is off in all of them."""

DRIVING: Final = frozenset(
    {Phase.PROOF, Phase.CONTACT, Phase.RAMP_UP, Phase.HOLD, Phase.RAMP_DOWN, Phase.REVERSE, Phase.STOPPING}
)
"""Phases in which the output may be connected. Not so in `trial`: there one of its switches is always open,
and both are where more than the proof current flows. Nor in `stop_test`, which closes both with the hardware
trip's switch open."""


def diagram() -> str:
    """Return the table as a Mermaid state diagram, for `docs/architecture.md`."""
    lines = ["stateDiagram-v2", f"    [*] --> {Phase.SELF_TEST}"]
    lines += [
        f"    {phase} --> {following}: {event}"
        for phase, row in TRANSITIONS.items()
        for event, following in row.items()
    ]
    lines += [f"    {phase} --> [*]" for phase in TRANSITIONS if phase in TERMINAL]
    return "\n".join(lines)
