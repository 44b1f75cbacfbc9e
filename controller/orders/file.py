"""The file `next.json`: an order as it is written, and what a device gets to know of what lies there.

Law: an order is valid for a day at most and ends by itself; a file that is none is told, with the reason.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple, TypedDict

FILE: Final = "next.json"
LARGEST: Final = 4096
"""Bytes of the file."""
LONGEST_VALID: Final = timedelta(hours=24)
"""An order is for today ..."""
SLACK: Final = timedelta(minutes=1)
"""... give or take what the clocks of two programs differ."""


class Order(NamedTuple):
    """What is to be treated. `limit_ma` is how far Up may go, `valid_until` knows its zone."""

    person: str
    treatment: str
    current_ma: float
    limit_ma: float
    first_polarity: Literal["forward", "reverse"]
    valid_until: datetime


class Found(TypedDict, total=False):
    """What lies there: `order`, the time it is valid for and its digest, or why it is none; or nothing."""

    order: dict[str, Any]
    valid_for_s: float
    digest: str
    error: str


def written(order: Order) -> str:
    """Return the file's content."""
    until = order.valid_until.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    content = {
        "person": order.person,
        "treatment": order.treatment,
        "current_ma": order.current_ma,
        "first_polarity": order.first_polarity,
        "valid_until_utc": until,
        "limit_ma": order.limit_ma,
    }
    return json.dumps(content) + "\n"


def found(data: bytes, now: datetime) -> Found:
    """Read the file's content; `now` knows its zone."""
    if len(data) > LARGEST:
        return {"error": f"next.json is longer than {LARGEST} bytes"}
    try:
        asked = _object(data)
        until = _instant(asked)
    except ValueError as error:
        return {"error": f"next.json is no order: {str(error)[:200]}"}
    valid_for = until - now
    if not timedelta(0) < valid_for <= LONGEST_VALID + SLACK:
        return {"error": "next.json: valid_until_utc is over, or more than 24 h ahead"}
    return {"order": asked, "valid_for_s": valid_for.total_seconds(), "digest": digest_of(data)}


def digest_of(data: bytes) -> str:
    """Return the name of this content, so that an order is used once and no newer one is taken for it."""
    return hashlib.sha256(data).hexdigest()


def _object(data: bytes) -> dict[str, Any]:
    """Read the one object of a file. Raises ValueError."""
    if not data.strip(b"\0 \t\r\n"):
        raise ValueError("the file is empty")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is no UTF-8 text") from None
    try:
        asked = json.loads(text, parse_constant=_no_number, object_pairs_hook=_no_doubles)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON from line {error.lineno}, column {error.colno} on") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(asked, dict):
        raise ValueError("one JSON object is expected")
    return asked


def _instant(asked: dict[str, Any]) -> datetime:
    """Read until when an order is good. Raises ValueError."""
    if "valid_until_utc" not in asked:
        raise ValueError("valid_until_utc is missing")
    try:
        until = datetime.fromisoformat(asked["valid_until_utc"])
    except (ValueError, TypeError):
        raise ValueError("valid_until_utc is no date and time, such as 2026-11-28T18:30:00Z") from None
    if until.utcoffset() != timedelta(0):
        raise ValueError("valid_until_utc has no Z or +00:00")
    return until


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number here")


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found
