"""The unit on the workbench before its first treatment: pins, chips and first power, one after the other.

Law: whatever is asked of the unit, the output is open before and after it, and current flows only through the
rig, the guard and the heartbeat, a few tenths of a milliampere, after Start was pressed on the unit.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from statistics import fmean
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from config.calibration import (
    OFFSET_MAX_MA,
    OFFSET_MAX_V,
    Calibration,
    Channels,
    CurrentCorrection,
    VoltageCorrection,
)
from config.unit import RANGE_V
from controller.backends.bench import Bench
from controller.backends.rigging import Hands, failed_start, hands_on, reads_tripped, rig_on, store_zero
from controller.core.buttons import Debounce, Steady
from controller.core.limits import SENSING_LIMIT_MA
from controller.core.types import Buttons, Measurement, Off, Phase
from controller.loop.bounds import guard_of
from controller.loop.regulating import regulator_of
from controller.loop.rig import Refused
from controller.loop.tick import Loop, StopSwitch
from controller.workshop.chips import Chip, Hung, look_for
from controller.workshop.first_power import FirstPower, Seen
from controller.workshop.timing import Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from config.unit import Unit
    from controller.loop.rig import Rig

Button: TypeAlias = Literal["start", "stop", "up", "down"]
BUTTONS: Final[tuple[Button, ...]] = ("start", "stop", "up", "down")
LOOK_S: Final = 0.02
"""Time between two looks at the panel; a press lasts ten times as long."""
STILL_S: Final = 0.3
"""The panel is watched for this long to see it untouched."""
PRESS_S: Final = 60.0
"""A button has to be pressed within this."""
ZERO_S: Final = 0.5
TRANSFERS: Final = 200
PRESSES_AFTER_S: Final = 0.5
PRESSES_FOR_S: Final = 0.4
HOLDS_STOP_S: Final = 9.0
"""How the simulated person presses a button: so long after being asked, and for so long."""


class NotRight(Exception):
    """The unit is not as it should be; `str()` is one sentence with what to do."""


class PowerReport(NamedTuple):
    """What first power showed: differences to zero by state (mA, V, mA), load in ohm, Stop's delay in s."""

    seen: dict[str, Seen]
    load_ohm: float
    stop_s: float


