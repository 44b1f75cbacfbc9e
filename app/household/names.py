"""What people are called: so that no two are, on any screen, whatever their names look like.

Law: each call is inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import Any, Final

from app.household.person import StoreRefused
from config.characters import cleaned, looks, same, unfit_in_name

NO_NAME: Final = "A name needs at least one letter, digit or sign that can be seen."
NAME_TAKEN: Final = "Somebody of this name is in the household already. Choose another name."


def all_called(db: sqlite3.Connection) -> dict[int, str]:
    """Give what each is called, so that no two are called alike."""
    rows = db.execute("SELECT id, name, hidden FROM person ORDER BY hidden, id").fetchall()
    counted = Counter(looks(name) for _, name, hidden in rows if not hidden)
    taken = {name for name, count in counted.items() if count == 1}
    called: dict[int, str] = {}
    for number, name, hidden in rows:
        if hidden:
            called[number] = f"({number})"
            continue
        shown = name
        if counted[looks(name)] > 1:
            shown = f"{name} ({number})"
            while looks(shown) in taken:
                shown = f"{shown} ({number})"
            taken.add(looks(shown))
        called[number] = shown
    return called


def in_order(row: tuple[Any, ...]) -> str:
    """Give what somebody is listed by: the name's letters, whatever their case, then its accents."""
    import unicodedata

    return unicodedata.normalize("NFD", same(row[1]))


def free_name(db: sqlite3.Connection, typed: str, number: int | None) -> str:
    """Give a name as it is kept, if nobody else in the household has it. Raises StoreRefused."""
    name = cleaned(typed)
    if not same(name) or unfit_in_name(name):
        raise StoreRefused(NO_NAME)
    others = db.execute("SELECT id, name FROM person WHERE hidden = 0").fetchall()
    if any(looks(other) == looks(name) for one, other in others if one != number):
        raise StoreRefused(NAME_TAKEN)
    return name
