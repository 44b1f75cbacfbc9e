"""Where a session is put together: unit, treatment and calibration become a rig, a guard and a loop.

Law: only this module knows drivers and simulator. The simulator is built, or a simulated unit attached to,
when it was asked for by name and never otherwise; hardware that is not there is said. Whatever the wires end
in, what is built on them is the same.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, closing
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from config.calibration import Calibration, Correction
from config.unit import RANGE_V, Unit
from controller.clock import Clock, RealClock
from controller.core.guard import Guard
from controller.core.limits import GuardLimits
from controller.core.regulator import Regulator
from controller.core.session import Plan, Session
from controller.core.types import Cause
from controller.journal import Journal, JournalRefused
from controller.loop import Loop, StopSwitch
from controller.ownership import InUse, own
from controller.ports import Line, Ports, Scales
from controller.recorder import Recorder, Trace
from controller.result import Truth, refused, summary_of
from controller.rig import Refused, Rig
from drivers import errors
from drivers.adc import ControlAdc, GuardAdc
from drivers.bus import BoundedBus, Transport
from drivers.dac import CurrentDac
from drivers.panel import Panel
from drivers.relays import Heartbeat, Relays

if TYPE_CHECKING:
    from collections.abc import Callable

    from gpiozero.pins import Factory

    from controller.telemetry import Snapshot
    from protocols.treatment import Treatment
    from sim.scenario import Scenario
    from sim.unit_server import UnitServer
    from sim.world import World

__all__ = [
    "NotReady",
    "SessionRequest",
    "SessionResult",
    "StopSwitch",
    "run_session",
    "tell_unit",
    "unit_server",
]

START_UP_S = 1.0
"""Bus time allowed for finding the chips."""
SLOWEST_OSCILLATOR = 1.1
"""A converter may be 10 % slower than its data rate (ADS1115 data sheet)."""
CONVERSION_MARGIN_S = 0.00005
"""Time between the end of a conversion and its being asked for."""


class NotReady(Exception):
    """The hardware of this unit is missing; `str()` is one sentence with the remedy."""


class SessionRequest(NamedTuple):
    """Everything one session needs.

    `speed` is a factor of real time, None as fast as possible. `attach` is the socket of a simulated unit
    that is a process of its own. `state` is the directory of the journal, None for no record.
    """

    treatment: Treatment
    unit: Unit
    calibration: Calibration
    calibration_notice: str
    simulate: Scenario | None
    seed: int
    speed: float | None
    rehearsed_name: str
    attach: Path | None = None
    state: Path | None = None


class SessionResult(NamedTuple):
    """How a session ended: the summary of `docs/contract.md` and the trace for plots."""

    summary: dict[str, Any]
    trace: Trace


class _Bench(NamedTuple):
    """What a session is built on: wires, pins and time; its name in the journal; who knows the truth of it.

    `locks` are descriptors that keep others off the unit while they are open.
    """

    name: str
    transport: Transport
    factory: Factory
    clock: Clock
    simulated: bool = False
    seed: int | None = None
    truth: Callable[[], Truth | None] = lambda: None
    mark_tick: Callable[[bool], None] | None = None
    locks: tuple[int, ...] = ()


def run_session(
    request: SessionRequest,
    on_snapshot: Callable[[Snapshot], None] | None,
    stop: StopSwitch,
    on_notice: Callable[[str], None] | None = None,
) -> SessionResult:
    """Run one session to its end; `on_notice` gets sentences about the record, for a person.

    Raises NotReady when the hardware is not there, the unit may not give what the treatment asks for, or no
    record can be kept.
    """
    _require_within_unit(request)
    tell = on_notice or (lambda _sentence: None)
    with ExitStack() as stack:
        try:
            bench = _bench(request, stack)
            journal = _journal(request, bench, stack)
        except (OSError, InUse, JournalRefused) as error:
            raise NotReady(str(error)) from error
        try:
            rig = _rig(request, bench, stack)
            rig.start()
            if journal is not None:
                journal.confirm()
        except (errors.DriverError, Refused, JournalRefused) as error:
            if journal is not None:
                journal.refuse(str(error))
                journal.close()
                _tell_cut_off(journal, tell)
            if not bench.simulated:
                raise NotReady(str(error)) from error
            summary = refused(_facts(request, bench), str(error), bench.clock.now(), bench.truth())
            return SessionResult(_with_cut_off(summary, journal), Trace([], [], [], [], [], [], []))
        return _run(request, bench, rig, journal, on_snapshot, stop, tell)


def _run(
    request: SessionRequest,
    bench: _Bench,
    rig: Rig,
    journal: Journal | None,
    on_snapshot: Callable[[Snapshot], None] | None,
    stop: StopSwitch,
    tell: Callable[[str], None],
) -> SessionResult:
    loop = _loop(request, rig, bench.clock, stop)
    recorder = Recorder(loop, simulated=bench.simulated, on_snapshot=on_snapshot, on_tick=bench.mark_tick)
    if journal is None:
        loop.run(recorder)
        return SessionResult(
            summary_of(_facts(request, bench), loop, recorder, bench.truth()), recorder.trace
        )
    _tell_cut_off(journal, tell)
    journal.watch(loop.session, stop)
    loop.run(recorder, journal)
    summary = summary_of(_facts(request, bench), loop, recorder, bench.truth())
    journal.close()
    if journal.failure is not None:
        tell(f"The record of this session is incomplete: {journal.failure}.")
        if summary["outcome"] == "stopped":
            summary["reason"] = journal.failure
    return SessionResult(_with_cut_off(summary, journal), recorder.trace)


def _with_cut_off(summary: dict[str, Any], journal: Journal | None) -> dict[str, Any]:
    found = [] if journal is None else journal.cut_off
    return {**summary, "cut_off": found} if found else summary


def _tell_cut_off(journal: Journal, tell: Callable[[str], None]) -> None:
    """Tell a person about earlier sessions that have no end."""
    for session in journal.cut_off:
        dose = session["charge_ma_min"]
        tell(
            f"An earlier session ({session['treatment']}, begun {session['begun_utc']}) was cut off after "
            f"{session['duration_s']:.0f} s: forward {dose['forward']:.2f} mA min, reverse "
            f"{dose['reverse']:.2f} mA min had been given. It is not resumed."
        )


def _journal(request: SessionRequest, bench: _Bench, stack: ExitStack) -> Journal | None:
    if request.state is None:
        return None
    start = {
        "unit": bench.name,
        "treatment": request.rehearsed_name,
        "simulated": bench.simulated,
        "target_ma": request.treatment.current_ma,
        "total_s": request.treatment.total_s,
    }
    return stack.enter_context(closing(Journal(request.state, start, bench.locks)))


def _require_within_unit(request: SessionRequest) -> None:
    asked_ma, limit_ma = request.treatment.current_ma, request.unit.limits.max_current_ma
    if asked_ma > limit_ma:
        raise NotReady(
            f"the treatment asks for {asked_ma:g} mA, this unit is limited to {limit_ma:g} mA "
            "(limits.max_current_ma): choose a weaker treatment"
        )


def _bench(request: SessionRequest, stack: ExitStack) -> _Bench:
    if request.simulate is not None:
        return _simulated(request, request.simulate)
    if request.attach is not None:
        return _attached(request, request.attach, stack)
    return _hardware(request, stack)


def _hardware(request: SessionRequest, stack: ExitStack) -> _Bench:
    from drivers.pins import lgpio_factory
    from drivers.smbus import SmbusTransport

    i2c, serial = request.unit.i2c, request.unit.serial
    device = f"/dev/i2c-{i2c.bus}"
    transport = stack.enter_context(closing(SmbusTransport(i2c.bus, i2c.timeout_ms)))
    lock = own(Path(device), f"the unit at {device}")
    stack.callback(os.close, lock)
    name = f"{device} {serial}".rstrip()
    return _Bench(name, transport, lgpio_factory(), RealClock(), locks=(lock,))


def _attached(request: SessionRequest, path: Path, stack: ExitStack) -> _Bench:
    from sim.unit_client import UnitClient

    path = path.resolve()
    lock = own(path.with_name(f"{path.name}.lock"), f"the unit at {path}")
    stack.callback(os.close, lock)
    client = stack.enter_context(closing(UnitClient(path, request.unit.i2c.timeout_ms / 1000)))
    clock = RealClock()
    zero_s = time.monotonic() - clock.now()
    return _Bench(
        str(path),
        client,
        client.pin_factory,
        clock,
        simulated=True,
        seed=client.facts["seed"],
        truth=lambda: _told_truth(path, zero_s),
        mark_tick=client.mark_tick,
        locks=(lock,),
    )


def _simulated(request: SessionRequest, scenario: Scenario) -> _Bench:
    from sim.clock import VirtualClock
    from sim.world import World

    clock = VirtualClock(request.speed)
    world = World(unit_spec(request.unit, request.treatment.area), scenario, request.seed, clock)
    return _Bench(
        "simulated",
        world.bus,
        world.pin_factory,
        clock,
        simulated=True,
        seed=request.seed,
        truth=lambda: _truth(world),
        mark_tick=world.truth.mark_tick,
    )


def unit_server(
    unit: Unit, area: str, scenario: Scenario, seed: int, path: Path, record: TextIO | None
) -> UnitServer:
    """Make a simulated unit that is this process: `serve()` and `stop()` it. Raises NotReady.

    `record` gets the true current over time as CSV.
    """
    from sim.clock import VirtualClock
    from sim.unit_server import NOT_HERE, SocketTaken, UnitServer
    from sim.world import World

    for event in scenario.events:
        if event.fault in NOT_HERE:
            raise NotReady(NOT_HERE[event.fault])
    world = World(unit_spec(unit, area), scenario, seed, VirtualClock())
    try:
        return UnitServer(world, path.resolve(), seed=seed, record=record)
    except SocketTaken as error:
        raise NotReady(str(error)) from error


def tell_unit(path: Path, question: str, **details: Any) -> dict[str, Any]:
    """Ask a unit that is a process of its own, or tell its person or world something. Raises NotReady."""
    from sim.unit_client import UnitUnavailable, ask

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


def _facts(request: SessionRequest, bench: _Bench) -> dict[str, Any]:
    return {
        "schema": 1,
        "version": version("ionto"),
        "simulated": bench.simulated,
        "seed": bench.seed,
        "treatment": request.rehearsed_name,
        "rate_hz": request.unit.loop.rate_hz,
    }


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


def _rig(request: SessionRequest, bench: _Bench, stack: ExitStack) -> Rig:
    """Find the chips and build the rig; whatever happens, `stack` lets go of the pins, low."""
    unit, factory, clock = request.unit, bench.factory, bench.clock
    pins, control, guard = unit.pins, unit.control_adc, unit.guard_adc
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
    bus = BoundedBus(bench.transport, clock.now)
    bus.allow(START_UP_S)
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
    return Rig(ports, scales_of(unit, request.calibration), clock)


def _loop(request: SessionRequest, rig: Rig, clock: Clock, stop: StopSwitch) -> Loop:
    unit, treatment = request.unit, request.treatment
    tick_s = 1.0 / unit.loop.rate_hz
    stage, output = unit.stage, request.calibration.channels.output
    ceiling_ma = min(treatment.ceiling_ma, unit.limits.max_current_ma)
    plan = Plan(
        target_ma=treatment.current_ma,
        ramp_ma_per_s=treatment.ramp_ma_per_s,
        halves=treatment.halves(),
        tick_s=tick_s,
        compliance_v=stage.compliance_v,
        supply_min_v=stage.supply_min_v,
        supply_max_v=stage.supply_max_v,
        operate_s=unit.relays.operate_ms / 1000,
        release_s=unit.relays.release_ms / 1000,
        dead_time_s=unit.polarity.dead_time_ms / 1000,
        settle_s=unit.polarity.settle_ms / 1000,
        guarded=unit.guard_adc is not None,
    )
    limits = GuardLimits.of(
        ceiling_ma=ceiling_ma,
        target_ma=plan.target_ma,
        total_s=plan.total_s,
        compliance_v=stage.compliance_v,
        supply_min_v=stage.supply_min_v,
        supply_max_v=stage.supply_max_v,
        full_scale_ma=stage.full_scale_ma,
    )
    regulator = Regulator(
        full_scale_ma=stage.full_scale_ma, gain=output.gain, offset_ma=output.offset, tick_s=tick_s
    )
    guard = Guard(limits, tick_s=tick_s, operate_s=plan.operate_s)
    return Loop(rig, Session(plan, regulator), guard, clock, tick_s, stop)


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
    )


def _line(per_code: float, offset: float, correction: Correction) -> Line:
    return Line(correction.gain * per_code, correction.gain * offset + correction.offset)


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
