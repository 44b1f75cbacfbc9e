"""What a machine can run short of while any program of ours begins: files that may be open, and memory.

Law: it imports nothing, so that it can still be told when no further module can be opened.
"""

from __future__ import annotations

import errno
import os

SHORTAGES = {
    errno.EMFILE: (
        "this program may open no more files",
        "raise its limit, with `ulimit -n 1024` in a shell or LimitNOFILE= in its service",
    ),
    errno.ENFILE: ("too many files are open on this machine", "end other programs on it"),
    errno.ENOMEM: ("there is no memory left", "end other programs on this machine"),
}
"""Cause and remedy by the system's error number."""


def shortage(error: BaseException | None) -> tuple[str, str] | None:
    """Tell what was short where an error came of that, whatever it says itself, or None."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in SHORTAGES:
            return SHORTAGES[error.errno]
        error = error.__cause__ or error.__context__
    try:
        os.close(
            os.open(os.devnull, os.O_RDONLY)
        )  # a module or a database that could not be opened says less
    except OSError as now:
        return SHORTAGES.get(now.errno or 0)
    return None
