"""Now: what to do next, what flows, why not more; and the simulated unit's buttons.

Law: nothing here starts anything on a unit that is not simulated.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from app.household.feelings import FELT, SWEAT
from app.web import sentences
from app.web.frame import page
from app.web.guide import guide, newcomer
from app.web.markup import Html, el
from app.web.now_view import NowView, rest_offered, view
from app.web.records import Record
from app.web.visit import Sorry, Visit, go
from controller.core.wording import by_area
from protocols.treatment import area_of

LABELS: Final = {
    "phase": "Phase",
    "left": "Time left",
    "wanted": "Set current",
    "delivered": "Delivered current",
    "contact": "Contact",
    "direction": "Direction",
    "dose": "Given so far",
    "prepared": "Prepared",
}
AT_REST: Final = frozenset({"idle", "finished", "paused", "alarm"})
"""States in which nobody is treated."""
WIDE: Final = frozenset({"phase", "dose", "prepared"})
"""Figures that are sentences, or words too long for half a phone."""


def _press(held_s: float, *buttons: str) -> list[dict[str, object]]:
    return [{"do": "press", "button": button, "held_s": held_s} for button in buttons]


_TAP_S: Final = 0.3
_HOLD_S: Final = 5.0
DESK: Final = {
    "start": ("Start", _press(_TAP_S, "start")),
    "stop": ("Stop", _press(_TAP_S, "stop")),
    "up": ("Up", _press(_TAP_S, "up")),
    "down": ("Down", _press(_TAP_S, "down")),
    "hold_up": ("Hold Up for 5 seconds", _press(_HOLD_S, "up")),
    "hold_start": ("Hold Start and Down for 5 seconds", _press(_HOLD_S, "down", "start")),
    "out": ("Take a hand out", [{"do": "hand", "out": True}]),
    "in": ("Put both hands in", [{"do": "hand", "out": False}]),
}
"""Buttons of the simulated unit and its person: name and what is sent, line by line."""


def now(visit: Visit) -> Response:
    """Show the page."""
    seen = view(visit.snapshot, visit.house.household.names(), visit.language, visit.last)
    t = visit.t
    rows = [
        el(
            "div",
            el("dt", t(label)),
            el("dd", getattr(seen, key), data_live=key),
            hidden=not getattr(seen, key),
            class_="wide" if key in WIDE else None,
        )
        for key, label in LABELS.items()
    ]
    return page(
        visit,
        t("Now"),
        el("p", seen.sentence, class_=f"sentence {seen.tone}", role="status", data_live="sentence"),
        el("p", seen.alarm, class_="box urgent", role="alert", data_live="alarm", hidden=not seen.alarm),
        guide(visit, newcomer(visit)) if visit.snapshot is not None and not in_session(visit) else None,
        el("p", seen.rest, class_="box note", role="status", data_live="rest", hidden=not seen.rest),
        el("p", seen.why, class_="box warn", role="status", data_live="why", hidden=not seen.why),
        [
            el("a", text, href=where, class_="button", data_live=key, hidden=not text)
            for key, where, text in (
                ("way_prepare", "/prepare", seen.way_prepare),
                ("way_plan", "/plan", seen.way_plan),
            )
        ],
        el("dl", rows, class_="figures"),
        el("p", seen.way_out, class_="aside", data_live="way_out", hidden=not seen.way_out),
        visit.form(
            "/prepare",
            el(
                "button",
                seen.take_back,
                name="withdraw",
                value="yes",
                class_="plain",
                data_live="take_back",
                hidden=not seen.take_back,
            ),
        ),
        _feedback(visit),
        _chart(visit),
        desk(visit) if visit.simulated else None,
        section="now",
        scripts=("uPlot.js", "chart.js", "now.js"),
        refresh_s=5,
    )


def told(seen: NowView, visit: Visit, stamp: str) -> dict[str, object]:
    """Give what a page's script gets: texts, figures for the chart, how old they are, and of which unit."""
    names = ("session", "since_start_s", "setpoint_ma", "measured_ma", "polarity", "state")
    state = visit.snapshot
    return {
        "texts": seen._asdict(),
        "figures": {} if state is None else {name: state.get(name) for name in names},
        "age_s": visit.age_s,
        "old": state is None,
        "in_session": in_session(visit),
        "unit": visit.unit,
        "stamp": stamp,
    }


def desk(visit: Visit) -> Html:
    """Show the simulated unit's buttons."""
    snapshot = visit.snapshot
    area = None if snapshot is None else area_of(snapshot["treatment"] or "")
    buttons = [
        el("button", visit.t(by_area(label, area)), name="press", value=key)
        for key, (label, _) in DESK.items()
    ]
    return el(
        "section",
        el("h2", visit.t("The simulated unit")),
        el("p", visit.t("These buttons stand for the hands of a person. A real unit has no such panel.")),
        visit.form("/desk", buttons, class_="row"),
        class_="desk",
        aria_label=visit.t("The simulated unit"),
    )


def pressed(visit: Visit) -> list[dict[str, object]]:
    """Read which of the simulated unit's buttons was pressed. Raises Sorry."""
    if not visit.simulated:
        raise Sorry(visit.t("This unit is not simulated: use its own buttons."), 403)
    return DESK[visit.choice("press", DESK)][1]


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


def in_session(visit: Visit) -> bool:
    """Tell whether somebody is treated now, or may be about to be: the unit is not heard to be at rest."""
    return visit.snapshot is None or visit.snapshot["state"] not in AT_REST


def _feedback(visit: Visit) -> Html | None:
    """Ask after a treatment, until both were answered or the next one begins; not while it is only paused."""
    snapshot = visit.snapshot
    if snapshot is None or in_session(visit) or rest_offered(snapshot):
        return None
    ended = (snapshot["last"]["session"] if snapshot["last"] else None, snapshot["session"])
    last = max((one for one in ended if isinstance(one, int)), default=None)
    if last is None:
        return None
    said = visit.house.household.feedback([last]).get(last)
    if said is not None and said.felt is not None and said.sweat is not None:
        return None
    record = visit.house.records.one(last)
    if record is None or record.runs or record.charge_ma_min < 1.0:
        return None
    return el(
        "section",
        el("h2", visit.t("After the treatment")),
        felt_forms(visit, record, "now"),
        data_at_rest=True,
    )


def _chart(visit: Visit) -> Html:
    return el(
        "section",
        el("h2", visit.t("Current over time")),
        el(
            "div",
            role="img",
            aria_label=visit.t("Chart of the set and the delivered current; the figures above say the same."),
            id="live-chart",
            class_="chart",
            data_time=visit.t("Time (min)"),
            data_set=visit.t("Set (mA)"),
            data_delivered=visit.t("Delivered (mA)"),
            data_forward=visit.t(sentences.POLARITY["forward"]),
            data_reverse=visit.t(sentences.POLARITY["reverse"]),
            data_locale=visit.language.code,
        ),
        id="live-section",
        hidden=True,  # until a script has something to draw; History draws without one
    )
