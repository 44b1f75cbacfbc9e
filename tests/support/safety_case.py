"""The safety case: `docs/safety/*.yaml` and the known problems, checked against code and tests, rendered.

Law: every link has two ends. A hazard names its controls, a control its requirements, a requirement the code,
the tests and the figures; whatever points nowhere, or is pointed at by nothing, is an error.

    .venv/bin/python tests/support/safety_case.py          says what is wrong
    .venv/bin/python tests/support/safety_case.py --write  renders docs/safety/README.md
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from places import place
from pydantic import BaseModel, ConfigDict, Field
from safety_page import render
from safety_tests import why_not_shown

from app.known_problems import PROBLEMS, Problem
from config.reader import read
from sim.faults import FAULTS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs/safety"
PAGE = FOLDER / "README.md"
LOCK = ROOT / "requirements.lock"
_LOCKED = re.compile(r"^([\w.-]+)==", re.MULTILINE)
PERSONAL = frozenset({"hand_in", "press"})
"""Rows of the simulator's table that are what people do and no fault."""

Severity: TypeAlias = Literal["negligible", "minor", "serious", "critical"]
Kind: TypeAlias = Literal["design", "protective", "information"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class Hazard(_Strict):
    """What can hurt whom, and what stands against it."""

    hazard: str
    cause: str
    effect: str
    severity: Severity
    controls: tuple[str, ...]
    hardware: tuple[str, ...] = ()
    only_hardware: str | None = None
    residual: str
    covers: tuple[str, ...] = ()


class Control(_Strict):
    """A measure; `kind` in the order of ISO 14971: by design, protective, information for safety."""

    control: str
    kind: Kind
    requirements: tuple[str, ...]


class Hardware(_Strict):
    """What the unit's hardware must guarantee because no software can."""

    must: str
    why: str
    shown_by: str


class Requirement(_Strict):
    """What the software has to do, where it does, and what shows it."""

    text: str
    where: tuple[str, ...] = Field(min_length=1)
    tests: tuple[str, ...]
    figures: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()


class Figure(_Strict):
    """One measured value; `bound` is what it may not exceed, None for one that is only told."""

    what: str
    value: float
    bound: float | None = None
    unit: str
    source: str


class Provenance(_Strict):
    """Software of unknown provenance: what it does, which packages of the lock it is, what is known of it.

    `in_loop` says whether the process of the loop loads it, `held_by` what stands against what is known.
    """

    software: str
    packages: tuple[str, ...] = ()
    does: str
    in_loop: bool
    known: str
    held_by: tuple[str, ...]


class Item(_Strict):
    """Something from outside that the case must answer: a law, a figure, a side effect, a trap, a fault.

    `tests` show it by themselves; `gap` says why nothing answers it, `limit` where the answer falls short.
    """

    text: str
    tests: tuple[str, ...] = ()
    gap: str | None = None
    limit: str | None = None


class _Hazards(_Strict):
    hazards: dict[str, Hazard]


class _Controls(_Strict):
    controls: dict[str, Control]
    hardware: dict[str, Hardware]


class _Requirements(_Strict):
    requirements: dict[str, Requirement]


class _Figures(_Strict):
    figures: dict[str, Figure]


class _Provenance(_Strict):
    provenance: dict[str, Provenance]


class _Items(_Strict):
    laws: dict[str, Item]
    figures: dict[str, Item]
    leaflet: dict[str, Item]
    parts: dict[str, Item]
    faults: dict[str, Item]
    peers: dict[str, Item]


class Case(NamedTuple):
    """The whole safety case by id."""

    hazards: Mapping[str, Hazard]
    controls: Mapping[str, Control]
    hardware: Mapping[str, Hardware]
    requirements: Mapping[str, Requirement]
    figures: Mapping[str, Figure]
    items: Mapping[str, Mapping[str, Item]]
    known: tuple[Problem, ...]
    provenance: Mapping[str, Provenance]
    locked: frozenset[str]


def load(folder: Path = FOLDER) -> Case:
    """Read the files, the lock and the known problems; raises `BadFile` with every error."""
    controls = read(folder / "controls.yaml", _Controls)
    items = read(folder / "answers_to.yaml", _Items)
    requirements = read(folder / "requirements.yaml", _Requirements).requirements
    return Case(
        read(folder / "hazards.yaml", _Hazards).hazards,
        controls.controls,
        controls.hardware,
        {name: row.model_copy(update=_placed(row.where, row.tests)) for name, row in requirements.items()},
        read(folder / "figures.yaml", _Figures).figures,
        {name: _placed_items(getattr(items, name)) for name in type(items).model_fields},
        PROBLEMS,
        read(folder / "provenance.yaml", _Provenance).provenance,
        frozenset(_LOCKED.findall(LOCK.read_text(encoding="utf-8"))),
    )


def _placed(where: Iterable[str], tests: Iterable[str]) -> dict[str, tuple[str, ...]]:
    return {"where": tuple(map(place, where)), "tests": tuple(map(place, tests))}


def _placed_items(items: Mapping[str, Item]) -> dict[str, Item]:
    return {
        name: item.model_copy(update={"tests": tuple(map(place, item.tests))}) for name, item in items.items()
    }


def errors_of(case: Case, root: Path = ROOT) -> list[str]:
    """Return every broken link, one sentence each."""
    broken = (
        _hazards(case),
        _controls(case),
        _requirements(case, root),
        _figures(case),
        _answers(case, root),
        _provenance(case),
    )
    return [error for errors in broken for error in errors]


def _unknown(who: str, ids: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    known = set(known)
    return (f"{who} cites {one}, which does not exist" for one in ids if one not in known)


def _unused(what: str, known: Iterable[str], used: Iterable[str]) -> Iterator[str]:
    used = set(used)
    return (f"{what} {one} is cited by nothing" for one in known if one not in used)


def _unshown(who: str, tests: Iterable[str], root: Path) -> Iterator[str]:
    reasons = ((test, why_not_shown(test, root)) for test in tests)
    return (f"{who} cites {test}, which {reason}" for test, reason in reasons if reason)


def _hazards(case: Case) -> Iterator[str]:
    for name, hazard in case.hazards.items():
        if not hazard.controls and not (hazard.only_hardware and hazard.hardware):
            yield f"hazard {name} has no control"
        yield from _unknown(f"hazard {name}", hazard.controls, case.controls)
        yield from _unknown(f"hazard {name}", hazard.hardware, case.hardware)
    for problem in case.known:
        yield from _unknown(f"known problem {problem.id}", [problem.hazard], case.hazards)
    yield from _unused("control", case.controls, (c for h in case.hazards.values() for c in h.controls))
    yield from _unused("hardware", case.hardware, (c for h in case.hazards.values() for c in h.hardware))


def _controls(case: Case) -> Iterator[str]:
    for name, control in case.controls.items():
        if not control.requirements:
            yield f"control {name} has no requirement"
        yield from _unknown(f"control {name}", control.requirements, case.requirements)
    used = (r for c in case.controls.values() for r in c.requirements)
    yield from _unused("requirement", case.requirements, used)


def _requirements(case: Case, root: Path) -> Iterator[str]:
    for name, requirement in case.requirements.items():
        for path in requirement.where:
            if not (root / path).is_file():
                yield f"requirement {name} is said to be in {path}, which does not exist"
        if not requirement.tests:
            yield f"requirement {name} has no test"
        yield from _unshown(f"requirement {name}", requirement.tests, root)
        yield from _unknown(f"requirement {name}", requirement.figures, case.figures)
        yield from _unknown(f"requirement {name}", requirement.faults, FAULTS)
    used = {fault for r in case.requirements.values() for fault in r.faults}
    yield from _unused("the simulator's fault", (name for name in FAULTS if name not in PERSONAL), used)


def _figures(case: Case) -> Iterator[str]:
    for name, figure in case.figures.items():
        if figure.bound is not None and figure.value > figure.bound:
            yield f"figure {name} is {figure.value:g} {figure.unit}, bound {figure.bound:g}"
    used = (f for r in case.requirements.values() for f in r.figures)
    yield from _unused("figure", case.figures, used)


def _answers(case: Case, root: Path) -> Iterator[str]:
    items = {name: item for group in case.items.values() for name, item in group.items()}
    answered: set[str] = set()
    for kind, rows in (("hazard", case.hazards), ("requirement", case.requirements)):
        for name, row in rows.items():
            answered |= set(row.covers)
            yield from _unknown(f"{kind} {name}", row.covers, items)
    for name, item in items.items():
        yield from _unshown(name, item.tests, root)
        if item.tests:
            answered.add(name)
        if name in answered and item.gap:
            yield f"{name} is answered, yet told as a gap"
        if name not in answered and not item.gap:
            yield f"{name} ({item.text}) is answered by nothing and not told as a gap"


def _provenance(case: Case) -> Iterator[str]:
    items = {name for group in case.items.values() for name in group}
    told = [package for row in case.provenance.values() for package in row.packages]
    for name, row in case.provenance.items():
        yield from _unknown(f"software {name}", row.held_by, items | set(case.requirements))
    for package in sorted(case.locked ^ set(told)):
        where = "the lock" if package in case.locked else "docs/safety/provenance.yaml"
        yield f"package {package} is in {where} only"
    yield from (f"package {package} is told twice" for package in sorted(told) if told.count(package) > 1)


def main() -> int:
    """Check, and with `--write` render; the exit code is 1 when something is wrong."""
    case = load()
    page = render(case)
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page, encoding="utf-8")
    errors = errors_of(case)
    if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page:
        errors.append("docs/safety/README.md is not up to date: run tests/support/safety_case.py --write")
    sys.stdout.write("".join(f"{error}\n" for error in errors))
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
