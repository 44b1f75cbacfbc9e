"""The words that cross the core's border: what was measured, what is commanded, why it was cut.

Law: off is not zero. `Off` means disconnected and is a value of its own; a `Drive` of code 0 is a
connected output that happens to carry nothing. Absence of a reading is `None`, never 0.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

Polarity: TypeAlias = Literal["forward", "reverse"]
"""Direction of the current through the person; `forward` is the polarity relay at rest."""


class Phase(StrEnum):
    """Where a session is. The order is the ordinary course; `phases.py` holds the transitions."""

    SELF_TEST = "self_test"
    STOP_TEST = "stop_test"
    READY = "ready"
    TRIAL = "trial"
    PROOF = "proof"
    CONTACT = "contact"
    RAMP_UP = "ramp_up"
    HOLD = "hold"
    RAMP_DOWN = "ramp_down"
    REVERSE = "reverse"
    STOPPING = "stopping"
    DONE = "done"
    STOPPED = "stopped"
    REFUSED = "refused"
    TRIPPED = "tripped"


class StopCause(StrEnum):
    """Who or what asked for the soft stop; told in the record, the summary and on the panel."""

    BUTTON = "button"
    PAGE = "page"
    KEYBOARD = "keyboard"
    TERMINATED = "terminated"
    HANGUP = "hangup"
    RECORD = "record"
    BEHIND = "behind"
    NOT_ALLOWED = "not_allowed"


class ShortBecause(StrEnum):
    """Why a treatment that came to its end gave less than was asked; stable names, shown and recorded."""

    VOLTAGE = "voltage"
    CONTACT = "contact"
    DOWN = "down"
    UNKNOWN = "unknown"


STOP_WORDS: Final = MappingProxyType(
    {
        StopCause.BUTTON: "Stop was pressed",
        StopCause.PAGE: "Stop was pressed on a page or in another program",
        StopCause.KEYBOARD: "Ctrl-C was pressed",
        StopCause.TERMINATED: "the program was told to end",
        StopCause.HANGUP: "the terminal was closed",
        StopCause.RECORD: "the record broke off",
        StopCause.BEHIND: "the unit's computer fell behind: end other programs on it",
        StopCause.NOT_ALLOWED: "an answer, an agreement or a limit was changed, and does not allow this",
    }
)
"""The sentence for each, without a full stop."""


Doubt: TypeAlias = Literal["", "high", "low", "return", "supply"]
"""What the next conversion has to confirm: too much or too little current, or a slow channel."""


class Cause(StrEnum):
    """Every reason for which the guard cuts the current; stable names, shown and recorded."""

    CURRENT_SPIKE = "current_spike"
    OVER_CURRENT = "over_current"
    OPEN_CIRCUIT = "open_circuit"
    MAKE_AND_BREAK = "make_and_break"
    SHORT_CIRCUIT = "short_circuit"
    LEAKAGE = "leakage"
    DEVIATION = "deviation"
    WRONG_POLARITY = "wrong_polarity"
    ADC_SILENT = "adc_silent"
    ADC_FROZEN = "adc_frozen"
    ADC_STALE = "adc_stale"
    ADC_SATURATED = "adc_saturated"
    ADC_RESET = "adc_reset"
    ADC_DISAGREE = "adc_disagree"
    DAC_SILENT = "dac_silent"
    DAC_STUCK = "dac_stuck"
    DAC_RESET = "dac_reset"
    BUS_HUNG = "bus_hung"
    SUPPLY = "supply"
    OUTPUT_LOST = "output_lost"
    OUTPUT_STUCK = "output_stuck"
    GUARD_BLIND = "guard_blind"
    LATE_TICK = "late_tick"
    TIME_EXCEEDED = "time_exceeded"
    DOSE_EXCEEDED = "dose_exceeded"
    HARDWARE_TRIP = "hardware_trip"
    CLOCK_WRONG = "clock_wrong"


class Refusal(StrEnum):
    """Every reason for which a session doesn't begin; stable names, shown and recorded."""

    NOTHING_PREPARED = "nothing_prepared"
    ORDER_REFUSED = "order_refused"
    TOO_OFTEN = "too_often"
    DATE_UNKNOWN = "date_unknown"
    NO_RECORD = "no_record"
    NOBODY_CAME = "nobody_came"
    START_STUCK = "start_stuck"
    STOP_STUCK = "stop_stuck"
    STOP_DEAD = "stop_dead"
    STOP_DELAY_WRONG = "stop_delay_wrong"
    SUPPLY_OUT = "supply_out"
    NOT_ZERO = "not_zero"
    UNIT_UNFIT = "unit_unfit"
    CHIP_MISSING = "chip_missing"
    BUS_SLOW = "bus_slow"
    TRIP_DEAD = "trip_dead"
    TRIP_HANGS = "trip_hangs"
    STAGE_WRONG = "stage_wrong"
    DUMMY_WRONG = "dummy_wrong"
    RELAY_WELDED = "relay_welded"
    OUTPUT_DEAD = "output_dead"
    ENABLE_HANGS = "enable_hangs"
    DROP_OUT_WRONG = "drop_out_wrong"
    ENABLE_LOST = "enable_lost"
    SERIES_HANGS = "series_hangs"
    NO_CONTACT = "no_contact"
    ELECTRODES_TOUCH = "electrodes_touch"
    CONTACT_SMALL = "contact_small"


