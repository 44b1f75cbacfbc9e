"""YAML text to plain Python, with the place of every key, and every fault of the text collected.

Law: nothing in a text can grow, run or hide: no aliases, anchors, merge keys, tags or duplicate keys, one
document, at most 20 levels. It is built from parser events, so a level too many ends the reading before
anything recurses. The parser in Python is used even where libyaml is there, so that positions and words
are the same on every machine.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, NoReturn, TypeAlias

import yaml

from config.characters import (
    complaint,
    first_odd,
    line_end_of_another_kind,
    misleading,
    named,
    place,
    plainly,
    remedy,
)
from config.scalars import Scalar, ScalarError, one_line, resolve_plain, resolve_text, unprintable

Loc: TypeAlias = tuple[str | int, ...]
"""Where a value stands: keys and list indexes from the root."""
Plain: TypeAlias = "Scalar | list[Plain] | dict[str, Plain]"

DEEPEST: Final = 20
"""Most levels of nesting; our own files need five."""


class Spot(NamedTuple):
    """Line and column (both from 1) of a key and of its value; a list entry's key stands at its value."""

    key: tuple[int, int]
    value: tuple[int, int]


class Fault(NamedTuple):
    """One thing wrong: where in the text, at which key, and the sentence."""

    at: tuple[int, int]
    loc: Loc
    sentence: str


class Tree(NamedTuple):
    """A text as plain values, and what was wrong with it.

    `spoilt` are the places whose value was refused already and stands as None in `data`.
    """

    data: dict[str, Plain]
    spots: dict[Loc, Spot]
    faults: list[Fault]
    spoilt: set[Loc]


class _Unreadable(Exception):
    """Reading cannot go on; the reason is already among the faults."""


def plant(text: str) -> tuple[Tree | None, list[Fault]]:
    """Read one YAML document from `text`, without ever raising; no tree where no mapping could be built."""
    if fault := _unfit(text):
        return None, [fault]
    loader = yaml.SafeLoader(text)
    builder = _Builder(loader, text)
    data: dict[str, Plain] | None = None
    try:
        data = builder.document()
    except _Unreadable:
        pass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        from config.yaml_errors import stumbled  # which a good file doesn't need

        odd = misleading(text, builder.read_to, len(text) if mark is None else mark.index)
        if odd is None:
            at, sentence = stumbled(error, text, builder.word, builder.opened)
            builder.fault(at, (), sentence)
        elif place(text, odd) not in {fault.at for fault in builder.faults}:
            builder.faults.append(Fault(place(text, odd), (), complaint(text[odd])))
    except (yaml.YAMLError, ValueError, OverflowError):
        # PyYAML lets chr() and int() fail on impossible escapes and version numbers
        sentence = (
            "not valid YAML (impossible escape or number), expected lines of key: value, indented by spaces"
        )
        builder.fault(loader.get_mark(), (), sentence)
    finally:
        loader.dispose()
    if data is None:
        return None, builder.faults
    return Tree(data, builder.spots, builder.faults, builder.spoilt), builder.faults


def _unfit(text: str) -> Fault | None:
    """Find what no file of ours may hold, wherever it stands."""
    if found := unprintable(text):
        at = place(text, found.start())
        if found[0] == "\ufeff":
            return Fault(at, (), complaint(found[0]))
        sentence = (
            f"control character U+{ord(found[0]):04X}, only printable text, tabs and line ends are allowed"
        )
        return Fault(at, (), sentence)
    if found := line_end_of_another_kind(text):
        sentence = f"{named(found[0])}, a line end for some programs and none for others, {remedy(found[0])}"
        return Fault(place(text, found.start()), (), sentence)
    return None


