"""Where a session is put together: treatment, unit and calibration become rig, guard, loop and record.

Law: whatever the wires end in (`backends`), what is built on them is the same; the output may close only
after the start is recorded, where a record is kept.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

from config.calibration import Calibration
from config.unit import Unit
from controller.backends.bench import Bench, NotReady
from controller.backends.rigging import failed_start, rig_on
from controller.core.drop_out import window_of
from controller.core.guard import Guard
from controller.core.limits import (
    LIMITER_RATIO,
    SLOW_CONVERSION,
    SMALL_FACE_OHM,
    SMALL_OHM,
    STOP_AGAIN_S,
    STOP_OVER_S,
    TRIAL_LOW_RATIO,
    TRIAL_OHM_CALIBRATED,
    TRIAL_OHM_RATIO,
    Headroom,
)
from controller.core.locks import PROOF, Needs, why_locked
from controller.core.session import Plan, Session
from controller.core.trial import Dummy
from controller.core.types import Refusal
from controller.host.ownership import InUse
from controller.host.realtime import real_time
from controller.host.stop_mark import StopMark
from controller.journal.writer import Journal, JournalRefused
from controller.loop.advice import SENTENCES
from controller.loop.bounds import bound_of, guard_of, why_above
from controller.loop.clock import SessionClock
from controller.loop.recorder import Recorder, Trace
from controller.loop.regulating import regulator_of
from controller.loop.result import refused, summary_of
from controller.loop.rig import Refused
from controller.loop.tick import Loop, StopSwitch
from controller.session.pedal import UNCLEARED, UNTRIED, tried

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from controller.core.rest import Rest
    from controller.loop.clock import Clock
    from controller.loop.rig import Rig
    from controller.loop.telemetry import Snapshot
    from controller.loop.tick import Observer
    from protocols.treatment import Treatment
    from sim.scenario import Scenario

__all__ = ["NotReady", "SessionRequest", "SessionResult", "StopSwitch", "run_session"]


class SessionRequest(NamedTuple):
    """Everything one session needs.

    `speed` is a factor of real time, None as fast as possible. `attach` is the socket of a simulated unit
    that is a process of its own. `state` is the directory of the journal, None for no record. `plant_alone`
    simulates without bus and drivers, as fast as possible and to the same result.
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
    plant_alone: bool = False
    uncommissioned: str = ""
    """Why a real unit may treat nobody, whatever its calibration says; empty where it may."""
    alone: bool = False
    """Only proves the protections, with nobody there, which a lock that waits for it is released by."""


class SessionResult(NamedTuple):
    """How a session ended: the summary of `docs/contract.md` and the trace for plots."""

    summary: dict[str, Any]
    trace: Trace


def run_session(
    request: SessionRequest,
    on_snapshot: Callable[[Snapshot], None] | None,
    stop: StopSwitch,
    on_notice: Callable[[str], None] | None = None,
    watch: Callable[[Bench, Loop[Session]], Observer] | None = None,
    bench: Bench | None = None,
) -> SessionResult:
    """Run one session to its end; `on_notice` gets sentences about the record, for a person.

    `watch` makes one more observer of the ticks, just before the first. `bench` is built on instead of the
    one that the request names.

    Raises NotReady when the hardware is not there, the unit may not give what the treatment asks for, or no
    record can be kept.
    """
    _require_within_unit(request)
    tell = on_notice or (lambda _sentence: None)
    with ExitStack() as stack:
        try:
            bench = bench or _bench(request, stack)
            journal = _journal(request, bench, stack)
        except (OSError, InUse, JournalRefused) as error:
            raise NotReady(failed_start(error)) from error
        try:
            held = None if journal is None or journal.begin_sent else journal.lock
            # A scripted person has no pedal, and nobody is there when only the protections are proven.
            pedal = request.unit.pedal and request.simulate is None and not request.alone
            asks = pedal or held is not None
            if asks:
                clock = SessionClock(bench.clock)
                bench = bench._replace(clock=clock)
            rig = rig_on(bench, request.unit, request.calibration, stack)
            rig.start()
            if asks:
                tell(SENTENCES["press_pedal"] if held is None else why_locked(held))
                if not tried(rig, clock, 1.0 / request.unit.loop.rate_hz, stop):
                    raise Refused(UNTRIED if pedal else UNCLEARED, Refusal.NOBODY_CAME)
                clock.restart()  # the session begins now, with nothing sensed
                rig.start()
            if journal is not None and held is not None:
                if not stop.pressed:  # by hand, on the unit
                    journal.stopped(bench.name, simulated=bench.simulated)
                journal.begin(_start(request, bench))
            if journal is not None:
                journal.confirm()
        except (OSError, Refused, JournalRefused) as error:
            reason = failed_start(error)
            if journal is not None:
                journal.refuse(reason)
                journal.close()
                _tell_cut_off(journal, tell)
            if not bench.simulated:
                raise NotReady(reason) from error
            summary = refused(_facts(request, bench), reason, bench.clock.now(), bench.truth())
            return SessionResult(_with_cut_off(summary, journal), Trace([], [], [], [], [], [], []))
        if rig.bus_notice:
            tell(rig.bus_notice)
        return _run(request, bench, rig, journal, on_snapshot, stop, tell, watch, stop_pressed=asks)


