"""`ionto commission`: a unit's first power, step by step, ending with its serial number and a record.

Law: a result is kept before the next step begins, the unit is off between any two, and the record is written
whole, once everything was seen; a unit that is not right has no record.
"""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from app.atomic import write_whole
from app.output import ExitCode, UndeliveredError, UsageError, complain, say
from app.state import state_directory
from app.technician.answers import Terminal, Unattended, read_answers
from app.technician.commission_steps import DUMMY_OHM, procedure
from app.technician.engine import Abort, Procedure, Progress, Step, Values
from app.technician.progress import NO_DATE, forget, progress_file, resume, save
from app.technician.walk import WAIT_S, Face, Failed, Poll, walk
from config.calibration import checksum_of
from config.characters import file_name
from config.reader import read, read_bytes, read_text
from config.sealed import seal
from config.unit import REFERENCE, Unit, load_unit
from controller.backends.bench import Bench
from controller.backends.hardware import hardware
from controller.backends.simulated import simulated
from controller.host import wall
from controller.host.disk import OURS_NOT, told
from controller.host.ownership import InUse
from controller.workshop.commissioning import NotRight, Workbench
from sim.scenario import Scenario


class Order(NamedTuple):
    """What the command line asks for. `simulate` is None, "" for the standard bench, or a scenario file."""

    unit: Path | None
    simulate: str | None
    seed: int
    answers: str | None
    state: Path | None
    out: Path | None
    restart: bool
    json: bool


def commission(order: Order) -> ExitCode:
    """Go through the steps; REFUSED where the unit is not right, STOPPED where it was left.

    Raises:
        UsageError: what was asked for does not fit together.
        BadFile: a file of the order is refused.

    """
    unit = load_unit(order.unit or REFERENCE)
    steps = procedure(unit.serial or (f"SIM-{order.seed}" if order.simulate is not None else ""))
    path = progress_file(state_directory(order.state), "commission", unit.serial)
    if not wall.read().possible:
        return _left(order, NO_DATE, ExitCode.REFUSED)
    if order.restart:
        forget(path)
    facts = {"unit": checksum_of(unit.as_known_before()), "simulated": order.simulate is not None}
    progress = resume(path, steps, facts)
    face, tell = _face(order, steps)
    if order.simulate is not None:
        tell("SIMULATED unit and technician's bench: nothing here says anything about a real unit.")
    if progress.results:
        tell(f"Going on after {len(progress.results)} of {len(steps.steps)} steps; --restart begins anew.")

    def keep(now: Progress) -> None:
        save(path, steps, now)

    try:
        with ExitStack() as stack:
            bench = Workbench(unit, _bench(order, unit, progress, stack))
            done = walk(steps, progress, face, _performer(bench, tell), keep)
    except (OSError, InUse) as error:
        return _left(order, _cause(error), ExitCode.REFUSED)
    except Abort as left:
        return _left(order, str(left), ExitCode.REFUSED if _unattended(order) else ExitCode.STOPPED)
    except KeyboardInterrupt:
        return _left(order, "interrupted; the unit is off, and what was done is kept", ExitCode.STOPPED)
    code = _finish(order, unit, done)
    forget(path)
    return code


def _unattended(order: Order) -> bool:
    return order.answers is not None


def _face(order: Order, steps: Procedure) -> tuple[Face, Any]:
    tell = complain if order.json else say
    if order.answers is None:
        if order.json:
            raise UsageError("--json has nobody to ask: add --answers FILE, or leave --json out")
        return Terminal(), tell
    if order.answers == "simulated":
        if order.simulate is None:
            raise UsageError("--answers simulated is for a simulated unit: add --simulate")
        table = {
            step.name: {entry.name: entry.simulated for entry in step.enter if entry.simulated is not None}
            for step in steps.steps
        }
        return Unattended("the simulated bench", table, tell=tell), tell
    path = Path(order.answers)
    return Unattended(str(path), read_answers(path, steps), tell=tell), tell


def _bench(order: Order, unit: Unit, progress: Progress, stack: ExitStack) -> Bench:
    """Take the unit from the first step to the last. Raises OSError or InUse."""
    scenario = _scenario(order, progress)
    if scenario is None:
        return hardware(unit, stack)
    return simulated(unit, "hands", scenario, order.seed, None)


