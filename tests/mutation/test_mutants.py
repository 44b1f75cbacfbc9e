"""No mutant survives unlisted; the list and the record name nothing that is gone."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import mutants
import pytest
import yaml
from mutate import Mutant, definitions_of, joined, slips_of

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests/support/mutants.py"
LONGEST_S = 3600.0


def ask(*words: str, longest_s: float) -> str:
    """Run the script; returns what it printed when it found nothing wrong."""
    command = [sys.executable, str(SCRIPT), *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=longest_s, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.nightly
def test_no_mutant_survives_unlisted() -> None:
    assert "0 of them not as listed" in ask(longest_s=3 * LONGEST_S)


@pytest.mark.nightly
def test_the_record_is_of_all_modules_as_they_are() -> None:
    assert mutants.untried(mutants.recorded()) == set()
    assert mutants.changed_since(mutants.recorded()) == set()


def test_what_changed_since_the_record_and_a_sample_of_the_rest() -> None:
    assert "0 of them not as listed" in ask("--quick", "--seed", "1", longest_s=LONGEST_S)


def test_every_listed_survivor_is_of_today_and_has_its_reason() -> None:
    possible = {slip.mutant for slip in mutants.all_slips()}
    for mutant, why in mutants.listed().items():
        assert len(why) > 20, mutant
        assert mutant in possible, f"no slip makes {mutant} any more"


def test_every_survivor_of_the_record_is_listed() -> None:
    listed = [mutant[:2] for mutant in mutants.listed()]
    record = mutants.recorded()
    assert list(record) == list(mutants.MODULES)
    for module, rows in record.items():
        today = mutants.definitions_of((mutants.ROOT / module).read_text(encoding="utf-8"))
        for name, row in rows.items():
            if row["hash"] == today.get(name):  # of what changed since, the quick form takes some each time
                assert listed.count((module, name)) == row["survived"], (module, name)


def test_the_page_tells_the_record() -> None:
    assert mutants.table(mutants.recorded()) in mutants.PAGE.read_text(encoding="utf-8")


def test_the_last_run_is_the_newest_one_whether_or_not_its_hour_is_known() -> None:
    def run(date: str, commit: str) -> dict[str, Any]:
        return {"hash": "1", "mutants": 2, "survived": 0, "date": date, "commit": commit}

    rows = {
        "f": run("2026-11-22", "aaaaaaa"),
        "g": run("2026-11-22 21:38", "bbbbbbb"),
        "h": run("2026-11-21 23:59", "ccccccc"),
        "i": {"hash": ""},
    }
    newest = mutants.table({"m.py": rows}).splitlines()[-1]
    assert newest == "| `m.py` | 6 | 6 | 0 | 3 of 4 | 2026-11-22 21:38 at bbbbbbb |"
    assert mutants.table({"m.py": {"i": {"hash": ""}}}).endswith("| 0 of 1 | not yet |")


def test_every_module_and_every_test_is_there() -> None:
    for module, stages in mutants.MODULES.items():
        assert ROOT.joinpath(module).is_file()
        for word in (word for stage in stages for word in stage if word.startswith("tests/")):
            assert ROOT.joinpath(word).exists(), word


def test_a_changed_definition_is_told_and_tried_first() -> None:
    record = mutants.recorded()
    module = "controller/core/dose.py"
    record[module]["Dose.add"]["hash"] = "another"
    assert (module, "Dose.add") in mutants.changed_since(record)
    slips = mutants.all_slips([module])
    chosen = mutants.chosen(slips, {(module, "Dose.add")}, "1")
    first = [slip.mutant.inside for slip in chosen][:2]
    assert first == ["Dose.add"] * 2
    assert len(chosen) == len(set(chosen)) <= len(slips)


def test_a_new_definition_counts_as_changed_and_one_never_tried_does_not() -> None:
    record = mutants.recorded()
    module = "controller/core/dose.py"
    del record[module]["Dose.add"]
    record[module]["Dose.ma_min"] = {"hash": ""}
    changed = mutants.changed_since(record)
    assert (module, "Dose.add") in changed
    assert (module, "Dose.ma_min") not in changed
    assert (module, "Dose.ma_min") in mutants.untried(record)


def test_recording_goes_on_with_what_the_record_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = mutants.recorded()
    module = "controller/core/dose.py"
    record[module]["Dose.add"]["hash"] = "another"
    for name, text in (("RECORD", yaml.safe_dump(record, sort_keys=False)), ("PAGE", mutants.table(record))):
        (tmp_path / name).write_text(text, encoding="utf-8")
        monkeypatch.setattr(mutants, name, tmp_path / name)
    slips = mutants.all_slips([module])
    groups = mutants.lacking(slips)
    assert set(groups) == {(module, "Dose.add")}
    assert all(slip.mutant.inside == "Dose.add" for slip in groups[module, "Dose.add"])
    mutants.write(module, "Dose.add", 7, 0)
    assert mutants.lacking(slips) == {}
    assert mutants.table(mutants.recorded()) == (tmp_path / "PAGE").read_text(encoding="utf-8")


SLIPS: list[tuple[str, list[str]]] = [
    ("x = 3", ["x = 4", "x = 2"]),
    ("x = 0", ["x = 1", "x = (-1)"]),
    ("x = 0.5", ["x = 0.55", "x = 0.45"]),
    ("x = 0.0", ["x = 0.1", "x = (-0.1)"]),
    ("x = True", ["x = False"]),
    ("x = -a", ["x = (a)"]),
    ("x = not a", ["x = (a)"]),
    ("x = a < b", ["x = a > b"]),
    ("x = a <= b", ["x = a < b", "x = a > b"]),
    ("x = a >= b < c", ["x = a > b < c", "x = a < b < c", "x = a >= b > c"]),
    ("x = a is not None", ["x = a is None"]),
    ("x = a not in b", ["x = a in b"]),
    ("x = a and b or c", ["x = a and b and c", "x = a or b or c"]),
    ("x = a + b * c", ["x = a - b * c", "x = a + b / c"]),
    ("x = a * (\n    b  # times * b\n    / c)", ["x = a / (", "* c)"]),
    ("x = max(a, b)", ["x = min(a, b)"]),
    ("x = a if b else c", ["x = a if not (b) else c"]),
    ("if a:\n    b()", ["if not (a):", "pass"]),
    (
        "def f(a: int = 1) -> int:\n    a.b = c",
        ["def f(a: int = 2) -> int:", "def f(a: int = 0) -> int:", "pass"],
    ),
    ("def __init__(self):\n    self.b = c", []),
    ("x += a", ["x -= a"]),
    ("x = [a for a in b if c]", ["x = [a for a in b if not (c)]"]),
    ('"""Text."""\nx: Literal[1] = f"{a + 1}"', []),
    ("if TYPE_CHECKING:\n    x = 1", []),
    ("x = 'ü' + a * b", ["x = 'ü' - a * b", "x = 'ü' + a / b"]),
]


@pytest.mark.parametrize(("source", "expected"), SLIPS, ids=[source for source, _ in SLIPS])
def test_the_slips_are_these(source: str, expected: list[str]) -> None:
    slips = slips_of("m.py", source + "\n")
    for slip in slips:
        ast.parse(slip.source)
        assert slip.source != source
    assert [slip.mutant.now for slip in slips] == expected


def test_a_mutant_is_named_by_its_definition_and_lines() -> None:
    source = "class A:\n    def f(self):\n        return (a\n            + b)\n"
    (slip,) = slips_of("m.py", source)
    assert slip.mutant == Mutant("m.py", "A.f", "+ b)", "- b)")
    assert joined("  a\n   b ") == "a b"


def test_a_line_that_stands_there_twice_is_changed_in_both_places() -> None:
    source = "def f():\n    a.b()\n    c()\n    a.b()\n"
    slips = [slip for slip in slips_of("m.py", source) if slip.mutant.was.startswith("a.b()")]
    assert [slip.mutant.was for slip in slips] == ["a.b()", "a.b()  # again"]
    assert [slip.source.split() for slip in slips] == [
        ["def", "f():", "pass", "c()", "a.b()"],
        ["def", "f():", "a.b()", "c()", "pass"],
    ]


def test_a_definition_is_the_same_when_only_its_words_change() -> None:
    source = '"""M."""\nx = 1\n"""X."""\ndef f():\n    """Gives."""\n    return 3\n'
    assert definitions_of(source) == definitions_of(source.replace("X.", "Y.").replace("Gives", "Returns"))
    assert set(definitions_of(source)) == {"", "f"}


def test_definitions_are_told_apart() -> None:
    source = "x = 1\nclass A:\n    y = 2\n    def f(self): return 3\n"
    before: dict[str, Any] = definitions_of(source)
    after = definitions_of(source.replace("3", "4"))
    assert set(before) == {"", "A", "A.f"}
    assert {name for name in before if before[name] != after[name]} == {"A.f"}
