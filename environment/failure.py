"""What ends a set-up, as one sentence."""

from __future__ import annotations

from typing import Final

FAILED: Final = 1
STOPPED: Final = 4
"""Exit code of a set-up that a person ended, as of a treatment."""


class SetUpFailed(Exception):
    """The text is one sentence that names the cause and what helps."""


class Interrupted(Exception):
    """A signal ended the set-up: Ctrl-C, a closed terminal, a shutdown."""
