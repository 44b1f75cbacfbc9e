"""What a person types or a file hands over in one line: a code, a name, a time.

Law: read as it was meant, or refused in a sentence that names the character; never half read, never guessed.
"""

from __future__ import annotations

import getpass
import sys
from datetime import datetime

from app.output import UsageError
from config.characters import cleaned, unfit_in_name


def ask_code(prompt: str) -> str:
    """Ask for a code at a terminal, else take standard input's first line; options can be read by others.

    A file's byte order mark and line end, of either kind, are no part of it. Raises UsageError.
    """
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    try:
        line = sys.stdin.readline()
        line.encode()  # in some environments what is no UTF-8 comes as halves of characters
    except UnicodeError:
        raise UsageError("the code on standard input is no UTF-8 text: save it as UTF-8") from None
    return line.removeprefix("\ufeff").rstrip("\r\n")


def require_line(what: str, text: str, longest: int) -> str:
    """Give a text of one line as it is kept; `what` names it in the sentence. Raises UsageError."""
    kept = text.strip()
    if not 1 <= len(kept) <= longest:
        raise UsageError(f"{what} is {text[:40]!r}: 1 to {longest} printable characters are allowed")
    if wrong := unfit_in_name(kept):
        raise UsageError(f"{what} {wrong}")
    return cleaned(kept)


def moment(text: str) -> datetime:
    """Read date and time, ISO 8601, local time without an offset.

    An hour that comes twice, when the clock is set back, is the later one: the rule of days is held to the
    latest that can be. Raises ValueError; `str()` is the end of a sentence.
    """
    try:
        if "T" not in text and " " not in text:
            raise ValueError
        read = datetime.fromisoformat(text)
        if read.tzinfo is not None:
            return read.astimezone()
        local = read.replace(fold=1).astimezone()
    except (ValueError, OverflowError):
        raise ValueError(
            "write date and time like 2026-11-20T18:30, local time unless an offset follows"
        ) from None
    if local.replace(tzinfo=None, fold=0) != read.replace(fold=0):
        raise ValueError("this hour is left out that day, when summer time begins: choose another")
    return local
