"""The guided path: from an empty household to a finished first treatment, one step after the other.

Law: it only leads. Which step comes next follows from what is kept, and nothing depends on having taken it;
what may be is judged where it is done.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from app.household.store import Person
from app.web.markup import Child, Html, el
from app.web.now_view import rest_offered
from app.web.records import Record
from app.web.visit import Visit
from controller.orders.file import FILE
from protocols.ceilings import Area
from protocols.fitness import OFF, QUESTIONS, fitness
from protocols.treatment import Treatment, area_of, find

TAUGHT: Final = "taught"
"""A nurse's word that they showed somebody how, kept like the others: by name, day and code, in the chain."""


class Step(NamedTuple):
    """A step: what to do, whether it is done, and the page for it with the words of its link."""

    text: str
    done: bool
    where: str
    link: str


def treated(visit: Visit, who: Person) -> int:
    """Count a person's treatments that count, of the last fifty sessions; the rest of one is the same one."""
    return len(_treatments(visit, who))


def first_area(visit: Visit, who: Person) -> Area | None:
    """Give the area of the first of them."""
    return next((area_of(one.treatment) for one in reversed(_treatments(visit, who))), None)


def _treatments(visit: Visit, who: Person) -> list[Record]:
    recent = visit.house.records.page(50, person=str(who.id))
    return [one for one in recent if one.charge_ma_min >= 1 and not one.runs and one.linked_to is None]


def newcomer(visit: Visit) -> Person | None:
    """Give the first person whose path is not at its end; None where there is none."""
    return next((one for one in visit.house.household.people() if on_the_way(visit, one)), None)


def on_the_way(visit: Visit, one: Person) -> bool:
    """Tell whether a person is before the end of the path; who was treated often needs none."""
    return TAUGHT not in one.words and treated(visit, one) <= 1


def guide(visit: Visit, one: Person | None, what: Treatment | None = None) -> Html | None:
    """Show the path of `one`, or its beginning where nobody is kept; nothing where it is at its end.

    `what` is the treatment that the page is about; without one it is what is planned, or the hands.
    """
    if one is None and visit.house.household.people():
        return None
    if one is not None and not on_the_way(visit, one):
        return None
    t, steps = visit.t, _steps(visit, one, what)
    current = next((index for index, step in enumerate(steps) if not step.done), len(steps))
    listed: list[Html] = []
    for index, step in enumerate(steps):
        link: Child = None
        if index == current and step.where:
            link = el("a", step.link, href=step.where, class_="button")
        mark = el("strong", t("Done:"), " ") if step.done else None
        listed.append(
            el(
                "li",
                mark,
                step.text,
                " ",
                link,
                class_="done" if step.done else None,
                aria_current="step" if index == current else None,
            )
        )
    title = t("First steps") if one is None else t("First steps of {name}", name=one.called)
    return el("section", el("h2", title), el("ol", listed), class_="guide box", data_at_rest=True)


def _steps(visit: Visit, one: Person | None, what: Treatment | None) -> tuple[Step, ...]:
    t, book = visit.t, visit.house.household
    planned = [] if one is None else book.planned_areas(one.id)
    number = "" if one is None else str(one.id)
    answered = one is not None and all(question.key in one.answers for question in QUESTIONS)
    what = what or find(planned[0] if planned else "hands")
    allowed = one is not None and fitness(
        one.born, visit.today, one.answers, one.words_on(visit.today), what.area, what.electrolyte
    )
    stands_off = answered and allowed and allowed.verdict != "allowed"
    had = one is not None and treated(visit, one) > 0
    baseline = one is not None and any(told.asked == "hdss" for told in book.told(one.id, what.area))
    where = f"/people/{number}"
    return (
        Step(t("Add the person who is treated."), one is not None, "/people", t("Add a person")),
        Step(
            t(
                "The answers ask for a professional's word, or allow no treatment: read what follows from "
                "them."
            )
            if stands_off
            else t("Answer the questions about health."),
            answered and not stands_off,
            where,
            t("What follows from the answers") if stands_off else t("Questions about health"),
        ),
        Step(t("Plan how often."), bool(planned), "/plan", t("Make a plan")),
        Step(
            t("Say how much the sweating bothers you, before it is treated."),
            baseline or had,
            f"/plan#plan-{number}-{what.area}"
            if what.area in planned
            else f"/prepare?person={number}&treatment={what.name}",
            t("To the question"),
        ),
        Step(
            t("Prepare the first treatment, and take it with the nurse beside you.")
            if what.area in OFF
            else t("Fill the trays, prepare the first treatment, and take it with the nurse beside you."),
            had,
            "" if _is_prepared(visit) else f"/prepare?person={number}&treatment={what.name}",
            t("Prepare the first treatment"),
        ),
        Step(
            t("The nurse records that they showed how, and what to do when something is wrong."),
            TAUGHT in (() if one is None else one.words),
            f"{where}#taught",
            t("To the nurse's record"),
        ),
    )


def _is_prepared(visit: Visit) -> bool:
    """Tell whether something is prepared, or a rest offered: then the page Now says what to do next."""
    offered = visit.snapshot is not None and rest_offered(visit.snapshot)
    return offered or (visit.house.state / FILE).exists()
