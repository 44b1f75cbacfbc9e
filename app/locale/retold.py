"""What the controller reports in English, said in another language: evidence, reasons, refused files.

Law: pure, and only at the edge. The record stays English; here a sentence is known by the pattern it was
made from, and its values are said in turn; of several ways the one that leaves the least unsaid. What no
pattern knows stays English, never left out. Paths and quoted words stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache
from gettext import GNUTranslations
from string import Formatter
from typing import Final, NamedTuple

REPORT: Final = "report"
"""The context of sentences in a catalogue ..."""
WORD: Final = "word"
"""... and of single words that are said in sentences, but not in files and options, where they are keys."""
_SEPARATORS: Final = (". ", "; ", ": ", ", ", "\n")
"""Between parts of a sentence that no pattern knows as a whole, the widest first."""
_NUMBER: Final = re.compile(r"[-+]?\d+\.\d+")
_LOCATED: Final = re.compile(r"(?s)(.*?:\d+:\d+: )(.*?): (.*)")
"""A line about a file: `file:line:column: key: what is wrong`."""
_QUOTES: Final = frozenset("'`\"")
_WEAK: Final = 8
"""A pattern with fewer characters of its own may stand in a path by chance."""
REMEMBERED: Final = 256
"""Sentences that are said again and again, as an alarm is on every page."""
_LONGEST: Final = 300
"""Characters of a sentence up to which two parts without a separator are looked for; ours have fewer."""


class Catalogue(GNUTranslations):
    """A compiled catalogue that also tells which texts it has."""

    def of(self, context: str) -> Iterator[tuple[str, str]]:
        """Give all texts of one context and what is said for them."""
        start = self.CONTEXT % (context, "")
        for text, said in vars(self)["_catalog"].items():  # gettext has no public way to list them
            if isinstance(text, str) and text.startswith(start):
                yield text.removeprefix(start), said


class Pattern:
    """One sentence with `{0}`, `{1}` ... for its values."""

    def __init__(self, text: str, said: str) -> None:
        self.text = text
        self.said = said
        pieces = list(Formatter().parse(text))
        self._literals = [literal for literal, _, _, _ in pieces]
        if pieces[-1][1] is not None:
            self._literals.append("")
        self.letters = sum(map(len, self._literals))

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return re.compile("(?s)" + "(.*?)".join(map(re.escape, self._literals)))

    def values(self, sentence: str) -> list[tuple[str, bool]] | None:
        """Give the values of a sentence of this pattern, and which stand in quotes; None for others."""
        if not all(literal in sentence for literal in self._literals):  # most, at no cost
            return None
        found = self._regex.fullmatch(sentence)
        if found is None:
            return None
        around = zip(self._literals, self._literals[1:], strict=False)
        quoted = [before[-1:] in _QUOTES and before[-1:] == after[:1] for before, after in around]
        return list(zip(found.groups(), quoted, strict=True))


class _Style(NamedTuple):
    """How values are said: numbers with the language's signs and words translated, or both as they are."""

    signs: Mapping[int, str]
    words: Mapping[str, str]


class _Reading(NamedTuple):
    """One way to say a sentence, and how many letters of it stay as they are."""

    unsaid: int
    text: str


class Retold:
    """Says English sentences in the language of a catalogue; `signs` are those of its numbers."""

    def __init__(self, texts: Catalogue, signs: Mapping[int, str]) -> None:
        self._whole: dict[str, str] = {}
        self.patterns: list[Pattern] = []
        for text, said in texts.of(REPORT):
            if any(name is not None for _, name, _, _ in Formatter().parse(text)):
                self.patterns.append(Pattern(text, said))
            else:
                self._whole[text.format()] = said.format()
        self.patterns.sort(key=lambda pattern: (-pattern.letters, pattern.text))
        self._spoken = _Style(signs, dict(texts.of(WORD)))
        self._written = _Style({}, {})
        self._again = lru_cache(REMEMBERED)(self._sentence)

    def sentence(self, text: str) -> str:
        """Say what was measured or decided, with numbers as the language writes them."""
        return self._again(text)

    def _sentence(self, text: str) -> str:
        return _Reader(self._whole, self.patterns, self._spoken).read(text).text

    def refusal(self, text: str) -> str:
        """Say what is wrong with files or options, line by line; numbers and keys stay as they are typed."""
        read = _Reader(self._whole, self.patterns, self._written).read
        return "\n".join(self._line(line, read) for line in text.split("\n"))

    def _line(self, text: str, read: Callable[[str], _Reading]) -> str:
        located = _LOCATED.fullmatch(text)
        if located is None:
            return read(text).text
        place, key, wrong = located.groups()
        return f"{place}{self._whole.get(key, key)}: {read(wrong).text}"


