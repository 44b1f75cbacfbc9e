"""A code of the household's book as the command line asks for it.

Law: it is asked for, never an argument, which others on the machine could read; a wrong one costs a try.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from app.household.book import FILE
from app.household.person import StoreRefused
from app.locale.terminal import t
from app.typed import ask_code
from controller.host.disk import there, why

if TYPE_CHECKING:
    from pathlib import Path

    from app.household.codes import Code
    from protocols.dates import Reading


def require_entered(state: Path, book: type[Code], now: Reading) -> None:
    """Ask for the code that `book` holds, and check it. Raises StoreRefused."""
    whose = book.whose
    try:
        if not there(state / FILE):
            raise StoreRefused(whose.none_set)
        kept = book(state)
        kept.code_id()
        code = ask_code(f"{t(whose.label)}: ")
        kept.prove_code(code, lambda: kept.take_try(now.boot, now.boottime_s), kept.give_try_back)
    except (sqlite3.Error, OSError) as error:
        found = why(error, state)
        raise StoreRefused(
            f"the household's book in {state} can't be kept ({found.cause}): {found.remedy}"
        ) from error
