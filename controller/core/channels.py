"""Whether a converter that is asked for one channel after the other answers with the one it was asked for.

Law: pure. The very code of the channel before is what a converter that froze still holds; one that is the
same by chance is soon followed by another.
"""

from __future__ import annotations

from controller.core.types import Measurement


class Channels:
    """Remembers the control converter's last code, and whose it was."""

    def __init__(self) -> None:
        self._before: tuple[str, int] | None = None

    def fresh(self, m: Measurement) -> bool:
        """Tell whether the new code, if there is one, may be its own channel's."""
        if m.sampled_code is None:
            return True
        before, self._before = self._before, (m.sampled, m.sampled_code)
        return before is None or before[0] == m.sampled or before[1] != m.sampled_code
