"""What the rig needs of the hardware, as types: the drivers satisfy these, and so may a plant without wires.

Law: the controller knows ports, not chips; only `backends` knows which chip answers behind which port.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from controller.core.types import Cause, ClockLook

if TYPE_CHECKING:
    from collections.abc import Callable


class BusPort(Protocol):
    """Grants time on the bus."""

    def allow(self, duration_s: float) -> None:
        """Let transfers begin until `duration_s` from now."""


class DacReading(Protocol):
    """What a DAC holds."""

    @property
    def code(self) -> int:
        """Output code."""

    @property
    def power_down(self) -> int:
        """Power-down bits; 0 is normal."""

    @property
    def ready(self) -> bool:
        """False while an EEPROM write makes the chip ignore writes."""

    @property
    def eeprom_code(self) -> int:
        """Code that the chip will power up with."""

    @property
    def eeprom_power_down(self) -> int:
        """Power-down bits that the chip will power up with; 0 is normal."""


class DacPort(Protocol):
    """Sets the current."""

    def write(self, code: int) -> bool:
        """Set the output code, 0 to 4095; tell whether the chip then holds it, ready and in normal power."""

    def read_back(self) -> DacReading:
        """Read output and EEPROM: 6 bytes on the wire."""

    def read_status(self) -> None:
        """Read one byte: 2 bytes on the wire."""


class TripPort(Protocol):
    """The latch of the hardware trip, and what the guard's converter sets it by.

    All writes tell whether the chip then holds what was written.
    """

    def tripped(self) -> bool:
        """Return the latch."""

    def arm(self) -> None:
        """Make the edge that arms it, which it takes only while ALERT is not asserted."""

    def threshold(self, code: int) -> bool:
        """Set the code above which two conversions running assert ALERT."""

    def release(self) -> bool:
        """Let ALERT fall with the next conversion that is below the threshold."""

    def hold(self) -> bool:
        """Let ALERT stay once it is asserted."""

    def at_once(self, on: bool) -> bool:  # noqa: FBT001 - the one argument is the choice
        """Assert ALERT after one conversion above the threshold instead of two running."""

    def verify(self, threshold: int) -> None:
        """Read both thresholds back; OSError if they are not what was written."""


class GuardAdcPort(Protocol):
    """Converts one channel without pause."""

    def read(self) -> int:
        """Return the newest code."""

    def verify(self) -> None:
        """Read the configuration back; OSError if it is not what was written."""


class ControlAdcPort(Protocol):
    """Converts channels one by one, started in one tick and collected in the next."""

    mending: bool
    """Whether what was started last arrived wrong and was begun anew."""

    def start(self, channel: int) -> None:
        """Begin a conversion."""

    def collect(self, channel: int) -> int:
        """Return the code of the conversion that was started."""


class RelaysPort(Protocol):
    """The series and the polarity relay."""

    def connect(self) -> None:
        """Close the series relay."""

    def disconnect(self) -> None:
        """Open the series relay."""

    def set_polarity(self, reverse: bool) -> None:  # noqa: FBT001 - the one argument is the position
        """Move the polarity relay."""

    def set_dummy(self, on: bool) -> None:  # noqa: FBT001 - the one argument is the position
        """Put the dummy load on or take it off, where the unit has one."""


class HeartbeatPort(Protocol):
    """The edges that keep the enable relay closed."""

    def beat(self) -> None:
        """Make one edge."""

    def rest(self) -> None:
        """Stop, low."""


class BatteryClockPort(Protocol):
    """The clock chip, which is read elsewhere: a tick never waits for it."""

    def look(self) -> ClockLook | None:
        """Return the oldest look that nobody has taken yet, None where there is none."""


class PanelPort(Protocol):
    """Buttons, lights and buzzer."""

    def sample(self) -> tuple[bool, bool, bool, bool]:
        """Return Start, Stop, Up, Down; True is pressed."""

    def set_lights(self, *, red: bool, green: bool, blue: bool) -> None:
        """Switch the lights."""

    def set_buzzer(self, *, on: bool) -> None:
        """Switch the buzzer."""


class Ports(NamedTuple):
    """The hardware of one unit. `guard_adc` is None on a unit with one converter.

    `cause_of` names the cause of a driver's error; it belongs to whoever knows the drivers.
    """

    bus: BusPort
    dac: DacPort
    control_adc: ControlAdcPort
    guard_adc: GuardAdcPort | None
    relays: RelaysPort
    heartbeat: HeartbeatPort
    panel: PanelPort
    cause_of: Callable[[str, OSError], Cause]
    trip: TripPort | None = None
    battery_clock: BatteryClockPort | None = None


class Line(NamedTuple):
    """A straight line from converter code to a physical value: value = per_code * code + offset."""

    per_code: float
    offset: float


class Scales(NamedTuple):
    """Lines for every channel (mA or V), calibration included, and the control ADC's channel numbers.

    `bus_hz` is the clock that the bus was set to. The voltage is that of the output; of it the lamp takes
    `lamp_v` at 1 mA, and `lamp_kohm` the rest that is not the person's.
    """

    guard_ma: Line
    current_ma: Line
    voltage_v: Line
    supply_v: Line
    return_ma: Line
    current_channel: int
    voltage_channel: int
    supply_channel: int
    return_channel: int
    conversion_s: float
    trip_least_ma: float = 0.0
    bus_hz: int = 400_000
    lamp_v: float = 0.0
    lamp_kohm: float = 0.0
