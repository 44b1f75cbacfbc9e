"""The door of Stop: a port, a thread and connections of its own, so that nothing else keeps a Stop waiting.

Law: it knows one request, a Stop that a script of our own pages sends, and every limit here is its own. A
browser keeps only a few connections to one address; this is another address.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Collection
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from app.web.gate import STOP, TAP, Turned, is_ours, place, read_fields, sealed
from app.web.limits import Bucket
from app.web.stopping import Stopping

_USUAL_PORTS: Final = {"http": 80, "https": 443}


class Door:
    """What the door answers; `names` are the host's, `pages_port` is where its pages are."""

    def __init__(self, stopping: Stopping, names: Collection[str], pages_port: int) -> None:
        self._stopping = stopping
        self._names = {name.lower() for name in names}
        self._pages_port = pages_port
        self._stops = Bucket(burst=20, per_s=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stop, or say why not."""
        headers, carried = Headers(scope=scope), {"connection": "close", "vary": "origin"}
        try:
            origin = self._page(scope, headers)
            # Only the page whose origin was checked may read whether its Stop arrived.
            carried["access-control-allow-origin"] = origin
            status, said = await self._stop(scope, headers, receive)
        except Turned as turned:
            status, said = turned.status, str(turned)
        answer = PlainTextResponse(f"{said}\n", status, carried)
        await answer(scope, receive, sealed(send, None, "", secure=scope["scheme"] == "https"))

    async def _stop(self, scope: Scope, headers: Headers, receive: Receive) -> tuple[int, str]:
        if scope["method"] != "POST" or scope["path"] != STOP:
            raise Turned(404, "There is no such page.")
        client = scope.get("client")
        if not self._stops.take(client[0] if client else "", time.monotonic()):
            raise Turned(429, "Too many requests. Wait a minute.")
        fields = await read_fields(headers, receive)
        if await self._stopping.stop(fields.get(TAP, "")):
            return 200, "stopped"
        return 503, "The unit can't be reached."

    def _page(self, scope: Scope, headers: Headers) -> str:
        """Give the origin of the page that asks. Raises Turned where it is none of ours."""
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if is_ours(hosts, scope, self._names) and len(origins) == 1:
            wanted = f"{scope['scheme']}://{place(hosts[0])}"
            if self._pages_port != _USUAL_PORTS[scope["scheme"]]:
                wanted += f":{self._pages_port}"
            # Another port is another origin of the same site.
            site = headers.get("sec-fetch-site", "same-site")
            if site in {"same-site", "same-origin"} and hmac.compare_digest(
                origins[0].lower().encode(), wanted.encode()
            ):
                return origins[0]
        raise Turned(403, "This request came from another site.")
