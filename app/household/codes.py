"""The nurse's and the technician's code in the household's book: set, checked, tried so many times.

Law: each is kept by scrypt, never in the clear; a wrong one costs a try, whoever enters it. The nurse's code
is of what a person may be given, the technician's of what the unit did: neither stands for the other.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
from collections.abc import Callable
from typing import ClassVar, Final, NamedTuple

from app.household.book import Book
from app.household.person import StoreRefused
from config.characters import composed, unfit_in_name

LEAST_CODE: Final = 6
"""Characters of a code; with the page's limit on tries a million codes take centuries."""
_SCRYPT: Final = {"n": 2**14, "r": 8, "p": 1}


class Whose(NamedTuple):
    """Whose code it is: the names of what is kept about it, and what is said of it."""

    setting: str
    tries: str
    label: str
    none_set: str
    wrong: str
    none_given: str
    too_many: str


NURSE: Final = Whose(
    "nurse_code",
    "code_tries",
    "Nurse's code",
    "No nurse's code has been set on this unit. A technician sets it with: ionto nurse-code",
    "The nurse's code is wrong.",
    "The nurse's code is missing: enter it. That was no try.",
    "Too many tries with the nurse's code. Wait 3 minutes: then one more is allowed. "
    "Who has forgotten it lets a technician set a new one: ionto nurse-code",
)
TECHNICIAN: Final = Whose(
    "technician_code",
    "technician_tries",
    "Technician's code",
    "No technician's code has been set on this unit. A technician sets it with: ionto technician-code",
    "The technician's code is wrong.",
    "The technician's code is missing: enter it. That was no try.",
    "Too many tries with the technician's code. Wait 3 minutes: then one more is allowed. "
    "Who has forgotten it sets a new one on the unit: ionto technician-code",
)
TRIES: Final = 5
"""Wrong codes at once, on the pages and as many on the command line, ..."""
TRY_AGAIN_S: Final = 180.0
"""... and one more after each of so many s. `Whose.too_many` says it in minutes."""


class Code(Book):
    """The part of the book that holds a code."""

    whose: ClassVar[Whose]

    def set_code(self, code: str) -> None:
        """Set the code, of at least 6 characters. Raises StoreRefused."""
        require_code(code)
        salt = secrets.token_bytes(16)
        kept = f"{salt.hex()}:{_scrypt(composed(code), salt).hex()}"
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (self.whose.setting, kept))
            db.execute("DELETE FROM setting WHERE name = ?", (self.whose.tries,))  # they were at another code
            db.execute("COMMIT")

    def take_try(self, boot: str, boottime_s: float) -> None:
        """Take one of the tries at the code that the command line has. Raises StoreRefused when none is left.

        Counted by the time since boot, which nobody can set; a restart gives none back.
        """
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            before, left, since_s = self._tries(db)
            passed_s = boottime_s - since_s if boot == before else 0.0
            left = min(float(TRIES), left + max(0.0, passed_s) / TRY_AGAIN_S)
            kept = json.dumps([boot, left - 1.0 if left >= 1.0 else left, boottime_s])
            db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (self.whose.tries, kept))
            db.execute("COMMIT")
        if left < 1.0:
            raise StoreRefused(self.whose.too_many)

    def give_try_back(self) -> None:
        """Give back the try that was taken last."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            boot, left, since_s = self._tries(db)
            kept = json.dumps([boot, min(float(TRIES), left + 1.0), since_s])
            db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (self.whose.tries, kept))
            db.execute("COMMIT")

    def code_id(self) -> str:
        """Tell the code that is set from others, without telling it. Raises StoreRefused when none is set."""
        with self._open() as db:
            return self._kept_code(db)[0].hex()

    def prove_code(self, code: str, take: Callable[[], None], give_back: Callable[[], None]) -> None:
        """Check the code at the cost of a try, which only a wrong one keeps.

        `take` takes a try, or raises where none is left; it isn't called where no code is set or none was
        entered. Raises StoreRefused.
        """
        self.code_id()
        if not code.strip():
            raise StoreRefused(self.whose.none_given)
        take()
        self.check_code(code)
        give_back()

    def check_code(self, code: str) -> None:
        """Check the code. Raises StoreRefused when it is wrong or none is set."""
        with self._open() as db:
            salt, wanted = self._kept_code(db)
        # A code set by an older version may be kept as it was typed, in pieces.
        if not any(hmac.compare_digest(_scrypt(one, salt), wanted) for one in (composed(code), code)):
            raise StoreRefused(self.whose.wrong)

    def _kept_code(self, db: sqlite3.Connection) -> tuple[bytes, bytes]:
        """Give salt and hash of the code. Raises StoreRefused when none is set."""
        row = db.execute("SELECT value FROM setting WHERE name = ?", (self.whose.setting,)).fetchone()
        if row is None:
            raise StoreRefused(self.whose.none_set)
        salt, wanted = (bytes.fromhex(part) for part in row[0].split(":"))
        return salt, wanted

    def _tries(self, db: sqlite3.Connection) -> tuple[str, float, float]:
        """Give the boot in which the code was tried last, the tries left then, and when (s since boot)."""
        row = db.execute("SELECT value FROM setting WHERE name = ?", (self.whose.tries,)).fetchone()
        boot, left, since_s = ("", TRIES, 0.0) if row is None else json.loads(row[0])
        return str(boot), float(left), float(since_s)


class NurseCode(Code):
    """The nurse's."""

    whose = NURSE


class TechnicianCode(Code):
    """The technician's, who sets it on the unit's computer."""

    whose = TECHNICIAN


def require_code(code: str) -> None:
    """Refuse a code that is too short. Raises StoreRefused."""
    if len(code) < LEAST_CODE or not code.strip():
        raise StoreRefused(f"The code needs at least {LEAST_CODE} characters.")
    if wrong := unfit_in_name(code):
        raise StoreRefused(f"The code {wrong}")


def _scrypt(code: str, salt: bytes) -> bytes:
    return hashlib.scrypt(code.encode(), salt=salt, n=_SCRYPT["n"], r=_SCRYPT["r"], p=_SCRYPT["p"])
