"""From a bench to a rig: the drivers take its wires and pins, codes become mA and V, failures get names.

Law: pins come first and come up low, so that the relays are open before a chip is spoken to. One straight
line per channel: whatever is measured goes through `scales_of` and nowhere else.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from config.unit import RANGE_V
from controller.core.types import Cause
from controller.host.disk import OURS_NOT, told
from controller.host.shortage import shortage
from controller.loop.clock import RealClock
from controller.loop.ports import Line, Ports, Scales
from controller.loop.rig import Rig
from drivers import errors
from drivers.adc import ControlAdc, GuardAdc
from drivers.bus import BoundedBus, Transport
from drivers.dac import CurrentDac
from drivers.panel import Panel
from drivers.pins import contact
from drivers.relays import Heartbeat, Relays
from drivers.trip import Trip

if TYPE_CHECKING:
    from gpiozero.pins import Factory

    from config.calibration import Calibration, Correction
    from config.unit import Unit
    from controller.backends.bench import Bench

START_UP_S: Final = 1.0
"""Bus time allowed for finding the chips."""
SLOWEST_OSCILLATOR: Final = 1.1
"""A converter may be 10 % slower than its data rate (ADS1115 data sheet)."""
CONVERSION_MARGIN_S: Final = 0.00005
"""Time between the end of a conversion and its being asked for."""

_REMEDIES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (
        errors.BusTimeout,
        "switch the unit off and on; if it happens again, look at SDA, SCL and their resistors",
    ),
    (errors.ChipMissing, "check its supply, its wires and the address in the unit's file"),
    (errors.ChipSilent, "check its supply and its wires"),
    (errors.ShortRead, "check the wires of the bus"),
    (errors.ChipReset, "check the supply of the chips, which may not dip"),
)


class Hands(NamedTuple):
    """What pins alone move and show; it comes up with the relays open and the heart at rest."""

    relays: Relays
    heartbeat: Heartbeat
    panel: Panel


def rig_on(bench: Bench, unit: Unit, calibration: Calibration, stack: ExitStack) -> Rig:
    """Find the chips and build the rig; whatever happens, `stack` lets go of the pins, low."""
    control, guard = unit.control_adc, unit.guard_adc
    relays, heartbeat, panel = hands_on(bench, unit, stack)
    bus = _bus_on(bench)
    dac = CurrentDac(bus, unit.dac.address)
    control_adc = ControlAdc(bus, control.address, control.gain, control.data_rate_sps)
    guard_adc = None
    if guard is not None:
        guard_adc = GuardAdc(
            bus,
            guard.address,
            guard.gain,
            guard.data_rate_sps,
            guard.current.channel,
            watches=unit.trip is not None,
        )
    ports = Ports(
        bus=bus,
        dac=dac,
        control_adc=control_adc,
        guard_adc=guard_adc,
        relays=relays,
        heartbeat=heartbeat,
        panel=panel,
        cause_of=cause_of,
        trip=_trip_on(bench.factory, unit, guard_adc, stack),
        battery_clock=bench.battery_clock,
    )
    if bench.shorten is not None:
        ports = bench.shorten(ports)
    return Rig(ports, scales_of(unit, calibration), bench.clock, 1.0 / unit.loop.rate_hz)


def _trip_on(factory: Factory, unit: Unit, adc: GuardAdc | None, stack: ExitStack) -> Trip | None:
    """Take the pins of the hardware trip, where the unit has one; `stack` lets go of them. Raises OSError."""
    alert, rearm = unit.pins.alert, unit.pins.rearm
    if unit.trip is None or adc is None or alert is None or rearm is None:
        return None
    return stack.enter_context(closing(Trip(factory, adc, alert=alert, rearm=rearm)))


def reads_tripped(bench: Bench, unit: Unit) -> bool:
    """Read the latch of the hardware trip, and arm nothing. Raises OSError and, without a pin, ValueError."""
    if unit.pins.alert is None:
        raise ValueError("the unit's file names no pin that reads the hardware trip (pins.alert)")
    with closing(contact(bench.factory, unit.pins.alert)) as latch:
        return bool(latch.pin.state)


def scales_of(unit: Unit, calibration: Calibration) -> Scales:
    """Return the line of every channel from the unit's nominal values and its calibration."""
    control, guard, channels = unit.control_adc, unit.guard_adc, calibration.channels
    volt = RANGE_V[control.gain] / 32768
    guard_volt = volt if guard is None else RANGE_V[guard.gain] / 32768
    guard_ohm = control.current.ohm if guard is None else guard.current.ohm
    slowest_sps = min(control.data_rate_sps, control.data_rate_sps if guard is None else guard.data_rate_sps)
    back = control.return_path
    return Scales(
        guard_ma=_line(1000 * guard_volt / guard_ohm, 0.0, channels.guard_current),
        current_ma=_line(1000 * volt / control.current.ohm, 0.0, channels.control_current),
        voltage_v=_line(volt * control.voltage.ratio, 0.0, channels.voltage),
        supply_v=Line(volt * control.supply.ratio, 0.0),
        return_ma=_line(1000 * volt / back.ohm, -1000 * back.bias_v / back.ohm, channels.return_path),
        current_channel=control.current.channel,
        voltage_channel=control.voltage.channel,
        supply_channel=control.supply.channel,
        return_channel=back.channel,
        conversion_s=SLOWEST_OSCILLATOR / slowest_sps + CONVERSION_MARGIN_S,
        trip_least_ma=0.0 if unit.trip is None else unit.trip.least_ma,
        bus_hz=unit.i2c.frequency_hz,
        lamp_v=unit.output.lamp_v if unit.output else 0.0,
        lamp_kohm=unit.output.lamp_ohm / 1000 if unit.output else 0.0,
    )


