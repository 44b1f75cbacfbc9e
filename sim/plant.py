"""The plant alone: a world's chips answered at once, without bus, bytes, registers or anybody's driver.

Law of this module: what is left out takes the wire's time all the same, bit for bit, so that noise, steps of
the converters and moments of the samples are those of the chips. It knows no fault of a chip or of the bus:
a world that has one planned is not for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sim.chips.ads1115 import Ads1115
    from sim.world import World

LO_THRESH: Final = 2
HI_THRESH: Final = 3
QUEUE_BITS: Final = 3
START_SINGLE_SHOT: Final = 0x8000
MUX_BITS: Final = 0x7000
SINGLE_ENDED_MUX: Final = 0x4000
MUX_STEP: Final = 0x1000
"""Multiplexer bits for input n against ground: 0x4000 + n * 0x1000 (SBAS444, table 8-3)."""


class DacHolds:
    """What the digital-to-analog converter holds now; nothing here ever makes it busy or powers it down."""

    __slots__ = ("code", "eeprom_code", "eeprom_power_down", "power_down", "ready")

    def __init__(self, code: int, eeprom_code: int) -> None:
        self.code = code
        self.eeprom_code = eeprom_code
        self.power_down = self.eeprom_power_down = 0
        self.ready = True


class _Wire:
    """The time of a transfer in s, before and after the moments in which the chip acts (`sim.chips.bus`).

    Between a write and the read after a repeated start lies the turn.
    """

    __slots__ = ("_after_s", "_before_s", "_clock", "_turn_s", "_write_s")

    def __init__(self, world: World, *, written: int, pointed: int, count: int) -> None:
        """Take how many bytes a write has, and a read after the `pointed` bytes that choose what is read."""
        bus = world.bus
        self._clock = world.clock
        self._write_s = bus.overhead_s + (9 * written + 11) * bus.bit_s
        self._before_s = bus.overhead_s + (9 * pointed + 10) * bus.bit_s
        self._turn_s = 10 * bus.bit_s
        self._after_s = (9 * count + 1) * bus.bit_s


class PlantBus:
    """Grants time on a bus that nobody needs."""

    __slots__ = ()

    def allow(self, duration_s: float) -> None:
        """Do nothing: every answer comes in time."""


class PlantDac(_Wire):
    """The current stage's code, written and read back."""

    __slots__ = ("_chip", "_holds", "_seen_s", "_set_s", "_status_s")

    def __init__(self, world: World) -> None:
        super().__init__(world, written=2, pointed=0, count=5)
        self._status_s = (9 * 1 + 1) * world.bus.bit_s
        self._set_s = world.bus.overhead_s + (9 * 2 + 10) * world.bus.bit_s
        self._seen_s = (9 * 3 + 1) * world.bus.bit_s
        self._chip = world.dac
        self._holds = DacHolds(world.dac.output_code, world.dac.eeprom_code)

    def write(self, code: int) -> bool:
        """Set the output code, 0 to 4095; nothing here keeps the chip from taking it."""
        self._clock.advance_by(self._set_s)
        if code != self._holds.code:
            self._holds.code = code
            self._chip.put(code)
        self._clock.advance_by(self._turn_s)
        self._clock.advance_by(self._seen_s)
        return True

    def read_back(self) -> DacHolds:
        """Return what it holds from now on, too."""
        self._clock.advance_by(self._before_s)
        self._clock.advance_by(self._after_s)
        return self._holds

    def read_status(self) -> None:
        """Take the time of it."""
        self._clock.advance_by(self._before_s)
        self._clock.advance_by(self._status_s)


class PlantGuardAdc(_Wire):
    """A converter that its driver has set to convert one input without pause."""

    __slots__ = ("_chip",)

    def __init__(self, world: World, chip: Ads1115) -> None:
        super().__init__(world, written=3, pointed=1, count=2)
        self._chip = chip

    def read(self) -> int:
        """Return the newest code."""
        clock = self._clock
        clock.advance_by(self._before_s)
        clock.advance_by(self._turn_s)
        code = self._chip.newest(clock.now_s)
        clock.advance_by(self._after_s)
        return code

    def verify(self) -> None:
        """Take the time of reading the configuration, which nothing here changes."""
        self.read()


