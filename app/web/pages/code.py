"""The nurse's or the technician's code on a page: its field, its few tries; what the book refuses.

Law: a code is never filled in again, and all wrong ones together are limited, whoever enters them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeVar

from app.household.codes import NURSE, Code, Whose
from app.household.store import StoreRefused
from app.web.frame import entry
from app.web.markup import Html
from app.web.visit import Sorry, Visit

LONGEST_CODE: Final = 64

T = TypeVar("T")


def code_field(
    visit: Visit,
    action: str,
    *,
    required: bool = True,
    hint: str = "",
    whose: Whose = NURSE,
    which: Mapping[str, object] = MappingProxyType({}),
) -> Html:
    """Make the field for a code, of the form to `action`; it is never filled in again."""
    return entry(
        visit,
        action,
        "code",
        visit.t(whose.label),
        hint=hint,
        which=which,
        type="password",
        maxlength=LONGEST_CODE,
        required=required,
        autocomplete="off",
    )


def check_code(visit: Visit, kept_in: Code | None = None) -> None:
    """Check a code, the nurse's by default; all wrong ones together are limited. Raises Sorry."""
    book, codes = kept_in or visit.house.household, visit.house.codes

    def take() -> None:
        if not codes.take(which, visit.clock_s):
            raise Sorry(visit.t(book.whose.too_many), 429, field="code")

    code = visit.fields.get("code", "")[:LONGEST_CODE]
    which = kept(visit, book.code_id, 403, "code")
    status = 403 if code.strip() else 422
    kept(visit, lambda: book.prove_code(code, take, lambda: codes.give_back(which)), status, "code")


def kept(visit: Visit, do: Callable[[], T], status: int = 422, field: str = "") -> T:
    """Do what the household's book may refuse, because of a field's value. Raises Sorry."""
    try:
        return do()
    except StoreRefused as refused:
        raise Sorry(visit.t(str(refused)), status, field=field) from refused
