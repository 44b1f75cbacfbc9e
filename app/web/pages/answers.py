"""The questions about a person's health: asked, answered, what follows from them, and what was changed when.

Law: an answer that stands in the way is not taken back by the next form (`app.household.health`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from starlette.responses import Response

from app.household.changes import Change
from app.household.store import Person
from app.web import sentences
from app.web.frame import note, table
from app.web.guide import TAUGHT
from app.web.markup import Child, Html, el
from app.web.pages.code import check_code, code_field
from app.web.telling import reconsider
from app.web.visit import Sorry, Visit, go
from protocols.dates import utc
from protocols.fitness import (
    ASKED,
    DRUG_QUESTIONS,
    QUESTIONS,
    Question,
    fitness,
)
from protocols.treatment import find, names

YES_NO: Final = (("no", "No", False), ("yes", "Yes", True))
HOW: Final = {
    "found": "from before this record",
    "form": "by a form",
    "code": "with the nurse's code",
    "asked": "asked for, holds in 24 hours",
    "kept": "the yes was kept",
    "waited": "24 hours were over",
}
"""How a change came about."""


def answer(visit: Visit) -> Response:
    """Keep the answers."""
    one = visit.person(visit.path["person"])
    yes_no = {"yes": True, "no": False}
    asked = DRUG_QUESTIONS if DRUG_QUESTIONS[0].key in visit.fields else QUESTIONS
    for question in asked:
        if visit.fields.get(question.key) not in yes_no:
            raise Sorry(visit.t("Answer every question."), field=question.key)
    answers = {question.key: yes_no[visit.fields[question.key]] for question in asked}
    turned = any(one.answers.get(key) and not yes for key, yes in answers.items())
    proven = turned and bool(visit.fields.get("code", "").strip())
    if proven:
        check_code(visit)
    visit.house.household.answer(one.id, answers, visit.today, device=visit.phone, proven=proven)
    reconsider(visit, one.id)
    return go(f"/people/{one.id}")


def keep(visit: Visit) -> Response:
    """Keep a yes that was to become a no."""
    one = visit.person(visit.path["person"])
    key = visit.choice("key", ASKED)
    if one.answers.get(key):
        visit.house.household.answer(one.id, {key: True}, visit.today, device=visit.phone)
    return go(f"/people/{one.id}")


def question_form(visit: Visit, one: Person, questions: Collection[Question]) -> Html:
    """Make the form of these questions, folded away once all are answered."""
    t, action = visit.t, f"/people/{one.id}/answers"
    again = visit.refills(action, {}) and any(question.key in visit.fields for question in questions)
    asked = []
    for question in questions:
        said = one.answers.get(question.key)
        if again and question.key in visit.fields:
            said = visit.fields[question.key] == "yes"
        radios = [
            el(
                "label",
                el(
                    "input",
                    type="radio",
                    name=question.key,
                    value=value,
                    required=True,
                    checked=said is meaning,
                ),
                el("span", t(text)),
            )
            for value, text, meaning in YES_NO
        ]
        wrong = str(visit.wrong) if again and visit.wrong and visit.wrong.field == question.key else ""
        mark = el("strong", wrong) if wrong else None
        asked.append(el("fieldset", el("legend", t(question.text), " ", mark), radios, class_="yesno"))
    any_yes = any(one.answers.get(question.key) for question in questions)
    turning = t(
        "Only where a yes becomes a no: with the code it does so at once. Without it the yes holds for "
        "another 24 hours, and every page says so."
    )
    form = visit.form(
        action,
        asked,
        code_field(visit, action if again else "", required=False, hint=turning) if any_yes else None,
        el("button", t("Keep the answers")),
    )
    if one.answered_on is None or any(question.key not in one.answers for question in questions):
        return form
    when = t(
        "Answered {day}. Change them when something changes.", day=visit.language.short_day(one.answered_on)
    )
    return el("details", el("summary", when), form, open=again)


def findings(visit: Visit, one: Person) -> Html:
    """Show what follows from the answers, treatment by treatment."""
    t = visit.t
    rows = []
    for name in names():
        treatment = find(name)
        found = fitness(
            one.born,
            visit.today,
            one.answers,
            one.words_on(visit.today),
            treatment.area,
            treatment.electrolyte,
        )
        kind = {"allowed": "good", "needs_word": "warn", "refused": "bad"}[found.verdict]
        verdict = {
            "allowed": t("May be treated"),
            "needs_word": t("Only with a professional's word"),
            "refused": t("Must not be treated"),
        }[found.verdict]
        why = [el("li", t(one_reason.why)) for one_reason in found.findings]
        rows.append(
            el(
                "div",
                el("p", el("strong", t(sentences.TREATMENTS[name])), ": ", verdict),
                el("ul", why) if why else None,
                class_=f"box {kind}",
            )
        )
    return el("section", el("h2", t("What follows from the answers")), rows)


def changes(visit: Visit, one: Person) -> Html | None:
    """Show what was changed about a person's health: when, by which phone, what, before and after."""
    t = visit.t
    made = visit.house.household.changes(one.id)
    if not made:
        return None
    broken = visit.house.household.changes_problem()
    return el(
        "details",
        el("summary", t("What was changed, and when")),
        note(t("This record is damaged: an entry was changed or is missing."), "bad") if broken else None,
        change_table(visit, made),
    )


def change_table(visit: Visit, made: list[Change]) -> Html:
    """Show changes as a table, newest first."""
    t = visit.t
    heads = (t("When"), t("Device"), t("What"), t("Before"), t("After"), t("How"))
    rows: list[Sequence[Child]] = []
    for change in reversed(made):
        details = change.details or {}
        cells: tuple[Child, ...] = (
            visit.language.moment(utc(change.made_utc).astimezone()),
            details.get("by", ""),
            _what(visit, details.get("what", "")),
            _said(visit, details.get("before")),
            _said(visit, details.get("after")),
            t(HOW.get(details.get("how", ""), "")),
        )
        rows.append(cells)
    return table(t("Changes, newest first"), heads, rows)


def _what(visit: Visit, key: str) -> str:
    """Say what a change is of: a question, or a professional's word for what it asks."""
    kind, _, of = key.rpartition(":")
    if of == TAUGHT:
        return visit.t("Shown by the nurse")
    asked = visit.t(ASKED.get(of, sentences.OFF.get(of, of)))
    word = visit.t("A professional's word")
    return f"{word}: {asked}" if kind else asked


def _said(visit: Visit, value: object) -> str:
    if isinstance(value, bool):
        return visit.t("Yes" if value else "No")
    return ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)
