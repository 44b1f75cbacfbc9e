"""What a YAML parser stumbled over, told where it began: it notices a missing end, or colon, lines later.

Law: pure. Told are the line and column of the character to mend: a quote or bracket that opens and is not
closed, a key without its colon, a line that is indented under a whole one.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from config.characters import place
from config.scalars import one_line

EXPECTED: Final = "expected lines of key: value, indented by spaces"
_CLOSING: Final = {"[": "]", "{": "}"}
_CLOSED: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|(?:^|(?<=\s))#.*")
"""Quoted texts and comments: what stands in them opens and closes nothing."""
_SECOND: Final = re.compile(r":(?=\s|$)")
_GLUED: Final = re.compile(r"([A-Za-z_][\w-]*)(:)\S")


def stumbled(error: Any, text: str, word: Any, opened: list[Any]) -> tuple[Any, str]:
    """Give the mark and the sentence of a parser's error, None where it tells no place.

    `word` is the scalar (an event) that was understood last, or None: an end quote that was forgotten is
    often found lines later, in the quote that opens another text, and a first line without its colon is a
    whole document. `opened` are the lists and mappings (events) that are open, the innermost last.
    """
    began, mark = error.context_mark, error.problem_mark or error.context_mark
    if mark is None:
        return None, _invalid(error)
    if error.context in {"while scanning a quoted scalar", "while scanning a double-quoted scalar"} and (
        error.problem in {"found unexpected end of stream", "found unexpected document separator"}
    ):
        return began, f"the quote {text[began.index]} opens here and is not closed"
    quoted = word is not None and word.style in {"'", '"'}
    if quoted and word.end_mark.line == mark.line > word.start_mark.line:
        ended = mark.line + 1
        return word.start_mark, f"the text that this quote opens ends in line {ended} only: close it before"
    if error.context == "while scanning a simple key":
        return _without_colon(began, text)
    if word is not None and not quoted and "<document start>" in str(error.problem):
        return _without_colon(word.start_mark, text)
    if opened and opened[-1].flow_style:
        at = opened[-1].start_mark
        rest = _CLOSED.sub("", text[at.index :])
        opening = next((char for char in rest if char in _CLOSING), None)  # behind an anchor or a tag
        if opening and rest.count(opening) > rest.count(_CLOSING[opening]):
            return at, f"the bracket {opening} opens here and is not closed by {_CLOSING[opening]}"
    if error.problem == "mapping values are not allowed here":
        return _too_much(mark, text)
    if "<block end>" in str(error.problem):
        return (
            mark,
            "this line is indented like none above that it could belong to: indent it like one",
        )
    return mark, _invalid(error)


def _invalid(error: Any) -> str:
    return f"not valid YAML ({one_line(str(error.problem))}), {EXPECTED}"


def _without_colon(began: Any, text: str) -> tuple[Any, str]:
    """Tell of a line that was to be a key and its value."""
    line = text[began.index :].splitlines()[0]
    if found := _GLUED.match(line):
        return _mark(text, began.index + found.start(2)), f"a space is missing after this colon, {EXPECTED}"
    return began, f"a line without a colon and a space, {EXPECTED}"


def _too_much(mark: Any, text: str) -> tuple[Any, str]:
    """Tell of a colon where a value had begun already: a second one, or one in a line under a whole one."""
    start = max(text.rfind("\n", 0, mark.index), text.rfind("\r", 0, mark.index)) + 1
    before = text[start : mark.index]
    if _SECOND.search(before):
        return mark, "a second colon in an unquoted text: quote the text"
    indent = len(before) - len(before.lstrip(" "))
    if indent:
        where = _mark(text, start + indent)
        return where, "this line is indented under one that is whole without it: indent both alike"
    above = text[:start].rstrip()
    first = max(above.rfind("\n"), above.rfind("\r")) + 1
    if above and not _SECOND.search(above[first:]):
        return _without_colon(_mark(text, first), text)
    return mark, f"a colon where none is allowed, {EXPECTED}"


def _mark(text: str, index: int) -> Any:
    line, column = place(text, index)
    return yaml.Mark("", index, line - 1, column - 1, None, 0)