def _run(
    request: SessionRequest,
    bench: Bench,
    rig: Rig,
    journal: Journal | None,
    on_snapshot: Callable[[Snapshot], None] | None,
    stop: StopSwitch,
    tell: Callable[[str], None],
    watch: Callable[[Bench, Loop[Session]], Observer] | None,
    *,
    stop_pressed: bool,
) -> SessionResult:
    facts = _facts(request, bench)  # before the first tick: what has begun needs no file any more
    mark = _stop_mark(request, bench)
    loop = _loop(request, rig, bench.clock, stop, stop_test=_stop_due(request, mark))
    loop.session.alone = request.alone
    loop.session.start_from_s = STOP_OVER_S if stop_pressed else 0.0
    recorder = Recorder(
        loop,
        simulated=bench.simulated,
        area=request.treatment.area,
        on_snapshot=on_snapshot,
        on_tick=bench.mark_tick,
    )
    observers: list[Observer] = [recorder]
    if journal is not None:
        _tell_cut_off(journal, tell)
        journal.watch(loop.session, stop, rig.wear)
        observers.append(journal)
    if watch is not None:
        observers.append(watch(bench, loop))
    with real_time(wanted=bench.real_time) as steps:
        loop.run(*observers)
    if mark is not None and loop.session.stop_test is not None and loop.session.stop_test.done:
        mark.put()
    if isinstance(loop.guard, Guard) and loop.guard.clock_notice:
        tell(loop.guard.clock_notice)
    summary = summary_of(facts, loop, recorder, bench.truth())
    if steps:
        summary["real_time"] = [step._asdict() for step in steps]
    if journal is None:
        return SessionResult(summary, recorder.trace)
    journal.close()
    if journal.failure is not None:
        tell(f"The record of this session is incomplete: {journal.failure}.")
        if summary["outcome"] == "stopped":
            summary["reason"] = journal.failure
    return SessionResult(_with_cut_off(summary, journal), recorder.trace)


def _with_cut_off(summary: dict[str, Any], journal: Journal | None) -> dict[str, Any]:
    cut_off = [] if journal is None else journal.cut_off
    found = [{key: value for key, value in one.items() if key != "session"} for one in cut_off]
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


def _journal(request: SessionRequest, bench: Bench, stack: ExitStack) -> Journal | None:
    """Begin the record; where Stop has to be pressed on the unit before, that is still to be done."""
    if request.state is None:
        return None
    journal = stack.enter_context(closing(Journal(request.state, None, bench.locks)))
    journal.look(bench.name, simulated=bench.simulated)
    lock = journal.looked()
    if lock is None or lock.needs is not Needs.STOP or request.simulate is not None:
        journal.begin(_start(request, bench))
    return journal


def _start(request: SessionRequest, bench: Bench) -> dict[str, Any]:
    treatment = request.treatment
    start = {
        "unit": bench.name,
        "treatment": PROOF if request.alone else request.rehearsed_name,
        "simulated": bench.simulated,
        "target_ma": treatment.current_ma,
        "total_s": treatment.total_s,
        "first_polarity": treatment.first_polarity,
        "limit_ma": treatment.current_ma,
        "planned_ma_min": treatment.planned_charge_ma_min,
        "scripted": request.simulate is not None,  # its person has no hand for Stop
    }
    nothing = {"target_ma": 0.0, "total_s": 0.0, "limit_ma": 0.0, "planned_ma_min": None}
    return start | nothing if request.alone else start


def _require_within_unit(request: SessionRequest) -> None:
    calibration = request.calibration
    simulated = request.simulate is not None or request.attach is not None
    missing = "" if simulated else request.uncommissioned or calibration.why_missing(request.unit)
    if refusal := missing or calibration.why_no_treatment(date.today(), simulated=simulated):
        raise NotReady(refusal)
    if why := why_above(request.rehearsed_name, request.treatment, request.unit, calibration):
        raise NotReady(why)


def _bench(request: SessionRequest, stack: ExitStack) -> Bench:
    """Take what the wires end in; of the backends only that one is loaded."""
    unit = request.unit
    if request.simulate is not None:
        from controller.backends.simulated import plant_alone, simulated

        if request.plant_alone:
            return plant_alone(unit, request.treatment.area, request.simulate, request.seed)
        return simulated(unit, request.treatment.area, request.simulate, request.seed, request.speed)
    if request.attach is not None:
        from controller.backends.attached import attached

        return attached(unit, request.attach, stack)
    from controller.backends.hardware import hardware

    return hardware(unit, stack)


