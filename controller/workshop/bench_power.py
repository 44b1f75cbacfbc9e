"""The technician's door to the unit's power: zero with the output proven off, and known currents.

Law: what a technician drives goes through the same rig, guard, heartbeat and ceilings as a treatment, and
however it ends the unit is off before the caller hears of it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from statistics import fmean
from typing import TYPE_CHECKING, Final, NamedTuple

from controller.backends.bench import Bench, NotReady
from controller.backends.hardware import hardware
from controller.backends.rigging import failed_start, rig_on
from controller.backends.simulated import simulated
from controller.core.limits import MAX_STEP_MA
from controller.core.regulator import DAC_TOP_CODE
from controller.core.types import Drive, Measurement, Off, Phase, Polarity
from controller.host.ownership import InUse
from controller.loop.bounds import guard_of
from controller.loop.regulating import regulator_of
from controller.loop.rig import Refused
from controller.loop.tick import Loop, StopSwitch
from controller.workshop.bench_session import PROBE_MA, BenchPlan, BenchSession, Held

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.calibration import Calibration, Correction
    from config.unit import Unit
    from controller.loop.rig import Rig
    from sim.scenario import Scenario

RAMP_MA_PER_S: Final = 10.0
"""Rise on the bench: a resistor feels nothing; the guard's bound of 0.1 mA a tick still holds."""
LONGEST_S: Final = 900.0
"""The guard's bound of time with current for one step on the bench."""
ZERO_S: Final = 1.0
"""Zero is the mean over this, once with the DAC at zero and once with it raised behind open relays."""
RAISED_MA: Final = 1.0
FOLLOWED_MA: Final = 0.05
"""A current that rises by more than this with the DAC, relays open, says that they are not."""


class PowerFailed(Exception):
    """The unit was switched off before the step was done; `str()` is one sentence why.

    `guard_cut` says that the guard did it.
    """

    def __init__(self, why: str, *, guard_cut: bool = False) -> None:
        super().__init__(why)
        self.guard_cut = guard_cut


class BenchRequest(NamedTuple):
    """The unit and its corrections so far; for a simulated one who is there, which, and on which occasion.

    `speed` is a factor of real time, None as fast as possible.
    """

    unit: Unit
    calibration: Calibration
    simulate: Scenario | None = None
    seed: int = 1
    visit: str = ""
    speed: float | None = None


class Nominal(NamedTuple):
    """What the channels read by their nominal values, corrections taken out again: mA, V.

    `output_ma` is what the DAC's mean code stands for; `load_ohm` what the load was found to be, or None.
    """

    control_ma: float
    guard_ma: float | None
    voltage_v: float
    return_ma: float
    output_ma: float
    setpoint_ma: float
    load_ohm: float | None


def read_zero(request: BenchRequest, read: Callable[[Bench], bool]) -> Nominal:
    """Read every channel with the output proven off. `read` is called until it returns True.

    Raises PowerFailed where the output is not off, NotReady where the hardware is not there.
    """
    with _rig(request) as (bench, rig):
        at_rest = _idle(bench, rig, request, None)
        raised = _idle(bench, rig, request, RAISED_MA)
        for first, then in ((at_rest.control_ma, raised.control_ma), (at_rest.guard_ma, raised.guard_ma)):
            if first is not None and then is not None and then - first > FOLLOWED_MA:
                raise PowerFailed(
                    f"with both relays open the current follows the DAC, {first:.2f} to {then:.2f} mA: "
                    "a relay is welded; have it replaced"
                )
        while not read(bench):
            rig.sense(rig.look())
            bench.clock.sleep_until(bench.clock.now() + 1.0 / request.unit.loop.rate_hz)
        return at_rest


def hold_levels(
    request: BenchRequest,
    polarity: Polarity,
    levels_ma: tuple[float, ...],
    stated_ohm: float,
    read: Callable[[Bench, Held], bool],
) -> list[Nominal]:
    """Drive currents (mA, rising) through the stated resistor and return what was read at each.

    `read(bench, held)` is called every tick while a level is there, and returns True when it has its reading.
    Raises PowerFailed when it ended before, NotReady when the hardware is not there.
    """
    found: list[Nominal] = []
    with _rig(request) as (bench, rig):
        loop, session = _loop(request, bench, rig, polarity, levels_ma, stated_ohm)

        class Reader:
            """Looks on, and goes to the next level when the reading is there."""

            def tick(self, _measurement: Measurement) -> None:
                held = session.held
                if held is not None and read(bench, held):
                    found.append(_nominal(request, held, session.load_ohm))
                    session.next_level()

        loop.run(Reader())
    if session.phase is not Phase.DONE:
        word = f"the guard cut the current ({session.trip.cause})" if session.trip else "the unit is off"
        raise PowerFailed(f"{word}: {session.reason}", guard_cut=session.trip is not None)
    return found


