"""The commands that only look something up: treatments, checked files, faults, schemas.

Law: what is listed comes from where it is used; no list is kept twice.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.locale.terminal import number, retell_refusal, t
from app.output import ExitCode, complain, say

if TYPE_CHECKING:
    from app.reactions import Elsewhere
    from sim.faults import Fault, Param, Value


COLUMNS: Final = ("NAME", "AREA", "CURRENT", "TIME", "REVERSAL", "ELECTROLYTE", "FOR")
"""Heads of the list of treatments; below them stand the words of their files."""


def treatments() -> ExitCode:
    """Print the library's treatments, one a line."""
    from protocols.treatment import find, names

    rows = [tuple(map(t, COLUMNS))]
    for name in names():
        it = find(name)
        current, time = f"{number(it.current_ma, 'g')} mA", f"{number(it.total_min, 'g')} min"
        rows.append((name, it.area, current, time, it.reversal, it.electrolyte, it.age_group))
    say(_columns(rows))
    return ExitCode.COMPLETED


def check(paths: Sequence[Path]) -> ExitCode:
    """Check each file as the kind it is; good ones go to standard output, errors to standard error."""
    from config.kinds import check_file
    from config.reader import BadFile
    from protocols.treatment import Treatment
    from sim.scenario import Scenario

    code = ExitCode.COMPLETED
    for path in paths:
        try:
            kind = check_file(path, {"treatment": Treatment, "scenario": Scenario})
        except BadFile as error:
            complain(retell_refusal(str(error)))
            code = ExitCode.BAD_INPUT
        else:
            say(f"ok  {path} ({t(kind)})")
    return code


def faults(*, as_json: bool) -> ExitCode:
    """Print every fault with its parameters, and what has to follow within which time."""
    from app.reactions import ELSEWHERE
    from sim.faults import FAULTS

    if as_json:
        rows = [_fault(fault) for fault in FAULTS.values()]
        say(json.dumps([*rows, *(_elsewhere(fault) for fault in ELSEWHERE)], indent=2))
        return ExitCode.COMPLETED
    for fault in FAULTS.values():
        say(f"{fault.name}\n    {fault.does}")
        for param in fault.params:
            default = "must be given" if param.default is None else f"default {_written(param.default)}"
            say(f"    {param.name}: {param.allowed}; {default}")
        for line in _expected(fault.name):
            say(f"    -> {line}")
    say("\nNot of the unit but of the computer, so that no scenario can hold them:\n")
    for other in ELSEWHERE:
        say(f"{other.name}\n    {other.does}\n    -> {other.expected}\n    shown by {other.shown_by}")
    return ExitCode.COMPLETED


def _expected(fault: str) -> list[str]:
    """Return what has to follow a fault, one line for each of its rows and the phases that differ."""
    from app.reactions import PHASES, ROWS

    lines = []
    for row in ROWS.values():
        if row.fault != fault:
            continue
        lines.append(f"{row.name}: {row.reaction}{f'; {row.why}' if row.why else ''}")
        others: dict[str, list[str]] = {}
        for phase in PHASES:
            if row.expected(phase) != row.reaction:
                others.setdefault(str(row.expected(phase)), []).append(phase.replace("_", "-"))
        lines += [f"   in {', '.join(phases)}: {reaction}" for reaction, phases in others.items()]
    return lines


def _fault(fault: Fault) -> dict[str, object]:
    from app.reactions import PHASES, ROWS

    return {
        "fault": fault.name,
        "does": fault.does,
        "injectable": True,
        "params": [_param(param) for param in fault.params],
        "expected": [
            {
                "row": row.name,
                "params": dict(row.params),
                "why": row.why,
                "phases": {phase: row.expected(phase)._asdict() for phase in PHASES},
            }
            for row in ROWS.values()
            if row.fault == fault.name
        ],
    }


def _elsewhere(fault: Elsewhere) -> dict[str, object]:
    return {
        "fault": fault.name,
        "does": fault.does,
        "injectable": False,
        "params": [],
        "expected": fault.expected,
        "shown_by": fault.shown_by,
    }


def _param(param: Param) -> dict[str, object]:
    described: dict[str, object] = {"name": param.name, "unit": param.unit, "default": param.default}
    if param.choices:
        return described | {"choices": list(param.choices)}
    if isinstance(param.default, bool):
        return described
    return described | {"min": param.low, "max": param.high}


def _written(value: Value) -> str:
    """Write a default as it would stand in a scenario."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else f"{value:g}"


def schema(of: str) -> ExitCode:
    """Print the JSON Schema of the `summary` (what --json prints) or of a `scenario`."""
    from sim.scenario import Scenario

    if of == "scenario":
        say(json.dumps(Scenario.model_json_schema(), indent=2))
    else:
        say(summary_schema().rstrip())
    return ExitCode.COMPLETED


def summary_schema() -> str:
    """Return the JSON Schema of the summary, as it stands in the package."""
    return files("app").joinpath("schema/summary.schema.json").read_text(encoding="utf-8")


def _columns(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
