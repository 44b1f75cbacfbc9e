"""What the panel's contacts say, once they have said it for long enough.

Law: what Stop ends it ends in the tick in which it is seen. Whatever else a button does takes a contact that
was pressed, or let go, without a break for `STEADY_S`, Stop's too where it allows something; a contact that
bounces and a glitch on its wire are no press. Start counts when it is let go again. Pure.
"""

from __future__ import annotations

from typing import Final, TypeAlias

STEADY_S: Final = 0.05
"""A finger takes longer, a bouncing contact and what a wire picks up do not (assumption)."""

Contacts: TypeAlias = tuple[bool, bool, bool, bool]
"""Start, Stop, Up, Down; True is pressed."""
NONE: Final[Contacts] = (False, False, False, False)


class Steady:
    """One contact as it counts where nothing is to be stopped."""

    def __init__(self) -> None:
        self._raw = self._counts = False
        self.since_s = 0.0
        """When the contact changed last, s."""

    def see(self, now_s: float, pressed: bool) -> bool:  # noqa: FBT001  # a contact is a boolean
        """Take the contact as it is at `now_s` (s); return whether it counts as pressed."""
        if pressed != self._raw:
            self._raw, self.since_s = pressed, now_s
        if now_s - self.since_s >= STEADY_S:
            self._counts = pressed
        return self._counts


class Press:
    """Start as it counts: seen up, pressed, and let go again; told once a tick how it reads."""

    def __init__(self) -> None:
        self._up = self._down = False

    def see(self, pressed: bool) -> bool:  # noqa: FBT001  # a contact is a boolean
        """Tell whether a press has ended in this tick."""
        if pressed:
            self._down = self._up
            return False
        ended, self._up, self._down = self._down, True, False
        return ended

    def forget(self) -> None:
        """Take nothing of what was seen for a press."""
        self._up = self._down = False


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
