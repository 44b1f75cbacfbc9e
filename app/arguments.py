"""Numbers on the command line that several commands take.

Law: a number out of range is refused where it is read, in a sentence that tells the range.
"""

from __future__ import annotations

import argparse


def seed(text: str) -> int:
    """Read a whole number from 0 to 4,294,967,295."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < 2**32):
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 0 to 4294967295")
    return int(text)


def speed(text: str) -> float:
    """Read `real` (1) or a factor from 0.1 to 1,000 times real time."""
    factor = _factor(text)
    if not 0.1 <= factor <= 1000:
        raise argparse.ArgumentTypeError(f"'{text}' is not real or a factor from 0.1 to 1000")
    return factor


def speed_or_max(text: str) -> float | None:
    """Read `max` (None), `real` (1) or a factor from 0.1 to 10,000 times real time."""
    factor = _factor(text)
    if text != "max" and not 0.1 <= factor <= 10_000:
        raise argparse.ArgumentTypeError(f"'{text}' is not max, real or a factor from 0.1 to 10000")
    return None if text == "max" else factor


def _factor(text: str) -> float:
    """Read `real` or a number; what is none is 0, which no command allows."""
    try:
        return 1.0 if text == "real" else float(text)
    except ValueError:
        return 0.0
