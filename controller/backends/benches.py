"""What the wires may end in: hardware, a simulated unit in this process, or one that is a process of its own.

Law: only this module knows drivers and simulator, and the rig that is built on a bench is the same on each.
The simulator is chosen by name and never a fallback; hardware that is not there is said.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TextIO

from controller.backends.live import LiveUnit
from controller.backends.meter import Accuracy, Meter
from controller.core.types import Cause
from controller.host.ownership import own
from controller.loop.clock import Clock, RealClock
from controller.loop.ports import Ports
from controller.loop.result import Truth
from controller.loop.rig import Rig
from controller.loop.scales import scales_of
from drivers import errors
from drivers.adc import ControlAdc, GuardAdc
from drivers.bus import BoundedBus, Transport
from drivers.dac import CurrentDac
from drivers.panel import Panel
from drivers.relays import Heartbeat, Relays

if TYPE_CHECKING:
    from gpiozero.pins import Factory

    from config.calibration import Calibration
    from config.unit import Unit
    from sim.remote.unit_server import UnitServer
    from sim.scenario import Scenario
    from sim.world import World

START_UP_S: Final = 1.0
"""Bus time allowed for finding the chips."""


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


class NotReady(Exception):
    """The hardware of this unit is missing; `str()` is one sentence with the remedy."""


class Bench(NamedTuple):
    """What a session is built on: wires, pins and time; its name in the journal; who knows the truth of it.

    `locks` are descriptors that keep others off the unit while they are open. `inject` plans a fault of
    `ionto faults` at a session time in s, and `meter` is a reference meter in the output, where the unit is
    simulated in this process. `true_ma` gives the mean size of the true current over the last half second.
    `shorten`, once the drivers have set up their chips, puts the plant in the place of bus and drivers.
    `real_time` says that its time is the machine's.
    """

    name: str
    transport: Transport
    factory: Factory
    clock: Clock
    simulated: bool = False
    seed: int | None = None
    truth: Callable[[], Truth | None] = lambda: None
    mark_tick: Callable[[bool], None] | None = None
    inject: Callable[[float, str, Mapping[str, Any]], None] | None = None
    locks: tuple[int, ...] = ()
    meter: Meter | None = None
    true_ma: Callable[[], float] | None = None
    shorten: Callable[[Ports], Ports] | None = None
    real_time: bool = False


def open_bus(unit: Unit, stack: ExitStack) -> tuple[Transport, int]:
    """Own and open the I2C bus of this machine; also give the lock's descriptor. Raises OSError or InUse."""
    from drivers.smbus import SmbusTransport, unavailable

    device = f"/dev/i2c-{unit.i2c.bus}"
    # The lock first: the bus's timeout is the kernel's for everybody, and must not change under its owner.
    try:
        lock = own(Path(device), f"the unit at {device}", make=False)
    except OSError as error:
        raise unavailable(device, error) from error
    stack.callback(os.close, lock)
    return stack.enter_context(closing(SmbusTransport(unit.i2c.bus, unit.i2c.timeout_ms))), lock


def open_pins(unit: Unit, stack: ExitStack) -> Factory:
    """Open the Pi's header, once its pins are seen to be free; none is driven by that. Raises OSError."""
    from drivers.header import find_header, require_free
    from drivers.pins import lgpio_factory

    chip = find_header()
    require_free(chip, {role: pin for role, pin in unit.pins if pin is not None})
    return stack.enter_context(closing(lgpio_factory(chip)))


def hardware(unit: Unit, stack: ExitStack) -> Bench:
    """Take the I2C bus and the pins of this machine, each looked at first. Raises OSError or InUse."""
    transport, lock = open_bus(unit, stack)
    name = f"/dev/i2c-{unit.i2c.bus} {unit.serial}".rstrip()
    return Bench(name, transport, open_pins(unit, stack), RealClock(), locks=(lock,), real_time=True)


def attached(unit: Unit, path: Path, stack: ExitStack) -> Bench:
    """Take the simulated unit that is a process of its own at the socket `path`. Raises OSError or InUse."""
    from sim.remote.unit_client import UnitClient

    path = path.resolve()
    lock = own(path.with_name(f"{path.name}.lock"), f"the unit at {path}")
    stack.callback(os.close, lock)
    client = stack.enter_context(closing(UnitClient(path, unit.i2c.timeout_ms / 1000)))
    clock = RealClock()
    zero_s = time.monotonic() - clock.now()
    return Bench(
        str(path),
        client,
        client.pin_factory,
        clock,
        simulated=True,
        seed=client.facts["seed"],
        truth=lambda: _told_truth(path, zero_s),
        mark_tick=client.mark_tick,
        locks=(lock,),
        real_time=True,
    )


