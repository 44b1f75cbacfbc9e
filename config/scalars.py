"""What a plain YAML word means here: a number, true, false, null or text; never a guess.

Law: a word that YAML programs read in different ways (`1e-3`, `12:30`, `on`, `010`) is refused with the
way to write it, since each of them has silently become another value somewhere (PyYAML 6 reads them as
text, 750, True and 8).
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, TypeAlias

from config.characters import (
    curly_quotes_around,
    edge_of_plain_word,
    first_odd,
    named,
    plainly,
    remedy,
)

Scalar: TypeAlias = str | int | float | bool | None

LONGEST_NUMBER: Final = 24
"""Most characters of a number; longer ones say nothing about a unit or a treatment."""
LONGEST_TEXT: Final = 4000
"""Most characters of one text."""

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)", re.ASCII)
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+", re.ASCII)
_NUMBER_LIKE = re.compile(r"[-+]?(\.?[0-9][0-9a-zA-Z_.:+-]*|\.(nan|inf))", re.ASCII | re.IGNORECASE)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
# Patterns as text: the first search compiles one, and a file without an odd number needs none.
_DIGITS: Final = r"[-+0-9.xXeE_]+"
_EXPONENT: Final = r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]{1,3}"
_SEXAGESIMAL: Final = r"[-+]?[0-9]+(:[0-9]+)+(\.[0-9]*)?"
_OTHER_BASE: Final = r"[-+]?0[oObBxX][0-9a-fA-F_]+"
_UNDERSCORED: Final = r"[-+]?[0-9][0-9_]*_[0-9_.]*"
_BARE_POINT: Final = r"[-+]?(\.[0-9]+|[0-9]+\.)"
_LEADING_ZERO: Final = r"[-+]?0[0-9]+(\.[0-9]*)?"
_NOT_FINITE: Final = r"(?i)[-+]?\.(nan|inf)"


class ScalarError(ValueError):
    """The word is refused; the message says what is wrong and how to write it.

    `char` is the one character that is to blame, "" where it is the word.
    """

    def __init__(self, sentence: str, char: str = "") -> None:
        super().__init__(sentence)
        self.char = char


def unprintable(text: str) -> re.Match[str] | None:
    """Find the first character that no file of ours may hold: NUL, control characters, lone surrogates."""
    return _UNPRINTABLE.search(text)


def one_line(text: str, longest: int = 60) -> str:
    """`text` as it may stand in an error: one line, printable, encodable, at most `longest` characters."""
    shown = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in shown)


def resolve_text(value: str) -> str:
    """Check a quoted or block text and return it; raise `ScalarError` for control characters and excess."""
    if len(value) > LONGEST_TEXT:
        raise ScalarError(f"text of {len(value)} characters, at most {LONGEST_TEXT} are allowed")
    if found := unprintable(value):
        raise ScalarError(
            f"control character U+{ord(found[0]):04X} in text, only printable characters are allowed"
        )
    return value


def resolve_plain(value: str) -> Scalar:
    """Give the meaning of a plain (unquoted) word, or raise `ScalarError`."""
    if value in {"", "~", "null"}:
        return None
    if value in {"true", "false"}:
        return value == "true"
    if value.lower() in {"yes", "no", "on", "off", "true", "false"}:
        raise ScalarError(f"{value} is ambiguous, write true or false; quote it if it is text")
    if value.lower() == "null":
        raise ScalarError(f"{value} is ambiguous, write null; quote it if it is text")
    if len(value) <= LONGEST_NUMBER:
        if _INTEGER.fullmatch(value):
            return int(value)
        if _HEX.fullmatch(value):
            return int(value, 16)
        if _DECIMAL.fullmatch(value):
            return float(value)
    _refuse_number_like(value)
    _refuse_misleading(value)
    return resolve_text(value)


def _refuse_misleading(value: str) -> None:
    """Raise `ScalarError` for what people take for a number, a quoted text or an end, and no program does."""
    if value.isascii():
        return
    if (odd := edge_of_plain_word(value)) or (odd := curly_quotes_around(value)):
        raise ScalarError(
            f"{named(odd)} in or around an unquoted word, {remedy(odd)}; or quote the text", odd
        )
    plain = plainly(value).strip()
    number = len(plain) <= LONGEST_NUMBER and (_NUMBER_LIKE.fullmatch(plain) or re.fullmatch(_DIGITS, plain))
    if number or plain.lower() in {"yes", "no", "on", "off", "true", "false", "null", "~"}:
        odd = first_odd(value) or ""
        raise ScalarError(f"{one_line(value)} holds {named(odd)}, {remedy(odd)}; quote it if it is text", odd)


def _refuse_number_like(value: str) -> None:
    """Raise `ScalarError` for whatever another YAML program could take for a number."""
    if not _NUMBER_LIKE.fullmatch(value):
        return
    shown = one_line(value, LONGEST_NUMBER)
    if re.fullmatch(_NOT_FINITE, value):
        wrong = "is not a finite number, write a number such as 0.5"
    elif len(value) > LONGEST_NUMBER and re.fullmatch(_DIGITS, value):
        wrong = f"is too long, write a number of at most {LONGEST_NUMBER} characters"
    elif re.fullmatch(_EXPONENT, value):
        wrong = f"has an exponent (text for some programs, a number for others), write {_in_full(value)}"
    elif re.fullmatch(_SEXAGESIMAL, value):
        wrong = "is base 60 for some programs (12:30 is 750), write one number in the unit of the key"
    elif re.fullmatch(_OTHER_BASE, value):
        wrong = "is octal, binary or malformed hex, write a decimal number or hex such as 0x48"
    elif re.fullmatch(_UNDERSCORED, value):
        wrong = f"holds an underscore, write {shown.replace('_', '')}"
    elif re.fullmatch(_LEADING_ZERO, value):
        wrong = f"has a leading zero (octal for some programs), write {_in_full(value)}"
    elif re.fullmatch(_BARE_POINT, value):
        wrong = "lacks a digit beside the point, write it like 0.5 or 5.0"
    else:
        return
    raise ScalarError(f"{shown} {wrong}; quote it if it is text")


def _in_full(value: str) -> str:
    plain = f"{Decimal(value):f}"
    return plain if len(plain) <= LONGEST_NUMBER else "it in full"
