"""Unlock: a technician says why the unit was locked; the proof on the unit then releases it.

Law: nothing here releases or starts anything. What is said is kept with the technician's code alone, and the
unit is proven by a hand on its Start.
"""

from __future__ import annotations

import sqlite3

from starlette.responses import Response

from app.household.codes import TECHNICIAN
from app.web.frame import entry, note, page
from app.web.markup import Child, el
from app.web.now_view import why_locked
from app.web.pages.code import check_code, code_field
from app.web.visit import Sorry, Visit, go
from controller.core.locks import Needs
from controller.journal.amending import LONGEST_REASON
from controller.journal.releasing import Unwritable, WordRefused, say_why

ACTION = "/unlock"


def show(visit: Visit) -> Response:
    """Show why the unit is locked, and the form where it waits for a word."""
    t, snapshot = visit.t, visit.snapshot
    if snapshot is None:
        raise Sorry(t("The unit can't be reached."), 503)
    lock = snapshot["lock"]
    content: Child = note(t("The unit is not locked."), "good")
    if lock is not None:
        content = [note(why_locked(snapshot, visit.language), "bad"), _form(visit, lock["needs"])]
    return page(visit, t("Release the unit"), content)


def _form(visit: Visit, needs: str) -> Child:
    t = visit.t
    if needs != Needs.WORD:
        return None
    how = t(
        "What is written here goes into the unit's record. The unit is released when its protections are "
        "proven: take everybody out of the circuit, and press Start on the unit."
    )
    form = visit.form(
        ACTION,
        entry(
            visit,
            ACTION,
            "reason",
            t("What was found and mended"),
            required=True,
            maxlength=LONGEST_REASON,
            autocomplete="off",
        ),
        code_field(visit, ACTION, whose=TECHNICIAN),
        el("button", t("Keep the reason")),
    )
    return [el("p", how), form]


def say(visit: Visit) -> Response:
    """Keep why the unit was locked, with the technician's code."""
    snapshot = visit.snapshot
    if snapshot is None:
        raise Sorry(visit.t("The unit can't be reached."), 503)
    reason = visit.line("reason", LONGEST_REASON)
    check_code(visit, visit.house.technician)
    try:
        say_why(visit.house.state, reason, simulated=snapshot["simulated"])
    except WordRefused as refused:
        raise Sorry(visit.language.retell(str(refused)), 409) from refused
    except (Unwritable, sqlite3.Error, OSError) as error:
        raise Sorry(visit.language.retell(str(error)), 503) from error
    return go("/")
