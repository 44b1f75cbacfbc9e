"""What the unit does now, as `live.sock` tells it: one type for the device that fills it and all who listen.

Law: `docs/device.md` describes every key, and a snapshot has all of them. Listeners outlive an exchange of
versions: what another version doesn't tell is null to them, and what they don't know they leave.
"""

import json
from typing import Any, Final, NotRequired, TypedDict

from controller.loop.telemetry import Snapshot

SOCKET: Final = "live.sock"
API: Final = 1
"""Version of the lines; keys are only ever added within one."""


class Hello(TypedDict):
    """The first line: who the unit is."""

    api: int
    version: str
    unit: str
    serial: str
    simulated: bool
    rate_hz: int
    max_current_ma: float
    pairing: bool


class Led(TypedDict):
    """The light at this moment, and the name of its pattern."""

    colour: str
    on: bool
    signal: str


class OrderState(TypedDict):
    """What became of what lies in `next.json`."""

    accepted: bool
    refusal: str | None
    valid_until_utc: str | None


class LockState(TypedDict):
    """What keeps the unit from treating anybody (`controller.core.locks.Lock`), and that in one sentence."""

    cause: str
    code: int
    session: int
    since_utc: str
    needs: str
    reason: str


class Last(TypedDict):
    """The session before this one."""

    session: int | None
    outcome: str
    reason: str | None
    short_because: str | None
    cause: str | None
    code: int | None
    charge_forward_ma_min: float
    charge_reverse_ma_min: float
    real_time: NotRequired[list[dict[str, Any]]]
    late_percent: NotRequired[float]
    missed_percent: NotRequired[float]


class LiveState(Snapshot):
    """What the session's snapshot tells, and what only the appliance knows."""

    state: str
    limit_ma: float
    person: str | None
    treatment: str | None
    session: int | None
    since_start_s: float | None
    linked_to: int | None
    held: str | None
    contact: str | None
    limited_by: str | None
    led: Led
    buzzer: bool
    code: int | None
    next: str
    rest_s: float | None
    order: OrderState | None
    last: Last | None
    lock: LockState | None


class Message(TypedDict, total=False):
    """One line: exactly one of these."""

    hello: Hello
    snapshot: LiveState
    error: str


_HELLO: Final = dict.fromkeys(Hello.__annotations__)
_SNAPSHOT: Final = dict.fromkeys(LiveState.__annotations__)


def read(line: bytes) -> Message:
    """Read one line; empty where it is of a kind that is not known. Raises ValueError where it is no line."""
    told = json.loads(line)
    if not isinstance(told, dict):
        return {}
    for kind, blank in (("hello", _HELLO), ("snapshot", _SNAPSHOT)):
        if isinstance(told.get(kind), dict):
            told[kind] = {**blank, **told[kind]}
            return told  # type: ignore[return-value]  # as far as its writer keeps the contract
    return {"error": str(told["error"])} if "error" in told else {}
