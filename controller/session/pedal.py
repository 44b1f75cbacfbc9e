"""The press of Stop that a treatment may ask for first: of the pedal or elbow bar, or on the unit.

With both hands in water the pedal is their Stop; and some causes have to be taken note of by a person.

Law: the output is off while it is waited for, and nothing begins where it doesn't come. A glitch on Stop's
wire is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from controller.core.buttons import Steady
from controller.core.limits import READY_TIMEOUT_S

if TYPE_CHECKING:
    from controller.loop.clock import Clock
    from controller.loop.rig import Rig
    from controller.loop.tick import StopSwitch

UNTRIED: Final = (
    f"the pedal or elbow bar was not pressed within {READY_TIMEOUT_S:.0f} s: press it once before the "
    "treatment, so that it is known to work"
)
UNCLEARED: Final = (
    f"Stop was not pressed on the unit within {READY_TIMEOUT_S:.0f} s, which has to come first after what "
    "ended the last session"
)


def tried(rig: Rig, clock: Clock, tick_s: float, stop: StopSwitch) -> bool:
    """Wait until Stop was up, pressed and let go; False after 600 s. A face's Stop ends the wait."""
    until_s = clock.now() + READY_TIMEOUT_S
    wanted, steady = [False, True, False], Steady()
    while wanted and not stop.pressed:
        if steady.see(clock.now(), rig.look().buttons.stop) is wanted[0]:
            wanted.pop(0)
        if clock.now() >= until_s:
            return False
        clock.sleep_until(clock.now() + tick_s)
    return True
