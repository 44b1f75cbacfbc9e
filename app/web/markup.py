"""HTML from calls: `el("p", text, class_="note")`.

Law: this is the one place where text becomes HTML, and it escapes everything that is not `Html` already; so
no text of a person, a record or a request can become a tag.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final, TypeAlias

_VOID: Final = frozenset({"meta", "link", "input", "br", "img", "hr"})


class Html(str):
    """Text that is HTML. Only this module makes it."""

    __slots__ = ()


Child: TypeAlias = "str | int | Html | Iterable[Child] | None"


def el(tag: str, /, *children: Child, **attributes: str | float | bool | None) -> Html:
    """Make an element.

    In an attribute's name `_` is `-`, and one at the end is dropped. True stands bare; False and None are
    left out.
    """
    words = [tag]
    for key, value in attributes.items():
        if value is True:
            words.append(_attribute(key))
        elif value is not None and value is not False:
            words.append(f'{_attribute(key)}="{escape(str(value), quote=True)}"')
    start = Html(f"<{' '.join(words)}>")
    return start if tag in _VOID else Html(f"{start}{joined(*children)}</{tag}>")


def joined(*children: Child) -> Html:
    """Join children, escaping all that is not Html."""
    return Html("".join(_one(child) for child in children))


def document(*children: Child, language: str, class_: str | None = None) -> Html:
    """Make a whole page."""
    return Html("<!doctype html>\n" + el("html", *children, lang=language, class_=class_))


def _one(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, str | int):
        return escape(str(child), quote=True)
    return "".join(_one(each) for each in child)


def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
