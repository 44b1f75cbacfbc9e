"""One visit: who asks, in which language, with which fields, of which unit; and the answers pages give.

Law: a field is read through here or not at all, and what does not fit is refused in one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final, NamedTuple

from starlette.responses import RedirectResponse, Response

from app.household.codes import TechnicianCode
from app.household.health import Waiting
from app.household.store import Household, Person
from app.locale.language import Language
from app.web.gate import FORM_FIELD, Visitor
from app.web.limits import Bucket, Forms
from app.web.live import Feed
from app.web.markup import Child, Html, el
from app.web.pairing import Pairing
from app.web.records import Records
from config.characters import cleaned, plainly, unfit_in_name
from controller.appliance.live_state import LiveState

LONGEST_NAME: Final = 40
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,6}([.,][0-9]{1,6})?", re.ASCII)


class Sorry(Exception):
    """A page that can't do what was asked; `str()` is the sentence, `status` the answer's.

    `field` is the one that is wrong, "" where none is: then the form is shown again, as it was filled in.
    """

    def __init__(self, sentence: str, status: int = 422, *, field: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.field = field


class House(NamedTuple):
    """What all visits share. `codes` limits tries at the nurse's and the technician's code.

    `unit` is the unit's file, for a backup.
    """

    state: Path
    household: Household
    technician: TechnicianCode
    records: Records
    feed: Feed
    pairing: Pairing
    forms: Forms
    codes: Bucket
    network: bool
    unit: Path | None = None


class Visit(NamedTuple):
    """One request, after the gate. `snapshot` is what the unit did when it came; `now` is local and aware.

    `last` is what the unit was heard to do last, `age_s` ago, though it may be silent by now; `unit` tells
    which unit that is (`Feed.unit`), `door` is where a script sends Stop.
    """

    house: House
    language: Language
    visitor: Visitor
    snapshot: LiveState | None
    last: LiveState | None
    age_s: float | None
    simulated: bool
    unit: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    fields: Mapping[str, str]
    now: datetime
    clock_s: float
    secure: bool
    door: str
    waiting: Sequence[Waiting] = ()
    """Answers that are to become a no, which every page tells."""
    posted: str = ""
    wrong: Sorry | None = None
    """What is wrong with the form that was posted to `posted`, where a page shows it again."""

    @property
    def phone(self) -> str:
        """The name of the paired device that asks, for the record of changes."""
        known = {one.id: one.name for one in self.house.household.devices()}
        return known.get(self.visitor.device or 0, "")

    @property
    def today(self) -> date:
        """The household's day."""
        return self.now.date()

    def t(self, text: str, **values: object) -> str:
        """Say a text in the visitor's language."""
        return self.language.t(text, **values)

    def refills(self, action: str, which: Mapping[str, object]) -> bool:
        """Tell whether this is the form that is shown again; `which` are its hidden fields."""
        ours = self.wrong is not None and self.posted == action
        return ours and all(self.fields.get(name) == str(value) for name, value in which.items())

    def form(self, action: str, *children: Child, **attributes: str | bool | None) -> Html:
        """Make a form that counts once."""
        token = self.house.forms.issue(self.visitor.key, self.clock_s)
        hidden = el("input", type="hidden", name=FORM_FIELD, value=token)
        return el("form", hidden, *children, method="post", action=action, **attributes)

    def line(self, name: str, longest: int = LONGEST_NAME) -> str:
        """Read a field of one printable line. Raises Sorry."""
        typed = self.fields.get(name, "").strip()
        text = cleaned(typed)
        several = any(char < " " for char in typed)  # a line end or a tab, which no field of one line sends
        if several or not 1 <= len(text) <= longest or unfit_in_name(text):
            raise Sorry(
                self.t(
                    "This text is empty, too long or can't be shown: 1 to {longest} printable characters.",
                    longest=longest,
                ),
                field=name,
            )
        return text

    def number(self, name: str) -> float:
        """Read a number written with point or comma. Raises Sorry."""
        found = _NUMBER.fullmatch(plainly(self.fields.get(name, "")).strip())
        if found is None:
            raise Sorry(self.t("This is not a number: write it like 8 or 8.5."), field=name)
        return float(found[0].replace(",", "."))

    def choice(self, name: str, allowed: Mapping[str, object]) -> str:
        """Read one of `allowed`. Raises Sorry."""
        chosen = self.fields.get(name, "")
        if chosen not in allowed:
            raise Sorry(self.t("This choice does not exist."))
        return chosen

    def day(self, name: str) -> date:
        """Read a day as YYYY-MM-DD from 1900 on. Raises Sorry."""
        try:
            day = date.fromisoformat(self.fields.get(name, ""))
        except ValueError:
            day = date.min
        if not 1900 <= day.year <= 2200:
            raise Sorry(self.t("This is not a date: write it like 2026-01-31."), field=name)
        return day

    def person(self, number: str) -> Person:
        """Give the person of this id. Raises Sorry."""
        known = number.isascii() and number.isdigit() and len(number) < 10
        person = self.house.household.person(int(number)) if known else None
        if person is None:
            raise Sorry(self.t("There is nobody of this number."), 404)
        return person

    def session(self) -> int:
        """Give the session's number in the path. Raises Sorry."""
        number = self.path["session"]
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            raise Sorry(self.t("There is no session of this number."), 404)
        return int(number)


def go(path: str) -> Response:
    """Send the browser on after a form, so that loading again repeats nothing."""
    return RedirectResponse(path, status_code=303)
