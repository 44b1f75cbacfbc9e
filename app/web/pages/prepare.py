"""Prepare: who, what, whether it may be, the checklist, the current; then Start on the unit.

Law: what may not be is said with every reason, and nothing is written for the unit.
"""

from __future__ import annotations

import math

from starlette.responses import Response

from app.household.feelings import HURT, STEP_MA, suggested_ma, why_suggested
from app.household.order import (
    OF_CURRENT,
    checklist,
    limit_for,
    obstacles,
    prepared,
    withdraw,
    write,
)
from app.household.store import Person
from app.web import sentences
from app.web.facts import told
from app.web.frame import choices, entry, field, note, page
from app.web.guide import guide
from app.web.markup import Child, Html, el
from app.web.now_view import rest_offered, why_locked
from app.web.pages.course import course_of, planned, questions
from app.web.pages.good_to_know import link
from app.web.records import Record
from app.web.telling import tell
from app.web.visit import Sorry, Visit, go
from protocols.ceilings import MIN_CURRENT_MA
from protocols.course import allowed_from, first_polarity
from protocols.fitness import OFF
from protocols.treatment import Treatment, find, names


def prepare(visit: Visit) -> Response:
    """Show the page for the person and treatment in the query."""
    person, treatment = _chosen(visit, visit.query.get("person", ""), visit.query.get("treatment", ""))
    return _page(visit, person, treatment)


def order(visit: Visit) -> Response:
    """Prepare what was asked for, or say why not."""
    if "withdraw" in visit.fields:
        withdraw(visit.house.state)
        return go("/")
    person = visit.person(visit.fields.get("person", ""))
    treatment = find(visit.choice("treatment", dict.fromkeys(names())))
    if paused := _locked(visit) or _paused(visit):
        return _page(visit, person, treatment, [paused])
    try:
        current_ma = visit.number("current_ma")
    except Sorry as sorry:
        return _page(visit._replace(wrong=sorry), person, treatment, [str(sorry)])
    made = prepared(
        person,
        treatment,
        visit.house.household.plan(person.id, treatment.area, visit.today),
        visit.house.records.given(str(person.id), treatment.area),
        current_ma,
        [key for key in checklist(treatment) if visit.fields.get(key) == "yes"],
        visit.now,
        _unit_ma(visit),
    )
    if isinstance(made, list):
        of_current = next((why for why in made if why in OF_CURRENT), "")
        wrong = Sorry(visit.t(of_current), field="current_ma") if of_current else None
        return _page(visit._replace(wrong=wrong), person, treatment, made)
    tell(visit)
    write(visit.house.state, made)
    return go("/")


def _locked(visit: Visit) -> str:
    """Say that the unit treats nobody, whatever is prepared, or ""."""
    return "" if visit.snapshot is None else why_locked(visit.snapshot, visit.language)


def _paused(visit: Visit) -> str:
    """Say that Start would give the rest of a treatment that was cut, and not what is prepared now, or ""."""
    snapshot = visit.snapshot
    if snapshot is None or not rest_offered(snapshot):
        return ""
    who = visit.house.household.names().get(snapshot["person"] or "") or visit.t("Nobody in particular")
    return visit.t(
        "A treatment is not finished ({who}): Start would go on with it. End it by Stop on the unit, or wait "
        "{minutes} min; then prepare the next one.",
        who=who,
        minutes=visit.language.number(max(1, math.ceil((snapshot["rest_s"] or 0.0) / 60))),
    )


def _unit_ma(visit: Visit) -> float | None:
    """Give the most that the unit may give, mA, as it says itself; None before it was reached."""
    hello = visit.house.feed.hello
    return None if hello is None else hello["max_current_ma"]


def _chosen(visit: Visit, number: str, name: str) -> tuple[Person | None, Treatment]:
    people = visit.house.household.people()
    person = visit.person(number) if number else people[0] if len(people) == 1 else None
    planned = visit.house.household.planned_areas(person.id) if person is not None else []
    if name and name not in names():
        raise Sorry(visit.t("This choice does not exist."))
    return person, find(name or (planned[0] if planned else "hands"))


def _page(
    visit: Visit, person: Person | None, treatment: Treatment, reasons: list[str] | None = None
) -> Response:
    t = visit.t
    people = visit.house.household.people()
    if not people:
        add = el("p", el("a", t("Add the first person"), href="/people", class_="button"))
        return page(
            visit, t("Prepare"), el("p", t("Nobody is in the household yet.")), add, section="prepare"
        )
    who = {"": t("Choose"), **{str(one.id): one.called for one in people}}
    what = {name: t(sentences.TREATMENTS.get(name, name)) for name in names()}
    choose = el(
        "form",
        field(t("Who is treated?"), choices("person", who, "" if person is None else str(person.id))),
        field(t("What is treated?"), choices("treatment", what, treatment.name)),
        el("button", t("Show"), class_="plain"),
        method="get",
        action="/prepare",
        class_="pick",
    )
    above = "" if visit.wrong is None else str(visit.wrong)  # which the page says by itself
    said = [note(t(reason), "bad") for reason in reasons or () if t(reason) != above]
    content: Child = None if person is None else _for(visit, person, treatment, answered=bool(reasons))
    status = 422 if reasons else 200
    return page(
        visit,
        t("Prepare"),
        None if person is None else guide(visit, person, treatment),
        choose,
        el("div", said, role="alert"),
        content,
        section="prepare",
        status=status,
    )


