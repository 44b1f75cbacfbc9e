"""The wires end in a simulated unit in this process: on a virtual clock, as its plant alone, live, or served.

Law: the simulator is chosen by name and never a fallback.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from controller.backends.bench import Bench, NotReady
from controller.backends.live import LiveUnit
from controller.backends.meter import Accuracy, Meter
from controller.core.limits import CLOCK_LOOK_S
from controller.core.types import ClockLook
from controller.loop.result import Truth

if TYPE_CHECKING:
    from config.unit import Unit
    from controller.loop.clock import Clock
    from controller.loop.ports import Ports
    from sim.chips.battery_clock import BatteryClock
    from sim.plant import PlantPins, PlantTrip
    from sim.remote.unit_server import UnitServer
    from sim.scenario import Scenario
    from sim.world import World


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
    return _inside(world, seed, world.machine)._replace(
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
            trip=_plant_trip(world, pins),
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


def unit_spec(unit: Unit, area: str) -> Any:
    """Describe `unit` and the treated area to the simulator."""
    from sim.output import OutputParts
    from sim.world import UnitSpec

    control, guard, output, one_shot = unit.control_adc, unit.guard_adc, unit.output, unit.one_shot
    parts = None
    if output is not None:
        parts = OutputParts(tau_s=output.loop_ms / 1000, capacitance_nf=output.capacitance_nf)
    return UnitSpec(
        control_address=control.address,
        guard_address=None if guard is None else guard.address,
        dac_address=unit.dac.address,
        frequency_hz=unit.i2c.frequency_hz,
        timeout_ms=unit.i2c.timeout_ms,
        full_scale_ma=unit.stage.full_scale_ma,
        compliance_v=unit.stage.compliance_v,
        supply_v=unit.stage.supply_v,
        headroom_v=unit.stage.headroom_v,
        headroom_ohm=unit.stage.headroom_ohm,
        output=parts,
        divider_kohm=output.divider_kohm if output else None,
        code_zero_ma=output.code_zero_ma if output else 0.0,
        code_zero_spread_ma=output.code_zero_spread_ma if output else 0.0,
        lamp_v=output.lamp_v if output else 0.0,
        lamp_ohm=output.lamp_ohm if output else 0.0,
        one_shot_ms=one_shot.hold_ms if one_shot else None,
        one_shot_shortest_ms=one_shot.shortest_ms if one_shot else 0.0,
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
        rearm_pin=None if unit.trip is None else unit.pins.rearm,
        dummy_ohm=None if unit.dummy is None else unit.dummy.ohm,
        dummy_gain=1.0 if unit.dummy is None else unit.dummy.gain,
        dummy_pin=None if unit.dummy is None else unit.pins.dummy,
        battery_clock=unit.battery_clock is not None,
        area=area,
    )


class Looks:
    """Looks at a simulated battery clock, made when they are due by the computer's clock."""

    def __init__(self, chip: BatteryClock, now: Callable[[], float]) -> None:
        self._chip, self._now = chip, now
        self._due_s = 0.0

    def look(self) -> ClockLook | None:
        """Return a look, None while none is due."""
        now_s = self._now()
        if now_s < self._due_s:
            return None
        self._due_s = now_s + CLOCK_LOOK_S
        return ClockLook(now_s, now_s, self._chip.read())


def _plant_trip(world: World, pins: PlantPins) -> PlantTrip | None:
    from sim.plant import PlantTrip

    adc = world.guard_adc
    return None if adc is None or world.spec.rearm_pin is None else PlantTrip(world, pins, adc)


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
        battery_clock=None if world.battery_clock is None else Looks(world.battery_clock, clock.now),
    )


def _meter(world: World, seed: int) -> Meter:
    from sim import meter

    its = meter.ReferenceMeter(world, seed)
    accuracy = Accuracy(meter.CURRENT_PERCENT, meter.CURRENT_MA, meter.VOLTAGE_PERCENT, meter.VOLTAGE_V)
    return Meter(meter.NAME, accuracy, its.read_ma, its.read_v, simulated=True)


def _injector(world: World) -> Callable[[float, str, Mapping[str, Any]], None]:
    """Return what plans a fault of `world` at a session time in s."""

    def inject(at_s: float, fault: str, params: Mapping[str, Any]) -> None:
        at_true_s = world.machine.true_s(at_s)
        world.at(at_true_s, lambda now_s: world.inject(now_s, fault, dict(params)))

    return inject


def _truth(world: World) -> Truth:
    """Let the controller ask in its computer's time; what it is told lies so many true seconds from that."""
    truth, felt, machine = world.truth, world.truth.felt, world.machine

    def ahead_s(asked_s: float) -> float:
        return asked_s - machine.true_s(asked_s) if isfinite(asked_s) else 0.0

    def since(found_s: float | None, asked_s: float) -> float | None:
        return None if found_s is None else found_s + ahead_s(asked_s)

    def onset(found: tuple[str, float] | None, asked_s: float) -> tuple[str, float] | None:
        return None if found is None else (found[0], found[1] + ahead_s(asked_s))

    return Truth(
        peak_ma=truth.peak_ma,
        held_ma=felt.held_ma,
        charge_ma_min=truth.charge_ma_min,
        worst_step_ma=truth.worst_step_ma,
        worst_rise_ma=felt.worst_rise_ma,
        worst_fall_ma=felt.worst_fall_ma,
        pulses=felt.pulses,
        switched_above_ma=truth.switched_above_ma,
        onset=lambda at_s: onset(truth.onset(machine.true_s(at_s)), at_s),
        first_onset=lambda at_s: onset(truth.first_onset(machine.true_s(at_s)), at_s),
        off_since_s=lambda at_s: since(truth.off_since_s(machine.true_s(at_s)), at_s),
        dac_zero_since_s=lambda at_s: since(truth.dac_zero_since_s(machine.true_s(at_s)), at_s),
        upset_s=truth.upset_s,
        rises_s=truth.rises_s,
        pulsed_s=felt.long_from_s,
        astray_ma_min=truth.astray_ma_min,
        current_ma=lambda at_s: truth.current_ma(machine.true_s(at_s)),
    )
