"""Why a session did not begin or was cut: one catalogue, a row for every `Refusal` and every `Cause`.

Law: whatever is said of a reason stands in its row, in English, and every face reads it here. No number means
two things, and numbers never change. Both digits run from 1 to 7, so that they can be counted as flashes.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from controller.core.types import Cause, Refusal

if TYPE_CHECKING:
    from controller.core.session import Session

SERVICE: Final = "Take hands or feet out. Do not use this unit until a technician has found the cause."


class Reason(NamedTuple):
    """A row: the blink code, what happened, and what to do about it."""

    code: int
    title: str
    advice: str = SERVICE


REASONS: Final = MappingProxyType[str, Reason](
    {
        # 1: the circuit through the person
        Cause.OPEN_CIRCUIT: Reason(
            11,
            "The circuit opened: a hand or foot left the water, or a lead came off.",
            "Check water level, leads and contact, then press Start on the unit.",
        ),
        Cause.SHORT_CIRCUIT: Reason(
            12,
            "The electrodes touched each other, or stood in one tray.",
            "Check that the electrodes don't touch and stand in separate trays, then start again.",
        ),
        Cause.LEAKAGE: Reason(
            13,
            "Current took another way than the leads.",
            "Dry the table; keep trays, body and metal apart. If it happens again, have the unit checked.",
        ),
        Cause.DEVIATION: Reason(
            14,
            "The current did not follow what was set.",
            "Add tap water (not distilled), or choose less current.",
        ),
        Refusal.ELECTRODES_TOUCH: Reason(
            15,
            "The electrodes touch each other, or stand in one tray.",
            "Check that the electrodes don't touch and stand in separate trays, then start again.",
        ),
        Refusal.NO_CONTACT: Reason(
            16,
            "Nobody closed the circuit in time.",
            "Put both sides into the water before or soon after Start, then start again.",
        ),
        # 2: what is asked for, and the panel
        Refusal.NOTHING_PREPARED: Reason(21, "No treatment was prepared.", "Prepare a treatment first."),
        Refusal.ORDER_REFUSED: Reason(
            22,
            "The unit refused what was prepared.",
            "Prepare it again. The page Now says why.",
        ),
        Refusal.NO_RECORD: Reason(
            23,
            "No record could be kept, and without one there is no treatment.",
            "Have the unit's storage checked.",
        ),
        Refusal.START_STUCK: Reason(
            24,
            "Start is stuck, or was held during the self-test.",
            "Let go of Start. If it happens again, have the unit checked.",
        ),
        Refusal.STOP_STUCK: Reason(
            25,
            "Stop is stuck, or was held during the self-test.",
            "Let go of Stop. If it happens again, have the unit checked.",
        ),
        Refusal.NOBODY_CAME: Reason(26, "Nobody pressed Start.", "Press Start when you are ready."),
        Refusal.TOO_OFTEN: Reason(
            27,
            "This area was treated too short a time ago, or too often within seven days.",
            "Wait. The page Plan says when the next treatment is allowed. If it was longer ago, have "
            "the unit's clock set.",
        ),
        # 3: the current itself
        Cause.CURRENT_SPIKE: Reason(31, "The current jumped."),
        Cause.OVER_CURRENT: Reason(32, "The current was too high."),
        Cause.OUTPUT_LOST: Reason(33, "The output was not connected when it should have been."),
        Cause.OUTPUT_STUCK: Reason(34, "Current flowed when there should have been none."),
        Cause.WRONG_POLARITY: Reason(35, "The current flowed the wrong way."),
        Cause.SUPPLY: Reason(
            36,
            "The output's supply was out of range.",
            "Look at the power supply. If it happens again, have the unit checked.",
        ),
        # 4: the converters that measure
        Cause.ADC_SILENT: Reason(41, "A part that measures did not answer."),
        Cause.ADC_FROZEN: Reason(42, "A part that measures repeated itself."),
        Cause.ADC_STALE: Reason(43, "A part that measures was too slow."),
        Cause.ADC_SATURATED: Reason(44, "A part that measures was at the end of its range."),
        Cause.ADC_RESET: Reason(
            45,
            "A part that measures lost its settings.",
            "Look at the power supply. If it happens again, have the unit checked.",
        ),
        Cause.ADC_DISAGREE: Reason(46, "The two measurements of the current differed."),
        # 5: the converter that sets, the bus, the computer
        Cause.DAC_SILENT: Reason(51, "The part that sets the current did not answer."),
        Cause.DAC_STUCK: Reason(52, "The current did not follow the part that sets it."),
        Cause.DAC_RESET: Reason(
            53,
            "The part that sets the current lost its setting.",
            "Look at the power supply. If it happens again, have the unit checked.",
        ),
        Cause.BUS_HUNG: Reason(54, "The wires between the parts hung."),
        Cause.GUARD_BLIND: Reason(55, "The guard did not see the current."),
        Cause.LATE_TICK: Reason(
            56,
            "The unit's computer was too busy.",
            "End other programs on the unit. If it happens again, have the unit checked.",
        ),
        # 6: bounds, and the protections as tested at the start
        Cause.TIME_EXCEEDED: Reason(61, "The treatment took longer than allowed."),
        Cause.DOSE_EXCEEDED: Reason(62, "The treatment gave more than allowed."),
        Refusal.RELAY_WELDED: Reason(63, "A relay of the output does not open."),
        Refusal.OUTPUT_DEAD: Reason(64, "The output gives no current although it should."),
        Refusal.ENABLE_HANGS: Reason(65, "The output stays on without the heartbeat."),
        Refusal.ENABLE_LOST: Reason(66, "The output does not come on with the heartbeat."),
        Refusal.SERIES_HANGS: Reason(67, "The second relay of the output does not open."),
        # 7: the self-test
        Refusal.SUPPLY_OUT: Reason(
            71,
            "The output's supply is out of range.",
            "Look at the power supply. If it happens again, have the unit checked.",
        ),
        Refusal.NOT_ZERO: Reason(72, "The output is not at zero before the start."),
        Refusal.UNIT_UNFIT: Reason(73, "This unit may not give what was asked for, or is not set up for it."),
        Refusal.CHIP_MISSING: Reason(74, "A part of the unit does not answer."),
    }
)
"""`Cause` or `Refusal` -> its row; the stable name alone, as faces and records have it, finds it too."""

NAMES: Final = MappingProxyType({row.code: name for name, row in REASONS.items()})
"""Blink code -> cause or refusal."""


def code_of(session: Session) -> int | None:
    """Return the number of a session's trip or refusal, None where it has neither."""
    reason = session.trip.cause if session.trip is not None else session.refusal
    return None if reason is None else REASONS[reason].code
