"""Good to know: facts of treatment, skin, water, electrodes and output, for whoever is treated at home."""

from __future__ import annotations

from starlette.responses import Response

from app.web import sentences
from app.web.facts import FACTS, HEADINGS, of_electrodes, told
from app.web.frame import page, table
from app.web.markup import Html, el
from app.web.visit import Visit


def good_to_know(visit: Visit) -> Response:
    """Show the page."""
    t = visit.t
    where = el("ul", [el("li", el("a", t(HEADINGS[key]), href=f"#{key}")) for key in FACTS])
    parts = [
        el(
            "section",
            el("h2", t(HEADINGS[key])),
            el("ul", [el("li", said) for said in told(visit.language, key)]),
            _electrodes(visit) if key == "electrodes" else None,
            id=key,
        )
        for key in FACTS
    ]
    doctor = t("It does not replace the talk with your doctor or nurse, who know you.")
    return page(visit, t("Good to know"), el("p", doctor), where, parts)


def link(visit: Visit, key: str) -> Html:
    """Make a link to one of the facts."""
    return el("a", visit.t(HEADINGS[key]), href=f"/good-to-know#{key}", class_="button plain")


def _electrodes(visit: Visit) -> Html:
    t = visit.t
    heads = (t("Area"), t("Each electrode at least"), t("Highest current (adult / child)"), t("At most"))
    rows = [(t(sentences.AREAS[area]), *cells) for area, *cells in of_electrodes(visit.language)]
    return table(t("Electrodes and density"), heads, rows)