def _line(per_code: float, offset: float, correction: Correction) -> Line:
    return Line(correction.gain * per_code, correction.gain * offset + correction.offset)


def hands_on(bench: Bench, unit: Unit, stack: ExitStack) -> Hands:
    """Take the pins, low; `stack` lets go of them, low. Raises OSError."""
    return take_pins(bench.factory, unit, stack)


def take_pins(factory: Factory, unit: Unit, stack: ExitStack) -> Hands:
    """Take the pins of a header, low; `stack` lets go of them, low. Raises OSError."""
    pins = unit.pins
    # Pins first: they come up low, so the relays are open before a chip is spoken to.
    relays = stack.enter_context(closing(Relays(factory, pins.series_relay, pins.polarity_relay, pins.dummy)))
    heartbeat = stack.enter_context(closing(Heartbeat(factory, pins.heartbeat)))
    panel = Panel(
        factory,
        start=pins.start,
        stop=pins.stop,
        up=pins.up,
        down=pins.down,
        led_red=pins.led_red,
        led_green=pins.led_green,
        led_blue=pins.led_blue,
        buzzer=pins.buzzer,
    )
    stack.enter_context(closing(panel))
    return Hands(relays, heartbeat, panel)


def store_zero(bench: Bench, unit: Unit) -> tuple[int, int]:
    """Make the DAC power up at zero; give the codes that its EEPROM held before and holds now.

    With the output open, which the caller sees to; takes up to 0.2 s. Raises OSError.
    """
    bus = _bus_on(bench)
    dac = CurrentDac(bus, unit.dac.address)
    dac.write(0)
    before = dac.read_back().eeprom_code
    dac.store_zero_in_eeprom(bench.clock.now, bench.clock.sleep_until)
    return before, dac.read_back().eeprom_code


def zero_dac(transport: Transport, unit: Unit) -> None:
    """Set the DAC to zero and see it there. Raises OSError."""
    bus = BoundedBus(transport, RealClock().now)
    bus.allow(START_UP_S)
    dac = CurrentDac(bus, unit.dac.address)
    dac.write(0)
    if code := dac.read_back().code:
        raise errors.ChipReset(f"The DAC was set to 0 and holds {code}.")


def _bus_on(bench: Bench) -> BoundedBus:
    bus = BoundedBus(bench.transport, bench.clock.now)
    bus.allow(START_UP_S)
    return bus


def failed_start(error: Exception) -> str:
    """Say in one sentence what failed before the session, with what to do about it."""
    if (short := shortage(error)) is not None:
        return f"the session can't begin ({short[0]}): {short[1]}"
    if isinstance(error, OSError) and error.filename and error.errno in OURS_NOT:
        return f"{error.filename} can't be used: {told(error, Path(error.filename))}"
    remedy = next((words for kind, words in _REMEDIES if isinstance(error, kind)), None)
    return str(error) if remedy is None else f"{str(error).rstrip('.')}: {remedy}"


def cause_of(chip: str, error: OSError) -> Cause:
    """Name the cause of a driver's error; `chip` is the rig's word for who failed."""
    if isinstance(error, errors.BusTimeout):
        return Cause.BUS_HUNG
    if chip == "DAC":
        return Cause.DAC_SILENT
    if isinstance(error, errors.StaleConversion):
        return Cause.ADC_STALE
    if isinstance(error, errors.ChipReset):
        return Cause.ADC_RESET
    return Cause.ADC_SILENT
