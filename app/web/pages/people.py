"""People: who is in the household, the questions about health, a professional's word, limits; paired devices.

Law: lowering a limit is free; raising one, and a word, need the nurse's code, whose tries are few.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final, TypeVar

from starlette.responses import Response

from app.household.health import Permission
from app.household.order import NO_TIME, tell_allowed, withdraw_of
from app.household.store import TOO_MANY_TRIES, Person, StoreRefused
from app.web import sentences
from app.web.frame import entry, note, page
from app.web.guide import TAUGHT, first_area, guide, newcomer, treated
from app.web.markup import Child, Html, el
from app.web.visit import Sorry, Visit, go
from protocols.ceilings import MIN_CURRENT_MA
from protocols.dates import Reading, utc
from protocols.fitness import (
    AREAS,
    ASKED,
    DRUG,
    DRUG_QUESTIONS,
    OFF,
    QUESTIONS,
    Question,
    age_group,
    age_years,
    fitness,
    highest_limit_ma,
    words_wanted,
)
from protocols.treatment import find, names

LONGEST_CODE: Final = 64
LONGEST_STRENGTH: Final = 20
LONGEST_WORD: Final = timedelta(days=366)
"""A word for what is off without one is renewed at least once a year (our figure)."""
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

T = TypeVar("T")


def people(visit: Visit) -> Response:
    """Show the household and the paired devices."""
    t = visit.t
    listed = [
        el(
            "li",
            el("a", person.called, href=f"/people/{person.id}"),
            " ",
            el(
                "span",
                visit.language.n("{count} year", "{count} years", age_years(person.born, visit.today)),
                class_="quiet",
            ),
        )
        for person in visit.house.household.people()
    ]
    add = visit.form(
        "/people",
        entry(visit, "/people", "name", t("Name"), required=True, maxlength=40, autocomplete="off"),
        entry(visit, "/people", "born", t("Date of birth"), type="date", required=True),
        el("button", t("Add")),
    )
    return page(
        visit,
        t("People"),
        guide(visit, newcomer(visit)),
        el("ul", listed, class_="list") if listed else el("p", t("Nobody is in the household yet.")),
        el("section", el("h2", t("Add a person")), add),
        el("section", el("h2", t("Paired devices")), _devices(visit)),
        section="people",
    )


def add(visit: Visit) -> Response:
    """Add a person."""
    name, born = visit.line("name"), visit.day("born")
    if not Reading(visit.now).possible:
        raise Sorry(visit.t(NO_TIME), field="born")
    if not 0 <= age_years(born, visit.today) <= 120:
        raise Sorry(visit.t("This is not a date of birth."), field="born")
    made = kept(visit, lambda: visit.house.household.add_person(name, born), field="name")
    return go(f"/people/{made}")


def person(visit: Visit) -> Response:
    """Show one person."""
    one = visit.person(visit.path["person"])
    t = visit.t
    alike = t("Somebody else here has the same name. Change one of them, so that nobody is mixed up.")
    remove = visit.form(
        f"/people/{one.id}/remove", el("button", t("Remove from the household"), class_="danger")
    )
    return page(
        visit,
        one.called,
        note(alike, "warn") if one.called != one.name else None,
        el("p", t("Born {day}", day=visit.language.short_day(one.born)), class_="quiet"),
        guide(visit, one),
        el("section", el("h2", t("Questions about health")), _questions(visit, one, QUESTIONS)),
        _findings(visit, one) if one.answers else None,
        _words(visit, one),
        _taught(visit, one),
        _off(visit, one),
        el("section", el("h2", t("Limits")), _limits(visit, one)),
        _changes(visit, one),
        el(
            "details",
            el("summary", t("Change the name")),
            _rename(visit, one),
            open=visit.refills(f"/people/{one.id}/name", {}),
        ),
        el(
            "p",
            el(
                "a",
                t("Take along all that is kept of {name}", name=one.called),
                href=f"/people/{one.id}/data.json",
                class_="button plain",
                download=True,
            ),
        ),
        el(
            "details",
            el("summary", t("Remove {name}", name=one.called)),
            el(
                "p",
                t(
                    "Name, date of birth, answers, agreements, limits and plans are removed for good. The "
                    "treatments stay, without a name."
                ),
            ),
            remove,
        ),
        section="people",
    )


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
    _reconsider(visit, one)
    return go(f"/people/{one.id}")


def keep(visit: Visit) -> Response:
    """Keep a yes that was to become a no."""
    one = visit.person(visit.path["person"])
    key = visit.choice("key", ASKED)
    if one.answers.get(key):
        visit.house.household.answer(one.id, {key: True}, visit.today, device=visit.phone)
    return go(f"/people/{one.id}")


def word(visit: Visit) -> Response:
    """Keep a professional's word."""
    one = visit.person(visit.path["person"])
    key = visit.choice(
        "key", {found.key: found for found in words_wanted(one.born, visit.today, one.answers)}
    )
    given_by = visit.line("given_by")
    check_code(visit)
    visit.house.household.give_word(one.id, key, given_by, visit.today, device=visit.phone)
    tell_allowed(visit.house.state, visit.house.household, visit.now)
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
        _reconsider(visit, one)
        return go(f"/people/{one.id}#word-{key}")
    given_by = visit.line("given_by")
    strength = visit.line("strength", LONGEST_STRENGTH) if key == DRUG else ""
    until = visit.day("until")
    if not visit.today <= until <= visit.today + LONGEST_WORD:
        raise Sorry(visit.t("The last day lies between today and a year from now."), field="until")
    check_code(visit)
    permission = Permission(given_by, visit.today, until, strength)
    visit.house.household.permit(one.id, key, permission, device=visit.phone)
    tell_allowed(visit.house.state, visit.house.household, visit.now)
    return go(f"/people/{one.id}#word-{key}")


