"""A plan as a calendar file: planned days as all-day events with an alarm each (iCalendar, RFC 5545).

Law: what leaves here is valid for any content: text escaped, lines folded at 75 octets, ends as CR LF. An
event is a treatment by its number and not a day: a file taken in later moves it, and makes no second one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

ALARM_H: Final = 18
"""The hour of the planned day, by the clock of whoever has the calendar, at which it reminds (our figure)."""
_FOLD_OCTETS: Final = 75


class Words(NamedTuple):
    """What an event says: its title, more about it, and its reminder."""

    summary: str
    description: str
    reminder: str


def calendar(uid: str, words: Words, days: Iterable[date], made: datetime, *, first: int) -> str:
    """Write the file: one event a day in `days`.

    `uid` names plan and unit, and no other unit's; `first` is the number of the treatment on the first day;
    `made` is an aware time.
    """
    lines = _lines(uid, words, enumerate(days, first), made)
    return "".join(f"{folded}\r\n" for line in lines for folded in _fold(line))


def _lines(uid: str, words: Words, numbered: Iterable[tuple[int, date]], made: datetime) -> Iterator[str]:
    stamp = made.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    sequence = int(made.timestamp()) // 60  # a later file wins over an earlier one
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//ionto//plan//EN", "CALSCALE:GREGORIAN")
    for number, day in numbered:
        yield from (
            "BEGIN:VEVENT",
            f"UID:{_text(uid)}-{number}",
            f"SEQUENCE:{sequence}",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_text(words.summary)}",
            f"DESCRIPTION:{_text(words.description)}",
            "TRANSP:TRANSPARENT",
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            f"TRIGGER:PT{ALARM_H}H",
            f"DESCRIPTION:{_text(words.reminder)}",
            "END:VALARM",
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
