"""Every slip of the hand that a module of ours could hold, made one at a time in its text.

Law: pure; text in, changed texts out. A slip is a number a little off, a comparison turned or moved onto its
bound, `and` for `or`, a condition negated, `+` for `-`, `min` for `max`, a flag turned, a line forgotten.
What people read (texts, docstrings) and what only the type checker reads is left alone.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator
from typing import NamedTuple

COMPARISONS: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Gt: ("<",),
    ast.Lt: (">",),
    ast.GtE: (">", "<"),
    ast.LtE: ("<", ">"),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
}
"""`<` and `>` compare measured floats, where equality happens to nobody; so they become no `<=` and `>=`."""
ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
}
EXTREMES = {"min": "max", "max": "min"}
AGAIN = "  # again"
"""Tells a line from the same one further up in its definition."""


class Mutant(NamedTuple):
    """One slip: in which module and definition, the line as it was and as it became."""

    module: str
    inside: str
    was: str
    now: str


class Slip(NamedTuple):
    """A mutant with the whole text of its module."""

    mutant: Mutant
    source: str


class _Edit(NamedTuple):
    begin: int
    end: int
    text: str


def slips_of(module: str, source: str) -> list[Slip]:
    """Return every slip in `source`, the text of `module`, in its order."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found: dict[Mutant, str] = {}
    for inside, edit in _walk(ast.parse(source), "", _Text(source, starts)):
        changed = source[: edit.begin] + edit.text + source[edit.end :]
        first = source.rfind("\n", 0, edit.begin) + 1
        last = source.find("\n", edit.end)
        was = source[first:last]
        now = source[first : edit.begin] + edit.text + source[edit.end : last]
        mutant = Mutant(module, inside, joined(was), joined(now))
        while mutant in found:  # the same line stands in this definition again
            mutant = mutant._replace(was=f"{mutant.was}{AGAIN}")
        found[mutant] = changed
    return [Slip(mutant, changed) for mutant, changed in found.items()]


def joined(text: str) -> str:
    """Return the lines of `text`, stripped, as one."""
    return " ".join(line.strip() for line in text.splitlines())


def definitions_of(source: str) -> dict[str, str]:
    """Return a short hash of every definition by name, without its words for people.

    "" is what stands outside of all of them.
    """
    found: dict[str, str] = {}

    def visit(body: list[ast.stmt], name: str) -> None:
        own = []
        for node in body:
            if isinstance(node, ast.ClassDef):
                visit(node.body, f"{name}.{node.name}".lstrip("."))
            elif isinstance(node, ast.FunctionDef):
                found[f"{name}.{node.name}".lstrip(".")] = _hash([node])
            else:
                own.append(node)
        found[name] = _hash(own)

    visit(_Wordless().visit(ast.parse(source)).body, "")
    return found


class _Wordless(ast.NodeTransformer):
    """Takes out the docstrings, of which no mutant is made."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) else node


def _hash(nodes: list[ast.stmt]) -> str:
    return hashlib.sha256("\n".join(map(ast.unparse, nodes)).encode()).hexdigest()[:12]


class _Text:
    """The source, with offsets for the positions that the parser gives (in UTF-8 bytes of a line)."""

    def __init__(self, source: str, starts: list[int]) -> None:
        self.source, self._starts = source, starts
        self._lines = source.splitlines(keepends=True)

    def at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def begin(self, node: ast.expr | ast.stmt) -> int:
        return self.at(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt) -> int:
        return self.at(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def of(self, node: ast.expr | ast.stmt) -> str:
        return self.source[self.begin(node) : self.end(node)]

    def whole(self, node: ast.expr | ast.stmt, text: str) -> _Edit:
        return _Edit(self.begin(node), self.end(node), text)

    def between(self, left: ast.expr, right: ast.expr, pattern: str, text: str) -> _Edit:
        """Replace what matches `pattern` between two operands; brackets and comments may stand there too."""
        begin = self.end(left)
        gap = re.sub(
            r"#[^\n]*", lambda comment: " " * len(comment[0]), self.source[begin : self.begin(right)]
        )
        found = re.search(pattern, gap)
        if found is None:
            raise ValueError(f"no {pattern} between {self.of(left)} and {self.of(right)}")
        return _Edit(begin + found.start(), begin + found.end(), text)


def _walk(node: ast.AST, inside: str, text: _Text) -> Iterator[tuple[str, _Edit]]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        inside = f"{inside}.{node.name}".lstrip(".")
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    for edit in _edits(node, inside, text):
        yield inside, edit
    for child in _children(node):
        yield from _walk(child, inside, text)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Return the parts that run: no annotations, decorators, texts, and nothing for the type checker."""
    if isinstance(node, ast.JoinedStr):
        return
    left = {"annotation", "returns", "decorator_list", "bases"}
    for name, value in ast.iter_fields(node):
        if name not in left:
            yield from (
                one for one in (value if isinstance(value, list) else [value]) if isinstance(one, ast.AST)
            )


def _edits(node: ast.AST, inside: str, text: _Text) -> Iterator[_Edit]:
    if isinstance(node, ast.Constant):
        yield from (text.whole(node, value) for value in _numbers(node.value))
    elif isinstance(node, ast.Compare):
        operands = [node.left, *node.comparators]
        for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
            for other in COMPARISONS[type(operator)]:
                yield text.between(left, right, r"not\s+in|is\s+not|is|in|[<>=!]=?", other)
    elif isinstance(node, ast.BoolOp):
        was, now = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield text.between(left, right, was, now)
    elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        was, now = ARITHMETIC[type(node.op)]
        yield text.between(node.left, node.right, re.escape(was), now)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield text.whole(node, f"({text.of(node.operand)})")
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in EXTREMES:
        yield text.whole(node.func, EXTREMES[node.func.id])
    yield from _of_statement(node, inside, text)


def _of_statement(node: ast.AST, inside: str, text: _Text) -> Iterator[_Edit]:
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        yield text.whole(node.test, f"not ({text.of(node.test)})")
    elif isinstance(node, ast.comprehension):
        yield from (text.whole(test, f"not ({text.of(test)})") for test in node.ifs)
    elif isinstance(node, ast.AugAssign) and type(node.op) in ARITHMETIC:
        was, now = ARITHMETIC[type(node.op)]
        yield text.between(node.target, node.value, re.escape(was), now)
    if _may_be_forgotten(node) and not inside.endswith("__init__"):  # where it would be missed at once
        yield text.whole(node, "pass")  # type: ignore[arg-type]


def _may_be_forgotten(node: ast.AST) -> bool:
    """Tell whether `node` acts on something that outlives it: a call, or the setting of an attribute."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call)
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    parts = (part for target in targets if target for part in ast.walk(target))
    outlives = any(isinstance(part, ast.Attribute | ast.Subscript) for part in parts)
    return outlives and isinstance(node, ast.Assign | ast.AugAssign)


def _numbers(value: object) -> tuple[str, ...]:
    if isinstance(value, bool):
        return (str(not value),)
    if isinstance(value, int):
        return (str(value + 1), str(value - 1) if value else "(-1)")
    if isinstance(value, float):
        return (f"{1.1 * value:.7g}", f"{0.9 * value:.7g}") if value else ("0.1", "(-0.1)")
    return ()
