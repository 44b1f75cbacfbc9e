"""A technician says why the unit was locked: one more record of the chain, which releases nothing by itself.

Law: what is said is written only where a lock waits for it, and the protections have still to be proven then,
with nobody in the circuit. Whose code allowed it was checked by the caller.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from controller.core.locks import Lock, Needs, Role
from controller.host import wall
from controller.journal import locks
from controller.journal.amending import fit_reason
from controller.journal.chain import HEAD_FILE, write_head
from controller.journal.store import Store, Unwritable
from controller.journal.tables import stored_head

if TYPE_CHECKING:
    from pathlib import Path

NOT_LOCKED: Final = "the unit is not locked: there is nothing to be said"


class WordRefused(Exception):
    """What is not taken; `str()` is one sentence with what is allowed."""


def say_why(directory: Path, reason: str, *, simulated: bool) -> Lock:
    """Write why the unit was locked, and return the lock, which waits for its proof now.

    Where that was said already, it is said anew. Raises WordRefused; Unwritable, sqlite3.Error or OSError
    where the journal can't be written.
    """
    try:
        reason = fit_reason(reason)
    except ValueError as error:
        raise WordRefused(str(error)) from error
    store = Store(directory)
    try:
        connection = store.connection
        connection.execute("BEGIN IMMEDIATE")
        lock = locks.read(connection, simulated=simulated)
        if lock is None or lock.needs is Needs.STOP:
            raise WordRefused(NOT_LOCKED)
        now_utc = wall.read().utc.isoformat(timespec="milliseconds")
        locks.release(connection, locks.Released(int(simulated), now_utc, Role.TECHNICIAN.value, reason))
        connection.execute("COMMIT")
        # A draft's name of its own: a session's process may write its own at the same moment.
        write_head(directory, stored_head(connection), f".{HEAD_FILE}-released-{os.getpid()}")
    finally:
        store.connection.close()
    return lock._replace(needs=Needs.PROOF)


__all__ = ["Unwritable", "WordRefused", "say_why"]
