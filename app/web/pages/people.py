"""People: who is in the household, with all that is known of each, and their limits; paired devices.

Law: lowering a limit is free; raising one needs the nurse's code.
"""

from __future__ import annotations

from starlette.responses import Response

from app.household.order import NO_TIME
from app.household.store import Person
from app.web import sentences
from app.web.frame import entry, note, page
from app.web.guide import guide, newcomer
from app.web.markup import Html, el
from app.web.pages.agreements import off, shown, words
from app.web.pages.answers import changes, findings, question_form
from app.web.pages.code import check_code, code_field, kept
from app.web.pages.good_to_know import link
from app.web.telling import reconsider, take_back, tell
from app.web.visit import Sorry, Visit, go
from protocols.ceilings import MIN_CURRENT_MA
from protocols.dates import Reading
from protocols.fitness import (
    AREAS,
    QUESTIONS,
    age_group,
    age_years,
    highest_limit_ma,
)


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
        el(
            "section",
            el("h2", t("Questions about health")),
            el("p", link(visit, "who")),
            question_form(visit, one, QUESTIONS),
        ),
        findings(visit, one) if one.answers else None,
        words(visit, one),
        shown(visit, one),
        off(visit, one),
        el("section", el("h2", t("Limits")), _limits(visit, one)),
        changes(visit, one),
        el(
            "details",
            el("summary", t("Change the name")),
            _rename(visit, one),
            open=visit.refills(f"/people/{one.id}/name", {}),
        ),
        el(
            "p",
            el("a", t("Four weeks for the doctor"), href=f"/people/{one.id}/weeks", class_="button plain"),
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
                    "Name, date of birth, answers, agreements, limits, plans and what was said of the "
                    "course are removed for good. The treatments stay, without a name."
                ),
            ),
            remove,
        ),
        section="people",
    )


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
    reconsider(visit, one.id)
    return go(f"/people/{one.id}")


def rename(visit: Visit) -> Response:
    """Give a person another name."""
    one, name = visit.person(visit.path["person"]), visit.line("name")
    kept(visit, lambda: visit.house.household.rename_person(one.id, name), field="name")
    return go(f"/people/{one.id}")


def remove(visit: Visit) -> Response:
    """Forget a person."""
    one = visit.person(visit.path["person"])
    take_back(visit, one.id)
    visit.house.household.remove_person(one.id, device=visit.phone)
    tell(visit)
    return go("/people")


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
