"""Now: what to do next, what flows, why not more; and the simulated unit's buttons.

Law: nothing here starts anything on a unit that is not simulated.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from app.known_problems import known
from app.web import sentences
from app.web.frame import page
from app.web.guide import guide, newcomer
from app.web.markup import Html, el
from app.web.now_view import NowView, view
from app.web.pages.afterwards import finished, in_session
from app.web.visit import Sorry, Visit
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
                ("way_unlock", "/unlock", seen.way_unlock),
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
        finished(visit),
        _chart(visit),
        _aids(visit),
        desk(visit) if visit.simulated else None,
        known_problems(visit),
        section="now",
        scripts=("uPlot.js", "chart.js", "now.js", "aids.js"),
        refresh_s=5,
    )


def told(seen: NowView, visit: Visit, stamp: str) -> dict[str, object]:
    """Give what a page's script gets: texts, figures for the chart, how old they are, and of which unit."""
    names = ("session", "since_start_s", "setpoint_ma", "measured_ma", "polarity", "state", "phase", "left_s")
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


def known_problems(visit: Visit) -> Html | None:
    """Show what is known to be wrong with this version, folded up and below all else; None if nothing is."""
    t, problems = visit.t, known()
    if not problems:
        return None
    listed = [el("li", el("strong", one.id), " ", t(one.what), " ", t(one.do)) for one in problems]
    count = visit.language.number(len(problems))
    return el(
        "details", el("summary", t("Known problems of this version: {count}", count=count)), el("ul", listed)
    )


def pressed(visit: Visit) -> list[dict[str, object]]:
    """Read which of the simulated unit's buttons was pressed. Raises Sorry."""
    if not visit.simulated:
        raise Sorry(visit.t("This unit is not simulated: use its own buttons."), 403)
    return DESK[visit.choice("press", DESK)][1]


def _aids(visit: Visit) -> Html:
    """Offer what a phone can do beside the unit; shown by the script that does it."""
    t = visit.t
    off = {"type": "button", "aria_pressed": "false"}
    insecure = t(
        "Over http a browser neither keeps the screen on for a page nor installs it: let the phone itself "
        "keep its screen on. Both work over https, which the technician sets up with --certificate."
    )
    install = t(
        "To have this page among the phone's programs, choose Install or Add to home screen in the menu."
    )
    return el(
        "section",
        el("h2", t("On this phone")),
        el(
            "div",
            el("button", t("Gentle tones"), data_aid="sound", hidden=True, **off),
            el("button", t("Keep the screen on while current flows"), data_aid="awake", hidden=True, **off),
            class_="row",
        ),
        el(
            "p",
            t(
                "Tones come when contact is found, when the direction changes, two minutes before the end, "
                "and at the end, as long as this page is in sight."
            ),
            class_="quiet",
        ),
        el("p", install, class_="quiet")
        if visit.secure
        else el("p", insecure, class_="quiet", data_aid="insecure"),
        id="aids",
        hidden=True,
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
