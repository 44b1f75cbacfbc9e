"""Why a session did not begin or was cut: one catalogue, a row for every `Refusal` and every `Cause`.

Law: whatever is said of a reason stands in its row, in English, and every face reads it here, so that no two
faces say two things. No number stands for two reasons, and none ever changes. Both digits run from 1 to 8, so
that they can be counted as flashes.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from controller.core.types import Cause, Refusal

if TYPE_CHECKING:
    from controller.core.session import Session

SERVICE: Final = "Take hands or feet out. Do not use this unit until a technician has found the cause."
AGAIN: Final = "If it happens again, have the unit checked."


Locks: TypeAlias = Literal["", "second", "always"]
"""Whether the unit treats nobody from then on until a technician said why: never, from the second one within
`locks.WITHIN` sessions on, or always."""


class Mender(StrEnum):
    """Who mends it."""

    PERSON = "the person"
    ONCE = "the person; a technician if it happens again"
    TECHNICIAN = "a technician"


class Priority(StrEnum):
    """How urgent it is, most urgent first; IEC 60601-1-8's names. `signals.ALARMS` says how each is shown."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFORMATION = "information"


class Reason(NamedTuple):
    """A row: the blink code, what happened, what to do, who mends it, how urgent it is and why so.

    High is only where current may flow that should not; medium what cut a treatment; low what has to be
    mended or set right before one can begin; information what is nobody's fault. `advice_rest` is what to do
    while the rest of the treatment is offered, empty where it never is; `clears_itself` says that it is over
    as soon as a self-test passes, `locks` whether it outlasts Stop and the mains switch (`locks.py`).
    """

    code: int
    title: str
    advice: str
    mender: Mender
    priority: Priority
    why: str
    advice_rest: str = ""
    clears_itself: bool = False
    locks: Locks = ""

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
            Priority.MEDIUM,
            "cut, and the current is off; a hand may go back, or not",
            advice_rest="Check water level, leads and contact, then press Start on the unit for the rest of "
            "the treatment. Stop ends it.",
        ),
        Cause.SHORT_CIRCUIT: Reason(
            12,
            "The electrodes touched each other, or stood in one tray.",
            "Check that the electrodes don't touch and stand in separate trays, then start again.",
            Mender.PERSON,
            Priority.MEDIUM,
            "cut, and the current is off",
        ),
        Cause.LEAKAGE: Reason(
            13,
            "Current took another way than the leads.",
            f"Dry the table; keep trays, body and metal apart. {AGAIN}",
            Mender.ONCE,
            Priority.MEDIUM,
            "cut, and the current is off",
            locks="second",
        ),
        Cause.DEVIATION: Reason(
            14,
            "The current did not follow what was set.",
            f"Add tap water (not distilled), or choose less current. {AGAIN}",
            Mender.ONCE,
            Priority.MEDIUM,
            "cut, and the current is off",
        ),
        Refusal.ELECTRODES_TOUCH: Reason(
            15,
            "The electrodes touch each other, or stand in one tray.",
            "Check that the electrodes don't touch and stand in separate trays, then start again.",
            Mender.PERSON,
            Priority.LOW,
            "nothing but the sensing current has flowed; the trays have to be set right",
        ),
        Refusal.NO_CONTACT: Reason(
            16,
            "Nobody closed the circuit in time.",
            "Put both sides into the water before or soon after Start, then start again.",
            Mender.PERSON,
            Priority.INFORMATION,
            "nothing is wrong; the person may try again",
        ),
        Refusal.STAGE_WRONG: Reason(
            17,
            "The current stage does not do as it is told.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.HIGH,
            "it gives a current that nobody asked for, or its limiter does not hold: only the open output "
            "keeps it from a person",
            locks="always",
        ),
        Cause.MAKE_AND_BREAK: Reason(
            18,
            "The circuit opened and closed again, several times.",
            f"Check that leads and plugs sit tight, and keep still, then start again. {AGAIN}",
            Mender.ONCE,
            Priority.MEDIUM,
            "cut, and the current is off; a loose lead startles each time it closes",
        ),
        # 2: what is asked for, and the panel
        Refusal.NOTHING_PREPARED: Reason(
            21,
            "No treatment was prepared.",
            "Prepare a treatment first.",
            Mender.PERSON,
            Priority.INFORMATION,
            "nothing is wrong; a treatment has to be chosen",
        ),
        Refusal.ORDER_REFUSED: Reason(
            22,
            "The unit refused what was prepared.",
            "Prepare it again. The page Now says why.",
            Mender.PERSON,
            Priority.INFORMATION,
            "nothing is wrong with the unit",
        ),
        Refusal.NO_RECORD: Reason(
            23,
            "No record could be kept, and without one there is no treatment.",
            "Have the unit's storage checked.",
            Mender.TECHNICIAN,
            Priority.LOW,
            "no current flows, and none can until it is mended",
        ),
        Refusal.START_STUCK: Reason(
            24,
            "Start is stuck, or was held during the self-test.",
            f"Let go of Start. {AGAIN}",
            Mender.ONCE,
            Priority.LOW,
            "no current flows: a Start that is held begins nothing",
            clears_itself=True,
        ),
        Refusal.STOP_STUCK: Reason(
            25,
            "Stop is stuck, or was held during the self-test.",
            f"Let go of Stop. {AGAIN}",
            Mender.ONCE,
            Priority.LOW,
            "no current flows: Stop reads as pressed",
            clears_itself=True,
        ),
        Refusal.NOBODY_CAME: Reason(
            26,
            "Nobody pressed Start.",
            "Press Start when you are ready.",
            Mender.PERSON,
            Priority.INFORMATION,
            "nothing is wrong, and nobody is there; not shown",
        ),
        Refusal.TOO_OFTEN: Reason(
            27,
            "This area was treated too short a time ago, or too often within seven days.",
            "Wait. The page Plan says when the next treatment is allowed. If it was longer ago, "
            "the nurse can amend the record's date on the page History.",
            Mender.PERSON,
            Priority.INFORMATION,
            "nothing is wrong; the person has to wait",
        ),
        Refusal.STOP_DEAD: Reason(
            28,
            "Stop was not seen when it was tested.",
            f"Press Stop on the unit and hold it until the light changes. {AGAIN}",
            Mender.ONCE,
            Priority.LOW,
            "no current flows, and none can before Stop was seen",
            clears_itself=True,
        ),
        Refusal.CONTACT_SMALL: Reason(
            38,
            "Only a small part of the skin was in contact, or the water hardly conducts.",
            "Put the whole hand or foot into tap water (not distilled), then start again.",
            Mender.PERSON,
            Priority.INFORMATION,
            "nothing but the sensing current has flowed; the person may try again",
        ),
        # 3: the current itself
        Cause.CURRENT_SPIKE: Reason(
            31,
            "The current jumped.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.MEDIUM,
            "cut; were the current not off, 34 or 72 would follow at once",
            locks="second",
        ),
        Cause.OVER_CURRENT: Reason(
            32,
            "The current was too high.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.MEDIUM,
            "cut; were the current not off, 34 or 72 would follow at once",
            locks="second",
        ),
        Cause.OUTPUT_LOST: Reason(
            33,
            "The output was not connected when it should have been.",
            f"Check that Stop isn't held or jammed. {AGAIN}",
            Mender.ONCE,
            Priority.MEDIUM,
            "cut; no current flows where some should",
        ),
        Cause.OUTPUT_STUCK: Reason(
            34,
            "Current flowed when there should have been none.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.HIGH,
            "current flows although everything is off",
            locks="always",
        ),
        Cause.WRONG_POLARITY: Reason(
            35,
            "The current flowed the wrong way.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.MEDIUM,
            "cut; the direction was wrong, and both relays of the output can take it away",
            locks="always",
        ),
        Cause.SUPPLY: Reason(
            36,
            "The output's supply was out of range.",
            f"Look at the power supply. {AGAIN}",
            Mender.ONCE,
            Priority.MEDIUM,
            "cut, and the current is off",
        ),
        Cause.HARDWARE_TRIP: Reason(
            37,
            "The hardware trip took the current away.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.MEDIUM,
            "cut without the program; were the current not off, 34 or 72 would follow at once",
            locks="second",
        ),
        # 4: the converters that measure
        Cause.ADC_SILENT: Reason(
            41,
            "A part that measures did not answer.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.MEDIUM,
            "cut; the relays need no measurement to open",
        ),
        Cause.ADC_FROZEN: Reason(
            42,
            "A part that measures repeated itself.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.MEDIUM,
            "cut; the relays need no measurement to open",
        ),
        Cause.ADC_STALE: Reason(
            43,
            "A part that measures was too slow.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.MEDIUM,
            "cut; the relays need no measurement to open",
        ),
        Cause.ADC_SATURATED: Reason(
            44,
            "A part that measures was at the end of its range.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.MEDIUM,
            "cut; were the current not off, 34 or 72 would follow at once",
        ),
        Cause.ADC_RESET: Reason(
            45,
            "A part that measures lost its settings.",
            f"Look at the power supply. {AGAIN}",
            Mender.ONCE,
            Priority.MEDIUM,
            "cut, and the current is off",
        ),
        Cause.ADC_DISAGREE: Reason(
            46,
            "The two measurements of the current differed.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.MEDIUM,
            "cut; the higher of the two is what 34 and 72 go by",
        ),
        Refusal.DUMMY_WRONG: Reason(
            47,
            "The load that the unit is tried on before each treatment is not right.",
            "Have the unit serviced.",
            Mender.TECHNICIAN,
            Priority.LOW,
            "no current flows through a person, and none can until it is mended",
        ),
        # 5: the converter that sets, the bus, the computer
        Cause.DAC_SILENT: Reason(
            51,
            "The part that sets the current did not answer.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.MEDIUM,
            "cut; the relays open whatever that part holds",
        ),
        Cause.DAC_STUCK: Reason(
            52,
            "The current did not follow the part that sets it.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.MEDIUM,
            "cut; the relays open whatever that part holds",
        ),
        Cause.DAC_RESET: Reason(
            53,
            "The part that sets the current lost its setting.",
            f"Look at the power supply. {AGAIN}",
            Mender.ONCE,
            Priority.MEDIUM,
            "cut; the relays open whatever that part holds",
        ),
        Cause.BUS_HUNG: Reason(
            54,
            "The wires between the parts hung.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.MEDIUM,
            "cut; the relays have wires of their own",
        ),
        Cause.GUARD_BLIND: Reason(
            55,
            "The guard did not see the current.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.MEDIUM,
            "cut before the ramp; the other converter measures",
        ),
        Cause.LATE_TICK: Reason(
            56,
            "The unit's computer was too busy.",
            f"End other programs on the unit. {AGAIN}",
            Mender.ONCE,
            Priority.MEDIUM,
            "cut; without the program the heartbeat lets go of the output by itself",
        ),
        Refusal.TRIP_HANGS: Reason(
            57,
            "The hardware trip can't be armed.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.LOW,
            "no current flows, and none can until it is mended",
        ),
        Cause.CLOCK_WRONG: Reason(
            58,
            "The unit's clock and its battery clock don't agree.",
            f"Switch the unit off and on. {AGAIN}",
            Mender.ONCE,
            Priority.MEDIUM,
            "cut, and the current is off; how long it had flowed is not known as well as it should be",
        ),
        # 6: bounds, and the protections as tested at the start
        Cause.TIME_EXCEEDED: Reason(
            61,
            "The treatment took longer than allowed.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.MEDIUM,
            "cut, and the current is off",
        ),
        Cause.DOSE_EXCEEDED: Reason(
            62,
            "The treatment gave more than allowed.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.MEDIUM,
            "cut, and the current is off",
        ),
        Refusal.RELAY_WELDED: Reason(
            63,
            "A relay of the output does not open.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.HIGH,
            "one of the two switches that take the current away does not",
            locks="always",
        ),
        Refusal.OUTPUT_DEAD: Reason(
            64,
            "The output gives no current although it should.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.LOW,
            "no current flows, and none can until it is mended",
        ),
        Refusal.ENABLE_HANGS: Reason(
            65,
            "The output stays on without the heartbeat.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.HIGH,
            "should the program fail, nothing takes the current away",
            locks="always",
        ),
        Refusal.ENABLE_LOST: Reason(
            66,
            "The output does not come on with the heartbeat.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.LOW,
            "no current flows, and none can until it is mended",
        ),
        Refusal.SERIES_HANGS: Reason(
            67,
            "The second relay of the output does not open.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.HIGH,
            "one of the two switches that take the current away does not",
            locks="always",
        ),
        Refusal.DROP_OUT_WRONG: Reason(
            68,
            "The unit's clock and the part that ends the current by itself don't agree.",
            f"Switch the unit off and on. {AGAIN}",
            Mender.ONCE,
            Priority.LOW,
            "nothing but a current that nobody feels has flowed, and no more can until they agree",
        ),
        # 7: the self-test
        Refusal.SUPPLY_OUT: Reason(
            71,
            "The output's supply is out of range.",
            f"Look at the power supply. {AGAIN}",
            Mender.ONCE,
            Priority.LOW,
            "no current flows: nothing is connected yet",
            clears_itself=True,
        ),
        Refusal.NOT_ZERO: Reason(
            72,
            "The output is not at zero before the start.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.HIGH,
            "current is read although everything is off",
            clears_itself=True,
        ),
        Refusal.UNIT_UNFIT: Reason(
            73,
            "This unit may not give what was asked for, or is not set up for it.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.LOW,
            "no current flows: nothing is connected",
            clears_itself=True,
        ),
        Refusal.CHIP_MISSING: Reason(
            74,
            "A part of the unit does not answer.",
            f"Switch the unit off and on. {AGAIN}",
            Mender.ONCE,
            Priority.LOW,
            "no current flows: nothing is connected",
            clears_itself=True,
        ),
        Refusal.BUS_SLOW: Reason(
            76,
            "The wires between the parts are too slow.",
            "Have the unit's bus set to 400 kHz.",
            Mender.TECHNICIAN,
            Priority.LOW,
            "no current flows: nothing is connected",
            clears_itself=True,
        ),
        Refusal.TRIP_DEAD: Reason(
            77,
            "The hardware trip does not take the current away.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.HIGH,
            "should the stage run away, it takes until the program and a relay have acted",
            locks="always",
        ),
        Refusal.STOP_DELAY_WRONG: Reason(
            78,
            "Stop's second contact does not take the current away in its time.",
            SERVICE,
            Mender.TECHNICIAN,
            Priority.LOW,
            "no current flows, and none can before it does",
            clears_itself=True,
        ),
        Refusal.DATE_UNKNOWN: Reason(
            75,
            "How long ago this area was treated is not known: a clock was not set.",
            "Connect the unit to a network that gives the time, or have its clock set. "
            "If the clock is right, the nurse can amend the date of the record that History marks.",
            Mender.PERSON,
            Priority.INFORMATION,
            "nothing is wrong with the output; the date has to be made known",
        ),
    }
)
"""`Cause` or `Refusal` -> its row; the stable name alone, as faces and records have it, finds it too."""

NAMES: Final = MappingProxyType({row.code: name for name, row in REASONS.items()})
"""Blink code -> cause or refusal."""


def reason_of(name: str) -> Reason:
    """Return the row of a cause or refusal; of one that only a newer version knows, its name."""
    return REASONS.get(name) or Reason(0, name, SERVICE, Mender.TECHNICIAN, Priority.MEDIUM, "unknown here")


def code_of(session: Session) -> int | None:
    """Return the number of a session's trip or refusal, None where it has neither."""
    reason = session.trip.cause if session.trip is not None else session.refusal
    return None if reason is None else REASONS[reason].code
