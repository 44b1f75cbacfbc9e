"""A backup by one button, with the nurse's code: all that this unit knows, as a file for another machine.

Law: the same file as `ionto backup` makes. It holds everybody's health, so the code is asked for each time,
and nothing of it stays on the unit.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from starlette.responses import Response, StreamingResponse

from app.backup.checked import NotWhole
from app.backup.making import make
from app.web.frame import page
from app.web.markup import Html, el
from app.web.pages.code import check_code, code_field
from app.web.visit import Sorry, Visit
from config.reader import BadFile

ACTION: Final = "/backup"
_DRAFT: Final = ".backup-"
_CHUNK: Final = 1 << 16


def form(visit: Visit) -> Html:
    """Make the form: what it gives, the code, the button."""
    t = visit.t
    what = t(
        "Everything that this unit knows, in one file: people and their answers, plans, all treatments, the "
        "unit's file and its calibration. The card in the unit may fail: make one now and then, and keep it "
        "on another computer, as you keep what tells of people's health. A technician puts it back."
    )
    return el(
        "section",
        el("h2", t("Backup")),
        el("p", what),
        visit.form(ACTION, code_field(visit, ACTION), el("button", t("Make a backup"))),
    )


def show(visit: Visit) -> Response:
    """Show the form again, where its code was wrong."""
    return page(visit, visit.t("Backup"), form(visit), section="history")


def give(visit: Visit) -> Response:
    """Make a backup and give it, with the nurse's code."""
    check_code(visit)
    state = visit.house.state
    for old in state.glob(f"{_DRAFT}*"):  # that a power cut left
        shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=state, prefix=_DRAFT) as folder:
        target = Path(folder) / "backup.zip"
        try:
            make(state, visit.house.unit, target)
        except (NotWhole, BadFile) as error:
            said = visit.t(
                "No backup was made: what is kept here, or the unit's file, isn't as it was written. A "
                "technician finds what it is with: ionto history verify"
            )
            raise Sorry(said, 503) from error
        whole = target.open("rb")  # it is read on when its name is gone
    name = f"ionto-{visit.today.isoformat()}.zip"
    return StreamingResponse(
        _read(whole),
        media_type="application/zip",
        headers={"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"},
    )


def _read(whole: BinaryIO) -> Iterator[bytes]:
    with whole:
        while chunk := whole.read(_CHUNK):
            yield chunk