class Workbench:
    """One unit, owned from the first step to the last; off between them."""

    def __init__(self, unit: Unit, bench: Bench) -> None:
        self.unit, self.bench = unit, bench

    # --- pins alone: nothing is energised -------------------------------------------------------------

    def untouched(self) -> None:
        """See the panel at rest. Raises NotRight, naming the contact that is not."""
        with self._hands() as hands:
            for buttons in self._looks(hands, STILL_S):
                if buttons.stop:
                    raise NotRight(
                        "Stop reads as pressed while nobody presses it: its contact is normally open instead "
                        "of normally closed, or its wire is broken"
                    )
                held = [name for name in BUTTONS if getattr(buttons, name)]
                if held:
                    raise NotRight(
                        f"{held[0].capitalize()} reads as pressed while nobody presses it: its contact is "
                        "normally closed or stuck, or its wire touches ground"
                    )

    def pressed(self, button: Button) -> None:
        """See `button` pressed and let go. Raises NotRight where it is another, both, or none in a minute."""
        with self._hands() as hands:
            self._help(button, PRESSES_FOR_S)
            down = False
            for buttons in self._looks(hands, PRESS_S):
                others = [name for name in BUTTONS if name != button and getattr(buttons, name)]
                if others:
                    raise NotRight(
                        f"{others[0].capitalize()} reads as pressed where {button.capitalize()} was asked "
                        "for: their wires are exchanged or touch"
                    )
                if getattr(buttons, button):
                    down = True
                elif down:
                    return
        raise NotRight(
            f"{button.capitalize()} stays pressed: its contact is stuck"
            if down
            else f"{button.capitalize()} was not seen within {PRESS_S:.0f} s: look at its contact and wire"
        )

    @contextmanager
    def shown(self, light: str, *, sound: bool = False) -> Iterator[None]:
        """Light `red`, `green`, `blue` or none, and sound the buzzer, as long as the context lasts."""
        with self._hands() as hands:
            hands.panel.set_lights(red=light == "red", green=light == "green", blue=light == "blue")
            hands.panel.set_buzzer(on=sound)
            yield

    def powered_up(self) -> None:
        """See the latch of the hardware trip tripped, as it is before anything armed it. Raises NotRight."""
        if self.bench.inject is not None:  # ALERT floats up on a simulated unit as without its supply
            self.bench.inject(self.bench.clock.now(), "trip_wire_broken", {"for_s": LOOK_S})
            self.bench.clock.sleep_until(self.bench.clock.now() + STILL_S)
        if not reads_tripped(self.bench, self.unit):
            raise NotRight(
                "the hardware trip reads as armed after power-up: look at what watches its supply (U35) "
                "and at the wire that reads its latch"
            )

    # --- chips, with the output open --------------------------------------------------------------------

    def chips(self) -> list[Chip]:
        """Find the chips. Raises NotRight, naming every one that is missing or somewhere else."""
        with self._hands():
            try:
                found = look_for(self.unit, self.bench.transport)
            except Hung as error:
                raise NotRight(f"{error}; switch the unit off and look at the wires") from error
        wrong = [f"{chip.name} {chip.found}; {_lower(chip.remedy)}" for chip in found if not chip.answers]
        if wrong:
            raise NotRight(" ".join(f"{sentence}" for sentence in wrong).rstrip("."))
        return found

    def zero_eeprom(self) -> tuple[int, int]:
        """Make the DAC power up at zero; give what it held before and holds now. Raises NotRight."""
        with self._hands() as hands:
            hands.relays.disconnect()
            hands.heartbeat.rest()
            try:
                return store_zero(self.bench, self.unit)
            except OSError as error:
                raise NotRight(f"{error} Replace the DAC, or look at its wires") from error

    # --- first power ------------------------------------------------------------------------------------

    def first_power(self, stated_ohm: float, tell: Callable[[str], None]) -> PowerReport:
        """Prove relays, polarity and Stop's second contact through the stated resistor.

        `tell` gets what the person is to press. Raises NotRight with what was found.
        """
        with self._rig() as rig:
            calibration = _shifted(*self._zero(rig))  # so that the guard judges the current, not the offset
        with self._rig(calibration) as rig:
            power = self._run(rig, self._zero(rig)[0], stated_ohm, tell)
        if power.phase is not Phase.DONE or power.stop_s is None:
            raise NotRight(power.reason or "first power was left")
        both = power.seen["both_forward"]
        return PowerReport(power.seen, 1000.0 * both.voltage_v / both.current_ma, power.stop_s)

    def timing(self, tell: Callable[[str], None]) -> Timing:
        """Time relays, heartbeat and trip, and look at code 0, through the resistor. Raises NotRight."""
        unit = self.unit
        with self._rig() as rig:
            calibration = _shifted(*self._zero(rig))
        with self._rig(calibration) as rig:
            zero, guard_ma = self._zero(rig)
            code_of = regulator_of(unit, Calibration.nominal()).still_code
            timing = Timing(zero, guard_ma, code_of, 1.0 / unit.loop.rate_hz, trip=unit.trip is not None)
            self._loop(rig, timing, tell)
        if timing.phase is not Phase.DONE:
            raise NotRight(timing.reason or "it was left")
        return timing

    @property
    def smallest_ma(self) -> float:
        """The smallest step in mA of the converter that the current is told by."""
        adc = self.unit.guard_adc or self.unit.control_adc
        return 1000.0 * RANGE_V[adc.gain] / 32768 / adc.current.ohm

    def transfers(self) -> dict[str, list[float]]:
        """Time transfers on the bus with the output open, in ms: to the DAC (zero), from the converter."""
        wire, clock, unit = self.bench.transport, self.bench.clock, self.unit
        times: dict[str, list[float]] = {"dac_write": [], "adc_read": []}
        with self._hands():
            try:
                for _ in range(TRANSFERS):
                    begun_s = clock.now()
                    wire.write(unit.dac.address, bytes(3))  # code 0 (MCP4725 data sheet, figure 6-1)
                    written_s = clock.now()
                    wire.write_read(unit.control_adc.address, b"\x00", 2)
                    times["dac_write"].append(1000.0 * (written_s - begun_s))
                    times["adc_read"].append(1000.0 * (clock.now() - written_s))
            except OSError as error:
                raise NotRight(
                    f"a transfer failed ({error}): look at SDA, SCL and their resistors"
                ) from error
        return times

    def _run(self, rig: Rig, zero: Seen, stated_ohm: float, tell: Callable[[str], None]) -> FirstPower:
        unit = self.unit
        open_s = (unit.relays.release_ms + unit.polarity.dead_time_ms) / 1000
        settle_s = unit.polarity.settle_ms / 1000
        code_of = regulator_of(unit, Calibration.nominal()).still_code
        power = FirstPower(zero, code_of, stated_ohm, open_s, settle_s)
        self._loop(rig, power, tell)
        return power

    def _loop(self, rig: Rig, session: FirstPower | Timing, tell: Callable[[str], None]) -> None:
        """Run what is stepped like a treatment under the guard; the person is told once what to press."""
        unit, tick_s = self.unit, 1.0 / self.unit.loop.rate_hz
        guard = guard_of(
            unit,
            ceiling_ma=min(unit.limits.max_current_ma, unit.stage.full_scale_ma),
            highest_ma=SENSING_LIMIT_MA,
            total_s=600.0,
        )
        help_person, asked = self._help, set[str]()

        class Asking:
            """Tells the person once what to press."""

            def tick(self, _measurement: Measurement) -> None:
                if session.awaits and session.awaits not in asked:
                    asked.add(session.awaits)
                    if session.awaits == "start":
                        tell("Press Start on the unit.")
                        help_person("start", PRESSES_FOR_S)
                    else:
                        tell("Now hold Stop for 8 s: its second contact has to take the current away.")
                        help_person("stop", HOLDS_STOP_S)

        Loop(rig, session, guard, self.bench.clock, tick_s, StopSwitch()).run(Asking())

    def _zero(self, rig: Rig) -> tuple[Seen, float | None]:
        """Read every channel with the output open, and the guard's own (mA) where there is one."""
        read: dict[str, list[float]] = {"current": [], "voltage": [], "return": []}
        guard: list[float] = []
        clock, tick_s = self.bench.clock, 1.0 / self.unit.loop.rate_hz
        until_s = clock.now() + ZERO_S
        while clock.now() < until_s:
            m = rig.sense(rig.look())
            if m.failure is not None:
                raise NotRight(f"{m.failure.detail}; look at that chip's wires and supply")
            value = {"current": m.current_ma, "voltage": m.voltage_v, "return": m.return_ma}.get(m.sampled)
            if value is not None:
                read[m.sampled].append(value)
            if m.guard_code is not None and m.guard_ma is not None:
                guard.append(m.guard_ma)
            rig.apply(Off())
            clock.sleep_until(clock.now() + tick_s)
        if not all(read.values()):
            raise NotRight("a converter gave no reading with the output open: look at its wires and supply")
        seen = Seen(fmean(read["current"]), fmean(read["voltage"]), fmean(read["return"]))
        return seen, fmean(guard) if guard else None

    @contextmanager
    def _rig(self, calibration: Calibration | None = None) -> Iterator[Rig]:
        with ExitStack() as stack:
            try:
                rig = rig_on(self.bench, self.unit, calibration or Calibration.nominal(), stack)
                stack.callback(rig.rest)
                rig.start()
            except (OSError, Refused) as error:
                raise NotRight(failed_start(error)) from error
            yield rig

    # --- helpers ------------------------------------------------------------------------------------------

    @contextmanager
    def _hands(self) -> Iterator[Hands]:
        with ExitStack() as stack:
            yield hands_on(self.bench, self.unit, stack)

    def _looks(self, hands: Hands, for_s: float) -> Iterator[Buttons]:
        clock = self.bench.clock
        until_s = clock.now() + for_s
        debounce, steady = Debounce(), Steady()
        while clock.now() < until_s:
            start, stop, up, down = debounce.see(clock.now(), hands.panel.sample())
            yield Buttons(start, steady.see(clock.now(), stop), up, down)
            clock.sleep_until(clock.now() + LOOK_S)

    def _help(self, button: str, for_s: float) -> None:
        """Let the simulated person press, where the unit is one."""
        if self.bench.inject is not None:
            at_s = self.bench.clock.now() + PRESSES_AFTER_S
            self.bench.inject(at_s, "press", {"button": button, "for_s": for_s})


