"""`ionto wiring`: prints the wiring table of a unit's file, draws it, or gives it to programs.

Law: it touches no hardware; a unit that could not work is refused by its file's own checks before.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from app.atomic import write_whole
from app.output import ExitCode, UsageError, say
from app.wiring.picture import draw
from app.wiring.table import Group, groups
from config.unit import REFERENCE, Unit, load_unit
from controller.host.disk import told


class Order(NamedTuple):
    """What the command line asks for."""

    unit: Path | None
    svg: Path | None
    json: bool


def wiring(order: Order) -> ExitCode:
    """Print or draw the wiring.

    Raises:
        BadFile: the unit's file is refused.
        UsageError: the picture can't be written.

    """
    unit = load_unit(order.unit or REFERENCE)
    parts = groups(unit)
    if order.svg is not None:
        _write(order.svg, draw(_title(unit), parts))
    if order.json:
        named = [{"part": part.title, "wires": [wire._asdict() for wire in part.wires]} for part in parts]
        say(json.dumps({"unit": unit.name, "serial": unit.serial, "parts": named}, indent=2))
    elif order.svg is None:
        say(_text(_title(unit), parts))
    return ExitCode.COMPLETED


def _write(path: Path, text: str) -> None:
    if path.suffix.lower() != ".svg":
        raise UsageError(f"--svg {path}: the picture is an SVG file, so its name has to end in .svg")
    try:
        write_whole(path, text)
    except OSError as error:
        raise UsageError(f"--svg {path}: can't be written: {told(error, path)}") from error


def _title(unit: Unit) -> str:
    return f"Wiring of {unit.name} {unit.serial}".rstrip()


def _text(title: str, parts: tuple[Group, ...]) -> str:
    wires = [wire for part in parts for wire in part.wires]
    near, far = max(len(wire.near) for wire in wires), max(len(wire.far) for wire in wires)
    lines = [title]
    for part in parts:
        lines += ["", part.title]
        lines += [f"  {wire.near:<{near}}  -> {wire.far:<{far}}  {wire.note}" for wire in part.wires]
    return "\n".join(lines)
