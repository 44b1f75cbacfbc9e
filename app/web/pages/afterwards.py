"""Afterwards: the treatment that ended last stays on *Now* until somebody puts it away; and how it felt.

Law: nothing of it stands where somebody is treated, who might take a question for theirs.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from app.household.feelings import FELT, SWEAT
from app.web import sentences
from app.web.frame import facts
from app.web.markup import Child, Html, el
from app.web.now_view import rest_offered
from app.web.pages.course import course_of, planned, questions
from app.web.pages.good_to_know import link
from app.web.records import Record
from app.web.visit import Sorry, Visit, go
from protocols.treatment import area_of

AT_REST: Final = frozenset({"idle", "finished", "paused", "alarm"})
"""States in which nobody is treated."""

CUT: Final = "This treatment did not come to its end. What was given counts as the day's treatment."
ENDED: Final = {
    "completed": "Well done: the treatment is complete.",
    "completed_short": "The treatment is complete, with less current than was asked for.",
}
"""How a treatment ended, in a sentence; any other end is `CUT`."""


def in_session(visit: Visit) -> bool:
    """Tell whether somebody is treated now, or may be about to be: the unit is not heard to be at rest."""
    return visit.snapshot is None or visit.snapshot["state"] not in AT_REST


def finished(visit: Visit) -> Html | None:
    """Show the treatment that ended last, and ask after it; not while it is only paused."""
    record = _ended_last(visit)
    if record is None:
        return None
    t, language = visit.t, visit.language
    first = whole_of(visit, record)
    rows: list[tuple[str, Child]] = [
        (t("Who"), visit.house.household.names().get(record.person or "", "")),
        (t("Treatment"), t(sentences.TREATMENTS.get(record.treatment, record.treatment))),
        (t("When"), language.moment(first.begun)),
        (t("Result"), outcome(visit, first)),
        (t("Given"), given(visit, first)),
    ]
    away = el("button", t("Put away"), class_="plain")
    said, asked = _next(visit, first)
    return el(
        "section",
        el("h2", t("After the treatment")),
        el("p", el("strong", t(ENDED.get(first.outcome or "", CUT))), " ", said),
        facts(rows),
        el("img", src=f"/history/{record.id}/chart.svg", alt=t("Current over time"), class_="chart"),
        el(
            "p",
            el("a", t("Look at it in the history"), href=f"/history/{record.id}", class_="button plain"),
            link(visit, "skin"),
        ),
        felt_forms(visit, record, "now"),
        asked,
        visit.form(f"/history/{record.id}/away", away),
        data_at_rest=True,
    )


def _next(visit: Visit, record: Record) -> tuple[str, Html | None]:
    """Say when the next treatment is planned, and ask what is due in the course; of a plan that is kept."""
    area = area_of(record.treatment)
    book = visit.house.household
    people = {str(one.id): one for one in book.people()}
    person = people.get(record.person or "")
    if person is None or area is None or area not in book.planned_areas(person.id):
        return "", None
    course = course_of(visit, person, area)
    return planned(visit, course), questions(visit, course, "now")


def _ended_last(visit: Visit) -> Record | None:
    snapshot = visit.snapshot
    if snapshot is None or in_session(visit) or rest_offered(snapshot):
        return None
    ended = (snapshot["last"]["session"] if snapshot["last"] else None, snapshot["session"])
    last = max((one for one in ended if isinstance(one, int)), default=None)
    if last is None or last <= visit.house.household.put_away_last():
        return None
    record = visit.house.records.one(last)
    return None if record is None or record.runs or record.charge_ma_min < 1.0 else record


def put_away(visit: Visit) -> Response:
    """Put the treatment away that ended last: it is in the history."""
    session = visit.session()
    if visit.house.records.one(session) is None:
        raise Sorry(visit.t("There is no session of this number."), 404)
    visit.house.household.put_away(session)
    return go("/")


def whole_of(visit: Visit, record: Record) -> Record:
    """Give the whole treatment that a session is a part of."""
    first = record
    while first.linked_to is not None and first.linked_to < first.id:
        before = visit.house.records.one(first.linked_to)
        if before is None:
            break
        first = before
    return first.with_rests(visit.house.records.rests(first.id))


def given(visit: Visit, record: Record) -> str:
    """Say how much of what was asked, or else planned, was given; the rest of a treatment is no share."""
    charge = visit.language.charge(record.charge_ma_min)
    whole_ma_min = record.asked_ma_min or record.planned_ma_min
    if not whole_ma_min or record.linked_to is not None:
        return charge
    percent = visit.language.number(100 * record.charge_ma_min / whole_ma_min)
    return visit.t("{percent} % ({charge})", percent=percent, charge=charge)


def outcome(visit: Visit, record: Record) -> str:
    """Say how a session ended."""
    return visit.t(sentences.OUTCOMES.get(record.outcome or "", record.outcome or ""))


def felt_forms(visit: Visit, record: Record, back: str) -> list[Html]:
    """Ask how the skin feels and how much sweat there was, one tap each; whose, of what and when is said."""
    said = visit.house.household.feedback([record.id]).get(record.id)
    t = visit.t
    who = visit.house.household.names().get(record.person or "") or t("Nobody in particular")
    about = t(
        "{who}, {area}, {day}",
        who=who,
        area=t(sentences.AREAS.get(area_of(record.treatment) or "", record.treatment)),
        day=visit.language.day(record.begun.date()),
    )

    def ask(question: str, name: str, options: dict[str, str], chosen: str | None) -> Html:
        buttons = [
            el("button", t(text), name=name, value=value, aria_pressed="true" if value == chosen else "false")
            for value, text in options.items()
        ]
        hidden = el("input", type="hidden", name="back", value=back)
        legend = el("legend", el("span", about, class_="about"), " ", question)
        return visit.form(f"/history/{record.id}/felt", hidden, el("fieldset", legend, buttons, class_="row"))

    sweat = {str(index): word for index, word in enumerate(SWEAT)}
    chosen = None if said is None or said.sweat is None else str(said.sweat)
    return [
        ask(t("How does your skin feel?"), "felt", dict(FELT), None if said is None else said.felt),
        ask(t("How much did you sweat since the treatment before?"), "sweat", sweat, chosen),
    ]


def felt(visit: Visit) -> Response:
    """Keep what was tapped."""
    session = visit.session()
    if visit.house.records.one(session) is None:
        raise Sorry(visit.t("There is no session of this number."), 404)
    feeling = visit.choice("felt", FELT) if "felt" in visit.fields else None
    levels = {str(index): index for index in range(len(SWEAT))}
    sweat = levels[visit.choice("sweat", levels)] if "sweat" in visit.fields else None
    visit.house.household.say(session, feeling, sweat)
    return go("/" if visit.fields.get("back") == "now" else f"/history/{session}")
