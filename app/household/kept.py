"""Whether people are kept in a state directory, for the device beside the companion.

Law: it reads and makes nothing. A book that can't be read may hold somebody. The device asks in a process of
its own (`python -m app.household.kept STATE`, 0: nobody), since the loop's process loads no database.
"""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

from app.household.book import FILE
from controller.host.readonly import open_readonly


def people_are_kept(state: Path) -> bool:
    """Tell whether anybody who wasn't removed is in the household's book."""
    file = state / FILE
    if not file.exists():
        return False
    try:
        with open_readonly(file) as book:
            return book.execute("SELECT 1 FROM person WHERE hidden = 0 LIMIT 1").fetchone() is not None
    except (sqlite3.Error, OSError):
        return True


if __name__ == "__main__":
    sys.exit(people_are_kept(Path(sys.argv[1])))
