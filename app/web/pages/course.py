"""The course as a person goes through it: the few questions that are due, and what follows from the answers.

Law: it asks what `app.household.course` says is due, one tap each; whose and of what is said. A plan changes
by a tap on what is suggested, and by nothing else.
"""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response

from app.household.course import (
    ANSWERS,
    HELPED,
    INTERVAL,
    SCALE,
    THICK,
    Told,
    asked_now,
    helped,
    is_thick,
    longer,
)
from app.household.store import Person
from app.web import sentences
from app.web.frame import note
from app.web.markup import Child, Html, el
from app.web.visit import Sorry, Visit, go
from protocols.ceilings import Area
from protocols.course import Given, Plan, Standing, standing
from protocols.fitness import AREAS

BACK: Final = ("plan", "prepare", "now")
"""Pages on which it is asked."""


class Course(NamedTuple):
    """Where a person's course of an area stands."""

    person: Person
    area: Area
    plan: Plan
    given: list[Given]
    standing: Standing
    told: list[Told]

    @property
    def to_doctor(self) -> bool:
        """Whether the initial course was said not to have helped."""
        return self.standing.topping_up and helped(self.told, self.plan) == "no"


def course_of(visit: Visit, person: Person, area: Area) -> Course:
    """Gather it."""
    book = visit.house.household
    plan = book.plan(person.id, area, visit.today)
    given = visit.house.records.given(str(person.id), area)
    return Course(person, area, plan, given, standing(plan, given, visit.now), book.told(person.id, area))


def area_named(visit: Visit, name: str) -> Area:
    """Give the area of this name. Raises Sorry."""
    for area in AREAS:
        if area == name:
            return area
    raise Sorry(visit.t("This choice does not exist."), 404)


def questions(visit: Visit, of: Course, back: str) -> Html | None:
    """Ask what is due, and what was answered today, which may still be changed; None where nothing is."""
    complete = of.standing.topping_up
    due = asked_now(of.told, of.plan, len(of.given), visit.today, complete=complete)
    said = {one.asked: one.answer for one in of.told if one.day == visit.today}
    asked = [_ask(visit, of, key, said.get(key), back) for key in ANSWERS if key in due or key in said]
    thick = _thick(visit, of, back)
    if not asked and thick is None:
        return None
    return el("div", asked, thick, id=f"course-{of.person.id}-{of.area}", class_="course")


def _ask(visit: Visit, of: Course, key: str, chosen: str | None, back: str) -> Html:
    t = visit.t
    about = t("{who}, {area}", who=of.person.called, area=t(sentences.AREAS[of.area]))
    question = {
        "hdss": t("How much does the sweating bother you these days?"),
        "thick": t("Has the skin become thicker or harder where it is treated?"),
        "helped": t("The initial course is complete. Does it help?"),
    }[key]
    first = key == "hdss" and not of.given
    why = t("Before the first treatment: later weeks are compared with it.") if first else ""
    texts = {"hdss": SCALE, "thick": THICK, "helped": HELPED}[key]
    buttons = [
        el("button", t(text), name="answer", value=value, aria_pressed="true" if value == chosen else "false")
        for value, text in texts.items()
    ]
    legend = el("legend", el("span", about, class_="about"), " ", question)
    return _form(
        visit, of, key, back, el("fieldset", legend, el("small", why) if why else None, buttons, class_="row")
    )


def _thick(visit: Visit, of: Course, back: str) -> Html | None:
    """Suggest to treat less often where the skin has thickened."""
    t = visit.t
    if not is_thick(of.told):
        return None
    plan = longer(of.plan, topping_up=of.standing.topping_up)
    thickens = t("Skin that is treated often can thicken. It helps to treat less often.")
    if plan is None:
        say = t("Your plan has the longest interval already: leave a week out, and ask your nurse.")
        return note(f"{thickens} {say}", "warn")
    how = rhythm(visit, plan, topping_up=of.standing.topping_up)
    button = el("button", t("Change the plan to {rhythm}", rhythm=how), name="answer", value="longer")
    return el("div", el("p", thickens), _form(visit, of, INTERVAL, back, button), class_="box warn")


def rhythm(visit: Visit, plan: Plan, *, topping_up: bool) -> str:
    """Say how often a plan treats."""
    language = visit.language
    if topping_up:
        return language.n("every {count} day", "every {count} days", plan.top_up_days)
    return language.n("{count} treatment a week", "{count} treatments a week", plan.per_week)


def _form(visit: Visit, of: Course, asked: str, back: str, *children: Child) -> Html:
    hidden = {"person": of.person.id, "area": of.area, "asked": asked, "back": back}
    return visit.form(
        "/course",
        [el("input", type="hidden", name=name, value=value) for name, value in hidden.items()],
        *children,
    )


def say(visit: Visit) -> Response:
    """Keep what was tapped, or take the longer interval."""
    person = visit.person(visit.fields.get("person", ""))
    area = area_named(visit, visit.fields.get("area", ""))
    asked = visit.choice("asked", {**ANSWERS, INTERVAL: None})
    back = visit.choice("back", dict.fromkeys(BACK))
    if asked == INTERVAL:
        visit.choice("answer", {"longer": None})
        _take_longer(visit, course_of(visit, person, area))
    else:
        answer = visit.choice("answer", ANSWERS[asked])
        visit.house.household.tell(person.id, area, asked, answer, visit.today)
    if back == "prepare":
        return go(f"/prepare?{urlencode({'person': person.id, 'treatment': area})}")
    return go("/" if back == "now" else f"/plan#plan-{person.id}-{area}")


def _take_longer(visit: Visit, of: Course) -> None:
    """Change the plan and keep that; a second tap on the same suggestion changes nothing."""
    plan = longer(of.plan, topping_up=of.standing.topping_up)
    if plan is None or not is_thick(of.told):
        return
    key = "top_up_days" if of.standing.topping_up else "per_week"
    changed = f"{key} {getattr(of.plan, key)} {getattr(plan, key)}"
    book = visit.house.household
    book.set_plan(of.person.id, of.area, plan)
    book.tell(of.person.id, of.area, INTERVAL, changed, visit.today)


def severity(visit: Visit, told: list[Told]) -> str:
    """Say how much the sweating bothers now, and did at first; "" where nothing was said."""
    of_scale = [one for one in told if one.asked == "hdss"]
    if not of_scale:
        return ""
    t, day = visit.t, visit.language.short_day
    now = t("{level} of 4 ({day})", level=of_scale[-1].answer, day=day(of_scale[-1].day))
    if len(of_scale) == 1:
        return now
    first = t("{level} of 4 ({day})", level=of_scale[0].answer, day=day(of_scale[0].day))
    return t("{now}, at first {first}", now=now, first=first)


def planned(visit: Visit, of: Course) -> str:
    """Say when the next treatment is planned, or that a doctor comes first."""
    if of.to_doctor:
        return visit.t(
            "The course is complete and has not helped enough. Talk to your doctor or nurse before you go "
            "on, and take the page of your four weeks along."
        )
    if of.standing.due <= visit.today and of.standing.verdict != "refused":
        return visit.t("A treatment is due.")
    return visit.t("The next treatment is planned for {day}.", day=visit.language.day(of.standing.due))


__all__ = ["Course", "area_named", "course_of", "planned", "questions", "rhythm", "say", "severity"]
