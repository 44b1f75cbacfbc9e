"""The paired devices in the household's book.

Law: of a token only its SHA-256 is kept; it has 256 bits of its own.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import date
from typing import Final, NamedTuple

from app.household.book import Book
from app.household.person import TOO_MANY, StoreRefused

MOST_DEVICES: Final = 30


class Device(NamedTuple):
    """A paired device."""

    id: int
    name: str
    paired_on: date


class Devices(Book):
    """The part of the book that holds the devices."""

    def pair(self, name: str, today: date) -> str:
        """Pair a device and return its token, which is kept nowhere else. Raises StoreRefused."""
        token = secrets.token_urlsafe(32)
        with self._open() as db:
            if db.execute("SELECT count(*) FROM device").fetchone()[0] >= MOST_DEVICES:
                raise StoreRefused(TOO_MANY)
            db.execute(
                "INSERT INTO device (token_hash, name, paired_on) VALUES (?, ?, ?)",
                (token_hash(token), name, today.isoformat()),
            )
        return token

    def unpair(self, number: int) -> None:
        """Forget a device."""
        with self._open() as db:
            db.execute("DELETE FROM device WHERE id = ?", (number,))

    def devices(self) -> list[Device]:
        """Give the paired devices, oldest first."""
        with self._open() as db:
            rows = db.execute("SELECT id, name, paired_on FROM device ORDER BY id").fetchall()
        return [Device(number, name, date.fromisoformat(day)) for number, name, day in rows]

    def token_hashes(self) -> dict[str, int]:
        """Give the hash of each device's token, with the device's id."""
        with self._open() as db:
            return dict(db.execute("SELECT token_hash, id FROM device").fetchall())


def token_hash(token: str) -> str:
    """Give what is kept of a device's token."""
    return hashlib.sha256(token.encode()).hexdigest()
