"""`ionto web` serves the pages; `ionto nurse-code` and `ionto technician-code` set the codes they ask for.

Law: bound to this computer until a person turns the network on; a second process, which the unit never needs.
systemd is told that the pages are served when the first of them, and Stop's door, have answered this process.
"""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import sqlite3
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Final, NamedTuple

import uvicorn
from starlette.types import ASGIApp

from app.household.book import FILE
from app.household.codes import NURSE, TECHNICIAN, TechnicianCode, Whose, require_code
from app.household.store import Household, StoreRefused
from app.locale.terminal import t
from app.output import ExitCode, UsageError, complain, say
from app.state import state_directory
from app.typed import ask_code
from app.web.connection import Connection, DoorConnection
from app.web.door import Door
from app.web.gate import HEAD_BYTES
from app.web.site import Site
from app.web.stopping import Stopping
from controller.appliance.supervision import Supervision
from controller.host.disk import Why, told, why

LOOPBACK: Final = "127.0.0.1"
BACKLOG: Final = 256
_PORTS: Final = {
    errno.EADDRINUSE: Why("another program listens there", "end that one, or choose another port"),
    errno.EACCES: Why("this port is for administrators", "choose one from 1024 on"),
}
GRACE_S: Final = 2
"""How long open pages may hold up the end."""
ANSWER_S: Final = 30.0
"""The first page on the slowest Pi, busy with starting: systemd waits three times as long."""
STARTED_S: Final = 0.02
"""How often it is looked whether both servers have started."""


class _Server(uvicorn.Server):
    """A server for which Ctrl-C and SIGTERM are an ordinary end; a second one doesn't wait for open pages."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals, and give none on."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _DoorServer(uvicorn.Server):
    """The server of Stop's door, in a thread of its own: signals are the pages' server's business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield


class Order(NamedTuple):
    """What the command line asks for."""

    state: Path | None
    port: int
    network: bool
    name: list[str]
    certificate: Path | None
    unit: Path | None


def web(order: Order) -> ExitCode:
    """Serve until stopped. Raises UsageError."""
    state = state_directory(order.state)
    _require_certificate(order.certificate)
    with closing(_listener(order)) as listener:
        port = int(listener.getsockname()[1])
        with closing(_door_listener(order, port)) as door_listener:
            _household(state)
            return _serve(order, state, listener, door_listener)


def _serve(order: Order, state: Path, listener: socket.socket, door_listener: socket.socket) -> ExitCode:
    names = {"localhost", *order.name}
    if order.network:
        names |= {socket.gethostname(), f"{socket.gethostname()}.local"}
    port = int(listener.getsockname()[1])
    stopping = Stopping(state)
    door_port = int(door_listener.getsockname()[1])
    site = Site(state, names, stopping, network=order.network, door_port=door_port, unit=order.unit)
    pages = _Server(_config(site.app, order, Connection))
    door = _DoorServer(_config(Door(stopping, names, port), order, DoorConnection))
    scheme = "http" if order.certificate is None else "https"
    place = socket.gethostname() if order.network else LOOPBACK
    say(
        t(
            "The companion is at {address} with the state in {folder}; Ctrl-C ends it.",
            address=f"{scheme}://{place}:{port}/",
            folder=state,
        )
    )
    if order.network and order.certificate is None:
        say(t("Without --certificate whoever shares the network can read along: use one that you trust."))
    beside = threading.Thread(target=door.run, kwargs={"sockets": [door_listener]}, name="stop", daemon=True)
    beside.start()
    asked = _FirstAnswers(pages, door, order, (port, int(door_listener.getsockname()[1])))
    try:
        with closing(Supervision(os.environ)) as supervision:
            asked.tell(supervision)
            pages.run(sockets=[listener])
    finally:
        door.should_exit = True
        beside.join(GRACE_S)
    return ExitCode.COMPLETED if pages.started and not asked.failed else ExitCode.INTERNAL


