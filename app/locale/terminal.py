"""The terminal's language: chosen by the command line or the environment, asked by all who say something.

Law: without a choice it is English, to the byte, and costs no import. Only what people read is translated:
never JSON, a file, or a name that programs know.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.locale.zero import unsigned, without_minus

if TYPE_CHECKING:
    from app.locale.retold import Catalogue, Retold

CATALOGUES: Final = Path(__file__).parent
DOMAIN: Final = "ionto"
SOURCE: Final = "en"


class _Terminal:
    """What is spoken here: the language's code, its texts, and the signs in its numbers (None: English)."""

    code = SOURCE
    texts: Catalogue | None = None
    signs: Mapping[int, str] | None = None
    retold: Retold | None = None


def available() -> list[str]:
    """Give the codes of all languages: English, and every folder with a compiled catalogue."""
    found = {path.parent.parent.name for path in CATALOGUES.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")}
    return sorted(found | {SOURCE})


def wanted(environment: Mapping[str, str]) -> str:
    """Choose by LC_ALL, LC_MESSAGES, LANG and LANGUAGE as gettext does; `C`, `POSIX`, nothing: English."""
    set_to = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next((value for value in set_to if value), "C")
    if locale.partition(".")[0] in {"C", "POSIX"}:
        return SOURCE
    offers = (environment.get("LANGUAGE") or locale).split(":")
    codes = [offer.partition(".")[0].partition("_")[0].partition("@")[0].lower() for offer in offers]
    if codes == [SOURCE]:
        return SOURCE
    there = available()
    return next((code for code in codes if code in there), SOURCE)


def speak(code: str) -> None:
    """Speak this language from now on, English when it is not available."""
    _Terminal.code, _Terminal.texts, _Terminal.signs, _Terminal.retold = SOURCE, None, None, None
    if code == SOURCE or code not in available():
        return
    import gettext

    from babel import Locale

    from app.locale.retold import Catalogue

    symbols = Locale.parse(code).number_symbols["latn"]
    _Terminal.code = code
    _Terminal.texts = gettext.translation(DOMAIN, CATALOGUES, [code], Catalogue)
    _Terminal.signs = str.maketrans({",": symbols["group"], ".": symbols["decimal"]})


def spoken() -> str:
    """Give the code of the language that is spoken."""
    return _Terminal.code


def t(text: str, **values: object) -> str:
    """Say `text`, with `{name}` filled in from `values`."""
    said = text if _Terminal.texts is None or not text else _Terminal.texts.gettext(text)
    return said.format(**values) if values else said


def retell(text: str) -> str:
    """Say what the controller reports: an English sentence about what was measured or decided."""
    retold = _retold()
    return without_minus(text if retold is None else retold.sentence(text))


def retell_refusal(text: str) -> str:
    """Say what is wrong with a file or an option: figures and keys stay as they are typed."""
    retold = _retold()
    return text if retold is None else retold.refusal(text)


def _retold() -> Retold | None:
    """Give what says English sentences in the language, made when it is first asked for; None in English."""
    if _Terminal.retold is None and _Terminal.texts is not None:
        from app.locale.retold import Retold

        _Terminal.retold = Retold(_Terminal.texts, _Terminal.signs or {})
    return _Terminal.retold


def number(value: float, form: str) -> str:
    """Write a number in one of Python's forms such as `.2f` or `,`, with the language's own signs."""
    written = unsigned(format(value, form), lambda: format(abs(value), form))
    return written if _Terminal.signs is None else written.translate(_Terminal.signs)
