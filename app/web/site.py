"""The site: which address leads to which page, and the few that are more than a page.

Law: pages that read a disk run on worker threads; Stop and what is told live never wait for one. Static files
are read once, at start, from a fixed list: no request ever becomes a path.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from app.household.book import FILE as HOUSEHOLD
from app.household.codes import TRIES, TRY_AGAIN_S, TechnicianCode
from app.household.order import tell_allowed
from app.household.store import Household
from app.locale.language import choose
from app.locale.terminal import available
from app.web.frame import note, page, stamp
from app.web.gate import DESK, LANGUAGE_COOKIE, STOP, TAP, Gate, cookie
from app.web.limits import Bucket, Forms
from app.web.live import Feed, Silent
from app.web.now_view import view
from app.web.pages import (
    afterwards,
    agreements,
    answers,
    backup,
    course,
    good_to_know,
    history,
    now,
    pair,
    people,
    plan,
    prepare,
    take_along,
    unlock,
    weeks,
)
from app.web.pairing import Pairing
from app.web.records import Records, Unreadable
from app.web.stopping import Stopping
from app.web.visit import House, Sorry, Visit, go
from controller.appliance.live_state import LiveState
from controller.host.disk import why

STATIC: Final = {
    "style.css": ("style.css", "text/css"),
    "stop.js": ("stop.js", "text/javascript"),
    "unit.js": ("unit.js", "text/javascript"),
    "now.js": ("now.js", "text/javascript"),
    "chart.js": ("chart.js", "text/javascript"),
    "charts.js": ("charts.js", "text/javascript"),
    "aids.js": ("aids.js", "text/javascript"),
    "manifest.webmanifest": ("manifest.webmanifest", "application/manifest+json"),
    "icon.svg": ("icon.svg", "image/svg+xml"),
    "uPlot.js": ("vendor/uplot/uPlot.iife.min.js", "text/javascript"),
    "uPlot.min.css": ("vendor/uplot/uPlot.min.css", "text/css"),
    "uPlot.LICENSE": ("vendor/uplot/LICENSE", "text/plain"),
}
"""Address below /static/ -> file and type."""
PAGES: Final[dict[str, dict[str, Callable[[Visit], Response]]]] = {
    "/prepare": {"GET": prepare.prepare, "POST": prepare.order},
    "/plan": {"GET": plan.plan, "POST": plan.save},
    "/plan/{person}/{area}.ics": {"GET": plan.export},
    "/good-to-know": {"GET": good_to_know.good_to_know},
    "/course": {"POST": course.say},
    "/history": {"GET": history.history},
    "/history/table.csv": {"GET": history.export_spreadsheet},
    "/history.csv": {"GET": history.export_csv},
    "/history.json": {"GET": history.export_json},
    "/history/progress.json": {"GET": history.progress_json},
    "/history/{session}": {"GET": history.session},
    "/history/{session}/chart.json": {"GET": history.chart_json},
    "/history/{session}/chart.svg": {"GET": history.chart_svg},
    "/history/{session}/felt": {"POST": afterwards.felt},
    "/history/{session}/away": {"POST": afterwards.put_away},
    "/history/{session}/amend": {"POST": history.amend},
    "/people": {"GET": people.people, "POST": people.add},
    "/people/{person}": {"GET": people.person},
    "/people/{person}/weeks": {"GET": weeks.weeks},
    "/people/{person}/data.json": {"GET": take_along.export},
    "/people/{person}/answers": {"POST": answers.answer},
    "/people/{person}/keep": {"POST": answers.keep},
    "/people/{person}/word": {"POST": agreements.word},
    "/people/{person}/taught": {"POST": agreements.taught},
    "/people/{person}/permission": {"POST": agreements.permit},
    "/people/{person}/limit": {"POST": people.limit},
    "/people/{person}/name": {"POST": people.rename},
    "/people/{person}/remove": {"POST": people.remove},
    "/devices/remove": {"POST": people.unpair},
    "/pair": {"POST": pair.ask},
    "/backup": {"POST": backup.give},
    "/unlock": {"GET": unlock.show, "POST": unlock.say},
}

AGAIN: Final[dict[Callable[[Visit], Response], Callable[[Visit], Response]]] = {
    **dict.fromkeys((answers.answer, people.limit, people.rename), people.person),
    **dict.fromkeys((agreements.word, agreements.taught, agreements.permit), people.person),
    people.add: people.people,
    plan.save: plan.plan,
    history.amend: history.session,
    pair.ask: pair.show,
    backup.give: backup.show,
    unlock.say: unlock.show,
}
"""What keeps a form -> the page that has it, which shows it again where something in it is wrong."""
TELL_S: Final = 60.0
"""How often the unit is told what each may be given, beside every change."""


class Site:
    """The companion of the unit whose state is in `state`; `app` is what a server runs."""

    def __init__(
        self,
        state: Path,
        names: Collection[str],
        stopping: Stopping,
        *,
        network: bool,
        door_port: int,
        unit: Path | None,
    ) -> None:
        self._stopping = stopping
        self._pairing = Pairing()
        self._feed = Feed(state, self._on_snapshot)
        self._house = House(
            state,
            Household(state),
            TechnicianCode(state),
            Records(state),
            self._feed,
            self._pairing,
            Forms(),
            Bucket(burst=TRIES, per_s=1 / TRY_AGAIN_S),
            network,
            unit,
        )
        self._devices = self._house.household.token_hashes()
        self._people = self._house.household.names()
        self._static = _static()
        routes = [
            Route(path, self._pages(by_method), methods=[*by_method]) for path, by_method in PAGES.items()
        ]
        routes += [
            Route("/", self._first),
            Route("/unit", self._unit),
            Route("/language", self._language, methods=["POST"]),
            Route(STOP, self._stop, methods=["POST"]),
            Route(DESK, self._desk, methods=["POST"]),
            Route("/static/{name}", self._file),
        ]
        inner = Starlette(routes=routes, lifespan=self._lifespan, exception_handlers={404: self._missing})
        inner.router.redirect_slashes = False
        self.app: ASGIApp = Gate(
            inner,
            names,
            self._devices,
            self._house.forms,
            lambda: self._feed.simulated and not network,
            door_port,
        )

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._feed.run()), asyncio.create_task(self._keep_telling())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _keep_telling(self) -> None:
        """Tell the unit what each may be given now: a day may have begun, or a yes have become a no."""
        while True:
            with suppress(sqlite3.Error, OSError):
                await run_in_threadpool(_tell_allowed, self._house)
            await asyncio.sleep(TELL_S)

    def _on_snapshot(self, snapshot: LiveState) -> None:
        hello = self._feed.hello
        off = hello is not None and hello["pairing"] is False
        held = snapshot["held"] if snapshot["state"] == "idle" and not off else None
        self._pairing.see(held, time.monotonic())

    # --- pages ----------------------------------------------------------------------------------------------

    def _visit(self, request: Request) -> Visit:
        language = choose(
            request.cookies.get(LANGUAGE_COOKIE, ""), request.headers.get("accept-language", "")
        )
        return Visit(
            house=self._house,
            language=language,
            visitor=request.scope["state"]["visitor"],
            snapshot=self._feed.snapshot,
            last=self._feed.last,
            age_s=self._feed.age_s,
            simulated=self._feed.simulated,
            unit=self._feed.unit,
            path=request.path_params,
            query=dict(request.query_params),
            fields=request.scope["state"].get("fields", {}),
            now=datetime.now().astimezone(),
            clock_s=time.monotonic(),
            secure=request.url.scheme == "https",
            door=request.scope["state"]["door"] + STOP,
            posted=request.url.path,
        )

    def _pages(self, by_method: dict[str, Callable[[Visit], Response]]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            method = "GET" if request.method == "HEAD" else request.method
            again = AGAIN.get(by_method[method])
            return await self._answer(request, by_method[method], again)

        return answer

    async def _answer(
        self,
        request: Request,
        handler: Callable[[Visit], Response],
        again: Callable[[Visit], Response] | None = None,
    ) -> Response:
        visit = self._visit(request)
        answer = await run_in_threadpool(_guarded, handler, visit, again)
        if request.method == "POST" or visit.visitor.device is None:
            await run_in_threadpool(self._renew)
        return answer

    def _renew(self) -> None:
        """Take over who was paired, unpaired and renamed: nobody but a page changes that."""
        with suppress(sqlite3.Error, OSError):
            self._people = self._house.household.names()
            fresh = self._house.household.token_hashes()
            for gone in self._devices.keys() - fresh.keys():
                del self._devices[gone]
            self._devices.update(fresh)

    async def _first(self, request: Request) -> Response:
        paired = request.scope["state"]["visitor"].device is not None
        return await self._answer(request, now.now if paired else pair.show)

    async def _missing(self, request: Request, _error: Exception) -> Response:
        visit = self._visit(request)
        return _sorry(visit, visit.t("There is no such page."), 404)

    async def _language(self, request: Request) -> Response:
        visit = self._visit(request)
        code = visit.fields.get("language", "")
        if code not in available():
            return _sorry(visit, visit.t("This choice does not exist."), 422)
        answer = go("/")
        answer.headers["set-cookie"] = cookie(LANGUAGE_COOKIE, code, 400 * 86400, secure=visit.secure)
        return answer

    # --- the unit -------------------------------------------------------------------------------------------

    async def _stop(self, request: Request) -> Response:
        """Stop; whoever asks, as long as the page is ours. A script is answered in a word."""
        visit = self._visit(request)
        tap = visit.fields.get(TAP, "")
        arrived = await self._stopping.stop(tap)
        if tap:
            return PlainTextResponse(
                *(("stopped\n", 200) if arrived else ("The unit can't be reached.\n", 503))
            )
        if not arrived:
            said = visit.t("The unit can't be reached. Press Stop on the unit, or take the plug out.")
            return _sorry(visit, said, 503)
        if visit.visitor.device is not None:
            return go("/")
        return page(visit, visit.t("Stop"), note(visit.t("Stop was sent to the unit."), "good"))

    async def _desk(self, request: Request) -> Response:
        """Press a button of the simulated unit."""
        visit = self._visit(request)
        try:
            for line in now.pressed(visit):
                await self._feed.tell(**line)
        except Sorry as sorry:
            return _sorry(visit, str(sorry), sorry.status)
        except Silent:
            return _sorry(visit, visit.t("The unit can't be reached."), 503)
        return go("/")

    async def _unit(self, request: Request) -> Response:
        """Tell what the unit does now, as words, and how old that is; a page asks once a second."""
        visit = self._visit(request)
        seen = view(visit.snapshot, self._people, visit.language, visit.last)
        return JSONResponse(now.told(seen, visit, stamp(visit)))

    async def _file(self, request: Request) -> Response:
        found = self._static.get(request.path_params["name"])
        if found is None:
            return PlainTextResponse("there is no such file\n", 404)
        content, kind = found
        return Response(content, media_type=kind, headers={"cache-control": "max-age=3600"})


def _guarded(
    handler: Callable[[Visit], Response], visit: Visit, again: Callable[[Visit], Response] | None = None
) -> Response:
    """Run a page; what a person or a disk can cause is a sentence, and `again` shows a form that is wrong."""
    try:
        if visit.visitor.device is not None:
            visit = visit._replace(waiting=visit.house.household.settle(visit.today))
        return handler(visit)
    except Sorry as sorry:
        if again is not None and sorry.field:
            return _guarded(again, visit._replace(wrong=sorry))
        return _sorry(visit._replace(wrong=None), str(sorry), sorry.status)
    except Unreadable as error:
        return _sorry(
            visit,
            visit.t("The record can't be read: {reason}", reason=visit.language.retell(str(error))),
            503,
        )
    except (sqlite3.Error, OSError) as error:
        return _sorry(
            visit,
            visit.t(
                "The household's book can't be written or read: {reason}",
                reason=visit.language.retell(why(error, visit.house.state / HOUSEHOLD).cause),
            ),
            503,
        )


def _tell_allowed(house: House) -> None:
    now = datetime.now().astimezone()
    house.household.settle(now.date())
    tell_allowed(house.state, house.household, now)


def _sorry(visit: Visit, sentence: str, status: int) -> Response:
    return page(visit, visit.t("That did not work"), note(sentence, "bad"), status=status)


def _static() -> dict[str, tuple[bytes, str]]:
    folder = files("app.web").joinpath("static")
    return {name: (folder.joinpath(path).read_bytes(), kind) for name, (path, kind) in STATIC.items()}