class _Builder:
    """Walks the events of one document; recursion is bounded by `DEEPEST`."""

    def __init__(self, loader: Any, text: str) -> None:
        self._loader = loader
        self._text = text
        self.read_to = 0
        """Offset up to which the text was understood."""
        self.word: Any = None
        """The scalar that was understood last, as long as nothing else was after it."""
        self.opened: list[Any] = []
        """Lists and mappings that are open, the innermost last."""
        self.spots: dict[Loc, Spot] = {}
        self.faults: list[Fault] = []
        self.spoilt: set[Loc] = set()

    def fault(self, mark: Any, loc: Loc, sentence: str) -> None:
        """Note one fault at a parser's mark."""
        at = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
        self.faults.append(Fault(at, loc, sentence))

    def _next(self) -> Any:
        event: Any = self._loader.get_event()
        if not isinstance(event, yaml.DocumentEndEvent):
            self.word = event if isinstance(event, yaml.ScalarEvent) else None
        if isinstance(event, yaml.CollectionStartEvent):
            self.opened.append(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.opened.pop()
        if getattr(event, "style", "") is None:
            self.read_to = event.start_mark.index  # it may have swallowed what was to be a key
        elif event is not None:
            self.read_to = event.end_mark.index
        return event

    def document(self) -> dict[str, Plain] | None:
        """Build the only document; None and a fault when there is none or it is not a mapping."""
        self._next()  # the start of the stream
        if self._loader.check_event(yaml.StreamEndEvent):
            self.fault(None, (), "the file holds nothing, expected lines of key: value")
            return None
        self._next()  # the start of the document
        event = self._next()
        root = self._node(event, (), None)
        self._next()  # the end of the document
        if not self._loader.check_event(yaml.StreamEndEvent):
            mark = self._loader.peek_event().start_mark
            self.fault(mark, (), "a second document starts here, one document a file is allowed")
        if isinstance(root, dict):
            return root
        if not self.faults:
            self.fault(event.start_mark, (), f"holds {describe(root)}, expected lines of key: value")
        return None

    def _node(self, event: Any, loc: Loc, key_mark: Any) -> Plain:
        mark = event.start_mark
        self.spots[loc] = Spot(_at(mark if key_mark is None else key_mark), _at(mark))
        if isinstance(event, yaml.AliasEvent):
            self.spoilt.add(loc)
            self.fault(
                mark,
                loc,
                f"alias *{one_line(str(event.anchor))}, write it out: aliases are not allowed",
            )
            return None
        self._refuse_properties(event, loc)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, loc)
        if len(loc) >= DEEPEST:
            self._too_deep(event, loc)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(loc)
        return self._mapping(loc)

    def _refuse_properties(self, event: Any, loc: Loc) -> None:
        if event.anchor is not None:
            name = one_line(event.anchor)
            self.fault(
                event.start_mark, loc, f"anchor &{name}, write the value alone: anchors are not allowed"
            )
        if event.tag is not None:
            name = one_line(event.tag.replace("tag:yaml.org,2002:", "!!"))
            self.fault(event.start_mark, loc, f"tag {name}, write the value alone: tags are not allowed")

    def _scalar(self, event: Any, loc: Loc) -> Scalar:
        try:
            return resolve_plain(event.value) if event.style is None else resolve_text(event.value)
        except ScalarError as error:
            self.spoilt.add(loc)
            start, end = event.start_mark.index, event.end_mark.index
            offset = self._text.find(error.char, start, end)  # its own place, in a word of several lines
            self.faults.append(Fault(place(self._text, max(offset, start)), loc, str(error)))
            return None

    def _sequence(self, loc: Loc) -> list[Plain]:
        entries: list[Plain] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            entries.append(self._node(event, (*loc, len(entries)), None))
        return entries

    def _mapping(self, loc: Loc) -> dict[str, Plain]:
        mapping: dict[str, Plain] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._key(event, loc)
            if key is None:
                self._skip(self._next(), loc)
            elif key in mapping:
                line = self.spots[*loc, key].key[0]
                sentence = f"duplicate key, it stands in line {line} already and is allowed once"
                self.fault(event.start_mark, (*loc, key), sentence)
                self._skip(self._next(), loc)
            else:
                mapping[key] = self._node(self._next(), (*loc, key), event.start_mark)
        return mapping

    def _key(self, event: Any, loc: Loc) -> str | None:
        mark = event.start_mark
        if not isinstance(event, yaml.ScalarEvent):
            self.fault(mark, loc, "a key that is not text, only plain text is allowed as a key")
            self._skip(event, loc)
            return None
        self._refuse_properties(event, loc)
        if event.value == "<<" and event.style is None:
            self.spoilt.add(loc)
            self.fault(mark, (*loc, "<<"), "merge key, write the keys out: merging is not allowed")
            return None
        if event.style is None and not event.value.isascii() and (odd := first_odd(event.value)):
            return self._odd_key(event, loc, odd)
        if not event.value or not event.value.isprintable():
            self.fault(mark, loc, "an empty or unprintable key, only plain text is allowed as a key")
            return None
        return str(event.value)

    def _odd_key(self, event: Any, loc: Loc, odd: str) -> str | None:
        """Refuse a key for one character, and read on as if it were the one that is meant."""
        meant = plainly(event.value).strip()
        offset = self._text.find(odd, event.start_mark.index)
        if meant.isascii() and meant and ": " not in meant:  # else a value was taken for a part of its key
            self.faults.append(Fault(place(self._text, offset), (*loc, meant), complaint(odd)))
            return meant
        self.spoilt.add(loc)
        self.faults.append(Fault(place(self._text, offset), loc, complaint(odd)))
        return None

    def _skip(self, event: Any, loc: Loc) -> None:
        """Read past a value that has no place in the result."""
        levels = int(isinstance(event, yaml.CollectionStartEvent))
        while levels:
            event = self._next()
            levels += isinstance(event, yaml.CollectionStartEvent) - isinstance(
                event, yaml.CollectionEndEvent
            )
            if len(loc) + levels > DEEPEST:
                self._too_deep(event, loc)

    def _too_deep(self, event: Any, loc: Loc) -> NoReturn:
        self.fault(event.start_mark, loc, f"nested too deeply, at most {DEEPEST} levels are allowed")
        raise _Unreadable


def _at(mark: Any) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1


def describe(value: object) -> str:
    """Name a plain value for an error: "text 'abc'", "5", "true", "a list", "nothing"."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"text '{one_line(value)}'"
    if isinstance(value, int | float):
        return repr(value)
    return "a list" if isinstance(value, list) else "a mapping"
