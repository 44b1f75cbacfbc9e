"""The page of a device that is not paired: it can ask, and it can stop.

Law: it shows nothing of people or sessions, not even whether somebody is being treated; of the unit only what
keeps it from treating anybody at all, with the next step, for whoever sets it up.
"""

from __future__ import annotations

from starlette.responses import Response

from app.household.store import StoreRefused
from app.web import sentences
from app.web.frame import entry, note, page
from app.web.gate import DEVICE_COOKIE, cookie
from app.web.markup import Child, el
from app.web.now_view import unfit
from app.web.pages.now import desk
from app.web.visit import Sorry, Visit, go

_YEAR_S = 365 * 86400


def show(visit: Visit) -> Response:
    """Show how the question stands; a granted one is collected here."""
    pairing, key = visit.house.pairing, visit.visitor.key
    t = visit.t
    state = pairing.state(key, visit.clock_s)
    hello = visit.house.feed.hello
    off = hello is not None and hello["pairing"] is False
    if state == "granted" and (name := pairing.collect(key, visit.clock_s)) is not None:
        return _paired(visit, name)
    left = visit.language.number(round(pairing.left_s(visit.clock_s)))
    said: Child = None
    if off:
        said = note(t("Pairing is switched off on this unit. Its technician can switch it on."), "warn")
    elif state == "asking":
        said = [
            note(t("Now hold the button Up on the unit for three seconds."), "good"),
            el("p", t("The unit must be at rest. {seconds} s are left.", seconds=left)),
        ]
    elif state == "other":
        said = note(t("Another device is asking at this moment. Ask later."), "warn")
    elif state == "clash":
        clash = "Two devices asked at the same time, so neither was paired. Wait {seconds} s and ask again."
        said = note(t(clash, seconds=left), "bad")
    ask = visit.form(
        "/pair",
        entry(
            visit, "/pair", "name", t("Name of this device"), required=True, maxlength=40, autocomplete="off"
        ),
        el("button", t("Ask the unit")),
    )
    return page(
        visit,
        t("This device is not paired"),
        el("p", said_of, class_="box warn", role="status") if (said_of := setting_up(visit)) else None,
        el("p", t("Until it is paired, it can see nothing and can only stop the unit.")),
        el("div", said, role="status"),
        None if off or state == "asking" else ask,
        desk(visit) if visit.simulated and not visit.house.network else None,
        refresh_s=2 if state == "asking" and not off else 0,
    )


def setting_up(visit: Visit) -> str:
    """Say what the unit lacks to treat anybody, and the next step; "" of one that is set up."""
    if visit.snapshot is None:
        return visit.t(sentences.NOT_YET)
    lacks = unfit(visit.snapshot, visit.language)
    return f"{lacks} {visit.t(sentences.HOW_SET_UP)}" if lacks else ""


def ask(visit: Visit) -> Response:
    """Begin to ask."""
    hello = visit.house.feed.hello
    if visit.visitor.device is not None or (hello is not None and hello["pairing"] is False):
        return go("/")
    visit.house.pairing.ask(visit.visitor.key, visit.line("name"), visit.clock_s)
    return go("/")


def _paired(visit: Visit, name: str) -> Response:
    try:
        token = visit.house.household.pair(name, visit.today)
    except StoreRefused as refused:
        raise Sorry(visit.t(str(refused))) from refused
    answer = go("/")
    answer.headers["set-cookie"] = cookie(DEVICE_COOKIE, token, _YEAR_S, secure=visit.secure)
    return answer
