"""Changes the modules that keep people safe, one slip at a time, and lists what no test noticed.

    .venv/bin/python tests/support/mutants.py [MODULE ...]   every slip of these modules, of all without names
    .venv/bin/python tests/support/mutants.py --quick        what changed since the record, and a sample
    .venv/bin/python tests/support/mutants.py --record [MODULE ...]   what the record lacks as it is today

`--record` writes record and figures after every definition, so it goes on where it was ended.

Law: a mutant that survives is killed by a test or justified in `tests/mutation/survivors.yaml`; anything else
fails. No file of the checkout is changed: each mutant lives in a forked process, whose importer gives it for
the module.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.abc
import importlib.util
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]
from mutate import Mutant, Slip, definitions_of, slips_of  # noqa: E402 - beside this file
from places import place  # noqa: E402 - likewise

LISTED = ROOT / "tests/mutation/survivors.yaml"
RECORD = ROOT / "tests/mutation/record.yaml"
PAGE = ROOT / "docs/safety/mutation.md"


def _tests(*names: str) -> list[str]:
    return [place(f"tests/**/test_{name}.py") for name in names]


BOUNDS = _tests("mutants_core", "limits_table")
PROOF = [*_tests("proof_steps", "proof"), "-k", "not simulated and not sound_units"]
MODULES: dict[str, tuple[list[str], ...]] = {
    "protocols/ceilings.py": (_tests("ceilings", "treatment", "library", "frequency"),),
    "controller/core/dose.py": (BOUNDS,),
    "controller/core/phases.py": (_tests("phases"), _tests("session")),
    "controller/core/limits.py": (BOUNDS,),
    "controller/core/regulator.py": (BOUNDS, _tests("core_edges"), _tests("session")),
    "controller/core/foldback.py": (_tests("foldback", "core_edges"), _tests("session")),
    "controller/core/proof.py": (PROOF, _tests("drop_out"), _tests("tripping"), _tests("session")),
    "controller/core/tripping.py": (_tests("tripping"),),
    "controller/core/dummy_rule.py": (_tests("trial"),),
    "controller/core/trial.py": (_tests("trial"),),
    "controller/core/contact.py": (_tests("contact"), _tests("session_bounds", "session_current", "session")),
    "controller/core/session.py": (
        _tests("session_bounds", "session_current", "session_ends", "asked", "phases"),
        _tests("trial"),
        _tests("session", "core_edges", "guard"),
        [*_tests("no_trip_is_missed"), "-k", "not steady_hold"],
        PROOF,
    ),
    "controller/core/guard.py": (
        BOUNDS,
        _tests("trial"),
        _tests("guard_memory", "guard_first", "guard_corners", "guard_pilot", "guard_beginnings"),
        _tests("guard_edges"),
        _tests("guard", "core_edges"),
        [*_tests("no_trip_is_missed"), "-k", "not steady_hold"],
        PROOF,
    ),
}
"""What is mutated, and the tests that must notice, in stages: the quick ones first."""
ROOMS = ("protocols", "config", "controller", "app")
"""Rooms of ours in the order of their imports; whoever comes after the mutated one is imported anew."""
READY = (
    "hypothesis",
    "pydantic",
    "yaml",
    "jsonschema",
    "gpiozero",
    "protocols.treatment",
    "config.unit",
    "sim.world",
)
LONGEST_S = 40
"""A mutant that takes longer than this of the processor is noticed: it hangs. Sound tests need a quarter,
and half on a busy machine."""
LONGEST_ASLEEP_S = 15 * LONGEST_S
"""And one that waits without end."""
MOST_MEMORY = 2 << 30
SAMPLE = 12
MOST_CHANGED = 30
"""How many mutants `--quick` takes: at random from all, and from definitions newer than the record."""


class _Given(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports one module from a text instead of its file."""

    def __init__(self, slip: Slip) -> None:
        self._source = slip.source
        self._path = slip.mutant.module
        self.name = slip.mutant.module.removesuffix(".py").replace("/", ".")

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(fullname, self) if fullname == self.name else None

    def get_source(self, fullname: str) -> str:
        return self._source

    def get_code(self, fullname: str) -> Any:
        return compile(self._source, self._path, "exec")


