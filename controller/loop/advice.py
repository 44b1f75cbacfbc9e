"""What a person may do or know now: the next step, how good the contact is, why a current isn't reached.

Law: pure, and it only informs; nothing here protects or decides. Names are stable ids. A next step has its
one sentence here, so that no two faces say two things.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Literal, TypeAlias

from controller.core.limits import HIGH_VOLTAGE_RATIO
from controller.core.stop_test import Asks
from controller.core.types import Phase

Contact: TypeAlias = Literal["none", "small", "poor", "fair", "good"]
Limit: TypeAlias = Literal["dry_skin", "soft_water", "poor_contact", "hand_leaving"]

GOOD_OHM: Final = 2_500.0
"""Units are rated at 2 kohm (makers' manuals) ..."""
FAIR_OHM: Final = 6_000.0
"""... and dry skin takes 4 to 6 kohm."""
SENSING_GOOD_OHM: Final = 25_000.0
SENSING_FAIR_OHM: Final = 60_000.0
"""At 0.3 mA the skins' own 3 to 5 V alone are 10 to 17 kohm (our arithmetic)."""
TREND_S: Final = 20.0
"""The load is compared with what it was so long ago."""
FALLING: Final = 0.97
RISING: Final = 1.05
SHORT_MA: Final = 0.1
"""A setpoint this far below the target is one that isn't reached."""
DRIVEN: Final = frozenset({Phase.RAMP_UP, Phase.HOLD, Phase.RAMP_DOWN, Phase.STOPPING})

NEXT: Final = {
    Phase.SELF_TEST: "wait_self_test",
    Phase.STOP_TEST: "hold_stop",
    Phase.TRIAL: "wait_proof",
    Phase.PROOF: "wait_proof",
    Phase.CONTACT: "put_in",
    Phase.RAMP_UP: "keep_still",
    Phase.HOLD: "keep_still",
    Phase.RAMP_DOWN: "keep_still",
    Phase.REVERSE: "keep_still",
    Phase.STOPPING: "wait_stop",
    Phase.DONE: "take_out",
    Phase.STOPPED: "wait_self_test",
}
"""What to do next in a phase that needs no further look."""
STOP_STEPS: Final[dict[Asks, str]] = {
    "hold": "hold_stop",
    "let_go": "let_go_stop",
    "wait": "wait_stop_test",
}
"""The same while Stop is tested."""
SENTENCES: Final = {
    "wait_self_test": "Wait: the unit tests itself.",
    "hold_stop": "Press Stop on the unit and hold it until the light changes, up to 8 seconds: so it is "
    "known to work. Start works after that.",
    "let_go_stop": "Stop works: let go of it.",
    "wait_stop_test": "Stop was let go too soon, or pressed before: wait until the light asks for it again.",
    "prepare": "Prepare a treatment first: there is none to start.",
    "come_back": "Nothing may be given now: too little time has passed since the last treatment.",
    "press_pedal": "Press Stop on the foot pedal or elbow bar once, to try it; Start works after that.",
    "hold_start": "Hold Start and Down on the unit together for three seconds: nobody has touched it for "
    "10 minutes.",
    "press_start": "Press Start on the unit.",
    "press_start_rest": "Press Start on the unit for the rest of the treatment, or Stop to end it.",
    "clear_alarm": "Press Stop on the unit to clear the alarm, then start again.",
    "wait_stop_over": "Wait some seconds: Stop was just pressed, and its second contact still acts.",
    "wait_record": "Wait: the start is being recorded.",
    "wait_proof": "Wait: the protections are being tested.",
    "put_in": "Put both sides into the water and keep still.",
    "put_in_whole": "Put the whole hand into the water: only a small part touches it.",
    "keep_still": "Keep still; press Stop before you take a hand out.",
    "put_back": "A hand seems to leave the water: put it back, or press Stop.",
    "wait_stop": "Keep still until the current is gone.",
    "take_out": "Finished: take your hands or feet out and dry them.",
    "locked": "Locked: nobody is treated until a technician has mended the unit and said why.",
    "prove": "Take everybody out of the circuit, then press Start on the unit: its protections are proven, "
    "and it is released.",
    "mend": "The unit can't be used now: see the code.",
}
"""Next step -> its sentence, one for every face: `docs/device.md` has the table."""
UNREACHED: Final = "The set current cannot be reached: dry skin, soft water or poor contact."


def next_of(phase: Phase, *, small: bool) -> str | None:
    """Return what to do next in a phase that needs no further look; `small` is how contact was found."""
    return "put_in_whole" if small and phase is Phase.CONTACT else NEXT.get(phase)


def contact_of(
    phase: Phase, voltage_v: float | None, current_ma: float | None, high_v: float, *, small: bool = False
) -> Contact | None:
    """Grade the contact from the apparent resistance; None while the output is disconnected.

    `high_v` is the compliance voltage: near it nobody closes the circuit. `small` is what it was found to be
    before the ramp, whatever its resistance.
    """
    if voltage_v is None or current_ma is None or (phase is not Phase.CONTACT and phase not in DRIVEN):
        return None
    if current_ma < 0.05:
        return "none" if voltage_v > HIGH_VOLTAGE_RATIO * high_v else None
    if small and phase is Phase.CONTACT:
        return "small"
    ohm = 1000 * voltage_v / current_ma
    sensing = current_ma < 1.0
    good, fair = (SENSING_GOOD_OHM, SENSING_FAIR_OHM) if sensing else (GOOD_OHM, FAIR_OHM)
    return "good" if ohm <= good else "fair" if ohm <= fair else "poor"


class Shortfall:
    """Tells why the set current isn't reached, from how the load has moved.

    Skin that is dry wets itself and its resistance falls; water that is soft stays as it is; a contact that
    gets worse rises. The three are told apart by the trend over 20 s, so this is a hint and not a diagnosis.
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def reason(
        self, now_s: float, *, phase: Phase, resistance_ohm: float | None, short_ma: float, leaving: bool
    ) -> Limit | None:
        """Return the reason at `now_s` (s); `short_ma` is how far the setpoint lies below the target."""
        if phase not in DRIVEN or resistance_ohm is None:
            self._seen.clear()
            return None
        if leaving:
            return "hand_leaving"
        seen = self._seen
        if not seen or now_s - seen[-1][0] >= 1.0:
            seen.append((now_s, resistance_ohm))
        while len(seen) > 1 and now_s - seen[0][0] > TREND_S:
            seen.popleft()
        if phase is not Phase.HOLD or short_ma <= SHORT_MA:
            return None
        trend = resistance_ohm / seen[0][1]
        if trend > RISING:
            return "poor_contact"
        return "dry_skin" if trend < FALLING else "soft_water"
