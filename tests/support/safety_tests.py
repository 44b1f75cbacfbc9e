"""Whether a cited test exists and is sure to run, told from its source without running it.

Law: a test that may be skipped shows nothing, whether by a mark, by a call in its body, or in a fixture that
it asks for. What only the nightly run executes cannot stand alone either.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

UNRUN_MARKS = frozenset({"skip", "skipif", "xfail", "nightly", "bench"})
UNRUN_CALLS = frozenset({"skip", "xfail", "importorskip", "exit"})


def why_not_shown(test: str, root: Path) -> str:
    """Say why `file::name` shows nothing, as the end of a sentence; empty when it does.

    A parameter in brackets after the name is left to pytest's own collection.
    """
    path, _, name = test.partition("[")[0].partition("::")
    file = root / path
    if not file.is_file():
        return "is in a file that does not exist"
    tree = _tree(file)
    top = {_name(node): node for node in tree.body if _name(node)}
    if name not in top or not name.lower().startswith("test"):
        return "does not exist"
    if _mark(_marks_of_module(tree)) or _calls(tree.body, deep=False):
        return "is in a file that may be skipped"
    mark = _mark(_decorators(top[name]))
    if mark:
        return f"is marked {mark}"
    reached = _reached(top[name], _fixtures(file, root), set())
    skipping = next((_name(node) for node in reached if _calls([node], deep=True)), "")
    return f"may be skipped in {skipping}" if skipping else ""


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def _name(node: ast.stmt) -> str:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return ""


def _decorators(node: ast.stmt) -> list[ast.expr]:
    return list(getattr(node, "decorator_list", []))


def _marks_of_module(tree: ast.Module) -> list[ast.expr]:
    return [node.value for node in tree.body if isinstance(node, ast.Assign) and _name(node) == "pytestmark"]


def _mark(expressions: list[ast.expr]) -> str:
    """Return the first mark that keeps a test from running, wherever in the expressions it stands."""
    nodes = (node for expression in expressions for node in ast.walk(expression))
    return next((n.attr for n in nodes if isinstance(n, ast.Attribute) and n.attr in UNRUN_MARKS), "")


def _calls(body: list[ast.stmt], *, deep: bool) -> bool:
    """Tell whether a statement calls `pytest.skip` and its kind; not `deep`: outside functions only."""
    for statement in body:
        if not deep and isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                if isinstance(owner, ast.Name) and owner.id == "pytest" and node.func.attr in UNRUN_CALLS:
                    return True
    return False


def _fixtures(file: Path, root: Path) -> dict[str, ast.stmt]:
    """Return functions by name that a test of this file can ask for or call, its own first."""
    files = [file, *(folder / "conftest.py" for folder in file.parents if root in (folder, *folder.parents))]
    found: dict[str, ast.stmt] = {}
    for one in files:
        if one.is_file():
            for node in _tree(one).body:
                if isinstance(node, ast.FunctionDef):
                    found.setdefault(node.name, node)
    return found


def _reached(node: ast.stmt, fixtures: dict[str, ast.stmt], seen: set[str]) -> Iterator[ast.stmt]:
    yield node
    seen.add(_name(node))
    words = {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
    words |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    for word in sorted(words & fixtures.keys()):
        if word not in seen:
            yield from _reached(fixtures[word], fixtures, seen)