def simulated(
    unit: Unit, area: str, scenario: Scenario, seed: int, speed: float | None, visit: str = ""
) -> Bench:
    """Make a simulated unit in this process, on a virtual clock at `speed` times real time.

    `visit` is another occasion with the same unit: only the noise differs.
    """
    from sim.clock import VirtualClock
    from sim.world import World

    clock = VirtualClock(speed)
    spec = replace(unit_spec(unit, area), bare=scenario.unit == "bare", visit=visit)
    world = World(spec, scenario, seed, clock)
    return _inside(world, seed, clock)._replace(
        inject=_injector(world),
        meter=_meter(world, seed),
        true_ma=lambda: world.average_ma(max(clock.now_s - 0.5, 0.0), clock.now_s),
        real_time=speed == 1.0,
    )


def plant_alone(unit: Unit, area: str, scenario: Scenario, seed: int) -> Bench:
    """Make a simulated unit whose plant answers at once, for hours of people without a fault.

    The drivers find and set up their chips; from then on neither they nor bus nor registers are in the way.
    Noise, steps, the moments of the samples and so every result are those of `simulated`, to the bit.
    Raises NotReady for a scenario with faults.
    """
    from sim.clock import VirtualClock
    from sim.plant import PlantBus, PlantControlAdc, PlantDac, PlantGuardAdc, PlantPins
    from sim.world import World

    if scenario.events:
        raise NotReady("the plant alone knows no faults: leave the events out, or simulate the whole unit")
    clock = VirtualClock()
    world = World(replace(unit_spec(unit, area), bare=scenario.unit == "bare"), scenario, seed, clock)

    def shorten(ports: Ports) -> Ports:
        pins = PlantPins(world)
        return ports._replace(
            bus=PlantBus(),
            dac=PlantDac(world),
            control_adc=PlantControlAdc(world),
            guard_adc=None if world.guard_adc is None else PlantGuardAdc(world, world.guard_adc),
            relays=pins,
            heartbeat=pins,
            panel=pins,
        )

    return _inside(world, seed, clock)._replace(shorten=shorten)


def live(unit: Unit, area: str, scenario: Scenario, seed: int) -> tuple[Bench, LiveUnit]:
    """Make a simulated unit in this process that can go on in real time, for measuring this machine."""
    from sim.chips.pins import SimFactory
    from sim.clock import VirtualClock
    from sim.world import World

    clock = VirtualClock()
    world = World(unit_spec(unit, area), scenario, seed, clock)
    wires = LiveUnit(world, clock)
    bench = _inside(world, seed, wires)._replace(
        name="simulated, live",
        transport=wires,
        factory=SimFactory(wires),
        inject=_injector(world),
        real_time=True,
    )
    return bench, wires


def _inside(world: World, seed: int, clock: Clock) -> Bench:
    """Make the bench of a unit that is simulated in this process: what all of these have in common."""
    return Bench(
        "simulated",
        world.bus,
        world.pin_factory,
        clock,
        simulated=True,
        seed=seed,
        truth=lambda: _truth(world),
        mark_tick=world.truth.mark_tick,
    )


def rig_on(bench: Bench, unit: Unit, calibration: Calibration, stack: ExitStack) -> Rig:
    """Find the chips and build the rig; whatever happens, `stack` lets go of the pins, low."""
    control, guard = unit.control_adc, unit.guard_adc
    relays, heartbeat, panel = hands_on(bench, unit, stack)
    bus = _bus_on(bench)
    ports = Ports(
        bus=bus,
        dac=CurrentDac(bus, unit.dac.address),
        control_adc=ControlAdc(bus, control.address, control.gain, control.data_rate_sps),
        guard_adc=None
        if guard is None
        else GuardAdc(bus, guard.address, guard.gain, guard.data_rate_sps, guard.current.channel),
        relays=relays,
        heartbeat=heartbeat,
        panel=panel,
        cause_of=cause_of,
    )
    if bench.shorten is not None:
        ports = bench.shorten(ports)
    return Rig(ports, scales_of(unit, calibration), bench.clock)


class Hands(NamedTuple):
    """What pins alone move and show; it comes up with the relays open and the heart at rest."""

    relays: Relays
    heartbeat: Heartbeat
    panel: Panel


def hands_on(bench: Bench, unit: Unit, stack: ExitStack) -> Hands:
    """Take the pins, low; `stack` lets go of them, low. Raises OSError."""
    return take_pins(bench.factory, unit, stack)


def take_pins(factory: Factory, unit: Unit, stack: ExitStack) -> Hands:
    """Take the pins of a header, low; `stack` lets go of them, low. Raises OSError."""
    pins = unit.pins
    # Pins first: they come up low, so the relays are open before a chip is spoken to.
    relays = stack.enter_context(closing(Relays(factory, pins.series_relay, pins.polarity_relay)))
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


