"""Your four weeks: one page for the doctor or nurse, which a browser prints or keeps as PDF.

Law: what is kept, and nothing reckoned beyond sums: plan against done, dose, what was said, what went wrong,
limits, answers. A day whose date is not known is marked; a simulated treatment is stamped.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple

from starlette.responses import Response

from app.household.changes import Change
from app.household.course import HELPED, SCALE, Told
from app.household.feelings import FELT
from app.household.plans import Feedback
from app.household.store import Person
from app.web import sentences
from app.web.frame import facts, note, page, table
from app.web.markup import Child, Html, el
from app.web.pages.afterwards import outcome
from app.web.pages.answers import change_table
from app.web.pages.course import course_of, rhythm
from app.web.pages.history import whole_ones
from app.web.records import Record
from app.web.visit import Sorry, Visit
from controller.core.locks import IDLE, PROOF
from protocols.ceilings import Area
from protocols.course import planned_within
from protocols.dates import utc
from protocols.fitness import AREAS, ASKED, age_group, age_years, highest_limit_ma
from protocols.treatment import area_of

WEEKS: Final = 4
DAYS: Final = 7 * WEEKS
WENT_WRONG: Final = frozenset({"stopped", "aborted", "cut_off", "completed_short"})
"""Ends that are told under what went wrong; who was refused was not treated."""
HURT: Final = ("sore", "blisters")
SCALE_TOLD: Final = (
    "Sweating: 1 never noticed, 4 unbearable (the Hyperhidrosis Disease Severity Scale in other words)."
)
BATCH: Final = 100
"""Sessions that are read at once."""


class Span(NamedTuple):
    """Four weeks, both days included."""

    first: date
    last: date

    def has(self, day: date) -> bool:
        """Tell whether a day is one of them."""
        return self.first <= day <= self.last


def weeks(visit: Visit) -> Response:
    """Show the page; `until` in the query is its last day, today without one."""
    t, language = visit.t, visit.language
    one, span = visit.person(visit.path["person"]), _span(visit)
    sessions = _sessions(visit, one, span)
    given = [
        (record, said)
        for record, said in whole_ones(sessions)
        if span.has(record.begun.date()) and record.treatment not in {PROOF, IDLE}
    ]
    areas = [area for area in AREAS if area in _areas(visit, one, [record for record, _ in given])]
    named = t("{first} to {last}", first=language.short_day(span.first), last=language.short_day(span.last))
    simulated = any(record.simulated for record, _ in given)
    before = (span.first - timedelta(days=1)).isoformat()
    return page(
        visit,
        t("Four weeks of {name}", name=one.called),
        el("p", named, ". ", t("Born {day}", day=language.short_day(one.born)), ". ", _age(visit, one)),
        note(t("SIMULATED: no person was treated"), "warn") if simulated else None,
        [_area(visit, one, area, span, given) for area in areas]
        or el("p", t("Nothing was treated or planned.")),
        _wrong(visit, span, given, sessions),
        _limits(visit, one, areas),
        _answers(visit, one, span),
        el(
            "p",
            el("button", t("Print"), type="button", class_="plain", data_print=True, hidden=True),
            el(
                "a",
                t("Four weeks before"),
                href=f"/people/{one.id}/weeks?until={before}",
                class_="button plain",
            ),
            el("a", one.called, href=f"/people/{one.id}", class_="button plain"),
            class_="noprint",
        ),
        section="people",
        scripts=("uPlot.js", "chart.js", "charts.js"),
    )


def _span(visit: Visit) -> Span:
    text = visit.query.get("until", "")
    try:
        last = date.fromisoformat(text) if text else visit.today
    except ValueError:
        last = date.max
    if not 2000 <= last.year <= 2200:
        raise Sorry(visit.t("This is not a date: write it like 2026-01-31."), 404)
    return Span(last - timedelta(days=DAYS - 1), last)


def _sessions(visit: Visit, one: Person, span: Span) -> list[tuple[Record, Feedback]]:
    """Give a person's sessions, newest first, as far back as the weeks go; one wrong date ends nothing."""
    found: list[tuple[Record, Feedback]] = []
    before: int | None = None
    while rows := visit.house.records.page(BATCH, before, str(one.id)):
        said = visit.house.household.feedback([row.id for row in rows])
        found += [(row, said.get(row.id, Feedback(None, None))) for row in rows]
        if all(row.begun.date() < span.first for row in rows):
            break
        before = rows[-1].id
    return found


