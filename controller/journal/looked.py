"""What the journal's far end answers to `look`: what was given lately, what the clock is worth, what locks.

Law: pure, and all that the loop's process has to know of the journal's past; no table and no database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from controller.core.locks import Lock, Needs
from protocols.dates import Reading, utc
from protocols.past import Past

if TYPE_CHECKING:
    from protocols.dates import Voucher

CLOCK: Final = ("utc", "boot", "boottime_s", "voucher")
"""Of a look at the clock, in a table and in the chain."""


class Kept(NamedTuple):
    """What of the past bears on the rule of days: sessions, and sightings (newest session then, clock)."""

    past: list[Past]
    seen: list[tuple[int, Reading]]


def facts_of(clock: Reading) -> dict[str, Any]:
    """Give a look at the clock as its columns."""
    return {
        "utc": clock.utc.isoformat(timespec="milliseconds"),
        "boot": clock.boot,
        "boottime_s": round(clock.boottime_s, 3),
        "voucher": clock.voucher,
    }


def reading(utc_text: str, boot: str, boottime_s: float, voucher: str) -> Reading:
    """Take a look at the clock from its columns."""
    return Reading(utc(utc_text), boot, boottime_s, cast("Voucher", voucher))


def told(kept: Kept, now: Reading, lock: Lock | None) -> dict[str, Any]:
    """Say it as JSON; `heard` and `lock_heard` are the way back."""
    return {
        "past": [
            [*one[:7], None if one.clock is None else list(facts_of(one.clock).values()), one.amended_utc]
            for one in kept.past
        ],
        "seen": [[session, list(facts_of(clock).values())] for session, clock in kept.seen],
        "clock": list(facts_of(now).values()),
        "lock": lock,
    }


def heard(answer: dict[str, Any]) -> Kept:
    """Take what `told` has said."""
    past = [
        Past._make((*facts, None if clock is None else reading(*clock), amended_utc))
        for *facts, clock, amended_utc in answer["past"]
    ]
    return Kept(past, [(session, reading(*clock)) for session, clock in answer.get("seen", ())])


def lock_heard(answer: dict[str, Any]) -> Lock | None:
    """Take what `told` has said of a lock."""
    told_lock = answer["lock"]
    if told_lock is None:
        return None
    reason, session, begun_utc, needs = told_lock
    return Lock(reason, session, begun_utc, Needs(needs))