def _passes(slip: Slip) -> bool:
    """In a process of its own: tell whether all tests pass with `slip`."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_S, LONGEST_S))
    signal.alarm(LONGEST_ASLEEP_S)
    room = slip.mutant.module.split("/")[0]
    anew = ROOMS[ROOMS.index(room) :]
    for name in [name for name in sys.modules if name.split(".")[0] in anew]:
        del sys.modules[name]
    given = _Given(slip)
    sys.meta_path.insert(0, given)
    options = ["-x", "-q", "--tb=no", "-p", "no:cacheprovider"]
    for tests in MODULES[slip.mutant.module]:
        if pytest.main([*options, *tests]) != pytest.ExitCode.OK:
            return False
    if given.name not in sys.modules:
        raise RuntimeError(f"{given.name} was never imported")
    return True


def _begin(slip: Slip) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 2
    try:
        code = 0 if _passes(slip) else 1
    except BaseException:  # whatever a mutant does, it may not go on as a second parent
        code = 1
    finally:
        os._exit(code)


def survivors_of(slips: list[Slip], jobs: int) -> Iterator[Mutant]:
    """Try every slip, `jobs` at a time; yield those that no test noticed. Says how far it is."""
    running: dict[int, Mutant] = {}
    waiting, began_s, done = list(reversed(slips)), time.monotonic(), 0
    while waiting or running:
        while waiting and len(running) < jobs:
            slip = waiting.pop()
            running[_begin(slip)] = slip.mutant
        pid, status = os.wait()
        mutant = running.pop(pid)
        done += 1
        if status == 0:
            if mutant.was:  # the sound module is a mutant of nothing
                say("survived:", *mutant)
            yield mutant
        if done % 50 == 0 or done == len(slips):
            say(f"{done} of {len(slips)} tried, {time.monotonic() - began_s:.0f} s")


def spoilt(modules: Iterable[str], jobs: int) -> list[str]:
    """Return the modules whose tests fail without any mutant; nothing could be told from them."""
    sound = [
        Slip(Mutant(module, "", "", ""), (ROOT / module).read_text(encoding="utf-8")) for module in modules
    ]
    return sorted(
        {slip.mutant.module for slip in sound} - {mutant.module for mutant in survivors_of(sound, jobs)}
    )


def say(first: str, *more: str) -> None:
    """Print a line, and more below it, at once."""
    sys.stdout.write("\n  ".join([first, *more]) + "\n")
    sys.stdout.flush()


def all_slips(modules: Iterable[str] = MODULES) -> list[Slip]:
    """Return every slip of these modules."""
    return [
        slip for module in modules for slip in slips_of(module, (ROOT / module).read_text(encoding="utf-8"))
    ]


def listed() -> dict[Mutant, str]:
    """Return the justified survivors with their reasons."""
    rows = yaml.safe_load(LISTED.read_text(encoding="utf-8")) or []
    return {Mutant(row["module"], row["inside"], row["was"], row["now"]): row["why"] for row in rows}


def recorded() -> dict[str, Any]:
    """Return the record: module -> definition -> at which hash all its mutants were tried, when, how many.

    A definition whose hash is empty was never tried.
    """
    return yaml.safe_load(RECORD.read_text(encoding="utf-8"))


def changed_since(record: dict[str, Any]) -> set[tuple[str, str]]:
    """Return (module, definition) of all that is not as it was when its mutants were last tried.

    What never was is left to the nightly run; a definition that the record doesn't know is new.
    """
    found = set()
    for module, rows in record.items():
        for name, mark in definitions_of((ROOT / module).read_text(encoding="utf-8")).items():
            before = rows.get(name, {"hash": "new"})["hash"]
            if before and before != mark:
                found.add((module, name))
    return found


def untried(record: dict[str, Any]) -> set[tuple[str, str]]:
    """Return (module, definition) of all whose mutants were never tried."""
    return {
        (module, name) for module, rows in record.items() for name, row in rows.items() if not row["hash"]
    }


def chosen(slips: list[Slip], changed: set[tuple[str, str]], seed: str) -> list[Slip]:
    """Return what `--quick` tries: of what changed as much as there is time for, of the rest a sample."""
    rng = random.Random(seed)
    new = [slip for slip in slips if slip.mutant[:2] in changed]
    old = [slip for slip in slips if slip.mutant[:2] not in changed]
    return rng.sample(new, min(MOST_CHANGED, len(new))) + rng.sample(old, min(SAMPLE, len(old)))


def table(record: dict[str, Any]) -> str:
    """Return the figures of the record as Markdown."""
    lines = [
        "| module | mutants tried | killed | survive, justified | definitions run | last run |",
        "|---|---|---|---|---|---|",
    ]
    for module, rows in record.items():
        done = [row for row in rows.values() if row["hash"]]
        tried, alive = (sum(row[what] for row in done) for what in ("mutants", "survived"))
        newest = max(done, key=lambda row: row["date"], default=None)  # a date alone is before its hours
        last = f"{newest['date']} at {newest['commit']}" if newest else "not yet"
        lines.append(
            f"| `{module}` | {tried} | {tried - alive} | {alive} | {len(done)} of {len(rows)} | {last} |"
        )
    return "\n".join(lines)


def write(module: str, name: str, mutants: int, survived: int) -> None:
    """Write that all `mutants` of a definition were tried into the record, and the figures into the page."""
    record = recorded()
    before = table(record)
    git = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    rows = record.get(module, {})
    now = definitions_of((ROOT / module).read_text(encoding="utf-8"))
    record[module] = {one: rows.get(one, {"hash": ""}) for one in now}
    record[module][name] = {
        "hash": now[name],
        "mutants": mutants,
        "survived": survived,
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        "commit": commit,
    }
    in_order = {one: record[one] for one in MODULES if one in record}
    RECORD.write_text(yaml.safe_dump(in_order, sort_keys=False), encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(page.replace(before, table(in_order)), encoding="utf-8")


def lacking(slips: list[Slip]) -> dict[tuple[str, str], list[Slip]]:
    """Return the slips by definition, of those that the record doesn't hold as they are today."""
    record = recorded()
    found: dict[tuple[str, str], list[Slip]] = {}
    for slip in slips:
        found.setdefault((slip.mutant.module, slip.mutant.inside), []).append(slip)
    for module in dict.fromkeys(slip.mutant.module for slip in slips):
        for name, mark in definitions_of((ROOT / module).read_text(encoding="utf-8")).items():
            if record.get(module, {}).get(name, {"hash": ""})["hash"] == mark:
                found.pop((module, name), None)
            else:
                found.setdefault((module, name), [])
    return found