def _scenario(order: Order, progress: Progress) -> Scenario | None:
    """Give the simulated bench: a resistor and nobody who presses unasked; what was written stays written."""
    if order.simulate is None:
        return None
    if order.simulate:
        given = read(Path(order.simulate), Scenario)
    else:
        given = Scenario.model_validate({"load": {"skin": DUMMY_OHM}})
    person = given.person.model_copy(update={"start_at_s": None, "fidgets": False})
    build = given.build
    if "eeprom" in progress.results:
        build = build.model_copy(update={"eeprom_code": 0})
    return given.model_copy(update={"person": person, "build": build})


def _performer(bench: Workbench, tell: Any) -> Any:
    """Give what does the unit's part of each step."""

    def perform(step: Step, results: Any, poll: Poll) -> Values:
        try:
            return _do(bench, step, results, poll, tell)
        except NotRight as error:
            raise Failed(str(error)) from error

    return perform


def _do(bench: Workbench, step: Step, results: Any, poll: Poll, tell: Any) -> Values:
    match step.action:
        case "untouched":
            bench.untouched()
        case "start" | "stop" | "up" | "down" as button:
            bench.pressed(button)
        case "chips":
            return {chip.key: f"0x{chip.address:02x}" for chip in bench.chips()}
        case "eeprom":
            before, now = bench.zero_eeprom()
            if before:
                tell(f"The DAC would have powered up at code {before} of 4095; now it is {now}.")
            return {"found_code": before, "stored_code": now}
        case "first_power":
            report = bench.first_power(results["resistor"]["resistor_ohm"], tell)
            seen = {f"{name}_ma": round(each.current_ma, 4) for name, each in report.seen.items()}
            return {"load_ohm": round(report.load_ohm, 1), "stop_s": round(report.stop_s, 3), **seen}
        case "buzzer":
            with bench.shown("", sound=True):
                return _answer(poll)
        case _:
            with bench.shown(str(step.action).removeprefix("light ")):
                return _answer(poll)
    return {}


def _answer(poll: Poll) -> Values:
    entered = None
    while entered is None:
        entered = poll(WAIT_S)
    return dict(entered)


def _cause(error: OSError | InUse) -> str:
    if isinstance(error, OSError) and error.filename and error.errno in OURS_NOT:
        return f"{error.filename}: {told(error, Path(error.filename))}"
    return str(error)


def _left(order: Order, reason: str, code: ExitCode) -> ExitCode:
    complain(f"ionto: not commissioned: {reason}")
    if order.json:
        say(json.dumps({"commissioned": False, "simulated": order.simulate is not None, "reason": reason}))
    return code


def _finish(order: Order, unit: Unit, done: Progress) -> ExitCode:
    """Write the unit's file with its serial number, and the record beside it."""
    serial = str(done.results["unit"]["serial"])
    folder = order.out or state_directory(order.state) / "commissioning"
    name = file_name(serial)
    record = {
        "commissioned": True,
        "simulated": order.simulate is not None,
        "unit": {"name": unit.name, "serial": serial},
        "date": datetime.now(UTC).date().isoformat(),
        "technician": done.results["unit"]["technician"],
        "software": f"ionto {version('ionto')}",
        "results": {step: dict(values) for step, values in done.results.items()},
    }
    unit_file, record_file = folder / f"unit-{name}.yaml", folder / f"commissioning-{name}.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(unit_file, with_serial(order.unit or REFERENCE, serial))
        write_whole(record_file, seal(record))
    except OSError as error:
        raise UndeliveredError(
            f"the record could not be written in {folder}: {told(error, folder)}"
        ) from error
    if order.json:
        say(json.dumps({**record, "unit_file": str(unit_file), "record_file": str(record_file)}))
    else:
        say(
            f"\nCommissioned: {unit.name}, serial {serial}.\n"
            f"  Unit     {unit_file}\n  Record   {record_file}\n"
            "Next: ionto calibrate --unit with that file."
        )
    return ExitCode.COMPLETED


def with_serial(path: Path, serial: str) -> str:
    """Give the text of the unit's file with `serial` in it, its comments kept.

    Raises:
        UsageError: the file is written so that its serial number can't be put in place.

    """
    text = read_bytes(path).decode("utf-8")
    line = f"serial: {json.dumps(serial, ensure_ascii=False)}"
    wanted = load_unit(path).model_copy(update={"serial": serial})
    changed, count = re.subn(r"(?m)^serial:.*?(?=\s*(?:#.*)?$)", lambda _found: line, text, count=1)
    if not count:
        changed = f"{line}\n{text}"
    if read_text(changed.encode(), str(path), Unit) != wanted:
        raise UsageError(f"{path}: its serial number can't be put in; write `{line}` on a line of its own")
    return changed
