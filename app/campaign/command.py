"""`ionto campaign`: plans the sessions, has them run, keeps and reports what they showed.

Law: nothing is run twice that a folder holds, and whatever was finished when it is interrupted is kept.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from app.atomic import write_whole
from app.campaign import page
from app.campaign.cells import STOP_TEST, Cell, groups, plan, short
from app.campaign.crew import Crew, crew, results
from app.campaign.pairs import Pair, plan_pairs
from app.campaign.programs import Program, plan_programs
from app.campaign.recurring import HOW_READ, plan_recurring, ridden_map
from app.campaign.report import report_of, words
from app.campaign.sessions import (
    Life,
    Result,
    life,
    run_cells,
    run_life,
    run_life_on_plant,
    run_pairs,
    run_programs,
    run_sound,
)
from app.campaign.store import Store
from app.compiled.build import compiled
from app.output import ExitCode, UndeliveredError, UsageError, complain, say
from app.reactions import PHASES, ROWS
from controller.host.disk import told
from protocols.treatment import find, names

Case = TypeVar("Case", Cell, Pair, Program)
QUICK_S: Final = 35.0
"""A quick campaign hands out no more sessions after this; on an idle machine of two cores all are done."""
SEEDS: Final = 20


class Order(NamedTuple):
    """What the command line asks for; None is the default of a whole or a quick campaign.

    `hours` are simulated hours of ordinary people, who then come instead of the faults; `plant` runs them
    on the plant alone. `pairs` is how many random pairs of faults come instead of the single ones, `programs`
    how many random programs of faults that stay or come and go, `recurring` how often each kind comes and
    goes alone for each seed. `interpreted` does without the compiled simulator.
    """

    quick: bool = False
    json: bool = False
    faults: str | None = None
    phases: str | None = None
    treatments: str | None = None
    seeds: int | None = None
    jobs: int | None = None
    out: Path | None = None
    resume: bool = False
    dask: str | None = None
    hours: float | None = None
    pairs: int | None = None
    programs: int | None = None
    recurring: int | None = None
    plant: bool = False
    interpreted: bool = False


def campaign(order: Order) -> ExitCode:
    """Run the campaign and return 0 when every session went as the table says, 3 when one did not.

    Raises:
        UsageError: a name is unknown, options don't go together, or the folder or cluster can't be used.

    """
    began_s = time.monotonic()
    _check(order)
    rows = _chosen("--faults", order.faults, ROWS, _row_words)
    if order.pairs is not None and len(rows) < 2:
        raise UsageError(f"--pairs draws two faults: name more with --faults than {rows[0]}, or leave it out")
    phases = _chosen("--phases", order.phases, PHASES, _phase_words)
    named = "hands" if order.treatments is None else order.treatments
    treatments = _chosen("--treatments", named, names())
    jobs = order.jobs or os.cpu_count() or 1
    with Store(order.out, resume=order.resume) as store:
        run = _Run(order, store, began_s + QUICK_S if order.quick else None)
        try:
            sources = _sources(order)
            with crew(jobs, order.dask, sources) as hired:
                if order.hours is not None:
                    run.lives(hired, order.hours)
                else:
                    seeds = range(1, (order.seeds or (1 if order.quick else SEEDS)) + 1)
                    whom = [(name, seed) for name in treatments for seed in seeds]
                    run.faults(hired, rows, phases, whom)
        except KeyboardInterrupt:
            complain("ionto: stopped; what was finished is kept, and --resume goes on from there.")
            return ExitCode.STOPPED
        return run.finish()


def _check(order: Order) -> None:
    if order.quick and order.hours is not None:
        raise UsageError(
            "--quick and --hours don't go together: --hours is for ordinary people without faults"
        )
    if order.hours is not None and (order.faults or order.phases or order.treatments or order.seeds):
        raise UsageError(
            "--hours runs ordinary people: leave --faults, --phases, --treatments and --seeds out"
        )
    if order.pairs is not None and (order.quick or order.hours is not None):
        raise UsageError("--pairs is a campaign of its own: leave --quick and --hours out")
    if order.programs is not None and (order.hours is not None or order.pairs is not None):
        raise UsageError("--programs is a campaign of its own: leave --hours and --pairs out")
    if order.programs is not None and (order.faults or order.phases):
        raise UsageError("--programs draws its faults and phases: leave --faults and --phases out")
    if order.recurring is not None:
        for name in ("hours", "pairs", "programs", "faults", "phases"):
            if getattr(order, name) is not None:
                raise UsageError(f"--recurring is a campaign of its own, of every phase: leave --{name} out")
    if order.plant and order.hours is None:
        raise UsageError("--plant is for people without faults: add --hours, or leave --plant out")
    if order.resume and order.out is None:
        raise UsageError("--resume goes on from a folder: name it with --out")


def _sources(order: Order) -> Path | None:
    """Return where the compiled simulator is, for processes of this machine; a quick campaign makes none."""
    interpreted = order.interpreted or order.dask is not None
    return compiled(interpreted=interpreted, make=not order.quick, tell=complain)


def _row_words(row: str) -> tuple[str, ...]:
    return row, ROWS[row].fault


def _phase_words(phase: str) -> tuple[str, ...]:
    return phase, phase.split(maxsplit=1)[0]


def _chosen(option: str, text: str | None, allowed: Iterable[str], words_of: Any = None) -> list[str]:
    """Return what a comma-separated list names; a short name stands for all that begin with it."""
    every = list(allowed)
    if text is None:
        return every
    chosen: list[str] = []
    for word in (part.strip() for part in text.split(",")):
        found = [name for name in every if word in (words_of(name) if words_of else (name,))]
        if not found:
            raise UsageError(f"{option}: '{word}' is unknown; allowed are {', '.join(every)}")
        chosen += [name for name in found if name not in chosen]
    return chosen


class _Run:
    """One campaign on its way."""

    def __init__(self, order: Order, store: Store, until_s: float | None) -> None:
        self._order, self._store, self._until_s = order, store, until_s
        self._results: list[Result] = []
        self._repeat: dict[str, str] = {}
        self._planned = 0
        self._shown_s = 0.0

    def faults(
        self, hired: Crew, rows: Sequence[str], phases: Sequence[str], pairs: Sequence[tuple[str, int]]
    ) -> None:
        """Run the sound sessions first, since they tell when each phase is, then the cells."""
        sound: dict[tuple[str, int], Result] = {}
        self._planned = len(pairs)
        for name, seed in pairs:
            short(name)
            if done := self._store.done(f"sound / {name} / {seed}", {}):
                sound[name, seed] = done
                self._take(done, f"sound--{name}--{seed}", name, seed, new=False)
        missing = [pair for pair in pairs if pair not in sound]
        for result in results(hired, run_sound, missing):
            _, name, seed = result["name"].split(" / ")
            sound[name, int(seed)] = result
            self._take(result, f"sound--{name}--{seed}", name, int(seed))
        if self._order.pairs is not None:
            spans = {pair: sound[pair]["spans"] for pair in pairs}
            self._cells(hired, list(plan_pairs(self._order.pairs, rows, phases, spans)), run_pairs)
            return
        if self._order.programs is not None:
            spans = {pair: sound[pair]["spans"] for pair in pairs}
            given = {pair: sound[pair]["given_ma_min"] for pair in pairs}
            self._cells(hired, list(plan_programs(self._order.programs, spans, given)), run_programs)
            return
        if self._order.recurring is not None:
            spans = {pair: sound[pair]["spans"] for pair in pairs}
            given = {pair: sound[pair]["given_ma_min"] for pair in pairs}
            self._cells(hired, list(plan_recurring(self._order.recurring, spans, given)), run_programs)
            return
        cells = [
            cell
            for pair in pairs
            for spans in [{**sound[pair]["spans"], STOP_TEST: sound[pair][STOP_TEST]}]
            for cell in plan(rows, phases, *pair, spans, quick=self._order.quick)
        ]
        self._cells(hired, cells, run_cells)

    def _cells(self, hired: Crew, cells: Sequence[Case], run: Callable[[list[Case]], list[Result]]) -> None:
        self._planned += len(cells)
        by_name = {cell.name: cell for cell in cells}
        missing: list[Case] = []
        for cell in cells:
            if done := self._store.done(cell.name, cell.scenario()):
                self._take(done, cell.slug, cell.treatment, cell.seed, new=False)
            else:
                missing.append(cell)
        for judged in results(hired, run, groups(missing), self._until_s):
            for result in judged:
                cell = by_name[result["name"]]
                self._take(result, cell.slug, cell.treatment, cell.seed)

    def lives(self, hired: Crew, hours: float) -> None:
        """Run ordinary people until their treatments make up `hours`."""
        people: list[Life] = []
        left_h = hours
        while left_h > 0.0:
            people.append(life(len(people) + 1))
            left_h -= find(people[-1].treatment).total_min / 60.0
        by_name = {person.name: person for person in people}
        self._planned = len(people)
        missing = []
        for person in people:
            if done := self._store.done(person.name, person.scenario):
                self._take(done, person.slug, person.treatment, person.seed, new=False)
            else:
                missing.append((person,))
        run = run_life_on_plant if self._order.plant else run_life
        for result in results(hired, run, missing):
            person = by_name[result["name"]]
            self._take(result, person.slug, person.treatment, person.seed)

    def _take(self, result: Result, slug: str, treatment: str, seed: int, *, new: bool = True) -> None:
        self._results.append(result)
        try:
            if new:
                self._store.keep(result)
            if result["problems"]:
                self._repeat[result["name"]] = self._store.repeatable(result, slug, treatment, seed)
        except OSError as error:
            raise UndeliveredError(f"--out {self._order.out}: {told(error, self._order.out)}") from error
        self._show()

    def _show(self) -> None:
        """Show progress on a terminal, and elsewhere a line now and then."""
        now_s, terminal = time.monotonic(), sys.stderr is not None and sys.stderr.isatty()
        if now_s - self._shown_s < (0.2 if terminal else 10.0) or sys.stderr is None:
            return
        self._shown_s = now_s
        bad = sum(1 for result in self._results if result["problems"])
        text = f"{len(self._results)} of {self._planned} sessions, {bad} failed"
        complain(f"\x1b[1A\x1b[2K{text}" if terminal and len(self._results) > 1 else text)

    def _picture(self) -> tuple[str, str]:
        """Return the picture of this kind of campaign, and how it is read."""
        if self._order.recurring is not None:
            return ridden_map(self._results), HOW_READ
        return page.heat_map(self._results), page.LATENCIES

    def finish(self) -> ExitCode:
        """Write and print the report."""
        report = report_of(
            self._results,
            self._repeat,
            quick=self._order.quick,
            skipped=self._planned - len(self._results),
        )
        folder = self._order.out
        if folder is not None:
            try:
                write_whole(folder / "campaign.json", json.dumps(report, indent=1) + "\n")
                picture, how_read = self._picture()
                write_whole(folder / "campaign.svg", picture)
                write_whole(folder / "campaign.html", page.page(picture, how_read, report))
            except OSError as error:
                raise UndeliveredError(f"--out {folder}: {told(error, folder)}") from error
        say(json.dumps(report) if self._order.json else words(report))
        judged = ("failed", "pairs_failed", "programs_failed", "recurring_failed", "nuisance")
        return ExitCode.ABORTED if any(report[one] for one in judged) else ExitCode.COMPLETED