def errors_of(tried: list[Slip], alive: list[Mutant]) -> list[str]:
    """Return what is not as the list says: survivors that it lacks, and listed ones that a test noticed."""
    known = listed()
    noticed = {slip.mutant for slip in tried} - set(alive)
    errors = [f"unlisted survivor: {tuple(mutant)}" for mutant in alive if mutant not in known]
    return errors + [f"listed, yet noticed: {tuple(mutant)}" for mutant in known if mutant in noticed]


def main() -> int:
    """Run from the command line; 1 when a survivor is not listed, or a listed one is noticed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--quick", action="store_true")
    what.add_argument("--record", action="store_true")
    parser.add_argument(
        "--seed", default=f"{datetime.now(UTC):%Y-%m-%d}", help="of --quick's sample; today's date"
    )
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    if unknown := [module for module in args.modules if module not in MODULES]:
        parser.error(f"{unknown[0]} is not mutated; one of {', '.join(MODULES)} is")
    os.chdir(ROOT)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # coverage, xdist and the like cost time only
    for name in READY:
        importlib.import_module(name)
    slips = all_slips(args.modules or MODULES)
    groups = lacking(slips) if args.record else {}
    if args.record:
        slips = [slip for group in groups.values() for slip in group]
    if args.quick:
        record = recorded()
        left = untried(record)
        slips = [slip for slip in all_slips(record) if slip.mutant[:2] not in left]
        slips = chosen(slips, changed_since(record), args.seed)
    if failing := spoilt(dict.fromkeys(slip.mutant.module for slip in slips), args.jobs):
        raise RuntimeError(f"their tests fail without any mutant: {', '.join(failing)}")
    alive = [] if args.record else list(survivors_of(slips, args.jobs))
    for (module, name), group in groups.items():
        survivors = list(survivors_of(group, args.jobs))
        if not errors_of(group, survivors):
            write(module, name, len(group), len(survivors))
        alive += survivors
    errors = errors_of(slips, alive)
    say(f"{len(slips)} mutants, {len(alive)} survived, {len(errors)} of them not as listed", *errors)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
