"""Characters that mislead: they look like a space, a colon, a quote, a digit or nothing, and are another.

Law: pure. Such a character is named where it stands, with its number and what to write instead; never "not
printable", and never the line after it. In a text that a person wrote for people (quoted, or within notes)
they are let through as far as they can be seen; joiners within a name belong to its spelling.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

_SPACES: Final = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_COLONS: Final = "\uff1a\ufe55\ufe13\ua789\u2236\u02d0"
_DASHES: Final = "\u2010-\u2015\u2212\ufe58\ufe63\uff0d"
_DOUBLE: Final = "\u201c-\u201f\u00ab\u00bb\uff02\u2033"
_SINGLE: Final = "\u2018-\u201b\u2039\u203a\uff07\u2032"
_HIDDEN: Final = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
_ENDS: Final = "\x85\u2028\u2029"
_QUOTES: Final = _DOUBLE + _SINGLE

JOINERS: Final = "\u200c\u200d"
"""Zero width non-joiner and joiner: part of the spelling in Persian, Indic scripts and emoji."""
TURNS: Final = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Turn the direction of what follows: never dropped in silence, so that whoever judges a name sees them."""
NAMES: Final = {
    "\t": "tab",
    "\x85": "next line",
    "\u00a0": "no-break space",
    "\u2007": "figure space",
    "\u202f": "narrow no-break space",
    "\u3000": "ideographic space",
    "\u200b": "zero width space",
    "\ufeff": "byte order mark",
    "\u2013": "en dash",
    "\u2014": "em dash",
    "\u2212": "minus sign",
    "\u2028": "line separator",
    "\u2029": "paragraph separator",
    "\uff1a": "full-width colon",
}
"""Names by which people know a character, where Unicode's own is another or there is none."""