class _FirstAnswers:
    """Whether the first page and Stop's door answer at their `ports`, asked once when both have started."""

    def __init__(
        self, pages: uvicorn.Server, door: uvicorn.Server, order: Order, ports: tuple[int, int]
    ) -> None:
        self.failed = False
        self._pages, self._door, self._order, self._ports = pages, door, order, ports

    def tell(self, supervision: Supervision) -> None:
        """Ask beside the servers, if somebody waits for it: they serve, or they end."""
        if supervision.listens:
            threading.Thread(target=self._tell, args=(supervision,), name="first", daemon=True).start()

    def _tell(self, supervision: Supervision) -> None:
        until_s = time.monotonic() + ANSWER_S
        while not (self._pages.started and self._door.started) and time.monotonic() < until_s:
            if self._pages.should_exit:
                return
            time.sleep(STARTED_S)
        try:  # what has not started by then refuses to answer
            failed = [port for port in self._ports if self._status(port) == HTTPStatus.INTERNAL_SERVER_ERROR]
        except (OSError, HTTPException) as error:
            failed = [*self._ports]
            complain(f"ionto: {type(error).__name__}: {error}")
        if failed and not self._pages.should_exit:
            complain(f"ionto: the pages can't be served: what answers at port {failed[0]} is broken")
            self.failed = self._pages.should_exit = True
        elif not failed:
            supervision.answering("the pages")

    def _status(self, port: int) -> int:
        """Ask for the first page as a browser here would. Raises OSError or HTTPException."""
        if self._order.certificate is None:
            line = HTTPConnection(LOOPBACK, port, timeout=ANSWER_S)
        else:  # who it is made out to is none of this question
            unproven = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            unproven.check_hostname, unproven.verify_mode = False, ssl.CERT_NONE
            line = HTTPSConnection(LOOPBACK, port, timeout=ANSWER_S, context=unproven)
        with closing(line):
            line.request("GET", "/", headers={"host": f"localhost:{port}"})
            answer = line.getresponse()
            answer.read()
            return answer.status


def nurse_code(state: Path | None) -> ExitCode:
    """Ask for the nurse's code twice and keep it. Raises UsageError."""
    return _set_code(NURSE, state, t("New nurse's code: "), t("The nurse's code is set."))


def technician_code(state: Path | None) -> ExitCode:
    """Ask for the technician's code twice and keep it. Raises UsageError."""
    return _set_code(TECHNICIAN, state, t("New technician's code: "), t("The technician's code is set."))


def _set_code(whose: Whose, state: Path | None, prompt: str, done: str) -> ExitCode:
    code = ask_code(prompt)
    again = ask_code(t("Once more: ")) if sys.stdin.isatty() else code
    if code != again:
        raise UsageError("the two codes differ: nothing was changed")
    try:
        require_code(code)
        household = _household(state_directory(state))
        (TechnicianCode(state_directory(state)) if whose is TECHNICIAN else household).set_code(code)
    except StoreRefused as error:
        raise UsageError(str(error)) from error
    say(done)
    return ExitCode.COMPLETED


def _household(state: Path) -> Household:
    """Open the household's book. Raises UsageError."""
    try:
        return Household(state)
    except StoreRefused as error:
        raise UsageError(f"--state {state}: the household's book can't be kept there: {error}") from error
    except (sqlite3.Error, OSError) as error:
        found = why(error, state / FILE)
        raise UsageError(
            f"--state {state}: the household's book can't be kept there ({found.cause}): {found.remedy}"
        ) from error


def _listener(order: Order) -> socket.socket:
    try:
        return _listening(order, order.port)
    except OSError as error:
        found = _PORTS.get(error.errno or 0) or why(error)
        raise UsageError(
            f"--port {order.port}: can't listen there ({found.cause}): {found.remedy}"
        ) from error


def _door_listener(order: Order, port: int) -> socket.socket:
    """Listen for Stop at the next port, or at any where that one is taken: the pages tell which one it is."""
    if order.port and port < 65535:
        with suppress(OSError):
            return _listening(order, port + 1)
    try:
        return _listening(order, 0)
    except OSError as error:
        found = why(error)
        raise UsageError(f"no port can be opened for Stop ({found.cause}): {found.remedy}") from error


def _listening(order: Order, port: int) -> socket.socket:
    """Listen. Raises OSError."""
    address = "0.0.0.0" if order.network else LOOPBACK  # noqa: S104 - a person asked for it with --network
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
        listener.listen(BACKLOG)  # before the address is told, so that it answers from then on
    except OSError:
        listener.close()
        raise
    return listener


def _config(app: ASGIApp, order: Order, connection: type[Connection]) -> uvicorn.Config:
    """Configure a server; how many may be connected is the connection's law."""
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    config = uvicorn.Config(
        app,
        http=connection,
        ws="none",
        lifespan="on" if connection is Connection else "off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=GRACE_S,
        h11_max_incomplete_event_size=HEAD_BYTES,
    )
    if order.certificate is not None:
        config.ssl_certfile = order.certificate
    return config


def _require_certificate(file: Path | None) -> None:
    """Refuse a file that holds no certificate with its key."""
    if file is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file, password="")  # none is asked for
    except ssl.SSLError as error:
        raise UsageError(
            f"--certificate {file}: this is no certificate followed by its key without a password, in PEM"
        ) from error
    except OSError as error:
        raise UsageError(f"--certificate {file}: can't be read ({told(error, file)})") from error
