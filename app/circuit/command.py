"""`ionto circuit`: simulates the reference circuit with ngspice over the spreads of its parts.

Law: what does not hold its bound fails the command, and what could not be simulated is never taken for held.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.atomic import write_whole
from app.circuit.lane import CASES, Row, run
from app.circuit.ngspice import LACKING, NotSimulated, found, version
from app.circuit.picture import draw
from app.output import ExitCode, UsageError, complain, say
from config.circuit import load_circuit
from controller.host.disk import told
from sim.circuit import cases

SOURCES: Final = Path(cases.__file__).parent


class Order(NamedTuple):
    """What the command line asks for."""

    draws: int
    block: str | None
    broken: str | None
    parts: bool
    svg: Path | None
    json: Path | None


def circuit(order: Order) -> ExitCode:
    """Simulate and print block, case, spread, bound and worst; ABORTED if a bound is not held.

    Raises:
        UsageError: there is no such block, ngspice is missing, or the table can't be written.

    """
    if order.parts:
        say(parts_text())
    if order.svg is not None:
        if order.svg.suffix.lower() != ".svg":
            raise UsageError(f"--svg {order.svg}: the picture is an SVG file, so its name has to end in .svg")
        _write("--svg", order.svg, draw(load_circuit()))
    if order.parts or order.svg is not None:
        return ExitCode.COMPLETED
    blocks = list(dict.fromkeys(case.block for case in CASES))
    if order.block is not None and order.block not in blocks:
        raise UsageError(f"--block {order.block}: there is no such block, there are {', '.join(blocks)}")
    if not found():
        raise UsageError(LACKING)
    chosen = [case for case in CASES if order.block in {None, case.block}]
    try:
        rows = run(
            load_circuit().spreads(),
            draws=order.draws,
            broken=order.broken or "",
            cases=chosen,
            tell=complain,
        )
    except NotSimulated as error:
        complain(f"ionto: not simulated: {error}")
        return ExitCode.INTERNAL
    say(table(rows))
    if order.json is not None:
        _write("--json", order.json, json.dumps(record(rows, order), indent=1) + "\n")
    failed = [row for row in rows if not row.holds]
    if failed:
        say(
            f"\n{len(failed)} of {len(rows)} rows do not hold: "
            f"{failed[0].block}, {failed[0].case}, {failed[0].what}"
        )
        return ExitCode.ABORTED
    say(f"\nAll {len(rows)} rows hold. Simulated, never built: this says nothing about a real unit.")
    return ExitCode.COMPLETED


def fingerprint() -> str:
    """Return a name for what is simulated: the spreads of the parts and the netlists, and no words."""
    digest = hashlib.sha256(json.dumps(load_circuit().spreads(), sort_keys=True).encode())
    for path in sorted(SOURCES.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def record(rows: list[Row], order: Order) -> dict[str, Any]:
    """Return the table with when, with what and of which circuit it was made."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "ngspice": version(),
        "circuit": fingerprint(),
        "draws": order.draws,
        "rows": [row._asdict() for row in rows],
    }


def table(rows: list[Row]) -> str:
    """Return the table as text."""
    lines = [("block", "case", "figure", "middle", "spread", "bound", "worst", "")]
    lines += [
        (
            row.block,
            row.case,
            row.what,
            f"{row.middle:.3g}",
            f"{row.low:.3g} to {row.high:.3g} {row.unit}".rstrip(),
            row.bound,
            f"{row.worst:.3g}",
            "holds" if row.holds else "FAILS",
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def parts_text() -> str:
    """Return the parts list as text, block by block."""
    lines, block = [], ""
    for part in load_circuit().parts:
        if part.block != block:
            block = part.block
            lines += ["", block]
        rating = f" [{part.rating}]" if part.rating else ""
        lines.append(f"  {part.ref:<4} {part.buy}{rating}: {part.role}")
    return "\n".join(lines[1:])


def _write(option: str, path: Path, content: str) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        raise UsageError(f"{option} {path}: can't be written: {told(error, path)}") from error
