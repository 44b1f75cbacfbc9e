"""The gate: what every request has to pass before a page sees it, and what every answer carries.

Law: an allow-list each for host, method, origin, type and size; whoever is not paired gets no further than
the page that says so, and Stop. Stop asks for the same origin only, so that a stale page still stops; where a
browser doesn't say whence it comes, the form's token does.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.household.devices import token_hash
from app.locale.language import choose
from app.web.limits import Bucket, Forms

BODY_BYTES: Final = 8 * 1024
BODY_S: Final = 5.0
TARGET_BYTES: Final = 1024
HEAD_BYTES: Final = 16 * 1024
MOST_FIELDS: Final = 64
FORM: Final = "application/x-www-form-urlencoded"
DEVICE_COOKIE: Final = "ionto_device"
LANGUAGE_COOKIE: Final = "ionto_language"
VISITOR_COOKIE: Final = "ionto_visitor"
FORM_FIELD: Final = "form"
STOP: Final = "/stop"
TAP: Final = "tap"
"""The field of a Stop that names one tap of a person; a form without scripts has none."""
DESK: Final = "/desk"
OPEN: Final = frozenset({"/", "/pair", "/language", STOP})
"""What an unpaired device may ask for, besides the static files."""
UNKNOWN_NAME: Final = (
    "This unit does not answer to that name. Use its address in numbers, or the computer's own name with "
    ".local; another name is allowed by --name NAME, on an installed unit in the line IONTO_WEB of "
    "/etc/ionto/web.env."
)

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'{door}; "
    "manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Turned(Exception):
    """A request that is turned away with `status`; `str()` is the sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Visitor(NamedTuple):
    """Who asks: `device` is a paired device's id or None, `key` what forms and pairing are bound to.

    `fresh` is the visitor's cookie that has to be set, or None.
    """

    device: int | None
    key: str
    fresh: str | None


