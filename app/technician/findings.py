"""What a check found: its name, how it stands, what was seen, and the remedy.

Law: every finding that isn't good says in one sentence what to do about it, and what could not be looked at
is never called good.
"""

from __future__ import annotations

from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """One line of `ionto doctor`.

    `state` is "ok"; "warning" (a treatment is possible, something is worse than it could be); "failed" (no
    treatment is possible before this is mended); "skipped" (could not be looked at); or "known" (a problem of
    this version wherever it runs). `remedy` is one sentence, empty for what is ok.
    """

    check: str
    state: Literal["ok", "warning", "failed", "skipped", "known"]
    found: str
    remedy: str = ""


def ok(check: str, found: str) -> Finding:
    """Make a good finding."""
    return Finding(check, "ok", found)


def warning(check: str, found: str, remedy: str) -> Finding:
    """Make a finding that leaves a treatment possible."""
    return Finding(check, "warning", found, remedy)


def failed(check: str, found: str, remedy: str) -> Finding:
    """Make a finding that keeps a treatment from starting."""
    return Finding(check, "failed", found, remedy)


def skipped(check: str, found: str, remedy: str) -> Finding:
    """Make the finding of what could not be looked at."""
    return Finding(check, "skipped", found, remedy)
