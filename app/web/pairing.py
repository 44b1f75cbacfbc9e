"""Pairing: a device asks, and a person at the unit holds Up for three seconds while it asks.

Law: one device asks at a time; when a second one asks meanwhile, neither is paired, for nobody could tell for
whom the button is held. The button must have been seen loose since the question. Pure: time is an argument.
"""

from __future__ import annotations

import hmac
from typing import Final, Literal, TypeAlias

WINDOW_S: Final = 60.0
"""How long a device asks, how long a clash bars both, and how long a granted pairing may be collected."""

State: TypeAlias = Literal["idle", "asking", "clash", "granted", "other"]


class Pairing:
    """Who asks. A holder is the random cookie of the device that asks."""

    def __init__(self) -> None:
        self._state: State = "idle"
        self._holder = ""
        self._name = ""
        self._until_s = 0.0
        self._seen_loose = False

    def ask(self, holder: str, name: str, now_s: float) -> State:
        """Ask for `holder`; again by the same one begins anew."""
        self._expire(now_s)
        if self._state in {"asking", "granted"} and not self._is(holder):
            self._state = "clash"
        elif self._state != "clash":
            self._state, self._holder, self._name, self._seen_loose = "asking", holder, name, False
        self._until_s = now_s + WINDOW_S
        return self._state

    def see(self, held: str | None, now_s: float) -> None:
        """Take what a snapshot says is held."""
        self._expire(now_s)
        if self._state != "asking":
            return
        if held is None:
            self._seen_loose = True
        elif held == "up" and self._seen_loose:
            self._state, self._until_s = "granted", now_s + WINDOW_S

    def state(self, holder: str, now_s: float) -> State:
        """Tell a device how its question stands; `other` while another one asks."""
        self._expire(now_s)
        if self._state in {"idle", "clash"} or self._is(holder):
            return self._state
        return "other"

    def left_s(self, now_s: float) -> float:
        """Give how long the present state lasts in s."""
        return max(0.0, self._until_s - now_s)

    def collect(self, holder: str, now_s: float) -> str | None:
        """Give the name to pair `holder` under, once; None when that is not granted."""
        if self.state(holder, now_s) != "granted":
            return None
        self._state = "idle"
        return self._name

    def _is(self, holder: str) -> bool:
        return bool(holder) and hmac.compare_digest(self._holder.encode(), holder.encode())

    def _expire(self, now_s: float) -> None:
        if now_s >= self._until_s:
            self._state, self._holder = "idle", ""
