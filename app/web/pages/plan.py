"""Plan: what is due, what is too early, the course and the top-ups, and the days as a calendar file.

Law: the rules are `protocols.course`'s; this page shows them.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from app.household.calendar import Words, calendar
from app.household.store import Person
from app.web import sentences
from app.web.frame import choices, entry, facts, field, note, page
from app.web.guide import guide, newcomer
from app.web.markup import Html, el
from app.web.pages.course import area_named, course_of, planned, questions, rhythm, severity
from app.web.pages.good_to_know import link
from app.web.visit import Visit, go
from protocols.ceilings import Area
from protocols.course import PER_WEEK, TOP_UP_DAYS, WEEKS, Plan, allowed_from, upcoming
from protocols.fitness import AREAS

SHOWN: Final = 8
"""Planned days on the page."""
EXPORTED: Final = 30
"""Planned days in the calendar file."""


def plan(visit: Visit) -> Response:
    """Show everybody's plans."""
    t = visit.t
    people = visit.house.household.people()
    if not people:
        add = el("p", el("a", t("Add the first person"), href="/people", class_="button"))
        return page(visit, t("Plan"), el("p", t("Nobody is in the household yet.")), add, section="plan")
    rule = t("At most one treatment of an area in a day and five in seven days. More is refused.")
    path = guide(visit, newcomer(visit))
    ways = el("p", link(visit, "expect"), link(visit, "feel"))
    plans = [_person(visit, one) for one in people]
    return page(visit, t("Plan"), path, el("p", rule), ways, plans, section="plan")


def save(visit: Visit) -> Response:
    """Keep a plan."""
    person = visit.person(visit.fields.get("person", ""))
    area = area_named(visit, visit.fields.get("area", ""))
    whole = {str(count): count for count in range(1, 100)}
    made = Plan(
        per_week=whole[visit.choice("per_week", {str(count): count for count in PER_WEEK})],
        weeks=whole[visit.choice("weeks", {str(count): count for count in WEEKS})],
        top_up_days=whole[
            visit.choice("top_up_days", {str(day): day for day in range(TOP_UP_DAYS[0], TOP_UP_DAYS[1] + 1)})
        ],
        starts_on=visit.day("starts_on"),
        alternate=visit.fields.get("alternate") == "yes",
    )
    visit.house.household.set_plan(person.id, area, made)
    return go(f"/plan#plan-{person.id}-{area}")


def export(visit: Visit) -> Response:
    """Give the planned days as a calendar file."""
    person = visit.person(visit.path["person"])
    area = area_named(visit, visit.path["area"])
    course = course_of(visit, person, area)
    days = [] if course.to_doctor else upcoming(course.plan, course.given, visit.now, EXPORTED)
    summary = visit.t(
        "Iontophoresis, {area}: {name}", area=visit.t(sentences.AREAS[area]), name=person.called
    )
    text = visit.t("Planned as if every treatment before were kept. Export again when the plan changes.")
    words = Words(summary, text, visit.t("A treatment is due."))
    uid = f"{visit.house.household.calendar_id()}-{person.id}-{area}"
    content = calendar(uid, words, days, visit.now, first=len(course.given) + 1)
    name = f'attachment; filename="plan-{person.id}-{area}.ics"'
    return Response(content, media_type="text/calendar; charset=utf-8", headers={"content-disposition": name})


def _person(visit: Visit, person: Person) -> Html:
    t = visit.t
    planned = visit.house.household.planned_areas(person.id)
    others: dict[str, str] = {area: t(sentences.AREAS[area]) for area in AREAS if area not in planned}
    begin = el(
        "details",
        el("summary", t("Plan another area") if planned else t("Make a plan")),
        _settings(visit, person, None, Plan(starts_on=visit.today), others),
        open=not planned or visit.refills("/plan", _which(visit, person, None, others)),
    )
    return el(
        "section",
        el("h2", person.called),
        [_area_plan(visit, person, area_named(visit, area)) for area in planned],
        begin if others else None,
        aria_label=person.called,
    )


