"""`ionto commission`: a unit's first power, step by step, ending with its serial number and a record.

Law: a result is kept before the next step begins, the unit is off between any two, and the record is written
whole, once everything was seen; a unit that is not right has no record.
"""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from app.atomic import check_folder, write_whole
from app.output import ExitCode, UndeliveredError, UsageError, complain, say
from app.state import state_directory
from app.technician.answers import Terminal, Unattended, read_answers
from app.technician.bounds import not_measured, table
from app.technician.command import GOES_ON
from app.technician.commission_acts import performer
from app.technician.commission_steps import DUMMY_OHM, procedure
from app.technician.ended import ended_as_interrupted
from app.technician.engine import Abort, Procedure, Progress
from app.technician.progress import NO_DATE, forget, progress_file, resume, save
from app.technician.records import COMMISSIONING
from app.technician.walk import Face, walk
from config.calibration import checksum_of
from config.characters import file_name
from config.reader import BadFile, read, read_bytes, read_text
from config.scalars import one_line
from config.sealed import seal
from config.unit import REFERENCE, Unit, load_unit
from controller.backends.bench import Bench
from controller.backends.hardware import hardware
from controller.backends.simulated import simulated
from controller.host import wall
from controller.host.disk import OURS_NOT, told
from controller.host.ownership import InUse
from controller.workshop.commissioning import Workbench
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
    with_serial(order.unit or REFERENCE, "trial")  # known before anything is done
    serial = unit.serial or (f"SIM-{order.seed}" if order.simulate is not None else "")
    steps = procedure(serial, trip=unit.trip is not None, pedal=unit.pedal)
    path = progress_file(state_directory(order.state), "commission", unit.serial)
    if not wall.read().possible:
        return _left(order, NO_DATE, ExitCode.REFUSED)
    for folder in (path.parent, _folder(order)):
        check_folder(folder, str(folder))
    if order.restart:
        forget(path)
    facts = {"unit": checksum_of(unit.as_known_before()), "simulated": order.simulate is not None}
    progress = resume(path, steps, facts)
    scope: dict[str, float] = {}
    face, tell = _face(order, steps, scope)
    if order.simulate is not None:
        tell("SIMULATED unit and technician's bench: nothing here says anything about a real unit.")
    if progress.results:
        whose = progress.results.get("unit", {}).get("serial", "")
        tell(
            f"Going on with unit {whose} after {len(progress.results)} of {len(steps.steps)} steps; "
            "--restart begins anew."
        )

    def keep(now: Progress) -> None:
        save(path, steps, now)

    try:
        with ExitStack() as stack:
            stack.enter_context(ended_as_interrupted())
            bench = Workbench(unit, _bench(order, unit, progress, stack))
            done = walk(steps, progress, face, performer(bench, tell, scope), keep)
    except (OSError, InUse) as error:
        return _left(order, _cause(error), ExitCode.REFUSED)
    except Abort as left:
        if _unattended(order):
            complain(f"ionto: what was done is kept: {GOES_ON}")
        return _left(order, str(left), ExitCode.REFUSED if _unattended(order) else ExitCode.STOPPED)
    except KeyboardInterrupt:
        return _left(order, "interrupted; the unit is off, and what was done is kept", ExitCode.STOPPED)
    code = _finish(order, unit, done)
    forget(path)
    return code


def _unattended(order: Order) -> bool:
    return order.answers is not None


def _folder(order: Order) -> Path:
    return order.out or _kept(order)


def _kept(order: Order) -> Path:
    """Where treatments look for the record, whatever else it is written to."""
    return state_directory(order.state) / COMMISSIONING


def _face(order: Order, steps: Procedure, scope: Mapping[str, float]) -> tuple[Face, Any]:
    """Give who answers; `scope` is what the simulated oscilloscope shows."""
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
        return Unattended(
            "the simulated bench", table, otherwise=lambda _step, entry: scope.get(entry.name), tell=tell
        ), tell
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
    folder, name = _folder(order), file_name(serial)
    record = {
        "commissioned": True,
        "simulated": order.simulate is not None,
        "unit": {"name": unit.name, "serial": serial},
        "date": datetime.now(UTC).date().isoformat(),
        "technician": done.results["unit"]["technician"],
        "software": f"ionto {version('ionto')}",
        "machine": "simulated" if order.simulate is not None else machine(),
        "description": unit.as_known_before() | {"serial": serial},
        "measured": table(unit, done.results),
        "not_measured": not_measured(done.results),
        "results": {step: dict(values) for step, values in done.results.items()},
    }
    unit_file, record_file = folder / f"unit-{name}.yaml", folder / f"commissioning-{name}.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(unit_file, with_serial(order.unit or REFERENCE, serial))
        write_whole(record_file, seal(record))
        if _kept(order) != folder:
            _kept(order).mkdir(parents=True, exist_ok=True)
            write_whole(_kept(order) / record_file.name, seal(record))
    except OSError as error:
        raise UndeliveredError(
            f"the record could not be written in {folder}: {told(error, folder)}; what was done is kept, and "
            "the same command writes it, elsewhere with --out DIR"
        ) from error
    if order.json:
        say(json.dumps({**record, "unit_file": str(unit_file), "record_file": str(record_file)}))
    else:
        say(
            f"\nCommissioned: {unit.name}, serial {serial}.\n"
            f"  Unit     {unit_file}\n  Record   {record_file}, which may be sent in as it is\n"
            + "".join(f"  Not measured: {what}\n" for what in record["not_measured"])
            + "Next: ionto calibrate --unit with that file."
        )
    return ExitCode.COMPLETED


def machine() -> str:
    """Name the computer and its Python, for who reads the record elsewhere."""
    try:
        board = Path("/proc/device-tree/model").read_text().strip("\0\n ")
    except (OSError, UnicodeError):
        board = platform.machine()
    return f"{one_line(board, 80)}, Python {platform.python_version()}, {platform.release()}"


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
    try:
        put = read_text(changed.encode(), str(path), Unit) == wanted
    except BadFile:
        put = False
    if not put:
        raise UsageError(
            f"{path}: no serial number can be put in: write the file with one key a line, as "
            "docs/unit.md shows, and `serial:` among them"
        )
    return changed
