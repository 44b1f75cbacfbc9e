"""The nurse's code in the household's book: set, checked, and how often it may be tried.

Law: it is kept by scrypt, never in the clear; a wrong one costs a try, whoever enters it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
from collections.abc import Callable
from typing import Final

from app.household.book import Book
from app.household.person import StoreRefused
from config.characters import composed, unfit_in_name

LEAST_CODE: Final = 6
"""Characters of the nurse's code; with the page's limit on tries a million codes take centuries."""
_SCRYPT: Final = {"n": 2**14, "r": 8, "p": 1}
NO_CODE_SET: Final = "No nurse's code has been set on this unit. A technician sets it with: ionto nurse-code"
WRONG_CODE: Final = "The nurse's code is wrong."
NO_CODE_GIVEN: Final = "The nurse's code is missing: enter it. That was no try."
TOO_MANY_TRIES: Final = (
    "Too many tries with the nurse's code. Wait 3 minutes: then one more is allowed. "
    "Who has forgotten it lets a technician set a new one: ionto nurse-code"
)
TRIES: Final = 5
"""Wrong codes at once, on the pages and as many on the command line, ..."""
TRY_AGAIN_S: Final = 180.0
"""... and one more after each of so many s. `TOO_MANY_TRIES` says it in minutes."""


class NurseCode(Book):
    """The part of the book that holds the code."""

    def set_code(self, code: str) -> None:
        """Set the nurse's code, of at least 6 characters. Raises StoreRefused."""
        require_code(code)
        salt = secrets.token_bytes(16)
        kept = f"{salt.hex()}:{_scrypt(composed(code), salt).hex()}"
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT OR REPLACE INTO setting VALUES ('nurse_code', ?)", (kept,))
            db.execute("DELETE FROM setting WHERE name = 'code_tries'")  # they were at another code
            db.execute("COMMIT")

    def take_try(self, boot: str, boottime_s: float) -> None:
        """Take one of the tries at the code that the command line has. Raises StoreRefused when none is left.

        Counted by the time since boot, which nobody can set; a restart gives none back.
        """
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            before, left, since_s = _tries(db)
            passed_s = boottime_s - since_s if boot == before else 0.0
            left = min(float(TRIES), left + max(0.0, passed_s) / TRY_AGAIN_S)
            kept = json.dumps([boot, left - 1.0 if left >= 1.0 else left, boottime_s])
            db.execute("INSERT OR REPLACE INTO setting VALUES ('code_tries', ?)", (kept,))
            db.execute("COMMIT")
        if left < 1.0:
            raise StoreRefused(TOO_MANY_TRIES)

    def give_try_back(self) -> None:
        """Give back the try that was taken last."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            boot, left, since_s = _tries(db)
            kept = json.dumps([boot, min(float(TRIES), left + 1.0), since_s])
            db.execute("INSERT OR REPLACE INTO setting VALUES ('code_tries', ?)", (kept,))
            db.execute("COMMIT")

    def code_id(self) -> str:
        """Tell the code that is set from others, without telling it. Raises StoreRefused when none is set."""
        with self._open() as db:
            return self._kept_code(db)[0].hex()

    def prove_code(self, code: str, take: Callable[[], None], give_back: Callable[[], None]) -> None:
        """Check the nurse's code at the cost of a try, which only a wrong one keeps.

        `take` takes a try, or raises where none is left; it isn't called where no code is set or none was
        entered. Raises StoreRefused.
        """
        self.code_id()
        if not code.strip():
            raise StoreRefused(NO_CODE_GIVEN)
        take()
        self.check_code(code)
        give_back()

    def check_code(self, code: str) -> None:
        """Check the nurse's code. Raises StoreRefused when it is wrong or none is set."""
        with self._open() as db:
            salt, wanted = self._kept_code(db)
        # A code set by an older version may be kept as it was typed, in pieces.
        if not any(hmac.compare_digest(_scrypt(one, salt), wanted) for one in (composed(code), code)):
            raise StoreRefused(WRONG_CODE)

    @staticmethod
    def _kept_code(db: sqlite3.Connection) -> tuple[bytes, bytes]:
        """Give salt and hash of the nurse's code. Raises StoreRefused when none is set."""
        row = db.execute("SELECT value FROM setting WHERE name = 'nurse_code'").fetchone()
        if row is None:
            raise StoreRefused(NO_CODE_SET)
        salt, wanted = (bytes.fromhex(part) for part in row[0].split(":"))
        return salt, wanted


def require_code(code: str) -> None:
    """Refuse a nurse's code that is too short. Raises StoreRefused."""
    if len(code) < LEAST_CODE or not code.strip():
        raise StoreRefused(f"The nurse's code needs at least {LEAST_CODE} characters.")
    if wrong := unfit_in_name(code):
        raise StoreRefused(f"The nurse's code {wrong}")


def _tries(db: sqlite3.Connection) -> tuple[str, float, float]:
    """Give the boot in which the code was tried last, the tries left then, and when (s since boot)."""
    row = db.execute("SELECT value FROM setting WHERE name = 'code_tries'").fetchone()
    boot, left, since_s = ("", TRIES, 0.0) if row is None else json.loads(row[0])
    return str(boot), float(left), float(since_s)


def _scrypt(code: str, salt: bytes) -> bytes:
    return hashlib.scrypt(code.encode(), salt=salt, n=_SCRYPT["n"], r=_SCRYPT["r"], p=_SCRYPT["p"])
