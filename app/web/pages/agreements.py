"""A professional's word: for what an answer asks, for what is off without one, and that a nurse showed how.

Law: each is given with the nurse's code, by name and day; taking one back needs none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from starlette.responses import Response

from app.household.health import Permission
from app.household.store import Person
from app.web import sentences
from app.web.frame import entry, note
from app.web.guide import TAUGHT, first_area, treated
from app.web.markup import Child, Html, el
from app.web.pages.answers import question_form
from app.web.pages.code import check_code, code_field
from app.web.telling import reconsider, tell
from app.web.visit import Sorry, Visit, go
from protocols.fitness import (
    DRUG,
    DRUG_QUESTIONS,
    OFF,
    words_wanted,
)

LONGEST_STRENGTH: Final = 20
LONGEST_WORD: Final = timedelta(days=366)
"""A word for what is off without one is renewed at least once a year (our figure)."""


def word(visit: Visit) -> Response:
    """Keep a professional's word."""
    one = visit.person(visit.path["person"])
    key = visit.choice(
        "key", {found.key: found for found in words_wanted(one.born, visit.today, one.answers)}
    )
    given_by = visit.line("given_by")
    check_code(visit)
    visit.house.household.give_word(one.id, key, given_by, visit.today, device=visit.phone)
    tell(visit)
    return go(f"/people/{one.id}")


def taught(visit: Visit) -> Response:
    """Keep that a nurse showed a person how."""
    one = visit.person(visit.path["person"])
    given_by = visit.line("given_by")
    if not treated(visit, one):
        raise Sorry(visit.t("This is recorded after the first treatment."), field="given_by")
    check_code(visit)
    visit.house.household.give_word(one.id, TAUGHT, given_by, visit.today, device=visit.phone)
    return go(f"/people/{one.id}#taught")


def permit(visit: Visit) -> Response:
    """Keep a professional's word for what is off without one, or take it back, which needs no code."""
    one = visit.person(visit.path["person"])
    key = visit.choice("key", OFF)
    if "end" in visit.fields:
        visit.house.household.permit(one.id, key, None, device=visit.phone)
        reconsider(visit, one.id)
        return go(f"/people/{one.id}#word-{key}")
    given_by = visit.line("given_by")
    strength = visit.line("strength", LONGEST_STRENGTH) if key == DRUG else ""
    until = visit.day("until")
    if not visit.today <= until <= visit.today + LONGEST_WORD:
        raise Sorry(visit.t("The last day lies between today and a year from now."), field="until")
    check_code(visit)
    permission = Permission(given_by, visit.today, until, strength)
    visit.house.household.permit(one.id, key, permission, device=visit.phone)
    tell(visit)
    return go(f"/people/{one.id}#word-{key}")


def words(visit: Visit, one: Person) -> Html | None:
    """Show what a professional agreed to, and the form for what an answer asks."""
    t = visit.t
    wanted = words_wanted(one.born, visit.today, one.answers)
    if not wanted:
        return None
    parts = []
    for found in wanted:
        if found.key in one.words:
            name, day = one.words[found.key]
            parts.append(
                note(
                    t(
                        "{name} agreed on {day}: {why}",
                        name=name,
                        day=visit.language.short_day(day),
                        why=t(found.why),
                    ),
                    "good",
                )
            )
            continue
        action, which = f"/people/{one.id}/word", {"key": found.key}
        parts.append(
            visit.form(
                action,
                el("p", t(found.why)),
                el("input", type="hidden", name="key", value=found.key),
                _given_by(visit, action, which),
                code_field(visit, action, which=which),
                el("button", t("Record the agreement")),
            )
        )
    return el("section", el("h2", t("A professional's word")), parts)


def shown(visit: Visit, one: Person) -> Html:
    """Show who showed a person how, or the form for it once there was a treatment."""
    t, action = visit.t, f"/people/{one.id}/taught"
    inner: Child
    if TAUGHT in one.words:
        name, day = one.words[TAUGHT]
        shown = t("{name} showed how on {day}.", name=name, day=visit.language.short_day(day))
        inner = note(shown, "good")
    elif treated(visit, one):
        inner = visit.form(
            action,
            el("p", t(sentences.SHOWN[first_area(visit, one) or "hands"])),
            entry(
                visit,
                action,
                "given_by",
                t("Name of the nurse who showed how"),
                required=True,
                maxlength=40,
                autocomplete="off",
            ),
            code_field(visit, action),
            el("button", t("Record that it was shown")),
        )
    else:
        inner = el("p", t("After the first treatment the nurse records here that they showed how."))
    return el("section", el("h2", t("Shown by the nurse")), inner, id="taught")


def off(visit: Visit, one: Person) -> Html:
    """Show what is off without a professional's word: why, who gave it and until when, or the way to it."""
    t, day = visit.t, visit.language.short_day
    parts = []
    for key, why in OFF.items():
        kept_word = one.permissions.get(key)
        name = t(sentences.OFF[key])
        if kept_word is not None and kept_word.holds(visit.today):
            said = t(
                "{who} agreed on {day}, until {until}.",
                who=kept_word.given_by,
                day=day(kept_word.given_on),
                until=day(kept_word.until),
            )
            strength = t("Strength: {strength}.", strength=kept_word.strength) if kept_word.strength else ""
            end = el("button", t("End this agreement"), name="end", value="yes", class_="plain")
            hidden = el("input", type="hidden", name="key", value=key)
            inner: Child = [
                note(f"{said} {strength}".strip(), "good"),
                visit.form(f"/people/{one.id}/permission", hidden, end),
            ]
        else:
            inner = _word_form(visit, one, key)
        asked = question_form(visit, one, DRUG_QUESTIONS) if key == DRUG else None
        parts.append(el("div", el("h3", name), el("p", t(why)), asked, inner, id=f"word-{key}"))
    return el("section", el("h2", t("Only with a professional's word")), parts)


def _word_form(visit: Visit, one: Person, key: str) -> Html:
    t, action, which = visit.t, f"/people/{one.id}/permission", {"key": key}
    strength = entry(
        visit,
        action,
        "strength",
        t("Strength, as on the bottle"),
        hint=t("For example 0.05 %."),
        which=which,
        required=True,
        maxlength=LONGEST_STRENGTH,
        autocomplete="off",
    )
    until = entry(
        visit,
        action,
        "until",
        t("Last day"),
        which=which,
        type="date",
        required=True,
        min=visit.today.isoformat(),
        max=(visit.today + LONGEST_WORD).isoformat(),
    )
    return visit.form(
        action,
        el("input", type="hidden", name="key", value=key),
        _given_by(visit, action, which),
        strength if key == DRUG else None,
        until,
        code_field(visit, action, which=which),
        el("button", t("Record the agreement")),
    )


def _given_by(visit: Visit, action: str, which: Mapping[str, object]) -> Html:
    return entry(
        visit,
        action,
        "given_by",
        visit.t("Name of the doctor or nurse who agrees"),
        which=which,
        required=True,
        maxlength=40,
        autocomplete="off",
    )