class Failure(NamedTuple):
    """A chip that did not do as asked, found by the rig on the wire; the guard turns it into a trip."""

    cause: Cause
    detail: str


class Buttons(NamedTuple):
    """The panel as sampled in this tick; True is pressed. `stop_asked` is a request from a face."""

    start: bool = False
    stop: bool = False
    up: bool = False
    down: bool = False
    stop_asked: bool = False


class ClockLook(NamedTuple):
    """A look at the battery clock: its whole seconds, None where it gave none.

    It was read between two moments of the computer's monotonic clock, s from no particular zero.
    """

    before_s: float
    after_s: float
    chip_s: int | None


class Measurement(NamedTuple):
    """One tick's view of the unit. Currents in mA, voltages in V, None where there is no reading.

    `guard_ma` and `current_ma` are magnitudes from two shunts and two converters; `return_ma` is signed,
    positive in forward polarity. `*_code` are the raw converter words, for finding frozen converters.
    A slower channel keeps its last value and says in `sampled` which channel is new in this tick.
    `dac_doubted` says that the DAC was read with a wrong code since the measurement before, though a second
    look or a second write put it right; `adc_doubted` that what the control converter was set to arrived
    wrong and was given again. `tripped` is the latch of the hardware trip, None without one. `sampled_s` is
    when the conversion of `sampled` was begun, and `beat_s` when the last heartbeat was made, s.
    `clock` is a look at the battery clock that has come since the tick before.
    """

    time_s: float
    guard_ma: float | None
    guard_code: int | None
    current_ma: float | None
    voltage_v: float | None
    supply_v: float | None
    return_ma: float | None
    sampled: Literal["", "current", "voltage", "supply", "return"]
    sampled_code: int | None
    buttons: Buttons
    failure: Failure | None = None
    confirmed: bool = False
    dac_doubted: bool = False
    adc_doubted: bool = False
    tripped: bool | None = None
    sampled_s: float = 0.0
    beat_s: float = 0.0
    clock: ClockLook | None = None


Watch: TypeAlias = Literal["", "voltage", "current"]
"""A channel that is converted in each tick instead of all by turns."""
TripOrder: TypeAlias = Literal["follow", "force", "rearm", "catch", "once"]
"""What the hardware trip is to do: its threshold follows the setpoint, or is put below any current, or its
latch is armed again, which takes code 0. On the dummy load it may also stay at its least, below the current
(`catch`), or trip at the first conversion above that (`once`)."""


class Off(NamedTuple):
    """Disconnected: series relay open, DAC at zero. The polarity relay may rest in either position."""

    polarity: Polarity = "forward"


class Drive(NamedTuple):
    """Connected, carrying `setpoint_ma` (0 to the ceiling) by DAC `code` (0 to 4095).

    `sensing` marks the tiny current that looks for contact: an open circuit is then no fault, and the
    guard holds the setpoint to the sensing limit. `series` and `beat` False leave the series relay open or
    the heartbeat silent, and `trip` forces the hardware trip or arms it again, all for the proof of the
    protections. `dummy` puts the dummy load on, with both output switches open: what is asked for flows there
    and not through a person. `late_s` holds the tick's heartbeat back, and `watch` chooses what is converted:
    for the proof, which times how long the output outlives the heartbeat, and for a fall of the sensing
    current.
    """

    polarity: Polarity
    setpoint_ma: float
    code: int
    sensing: bool = False
    series: bool = True
    beat: bool = True
    trip: TripOrder = "follow"
    dummy: bool = False
    late_s: float = 0.0
    watch: Watch = ""


Command: TypeAlias = Off | Drive


class Trip(NamedTuple):
    """Why the current was cut, when that was seen (session time, s), and the figures as a sentence."""

    cause: Cause
    detected_s: float
    evidence: str