def _for(visit: Visit, person: Person, treatment: Treatment, *, answered: bool) -> Html:
    """Show what stands in the way, else the checklist."""
    t = visit.t
    given = visit.house.records.given(str(person.id), treatment.area)
    if (paused := _locked(visit) or _paused(visit)) and not answered:
        return el("section", el("h2", t("No treatment now")), note(paused, "bad"))
    found = obstacles(person, treatment, given, visit.now)
    if found:
        said = [] if answered else [note(t(why), "bad") for why in found]
        return el(
            "section",
            el("h2", t("No treatment now")),
            said,
            _when(visit, person, treatment),
            el("p", _ways_on(visit, person, treatment)),
        )
    return el("section", _standing(visit, person, treatment), _checklist(visit, person, treatment))


def _when(visit: Visit, person: Person, treatment: Treatment) -> Html | None:
    """Say when the rule of days allows the next treatment, where it is what stands in the way."""
    given = visit.house.records.given(str(person.id), treatment.area)
    moment = allowed_from(given, visit.now)
    if moment is None:
        return None
    said = visit.t("A treatment is allowed again from {moment} on.", moment=visit.language.moment(moment))
    where = f"/plan#plan-{person.id}-{treatment.area}"
    return el("p", said, " ", el("a", visit.t("Look at the plan"), href=where, class_="button plain"))


def _ways_on(visit: Visit, person: Person, treatment: Treatment) -> list[Html]:
    """Link what helps against what stands in the way."""
    t, where = visit.t, f"/people/{person.id}"
    ways = [el("a", t("Questions about health"), href=where, class_="button")]
    today = visit.today
    words = person.words_on(today)
    for key in (treatment.area, treatment.electrolyte):
        if key in OFF and key not in words:
            ways.append(el("a", t("A professional's word"), href=f"{where}#word-{key}", class_="button"))
    return ways


def _standing(visit: Visit, person: Person, treatment: Treatment) -> list[Html | None]:
    """Say whether it is due, and ask what is to be known before it."""
    course = course_of(visit, person, treatment.area)
    found = course.standing
    if course.to_doctor:
        said = note(planned(visit, course), "warn")
    elif found.verdict == "due":
        said = note(visit.t("A treatment is due."), "good")
    else:
        early = "Earlier than planned: the plan says {day}. It is allowed."
        said = note(visit.t(early, day=visit.language.day(found.due)), "warn")
    return [said, questions(visit, course, "prepare")]


def _checklist(visit: Visit, person: Person, treatment: Treatment) -> Html:
    t, language = visit.t, visit.language
    plan = visit.house.household.plan(person.id, treatment.area, visit.today)
    given = visit.house.records.given(str(person.id), treatment.area)
    limit_ma = limit_for(person, treatment, visit.now, _unit_ma(visit)).most_ma
    last = _last(visit, person, treatment)
    said = {} if last is None else visit.house.household.feedback([last.id])
    felt = said[last.id].felt if last is not None and last.id in said else None
    borne_ma = None if last is None else visit.house.records.borne_ma(last.id) or last.target_ma
    start_ma = suggested_ma(limit_ma, borne_ma, felt)
    suggested = t("Suggested: {current}.", current=language.ma(start_ma))
    borne = language.ma(borne_ma or 0.0)
    why = " ".join(t(sentence, borne=borne) for sentence in why_suggested(limit_ma, borne_ma, felt))
    ticks = [
        el(
            "label",
            el(
                "input",
                type="checkbox",
                name=key,
                value="yes",
                required=True,
                checked=visit.fields.get(key) == "yes",
            ),
            el("span", t(text)),
            class_="tick",
        )
        for key, text in checklist(treatment).items()
    ]
    first = t(sentences.POLARITY[first_polarity(treatment, plan, given)])
    hint = t(
        "{least} to {most}. It should tingle, never hurt. Up and Down on the unit change it later.",
        least=language.ma(MIN_CURRENT_MA),
        most=language.ma(limit_ma),
    )
    current = entry(
        visit,
        "/prepare",
        "current_ma",
        t("Current in mA"),
        hint=f"{suggested} {why} {hint}",
        type="number",
        min=MIN_CURRENT_MA,
        max=limit_ma,
        step=STEP_MA,
        value=visit.fields.get("current_ma", start_ma),
        required=True,
        inputmode="decimal",
    )
    return visit.form(
        "/prepare",
        el("input", type="hidden", name="person", value=person.id),
        el("input", type="hidden", name="treatment", value=treatment.name),
        note(t(HURT), "bad") if felt in {"sore", "blisters"} else None,
        _wetting(visit, treatment),
        el("fieldset", el("legend", t("Checklist")), ticks),
        current,
        el(
            "p",
            t(
                "{minutes} minutes, first direction: {first}.",
                minutes=language.number(treatment.total_min),
                first=first,
            ),
        ),
        el("button", t("Prepare the unit"), class_="main"),
        el(
            "p",
            t("Then press Start on the unit within 30 minutes. Nothing starts from here."),
            class_="quiet",
        ),
    )


def _wetting(visit: Visit, treatment: Treatment) -> list[Html]:
    """Say how much water it takes; of pads, which hold little, also why."""
    _, trays, pads, sour, _ = told(visit.language, "water")
    said = note(f"{pads} {sour}", "warn") if treatment.area in OFF else el("p", trays, class_="quiet")
    return [said, el("p", [link(visit, key) for key in ("water", "electrodes", "home", "stop")])]


def _last(visit: Visit, person: Person, treatment: Treatment) -> Record | None:
    """Give the last treatment of the same kind: what tap water did says nothing of a drug."""
    recent = visit.house.records.page(50, person=str(person.id))
    return next((one for one in recent if _is_like(one, treatment) and one.charge_ma_min >= 1), None)


def _is_like(record: Record, treatment: Treatment) -> bool:
    if record.treatment not in names():
        return False
    other = find(record.treatment)
    return (other.area, other.electrolyte) == (treatment.area, treatment.electrolyte)
