"""What the panel's contacts say, once they have said it for long enough.

Law: Stop counts in the tick in which it is seen, the others only when they were pressed, or let go, without a
break for `STEADY_S`; a contact that bounces and a glitch on its wire are no press. Pure.
"""

from __future__ import annotations

from typing import Final, TypeAlias

STEADY_S: Final = 0.05
"""A finger takes longer, a bouncing contact and what a wire picks up do not (assumption)."""

Contacts: TypeAlias = tuple[bool, bool, bool, bool]
"""Start, Stop, Up, Down; True is pressed."""
NONE: Final[Contacts] = (False, False, False, False)


class Debounce:
    """The four contacts as they count, told by `see` once a tick."""

    def __init__(self) -> None:
        self._raw = self._counts = NONE
        self._since_s = 0.0
        self._steady = True

    def see(self, now_s: float, raw: Contacts) -> Contacts:
        """Take the contacts as they are at `now_s` (s); return which of them count as pressed."""
        if raw != self._raw:
            start, _, up, down = self._counts
            self._counts = (start, raw[1], up, down)
            if (raw[0], raw[2], raw[3]) != (self._raw[0], self._raw[2], self._raw[3]):
                self._since_s, self._steady = now_s, False
            self._raw = raw
        if not self._steady and now_s - self._since_s >= STEADY_S:
            self._steady, self._counts = True, self._raw
        return self._counts
