"""Protections with a memory: what a unit's past keeps it from doing until somebody has seen to it.

Law: pure, and the journal's word alone, so that neither Stop nor the mains switch, neither a restart nor
another program clears what only a repair can mend. Which cause locks stands in its row of `reasons`.

A cause that locks `always` **locks** the unit: it treats nobody until somebody with the technician's code
**said why**, and then a whole **proof** with nobody in the circuit has passed, in this order. A proof that
fails takes the word back. One that locks as the `second` is first **held** only, until Stop was pressed on
the unit; another such one within `WITHIN` sessions locks. A release forgets all that was before it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from controller.core.reasons import reason_of

if TYPE_CHECKING:
    from collections.abc import Iterable

WITHIN: Final = 10
"""Sessions after the first in which a second one locks; those that never began don't count."""
PROOF: Final = "proof"
"""What stands in the place of a treatment's name where nobody is treated but the unit itself is tried; no
treatment can be called so, for a name is of the library or a path."""
IDLE: Final = "idle"
"""... and where the unit found something by itself before anybody pressed Start: nobody's session."""
FAILED: Final = frozenset({"aborted", "refused"})
"""Outcomes of a proof that found something."""


class Needs(StrEnum):
    """What has to come before anybody is treated again."""

    STOP = "stop"
    WORD = "word"
    PROOF = "proof"


class Role(StrEnum):
    """By what right something was said: a press of Stop on the unit, or the technician's code."""

    STOP = "stop"
    TECHNICIAN = "technician"


class Seen(NamedTuple):
    """A session as far as it bears on a lock: `reason` is the name of its cause or refusal, or "".

    `gave` tells whether it gave as much as a treatment does, `proven` whether it was a proof with nobody
    there that passed.
    """

    session: int
    begun_utc: str
    outcome: str | None
    reason: str = ""
    gave: bool = False
    proven: bool = False


class Word(NamedTuple):
    """What was said after the session of number `after`."""

    after: int
    role: str


class Lock(NamedTuple):
    """Why nobody is treated: the cause and the session it came in, and what has to come first."""

    reason: str
    session: int
    begun_utc: str
    needs: Needs

    @property
    def code(self) -> int:
        """Its number."""
        return reason_of(self.reason).code


def lock_of(sessions: Iterable[Seen], words: Iterable[Word]) -> Lock | None:
    """Return what keeps a unit from treating, by all its sessions and all that was said; else None.

    Both in their order.
    """
    past = _Past()
    later = list(words)
    for one in sessions:
        while later and later[0].after < one.session:
            past.hear(later.pop(0))
        past.see(one)
    for word in later:
        past.hear(word)
    return past.lock


class _Past:
    """A walk through the past, in its order."""

    def __init__(self) -> None:
        self.lock: Lock | None = None
        self._count = 0
        self._last: int | None = None
        """Which session had the last cause that locks as the second."""

    def hear(self, word: Word) -> None:
        lock = self.lock
        if lock is None:
            return
        if word.role == Role.STOP and lock.needs is Needs.STOP:
            self.lock = None
        elif word.role == Role.TECHNICIAN and lock.needs is Needs.WORD:
            self.lock = lock._replace(needs=Needs.PROOF)

    def see(self, one: Seen) -> None:
        lock, locks = self.lock, reason_of(one.reason).locks if one.reason else ""
        self._count += one.outcome != "refused"
        passed = one.proven and not one.reason and one.outcome not in FAILED
        if passed and lock is not None and lock.needs is Needs.PROOF:
            self.lock = self._last = None
        elif locks == "always" or (locks == "second" and self._is_second()):
            self.lock = Lock(one.reason, one.session, one.begun_utc, Needs.WORD)
        elif locks == "second" and (lock is None or lock.needs is Needs.STOP):
            self.lock = Lock(one.reason, one.session, one.begun_utc, Needs.STOP)
        elif lock is not None and lock.needs is Needs.PROOF and one.outcome in FAILED:
            self.lock = lock._replace(needs=Needs.WORD)
        elif lock is not None and lock.needs is Needs.STOP and one.gave and not locks:
            self.lock = None  # a program from before words were kept went on, so Stop was pressed
        if locks == "second":
            self._last = self._count

    def _is_second(self) -> bool:
        return self._last is not None and self._count - self._last <= WITHIN


def why_locked(lock: Lock) -> str:
    """Say in one sentence why nobody is treated, since when, and what to do."""
    title = reason_of(lock.reason).title.removesuffix(".")
    found = f"code {lock.code} of {lock.begun_utc[:10]}, session {lock.session} ({title})"
    if lock.needs is Needs.STOP:
        return f"nobody is treated after {found}: press Stop on the unit first"
    if lock.needs is Needs.PROOF:
        return (
            f"the unit is locked by {found}: a technician said why, and its protections have still to be "
            "proven: take everybody out of the circuit and press Start on the unit, or use `ionto unlock`"
        )
    return (
        f"the unit is locked by {found}: a technician has to find the cause, and to say it with the "
        "technician's code, on the unit's page or with `ionto unlock`"
    )
