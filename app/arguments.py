"""Numbers and paths on the command line that several commands take.

Law: a number out of range is refused where it is read, in a sentence that tells the range; a path is what a
shell would have made of it, however it was written.
"""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import Final

LONGEST_SOCKET: Final = 107
"""Bytes of a Unix socket's path that Linux takes (unix(7): 108 with the end)."""


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
    if text == "real":
        return 1.0
    return float(text) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text, re.ASCII) else 0.0


def path(text: str) -> Path:
    """Read a path: `~` or `~user` at its beginning is a home, as a shell reads it, and the rest is literal.

    A shell leaves the `~` of `--state=~/x`, and of any line of a service's file, to us.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError("'' is not a path: it is empty")
    if not text.startswith("~"):
        return Path(text)
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise argparse.ArgumentTypeError(
            f"'{text}' begins with a home that does not exist; write ./{text} for a file of that name"
        ) from None


def socket_path(text: str) -> Path:
    """Read the path of a Unix socket, which may be only so long, the folders that lead to it included."""
    found = path(text)
    size = len(os.fsencode(os.path.realpath(found)))
    if size > LONGEST_SOCKET:
        raise argparse.ArgumentTypeError(
            f"'{text}' is too long for a socket: {size} bytes with its folders, {LONGEST_SOCKET} are "
            "allowed; choose a shorter path, such as /tmp/unit.sock"
        )
    return found


def word(text: str) -> str:
    """Read a name or number that is not empty."""
    if not text.strip():
        raise argparse.ArgumentTypeError(
            f"'{text}' is empty: write a name or number, or leave the option out"
        )
    return text


def named_file(text: str) -> str:
    """Read a path, or a word that stands for one, such as `simulated`; empty where none is named."""
    return str(path(text)) if text else text