_MEANT: Final = (
    (f"[{_SPACES}]", " "),
    (f"[{_COLONS}]", ":"),
    (f"[{_DASHES}]", "-"),
    (f"[{_DOUBLE}]", '"'),
    (f"[{_SINGLE}]", "'"),
    (f"[{_HIDDEN}]", ""),
    ("[\u066b\uff0e]", "."),
    ("[\u060c\u3001\uff0c]", ","),
)
# Patterns as text: the first search compiles one, and a file without odd characters needs none.
_KEY: Final = r"[ ]*(?:- +)*[\w\"'-]+"
_PLACES: Final = (
    rf"^[ ]*(?P<indent>[\t{_SPACES}{_HIDDEN}])"
    rf"|^[ ]*(?P<dash>[{_DASHES}])(?=[ {_SPACES}])"
    rf"|^{_KEY}(?P<before>[ ]*[\t{_SPACES}{_HIDDEN}])[\s{_SPACES}]*:"
    rf"|^{_KEY}[\s{_SPACES}]*(?P<colon>[{_COLONS}])"
    rf"|^{_KEY}[ ]*:[ ]*(?P<after>[\t{_SPACES}{_HIDDEN}])"
    rf"|[:,\[{{-][ ]+(?P<open>[{_QUOTES}])"
    rf"|(?P<flow>[\uff3b\uff3d\uff5b\uff5d\uff0c\u3001])"
    rf"|(?P<comment>[{_SPACES}{_HIDDEN}])#"
    r"|(?P<tab>\t)"
)
_ANYWHERE: Final = f"(?![\u200c\u200d])[{_SPACES}{_HIDDEN}]"
_QUOTED: Final = r"\"(?:[^\"\\\n]|\\.)*\"|(?<![^\s:,\[{-])'[^'\n]*'"
_HALF: Final = f"(?:^|[\\s:,\\[{{-])[\"'].*?([{_QUOTES}])"
_COMMENT: Final = r"(?:^|(?<=[ \t]))#.*"
_LINE_END: Final = re.compile("\r\n|\r|\n")
_RAW_ENDS: Final = f"[{_ENDS}]"
_EDGE: Final = f"^[{_SPACES}{_HIDDEN}]|[{_SPACES}{_HIDDEN}]$|[{_SPACES}{_HIDDEN}](?=#)|(?<=:)[{_SPACES}]"
_SPACE: Final = f"[\\s{_SPACES}]+"
_UNSEEN: Final = f"[{_HIDDEN}]"
_DRAWN_ALIKE: Final = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0455\u0456\u0458\u04af\u0501\u04bb\u051b\u051d"
    "\u03b1\u03b2\u03b5\u03b6\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03f2\u03f3",
    "abekmhopctyxsijydhqwabezhikmnoptyxcj",
)
"""Small letters of Cyrillic and Greek, after case folding, and the Latin ones whose shape they or their
capitals have."""
_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs by their class that leave nothing on paper."""


def named(char: str) -> str:
    """Name a character as people and tables know it: "no-break space (U+00A0)"."""
    import unicodedata

    name = NAMES.get(char) or unicodedata.name(char, "").lower() or "control character"
    return f"{name} (U+{ord(char):04X})"


def meant(char: str) -> str | None:
    """Give the plain character that this one is mistaken for, "" for an invisible one, None for others."""
    if char.isascii():
        return None
    for pattern, plain in _MEANT:
        if re.match(pattern, char):
            return plain
    if "\uff01" <= char <= "\uff5e":  # full-width forms of ASCII
        return chr(ord(char) - 0xFEE0)
    if char.isdecimal():
        return str(int(char))
    return None


def plainly(text: str) -> str:
    """Write a text with the plain character for each that is mistaken for one."""
    if text.isascii():
        return text
    return "".join(char if (plain := meant(char)) is None else plain for char in text)


def remedy(char: str) -> str:
    """Say what to do about a character that stands where another is meant."""
    plain = "" if char in _ENDS else meant(char)
    if char == "\t":
        return "write spaces"
    if char in _ENDS:
        return "write an ordinary line end"
    if plain == "":
        return "take it out"
    if plain == " ":
        return "write an ordinary space"
    return f"write {plain}" if plain else "write plain letters from a to z"


def complaint(char: str) -> str:
    """Say that this character stands where another is meant, and what to write."""
    return f"{named(char)} where plain characters are expected, {remedy(char)}"


def first_odd(text: str) -> str | None:
    """Give the first character of a text that is mistaken for another one, or is no ASCII at all."""
    odd = next((char for char in text if meant(char) is not None or char in _ENDS), None)
    return odd or next((char for char in text if not char.isascii()), None)


def place(text: str, offset: int) -> tuple[int, int]:
    """Give line and column, both from 1, as editors count them."""
    lines = _LINE_END.split(text[:offset])
    return len(lines), len(lines[-1]) + 1


def misleading(text: str, start: int, end: int) -> int | None:
    """Find what may have misled a parser that read `text` up to `start` and failed at `end`: its offset.

    Comments and quoted texts are passed over. None where every character is what it seems to be.
    """
    begin = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    stop = next((found.start() for found in _LINE_END.finditer(text, end)), len(text))
    lines, at = [], begin
    for ending in (*_LINE_END.finditer(text, begin, stop), None):
        last = stop if ending is None else ending.start()
        lines.append((at, _masked(text[at:last])))
        at = stop if ending is None else ending.end()
    for pattern in (_PLACES, _ANYWHERE):
        for at, line in lines:
            for found in re.finditer(pattern, line):
                offset = at + (found.end() - 1 if found.lastgroup == "before" else _spot(found))
                if offset >= start:
                    return offset
    return _closing(lines, start)


def _spot(found: re.Match[str]) -> int:
    return found.start(found.lastgroup) if found.lastgroup else found.start()


def _masked(line: str) -> str:
    """Blank out quoted texts and the comment of a line; each character keeps its place."""
    for pattern in (_QUOTED, _COMMENT):
        line = re.sub(pattern, lambda found: "x" * len(found[0]), line)
    return line


def _closing(lines: list[tuple[int, str]], start: int) -> int | None:
    """Find the curly quote that was to close a straight one."""
    for at, line in lines:
        found = re.search(_HALF, line)
        if found and at + found.start(1) >= start:
            return at + found.start(1)
    return None


def line_end_of_another_kind(text: str) -> re.Match[str] | None:
    """Find a character that ends a line for a YAML reader and not for an editor."""
    return None if text.isascii() else re.search(_RAW_ENDS, text)


def edge_of_plain_word(word: str) -> str | None:
    """Give what stands unseen at an end of an unquoted word, after its colon or before a comment, or None."""
    found = None if word.isascii() else re.search(_EDGE, word)
    return found[0] if found else None


def curly_quotes_around(word: str) -> str | None:
    """Give the first curly quote of an unquoted word that stands in such quotes as a whole."""
    return word[0] if not word.isascii() and re.fullmatch(f"(?s)[{_QUOTES}].*[{_QUOTES}\"']", word) else None


def unfit_in_name(text: str) -> str | None:
    """Say what keeps `text` from being a name of one line, as a person sees it; None for a good one.

    Joiners between two letters or signs are good: in Persian they are spelling. Other characters that can't
    be seen are not, since two names could look alike, and marks of direction could turn what follows.
    """
    if text != text.strip():
        return "has spaces at an end, one line without them is allowed"
    for index, char in enumerate(text):
        if char in JOINERS and 0 < index < len(text) - 1:
            if not {text[index - 1], text[index + 1]} & {" ", *JOINERS}:
                continue
        elif char.isprintable():
            continue
        if char in "\r\n" + _ENDS:
            return "has line ends, one printable line is allowed"
        return (
            f"holds {named(char)}, {remedy(char)}"
            if meant(char) is not None
            else (f"holds {named(char)}, one printable line is allowed")
        )
    if text and not any(_seen(char) for char in text):
        return "holds nothing that can be seen, letters or digits are expected"
    return None


def _seen(char: str) -> bool:
    if char.isascii():
        return char.isprintable() and char != " "
    import unicodedata

    return unicodedata.category(char)[0] in "LNPS" and char not in _BLANK


def composed(text: str) -> str:
    """Give a text with each letter and its accents as one character where there is one (NFC)."""
    if text.isascii():
        return text
    import unicodedata

    return unicodedata.normalize("NFC", text)


def file_name(serial: str) -> str:
    """Give the file name of a serial number: letters, digits, - and _; two serial numbers never share one."""
    whole = composed(serial)
    plain = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in whole)
    return plain if plain == whole else f"{plain}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def cleaned(typed: str) -> str:
    """Give a name as it is kept, from what a person typed: composed (NFC), single spaces, nothing unseen.

    Joiners stay, but for those at an end; so do marks that turn the direction, which no name may have.
    """
    spaced = re.sub(_SPACE, " ", composed(typed))
    kept = "".join(char for char in spaced if char in JOINERS + TURNS or not re.match(_UNSEEN, char))
    return re.sub(_SPACE, " ", kept).strip(f" {JOINERS}")


def looks(name: str) -> str:
    """Give what names that look alike have in common: `same`, with Latin letters for those drawn like them.

    Letters of Cyrillic and Greek that share a shape with a Latin one, as a capital or not (Unicode Technical
    Standard 39, confusables). Only for telling two names apart: it is nobody's spelling.
    """
    return same(name).translate(_DRAWN_ALIKE)


def same(name: str) -> str:
    """Give what the spellings of one name have in common: no case, no composition, no joiners, single spaces.

    Source: the Unicode Standard, 3.13, compatibility caseless matching (D146), less what can't be seen.
    """
    import unicodedata

    folded = unicodedata.normalize("NFD", name).casefold()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", folded).casefold())
    # Turkish writes I and i with and without a dot, and others read the four as two.
    folded = folded.replace("i\u0307", "i").replace("\u0131", "i")
    return " ".join(re.sub(_UNSEEN, "", composed(folded)).split())