@contextmanager
def _rig(request: BenchRequest) -> Iterator[tuple[Bench, Rig]]:
    unit = request.unit
    with ExitStack() as stack:
        try:
            if request.simulate is None:
                bench = hardware(unit, stack)
            else:
                bench = simulated(unit, "hands", request.simulate, request.seed, request.speed, request.visit)
            rig = rig_on(bench, unit, request.calibration, stack)
            stack.callback(rig.rest)
            rig.start()
        except (OSError, InUse, Refused) as error:
            raise NotReady(failed_start(error)) from error
        yield bench, rig


def _loop(
    request: BenchRequest,
    bench: Bench,
    rig: Rig,
    polarity: Polarity,
    levels_ma: tuple[float, ...],
    stated_ohm: float,
) -> tuple[Loop[BenchSession], BenchSession]:
    unit = request.unit
    stage, tick_s = unit.stage, 1.0 / unit.loop.rate_hz
    plan = BenchPlan(
        polarity=polarity,
        levels_ma=levels_ma,
        stated_ohm=stated_ohm,
        ramp_ma_per_s=min(RAMP_MA_PER_S, 0.9 * MAX_STEP_MA / tick_s),
        tick_s=tick_s,
        compliance_v=stage.compliance_v,
        supply_min_v=stage.supply_min_v,
        supply_max_v=stage.supply_max_v,
        operate_s=unit.relays.operate_ms / 1000,
    )
    session = BenchSession(plan, regulator_of(unit, request.calibration))
    guard = guard_of(
        unit,
        ceiling_ma=min(unit.limits.max_current_ma, stage.full_scale_ma),
        highest_ma=max(*PROBE_MA, *levels_ma),
        total_s=LONGEST_S,
    )
    loop = Loop(rig, session, guard, bench.clock, tick_s, StopSwitch())
    return loop, session


def _idle(bench: Bench, rig: Rig, request: BenchRequest, raised_ma: float | None) -> Nominal:
    """Read all channels for a second with both relays open; the DAC at zero or raised."""
    tick_s = 1.0 / request.unit.loop.rate_hz
    code = 0
    if raised_ma is not None:
        code = regulator_of(request.unit, request.calibration).still_code(raised_ma)
    seen: dict[str, list[float]] = {"current": [], "guard": [], "voltage": [], "return": []}
    until_s = bench.clock.now() + ZERO_S
    while bench.clock.now() < until_s:
        m = rig.sense(rig.look())
        if m.failure is not None:
            raise PowerFailed(f"{m.failure.cause}: {m.failure.detail}")
        values = {"current": m.current_ma, "voltage": m.voltage_v, "return": m.return_ma}
        if m.sampled in values and values[m.sampled] is not None:
            seen[m.sampled].append(values[m.sampled])  # type: ignore[arg-type]  # not None
        if m.guard_code is not None and m.guard_ma is not None:
            seen["guard"].append(m.guard_ma)
        rig.apply(Off() if raised_ma is None else Drive("forward", 0.0, code, series=False, beat=False))
        rig.wait_until(bench.clock.now() + tick_s)
    rig.off()
    means = {kind: fmean(values) if values else None for kind, values in seen.items()}
    if means["current"] is None or means["voltage"] is None or means["return"] is None:
        raise PowerFailed("a converter gave no reading with the output open: have it serviced")
    held = Held(0.0, means["current"], means["guard"], means["voltage"], means["return"], 0.0)
    return _nominal(request, held, None)


def _nominal(request: BenchRequest, held: Held, load_ohm: float | None) -> Nominal:
    channels = request.calibration.channels

    def back(value: float, correction: Correction) -> float:
        return (value - correction.offset) / correction.gain

    return Nominal(
        control_ma=back(held.control_ma, channels.control_current),
        guard_ma=None if held.guard_ma is None else back(held.guard_ma, channels.guard_current),
        voltage_v=back(held.voltage_v, channels.voltage),
        return_ma=back(held.return_ma, channels.return_path),
        output_ma=held.code / DAC_TOP_CODE * request.unit.stage.full_scale_ma,
        setpoint_ma=held.level_ma,
        load_ohm=load_ohm,
    )