def unit_server(
    unit: Unit, area: str, scenario: Scenario, seed: int, path: Path, record: TextIO | None
) -> UnitServer:
    """Make a simulated unit that is this process: `serve()` and `stop()` it. Raises NotReady.

    `record` gets the true current over time as CSV.
    """
    from sim.clock import VirtualClock
    from sim.remote.unit_server import NOT_HERE, SocketTaken, UnitServer
    from sim.world import World

    for event in scenario.events:
        if event.fault in NOT_HERE:
            raise NotReady(NOT_HERE[event.fault])
    spec = replace(unit_spec(unit, area), bare=scenario.unit == "bare")
    world = World(spec, scenario, seed, VirtualClock())
    try:
        return UnitServer(world, path.resolve(), seed=seed, record=record)
    except SocketTaken as error:
        raise NotReady(str(error)) from error


def tell_unit(path: Path, question: str, **details: Any) -> dict[str, Any]:
    """Ask a unit that is a process of its own, or tell its person or world something. Raises NotReady."""
    from sim.remote.unit_client import UnitUnavailable, ask

    try:
        return ask(path.resolve(), question, **details)
    except UnitUnavailable as error:
        raise NotReady(str(error)) from error


def unit_spec(unit: Unit, area: str) -> Any:
    """Describe `unit` and the treated area to the simulator."""
    from sim.world import UnitSpec

    control, guard = unit.control_adc, unit.guard_adc
    return UnitSpec(
        control_address=control.address,
        guard_address=None if guard is None else guard.address,
        dac_address=unit.dac.address,
        frequency_hz=unit.i2c.frequency_hz,
        timeout_ms=unit.i2c.timeout_ms,
        full_scale_ma=unit.stage.full_scale_ma,
        compliance_v=unit.stage.compliance_v,
        supply_v=unit.stage.supply_v,
        control_current_channel=control.current.channel,
        control_current_ohm=control.current.ohm,
        voltage_channel=control.voltage.channel,
        voltage_ratio=control.voltage.ratio,
        supply_channel=control.supply.channel,
        supply_ratio=control.supply.ratio,
        return_channel=control.return_path.channel,
        return_ohm=control.return_path.ohm,
        return_bias_v=control.return_path.bias_v,
        guard_current_channel=0 if guard is None else guard.current.channel,
        guard_current_ohm=47.0 if guard is None else guard.current.ohm,
        polarity_relay=unit.polarity.relay,
        heartbeat_pin=unit.pins.heartbeat,
        series_relay_pin=unit.pins.series_relay,
        polarity_relay_pin=unit.pins.polarity_relay,
        start_pin=unit.pins.start,
        stop_pin=unit.pins.stop,
        up_pin=unit.pins.up,
        down_pin=unit.pins.down,
        alert_pin=unit.pins.alert,
        area=area,
    )


def _meter(world: World, seed: int) -> Meter:
    from sim import meter

    its = meter.ReferenceMeter(world, seed)
    accuracy = Accuracy(meter.CURRENT_PERCENT, meter.CURRENT_MA, meter.VOLTAGE_PERCENT, meter.VOLTAGE_V)
    return Meter(meter.NAME, accuracy, its.read_ma, its.read_v, simulated=True)


def _injector(world: World) -> Callable[[float, str, Mapping[str, Any]], None]:
    """Return what plans a fault of `world` at a session time in s."""

    def inject(at_s: float, fault: str, params: Mapping[str, Any]) -> None:
        world.at(at_s, lambda now_s: world.inject(now_s, fault, dict(params)))

    return inject


def _truth(world: World) -> Truth:
    truth = world.truth
    return Truth(
        peak_ma=truth.peak_ma,
        charge_ma_min=truth.charge_ma_min,
        worst_step_ma=truth.worst_step_ma,
        switched_above_ma=truth.switched_above_ma,
        onset=truth.onset,
        off_since_s=truth.off_since_s,
        dac_zero_since_s=truth.dac_zero_since_s,
        upset_s=truth.upset_s,
    )


def _told_truth(path: Path, zero_s: float) -> Truth | None:
    """Ask the unit for its truth; None when it does not answer. `zero_s` is session time 0 on its clock."""

    def told(name: str, **details: float) -> Any:
        try:
            return tell_unit(path, "truth", **details)[name]
        except NotReady:
            return None

    def since(name: str, after_s: float) -> float | None:
        at_s = told(name, after_s=zero_s + after_s)
        return None if at_s is None else at_s - zero_s

    def onset(at_s: float) -> tuple[str, float] | None:
        found = told("onset", at_s=zero_s + at_s)
        return None if found is None else (found[0], found[1] - zero_s)

    try:
        figures = tell_unit(path, "truth")
    except NotReady:
        return None
    return Truth(
        peak_ma=figures["peak_ma"],
        charge_ma_min=figures["charge_ma_min"],
        worst_step_ma=figures["worst_step_ma"],
        switched_above_ma=figures["switched_above_ma"],
        onset=onset,
        off_since_s=lambda after_s: since("off_since_s", after_s),
        dac_zero_since_s=lambda after_s: since("dac_zero_since_s", after_s),
    )


def failed_start(error: Exception) -> str:
    """Say in one sentence what failed before the session, with what to do about it."""
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
