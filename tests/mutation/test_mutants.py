"""No mutant survives unlisted; the list names nothing that is gone."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def _mutants() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mutants", Path(__file__).with_name("mutants.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mutants = _mutants()


@pytest.mark.nightly
def test_no_mutant_survives_unlisted() -> None:
    assert mutants.run(list(mutants.MODULES), 2) == []


def test_every_listed_survivor_is_of_today_and_has_its_reason() -> None:
    for mutant, why in mutants.listed().items():
        assert mutant.module in mutants.MODULES
        assert len(why) > 20, mutant
        lines = {
            line.strip() for line in ROOT.joinpath(mutant.module).read_text(encoding="utf-8").splitlines()
        }
        assert mutant.was in lines, f"{mutant.module} has no line {mutant.was!r} any more"
        assert mutant.was != mutant.now


def test_every_module_and_every_test_is_there() -> None:
    for module, tests in mutants.MODULES.items():
        assert ROOT.joinpath(module).is_file()
        for test in " ".join(tests).split():
            assert ROOT.joinpath(test).exists(), test


def test_survivors_are_read_from_the_dump() -> None:
    diff = "--- a\n+++ b\n@@ -1 +1 @@\n x\n-    if a < b:\n+    if a <= b:\n"
    rows = [
        [
            {"mutations": [{"definition_name": "less"}]},
            {"worker_outcome": "normal", "test_outcome": "survived", "diff": diff},
        ],
        [{}, {"worker_outcome": "normal", "test_outcome": "killed", "diff": diff}],
        [{}, {"worker_outcome": "skipped", "test_outcome": None, "diff": None}],
        [{}, None],
    ]
    dump = "\n".join(json.dumps(row) for row in rows)
    assert mutants.read("m.py", dump) == (2, [mutants.Mutant("m.py", "less", "if a < b:", "if a <= b:")])
