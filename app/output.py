"""What leaves on the standard streams, and the exit codes; whatever a shell can do to us is met here.

Law: a reader who goes away, a terminal that knows no Unicode or a full disk is never a traceback, and an
answer that could not be delivered is never a success.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from enum import IntEnum
from typing import TextIO


class ExitCode(IntEnum):
    """How a command ended, for the shell. The README lists them; their numbers never change."""

    COMPLETED = 0
    INTERNAL = 1
    BAD_INPUT = 2
    ABORTED = 3
    STOPPED = 4
    REFUSED = 5


class UsageError(Exception):
    """The caller asked for something that can't be done; the text is one clear sentence (exit code 2)."""


class UndeliveredError(Exception):
    """Standard output took not all of the answer, as on a full disk (exit code 1)."""


def prepare_streams() -> None:
    """Let every character pass on any terminal: what its encoding lacks becomes a question mark."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def say(text: str = "") -> None:
    """Write a line to standard output at once.

    A reader that has gone away, a closed terminal too, is no error: the rest is not wanted.

    Raises:
        UndeliveredError: standard output refused the text for another reason.

    """
    if sys.stdout is None:  # the caller closed it: python -c ... >&-
        return
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except OSError as error:
        gone = _nobody_reads(sys.stdout, error)
        _abandon(sys.stdout)
        if gone:
            return
        raise UndeliveredError(f"standard output could not be written: {error.strerror}") from error


def complain(text: str) -> None:
    """Write a line to standard error, or nowhere when there is none."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except OSError:
        _abandon(sys.stderr)


def _nobody_reads(stream: TextIO, error: OSError) -> bool:
    """Tell whether a stream's reader has gone away: a pipe breaks then, a terminal answers with EIO."""
    if error.errno == errno.EIO:
        return stat.S_ISCHR(os.fstat(stream.fileno()).st_mode)
    return isinstance(error, BrokenPipeError)


def _abandon(stream: TextIO) -> None:
    """Lead a stream nowhere, so that the interpreter's last flush can't fail again with a traceback."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