def _age(visit: Visit, one: Person) -> str:
    years = age_years(one.born, visit.today)
    return visit.language.n("{count} year", "{count} years", years) + "."


def _areas(visit: Visit, one: Person, records: Sequence[Record]) -> set[str]:
    return {
        *visit.house.household.planned_areas(one.id),
        *(area_of(record.treatment) or "" for record in records),
    }


def _area(
    visit: Visit, one: Person, area: Area, span: Span, given: Sequence[tuple[Record, Feedback]]
) -> Html:
    """Show an area: plan and done by week, and each treatment."""
    t = visit.t
    course = course_of(visit, one, area)
    ours = [(record, said) for record, said in given if area_of(record.treatment) == area]
    kept = area in visit.house.household.planned_areas(one.id)
    how = rhythm(visit, course.plan, topping_up=course.standing.topping_up)
    done = t("{done} of {all} treatments of the course", done=course.standing.done, all=course.plan.course)
    said_of_it = next((told for told in reversed(course.told) if told.asked == "helped"), None)
    rows: list[tuple[str, Child]] = [
        (t("Plan today"), f"{how}; {done}" if kept else ""),
        (t("Does it help?"), _helped(visit, said_of_it)),
    ]
    return el(
        "section",
        el("h2", t(sentences.AREAS[area])),
        facts(rows),
        _by_week(visit, span, course.told, ours, _planned(visit, one, area, span) if kept else None),
        _each(visit, ours) if ours else None,
        el("p", t(SCALE_TOLD), class_="quiet")
        if any(told.asked == "hdss" and span.has(told.day) for told in course.told)
        else None,
        el("p", t("mA min is current times time: 10 mA for 10 minutes are 100 mA min."), class_="quiet"),
    )


def _helped(visit: Visit, said: Told | None) -> str:
    if said is None:
        return ""
    return f"{visit.t(HELPED[said.answer])} ({visit.language.short_day(said.day)})"


def _planned(visit: Visit, one: Person, area: Area, span: Span) -> list[date]:
    """Give the days that the plan of today would have had."""
    plan = visit.house.household.plan(one.id, area, visit.today)
    first = datetime.combine(span.first, time(), visit.now.tzinfo)
    found = planned_within(plan, visit.house.records.given(str(one.id), area), first, DAYS)
    return [day for day in found if day >= plan.starts_on]


def _by_week(
    visit: Visit,
    span: Span,
    told: Sequence[Told],
    given: Sequence[tuple[Record, Feedback]],
    planned: list[date] | None,
) -> Html:
    t, language = visit.t, visit.language
    heads = (
        t("Week from"),
        t("Planned"),
        t("Done"),
        t("Dose (mA min)"),
        t("Sweating (1 to 4)"),
        t("Thicker skin"),
    )
    rows = []
    for number in range(WEEKS):
        week = Span(span.first + timedelta(days=7 * number), span.first + timedelta(days=7 * number + 6))
        counted = [
            record for record, _ in given if week.has(record.begun.date()) and record.charge_ma_min >= 1.0
        ]
        rows.append(
            (
                language.short_day(week.first),
                "" if planned is None else language.number(sum(week.has(day) for day in planned)),
                language.number(len(counted)),
                language.number(sum(record.charge_ma_min for record in counted), 1) if counted else "",
                _said(visit, told, week, "hdss"),
                _said(visit, told, week, "thick"),
            )
        )
    caption = t("Plan against done. What was planned follows from the plan of today.")
    return table(caption, heads, rows)


def _said(visit: Visit, told: Sequence[Told], week: Span, asked: str) -> str:
    found = [one.answer for one in told if one.asked == asked and week.has(one.day)]
    if not found:
        return ""
    return found[-1] if found[-1] in SCALE else visit.t("Yes" if found[-1] == "yes" else "No")


