"""What the rooms below report in English, found in their source for the catalogues.

Law: found, never listed: a sentence that is added there fails a test until every language has it. A value
that is filled in stands as `{0}`, `{1}` in its order; both ways of a condition are sentences of their own.
"""

from __future__ import annotations

import ast
import errno
import os
import re
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Final, TypeAlias

from app.words import PHASE_WORDS, plain
from controller.core.reasons import REASONS
from controller.core.types import Cause

ROOT: Final = Path(__file__).parents[2]
WHOLE: Final = ("controller/**/*.py", "config/*.py", "protocols/*.py", "drivers/*.py", "app/device/herald.py")
"""Rooms that know no language: each text of theirs may reach a person."""
RAISED: Final = (
    *(f"app/{room}*.py" for room in ("", "device/", "history/", "household/", "web/")),
    *(f"sim/**/{name}.py" for name in ("scenario", "faults", "unit_client")),
)
"""Rooms whose errors alone reach a person as they are."""
ELSEWHERE: Final = (
    *(f"controller/core/{name}.py" for name in ("phases", "reasons", "signals")),
    *(f"controller/journal/{name}.py" for name in ("dates", "tables")),
    "protocols/fitness.py",
    # a diagram's, tables of the faces', a database's; and technicians', whose commands speak English
    *(
        f"controller/**/{name}.py"
        for name in (
            "bench_power",
            "bench_session",
            "commissioning",
            "first_power",
            "meter",
            "service",
            "timing",
        )
    ),
    *(f"app/{name}.py" for name in ("forks", "mqtt", "mqtt_kept", "oled", "reactions", "unit")),
)
"""Modules whose texts no person reads in another language."""
SAID: Final = frozenset({"t", "n", "Turned"})
"""Calls whose texts are in the catalogues already."""
_NO_TEXT: Final = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|DROP|PRAGMA|CREATE|ALTER|BEGIN|WITH)\b|.*= \?|id < \?|.*\w \| \w|READY="
    r"|\^\[ \]|while scanning .*|<document start>|<block end>"
)
"""Database, types, what a parser calls its own steps, and the like."""
NAMES: Final = frozenset({"Reference unit", "clock_nanosleep: {0}", "next.json: {0}", "text "})
"""Names of things, which stay, with and without more."""
LOG: Final = "ionto: the herald can't serve {0}: {1}\n"
"""What a process writes that knows no language."""
_ERRORS: Final = (
    *(errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EROFS, errno.EISDIR, errno.ENOTDIR),
    *(errno.EIO, errno.EADDRINUSE, errno.ENAMETOOLONG, errno.EBUSY, errno.ETIMEDOUT, errno.ENODEV),
    *(errno.ELOOP, errno.EINVAL, errno.ENXIO, errno.EREMOTEIO, errno.EMFILE, errno.ECONNREFUSED),
)
"""What an operating system says most often about files, buses and sockets."""
DATABASE: Final = (
    "attempt to write a readonly database",
    "database disk image is malformed",
    "database is locked",
    "database or disk is full",
    "disk I/O error",
    "file is not a database",
    "unable to open database file",
)
"""What SQLite says about its files (sqlite3.h, result codes)."""
MARKUP: Final = (
    "a comment or a line break",
    "a digit",
    "a digit or {0}",
    "a single document in the stream",
    "alphabetic or numeric character",
    "chomping or indentation indicators",
    "could not find expected {0}",
    "duplicate tag handle {0}",
    "escape sequence of {0} hexadecimal numbers",
    "expected {0}, but found {1}",
    "expected {0}, but got {1}",
    "found character {0} that cannot start any token",
    "found duplicate YAML directive",
    "found incompatible YAML document (version 1.* is required)",
    "found undefined tag handle {0}",
    "found unexpected document separator",
    "found unexpected end of stream",
    "found unknown escape character {0}",
    "URI escape sequence of 2 hexadecimal numbers",
    "indentation indicator in the range 1-9",
    "mapping keys are not allowed here",
    "mapping values are not allowed here",
    "sequence entries are not allowed here",
    "the node content",
)
"""What PyYAML says about a text that is none (its scanner and parser, 6.0)."""
SCENARIO: Final = (
    "Extra inputs are not permitted",
    "Input should be a finite number",
    "Input should be a valid number",
    "Input should be greater than or equal to {0}",
    "Input should be less than or equal to {0}",
    "one of {0}",
    "typical, dry, wet, ordinary, a resistance from 1 to 100000 ohm, or a mapping of numbers",
)
"""What a scenario's numbers may be (pydantic 2, and the simulator's own words)."""
PLAIN: Final = ("(file)", "nothing", "text", "non-empty text", "[Errno {0}] {1}", "[Errno {0}] {1}: {2}")
"""About files: where no key is meant, what stands there, and how Python writes what a system said."""
OPTIONS: Final = (
    "argument {0}: {1}",
    "expected one argument",
    "expected at least one argument",
    "expected at most one argument",
    "expected {0} arguments",
    "ignored explicit argument '{0}'",
    "invalid choice: '{0}' (choose from {1})",
    "invalid {0} value: '{1}'",
    "not allowed with argument {0}",
    "one of the arguments {0} is required",
    "the following arguments are required: {0}",
    "unrecognized arguments: {0}",
)
"""What Python's parser of options says (argparse, 3.11 to 3.14)."""
WORDS: Final = ("forward", "reverse", "voltage", "supply", "return", "current")
"""Values that are said within sentences, beside phases and causes."""