def limit(visit: Visit) -> Response:
    """Keep a limit; above the one that holds, with the code."""
    one = visit.person(visit.path["person"])
    area = next((area for area in AREAS if area == visit.fields.get("area")), None)
    if area is None:
        raise Sorry(visit.t("This choice does not exist."))
    limit_ma = visit.number("limit_ma")
    if limit_ma > (now_ma := one.limit_ma(area, visit.today)):
        if not visit.fields.get("code", "").strip():
            raise Sorry(
                visit.t(
                    "Raising a limit takes the nurse's code. Enter it too, or choose {now} or less.",
                    now=visit.language.ma(now_ma),
                ),
                field="code",
            )
        check_code(visit)
    book = visit.house.household
    kept(visit, lambda: book.set_limit(one, area, limit_ma, visit.today), field="limit_ma")
    _reconsider(visit, one)
    return go(f"/people/{one.id}")


def rename(visit: Visit) -> Response:
    """Give a person another name."""
    one, name = visit.person(visit.path["person"]), visit.line("name")
    kept(visit, lambda: visit.house.household.rename_person(one.id, name), field="name")
    return go(f"/people/{one.id}")


def remove(visit: Visit) -> Response:
    """Forget a person."""
    one = visit.person(visit.path["person"])
    withdraw_of(visit.house.state, one.id, visit.now)
    visit.house.household.remove_person(one.id, device=visit.phone)
    tell_allowed(visit.house.state, visit.house.household, visit.now)
    return go("/people")


def _reconsider(visit: Visit, one: Person) -> None:
    """Take back what is prepared for a person of whom something else is known now, and tell the unit."""
    withdraw_of(visit.house.state, one.id, visit.now)
    tell_allowed(visit.house.state, visit.house.household, visit.now)


def unpair(visit: Visit) -> Response:
    """Forget a device."""
    number = visit.fields.get("device", "")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise Sorry(visit.t("This choice does not exist."))
    visit.house.household.unpair(int(number))
    return go("/people")


def _devices(visit: Visit) -> list[Html]:
    t = visit.t
    own = t("(this one)")
    return [
        visit.form(
            "/devices/remove",
            el("input", type="hidden", name="device", value=device.id),
            el(
                "span",
                device.name,
                " ",
                el("small", visit.language.short_day(device.paired_on)),
                el("strong", f" {own}") if device.id == visit.visitor.device else None,
            ),
            el("button", t("Remove"), class_="plain", aria_label=t("Remove {name}", name=device.name)),
            class_="line",
        )
        for device in visit.house.household.devices()
    ]


