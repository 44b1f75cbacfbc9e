"""The frame of every page: landmarks, the way around, the Stop that is always there, SIMULATED where it is.

Law: Stop is a plain form and works without script, cookie or pairing; scripts only make it more stubborn.
What is older than `live.OLD_S` is marked as old, by the server as by the page itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from starlette.responses import HTMLResponse, Response

from app.locale.language import own_name
from app.locale.terminal import available
from app.web import sentences
from app.web.gate import FORM_FIELD, STOP
from app.web.live import OLD_S
from app.web.markup import Child, Html, document, el
from app.web.visit import Visit
from controller.host import wall
from protocols.fitness import ASKED

SECTIONS: Final = {
    "now": ("/", "Now"),
    "prepare": ("/prepare", "Prepare"),
    "plan": ("/plan", "Plan"),
    "history": ("/history", "History"),
    "people": ("/people", "People"),
}


def page(
    visit: Visit,
    title: str,
    *content: Child,
    section: str = "",
    scripts: tuple[str, ...] = (),
    refresh_s: int = 0,
    status: int = 200,
) -> Response:
    """Make the answer. `refresh_s` loads it again for browsers without scripts, 0 never."""
    t = visit.t
    paired = visit.visitor.device is not None
    wrong = visit.wrong
    old = paired and visit.snapshot is None
    refresh = el("meta", http_equiv="refresh", content=refresh_s) if refresh_s else None
    chart_style = (
        el("link", rel="stylesheet", href="/static/uPlot.min.css") if "uPlot.js" in scripts else None
    )
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", t(sentences.OLD_TITLE) if old else f"{title} - ionto"),
        chart_style,
        el("link", rel="stylesheet", href="/static/style.css"),
        el("link", rel="icon", href="/static/icon.svg", type="image/svg+xml"),
        el("link", rel="manifest", href="/static/manifest.webmanifest") if visit.secure else None,
        el("noscript", refresh) if refresh and scripts else refresh,
        [
            el("script", src=f"/static/{script}", defer=True)
            for script in ("stop.js", *scripts, *(("unit.js",) if paired else ()))
        ],
    )
    body = el(
        "body",
        el("a", t("Skip to the content"), href="#content", class_="skip"),
        _stop(visit),  # reached by the second Tab, wherever a style puts it
        el(
            "header",
            el("p", "ionto", class_="brand"),
            el(
                "p",
                stamp(visit),
                class_="simulated" if visit.simulated else None,
                data_unit=visit.unit,
                hidden=not visit.simulated,
            ),
            _navigation(visit, section) if paired else None,
        ),
        _old(visit, f"{title} - ionto") if paired else None,
        el(
            "main",
            el("h1", title),
            None if wrong is None else el("p", str(wrong), class_="box bad", role="alert"),
            _waiting(visit),
            *content,
            id="content",
            tabindex="-1",
        ),
        el("footer", _known(visit) if paired else None, _languages(visit)),
    )
    whole = document(head, body, language=visit.language.code, class_="old" if old else None)
    return HTMLResponse(whole, status_code=status if wrong is None else wrong.status)


def stamp(visit: Visit) -> str:
    """Say that the unit that is there is simulated; nothing of any other."""
    return visit.t("SIMULATED: no unit is driven") if visit.simulated else ""


def note(text: str, kind: str = "note") -> Html:
    """Make a paragraph that stands out; kinds are `note`, `good`, `warn` and `bad`."""
    return el("p", text, class_=f"box {kind}")


def field(label: str, *control: Child, hint: str = "") -> Html:
    """Put a label around a control."""
    return el("label", el("span", label), *control, el("small", hint) if hint else None, class_="field")


def entry(
    visit: Visit,
    action: str,
    name: str,
    label: str,
    *,
    hint: str = "",
    which: Mapping[str, object] = MappingProxyType({}),
    **attributes: str | float | bool | None,
) -> Html:
    """Make a field of the form to `action`; shown again it is as it was filled in, with what is wrong.

    `which` are the form's hidden fields, where a page has several to one action.
    """
    ours = visit.refills(action, which)
    if ours and attributes.get("type") != "password":
        attributes["value"] = visit.fields.get(name, "")
    said = str(visit.wrong) if ours and visit.wrong is not None and visit.wrong.field == name else ""
    if said:
        attributes |= {"aria_invalid": "true", "autofocus": True}
    return field(label, el("input", name=name, **attributes), el("strong", said) if said else None, hint=hint)


def choices(name: str, options: dict[str, str], chosen: str) -> Html:
    """Make a drop-down list."""
    return el(
        "select",
        [el("option", text, value=value, selected=value == chosen) for value, text in options.items()],
        name=name,
    )


def facts(rows: Sequence[tuple[str, Child]]) -> Html:
    """Make a list of names and values, without the empty ones."""
    return el("dl", [el("div", el("dt", name), el("dd", value)) for name, value in rows if value])


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Child]]) -> Html:
    """Make a table that a narrow screen shows row by row, each cell with its head. Raises ValueError."""
    return el(
        "table",
        el("caption", caption),
        el("thead", el("tr", [el("th", head, scope="col") for head in heads])),
        el(
            "tbody",
            [
                el("tr", [el("td", cell, data_label=head) for head, cell in zip(heads, row, strict=True)])
                for row in rows
            ],
        ),
        class_="stack",
    )


def _navigation(visit: Visit, section: str) -> Html:
    links = [
        el("li", el("a", visit.t(name), href=path, aria_current="page" if key == section else None))
        for key, (path, name) in SECTIONS.items()
    ]
    return el("nav", el("ul", links), aria_label=visit.t("Pages"))


def _known(visit: Visit) -> Html:
    return el("p", el("a", visit.t("Good to know"), href="/good-to-know"))


def _languages(visit: Visit) -> Html:
    buttons = [
        el(
            "button",
            own_name(code),
            name="language",
            value=code,
            lang=code,
            aria_pressed="true" if code == visit.language.code else "false",
            class_="plain",
        )
        for code in available()
    ]
    return visit.form("/language", el("fieldset", el("legend", visit.t("Language")), buttons))


def _old(visit: Visit, title: str) -> Html:
    """Say that nothing was heard from the unit, and where Stop is; a script judges it from then on."""
    t = visit.t
    return el(
        "div",
        el("strong", t(sentences.OLD)),
        " ",
        t(sentences.WHERE_STOP),
        id="old",
        class_="box bad old-note",
        role="alert",
        hidden=visit.snapshot is not None,
        data_after_s=OLD_S,
        data_age_s=None if visit.snapshot is None else visit.age_s,
        data_title=title,
        data_old_title=t(sentences.OLD_TITLE),
    )


def _waiting(visit: Visit) -> list[Html]:
    """Tell of each yes that is to become a no, with the way to keep it."""
    t = visit.t
    names = visit.house.household.names() if visit.waiting else {}
    told = []
    for one in visit.waiting:
        hours = max(1, math.ceil(one.left_s(wall.read()) / 3600))
        said = t(
            "{who}: the answer yes to this question becomes no in {hours} hours, as asked for by {device}. "
            "If that is wrong, keep the yes.",
            who=names.get(str(one.person), ""),
            hours=visit.language.number(hours),
            device=one.device or t("a device"),
        )
        keep = visit.form(
            f"/people/{one.person}/keep",
            el("input", type="hidden", name="key", value=one.key),
            el("button", t("Keep the yes"), class_="plain"),
        )
        question = el("p", el("em", t(ASKED[one.key])) if one.key in ASKED else None)
        told.append(el("div", el("p", said), question, keep, class_="box warn"))
    return told


def _stop(visit: Visit) -> Html:
    """Make the bar: the form, and what its script says of a Stop on its way."""
    t = visit.t
    token = visit.house.forms.issue(visit.visitor.key, visit.clock_s)
    form = el(
        "form",
        el("input", type="hidden", name=FORM_FIELD, value=token),
        el("button", t("Stop"), class_="stop"),
        method="post",
        action=STOP,
        data_door=visit.door,
        data_after="/" if visit.visitor.device is not None else None,
    )
    return el(
        "div",
        el("p", t(sentences.STOP_LOST), role="alert", hidden=True, data_stop="lost"),
        el("p", t("Stop is on its way."), role="status", hidden=True, data_stop="sending"),
        el("p", t("Stop was sent to the unit."), role="status", hidden=True, data_stop="arrived"),
        form,
        class_="stopbar",
        role="region",
        aria_label=t("Stop the treatment"),
    )