Parts: TypeAlias = tuple[str | None, ...]
"""A text in pieces, None for a value."""


def reported() -> Iterator[tuple[str, str]]:
    """Give every text that is reported, and the file it stands in."""
    elsewhere = _files(ELSEWHERE)
    for patterns, whole in ((WHOLE, True), (RAISED, False)):
        for path in sorted(_files(patterns) - elsewhere):
            name = path.relative_to(ROOT).as_posix()
            yield from ((text, name) for text in texts_of(path.read_text("utf-8"), whole=whole))
    said_within = (row.title for row in REASONS.values() if row.locks)  # why a unit is locked
    for text in (*DATABASE, *MARKUP, *SCENARIO, *OPTIONS, *PLAIN, *map(os.strerror, _ERRORS), *said_within):
        yield text, ""


def _files(patterns: Iterable[str]) -> set[Path]:
    """Give the files of these patterns. Raises ValueError for a pattern that finds none: it was moved."""
    found = {pattern: set(ROOT.glob(pattern)) for pattern in patterns}
    if nothing := [pattern for pattern, files in found.items() if not files]:
        raise ValueError(f"nothing is at {nothing[0]}")
    return set().union(*found.values())


def words() -> Iterator[str]:
    """Give the words that are said within sentences."""
    yield from WORDS
    yield from (plain(name) for name in (*PHASE_WORDS, *Cause))


def texts_of(source: str, *, whole: bool) -> Iterator[str]:
    """Give the texts of a module, all or only those of its errors."""
    tree = ast.parse(source)
    constants = {name: text for node in tree.body for name, text in _constant(node)}
    if whole:
        yield from _texts(_without_docstrings(tree), constants)
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            yield from _texts([node.exc], constants)


def _constant(node: ast.stmt) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        if isinstance(target, ast.Name) and isinstance(node.value.value, str):
            yield target.id, node.value.value


def _without_docstrings(tree: ast.Module) -> Iterator[ast.AST]:
    """Give the statements and expressions that do something, from the top."""
    for node in tree.body:
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            yield node


def _texts(nodes: Iterable[ast.AST], constants: dict[str, str]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring
        if isinstance(node, ast.Call) and _name(node.func) in SAID:
            continue
        if isinstance(node, ast.Call) and _name(node.func) == "join" and isinstance(node.func, ast.Attribute):
            separator = node.func.value
            if isinstance(separator, ast.Constant) and re.search("[a-z]", str(separator.value)):
                yield "{0}" + str(separator.value) + "{1}"
            yield from _texts(node.args, constants)
            continue
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
            yield from filter(_is_text, map(_written, _expanded(node, constants)))
            yield from _texts(_values(node), constants)
        else:
            yield from _texts(ast.iter_child_nodes(node), constants)


def _values(node: ast.expr) -> Iterator[ast.expr]:
    """Give what is filled into a text, without the pieces that are already in it."""
    if isinstance(node, ast.JoinedStr):
        for part in node.values:
            yield from _values(part)
    elif isinstance(node, ast.FormattedValue):
        yield from _values(node.value)
    elif isinstance(node, ast.BinOp):
        yield from (*_values(node.left), *_values(node.right))
    elif isinstance(node, ast.IfExp):
        yield from (node.test, *_values(node.body), *_values(node.orelse))
    elif not isinstance(node, ast.Constant):
        yield node


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _expanded(node: ast.expr, constants: dict[str, str]) -> list[Parts]:
    """Give all texts that an expression may become."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [(node.value,)]
    if isinstance(node, ast.FormattedValue):
        return _expanded(node.value, constants)
    if isinstance(node, ast.JoinedStr):
        each = (_expanded(part, constants) for part in node.values)
        return [tuple(piece for parts in chosen for piece in parts) for chosen in product(*each)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _expanded(node.left, constants), _expanded(node.right, constants)
        both = [first + second for first, second in product(left, right)]
        return both if any(piece for parts in both for piece in parts) else [(None,)]
    if isinstance(node, ast.IfExp):
        return _expanded(node.body, constants) + _expanded(node.orelse, constants)
    return [(constants.get(node.id) if isinstance(node, ast.Name) else None,)]


def _written(parts: Parts) -> str:
    """Write a text for a catalogue; values that touch are one."""
    text, count, touches = "", 0, False
    for part in parts:
        if part is not None:
            text += part.replace("{", "{{").replace("}", "}}")
        elif not touches:
            text, count = f"{text}{{{count}}}", count + 1
        touches = part is None or (touches and not part)
    return text


def _is_text(text: str) -> bool:
    """Tell a text for people from a key, a format or a query: it has a word and a space."""
    literal = re.sub(r"\{\d+\}", "", text)
    said = re.search("[a-z]{2}", literal) and " " in literal
    return bool(said) and _NO_TEXT.match(text) is None and text not in (*NAMES, LOG)