def _each(visit: Visit, given: Sequence[tuple[Record, Feedback]]) -> Html:
    """Show each treatment in a row, oldest first."""
    t, language = visit.t, visit.language
    heads = (
        t("Day"),
        t("Result"),
        t("Time (min)"),
        t("Borne (mA)"),
        t("Dose (mA min)"),
        t("Skin"),
        t("Sweat (0 to 4)"),
    )
    rows = []
    for record, said in sorted(given, key=lambda row: row[0].begun):
        borne_ma = visit.house.records.borne_ma(record.id)
        doubt = None if record.date_known else el("small", " ", t("at the latest: the date is not known"))
        rows.append(
            (
                [language.short_day(record.begun.date()), doubt],
                outcome(visit, record),
                language.number((record.duration_s or 0.0) / 60),
                "" if borne_ma is None else language.number(borne_ma, 1),
                language.number(record.charge_ma_min, 1),
                t(FELT[said.felt]) if said.felt else "",
                "" if said.sweat is None else language.number(said.sweat),
            )
        )
    return table(t("Treatments, oldest first"), heads, rows)


def _wrong(
    visit: Visit,
    span: Span,
    given: Sequence[tuple[Record, Feedback]],
    sessions: Sequence[tuple[Record, Feedback]],
) -> Html:
    """Tell what went wrong: each session that did not end as planned, and skin that was hurt."""
    t, language = visit.t, visit.language
    told: list[tuple[datetime, str]] = [
        (record.begun, t("skin: {felt}", felt=t(FELT[said.felt])))
        for record, said in given
        if said.felt in HURT
    ]
    for record, _ in sessions:
        if record.outcome in WENT_WRONG and span.has(record.begun.date()):
            why = language.retell(record.reason or "")
            told.append((record.begun, f"{outcome(visit, record)}: {why}" if why else outcome(visit, record)))
    listed = [el("li", f"{language.moment(at)}: {said}") for at, said in sorted(told)]
    return el(
        "section",
        el("h2", t("What went wrong")),
        el("ul", listed) if listed else el("p", t("Nothing.")),
    )


def _limits(visit: Visit, one: Person, areas: Sequence[Area]) -> Html | None:
    t, language, group = visit.t, visit.language, age_group(one.born, visit.today)
    rows: list[tuple[str, Child]] = [
        (
            t(sentences.AREAS[area]),
            t(
                "{limit}, of {most} at most at this age",
                limit=language.ma(one.limit_ma(area, visit.today)),
                most=language.ma(highest_limit_ma(area, group)),
            ),
        )
        for area in areas
    ]
    return el("section", el("h2", t("Limits today")), facts(rows)) if rows else None


def _first_no(change: Change) -> bool:
    """Tell whether a question was answered for the first time, by no: that changes nothing."""
    details = change.details or {}
    return details.get("before") is None and details.get("after") is False


def _answers(visit: Visit, one: Person, span: Span) -> Html:
    """Tell which questions are answered yes, whose word there is, and what of it was changed."""
    t, language = visit.t, visit.language
    yes = [el("li", t(ASKED[key])) for key, said in one.answers.items() if said and key in ASKED]
    words = [
        el("li", t("{what}: {who}, {day}", what=t(ASKED[key]), who=who, day=language.short_day(day)))
        for key, (who, day) in one.words.items()
        if key in ASKED
    ]
    made = [
        change
        for change in visit.house.household.changes(one.id)
        if span.has(utc(change.made_utc).astimezone().date()) and not _first_no(change)
    ]
    none = (
        t("No question about health is answered yes.") if one.answers else t("No question is answered yet.")
    )
    return el(
        "section",
        el("h2", t("Questions about health")),
        el("p", t("Answered yes:")) if yes else el("p", none),
        el("ul", yes) if yes else None,
        [el("p", t("A professional's word"), ":"), el("ul", words)] if words else None,
        change_table(visit, made) if made else el("p", t("Nothing was changed in these weeks.")),
    )
