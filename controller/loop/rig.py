"""The unit as one thing: sense it, apply a command to it, keep its heart beating, switch it off.

Law: going off, the series relay opens first and the DAC follows; going on, the DAC is right before the relay
closes. A chip that fails is reported with a name, and an apply that fails has already switched off.
"""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar

from controller.core.buttons import NONE, Debounce
from controller.core.tripping import FORCED_MA, Threshold
from controller.core.types import (
    Buttons,
    Cause,
    Command,
    Doubt,
    Drive,
    Failure,
    Measurement,
    Off,
    Polarity,
    Refusal,
    Watch,
)
from controller.loop.pace import TIMED_READS, TRANSFERS, BusPace
from controller.loop.roles import RigPort

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.loop.clock import Clock
    from controller.loop.ports import DacReading, Ports, Scales, TripPort

Argument = TypeVar("Argument")
Result = TypeVar("Result")
Kind: TypeAlias = Literal["", "current", "voltage", "supply", "return"]

WITH_GUARD: Final[tuple[Kind, ...]] = (
    "voltage",
    "current",
    "voltage",
    "return",
    "voltage",
    "current",
    "voltage",
    "supply",
)
"""Order of the control ADC's channels when the guard has its own: voltage every other tick."""
WITHOUT_GUARD: Final[tuple[Kind, ...]] = (
    "current",
    "voltage",
    "current",
    "return",
    "current",
    "voltage",
    "current",
    "supply",
)
"""The same when there is one converter for everything: current every other tick."""
CONFIRMED: Final[dict[Doubt, Kind]] = {
    "": "",
    "high": "current",
    "low": "voltage",
    "return": "return",
    "supply": "supply",
}
"""Which channel of the control converter is sampled again for a doubt."""
BUS_TIME_S: Final = 0.010
"""Time on the bus for one sense or one apply: a pause of the machine of 10 ms is ridden (docs/laws.md); their
own transfers take below 1 ms on a Pi, and a hung one ends by itself after the host's 10 ms."""
VERIFY_TICKS: Final = 20
"""The guard's configuration and, while the output is off, the DAC are read back every 20 ticks, 10 apart; the
thresholds of the hardware trip between them."""
MENDED_WITHIN_S: Final = 0.025
"""A shot whose settings arrived wrong is there by then: one flipped bit makes 64 samples a second of 860 at
the worst, 17.4 ms with a clock 10 % slow, and the right conversion follows."""
LAMP_FOLD_V: Final = 0.052
"""A lamp takes so much more at e times the current (diode of ideality 2, 25 C: the reference circuit)."""
LIT_MA: Final = 0.01
"""Below this current the lamp's voltage is that of nothing that counts."""
ARM_TRIES: Final = 3
"""So often the latch of the hardware trip is armed at a start before it is taken to hang."""


_ZERO: Final = Drive("forward", 0.0, 0)
"""What the hardware trip follows while the output is off."""


class Refused(Exception):
    """The unit failed a check before the session; `str()` is one sentence with what to do."""

    def __init__(self, sentence: str, refusal: Refusal = Refusal.UNIT_UNFIT) -> None:
        super().__init__(sentence)
        self.refusal = refusal


