"""`ionto calibrate` and `ionto verify`: the order, who answers, where progress is kept, what is said.

Law: nothing is driven before everything that can be refused was; whatever ends a procedure, the unit is off,
what was done is kept, and the record before stands.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.atomic import check_folder
from app.output import ExitCode, UndeliveredError, UsageError, complain, say
from app.state import state_directory
from app.technician.answers import Terminal, Unattended, read_answers
from app.technician.calibrate import procedure_of, record_of, true_errors, worst_true
from app.technician.ended import ended_as_interrupted
from app.technician.engine import Abort, Procedure, Progress
from app.technician.meter import open_meter
from app.technician.performer import Performer, bench_scenario, provisional_of
from app.technician.progress import NO_DATE, forget, progress_file, resume, save
from app.technician.records import current_record, write_record
from app.technician.solve import highest_ma
from app.technician.walk import Face, walk
from config.calibration import VALID_DAYS, Calibration, checksum_of, read_calibration, require_scaling
from config.reader import BadFile, read
from config.unit import Unit, load_unit
from controller.backends.bench import NotReady
from controller.backends.meter import Accuracy, Meter, MeterFailed
from controller.host import wall
from controller.host.disk import told
from sim.scenario import Scenario

LOOSEST: Final = Accuracy(0.5, 0.05, 0.5, 0.2)
"""The least that a reference may be; what this one is, is entered."""
SIMULATED: Final = "simulated"
GOES_ON: Final = "the same command goes on there, --restart begins anew"


class Order(NamedTuple):
    """What the command line asks for. `out` is for calibrating, `calibration` for verifying."""

    unit: Path | None
    simulated: bool
    scenario: Path | None
    seed: int
    answers: str | None
    state: Path | None
    meter: str | None
    json: bool
    restart: bool = False
    out: Path | None = None
    valid_days: int = VALID_DAYS
    calibration: Path | None = None


class Bench(NamedTuple):
    """The order's files read: unit, its serial number, circumstances, and where things are kept.

    `state` is None where nothing is kept, as with a simulated unit unless a folder is given.
    """

    unit: Unit
    serial: str
    scenario: Scenario | None
    stated_load: bool
    state: Path | None
    today: date


def bench_of(order: Order, *, bare: bool) -> Bench:
    """Read what the order names. Raises BadFile or UsageError."""
    unit = load_unit(order.unit, simulated=order.simulated)
    given = None if order.scenario is None else read(order.scenario, Scenario)
    serial = unit.serial
    if order.simulated:
        serial = serial or f"SIM-{order.seed}"
    elif not serial:
        raise UsageError(
            "this unit has no serial number, and a record has to name one: write `serial` into its file "
            "and give it with --unit"
        )
    if order.answers == SIMULATED and not order.simulated:
        raise UsageError("--answers simulated is for a simulated unit: add --simulate, or give a file")
    state = order.state
    if state is None and not order.simulated:
        state = state_directory(None)
    scenario = bench_scenario(given, bare=bare) if order.simulated else None
    stated = given is not None and "load" in given.model_fields_set
    return Bench(unit, serial, scenario, stated, state, date.today())


def calibrate(order: Order) -> ExitCode:
    """Calibrate a unit, write its record, and say how well it is known now."""
    bench = bench_of(order, bare=True)
    out = order.out
    if out is None and bench.state is not None:
        out = current_record(bench.state, bench.serial)
    before = _before(out, bench)
    facts = {
        "serial": bench.serial,
        "date": bench.today.isoformat(),
        "software": version("ionto"),
        "seed": order.seed if order.simulated else None,
        "simulated_unit": None if bench.scenario is None else bench.scenario.unit,
        **bench.unit.scaling(),
        "unit": checksum_of(bench.unit.as_known_before()),
    }

    def done(progress: Progress, performer: Performer) -> dict[str, Any]:
        record = record_of(progress, bench.unit, bench.today, before, order.valid_days)
        kept = None if out is None else _write(out, record, bench)
        answer: dict[str, Any] = {
            "outcome": "calibrated",
            "record": out and str(out),
            "before": kept and str(kept),
        }
        answer |= {"calibration": record}
        answer["no_treatment"] = _read_back(record).why_no_treatment(bench.today, simulated=order.simulated)
        if order.simulated and order.answers == SIMULATED:
            calibrated = performer.calibrated_with(_read_back(record))
            errors = true_errors(calibrated, progress.results, record["made"]["reach_ma"])
            answer |= worst_true(errors)
        return answer

    return run_procedure(
        order,
        bench,
        facts,
        make=lambda meter: procedure_of(bench.unit, bench.today, meter and meter.name, None),
        performer=lambda meter, speed: Performer(
            bench.unit,
            corrections=provisional_of(bench.unit),
            top_ma=lambda results: highest_ma(bench.unit, results),
            scenario=bench.scenario,
            stated_load=bench.stated_load,
            seed=order.seed,
            speed=speed,
            meter=meter,
            procedure="calibrate",
        ),
        done=done,
        describe=describe_calibration,
        out=out,
    )


def run_procedure(
    order: Order,
    bench: Bench,
    facts: dict[str, Any],
    *,
    make: Callable[[Meter | None], Procedure],
    performer: Callable[[Meter | None, float | None], Performer],
    done: Callable[[Progress, Performer], dict[str, Any]],
    describe: Callable[[dict[str, Any]], str],
    cut_is_failure: bool = False,
    out: Path | None = None,
) -> ExitCode:
    """Walk through a procedure, keep its progress, and deliver what `done` makes of it.

    `speed` for the performer is real time where a person is asked, else as fast as possible. With
    `cut_is_failure` a unit that its guard cuts, nobody being there to try again, has failed what was tested.
    Where progress and the file `out` go can be written, or nothing is begun.
    """
    if not wall.read().possible:
        return _end(order, bench, ExitCode.REFUSED, "refused", NO_DATE)
    with ExitStack() as stack:
        try:
            meter = None if order.meter is None else stack.enter_context(open_meter(order.meter, LOOSEST))
        except MeterFailed as error:
            return _end(order, bench, ExitCode.REFUSED, "refused", str(error))
        procedure = make(meter)
        actor = performer(meter, None if order.answers is not None else 1.0)
        face = _face(order, procedure, actor)
        path = None if bench.state is None else progress_file(bench.state, procedure.name, bench.serial)
        for target in filter(None, (path, out)):
            check_folder(target.parent, str(target))
        progress = _begin(path, procedure, facts, restart=order.restart)
        _opening(order, bench, procedure, progress)

        def keep(now: Progress) -> None:
            if path is not None:
                save(path, procedure, now)

        stack.enter_context(ended_as_interrupted())
        try:
            progress = walk(procedure, progress, face, actor, keep)
            answer = done(progress, actor)
        except NotReady as error:
            return _end(order, bench, ExitCode.REFUSED, "refused", str(error))
        except Abort as error:
            unattended = order.answers is not None
            code, word = (ExitCode.REFUSED, "refused") if unattended else (ExitCode.STOPPED, "left")
            if unattended and cut_is_failure and actor.guard_cut:
                word = "failed"
            if unattended and path is not None:
                complain(f"ionto: what was done is kept: {GOES_ON}")
            return _end(order, bench, code, word, str(error))
        except KeyboardInterrupt:
            return _end(order, bench, ExitCode.STOPPED, "left", "interrupted; what was done is kept")
        except OSError as error:
            place = Path(error.filename) if error.filename else None
            raise UndeliveredError(
                f"{error.filename}: could not be written: {told(error, place)}; what was done before is "
                f"kept: {GOES_ON}"
            ) from error
        if path is not None:
            forget(path)
    answer = _facts(order, bench) | answer
    say(json.dumps(answer, allow_nan=False) if order.json else describe(answer))
    return ExitCode.REFUSED if answer["outcome"] == "failed" else ExitCode.COMPLETED


def _face(order: Order, procedure: Procedure, actor: Performer) -> Face:
    def meter() -> Meter | None:
        return actor.meter

    if order.answers is None:
        if order.json:
            raise UsageError("--json needs --answers: there is nobody to ask")
        return Terminal(meter)
    tell = complain if order.json else say
    if order.answers == SIMULATED:
        return Unattended(
            "the simulated bench", {}, meter, otherwise=lambda _step, entry: entry.simulated, tell=tell
        )
    return Unattended(order.answers, read_answers(Path(order.answers), procedure), meter, tell=tell)


def _begin(path: Path | None, procedure: Procedure, facts: dict[str, Any], *, restart: bool) -> Progress:
    if path is None:
        return procedure.begin(facts)
    if restart:
        forget(path)
    return resume(path, procedure, facts)


def _opening(order: Order, bench: Bench, procedure: Procedure, progress: Progress) -> None:
    tell = complain if order.json else say
    what = f"SIMULATED unit {bench.serial}" if order.simulated else f"unit {bench.serial}"
    tell(f"{procedure.title} of {what}: {len(procedure.steps)} steps, power only through the resistor.")
    if progress.results:
        tell(f"Resumed: {len(progress.results)} steps were kept. --restart begins anew.")


def _before(out: Path | None, bench: Bench) -> Calibration:
    """Give the record that is going to be replaced; one that cannot be read is no reason not to calibrate."""
    if out is None or not out.exists():
        return Calibration.nominal()
    try:
        before = read_calibration(out, bench.serial, bench.today)
        require_scaling(before, bench.unit, str(out))
    except BadFile as error:
        complain(f"{error}\nIt is kept beside the new record and counts as none.")
        return Calibration.nominal()
    return before


def _write(out: Path, record: dict[str, Any], bench: Bench) -> Path | None:
    return write_record(out, record, bench.serial, bench.today)


def _read_back(record: dict[str, Any]) -> Calibration:
    return Calibration.model_validate_json(json.dumps(record))


def _facts(order: Order, bench: Bench) -> dict[str, Any]:
    return {
        "schema": 1,
        "version": version("ionto"),
        "simulated": order.simulated,
        "seed": order.seed if order.simulated else None,
        "unit_serial": bench.serial,
    }


def _end(order: Order, bench: Bench, code: ExitCode, outcome: str, reason: str) -> ExitCode:
    complain(f"ionto: {reason}")
    if order.json:
        say(json.dumps(_facts(order, bench) | {"outcome": outcome, "reason": reason}))
    return code


def describe_calibration(answer: dict[str, Any]) -> str:
    """Say how a calibration ended, for a person."""
    record = answer["calibration"]
    made, spreads = record["made"], record["made"]["spreads"]
    worst = max((abs(error) for _, error in made["as_found"]), default=0.0)
    lines = [f"Calibrated: unit {record['unit_serial']}, {record['date']}, valid to {record['expires']}."]
    for name, channel in record["channels"].items():
        what = "V" if name == "voltage" else "mA"
        spread = spreads[name]
        lines.append(
            f"  {name:<16} gain {channel['gain']:.5f} +-{2 * spread['gain_u']:.5f}, offset "
            f"{channel['offset']:+.4f} +-{2 * spread['offset_u']:.4f} {what}, "
            f"worst point {spread['worst_residual']:.4f} {what} off"
        )
    lines.append(
        f"  As found         up to {worst:.3f} mA wrong; up and down differ by {made['hysteresis_ma']:.4f} mA"
    )
    lines.append(
        f"  Current          known within {made['uncertainty_ma']:.3f} mA from 0.5 to {made['reach_ma']:g} mA"
    )
    if "true_worst_error_ma" in answer:
        lines.append(
            f"  True error       {answer['true_worst_error_ma']:.4f} mA below 5 mA, "
            f"{answer['true_worst_error_percent']:.3f} % from there on (the simulated world's own figure)"
        )
    where = answer["record"] or "nowhere: name a file with --out or a folder with --state"
    lines.append(f"  Record           {where}")
    if answer["before"]:
        lines.append(f"  The one before   {answer['before']}")
    if answer["no_treatment"]:
        lines.append(f"  NO TREATMENT     {answer['no_treatment']}.")
    if answer["simulated"]:
        lines.append("  SIMULATED: no unit was calibrated.")
    return "\n".join(lines)
