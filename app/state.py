"""Where records are kept: the directory that a command was given, else this account's own.

Law: one place for all commands.
"""

from __future__ import annotations

import os
from pathlib import Path

from app.locale.terminal import t
from app.output import UsageError


def state_directory(given: Path | None) -> Path:
    """Return what was `given`, else `$XDG_STATE_HOME/ionto`, or else `~/.local/state/ionto`.

    Raises UsageError where there is no home.
    """
    if given is not None:
        return given
    named = os.path.expanduser(os.environ.get("XDG_STATE_HOME", ""))  # noqa: PTH111 - may be no path at all
    if named.startswith("/"):  # any other is to be ignored (XDG Base Directory Specification)
        return Path(named) / "ionto"
    try:
        return Path.home() / ".local" / "state" / "ionto"
    except RuntimeError as error:
        raise UsageError(
            t("there is no home to keep the journal in: name a directory with --state")
        ) from error
