"""Nothing is less than nothing: a figure that rounds to zero is written without a minus.

Law: a converter's offset reads a little below zero; whoever reads "-0.0 mA" asks which way it flows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_DIGITS: Final = frozenset("123456789")
_LESS_THAN_NOTHING: Final = re.compile(r"(?<![\w.,-])[-\u2212](?=0(?:[.,]0+)?(?![\d.,]*\d))")
"""A minus before a zero of any length, at the beginning of a number and not of a range."""


def unsigned(written: str, anew: Callable[[], str]) -> str:
    """Give a number as it is `written`, or `anew` without its sign where only zeros are left of it."""
    return written if _DIGITS & set(written) or "0" not in written else anew()


def without_minus(sentence: str) -> str:
    """Take the minus from every zero of a sentence that was worded where things are measured."""
    return _LESS_THAN_NOTHING.sub("", sentence)


def rounded(value: float, digits: int) -> float:
    """Round, and give 0.0 for what rounds to -0.0."""
    return round(value, digits) + 0.0