def _area_plan(visit: Visit, person: Person, area: Area) -> Html:
    t, language = visit.t, visit.language
    course = course_of(visit, person, area)
    kept, given, found = course.plan, course.given, course.standing
    days = [] if course.to_doctor else upcoming(kept, given, visit.now, SHOWN)
    if course.to_doctor:
        said = note(planned(visit, course), "warn")
    elif found.verdict == "refused":
        moment = allowed_from(given, visit.now)
        again = (
            ""
            if moment is None
            else t("A treatment is allowed again from {moment} on.", moment=language.moment(moment))
        )
        said = note(f"{t(found.why)} {again}".strip(), "bad")
    else:
        said = note(planned(visit, course), "good" if found.verdict == "due" else "note")
    done = t("{done} of {all} treatments of the course", done=found.done, all=kept.course)
    last = max((one.begun for one in given), default=None)
    listed = [el("li", language.day(day)) for day in days]
    rows = [
        (t("Course"), done if not found.topping_up else t("Complete; now top-ups")),
        (t("How often"), rhythm(visit, kept, topping_up=found.topping_up)),
        (t("Last treatment"), "" if last is None else language.moment(last)),
        (t("How much it bothers"), severity(visit, course.told)),
    ]
    return el(
        "article",
        el("h3", t(sentences.AREAS[area])),
        said,
        questions(visit, course, "plan"),
        facts(rows),
        el("details", el("summary", t("The next days")), el("ol", listed)) if listed else None,
        el(
            "p",
            el("a", t("Prepare"), href=f"/prepare?person={person.id}&treatment={area}", class_="button"),
            el("a", t("Calendar file"), href=f"/plan/{person.id}/{area}.ics", class_="button plain"),
            el("a", t("Four weeks for the doctor"), href=f"/people/{person.id}/weeks", class_="button plain"),
        ),
        el(
            "details",
            el("summary", t("Change the plan")),
            _settings(visit, person, area, kept, {}),
            open=visit.refills("/plan", {"person": person.id, "area": area}),
        ),
        id=f"plan-{person.id}-{area}",
    )


def _which(visit: Visit, person: Person, area: Area | None, areas: dict[str, str]) -> dict[str, object]:
    """Give the hidden fields of a plan's form; that of another area is the one in which one of `areas` is."""
    chosen = visit.fields.get("area", "")
    return {"person": person.id, "area": area or (chosen if chosen in areas else "")}


def _settings(visit: Visit, person: Person, area: Area | None, kept: Plan, areas: dict[str, str]) -> Html:
    t = visit.t
    per_week = {
        str(count): visit.language.n("{count} treatment a week", "{count} treatments a week", count)
        for count in PER_WEEK
    }
    weeks = {str(count): visit.language.n("{count} week", "{count} weeks", count) for count in WEEKS}
    days = {
        str(day): visit.language.n("every {count} day", "every {count} days", day)
        for day in range(TOP_UP_DAYS[0], TOP_UP_DAYS[1] + 1)
    }
    which = _which(visit, person, area, areas)
    again = visit.refills("/plan", which)
    typed = visit.fields if again else {}
    alternates = typed.get("alternate") == "yes" if again else kept.alternate
    alternate = el("input", type="checkbox", name="alternate", value="yes", checked=alternates)
    of_area = (
        el("input", type="hidden", name="area", value=area)
        if area is not None
        else field(t("Area"), choices("area", areas, typed.get("area", "")))
    )
    return visit.form(
        "/plan",
        el("input", type="hidden", name="person", value=person.id),
        of_area,
        field(t("Initial course"), choices("per_week", per_week, typed.get("per_week", str(kept.per_week)))),
        field(t("Length of the course"), choices("weeks", weeks, typed.get("weeks", str(kept.weeks)))),
        field(
            t("Top-ups after it"),
            choices("top_up_days", days, typed.get("top_up_days", str(kept.top_up_days))),
        ),
        entry(
            visit,
            "/plan",
            "starts_on",
            t("First day"),
            which=which,
            type="date",
            value=kept.starts_on.isoformat(),
            required=True,
        ),
        el(
            "label",
            alternate,
            el("span", t("Begin each treatment with the other direction than the last")),
            class_="tick",
        ),
        el("button", t("Keep the plan")),
    )
