"""Progress on disk: one file per procedure and unit, whole or absent.

Law: what is kept is about one unit, one day's bench and one version of the steps; anything else is not
resumed silently but refused by name.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from app.atomic import write_whole
from app.output import UsageError
from app.technician.engine import Procedure, Progress
from config.characters import file_name
from controller.host.disk import told

FOLDER = "technician"
_CHANGED: Final = {"unit": "the unit's file", "record": "the calibration record"}
"""Facts that are checksums, which say nothing to anybody, and what they are of."""


NO_DATE: Final = (
    "the clock shows a date that can't be right, and a record bears one: connect a network that gives the "
    'time, or set it with sudo date -s "2026-11-28 18:30", with the right time'
)
"""Why no record is begun."""


def progress_file(state: Path, procedure: str, serial: str) -> Path:
    """Give the place of a procedure's progress for a unit below the state directory."""
    return state / FOLDER / f"{procedure}-{file_name(serial) or 'unit'}.json"


def save(path: Path, procedure: Procedure, progress: Progress) -> None:
    """Write the progress. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"procedure": procedure.name, "facts": progress.facts, "results": progress.results}
    write_whole(path, json.dumps(content, indent=1, allow_nan=False) + "\n")


def resume(path: Path, procedure: Procedure, facts: dict[str, Any]) -> Progress:
    """Give the kept progress, or a new one where none is kept.

    Raises:
        UsageError: the file is not one of ours, or is about other facts, which it names.

    """
    begun = procedure.begin(facts)
    try:
        content = json.loads(path.read_bytes())
        kept, results = dict(content["facts"]), dict(content["results"])
    except FileNotFoundError:
        return begun
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {told(error, path)}") from error
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{path} cannot be read as kept progress: begin anew with --restart") from None
    for name, value in facts.items():
        if kept.get(name) != value:
            raise UsageError(f"{path} keeps {_other(procedure.name, name, kept.get(name), value)}")
    known = {step.name for step in procedure.steps}
    if not known.issuperset(results):
        raise UsageError(f"{path} keeps steps that this version does not know: begin anew with --restart")
    return Progress(begun.facts, results)


def _other(procedure: str, name: str, then: Any, now: Any) -> str:
    """Say what changed since a procedure was begun, and what can be done: some things can't be put back."""
    anew = "begin anew with --restart"
    if name == "date":
        return f"a {procedure} of {then}, and one is made on one day, today is {now}: {anew}"
    if name == "software":
        return f"a {procedure} begun with version {then}, now it is {now}: {anew}"
    if name in _CHANGED:
        what = _CHANGED[name]
        return f"a {procedure}, and {what} has changed since it was begun: give it as it was, or {anew}"
    return f"a {procedure} begun with {name} {then!r}, now it is {now!r}: go on as it was begun, or {anew}"


def forget(path: Path) -> None:
    """Remove the progress of a procedure that is done or given up."""
    path.unlink(missing_ok=True)