class _Reader:
    """Reads one sentence; each part is read once."""

    def __init__(self, whole: Mapping[str, str], patterns: list[Pattern], style: _Style) -> None:
        self._whole = whole
        self._patterns = patterns
        self._style = style
        begins = (pattern.text.partition("{")[0] for pattern in patterns)
        self._seconds = tuple({text for text in (*begins, *whole) if text.startswith(" ")})
        self._read: dict[str, _Reading] = {}
        self._known: dict[str, _Reading | None] = {}

    def read(self, text: str) -> _Reading:
        """Say a sentence in the way that leaves the least unsaid."""
        if text not in self._read:
            known = self._as_one(text)
            if known is not None and not known.unsaid:
                best = known
            else:
                ways = (known, self._as_two(text), self._as_list(text))
                best = min((way for way in ways if way is not None), key=lambda way: way.unsaid)
            self._read[text] = best
        return self._read[text]

    def _as_one(self, text: str) -> _Reading | None:
        """Say what a text or a pattern knows as a whole, with a full stop or without; None for others."""
        if text not in self._known:
            said = self._style.words.get(text) or self._whole.get(text)
            if said is None and text.endswith(".") and text[:-1] in self._whole:
                said = self._whole[text[:-1]] + "."
            if said is None and f"{text}." in self._whole:
                said = self._whole[f"{text}."].removesuffix(".")
            self._known[text] = self._patterned(text) if said is None else _Reading(0, said)
        return self._known[text]

    def _patterned(self, text: str) -> _Reading | None:
        best = None
        for pattern in self._patterns:
            if best is not None and not best.unsaid:
                break
            if pattern.letters < _WEAK and "/" in text:
                break
            values = pattern.values(text)
            if values is None and pattern.text.endswith("."):
                values = pattern.values(f"{text}.")
            if values is not None and all(value != text for value, _ in values):
                way = self._filled(pattern, values)
                if not text.endswith(".") and pattern.text.endswith("."):
                    way = _Reading(way.unsaid, way.text.removesuffix("."))
                best = way if best is None or way.unsaid < best.unsaid else best
        return best

    def _filled(self, pattern: Pattern, values: list[tuple[str, bool]]) -> _Reading:
        read = [_Reading(0, value) if quoted else self.read(value) for value, quoted in values]
        return _Reading(sum(way.unsaid for way in read), pattern.said.format(*(way.text for way in read)))

    def _as_two(self, text: str) -> _Reading | None:
        """Say two parts that follow each other without a separator, such as a kind and its range."""
        best = None
        if len(text) > _LONGEST or "/" in text:
            return None
        for at in (found.start() for found in re.finditer(" ", text)):
            head, tail = None, text[at:]
            if text[:at] in self._whole or tail.startswith(self._seconds):
                head = self._as_one(text[:at])
            if head is None and not re.fullmatch(r"[-+\d.]+", text[:at]):
                continue
            rest = self._as_one(tail) or self.read(tail[1:])
            way = _Reading(
                rest.unsaid + (head.unsaid if head else 0),
                (head.text if head else text[:at]) + (rest.text if rest.text[:1] == " " else f" {rest.text}"),
            )
            best = way if best is None or way.unsaid < best.unsaid else best
        return best

    def _as_list(self, text: str) -> _Reading:
        """Say the parts of a list one by one; what is none stays as it is, but for a number's signs."""
        for separator in _SEPARATORS:
            if separator in text:
                read = [self.read(part) for part in text.split(separator)]
                return _Reading(sum(way.unsaid for way in read), separator.join(way.text for way in read))
        said = text.translate(self._style.signs) if _NUMBER.fullmatch(text) else text
        return _Reading(sum(map(str.isalpha, text)), said)