def _shifted(zero: Seen, guard_ma: float | None) -> Calibration:
    """Make corrections that take the unit's zero out. Raises NotRight for a zero that is none."""
    for name, value, most, unit in (
        ("control current", zero.current_ma, OFFSET_MAX_MA, "mA"),
        ("guard current", guard_ma or 0.0, OFFSET_MAX_MA, "mA"),
        ("return path", zero.return_ma, OFFSET_MAX_MA, "mA"),
        ("output voltage", zero.voltage_v, OFFSET_MAX_V, "V"),
    ):
        if abs(value) > most:
            raise NotRight(
                f"with the output open the {name} reads {value:+.2f} {unit}, allowed is {most:g} {unit}: "
                "a relay is welded, or that channel is wired or described wrongly"
            )

    def current(value: float) -> CurrentCorrection:
        return CurrentCorrection(offset=-value, points=((0.0, value), (0.0, value)))

    voltage = VoltageCorrection(offset=-zero.voltage_v, points=((0.0, zero.voltage_v), (0.0, zero.voltage_v)))
    channels = Channels.model_validate(
        {
            "control_current": current(zero.current_ma),
            "guard_current": current(guard_ma or 0.0),
            "voltage": voltage,
            "return": current(zero.return_ma),
        }
    )
    return Calibration(unit_serial="nominal", date="1970-01-01", channels=channels)


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