def _facts(request: SessionRequest, bench: Bench) -> dict[str, Any]:
    return {
        "schema": 2,
        "version": version("ionto"),
        "simulated": bench.simulated,
        "seed": bench.seed,
        "treatment": request.rehearsed_name,
        "rate_hz": request.unit.loop.rate_hz,
    }


def _stop_mark(request: SessionRequest, bench: Bench) -> StopMark | None:
    """Return where it is kept that a real unit's Stop was tested."""
    return None if bench.simulated or request.state is None else StopMark(request.state, bench.name)


def _stop_due(request: SessionRequest, mark: StopMark | None) -> bool:
    """Tell whether Stop is tested first: on a real unit once a day, simulated where its person holds it."""
    if request.simulate is not None:
        return request.simulate.person.stop_at_s is not None
    if mark is None or request.alone:
        return False
    ago_s = mark.ago_s()
    return ago_s is None or ago_s > STOP_AGAIN_S


def _loop(
    request: SessionRequest, rig: Rig, clock: Clock, stop: StopSwitch, *, stop_test: bool
) -> Loop[Session]:
    return loop_of(
        request.unit, request.calibration, request.treatment, rig, clock, stop, stop_test=stop_test
    )


def _dummy_of(unit: Unit, calibration: Calibration) -> Dummy | None:
    """Return what the stage is held to on the unit's dummy load, None without one."""
    dummy = unit.dummy
    if dummy is None:
        return None
    limiter_ma = dummy.limiter_ma
    lowest_ma = min(
        (1 - LIMITER_RATIO) * limiter_ma, (1 - TRIAL_LOW_RATIO) * dummy.gain * unit.stage.full_scale_ma
    )
    channels = calibration.channels
    known = channels.control_current.points and channels.voltage.points
    return Dummy(
        dummy.ohm,
        dummy.gain,
        lowest_ma,
        (1 + LIMITER_RATIO) * limiter_ma,
        TRIAL_OHM_CALIBRATED if known else TRIAL_OHM_RATIO,
    )


def loop_of(
    unit: Unit,
    calibration: Calibration,
    treatment: Treatment,
    rig: Rig,
    clock: Clock,
    stop: StopSwitch,
    *,
    limit_ma: float = 0.0,
    rest: Rest | None = None,
    stop_test: bool = False,
) -> Loop[Session]:
    """Build a session of `treatment` and its guard on a rig.

    `limit_ma` is how far Up may go, and the guard holds the session to it; 0 leaves Up without effect. `rest`
    gives what is left of an earlier session instead of the whole, and `stop_test` asks for Stop's test first.
    """
    tick_s = 1.0 / unit.loop.rate_hz
    stage = unit.stage
    plan = Plan(
        target_ma=treatment.current_ma,
        ramp_ma_per_s=treatment.ramp_ma_per_s,
        halves=treatment.halves() if rest is None else rest.halves,
        tick_s=tick_s,
        compliance_v=stage.compliance_v,
        headroom=Headroom(stage.reach_from_v, stage.headroom_ohm / 1000),
        supply_v=stage.supply_v,
        supply_min_v=stage.supply_min_v,
        supply_max_v=stage.supply_max_v,
        operate_s=unit.relays.operate_ms / 1000,
        release_s=unit.relays.release_ms / 1000,
        dead_time_s=unit.polarity.dead_time_ms / 1000,
        settle_s=unit.polarity.settle_ms / 1000,
        guarded=unit.guard_adc is not None,
        trip=unit.trip is not None,
        stop_test=stop_test,
        dummy=_dummy_of(unit, calibration),
        drop_out=window_of(
            None if unit.one_shot is None else unit.one_shot.hold_ms / 1000, unit.relays.release_ms / 1000
        ),
        small_ohm=_small_ohm(unit, treatment.area),
        limit_ma=limit_ma,
        balances=rest is not None and rest.balances,
        carried_forward_ma_min=0.0 if rest is None else rest.forward_ma_min,
        carried_reverse_ma_min=0.0 if rest is None else rest.reverse_ma_min,
        carried_asked_ma_min=0.0 if rest is None else rest.asked_ma_min,
    )
    guard = guard_of(
        unit,
        ceiling_ma=bound_of(unit, calibration, treatment, limit_ma or None).most_ma,
        highest_ma=max(limit_ma, treatment.current_ma),
        total_s=plan.total_s,
        calibration=calibration,
    )
    return Loop(rig, Session(plan, regulator_of(unit, calibration)), guard, clock, tick_s, stop)


def _small_ohm(unit: Unit, area: str) -> float:
    """Return from where on too little of an area is in contact, as this unit's converter sees it."""
    whole_ohm = SMALL_FACE_OHM if area == "face" else SMALL_OHM
    return whole_ohm * (1.0 if unit.control_adc.data_rate_sps == 860 else SLOW_CONVERSION)