class Gate:
    """Guards `app`; `names` are the host names it answers to besides addresses of its own.

    `devices` maps the hash of each paired device's token to its id and may change at any time.
    `desk_open` tells whether the simulated unit's buttons may be pressed by whoever is here; `door_port` is
    where Stop has a door of its own.
    """

    def __init__(
        self,
        app: ASGIApp,
        names: Collection[str],
        devices: Mapping[str, int],
        forms: Forms,
        desk_open: Callable[[], bool],
        door_port: int,
    ) -> None:
        self._app = app
        self._door_port = door_port
        self._desk_open = desk_open
        self._names = {name.lower() for name in names}
        self.devices = devices
        self._forms = forms
        self._requests = Bucket(burst=120, per_s=30)
        self._changes = Bucket(burst=30, per_s=1)
        self._stops = Bucket(burst=20, per_s=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or turn it away."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        secure = scope["scheme"] == "https"
        try:
            visitor = self._visitor(headers)
            scope["state"]["visitor"] = visitor
            await self._admit(scope, headers, visitor, receive)
        except Turned as turned:
            await _say(turned, headers, sealed(send, None, "", secure=secure))
            return
        door = f"{scope['scheme']}://{place(headers['host'])}:{self._door_port}"
        scope["state"]["door"] = door
        await self._app(scope, receive, sealed(send, visitor.fresh, door, secure=secure))

    def _visitor(self, headers: Headers) -> Visitor:
        cookies = cookie_parser(headers.get("cookie", "")[:4096])
        hashed = token_hash(cookies.get(DEVICE_COOKIE, ""))
        for kept, device in self.devices.items():
            if hmac.compare_digest(kept, hashed):
                return Visitor(device, hashed, None)
        mine = cookies.get(VISITOR_COOKIE, "")
        if len(mine) == 43 and mine.isascii():
            return Visitor(None, mine, None)
        fresh = secrets.token_urlsafe(32)
        return Visitor(None, fresh, fresh)

    async def _admit(self, scope: Scope, headers: Headers, visitor: Visitor, receive: Receive) -> None:
        method, path = scope["method"], scope["path"]
        now_s = time.monotonic()
        address = scope["client"][0] if scope.get("client") else ""
        if len(scope["raw_path"]) + len(scope["query_string"]) > TARGET_BYTES:
            raise Turned(414, "This address is too long.")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > HEAD_BYTES:
            raise Turned(431, "This request's head is too long.")
        if not is_ours(headers.getlist("host"), scope, self._names):
            raise Turned(421, UNKNOWN_NAME)
        if method not in {"GET", "HEAD", "POST"}:
            raise Turned(405, "Only GET and POST are understood.")
        if visitor.device is None and not self._open(path):
            raise Turned(403, "This device is not paired with the unit. Open its first page.")
        bucket = self._stops if path == STOP else self._requests
        if not bucket.take(address, now_s):
            raise Turned(429, "Too many requests. Wait a minute.")
        if method != "POST":
            return
        same = _same_origin(scope, headers)
        if same is False or (same is None and path != STOP):
            raise Turned(403, "This request came from another site.")
        scope["state"]["fields"] = fields = await read_fields(headers, receive)
        if path == STOP:
            if same is None and not self._forms.issued(visitor.key, fields.get(FORM_FIELD, ""), now_s):
                raise Turned(403, "This request came from another site.")
            return
        if not self._changes.take(address, now_s):
            raise Turned(429, "Too many changes. Wait a minute.")
        if not self._forms.redeem(visitor.key, fields.get(FORM_FIELD, ""), now_s):
            raise Turned(403, "This form was sent already, or lay open too long. Open the page again.")

    def _open(self, path: str) -> bool:
        return path in OPEN or path.startswith("/static/") or (path == DESK and self._desk_open())


def is_ours(hosts: list[str], scope: Scope, names: Collection[str]) -> bool:
    """Tell whether the request names us: one of our names, or the very address it came to.

    A name that somebody's name server has just pointed at us (DNS rebinding) is neither.
    """
    server = scope.get("server")
    if len(hosts) != 1 or server is None:
        return False
    name, port = _split(hosts[0])
    default = 443 if scope["scheme"] == "https" else 80
    if port != server[1] and not (port is None and server[1] == default):
        return False
    if name in names:
        return True
    try:
        return ipaddress.ip_address(name) == ipaddress.ip_address(server[0])
    except ValueError:
        return False


def _same_origin(scope: Scope, headers: Headers) -> bool | None:
    """Tell whether a page of ours sent this; None where the browser says nothing of it.

    Browsers that don't send `Origin` (w3m, and others before 2020) send the page's address as `Referer`.
    """
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    wanted = f"{scope['scheme']}://{headers.get('host', '')}".lower()
    if origins := headers.getlist("origin"):
        return len(origins) == 1 and hmac.compare_digest(origins[0].lower().encode(), wanted.encode())
    pages = headers.getlist("referer")
    if not pages:
        return None
    try:
        page = urlsplit(pages[0].lower())
    except ValueError:
        return False
    return len(pages) == 1 and hmac.compare_digest(f"{page.scheme}://{page.netloc}".encode(), wanted.encode())


def place(host: str) -> str:
    """Give the name of a Host header as an address has it."""
    name, _ = _split(host)
    return f"[{name}]" if ":" in name else name


def _split(host: str) -> tuple[str, int | None]:
    """Take a Host header apart into name and port; a port that is none is -1."""
    name, colon, port = host.lower().rpartition(":")
    if not colon or port.endswith("]"):
        name, port = host.lower(), ""
    if not port:
        return name.strip("[]"), None
    return name.strip("[]"), int(port) if port.isascii() and port.isdigit() and len(port) < 6 else -1


async def read_fields(headers: Headers, receive: Receive) -> dict[str, str]:
    """Read a form of at most 8 KiB within 5 s. Raises Turned."""
    if headers.get("content-type", "").split(";")[0].strip().lower() != FORM:
        raise Turned(415, "Only forms are understood.")
    declared = headers.get("content-length", "0")
    if not (declared.isascii() and declared.isdigit()) or int(declared) > BODY_BYTES:
        raise Turned(413, "This form is too large.")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            while (message := await receive())["type"] == "http.request":
                body += message.get("body", b"")
                if len(body) > BODY_BYTES:
                    raise Turned(413, "This form is too large.")
                if not message.get("more_body", False):
                    break
    except TimeoutError:
        raise Turned(408, "This form came too slowly.") from None
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            max_num_fields=MOST_FIELDS,
            errors="strict",
        )
    except ValueError:
        raise Turned(400, "This form can't be read.") from None
    if len({name for name, _ in pairs}) != len(pairs):
        raise Turned(400, "This form names a field twice.")
    return dict(pairs)


def sealed(send: Send, fresh: str | None, door: str, *, secure: bool) -> Send:
    """Give each answer the headers of the house, and a new visitor their cookie.

    `door` is the other origin that a page may speak to, "" for none.
    """
    policy = POLICY.format(door=f" {door}" if door else "")

    async def seal(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            given = {name.lower() for name, _ in headers}
            headers.append((b"content-security-policy", policy.encode()))
            headers += [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            if b"cache-control" not in given:
                headers.append((b"cache-control", b"no-store"))
            if fresh is not None:
                headers.append((b"set-cookie", cookie(VISITOR_COOKIE, fresh, 86400, secure=secure).encode()))
            message = {**message, "headers": headers}
        await send(message)

    return seal


def cookie(name: str, value: str, age_s: int, *, secure: bool) -> str:
    """Write a cookie that no script and no other site can use."""
    rest = "; Secure" if secure else ""
    return f"{name}={value}; Max-Age={age_s}; Path=/; HttpOnly; SameSite=Strict{rest}"


async def _say(turned: Turned, headers: Headers, send: Send) -> None:
    """Answer in plain text, and close: the rest of a refused body is not waited for."""
    cookies = cookie_parser(headers.get("cookie", "")[:4096])
    language = choose(cookies.get(LANGUAGE_COOKIE, ""), headers.get("accept-language", ""))
    text = f"{language.t(str(turned))}\n".encode()
    answer = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": turned.status, "headers": answer})
    await send({"type": "http.response.body", "body": text})
