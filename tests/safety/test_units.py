"""Law 12, told from the source: a float that people, files or rooms exchange has its unit in its name."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
UNIT = re.compile(r"(^|_)(ma|v|s|ms|ohm|min|hours|hz|percent|volts|per_\w+|codes?|ppm|cm2|ua|kohm|nf|ml)$")
PURE = re.compile(
    r"(^|_)(gain|ratio|share|speed|factor|offset|pilot|u|scatter|residual)$|^(value|nominal|low|high)$"
)
"""Words for numbers that have no unit of their own, or that of what they are applied to: a channel's line and
its uncertainty (u) are in mA or V as the channel is, and a helper's `value` is of any kind;
a circuit's figure (nominal, low, high) has its unit in the key above it."""


def floats(tree: ast.Module) -> list[tuple[int, str]]:
    """Every class field and every public argument that is annotated as a float, with its line."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.append((node.lineno, node.target.id, ast.unparse(node.annotation)))
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            arguments = [*node.args.args, *node.args.kwonlyargs]
            found += [(a.lineno, a.arg, ast.unparse(a.annotation)) for a in arguments if a.annotation]
    return [(line, name.lower()) for line, name, kind in found if kind in {"float", "float | None"}]


def test_every_number_of_the_models_wears_its_unit() -> None:
    naked = []
    files = [
        path for room in ("protocols", "config", "controller") for path in ROOT.joinpath(room).rglob("*.py")
    ]
    assert len(files) > 20
    for path in files:
        for line, name in floats(ast.parse(path.read_text(encoding="utf-8"))):
            if not UNIT.search(name) and not PURE.search(name) and name != "per_code":
                naked.append(f"{path.relative_to(ROOT)}:{line} {name}")
    assert naked == []