class PlantTrip(_Wire):
    """The latch of the hardware trip and the thresholds that set it."""

    __slots__ = ("_chip", "_high", "_pins", "_put_s", "_world")

    def __init__(self, world: World, pins: PlantPins, chip: Ads1115) -> None:
        super().__init__(world, written=3, pointed=1, count=2)
        self._world, self._pins, self._chip = world, pins, chip
        self._put_s = world.bus.overhead_s + (9 * 3 + 10) * world.bus.bit_s
        self._high = 0x7FFF

    def tripped(self) -> bool:
        """Return the latch."""
        return self._world.latch is not None and self._world.latch.tripped

    def arm(self) -> None:
        """Make one edge."""
        self._pins.rearm()

    def threshold(self, code: int) -> bool:
        """Set the high threshold."""
        self._high = code
        return self._put(HI_THRESH, code)

    def release(self) -> bool:
        """Let ALERT fall."""
        return self._put(LO_THRESH, self._high - 1)

    def hold(self) -> bool:
        """Let ALERT stay."""
        return self._put(LO_THRESH, -0x8000)

    def at_once(self, on: bool) -> bool:  # noqa: FBT001  # the one argument is the choice
        """Let one conversion be enough for ALERT, or take two."""
        self._clock.advance_by(self._put_s)
        self._chip.configure(self._chip.config & ~QUEUE_BITS | (not on))
        self._read()
        return True

    def verify(self, threshold: int) -> None:  # noqa: ARG002 - as the driver takes it
        """Take the time of reading both thresholds, which nothing here changes."""
        for _ in range(2):
            self._clock.advance_by(self._before_s)
            self._read()

    def _put(self, register: int, code: int) -> bool:
        self._clock.advance_by(self._put_s)
        self._chip.put_threshold(register, code)
        self._read()
        return True

    def _read(self) -> None:
        """Take the time of what is read after a write; whoever reads finds the conversions done."""
        self._clock.advance_by(self._turn_s)
        self._chip.catch_up(self._clock.now_s)
        self._clock.advance_by(self._after_s)


class PlantControlAdc(_Wire):
    """A converter that its driver has set to single shots; they are started and collected by input."""

    __slots__ = ("_chip", "_words", "mending")

    def __init__(self, world: World) -> None:
        super().__init__(world, written=3, pointed=1, count=2)
        self._chip = world.control_adc
        self.mending = False
        settings = self._chip.config & ~MUX_BITS | START_SINGLE_SHOT | SINGLE_ENDED_MUX
        self._words = tuple(settings + channel * MUX_STEP for channel in range(4))

    def start(self, channel: int) -> None:
        """Begin a conversion."""
        self._clock.advance_by(self._write_s)
        self._chip.configure(self._words[channel])

    def collect(self, channel: int) -> int:
        """Return the code of the conversion on `channel`. RuntimeError when it has not ended."""
        clock, chip = self._clock, self._chip
        clock.advance_by(self._before_s)
        clock.advance_by(self._turn_s)
        chip.catch_up(clock.now_s)
        if chip.converting:
            raise RuntimeError(f"the conversion of input {channel} was collected before its end")
        clock.advance_by(self._after_s)
        clock.advance_by(self._before_s)
        clock.advance_by(self._turn_s)
        code = chip.newest(clock.now_s)
        clock.advance_by(self._after_s)
        return code


class PlantPins:
    """Relays, heartbeat and the panel's contacts, as levels of the world's pins."""

    __slots__ = ("_beats", "_high", "_relay", "_world")

    def __init__(self, world: World) -> None:
        self._world = world
        self._high = False
        self._beats = world.spec.heartbeat_pin
        self._relay = (world.spec.series_relay_pin, world.spec.polarity_relay_pin)

    def connect(self) -> None:
        """Close the series relay."""
        self._world.pin_driven(self._relay[0], level=True)

    def disconnect(self) -> None:
        """Open the series relay."""
        self._world.pin_driven(self._relay[0], level=False)

    def set_polarity(self, reverse: bool) -> None:  # noqa: FBT001  # the one argument is the position
        """Move the polarity relay."""
        self._world.pin_driven(self._relay[1], level=reverse)

    def set_dummy(self, on: bool) -> None:  # noqa: FBT001  # the one argument is the position
        """Put the dummy load on or take it off, where there is one."""
        pin = self._world.spec.dummy_pin
        if pin is not None:
            self._world.pin_driven(pin, level=on)

    def rearm(self) -> None:
        """Make one edge for the latch of the hardware trip, and go low again."""
        pin = self._world.spec.rearm_pin
        if pin is not None:
            self._world.pin_driven(pin, level=True)
            self._world.pin_driven(pin, level=False)

    def beat(self) -> None:
        """Make one edge."""
        self._high = not self._high
        self._world.pin_driven(self._beats, self._high)

    def rest(self) -> None:
        """Stop, low."""
        self._high = False
        self._world.pin_driven(self._beats, level=False)

    def sample(self) -> tuple[bool, bool, bool, bool]:
        """Return Start, Stop, Up, Down; True is pressed."""
        return self._world.pressed()

    def set_lights(self, *, red: bool, green: bool, blue: bool) -> None:
        """Do nothing: nobody looks."""

    def set_buzzer(self, *, on: bool) -> None:
        """Do nothing: nobody listens."""