class Rig(RigPort):
    """One unit behind its ports, with one clock. Not for more than one thread."""

    def __init__(self, ports: Ports, scales: Scales, clock: Clock, tick_s: float) -> None:
        """`tick_s` is the period of the ticks that the bus has to keep up with."""
        self._ports, self._tick_s = ports, tick_s
        self.bus_notice = ""
        """What the last start has to tell of a bus that is slow and fits, else ""."""
        # Bound once, for what is called in every tick.
        self._write, self._read_back = ports.dac.write, ports.dac.read_back
        self._start, self._take = ports.control_adc.start, ports.control_adc.collect
        self._scales, self._lamp_v = scales, scales.lamp_v
        self._clock = clock
        self._order = WITHOUT_GUARD if ports.guard_adc is None else WITH_GUARD
        self._turn = 0
        self._ticks = 0
        self._pending: Kind = ""
        self._waited = 0
        self._connected = False
        self._beats = True
        self._late_s = self._beat_s = self._begun_s = self._sampled_s = 0.0
        self._watched: Watch = ""
        self._polarity: Polarity = "forward"
        self._code = 0
        self._failure: Failure | None = None
        self._dac_doubted = self._adc_doubted = False
        self._due_s = 0.0
        self._threshold = Threshold(scales.trip_least_ma)
        self._threshold_ma = 0.0
        self._flows_ma: float | None = None
        self._threshold_code = 0
        self._released = self._at_once = self._loaded = False
        self._series_operations = self._polarity_operations = 0
        self._debounce = Debounce()
        self._pressed = NONE
        self._buttons = Buttons()
        self._values: dict[Kind, float | None] = dict.fromkeys(("current", "voltage", "supply", "return"))
        self._lines = {
            "current": (scales.current_channel, *scales.current_ma),
            "voltage": (scales.voltage_channel, *scales.voltage_v),
            "supply": (scales.supply_channel, *scales.supply_v),
            "return": (scales.return_channel, *scales.return_ma),
        }

    # --- before the session ---------------------------------------------------------------------------

    def start(self) -> None:
        """Switch off and check the DAC, whatever a dead program left behind. Raises Refused or OSError."""
        ports = self._ports
        ports.relays.disconnect()
        ports.relays.set_dummy(False)
        ports.heartbeat.rest()
        self._loaded = False
        self._connected, self._beats, self._code = False, True, 0
        self._late_s, self._watched = 0.0, ""
        self._series_operations = self._polarity_operations = 0
        self._failure, self._pending, self._waited = None, "", 0
        self._dac_doubted = self._adc_doubted = False
        self._values = dict.fromkeys(self._values)
        ports.bus.allow(BUS_TIME_S)
        ports.dac.write(0)
        state = ports.dac.read_back()
        if state.eeprom_code != 0 or state.eeprom_power_down != 0:
            raise Refused(
                f"the DAC would power up at code {state.eeprom_code} (power-down bits "
                f"{state.eeprom_power_down}) instead of 0: its EEPROM has to be written by a technician, "
                "with the output off, before this unit may treat anybody"
            )
        if state.code != 0 or state.power_down != 0 or not state.ready:
            raise Refused(
                f"the DAC holds code {state.code} (power-down bits {state.power_down}) after 0 was written: "
                "switch the unit off and on; if it happens again, replace the DAC"
            )
        self._time_bus()
        ports.bus.allow(BUS_TIME_S)
        if ports.guard_adc is not None:
            ports.guard_adc.verify()
        self._arm_trip()
        self._start_next()
        self._clock.sleep_until(self._clock.now() + self._scales.conversion_s)

    # --- the tick ---------------------------------------------------------------------------------------

    def look(self, *, stop_requested: bool = False) -> Measurement:
        """Read buttons and guard, before all else: too much current is judged from that alone.

        Never raises for a chip's failure.
        """
        ports, values = self._ports, self._values
        now_s = self._clock.now()
        buttons, pressed = self._buttons, self._debounce.see(now_s, ports.panel.sample())
        # In nearly every tick nobody presses anything new.
        if pressed != self._pressed or stop_requested != buttons.stop_asked:
            self._pressed = pressed
            self._buttons = buttons = Buttons(*pressed, stop_requested)
        guard_code = None
        failure, self._failure = self._failure, None
        dac_doubted, self._dac_doubted = self._dac_doubted, False
        adc_doubted, self._adc_doubted = self._adc_doubted, False
        if failure is None and ports.guard_adc is not None:
            ports.bus.allow(BUS_TIME_S)
            try:
                guard_code = self._twice(ports.guard_adc.read)
            except OSError as error:
                failure = Failure(ports.cause_of("guard ADC", error), str(error))
        self._flows_ma = self._guard_ma(guard_code, "")
        return Measurement(
            now_s,
            self._flows_ma,
            guard_code,
            values["current"],
            values["voltage"],
            values["supply"],
            values["return"],
            "",
            None,
            buttons,
            failure,
            dac_doubted=dac_doubted,
            adc_doubted=adc_doubted,
        )

    def look_again(self, seen: Measurement) -> Measurement:
        """Return the guard's next conversion for one that looks too high.

        While that runs, the control converter is set to the current and both other chips are read back, so
        that nothing but the guard's reading has to be waited for before the output is switched off.
        """
        ports, clock = self._ports, self._clock
        if seen.failure is not None or ports.guard_adc is None:
            return seen
        due_s = clock.now() + self._scales.conversion_s
        chip = "control ADC"
        try:
            ports.bus.allow(BUS_TIME_S + self._scales.conversion_s)
            if self._pending:
                self._collect(self._pending)
            self._begun_s = clock.now()
            self._twice_with(self._start, self._lines["current"][0])
            self._pending, self._due_s = "current", clock.now() + self._scales.conversion_s
            chip = "DAC"
            failure = self._verify_dac()
            chip = "guard ADC"
            self._twice(ports.guard_adc.verify)
            clock.sleep_until(due_s)
            guard_code = self._twice(ports.guard_adc.read)
        except OSError as error:
            return seen._replace(failure=Failure(ports.cause_of(chip, error), str(error)))
        return seen._replace(
            guard_ma=self._guard_ma(guard_code, ""), guard_code=guard_code, failure=failure, confirmed=True
        )

    def sense(self, seen: Measurement) -> Measurement:
        """Add the channel that was started to what was seen. Never raises for a chip's failure."""
        ports, values = self._ports, self._values
        if seen.failure is not None:  # no second wait on a bus that has just failed
            return seen
        failure = sampled_code = None
        sampled: Kind = ""
        seen_by: Kind = ""
        sampled_s = 0.0
        ports.bus.allow(BUS_TIME_S + self._scales.conversion_s)
        chip = "guard ADC"
        try:
            # A converter that was reset reads 0, which at the sensing current looks like no contact.
            lost = seen.guard_code == 0 and self._code > 0
            if ports.guard_adc is not None and (lost or self._ticks % VERIFY_TICKS == 0):
                self._twice(ports.guard_adc.verify)
            if ports.trip is not None and self._ticks % VERIFY_TICKS == VERIFY_TICKS // 4:
                self._twice_with(ports.trip.verify, self._threshold_code)
            chip = "control ADC"
            if self._pending:
                sampled = self._pending
                if seen.confirmed:
                    self._clock.sleep_until(self._due_s)
                sampled_code = self._collect_or_wait(sampled)
            seen_by, sampled_s = sampled, self._sampled_s
            if self._watched == "voltage" and ports.guard_adc is None and not self._pending:
                self._convert("current")  # one converter for everything: the guard must go on seeing that
                seen_by = "current"
            chip = "DAC"
            if self._ticks % VERIFY_TICKS == VERIFY_TICKS // 2 and not self._connected:
                failure = self._verify_dac()
        except OSError as error:
            failure = Failure(ports.cause_of(chip, error), str(error))
        self._ticks += 1
        return Measurement(
            seen.time_s,
            seen.guard_ma if ports.guard_adc is not None else self._guard_ma(None, seen_by),
            seen.guard_code,
            values["current"],
            values["voltage"],
            values["supply"],
            values["return"],
            sampled if sampled_code is not None else "",
            sampled_code,
            seen.buttons,
            failure,
            seen.confirmed,
            seen.dac_doubted,
            seen.adc_doubted,
            # Last, so that an output that has just opened by itself is not taken for an open circuit.
            None if ports.trip is None else ports.trip.tripped(),
            sampled_s,
            self._beat_s,
            None if ports.battery_clock is None else ports.battery_clock.look(),
        )

    def sense_again(self, doubted: Measurement, doubt: Doubt) -> Measurement:
        """Return the next conversions for a sample that looks wrong.

        The control converter adds the current where the sample looks too high, the output voltage where it
        looks too low, else the doubted channel again; what returns is measured within 2 ms of the current
        that leaves.
        """
        ports, scales = self._ports, self._scales
        if doubted.failure is not None:
            return doubted
        guard_code, chip = doubted.guard_code, "control ADC"
        sampled: Kind = CONFIRMED[doubt]
        alone = ports.guard_adc is None
        if alone and sampled == "voltage":
            sampled = "current"
        try:
            ports.bus.allow(BUS_TIME_S + 2 * scales.conversion_s)
            if alone and sampled == "return":
                self._convert("current")
            code = self._convert(sampled)
            chip = "guard ADC"
            if ports.guard_adc is not None:
                self._twice(ports.guard_adc.verify)  # a reset one reads zero, as if the circuit were open
                guard_code = self._twice(ports.guard_adc.read)
            chip = "DAC"
            failure = self._verify_dac()
        except OSError as error:
            return doubted._replace(failure=Failure(ports.cause_of(chip, error), str(error)))
        return doubted._replace(
            guard_ma=self._guard_ma(guard_code, sampled),
            guard_code=guard_code,
            current_ma=self._values["current"],
            voltage_v=self._values["voltage"],
            supply_v=self._values["supply"],
            return_ma=self._values["return"],
            sampled=sampled,
            sampled_code=code,
            failure=failure,
            confirmed=True,
            tripped=None if ports.trip is None else ports.trip.tripped(),
            sampled_s=self._sampled_s,
        )

    def apply(self, command: Command) -> None:
        """Do as commanded; if a chip does not take it, be off, and say so in the next measurement."""
        if isinstance(command, Drive):
            self._drive(command)
        else:
            self._rest(command)
        if self._failure is None:
            self._start_next()
        if self._failure is not None:  # known now, so off now; named by the guard in the next tick
            self._disconnect()

    def heartbeat(self) -> None:
        """Make one edge: the whole tick succeeded. None while the heartbeat is starved on purpose."""
        if self._failure is None and self._beats:
            clock = self._clock
            if self._late_s:
                clock.sleep_until(clock.now() + self._late_s)
            self._ports.heartbeat.beat()
            self._beat_s = clock.now()

    def show(self, *, red: bool, green: bool, blue: bool, buzzer: bool) -> None:
        """Switch lights and buzzer. Never raises: a treatment does well without them."""
        with suppress(Exception):  # whatever the pin library makes of a dead lamp
            self._ports.panel.set_lights(red=red, green=green, blue=blue)
            self._ports.panel.set_buzzer(on=buzzer)

    def wear(self) -> tuple[int, int]:
        """Return how often the series and the polarity relay have pulled in since `start`."""
        return self._series_operations, self._polarity_operations

    def off(self) -> None:
        """Relay first, then DAC, whatever fails on the way. Never raises."""
        with suppress(Exception):  # a pin library's own error must not keep the DAC from zero
            self._disconnect()
        with suppress(Exception):  # nor any error the heart from being stopped after this
            self._ports.bus.allow(BUS_TIME_S)
            self._put(0)
            self._start_next()

    def rest(self) -> None:
        """Switch off and stop the heart, at the end of a session. Never raises."""
        self.off()
        with suppress(Exception):  # what it holds lets go without edges anyhow
            self._ports.heartbeat.rest()

    def _time_bus(self) -> None:
        """Time what a transfer really takes, whatever the unit's file says of the bus. Raises Refused."""
        now = self._clock.now
        reads_s: list[float] = []
        shorts_s: list[float] = []
        for read, took_s in (
            (self._read_back, reads_s),
            (self._ports.dac.read_status, shorts_s),
        ) * TIMED_READS:
            self._ports.bus.allow(BUS_TIME_S)
            begun_s = now()
            self._twice(read)
            took_s.append(now() - begun_s)
        transfers = TRANSFERS if self._ports.guard_adc is not None else TRANSFERS - 1
        transfers += self._ports.trip is not None
        pace = BusPace(reads_s, shorts_s, self._tick_s, transfers, self._scales.bus_hz)
        self.bus_notice = pace.notice
        if pace.refusal:
            raise Refused(pace.refusal, Refusal.BUS_SLOW)

    # --- the hardware trip ------------------------------------------------------------------------------

    def _arm_trip(self) -> None:
        """Arm the latch, which powers up tripped, with the DAC at zero. Raises Refused or OSError."""
        trip = self._ports.trip
        if trip is None:
            return
        self._released, self._threshold = False, Threshold(self._scales.trip_least_ma)
        self._heed_at_once(trip, on=False)
        self._put_threshold(trip, self._threshold.follow(0.0, self._threshold_ma))
        for _ in range(2 * ARM_TRIES):
            self._ports.bus.allow(BUS_TIME_S)
            self._arm_a_step(trip)
            self._clock.sleep_until(self._clock.now() + 2 * self._scales.conversion_s)
            if not self._released and not trip.tripped():
                return
        raise Refused(
            "the hardware trip stays tripped with the DAC at zero: its latch hangs, the wire from the guard "
            "converter's ALERT is broken, or current flows; have the unit serviced",
            Refusal.TRIP_HANGS,
        )

    def _command_trip(self, trip: TripPort, command: Drive) -> None:
        """Let the threshold follow, or force or arm the trip, before the DAC is written. Raises OSError."""
        self._heed_at_once(trip, on=command.trip == "once")
        if command.trip == "force":
            wanted_ma = FORCED_MA
        elif command.trip in {"catch", "once"}:
            wanted_ma = self._scales.trip_least_ma
        else:
            wanted_ma = self._threshold.follow(command.setpoint_ma, self._threshold_ma)
        if wanted_ma != self._threshold_ma:
            self._put_threshold(trip, wanted_ma)
        if command.trip == "rearm" and self._code == 0:
            self._arm_a_step(trip)
        elif self._released:
            self._see_done(trip.hold)
            self._released = False

    def _heed_at_once(self, trip: TripPort, *, on: bool) -> None:
        """Let one conversion be enough, or again take two. Raises OSError."""
        if on != self._at_once:
            self._see_done(lambda: trip.at_once(on))
            self._at_once = on

    def _arm_a_step(self, trip: TripPort) -> None:
        """Let ALERT fall, or, a conversion later, hold it again and make the edge. Raises OSError."""
        if self._released:
            self._see_done(trip.hold)
            trip.arm()
        else:
            self._see_done(trip.release)
        self._released = not self._released

    def _see_done(self, write: Callable[[], bool]) -> None:
        """Write a threshold; what arrived wrong is written again at once, and remembered. Raises OSError.

        Also where the second write does not stand either.
        """
        if self._twice(write):
            return
        self._dac_doubted = True
        if not self._twice(write) and self._ports.trip is not None:
            self._ports.trip.verify(self._threshold_code)

    def _put_threshold(self, trip: TripPort, threshold_ma: float) -> None:
        per_code, offset = self._scales.guard_ma
        code = max(-0x8000, min(0x7FFF, round((threshold_ma - offset) / per_code)))
        self._threshold_ma, self._threshold_code = threshold_ma, code
        self._see_done(lambda: trip.threshold(code))

    # --- parts of it ----------------------------------------------------------------------------------------

    def _drive(self, command: Drive) -> None:
        if command.polarity != self._polarity:
            self._fail(Failure(Cause.WRONG_POLARITY, "the relay was not moved before the output was driven"))
            return
        ports, chip = self._ports, "DAC"
        try:
            ports.bus.allow(BUS_TIME_S)
            failure = self._verify_dac()  # before each write, which would hide that the DAC was reset
            if failure is not None:
                self._fail(failure)
                return
            chip = "guard ADC"
            if ports.trip is not None:
                self._command_trip(ports.trip, command)
            chip = "DAC"
            failure = self._put(command.code)
            if failure is not None:
                self._fail(failure)
                return
            chip = "guard ADC"
            if ports.trip is not None and self._dac_doubted:
                self._put_threshold(ports.trip, self._threshold.over_a_flip())
        except OSError as error:
            self._fail(Failure(ports.cause_of(chip, error), str(error)))
            return
        self._beats, self._late_s, self._watched = command.beat, command.late_s, command.watch
        if not command.dummy:
            self._load(on=False)
        if command.series and not self._connected:
            ports.relays.connect()
            self._connected = True
            self._series_operations += 1
        elif self._connected and not command.series:
            self._disconnect()
        if command.dummy:
            self._load(on=True)

    def _rest(self, command: Off) -> None:
        was_connected, chip = self._connected, "DAC"
        self._beats, self._late_s, self._watched = True, 0.0, ""
        self._disconnect()
        try:
            self._ports.bus.allow(BUS_TIME_S)
            failure = self._put(0)
            if self._ports.trip is not None:
                chip = "guard ADC"
                self._command_trip(self._ports.trip, _ZERO)
        except OSError as error:
            failure = Failure(self._ports.cause_of(chip, error), str(error))
        if failure is not None:
            self._fail(failure)
            return
        if command.polarity != self._polarity:
            if was_connected:  # its contacts may still carry current
                self._fail(Failure(Cause.WRONG_POLARITY, "polarity was commanded with the output connected"))
                return
            self._ports.relays.set_polarity(command.polarity == "reverse")
            self._polarity_operations += command.polarity == "reverse"
            self._polarity = command.polarity

    def _disconnect(self) -> None:
        self._ports.relays.disconnect()
        self._connected = False
        self._load(on=False)

    def _load(self, *, on: bool) -> None:
        """Put the dummy load on, or take it off."""
        if on != self._loaded:
            self._ports.relays.set_dummy(on)
            self._loaded = on

    def _fail(self, failure: Failure) -> None:
        self._disconnect()
        with suppress(OSError):
            self._put(0)
        self._failure = failure

    def _start_next(self) -> None:
        if self._pending:
            return
        kind: Kind = self._watched
        if not kind:
            kind = self._order[self._turn]
            self._turn = (self._turn + 1) % len(self._order)
        try:
            self._begun_s = self._clock.now()
            self._twice_with(self._start, self._lines[kind][0])
            self._pending = kind
        except OSError as error:
            self._pending = ""
            failure = Failure(self._ports.cause_of("control ADC", error), str(error))
            self._failure = self._failure or failure

    def _collect_or_wait(self, kind: Kind) -> int | None:
        """Collect; a conversion that is not finished may be so in the next tick, but not in the one after.

        One whose settings arrived wrong may take longer, since it may be another one that has to end.
        """
        adc = self._ports.control_adc
        known = adc.mending
        try:
            code = self._collect(kind)
        except OSError as error:
            late = self._ports.cause_of("control ADC", error) is Cause.ADC_STALE
            most = 1.0
            if adc.mending:
                self._adc_doubted = self._adc_doubted or not known
                most = max(1.0, MENDED_WITHIN_S / self._tick_s)
            if not late or self._waited >= most:
                raise
            self._waited += 1
            self._pending = kind
            return None
        self._waited = 0
        return code

    def _convert(self, kind: Kind) -> int:
        """Start a conversion, wait for its end and collect it. Raises OSError."""
        self._begun_s = self._clock.now()
        self._twice_with(self._start, self._lines[kind][0])
        self._clock.sleep_until(self._clock.now() + self._scales.conversion_s)
        try:
            return self._collect(kind)
        except OSError:
            if not self._ports.control_adc.mending:
                raise
        self._adc_doubted = True
        self._clock.sleep_until(self._clock.now() + self._scales.conversion_s)
        return self._collect(kind)

    def _collect(self, kind: Kind) -> int:
        channel, per_code, offset = self._lines[kind]
        self._pending = ""
        code = self._twice_with(self._take, channel)
        self._sampled_s = self._begun_s
        value = per_code * code + offset
        if kind == "voltage" and self._lamp_v and (self._connected or self._loaded):
            value -= self._returns_v()
        self._values[kind] = value
        return code

    def _returns_v(self) -> float:
        """Return what the output's voltage (V) has beside the person's: lamp, limiter and shunts."""
        current_ma = self._values["current"] if self._flows_ma is None else self._flows_ma
        if current_ma is None or current_ma < LIT_MA:
            return 0.0
        return self._lamp_v + LAMP_FOLD_V * math.log(current_ma) + self._scales.lamp_kohm * current_ma

    def _put(self, code: int) -> Failure | None:
        """Write a code and see it there; what arrived wrong is written again at once, and remembered."""
        taken = self._twice_with(self._write, code)
        self._code = code
        if taken:
            return None
        self._dac_doubted = True
        return None if self._twice_with(self._write, code) else self._verify_dac()

    def _verify_dac(self) -> Failure | None:
        """Read the DAC back; a reading that is wrong is made again before it is believed, and remembered."""
        if self._as_written(self._twice(self._read_back)):
            return None
        self._dac_doubted = True
        state = self._twice(self._read_back)
        if self._as_written(state):
            return None
        return Failure(
            Cause.DAC_RESET,
            f"the DAC holds code {state.code} (power-down {state.power_down}, EEPROM {state.eeprom_code}, "
            f"{'ready' if state.ready else 'busy'}) where {self._code} was written",
        )

    def _as_written(self, state: DacReading) -> bool:
        return state.code == self._code and state.power_down == 0 and state.eeprom_code == 0 and state.ready

    def _guard_ma(self, guard_code: int | None, sampled: Kind) -> float | None:
        if guard_code is not None:
            per_code, offset = self._scales.guard_ma
            return per_code * guard_code + offset
        return self._values["current"] if self._ports.guard_adc is None and sampled == "current" else None

    @staticmethod
    def _twice(action: Callable[[], Result]) -> Result:
        """Repeat once what a chip did not acknowledge; a hung bus gets no second chance."""
        try:
            return action()
        except TimeoutError:
            raise
        except OSError:
            return action()

    @staticmethod
    def _twice_with(action: Callable[[Argument], Result], argument: Argument) -> Result:
        """Do as `_twice` with something that takes an argument."""
        try:
            return action(argument)
        except TimeoutError:
            raise
        except OSError:
            return action(argument)