def _questions(visit: Visit, one: Person, questions: Collection[Question]) -> Html:
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


def _findings(visit: Visit, one: Person) -> Html:
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


def _words(visit: Visit, one: Person) -> Html | None:
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


def _taught(visit: Visit, one: Person) -> Html:
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


def _off(visit: Visit, one: Person) -> Html:
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
        asked = _questions(visit, one, DRUG_QUESTIONS) if key == DRUG else None
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


def _changes(visit: Visit, one: Person) -> Html | None:
    """Show what was changed about a person's health: when, by which phone, what, before and after."""
    t = visit.t
    made = visit.house.household.changes(one.id)
    if not made:
        return None
    heads = (t("When"), t("Device"), t("What"), t("Before"), t("After"), t("How"))
    rows = []
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
        rows.append(
            el("tr", [el("td", cell, data_label=head) for head, cell in zip(heads, cells, strict=True)])
        )
    broken = visit.house.household.changes_problem()
    return el(
        "details",
        el("summary", t("What was changed, and when")),
        note(t("This record is damaged: an entry was changed or is missing."), "bad") if broken else None,
        el(
            "table",
            el("caption", t("Changes, newest first")),
            el("thead", el("tr", [el("th", head, scope="col") for head in heads])),
            el("tbody", rows),
            class_="stack",
        ),
    )


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


def _limits(visit: Visit, one: Person) -> list[Html]:
    t, language = visit.t, visit.language
    group = age_group(one.born, visit.today)
    forms = []
    for area in AREAS:
        now_ma, most_ma = one.limit_ma(area, visit.today), highest_limit_ma(area, group)
        hint = t(
            "Now {now}. Lower freely; raise with the nurse's code, to {most} at most.",
            now=language.ma(now_ma),
            most=language.ma(most_ma),
        )
        action, which = f"/people/{one.id}/limit", {"area": area}
        limit_field = entry(
            visit,
            action,
            "limit_ma",
            t("{area}: limit in mA", area=t(sentences.AREAS[area])),
            hint=hint,
            which=which,
            type="number",
            min=MIN_CURRENT_MA,
            max=most_ma,
            step=0.5,
            value=now_ma,
            required=True,
            inputmode="decimal",
        )
        forms.append(
            visit.form(
                action,
                el("input", type="hidden", name="area", value=area),
                limit_field,
                code_field(visit, action, required=False, which=which),
                el("button", t("Keep the limit"), class_="plain"),
                class_="limit",
            )
        )
    return forms


def _rename(visit: Visit, one: Person) -> Html:
    action = f"/people/{one.id}/name"
    name = entry(
        visit,
        action,
        "name",
        visit.t("Name"),
        value=one.name,
        required=True,
        maxlength=40,
        autocomplete="off",
    )
    return visit.form(action, name, el("button", visit.t("Keep the name")))


def code_field(
    visit: Visit,
    action: str,
    *,
    required: bool = True,
    hint: str = "",
    which: Mapping[str, object] = MappingProxyType({}),
) -> Html:
    """Make the field for the nurse's code, of the form to `action`; it is never filled in again."""
    return entry(
        visit,
        action,
        "code",
        visit.t("Nurse's code"),
        hint=hint,
        which=which,
        type="password",
        maxlength=LONGEST_CODE,
        required=required,
        autocomplete="off",
    )


def check_code(visit: Visit) -> None:
    """Check the nurse's code; all wrong ones together are limited, whoever enters them. Raises Sorry."""
    household, codes = visit.house.household, visit.house.codes

    def take() -> None:
        if not codes.take(which, visit.clock_s):
            raise Sorry(visit.t(TOO_MANY_TRIES), 429, field="code")

    code = visit.fields.get("code", "")[:LONGEST_CODE]
    which = kept(visit, household.code_id, 403, "code")
    status = 403 if code.strip() else 422
    kept(visit, lambda: household.prove_code(code, take, lambda: codes.give_back(which)), status, "code")


def kept(visit: Visit, do: Callable[[], T], status: int = 422, field: str = "") -> T:
    """Do what the household's book may refuse, because of a field's value. Raises Sorry."""
    try:
        return do()
    except StoreRefused as refused:
        raise Sorry(visit.t(str(refused)), status, field=field) from refused
