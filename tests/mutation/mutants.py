"""Mutates the modules that keep people safe, one change at a time, and lists what no test noticed.

    .venv/bin/python tests/mutation/mutants.py [--jobs 2] [MODULE ...]

Law: a mutant that survives is killed by a test or justified in `survivors.yaml`; anything else fails. The
checkout is never touched: each module is mutated in a copy of its own. cosmic-ray does the mutating, from an
environment of its own, so that neither the unit nor the other tests depend on it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).parents[2]
TOOL = "cosmic-ray==8.7.0"
LISTED = Path(__file__).with_name("survivors.yaml")
BOUNDS = "tests/controller/test_mutants_core.py tests/controller/test_limits_table.py"
CORE = " ".join(f"tests/controller/test_{name}.py" for name in ("guard", "core_edges", "phases", "session"))
STAGES = (BOUNDS, CORE, "tests/controller/test_proof.py")
MODULES: dict[str, tuple[str, ...]] = {
    "protocols/ceilings.py": ("tests/protocols",),
    "controller/core/dose.py": STAGES,
    "controller/core/phases.py": STAGES,
    "controller/core/limits.py": STAGES,
    "controller/core/regulator.py": STAGES,
    "controller/core/session.py": STAGES,
    "controller/core/guard.py": STAGES,
}
"""What is mutated, and the tests that must notice, in stages: the quick ones first."""
OPERATORS = (
    "NumberReplacer|AddNot|ReplaceAndWithOr|ReplaceOrWithAnd|ReplaceTrueWithFalse|ReplaceFalseWithTrue|"
    "ReplaceUnaryOperator_(USub_UAdd|Delete_Not|Delete_USub)|"
    "ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul)|"
    "ReplaceComparisonOperator_(Gt_Lt|Lt_Gt|GtE_Gt|GtE_Lt|LtE_Lt|LtE_Gt|Eq_NotEq|NotEq_Eq|"
    "Is_IsNot|IsNot_Is)"
)
"""The changes that a slip of the hand makes; shifts and bit operators on floats are no such slips.

`<` and `>` compare measured floats, where equality happens to nobody; what counts samples uses `>=`.
"""
TIMEOUT_S = 300.0


class Mutant(NamedTuple):
    """One change that the tests did not notice: in which definition, the line as it was and as it became."""

    module: str
    inside: str
    was: str
    now: str


def survivors_of(module: str, cosmic: Path) -> tuple[int, list[Mutant]]:
    """Mutate one module in a copy; return the number of mutants and those that survived."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder) / "checkout"
        kept = (
            "protocols",
            "config",
            "controller",
            "drivers",
            "sim",
            "app",
            "tests",
            "docs",
            "pyproject.toml",
        )
        for name in kept:
            source = ROOT / name
            ignored = shutil.ignore_patterns("__pycache__")
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=ignored)
            else:
                shutil.copy(source, copy / name)
        options = "-x -q -p no:cacheprovider -p no:xdist -p no:cov"
        stages = " && ".join(f"{sys.executable} -m pytest {options} {tests}" for tests in MODULES[module])
        copy.joinpath("mutants.toml").write_text(
            f"""
[cosmic-ray]
module-path = "{module}"
timeout = {TIMEOUT_S}
excluded-modules = []
test-command = "sh -c '{stages}'"
[cosmic-ray.distributor]
name = "local"
[cosmic-ray.filters.operators-filter]
exclude-operators = ['core/(?!({OPERATORS})$).*']
""",
            encoding="utf-8",
        )
        call(copy, "sh", "-c", stages)
        call(copy, cosmic / "cosmic-ray", "init", "mutants.toml", "mutants.sqlite")
        call(copy, cosmic / "cr-filter-operators", "mutants.sqlite", "mutants.toml")
        call(copy, cosmic / "cosmic-ray", "exec", "mutants.toml", "mutants.sqlite")
        return read(module, call(copy, cosmic / "cosmic-ray", "dump", "mutants.sqlite"))


def read(module: str, dump: str) -> tuple[int, list[Mutant]]:
    """Read cosmic-ray's dump: one pair of job and result a line."""
    count, alive = 0, []
    for line in dump.splitlines():
        job, result = json.loads(line)
        if result is None or result["worker_outcome"] == "skipped":
            continue
        count += 1
        if result["test_outcome"] == "survived":
            inside = job["mutations"][0].get("definition_name") or ""
            alive.append(Mutant(module, inside, *changed(result["diff"])))
    return count, sorted(set(alive))


def changed(diff: str) -> tuple[str, str]:
    """Return the lines that a diff takes away and puts in, stripped and joined."""
    rows = [row for row in diff.splitlines() if not row.startswith(("---", "+++"))]
    was, now = ([row[1:].strip() for row in rows if row.startswith(sign)] for sign in "-+")
    return " ".join(was), " ".join(now)


def call(folder: Path, *command: object) -> str:
    """Run a command in `folder` and return what it printed; its failure is ours."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def listed() -> dict[Mutant, str]:
    """Return the justified survivors with their reasons."""
    rows = yaml.safe_load(LISTED.read_text(encoding="utf-8")) or []
    return {Mutant(row["module"], row["inside"], row["was"], row["now"]): row["why"] for row in rows}


def run(modules: list[str], jobs: int) -> list[str]:
    """Mutate `modules`; return a sentence for every survivor that is not listed, and print the figures."""
    with tempfile.TemporaryDirectory(prefix="cosmic-") as folder:
        call(ROOT, sys.executable, "-m", "venv", folder)
        call(ROOT, Path(folder) / "bin/pip", "install", "-q", TOOL)
        cosmic = Path(folder) / "bin"
        with ThreadPoolExecutor(jobs) as pool:
            found = list(pool.map(lambda module: survivors_of(module, cosmic), modules))
    known = listed()
    errors = []
    for module, (count, alive) in zip(modules, found, strict=True):
        unlisted = [mutant for mutant in alive if mutant not in known]
        sys.stdout.write(f"{module}: {count} mutants, {len(alive)} survived, {len(unlisted)} unlisted\n")
        errors += [
            f"{mutant.module}, {mutant.inside}: {mutant.was!r} became {mutant.now!r}" for mutant in unlisted
        ]
    return errors


def main() -> int:
    """Run from the command line; 1 when a survivor is not listed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", default=list(MODULES), metavar="MODULE")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    errors = run(args.modules, args.jobs)
    sys.stdout.write("".join(f"unlisted survivor: {error}\n" for error in errors))
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
