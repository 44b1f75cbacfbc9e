"""Light and buzzer of the unit, as its sessions show their signals on them.

Law: a signal that goes on keeps its rhythm from session to session, and the pins are moved only by a change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.core.signals import Panel, Signal, Sound, lights, panel, sound_of

if TYPE_CHECKING:
    from controller.loop.clock import SessionClock
    from controller.loop.rig import Rig


class UnitLight:
    """Of one unit, for good."""

    def __init__(self, rig: Rig, clock: SessionClock) -> None:
        self._rig, self._clock = rig, clock
        self._shown: tuple[Signal, int | None, float] | None = None
        self._sounds = (Sound(), 0.0)
        self._lamps = (False, False, False, False)

    def show(self, signal: Signal, code: int | None) -> Panel:
        """Show a signal, with its code where it has one; return what is seen and heard now.

        A burst under way is finished, and not begun anew, when the signal that follows has the same.
        """
        now_s = self._clock.whole_s
        if self._shown is None or self._shown[:2] != (signal, code):
            self._shown = (signal, code, now_s)
            sound, (before, since_s) = sound_of(signal, code), self._sounds
            goes_on = before.beeps == sound.beeps and before.unfinished(now_s - since_s)
            self._sounds = (sound, before.burst_began_s(since_s, now_s) if goes_on else now_s)
        seen = panel(signal, code, now_s - self._shown[2], now_s - self._sounds[1])
        red, green, blue = lights(seen)
        if (red, green, blue, seen.buzzes) != self._lamps:
            self._lamps = (red, green, blue, seen.buzzes)
            self._rig.show(red=red, green=green, blue=blue, buzzer=seen.buzzes)
        return seen
