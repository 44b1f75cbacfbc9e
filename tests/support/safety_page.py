"""The page of the safety case, from its data.

Law: the page holds nothing of its own but headings; every id is a link, and every row links back to what
cites it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from safety_case import Case

INTRODUCTION = Path(__file__).parents[2] / "docs/safety/introduction.md"
TITLES = {
    "laws": "Laws of the design",
    "figures": "Figures to hold",
    "leaflet": "Side effects and contraindications that the patient leaflet names",
    "parts": "Traps in the parts",
    "faults": "Faults",
    "peers": "Faults of the projects that build the same, each a test by name",
}
"""Headings of `answers_to.yaml`'s groups."""


def render(case: Case) -> str:
    """Return the page as Markdown."""
    return "\n".join(
        [
            INTRODUCTION.read_text(encoding="utf-8").rstrip(),
            *_hazards(case),
            *_known(case),
            *_controls(case),
            *_requirements(case),
            *_figures(case),
            *_hardware(case),
            *_provenance(case),
            *_answers(case),
            *_modules(case),
            "",
        ]
    )


def _links(ids: Iterable[str]) -> str:
    return ", ".join(f"[{one}](#{one.lower()})" for one in ids) or "none"


def _citing(rows: Mapping[str, object], attribute: str, name: str) -> list[str]:
    return [one for one, row in rows.items() if name in getattr(row, attribute)]


def _head(name: str, text: str) -> str:
    return f'\n<a id="{name.lower()}"></a>**{name}. {text}**\n'


def _hazards(case: Case) -> Iterator[str]:
    yield "\n## Hazards"
    for name, row in case.hazards.items():
        yield _head(name, row.hazard)
        yield f"- Cause: {row.cause}"
        yield f"- Effect: {row.effect}"
        yield f"- Severity: {row.severity}"
        controls = _links(row.controls) if row.controls else f"none in software: {row.only_hardware}"
        yield f"- Controls: {controls}; hardware: {_links(row.hardware)}"
        yield f"- What remains: {row.residual}"
        if row.covers:
            yield f"- Answers: {_links(row.covers)}"
        if problems := [problem.id for problem in case.known if problem.hazard == name]:
            yield f"- Known problems: {_links(problems)}"


def _known(case: Case) -> Iterator[str]:
    yield "\n## Known problems\n"
    yield "| id | what happens | what to do | mended in | hazard |"
    yield "|---|---|---|---|---|"
    for row in case.known:
        yield (
            f'| <a id="{row.id.lower()}"></a>{row.id} | {row.what} | {row.do} | '
            f"{row.until or 'not yet'} | {_links([row.hazard])} |"
        )


def _controls(case: Case) -> Iterator[str]:
    yield "\n## Controls\n"
    yield "| id | control | kind | requirements | against |"
    yield "|---|---|---|---|---|"
    for name, row in case.controls.items():
        against = _links(_citing(case.hazards, "controls", name))
        yield (
            f'| <a id="{name.lower()}"></a>{name} | {row.control} | {row.kind} | '
            f"{_links(row.requirements)} | {against} |"
        )


def _requirements(case: Case) -> Iterator[str]:
    yield "\n## Requirements"
    for name, row in case.requirements.items():
        yield _head(name, row.text)
        yield f"- Of control: {_links(_citing(case.controls, 'requirements', name))}"
        yield f"- Where: {', '.join(f'[`{path}`](../../{path})' for path in row.where)}"
        yield f"- Shown by: {', '.join(_test(test) for test in row.tests)}"
        for figure in row.figures:
            yield f"- Measured: {_links([figure])}: {_value(case, figure)}"
        if row.faults:
            yield f"- Faults: {', '.join(f'`{fault}`' for fault in row.faults)}"
        if row.covers:
            yield f"- Answers: {_links(row.covers)}"


def _test(test: str) -> str:
    path, _, function = test.partition("::")
    return f"[`{path.removeprefix('tests/')}::{function}`](../../{path})"


def _value(case: Case, name: str) -> str:
    row = case.figures[name]
    bound = "" if row.bound is None else f" (bound {row.bound:g} {row.unit})"
    return f"{row.what}: {row.value:g} {row.unit}{bound}"


def _figures(case: Case) -> Iterator[str]:
    yield "\n## Measured figures\n"
    yield "| id | what | measured | bound | source | shows |"
    yield "|---|---|---|---|---|---|"
    for name, row in case.figures.items():
        bound = "" if row.bound is None else f"{row.bound:g} {row.unit}"
        shows = _links(_citing(case.requirements, "figures", name))
        yield (
            f'| <a id="{name.lower()}"></a>{name} | {row.what} | {row.value:g} {row.unit} | {bound} | '
            f"{row.source} | {shows} |"
        )


def _hardware(case: Case) -> Iterator[str]:
    yield "\n## What software cannot do and the hardware must\n"
    yield "| id | the unit must | because | to be shown by | against |"
    yield "|---|---|---|---|---|"
    for name, row in case.hardware.items():
        against = _links(_citing(case.hazards, "hardware", name))
        yield (f'| <a id="{name.lower()}"></a>{name} | {row.must} | {row.why} | {row.shown_by} | {against} |')


def _provenance(case: Case) -> Iterator[str]:
    yield "\n## Software of unknown provenance\n"
    yield (
        "Which version of a package runs is in `requirements.lock`; the rest is the system's. What is known "
        "was read from the makers' own pages and measured on the parts; nobody reads every report.\n"
    )
    yield "| id | software | what for | in the loop's process | what is known of it | held by |"
    yield "|---|---|---|---|---|---|"
    for name, row in case.provenance.items():
        packages = f" ({', '.join(f'`{one}`' for one in row.packages)})" if row.packages else ""
        yield (
            f'| <a id="{name.lower()}"></a>{name} | {row.software}{packages} | {row.does} | '
            f"{'yes' if row.in_loop else 'no'} | {row.known} | {_links(row.held_by)} |"
        )


def _answers(case: Case) -> Iterator[str]:
    yield "\n## What this case answers to"
    for group, items in case.items.items():
        yield f"\n### {TITLES[group]}\n"
        yield "| id | what | answered by |"
        yield "|---|---|---|"
        for name, item in items.items():
            by = [*_citing(case.hazards, "covers", name), *_citing(case.requirements, "covers", name)]
            answer = ", ".join([*([_links(by)] if by else []), *(_test(test) for test in item.tests)])
            answer = f"**not shown:** {item.gap}" if item.gap else answer
            answer += f"; **falls short:** {item.limit}" if item.limit else ""
            yield f'| <a id="{name.lower()}"></a>{name} | {item.text} | {answer} |'


def _modules(case: Case) -> Iterator[str]:
    for title, attribute, link in (
        ("From code to requirements", "where", lambda path: f"[`{path}`](../../{path})"),
        ("From tests to requirements", "tests", _test),
        ("From the simulator's faults to requirements", "faults", lambda fault: f"`{fault}`"),
    ):
        yield f"\n## {title}\n"
        yield "| from | requirements |"
        yield "|---|---|"
        for one in sorted({x for row in case.requirements.values() for x in getattr(row, attribute)}):
            yield f"| {link(one)} | {_links(_citing(case.requirements, attribute, one))} |"
