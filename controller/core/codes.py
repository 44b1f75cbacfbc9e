"""The blink codes: a number of two digits for every reason not to start and every reason to cut.

Law: every `Cause` and every `Refusal` has one number, and no number means two things; numbers never change.
Both digits run from 1 to 7, so that they can be counted as flashes.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from controller.core.types import Cause, Refusal

if TYPE_CHECKING:
    from controller.core.session import Session

CODES: Final = MappingProxyType[Cause | Refusal, int](
    {
        # 1: the circuit through the person
        Cause.OPEN_CIRCUIT: 11,
        Cause.SHORT_CIRCUIT: 12,
        Cause.LEAKAGE: 13,
        Cause.DEVIATION: 14,
        Refusal.ELECTRODES_TOUCH: 15,
        Refusal.NO_CONTACT: 16,
        # 2: what is asked for, and the panel
        Refusal.NOTHING_PREPARED: 21,
        Refusal.ORDER_REFUSED: 22,
        Refusal.NO_RECORD: 23,
        Refusal.START_STUCK: 24,
        Refusal.STOP_STUCK: 25,
        Refusal.NOBODY_CAME: 26,
        Refusal.TOO_OFTEN: 27,
        # 3: the current itself
        Cause.CURRENT_SPIKE: 31,
        Cause.OVER_CURRENT: 32,
        Cause.OUTPUT_LOST: 33,
        Cause.OUTPUT_STUCK: 34,
        Cause.WRONG_POLARITY: 35,
        Cause.SUPPLY: 36,
        # 4: the converters that measure
        Cause.ADC_SILENT: 41,
        Cause.ADC_FROZEN: 42,
        Cause.ADC_STALE: 43,
        Cause.ADC_SATURATED: 44,
        Cause.ADC_RESET: 45,
        Cause.ADC_DISAGREE: 46,
        # 5: the converter that sets, the bus, the computer
        Cause.DAC_SILENT: 51,
        Cause.DAC_STUCK: 52,
        Cause.DAC_RESET: 53,
        Cause.BUS_HUNG: 54,
        Cause.GUARD_BLIND: 55,
        Cause.LATE_TICK: 56,
        # 6: bounds, and the protections as tested at the start
        Cause.TIME_EXCEEDED: 61,
        Cause.DOSE_EXCEEDED: 62,
        Refusal.RELAY_WELDED: 63,
        Refusal.OUTPUT_DEAD: 64,
        Refusal.ENABLE_HANGS: 65,
        Refusal.ENABLE_LOST: 66,
        Refusal.SERIES_HANGS: 67,
        # 7: the self-test
        Refusal.SUPPLY_OUT: 71,
        Refusal.NOT_ZERO: 72,
        Refusal.UNIT_UNFIT: 73,
        Refusal.CHIP_MISSING: 74,
    }
)


def code_of(session: Session) -> int | None:
    """Return the number of a session's trip or refusal, None where it has neither."""
    reason = session.trip.cause if session.trip is not None else session.refusal
    return None if reason is None else CODES[reason]
