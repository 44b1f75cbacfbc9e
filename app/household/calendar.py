"""A plan as a calendar file: planned days as all-day events (iCalendar, RFC 5545).

Law: what leaves here is valid for any content: text escaped, lines folded at 75 octets, ends as CR LF.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final

_FOLD_OCTETS: Final = 75


def calendar(uid: str, summary: str, description: str, days: Iterable[date], made: datetime) -> str:
    """Write the file: one event a day in `days`; `uid` names plan and unit, `made` is an aware time."""
    return "".join(
        f"{folded}\r\n" for line in _lines(uid, summary, description, days, made) for folded in _fold(line)
    )


def _lines(uid: str, summary: str, description: str, days: Iterable[date], made: datetime) -> Iterator[str]:
    stamp = made.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//ionto//plan//EN", "CALSCALE:GREGORIAN")
    for day in days:
        yield from (
            "BEGIN:VEVENT",
            f"UID:{_text(uid)}-{day:%Y%m%d}",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_text(summary)}",
            f"DESCRIPTION:{_text(description)}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        )
    yield "END:VCALENDAR"


def _text(value: str) -> str:
    """Escape text (RFC 5545, 3.3.11); control characters, which it can't hold, become spaces."""
    kept = "".join(char if char >= " " or char == "\n" else " " for char in value.replace("\r\n", "\n"))
    for char in "\\;,":
        kept = kept.replace(char, f"\\{char}")
    return kept.replace("\n", "\\n").replace("\x7f", " ")


def _fold(line: str) -> Iterator[str]:
    """Break a line into pieces of at most 75 octets, never inside a character (RFC 5545, 3.1)."""
    piece, size, prefix = "", 0, ""
    for char in line:
        octets = len(char.encode())
        if size + octets > _FOLD_OCTETS:
            yield prefix + piece
            piece, size, prefix = "", 1, " "
        piece, size = piece + char, size + octets
    yield prefix + piece
