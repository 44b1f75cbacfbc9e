"""Why a session did not begin or was cut: one catalogue, a row for every `Refusal` and every `Cause`.

Law: whatever is said of a reason stands in its row, in English, and every face reads it here, so that no two
faces say two things. No number stands for two reasons, and none ever changes. Both digits run from 1 to 7, so
that they can be counted as flashes.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from controller.core.types import Cause, Refusal

if TYPE_CHECKING:
    from controller.core.session import Session

SERVICE: Final = "Take hands or feet out. Do not use this unit until a technician has found the cause."
AGAIN: Final = "If it happens again, have the unit checked."


class Mender(StrEnum):
    """Who mends it."""

    PERSON = "the person"
    ONCE = "the person; a technician if it happens again"
    TECHNICIAN = "a technician"


class Reason(NamedTuple):
    """A row: the blink code, what happened, what to do about it, and who mends it.

    `advice_rest` is what to do while the rest of the treatment is offered, empty where it never is;
    `clears_itself` says that it is over as soon as a self-test passes.
    """

    code: int
    title: str
    advice: str
    mender: Mender
    advice_rest: str = ""
    clears_itself: bool = False

    def to_do(self, *, rest: bool = False) -> str:
        """Say what to do; `rest` tells whether the rest of the treatment is offered."""
        return (rest and self.advice_rest) or self.advice


REASONS: Final = MappingProxyType[str, Reason](
    {
        # 1: the circuit through the person
        Cause.OPEN_CIRCUIT: Reason(
            11,
            "The circuit opened: a hand or foot left the water, or a lead came off.",
            "Check water level, leads and contact before you start again.",
            Mender.PERSON,
            advice_rest="Check water level, leads and contact, then press Start on the unit for the rest of "
            "the treatment. Stop ends it.",
        ),
        Cause.SHORT_CIRCUIT: Reason(
            12,
            "The electrodes touched each other, or stood in one tray.",
            "Check that the electrodes don't touch and stand in separate trays, then start again.",
            Mender.PERSON,
        ),
        Cause.LEAKAGE: Reason(
            13,
            "Current took another way than the leads.",
            f"Dry the table; keep trays, body and metal apart. {AGAIN}",
            Mender.ONCE,
        ),
        Cause.DEVIATION: Reason(
            14,
            "The current did not follow what was set.",
            f"Add tap water (not distilled), or choose less current. {AGAIN}",
            Mender.ONCE,
        ),
        Refusal.ELECTRODES_TOUCH: Reason(
            15,
            "The electrodes touch each other, or stand in one tray.",
            "Check that the electrodes don't touch and stand in separate trays, then start again.",
            Mender.PERSON,
        ),
        Refusal.NO_CONTACT: Reason(
            16,
            "Nobody closed the circuit in time.",
            "Put both sides into the water before or soon after Start, then start again.",
            Mender.PERSON,
        ),
        # 2: what is asked for, and the panel
        Refusal.NOTHING_PREPARED: Reason(
            21,
            "No treatment was prepared.",
            "Prepare a treatment first.",
            Mender.PERSON,
        ),
        Refusal.ORDER_REFUSED: Reason(
            22,
            "The unit refused what was prepared.",
            "Prepare it again. The page Now says why.",
            Mender.PERSON,
        ),
        Refusal.NO_RECORD: Reason(
            23,
            "No record could be kept, and without one there is no treatment.",
            "Have the unit's storage checked.",
            Mender.TECHNICIAN,
        ),
        Refusal.START_STUCK: Reason(
            24,
            "Start is stuck, or was held during the self-test.",
            f"Let go of Start. {AGAIN}",
            Mender.ONCE,
            clears_itself=True,
        ),
        Refusal.STOP_STUCK: Reason(
            25,
            "Stop is stuck, or was held during the self-test.",
            f"Let go of Stop. {AGAIN}",
            Mender.ONCE,
            clears_itself=True,
        ),
        Refusal.NOBODY_CAME: Reason(
            26,
            "Nobody pressed Start.",
            "Press Start when you are ready.",
            Mender.PERSON,
        ),
        Refusal.TOO_OFTEN: Reason(
            27,
            "This area was treated too short a time ago, or too often within seven days.",
            "Wait. The page Plan says when the next treatment is allowed. If it was longer ago, "
            "have the unit's clock set.",
            Mender.PERSON,
        ),
        # 3: the current itself
        Cause.CURRENT_SPIKE: Reason(
            31,
            "The current jumped.",
            SERVICE,
            Mender.TECHNICIAN,
        ),
        Cause.OVER_CURRENT: Reason(
            32,
            "The current was too high.",
            SERVICE,
            Mender.TECHNICIAN,
        ),
        Cause.OUTPUT_LOST: Reason(
            33,
            "The output was not connected when it should have been.",
            f"Check that Stop isn't held or jammed. {AGAIN}",
            Mender.ONCE,
        ),
        Cause.OUTPUT_STUCK: Reason(
            34,
            "Current flowed when there should have been none.",
            SERVICE,
            Mender.TECHNICIAN,
        ),
        Cause.WRONG_POLARITY: Reason(
            35,
            "The current flowed the wrong way.",
            SERVICE,
            Mender.TECHNICIAN,
        ),
        Cause.SUPPLY: Reason(
            36,
            "The output's supply was out of range.",
            f"Look at the power supply. {AGAIN}",
            Mender.ONCE,
        ),
        # 4: the converters that measure
        Cause.ADC_SILENT: Reason(
            41,
            "A part that measures did not answer.",
            SERVICE,
            Mender.TECHNICIAN,
        ),
        Cause.ADC_FROZEN: Reason(
            42,
            "A part that measures repeated itself.",
            SERVICE,
            Mender.TECHNICIAN,
        ),
        Cause.ADC_STALE: Reason(
            43,
            "A part that measures was too slow.",
            SERVICE,
            Mender.TECHNICIAN,
        ),
        Cause.ADC_SATURATED: Reason(
            44,
            "A part that measures was at the end of its range.",
            SERVICE,
            Mender.TECHNICIAN,
        ),
        Cause.ADC_RESET: Reason(
            45,
            "A part that measures lost its settings.",
            f"Look at the power supply. {AGAIN}",
            Mender.ONCE,
        ),
        Cause.ADC_DISAGREE: Reason(
            46,
            "The two measurements of the current differed.",
            SERVICE,
            Mender.TECHNICIAN,
        ),
        # 5: the converter that sets, the bus, the computer
        Cause.DAC_SILENT: Reason(
            51,
            "The part that sets the current did not answer.",
            SERVICE,
            Mender.TECHNICIAN,
        ),
        Cause.DAC_STUCK: Reason(
            52,
            "The current did not follow the part that sets it.",
            SERVICE,
            Mender.TECHNICIAN,
        ),
        Cause.DAC_RESET: Reason(
            53,
            "The part that sets the current lost its setting.",
            f"Look at the power supply. {AGAIN}",
            Mender.ONCE,
        ),
        Cause.BUS_HUNG: Reason(
            54,
            "The wires between the parts hung.",
            SERVICE,
            Mender.TECHNICIAN,
        ),
        Cause.GUARD_BLIND: Reason(
            55,
            "The guard did not see the current.",
            SERVICE,
            Mender.TECHNICIAN,
        ),
        Cause.LATE_TICK: Reason(
            56,
            "The unit's computer was too busy.",
            f"End other programs on the unit. {AGAIN}",
            Mender.ONCE,
        ),
        # 6: bounds, and the protections as tested at the start
        Cause.TIME_EXCEEDED: Reason(
            61,
            "The treatment took longer than allowed.",
            SERVICE,
            Mender.TECHNICIAN,
        ),
        Cause.DOSE_EXCEEDED: Reason(
            62,
            "The treatment gave more than allowed.",
            SERVICE,
            Mender.TECHNICIAN,
        ),
        Refusal.RELAY_WELDED: Reason(
            63,
            "A relay of the output does not open.",
            SERVICE,
            Mender.TECHNICIAN,
        ),
        Refusal.OUTPUT_DEAD: Reason(
            64,
            "The output gives no current although it should.",
            SERVICE,
            Mender.TECHNICIAN,
        ),
        Refusal.ENABLE_HANGS: Reason(
            65,
            "The output stays on without the heartbeat.",
            SERVICE,
            Mender.TECHNICIAN,
        ),
        Refusal.ENABLE_LOST: Reason(
            66,
            "The output does not come on with the heartbeat.",
            SERVICE,
            Mender.TECHNICIAN,
        ),
        Refusal.SERIES_HANGS: Reason(
            67,
            "The second relay of the output does not open.",
            SERVICE,
            Mender.TECHNICIAN,
        ),
        # 7: the self-test
        Refusal.SUPPLY_OUT: Reason(
            71,
            "The output's supply is out of range.",
            f"Look at the power supply. {AGAIN}",
            Mender.ONCE,
            clears_itself=True,
        ),
        Refusal.NOT_ZERO: Reason(
            72,
            "The output is not at zero before the start.",
            SERVICE,
            Mender.TECHNICIAN,
            clears_itself=True,
        ),
        Refusal.UNIT_UNFIT: Reason(
            73,
            "This unit may not give what was asked for, or is not set up for it.",
            SERVICE,
            Mender.TECHNICIAN,
            clears_itself=True,
        ),
        Refusal.CHIP_MISSING: Reason(
            74,
            "A part of the unit does not answer.",
            f"Switch the unit off and on. {AGAIN}",
            Mender.ONCE,
            clears_itself=True,
        ),
    }
)
"""`Cause` or `Refusal` -> its row; the stable name alone, as faces and records have it, finds it too."""

NAMES: Final = MappingProxyType({row.code: name for name, row in REASONS.items()})
"""Blink code -> cause or refusal."""


def reason_of(name: str) -> Reason:
    """Return the row of a cause or refusal; of one that only a newer version knows, its name."""
    return REASONS.get(name) or Reason(0, name, SERVICE, Mender.TECHNICIAN)


def code_of(session: Session) -> int | None:
    """Return the number of a session's trip or refusal, None where it has neither."""
    reason = session.trip.cause if session.trip is not None else session.refusal
    return None if reason is None else REASONS[reason].code
