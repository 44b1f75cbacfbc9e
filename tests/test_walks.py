"""The walks that docs/architecture.md tells lead through files and functions that are there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Four walks\n")[2].partition("\n## ")[0]
WALKS = re.findall(r"\*\*(.+?)\*\*, (\d+) files:\n(.+?)\n(?=\n|\Z)", SECTION, re.DOTALL)


def functions(file: str) -> set[str]:
    """Give the names of all functions and methods that are defined in a file of the checkout."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_there_are_four() -> None:
    assert len(WALKS) == 4


@pytest.mark.parametrize(("title", "count", "steps"), WALKS, ids=[walk[0] for walk in WALKS])
def test_a_walk_leads_through_what_is_there(title: str, count: str, steps: str) -> None:
    lines = steps.splitlines()
    found = [re.fullmatch(r"\[`(\S+)`\]\(\.\./(\S+)\) `(\w+)`[,.]", line) for line in lines]
    assert all(found), lines
    files = [(step[1], step[2], step[3]) for step in found if step is not None]
    assert len({file for file, _, _ in files}) == len(files) == int(count), title
    for file, target, function in files:
        assert file == target
        assert function in functions(file), f"{file} has no {function}"
